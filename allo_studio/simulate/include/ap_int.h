// ap_int and ap_uint for a C simulation with an ordinary C++ compiler. Under Vitis the tool's own header is taken.
//
// A number of N bits is kept as 32-bit words, the least significant first, with the bits above N copies of the sign (or
// 0), so that the words read as two's complement. Operators widen as in Vitis: nothing is lost before an assignment,
// which keeps the low bits. A shift to the left keeps the width of its left operand. A division by zero ends the program.
#if defined(__SYNTHESIS__) || defined(__VITIS_HLS__)
#include_next <ap_int.h>
#else
#ifndef ALLO_STUDIO_AP_INT_H
#define ALLO_STUDIO_AP_INT_H

#include <climits>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <type_traits>

template <int N> class ap_int;
template <int N> class ap_uint;
template <int N, bool S> struct ap_range_ref;

// The bits of an integer of N bits, signed or not.
template <int N, bool S> class ap_int_base {
    static_assert(N > 0, "an integer has at least one bit");

  public:
    static constexpr int width = N;
    static constexpr int words = (N + 31) / 32;

    ap_int_base() = default;

    template <typename T, typename std::enable_if<std::is_integral<T>::value, int>::type = 0> ap_int_base(T value) {
        const bool below = std::is_signed<T>::value && !(value > T(0)) && value != T(0);
        uint64_t rest = static_cast<uint64_t>(value);
        for (int at = 0; at < words; ++at) {
            words_[at] = at < 2 ? static_cast<uint32_t>(rest) : (below ? 0xffffffffU : 0U);
            rest >>= 32;
        }
        trim();
    }

    template <int M, bool Z> ap_int_base(const ap_int_base<M, Z> &other) {
        for (int at = 0; at < words; ++at) {
            words_[at] = other.word(at);
        }
        trim();
    }

    // A word of the number, with its sign carried on beyond its width.
    uint32_t word(int at) const { return at < words ? words_[at] : (negative() ? 0xffffffffU : 0U); }
    void set_word(int at, uint32_t value) { words_[at] = value; }

    bool bit(int at) const { return (word(at / 32) >> (at % 32)) & 1U; }

    bool negative() const { return S && ((words_[(N - 1) / 32] >> ((N - 1) % 32)) & 1U); }

    // Makes the bits above N copies of the sign, or 0.
    void trim() {
        const int used = N % 32;
        if (used != 0) {
            const uint32_t above = 0xffffffffU << used;
            words_[words - 1] = negative() ? words_[words - 1] | above : words_[words - 1] & ~above;
        }
    }

    uint64_t low64() const { return word(0) | (static_cast<uint64_t>(word(1)) << 32); }

    // The native integer that holds every value, or the low 64 bits of a wider one.
    using native = typename std::conditional<
        (N == 1 && !S), bool,
        typename std::conditional<
            (N <= 8), typename std::conditional<S, int8_t, uint8_t>::type,
            typename std::conditional<
                (N <= 16), typename std::conditional<S, int16_t, uint16_t>::type,
                typename std::conditional<(N <= 32), typename std::conditional<S, int32_t, uint32_t>::type,
                                          typename std::conditional<S, int64_t, uint64_t>::type>::type>::type>::type>::
        type;
    operator native() const { return static_cast<native>(low64()); }

    int to_int() const { return static_cast<int>(word(0)); }
    long long to_int64() const { return static_cast<long long>(low64()); }
    unsigned long long to_uint64() const { return low64(); }
    double to_double() const {
        double total = negative() ? -std::ldexp(1.0, 32 * words) : 0.0;
        for (int at = words - 1; at >= 0; --at) {
            total += std::ldexp(static_cast<double>(words_[at]), 32 * at);
        }
        return total;
    }

    bool operator[](int at) const { return bit(at); }

    // The bits from `high` down to `low`, to read and to write.
    ap_range_ref<N, S> range(int high = N - 1, int low = 0) { return {*this, high, low}; }
    ap_range_ref<N, S> operator()(int high, int low) { return {*this, high, low}; }
    ap_int_base<N, false> range(int high = N - 1, int low = 0) const { return ap_range_ref<N, S>::get(*this, high, low); }
    ap_int_base<N, false> operator()(int high, int low) const { return ap_range_ref<N, S>::get(*this, high, low); }
    bool operator!() const { return !any(); }

    bool any() const {
        for (int at = 0; at < words; ++at) {
            if (words_[at] != 0) {
                return true;
            }
        }
        return false;
    }

    ap_int_base operator~() const {
        ap_int_base result;
        for (int at = 0; at < words; ++at) {
            result.words_[at] = ~words_[at];
        }
        result.trim();
        return result;
    }

    ap_int_base<N + 1, true> operator-() const { return ap_int_base<1, false>(0) - *this; }

    ap_int_base operator<<(int by) const {
        ap_int_base result(0);
        for (int at = words - 1; at >= by / 32; --at) {
            const uint64_t pair = (static_cast<uint64_t>(words_[at - by / 32]) << 32) |
                                  (at - by / 32 > 0 ? words_[at - by / 32 - 1] : 0U);
            result.words_[at] = static_cast<uint32_t>((pair << (by % 32)) >> 32);
        }
        result.trim();
        return result;
    }

    ap_int_base operator>>(int by) const {
        ap_int_base result;
        for (int at = 0; at < words; ++at) {
            const uint64_t pair = (static_cast<uint64_t>(word(at + by / 32 + 1)) << 32) | word(at + by / 32);
            result.words_[at] = static_cast<uint32_t>(pair >> (by % 32));
        }
        result.trim();
        return result;
    }

  private:
    uint32_t words_[words] = {};
};

namespace ap_private {

constexpr int larger(int a, int b) { return a > b ? a : b; }

// The width of a sum of numbers of A and B bits: one more than the wider, each with room for its own sign.
constexpr int sum_width(int a, bool sa, int b, bool sb) { return larger(a + (sb && !sa ? 1 : 0), b + (sa && !sb ? 1 : 0)) + 1; }
constexpr int both_width(int a, bool sa, int b, bool sb) { return sum_width(a, sa, b, sb) - 1; }

// Both without sign; returns a / b and leaves the remainder in a.
template <int N> ap_int_base<N, false> divide(ap_int_base<N, false> &a, const ap_int_base<N, false> &b) {
    if (!b.any()) {
        std::fprintf(stderr, "csim: an ap_int was divided by zero\n");
        std::abort();
    }
    ap_int_base<N, false> quotient(0);
    ap_int_base<N + 1, false> rest(0);
    for (int at = N - 1; at >= 0; --at) {
        rest = rest << 1;
        rest.set_word(0, rest.word(0) | (a.bit(at) ? 1U : 0U));
        if (!(rest < b)) {
            rest = rest - b;
            quotient.set_word(at / 32, quotient.word(at / 32) | (1U << (at % 32)));
        }
    }
    a = rest;
    return quotient;
}

template <int R, bool S, int A, bool SA, int B, bool SB>
ap_int_base<R, S> added(const ap_int_base<A, SA> &a, const ap_int_base<B, SB> &b, bool minus) {
    ap_int_base<R, S> result;
    uint64_t carry = minus ? 1 : 0;
    for (int at = 0; at < result.words; ++at) {
        carry += static_cast<uint64_t>(a.word(at)) + (minus ? ~b.word(at) : b.word(at));
        result.set_word(at, static_cast<uint32_t>(carry));
        carry >>= 32;
    }
    result.trim();
    return result;
}

} // namespace ap_private

template <int A, bool SA, int B, bool SB>
ap_int_base<ap_private::sum_width(A, SA, B, SB), SA || SB> operator+(const ap_int_base<A, SA> &a,
                                                                     const ap_int_base<B, SB> &b) {
    return ap_private::added<ap_private::sum_width(A, SA, B, SB), SA || SB>(a, b, false);
}

template <int A, bool SA, int B, bool SB>
ap_int_base<ap_private::sum_width(A, SA, B, SB), true> operator-(const ap_int_base<A, SA> &a, const ap_int_base<B, SB> &b) {
    return ap_private::added<ap_private::sum_width(A, SA, B, SB), true>(a, b, true);
}

template <int A, bool SA, int B, bool SB>
ap_int_base<A + B, SA || SB> operator*(const ap_int_base<A, SA> &a, const ap_int_base<B, SB> &b) {
    ap_int_base<A + B, SA || SB> result(0);
    for (int i = 0; i < result.words; ++i) {
        uint64_t carry = 0;
        for (int j = 0; i + j < result.words; ++j) {
            carry += static_cast<uint64_t>(a.word(i)) * b.word(j) + result.word(i + j);
            result.set_word(i + j, static_cast<uint32_t>(carry));
            carry >>= 32;
        }
    }
    result.trim();
    return result;
}

template <int A, bool SA, int B, bool SB>
ap_int_base<A + (SB ? 1 : 0), SA || SB> operator/(const ap_int_base<A, SA> &a, const ap_int_base<B, SB> &b) {
    constexpr int width = ap_private::larger(A, B) + 1;
    ap_int_base<width, false> size = a.negative() ? ap_int_base<width, false>(-a) : ap_int_base<width, false>(a);
    const ap_int_base<width, false> by = b.negative() ? ap_int_base<width, false>(-b) : ap_int_base<width, false>(b);
    const ap_int_base<width, false> quotient = ap_private::divide(size, by);
    if (a.negative() != b.negative()) {
        return -quotient;
    }
    return quotient;
}

template <int A, bool SA, int B, bool SB>
ap_int_base<A, SA> operator%(const ap_int_base<A, SA> &a, const ap_int_base<B, SB> &b) {
    constexpr int width = ap_private::larger(A, B) + 1;
    ap_int_base<width, false> size = a.negative() ? ap_int_base<width, false>(-a) : ap_int_base<width, false>(a);
    const ap_int_base<width, false> by = b.negative() ? ap_int_base<width, false>(-b) : ap_int_base<width, false>(b);
    ap_private::divide(size, by);
    if (a.negative()) {
        return -size;
    }
    return size;
}

#define ALLO_STUDIO_AP_LOGIC(SIGN)                                                                                     \
    template <int A, bool SA, int B, bool SB>                                                                          \
    ap_int_base<ap_private::both_width(A, SA, B, SB), SA || SB> operator SIGN(const ap_int_base<A, SA> &a,             \
                                                                              const ap_int_base<B, SB> &b) {           \
        ap_int_base<ap_private::both_width(A, SA, B, SB), SA || SB> result;                                            \
        for (int at = 0; at < result.words; ++at) {                                                                    \
            result.set_word(at, a.word(at) SIGN b.word(at));                                                           \
        }                                                                                                              \
        result.trim();                                                                                                 \
        return result;                                                                                                 \
    }
ALLO_STUDIO_AP_LOGIC(&)
ALLO_STUDIO_AP_LOGIC(|)
ALLO_STUDIO_AP_LOGIC(^)
#undef ALLO_STUDIO_AP_LOGIC

template <int A, bool SA, int B, bool SB> bool operator==(const ap_int_base<A, SA> &a, const ap_int_base<B, SB> &b) {
    return !(a - b).any();
}
template <int A, bool SA, int B, bool SB> bool operator<(const ap_int_base<A, SA> &a, const ap_int_base<B, SB> &b) {
    return (a - b).negative();
}
template <int A, bool SA, int B, bool SB> bool operator!=(const ap_int_base<A, SA> &a, const ap_int_base<B, SB> &b) {
    return !(a == b);
}
template <int A, bool SA, int B, bool SB> bool operator>(const ap_int_base<A, SA> &a, const ap_int_base<B, SB> &b) {
    return b < a;
}
template <int A, bool SA, int B, bool SB> bool operator<=(const ap_int_base<A, SA> &a, const ap_int_base<B, SB> &b) {
    return !(b < a);
}
template <int A, bool SA, int B, bool SB> bool operator>=(const ap_int_base<A, SA> &a, const ap_int_base<B, SB> &b) {
    return !(a < b);
}

// A native integer beside an ap_int counts as one of its width.
namespace ap_private {
template <typename T> using of_native = ap_int_base<std::is_same<T, bool>::value ? 1 : 8 * int(sizeof(T)), std::is_signed<T>::value>;
template <typename T> using if_native = typename std::enable_if<std::is_integral<T>::value, int>::type;
} // namespace ap_private

#define ALLO_STUDIO_AP_MIXED(SIGN)                                                                                     \
    template <int A, bool SA, typename T, ap_private::if_native<T> = 0>                                                \
    auto operator SIGN(const ap_int_base<A, SA> &a, T b)->decltype(a SIGN ap_private::of_native<T>(b)) {               \
        return a SIGN ap_private::of_native<T>(b);                                                                     \
    }                                                                                                                  \
    template <int A, bool SA, typename T, ap_private::if_native<T> = 0>                                                \
    auto operator SIGN(T a, const ap_int_base<A, SA> &b)->decltype(ap_private::of_native<T>(a) SIGN b) {               \
        return ap_private::of_native<T>(a) SIGN b;                                                                     \
    }
ALLO_STUDIO_AP_MIXED(+)
ALLO_STUDIO_AP_MIXED(-)
ALLO_STUDIO_AP_MIXED(*)
ALLO_STUDIO_AP_MIXED(/)
ALLO_STUDIO_AP_MIXED(%)
ALLO_STUDIO_AP_MIXED(&)
ALLO_STUDIO_AP_MIXED(|)
ALLO_STUDIO_AP_MIXED(^)
ALLO_STUDIO_AP_MIXED(==)
ALLO_STUDIO_AP_MIXED(!=)
ALLO_STUDIO_AP_MIXED(<)
ALLO_STUDIO_AP_MIXED(<=)
ALLO_STUDIO_AP_MIXED(>)
ALLO_STUDIO_AP_MIXED(>=)
#undef ALLO_STUDIO_AP_MIXED

template <int N> class ap_int : public ap_int_base<N, true> {
  public:
    ap_int() = default;
    template <typename T, ap_private::if_native<T> = 0> ap_int(T value) : ap_int_base<N, true>(value) {}
    template <int M, bool S> ap_int(const ap_int_base<M, S> &other) : ap_int_base<N, true>(other) {}
    template <typename T> ap_int &operator+=(const T &other) { return *this = *this + other; }
    template <typename T> ap_int &operator-=(const T &other) { return *this = *this - other; }
    template <typename T> ap_int &operator*=(const T &other) { return *this = *this * other; }
    template <typename T> ap_int &operator/=(const T &other) { return *this = *this / other; }
};

template <int N> class ap_uint : public ap_int_base<N, false> {
  public:
    ap_uint() = default;
    template <typename T, ap_private::if_native<T> = 0> ap_uint(T value) : ap_int_base<N, false>(value) {}
    template <int M, bool S> ap_uint(const ap_int_base<M, S> &other) : ap_int_base<N, false>(other) {}
    template <typename T> ap_uint &operator+=(const T &other) { return *this = *this + other; }
    template <typename T> ap_uint &operator-=(const T &other) { return *this = *this - other; }
    template <typename T> ap_uint &operator*=(const T &other) { return *this = *this * other; }
    template <typename T> ap_uint &operator/=(const T &other) { return *this = *this / other; }
};

// Some bits of an integer: they read as a number without sign, and are written without touching the others.
template <int N, bool S> struct ap_range_ref {
    ap_int_base<N, S> &of;
    int high;
    int low;

    static ap_int_base<N, false> get(const ap_int_base<N, S> &of, int high, int low) {
        const ap_int_base<N, false> shifted = ap_int_base<N, false>(of) >> low;
        const ap_int_base<N, false> ones = ~ap_int_base<N, false>(0);
        return shifted & (ones >> (N - 1 - high + low));
    }

    template <int M> operator ap_uint<M>() const { return get(of, high, low); }
    template <int M> operator ap_int<M>() const { return get(of, high, low); }
    operator unsigned long long() const { return get(of, high, low).to_uint64(); }

    template <int M, bool Z> ap_range_ref &operator=(const ap_int_base<M, Z> &value) {
        const ap_int_base<N, false> ones = ~ap_int_base<N, false>(0);
        const ap_int_base<N, false> mask = (ones >> (N - 1 - high + low)) << low;
        const ap_int_base<N, false> bits = ap_int_base<N, false>(value) << low;
        of = (ap_int_base<N, false>(of) & ~mask) | (bits & mask);
        return *this;
    }
    template <typename T, ap_private::if_native<T> = 0> ap_range_ref &operator=(T value) {
        return *this = ap_private::of_native<T>(value);
    }
    ap_range_ref &operator=(const ap_range_ref &other) { return *this = get(other.of, other.high, other.low); }
    ap_range_ref(ap_int_base<N, S> &whole, int from, int to) : of(whole), high(from), low(to) {}
    ap_range_ref(const ap_range_ref &) = default;
};

#endif
#endif

// ap_fixed and ap_ufixed for a C simulation with an ordinary C++ compiler. Under Vitis the tool's own header is taken.
//
// A number is kept as the integer of its bits. Sums and products are exact; an assignment rounds and then handles what is
// out of range, by the modes of its type. There is no division here: a compiler refuses it.
#if defined(__SYNTHESIS__) || defined(__VITIS_HLS__)
#include_next <ap_fixed.h>
#else
#ifndef ALLO_STUDIO_AP_FIXED_H
#define ALLO_STUDIO_AP_FIXED_H

#include <cmath>
#include <cstdint>
#include <type_traits>

#include "ap_int.h"

enum ap_q_mode { AP_RND, AP_RND_ZERO, AP_RND_MIN_INF, AP_RND_INF, AP_RND_CONV, AP_TRN, AP_TRN_ZERO };
enum ap_o_mode { AP_SAT, AP_SAT_ZERO, AP_SAT_SYM, AP_WRAP, AP_WRAP_SM };

namespace ap_private {

// value / 2 ** by, rounded by a mode.
template <int T> ap_int_base<T, true> rounded(const ap_int_base<T, true> &value, int by, ap_q_mode mode) {
    if (by <= 0) {
        return value << -by;
    }
    const ap_int_base<T, true> low = value >> by;
    const ap_int_base<T, true> rest = value - (low << by);
    if (!rest.any()) {
        return low;
    }
    const ap_int_base<T, true> half = ap_int_base<T, true>(1) << (by - 1);
    const bool above = rest > half;
    const bool tie = rest == half;
    bool up = false;
    switch (mode) {
    case AP_TRN:
        break;
    case AP_TRN_ZERO:
        up = value.negative();
        break;
    case AP_RND:
        up = above || tie;
        break;
    case AP_RND_ZERO:
        up = above || (tie && value.negative());
        break;
    case AP_RND_MIN_INF:
        up = above;
        break;
    case AP_RND_INF:
        up = above || (tie && !value.negative());
        break;
    case AP_RND_CONV:
        up = above || (tie && low.bit(0));
        break;
    }
    return up ? ap_int_base<T, true>(low + ap_int_base<2, true>(1)) : low;
}

// The W bits that stand for a value, which may be out of range.
template <int W, bool S, int T> ap_int_base<W, S> fitted(const ap_int_base<T, true> &value, ap_o_mode mode) {
    const ap_int_base<W, S> kept = value;
    const ap_int_base<T, true> one = 1;
    const ap_int_base<T, true> most = (one << (S ? W - 1 : W)) - one;
    const ap_int_base<T, true> least = S ? ap_int_base<T, true>(-most - one) : ap_int_base<T, true>(0);
    const ap_int_base<T, true> even = S ? ap_int_base<T, true>(-most) : ap_int_base<T, true>(0);
    const bool over = value > most;
    const bool under = value < least;
    switch (mode) {
    case AP_SAT:
        return over ? ap_int_base<W, S>(most) : under ? ap_int_base<W, S>(least) : kept;
    case AP_SAT_ZERO:
        return over || under ? ap_int_base<W, S>(0) : kept;
    case AP_SAT_SYM:
        return over ? ap_int_base<W, S>(most) : value < even ? ap_int_base<W, S>(even) : kept;
    default:
        return kept;
    }
}

} // namespace ap_private

// A number of W bits, I of them before the binary point.
template <int W, int I, bool S, ap_q_mode Q, ap_o_mode O, int N> class ap_fixed_base {
  public:
    static constexpr int width = W;
    static constexpr int iwidth = I;
    static constexpr int fwidth = W - I;

    ap_fixed_base() = default;

    template <int W2, int I2, bool S2, ap_q_mode Q2, ap_o_mode O2, int N2>
    ap_fixed_base(const ap_fixed_base<W2, I2, S2, Q2, O2, N2> &other) {
        take(other.raw(), fwidth - (W2 - I2));
    }
    template <int M, bool Z> ap_fixed_base(const ap_int_base<M, Z> &value) { take(value, fwidth); }
    template <typename T, ap_private::if_native<T> = 0> ap_fixed_base(T value) {
        take(ap_private::of_native<T>(value), fwidth);
    }
    ap_fixed_base(float value) : ap_fixed_base(static_cast<double>(value)) {}
    ap_fixed_base(double value) {
        int exponent = 0;
        const double digits = std::frexp(value, &exponent);
        const long long whole = std::isfinite(value) ? static_cast<long long>(std::ldexp(digits, 53)) : 0;
        int by = exponent - 53 + fwidth;
        // All digits are gone by then, and what is left of them is only that there were any.
        by = by < -60 ? -60 : by > W + 2 ? W + 2 : by;
        constexpr int room = 64 + W + 64;
        const ap_int_base<room, true> wide = whole;
        raw_ = ap_private::fitted<W, S>(ap_private::rounded(wide, -by, Q), O);
    }

    // The integer of the number's bits.
    const ap_int_base<W, S> &raw() const { return raw_; }
    void set_raw(const ap_int_base<W, S> &bits) { raw_ = bits; }

    ap_range_ref<W, S> range(int high = W - 1, int low = 0) { return raw_.range(high, low); }
    ap_range_ref<W, S> operator()(int high, int low) { return raw_.range(high, low); }
    ap_int_base<W, false> range(int high = W - 1, int low = 0) const { return raw_.range(high, low); }
    bool operator[](int at) const { return raw_.bit(at); }

    double to_double() const { return std::ldexp(raw_.to_double(), -fwidth); }
    float to_float() const { return static_cast<float>(to_double()); }
    long long to_int64() const { return static_cast<long long>(to_double()); }
    int to_int() const { return static_cast<int>(to_int64()); }
    explicit operator double() const { return to_double(); }
    explicit operator float() const { return to_float(); }
    explicit operator int() const { return to_int(); }
    explicit operator bool() const { return raw_.any(); }
    bool operator!() const { return !raw_.any(); }

    ap_fixed_base<W + 1, I + 1, true, AP_TRN, AP_WRAP, 0> operator-() const {
        ap_fixed_base<W + 1, I + 1, true, AP_TRN, AP_WRAP, 0> result;
        result.set_raw(-raw_);
        return result;
    }
    ap_fixed_base operator<<(int by) const {
        ap_fixed_base result;
        result.raw_ = by >= 0 ? raw_ << by : raw_ >> -by;
        return result;
    }
    ap_fixed_base operator>>(int by) const { return *this << -by; }

  private:
    // Takes a number whose binary point is `by` bits further to the right than this one's.
    template <int M, bool Z> void take(const ap_int_base<M, Z> &value, int by) {
        constexpr int room = 2 * M + 2 * W + (I < 0 ? -I : I) + 8;
        const ap_int_base<room, true> wide = value;
        raw_ = ap_private::fitted<W, S>(ap_private::rounded(wide, -by, Q), O);
    }

    ap_int_base<W, S> raw_;
};

namespace ap_private {

// The type of an exact sum, with one bit before the point more than the larger has.
template <int W1, int I1, bool S1, int W2, int I2, bool S2> struct fixed_sum {
    static constexpr int before = larger(I1 + (S2 && !S1 ? 1 : 0), I2 + (S1 && !S2 ? 1 : 0)) + 1;
    static constexpr int after = larger(W1 - I1, W2 - I2);
    using type = ap_fixed_base<before + after, before, S1 || S2, AP_TRN, AP_WRAP, 0>;
    using difference = ap_fixed_base<before + after, before, true, AP_TRN, AP_WRAP, 0>;
};

} // namespace ap_private

#define ALLO_STUDIO_FIXED_TWO                                                                                          \
    template <int W1, int I1, bool S1, ap_q_mode Q1, ap_o_mode O1, int N1, int W2, int I2, bool S2, ap_q_mode Q2,      \
              ap_o_mode O2, int N2>
#define ALLO_STUDIO_FIXED_ONE const ap_fixed_base<W1, I1, S1, Q1, O1, N1> &a
#define ALLO_STUDIO_FIXED_OTHER const ap_fixed_base<W2, I2, S2, Q2, O2, N2> &b

ALLO_STUDIO_FIXED_TWO typename ap_private::fixed_sum<W1, I1, S1, W2, I2, S2>::type operator+(ALLO_STUDIO_FIXED_ONE,
                                                                                             ALLO_STUDIO_FIXED_OTHER) {
    using sum = typename ap_private::fixed_sum<W1, I1, S1, W2, I2, S2>::type;
    sum result;
    result.set_raw(sum(a).raw() + sum(b).raw());
    return result;
}
ALLO_STUDIO_FIXED_TWO typename ap_private::fixed_sum<W1, I1, S1, W2, I2, S2>::difference
operator-(ALLO_STUDIO_FIXED_ONE, ALLO_STUDIO_FIXED_OTHER) {
    using sum = typename ap_private::fixed_sum<W1, I1, S1, W2, I2, S2>::difference;
    sum result;
    result.set_raw(sum(a).raw() - sum(b).raw());
    return result;
}
ALLO_STUDIO_FIXED_TWO ap_fixed_base<W1 + W2, I1 + I2, S1 || S2, AP_TRN, AP_WRAP, 0> operator*(ALLO_STUDIO_FIXED_ONE,
                                                                                              ALLO_STUDIO_FIXED_OTHER) {
    ap_fixed_base<W1 + W2, I1 + I2, S1 || S2, AP_TRN, AP_WRAP, 0> result;
    result.set_raw(a.raw() * b.raw());
    return result;
}
ALLO_STUDIO_FIXED_TWO bool operator<(ALLO_STUDIO_FIXED_ONE, ALLO_STUDIO_FIXED_OTHER) { return (a - b).raw().negative(); }
ALLO_STUDIO_FIXED_TWO bool operator==(ALLO_STUDIO_FIXED_ONE, ALLO_STUDIO_FIXED_OTHER) { return !(a - b).raw().any(); }
ALLO_STUDIO_FIXED_TWO bool operator!=(ALLO_STUDIO_FIXED_ONE, ALLO_STUDIO_FIXED_OTHER) { return !(a == b); }
ALLO_STUDIO_FIXED_TWO bool operator>(ALLO_STUDIO_FIXED_ONE, ALLO_STUDIO_FIXED_OTHER) { return b < a; }
ALLO_STUDIO_FIXED_TWO bool operator<=(ALLO_STUDIO_FIXED_ONE, ALLO_STUDIO_FIXED_OTHER) { return !(b < a); }
ALLO_STUDIO_FIXED_TWO bool operator>=(ALLO_STUDIO_FIXED_ONE, ALLO_STUDIO_FIXED_OTHER) { return !(a < b); }
#undef ALLO_STUDIO_FIXED_TWO
#undef ALLO_STUDIO_FIXED_OTHER

// An integer beside a fixed-point number counts as one with no bits after the point.
namespace ap_private {
template <typename T>
using fixed_of_native = ap_fixed_base<of_native<T>::width, of_native<T>::width, std::is_signed<T>::value, AP_TRN, AP_WRAP, 0>;
} // namespace ap_private

#define ALLO_STUDIO_FIXED_MIXED(SIGN)                                                                                  \
    template <int W1, int I1, bool S1, ap_q_mode Q1, ap_o_mode O1, int N1, typename T, ap_private::if_native<T> = 0>   \
    auto operator SIGN(ALLO_STUDIO_FIXED_ONE, T b)->decltype(a SIGN ap_private::fixed_of_native<T>(b)) {               \
        return a SIGN ap_private::fixed_of_native<T>(b);                                                               \
    }                                                                                                                  \
    template <int W1, int I1, bool S1, ap_q_mode Q1, ap_o_mode O1, int N1, typename T, ap_private::if_native<T> = 0>   \
    auto operator SIGN(T b, ALLO_STUDIO_FIXED_ONE)->decltype(ap_private::fixed_of_native<T>(b) SIGN a) {               \
        return ap_private::fixed_of_native<T>(b) SIGN a;                                                               \
    }                                                                                                                  \
    template <int W1, int I1, bool S1, ap_q_mode Q1, ap_o_mode O1, int N1, int M, bool Z>                              \
    auto operator SIGN(ALLO_STUDIO_FIXED_ONE, const ap_int_base<M, Z> &b)                                              \
        ->decltype(a SIGN ap_fixed_base<M, M, Z, AP_TRN, AP_WRAP, 0>(b)) {                                             \
        return a SIGN ap_fixed_base<M, M, Z, AP_TRN, AP_WRAP, 0>(b);                                                   \
    }                                                                                                                  \
    template <int W1, int I1, bool S1, ap_q_mode Q1, ap_o_mode O1, int N1, int M, bool Z>                              \
    auto operator SIGN(const ap_int_base<M, Z> &b, ALLO_STUDIO_FIXED_ONE)                                              \
        ->decltype(ap_fixed_base<M, M, Z, AP_TRN, AP_WRAP, 0>(b) SIGN a) {                                             \
        return ap_fixed_base<M, M, Z, AP_TRN, AP_WRAP, 0>(b) SIGN a;                                                   \
    }
ALLO_STUDIO_FIXED_MIXED(+)
ALLO_STUDIO_FIXED_MIXED(-)
ALLO_STUDIO_FIXED_MIXED(*)
ALLO_STUDIO_FIXED_MIXED(==)
ALLO_STUDIO_FIXED_MIXED(!=)
ALLO_STUDIO_FIXED_MIXED(<)
ALLO_STUDIO_FIXED_MIXED(<=)
ALLO_STUDIO_FIXED_MIXED(>)
ALLO_STUDIO_FIXED_MIXED(>=)
#undef ALLO_STUDIO_FIXED_MIXED
#undef ALLO_STUDIO_FIXED_ONE

template <int W, int I, ap_q_mode Q = AP_TRN, ap_o_mode O = AP_WRAP, int N = 0>
class ap_fixed : public ap_fixed_base<W, I, true, Q, O, N> {
    using base = ap_fixed_base<W, I, true, Q, O, N>;

  public:
    ap_fixed() = default;
    template <typename T> ap_fixed(const T &value) : base(value) {}
    template <typename T> ap_fixed &operator+=(const T &other) { return *this = *this + other; }
    template <typename T> ap_fixed &operator-=(const T &other) { return *this = *this - other; }
    template <typename T> ap_fixed &operator*=(const T &other) { return *this = *this * other; }
};

template <int W, int I, ap_q_mode Q = AP_TRN, ap_o_mode O = AP_WRAP, int N = 0>
class ap_ufixed : public ap_fixed_base<W, I, false, Q, O, N> {
    using base = ap_fixed_base<W, I, false, Q, O, N>;

  public:
    ap_ufixed() = default;
    template <typename T> ap_ufixed(const T &value) : base(value) {}
    template <typename T> ap_ufixed &operator+=(const T &other) { return *this = *this + other; }
    template <typename T> ap_ufixed &operator-=(const T &other) { return *this = *this - other; }
    template <typename T> ap_ufixed &operator*=(const T &other) { return *this = *this * other; }
};

#endif
#endif

"""What the generated code needs around it: includes, and the small functions that it calls, only those that it does."""

from __future__ import annotations

import re
from functools import lru_cache

from allo_studio.backends.vitis.calls import CONCURRENTLY
from allo_studio.backends.vitis.feedback import INITIALLY
from allo_studio.backends.vitis.memories import LARGE_LOCAL

__all__ = ["includes", "support", "types"]

_INITIALLY = """
// The next token of a stream; the first ones are those that lie in it at reset.
template <int COUNT, typename T, typename E> T initially(hls::stream<T> &tokens, E element, int &taken) {
#pragma HLS inline
    if (taken < COUNT) {
        ++taken;
        return T(element);
    }
    return tokens.read();
}
template <typename T, int COUNT> T initially(hls::stream<T> &tokens, const T (&elements)[COUNT], int &taken) {
#pragma HLS inline
    return taken < COUNT ? elements[taken++] : tokens.read();
}
"""

_INITIALLY_VECTORS = """
template <typename E, std::size_t WIDTH, int COUNT>
hls::vector<E, WIDTH> initially(hls::stream<hls::vector<E, WIDTH>> &tokens, const E (&elements)[COUNT], int &taken) {
#pragma HLS inline
    if (taken * WIDTH < COUNT) {
        hls::vector<E, WIDTH> token;
        for (std::size_t lane = 0; lane < WIDTH; ++lane) {
#pragma HLS unroll
            token[lane] = elements[taken * WIDTH + lane];
        }
        ++taken;
        return token;
    }
    return tokens.read();
}
"""

_CONCURRENTLY = """
// Processes that take each other's tokens run side by side in a C simulation, as they do in hardware.
#ifndef __SYNTHESIS__
namespace csim {
#ifdef ALLO_STUDIO_HLS_STREAM_H
using hls::concurrently;
#else
// A process: its name, which of those before it must end before it starts, and what it does.
struct process {
    const char *name;
    std::vector<std::size_t> after;
    std::function<void()> work;
};
inline void concurrently(const std::vector<process> &processes) {
    std::vector<std::shared_future<void>> ends;
    for (const process &each : processes) {
        std::vector<std::shared_future<void>> before;
        for (const std::size_t number : each.after) {
            before.push_back(ends[number]);
        }
        const auto run = [&each, before] {
            for (const std::shared_future<void> &end : before) {
                end.wait();
            }
            each.work();
        };
        ends.push_back(std::async(std::launch::async, run).share());
    }
    for (const std::shared_future<void> &end : ends) {
        end.wait();
    }
}
#endif
} // namespace csim
#endif
"""

_LARGE = f"""
// A large array does not fit the stack of a C simulation, where it is allocated; it is an ordinary one in hardware.
#ifdef __SYNTHESIS__
#define {LARGE_LOCAL}(name, extents, ...) __VA_ARGS__ name extents
#else
namespace csim {{
template <typename T> struct allocated {{
    struct content {{
        T elements;
    }};
    std::unique_ptr<content> memory{{new content}};
}};
}} // namespace csim
#define {LARGE_LOCAL}(name, extents, ...)                                                                     \\
    const csim::allocated<__VA_ARGS__ extents> name##_allocated;                                              \\
    __VA_ARGS__(&name) extents = name##_allocated.memory->elements
#endif
"""

_WRAP = """
// int32 arithmetic that wraps, as the hardware's does; in C++ a signed overflow has no meaning.
namespace wrap {
inline uint32_t bits(int32_t a) { return static_cast<uint32_t>(a); }
inline int32_t add(int32_t a, int32_t b) { return static_cast<int32_t>(bits(a) + bits(b)); }
inline int32_t sub(int32_t a, int32_t b) { return static_cast<int32_t>(bits(a) - bits(b)); }
inline int32_t mul(int32_t a, int32_t b) { return static_cast<int32_t>(bits(a) * bits(b)); }
// Rounds toward zero; a division by zero gives -1, as in every engine of the studio.
inline int32_t div(int32_t a, int32_t b) { return b == 0 ? -1 : b == -1 ? sub(0, a) : a / b; }
} // namespace wrap
"""

_BFLOAT16 = """
// The upper half of a float. Vitis HLS has no such type: an operation is done in float and rounded to nearest even,
// which for these four operations is the same as rounding once.
struct bfloat16 {
    uint16_t bits;

    bfloat16() = default;
    explicit bfloat16(float value) : bits(rounded(value)) {}
    // The float next to the value that is odd where bits were lost: rounding it again rounds the value.
    explicit bfloat16(double value) : bits(rounded(odd(value))) {}
    operator float() const {
        Pattern pattern;
        pattern.bits = static_cast<uint32_t>(bits) << 16;
        return pattern.value;
    }
    bfloat16 operator-() const {
        bfloat16 result;
        result.bits = static_cast<uint16_t>(bits ^ 0x8000);
        return result;
    }
    bfloat16 &operator+=(bfloat16 other) { return *this = bfloat16(float(*this) + float(other)); }
    bfloat16 &operator-=(bfloat16 other) { return *this = bfloat16(float(*this) - float(other)); }
    bfloat16 &operator*=(bfloat16 other) { return *this = bfloat16(float(*this) * float(other)); }
    bfloat16 &operator/=(bfloat16 other) { return *this = bfloat16(float(*this) / float(other)); }

  private:
    union Pattern {
        float value;
        uint32_t bits;
    };
    static uint16_t rounded(float value) {
        Pattern pattern;
        pattern.value = value;
        if (value != value) {
            return 0x7fc0;
        }
        return static_cast<uint16_t>((pattern.bits + 0x7fff + ((pattern.bits >> 16) & 1)) >> 16);
    }
    static float odd(double value) {
        Pattern pattern;
        pattern.value = static_cast<float>(value);
        const double nearest = static_cast<double>(pattern.value);
        if (nearest != value && value == value && (pattern.bits & 1) == 0) {
            const bool beyond = value < 0 ? nearest < value : nearest > value;
            pattern.bits += beyond ? 0xffffffff : 1;
        }
        return pattern.value;
    }
};
inline bfloat16 operator+(bfloat16 a, bfloat16 b) { return bfloat16(float(a) + float(b)); }
inline bfloat16 operator-(bfloat16 a, bfloat16 b) { return bfloat16(float(a) - float(b)); }
inline bfloat16 operator*(bfloat16 a, bfloat16 b) { return bfloat16(float(a) * float(b)); }
inline bfloat16 operator/(bfloat16 a, bfloat16 b) { return bfloat16(float(a) / float(b)); }
"""

# The functions of namespace `wrap` in the order of their definition; each may call those above it.
_FUNCTIONS = {
    "Wide": """\
// The type to compute in: 64 unsigned bits, which wrap, for the integers of C++; the others are as wide as it takes.
template <typename T> using Wide = typename std::conditional<std::is_integral<T>::value, uint64_t, T>::type;
""",
    "negative": """\
template <typename T> bool negative(T a) { return !(T(-1) > T(0)) && !(a > T(0)) && !(a == T(0)); }
""",
    "add": """\
template <typename T> T add(T a, T b) { return static_cast<T>(static_cast<Wide<T>>(a) + static_cast<Wide<T>>(b)); }
""",
    "sub": """\
template <typename T> T sub(T a, T b) { return static_cast<T>(static_cast<Wide<T>>(a) - static_cast<Wide<T>>(b)); }
""",
    "mul": """\
template <typename T> T mul(T a, T b) { return static_cast<T>(static_cast<Wide<T>>(a) * static_cast<Wide<T>>(b)); }
""",
    "div": """\
// Rounds toward zero; a division by zero gives all ones.
template <typename T> T div(T a, T b) {
    if (b == T(0)) {
        return T(-1);
    }
    return negative(b) && b == T(-1) ? sub<T>(T(0), a) : static_cast<T>(a / b);
}
""",
    "rem": """\
// The remainder has the dividend's sign; by zero it is the dividend.
template <typename T> T rem(T a, T b) {
    if (b == T(0)) {
        return a;
    }
    return negative(b) && b == T(-1) ? T(0) : static_cast<T>(a % b);
}
""",
    "floor_div": """\
// Rounds down.
template <typename T> T floor_div(T a, T b) {
    const bool below = b != T(0) && rem<T>(a, b) != T(0) && negative(a) != negative(b);
    return below ? sub<T>(div<T>(a, b), T(1)) : div<T>(a, b);
}
""",
    "floor_mod": """\
// The remainder of a division that rounds down has the divisor's sign.
template <typename T> T floor_mod(T a, T b) {
    const T rest = rem<T>(a, b);
    return b != T(0) && rest != T(0) && negative(a) != negative(b) ? add<T>(rest, b) : rest;
}
""",
    "ceil_div": """\
// Rounds up.
template <typename T> T ceil_div(T a, T b) {
    const bool above = b != T(0) && rem<T>(a, b) != T(0) && negative(a) == negative(b);
    return above ? add<T>(div<T>(a, b), T(1)) : div<T>(a, b);
}
""",
    "max": """\
template <typename T> T max(T a, T b) { return a > b ? a : b; }
""",
    "min": """\
template <typename T> T min(T a, T b) { return a < b ? a : b; }
""",
    "within": """\
// A shift's amount, at most `bits`.
template <typename S> int within(S amount, int bits) {
    return static_cast<uint64_t>(amount) < static_cast<uint64_t>(bits) ? static_cast<int>(amount) : bits;
}
""",
    "within_ap": """\
template <int N> int within(const ap_uint<N> &amount, int bits) {
    return amount < ap_uint<32>(bits) ? static_cast<int>(amount) : bits;
}
""",
    "shl": """\
// A shift by the width or more leaves 0.
template <typename T, int BITS, typename S> T shl(T a, S amount) {
    const int by = within(amount, BITS);
    return by < BITS ? static_cast<T>(static_cast<Wide<T>>(a) << by) : T(0);
}
""",
    "shr": """\
// A shift by the width or more leaves the sign.
template <typename T, int BITS, typename S> T shr(T a, S amount) {
    const int by = within(amount, BITS);
    return by < BITS ? static_cast<T>(a >> by) : negative(a) ? T(-1) : T(0);
}
""",
    "to_double": """\
// The nearest double of an integer of more than 64 bits; U is its type without sign.
template <typename U, typename T> double to_double(T a) {
    U rest = negative(a) ? static_cast<U>(U(0) - static_cast<U>(a)) : static_cast<U>(a);
    int scale = 0;
    bool lost = false;
    for (; static_cast<U>(rest >> 64) != U(0); ++scale) {
        lost = lost || static_cast<U>(rest & U(1)) != U(0);
        rest = static_cast<U>(rest >> 1);
    }
    const double size = std::ldexp(static_cast<double>(static_cast<uint64_t>(rest) | (lost ? 1U : 0U)), scale);
    return negative(a) ? -size : size;
}
""",
    "to_odd": """\
// An integer as a double that is odd where bits were lost: rounding it again rounds the integer.
template <typename U, typename T> double to_odd(T a) {
    U rest = negative(a) ? static_cast<U>(U(0) - static_cast<U>(a)) : static_cast<U>(a);
    int scale = 0;
    bool lost = false;
    for (; static_cast<U>(rest >> 53) != U(0); ++scale) {
        lost = lost || static_cast<U>(rest & U(1)) != U(0);
        rest = static_cast<U>(rest >> 1);
    }
    const double size = std::ldexp(static_cast<double>(static_cast<uint64_t>(rest) | (lost ? 1U : 0U)), scale);
    return negative(a) ? -size : size;
}
""",
    "same_bits": """\
template <typename T, typename S> T same_bits(S a) {
    static_assert(sizeof(T) == sizeof(S), "as many bits");
    T result;
    std::memcpy(static_cast<void *>(&result), &a, sizeof(T));
    return result;
}
""",
    "from_float": """\
// The integer toward zero; what is out of range becomes the nearest integer in it, and NaN 0.
template <typename T, int BITS> T from_float(double a) {
    const bool has_sign = !(T(-1) > T(0)), below = a < 0;
    if (a != a || (a < 1 && a > -1) || (below && !has_sign)) {
        return T(0);
    }
    const uint64_t pattern = same_bits<uint64_t>(a);
    const int exponent = static_cast<int>((pattern >> 52) & 0x7ff) - 1023;
    if (exponent >= BITS - (has_sign ? 1 : 0)) {
        const T least = static_cast<T>(static_cast<Wide<T>>(1) << (BITS - 1));
        return !has_sign ? T(-1) : below ? least : static_cast<T>(~least);
    }
    const uint64_t digits = (pattern & 0xfffffffffffffULL) | 0x10000000000000ULL;
    const Wide<T> size = exponent < 52 ? static_cast<Wide<T>>(digits >> (52 - exponent))
                                       : static_cast<Wide<T>>(static_cast<Wide<T>>(digits) << (exponent - 52));
    return below ? static_cast<T>(static_cast<Wide<T>>(0) - size) : static_cast<T>(size);
}
""",
    "maximum": """\
// NaN where either is, and the positive one of two zeros.
template <typename T> T maximum(T a, T b) {
    if (a != a || b != b) {
        return a != a ? a : b;
    }
    return a == b ? (std::signbit(static_cast<double>(a)) ? b : a) : a > b ? a : b;
}
""",
    "minimum": """\
// NaN where either is, and the negative one of two zeros.
template <typename T> T minimum(T a, T b) {
    if (a != a || b != b) {
        return a != a ? a : b;
    }
    return a == b ? (std::signbit(static_cast<double>(a)) ? a : b) : a < b ? a : b;
}
""",
    "maxnum": """\
// The number where one is NaN.
template <typename T> T maxnum(T a, T b) { return a != a ? b : b != b ? a : maximum<T>(a, b); }
""",
    "minnum": """\
// The number where one is NaN.
template <typename T> T minnum(T a, T b) { return a != a ? b : b != b ? a : minimum<T>(a, b); }
""",
    "ordered": """\
template <typename T> bool ordered(T a, T b) { return a == a && b == b; }
""",
    "unordered": """\
template <typename T> bool unordered(T a, T b) { return a != a || b != b; }
""",
    "differ": """\
template <typename T> bool differ(T a, T b) { return a < b || a > b; }
""",
    "equal_or_nan": """\
template <typename T> bool equal_or_nan(T a, T b) { return !(a < b || a > b); }
""",
}
# What each of them calls of the others.
_NEEDS = {
    "add": ("Wide",),
    "sub": ("Wide",),
    "mul": ("Wide",),
    "div": ("negative", "sub"),
    "rem": ("negative",),
    "floor_div": ("negative", "sub", "div", "rem"),
    "floor_mod": ("negative", "add", "rem"),
    "ceil_div": ("negative", "add", "div", "rem"),
    "shl": ("within", "Wide"),
    "shr": ("within", "negative"),
    "to_double": ("negative",),
    "to_odd": ("negative",),
    "from_float": ("same_bits", "Wide"),
    "maxnum": ("maximum",),
    "minnum": ("minimum",),
}
# Names that stand for themselves where they are called without a type in angle brackets.
_PLAIN = ("ordered", "unordered", "differ", "equal_or_nan")
_CMATH = ("INFINITY", "NAN", "std::ldexp", "std::signbit")
# A pattern that begins with plain text is found many times faster than one that begins with `\b`.
_CALL = re.compile(r"wrap::(?<!\wwrap::)(\w+)([<(])")
_WIDE_INTEGER = re.compile(r"ap_(?<!\wap_)u?int<")
_MATH = re.compile(r"hls::(?<!\whls::)(?!stream\b|vector\b|concurrently\b)\w+\(")
_HALF = re.compile(r"half(?<!\whalf)\b")
_INITIAL = re.compile(rf"{INITIALLY}(?<!\w{INITIALLY})[<(]")


def types(source: str) -> str:
    """Return the definitions of types that `source` names."""
    return _BFLOAT16 if "bfloat16" in source else ""


@lru_cache(maxsize=8)
def support(source: str) -> str:
    """Return the definitions that `source` needs before it."""
    calls = set(_CALL.findall(source))
    wanted = {name for name, mark in calls if mark == "<" or name in _PLAIN}
    parts = [_LARGE] if f" {LARGE_LOCAL}(" in source else []
    if f" {CONCURRENTLY}(" in source:
        parts.append(_CONCURRENTLY)
    if _INITIAL.search(source):
        parts += [_INITIALLY, _INITIALLY_VECTORS] if "hls::vector<" in source else [_INITIALLY]
    if any(mark == "(" and name not in _PLAIN for name, mark in calls):
        parts.append(_WRAP)
    if wanted:
        parts.append(_templates(wanted, bool(_WIDE_INTEGER.search(source))))
    return "".join(parts)


def _templates(wanted: set[str], wide: bool) -> str:
    waiting, found = list(wanted), set(wanted)
    while waiting:
        needed = set(_NEEDS.get(waiting.pop(), ())) - found
        found |= needed
        waiting += needed
    if wide and "within" in found:
        found.add("within_ap")
    chosen = [text for name, text in _FUNCTIONS.items() if name in found]
    head = "\n// Arithmetic as the hardware does it, for every width.\nnamespace wrap {\n"
    return f"{head}{''.join(chosen)}}} // namespace wrap\n"


def includes(source: str) -> list[str]:
    """Return the lines that include what `source` and its support use, in order."""
    text = source + support(source)
    found = ["#include <cstdint>"]
    found += ["#include <algorithm>"] if "std::m" in source else []
    found += (
        ["#include <cmath>"] if any(word in text for word in ("INFINITY", "NAN", "std::ldexp", "std::sign")) else []
    )
    found += ["#include <cstring>"] if "std::memcpy" in text else []
    found += ["#include <functional>", "#include <future>"] if "std::shared_future" in text else []
    found += ["#include <memory>"] if "std::unique_ptr" in text else []
    found += ["#include <type_traits>"] if "std::conditional" in text else []
    found += ["#include <vector>"] if "std::vector" in text else []
    found += ['#include "ap_axi_sdata.h"'] if "ap_axiu<" in source else []
    found += ['#include "ap_int.h"'] if _WIDE_INTEGER.search(text) else []
    found += ['#include "hls_half.h"'] if _HALF.search(source) else []
    found += ['#include "hls_math.h"'] if _MATH.search(source) else []
    found += ['#include "hls_stream.h"'] if "hls::stream<" in source else []
    found += ['#include "hls_vector.h"'] if "hls::vector<" in source else []
    return found

// The functions of hls_math.h for a C simulation with an ordinary C++ compiler. Under Vitis the tool's own header is
// taken.
//
// Those of double are the C library's. Those of float and half are computed in double and rounded once, as every engine
// of the studio does it.
#if defined(__SYNTHESIS__) || defined(__VITIS_HLS__)
#include_next <hls_math.h>
#else
#ifndef ALLO_STUDIO_HLS_MATH_H
#define ALLO_STUDIO_HLS_MATH_H

#include "hls_half.h"

#include <cmath>

namespace hls {

inline double rsqrt(double a) { return 1.0 / std::sqrt(a); }
inline float rsqrt(float a) { return static_cast<float>(1.0 / std::sqrt(static_cast<double>(a))); }
inline half rsqrt(half a) { return half(1.0 / std::sqrt(static_cast<double>(a))); }

#define ALLO_STUDIO_UNARY(NAME)                                                                                        \
    inline double NAME(double a) { return std::NAME(a); }                                                              \
    inline float NAME(float a) { return static_cast<float>(std::NAME(static_cast<double>(a))); }                       \
    inline half NAME(half a) { return half(std::NAME(static_cast<double>(a))); }
ALLO_STUDIO_UNARY(exp)
ALLO_STUDIO_UNARY(exp2)
ALLO_STUDIO_UNARY(expm1)
ALLO_STUDIO_UNARY(log)
ALLO_STUDIO_UNARY(log2)
ALLO_STUDIO_UNARY(log10)
ALLO_STUDIO_UNARY(log1p)
ALLO_STUDIO_UNARY(sqrt)
ALLO_STUDIO_UNARY(cbrt)
ALLO_STUDIO_UNARY(sin)
ALLO_STUDIO_UNARY(cos)
ALLO_STUDIO_UNARY(tan)
ALLO_STUDIO_UNARY(asin)
ALLO_STUDIO_UNARY(acos)
ALLO_STUDIO_UNARY(atan)
ALLO_STUDIO_UNARY(sinh)
ALLO_STUDIO_UNARY(cosh)
ALLO_STUDIO_UNARY(tanh)
ALLO_STUDIO_UNARY(asinh)
ALLO_STUDIO_UNARY(acosh)
ALLO_STUDIO_UNARY(atanh)
ALLO_STUDIO_UNARY(erf)
ALLO_STUDIO_UNARY(fabs)
ALLO_STUDIO_UNARY(floor)
ALLO_STUDIO_UNARY(ceil)
ALLO_STUDIO_UNARY(round)
ALLO_STUDIO_UNARY(rint)
ALLO_STUDIO_UNARY(trunc)
#undef ALLO_STUDIO_UNARY

#define ALLO_STUDIO_BINARY(NAME)                                                                                       \
    inline double NAME(double a, double b) { return std::NAME(a, b); }                                                 \
    inline float NAME(float a, float b) {                                                                              \
        return static_cast<float>(std::NAME(static_cast<double>(a), static_cast<double>(b)));                          \
    }                                                                                                                  \
    inline half NAME(half a, half b) { return half(std::NAME(static_cast<double>(a), static_cast<double>(b))); }
ALLO_STUDIO_BINARY(pow)
ALLO_STUDIO_BINARY(atan2)
ALLO_STUDIO_BINARY(fmod)
ALLO_STUDIO_BINARY(copysign)
#undef ALLO_STUDIO_BINARY

} // namespace hls

#endif
#endif

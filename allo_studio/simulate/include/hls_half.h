// half for a C simulation with an ordinary C++ compiler. Under Vitis the tool's own header is taken.
//
// An IEEE binary16 number by its bits. An operation is done in float and rounded to nearest even, which for the four of
// arithmetic is the same as rounding once. Subnormals are kept.
#if defined(__SYNTHESIS__) || defined(__VITIS_HLS__)
#include_next <hls_half.h>
#else
#ifndef ALLO_STUDIO_HLS_HALF_H
#define ALLO_STUDIO_HLS_HALF_H

#include <cmath>
#include <cstdint>

class half {
  public:
    half() = default;
    explicit half(float value) : bits_(rounded(static_cast<double>(value))) {}
    explicit half(double value) : bits_(rounded(value)) {}

    operator float() const {
        const int exponent = (bits_ >> 10) & 0x1f;
        const int digits = bits_ & 0x3ff;
        float size = 0.0f;
        if (exponent == 0x1f) {
            size = digits != 0 ? NAN : INFINITY;
        } else if (exponent == 0) {
            size = std::ldexp(static_cast<float>(digits), -24);
        } else {
            size = std::ldexp(static_cast<float>(digits | 0x400), exponent - 25);
        }
        return (bits_ & 0x8000) != 0 ? -size : size;
    }

    half operator-() const {
        half result;
        result.bits_ = static_cast<uint16_t>(bits_ ^ 0x8000);
        return result;
    }
    half &operator+=(half other) { return *this = half(float(*this) + float(other)); }
    half &operator-=(half other) { return *this = half(float(*this) - float(other)); }
    half &operator*=(half other) { return *this = half(float(*this) * float(other)); }
    half &operator/=(half other) { return *this = half(float(*this) / float(other)); }

  private:
    static uint16_t rounded(double value) {
        if (value != value) {
            return 0x7e00;
        }
        const uint16_t sign = std::signbit(value) ? 0x8000 : 0;
        const double size = std::fabs(value);
        // Half of the last place above the greatest number: from there on it is infinite.
        if (size >= 65520.0) {
            return static_cast<uint16_t>(sign | 0x7c00);
        }
        if (size == 0.0) {
            return sign;
        }
        int exponent = 0;
        std::frexp(size, &exponent);
        // The weight of the last bit: 10 bits below the first, but no less than that of subnormals.
        const int last = exponent - 11 < -24 ? -24 : exponent - 11;
        // A double holds this exactly, and nearbyint rounds to even.
        const int digits = static_cast<int>(std::nearbyint(std::ldexp(size, -last)));
        // A carry into the next exponent is right as it is.
        const int pattern = last == -24 ? digits : ((last + 24) << 10) + digits;
        return static_cast<uint16_t>(sign | pattern);
    }

    uint16_t bits_;
};

inline half operator+(half a, half b) { return half(float(a) + float(b)); }
inline half operator-(half a, half b) { return half(float(a) - float(b)); }
inline half operator*(half a, half b) { return half(float(a) * float(b)); }
inline half operator/(half a, half b) { return half(float(a) / float(b)); }

#endif
#endif

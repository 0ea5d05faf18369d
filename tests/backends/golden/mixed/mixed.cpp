#include <cstdint>
#include <type_traits>
#include "ap_int.h"
#include "hls_math.h"

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

// int32 arithmetic that wraps, as the hardware's does; in C++ a signed overflow has no meaning.
namespace wrap {
inline uint32_t bits(int32_t a) { return static_cast<uint32_t>(a); }
inline int32_t add(int32_t a, int32_t b) { return static_cast<int32_t>(bits(a) + bits(b)); }
inline int32_t sub(int32_t a, int32_t b) { return static_cast<int32_t>(bits(a) - bits(b)); }
inline int32_t mul(int32_t a, int32_t b) { return static_cast<int32_t>(bits(a) * bits(b)); }
// Rounds toward zero; a division by zero gives -1, as in every engine of the studio.
inline int32_t div(int32_t a, int32_t b) { return b == 0 ? -1 : b == -1 ? sub(0, a) : a / b; }
} // namespace wrap

// Arithmetic as the hardware does it, for every width.
namespace wrap {
// The type to compute in: 64 unsigned bits, which wrap, for the integers of C++; the others are as wide as it takes.
template <typename T> using Wide = typename std::conditional<std::is_integral<T>::value, uint64_t, T>::type;
template <typename T> T mul(T a, T b) { return static_cast<T>(static_cast<Wide<T>>(a) * static_cast<Wide<T>>(b)); }
template <typename T> T min(T a, T b) { return a < b ? a : b; }
} // namespace wrap

// function twice
void twice(int8_t v[8], int32_t k) {
#pragma HLS inline off
    j: for (int j = 0; j < 8; ++j) {  // -:7
#pragma HLS pipeline
        v[j] += static_cast<int8_t>(k);  // -:11
    }
}

// kernel mixed
void mixed(
    const uint8_t A[8],
    const float f[8],
    int32_t m,
    int8_t B[8],
    float C[8],
    ap_int<33> D[4],
    bfloat16 E[2]) {
#pragma HLS inline off
    // D: Fixed(33, 4)[4]
    static const int8_t table[2][4] = {
        {1, 2, 3, 4},
        {5, 6, 7, -8}};
    static const ap_int<7> odd[3] = {1, -2, 3};
    static const bfloat16 halves[2] = {bfloat16(1.5f), bfloat16(-2.0f)};
    static int32_t count = 3;
    i: for (int i = 0; i < 8; ++i) {  // -:25
#pragma HLS pipeline
        B[i] = A[7 - i];  // -:27
        C[i] = 0.0f;  // -:29
    }
    second_i: for (int i = 0; i < m; ++i) {  // -:31
        const int32_t table_value = table[i / 4][i % 4] & 7;  // -:35
        const bool A_value = A[table_value] > 7;  // -:37
        float chosen;
        int32_t chosen_2;
        if (A_value || i >= 3) {  // -:41
            chosen = hls::exp(f[table_value]);
            chosen_2 = i;
        } else {
            chosen = -1.5f;
            chosen_2 = table_value;
        }
        if (A_value) {  // -:49
            C[chosen_2] = chosen;  // -:50
        }
        j: for (int j = 0; j < chosen_2; ++j) {  // -:54
#pragma HLS pipeline
            C[j] += chosen;  // -:57
        }
    }
    w: while (count < 6) {  // -:60
        const int32_t count_value = count;  // -:66
        count = wrap::add(count_value, 1);  // -:69
        twice(B, count_value);  // -:70
    }
    int32_t left = 5;  // -:75
    down_w: while (true) {  // -:76
#pragma HLS pipeline
        const int32_t left_value = wrap::sub(left, 1);  // -:79
        left = left_value;  // -:80
        if (!(left_value > 0)) {
            break;
        }
        const int32_t left_value_2 = wrap::sub(left, 1);  // -:88
        const ap_int<33> odd_value = odd[wrap::min<int64_t>(static_cast<int64_t>(left_value_2), static_cast<int64_t>(2))];  // -:92
        D[left_value_2] = wrap::mul<ap_int<33>>(odd_value, odd_value);  // -:94
    }
    bf_i: for (int i = 0; i < 2; ++i) {  // -:97
#pragma HLS pipeline
        const bfloat16 halves_value = halves[i];  // -:98
        E[i] = halves_value * halves_value;  // -:100
    }
}

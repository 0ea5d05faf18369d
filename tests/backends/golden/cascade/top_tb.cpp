// Testbench of top: reads the folder given as the first argument (or `data`), calls the top once, compares every
// element of every output, and returns 0 where all are right. `NAME.bin` is an input, `NAME.golden.bin` what an output
// should be, `NAME.out.bin` what it was: elements in row-major order, 4 bytes each, least significant byte first.
#include "top.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>

namespace testbench {

// An element may be off by this much times the largest magnitude expected on its port (at least 1). It is 0, which
// wants equal values, unless a schedule adds floating-point numbers in another order.
constexpr double kTolerance = 0.0;

struct Totals {
    std::size_t compared = 0;
    std::size_t mismatches = 0;
    double max_error = 0.0;
};

template <typename T> bool load(const std::string &path, T *elements, std::size_t count) {
    std::FILE *file = std::fopen(path.c_str(), "rb");
    if (file == nullptr) {
        std::fprintf(stderr, "cannot read %s\n", path.c_str());
        return false;
    }
    const std::size_t got = std::fread(elements, sizeof(T), count, file);
    std::fclose(file);
    if (got != count) {
        std::fprintf(stderr, "%s has %zu elements, not %zu\n", path.c_str(), got, count);
    }
    return got == count;
}

template <typename T> bool save(const std::string &path, const T *elements, std::size_t count) {
    std::FILE *file = std::fopen(path.c_str(), "wb");
    if (file == nullptr) {
        std::fprintf(stderr, "cannot write %s\n", path.c_str());
        return false;
    }
    const std::size_t put = std::fwrite(elements, sizeof(T), count, file);
    return std::fclose(file) == 0 && put == count;
}

template <typename T> double error_of(T got, T want) {
    if (got == want || (got != got && want != want)) {
        return 0.0;
    }
    const double error = std::fabs(static_cast<double>(got) - static_cast<double>(want));
    return error != error ? HUGE_VAL : error;
}

inline double allowed(const float *want, std::size_t count) {
    double largest = 1.0;
    for (std::size_t i = 0; i < count; ++i) {
        if (std::isfinite(want[i]) && std::fabs(want[i]) > largest) {
            largest = std::fabs(want[i]);
        }
    }
    return kTolerance * largest;
}

inline double allowed(const int32_t *, std::size_t) { return 0.0; }

template <typename T> void compare(const char *port, const T *got, const T *want, std::size_t count, Totals &totals) {
    const double most = allowed(want, count);
    for (std::size_t i = 0; i < count; ++i) {
        const double error = error_of(got[i], want[i]);
        totals.max_error = error > totals.max_error ? error : totals.max_error;
        if (error > most) {
            if (totals.mismatches < 10) {
                std::printf("%s element %zu is %.9g and should be %.9g\n", port, i, static_cast<double>(got[i]),
                            static_cast<double>(want[i]));
            }
            ++totals.mismatches;
        }
    }
    totals.compared += count;
}

float port_A[16][16];
float port_B[16][16];
float port_D[16][16];
float port_E[16][16];
float golden_E[16][16];

int run(const std::string &folder) {
    if (!(load(folder + "A.bin", &port_A[0][0], 256) &&
          load(folder + "B.bin", &port_B[0][0], 256) &&
          load(folder + "D.bin", &port_D[0][0], 256) &&
          load(folder + "E.golden.bin", &golden_E[0][0], 256))) {
        return 2;
    }
    ::top(port_A, port_B, port_D, port_E);
    Totals totals;
    compare("E", &port_E[0][0], &golden_E[0][0], 256, totals);
    if (!save(folder + "E.out.bin", &port_E[0][0], 256)) {
        return 2;
    }
    std::printf("compared %zu mismatches %zu max_error %.9g\n", totals.compared, totals.mismatches,
                totals.max_error);
    return totals.mismatches == 0 ? 0 : 1;
}

} // namespace testbench

int main(int argc, char **argv) { return testbench::run(std::string(argc > 1 ? argv[1] : "data") + "/"); }

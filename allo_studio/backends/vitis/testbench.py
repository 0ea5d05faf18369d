"""The C++ testbench: it reads inputs and expected outputs, calls the top, and compares every element."""

from __future__ import annotations

from collections.abc import Sequence

from allo_studio.backends.vitis.memories import Memory

__all__ = ["testbench"]

_HEAD = """\
// Testbench of {top}: reads the folder given as the first argument (or `data`), calls the top once, compares every
// element of every output, and returns 0 where all are right. `NAME.bin` is an input, `NAME.golden.bin` what an output
// should be, `NAME.out.bin` what it was: elements in row-major order, 4 bytes each, least significant byte first.
#include "{top}.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>

namespace testbench {{

// An element may be off by this much times the largest magnitude expected on its port (at least 1). It is 0, which
// wants equal values, unless a schedule adds floating-point numbers in another order.
constexpr double kTolerance = {tolerance!r};

struct Totals {{
    std::size_t compared = 0;
    std::size_t mismatches = 0;
    double max_error = 0.0;
}};

template <typename T> bool load(const std::string &path, T *elements, std::size_t count) {{
    std::FILE *file = std::fopen(path.c_str(), "rb");
    if (file == nullptr) {{
        std::fprintf(stderr, "cannot read %s\\n", path.c_str());
        return false;
    }}
    const std::size_t got = std::fread(elements, sizeof(T), count, file);
    std::fclose(file);
    if (got != count) {{
        std::fprintf(stderr, "%s has %zu elements, not %zu\\n", path.c_str(), got, count);
    }}
    return got == count;
}}
"""

_OUTPUTS = """
template <typename T> bool save(const std::string &path, const T *elements, std::size_t count) {
    std::FILE *file = std::fopen(path.c_str(), "wb");
    if (file == nullptr) {
        std::fprintf(stderr, "cannot write %s\\n", path.c_str());
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
                std::printf("%s element %zu is %.9g and should be %.9g\\n", port, i, static_cast<double>(got[i]),
                            static_cast<double>(want[i]));
            }
            ++totals.mismatches;
        }
    }
    totals.compared += count;
}
"""

_MAIN = """
} // namespace testbench

int main(int argc, char **argv) { return testbench::run(std::string(argc > 1 ? argv[1] : "data") + "/"); }
"""


def testbench(top: str, function: str, ports: Sequence[Memory], tolerance: float) -> str:
    """Return the testbench of the top's `function` with these ports, whose `source` names the data files."""
    outputs = [port for port in ports if port.writable]
    parts = [_HEAD.format(top=top, tolerance=float(tolerance))]
    if outputs:
        parts.append(_OUTPUTS)
    parts.append("\n" + "".join(_storage(port) for port in ports) + "\n")
    parts.append("int run(const std::string &folder) {\n")
    parts.append(_loads(ports))
    # From the root, because the top may have the name of something in here.
    parts.append(f"    ::{function}({', '.join(map(_variable, ports))});\n")
    parts.append("    Totals totals;\n")
    for port in outputs:
        parts.append(_check(port))
    parts.append(
        '    std::printf("compared %zu mismatches %zu max_error %.9g\\n", totals.compared, totals.mismatches,\n'
    )
    parts.append("                totals.max_error);\n")
    parts.append("    return totals.mismatches == 0 ? 0 : 1;\n}\n")
    parts.append(_MAIN)
    return "".join(parts)


def _variable(port: Memory, prefix: str = "port") -> str:
    return f"{prefix}_{port.name}"


def _storage(port: Memory) -> str:
    extents = "".join(f"[{extent}]" for extent in port.type.shape)
    text = f"{port.element_type} {_variable(port)}{extents};\n"
    return text + (f"{port.element_type} {_variable(port, 'golden')}{extents};\n" if port.writable else "")


def _address(port: Memory, prefix: str = "port") -> str:
    return f"&{_variable(port, prefix)}{'[0]' * len(port.type.shape)}"


def _loads(ports: Sequence[Memory]) -> str:
    wanted = [
        f'load(folder + "{port.source}.golden.bin", {_address(port, "golden")}, {port.type.size})'
        if port.writable
        else f'load(folder + "{port.source}.bin", {_address(port)}, {port.type.size})'
        for port in ports
    ]
    if not wanted:
        return "    (void)folder;\n"
    return "    if (!(" + " &&\n          ".join(wanted) + ")) {\n        return 2;\n    }\n"


def _check(port: Memory) -> str:
    got, want, size = _address(port), _address(port, "golden"), port.type.size
    return (
        f'    compare("{port.source}", {got}, {want}, {size}, totals);\n'
        f'    if (!save(folder + "{port.source}.out.bin", {got}, {size})) {{\n        return 2;\n    }}\n'
    )

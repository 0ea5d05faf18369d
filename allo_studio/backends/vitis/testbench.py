"""The C++ testbench: it reads inputs and expected outputs, calls the top, and compares every element."""

from __future__ import annotations

from collections.abc import Sequence

from allo_studio.backends.vitis.cpp_types import CppType
from allo_studio.backends.vitis.memories import Memory
from allo_studio.backends.vitis.outer_port import OuterPort
from allo_studio.backends.vitis.support import support
from allo_studio.backends.vitis.testbench_ports import CHECK_PACKET, after, before, buffer, passed

__all__ = ["testbench"]

_HEAD = """\
// Testbench of {top}: reads the folder given as the first argument (or `data`), calls the top once, compares every
// element of every output, and returns 0 where all are right. `NAME.bin` is an input, `NAME.golden.bin` what an output
// should be, `NAME.out.bin` what it was: elements in row-major order, {bytes} each, least significant byte first.
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

# For integers of other widths than C++ has: what stands above in a form for their words.
_WIDE = """
// An element of BITS bits takes as many whole bytes as it needs.
template <int BITS, typename T> bool load_bits(const std::string &path, T *elements, std::size_t count) {
    const std::size_t width = (BITS + 7) / 8;
    std::vector<unsigned char> bytes(width * count);
    if (!load(path, bytes.data(), bytes.size())) {
        return false;
    }
    for (std::size_t i = 0; i < count; ++i) {
        ap_uint<BITS> value = 0;
        for (std::size_t at = width; at-- > 0;) {
            value = (value << 8) | ap_uint<BITS>(bytes[width * i + at]);
        }
        elements[i] = value;
    }
    return true;
}
"""

_WIDE_OUTPUTS = """
template <int BITS, typename T> bool save_bits(const std::string &path, const T *elements, std::size_t count) {
    const std::size_t width = (BITS + 7) / 8;
    std::vector<unsigned char> bytes(width * count);
    for (std::size_t i = 0; i < count; ++i) {
        const ap_uint<BITS> value = elements[i];
        for (std::size_t at = 0; at < width; ++at) {
            const ap_uint<8> byte = value >> static_cast<int>(8 * at);
            bytes[width * i + at] = static_cast<unsigned char>(byte);
        }
    }
    return save(path, bytes.data(), bytes.size());
}
"""

_EXACT = """
// Doubles do not tell all of these integers apart.
inline double error_of({type} got, {type} want) {{
    const double error = std::fabs({got} - {want});
    return got == want ? 0.0 : error < 1.0 ? 1.0 : error;
}}
"""

_ALLOWED_FLOAT = """
inline double allowed(const {type} *want, std::size_t count) {{
    double largest = 1.0;
    for (std::size_t i = 0; i < count; ++i) {{
        const double size = std::fabs(static_cast<double>(want[i]));
        if (std::isfinite(size) && size > largest) {{
            largest = size;
        }}
    }}
    return kTolerance * largest;
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
"""

_COMPARE = """
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

_FEED = """
template <typename T> void feed(const T *elements, std::size_t count, hls::stream<T> &tokens) {
    for (std::size_t i = 0; i < count; ++i) {
        tokens.write(elements[i]);
    }
}
"""

_FEED_VECTORS = """
template <typename T, std::size_t N>
void feed(const T *elements, std::size_t count, hls::stream<hls::vector<T, N>> &tokens) {
    for (std::size_t i = 0; i < count; i += N) {
        hls::vector<T, N> token;
        for (std::size_t lane = 0; lane < N; ++lane) {
            token[lane] = elements[i + lane];
        }
        tokens.write(token);
    }
}
"""

_DRAIN = """
template <typename T> void drain(T *elements, std::size_t count, hls::stream<T> &tokens) {
    for (std::size_t i = 0; i < count; ++i) {
        elements[i] = tokens.read();
    }
}
"""

_DRAIN_VECTORS = """
template <typename T, std::size_t N>
void drain(T *elements, std::size_t count, hls::stream<hls::vector<T, N>> &tokens) {
    for (std::size_t i = 0; i < count; i += N) {
        const hls::vector<T, N> token = tokens.read();
        for (std::size_t lane = 0; lane < N; ++lane) {
            elements[i + lane] = token[lane];
        }
    }
}
"""

_MAIN = """
} // namespace testbench

int main(int argc, char **argv) { return testbench::run(std::string(argc > 1 ? argv[1] : "data") + "/"); }
"""


def testbench(top: str, function: str, outer: Sequence[OuterPort], tolerance: float) -> str:
    """Return the testbench of the top's `function` with these ports, whose `source` names the data files.

    It has the same data and the same comparison whatever the interface.
    """
    ports = [port.memory for port in outer]
    moved = [port for port in outer if port.way != "as_is"]
    texts = ["".join(map(before, moved)), "".join(after(port) for port in moved if port.memory.writable)]
    outputs = [port for port in ports if port.writable]
    wide = any(port.cpp.kind == "ap" for port in ports)
    parts = [_HEAD.format(top=top, tolerance=float(tolerance), bytes=_element_bytes(ports))]
    parts[0] = parts[0].replace("#include <string>\n", "#include <string>\n#include <vector>\n") if wide else parts[0]
    parts.append(_WIDE if wide else "")
    if outputs:
        parts += [_OUTPUTS, *_of_types(outputs), _COMPARE]
    as_is = [port.memory for port in outer if port.way == "as_is"]
    parts += _stream_functions(as_is)
    parts.append(CHECK_PACKET if "check_packet(" in texts[1] else "")
    parts[0] = parts[0].replace("\nnamespace testbench {", f"{support(''.join(texts))}\nnamespace testbench {{", 1)
    parts.append("\n" + "".join([*map(_storage, ports), *map(buffer, moved)]) + "\n")
    parts.append("int run(const std::string &folder) {\n")
    parts.append(_loads(ports))
    parts += [_before(port) for port in as_is if port.stream_width]
    parts.append(texts[0])
    # From the root, because the top may have the name of something in here.
    parts.append(
        f"    ::{function}({', '.join(_passed(p.memory) if p.way == 'as_is' else passed(p) for p in outer)});\n"
    )
    parts += [_after(port) for port in as_is if port.stream_width and port.writable]
    parts.append("    Totals totals;\n")
    parts.append(texts[1])
    for port in outputs:
        parts.append(_check(port))
    parts.append(
        '    std::printf("compared %zu mismatches %zu max_error %.9g\\n", totals.compared, totals.mismatches,\n'
    )
    parts.append("                totals.max_error);\n")
    parts.append("    return totals.mismatches == 0 ? 0 : 1;\n}\n")
    parts.append(_MAIN)
    return "".join(parts)


def _element_bytes(ports: Sequence[Memory]) -> str:
    found = {-(-port.cpp.bits // 8) for port in ports} or {4}
    return f"{found.pop()} bytes" if len(found) == 1 else "as many bytes as its bits need"


def _of_types(outputs: Sequence[Memory]) -> list[str]:
    """Return what the comparison needs for each type of the outputs beyond float and int32_t."""
    types = {port.cpp.name: port.cpp for port in outputs if port.cpp.name not in ("float", "int32_t")}
    parts = [_WIDE_OUTPUTS] if any(type_.kind == "ap" for type_ in types.values()) else []
    for name, type_ in sorted(types.items()):
        if type_.kind == "float":
            parts.append(_ALLOWED_FLOAT.format(type=name))
            continue
        parts.append(f"\ninline double allowed(const {name} *, std::size_t) {{ return 0.0; }}\n")
        if type_.bits > _EXACT_BITS:
            parts.append(_EXACT.format(type=name, got=_as_double("got", type_), want=_as_double("want", type_)))
    return parts


# The widest integers of which a double holds each.
_EXACT_BITS = 53


def _as_double(name: str, type_: CppType) -> str:
    return f"{name}.to_double()" if type_.kind == "ap" else f"static_cast<double>({name})"


def _function(verb: str, port: Memory) -> str:
    """Return the function that moves a port's elements from or to a file."""
    return f"{verb}_bits<{port.cpp.bits}>" if port.cpp.kind == "ap" else verb


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
        f'{_function("load", port)}(folder + "{port.source}.golden.bin", {_address(port, "golden")}, {port.type.size})'
        if port.writable
        else f'{_function("load", port)}(folder + "{port.source}.bin", {_address(port)}, {port.type.size})'
        for port in ports
    ]
    if not wanted:
        return "    (void)folder;\n"
    return "    if (!(" + " &&\n          ".join(wanted) + ")) {\n        return 2;\n    }\n"


def _stream_functions(ports: Sequence[Memory]) -> list[str]:
    """Return the functions by which streams are fed and drained, as far as there are any."""
    kinds = {(port.writable, port.stream_width > 1) for port in ports if port.stream_width}
    texts = {
        (False, False): _FEED,
        (False, True): _FEED_VECTORS,
        (True, False): _DRAIN,
        (True, True): _DRAIN_VECTORS,
    }
    return [text for kind, text in texts.items() if kind in kinds]


def _passed(port: Memory) -> str:
    return _variable(port, "stream" if port.stream_width else "port")


def _before(port: Memory) -> str:
    text = f'    hls::stream<{port.token_type}> {_passed(port)}("{port.source}");\n'
    return text if port.writable else text + f"    feed({_address(port)}, {port.type.size}, {_passed(port)});\n"


def _after(port: Memory) -> str:
    return f"    drain({_address(port)}, {port.type.size}, {_passed(port)});\n"


def _check(port: Memory) -> str:
    got, want, size, save = _address(port), _address(port, "golden"), port.type.size, _function("save", port)
    return (
        f'    compare("{port.source}", {got}, {want}, {size}, totals);\n'
        f'    if (!{save}(folder + "{port.source}.out.bin", {got}, {size})) {{\n        return 2;\n    }}\n'
    )

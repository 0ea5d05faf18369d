"""The host program for XRT: C++17 that runs the kernel on the data of the simulation and compares every element."""

from __future__ import annotations

from collections.abc import Sequence

from allo_studio.backends.vitis.host_ports import HostPort
from allo_studio.backends.vitis.script import Setup

__all__ = ["xrt_host"]

_HEAD = """\
// Runs the kernel {function} by XRT on the data of the simulation, and compares every element of every output:
//
//     ./host {top}.xclbin [FOLDER [DEVICE]]
//
// FOLDER (csim/data where it is not given) has `NAME.bin` of each input and `NAME.golden.bin` of each output, as
// `allo-studio build` writes them. The status is 0 where all are right, 1 where some differ, 2 where it could not run.
#include <xrt/xrt_bo.h>
#include <xrt/xrt_device.h>
#include <xrt/xrt_kernel.h>

#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

namespace {{

using Bytes = std::vector<unsigned char>;

enum class Kind {{ integer, half, bfloat16, single, double_ }};

// An element takes `file_bytes` in a file, where the bits above its `bits` are 0, and `bytes` in a buffer, where a
// signed integer has its sign carried on; both have the least significant byte first.
struct Port {{
    const char *name;
    bool output;
    bool scalar; // an input that is passed by value
    std::size_t count;
    std::size_t file_bytes;
    std::size_t bytes;
    unsigned bits;
    bool is_signed;
    Kind kind;
}};

// In the order of the kernel's arguments.
const Port kPorts[] = {{
{ports}}};

// A floating-point element may be off by this much times the largest magnitude expected on its port (at least 1).
constexpr double kTolerance = {tolerance!r};
"""

_BODY = """
Bytes read_file(const std::string &path, std::size_t size) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        throw std::runtime_error("cannot read " + path);
    }
    Bytes content((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    if (content.size() != size) {
        throw std::runtime_error(path + " has " + std::to_string(content.size()) + " bytes, not " +
                                 std::to_string(size));
    }
    return content;
}

// Returns the elements of a file as they lie in a buffer.
Bytes widened(const Port &port, const Bytes &content) {
    Bytes buffer(port.count * port.bytes, 0);
    for (std::size_t i = 0; i < port.count; ++i) {
        unsigned char *element = &buffer[i * port.bytes];
        std::memcpy(element, &content[i * port.file_bytes], port.file_bytes);
        const unsigned top = port.bits - 1;
        if (port.is_signed && ((element[top / 8] >> (top % 8)) & 1) != 0) {
            element[top / 8] = static_cast<unsigned char>(element[top / 8] | (0xff << (top % 8)));
            std::memset(element + top / 8 + 1, 0xff, port.bytes - top / 8 - 1);
        }
    }
    return buffer;
}

template <typename T> T bits_at(const unsigned char *bytes) {
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
        value = static_cast<T>(value | static_cast<T>(static_cast<T>(bytes[i]) << (8 * i)));
    }
    return value;
}

template <typename T, typename U> T same_bits(U bits) {
    static_assert(sizeof(T) == sizeof(U), "as many bits");
    T value;
    std::memcpy(&value, &bits, sizeof(value));
    return value;
}

double half_value(std::uint16_t bits) {
    const int exponent = (bits >> 10) & 31;
    const int fraction = bits & 1023;
    double size = std::ldexp(exponent == 0 ? fraction : 1024 + fraction, (exponent == 0 ? 1 : exponent) - 25);
    if (exponent == 31) {
        size = fraction == 0 ? HUGE_VAL : std::nan("");
    }
    return (bits & 0x8000) != 0 ? -size : size;
}

// The value of a floating-point element.
double value_at(const Port &port, const unsigned char *element) {
    switch (port.kind) {
    case Kind::half:
        return half_value(bits_at<std::uint16_t>(element));
    case Kind::bfloat16:
        return static_cast<double>(same_bits<float>(static_cast<std::uint32_t>(bits_at<std::uint16_t>(element)) << 16));
    case Kind::single:
        return static_cast<double>(same_bits<float>(bits_at<std::uint32_t>(element)));
    default:
        return same_bits<double>(bits_at<std::uint64_t>(element));
    }
}

std::string shown(const Port &port, const unsigned char *element) {
    char text[32];
    if (port.kind != Kind::integer) {
        std::snprintf(text, sizeof(text), "%.9g", value_at(port, element));
        return text;
    }
    std::string digits = "0x";
    for (std::size_t i = port.bytes; i-- > 0;) {
        std::snprintf(text, sizeof(text), "%02x", static_cast<unsigned>(element[i]));
        digits += text;
    }
    return digits;
}

bool same(const Port &port, const unsigned char *got, const unsigned char *want, double allowed) {
    if (port.kind == Kind::integer) {
        return std::memcmp(got, want, port.bytes) == 0;
    }
    const double one = value_at(port, got);
    const double two = value_at(port, want);
    if (one == two || (std::isnan(one) && std::isnan(two))) {
        return true;
    }
    return std::fabs(one - two) <= allowed;
}

// Returns how many elements of an output differ, and says the first of them.
std::size_t compare(const Port &port, const Bytes &got, const Bytes &want) {
    double largest = 1.0;
    for (std::size_t i = 0; i < port.count && port.kind != Kind::integer; ++i) {
        const double size = std::fabs(value_at(port, &want[i * port.bytes]));
        largest = std::isfinite(size) && size > largest ? size : largest;
    }
    std::size_t mismatches = 0;
    for (std::size_t i = 0; i < port.count; ++i) {
        const unsigned char *one = &got[i * port.bytes];
        const unsigned char *two = &want[i * port.bytes];
        if (same(port, one, two, kTolerance * largest)) {
            continue;
        }
        if (++mismatches <= 10) {
            std::printf("%s element %zu is %s and should be %s\\n", port.name, i, shown(port, one).c_str(),
                        shown(port, two).c_str());
        }
    }
    return mismatches;
}

Bytes data_of(const Port &port, const std::string &folder) {
    const std::string name = folder + "/" + port.name + (port.output ? ".golden.bin" : ".bin");
    return widened(port, read_file(name, port.count * port.file_bytes));
}

int run_kernel(const std::string &xclbin, const std::string &folder, unsigned index) {
    // All files are read first: a device is not touched for data that is not there.
    std::vector<Bytes> data;
    for (const Port &port : kPorts) {
        data.push_back(data_of(port, folder));
    }
    xrt::device device(index);
    const xrt::uuid uuid = device.load_xclbin(xclbin);
    xrt::kernel kernel(device, uuid, "@FUNCTION@");
    xrt::run run(kernel);
    std::vector<xrt::bo> buffers;
    int argument = 0;
    for (const Port &port : kPorts) {
        const Bytes &content = data[static_cast<std::size_t>(argument)];
        if (port.scalar) {
            run.set_arg(argument, static_cast<const void *>(content.data()), content.size());
        } else {
            xrt::bo buffer(device, content.size(), kernel.group_id(argument));
            // What a kernel does not write of an output is 0, as it is in the data.
            buffer.write(port.output ? Bytes(content.size(), 0).data() : content.data());
            buffer.sync(XCL_BO_SYNC_BO_TO_DEVICE);
            run.set_arg(argument, buffer);
            buffers.push_back(buffer);
        }
        ++argument;
    }
    const auto began = std::chrono::steady_clock::now();
    run.start();
    if (run.wait() != ERT_CMD_STATE_COMPLETED) {
        throw std::runtime_error("the kernel did not complete");
    }
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - began;
    std::size_t compared = 0;
    std::size_t mismatches = 0;
    std::size_t next = 0;
    argument = 0;
    for (const Port &port : kPorts) {
        const Bytes &want = data[static_cast<std::size_t>(argument++)];
        if (port.scalar) {
            continue;
        }
        xrt::bo &buffer = buffers[next++];
        if (port.output) {
            Bytes got(want.size());
            buffer.sync(XCL_BO_SYNC_BO_FROM_DEVICE);
            buffer.read(got.data());
            mismatches += compare(port, got, want);
            compared += port.count;
        }
    }
    std::printf("%s: %zu elements compared, %zu differ, %.3f ms\\n", mismatches == 0 ? "PASS" : "FAIL", compared,
                mismatches, took.count());
    return mismatches == 0 ? 0 : 1;
}

} // namespace

int main(int argc, char **argv) {
    if (argc < 2 || argc > 4) {
        std::fprintf(stderr, "usage: %s FILE.xclbin [FOLDER [DEVICE]]\\n", argv[0]);
        return 2;
    }
    try {
        const unsigned index = argc > 3 ? static_cast<unsigned>(std::strtoul(argv[3], nullptr, 10)) : 0U;
        return run_kernel(argv[1], argc > 2 ? argv[2] : "csim/data", index);
    } catch (const std::exception &error) {
        std::fprintf(stderr, "%s\\n", error.what());
        return 2;
    }
}
"""


def xrt_host(setup: Setup, ports: Sequence[HostPort], tolerance: float) -> str:
    """Return `host.cpp`; `tolerance` is the testbench's."""
    rows = "".join(f"    {_row(port)},\n" for port in ports)
    head = _HEAD.format(function=setup.function, top=setup.top, ports=rows, tolerance=float(tolerance))
    return head + _BODY.replace("@FUNCTION@", setup.function)


def _row(port: HostPort) -> str:
    flags = [str(flag).lower() for flag in (port.output, port.scalar)]
    kind = f"Kind::{'double_' if port.kind == 'double' else port.kind}"
    sizes = [f"{port.count}", f"{port.file_bytes}", f"{port.bytes}", f"{port.bits}"]
    return "{" + ", ".join([f'"{port.name}"', *flags, *sizes, str(port.signed).lower(), kind]) + "}"

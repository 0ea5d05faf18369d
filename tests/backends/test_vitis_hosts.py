"""Host programs of a kernel: they are compiled and run with stand-ins of XRT and PYNQ that call the generated top."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from vitis_designs import kernel, single

from allo_studio.backends.vitis import emit, tolerance_of, write
from allo_studio.design.model import Target
from allo_studio.design.region import Region
from allo_studio.simulate import evaluate, random_inputs
from allo_studio.simulate.elements import encode
from allo_studio.simulate.toolchain import include_dirs

HOSTS = Path(__file__).parent / "hosts"
PART = "xcu280-fsvh2892-2L-e"
# A port of each way in which elements lie in files and buffers, and scalars in and out.
TYPES = (
    "int7", "uint1", "Fixed(12, 4)", "Int(100)", "float16", "bfloat16", "float32", "float64", "uint64", "int32",
    "UInt(24)",
)  # fmt: skip
TEXT = f"""
def everything({", ".join(f'a{at}: "{t}[3, 2]"' for at, t in enumerate(TYPES))}, n: int5, x: float32) -> (
        {", ".join(f'"{t}[3, 2]"' for t in TYPES)}, int9):
{"".join(f'    r{at}: "{t}[3, 2]"' + chr(10) for at, t in enumerate(TYPES))}    s: int9 = n
    for i, j in grid(3, 2):
{"".join(f"        r{at}[i, j] = a{at}[i, j]" + chr(10) for at, t in enumerate(TYPES))}    r6[0, 0] = x
    return {", ".join(f"r{at}" for at in range(len(TYPES)))}, s
"""
COPY = """
def copy(a: float32[4]) -> float32[4]:
    b: float32[4] = 0.0
    for i in range(4):
        b[i] = a[i]
    return b
"""
# Calls the kernel with the memory of each argument: buffers by their address, scalars by their value.
CALLER = """
#include "top.h"
#include <cstddef>
#include <cstring>
#include <type_traits>
#include <utility>

template <typename T> T argument(void *memory) {
    if constexpr (std::is_pointer<T>::value) {
        return static_cast<T>(memory);
    } else if constexpr (std::is_arithmetic<T>::value) {
        T value;
        std::memcpy(&value, memory, sizeof(value));
        return value;
    } else {
        unsigned long long bits;
        std::memcpy(&bits, memory, sizeof(bits));
        return T(bits);
    }
}

template <typename... T, std::size_t... I>
void call(void (*top)(T...), void *const *arguments, std::index_sequence<I...>) {
    top(argument<T>(arguments[I])...);
}

template <typename... T> void call_all(void (*top)(T...), void *const *arguments, std::size_t count) {
    if (count == sizeof...(T)) {
        call(top, arguments, std::make_index_sequence<sizeof...(T)>());
    }
}

extern "C" {
extern const char *const stand_in_name;
const char *const stand_in_name = "top";
void stand_in_kernel(void *const *arguments, std::size_t count) { call_all(top, arguments, count); }
}
"""


def compiled(*words: object) -> None:
    command = ["g++", "-std=c++17", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def values(region: Region) -> dict[str, NDArray[np.generic]]:
    inputs = random_inputs(region.ports, 3)
    # Both ends of what is signed, and the floats that are no numbers.
    inputs["a0"].flat[:2] = [-64, 63]
    for name in ("a4", "a5", "a6", "a7"):
        inputs[name].flat[:4] = [np.nan, np.inf, -np.inf, -0.0]
    inputs["n"] = np.array(-7, inputs["n"].dtype)
    return inputs


@pytest.fixture(scope="module")
def hosted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a build folder of a kernel with its data, the host program, and the library that PYNQ's stand-in loads."""
    folder = tmp_path_factory.mktemp("hosted")
    region = single(kernel(TEXT, "everything"))
    write(emit(region, Target(interface="kernel"), "test", PART), folder)
    inputs = values(region)
    expected = evaluate(region, inputs)
    data = folder / "csim" / "data"
    data.mkdir(parents=True)
    for port in region.ports:
        array, ending = (inputs[port.name], "") if port.name in inputs else (expected[port.name], ".golden")
        (data / f"{port.name}{ending}.bin").write_bytes(encode(array, port.type))
    (folder / "top.xclbin").write_bytes(b"")
    (folder / "caller.cpp").write_text(CALLER)
    strict = ("-Wall", "-Wextra", "-Werror")
    compiled(*strict, "-O1", f"-I{HOSTS}", "-c", folder / "host.cpp", "-o", folder / "host.o")
    code = (
        *(f"-I{folder}" for folder in include_dirs()),
        "-Wno-unknown-pragmas",
        "-fPIC",
        folder / "top.cpp",
        folder / "caller.cpp",
    )
    compiled("-shared", "-ffp-contract=off", *code, "-o", folder / "libtop.so")
    compiled(folder / "host.o", folder / "libtop.so", f"-Wl,-rpath,{folder}", "-o", folder / "host")
    return folder


@pytest.fixture(params=["xrt", "pynq"])
def host(request: pytest.FixtureRequest, hosted: Path, tmp_path: Path) -> Host:
    shutil.copytree(hosted / "csim", tmp_path / "csim")
    return Host(request.param, hosted, tmp_path)


class Host:
    """Runs one of the two programs in a folder with data of its own."""

    def __init__(self, kind: str, hosted: Path, folder: Path) -> None:
        self.hosted, self.folder = hosted, folder
        self.command = [str(hosted / "host")] if kind == "xrt" else [sys.executable, str(hosted / "host_pynq.py")]
        paths = {"PYTHONPATH": str(HOSTS), "STAND_IN_LIBRARY": str(hosted / "libtop.so")}
        self.environment = {**os.environ, **paths, "PYTHONWARNINGS": "error"}

    def __call__(self, *words: object) -> subprocess.CompletedProcess[str]:
        command = [*self.command, *map(str, words)]
        return subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )

    def run(self) -> subprocess.CompletedProcess[str]:
        return self(self.hosted / "top.xclbin")

    def data(self, name: str) -> Path:
        return self.folder / "csim" / "data" / f"{name}.bin"


def golden(host: Host, stem: str) -> Path:
    """Return the golden file of the output of the type number that `stem` ends in."""
    return host.data(f"{stem}.golden")


def outputs(folder: Path) -> list[str]:
    return sorted(path.name.split(".")[0] for path in (folder / "csim" / "data").glob("*.golden.bin"))


def test_the_kernel_computes_what_the_data_say(host: Host) -> None:
    done = host.run()
    assert (done.stderr, done.returncode) == ("", 0)
    elements = 6 * len(TYPES) + 1
    assert re.match(rf"PASS: {elements} elements compared, 0 differ", done.stdout)


def test_each_output_is_compared(host: Host) -> None:
    for name in outputs(host.folder):
        path = golden(host, name)
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        path.write_bytes(content)
    done = host.run()
    assert done.returncode == 1
    assert re.search(rf"^FAIL: {6 * len(TYPES) + 1} elements compared, {len(TYPES) + 1} differ", done.stdout, re.M)
    assert sorted(line.split()[0] for line in done.stdout.splitlines()[:-1]) == outputs(host.folder)


def test_inputs_are_passed(host: Host) -> None:
    path = host.data("x")
    path.write_bytes(np.float32(0.5).tobytes())
    assert host.run().returncode == 1


@pytest.mark.parametrize("content", [None, b"abc"])
def test_data_that_are_missing_or_short_are_no_run(host: Host, content: bytes | None) -> None:
    path = host.data("a0")
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    done = host.run()
    assert (done.returncode, done.stdout) == (2, "")
    assert ("a0.bin has 3 bytes, not 6" if content else "a0.bin") in done.stderr
    assert "Traceback" not in done.stderr


def test_other_words_and_places(host: Host, hosted: Path) -> None:
    assert host().returncode == 2
    assert host(host.folder / "none.xclbin").returncode == 2
    assert host(hosted / "top.xclbin", hosted / "csim" / "data").returncode == 0


def test_a_tolerance_is_that_of_the_testbench() -> None:
    region = single(kernel(COPY, "copy"), reassociates=True)
    assert tolerance_of(region) > 0
    files = emit(region, Target(interface="kernel"), "test", PART)
    assert f"kTolerance = {tolerance_of(region)!r};" in files["host.cpp"]
    assert f"TOLERANCE = {tolerance_of(region)!r}\n" in files["host_pynq.py"]


def test_only_kernels_have_host_programs() -> None:
    for interface, reason in (("ip", "its ports are wires"), ("stream", "its arrays are AXI streams")):
        files = emit(single(kernel(COPY, "copy")), Target(interface=interface), "test", PART)  # type: ignore[arg-type]
        assert not {"host.cpp", "host_pynq.py"} & set(files)
        assert f"There is no host program: {reason}" in files["Makefile"]
        assert "v++" not in files["Makefile"]

"""Every type that a port may have, in every way that C++ may take it: values pass unchanged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ip_projects import block_of, write_files

from allo_studio.design.region import RegionPort
from allo_studio.simulate.data import random_inputs
from allo_studio.simulate.model import run_model

pytestmark = pytest.mark.usefixtures("quick_cpp")

# A type of a port, and the C++ types that it may be.
TYPES: dict[str, tuple[str, ...]] = {
    "uint1": ("bool", "ap_uint<1>"),
    "int1": ("ap_int<1>",),
    "int8": ("int8_t", "char", "signed char", "ap_int<8>"),
    "uint8": ("unsigned char", "ap_uint<8>"),
    "int13": ("ap_int<13>",),
    "int16": ("short", "ap_int<16>"),
    "uint32": ("unsigned", "ap_uint<32>"),
    "int64": ("long", "long long", "int64_t", "ap_int<64>"),
    "uint64": ("unsigned long long", "ap_uint<64>"),
    "uint100": ("ap_uint<100>",),
    "float16": ("half",),
    "float32": ("float",),
    "float64": ("double",),
    "Fixed(16, 10)": ("ap_fixed<16, 6>",),
    "UFixed(13, 4, half_even, saturate)": ("ap_ufixed<13, 9, AP_RND_CONV, AP_SAT>",),
    "Fixed(70, 20)": ("ap_fixed<70, 50>",),
    "Fixed(8, 10)": ("ap_fixed<8, -2>",),
    "Fixed(8, -3)": ("ap_fixed<8, 11>",),
}
CASES = [(kind, cpp) for kind, all_of in TYPES.items() for cpp in all_of]


def ports_of(moves: str) -> tuple[list[str], list[str], list[str]]:
    """Return the lines of the descriptor, the parameters and the body for all types at once."""
    ports, parameters, body = [], [], []
    for number, (kind, cpp) in enumerate(CASES):
        a, b = f"a{number}", f"b{number}"
        shape = "" if moves == "value" else "[2, 6]"
        how = {"vector": ", moves: stream, width: 3", "value": ""}.get(moves, f", moves: {moves}")
        ports += [f'  {n}: {{direction: {d}, type: "{kind}{shape}"{how}}}' for n, d in ((a, "in"), (b, "out"))]
        token = f"hls::vector<{cpp}, 3>" if moves == "vector" else cpp
        if moves in ("stream", "vector"):
            parameters += [f"hls::stream<{token} > &{a}", f"hls::stream<{token} > &{b}"]
            body.append(f"    for (int i = 0; i < {12 if moves == 'stream' else 4}; ++i) {b}.write({a}.read());")
        elif moves == "memory":
            parameters += [f"const {cpp} {a}[2][6]", f"{cpp} {b}[2][6]"]
            body.append(f"    for (int i = 0; i < 12; ++i) {b}[i / 6][i % 6] = {a}[i / 6][i % 6];")
        else:
            by_reference = number % 2
            parameters += [
                f"{f'const {cpp} &' if by_reference else f'{cpp} '}{a}",
                f"{cpp} {'&' if by_reference else '*'}{b}",
            ]
            body.append(f"    {'' if by_reference else '*'}{b} = {a};")
    return ports, parameters, body


@pytest.mark.parametrize("moves", ["stream", "vector", "memory", "value"])
def test_values_pass_unchanged(moves: str, tmp_path: Path) -> None:
    ports, parameters, body = ports_of(moves)
    headers = "".join(
        f"#include <{h}>\n" for h in ("cstdint", "ap_int.h", "ap_fixed.h", "hls_half.h", "hls_stream.h", "hls_vector.h")
    )
    tokens = 4 if moves == "vector" else 12
    timing = [f"    {n}{number}: {{first: {int(n == 'b')}}}" for number in range(len(CASES)) for n in "ab"]
    descriptor = ["name: pass", "ports:", *ports, "timing:", f"  latency: {tokens + 1}"]
    descriptor += ["  tokens:", *timing] if moves in ("stream", "vector") else []
    descriptor += ["cpp: {files: [pass.cpp], function: pass}", ""]
    code = f"{headers}void pass({', '.join(parameters)}) {{\n" + "\n".join(body) + "\n}\n"
    folder = write_files(tmp_path, {"ip/pass.ip.yaml": "\n".join(descriptor), "ip/pass.cpp": code})
    block = block_of(folder, "ip/pass.ip.yaml")
    inputs = random_inputs([RegionPort(p.name, p.direction, p.type) for p in block.ports], seed=3)
    found = run_model(block, inputs)
    for number, (kind, cpp) in enumerate(CASES):
        given, got = inputs[f"a{number}"], found[f"b{number}"]
        assert given.dtype == got.dtype, (kind, cpp)
        assert np.array_equal(given, got, equal_nan=given.dtype.kind == "f"), (kind, cpp, given, got)

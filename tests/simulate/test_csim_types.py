"""Arrays of every type pass through the data files and the testbench unchanged, and a wrong bit is seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from allo_studio.backends.vitis import emit, write
from allo_studio.design.model import Target
from allo_studio.design.region import Channel, KernelProcess, Region, RegionPort
from allo_studio.ir import KernelIR
from allo_studio.layout import Layout
from allo_studio.simulate import run
from allo_studio.simulate.elements import decode, encode, encoded_size
from allo_studio.types import ArrayType, parse_type

pytestmark = pytest.mark.usefixtures("quick_cpp")

NAMES = {
    "a": "int7",
    "b": "uint1",
    "c": "Fixed(12, 4)",
    "d": "Struct(x: int5, y: uint8)",
    "e": "int100",
    "f": "float16",
    "g": "uint64",
    "h": "int32",
}
TYPES = {name: parse_type(f"{text}[3]") for name, text in NAMES.items()}


def values() -> dict[str, np.ndarray]:
    wide = np.empty(3, object)
    wide[:] = [-(1 << 99), (1 << 99) - 1, 12345678901234567890123]
    record = np.zeros(3, TYPES["d"].element.dtype)
    record["x"], record["y"] = [-16, 15, -1], [255, 0, 129]
    return {
        "a": np.array([-64, 63, -1], np.int8),
        "b": np.array([True, False, True]),
        "c": np.array([-128.0, 127.9375, 0.0625]),
        "d": record,
        "e": wide,
        "f": np.array([1.5, -0.0, np.inf], np.float16),
        "g": np.array([2**64 - 1, 2**63, 3], np.uint64),
        "h": np.array([-(2**31), 2**31 - 1, 0], np.int32),
    }


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_file_has_the_bits_and_no_more(name: str) -> None:
    kind, array = TYPES[name], values()[name]
    content = encode(array, kind)
    assert len(content) == encoded_size(kind) == 3 * -(-kind.element.bits // 8)
    back = decode(content, kind, (3,))
    assert (back.dtype, back.tolist()) == (array.dtype, array.tolist())


def test_an_array_of_a_named_size_is_filled_up() -> None:
    kind = parse_type("int16[n<=4, 2]")
    content = encode(np.array([[1, -2]], np.int16), kind)
    assert content == bytes([1, 0, 0xFE, 0xFF]) + bytes(12)
    assert decode(content, kind, (1, 2)).tolist() == [[1, -2]]


def copies() -> Region:
    arguments, bands = [], []
    for name, kind in TYPES.items():
        mlir = f"memref<3x{kind.element.mlir}>"
        arguments += [f"%{name}: {mlir}", f"%{name}r: {mlir}"]
        bands.append(f"""affine.for %i = 0 to 3 {{
            %v = affine.load %{name}[%i] : {mlir}
            affine.store %v, %{name}r[%i] : {mlir}
        }} {{allo.name = "i", allo.band = "{name}"}}""")
    names = [n for name in TYPES for n in (name, f"{name}r")]
    body = "\n".join(bands)
    types = ", ".join(f'{n} = "{TYPES[n[0]]}"' for n in names)
    listed, directions = ", ".join(f'"{n}"' for n in names), ", ".join(['"in", "out"'] * len(TYPES))
    kernel = KernelIR.parse(f"""func.func @k({", ".join(arguments)}) attributes {{
        allo.args = [{listed}], allo.directions = [{directions}], allo.types = {{{types}}}}} {{
      {body}
      return
    }}""")
    ports = tuple(RegionPort(n, "out" if n[1:] else "in", TYPES[n[0]]) for n in names)
    channels = tuple(_channel(port.name, port.type, port.direction) for port in ports)
    process = KernelProcess("k", "top/k", kernel, kernel, {n: n for n in names}, False)
    return Region("top", "top", "sequential", ports, (process,), channels)


def _channel(name: str, kind: ArrayType, direction: str) -> Channel:
    ends = (("", name), ("k", name)) if direction == "in" else (("k", name), ("", name))
    return Channel(f"top/{name}", name, "memory", kind, Layout.plain(1), ends[0], (ends[1],), "for a test", 1, 0)


def test_every_type_through_the_testbench(tmp_path: Path) -> None:
    write(emit(copies(), Target(), "test"), tmp_path)
    types = {port.name: port.type for port in copies().ports}
    expected = {f"{name}r": array for name, array in values().items()}
    result = run(tmp_path, "top", values(), expected, types=types)
    assert result.passed
    assert (result.compared, "compared 24 mismatches 0 " in result.log) == (24, True)
    # The last bit of integers that doubles do not tell apart.
    for name in "eg":
        expected[f"{name}r"] = expected[f"{name}r"].copy()
        expected[f"{name}r"][0] = int(expected[f"{name}r"][0]) ^ 1
    result = run(tmp_path, "top", values(), expected, types=types)
    assert (result.mismatches, "mismatches 2 " in result.log) == (2, True)

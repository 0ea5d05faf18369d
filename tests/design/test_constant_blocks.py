"""Constant blocks: what a file says of them, the types that they take, what they are in every engine."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from allo_studio.design.constants import constant_of
from allo_studio.design.fixes import fixes_for
from allo_studio.design.model import ConstantNode
from allo_studio.diagnostics import AlloError
from allo_studio.pipeline import Engine, check_project, simulate, size_project
from allo_studio.project import LoadedProject, load_project, save_project, save_project_as
from allo_studio.report.drawing import captions_of
from allo_studio.simulate.jit import evaluate_jit
from allo_studio.types import ArrayType, parse_type
from allo_studio.words import to_bits

KERNELS = """\
from allo_studio.lang import *


def dot(x: int16[8], w: int16[8, 4], bias: "Fixed(12, 4)[4]", s: int8) -> "float32[4]":
    y: float32[4] = 0
    for j in range(4):
        acc: int32 = s
        for i in range(8):
            acc += x[i] * w[i, j]
        y[j] = acc + bias[j]
    return y
"""
PROJECT = """\
format: 1
name: constants
top: top
schedules:
  two: [{partition: {buffer: w, kind: cyclic, dim: 2, factor: 2}}, {unroll: {axis: i, factor: 2}}]
graphs:
  inner:
    inputs: {x: "int16[8]", w: "int16[8, 4]"}
    outputs: {y: "float32[4]"}
    nodes:
      # The bias of each instance is the same.
      bias: {constant: w/all.npz, array: b, type: "Fixed(12, 4)[4]", round: true}
      one: {constant: w/s.npy}
      dot: {kernel: "k.py:dot", schedule: two}
    edges: [x -> dot.x, w -> dot.w, bias.value -> dot.bias, one.value -> dot.s, dot.y -> y]
  top:
    inputs: {x: "int16[8]"}
    outputs: {y: "float32[4]", z: "float32[4]"}
    nodes:
      w: {constant: w/all.npz, array: w, type: "int16[8, 4]"}
      v: {constant: w/all.npz, array: v}
      two: {duplicate: "int16[8]"}
      a: {graph: inner}
      b: {graph: inner}
    edges: [x -> two.x, two.y0 -> a.x, two.y1 -> b.x, w.value -> a.w, v.value -> b.w, a.y -> y, b.y -> z]
"""


def _arrays() -> dict[str, NDArray[Any]]:
    numbers = np.random.default_rng(3)
    return {
        "w": numbers.integers(-9, 9, (8, 4)),
        "v": numbers.integers(-99, 99, (8, 4)).astype(np.int16),
        "b": numbers.normal(0, 5, 4).astype(np.float32),
    }


def _project(folder: Path, text: str = PROJECT) -> LoadedProject:
    (folder / "w").mkdir(parents=True)
    np.savez(folder / "w" / "all.npz", **_arrays())
    np.save(folder / "w" / "s.npy", np.int8(-5))
    (folder / "k.py").write_text(KERNELS)
    (folder / "project.yaml").write_text(text)
    return load_project(folder)


def test_a_constant_round_trips_and_is_copied(tmp_path: Path) -> None:
    loaded = _project(tmp_path / "one")
    assert loaded.project.graphs["inner"].nodes["bias"] == ConstantNode("w/all.npz", "b", "Fixed(12, 4)[4]", True)
    assert save_project(loaded, loaded.project).text == loaded.text
    copied = save_project_as(loaded, loaded.project, tmp_path / "two")
    assert copied.project == loaded.project
    for name in ("all.npz", "s.npy"):
        assert (tmp_path / "two" / "w" / name).read_bytes() == (tmp_path / "one" / "w" / name).read_bytes()


def test_constants_are_tables_in_their_readers(tmp_path: Path) -> None:
    sized = size_project(_project(tmp_path))
    x = np.arange(8, dtype=np.int16)
    found, arrays = evaluate_jit(sized.region, {"x": x}), _arrays()
    bias = np.rint(arrays["b"].astype(np.float64) * 16) / 16
    for port, name in (("y", "w"), ("z", "v")):
        expected = (x.astype(np.int64) @ arrays[name] - 5 + bias).astype(np.float32)
        assert np.array_equal(found[port], expected)
    assert [port.name for port in sized.region.ports] == ["x", "y", "z"]
    # Neither channels nor processes come of them.
    assert [process.name for process in sized.region.processes] == ["two", "a", "b"]
    assert not any("value" in channel.id for channel in sized.region.channels)


@pytest.mark.parametrize("target", ["hls", "rtl", "jit"])
def test_every_engine_has_them(tmp_path: Path, target: Engine) -> None:
    result = simulate(_project(tmp_path), target=target)
    assert result.ok
    assert result.report.simulation
    assert result.report.simulation.compared == 8


def test_another_file_is_another_design(tmp_path: Path) -> None:
    loaded = _project(tmp_path)
    x = np.ones(8, np.int16)
    first = evaluate_jit(size_project(loaded).region, {"x": x})["y"]
    np.savez(tmp_path / "w" / "all.npz", **{**_arrays(), "w": np.ones((8, 4), np.int64)})
    assert not np.array_equal(evaluate_jit(size_project(loaded).region, {"x": x})["y"], first)


def test_the_drawing_names_the_file(tmp_path: Path) -> None:
    graph = _project(tmp_path).project.graphs["top"]
    assert captions_of(graph)["w"].subtitle == "w of w/all.npz"


FAULTS = [
    ("w/all.npz, array: w,", "w/none.npz, array: w,", "file", "no file w/none.npz"),
    ("w/all.npz, array: w,", "../all.npz, array: w,", "file", "leads out of the project"),
    ("array: w,", "array: u,", "file", "no array 'u'"),
    ('array: w, type: "int16[8, 4]"', 'array: w, type: "int16[4, 8]"', "shape", "is declared int16[4, 8], and"),
    ('array: w, type: "int16[8, 4]"', "array: w, type: what", "type", "what"),
    ('array: w, type: "int16[8, 4]"', 'array: w, type: "int4[8, 4]"', "data", "does not fit int4"),
    ('array: w, type: "int16[8, 4]"', "array: w", "type", "the element types differ"),
    (", round: true", "", "data", "not exactly a value of Fixed(12, 4)"),
    ("v.value -> b.w, a.y -> y, b.y", "v.value -> b.w, a.y -> y, v.value", "structure", "straight to an output"),
    ("v.value -> b.w,", "{from: v.value, to: b.w, channel: fifo},", "order", "becomes a table"),
]


@pytest.mark.parametrize(("old", "new", "code", "words"), FAULTS)
def test_faults_of_constants_have_a_place(tmp_path: Path, old: str, new: str, code: str, words: str) -> None:
    assert old in PROJECT
    checked = check_project(_project(tmp_path, PROJECT.replace(old, new)))
    found = [d for d in checked.diagnostics if d.code == code and words in d.message]
    assert found
    assert found[0].hint
    assert found[0].span


def test_unknown_keys_of_a_constant_are_told(tmp_path: Path) -> None:
    with pytest.raises(AlloError, match="arry"):
        _project(tmp_path, PROJECT.replace("array: v", "arry: v"))


def _bits(kind: str, values: object, rounds: bool = False) -> list[int]:
    node = ConstantNode("x.npy", type=kind, round=rounds)
    constant = constant_of(node, np.asarray(values))
    return [int(bit) for bit in to_bits(constant.values, constant.type.element).ravel()]


def test_values_are_exact_in_their_type() -> None:
    assert _bits("int128[2]", [-1, 2**62]) == [2**128 - 1, 2**62]
    assert _bits("Fixed(80, 60)[1]", [-0.5]) == [2**80 - 2**59]
    assert _bits("uint1[2]", [0.0, 1.0]) == [0, 1]
    assert _bits("float32[2]", [0.5, float("nan")])[0] == 0x3F000000
    assert _bits("float16[1]", [0.1], rounds=True) == [0x2E66]
    assert _bits("int8[3]", [0.5, 1.5, -0.5], rounds=True) == [0, 2, 0]
    for kind, values in (
        ("float32[1]", [0.1]),
        ("float64[1]", np.array([2**62 + 1])),
        ("int8[1]", [0.25]),
        ("int8[1]", [float("inf")]),
        ("Fixed(8, 2)[1]", [0.1]),
        ("float16[1]", [1e6]),
    ):
        with pytest.raises(AlloError, match="element \\[0\\]"):
            _bits(kind, values)
    with pytest.raises(AlloError, match="does not fit"):
        _bits("float16[1]", [1e6], rounds=True)
    with pytest.raises(AlloError, match="no numbers"):
        _bits("int8[1]", np.array(["a"]))
    with pytest.raises(AlloError, match="at most"):
        constant_of(ConstantNode("x"), np.zeros((1 << 22) + 1, np.int8))


@given(st.data())
def test_rounding_takes_the_nearest(data: st.DataObject) -> None:
    bits = data.draw(st.integers(4, 20))
    fraction = data.draw(st.integers(-3, bits))
    kind = parse_type(f"Fixed({bits}, {fraction})[1]").element
    unit = Fraction(1, 2) ** fraction
    number = data.draw(st.floats(float(kind.least * unit), float(kind.greatest * unit)))
    node = ConstantNode("x", type=str(ArrayType(kind, (1,))), round=True)
    found = Fraction(constant_of(node, np.array([number])).values[0])
    assert abs(found - Fraction(number)) <= unit / 2
    assert (found / unit).denominator == 1


SIZED = """\
format: 1
name: sized
top: top
graphs:
  top:
    outputs: {B: "float32[8]"}
    nodes:
      eight: {constant: eight.npy}
      v: {constant: v.npy}
      a: {kernel: "k.py:k"}
    edges: [eight.value -> a.n, v.value -> a.A, a.B -> B]
"""


def test_a_constant_is_no_size(tmp_path: Path) -> None:
    (tmp_path / "k.py").write_text(
        'from allo_studio.lang import float32\n\n\ndef k(A: float32["n<=16"]) -> float32["n"]:\n    B: float32["n"]\n'
        "    for i in range(n):\n        B[i] = A[i] + n\n    return B\n"
    )
    np.save(tmp_path / "eight.npy", np.int32(8))
    np.save(tmp_path / "v.npy", np.arange(8, dtype=np.float32))
    (tmp_path / "project.yaml").write_text(SIZED)
    loaded = load_project(tmp_path)
    checked = check_project(loaded)
    (fault,) = [d for d in checked.diagnostics if d.about[:1] == ("constant size",)]
    assert (fault.code, fault.where) == ("shape", "top/a")
    assert fault.message == "the constant 8 tells the size a.n, which is told when the design runs"
    (fix,) = fixes_for(checked, fault)
    after = fix.edit.apply(loaded.project)
    assert [d.severity for d in check_project(loaded, after).diagnostics] == ["warning"]
    found = evaluate_jit(size_project(loaded, after).region, {})
    assert np.array_equal(found["B"], np.arange(8, 16, dtype=np.float32))

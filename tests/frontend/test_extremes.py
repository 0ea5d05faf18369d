"""`min` and `max` in no more bits than their arguments need, and remainders of floats."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_runs import kernel_of, run

TYPES = ["int3", "uint3", "int8", "uint8", "int13", "uint32", "int32", "int64"]


def limits(kind: str) -> tuple[int, int]:
    bits, signed = int(kind.lstrip("uint")), not kind.startswith("u")
    return (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)


def wrapped(value: int, kind: str) -> int:
    low, high = limits(kind)
    return (value - low) % (high - low + 1) + low


@settings(max_examples=60, deadline=None)
@given(st.data(), st.sampled_from(["min", "max"]), *[st.sampled_from(TYPES)] * 3)
def test_extremes_of_any_two_types_in_any_third(data: st.DataObject, name: str, left: str, right: str, to: str) -> None:
    a, b = (data.draw(st.integers(*limits(kind))) for kind in (left, right))
    text = f"def f(a: {left}, b: {right}) -> ({to}, {to}, {to}):\n    x: {to} = {name}(a, b)\n"
    text += f"    y: {to} = {name}(a, 2)\n    z: {to} = 0\n    for i in range(2, 3):\n        z = {name}(i, b) + 1\n"
    text += "    return x, y, z\n"
    choose = {"min": min, "max": max}[name]
    expected = [choose(a, b), choose(a, 2), choose(2, b) + 1]
    assert [int(found) for found in run(text, a, b)] == [wrapped(value, to) for value in expected]


@pytest.mark.parametrize("operand", ["A[i]", "0", "i", "A[i] if A[i] > 3 else 2"])
def test_a_running_extreme_stays_in_its_width(operand: str) -> None:
    """The analysis reads it as an accumulation only in this form."""
    text = "def f(A: int8[4]) -> int8:\n    m: int8 = 1\n    for i in range(4):\n"
    text += f"        m = max(m, {operand})\n    return m\n"
    printed = kernel_of(text).text()
    assert "arith.maxsi %0, %" in printed
    assert ": i8\n      affine.store" in printed
    assert "trunci" not in printed.split("maxsi")[1]
    values = np.array([-5, 3, 100, 7], np.int8)
    each = {"A[i]": values, "0": [0], "i": range(4)}.get(operand, [2, 2, 100, 7])
    assert run(text, values)[0] == max(1, *each)


REALS = {"float16": np.float16, "float32": np.float32, "float64": np.float64}


@settings(max_examples=60, deadline=None)
@given(st.data(), st.sampled_from(sorted(REALS)))
def test_the_remainder_of_floats_has_the_sign_of_the_left_side(data: st.DataObject, kind: str) -> None:
    made = REALS[kind]
    width = np.dtype(made).itemsize * 8
    a, b = (made(data.draw(st.floats(width=width))) for _ in range(2))
    (found,) = run(f"def f(a: {kind}, b: {kind}) -> {kind}:\n    return a % b\n", a, b)
    with np.errstate(invalid="ignore"):
        expected = np.fmod(a, b)
    assert (np.isnan(found) and np.isnan(expected)) or found.tobytes() == expected.tobytes()

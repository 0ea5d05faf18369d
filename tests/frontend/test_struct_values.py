"""Structs from the values of their fields, and structs and numbers that are set part by part."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_runs import kernel_of, run

POINT = 'P = Struct({"x": int8, "in": Struct({"n": uint4, "f": float32})})\n'
SMALL = st.integers(-128, 127)


@settings(max_examples=20, deadline=None)
@given(SMALL, st.integers(0, 15), st.floats(width=32, allow_nan=False))
def test_a_struct_from_its_fields(x: int, n: int, real: float) -> None:
    text = (
        POINT
        + """def f(x: int32, n: int32, r: float32) -> (P, P[2]):
    s: P = {"in": {"f": r, "n": n}, "x": x}
    A: P[2]
    A[0] = s
    A[1] = {"x": s["x"], "in": s["in"]}
    A[1]["in"] = {"n": A[0]["in"]["n"], "f": r}
    return s, A
"""
    )
    one, many = run(text, x, n, np.float32(real))
    assert one.item() == (x, (n, np.float32(real)))
    assert many.tolist() == [one.item()] * 2


def test_tables_and_states_of_structs() -> None:
    text = (
        POINT
        + """def f(k: int32) -> (P[2], P, P):
    A: P[2] = [{"x": -3, "in": {"n": 9, "f": 1.5}}, {"x": 7, "in": {"n": 15, "f": -0.25}}]
    last: P @ Stateful = {"x": -1, "in": {"n": 2, "f": 2.5}}
    none: P @ Stateful
    first: P = last
    last["x"] = k
    return A, first, none
"""
    )
    table, first, none = run(text, 5)
    assert table.tolist() == [(-3, (9, 1.5)), (7, (15, -0.25))]
    assert first.item() == (-1, (2, 2.5))
    assert none.item() == (0, (0, 0.0))


def test_a_struct_as_an_argument_and_as_a_result() -> None:
    text = 'S = Struct({"a": int16, "b": int16})\ndef swap(s: S) -> S:\n    return {"a": s["b"], "b": s["a"]}\n'
    text += 'def f(a: int16) -> S:\n    return swap({"a": a, "b": -a})\n'
    assert run(text, 12)[0].item() == (-12, 12)


def test_a_struct_that_is_set_field_by_field_starts_as_zeros() -> None:
    text = (
        POINT
        + """def f(x: int32) -> (P, P[3]):
    s: P
    s["in"]["n"] = x
    A: P[3]
    for i in range(3):
        A[i]["x"] = x + i
    return s, A
"""
    )
    one, many = run(text, 6)
    assert one.item() == (0, (6, 0.0))
    assert many.tolist() == [(6 + i, (0, 0.0)) for i in range(3)]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_number_that_is_set_bit_by_bit_starts_as_zero(x: int) -> None:
    text = "def f(x: uint32) -> (uint32, uint32):\n    y: uint32\n    y[4:12] = x[0:8]\n    z: uint32\n"
    text += "    for i in range(32):\n        z[i] = x[31 - i]\n    return y, z\n"
    taken, turned = run(text, x)
    assert int(taken) == (x & 0xFF) << 4
    assert int(turned) == int(f"{x:032b}"[::-1], 2)


def test_each_turn_of_a_loop_starts_from_zeros_again() -> None:
    text = "def f(x: int32) -> uint8[4]:\n    B: uint8[4]\n    for i in range(4):\n"
    text += "        y: uint8\n        y[i] = x[0]\n"
    text += "        B[i] = y\n    return B\n"
    kernel = kernel_of(text)
    assert run(text, 1)[0].tolist() == [1, 2, 4, 8]
    body = kernel.text().partition("affine.for")[2]
    assert body.index("affine.store %c0_i8") < body.index("affine.load")

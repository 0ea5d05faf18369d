"""One small kernel for each kind of numbers as hardware, and what has no circuit yet."""

from __future__ import annotations

import numpy as np
import pytest
from form_checks import check, check_flavours, kernel
from rtl_checks import OPEN, RunningKernel

from allo_studio.diagnostics import AlloError

# Types


def test_integers_of_odd_widths() -> None:
    text = """
def f(a: int7[6], b: uint13[6], c: Int(100)[6], d: UInt(65)[6], s: uint1) -> (
    int7[6], uint13[6], Int(100)[6], UInt(65)[6], Int(31)[6], uint1[6]
):
    p: int7[6]
    q: uint13[6]
    r: Int(100)[6]
    t: UInt(65)[6]
    u: Int(31)[6]
    v: uint1[6]
    for i in range(6):
        p[i] = a[i] * b[i] - 1
        q[i] = b[i] - a[i]
        r[i] = c[i] * a[i] + (d[i] << 3)
        t[i] = (d[i] ^ c[i]) >> (b[i] % 16)
        u[i] = c[i] / (b[i] + 1) if s else c[i] % (a[i] + 100)
        v[i] = c[i] < d[i] or a[i] == -3
    return p, q, r, t, u, v
"""
    check_flavours(text)


def test_bits_and_ranges_of_bits() -> None:
    text = """
def f(a: uint32[5], n: uint5[5]) -> (uint32[5], uint1[5], uint8[5]):
    b: uint32[5]
    c: uint1[5]
    d: uint8[5]
    for i in range(5):
        w: uint32 = a[i]
        w[n[i]] = 1
        w[4:9] = n[i]
        b[i] = w
        c[i] = a[i][n[i]]
        e: uint8 = a[i][8:16]
        d[i] = e.reverse()
    return b, c, d
"""
    check_flavours(text)


@pytest.mark.parametrize("overflow", ["wrap", "saturate", "saturate_zero", "saturate_symmetric"])
@pytest.mark.parametrize("rounding", ["floor", "half_even", "zero", "half_away"])
def test_fixed_point(rounding: str, overflow: str) -> None:
    text = f"""
Small = Fixed(7, 3, "{rounding}", "{overflow}")
Plain = UFixed(9, 6, "{rounding}", "{overflow}")

def f(a: Fixed(12, 5)[8], b: Small[8], c: int5) -> (Small[8], Plain[8], int9[8]):
    p: Small[8]
    q: Plain[8]
    r: int9[8]
    s: Small = 0
    for i in range(8):
        p[i] = a[i] * b[i] + c
        q[i] = a[i] - b[i]
        s += b[i] * 2
        r[i] = s * a[i]
    return p, q, r
"""
    random = np.random.default_rng(3)
    given = {"a": random.integers(-2048, 2048, 8) / 32, "b": random.integers(-64, 64, 8) / 8, "c": -3}
    check(text, clock=4.0, **given)


def test_structs() -> None:
    text = """
Sample = Struct({"value": int16, "weight": UFixed(8, 8), "tag": Struct({"valid": uint1, "id": Int(7)})})

def f(A: Sample[4], id: Int(7)) -> (Sample[4], Sample):
    B: Sample[4]
    last: Sample = A[0]
    for i in range(4):
        s: Sample = A[3 - i]
        s["value"] += 1
        s["tag"]["id"] = id + i
        B[i] = s
        if s["tag"]["valid"]:
            B[i] = {"value": 0, "weight": s["weight"] / 2, "tag": {"valid": 0, "id": last["tag"]["id"]}}
        last = B[i]
    return B, last
"""
    kind = kernel(text).arguments()[0].type
    rows = [(1, 0.5, (True, 0)), (-5, 0.25, (False, 3)), (32767, 0.75, (False, -64)), (7, 0.0, (True, 9))]
    check(text, A=np.array(rows, kind.element.dtype), id=9)
    check(text, [("partition", {"buffer": "B", "kind": "complete"})], A=np.array(rows, kind.element.dtype), id=-60)


@pytest.mark.parametrize("kind", ["float16", "bfloat16", "float32", "float64"])
def test_floats_of_every_width(kind: str) -> None:
    text = f"""
def f(a: {kind}[10], b: {kind}[10]) -> ({kind}[10], {kind}[10], {kind}):
    p: {kind}[10]
    q: {kind}[10]
    s: {kind} = 0
    for i in range(10):
        p[i] = a[i] * b[i] - b[9 - i]
        q[i] = -a[i] if a[i] < b[i] else a[i] + b[i]
        s += a[i] * b[i]
    return p, q, s
"""
    check_flavours(text)


def test_conversions_between_kinds_of_numbers() -> None:
    text = """
def f(a: float32[8], b: int32[8], c: float16[8], d: Fixed(12, 5)[8]) -> (int8[8], float32[8], float64[8], int32[8]):
    p: int8[8]
    q: float32[8]
    r: float64[8]
    t: int32[8]
    for i in range(8):
        p[i] = a[i]
        q[i] = b[i] + c[i]
        r[i] = a[i] * c[i] + d[i]
        t[i] = c[i] * 3.5
    return p, q, r, t
"""
    check_flavours(text)


# Refusals


@pytest.mark.parametrize(
    ("expression", "fault"),
    [
        ("x[i] / 3.5", "division of float32"),
        ("sqrt(x[i])", "square root of float32"),
        ("exp(x[i])", "exponential of float32"),
        ("tanh(x[i])", "tangent of float32"),
    ],
)
def test_operators_without_circuits_are_refused(expression: str, fault: str) -> None:
    text = f"""
def f(x: float32[4]) -> float32[4]:
    y: float32[4]
    for i in range(4):
        y[i] = 1.0 + {expression}
    return y
"""
    with pytest.raises(AlloError) as caught:
        RunningKernel(kernel(text), OPEN[3.33])
    (found,) = caught.value.diagnostics
    assert found.code == "rtl"
    assert fault in found.message
    assert found.span is not None
    # One line of imports, and an empty one.
    assert (found.span.line, found.span.source.line(found.span.line)) == (6, f"        y[i] = 1.0 + {expression}")
    assert "--target hls" in found.hint


def test_all_operators_without_circuits_are_told_together() -> None:
    text = """
def g(a: float32[4]) -> float32:
    s: float32 = 0.0
    for i in range(4):
        s += sqrt(a[i])
    return s

def f(a: float32[4]) -> float32[4]:
    b: float32[4]
    for i in range(4):
        b[i] = exp(a[i]) / a[3 - i]
        b[i] = b[i] * g(a)
    return b
"""
    with pytest.raises(AlloError) as caught:
        RunningKernel(kernel(text), OPEN[3.33])
    told = sorted((fault.span.line, fault.message) for fault in caught.value.diagnostics if fault.span)
    assert [line for line, _ in told] == [6, 12, 12]

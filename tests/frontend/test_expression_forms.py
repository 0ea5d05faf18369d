"""Expressions beyond arithmetic: floats, mathematics, bits, structs, laziness, and the form of what they become."""

from __future__ import annotations

from fractions import Fraction

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allo_studio.execute import jit
from allo_studio.frontend import parse_kernel
from allo_studio.ir import KernelIR, walk
from allo_studio.source import Source
from allo_studio.types import BFLOAT16, FLOAT16, FLOAT32, FLOAT64, ScalarType, fixed
from allo_studio.values import convert, from_bits

HEAD = "from allo_studio.lang import *\nimport allo_studio as allo\n"
POINTS = 16
FLOATS = (FLOAT16, BFLOAT16, FLOAT32, FLOAT64)


def kernel(text: str) -> KernelIR:
    return parse_kernel(Source("k.py", HEAD + text), "f")


def each(expression: str, result: str, **inputs: tuple[str, np.ndarray]) -> np.ndarray:
    """Return an expression of the arrays' elements, as an array of type `result`."""
    (count,) = {len(array) for _, array in inputs.values()}
    arguments = ", ".join(f"{name}: {kind}[{count}]" for name, (kind, _) in inputs.items())
    for name in inputs:
        expression = expression.replace(f"${name}", f"{name}[i]")
    text = f"def f({arguments}) -> {result}[{count}]:\n    r: {result}[{count}]\n    for i in range({count}):\n"
    return jit(kernel(f"{text}        r[i] = {expression}\n    return r\n"))(*(array for _, array in inputs.values()))


def names(ir: KernelIR) -> list[str]:
    return [op.name for op in walk(ir.body)]


def same(found: np.ndarray, expected: np.ndarray) -> None:
    assert found.dtype == expected.dtype
    as_double = [np.asarray(side).astype(np.float64) for side in (found, expected)]
    np.testing.assert_array_equal(*as_double)
    zero = as_double[1] == 0
    np.testing.assert_array_equal(*(np.signbit(side[zero]) for side in as_double))


def some_floats(kind: ScalarType, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    bits = random.integers(0, 1 << kind.bits, POINTS, dtype=f"u{kind.bits // 8}")
    edges = np.array([0.0, -0.0, 1.0, -1.5, np.inf, -np.inf, np.nan, 3.25]).astype(kind.dtype)
    return np.concatenate([bits.view(kind.dtype), edges, random.normal(size=POINTS).astype(kind.dtype)])


@pytest.mark.parametrize("kind", FLOATS, ids=str)
@pytest.mark.parametrize("operator", ["+", "-", "*", "/"])
def test_floats_compute_in_their_own_type(kind: ScalarType, operator: str) -> None:
    a, b = some_floats(kind, 1), some_floats(kind, 2)[::-1].copy()
    with np.errstate(all="ignore"):
        expected = {"+": a + b, "-": a - b, "*": a * b, "/": a / b}[operator]
    same(each(f"$a {operator} $b", kind.name, a=(kind.name, a), b=(kind.name, b)), expected)


def test_floats_of_two_types_meet_in_the_wider_and_two_of_16_bits_in_float32() -> None:
    half, brain = some_floats(FLOAT16, 3), some_floats(BFLOAT16, 4)
    double = some_floats(FLOAT64, 5)
    with np.errstate(all="ignore"):
        both = half.astype(np.float32) * brain.astype(np.float32)
        wide = half.astype(np.float64) + double
    same(each("$a * $b", "float32", a=("float16", half), b=("bfloat16", brain)), both)
    same(each("$a + $b", "float64", a=("float16", half), b=("float64", double)), wide)


def test_a_number_of_the_text_is_rounded_once_to_the_float_that_it_meets() -> None:
    x = np.array([1.0, 3.0])
    same(each("$x * 0.1", "float64", x=("float64", x)), x * 0.1)
    same(each("$x * (1.0 / 3.0)", "float64", x=("float64", x)), x * (1.0 / 3.0))
    single = x.astype(np.float32)
    same(each("$x * 0.1", "float64", x=("float32", single)), (single * np.float32(0.1)).astype(np.float64))


@pytest.mark.parametrize("operator", ["==", "!=", "<", "<=", ">", ">="])
def test_comparisons_of_floats_with_what_is_no_number(operator: str) -> None:
    a, b = some_floats(FLOAT32, 6), some_floats(FLOAT32, 6)
    b[::2] = b[::-2]
    with np.errstate(invalid="ignore"):
        expected = eval(f"a {operator} b")
    assert (each(f"$a {operator} $b", "bool", a=("float32", a), b=("float32", b)) == expected).all()


MATH = {"exp": np.exp, "log": np.log, "log2": np.log2, "log10": np.log10, "sqrt": np.sqrt, "sin": np.sin,
        "cos": np.cos, "tan": np.tan, "tanh": np.tanh}  # fmt: skip


@pytest.mark.parametrize("name", MATH)
def test_functions_of_mathematics(name: str) -> None:
    x = np.array([0.25, 1.0, 2.5, 7.0], np.float32)
    expected = MATH[name](x.astype(np.float64)).astype(np.float32)
    np.testing.assert_allclose(each(f"{name}($x)", "float32", x=("float32", x)), expected, rtol=2e-7)
    whole = np.array([1, 2, 9], np.int8)
    expected = MATH[name](whole.astype(np.float64)).astype(np.float32)
    np.testing.assert_allclose(each(f"allo.{name}($x)", "float64", x=("int8", whole)), expected, rtol=2e-7)


def test_power_is_a_float() -> None:
    x = np.array([2, 3, -1], np.int32)
    same(each("$x ** 2", "float64", x=("int32", x)), np.array([4.0, 9.0, 1.0]))
    same(each("power($x, 0.5)", "float32", x=("float32", np.array([4.0, 9.0], np.float32))),
         np.array([2, 3], np.float32))  # fmt: skip
    assert "math.powf" in names(kernel("def f(x: int32[2]):\n    x[0] = x[1] ** 2\n"))


def test_min_and_max_of_floats_are_numpys() -> None:
    a, b = some_floats(FLOAT32, 8), some_floats(FLOAT32, 9)
    found = each("max($a, $b)", "float32", a=("float32", a), b=("float32", b))
    np.testing.assert_array_equal(found, np.maximum(a, b))
    found = each("min($a, $b, 0.5)", "float32", a=("float32", a), b=("float32", b))
    np.testing.assert_array_equal(found, np.minimum(np.minimum(a, b), np.float32(0.5)))


def test_a_kernel_may_call_a_variable_like_a_function() -> None:
    found = each("max($a, 2)", "int32", a=("int32", np.array([1, 5], np.int32)))
    assert found.tolist() == [2, 5]
    text = "def f(A: int32[4]):\n    max: int32 = A[0]\n    index: int32 = 1\n    A[index] = max\n"
    assert jit(kernel(text))(np.arange(7, 11, dtype=np.int32)).tolist() == [7, 7, 9, 10]


# Conversions of floats

ROUNDINGS = ("floor", "zero", "half_up", "half_zero", "half_away", "half_down", "half_even")
OVERFLOWS = ("wrap", "saturate", "saturate_zero", "saturate_symmetric")


def spelled(kind: ScalarType) -> str:
    return f"{'' if kind.signed else 'U'}Fixed({kind.bits}, {kind.fraction}, {kind.rounding!r}, {kind.overflow!r})"


@given(
    st.builds(fixed, st.sampled_from((1, 4, 16, 30, 60, 100)), st.integers(-20, 40), st.booleans(),
              st.sampled_from(ROUNDINGS), st.sampled_from(OVERFLOWS)),
    st.sampled_from(FLOATS),
    st.integers(0, 1 << 30),
)  # fmt: skip
@settings(max_examples=30, deadline=None)
def test_floats_become_fixed_point_numbers_and_back(kind: ScalarType, real: ScalarType, seed: int) -> None:
    x = some_floats(real, seed)
    halves = np.arange(-9, 9).astype(np.float64) * 2.0 ** (-kind.fraction - 1)
    x = np.concatenate([x, halves.astype(real.dtype)])
    found = each("$x", spelled(kind), x=(real.name, x)).tolist()
    numbers = [convert(float(value), kind) for value in x]
    assert [Fraction(value) for value in found] == numbers
    bits = np.random.default_rng(seed).integers(0, 1 << 62, POINTS).tolist()
    numbers = [convert(from_bits(n, kind), kind) for n in bits]  # type: ignore[arg-type]
    held = np.empty(POINTS, kind.dtype)
    held[:] = numbers if kind.dtype == object else [float(n) for n in numbers]
    back = each("$y", real.name, y=(spelled(kind), held))
    assert [float(value) for value in back] == [convert(n, real) for n in numbers]


def test_floats_become_integers_towards_zero_and_saturate() -> None:
    x = np.array([1.9, -1.9, 200.0, -200.0, np.inf, -np.inf, np.nan, 0.0], np.float32)
    assert each("$x", "int8", x=("float32", x)).tolist() == [1, -1, 127, -128, 127, -128, 0, 0]
    assert each("uint7(int8($x))", "int32", x=("float32", x)).tolist() == [1, 127, 127, 0, 127, 0, 0, 0]
    assert each("int($x) + float(3)", "float32", x=("float32", x[:2])).tolist() == [4.0, 2.0]
    brain = np.array([3.5, -3.5], ml_dtypes.bfloat16)
    assert each("$x", "uint4", x=("bfloat16", brain)).tolist() == [3, 0]


# Bits and structs


def test_bits_are_read_and_written() -> None:
    text = (
        "def f(A: uint16[4], n: int32) -> (uint16[4], uint8[4], bool[4]):\n"
        "    B: uint16[4] = 0\n    C: uint8[4] = 0\n    D: bool[4] = 0\n"
        "    for i in range(4):\n"
        "        x: uint16 = A[i]\n"
        "        C[i] = x[4:12]\n"
        "        D[i] = A[i][n]\n"
        "        x[0:4] = i + 20\n"
        "        x[15] = 1\n"
        "        x[n + i] = 0\n"
        "        B[i] = x\n"
        "        B[i][8:10] = 3\n"
        "    return B, C, D\n"
    )
    A = np.array([0xABCD, 0x1234, 0xFFFF, 0x8001], np.uint16)
    for n in (0, 3, 15, 16, 40, -1):
        B, C, D = jit(kernel(text))(A, n)
        assert C.tolist() == [0xBC, 0x23, 0xFF, 0x00]
        assert D.tolist() == [bool(int(a) >> n & 1) if 0 <= n < 16 else False for a in A]
        expected = []
        for i, a in enumerate(A.tolist()):
            x = (a & ~0xF) | ((i + 20) & 0xF) | 0x8000
            x &= ~(1 << (n + i)) if 0 <= n + i < 16 else 0xFFFF
            expected.append(x | 0x300)
        assert B.tolist() == expected


def test_bits_of_the_whole_language() -> None:
    a = np.array([0b0000001, -0b0101000, -1, -64], np.int8)
    assert each("$a.reverse()", "int7", a=("int7", a)).tolist() == [-64, 0b0001101, -1, 1]
    x = np.array([1.0, -2.5, 0.0], np.float32)
    assert (each("$x.bitcast()", "uint32", x=("float32", x)) == x.view(np.uint32)).all()
    back = each("$x.bitcast()", "float32", x=("int32", x.view(np.int32)))
    assert (back.view(np.uint32) == x.view(np.uint32)).all()
    quarters = each("$a.bitcast()", "Fixed(8, 2)", a=("int8", np.array([5, -1], np.int8)))
    assert quarters.tolist() == [1.25, -0.25]


def test_structs_hold_their_fields() -> None:
    text = (
        'S = Struct({"a": int7, "b": float32, "p": Struct({"x": uint3, "y": Fixed(8, 4)})})\n'
        "def f(A: S[3], n: int32) -> S[3]:\n"
        "    B: S[3]\n"
        "    for i in range(3):\n"
        "        s: S = A[i]\n"
        '        s["a"] = s["a"] + n\n'
        '        s["b"] *= 2.0\n'
        '        s["p"]["y"] = s["p"]["x"]\n'
        "        B[i] = s\n"
        '        B[i]["p"]["x"] = A[2 - i]["p"]["x"]\n'
        "    return B\n"
    )
    ir = kernel(text)
    dtype = next(a.type for a in ir.arguments() if a.name == "A").element.dtype
    A = np.array([(60, 1.5, (1, 2.0)), (-3, -0.5, (7, 0.5)), (0, 4.0, (2, -8.0))], dtype)
    B = jit(ir)(A, 5)
    assert B.tolist() == [(-63, 3.0, (2, 1.0)), (2, -1.0, (7, 7.0)), (5, 8.0, (1, 2.0))]


# Laziness and conditions


def test_what_is_not_chosen_does_not_run() -> None:
    text = (
        "def f(A: int32[4], B: int32[4], n: int32) -> int32[4]:\n"
        "    C: int32[4] = 0\n"
        "    for i in range(4):\n"
        "        C[i] = A[B[i]] if B[i] >= 0 and B[i] < 4 and A[B[i]] != n else -1\n"
        "    return C\n"
    )
    A, B = np.array([5, 6, 7, 8], np.int32), np.array([3, -1, 99, 1], np.int32)
    assert jit(kernel(text))(A, B, 6).tolist() == [8, -1, -1, -1]
    assert names(kernel(text)).count("scf.if") == 2


def test_a_condition_on_loop_variables_is_one_on_indices_and_guards_a_subscript() -> None:
    ir = kernel(
        "def f(A: int32[8], x: int32):\n"
        "    for i in range(8):\n"
        "        A[i] = A[i - 1] if 0 < i <= 7 and x else A[i] + i\n"
    )
    compares = [op for op in walk(ir.body) if op.name == "arith.cmpi"]
    kinds = [str(op.operands[0].type) for op in compares]
    assert sorted(kinds) == ["i32", "index", "index"]
    assert jit(ir)(np.arange(10, 18, dtype=np.int32), 1).tolist() == [10] * 8


def test_plain_operands_are_chosen_without_a_branch() -> None:
    ir = kernel("def f(A: int32[8], x: int32):\n    for i in range(8):\n        A[i] = x if x > 3 or x < 0 else A[i]\n")
    assert "scf.if" not in names(ir)
    assert {"arith.select", "arith.ori"} <= set(names(ir))


def test_what_is_stored_to_its_own_width_stays_in_it() -> None:
    ir = kernel(
        "def f(A: int32[8], B: int32[8]):\n    for i in range(8):\n        A[i] += A[i] * B[i] - (~B[i] << 3)\n"
    )
    found = [op for op in walk(ir.body) if op.name.startswith("arith.") and op.name != "arith.constant"]
    assert {op.name for op in found} == {"arith.muli", "arith.addi", "arith.subi", "arith.xori", "arith.shli"}
    assert {str(op.results[0].type) for op in found} == {"i32"}


def test_a_comparison_is_chained() -> None:
    a = np.arange(-2, 6, dtype=np.int32)
    assert each("0 <= $a < 4", "bool", a=("int32", a)).tolist() == [0 <= n < 4 for n in a.tolist()]
    assert each("not $a", "bool", a=("int32", a)).tolist() == [n == 0 for n in a.tolist()]


def test_types_may_be_written_as_texts() -> None:
    ir = kernel('def f(A: "Fixed(16, 10)[4]", x: "int8") -> "int32":\n    r: "int32" = A[0] + x\n    return r\n')
    assert [str(a.type) for a in ir.arguments()] == ["Fixed(16, 10)[4]", "int8", "int32"]

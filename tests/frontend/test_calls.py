"""Calls of functions: instances, arguments, results, recursion, aliasing, to any depth."""

import numpy as np
import pytest

from allo_studio.diagnostics import AlloError
from allo_studio.execute import jit
from allo_studio.frontend import parse_kernel
from allo_studio.ir import KernelIR
from allo_studio.ir.attributes import text
from allo_studio.source import Source

PRELUDE = "from allo_studio import float32, grid, int8, int32, reduction\nM = 4\n"


def kernel(body: str, name: str = "top", **params: int) -> KernelIR:
    return parse_kernel(Source("k.py", PRELUDE + body), name, params)


def faults(body: str, name: str = "top") -> list[tuple[str, int, str]]:
    with pytest.raises(AlloError) as caught:
        kernel(body, name)
    return [(d.code, d.span.line if d.span else 0, d.message) for d in caught.value.diagnostics]


SCALE = """
def scale(A: int32[M], s: int32) -> int32[M]:
    B: int32[M] = 0
    for i in range(M):
        B[i] = A[i] * s
    return B
"""


def test_a_result_and_a_scalar_argument() -> None:
    ir = kernel(SCALE + "def top(A: int32[M]) -> int32[M]:\n    B = scale(A, 3)\n    return B\n")
    assert ir.functions == ("scale", "top")
    assert text(ir.at("scale").function, "allo.origin") == "scale"
    assert np.array_equal(jit(ir)(np.arange(4, dtype=np.int32)), [0, 3, 6, 9])


def test_calls_to_depth_three_share_one_instance() -> None:
    ir = kernel(
        SCALE
        + """
def twice(A: int32[M]) -> int32[M]:
    B = scale(A, 2)
    C = scale(B, 2)
    return C
def deep(A: int32[M]) -> int32[M]:
    B = twice(A)
    return B
def top(A: int32[M]) -> int32[M]:
    B = deep(A)
    C = scale(B, 3)
    return C
"""
    )
    assert ir.functions == ("scale", "twice", "deep", "top")
    assert np.array_equal(jit(ir)(np.arange(4, dtype=np.int32)), [0, 12, 24, 36])


def test_an_array_argument_is_written_in_place() -> None:
    body = """
def fill(A: int32[M], x: int32):
    for i in range(M):
        A[i] = x + i
def top(s: int32) -> int32[M]:
    A: int32[M] = 0
    fill(A, s)
    return A
"""
    ir = kernel(body)
    assert ir.at("fill").directions == {"A": "inout", "x": "in"}
    assert np.array_equal(jit(ir)(np.int32(5)), [5, 6, 7, 8])


def test_several_results_and_scalars() -> None:
    body = """
def ends(A: int32[M]) -> tuple[int32, int32]:
    low: int32 = A[0]
    high: int32 = A[M - 1]
    return low, high
def plus(a: int32, b: int32) -> int32:
    c: int32 = a + b
    return c
def top(A: int32[M]) -> int32:
    x, y = ends(A)
    z: int32 = plus(x, y) * 2
    return z
"""
    assert jit(kernel(body))(np.array([3, 0, 0, 4], np.int32)) == 14


def test_a_scalar_is_cast_to_the_argument() -> None:
    body = """
def low(x: int8) -> int32:
    y: int32 = x
    return y
def top(x: int32) -> int32:
    y: int32 = low(x)
    return y
"""
    assert jit(kernel(body))(np.int32(257)) == 1


def test_a_nested_function_knows_compile_time_values() -> None:
    body = """
def top(A: int32[M]) -> int32[M]:
    def inner(A: int32[M]) -> int32[M]:
        B: int32[M] = 0
        for i in range(M):
            B[i] = A[i] + M
        return B
    B = inner(A)
    return B
"""
    assert np.array_equal(jit(kernel(body))(np.zeros(4, np.int32)), [4] * 4)


def test_ids_make_instances_of_their_own() -> None:
    body = (
        SCALE + "def top(A: int32[M]) -> int32[M]:\n    B = scale['a'](A, 2)\n    C = scale['b'](B, 3)\n    return C\n"
    )
    ir = kernel(body)
    assert ir.functions == ("scale_a", "scale_b", "top")
    assert [text(ir.at(name).function, "allo.id") for name in ir.functions[:2]] == ["a", "b"]
    assert np.array_equal(jit(ir)(np.arange(4, dtype=np.int32)), [0, 6, 12, 18])


def test_constants_of_the_file_are_template_parameters() -> None:
    body = """
N = M * 2
def first(A: int32[8]) -> int32:
    s: int32 = 0
    for i in range(N):
        s += A[i]
    return s
def top(A: int32[8]) -> int32:
    s: int32 = first(A) + first[{"M": 2}](A) + first[{"M": 2}](A)
    return s
"""
    ir = kernel(body)
    assert ir.functions == ("first", "first_1", "top")
    # 28 for all eight, and twice the sum of the first four.
    assert jit(ir)(np.arange(8, dtype=np.int32)) == 28 + 6 + 6


def test_an_override_of_a_project_reaches_the_functions_that_are_called() -> None:
    body = SCALE + "def top(A: int32[M]) -> int32[M]:\n    B = scale(A, 3)\n    return B\n"
    assert np.array_equal(jit(kernel(body, M=2))(np.arange(2, dtype=np.int32)), [0, 3])


def test_slices_are_copied_in_and_out() -> None:
    body = """
def bump(A: int32[3], x: int32):
    for i in range(3):
        A[i] = A[i] * 10 + x
def total(A: int32[2, 2]) -> int32:
    s: int32 = 0
    for i, j in grid(2, 2):
        s += A[i, j]
    return s
def top(A: int32[4, 3]) -> int32:
    for r in range(2):
        bump(A[2 * r], r)
    bump(A[1:4, 2], 7)
    s: int32 = total(A[:2, 1:]) + total(A[:2, :2] | A[2:, 1:])
    return s
"""
    found = np.arange(12, dtype=np.int32).reshape(4, 3)
    wanted = found.copy()
    for r in range(2):
        wanted[2 * r] = wanted[2 * r] * 10 + r
    wanted[1:4, 2] = wanted[1:4, 2] * 10 + 7
    total = wanted[:2, 1:].sum() + (wanted[:2, :2] | wanted[2:, 1:]).sum()
    results = jit(kernel(body)).run({"A": found})
    assert np.array_equal(results["A_out"], wanted)
    assert total in [int(value) for value in results.values() if value.ndim == 0]


@pytest.mark.parametrize(
    ("body", "code", "line", "message"),
    [
        ("def top(x: int32) -> int32:\n    y: int32 = top(x)\n    return y\n", "unsupported", 4, "top → top"),
        (
            "def f(x: int32) -> int32:\n    y: int32 = top(x)\n    return y\n"
            "def top(x: int32) -> int32:\n    y: int32 = f(x)\n    return y\n",
            "unsupported",
            4,
            "top → f → top",
        ),
        (SCALE + "def top(A: int32[8]) -> int32[M]:\n    B = scale(A, 2)\n    return B\n", "shape", 10, "int32[8]"),
        (SCALE + "def top(A: int8[M]) -> int32[M]:\n    B = scale(A, 2)\n    return B\n", "type", 10, "int8[4]"),
        (
            SCALE + "def top(A: int32[M]) -> int32[M]:\n    B = scale(A)\n    return B\n",
            "shape",
            10,
            "takes 2 arguments",
        ),
        (SCALE + "def top(A: int32[M]) -> int32[M]:\n    B = scale(A, k=2)\n    return B\n", "name", 10, "'k'"),
        (
            SCALE + "def top(A: int32[M]) -> int32[M]:\n    B = scale(3, 2)\n    return B\n",
            "type",
            10,
            "array is needed",
        ),
        (SCALE + "def top(A: int32[M]) -> int32:\n    x: int32 = scale(A, 2)\n    return x\n", "shape", 10, ""),
        (
            "def move(A: int32[M], B: int32[M]):\n    for i in range(M):\n        B[i] = A[i]\n"
            "def top(A: int32[M]):\n    move(A, A)\n",
            "type",
            7,
            "passed as both",
        ),
        (
            "def move(A: int32[2], B: int32[2]):\n    for i in range(2):\n        B[i] = A[i]\n"
            "def top(A: int32[M]):\n    move(A[1:3], A[0:2])\n",
            "type",
            7,
            "passed as both",
        ),
        (
            "def fill(B: int32[M]):\n    for i in range(M):\n        B[i] = i\n"
            "def top(A: int32[M]):\n    A[0] = 1\n    fill(A | 1)\n",
            "type",
            8,
            "not a place",
        ),
        ("def top(A: int32[M]) -> int32[M]:\n    B = unknown(A)\n    return B\n", "name", 4, "unknown"),
        (SCALE + "def top(A: int32[M]) -> int32[M]:\n    B = scale[M](A, 2)\n    return B\n", "type", 10, "0 template"),
        (SCALE + "def top(A: int32[M]) -> int32[M]:\n    B = scale['a b'](A, 2)\n    return B\n", "type", 10, "'a b'"),
        (SCALE + "def top(A: int32[M]) -> int32[M]:\n    B = scale[{'Q': 1}](A, 2)\n    return B\n", "type", 10, "'Q'"),
    ],
)
def test_a_wrong_call_is_refused(body: str, code: str, line: int, message: str) -> None:
    found = faults(body)
    assert [(c, l) for c, l, _ in found] == [(code, line)], found
    assert message in found[0][2]


def test_the_faults_of_all_functions_are_reported_once() -> None:
    body = """
def f(x: int32) -> int32:
    y: int32 = zz
    return y
def top(x: int32) -> int32:
    y: int32 = f(x) + f(x)
    w: int32 = ww
    return y
"""
    assert [(code, line) for code, line, _ in faults(body)] == [("name", 5), ("name", 9)]


def test_a_function_that_is_not_called_is_not_looked_at() -> None:
    assert kernel(
        "def g(x: int32) -> int32:\n    return zz\ndef top(x: int32) -> int32:\n    y: int32 = x\n    return y\n"
    )


def test_two_results_of_one_function_are_returned_under_names_of_their_own() -> None:
    body = "def next(x: int32) -> int32:\n    t: int32 = x + 1\n    return t\n"
    body += "def top(next_t: int32) -> (int32, int32):\n    return next(next_t), next(next_t + 1)\n"
    ir = kernel(body)
    assert [argument.name for argument in ir.arguments()] == ["next_t", "next_t_1", "next_t_2"]
    assert jit(ir)(4) == (5, 6)

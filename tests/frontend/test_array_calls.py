"""Calls inside of array expressions run once, ahead of the statement, in the order of the text."""

import numpy as np
from kernel_runs import kernel_of, run

from allo_studio.execute import jit
from allo_studio.frontend.environment import definition_of
from allo_studio.frontend.parse import compile_kernel
from allo_studio.lang import ConstExpr, int32

SCALE = "def scale(A: int32[4], k: int32) -> int32[4]:\n    return A * k\n"
NEXT = "def after(x: int32) -> int32:\n    return x + 1\n"
COUNT = "def count(x: int32) -> int32:\n    calls: int32 @ Stateful = 0\n    calls += 1\n    return calls + x\n"
A = np.array([3, -1, 4, 2], np.int32)


def test_results_of_calls_are_operands() -> None:
    text = (
        SCALE
        + NEXT
        + """def f(A: int32[4], n: int32) -> (int32[4], int32[3]):
    C: int32[4] = scale(A, 2) + after(n) * A
    D: int32[3] = scale(A, 5)[1:] - scale(C, 1).T[:-1]
    C += scale(scale(A, 1), after(2))
    return abs(C) - scale(C, 2), D
"""
    )
    first, second = run(text, A, 7)
    c = A * 2 + 8 * A
    np.testing.assert_array_equal(second, A[1:] * 5 - c[:-1])
    c = c + A * 3
    np.testing.assert_array_equal(first, abs(c) - c * 2)


def test_a_row_of_a_result_is_a_value_and_an_element_a_number() -> None:
    text = (
        "def outer(A: int32[4]) -> int32[4, 4]:\n    B: int32[4, 4]\n    for i, j in grid(4, 4):\n"
        "        B[i, j] = A[i] * A[j]\n    return B\n"
        "def f(A: int32[4]) -> (int32[4], int32):\n    B: int32[4] = outer(A)[2] + 1\n"
        "    x: int32 = outer(A)[1, 3] - outer(A)[0][0]\n    x += outer(A)[3, 3]\n    return B, x\n"
    )
    row, number = run(text, A)
    product = np.outer(A, A)
    np.testing.assert_array_equal(row, product[2] + 1)
    assert number == product[1, 3] - product[0, 0] + product[3, 3]


def test_a_call_in_an_array_expression_is_made_once() -> None:
    """Its state tells how often it was called; the calls are made from left to right."""
    text = COUNT + "def f(A: int32[4]) -> (int32[4], int32):\n    B: int32[4] = A + count(10) * count(100)\n"
    text += "    return B, count(0)\n"
    values, last = run(text, A)
    np.testing.assert_array_equal(values, A + 11 * 102)
    assert last == 3


def test_calls_of_two_values_that_are_assigned_at_once() -> None:
    text = SCALE + NEXT
    text += "def f(A: int32[4], n: int32) -> (int32[4], int32):\n    x: int32 = 0\n"
    text += "    B, x = scale(A, n), after(n)\n    return B, x\n"
    values, number = run(text, A, 6)
    np.testing.assert_array_equal(values, A * 6)
    assert number == 7


def test_an_expression_with_a_call_is_passed_to_a_call() -> None:
    text = (
        "def total(A: int64[4]) -> int64:\n    t: int64 = 0\n    for i in range(4):\n        t += A[i]\n    return t\n"
        "def twice(A: int32[4]) -> int64[4]:\n    B: int64[4] = A * 2\n    return B\n"
        "def f(A: int32[4]) -> int64:\n    return total(twice(A)[::-1])\n"
    )
    assert run(text, A)[0] == 2 * A.sum()


def test_the_type_of_a_result_has_the_caller_s_size() -> None:
    text = (
        'def g(A: float32["m<=16"]) -> float32["m"]:\n    return A * 2\n'
        'def f(A: float32["n<=16"]) -> float32["n"]:\n    B = g(A) + A\n    C = g(B)\n    return C\n'
    )
    assert 'allo.types = {A = "float32[n<=16]", C = "float32[n<=16]"}' in kernel_of(text).text()
    values = np.arange(5, dtype=np.float32)
    np.testing.assert_array_equal(run(text, values)[0], values * 6)


def twice(n: int) -> int:
    return 2 * n


def shifted(A: int32[4]) -> int32[4]:
    n: ConstExpr[int32] = twice(3) + 1
    return A + n


def test_a_function_of_python_is_run_while_compiling() -> None:
    kernel = compile_kernel(definition_of(shifted))
    np.testing.assert_array_equal(jit(kernel)(A), A + 7)

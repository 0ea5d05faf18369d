"""Tables, state, resources, compile-time values and named sizes."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_runs import faults_of, kernel_of, run

from allo_studio.diagnostics import AlloError
from allo_studio.execute import jit


def test_a_table_that_is_never_written_is_a_constant() -> None:
    text = """
W = [[1, 2, 3], [4, 5, 6]]
def f(x: int32) -> int32[2, 3]:
    T: int16[2, 3] = W
    U: float32[3] = [0.5, -1, 2.25]
    V: Fixed(8, 2)[2] = [0.5, -1.25]
    B: int32[2, 3]
    for i, j in grid(2, 3):
        B[i, j] = T[i, j] * x + int(U[j] * 4.0) + int(V[i] * 4)
    return B
"""
    printed = kernel_of(text).text()
    assert printed.count("memref.global") == 3
    assert printed.count(" constant @") == 3
    assert "memref.alloc" not in printed
    w, u, v = np.array([[1, 2, 3], [4, 5, 6]]), np.array([0.5, -1, 2.25]), np.array([0.5, -1.25])
    expected = w * 3 + (u * 4).astype(int) + (v * 4).astype(int)[:, None]
    assert run(text, 3)[0].tolist() == expected.tolist()


def test_a_table_that_is_written_is_copied_at_each_call() -> None:
    text = """
def f(x: int32) -> (int32[3], int32[3]):
    T: int32[3] = [1, 2, 3]
    R: int32[3] = [7, 8, 9]
    for i in range(3):
        T[i] += x
    return T, R
"""
    called = jit(kernel_of(text))
    for x in (5, 6):
        found = called(x)
        assert [one.tolist() for one in found] == [[1 + x, 2 + x, 3 + x], [7, 8, 9]]


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_tables_of_every_type_hold_their_numbers(data: st.DataObject) -> None:
    bits = data.draw(st.integers(1, 70))
    signed = data.draw(st.booleans())
    kind = f"{'Int' if signed else 'UInt'}({bits})"
    low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
    values = data.draw(st.lists(st.integers(low, high), min_size=2, max_size=5))
    text = f"def f(x: int32) -> {kind}[{len(values)}]:\n    T: {kind}[{len(values)}] = {values}\n    return T\n"
    assert [int(value) for value in run(text, 0)[0]] == values


def test_state_is_kept_between_calls_and_reset() -> None:
    text = """
def f(x: int32) -> (int32, float32[2]):
    total: int32 @ Stateful = 10
    last: float32[2] @ Stateful
    total += x
    last[1] = last[0] + 0.5
    last[0] = x
    return total, last
"""
    called = jit(kernel_of(text))
    total, last = 10, [0.0, 0.0]
    for x in (3, 4, -9):
        total, last = total + x, [float(x), last[0] + 0.5]
        found = called(x)
        assert [found[0].tolist(), found[1].tolist()] == [total, last]
    called.reset()
    assert called(1)[0] == 11
    assert jit(kernel_of(text))(2)[0] == 12


def test_state_that_starts_as_a_table() -> None:
    text = """
def f(x: int32) -> int32[3]:
    window: int32[3] @ Stateful = [1, 2, 3]
    window[1:] = window[:-1]
    window[0] = x
    return window
"""
    called = jit(kernel_of(text))
    assert [called(x).tolist() for x in (9, 8)] == [[9, 1, 2], [8, 9, 1]]


def test_resources_are_kept_in_one_spelling() -> None:
    text = """
def f(A: int32[4] @ Memory("uram")) -> int32[4]:
    B: int32[4] @ Memory(storage_type="ram_2p", resource="BRAM", latency=2) = 0
    B[0] = A[0]
    C: int32[4] = B + 1
    return C
"""
    printed = kernel_of(text).text()
    assert 'allo.memories = {A = "Memory(resource=\\22URAM\\22)"}' in printed
    assert 'allo.memory = "Memory(resource=\\22BRAM\\22, storage_type=\\22RAM_2P\\22, latency=2)"' in printed


def test_compile_time_values() -> None:
    text = """
M = 6
def f(A: int32[M]) -> int32[M // 2]:
    half: ConstExpr[int32] = M // 2
    scale: ConstExpr[float32] = 0.5 * half
    B: int32[half]
    for i in range(half):
        B[i] = A[i + half] * scale
    return B
"""
    data = np.arange(6, dtype=np.int32)
    assert run(text, data)[0].tolist() == [int(value * 1.5) for value in data[3:]]


SIZED = """
def f(A: float32["n<=8", 3], B: float32["n"]) -> (float32["n"], int32):
    C: float32["n"] = 0.0
    for i in range(n):
        for j in range(3):
            C[i] += A[i, j]
    for i in range(n - 1, 0, -1):
        C[i] = C[i] - C[i - 1]
    C = C * B
    C[1:] += 1.0
    return C, n
"""


@pytest.mark.parametrize("n", [2, 5, 8])
def test_named_sizes(n: int) -> None:
    a = np.arange(n * 3, dtype=np.float32).reshape(n, 3)
    b = np.linspace(1, 2, n, dtype=np.float32)
    expected = np.diff(a.sum(1, dtype=np.float32), prepend=np.float32(0)) * b
    expected[1:] += np.float32(1)
    found = run(SIZED, a, b)
    assert found[0].tolist() == expected.tolist()
    assert found[1] == n


def test_named_sizes_in_the_form_of_a_kernel() -> None:
    text = SIZED.replace("    C[1:] += 1.0\n", "")
    printed = kernel_of(text).text()
    assert "allo.sizes = {n = 8 : i64}" in printed
    assert 'allo.args = ["A", "B", "n", "C", "n_out"]' in printed
    assert "memref<8x3xf32>" in printed
    assert "memref.load" not in printed


def test_a_size_agrees_between_arrays() -> None:
    with pytest.raises(AlloError):
        run(SIZED, np.zeros((3, 3), np.float32), np.zeros(4, np.float32))


def test_fixed_point_tables_are_exact() -> None:
    text = "def f(x: int32) -> Fixed(12, 8)[2]:\n    T: Fixed(12, 8)[2] = [0.30078125, -1.5]\n    return T\n"
    assert [Fraction(float(value)) for value in run(text, 0)[0]] == [Fraction(77, 256), Fraction(-3, 2)]


@pytest.mark.parametrize(
    ("line", "place", "code", "message"),
    [
        ("T: int32[3] = [1, 2]", "19-25", "shape", "a list of 2, where the type says 3"),
        ("T: int32[2, 2] = [[1, 2], [3]]", "31-34", "shape", "a list of 1, where the type says 2"),
        ("T: int32[2] = [1, 2.5]", "23-26", "type", "a table of int32 holds whole numbers, not 2.5"),
        ("T: int8[2] = [1, 300]", "22-25", "type", "the number does not fit int8"),
        ("T: int32[2] = [1, n]", "23-24", "unsupported", "this is no constant: 'n' is no constant that is known here"),
        ("T: int32[2] = W", "19-20", "shape", "expected the shape [2], found [3]"),
        ('T: int32[2] @ Memory(resource="DRAM")', "35-41", "type", "'DRAM' is no resource of a memory"),
        ('T: int32[2] @ Memory(kind="BRAM")', "26-37", "type", "Memory has no field 'kind'"),
        ("T: int32[2] @ Memory(latency=0)", "34-35", "type",
         "'latency' of Memory must be a whole number of at least 1"),
        ('x: int32 @ Memory(resource="BRAM") = 0', "8-39", "type", "a scalar is no memory"),
        ("T: int32[2] @ n", "19-20", "type", "'n' says nothing of a memory"),
        ("x: int32 @ Stateful = n", "27-28", "type",
         "a state is set to what is known at compile time: 'n' is no constant that is known here"),
        ("x: ConstExpr[int32] = n", "27-28", "type",
         "'x' must be known at compile time: 'n' is no constant that is known here"),
        ("x: ConstExpr[int32]", "5-24", "type", "'x' is computed at compile time, but has no value"),
        ('T: int32["m"]', "14-17", "shape", "the size 'm' has no maximum"),
        ('T: int32["m<=4"]', "8-21", "shape", "the size 'm' belongs to no argument"),
        ("T: int32[...]", "14-17", "shape", "an extent must have a maximum"),
        ("A[7] = 1", "7-8", "bounds", "subscript 1 of 'A' is 7, outside 0 to k - 1"),
        ("k = 1", "5-6", "type", "'k' is the size of an array, which is read only"),
        ("A[0:3] = 1", "7-10", "bounds", "slice 1 of 'A' leaves the array"),
    ],
)  # fmt: skip
def test_faults_of_memories(line: str, place: str, code: str, message: str) -> None:
    text = f'W = [1, 2, 3]\ndef f(A: int32["k<=8"], n: int32) -> int32:\n    y: int32 = 0\n    {line}\n    return y\n'
    assert faults_of(text) == [(code, f"4:{place}", message)]


def test_state_in_a_loop_is_refused() -> None:
    text = "def f(n: int32) -> int32:\n    y: int32 = 0\n    if n > 0:\n        x: int32 @ Stateful = 0\n    return y\n"
    message = "state is declared at the start of a function, not inside of a loop or branch"
    assert faults_of(text) == [("unsupported", "4:12-28", message)]


def test_a_memory_may_have_a_name() -> None:
    text = """
FAST = Memory(resource="uram", latency=2)
def f(A: int32[4] @ FAST) -> int32[4]:
    B: int32[4] @ FAST = A
    C: int32[4] @ Memory("BRAM") = B
    return C + B
"""
    printed = kernel_of(text).text()
    spelled = "Memory(resource=\\22URAM\\22, latency=2)"
    assert printed.count(spelled) == 2
    values = np.arange(4, dtype=np.int32)
    assert run(text, values)[0].tolist() == (2 * values).tolist()

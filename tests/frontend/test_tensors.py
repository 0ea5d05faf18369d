"""Whole arrays and slices as values, against numpy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_runs import Array, faults_of, kernel_of, run

from allo_studio.execute import jit

RNG = np.random.default_rng(3)


def numbers(*shape: int) -> Array:
    return RNG.integers(-9, 9, shape).astype(np.int32)


@pytest.mark.parametrize(
    "statement",
    [
        "C = A + B",
        "C = A - B * 2",
        "C = -A",
        "C = A * B + A",
        "C = A.copy()",
        "C = D.T",
        "C = A + row",
        "C = col + row",
        "C = A + col - row * x",
        "C += A",
        "C *= row",
        "C -= 1",
        "C = x",
        "C[0] = row",
        "C[:, 0] = A[1, 0:4][0] + col[:, 0]",
        "C[:, 1] = row[0:4]",
        "C[1] = A[2]",
        "C[0:2, 0:3] = A[2:4, 1:4]",
        "C[:, ::2] = B[:, 1::2]",
        "C[::-1] = A",
        "C[:, ::2][:, 1:] = A[:, 1::2][:, ::-1][:, :2]",
        "C[1::2][0, 3:] = A[::2][1][::-2]",
        "C[1:, 1:] = A[:-1, :-1] + B[1:, :-1]",
        "C[..., 2] = A[..., 1]",
        "C[2:3] = A[0:1] + row",
        "C[-2:] = A[:2]",
        "C[1:] = C[:-1]",
        "C[:-1] = C[1:] + 1",
        "C[:, :] = C[::-1, ::-1]",
        "C[:2] = C[2:]",
        "C = C[0] + C",
        "C[0] = C[:, 1][1:4][0] + A[2][3] + row",
        "C[1][2] = A[0][1:][2]",
        "C[2] += C[1]",
        "C = A if x > 2 else B",
        "C = abs(A) + max(B, 2)",
        "C = (A > B) + 1",
        "C = int8(A)",
    ],
)
def test_a_statement_equals_numpy(statement: str) -> None:
    text = f"""
def f(A: int32[4, 6], B: int32[4, 6], D: int32[6, 4], row: int32[6], col: int32[4, 1], x: int32) -> int32[4, 6]:
    C: int32[4, 6]
    for i, j in grid(4, 6):
        C[i, j] = 10 * i + j
    {statement}
    return C
"""
    names = {
        "A": numbers(4, 6), "B": numbers(4, 6), "D": numbers(6, 4), "row": numbers(6), "col": numbers(4, 1), "x": 3,
        "C": (10 * np.arange(4)[:, None] + np.arange(6)).astype(np.int32), "np": np,
        "int8": lambda a: a.astype(np.int8),
        "max": np.maximum,
    }  # fmt: skip
    target, _, value = statement.partition(" = ")
    if _ and target == "C":
        names["C"][...] = eval(value, names)
    else:
        exec(statement, names)
    inputs = [names[name] for name in ("A", "B", "D", "row", "col", "x")]
    assert run(text, *inputs)[0].tolist() == names["C"].tolist()


def _slice(data: st.DataObject, extent: int, length: int) -> str | None:
    """Return a slice of `length` elements of `extent`, in one of its spellings."""
    steps = [step for step in (1, 2, 3, -1, -2) if (length - 1) * abs(step) < extent]
    step = data.draw(st.sampled_from(steps))
    reach = (length - 1) * abs(step)
    low = data.draw(st.integers(0, extent - 1 - reach))
    if step > 0:
        stop = data.draw(st.integers(low + reach + 1, min(extent, low + reach + step)))
        start = str(low) if low or data.draw(st.booleans()) else ""
        end = "" if stop == extent and data.draw(st.booleans()) else str(stop)
        end = str(stop - extent) if end and stop < extent and data.draw(st.booleans()) else end
        return f"{start}:{end}" + (f":{step}" if step > 1 else "")
    start, stop = low + reach, max(low + step, -1)
    return f"{start}:{'' if stop < 0 else stop}:{step}"


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_slices_and_overlaps_equal_numpy(data: st.DataObject) -> None:
    extents = data.draw(st.tuples(st.integers(2, 6), st.integers(2, 6)))
    lengths = tuple(data.draw(st.integers(1, extent)) for extent in extents)
    sides = ["A[" + ", ".join(_slice(data, e, n) or "" for e, n in zip(extents, lengths, strict=True)) + "]"
             for _ in range(3)]  # fmt: skip
    operator = data.draw(st.sampled_from(["=", "+=", "-="]))
    statement = f"{sides[0]} {operator} {sides[1]} + 2 * {sides[2]}"
    text = f"def f(A: int32[{extents[0]}, {extents[1]}]):\n    {statement}\n"
    array = np.arange(extents[0] * extents[1], dtype=np.int32).reshape(extents)
    names = {"A": array.copy()}
    exec(statement, names)
    assert run(text, array)[0].tolist() == names["A"].tolist(), statement


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_broadcasting_equals_numpy(data: st.DataObject) -> None:
    rank = data.draw(st.integers(1, 3))
    full = tuple(data.draw(st.integers(1, 4)) for _ in range(rank))

    def part() -> tuple[int, ...]:
        kept = data.draw(st.integers(1, rank))
        return tuple(1 if data.draw(st.booleans()) else extent for extent in full[rank - kept :])

    shapes = [part(), part(), full]
    arguments = ", ".join(f"{name}: int32[{', '.join(map(str, s))}]" for name, s in zip("ABC", shapes, strict=True))
    text = f"def f({arguments}):\n    C = A * 3 - B\n"
    arrays = [numbers(*shape) for shape in shapes]
    assert run(text, *arrays)[0].tolist() == np.broadcast_to(arrays[0] * 3 - arrays[1], full).tolist()


def test_a_new_name_takes_the_type_of_an_array() -> None:
    text = """
def f(A: int8[3, 4], B: int8[4]) -> (int9[3, 4], int8[4, 3], int8[4]):
    S = A + B
    T = A.T
    R = A[1]
    return S, T, R
"""
    a, b = numbers(3, 4).astype(np.int8), numbers(4).astype(np.int8)
    found = run(text, a, b)
    assert [one.tolist() for one in found] == [(a + b.astype(np.int16)).tolist(), a.T.tolist(), a[1].tolist()]


def test_rows_and_blocks_at_loop_variables() -> None:
    text = """
def f(A: float32[6, 4]) -> float32[6, 4]:
    B: float32[6, 4]
    for i in range(6):
        B[i] = A[5 - i] * 2.0
    for i in range(0, 6, 2):
        B[i : i + 2, 1:3] += A[i : i + 2, 0:2]
    return B
"""
    a = RNG.random((6, 4)).astype(np.float32)
    b = a[::-1] * np.float32(2)
    for i in range(0, 6, 2):
        b[i : i + 2, 1:3] += a[i : i + 2, 0:2]
    assert np.array_equal(run(text, a)[0], b)


def test_computed_rows() -> None:
    text = (
        "def f(A: int32[4, 3], x: int32, I: int32[1]) -> int32[3]:\n    B: int32[3] = A[x] + A[I[0], :]\n    return B\n"
    )
    a = numbers(4, 3)
    assert run(text, a, 2, np.array([1], np.int32))[0].tolist() == (a[2] + a[1]).tolist()


def test_several_targets_are_set_after_all_values_are_known() -> None:
    text = """
def f(A: int32[4], B: int32[4], n: int32) -> (int32[2], int32[4]):
    x: int32 = n
    y: int32 = 7
    C: int32[2]
    x, y = y, x
    x, A[0], A[1] = x + y, A[1], A[0]
    C[0], C[1] = x, y
    A[2:], A[:2] = A[:2], A[2:]
    A, B = B, A
    return C, A
"""
    a, b = numbers(4), numbers(4)
    x, y = 7, 5
    old = [int(a[1]), int(a[0]), int(a[2]), int(a[3])]
    found = jit(kernel_of(text)).run({"A": a, "B": b, "n": 5})
    c, new_a, new_b = found["C"], found["A_out"], found["B_out"]
    assert c.tolist() == [x + y, y]
    assert new_a.tolist() == b.tolist()
    assert new_b.tolist() == old[2:] + old[:2]


def test_results_that_are_expressions_arguments_and_state() -> None:
    text = """
def f(A: int32[4], n: int32) -> (int32[4], int32[2], int32, int32, int32[4]):
    count: int32 @ Stateful = 40
    count += 1
    return A, A[1:3] * 2, n, count, A + n
"""
    a = numbers(4)
    found = run(text, a, 3)
    assert [one.tolist() for one in found] == [a.tolist(), (a[1:3] * 2).tolist(), 3, 41, (a + 3).tolist()]


def test_only_an_overlap_makes_a_temporary() -> None:
    def temporaries(statement: str) -> int:
        text = f"def f(A: int32[8, 8]):\n    for i in range(7):\n        {statement}\n"
        return kernel_of(text).text().count("memref.alloc")

    assert temporaries("A[i] = A[i + 1]") == 0
    assert temporaries("A[i, 4:] = A[i, :4]") == 0
    assert temporaries("A[i] = A[i] + 1") == 0
    assert temporaries("A[i, 1:] = A[i, :-1]") == 1
    assert temporaries("A = A.T") == 1


@pytest.mark.parametrize(
    ("statement", "place", "code", "message"),
    [
        ("C = A + D", "2:9-14", "shape", "arrays of shape (4, 6) and shape (6, 4) do not fit together"),
        ("C = D", "2:9-10", "shape", "an array of shape (6, 4) cannot be assigned to one of shape (4, 6)"),
        ("C[0] = A", "2:12-13", "shape", "an array of shape (4, 6) cannot be assigned to one of shape (6)"),
        ("C[0, 0] = A[0]", "2:15-19", "shape", "an array of shape (6) cannot be assigned to one element"),
        ("x: int32 = A", "2:16-17", "shape", "an array of shape (4, 6) cannot be assigned to a scalar"),
        ("C[0:9] = 1", "2:7-10", "bounds", "slice 1 of 'C' leaves the array"),
        ("C[3:3] = 1", "2:7-10", "bounds", "the slice is empty"),
        ("C[n:] = 1", "2:7-9", "unsupported", "the length of this slice is not known"),
        ("C[::0] = 1", "2:9-10", "unsupported", "the step of a slice must not be 0"),
        ("C[4] = 1", "2:7-8", "bounds", "subscript 1 of 'C' is 4, outside 0 to 3"),
        ("C[0:1, 0:1, 0:1] = 1", "2:5-21", "shape", "3 subscripts for an array of 2 dimensions"),
        ("C = A @ D", "2:9-14", "unsupported", "`@` of arrays is not supported"),
        ("A[0][1:] = q", "2:16-17", "name", "'q' is not defined"),
        ("n[0:2] = A", "2:5-11", "type", "'n' is a scalar argument, which is read only"),
        ("C = A + C[0, 0] + q", "2:23-24", "name", "'q' is not defined"),
        ("C, n = 1, 2", "2:8-9", "type", "'n' is a scalar argument, which is read only"),
        ("C[0, 0], C[0, 1] = 1, 2, 3", "2:5-31", "shape", "2 targets for 3 values"),
        ("z, C[0, 0] = n, n", "2:5-6", "name", "'z' is assigned, but not declared here"),
    ],
)
def test_faults_of_arrays(statement: str, place: str, code: str, message: str) -> None:
    arguments = "A: int32[4, 6], D: int32[6, 4], n: int32"
    text = f"def f({arguments}) -> int32[4, 6]:\n    {statement}\n    return C\n"
    head = f"def f({arguments}) -> int32[4, 6]:\n    C: int32[4, 6] = 0\n"
    line, columns = place.split(":")
    assert faults_of(text.replace(text.splitlines()[0] + "\n", head)) == [(code, f"{int(line) + 1}:{columns}", message)]


def test_a_row_that_is_chosen_by_the_array_itself() -> None:
    text = """
def f(A: int32[3, 3], B: int32[3, 3], x: int32):
    A[A[0, 0]] = A[2] + x
    B[B[0, 0]] = B[1, 1] * 2
"""
    a, b = np.array([[0, 5, 6], [1, 1, 1], [2, 0, 1]], np.int32), np.array([[0, 1, 2], [3, 4, 5], [6, 7, 8]], np.int32)
    found = run(text, a, b, 1)
    a[a[0, 0]] = a[2] + 1
    b[b[0, 0]] = b[1, 1] * 2
    assert [one.tolist() for one in found] == [a.tolist(), b.tolist()]


def test_results_of_calls_and_slices_as_arguments() -> None:
    text = """
def scaled(A: int32[4], x: int32) -> int32[4]:
    B: int32[4] = A * x
    return B

def both(x: int32, y: int32) -> (int32, int32):
    return x + y, x - y

def raised(A: int32[4]) -> int32:
    A += 1
    return A[0]

def f(A: int32[4, 4], n: int32) -> (int32[4], int32[3]):
    C: int32[4] = scaled(A[0], n)
    C = scaled(C, 2)
    D = scaled(C, n + 1)
    A[1] = scaled(D, 3)
    a, b = both(n, 3)
    _, C[0] = both(a, b)
    A[raised(A[:, 2]) - 3, 0] += 10
    S: int32[3]
    S[0], S[1], S[2] = a, b, raised(D)
    return scaled(D, 1), S
"""
    a = np.arange(16, dtype=np.int32).reshape(4, 4)
    d = a[0] * 2 * 2 * 3
    expected = a.copy()
    expected[1] = d * 3
    expected[:, 2] += 1
    expected[expected[0, 2] - 3, 0] += 10
    found = jit(kernel_of(text)).run({"A": a, "n": 2})
    assert found["A_out"].tolist() == expected.tolist()
    assert [found[name].tolist() for name in list(found) if name != "A_out"] == [(d + 1).tolist(), [5, -1, 1]]

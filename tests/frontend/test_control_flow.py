"""Branches, loops of all kinds and computed subscripts, run and compared with Python."""

import numpy as np
import pytest
from kernel_runs import faults_of, kernel_of, run

from allo_studio.diagnostics import AlloError


def operations(text: str) -> str:
    return kernel_of(text).text()


def test_branches_take_the_first_condition_that_holds() -> None:
    text = """
def f(A: int32[12]) -> int32[12]:
    B: int32[12]
    for i in range(12):
        if A[i] > 5 and i % 2 == 0:
            B[i] = 1
        elif A[i] < 0 or not i < 9:
            B[i] = 2
        elif A[i]:
            B[i] = 3
        else:
            B[i] = 4
            pass
    return B
"""
    data = np.array([7, 7, -1, 0, 3, -2, 8, 0, 1, 0, 9, 2], np.int32)
    expected = [1 if a > 5 and i % 2 == 0 else 2 if a < 0 or not i < 9 else 3 if a else 4 for i, a in enumerate(data)]
    assert run(text, data)[0].tolist() == expected


def test_while_runs_until_its_condition_fails() -> None:
    text = """
def f(n: int32) -> (int32, int32):
    steps: int32 = 0
    x: int32 = n
    while x != 1:
        if x % 2 == 0:
            x = x // 2
        else:
            x = 3 * x + 1
        steps += 1
    return steps, x
"""
    for start in (1, 2, 7, 27):
        steps, x = 0, start
        while x != 1:
            x, steps = x // 2 if x % 2 == 0 else 3 * x + 1, steps + 1
        assert [int(value) for value in run(text, start)] == [steps, 1]


@pytest.mark.parametrize("bounds", ["range(9, -1, -1)", "range(9, -1, -3)", "range(8, 1, -4)", "range(0, 10, 4)"])
def test_steps_of_any_sign(bounds: str) -> None:
    text = f"""
def f(A: int32[10]) -> int32[10]:
    B: int32[10] = 0
    x: int32 = 1
    for i in {bounds}:
        x = x * 3 + A[i]
        B[i] = x + i
    return B
"""
    data = np.arange(10, dtype=np.int32)
    expected, x = [0] * 10, 1
    for i in eval(bounds):
        x = x * 3 + i
        expected[i] = x + i
    assert run(text, data)[0].tolist() == expected


def test_bounds_from_arguments_and_from_data() -> None:
    text = """
def f(A: int32[16], n: int32, m: int32) -> (int32, int32, int32):
    a: int32 = 0
    b: int32 = 0
    c: int32 = 0
    for i in range(n, m):
        a += i
    last: int32 = A[0]
    for i in range(A[1], last, 2):
        for j in range(i):
            b += A[j] * i
    for i in range(last, A[1], -3):
        c = c * 5 + i
    return a, b, c
"""
    rng = np.random.default_rng(1)
    for n, m, low, high in [(0, 5, 2, 9), (-3, 4, 0, 16), (5, 1, 3, 3), (7, 7, 1, 2)]:
        data = rng.integers(0, 9, 16).astype(np.int32)
        data[0], data[1] = high, low
        a = sum(range(n, m))
        b = sum(int(data[j]) * i for i in range(low, high, 2) for j in range(i))
        c = 0
        for i in range(high, low, -3):
            c = c * 5 + i
        assert [int(value) for value in run(text, data, n, m)] == [a, b, c]


def test_a_scalar_bound_is_affine_and_a_computed_one_is_not() -> None:
    text = """
def f(A: int32[8], n: int32) -> int32:
    x: int32 = 0
    for i in range(n + 1):
        x += i
    for i in range(A[0]):
        x += i
    return x
"""
    printed = operations(text)
    assert printed.count("affine.for") == 1
    assert printed.count("scf.for") == 1


def test_computed_subscripts_read_and_write() -> None:
    text = """
def f(A: int32[8], I: uint8[8], x: int32) -> int32[8]:
    B: int32[8] = 0
    for i in range(8):
        B[I[i]] += A[I[7 - i]]
    B[x] = 100
    return B
"""
    data, at = np.arange(10, 18, dtype=np.int32), np.array([3, 1, 4, 1, 5, 0, 2, 6], np.uint8)
    expected = [0] * 8
    for i in range(8):
        expected[at[i]] += int(data[at[7 - i]])
    expected[2] = 100
    assert run(text, data, at, 2)[0].tolist() == expected


@pytest.mark.parametrize("subscript", ["x", "I[0]", "x * x"])
@pytest.mark.parametrize("value", [-1, 8, 300])
def test_a_subscript_out_of_range_is_an_error_of_the_run(subscript: str, value: int) -> None:
    text = f"def f(A: int32[8], I: int32[1], x: int32) -> int32:\n    y: int32 = A[{subscript}]\n    return y\n"
    if subscript == "x * x" and value == -1:
        value = 3
    with pytest.raises(AlloError) as caught:
        run(text, np.zeros(8, np.int32), np.array([value], np.int32), value)
    assert caught.value.diagnostics[0].code == "run"


def test_quotients_and_remainders_of_loop_variables_stay_affine() -> None:
    text = """
def f(A: int32[4, 3]) -> int32[12]:
    B: int32[12]
    for k in range(12):
        B[k] = A[k // 3, k % 3]
    return B
"""
    printed = operations(text)
    assert "memref.load" not in printed
    assert "floordiv 3" in printed
    assert "mod 3" in printed
    data = np.arange(12, dtype=np.int32).reshape(4, 3)
    assert run(text, data)[0].tolist() == list(range(12))


def test_branches_prove_subscripts() -> None:
    text = """
def f(A: int32[8], n: int32) -> int32[8]:
    B: int32[8] = 0
    for i in range(8):
        for j in range(8):
            if i > j and not j < 1:
                B[i - j] += A[j - 1]
            elif i != 7:
                B[i + 1] += 1
    if 0 <= n < 8:
        B[n] = 50
    return B
"""
    assert "memref.store" not in operations(text)
    data = np.arange(8, dtype=np.int32)
    expected = [0] * 8
    for i in range(8):
        for j in range(8):
            if i > j and not j < 1:
                expected[i - j] += int(data[j - 1])
            elif i != 7:
                expected[i + 1] += 1
    expected[3] = 50
    assert run(text, data, 3)[0].tolist() == expected


def test_names_of_a_block_are_its_own() -> None:
    text = """
def f(n: int32) -> int32:
    y: int32 = 0
    if n > 0:
        x: int32 = 1
        y = x
    else:
        x: int32 = 2
        y = x
    while y < 2:
        z: int32 = y + 1
        y = z
    return y
"""
    assert [int(run(text, n)[0]) for n in (1, 0)] == [2, 2]


@pytest.mark.parametrize(
    ("body", "place", "code", "message"),
    [
        ("for i in range(8):\n    if i > 0:\n        B[i + 1] = 0", "4:15-20", "bounds",
         "subscript 1 of 'B' goes from 2 to 8, outside 0 to 7"),
        ("for i in range(8):\n    if i > 0:\n        pass\n    else:\n        B[i - 1] = 0", "6:15-20", "bounds",
         "subscript 1 of 'B' is -1, outside 0 to 7"),
        ("for i in range(8):\n    if n > 0 or i > 0:\n        B[i - 1] = 0", "4:15-20", "bounds",
         "subscript 1 of 'B' goes from -1 to 6, outside 0 to 7"),
        ("if n > 7:\n    B[n] = 0", "3:11-12", "bounds",
         "subscript 1 of 'B' goes from 8 to 2147483647, outside 0 to 7"),
        ("for i in range(8):\n    break", "3:9-14", "unsupported", "`break` is not supported in a kernel"),
        ("while n > 0:\n    continue", "3:9-17", "unsupported", "`continue` is not supported in a kernel"),
        ("if n > 0:\n    return B", "3:9-17", "unsupported", "`return` may only be the last statement of a kernel"),
        ("while n > 0:\n    pass\nelse:\n    pass", "5:9-13", "unsupported", "`else` of a loop is not supported"),
        ("for i in range(0, 8, 0):\n    pass", "2:26-27", "unsupported", "the step of a range must not be 0"),
        ("for i in range(0, 8, -1):\n    pass", "2:14-29", "bounds", "the loop over 'i' never runs"),
        ("for i in range(0, 8, n):\n    pass", "2:26-27", "shape",
         "the step of a range must be constant, and 'n' varies"),
        ("for i in range(8.5):\n    pass", "2:20-23", "unsupported", "an index must be a whole number, not 8.5"),
        ("B[F[0]] = 1", "2:7-11", "unsupported", "an index must be a whole number, not float32"),
        ("if z:\n    B[0] = w", "2:8-9", "name", "'z' is not defined"),
        ("if n:\n    x: int32 = 1\nB[0] = x", "4:12-13", "name", "'x' is only known inside the block of line 5"),
        ("x: int32\nif n > 0:\n    B[0] = x\nelse:\n    B[1] = x", "4:16-17", "uninitialised",
         "'x' is read, but never set"),
        ("x: int32\nwhile x < 9:\n    B[0] = 1", "3:11-12", "uninitialised", "'x' is read, but never set"),
        ("x: int32\nB[x] = 1\nx = 2", "3:7-8", "uninitialised", "'x' is read before it is set"),
    ],
)  # fmt: skip
def test_faults_of_control_flow(body: str, place: str, code: str, message: str) -> None:
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    text = f"def f(n: int32, F: float32[2]) -> int32[8]:\n    B: int32[8] = 0\n{lines}    return B\n"
    line, columns = place.split(":")
    found = faults_of(text)
    assert found[0] == (code, f"{int(line) + 1}:{columns}", message)
    if "z" not in body:
        assert len(found) == 1


@pytest.mark.parametrize(
    "body",
    [
        "if n > 0:\n    x = 1\nB[0] = x",
        "for i in range(n):\n    x = i\nB[0] = x",
        "while n < 0:\n    x = 1\nB[0] = x",
        "if n > 0:\n    x = 1\nelse:\n    x = 2\nB[0] = x",
        "if n > 0:\n    pass\nelse:\n    x = 2\nB[0] = x",
    ],
)
def test_what_some_path_sets_counts_as_set(body: str) -> None:
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    assert faults_of(f"def f(n: int32) -> int32[8]:\n    B: int32[8] = 0\n    x: int32\n{lines}    return B\n") == []

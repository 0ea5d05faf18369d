"""Named sizes that are set to a number: the kernel computes what it computes for arrays of that size."""

from __future__ import annotations

import numpy as np
import pytest

from allo_studio.diagnostics import AlloError
from allo_studio.execute import jit
from allo_studio.frontend import kernel_parameters, parse_kernel
from allo_studio.source import Source

TEXT = """
from allo_studio.lang import float32, int8, int32, int64

M = 4

def rows(A: float32["n<=16", M], w: float32[M]) -> float32["n"]:
    y: float32["n"] = 0.0
    for i in range(n):
        for j in range(M):
            y[i] += A[i, j] * w[j]
    return y

def mixed(A: int8["n<=16"], B: int8["n", "m<=2 * M"], x: int8) -> (int32["n"], int64, float32):
    C: int32["n"] = A * n
    s: int64 = x * n * 2 + n / 3 + n % 3 - (n << 1) + n ** 2
    t: float32 = n * 0.5
    for i in range(n - 1):
        if i < n - 2:
            C[i] = A[n - 1 - i] + B[i, m - 1] - m
    return C, s, t

def through(A: float32["n<=16", M], w: float32[M]) -> float32["n"]:
    y: float32["n"] = rows(A, w)
    return y
"""
SOURCE = Source("k.py", TEXT)


@pytest.mark.parametrize("n", [2, 3, 7, 16])
@pytest.mark.parametrize("m", [1, 5, 8])
def test_a_size_that_is_set_changes_no_value(n: int, m: int) -> None:
    fixed = parse_kernel(SOURCE, "mixed", {"n": n, "m": m})
    assert {a.name: str(a.type) for a in fixed.arguments()} == {
        "A": f"int8[{n}]",
        "B": f"int8[{n}, {m}]",
        "x": "int8",
        "C": f"int32[{n}]",
        "s": "int64",
        "t": "float32",
    }
    generator = np.random.default_rng([n, m])
    A, B = generator.integers(-128, 128, n).astype(np.int8), generator.integers(-128, 128, (n, m)).astype(np.int8)
    for x in (-128, 0, 127):
        got, want = jit(fixed)(A, B, x), jit(parse_kernel(SOURCE, "mixed"))(A, B, x)
        assert all(np.array_equal(one, two) for one, two in zip(got, want, strict=True))


def test_one_of_several_sizes_may_be_set() -> None:
    kernel = parse_kernel(SOURCE, "mixed", {"m": 3})
    found = {a.name: str(a.type) for a in kernel.arguments()}
    assert (found["A"], found["B"], found["n"]) == ("int8[n<=16]", "int8[n<=16, 3]", "int32")


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"n": 17}, "the size 'n' is set to 17, but it is a whole number from 1 to 16"),
        ({"n": 0}, "the size 'n' is set to 0, but it is a whole number from 1 to 16"),
        ({"n": 2.5}, "the size 'n' is set to 2.5, but it is a whole number from 1 to 16"),
        ({"n": "float32"}, "the size 'n' is set to float32, but it is a whole number from 1 to 16"),
        ({"k": 2}, "k.py has no constant 'k' to override"),
    ],
)
def test_what_a_size_cannot_be_is_told_once(params: dict[str, int | str], message: str) -> None:
    with pytest.raises(AlloError) as caught:
        parse_kernel(SOURCE, "rows", params)
    (fault,) = caught.value.diagnostics
    assert (fault.code, fault.message) == ("params", message)
    assert fault.hint


def test_the_maximum_follows_the_file_s_constants() -> None:
    parse_kernel(SOURCE, "mixed", {"M": 8, "m": 16})
    with pytest.raises(AlloError, match="from 1 to 8"):
        parse_kernel(SOURCE, "mixed", {"m": 16})


def test_a_callee_takes_arrays_of_its_maximum() -> None:
    parse_kernel(SOURCE, "through", {"n": 16})
    with pytest.raises(AlloError, match=r"argument 'A' of 'rows' is float32\[n<=16, 4\], but 'A' is float32\[5, 4\]"):
        parse_kernel(SOURCE, "through", {"n": 5})


def test_a_call_may_set_a_size() -> None:
    text = TEXT + (
        'def half(A: float32["n<=16", M], w: float32[M]) -> float32[8]:\n    B: float32[8, M]\n'
        "    for i in range(8):\n        for j in range(M):\n            B[i, j] = A[0, j] + i\n"
        '    y: float32[8] = rows[{"n": 8}](B, w)\n    return y\n'
    )
    kernel = parse_kernel(Source("k.py", text), "half")
    A, w = np.arange(8, dtype=np.float32).reshape(2, 4), np.ones(4, np.float32)
    assert np.array_equal(jit(kernel)(A, w), A[0].sum() + 4 * np.arange(8, dtype=np.float32))
    with pytest.raises(AlloError, match="from 1 to 16"):
        parse_kernel(Source("k.py", text.replace('{"n": 8}', '{"n": 80}')), "half")


def test_sizes_are_told_as_parameters_without_a_value() -> None:
    assert kernel_parameters(SOURCE, "mixed") == {"M": 4, "n": "", "m": ""}

"""Subscripts that a run computes stay below the sizes of that run, not below the most that they may be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from allo_studio.diagnostics import AlloError
from allo_studio.execute import jit
from allo_studio.frontend import parse_kernel
from allo_studio.ir import KernelIR
from allo_studio.simulate import evaluate_kernel
from allo_studio.source import Source

TEXT = """
from allo_studio.lang import float32, int32


def gather(A: float32["n<=8", 4], at: int32[2]) -> float32[2]:
    B: float32[2]
    for i in range(2):
        B[i] = A[at[i], at[1 - i] % 4]
    return B


def scatter(A: float32["n<=8"], at: int32["n"]) -> float32["n"]:
    B: float32["n"] = 0.5
    for i in range(n):
        B[at[i]] = A[i]
    return B


def inner(A: float32["k<=8"], j: int32) -> float32:
    x: float32 = A[j * j]
    return x


def outer(A: float32["n<=8"], j: int32) -> float32:
    C: float32["n"]
    for i in range(n):
        C[i] = A[i]
    x: float32 = inner(C, j)
    return x


def fixed(A: float32[8], j: int32) -> float32:
    x: float32 = inner(A, j)
    return x
"""


def by_jit(kernel: KernelIR, **given: Any) -> Any:
    return next(iter(jit(kernel).run(given).values()))


def by_reference(kernel: KernelIR, **given: Any) -> Any:
    held = {name: np.asarray(value, np.int32) if isinstance(value, int) else value for name, value in given.items()}
    return next(iter(evaluate_kernel(kernel, held).values()))


@pytest.fixture(params=[by_jit, by_reference], ids=["jit", "reference"])
def run(request: pytest.FixtureRequest) -> Callable[..., Any]:
    return request.param  # type: ignore[no-any-return]


def kernel(name: str) -> KernelIR:
    return parse_kernel(Source("k.py", TEXT), name)


def refused(run: Callable[..., Any], name: str, message: str, **given: Any) -> AlloError:
    with pytest.raises(AlloError, match=message) as caught:
        run(kernel(name), **given)
    return caught.value


def test_reads(run: Callable[..., Any]) -> None:
    A = np.arange(12, dtype=np.float32).reshape(3, 4)
    assert run(kernel("gather"), A=A, at=np.array([2, 1], np.int32)).tolist() == [9.0, 6.0]
    refused(run, "gather", "subscript 3 of A is out of range in dimension 0", A=A, at=np.array([3, 1], np.int32))
    # The other dimension has no size.
    wide = np.arange(32, dtype=np.float32).reshape(8, 4)
    assert run(kernel("gather"), A=wide, at=np.array([3, 7], np.int32)).tolist() == [15.0, 31.0]


def test_writes(run: Callable[..., Any]) -> None:
    A = np.ones(3, np.float32)
    assert run(kernel("scatter"), A=A, at=np.array([2, 2, 0], np.int32)).tolist() == [1.0, 0.5, 1.0]
    for wrong in (3, 7, 8, -1):
        refused(run, "scatter", f"subscript {wrong} of B", A=A, at=np.array([0, wrong, 1], np.int32))


@pytest.mark.parametrize(("name", "length", "good", "bad"), [("outer", 5, 2, 3), ("fixed", 8, 2, 3)])
def test_the_sizes_of_a_call(run: Callable[..., Any], name: str, length: int, good: int, bad: int) -> None:
    A = np.arange(length, dtype=np.float32)
    assert run(kernel(name), A=A, j=good) == good * good
    refused(run, name, f"subscript {bad * bad} of ", A=A, j=bad)


def test_the_hint_tells_a_size() -> None:
    (fault,) = refused(
        by_jit, "gather", "subscript 3", A=np.ones((3, 4), np.float32), at=np.array([3, 1], np.int32)
    ).diagnostics
    assert fault.hint == "the extent there is a size of this run, at most 8: subscripts stay below it"

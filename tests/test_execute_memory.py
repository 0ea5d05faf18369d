"""What LLVM is told of the memories of a call, and that it is true."""

from __future__ import annotations

import re

import numpy as np

from allo_studio.execute import jit
from allo_studio.execute.lower import ENTRY, lower
from allo_studio.frontend import parse_kernel
from allo_studio.ir import KernelIR, in_context
from allo_studio.source import Source

TEXT = """
from allo_studio.lang import float32, grid
N = 37

def shifted(A: float32[N], B: float32[N]):
    for i in grid(N - 1):
        A[i + 1] = A[i] + B[i] * 0.5
        B[i] = A[i] - B[i + 1]

def summed(A: float32[N], B: float32[N]) -> float32[N]:
    C: float32[N]
    for i in grid(N):
        C[i] = A[i] + B[N - 1 - i]
    return C
"""


def kernel(name: str) -> KernelIR:
    return parse_kernel(Source("k.py", TEXT), name, {})


def test_arrays_that_are_one_for_the_caller_are_apart_in_the_call() -> None:
    given = np.arange(37, dtype=np.float32) * np.float32(0.3)
    one, two, before = given.copy(), given.copy(), given.copy()
    for i in range(36):
        one[i + 1] = one[i] + two[i] * np.float32(0.5)
        two[i] = one[i] - two[i + 1]
    found = jit(kernel("shifted")).run({"A": given, "B": given})
    np.testing.assert_array_equal(found["A_out"], one)
    np.testing.assert_array_equal(found["B_out"], two)
    np.testing.assert_array_equal(given, before)


def test_overlapping_inputs_are_read_as_they_are() -> None:
    base = np.arange(40, dtype=np.float32)
    found = jit(kernel("summed")).run({"A": base[:37], "B": base[3:]})
    np.testing.assert_array_equal(found["C"], base[:37] + base[3:][::-1])


def test_the_kernel_is_compiled_once_without_versions_for_overlap() -> None:
    with in_context():
        text = str(lower(kernel("summed"))[0])
    head = re.search(rf"llvm\.func @{ENTRY}\((.*?)\) attributes {{(.*?)}}", text)
    assert head
    arguments = head[1].split(", ")
    assert all(("!llvm.ptr" in a) == ("llvm.noalias" in a) for a in arguments)
    assert sum("llvm.noalias" in a for a in arguments) == 8
    assert "no_inline" in head[2].split(", ")

"""Kernels that the tests of schedule steps work on, and what they need to compare results."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from allo_studio.analysis.ports import infer_ports
from allo_studio.execute import jit
from allo_studio.frontend import parse_kernel
from allo_studio.ir import KernelIR
from allo_studio.source import Source

HEADER = "from allo_studio.lang import Stateful, float32, grid, int32, reduction\n\n"

KERNELS: dict[str, str] = {
    "gemm": """
def gemm(A: float32[6, 4], B: float32[4, 8]) -> float32[6, 8]:
    C: float32[6, 8] = 0.5
    for i, j in grid(6, 8):
        for k in reduction(4):
            C[i, j] += A[i, k] * B[k, j]
    return C
""",
    "gemm_int": """
def gemm_int(A: int32[6, 4], B: int32[4, 7]) -> int32[6, 7]:
    C: int32[6, 7] = 3
    for i, j in grid(6, 7):
        for k in reduction(4):
            C[i, j] += A[i, k] * B[k, j]
    return C
""",
    "matvec": """
def matvec(A: float32[5, 9], x: float32[9]) -> float32[5]:
    y: float32[5] = 1.5
    for i in range(5):
        for j in reduction(9):
            y[i] += A[i, j] * x[j]
    return y
""",
    "stencil": """
def stencil(A: float32[10, 6]) -> float32[10, 6]:
    B: float32[10, 6] = 2.0
    for i in range(1, 9):
        for j in range(6):
            B[i, j] = A[i - 1, j] + A[i, j] * A[i + 1, j]
    return B
""",
    "triangular": """
def triangular(L: float32[7, 7], x: float32[7]) -> float32[7]:
    y: float32[7] = 0.25
    for i in range(7):
        for j in range(i + 1):
            y[i] += L[i, j] * x[j]
    return y
""",
    "in_place": """
def in_place(A: float32[4, 6], b: float32[6]):
    for i in range(4):
        for j in range(6):
            A[i, j] = A[i, j] * 2.0 + b[j]
""",
    "chain": """
def chain(A: int32[6, 6], s: int32) -> int32[6]:
    T: int32[6, 6]
    for i, j in grid(6, 6):
        T[i, j] = A[j, i] * s
    y: int32[6] = 7
    for p in range(6):
        acc: int32 = 1
        for q in range(6):
            acc += T[p, q]
        y[p] = acc - y[p]
    return y
""",
    "strided": """
def strided(A: int32[16]) -> int32[16]:
    B: int32[16] = -1
    for i in range(1, 15, 3):
        B[i] = A[i] + A[15 - i]
    return B
""",
    "conv": """
def conv(A: float32[9], w: float32[3]) -> float32[7]:
    C: float32[7] = 0.5
    for i in range(7):
        for r in reduction(3):
            C[i] += A[i + r] * w[r]
    return C
""",
    "skewed": """
def skewed(A: float32[5, 5]):
    for i in range(1, 5):
        for j in range(4):
            A[i, j] = A[i - 1, j + 1] + 1.0
""",
    "shift": """
def shift(A: int32[12], B: int32[4, 12]) -> int32[4, 12]:
    D: int32[4, 12] = 5
    for i in range(4):
        for j in range(2, 10, 2):
            D[i, j] += A[11 - j] * B[i, j - i + 1]
            D[i, j + 1] = D[i, j] - A[i]
    return D
""",
    "upper": """
def upper(A: float32[6, 6]) -> float32[6, 6]:
    U: float32[6, 6] = 1.0
    for i in range(6):
        for j in range(i, 6):
            for k in range(i):
                U[i, j] -= A[k, i] * U[k, j]
    return U
""",
    "two": """
def two(A: int32[5, 6], x: int32[6], y: int32[5]) -> (int32[5], int32[6]):
    p: int32[5] = 0
    q: int32[6] = 2
    for i in range(5):
        for j in range(6):
            p[i] += A[i, j] * x[j]
            q[j] += A[i, j] * y[i]
    return p, q
""",
    "deep": """
def deep(A: int32[3, 4, 5], B: int32[5]) -> int32[3, 4]:
    D: int32[3, 4]
    for i in range(3):
        for j in range(4):
            t: int32[5]
            for a in range(5):
                t[a] = A[i, j, a] * B[4 - a]
            s: int32 = 0
            for b in range(5):
                s += t[b]
            D[i, j] = s
    return D
""",
}


def kernel(name: str, text: str | None = None) -> KernelIR:
    """Return a kernel by its name here, or from its text, with its ports inferred."""
    return infer_ports(parse_kernel(Source(f"{name}.py", HEADER + (text or KERNELS[name])), name, {}))


def random_inputs(base: KernelIR, seed: int = 0) -> Mapping[str, object]:
    """Return small random inputs of a kernel's types."""
    random = np.random.default_rng(seed)
    values: dict[str, object] = {}
    for argument in base.arguments():
        if argument.direction == "in":
            kind = argument.type.element
            drawn = (
                random.integers(-9, 9, argument.type.shape)
                if kind.kind == "int"
                else random.random(argument.type.shape)
            )
            array = np.asarray(drawn, dtype=kind.dtype)
            values[argument.name] = array[()] if argument.scalar else array
    return values


def assert_same(before: KernelIR, after: KernelIR, exact: bool = True) -> None:
    """Run both kernels on random data and compare every element."""
    inputs = random_inputs(before)
    expected, found = jit(before).run(inputs), jit(after).run(inputs)
    assert set(expected) == set(found)
    for name, array in expected.items():
        if exact:
            np.testing.assert_array_equal(found[name], array, err_msg=name)
        else:
            np.testing.assert_allclose(found[name], array, rtol=1e-5, err_msg=name)

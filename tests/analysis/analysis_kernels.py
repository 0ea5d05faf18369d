"""Kernels for the tests of dependences; small enough to list every pair of touches."""

from __future__ import annotations

from allo_studio.analysis.ports import infer_ports
from allo_studio.frontend import parse_kernel
from allo_studio.ir import KernelIR
from allo_studio.source import Source

HEADER = "from allo_studio.lang import float32, grid, int32, reduction\n\n"

KERNELS = {
    "gemm": """
def gemm(A: float32[2, 3], B: float32[3, 4]) -> float32[2, 4]:
    C: float32[2, 4] = 0.0
    for i, j in grid(2, 4):
        for k in reduction(3):
            C[i, j] += A[i, k] * B[k, j]
    return C
""",
    "recurrence": """
def recurrence(A: int32[6]) -> int32[6]:
    y: int32[6] = 1
    for i in range(1, 6):
        y[i] = A[i] - y[i - 1]
    return y
""",
    "feedback": """
def feedback(A: int32[4]) -> int32[4]:
    y: int32[4] = 1
    for i in range(4):
        for j in range(4):
            y[i] = y[i] + y[j] * A[i]
    return y
""",
    "strided": """
def strided(A: int32[16]):
    for i in range(7, 16, 3):
        A[i] = A[i - 6] + 1
""",
    "triangular": """
def triangular(L: int32[5, 5]):
    for i in range(5):
        for j in range(i, 5):
            L[j, i] = L[i, j] + L[j, i]
""",
    "local": """
def local(A: int32[4, 3]) -> int32[4]:
    y: int32[4]
    for i in range(4):
        acc: int32 = 0
        for j in range(3):
            acc += A[i, j]
        y[i] = acc
    return y
""",
    "sequence": """
def sequence(A: int32[6]) -> int32[6]:
    T: int32[6]
    for i in range(6):
        T[5 - i] = A[i]
    y: int32[6] = 0
    for p in range(3):
        y[2 * p] = T[p]
        y[p] = T[2 * p + 1]
    return y
""",
}


def kernel(name: str) -> KernelIR:
    """Return one of the kernels with its ports inferred."""
    return infer_ports(parse_kernel(Source(f"{name}.py", HEADER + KERNELS[name]), name, {}))

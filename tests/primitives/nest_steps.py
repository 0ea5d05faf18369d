"""Kernels with several nests and windows, and what the tests of steps on them share."""

from __future__ import annotations

import numpy as np
from step_kernels import KERNELS, assert_same, kernel, random_inputs

from allo_studio.analysis.ports import infer_ports
from allo_studio.execute import jit
from allo_studio.ir import KernelIR
from allo_studio.primitives.base import Step
from allo_studio.schedule import from_specs, schedule

__all__ = ["NESTS", "differs", "nest", "refusal", "unchanged"]

NESTS: dict[str, str] = {
    "scaled": """
def scaled(A: int32[6, 8], w: int32[6]) -> int32[6, 8]:
    B: int32[6, 8]
    for i, j in grid(6, 8, name="make"):
        B[i, j] = A[i, j] * 2
    C: int32[6, 8] = 0
    for i, j in grid(6, 8, name="use"):
        C[i, j] = B[i, j] + w[i]
    return C
""",
    "two_gemms": """
def two_gemms(A: float32[5, 4], B: float32[4, 6], D: float32[6, 3]) -> float32[5, 3]:
    T: float32[5, 6] = 0.0
    for i, j in grid(5, 6, name="first"):
        for k in reduction(4):
            T[i, j] += A[i, k] * B[k, j]
    C: float32[5, 3] = 0.0
    for i, j in grid(5, 3, name="second"):
        for k in reduction(6):
            C[i, j] += T[i, k] * D[k, j]
    return C
""",
    "blur": """
def blur(A: float32[9, 8]) -> float32[7, 8]:
    H: float32[9, 8]
    for i, j in grid(9, 8, name="down"):
        H[i, j] = A[i, j] * 0.5
    B: float32[7, 8] = 0.0
    for i, j in grid(7, 8, name="across"):
        B[i, j] = H[i, j] + H[i + 1, j] + H[i + 2, j]
    return B
""",
    "trailing": """
def trailing(A: int32[9, 5]) -> int32[9, 5]:
    H: int32[9, 5]
    for i in range(2, 9):
        for j in range(5):
            H[i, j] = A[i, j] * A[i - 2, j]
    B: int32[9, 5] = 7
    for p in range(2, 9):
        for q in range(5):
            B[p, q] = H[p, q] - B[p - 1, q]
    return B
""",
    "triangles": """
def triangles(A: int32[7, 7]) -> int32[7]:
    T: int32[7, 7]
    for i in range(7):
        for j in range(i + 1):
            T[i, j] = A[i, j] * A[j, i]
    y: int32[7] = 1
    for p in range(7):
        for q in range(p + 1):
            y[p] += T[p, q]
    return y
""",
    "gesummv": """
def gesummv(A: float32[6, 6], B: float32[6, 6], x: float32[6]) -> float32[6]:
    t: float32[6] = 0.0
    for i in range(6):
        for j in reduction(6):
            t[i] += A[i, j] * x[j]
    y: float32[6] = 0.0
    for p in range(6):
        for q in reduction(6):
            y[p] += B[p, q] * x[q] + t[p]
    return y
""",
    "steps": """
def steps(A: float32[8]):
    B: float32[8] = 0.0
    for t in range(3):
        for i in range(1, 7):
            B[i] = (A[i - 1] + A[i] + A[i + 1]) * 0.25
        for k in range(1, 7):
            A[k] = B[k]
""",
    "conv2": """
def conv2(A: int32[9, 11], w: int32[3, 2]) -> int32[7, 10]:
    C: int32[7, 10] = 0
    for y, x in grid(7, 10):
        for r, c in grid(3, 2):
            C[y, x] += A[y + r, x + c] * w[r, c]
    return C
""",
    "channels": """
def channels(A: int32[2, 6, 7], w: int32[3, 2, 3, 3]) -> int32[3, 4, 5]:
    C: int32[3, 4, 5] = 0
    for o, y, x in grid(3, 4, 5):
        for k, r, c in grid(2, 3, 3):
            C[o, y, x] += A[k, y + r, x + c] * w[o, k, r, c]
    return C
""",
    "jacobi": """
def jacobi(A: float32[8, 9], B: float32[8, 9]):
    for t in range(2):
        for i, j in grid(6, 7):
            B[i + 1, j + 1] = 0.2 * (A[i + 1, j + 1] + A[i + 1, j] + A[i + 1, j + 2] + A[i + 2, j + 1] + A[i, j + 1])
        for p, q in grid(6, 7):
            A[p + 1, q + 1] = 0.2 * (B[p + 1, q + 1] + B[p + 1, q] + B[p + 1, q + 2] + B[p + 2, q + 1] + B[p, q + 1])
""",
    "heat": """
def heat(A: float32[6, 5, 7]) -> float32[6, 5, 7]:
    B: float32[6, 5, 7] = 0.0
    for i in range(1, 5):
        for j in range(1, 4):
            for k in range(1, 6):
                B[i, j, k] = A[i, j, k] + 0.125 * (A[i + 1, j, k] - 2.0 * A[i, j, k] + A[i - 1, j, k]) \\
                    + 0.125 * (A[i, j + 1, k] - A[i, j - 1, k]) + 0.125 * (A[i, j, k + 1] - A[i, j, k - 1])
    return B
""",
    "backwards": """
def backwards(A: int32[12], w: int32[4]) -> int32[9]:
    y: int32[9] = 0
    for n in range(9):
        for t in reduction(4):
            y[n] += A[11 - n - t] * w[t]
    return y
""",
    "pooled": """
def pooled(A: int32[11, 9]) -> int32[5, 4]:
    P: int32[5, 4] = 0
    for y, x in grid(5, 4):
        for r, c in grid(3, 3):
            P[y, x] += A[2 * y + r, 2 * x + c]
    return P
""",
    "gauss": """
def gauss(A: float32[6, 6]):
    for t in range(2):
        for i in range(1, 5):
            for j in range(1, 5):
                A[i, j] = (A[i - 1, j] + A[i, j - 1] + A[i, j] + A[i, j + 1] + A[i + 1, j]) * 0.2
""",
    "calls": """
def inner(X: int32[8], Y: int32[8]):
    for a in range(1, 7):
        Y[a] = X[a - 1] + X[a] * X[a + 1]


def calls(A: int32[8]) -> int32[8]:
    B: int32[8] = 0
    for t in range(3):
        inner(A, B)
    for q in range(8):
        B[q] += A[q]
    return B
""",
    "branches": """
def branches(A: int32[10], P: int32[10]) -> int32[10]:
    B: int32[10] = 0
    for i in range(8):
        if P[i] > 0:
            B[i] = A[i] + A[i + 1] * A[i + 2]
        else:
            B[i] = A[i + 2]
    for j in range(8):
        if j > 2:
            B[P[j] & 7] += A[j]
    return B
""",
    # Each element is written just before the window reaches it.
    "fibonacci": """
def fibonacci(A: int32[10]):
    for i in range(8):
        A[i + 2] = A[i] + A[i + 1]
""",
    "ahead": """
def ahead(A: int32[10]):
    for i in range(8):
        A[i] = A[i] + A[i + 1] * A[i + 2]
""",
}


def nest(name: str) -> KernelIR:
    """Return a kernel of this table or of `step_kernels`."""
    return kernel(name, NESTS.get(name, KERNELS.get(name)))


def unchanged(base: KernelIR, *steps: Step, exact: bool = True) -> KernelIR:
    """Apply steps one by one: the results and the ports stay, and replay from YAML's form is the same."""
    after = base
    for step in steps:
        assert step.check(after) == ()
        after = step.apply(after)
    assert_same(base, after, exact=exact)
    assert infer_ports(after).directions == base.directions
    assert from_specs(base, schedule(base, steps).to_specs()).ir.text() == after.text()
    return after


def differs(before: KernelIR, after: KernelIR) -> bool:
    """Tell whether some of a few random inputs tell two kernels apart."""
    one, other = jit(before), jit(after)
    for seed in range(8):
        inputs = random_inputs(before, seed)
        expected, found = one.run(inputs), other.run(inputs)
        if any(not np.array_equal(found[name], array) for name, array in expected.items()):
            return True
    return False


def refusal(base: KernelIR, step: Step) -> str:
    """Return the message of the one fault that a step finds; it has a place in the source and a hint."""
    (found,) = step.check(base)
    assert found.code == "step"
    assert found.span is not None
    assert found.hint
    return found.message

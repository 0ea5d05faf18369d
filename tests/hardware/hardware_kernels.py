"""Kernels with the dependences that a schedule must respect, and what is needed to run them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from hypothesis import strategies as st

from allo_studio.analysis.ports import infer_ports
from allo_studio.frontend import parse_kernel
from allo_studio.ir import KernelIR
from allo_studio.schedule import ScheduledKernel, applicable, schedule
from allo_studio.source import Source

HEADER = "from allo_studio.lang import float32, grid, int32, reduction\n\n"

KERNELS: dict[str, str] = {
    "gemm": """
def gemm(A: float32[5, 4], B: float32[4, 6]) -> float32[5, 6]:
    C: float32[5, 6] = 0.5
    for i, j in grid(5, 6):
        for k in reduction(4):
            C[i, j] += A[i, k] * B[k, j]
    return C
""",
    "stencil": """
def stencil(A: float32[7, 6]) -> float32[7, 6]:
    B: float32[7, 6] = 2.0
    for i in range(1, 6):
        for j in range(6):
            B[i, j] = A[i - 1, j] + A[i, j] * A[i + 1, j]
    return B
""",
    "triangular": """
def triangular(L: float32[6, 6], b: float32[6]) -> float32[6]:
    x: float32[6] = 1.0
    for i in range(6):
        for j in range(i + 1):
            x[i] += L[i, j] * b[j]
    return x
""",
    "solve": """
def solve(L: float32[6, 6], b: float32[6]) -> float32[6]:
    x: float32[6] = 0.0
    for i in range(6):
        s: float32 = 0.0
        for j in range(i):
            s += L[i, j] * x[j]
        x[i] = b[i] - s
    return x
""",
    "matvec": """
def matvec(A: float32[5, 8], x: float32[8]) -> float32[5]:
    y: float32[5]
    for i in range(5):
        acc: float32 = 0.0
        for j in reduction(8):
            acc += A[i, j] * x[j]
        y[i] = acc
    return y
""",
    "prefix": """
def prefix(A: float32[12]) -> float32[12]:
    s: float32[12] = 0.0
    s[0] = A[0]
    for i in range(1, 12):
        s[i] = s[i - 1] + A[i]
    return s
""",
    "far": """
def far(A: float32[20]):
    for i in range(3, 20):
        A[i] = A[i - 3] * A[i] + A[i - 1]
""",
    "seidel": """
def seidel(A: float32[5, 7]):
    for t in range(2):
        for i in range(1, 4):
            for j in range(1, 6):
                A[i, j] = (A[i - 1, j] + A[i, j - 1]) + (A[i, j + 1] + A[i + 1, j]) * A[i, j]
""",
    "shifts": """
def shifts(A: int32[18], B: int32[18]) -> int32[18]:
    C: int32[18] = 3
    for i in range(8):
        C[2 * i] = A[i] + C[i]
        C[i + 2] = B[i] - C[17 - i]
    return C
""",
    "spread": """
def spread(A: float32[28]) -> float32[8]:
    C: float32[8]
    for i in range(8):
        C[i] = (A[i] + A[2 * i + 1]) + (A[3 * i] + A[i + 9]) * A[27 - i]
    return C
""",
    "window": """
def window(A: float32[28]) -> float32[20]:
    C: float32[20]
    for i in range(20):
        C[i] = (A[i] + A[i + 2]) + (A[i + 3] + A[i + 4]) + A[i + 5]
    return C
""",
    "deep": """
def deep(A: float32[3, 4, 5], x: float32[5]) -> float32[3, 4]:
    y: float32[3, 4]
    for i in range(3):
        for j in range(4):
            acc: float32 = 0.0
            for k in range(j + 1):
                acc += A[i, j, k] * x[k]
            y[i, j] = acc
    return y
""",
    "skewed": """
def skewed(A: float32[6, 6]):
    for i in range(1, 6):
        for j in range(5):
            A[i, j] = A[i - 1, j + 1] * 0.5 + A[i, 4 - j]
""",
    "chain": """
def chain(A: int32[5, 4], s: int32) -> int32[5]:
    T: int32[5, 4]
    for i, j in grid(5, 4):
        T[i, j] = A[i, j] * s - i
    y: int32[5] = 7
    for p in range(5):
        acc: int32 = 1
        for q in range(4):
            acc += T[p, q] / (q + 2)
        y[p] = acc - y[p]
    return y
""",
    "swap": """
def swap(A: float32[8], B: float32[8]):
    for i in range(8):
        x: float32 = A[i]
        A[i] = B[7 - i] + 1.0
        B[7 - i] = x * A[i]
""",
    "strided": """
def strided(A: float32[24]) -> float32[24]:
    B: float32[24] = -1.0
    for i in range(1, 20, 3):
        for j in range(i, 23, 2):
            B[j] = B[j + 1] * A[i] + B[j - 1]
    return B
""",
    "horner": """
def horner(c: float32[6], x: float32) -> float32:
    r: float32 = 0.0
    for i in range(6):
        r = r * x + c[5 - i]
    return r
""",
    "straight": """
def straight(A: float32[3], b: float32) -> (float32[3], float32):
    C: float32[3] = 0.0
    C[0] = A[0] * b
    C[1] = C[0] + A[1] / b
    t: float32 = C[1] - C[2]
    C[2] = t * t
    return C, t
""",
}


def parse(text: str, name: str) -> KernelIR:
    """Return a kernel from its text, with its ports inferred."""
    return infer_ports(parse_kernel(Source(f"{name}.py", HEADER + text), name, {}))


BASES: dict[str, KernelIR] = {name: parse(text, name) for name, text in KERNELS.items()}


def inputs_of(kernel: KernelIR, seed: int = 0) -> Mapping[str, Any]:
    """Return random inputs of a kernel's types."""
    random = np.random.default_rng(seed)
    found: dict[str, Any] = {}
    for argument in kernel.arguments():
        if argument.direction == "out":
            continue
        kind = argument.type
        numbers = random.integers(-99, 99, kind.shape) if kind.element.kind == "int" else random.random(kind.shape)
        array = np.asarray(numbers, kind.element.dtype)
        found[argument.name] = array[()] if argument.scalar else array
    return found


def grow(data: st.DataObject, base: KernelIR, most: int) -> ScheduledKernel:
    """Return a kernel with up to `most` steps that apply to it."""
    scheduled = schedule(base)
    for _ in range(data.draw(st.integers(0, most), label="steps")):
        offered = applicable(scheduled.ir)
        if not offered:
            break
        # The kind of step first, so that partitions do not crowd out the rest.
        name = data.draw(st.sampled_from(sorted({entry.name for entry in offered})), label="kind")
        entry = data.draw(st.sampled_from([e for e in offered if e.name == name]), label="step")
        chosen = {key: data.draw(st.sampled_from(values), label=key) for key, values in entry.choices.items()}
        scheduled = scheduled.apply(entry.step(**chosen))
    return scheduled

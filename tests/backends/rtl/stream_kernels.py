"""Kernels with streams, each of whose elements is accessed once, in order, at one place or at several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from random_engines import kernel_of

from allo_studio.ir import KernelIR
from allo_studio.schedule import from_specs

__all__ = ["KERNELS", "Streaming"]

HEAD = "from allo_studio.lang import *\n"
Steps = Sequence[tuple[str, dict[str, Any]]]


@dataclass(frozen=True)
class Streaming:
    """A kernel `f`, the steps that it takes, and the elements in a token of each stream."""

    text: str
    streams: Mapping[str, int]
    steps: Steps = ()

    def kernel(self) -> KernelIR:
        """Return the kernel with its streams."""
        return from_specs(kernel_of(HEAD + self.text), self.steps).ir.with_streams(self.streams)


SCALED = """
def f(A: float32[24], s: float32) -> float32[24]:
    B: float32[24]
    for i in range(24):
        B[i] = A[i] * s + 1.0
    return B
"""
LANES: Steps = (("split", {"axis": "i", "factor": 4}), ("unroll", {"axis": "i.inner"}))
KERNELS = {
    "one element a token": Streaming(SCALED, {"A": 1, "B": 1}),
    "only read": Streaming(SCALED, {"A": 1}),
    "only written": Streaming(SCALED, {"B": 1}),
    "lanes": Streaming(SCALED, {"A": 4, "B": 4}, LANES),
    "an interval of three": Streaming(
        SCALED, {"A": 1, "B": 1}, (("pipeline", {"axis": "i", "initiation_interval": 3}),)
    ),
    "no pipeline": Streaming(SCALED, {"A": 1, "B": 1}, (("pipeline", {"axis": "i", "off": True}),)),
    "two readers": Streaming(
        """
def f(A: int32[4, 5], B: int32[4, 5]) -> int32[4, 5]:
    C: int32[4, 5]
    for i, j in grid(4, 5):
        C[i, j] = A[i, j] * B[i, j] - j
    return C
""",
        {"A": 1, "B": 1, "C": 1},
    ),
    "two writers": Streaming(
        """
def f(A: int32[20]) -> (int32[20], int16[20]):
    C: int32[20]
    D: int16[20]
    for i in range(20):
        a: int32 = A[i]
        C[i] = a * a
        D[i] = a + i
    return C, D
""",
        {"A": 1, "C": 1, "D": 1},
    ),
    "sums of rows": Streaming(
        """
def f(A: float32[5, 8], x: float32[8]) -> float32[5]:
    y: float32[5]
    for i in range(5):
        acc: float32 = 0.0
        for j in reduction(8):
            acc += A[i, j] * x[j]
        y[i] = acc
    return y
""",
        {"A": 1, "y": 1},
    ),
    "rows of odd elements": Streaming(
        """
def f(A: Int(70)[3, 6]) -> uint5[6, 3]:
    T: Int(70)[3, 6]
    for i in range(3):
        for j in range(6):
            T[i, j] = A[i, j] * 3
    B: uint5[6, 3]
    for i in range(6):
        for j in range(3):
            B[i, j] = T[j, i] + i
    return B
""",
        {"A": 1, "B": 1},
    ),
    "a triangle": Streaming(
        """
def f(A: int32[6], b: int32[6]) -> int32[6]:
    T: int32[6]
    for i in range(6):
        T[i] = A[i] + b[i]
    y: int32[6]
    for i in range(6):
        s: int32 = 0
        for j in range(i):
            s += T[j] * b[i]
        y[i] = s
    return y
""",
        {"A": 1, "y": 1},
    ),
    "calls in between": Streaming(
        """
def g(T: int32[6], n: int32) -> int32:
    s: int32 = 0
    for i in range(6):
        s += T[i] * n
        T[i] = s
    return s

def f(A: int32[6]) -> (int32[6], int32):
    T: int32[6]
    for i in range(6):
        T[i] = A[i]
    s: int32 = g(T, 3)
    s -= g(T, 5)
    y: int32[6]
    for i in range(6):
        y[i] = T[i] - s
    return y, s
""",
        {"A": 1, "y": 1},
    ),
    "a filter": Streaming(
        """
TAPS = [3, -1, 4]

def f(A: int16[14]) -> int32[14]:
    taps: int8[3] = TAPS
    window: int16[3] @ Stateful = 1
    y: int32[14]
    for i in range(14):
        for k in range(2):
            window[k] = window[k + 1]
        window[2] = A[i]
        s: int32 = 0
        for k in range(3):
            s += taps[k] * window[k]
        y[i] = s
    return y
""",
        {"A": 1, "y": 1},
        (("partition", {"buffer": "window", "kind": "complete"}), ("pipeline", {"axis": "i"})),
    ),
    "a pair of lanes that choose": Streaming(
        """
def f(A: int32[16], most: int32) -> int32[16]:
    B: int32[16]
    for i in range(16):
        a: int32 = A[i]
        if a > most:
            a = most
        else:
            a = a * 2
        B[i] = a
    return B
""",
        {"A": 2, "B": 2},
        (("split", {"axis": "i", "factor": 2}), ("unroll", {"axis": "i.inner"})),
    ),
    "a window that is filled first": Streaming(
        """
def f(A: int16[16]) -> int32[14]:
    B: int32[14]
    for i in range(14):
        B[i] = A[i] + 2 * A[i + 1] - A[i + 2]
    return B
""",
        {"A": 1, "B": 1},
        (("reuse_at", {"buffer": "A", "axis": "i"}), ("pipeline", {"axis": "i"})),
    ),
    "the whole of rows with a valid part": Streaming(
        """
def f(A: int32[4, 7]) -> int32[3, 5]:
    B: int32[3, 5]
    above: int32[7] = 0
    for i, j in grid(4, 7):
        a: int32 = A[i, j]
        if i >= 1 and j < 5:
            B[i - 1, j] = a - above[j]
        above[j] = a
    return B
""",
        {"A": 1, "B": 1},
    ),
    "an edge before what is inside": Streaming(
        """
def f(A: int32[12]) -> int32[2, 6]:
    B: int32[2, 6]
    for i in range(2):
        B[i, 0] = i
        for j in range(1, 6):
            B[i, j] = A[5 * i + j - 1]
    last: int32 = 0
    for i in range(10, 12):
        last += A[i]
    return B
""",
        {"A": 1, "B": 1},
    ),
    "another place in each half": Streaming(
        """
def f(A: int8[12]) -> int16[12]:
    B: int16[12]
    for i in range(14):
        x: int16 = 1
        if i < 6:
            x = A[i]
        elif i >= 8:
            x = A[i - 2] * 2
        if i % 7 != 3:
            B[i - (i + 3) // 7] = x + i
    return B
""",
        {"A": 1, "B": 1},
    ),
    "lanes under a condition": Streaming(
        """
def f(A: int32[12]) -> int32[12]:
    B: int32[12]
    for i in range(5):
        if i >= 2:
            for k in range(4):
                B[4 * i - 8 + k] = A[4 * i - 8 + k] + i
    return B
""",
        {"A": 4, "B": 4},
        (("unroll", {"axis": "k"}),),
    ),
}

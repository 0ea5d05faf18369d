"""jacobi_1d: a three-point mean, there and back between two arrays."""

from __future__ import annotations

import numpy as np

from allo_studio.lang import float32, grid

T, N = 3, 14
SIZES = {"medium": {"T": 100, "N": 400}, "large": {"T": 500, "N": 2000}, "extralarge": {"T": 1000, "N": 4000}}
SCHEDULE = [
    ("reuse_at", {"buffer": "A", "axis": "i"}),
    ("partition", {"buffer": "A_reuse", "kind": "complete", "dim": 1}),
    ("pipeline", {"axis": "i"}),
    ("reuse_at", {"buffer": "B", "axis": "j"}),
    ("partition", {"buffer": "B_reuse", "kind": "complete", "dim": 1}),
    ("pipeline", {"axis": "j"}),
]


def jacobi_1d(A: float32[N], B: float32[N]):
    for t in grid(T, name="time"):
        for i in range(1, N - 1):
            B[i] = 0.33333 * (A[i - 1] + A[i] + A[i + 1])
        for j in range(1, N - 1):
            A[j] = 0.33333 * (B[j - 1] + B[j] + B[j + 1])


def inputs(rng, T, N):
    A = rng.random(N, np.float32)
    return {"A": A, "B": A.copy()}


def _step(source, target):
    result = target.copy()
    result[1:-1] = np.float32(0.33333) * (source[:-2] + source[1:-1] + source[2:])
    return result


def reference(A, B, T):
    for _ in range(T):
        B = _step(A, B)
        A = _step(B, A)
    return {"A": A, "B": B}

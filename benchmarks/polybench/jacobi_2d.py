"""jacobi_2d: a five-point mean, there and back between two arrays."""

from __future__ import annotations

import numpy as np

from allo_studio.lang import float32, grid

T, N = 2, 9
SIZES = {"medium": {"T": 100, "N": 250}, "large": {"T": 500, "N": 1300}, "extralarge": {"T": 1000, "N": 2800}}
# Lines along the rows and windows along the columns, each element on its own; five columns of the lines move at once.
SCHEDULE = [
    step
    for array, row, column in (("A", "i", "j"), ("B", "p", "q"))
    for step in (
        ("partition", {"buffer": array, "kind": "cyclic", "dim": 2, "factor": 5}),
        ("reuse_at", {"buffer": array, "axis": row}),
        ("partition", {"buffer": f"{array}_reuse", "kind": "complete", "dim": 1}),
        ("partition", {"buffer": f"{array}_reuse", "kind": "cyclic", "dim": 2, "factor": 5}),
        ("unroll", {"axis": f"{array}_reuse_shift_0", "factor": 5}),
        ("reuse_at", {"buffer": f"{array}_reuse", "axis": column}),
        ("partition", {"buffer": f"{array}_reuse_1", "kind": "complete", "dim": 0}),
        ("pipeline", {"axis": column}),
    )
]


def jacobi_2d(A: float32[N, N], B: float32[N, N]):
    for t in grid(T, name="time"):
        for i in range(1, N - 1):
            for j in range(1, N - 1):
                B[i, j] = 0.2 * (A[i, j] + A[i, j - 1] + A[i, j + 1] + A[i + 1, j] + A[i - 1, j])
        for p in range(1, N - 1):
            for q in range(1, N - 1):
                A[p, q] = 0.2 * (B[p, q] + B[p, q - 1] + B[p, q + 1] + B[p + 1, q] + B[p - 1, q])


def inputs(rng, T, N):
    A = rng.random((N, N), np.float32)
    return {"A": A, "B": A.copy()}


def _step(source, target):
    result = target.copy()
    cross = source[1:-1, :-2] + source[1:-1, 2:] + source[2:, 1:-1] + source[:-2, 1:-1]
    result[1:-1, 1:-1] = np.float32(0.2) * (source[1:-1, 1:-1] + cross)
    return result


def reference(A, B, T):
    for _ in range(T):
        B = _step(A, B)
        A = _step(B, A)
    return {"A": A, "B": B}

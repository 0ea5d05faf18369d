"""seidel_2d: a nine-point mean in place."""

from __future__ import annotations

import numpy as np

from allo_studio.lang import float32, grid

T, N = 2, 9
SIZES = {"medium": {"T": 100, "N": 400}, "large": {"T": 500, "N": 2000}, "extralarge": {"T": 1000, "N": 4000}}
SCHEDULE = [
    ("pipeline", {"axis": "j"}),
    ("partition", {"buffer": "A", "kind": "cyclic", "dim": 1, "factor": 3}),
    ("partition", {"buffer": "A", "kind": "cyclic", "dim": 2, "factor": 3}),
]


def seidel_2d(A: float32[N, N]):
    for t in grid(T, name="time"):
        for i in range(1, N - 1):
            for j in range(1, N - 1):
                A[i, j] = (
                    A[i - 1, j - 1]
                    + A[i - 1, j]
                    + A[i - 1, j + 1]
                    + A[i, j - 1]
                    + A[i, j]
                    + A[i, j + 1]
                    + A[i + 1, j - 1]
                    + A[i + 1, j]
                    + A[i + 1, j + 1]
                ) / 9.0


def inputs(rng, T, N):
    return {"A": rng.random((N, N), np.float32)}


def reference(A, T):
    result = A.astype(np.float64)
    for _ in range(T):
        for i in range(1, len(A) - 1):
            for j in range(1, len(A) - 1):
                result[i, j] = result[i - 1 : i + 2, j - 1 : j + 2].sum() / 9.0
    return {"A": result.astype(np.float32)}

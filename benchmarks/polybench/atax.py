"""atax: y = A^T (A x)."""

from __future__ import annotations

import numpy as np

from allo_studio.lang import float32, grid, reduction

M, N = 11, 13
SIZES = {"medium": {"M": 390, "N": 410}, "large": {"M": 1900, "N": 2100}, "extralarge": {"M": 1800, "N": 2200}}
SCHEDULE = [
    ("reorder", {"axes": ["rows:j", "rows:i"]}),
    ("pipeline", {"axis": "rows:i"}),
    ("pipeline", {"axis": "columns:j"}),
    ("partition", {"buffer": "x", "kind": "cyclic", "dim": 1, "factor": 2}),
]


def atax(A: float32[M, N], x: float32[N]) -> float32[N]:
    t: float32[M] = 0.0
    y: float32[N] = 0.0
    for i in grid(M, name="rows"):
        for j in reduction(N):
            t[i] += A[i, j] * x[j]
    for i, j in grid(M, N, name="columns"):
        y[j] += A[i, j] * t[i]
    return y


def inputs(rng, M, N):
    return {"A": rng.random((M, N), np.float32), "x": rng.random(N, np.float32)}


def reference(A, x):
    return {"y": A.T @ (A @ x)}

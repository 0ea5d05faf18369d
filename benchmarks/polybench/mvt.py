"""mvt: x1 += A y1 and x2 += A^T y2."""

from __future__ import annotations

import numpy as np

from allo_studio.lang import float32, grid, reduction

N = 14
SIZES = {"medium": {"N": 400}, "large": {"N": 2000}, "extralarge": {"N": 4000}}
SCHEDULE = [
    ("reorder", {"axes": ["rows:j", "rows:i"]}),
    ("pipeline", {"axis": "rows:i"}),
    ("reorder", {"axes": ["columns:j", "columns:i"]}),
    ("pipeline", {"axis": "columns:i"}),
]


def mvt(A: float32[N, N], x1: float32[N], x2: float32[N], y1: float32[N], y2: float32[N]):
    for i in grid(N, name="rows"):
        for j in reduction(N):
            x1[i] += A[i, j] * y1[j]
    for i in grid(N, name="columns"):
        for j in reduction(N):
            x2[i] += A[j, i] * y2[j]


def inputs(rng, N):
    vectors = {name: rng.random(N, np.float32) for name in ("x1", "x2", "y1", "y2")}
    return {"A": rng.random((N, N), np.float32), **vectors}


def reference(A, x1, x2, y1, y2):
    return {"x1": x1 + A @ y1, "x2": x2 + A.T @ y2}

"""gemver: A += u1 v1^T + u2 v2^T, x += beta A^T y + z, w += alpha A x."""

from __future__ import annotations

import numpy as np

from allo_studio.lang import float32, grid, reduction

N = 12
SIZES = {"medium": {"N": 400}, "large": {"N": 2000}, "extralarge": {"N": 4000}}
SCHEDULE = [
    ("pipeline", {"axis": "rank_two:j"}),
    ("reorder", {"axes": ["columns:j", "columns:i"]}),
    ("pipeline", {"axis": "columns:i"}),
    ("reorder", {"axes": ["rows:j", "rows:i"]}),
    ("pipeline", {"axis": "rows:i"}),
]


def gemver(
    alpha: float32,
    beta: float32,
    A: float32[N, N],
    u1: float32[N],
    v1: float32[N],
    u2: float32[N],
    v2: float32[N],
    w: float32[N],
    x: float32[N],
    y: float32[N],
    z: float32[N],
):
    for i, j in grid(N, N, name="rank_two"):
        A[i, j] += u1[i] * v1[j] + u2[i] * v2[j]
    for i in grid(N, name="columns"):
        for j in reduction(N):
            x[i] += beta * A[j, i] * y[j]
    for i in grid(N, name="shift"):
        x[i] += z[i]
    for i in grid(N, name="rows"):
        for j in reduction(N):
            w[i] += alpha * A[i, j] * x[j]


def inputs(rng, N):
    vectors = {name: rng.random(N, np.float32) for name in ("u1", "v1", "u2", "v2", "w", "x", "y", "z")}
    return {"alpha": np.float32(1.5), "beta": np.float32(1.2), "A": rng.random((N, N), np.float32), **vectors}


def reference(alpha, beta, A, u1, v1, u2, v2, w, x, y, z):
    updated = A + np.outer(u1, v1) + np.outer(u2, v2)
    moved = x + beta * updated.T @ y + z
    return {"A": updated, "x": moved, "w": w + alpha * updated @ moved}

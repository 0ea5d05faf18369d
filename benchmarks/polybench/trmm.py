"""trmm: B = alpha A^T B with a unit lower triangular A."""

from __future__ import annotations

import numpy as np

from allo_studio.lang import float32, grid

M, N = 9, 11
SIZES = {"medium": {"M": 200, "N": 240}, "large": {"M": 1000, "N": 1200}, "extralarge": {"M": 2000, "N": 2600}}
SCHEDULE = [
    ("pipeline", {"axis": "k"}),
    ("partition", {"buffer": "B", "kind": "cyclic", "dim": 1, "factor": 2}),
]


def trmm(alpha: float32, A: float32[M, M], B: float32[M, N]):
    for i, j in grid(M, N, name="rows"):
        for k in range(i + 1, M):
            B[i, j] += A[k, i] * B[k, j]
        B[i, j] *= alpha


def inputs(rng, M, N):
    return {"alpha": np.float32(1.5), "A": rng.random((M, M), np.float32), "B": rng.random((M, N), np.float32)}


def reference(alpha, A, B):
    unit = np.tril(A, -1) + np.eye(len(A), dtype=np.float32)
    return {"B": alpha * unit.T @ B}

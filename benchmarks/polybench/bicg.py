"""bicg: s = A^T r and q = A p."""

from __future__ import annotations

import numpy as np

from allo_studio.lang import float32, grid

M, N = 11, 13
SIZES = {"medium": {"M": 390, "N": 410}, "large": {"M": 1900, "N": 2100}, "extralarge": {"M": 1800, "N": 2200}}
SCHEDULE = [
    ("buffer_at", {"buffer": "q", "axis": "i"}),
    ("pipeline", {"axis": "j"}),
    ("partition", {"buffer": "A", "kind": "cyclic", "dim": 2, "factor": 2}),
]


def bicg(A: float32[N, M], p: float32[M], r: float32[N]) -> (float32[M], float32[N]):
    s: float32[M] = 0.0
    q: float32[N] = 0.0
    for i, j in grid(N, M, name="both"):
        s[j] += r[i] * A[i, j]
        q[i] += A[i, j] * p[j]
    return s, q


def inputs(rng, M, N):
    return {"A": rng.random((N, M), np.float32), "p": rng.random(M, np.float32), "r": rng.random(N, np.float32)}


def reference(A, p, r):
    return {"s": A.T @ r, "q": A @ p}

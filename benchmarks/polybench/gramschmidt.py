"""gramschmidt: Q R of a matrix, by the modified Gram-Schmidt process; the matrix is used up."""

from __future__ import annotations

import numpy as np

from allo_studio.lang import float32, grid, sqrt

M, N = 10, 8
SIZES = {"medium": {"M": 200, "N": 240}, "large": {"M": 1000, "N": 1200}, "extralarge": {"M": 2000, "N": 2600}}
SCHEDULE = [
    ("buffer_at", {"buffer": "R", "axis": "j"}),
    ("pipeline", {"axis": "i"}),
    ("pipeline", {"axis": "p"}),
    ("pipeline", {"axis": "u"}),
    ("partition", {"buffer": "A", "kind": "cyclic", "dim": 1, "factor": 2}),
]


def gramschmidt(A: float32[M, N]) -> (float32[M, N], float32[N, N]):
    Q: float32[M, N]
    R: float32[N, N] = 0.0
    for k in grid(N, name="columns"):
        norm: float32 = 0.0
        for i in range(M):
            norm += A[i, k] * A[i, k]
        R[k, k] = sqrt(norm)
        for p in range(M):
            Q[p, k] = A[p, k] / R[k, k]
        for j in range(k + 1, N):
            for s in range(M):
                R[k, j] += Q[s, k] * A[s, j]
            for u in range(M):
                A[u, j] -= Q[u, k] * R[k, j]
    return Q, R


def inputs(rng, M, N):
    # More rows than columns would be well conditioned by chance; the diagonal makes it so always.
    return {"A": rng.random((M, N), np.float32) + 2 * np.eye(M, N, dtype=np.float32)}


def reference(A):
    left, right = np.linalg.qr(A.astype(np.float64))
    signs = np.sign(np.diag(right))
    return {"Q": (left * signs).astype(np.float32), "R": (right.T * signs).T.astype(np.float32)}

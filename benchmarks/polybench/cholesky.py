"""cholesky: the lower factor of a positive definite matrix, in place."""

from __future__ import annotations

import numpy as np

from allo_studio.lang import float32, grid, sqrt

N = 10
SIZES = {"medium": {"N": 400}, "large": {"N": 2000}, "extralarge": {"N": 4000}}
SCHEDULE = [
    ("pipeline", {"axis": "k"}),
    ("pipeline", {"axis": "m"}),
    ("partition", {"buffer": "A", "kind": "cyclic", "dim": 2, "factor": 2}),
]


def cholesky(A: float32[N, N]):
    for i in grid(N, name="rows"):
        for j in range(i):
            for k in range(j):
                A[i, j] -= A[i, k] * A[j, k]
            A[i, j] /= A[j, j]
        for m in range(i):
            A[i, i] -= A[i, m] * A[i, m]
        A[i, i] = sqrt(A[i, i])


def inputs(rng, N):
    half = rng.random((N, N), np.float32)
    return {"A": half @ half.T + N * np.eye(N, dtype=np.float32)}


def reference(A):
    return {"A": np.linalg.cholesky(A) + np.triu(A, 1)}

"""syr2k: the lower half of C = alpha (A B^T + B A^T) + beta C."""

from __future__ import annotations

import numpy as np

from allo_studio.lang import float32, grid

M, N = 9, 11
SIZES = {"medium": {"M": 200, "N": 240}, "large": {"M": 1000, "N": 1200}, "extralarge": {"M": 2000, "N": 2600}}
SCHEDULE = [
    ("pipeline", {"axis": "scale:j"}),
    ("pipeline", {"axis": "product:j"}),
    ("partition", {"buffer": "A", "kind": "cyclic", "dim": 1, "factor": 2}),
    ("partition", {"buffer": "B", "kind": "cyclic", "dim": 1, "factor": 2}),
]


def syr2k(alpha: float32, beta: float32, A: float32[N, M], B: float32[N, M], C: float32[N, N]):
    for i in grid(N, name="scale"):
        for j in range(i + 1):
            C[i, j] *= beta
    for i, k in grid(N, M, name="product"):
        for j in range(i + 1):
            C[i, j] += A[j, k] * alpha * B[i, k] + B[j, k] * alpha * A[i, k]


def inputs(rng, M, N):
    return {
        "alpha": np.float32(1.5),
        "beta": np.float32(1.2),
        "A": rng.random((N, M), np.float32),
        "B": rng.random((N, M), np.float32),
        "C": rng.random((N, N), np.float32),
    }


def reference(alpha, beta, A, B, C):
    return {"C": np.tril(alpha * (A @ B.T + B @ A.T) + beta * C) + np.triu(C, 1)}

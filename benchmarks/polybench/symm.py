"""symm: C = alpha A B + beta C with a symmetric A of which the lower half is used."""

from __future__ import annotations

import numpy as np

from allo_studio.lang import float32, grid

M, N = 9, 11
SIZES = {"medium": {"M": 200, "N": 240}, "large": {"M": 1000, "N": 1200}, "extralarge": {"M": 2000, "N": 2600}}
SCHEDULE = [
    ("partition", {"buffer": "A", "kind": "cyclic", "dim": 2, "factor": 2}),
    ("pipeline", {"axis": "k"}),
]


def symm(alpha: float32, beta: float32, A: float32[M, M], B: float32[M, N], C: float32[M, N]):
    for i, j in grid(M, N, name="rows"):
        t: float32 = 0.0
        for k in range(i):
            C[k, j] += alpha * B[i, j] * A[i, k]
            t += B[k, j] * A[i, k]
        C[i, j] = beta * C[i, j] + alpha * B[i, j] * A[i, i] + alpha * t


def inputs(rng, M, N):
    return {
        "alpha": np.float32(1.5),
        "beta": np.float32(1.2),
        "A": rng.random((M, M), np.float32),
        "B": rng.random((M, N), np.float32),
        "C": rng.random((M, N), np.float32),
    }


def reference(alpha, beta, A, B, C):
    whole = np.tril(A) + np.tril(A, -1).T
    return {"C": alpha * whole @ B + beta * C}

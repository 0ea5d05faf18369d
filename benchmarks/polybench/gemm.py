"""gemm: C = alpha A B + beta C."""

from __future__ import annotations

import numpy as np

from allo_studio.lang import float32, grid, reduction

M, N, K = 10, 12, 14
SIZES = {
    "medium": {"M": 200, "N": 220, "K": 240},
    "large": {"M": 1000, "N": 1100, "K": 1200},
    "extralarge": {"M": 2000, "N": 2300, "K": 2600},
}
SCHEDULE = [
    ("reorder", {"axes": ["k", "product:j"]}),
    ("buffer_at", {"buffer": "C", "axis": "product:i"}),
    ("pipeline", {"axis": "product:j"}),
]


def gemm(alpha: float32, beta: float32, A: float32[M, K], B: float32[K, N], C: float32[M, N]):
    for i, j in grid(M, N, name="scale"):
        C[i, j] *= beta
    for i, j in grid(M, N, name="product"):
        for k in reduction(K):
            C[i, j] += alpha * A[i, k] * B[k, j]


def inputs(rng, M, N, K):
    return {
        "alpha": np.float32(1.5),
        "beta": np.float32(1.2),
        "A": rng.random((M, K), np.float32),
        "B": rng.random((K, N), np.float32),
        "C": rng.random((M, N), np.float32),
    }


def reference(alpha, beta, A, B, C):
    return {"C": alpha * A @ B + beta * C}

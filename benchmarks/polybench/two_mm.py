"""2mm: D = alpha A B C + beta D."""

from __future__ import annotations

import numpy as np

from allo_studio.lang import float32, grid, reduction

P, Q, R, S = 8, 9, 11, 12
SIZES = {
    "medium": {"P": 180, "Q": 190, "R": 210, "S": 220},
    "large": {"P": 800, "Q": 900, "R": 1100, "S": 1200},
    "extralarge": {"P": 1600, "Q": 1800, "R": 2200, "S": 2400},
}
SCHEDULE = [
    ("reorder", {"axes": ["first:k", "first:j"]}),
    ("buffer_at", {"buffer": "T", "axis": "first:i"}),
    ("pipeline", {"axis": "first:j"}),
    ("reorder", {"axes": ["second:k", "second:j"]}),
    ("buffer_at", {"buffer": "D", "axis": "second:i"}),
    ("pipeline", {"axis": "second:j"}),
]


def two_mm(alpha: float32, beta: float32, A: float32[P, R], B: float32[R, Q], C: float32[Q, S], D: float32[P, S]):
    T: float32[P, Q] = 0.0
    for i, j in grid(P, Q, name="first"):
        for k in reduction(R):
            T[i, j] += alpha * A[i, k] * B[k, j]
    for i, j in grid(P, S, name="scale"):
        D[i, j] *= beta
    for i, j in grid(P, S, name="second"):
        for k in reduction(Q):
            D[i, j] += T[i, k] * C[k, j]


def inputs(rng, P, Q, R, S):
    return {
        "alpha": np.float32(1.5),
        "beta": np.float32(1.2),
        "A": rng.random((P, R), np.float32),
        "B": rng.random((R, Q), np.float32),
        "C": rng.random((Q, S), np.float32),
        "D": rng.random((P, S), np.float32),
    }


def reference(alpha, beta, A, B, C, D):
    return {"D": (alpha * A @ B) @ C + beta * D}

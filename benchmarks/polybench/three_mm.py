"""3mm: G = (A B) (C D)."""

from __future__ import annotations

import numpy as np

from allo_studio.lang import float32, grid, reduction

P, Q, R, S, T = 8, 9, 10, 11, 12
SIZES = {
    "medium": {"P": 180, "Q": 200, "R": 190, "S": 220, "T": 210},
    "large": {"P": 800, "Q": 1000, "R": 900, "S": 1200, "T": 1100},
    "extralarge": {"P": 1600, "Q": 2000, "R": 1800, "S": 2400, "T": 2200},
}
SCHEDULE = [
    step
    for band, result in (("first", "E"), ("second", "F"), ("third", "G"))
    for step in (
        ("reorder", {"axes": [f"{band}:k", f"{band}:j"]}),
        ("buffer_at", {"buffer": result, "axis": f"{band}:i"}),
        ("pipeline", {"axis": f"{band}:j"}),
    )
]


def three_mm(A: float32[P, Q], B: float32[Q, R], C: float32[R, S], D: float32[S, T]) -> float32[P, T]:
    E: float32[P, R] = 0.0
    F: float32[R, T] = 0.0
    G: float32[P, T] = 0.0
    for i, j in grid(P, R, name="first"):
        for k in reduction(Q):
            E[i, j] += A[i, k] * B[k, j]
    for i, j in grid(R, T, name="second"):
        for k in reduction(S):
            F[i, j] += C[i, k] * D[k, j]
    for i, j in grid(P, T, name="third"):
        for k in reduction(R):
            G[i, j] += E[i, k] * F[k, j]
    return G


def inputs(rng, P, Q, R, S, T):
    shapes = {"A": (P, Q), "B": (Q, R), "C": (R, S), "D": (S, T)}
    return {name: rng.random(shape, np.float32) for name, shape in shapes.items()}


def reference(A, B, C, D):
    return {"G": (A @ B) @ (C @ D)}

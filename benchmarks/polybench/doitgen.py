"""doitgen: A[r, q, :] = A[r, q, :] C."""

from __future__ import annotations

import numpy as np

from allo_studio.lang import float32, grid, reduction

R, Q, P = 5, 6, 7
SIZES = {
    "medium": {"R": 50, "Q": 40, "P": 60},
    "large": {"R": 150, "Q": 140, "P": 160},
    "extralarge": {"R": 250, "Q": 220, "P": 270},
}
SCHEDULE = [
    ("reorder", {"axes": ["s", "product:p"]}),
    ("pipeline", {"axis": "product:p"}),
    ("partition", {"buffer": "C", "kind": "cyclic", "dim": 2, "factor": 2}),
]


def doitgen(A: float32[R, Q, P], C: float32[P, P]):
    for r, q in grid(R, Q, name="product"):
        t: float32[P] = 0.0
        for p in range(P):
            for s in reduction(P):
                t[p] += A[r, q, s] * C[s, p]
        for u in range(P):
            A[r, q, u] = t[u]


def inputs(rng, R, Q, P):
    return {"A": rng.random((R, Q, P), np.float32), "C": rng.random((P, P), np.float32)}


def reference(A, C):
    return {"A": A @ C}

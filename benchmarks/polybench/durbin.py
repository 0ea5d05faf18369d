"""durbin: the Yule-Walker equations of a Toeplitz matrix, by Levinson's recursion."""

from __future__ import annotations

import numpy as np

from allo_studio.lang import float32, grid

N = 12
SIZES = {"medium": {"N": 400}, "large": {"N": 2000}, "extralarge": {"N": 4000}}
SCHEDULE = [
    ("pipeline", {"axis": "i"}),
    ("pipeline", {"axis": "p"}),
    ("partition", {"buffer": "y", "kind": "cyclic", "dim": 1, "factor": 2}),
    ("pipeline", {"axis": "q"}),
]


def durbin(r: float32[N]) -> float32[N]:
    y: float32[N] = 0.0
    z: float32[N] = 0.0
    y[0] = -r[0]
    beta: float32 = 1.0
    alpha: float32 = -r[0]
    for k in grid(N - 1, name="orders"):
        beta = (1.0 - alpha * alpha) * beta
        t: float32 = 0.0
        for i in range(k + 1):
            t += r[k - i] * y[i]
        alpha = -(r[k + 1] + t) / beta
        for p in range(k + 1):
            z[p] = y[p] + alpha * y[k - p]
        for q in range(k + 1):
            y[q] = z[q]
        y[k + 1] = alpha
    return y


def inputs(rng, N):
    # Falling values keep the recursion well conditioned.
    return {"r": (rng.random(N, np.float32) * 0.5 / (1 + np.arange(N))).astype(np.float32)}


def reference(r):
    size = len(r)
    column = np.concatenate(([1.0], r[:-1].astype(np.float64)))
    table = column[np.abs(np.subtract.outer(np.arange(size), np.arange(size)))]
    return {"y": np.linalg.solve(table, -r.astype(np.float64)).astype(np.float32)}

"""trisolv: x with L x = b for a lower triangular L."""

from __future__ import annotations

import numpy as np

from allo_studio.lang import float32, grid

N = 14
SIZES = {"medium": {"N": 400}, "large": {"N": 2000}, "extralarge": {"N": 4000}}
SCHEDULE = [
    ("pipeline", {"axis": "j"}),
    ("partition", {"buffer": "L", "kind": "cyclic", "dim": 2, "factor": 2}),
]


def trisolv(L: float32[N, N], b: float32[N]) -> float32[N]:
    x: float32[N] = 0.0
    for i in grid(N, name="rows"):
        t: float32 = b[i]
        for j in range(i):
            t -= L[i, j] * x[j]
        x[i] = t / L[i, i]
    return x


def inputs(rng, N):
    return {"L": rng.random((N, N), np.float32) + N * np.eye(N, dtype=np.float32), "b": rng.random(N, np.float32)}


def reference(L, b):
    return {"x": np.linalg.solve(np.tril(L).astype(np.float64), b.astype(np.float64)).astype(np.float32)}

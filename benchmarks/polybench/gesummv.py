"""gesummv: y = alpha A x + beta B x."""

from __future__ import annotations

import numpy as np

from allo_studio.lang import float32, grid

N = 13
SIZES = {"medium": {"N": 250}, "large": {"N": 1300}, "extralarge": {"N": 2800}}
SCHEDULE = [
    ("partition", {"buffer": "x", "kind": "cyclic", "dim": 1, "factor": 2}),
    ("pipeline", {"axis": "j"}),
]


def gesummv(alpha: float32, beta: float32, A: float32[N, N], B: float32[N, N], x: float32[N]) -> float32[N]:
    y: float32[N]
    for i in grid(N, name="rows"):
        a: float32 = 0.0
        b: float32 = 0.0
        for j in range(N):
            a += A[i, j] * x[j]
            b += B[i, j] * x[j]
        y[i] = alpha * a + beta * b
    return y


def inputs(rng, N):
    matrices = {name: rng.random((N, N), np.float32) for name in ("A", "B")}
    return {"alpha": np.float32(1.5), "beta": np.float32(1.2), **matrices, "x": rng.random(N, np.float32)}


def reference(alpha, beta, A, B, x):
    return {"y": alpha * A @ x + beta * B @ x}

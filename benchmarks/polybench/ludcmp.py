"""ludcmp: x with A x = b, by factors without pivoting and two substitutions."""

from __future__ import annotations

import numpy as np

from allo_studio.lang import float32, grid

N = 10
SIZES = {"medium": {"N": 400}, "large": {"N": 2000}, "extralarge": {"N": 4000}}
SCHEDULE = [
    ("pipeline", {"axis": "k"}),
    ("pipeline", {"axis": "q"}),
    ("partition", {"buffer": "A", "kind": "cyclic", "dim": 2, "factor": 2}),
    ("pipeline", {"axis": "forward:j"}),
]


def ludcmp(A: float32[N, N], b: float32[N]) -> float32[N]:
    x: float32[N]
    y: float32[N]
    for i in grid(N, name="factors"):
        for j in range(i):
            w: float32 = A[i, j]
            for k in range(j):
                w -= A[i, k] * A[k, j]
            A[i, j] = w / A[j, j]
        for p in range(i, N):
            v: float32 = A[i, p]
            for q in range(i):
                v -= A[i, q] * A[q, p]
            A[i, p] = v
    for i in grid(N, name="forward"):
        f: float32 = b[i]
        for j in range(i):
            f -= A[i, j] * y[j]
        y[i] = f
    for i in range(N - 1, -1, -1):
        s: float32 = y[i]
        for j in range(i + 1, N):
            s -= A[i, j] * x[j]
        x[i] = s / A[i, i]
    return x


def inputs(rng, N):
    return {"A": rng.random((N, N), np.float32) + N * np.eye(N, dtype=np.float32), "b": rng.random(N, np.float32)}


def reference(A, b):
    return {"x": np.linalg.solve(A.astype(np.float64), b.astype(np.float64)).astype(np.float32)}

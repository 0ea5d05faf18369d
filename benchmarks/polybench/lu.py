"""lu: the factors of a matrix without pivoting, in place."""

from __future__ import annotations

import numpy as np

from allo_studio.lang import float32, grid

N = 10
SIZES = {"medium": {"N": 400}, "large": {"N": 2000}, "extralarge": {"N": 4000}}
SCHEDULE = [
    ("pipeline", {"axis": "k"}),
    ("reorder", {"axes": ["q", "p"]}),
    ("pipeline", {"axis": "p"}),
    ("partition", {"buffer": "A", "kind": "cyclic", "dim": 2, "factor": 4}),
]


def lu(A: float32[N, N]):
    for i in grid(N, name="rows"):
        for j in range(i):
            for k in range(j):
                A[i, j] -= A[i, k] * A[k, j]
            A[i, j] /= A[j, j]
        for p in range(i, N):
            for q in range(i):
                A[i, p] -= A[i, q] * A[q, p]


def inputs(rng, N):
    return {"A": rng.random((N, N), np.float32) + N * np.eye(N, dtype=np.float32)}


def reference(A):
    table = A.astype(np.float64)
    for column in range(len(table)):
        table[column + 1 :, column] /= table[column, column]
        table[column + 1 :, column + 1 :] -= np.outer(table[column + 1 :, column], table[column, column + 1 :])
    return {"A": table.astype(np.float32)}

"""covariance: the covariance matrix of M columns with N samples."""

from __future__ import annotations

import numpy as np

from allo_studio.lang import float32, grid

M, N = 8, 10
SIZES = {"medium": {"M": 240, "N": 260}, "large": {"M": 1200, "N": 1400}, "extralarge": {"M": 2600, "N": 3000}}
SCHEDULE = [
    ("buffer_at", {"buffer": "mean", "axis": "means:j"}),
    ("reorder", {"axes": ["center:i", "center:j"]}),
    ("pipeline", {"axis": "center:j"}),
    ("partition", {"buffer": "data", "kind": "cyclic", "dim": 2, "factor": 2}),
    ("pipeline", {"axis": "product:k"}),
]


def covariance(data: float32[N, M]) -> float32[M, M]:
    mean: float32[M] = 0.0
    table: float32[M, M]
    for j in grid(M, name="means"):
        for i in range(N):
            mean[j] += data[i, j]
        mean[j] /= N
    for j, i in grid(M, N, name="center"):
        data[i, j] -= mean[j]
    for i in grid(M, name="product"):
        for j in range(i, M):
            t: float32 = 0.0
            for k in range(N):
                t += data[k, i] * data[k, j]
            table[i, j] = t / (N - 1)
            table[j, i] = t / (N - 1)
    return table


def inputs(rng, M, N):
    return {"data": rng.random((N, M), np.float32)}


def reference(data):
    centred = data - data.mean(axis=0)
    return {"table": centred.T @ centred / np.float32(len(data) - 1), "data": centred}

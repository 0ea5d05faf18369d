"""correlation: the correlation matrix of M columns with N samples."""

from __future__ import annotations

import numpy as np

from allo_studio.lang import float32, grid, sqrt

M, N = 8, 10
SIZES = {"medium": {"M": 240, "N": 260}, "large": {"M": 1200, "N": 1400}, "extralarge": {"M": 2600, "N": 3000}}
SCHEDULE = [
    ("buffer_at", {"buffer": "mean", "axis": "means:j"}),
    ("buffer_at", {"buffer": "deviation", "axis": "deviations:j"}),
    ("reorder", {"axes": ["center:i", "center:j"]}),
    ("pipeline", {"axis": "center:j"}),
    ("partition", {"buffer": "data", "kind": "cyclic", "dim": 2, "factor": 2}),
    ("pipeline", {"axis": "product:k"}),
]


def correlation(data: float32[N, M]) -> float32[M, M]:
    mean: float32[M] = 0.0
    deviation: float32[M] = 0.0
    table: float32[M, M]
    for j in grid(M, name="means"):
        for i in range(N):
            mean[j] += data[i, j]
        mean[j] /= N
    for j in grid(M, name="deviations"):
        for i in range(N):
            deviation[j] += (data[i, j] - mean[j]) * (data[i, j] - mean[j])
        spread: float32 = sqrt(deviation[j] / N)
        deviation[j] = 1.0 if spread <= 0.1 else spread
    root: float32 = sqrt(float(N))
    for j, i in grid(M, N, name="center"):
        data[i, j] = (data[i, j] - mean[j]) / (root * deviation[j])
    for i in grid(M, name="product"):
        table[i, i] = 1.0
        for j in range(i + 1, M):
            t: float32 = 0.0
            for k in range(N):
                t += data[k, i] * data[k, j]
            table[i, j] = t
            table[j, i] = t
    return table


def inputs(rng, M, N):
    return {"data": rng.random((N, M), np.float32)}


def reference(data):
    centred = data - data.mean(axis=0)
    spread = np.sqrt((centred**2).mean(axis=0))
    scaled = centred / (np.sqrt(np.float32(len(data))) * np.where(spread <= 0.1, np.float32(1), spread))
    table = scaled.T @ scaled
    np.fill_diagonal(table, 1)
    return {"table": table, "data": scaled}

"""floyd_warshall: all shortest paths of a graph, in place."""

from __future__ import annotations

import numpy as np

from allo_studio.lang import grid, int32

N = 11
SIZES = {"medium": {"N": 500}, "large": {"N": 2800}, "extralarge": {"N": 5600}}
SCHEDULE = [
    ("pipeline", {"axis": "j"}),
    ("partition", {"buffer": "path", "kind": "cyclic", "dim": 2, "factor": 2}),
]


def floyd_warshall(path: int32[N, N]):
    for k, i, j in grid(N, N, N, name="paths"):
        path[i, j] = min(path[i, j], path[i, k] + path[k, j])


def inputs(rng, N):
    path = rng.integers(1, 1000, (N, N), dtype=np.int32)
    np.fill_diagonal(path, 0)
    return {"path": path}


def reference(path):
    result = path.copy()
    for k in range(len(result)):
        result = np.minimum(result, result[:, k : k + 1] + result[k : k + 1, :])
    return {"path": result}

"""fdtd_2d: electromagnetic waves in two dimensions, by finite differences in time."""

from __future__ import annotations

import numpy as np

from allo_studio.lang import float32, grid

T, X, Y = 3, 8, 9
SIZES = {
    "medium": {"T": 100, "X": 200, "Y": 240},
    "large": {"T": 500, "X": 1000, "Y": 1200},
    "extralarge": {"T": 1000, "X": 2000, "Y": 2600},
}
SCHEDULE = [
    ("pipeline", {"axis": "j"}),
    ("pipeline", {"axis": "n"}),
    ("pipeline", {"axis": "q"}),
    ("partition", {"buffer": "hz", "kind": "cyclic", "dim": 2, "factor": 2}),
]


def fdtd_2d(source: float32[T], ex: float32[X, Y], ey: float32[X, Y], hz: float32[X, Y]):
    for t in grid(T, name="time"):
        for s in range(Y):
            ey[0, s] = source[t]
        for i in range(1, X):
            for j in range(Y):
                ey[i, j] -= 0.5 * (hz[i, j] - hz[i - 1, j])
        for m in range(X):
            for n in range(1, Y):
                ex[m, n] -= 0.5 * (hz[m, n] - hz[m, n - 1])
        for p in range(X - 1):
            for q in range(Y - 1):
                hz[p, q] -= 0.7 * (ex[p, q + 1] - ex[p, q] + ey[p + 1, q] - ey[p, q])


def inputs(rng, T, X, Y):
    fields = {name: rng.random((X, Y), np.float32) for name in ("ex", "ey", "hz")}
    return {"source": np.arange(T, dtype=np.float32), **fields}


def reference(source, ex, ey, hz):
    ex, ey, hz = (field.copy() for field in (ex, ey, hz))
    for value in source:
        ey[0] = value
        ey[1:] -= np.float32(0.5) * (hz[1:] - hz[:-1])
        ex[:, 1:] -= np.float32(0.5) * (hz[:, 1:] - hz[:, :-1])
        hz[:-1, :-1] -= np.float32(0.7) * (ex[:-1, 1:] - ex[:-1, :-1] + ey[1:, :-1] - ey[:-1, :-1])
    return {"ex": ex, "ey": ey, "hz": hz}

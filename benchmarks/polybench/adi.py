"""adi: heat in two dimensions, by alternating implicit sweeps over columns and rows."""

from __future__ import annotations

import numpy as np

from allo_studio.lang import float32, grid

T, N = 2, 8
SIZES = {"medium": {"T": 100, "N": 200}, "large": {"T": 500, "N": 1000}, "extralarge": {"T": 1000, "N": 2000}}
MUL = 2.0 * N * N / T
A, B = -MUL / 2.0, 1.0 + MUL
C = A
MUL2 = 1.0 * N * N / T
D, E = -MUL2 / 2.0, 1.0 + MUL2
F = D
SCHEDULE = [
    ("pipeline", {"axis": "j"}),
    ("pipeline", {"axis": "r"}),
    ("pipeline", {"axis": "n"}),
    ("partition", {"buffer": "u", "kind": "cyclic", "dim": 2, "factor": 2}),
]


def adi(u: float32[N, N]):
    v: float32[N, N] = 0.0
    p: float32[N, N] = 0.0
    q: float32[N, N] = 0.0
    for t in grid(T, name="time"):
        for i in range(1, N - 1):
            v[0, i] = 1.0
            p[i, 0] = 0.0
            q[i, 0] = v[0, i]
            for j in range(1, N - 1):
                p[i, j] = -C / (A * p[i, j - 1] + B)
                q[i, j] = (-D * u[j, i - 1] + (1.0 + 2.0 * D) * u[j, i] - F * u[j, i + 1] - A * q[i, j - 1]) / (
                    A * p[i, j - 1] + B
                )
            v[N - 1, i] = 1.0
            for r in range(N - 2, 0, -1):
                v[r, i] = p[i, r] * v[r + 1, i] + q[i, r]
        for m in range(1, N - 1):
            u[m, 0] = 1.0
            p[m, 0] = 0.0
            q[m, 0] = u[m, 0]
            for n in range(1, N - 1):
                p[m, n] = -F / (D * p[m, n - 1] + E)
                q[m, n] = (-A * v[m - 1, n] + (1.0 + 2.0 * A) * v[m, n] - C * v[m + 1, n] - D * q[m, n - 1]) / (
                    D * p[m, n - 1] + E
                )
            u[m, N - 1] = 1.0
            for s in range(N - 2, 0, -1):
                u[m, s] = p[m, s] * u[m, s + 1] + q[m, s]


def inputs(rng, T, N):
    return {"u": rng.random((N, N), np.float32)}


def _sweep(source, near, far, lower, diagonal):
    """Solve, for every inner line of `source`, the tridiagonal system along it with 1 at both ends."""
    size = len(source)
    table = np.eye(size) * diagonal + lower * (np.eye(size, k=1) + np.eye(size, k=-1))
    table[[0, -1]] = np.eye(size)[[0, -1]]
    lines = np.ones((size, size - 2))
    lines[1:-1] = (near * (source[:-2] + source[2:]) + far * source[1:-1])[:, 1:-1].T
    return np.linalg.solve(table, lines).T


def reference(u, T):
    size = len(u)
    one, two = 2.0 * size * size / T, 1.0 * size * size / T
    now = u.astype(np.float64)
    half = np.zeros_like(now)
    for _ in range(T):
        # The column sweep works on the transposed image.
        half[:, 1:-1] = _sweep(now.T, two / 2, 1 - two, -one / 2, 1 + one).T
        now[1:-1, :] = _sweep(half, one / 2, 1 - one, -two / 2, 1 + two)
    return {"u": now.astype(np.float32)}

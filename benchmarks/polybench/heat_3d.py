"""heat_3d: heat in three dimensions, by explicit steps there and back between two arrays."""

from __future__ import annotations

import numpy as np

from allo_studio.lang import float32, grid

T, N = 2, 7
SIZES = {"medium": {"T": 100, "N": 40}, "large": {"T": 500, "N": 120}, "extralarge": {"T": 1000, "N": 200}}
# With three banks along each dimension, the seven elements that a cell is computed from lie in different ones.
SCHEDULE = [
    ("pipeline", {"axis": "k"}),
    ("pipeline", {"axis": "r"}),
    *(
        ("partition", {"buffer": array, "kind": "cyclic", "dim": dim, "factor": 3})
        for array in "AB"
        for dim in (1, 2, 3)
    ),
]


def heat_3d(A: float32[N, N, N], B: float32[N, N, N]):
    for t in grid(T, name="time"):
        for i in range(1, N - 1):
            for j in range(1, N - 1):
                for k in range(1, N - 1):
                    B[i, j, k] = (
                        0.125 * (A[i + 1, j, k] - 2.0 * A[i, j, k] + A[i - 1, j, k])
                        + 0.125 * (A[i, j + 1, k] - 2.0 * A[i, j, k] + A[i, j - 1, k])
                        + 0.125 * (A[i, j, k + 1] - 2.0 * A[i, j, k] + A[i, j, k - 1])
                        + A[i, j, k]
                    )
        for p in range(1, N - 1):
            for q in range(1, N - 1):
                for r in range(1, N - 1):
                    A[p, q, r] = (
                        0.125 * (B[p + 1, q, r] - 2.0 * B[p, q, r] + B[p - 1, q, r])
                        + 0.125 * (B[p, q + 1, r] - 2.0 * B[p, q, r] + B[p, q - 1, r])
                        + 0.125 * (B[p, q, r + 1] - 2.0 * B[p, q, r] + B[p, q, r - 1])
                        + B[p, q, r]
                    )


def inputs(rng, T, N):
    A = rng.random((N, N, N), np.float32)
    return {"A": A, "B": A.copy()}


def _step(a):
    inner = a[1:-1, 1:-1, 1:-1]
    near = a[2:, 1:-1, 1:-1] + a[:-2, 1:-1, 1:-1] + a[1:-1, 2:, 1:-1] + a[1:-1, :-2, 1:-1]
    near = near + a[1:-1, 1:-1, 2:] + a[1:-1, 1:-1, :-2]
    result = a.copy()
    result[1:-1, 1:-1, 1:-1] = np.float32(0.125) * (near - 6 * inner) + inner
    return result


def reference(A, B, T):
    for _ in range(T):
        B = _step(A)
        A = _step(B)
    return {"A": A, "B": B}

"""Updates of a triangle of a matrix, row by row, with all elements of a row at the same time."""

from allo_studio.lang import float32, grid

N, K = 240, 200


def scaled_triangle(C: float32[N, N]) -> float32[N, N]:
    D: float32[N, N]
    for i in range(N):
        for j in range(N):
            D[i, j] = C[i, j] * 1.2 if j <= i else 0.0
    return D


def rank_one(A: float32[N, K], B: float32[N, K], C: float32[N, N]) -> float32[N, N]:
    D: float32[N, N]
    buffer: float32[N, N]
    for i, j in grid(N, N, name="load"):
        buffer[i, j] = C[i, j]
    for i, k in grid(N, K, name="sum"):
        a: float32 = A[i, k] * 1.5
        for j in range(N):
            if j <= i:
                buffer[i, j] += a * B[j, k]
    for i, j in grid(N, N, name="store"):
        D[i, j] = buffer[i, j]
    return D


def rank_two(
    A: float32[N, K], A1: float32[N, K], B: float32[N, K], B1: float32[N, K], C: float32[N, N]
) -> float32[N, N]:
    D: float32[N, N]
    buffer: float32[N, N]
    for i, j in grid(N, N, name="load"):
        buffer[i, j] = C[i, j]
    for i, k in grid(N, K, name="sum"):
        a: float32 = A1[i, k]
        b: float32 = B1[i, k]
        for j in range(N):
            if j <= i:
                buffer[i, j] += A[j, k] * 1.5 * b + B[j, k] * 1.5 * a
    for i, j in grid(N, N, name="store"):
        D[i, j] = buffer[i, j]
    return D

"""A product of square matrices, C = A B."""

from allo_studio.lang import float32, grid, reduction

N = 32


def gemm(A: float32[N, N], B: float32[N, N]) -> float32[N, N]:
    C: float32[N, N] = 0.0
    for i, j in grid(N, N):
        for k in reduction(N):
            C[i, j] += A[i, k] * B[k, j]
    return C

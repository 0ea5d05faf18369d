"""A matrix product, C = A B."""

from allo_studio.lang import float32, grid, reduction

M, N, K = 1024, 1024, 1024


def gemm(A: float32[M, K], B: float32[K, N]) -> float32[M, N]:
    C: float32[M, N] = 0.0
    for i, j in grid(M, N):
        for k in reduction(K):
            C[i, j] += A[i, k] * B[k, j]
    return C

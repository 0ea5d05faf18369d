"""A matrix product, C = A B, and what an attention head scores: queries times transposed keys, scaled."""

import math

from allo_studio.lang import float32, grid, reduction

M, N, K = 16, 16, 32
SCALE = 1 / math.sqrt(K)


def matmul(A: float32[M, K], B: float32[K, N]) -> float32[M, N]:
    C: float32[M, N] = 0.0
    for i, j in grid(M, N):
        for k in reduction(K):
            C[i, j] += A[i, k] * B[k, j]
    return C


def scores(Q: float32[M, K], keys: float32[N, K]) -> float32[M, N]:
    S: float32[M, N] = 0.0
    for i, j in grid(M, N):
        for k in reduction(K):
            S[i, j] += Q[i, k] * SCALE * keys[j, k]
    return S

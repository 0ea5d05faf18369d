"""Products of matrices by rows: a row is made in registers, all its elements at the same time, and then written."""

from allo_studio.lang import float32, grid

M, N, K = 180, 190, 210


def load(X: float32[M, N]) -> float32[M, N]:
    Y: float32[M, N]
    for i, j in grid(M, N):
        Y[i, j] = X[i, j]
    return Y


def product(A: float32[M, K], B: float32[K, N]) -> float32[M, N]:
    C: float32[M, N]
    for i in range(M):
        row: float32[N]
        for j0 in range(N):
            row[j0] = 0.0
        for k in range(K):
            a: float32 = A[i, k]
            for j in range(N):
                row[j] += a * B[k, j]
        for j1 in range(N):
            C[i, j1] = row[j1]
    return C


def weighted(X: float32[M, N], Y: float32[M, N]) -> float32[M, N]:
    Z: float32[M, N]
    for i, j in grid(M, N):
        Z[i, j] = X[i, j] * 0.5 + Y[i, j] * 0.1
    return Z


def added(X: float32[M, N], Y: float32[M, N]) -> float32[M, N]:
    Z: float32[M, N]
    for i, j in grid(M, N):
        Z[i, j] = Y[i, j] * 0.1 + X[i, j]
    return Z

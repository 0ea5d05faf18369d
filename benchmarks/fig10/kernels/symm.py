"""A product with a symmetric matrix, of which a triangle is kept: sums of the rows above, then the update."""

from allo_studio.lang import float32, grid

M, N = 200, 240


def sums(A: float32[M, M], B: float32[M, N]) -> float32[M, N]:
    S: float32[M, N]
    for i in range(M):
        row: float32[N]
        for j0 in range(N):
            row[j0] = 0.0
        for k, j in grid(M, N):
            a: float32 = A[i, k]
            if k < i:
                row[j] += B[k, j] * a
        for j1 in range(N):
            S[i, j1] = row[j1]
    return S


def update(A: float32[M, M], B: float32[M, N], S: float32[M, N], C: float32[M, N]):
    for i in range(M):
        for k in range(i):
            a: float32 = A[i, k]
            for j in range(N):
                C[k, j] += B[i, j] * 1.5 * a
        for j1 in range(N):
            C[i, j1] = C[i, j1] * 1.2 + B[i, j1] * 1.5 * A[i, i] + S[i, j1] * 1.5

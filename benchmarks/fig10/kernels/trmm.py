"""A product with a triangular matrix, row by row in registers, and a scaling of the whole."""

from allo_studio.lang import float32

M, N = 200, 240


def rows(A: float32[M, M], B: float32[M, N]):
    for i in range(M):
        row: float32[N]
        for j0 in range(N):
            row[j0] = B[i, j0]
        for k in range(M):
            a: float32 = A[i, k]
            for j in range(N):
                if k > i:
                    row[j] += a * row[j]
        for j1 in range(N):
            B[i, j1] = row[j1]


def scaled(B: float32[M, N]):
    for i in range(M):
        for j in range(N):
            B[i, j] = B[i, j] * 1.5

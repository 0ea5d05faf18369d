"""Linear algebra on dense matrices, stored by rows.

Every matrix that is an operand row by row is read once, in order, and so is every result written: blocks of this file
follow each other through FIFOs. What is used as a whole (`B`, `x`) comes first.
"""

from allo_studio.lang import float32, grid, reduction

# The rows and columns of results, and how many products are summed for each element.
M, N, K = 64, 64, 64


def gemm_row_wise(A: float32[M, K], B: float32[K, N]) -> float32[M, N]:
    """C = A B, a row of C at a time: each element of A is multiplied by a row of B.

    A is M x K, B is K x N, and C is M x N. A row of A and one of C are kept; sums of one row go in turn, so that a sum
    need not wait for itself.
    """
    C: float32[M, N]
    for i in grid(M, name="rows"):
        held: float32[K]
        row: float32[N] = 0.0
        for m in range(K):
            held[m] = A[i, m]
        for k in reduction(K):
            for j in range(N):
                row[j] += held[k] * B[k, j]
        for n in range(N):
            C[i, n] = row[n]
    return C


def gemm_inner_product(A: float32[M, K], B: float32[K, N]) -> float32[M, N]:
    """C = A B, an element of C at a time: the inner product of a row of A and a column of B.

    A is M x K, B is K x N, and C is M x N. A row of A is kept in a buffer of K numbers.
    """
    C: float32[M, N]
    for i in grid(M, name="rows"):
        row: float32[K]
        for m in range(K):
            row[m] = A[i, m]
        for j in range(N):
            total: float32 = 0.0
            for k in reduction(K):
                total += row[k] * B[k, j]
            C[i, j] = total
    return C


def gemv(A: float32[M, K], x: float32[K]) -> float32[M]:
    """y = A x, the product of a matrix and a vector.

    A is M x K, x has K numbers, and y has M. x is kept; A goes through, row by row.
    """
    y: float32[M]
    held: float32[K]
    for m in grid(K, name="take"):
        held[m] = x[m]
    for i in grid(M, name="rows"):
        total: float32 = 0.0
        for k in reduction(K):
            total += A[i, k] * held[k]
        y[i] = total
    return y


def transpose(A: float32[M, N]) -> float32[N, M]:
    """T = A transposed: T[j, i] = A[i, j].

    A is M x N, and T is N x M. A is taken in whole, by rows, before the first row of T leaves.
    """
    T: float32[N, M]
    held: float32[M, N]
    for i, j in grid(M, N, name="take"):
        held[i, j] = A[i, j]
    for n, m in grid(N, M, name="give"):
        T[n, m] = held[m, n]
    return T

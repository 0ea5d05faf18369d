"""Normalisation of the rows of a matrix.

A sum of floats waits for the one before it, so TOGETHER rows are taken in turn, element by element: each sum then has
as many cycles as there are rows. They come and go in the order of the matrix, through a buffer of TOGETHER rows.
"""

from allo_studio.lang import exp, float32, grid, max, sqrt

# The matrix has M rows of N; TOGETHER divides M.
M, N = 64, 64
TOGETHER = 8
# What is added to the variance, so that a row of equal numbers divides by no 0.
EPSILON = 1e-5


def softmax(x: float32[M, N]) -> float32[M, N]:
    """y[i, j] = exp(x[i, j]) / sum of exp(x[i, :]), row by row; x and y are M x N.

    The greatest of a row is taken off first, so that no power overflows.
    """
    y: float32[M, N]
    for block in grid(M // TOGETHER, name="blocks"):
        rows: float32[TOGETHER, N]
        highest: float32[TOGETHER]
        total: float32[TOGETHER] = 0.0
        for r, j in grid(TOGETHER, N):
            rows[r, j] = x[TOGETHER * block + r, j]
        for first in range(TOGETHER):
            highest[first] = rows[first, 0]
        for a, ra in grid(N, TOGETHER):
            highest[ra] = max(highest[ra], rows[ra, a])
        for b, rb in grid(N, TOGETHER):
            power: float32 = exp(rows[rb, b] - highest[rb])
            rows[rb, b] = power
            total[rb] += power
        for each in range(TOGETHER):
            total[each] = 1.0 / total[each]
        for s, n in grid(TOGETHER, N):
            y[TOGETHER * block + s, n] = rows[s, n] * total[s]
    return y


def layer_norm(x: float32[M, N], gamma: float32[N], beta: float32[N]) -> float32[M, N]:
    """y[i, j] = (x[i, j] - mean of x[i, :]) / sqrt(variance of x[i, :] + EPSILON) * gamma[j] + beta[j].

    x and y are M x N, gamma and beta have N numbers. The variance is that of the row itself: its sum is divided by N.
    """
    y: float32[M, N]
    gain: float32[N]
    shift: float32[N]
    for g in grid(N, name="take_gamma"):
        gain[g] = gamma[g]
    for h in grid(N, name="take_beta"):
        shift[h] = beta[h]
    for block in grid(M // TOGETHER, name="blocks"):
        rows: float32[TOGETHER, N]
        mean: float32[TOGETHER] = 0.0
        spread: float32[TOGETHER] = 0.0
        for r, j in grid(TOGETHER, N):
            rows[r, j] = x[TOGETHER * block + r, j]
        for a, ra in grid(N, TOGETHER):
            mean[ra] += rows[ra, a]
        for each in range(TOGETHER):
            mean[each] = mean[each] * (1.0 / N)
        for b, rb in grid(N, TOGETHER):
            away: float32 = rows[rb, b] - mean[rb]
            rows[rb, b] = away
            spread[rb] += away * away
        for one in range(TOGETHER):
            spread[one] = 1.0 / sqrt(spread[one] * (1.0 / N) + EPSILON)
        for s, n in grid(TOGETHER, N):
            y[TOGETHER * block + s, n] = rows[s, n] * spread[s] * gain[n] + shift[n]
    return y

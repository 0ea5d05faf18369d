"""What is done to a row at a time: sums with another, a bias, a norm, and two rows put side by side."""

from allo_studio.lang import float32, grid, max, sqrt

ROWS, COLUMNS = 16, 32
# Rows taken in turn in a norm, so that no sum waits for itself.
TOGETHER = 8
EPSILON = 1e-5


def add(A: float32[ROWS, COLUMNS], B: float32[ROWS, COLUMNS]) -> float32[ROWS, COLUMNS]:
    C: float32[ROWS, COLUMNS]
    for i, j in grid(ROWS, COLUMNS):
        C[i, j] = A[i, j] + B[i, j]
    return C


def bias(A: float32[ROWS, COLUMNS], b: float32[COLUMNS]) -> float32[ROWS, COLUMNS]:
    C: float32[ROWS, COLUMNS]
    for i, j in grid(ROWS, COLUMNS):
        C[i, j] = A[i, j] + b[j]
    return C


def bias_relu(A: float32[ROWS, COLUMNS], b: float32[COLUMNS]) -> float32[ROWS, COLUMNS]:
    C: float32[ROWS, COLUMNS]
    for i, j in grid(ROWS, COLUMNS):
        C[i, j] = max(A[i, j] + b[j], 0.0)
    return C


def side_by_side(A: float32[ROWS, COLUMNS], B: float32[ROWS, COLUMNS]) -> float32[ROWS, 2 * COLUMNS]:
    C: float32[ROWS, 2 * COLUMNS]
    for i in range(ROWS):
        row: float32[2 * COLUMNS]
        for j in range(COLUMNS):
            row[j] = A[i, j]
            row[COLUMNS + j] = B[i, j]
        for k in range(2 * COLUMNS):
            C[i, k] = row[k]
    return C


def layer_norm(A: float32[ROWS, COLUMNS], gain: float32[COLUMNS], shift: float32[COLUMNS]) -> float32[ROWS, COLUMNS]:
    C: float32[ROWS, COLUMNS]
    for block in range(ROWS // TOGETHER):
        row: float32[TOGETHER, COLUMNS]
        mean: float32[TOGETHER] = 0.0
        spread: float32[TOGETHER] = 0.0
        for r, j in grid(TOGETHER, COLUMNS):
            row[r, j] = A[TOGETHER * block + r, j]
        for j, r in grid(COLUMNS, TOGETHER):
            mean[r] += row[r, j]
        for r in range(TOGETHER):
            mean[r] = mean[r] * (1.0 / COLUMNS)
        for j, r in grid(COLUMNS, TOGETHER):
            away: float32 = row[r, j] - mean[r]
            row[r, j] = away
            spread[r] += away * away
        for r in range(TOGETHER):
            spread[r] = 1.0 / sqrt(spread[r] * (1.0 / COLUMNS) + EPSILON)
        for r, j in grid(TOGETHER, COLUMNS):
            C[TOGETHER * block + r, j] = row[r, j] * spread[r] * gain[j] + shift[j]
    return C

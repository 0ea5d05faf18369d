"""Two ways for the rows of a matrix that meet again: one passes elements on, one needs a whole row first."""

from allo_studio.lang import grid, int16, int32

ROWS, COLUMNS = 32, 24


def fork(X: int16[ROWS, COLUMNS]) -> (int16[ROWS, COLUMNS], int16[ROWS, COLUMNS]):
    near: int16[ROWS, COLUMNS]
    far: int16[ROWS, COLUMNS]
    for i, j in grid(ROWS, COLUMNS):
        x: int16 = X[i, j]
        near[i, j] = x
        far[i, j] = x
    return near, far


def scale(X: int16[ROWS, COLUMNS], gain: int16) -> int32[ROWS, COLUMNS]:
    Y: int32[ROWS, COLUMNS]
    for i, j in grid(ROWS, COLUMNS):
        Y[i, j] = X[i, j] * gain
    return Y


def deviation(X: int16[ROWS, COLUMNS]) -> int32[ROWS, COLUMNS]:
    Y: int32[ROWS, COLUMNS]
    for i in range(ROWS):
        row: int16[COLUMNS]
        total: int32 = 0
        for j in range(COLUMNS):
            x: int16 = X[i, j]
            row[j] = x
            total += x
        for k in range(COLUMNS):
            Y[i, k] = row[k] * COLUMNS - total
    return Y


def join(near: int32[ROWS, COLUMNS], far: int32[ROWS, COLUMNS]) -> int32[ROWS, COLUMNS]:
    Z: int32[ROWS, COLUMNS]
    for i, j in grid(ROWS, COLUMNS):
        Z[i, j] = near[i, j] + far[i, j]
    return Z

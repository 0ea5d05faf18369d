"""The softmax of each row, several rows in turn so that no sum waits for itself."""

from allo_studio.lang import exp, float32, grid, max

ROWS, COLUMNS = 16, 16
TOGETHER = 8


def softmax(S: float32[ROWS, COLUMNS]) -> float32[ROWS, COLUMNS]:
    P: float32[ROWS, COLUMNS]
    for block in range(ROWS // TOGETHER):
        row: float32[TOGETHER, COLUMNS]
        highest: float32[TOGETHER]
        total: float32[TOGETHER] = 0.0
        for r, j in grid(TOGETHER, COLUMNS):
            row[r, j] = S[TOGETHER * block + r, j]
        for r in range(TOGETHER):
            highest[r] = row[r, 0]
        # The greatest of a row becomes 0, so that no power overflows.
        for j, r in grid(COLUMNS, TOGETHER):
            highest[r] = max(highest[r], row[r, j])
        for j, r in grid(COLUMNS, TOGETHER):
            power: float32 = exp(row[r, j] - highest[r])
            row[r, j] = power
            total[r] += power
        for r in range(TOGETHER):
            total[r] = 1.0 / total[r]
        for r, j in grid(TOGETHER, COLUMNS):
            P[TOGETHER * block + r, j] = row[r, j] * total[r]
    return P

"""A dense layer on 8-bit integers, as quantised networks have it."""

from allo_studio.lang import int8, int32

# Rows in a batch, values in a row, values in a result's row.
B, K, N = 16, 64, 32
# How far sums are shifted down, and the least result: 0 cuts off what is negative.
SHIFT, LOW = 7, 0


def dense(x: int8[B, K], w: int8[K, N], b: int32[N]) -> int8[B, N]:
    y: int8[B, N]
    for i in range(B):
        acc: int32[N]
        for n in range(N):
            acc[n] = b[n]
        for k in range(K):
            for j in range(N):
                acc[j] += x[i, k] * w[k, j]
        for m in range(N):
            y[i, m] = min(max(acc[m] >> SHIFT, LOW), 127)
    return y

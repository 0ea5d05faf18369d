"""Correlation, in four stages: means, deviations, centred data, and the products of its columns."""

from allo_studio.lang import float32, grid, sqrt

N, M = 260, 240


def means(data: float32[N, M]) -> float32[M]:
    mean: float32[M]
    for x in range(M):
        total: float32 = 0.0
        for k in range(N):
            total += data[k, x]
        mean[x] = total / 260.0
    return mean


def deviations(data: float32[N, M], mean: float32[M]) -> (float32[M], float32[M]):
    passed: float32[M]
    deviation: float32[M]
    for x in range(M):
        m: float32 = mean[x]
        total: float32 = 0.0
        for k in range(N):
            d: float32 = data[k, x] - m
            total += d * d
        deviation[x] = sqrt(total / 260.0)
        passed[x] = m
    return passed, deviation


def centred(data: float32[N, M], mean: float32[M], deviation: float32[M]) -> float32[N, M]:
    out: float32[N, M]
    for y in range(M):
        m: float32 = mean[y]
        s: float32 = deviation[y] * 16.124516
        for x in range(N):
            out[x, y] = (data[x, y] - m) / s
    return out


def products(data: float32[N, M]) -> float32[M, M]:
    corr: float32[M, M]
    for a, b in grid(M, M, name="clear"):
        corr[a, b] = 0.0
    for i in range(M - 1):
        corr[i, i] = 1.0
        for j in range(M - 1):
            if j < M - 1 - i:
                total: float32 = 0.0
                for k in range(N):
                    total += data[k, i] * data[k, i + j + 1]
                corr[i + j + 1, i] = total
    corr[M - 1, M - 1] = 1.0
    return corr

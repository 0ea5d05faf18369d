"""Activations: each element of a matrix of M rows of N through the same function, in order."""

import math

from allo_studio.lang import exp, float32, grid, max, tanh

M, N = 64, 64
_SLOPE = math.sqrt(2 / math.pi)


def relu(x: float32[M, N]) -> float32[M, N]:
    """y = max(x, 0). x and y are M x N."""
    y: float32[M, N]
    for i, j in grid(M, N):
        y[i, j] = max(x[i, j], 0.0)
    return y


def sigmoid(x: float32[M, N]) -> float32[M, N]:
    """y = 1 / (1 + exp(-x)), from 0 to 1. x and y are M x N."""
    y: float32[M, N]
    for i, j in grid(M, N):
        y[i, j] = 1.0 / (1.0 + exp(-x[i, j]))
    return y


def gelu(x: float32[M, N]) -> float32[M, N]:
    """y = x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))), the usual approximation of GELU. x and y are M x N."""
    y: float32[M, N]
    for i, j in grid(M, N):
        v: float32 = x[i, j]
        inner: float32 = _SLOPE * (v + 0.044715 * v * v * v)
        y[i, j] = 0.5 * v * (1.0 + tanh(inner))
    return y

"""Element-wise sums and products on matrices of M rows of N, in order."""

from allo_studio.lang import float32, grid

M, N = 64, 64


def bias_add(x: float32[M, N], bias: float32[N]) -> float32[M, N]:
    """y[i, j] = x[i, j] + bias[j]. x and y are M x N, bias has N numbers, which are kept."""
    y: float32[M, N]
    held: float32[N]
    for n in grid(N, name="take"):
        held[n] = bias[n]
    for i, j in grid(M, N, name="rows"):
        y[i, j] = x[i, j] + held[j]
    return y


def residual_add(x: float32[M, N], skip: float32[M, N]) -> float32[M, N]:
    """y = x + skip, where `skip` went around the blocks that made x. All are M x N."""
    y: float32[M, N]
    for i, j in grid(M, N):
        y[i, j] = x[i, j] + skip[i, j]
    return y


def scale(x: float32[M, N], factor: float32) -> float32[M, N]:
    """y = factor * x, with one number for all elements. x and y are M x N."""
    y: float32[M, N]
    for i, j in grid(M, N):
        y[i, j] = factor * x[i, j]
    return y

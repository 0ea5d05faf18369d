"""Pooling of images whose channels lie innermost, as in image[row, column, channel].

Windows of R x R stand side by side. An image goes through in its order, a row of results is kept at a time.
"""

from allo_studio.lang import float32, grid, max

# The image's height, width and channels; the height and width of a window, which divides those of the image.
H, W, C = 16, 16, 8
R = 2


def max_pool2d(x: float32[H, W, C]) -> float32[H // R, W // R, C]:
    """The greatest of each window, channel by channel.

    x is H x W x C, and y is (H / R) x (W / R) x C.
    """
    y: float32[H // R, W // R, C]
    for row in grid(H // R, name="rows"):
        # The 0 is never compared with: the first of a window takes its place.
        best: float32[W // R, C] = 0.0
        for p, column, q, c in grid(R, W // R, R, C):
            value: float32 = x[R * row + p, R * column + q, c]
            best[column, c] = value if p == 0 and q == 0 else max(best[column, c], value)
        for n, k in grid(W // R, C):
            y[row, n, k] = best[n, k]
    return y


def avg_pool2d(x: float32[H, W, C]) -> float32[H // R, W // R, C]:
    """The mean of each window, channel by channel.

    x is H x W x C, and y is (H / R) x (W / R) x C.
    """
    y: float32[H // R, W // R, C]
    for row in grid(H // R, name="rows"):
        total: float32[W // R, C] = 0.0
        for p, column, q, c in grid(R, W // R, R, C):
            total[column, c] += x[R * row + p, R * column + q, c]
        for n, k in grid(W // R, C):
            y[row, n, k] = total[n, k] * (1.0 / (R * R))
    return y

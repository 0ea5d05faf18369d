"""Convolutions of images whose channels lie innermost, as in image[row, column, channel].

Only windows that lie in the image as a whole are taken (`valid`), and the window moves by one. Nothing is mirrored: a
window is multiplied element by element, as neural networks have it.
"""

from allo_studio.lang import float32, grid, reduction

# The image's height, width and channels; the number of filters; the height and width of a filter.
H, W, C = 16, 16, 4
F = 4
R = 3


def conv2d(x: float32[H, W, C], w: float32[F, R, R, C]) -> float32[H - R + 1, W - R + 1, F]:
    """Each of F filters gives a channel of the result: the sums of its products with all windows of the image.

    x is H x W x C, w is F x R x R x C, and y is (H - R + 1) x (W - R + 1) x F.
    """
    y: float32[H - R + 1, W - R + 1, F]
    for row, column in grid(H - R + 1, W - R + 1, name="windows"):
        for f in range(F):
            total: float32 = 0.0
            for p, q, c in reduction(R, R, C):
                total += x[row + p, column + q, c] * w[f, p, q, c]
            y[row, column, f] = total
    return y


def depthwise_conv2d(x: float32[H, W, C], w: float32[R, R, C]) -> float32[H - R + 1, W - R + 1, C]:
    """Each channel of the image has a filter of its own, which gives that channel of the result.

    x is H x W x C, w is R x R x C, and y is (H - R + 1) x (W - R + 1) x C.
    """
    y: float32[H - R + 1, W - R + 1, C]
    for row, column in grid(H - R + 1, W - R + 1, name="windows"):
        for c in range(C):
            total: float32 = 0.0
            for p, q in reduction(R, R):
                total += x[row + p, column + q, c] * w[p, q, c]
            y[row, column, c] = total
    return y

"""deriche: recursive edge-smoothing filter over the rows, then over the columns of an image."""

from __future__ import annotations

import numpy as np

from allo_studio.lang import exp, float32, grid

W, H = 10, 8
SIZES = {"medium": {"W": 720, "H": 480}, "large": {"W": 4096, "H": 2160}, "extralarge": {"W": 7680, "H": 4320}}
SCHEDULE = [
    ("fuse", {"axes": ["row_sum:i", "row_sum:j"]}),
    ("pipeline", {"axis": "row_sum:i_j_fused"}),
    ("fuse", {"axes": ["column_sum:i", "column_sum:j"]}),
    ("pipeline", {"axis": "column_sum:i_j_fused"}),
]


def deriche(alpha: float32, image: float32[W, H]) -> float32[W, H]:
    result: float32[W, H]
    rising: float32[W, H]
    falling: float32[W, H]
    decay: float32 = exp(-alpha)
    gain: float32 = (1.0 - decay) * (1.0 - decay) / (1.0 + 2.0 * alpha * decay - exp(2.0 * alpha))
    a1: float32 = gain
    a2: float32 = gain * decay * (alpha - 1.0)
    a3: float32 = gain * decay * (alpha + 1.0)
    a4: float32 = -gain * exp(-2.0 * alpha)
    b1: float32 = 2.0 ** (-alpha)
    b2: float32 = -exp(-2.0 * alpha)
    for i in grid(W, name="rows_forward"):
        x1: float32 = 0.0
        y1: float32 = 0.0
        y2: float32 = 0.0
        for j in range(H):
            rising[i, j] = a1 * image[i, j] + a2 * x1 + b1 * y1 + b2 * y2
            x1 = image[i, j]
            y2 = y1
            y1 = rising[i, j]
    for i in grid(W, name="rows_backward"):
        x1: float32 = 0.0
        x2: float32 = 0.0
        y1: float32 = 0.0
        y2: float32 = 0.0
        for j in range(H - 1, -1, -1):
            falling[i, j] = a3 * x1 + a4 * x2 + b1 * y1 + b2 * y2
            x2 = x1
            x1 = image[i, j]
            y2 = y1
            y1 = falling[i, j]
    for i, j in grid(W, H, name="row_sum"):
        result[i, j] = rising[i, j] + falling[i, j]
    for j in grid(H, name="columns_forward"):
        x1: float32 = 0.0
        y1: float32 = 0.0
        y2: float32 = 0.0
        for i in range(W):
            rising[i, j] = a1 * result[i, j] + a2 * x1 + b1 * y1 + b2 * y2
            x1 = result[i, j]
            y2 = y1
            y1 = rising[i, j]
    for j in grid(H, name="columns_backward"):
        x1: float32 = 0.0
        x2: float32 = 0.0
        y1: float32 = 0.0
        y2: float32 = 0.0
        for i in range(W - 1, -1, -1):
            falling[i, j] = a3 * x1 + a4 * x2 + b1 * y1 + b2 * y2
            x2 = x1
            x1 = result[i, j]
            y2 = y1
            y1 = falling[i, j]
    for i, j in grid(W, H, name="column_sum"):
        result[i, j] = rising[i, j] + falling[i, j]
    return result


def inputs(rng, W, H):
    return {"alpha": np.float32(0.25), "image": rng.random((W, H), np.float32)}


def _filtered(image, alpha):
    """Filter along the first axis, in both directions."""
    gain = (1 - np.exp(-alpha)) ** 2 / (1 + 2 * alpha * np.exp(-alpha) - np.exp(2 * alpha))
    up = gain * np.array([1, np.exp(-alpha) * (alpha - 1)])
    down = gain * np.array([np.exp(-alpha) * (alpha + 1), -np.exp(-2 * alpha)])
    back = np.array([2.0**-alpha, -np.exp(-2 * alpha)])
    padded = np.vstack([np.zeros((2, image.shape[1])), image, np.zeros((2, image.shape[1]))])
    rising, falling = np.zeros_like(padded), np.zeros_like(padded)
    for n in range(2, len(padded) - 2):
        rising[n] = up @ padded[[n, n - 1]] + back @ rising[[n - 1, n - 2]]
    for n in range(len(padded) - 3, 1, -1):
        falling[n] = down @ padded[[n + 1, n + 2]] + back @ falling[[n + 1, n + 2]]
    return (rising + falling)[2:-2]


def reference(alpha, image):
    alpha = float(alpha)
    rows = _filtered(image.T.astype(np.float64), alpha).T
    return {"result": _filtered(rows, alpha).astype(np.float32)}

"""Makes `weights/mlp.npz`: trains the network on drawn digits, and quantises it. Run it with Python and numpy.

The digits are those of a seven-segment display on 8 x 8 pixels, shifted, dimmed and with noise on them.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

# Which segments each digit lights: top, upper left, upper right, middle, lower left, lower right, bottom.
DIGITS = ("1110111", "0010010", "1011101", "1011011", "0111010", "1101011", "1101111", "1010010", "1111111", "1111011")
# Rows and columns of each segment.
SEGMENTS = ((0, 0, 1, 4), (0, 3, 1, 2), (0, 3, 4, 5), (3, 3, 1, 4), (3, 6, 1, 2), (3, 6, 4, 5), (6, 6, 1, 4))
SIZES = (64, 32, 32, 10)
SHIFT = 7


def digits(count: int, seed: int) -> tuple[Array, Array]:
    """Return images (count x 64, int8) and the digits on them."""
    numbers = np.random.default_rng(seed)
    labels = numbers.integers(0, 10, count)
    images = numbers.normal(0, 6, (count, 8, 8))
    for image, label in zip(images, labels, strict=True):
        down, right, light = numbers.integers(0, 2), numbers.integers(0, 3), numbers.uniform(40, 90)
        for lit, (top, bottom, left, end) in zip(DIGITS[label], SEGMENTS, strict=True):
            if lit == "1":
                image[top + down : bottom + down + 1, left + right : max(end, left + 1) + right] += light
    return np.clip(np.rint(images), -128, 127).astype(np.int8).reshape(count, 64), labels


def layers(weights: dict[str, Array], images: Array) -> Array:
    """Return what the network says of images, in integers as the hardware computes it."""
    values = images.astype(np.int64)
    for number in range(1, len(SIZES)):
        values = (values @ weights[f"w{number}"].astype(np.int64) + weights[f"b{number}"]) >> SHIFT
        values = np.clip(values, 0 if number < len(SIZES) - 1 else -128, 127)
    return values


def train(steps: int = 3000) -> dict[str, Array]:
    """Return trained weights as int8 and biases as int32, both such that sums shifted by SHIFT fit int8."""
    numbers = np.random.default_rng(0)
    pairs = list(pairwise(SIZES))
    weights = [numbers.normal(0, (2 / k) ** 0.5, (k, n)) for k, n in pairs]
    biases = [np.zeros(n) for _, n in pairs]
    for step in range(steps):
        images, labels = digits(64, 1000 + step)
        held = [images / 64.0]
        for w, b in zip(weights, biases, strict=True):
            last = w is weights[-1]
            held.append(held[-1] @ w + b if last else np.maximum(held[-1] @ w + b, 0))
        scores = np.exp(held[-1] - held[-1].max(1, keepdims=True))
        slope = scores / scores.sum(1, keepdims=True) - np.eye(10)[labels]
        for layer in reversed(range(len(weights))):
            down, bias = held[layer].T @ slope / 64, slope.mean(0)
            slope = (slope @ weights[layer].T) * (held[layer] > 0)
            weights[layer] -= 0.1 * down
            biases[layer] -= 0.1 * bias
    return _quantised(weights, biases, digits(2000, 1)[0])


def _quantised(weights: list[Array], biases: list[Array], images: Array) -> dict[str, Array]:
    """Scale each layer so that its greatest results are near 127, and its weights fit int8."""
    made: dict[str, Array] = {}
    values, scale = images.astype(np.float64), 64.0
    for number, (w, b) in enumerate(zip(weights, biases, strict=True), start=1):
        most = np.abs(values @ w + b * scale).max()
        factor = min(120.0 / most * 2**SHIFT, 127.0 / np.abs(w).max())
        made[f"w{number}"] = np.rint(w * factor).astype(np.int8)
        made[f"b{number}"] = np.rint(b * scale * factor).astype(np.int32)
        values = np.maximum(values @ w + b * scale, 0) * factor / 2**SHIFT
        scale *= factor / 2**SHIFT
    return made


if __name__ == "__main__":
    weights = train()
    images, labels = digits(2000, 2)
    np.savez(Path(__file__).parent / "weights" / "mlp.npz", **weights)
    print(f"{(layers(weights, images).argmax(1) == labels).mean():.1%} of 2000 digits are recognised")

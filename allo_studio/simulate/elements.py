"""Arrays as the bytes of a testbench's data file: elements in row-major order, each the bits of its type.

An element takes as many whole bytes as its bits need, the least significant first; the bits above are 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from allo_studio.types import ArrayType
from allo_studio.words import bits_dtype, from_bits, to_bits

__all__ = ["decode", "encode", "encoded_size"]


def encoded_size(kind: ArrayType) -> int:
    """Return the bytes of an array's file."""
    return kind.size * _width(kind)


def encode(array: NDArray[Any], kind: ArrayType) -> bytes:
    """Return the bytes of an array of `kind`; where a size is named, it may be smaller, and zeros fill it up."""
    bits = to_bits(np.asarray(array), kind.element)
    if bits.shape != kind.shape:
        whole = np.zeros(kind.shape, bits.dtype)
        whole[tuple(slice(extent) for extent in bits.shape)] = bits
        bits = whole
    width = _width(kind)
    if bits.dtype.hasobject:
        return b"".join(int(value).to_bytes(width, "little") for value in bits.ravel())
    whole = np.ascontiguousarray(bits.ravel(), bits.dtype.newbyteorder("<"))
    return whole.view(np.uint8).reshape(-1, bits.itemsize)[:, :width].tobytes()


def decode(content: bytes, kind: ArrayType, shape: tuple[int, ...]) -> NDArray[Any]:
    """Return the array of `kind` that `content` is, cut to `shape` where a size is named."""
    width, dtype = _width(kind), bits_dtype(kind.element.bits)
    if dtype.hasobject:
        words = [int.from_bytes(content[at : at + width], "little") for at in range(0, len(content), width)]
        bits = np.empty(len(words), object)
        bits[:] = words
    else:
        bytes_ = np.zeros((kind.size, dtype.itemsize), np.uint8)
        bytes_[:, :width] = np.frombuffer(content, np.uint8).reshape(-1, width)
        bits = bytes_.view(dtype.newbyteorder("<")).ravel().astype(dtype)
    whole = from_bits(bits.reshape(kind.shape), kind.element)
    return np.asarray(whole[tuple(slice(extent) for extent in shape)]) if shape else whole


def _width(kind: ArrayType) -> int:
    return -(-kind.element.bits // 8)

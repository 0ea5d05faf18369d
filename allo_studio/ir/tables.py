"""The initial values of a module's memories, as numbers: integers have a sign."""

from __future__ import annotations

import re
from math import prod

import numpy as np

from allo_studio.ir.binding import ir
from allo_studio.ir.views import array_type
from allo_studio.types import ArrayType, ScalarType

__all__ = ["initial_elements"]

_WORD = re.compile(r"true|false|0x[0-9A-Fa-f]+|-?\d[\d.]*(?:[eE][+-]?\d+)?")


def initial_elements(module: ir.Module, name: str) -> tuple[ArrayType, list[int | float]]:
    """Return the type of a `memref.global` and its elements, row by row: zeros where it states none."""
    symbols = {str(op.operation.attributes["sym_name"]).strip('"'): op.operation for op in module.body.operations}
    op = symbols[name]
    kind = array_type(ir.TypeAttr(op.attributes["type"]).value)
    count = prod(kind.shape)
    if "initial_value" not in op.attributes or isinstance(op.attributes["initial_value"], ir.UnitAttr):
        return kind, [0.0 if kind.element.is_float else 0] * count
    numbers = _dense(str(op.attributes["initial_value"]), kind.element)
    return kind, numbers * (count if len(numbers) == 1 else 1)


def _dense(printed: str, kind: ScalarType) -> list[int | float]:
    """Return the numbers of a printed `dense<...>`: words, or all elements' bytes as one text.

    The bindings read neither the 16-bit floats nor integers of other widths than the usual ones.
    """
    body = printed[: printed.rindex("> : ")]
    packed = re.search(r'"0x([0-9A-Fa-f]*)"', body)
    if not packed:
        return [_number(word, kind) for word in _WORD.findall(body)]
    data, size = bytes.fromhex(packed[1]), -(-kind.bits // 8)
    return [_from_bits(int.from_bytes(data[at : at + size], "little"), kind) for at in range(0, len(data), size)]


def _number(word: str, kind: ScalarType) -> int | float:
    if word in ("true", "false"):
        return -int(word == "true")
    if word.startswith("0x"):
        return _from_bits(int(word, 16), kind)
    return float(word) if kind.is_float else _signed(int(word), kind.bits)


def _from_bits(bits: int, kind: ScalarType) -> int | float:
    if not kind.is_float:
        return _signed(bits, kind.bits)
    return float(np.array(bits, f"u{kind.bits // 8}").view(kind.dtype).astype(np.float64))


def _signed(value: int, bits: int) -> int:
    half = 1 << (bits - 1)
    return ((value + half) & ((1 << bits) - 1)) - half

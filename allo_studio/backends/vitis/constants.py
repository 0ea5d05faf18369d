"""Constant tables and state: the initial values of an MLIR module's globals as C++."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import prod

import ml_dtypes
import numpy as np

from allo_studio.backends.vitis.expressions import boolean, float_literal, integer_literal
from allo_studio.backends.vitis.memories import Memory
from allo_studio.ir.binding import ir

__all__ = ["global_of", "initial_value", "literal"]

_NUMBER = re.compile(r"0x[0-9A-Fa-f]+|true|false|-?[0-9][0-9.eE+-]*")
_LONGEST_LINE = 100


def global_of(module: ir.Module, op: ir.Operation) -> ir.Operation:
    """Return the `memref.global` that a `memref.get_global` names."""
    name = str(ir.FlatSymbolRefAttr(op.attributes["name"]).value)
    for found in module.body.operations:
        if found.operation.name == "memref.global" and ir.StringAttr(found.attributes["sym_name"]).value == name:
            return found.operation
    raise ValueError(f"the module has no global {name}")


def initial_value(memory: Memory, definition: ir.Operation) -> str:
    """Return the C++ initialiser of a global, `{0}` of one that states no value."""
    if "initial_value" not in definition.attributes:
        return "{}" if memory.type.shape else literal(0, memory)
    value = definition.attributes["initial_value"].maybe_downcast()
    if not isinstance(value, ir.DenseElementsAttr):
        return "{}" if memory.type.shape else literal(0, memory)
    numbers = _elements(value, memory)
    if not memory.type.shape:
        return literal(numbers[0], memory)
    return _nested([literal(number, memory) for number in numbers], memory.type.shape, 1)


def literal(number: float | int, memory: Memory) -> str:
    """Return a number as an element of a memory; one of a fixed-point type is in units of its last bit."""
    element = memory.cpp
    if element.kind == "float":
        return float_literal(float(number), element).text
    whole = integer_literal(int(number), element.bits, element.signed)
    return (boolean(whole) if element.name == "bool" else whole).text


def _nested(texts: Sequence[str], shape: Sequence[int], depth: int) -> str:
    """Return elements in braces, one row a line where a row is long or there are several."""
    if len(shape) == 1:
        return "{" + _wrapped(texts, depth) + "}"
    size = prod(shape[1:])
    rows = [_nested(texts[at : at + size], shape[1:], depth + 1) for at in range(0, len(texts), size)]
    indent = "    " * (depth + 1)
    return "{\n" + ",\n".join(indent + row for row in rows) + "}"


def _wrapped(texts: Sequence[str], depth: int) -> str:
    lines, line = [], ""
    for text in texts:
        if line and len(line) + len(text) + 2 > _LONGEST_LINE:
            lines.append(line)
            line = ""
        line = f"{line}, {text}" if line else text
    lines.append(line)
    return (",\n" + "    " * (depth + 1)).join(lines)


def _elements(value: ir.DenseElementsAttr, memory: Memory) -> list[float | int]:
    """Return all elements in row-major order; the bindings read only the usual widths themselves."""
    count = memory.type.size
    try:
        found = list(value)
    except TypeError:
        found = _parsed(str(value), memory)
    return found * count if len(found) == 1 else found


def _parsed(text: str, memory: Memory) -> list[float | int]:
    """Read the printed form: numbers in brackets, or the raw bytes in one text."""
    body = text[text.index("<") + 1 : text.rindex(">")]
    body = body[: body.rindex(">")] if ">" in body else body
    if body.startswith('"0x'):
        width = -(-memory.type.element.bits // 8)
        raw = bytes.fromhex(body[3 : body.index('"', 3)])
        words = [int.from_bytes(raw[at : at + width], "little") for at in range(0, len(raw), width)]
        return [_from_bits(word, memory) for word in words]
    return [_number(word, memory) for word in _NUMBER.findall(body)]


def _number(word: str, memory: Memory) -> float | int:
    if word in ("true", "false"):
        return int(word == "true")
    if word.startswith("0x"):
        return _from_bits(int(word, 16), memory)
    return float(word) if memory.cpp.kind == "float" else int(word)


def _from_bits(word: int, memory: Memory) -> float | int:
    if memory.cpp.kind != "float":
        return word
    dtype = {"half": np.dtype(np.float16), "bfloat16": np.dtype(ml_dtypes.bfloat16)}.get(memory.cpp.name)
    dtype = dtype or np.dtype(f"f{memory.cpp.bits // 8}")
    raw = word.to_bytes(memory.cpp.bits // 8, "little")
    return float(np.frombuffer(raw, dtype)[0].astype(np.float64))

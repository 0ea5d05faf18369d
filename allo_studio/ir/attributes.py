"""Reading and writing of the `allo.*` attributes as Python values; needs the context only to write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from allo_studio.ir.binding import ir

__all__ = [
    "flag",
    "integer",
    "integer_map",
    "remove",
    "set_flag",
    "set_integer",
    "set_integer_map",
    "set_strings",
    "set_text",
    "set_text_map",
    "strings",
    "symbol",
    "text",
    "text_map",
]


def text(op: ir.Operation, name: str) -> str | None:
    """Return a string attribute, or None."""
    return str(ir.StringAttr(op.attributes[name]).value) if name in op.attributes else None


def integer(op: ir.Operation, name: str) -> int | None:
    """Return an integer attribute, or None."""
    return int(ir.IntegerAttr(op.attributes[name]).value) if name in op.attributes else None


def flag(op: ir.Operation, name: str) -> bool:
    """Tell whether a unit attribute is there."""
    return name in op.attributes


def strings(op: ir.Operation, name: str) -> tuple[str, ...]:
    """Return an array of strings, empty where the attribute is absent."""
    if name not in op.attributes:
        return ()
    return tuple(str(ir.StringAttr(entry).value) for entry in ir.ArrayAttr(op.attributes[name]))


def symbol(op: ir.Operation, name: str) -> str:
    """Return the name that a symbol reference (`@gemm`) holds."""
    return str(ir.FlatSymbolRefAttr(op.attributes[name]).value)


def text_map(op: ir.Operation, name: str) -> dict[str, str]:
    """Return a dictionary of strings, empty where the attribute is absent."""
    return {key: str(ir.StringAttr(value).value) for key, value in _entries(op, name)}


def integer_map(op: ir.Operation, name: str) -> dict[str, int]:
    """Return a dictionary of integers, empty where the attribute is absent."""
    return {key: int(ir.IntegerAttr(value).value) for key, value in _entries(op, name)}


def set_text(op: ir.Operation, name: str, value: str) -> None:
    """Set a string attribute."""
    op.attributes[name] = ir.StringAttr.get(value, op.context)


def set_integer(op: ir.Operation, name: str, value: int) -> None:
    """Set an i64 attribute."""
    op.attributes[name] = _i64(op, value)


def set_flag(op: ir.Operation, name: str) -> None:
    """Set a unit attribute."""
    op.attributes[name] = ir.UnitAttr.get(op.context)


def set_strings(op: ir.Operation, name: str, values: Sequence[str]) -> None:
    """Set an array of strings."""
    op.attributes[name] = ir.ArrayAttr.get([ir.StringAttr.get(v, op.context) for v in values], op.context)


def set_text_map(op: ir.Operation, name: str, values: Mapping[str, str]) -> None:
    """Set a dictionary of strings; an empty one removes the attribute."""
    _set_map(op, name, {key: ir.StringAttr.get(value, op.context) for key, value in values.items()})


def set_integer_map(op: ir.Operation, name: str, values: Mapping[str, int]) -> None:
    """Set a dictionary of i64; an empty one removes the attribute."""
    _set_map(op, name, {key: _i64(op, value) for key, value in values.items()})


def remove(op: ir.Operation, name: str) -> None:
    """Remove an attribute; nothing happens where it is absent."""
    if name in op.attributes:
        del op.attributes[name]


def _entries(op: ir.Operation, name: str) -> list[tuple[str, ir.Attribute]]:
    if name not in op.attributes:
        return []
    return [(str(entry.name), entry.attr) for entry in ir.DictAttr(op.attributes[name])]


def _set_map(op: ir.Operation, name: str, entries: Mapping[str, ir.Attribute]) -> None:
    if entries:
        op.attributes[name] = ir.DictAttr.get(dict(entries), op.context)
    else:
        remove(op, name)


def _i64(op: ir.Operation, value: int) -> ir.Attribute:
    return ir.IntegerAttr.get(ir.IntegerType.get_signless(64, op.context), value)

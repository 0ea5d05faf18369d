"""Bits that nothing uses, in a module that is about to be written as Verilog: linters warn of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

__all__ = ["partly_used", "unread_arrays", "unused_bits"]

# An operation and a value of CIRCT; only `circt` may import their types.
_Operation: TypeAlias = Any
_Value: TypeAlias = Any

_STORAGE = frozenset({"sv.reg", "sv.wire", "sv.logic"})
_NAMELESS = frozenset({"hw.constant", "sv.constantX", "sv.constantZ", "sv.read_inout"})
_ARRAY = "uarray"


def unused_bits(module: _Operation) -> list[tuple[_Value, int, int]]:
    """Return a value, its first bit and how many, for each stretch of bits that nothing uses.

    Values are ports, results of instances, registers as they are read, and terms of which only parts are used.
    """
    block = module.regions[0].blocks[0]
    found = [stretch for port in block.arguments for stretch in _unused([port])]
    for view in block.operations:
        operation = view.operation
        if operation.name in _STORAGE:
            if not _is_array(operation):
                found += _unused(_reads(operation.results[0]))
        elif operation.name not in _NAMELESS:
            wanted = operation.results if operation.name == "hw.instance" else _used(operation.results)
            found += [stretch for result in wanted for stretch in _unused([result])]
    return found


def partly_used(module: _Operation) -> list[_Operation]:
    """Return the terms inside of processes and conditions of which only parts are used, with what they depend on there.

    CIRCT has moved them to where they are used; `unused_bits` looks at those that are outside.
    """
    found: list[_Operation] = []
    for view in module.regions[0].blocks[0].operations:
        for operation in _inside(view.operation):
            if operation.name.startswith("comb.") and any(True for _ in _unused(list(operation.results))):
                _with_operands(operation, found)
    return found


def _inside(operation: _Operation) -> Iterator[_Operation]:
    for region in operation.regions:
        for block in region.blocks:
            for view in block.operations:
                yield view.operation
                yield from _inside(view.operation)


def _with_operands(operation: _Operation, found: list[_Operation]) -> None:
    """Append an operation after those inside of the same process that it depends on."""
    if operation in found or operation.parent.name == "hw.module":
        return
    for operand in operation.operands:
        if hasattr(operand.owner, "operands"):
            _with_operands(operand.owner, found)
    found.append(operation)


def unread_arrays(module: _Operation) -> list[_Operation]:
    """Return the arrays of a module of which no word is read."""
    operations = [view.operation for view in module.regions[0].blocks[0].operations]
    return [each for each in operations if each.name == "sv.reg" and _is_array(each) and _is_unread(each)]


def _is_array(storage: _Operation) -> bool:
    return _ARRAY in str(storage.results[0].type)


def _is_unread(array: _Operation) -> bool:
    words = [use.owner.operation for use in array.results[0].uses]
    return not any(_reads(word.results[0]) for word in words if word.name == "sv.array_index_inout")


def _reads(storage: _Value) -> list[_Value]:
    users = [use.owner.operation for use in storage.uses]
    return [user.results[0] for user in users if user.name == "sv.read_inout"]


def _used(values: Iterable[_Value]) -> list[_Value]:
    return [value for value in values if next(iter(value.uses), None) is not None]


def _unused(same: list[_Value]) -> Iterator[tuple[_Value, int, int]]:
    """Yield the stretches of bits of which none of several values, which are one, is used."""
    width = getattr(same[0].type, "width", 0) if same else 0
    left = (1 << width) - 1
    for value in same:
        for use in value.uses:
            user = use.owner.operation
            if user.name != "comb.extract":
                return
            left &= ~(((1 << user.results[0].type.width) - 1) << user.attributes["lowBit"].value)
            if not left:
                return
    low = 0
    while left >> low:
        low += ((left >> low) & -(left >> low)).bit_length() - 1
        size = (~(left >> low) & ((left >> low) + 1)).bit_length() - 1
        yield same[0], low, size
        low += size

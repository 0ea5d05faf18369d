"""Other arrays for a function than those that it was given; in place, with the context current."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from allo_studio.ir import Direction, KernelIR
from allo_studio.ir.attributes import set_strings, set_text_map, strings, symbol, text_map
from allo_studio.ir.binding import func, ir
from allo_studio.ir.build import memref_type
from allo_studio.ir.rewrite import before, erase
from allo_studio.primitives.retype import fit_function_type, set_declared
from allo_studio.types import ArrayType

__all__ = ["Given", "add_parameters", "drop_parameter"]

_BY_NAME = ("allo.types", "allo.memories", "allo.layouts")


@dataclass(frozen=True, eq=False)
class Given:
    """An array for a new parameter: the parameter's name, and the caller's array."""

    name: str
    type: ArrayType
    direction: Direction
    value: ir.Value


def add_parameters(kernel: KernelIR, call: ir.Operation, added: Sequence[Given]) -> ir.Operation:
    """Give more arrays to the function that only `call` calls; return the call, which is a new operation."""
    callee = kernel.at(symbol(call, "callee"))
    for given in added:
        callee.body.add_argument(memref_type(given.type), call.location)
    names = [*strings(callee.function, "allo.args"), *(given.name for given in added)]
    directions = [*strings(callee.function, "allo.directions"), *(given.direction for given in added)]
    _describe(callee, names, directions)
    for given in added:
        set_declared(callee, given.name, given.type)
    return _again(call, [*call.operands, *(given.value for given in added)])


def drop_parameter(kernel: KernelIR, call: ir.Operation, name: str) -> ir.Operation:
    """Take a parameter that is not used away from the function that only `call` calls; return the new call."""
    callee = kernel.at(symbol(call, "callee"))
    names, directions = (list(strings(callee.function, key)) for key in ("allo.args", "allo.directions"))
    place = names.index(name)
    callee.body.erase_argument(place)
    for key in _BY_NAME:
        kept = {known: entry for known, entry in text_map(callee.function, key).items() if known != name}
        set_text_map(callee.function, key, kept)
    _describe(callee, names[:place] + names[place + 1 :], directions[:place] + directions[place + 1 :])
    operands = list(call.operands)
    return _again(call, operands[:place] + operands[place + 1 :])


def _describe(callee: KernelIR, names: Sequence[str], directions: Sequence[str]) -> None:
    set_strings(callee.function, "allo.args", names)
    set_strings(callee.function, "allo.directions", directions)
    fit_function_type(callee)


def _again(call: ir.Operation, operands: Sequence[ir.Value]) -> ir.Operation:
    callee = ir.FlatSymbolRefAttr.get(symbol(call, "callee"))
    made = func.CallOp([], callee, list(operands), ip=before(call), loc=call.location).operation
    erase(call)
    return made

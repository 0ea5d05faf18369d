"""Operations on constants that decide what is built: comparisons of counters of lanes, and conditions of them."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence

from allo_studio.hardware.netlist import truth
from allo_studio.hardware.operations import Constant, Operand

__all__ = ["folded"]

_SIGNED: tuple[Callable[[int, int], bool], ...] = (
    operator.eq,
    operator.ne,
    operator.lt,
    operator.le,
    operator.gt,
    operator.ge,
)


def folded(name: str, inputs: Sequence[Operand], predicate: int) -> Operand | None:
    """Return what an operation gives where constants tell it, else None."""
    if name == "arith.cmpi":
        return _comparison(inputs, predicate)
    bits = [entry for entry in inputs if isinstance(entry, Constant) and entry.type.bits == 1]
    if not bits or len(inputs) != 2:
        return None
    known, other = bits[0], inputs[1] if inputs[0] is bits[0] else inputs[0]
    if name == "arith.andi":
        return other if known.value else known
    if name == "arith.ori":
        return known if known.value else other
    if name == "arith.xori" and isinstance(other, Constant):
        return truth(bool(known.value) != bool(other.value))
    return None


def _comparison(inputs: Sequence[Operand], predicate: int) -> Operand | None:
    left, right = inputs
    if not isinstance(left, Constant) or not isinstance(right, Constant):
        return None
    a, b = int(left.value), int(right.value)
    if predicate >= len(_SIGNED):
        # The unsigned ones follow in the order of the signed ones, without = and !=.
        mask = (1 << left.type.bits) - 1
        return truth(_SIGNED[predicate - 4](a & mask, b & mask))
    return truth(_SIGNED[predicate](a, b))

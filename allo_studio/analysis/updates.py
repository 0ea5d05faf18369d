"""Updates `x = x ⊕ e`: a store fed by the load of the same element in the same iteration."""

from __future__ import annotations

from collections.abc import Sequence

from allo_studio.analysis.accesses import Access
from allo_studio.ir.binding import ir

__all__ = ["updates"]

# The operators that may be done in any order, with the operands that the old value may come in by. A subtraction
# belongs with the additions: x - a + b is x + b - a.
_FAMILIES: dict[str, tuple[str, tuple[int, ...]]] = {
    "arith.addf": ("sum", (0, 1)),
    "arith.addi": ("sum", (0, 1)),
    "arith.subf": ("sum", (0,)),
    "arith.subi": ("sum", (0,)),
    "arith.mulf": ("product", (0, 1)),
    "arith.muli": ("product", (0, 1)),
}


def updates(found: Sequence[Access]) -> dict[Access, Access]:
    """Return, for the load and for the store of each update, the store that names it.

    An update is left out where its `e` reads an element of the same array that some store of the update may write.
    """
    updated: dict[Access, Access] = {}
    for store in found:
        if not store.is_write or not store.exact:
            continue
        loads = [a for a in found if not a.is_write and a.buffer == store.buffer and a.loops == store.loops]
        feeding = [load for load in loads if _feeds(load, store)]
        olds = [load for load in feeding if _same_element(load, store) and _carries(load, store)]
        others = [load for load in feeding if load not in olds]
        if len(olds) == 1 and not any(_overlap(load, store) for load in others):
            updated[olds[0]] = updated[store] = store
    return updated


def _same_element(load: Access, store: Access) -> bool:
    if load.position[:-1] != store.position[:-1] or not load.exact:
        return False
    pairs = zip(load.subscripts, store.subscripts, strict=True)
    return all(a is not None and b is not None and (a - b).is_constant and (a - b).constant == 0 for a, b in pairs)


def _overlap(load: Access, store: Access) -> bool:
    return not load.relation.range().is_disjoint(store.relation.range())


def _feeds(load: Access, store: Access) -> bool:
    """Tell whether the stored value is computed from the load."""
    todo, seen = [store.op.operands[0]], []
    while todo:
        value = todo.pop()
        if isinstance(value.owner, ir.Block):
            continue
        op = value.owner.operation
        if op == load.op:
            return True
        if op not in seen:
            seen.append(op)
            todo += list(op.operands)
    return False


def _carries(load: Access, store: Access) -> bool:
    """Tell whether the load reaches the store through operators of one family only."""
    return _path(store.op.operands[0], load.op, "")


def _path(value: ir.Value, load: ir.Operation, family: str) -> bool:
    if isinstance(value.owner, ir.Block):
        return False
    op = value.owner.operation
    if op == load:
        return bool(family)
    known, operands = _FAMILIES.get(op.name, ("", ()))
    if not known or family not in ("", known):
        return False
    return any(_path(op.operands[number], load, known) for number in operands)

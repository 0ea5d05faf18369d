"""Updates `x = x ⊕ e`: a store fed by the load of the same element in the same iteration."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from allo_studio.analysis.access import Access
from allo_studio.ir.binding import ir

__all__ = ["updates"]

# The operators that may be done in any order, with the operands that the old value may come in by. A subtraction
# belongs with the additions: x - a + b is x + b - a.
_FAMILIES: dict[str, tuple[str, tuple[int, ...]]] = {
    "arith.addf": ("float sum", (0, 1)),
    "arith.subf": ("float sum", (0,)),
    "arith.mulf": ("float product", (0, 1)),
    "arith.addi": ("sum", (0, 1)),
    "arith.subi": ("sum", (0,)),
    "arith.muli": ("product", (0, 1)),
    "arith.andi": ("and", (0, 1)),
    "arith.ori": ("or", (0, 1)),
    "arith.xori": ("xor", (0, 1)),
    "arith.maximumf": ("float max", (0, 1)),
    "arith.minimumf": ("float min", (0, 1)),
    "arith.maxsi": ("max", (0, 1)),
    "arith.minsi": ("min", (0, 1)),
    "arith.maxui": ("unsigned max", (0, 1)),
    "arith.minui": ("unsigned min", (0, 1)),
}
# What `select(a <predicate> b, a, b)` is, by the predicate of an integer comparison. Floats have no such form: with a
# NaN the order of the operands counts.
_SELECTED = {
    2: "min", 3: "min", 4: "max", 5: "max",
    6: "unsigned min", 7: "unsigned min", 8: "unsigned max", 9: "unsigned max",
}  # fmt: skip
_OPPOSITE = {"min": "max", "max": "min", "unsigned min": "unsigned max", "unsigned max": "unsigned min"}
# Wrapping and bitwise operators may be done in more bits: the low ones come out the same.
_WIDENED = ("sum", "product", "and", "or", "xor")
_CASTS = ("arith.extsi", "arith.extui", "arith.trunci")


def updates(found: Sequence[Access]) -> dict[Access, Access]:
    """Return, for the load and for the store of each update, the store that names it.

    The old value must serve nothing else than the update, and nobody else may use what is stored before it is. An
    update is left out where its `e` reads an element of the same array that some store of the update may write.
    """
    updated: dict[Access, Access] = {}
    for store in found:
        if not store.is_store or not store.pinned:
            continue
        loads = [a for a in found if not a.is_write and a.buffer == store.buffer and a.loops == store.loops]
        feeding = [load for load in loads if _feeds(load, store)]
        olds = [load for load in feeding if _same_element(load, store) and _carries(load, store)]
        others = [load for load in feeding if load not in olds]
        if len(olds) == 1 and not any(_overlap(load, store) for load in others):
            updated[olds[0]] = updated[store] = store
    return updated


def _same_element(load: Access, store: Access) -> bool:
    if load.position[:-1] != store.position[:-1] or not load.pinned or load.callee:
        return False
    if load.elements == store.elements:
        return True
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
            todo += [o for region in op.regions for block in region.blocks for inside in block.operations
                     for o in inside.operation.operands]  # fmt: skip
    return False


@dataclass(frozen=True)
class _Link:
    """One operation of a chain from the old value to the stored one.

    `values` are those that the old value may be, `users` the operations that make up the link, and `family` what it
    does (empty for a cast).
    """

    family: str
    values: tuple[ir.Value, ...]
    users: tuple[ir.Operation, ...]


def _carries(load: Access, store: Access) -> bool:
    """Tell whether the load reaches the store, and nothing else, through operators of one family only."""
    return _path(store.op.operands[0], (store.op,), load.op, "", _width(store.op.operands[0]))


def _path(value: ir.Value, users: tuple[ir.Operation, ...], load: ir.Operation, family: str, width: int | None) -> bool:
    if isinstance(value.owner, ir.Block) or not _used_only_by(value, users):
        return False
    op = value.owner.operation
    if op == load:
        return family not in ("", "cast")
    for link in _links(op):
        if not _fits(link, family, value, width):
            continue
        known = link.family or family or "cast"
        if any(_path(operand, link.users, load, known, width) for operand in link.values):
            return True
    return False


def _fits(link: _Link, family: str, value: ir.Value, width: int | None) -> bool:
    """Tell whether a link goes with the family of those after it; `width` is that of what is stored."""
    if not link.family:
        # Fewer bits on the way than are stored would lose some.
        return family in ("", "cast", *_WIDENED) and width is not None and (_width(value) or 0) >= width
    if family == "cast":
        return link.family in _WIDENED
    return family in ("", link.family) and (link.family in _WIDENED or _width(value) == width)


def _links(op: ir.Operation) -> Iterator[_Link]:
    if op.name in _CASTS:
        yield _Link("", (op.operands[0],), (op,))
    elif op.name in _FAMILIES:
        family, operands = _FAMILIES[op.name]
        for number in operands:
            yield _Link(family, (op.operands[number],), (op,))
    elif op.name == "arith.select":
        yield from _selections(op)


def _selections(op: ir.Operation) -> Iterator[_Link]:
    """Yield the link that a select of one of two compared integers is."""
    test, one, two = op.operands
    if isinstance(test.owner, ir.Block) or test.owner.operation.name != "arith.cmpi":
        return
    compared = test.owner.operation
    kind = _SELECTED.get(int(ir.IntegerAttr(compared.attributes["predicate"]).value))
    if kind is None or not _used_only_by(test, (op,)):
        return
    left, right = compared.operands
    if (left, right) == (two, one):
        kind = _OPPOSITE[kind]
    elif (left, right) != (one, two):
        return
    yield _Link(kind, (one, two), (op, compared))


def _used_only_by(value: ir.Value, users: tuple[ir.Operation, ...]) -> bool:
    """Tell whether each of `users` uses a value once, and nothing else does."""
    found = [use.owner.operation for use in value.uses]
    return len(found) == len(users) and all(any(op == user for op in found) for user in users)


def _width(value: ir.Value) -> int | None:
    return int(value.type.width) if isinstance(value.type, ir.IntegerType) else None

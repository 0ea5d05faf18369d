"""Whether an array statement reads what it writes at another place, so that the order of its elements would matter."""

from __future__ import annotations

from collections.abc import Iterator

from allo_studio.frontend.ranges import range_of
from allo_studio.frontend.scope import Scope
from allo_studio.frontend.tree import Expression, Load, Subscript, Variable, parts_of
from allo_studio.frontend.tree_statements import Store
from allo_studio.ir import LinearExpr

__all__ = ["loads_of", "overlaps"]


def loads_of(value: Expression) -> Iterator[Load]:
    """Return the loads of an expression, those in computed subscripts too."""
    for part in parts_of(value):
        yield from loads_of(part)
    if isinstance(value, Load):
        yield value


def overlaps(store: Store, variables: tuple[Variable, ...], scope: Scope) -> bool:
    """Tell whether one iteration over `variables` may read an element that another one writes."""
    values = [store.value, *(part for part in store.subscripts if not isinstance(part, LinearExpr))]
    loads = [load for value in values for load in loads_of(value) if load.memory is store.memory]
    return any(load.subscripts != store.subscripts and not _apart(load, store, variables, scope) for load in loads)


def _apart(load: Load, store: Store, variables: tuple[Variable, ...], scope: Scope) -> bool:
    """Tell whether what is read is never what is written, for any two iterations."""
    others = {one: Variable(one.name, one.lower, one.upper, one.step) for one in variables}
    nest = (*scope.nest, *variables, *others.values())
    for read, written in zip(load.subscripts, store.subscripts, strict=True):
        if _differ(read, written, others, nest, scope):
            return True
    return False


def _differ(
    read: Subscript, written: Subscript, others: dict[Variable, Variable], nest: tuple[Variable, ...], scope: Scope
) -> bool:
    if not isinstance(read, LinearExpr) or not isinstance(written, LinearExpr):
        return False
    renamed = [(others.get(part, part), factor) for part, factor in written.terms]
    distance = range_of(read - LinearExpr.collect(renamed, written.constant), nest, scope.guards)
    if distance is None:
        return True
    return (distance.least is not None and distance.least > 0) or (
        distance.greatest is not None and distance.greatest < 0
    )

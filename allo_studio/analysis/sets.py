"""Integer sets of loop iterations, in the notation of isl; with `accesses` the only place that writes that notation.

A set over n loops has the dimensions i0 … i(n-1), the outermost first; their values are those of the induction
variables, not counts of iterations.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import islpy as isl

from allo_studio.ir import LinearExpr, Loop, map_results
from allo_studio.ir.binding import ir

__all__ = [
    "IslMap",
    "IslSet",
    "box_set",
    "common_domain",
    "common_part",
    "domain_set",
    "extreme",
    "isl_map",
    "isl_set",
    "linear_text",
    "loop_bounds",
    "points",
    "sample_point",
    "tuple_text",
    "variable_names",
]

# islpy has no types that mypy can follow.
IslSet = Any
IslMap = Any

_LOCAL = threading.local()


def _context() -> Any:
    """Return this thread's isl context: one may be used by one thread at a time only."""
    if not hasattr(_LOCAL, "context"):
        _LOCAL.context = isl.Context()
    return _LOCAL.context


def isl_set(text: str) -> IslSet:
    """Return the set that isl's notation says."""
    return isl.Set.read_from_str(_context(), text)


def isl_map(text: str) -> IslMap:
    """Return the relation that isl's notation says."""
    return isl.Map.read_from_str(_context(), text)


def variable_names(loops: Sequence[Loop], prefix: str = "i") -> dict[ir.Value, str]:
    """Return the isl name of each loop's induction variable."""
    return {loop.induction_variable: f"{prefix}{depth}" for depth, loop in enumerate(loops)}


def linear_text(expression: LinearExpr, names: Mapping[ir.Value, str]) -> str:
    """Return an expression in isl's notation; raises KeyError for a variable that has no name."""
    parts = [f"{factor}{names[value]}" for value, factor in expression.terms]
    return " + ".join([*parts, str(expression.constant)])


def tuple_text(names: Iterable[str]) -> str:
    """Return an isl tuple, `[i0, i1]`."""
    return f"[{', '.join(names)}]"


def loop_bounds(loop: Loop) -> tuple[tuple[LinearExpr | None, ...], tuple[LinearExpr | None, ...]]:
    """Return the lower bounds (the greatest counts) and the upper bounds (the least counts) of a loop."""
    lower = ir.AffineMapAttr(loop.op.attributes["lowerBoundMap"]).value
    upper = ir.AffineMapAttr(loop.op.attributes["upperBoundMap"]).value
    operands = list(loop.op.operands)
    split = lower.n_inputs
    return map_results(lower, operands[:split]), map_results(upper, operands[split : split + upper.n_inputs])


def domain_set(loops: Sequence[Loop]) -> IslSet:
    """Return the iterations of a nest of loops, the outermost first."""
    names = variable_names(loops)
    constraints = [text for loop in loops for text in _constraints(loop, names)]
    condition = f" : {' and '.join(constraints)}" if constraints else ""
    return isl_set(f"{{ {tuple_text(names.values())}{condition} }}")


def _constraints(loop: Loop, names: Mapping[ir.Value, str]) -> list[str]:
    variable = names[loop.induction_variable]
    lower, upper = (_texts(side, names) for side in loop_bounds(loop))
    found = [f"{text} <= {variable}" for text in lower] + [f"{variable} < {text}" for text in upper]
    if loop.step > 1 and lower:
        found.append(f"({' or '.join(_stride(variable, text, lower, loop.step) for text in lower)})")
    return found


def _texts(bounds: Iterable[LinearExpr | None], names: Mapping[ir.Value, str]) -> list[str]:
    # A bound that is not linear is left out: the set is then larger, which no proof of legality gains from.
    known = [b for b in bounds if b is not None and all(v in names for v in b.variables)]
    return [linear_text(b, names) for b in known]


def _stride(variable: str, start: str, starts: Sequence[str], step: int) -> str:
    greatest = [f"{start} >= {other}" for other in starts if other != start]
    return f"({' and '.join([f'({variable} - ({start})) mod {step} = 0', *greatest])})"


def box_set(shape: Sequence[int]) -> IslSet:
    """Return all elements of an array."""
    names = [f"e{d}" for d in range(len(shape))]
    inside = [f"0 <= {name} < {extent}" for name, extent in zip(names, shape, strict=True)]
    return isl_set(f"{{ {tuple_text(names)}{' : ' if inside else ''}{' and '.join(inside)} }}")


def sample_point(found: IslSet) -> tuple[int, ...]:
    """Return the least point of a set that is not empty."""
    point = found.lexmin().sample_point()
    return tuple(
        int(point.get_coordinate_val(isl.dim_type.set, d).to_python()) for d in range(found.dim(isl.dim_type.set))
    )


def points(relation: IslMap) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the least pair of points of a relation that is not empty."""
    split = relation.dim(isl.dim_type.in_)
    pair = sample_point(relation.wrap().flatten())
    return pair[:split], pair[split:]


def common_part(relation: IslMap, levels: int) -> IslMap:
    """Return a relation between iterations as one between those of the outermost `levels` loops."""
    for kind in (isl.dim_type.in_, isl.dim_type.out):
        relation = relation.project_out(kind, levels, relation.dim(kind) - levels)
    return relation


def extreme(domain: IslSet, expression: LinearExpr, loops: Sequence[Loop], *, least: bool) -> int | None:
    """Return the least or greatest value of an expression over iterations of `loops`; None where it has none."""
    names = variable_names(loops)
    if any(v not in names for v in expression.variables):
        return None
    text = f"{{ {tuple_text(names.values())} -> [({linear_text(expression, names)})] }}"
    value = isl.Aff.read_from_str(_context(), text)
    found = domain.min_val(value) if least else domain.max_val(value)
    return int(found.to_python()) if found.is_int() else None


def common_domain(relation: IslMap, levels: int) -> IslMap:
    """Return a relation from iterations to elements as one from those of the outermost `levels` loops."""
    kind = isl.dim_type.in_
    return relation.project_out(kind, levels, relation.dim(kind) - levels)

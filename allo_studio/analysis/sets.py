"""Integer sets of loop iterations, as isl has them.

A set over n loops has the dimensions i0 … i(n-1), the outermost first; their values are those of the induction
variables, not counts of iterations.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from allo_studio.analysis.binding import isl
from allo_studio.ir import LinearExpr, Loop, map_results
from allo_studio.ir.binding import ir

__all__ = [
    "IslMap",
    "IslSet",
    "box_set",
    "common_domain",
    "common_part",
    "extreme",
    "isl_map",
    "isl_set",
    "least_value",
    "loop_bounds",
    "per_thread",
    "points",
    "sample_point",
    "sample_with",
    "tuple_text",
]

# isl has no types that mypy can follow.
IslSet = Any
IslMap = Any

_LOCAL = threading.local()
_P = ParamSpec("_P")
_R = TypeVar("_R")
# Results of one function that a thread keeps; beyond, all are forgotten.
_MOST_KEPT = 4096


def _context() -> Any:
    """Return this thread's isl context: one may be used by one thread at a time only."""
    if not hasattr(_LOCAL, "context"):
        _LOCAL.context = isl.Context()
    return _LOCAL.context


def per_thread(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Keep the results of a function of texts and numbers, in each thread: isl's objects may not cross threads."""

    @wraps(function)
    def kept(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        if not hasattr(_LOCAL, "kept"):
            _LOCAL.kept = {}
        table = _LOCAL.kept.setdefault(function, {})
        key = (args, tuple(kwargs.items()))
        if key not in table:
            if len(table) >= _MOST_KEPT:
                table.clear()
            table[key] = function(*args, **kwargs)
        found: _R = table[key]
        return found

    return kept


@per_thread
def isl_set(text: str) -> IslSet:
    """Return the set that isl's notation says."""
    return isl.Set.read_from_str(_context(), text)


@per_thread
def isl_map(text: str) -> IslMap:
    """Return the relation that isl's notation says."""
    return isl.Map.read_from_str(_context(), text)


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


def box_set(shape: Sequence[int | str], parameters: str = "", context: Sequence[str] = ()) -> IslSet:
    """Return all elements of an array; an extent may be a parameter's name."""
    names = [f"e{d}" for d in range(len(shape))]
    inside = [*context, *(f"0 <= {name} < {extent}" for name, extent in zip(names, shape, strict=True))]
    return isl_set(f"{parameters}{{ {tuple_text(names)}{' : ' if inside else ''}{' and '.join(inside)} }}")


def sample_point(found: IslSet) -> tuple[int, ...]:
    """Return the least point of a set that is not empty, for the least values of its parameters."""
    return sample_with(found)[1]


def sample_with(found: IslSet) -> tuple[dict[str, int], tuple[int, ...]]:
    """Return the least values of the parameters of a set that is not empty, by name, and the least point for them."""
    count = found.dim(isl.dim_type.param)
    names = [found.get_dim_name(isl.dim_type.param, n) for n in range(count)]
    if count:
        found = found.move_dims(isl.dim_type.set, 0, isl.dim_type.param, 0, count)
    try:
        point = found.lexmin().sample_point()
    except isl.Error:
        # A parameter without a range has no least value; any one makes an example.
        point = found.sample_point()
    values = [
        int(point.get_coordinate_val(isl.dim_type.set, d).to_python()) for d in range(found.dim(isl.dim_type.set))
    ]
    return dict(zip(names, values, strict=False)), tuple(values[count:])


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


@per_thread
def extreme(domain: str, parameters: str, expression: str, depth: int, least: bool) -> int | None:
    """Return the least or greatest value of an expression over iterations of `depth` loops; None where it has none.

    The domain is a set, the expression one of i0 …, both in isl's notation; the value is over all parameters too.
    """
    value = isl.Aff.read_from_str(
        _context(), f"{parameters}{{ {tuple_text(f'i{d}' for d in range(depth))} -> [({expression})] }}"
    )
    found = isl_set(domain).min_val(value) if least else isl_set(domain).max_val(value)
    return int(found.to_python()) if found.is_int() else None


def least_value(found: IslSet, expression: str) -> int | None:
    """Return the least value of an expression of i0 … over a set that is not empty and all its parameters.

    None where it has none.
    """
    kind = isl.dim_type.param
    found = found.project_out(kind, 0, found.dim(kind))
    names = tuple_text(f"i{d}" for d in range(found.dim(isl.dim_type.set)))
    value = found.min_val(isl.Aff.read_from_str(_context(), f"{{ {names} -> [({expression})] }}"))
    return int(value.to_python()) if value.is_int() else None


def common_domain(relation: IslMap, levels: int) -> IslMap:
    """Return a relation from iterations to elements as one from those of the outermost `levels` loops."""
    kind = isl.dim_type.in_
    return relation.project_out(kind, levels, relation.dim(kind) - levels)

"""What flows in a wire is one type: the same elements, rank and extents at both ends. Sizes: see `check_sizes.py`."""

from __future__ import annotations

from allo_studio.design.model import Edge
from allo_studio.design.rates import joins
from allo_studio.diagnostics import Diagnostic
from allo_studio.types import ArrayType

__all__ = ["type_fault"]


def type_fault(edge: Edge, source: ArrayType, target: ArrayType) -> Diagnostic | None:
    """Return why what a wire begins at cannot be what it ends at; None where it can."""
    if joins(edge.rate, source, target):
        return None
    if edge.rate == "rows" and source.element == target.element:
        return _rows_fault(edge, source, target)
    ends = f"{edge.source} is {source}, {edge.target} is {target}"
    if source.element != target.element:
        hint = (
            f"values are never converted silently; make both ends {source.element} or {target.element}, or put a block "
            f'{{convert: "{source}", to: "{target.element}"}} between them'
        )
        return Diagnostic("type", f"the element types differ: {ends}", hint=hint, about=("elements",))
    if len(source.shape) != len(target.shape):
        hint = "both ends must have the same number of dimensions"
        message = f"the ranks differ ({len(source.shape)} and {len(target.shape)}): {ends}"
        return Diagnostic("shape", message, hint=hint, about=("ranks",))
    differ = [i + 1 for i, (a, b) in enumerate(zip(source.shape, target.shape, strict=True)) if a != b]
    which = f"dimension {differ[0]}" if len(differ) == 1 else f"dimensions {', '.join(map(str, differ))}"
    hint = "set `params` of one of the blocks so that the extents agree"
    return Diagnostic("shape", f"the extents differ in {which}: {ends}", hint=hint, about=("extents",))


def _rows_fault(edge: Edge, source: ArrayType, target: ArrayType) -> Diagnostic:
    ends = f"{edge.source} is {source}, {edge.target} is {target}"
    hint = "one end is a row or a list of rows of the other's kind, such as int32[4, 8] to int32[8] or to int32[6, 8]"
    if source.sizes or target.sizes:
        hint = "rows of arrays with sizes at run time cannot be counted; give both ends constant extents"
    return Diagnostic("rate", f"the ends have no rows in common: {ends}", hint=hint, about=("rows",))

"""What the elements that lie in a wire's channel at reset must be, and where there can be any."""

from __future__ import annotations

from fractions import Fraction

from allo_studio.design.model import Edge, Graph
from allo_studio.diagnostics import Diagnostic
from allo_studio.types import ArrayType, ScalarType
from allo_studio.values import Number, convert, fits

__all__ = ["element_of", "initial_fault"]


def initial_fault(graph: Graph, edge: Edge, kind: ArrayType | None) -> Diagnostic | None:
    """Return what is wrong with an edge's initial elements; `kind` is the type at its source, where it is known."""
    if not edge.initial:
        return None
    if not edge.source.node or not edge.target.node:
        message = f"initial elements were given to {edge.id}, at a port of the graph, which is no channel"
        return Diagnostic("structure", message, hint="give them to a wire between two blocks")
    if graph.execution != "dataflow":
        message = f"initial elements lie in a FIFO, but graph {graph.name} runs its blocks one after another"
        return Diagnostic("structure", message, hint=f"set `execution: dataflow` on {graph.name}, or remove `initial`")
    if edge.channel in ("pingpong", "shared"):
        message = f"initial elements lie in a FIFO, but a {edge.channel} channel was asked for"
        return Diagnostic("structure", message, hint="use channel: fifo, or remove `initial`")
    return _element_fault(edge, kind) if kind else None


def element_of(number: float, kind: ScalarType) -> Number | None:
    """Return a number as an element of a type, or None where the type does not have exactly that one."""
    if kind.kind == "struct" or not fits(number, kind):
        return None
    found = convert(number, kind)
    return found if Fraction(found) == Fraction(number) else None


def _element_fault(edge: Edge, kind: ArrayType) -> Diagnostic | None:
    element = kind.element
    if element.kind == "struct":
        message = f"{edge.source} is {kind}: initial elements are numbers, and a struct is none"
        return Diagnostic("type", message, hint="make the fields wires of their own")
    for number in dict.fromkeys(edge.initial):
        if element_of(number, element) is None:
            hint = f"give numbers that {element} has"
            if fits(number, element):
                hint += f", such as {float(convert(number, element)):.17g}"
            return Diagnostic("type", f"the initial element {number} is no {element}", hint=hint)
    return None

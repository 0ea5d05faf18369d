"""Constant blocks: an array from a file, and which ports of which instances it reaches.

A constant costs no channel: it becomes a table in each block that reads it (`prepare`), so that a graph's port that it
feeds is none in hardware.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from allo_studio.design.model import ConstantNode, Edge, Graph, GraphNode, IpNode, Project
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.types import BFLOAT16, ArrayType, ScalarType, floating, integer, parse_type

__all__ = ["MOST_ELEMENTS", "PORT", "Constant", "constant_of", "reached", "reached_outside"]

# The one port of a constant block.
PORT = "value"
# More do not fit any device's memories.
MOST_ELEMENTS = 1 << 22


@dataclass(frozen=True, eq=False)
class Constant:
    """An array's type and elements (of the type's numpy type), and what tells it from others."""

    type: ArrayType
    values: NDArray[Any]
    key: str


def constant_of(node: ConstantNode, array: NDArray[Any]) -> Constant:
    """Return a constant block's elements in its type; raises AlloError (codes `type`, `shape` and `data`).

    Without a type of its own the block has the file's. With one, each element must have exactly that value in it,
    unless the block says `round`; out of range none may be.
    """
    own = _own_type(array)
    kind = own if not node.type else _declared(node.type)
    if kind.shape != array.shape or kind.sizes:
        message = f"the constant is declared {kind}, and the file's array is {_text(array)}"
        raise AlloError(Diagnostic("shape", message, hint="a constant has the shape of the array in its file"))
    if kind.size > MOST_ELEMENTS:
        message = f"the constant has {kind.size:,} elements; at most {MOST_ELEMENTS:,} are possible"
        raise AlloError(Diagnostic("data", message, hint="make it an input of the design"))
    values = array.astype(kind.element.dtype) if own == kind else _converted(array, kind.element, node.round)
    digest = sha256(np.ascontiguousarray(array).tobytes())
    return Constant(kind, values, f"{digest.hexdigest()} {array.dtype} {kind} {node.round}")


def reached(project: Project) -> dict[str, str]:
    """Return the constant block (`cascade/weights`) that feeds each port of an instance (`cascade/sub/mm.B`).

    Graphs' ports are among them, as seen from inside (`cascade/sub.W`). The hierarchy must be walkable.
    """
    found: dict[str, str] = {}
    if _has_constants(project):
        _reach(project, project.graphs[project.top], project.top, found, [])
    return found


def reached_outside(project: Project) -> list[tuple[str, Edge]]:
    """Return the wires, with their graph's name, by which constants reach external blocks, which have no tables."""
    outside: list[tuple[str, Edge]] = []
    if _has_constants(project):
        _reach(project, project.graphs[project.top], project.top, {}, outside)
    return outside


def _has_constants(project: Project) -> bool:
    return any(isinstance(node, ConstantNode) for graph in project.graphs.values() for node in graph.nodes.values())


def _reach(project: Project, graph: Graph, path: str, found: dict[str, str], outside: list[tuple[str, Edge]]) -> None:
    blocks = {name for name, node in graph.nodes.items() if isinstance(node, ConstantNode)}
    for edge in [edge for edge in graph.edges if edge.source.node in blocks or not edge.source.node]:
        source = edge.source
        constant = f"{graph.name}/{source.node}" if source.node else found.get(f"{path}.{source.port}")
        if constant and edge.target.node:
            # The same text names a block's port from outside and a graph's from inside.
            found[f"{path}/{edge.target}"] = constant
            if isinstance(graph.nodes.get(edge.target.node), IpNode):
                outside.append((graph.name, edge))
    for name, node in graph.nodes.items():
        if isinstance(node, GraphNode) and node.graph in project.graphs:
            _reach(project, project.graphs[node.graph], f"{path}/{name}", found, outside)


def _declared(text: str) -> ArrayType:
    try:
        kind = parse_type(text)
    except ValueError as fault:
        raise AlloError(Diagnostic("type", str(fault), hint="write it like float32[64, 32]")) from None
    if kind.element.kind == "struct":
        raise AlloError(Diagnostic("type", "a constant has no structs", hint="give it numbers"))
    return kind


def _own_type(array: NDArray[Any]) -> ArrayType:
    """Return the type of a file's array as it is."""
    dtype = array.dtype
    element: ScalarType | None = None
    if dtype.kind == "f" and dtype.itemsize <= 8:
        element = floating(8 * dtype.itemsize)
    elif dtype.kind in "iu":
        element = integer(8 * dtype.itemsize, dtype.kind == "i")
    elif dtype.kind == "b":
        element = integer(1, signed=False)
    elif dtype == BFLOAT16.dtype:
        element = BFLOAT16
    if element is None:
        hint = "save the array with a dtype of integers, floats or truth values"
        raise AlloError(Diagnostic("type", f"the file has elements of type {dtype}, which are no numbers", hint=hint))
    return ArrayType(element, array.shape)


def _text(array: NDArray[Any]) -> str:
    return f"{array.dtype}[{', '.join(map(str, array.shape))}]" if array.shape else f"one {array.dtype}"


def _converted(array: NDArray[Any], kind: ScalarType, rounds: bool) -> NDArray[Any]:
    """Return the elements in another type."""
    if kind.is_float:
        return _floats(array, kind, rounds)
    units = _units(array, kind, rounds)
    low, high = kind.least, kind.greatest
    wrong = (units < low) | (units > high)
    if np.any(wrong):
        hint = f"{kind} holds {_number(low, kind)} to {_number(high, kind)}; choose a type with more bits"
        raise _unfit(array, wrong, kind, "does not fit", hint)
    if kind.kind == "int":
        return np.asarray(units.astype(kind.dtype))
    scale = Fraction(1, 2) ** kind.fraction if kind.dtype == object else None
    if scale is None:
        return np.asarray(np.ldexp(units.astype(np.float64), -kind.fraction))
    return _objects(units, lambda number: int(number) * scale)


def _units(array: NDArray[Any], kind: ScalarType, rounds: bool) -> NDArray[Any]:
    """Return the elements as Python integers, in units of the type's last bit."""
    if array.dtype.kind == "f" and not np.all(np.isfinite(array)):
        raise _unfit(array, ~np.isfinite(array), kind, "is no number in", "only floats have it")
    scale = Fraction(2) ** kind.fraction
    exact = _objects(array, lambda number: Fraction(number) * scale)
    # Fractions round to nearest, with ties to even.
    whole = _objects(exact, round)
    lost = np.asarray(exact != whole, np.bool_)
    if lost.any() and not rounds:
        hint = "say `round: true` to take the nearest, or choose a type with more bits after the point"
        raise _unfit(array, lost, kind, "is not exactly a value of", hint)
    return whole


def _floats(array: NDArray[Any], kind: ScalarType, rounds: bool) -> NDArray[Any]:
    with np.errstate(over="ignore", invalid="ignore"):
        made = array.astype(kind.dtype)
        # Integers beyond 53 bits may only seem the same as floats.
        wide = array.dtype.kind in "iu" and array.dtype.itemsize == 8
        back = _objects(made, int) if wide and np.all(np.isfinite(made.astype(np.float64))) else made
        own = array.astype(object) if wide else array.astype(np.float64)
        lost = np.asarray(own != (back if wide else back.astype(np.float64)), np.bool_)
    finite = np.isfinite(array.astype(np.float64))
    endless = finite & ~np.isfinite(made.astype(np.float64))
    if endless.any():
        raise _unfit(array, endless, kind, "does not fit", "choose a float with more bits")
    lost &= finite
    if lost.any() and not rounds:
        hint = "say `round: true` to take the nearest, or choose a float with more bits"
        raise _unfit(array, lost, kind, "is not exactly a value of", hint)
    return made


def _objects(array: NDArray[Any], function: Callable[[Any], Any]) -> NDArray[Any]:
    made = np.empty(array.shape, object)
    made.ravel()[:] = [function(number) for number in array.ravel().tolist()]
    return made


def _number(units: int, kind: ScalarType) -> str:
    return str(units) if kind.kind == "int" else f"{float(units * Fraction(1, 2) ** kind.fraction):g}"


def _unfit(array: NDArray[Any], wrong: NDArray[Any], kind: ScalarType, how: str, hint: str) -> AlloError:
    """Return the error of elements that the type does not have, with the first of them."""
    at = tuple(int(i) for i in np.argwhere(wrong)[0]) if array.shape else ()
    place = f"[{', '.join(map(str, at))}] " if at else ""
    count = int(np.count_nonzero(wrong))
    more = f" ({count:,} of {array.size:,} elements)" if count > 1 else ""
    message = f"the constant's element {place}is {array[at]}, which {how} {kind}{more}"
    return AlloError(Diagnostic("data", message, hint=hint))

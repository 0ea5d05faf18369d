"""The constant blocks of a design: their files read, their elements brought into their types."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

from allo_studio.design.check_notes import Notes
from allo_studio.design.constants import Constant, constant_of, reached_outside
from allo_studio.design.kept import Turn
from allo_studio.design.model import ConstantNode, Project
from allo_studio.diagnostics import AlloError, Diagnostic

__all__ = ["check_constants", "check_readers"]

# Where a fault of a block stands in the project file.
_KEYS = {"file": "constant", "type": "type", "shape": "type", "data": "type"}


def check_constants(
    project: Project, arrays: Callable[[ConstantNode], NDArray[Any]], notes: Notes, turn: Turn
) -> dict[str, Constant]:
    """Return the constants by block; faults are noted. `arrays` raises AlloError."""
    found = {}
    for graph in project.graphs.values():
        for name, node in graph.nodes.items():
            if not isinstance(node, ConstantNode):
                continue
            try:
                found[f"{graph.name}/{name}"] = _constant(node, arrays(node), turn)
            except AlloError as error:
                for diagnostic in error.diagnostics:
                    notes.node(graph.name, name, diagnostic, _KEYS.get(diagnostic.code, "constant"))
    return found


def _constant(node: ConstantNode, array: NDArray[Any], turn: Turn) -> Constant:
    def make() -> Constant | AlloError:
        try:
            return constant_of(node, array)
        except AlloError as error:
            return error

    # Blocks of the same array are the same constant, in whatever graph they are.
    made = turn.recall(("constant", node.type, node.round), (array,), make)
    if isinstance(made, AlloError):
        raise made
    return made


def check_readers(project: Project, notes: Notes) -> None:
    """Note constants that reach external blocks. The hierarchy must be walkable."""
    for graph, edge in dict.fromkeys(reached_outside(project)):
        message = "a constant becomes a table in the block that reads it, and this one is external"
        hint = "put a block between that makes an array of it, such as a conversion to the same type"
        notes.edge(graph, edge, Diagnostic("structure", message, hint=hint))

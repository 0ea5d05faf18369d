"""The constant blocks of a design: their files read, their elements brought into their types."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any, TypeAlias

from numpy.typing import NDArray

from allo_studio.design.check_notes import Notes
from allo_studio.design.constants import Constant, constant_of, reached_outside
from allo_studio.design.model import ConstantNode, Project
from allo_studio.diagnostics import AlloError, Diagnostic

__all__ = ["Arrays", "check_constants", "check_readers"]

# Gives an array by its file's path in the project, and its name in the file; raises AlloError.
Arrays: TypeAlias = Callable[[str, str], NDArray[Any]]
_MOST_KEPT = 64
# Where a fault of a block stands in the project file.
_KEYS = {"file": "constant", "type": "type", "shape": "type", "data": "type"}


class _Kept:
    """The last constants. They are looked for by the array itself, which its reader keeps as long as its file stays."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: OrderedDict[tuple[int, str, bool], tuple[NDArray[Any], Constant]] = OrderedDict()

    def constant(self, node: ConstantNode, array: NDArray[Any]) -> Constant:
        key = id(array), node.type, node.round
        with self._lock:
            known = self._known.get(key)
            if known and known[0] is array:
                self._known.move_to_end(key)
                return known[1]
        made = constant_of(node, array)
        with self._lock:
            self._known[key] = array, made
            while len(self._known) > _MOST_KEPT:
                self._known.popitem(last=False)
        return made


_kept = _Kept()


def check_constants(project: Project, arrays: Arrays | None, notes: Notes) -> dict[str, Constant]:
    """Return the constants by block; faults are noted."""
    found = {}
    for graph in project.graphs.values():
        for name, node in graph.nodes.items():
            if not isinstance(node, ConstantNode):
                continue
            try:
                found[f"{graph.name}/{name}"] = _kept.constant(node, _array(node, arrays))
            except AlloError as error:
                for diagnostic in error.diagnostics:
                    notes.node(graph.name, name, diagnostic, _KEYS.get(diagnostic.code, "constant"))
    return found


def check_readers(project: Project, notes: Notes) -> None:
    """Note constants that reach external blocks. The hierarchy must be walkable."""
    for graph, index in dict.fromkeys(reached_outside(project)):
        message = "a constant becomes a table in the block that reads it, and this one is external"
        hint = "put a block between that makes an array of it, such as a conversion to the same type"
        notes.edge(graph, index, Diagnostic("structure", message, hint=hint))


def _array(node: ConstantNode, arrays: Arrays | None) -> NDArray[Any]:
    if arrays is None:
        raise AlloError(Diagnostic("file", f"{node.path} cannot be read here", hint="open the project from its folder"))
    return arrays(node.path, node.array)

"""The constant blocks of a design: their files read, their elements brought into their types."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any, TypeAlias

from numpy.typing import NDArray

from allo_studio.design.check_notes import Notes
from allo_studio.design.constants import Constant, constant_of
from allo_studio.design.model import ConstantNode, Project
from allo_studio.diagnostics import AlloError, Diagnostic

__all__ = ["Arrays", "check_constants"]

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


def _array(node: ConstantNode, arrays: Arrays | None) -> NDArray[Any]:
    if arrays is None:
        raise AlloError(Diagnostic("file", f"{node.path} cannot be read here", hint="open the project from its folder"))
    return arrays(node.path, node.array)

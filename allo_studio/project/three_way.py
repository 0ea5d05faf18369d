"""Merging two people's changes of a project: by what the project says, not by the lines that it stands on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from allo_studio.design.model import Project
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.project.document import Path
from allo_studio.project.faults import Faults, path_text
from allo_studio.project.merge import same
from allo_studio.project.schema import read_project, to_plain

__all__ = ["merge_projects", "says_same"]


class _Absent:
    """What is at a place where there is nothing."""


_ABSENT: Final = _Absent()


def merge_projects(base: Project, ours: Project, theirs: Project) -> Project:
    """Return `ours` with the changes that lead from `base` to `theirs`.

    Blocks, wires, ports, schedules, graphs and notes are known by their names. Where both moved a block or a note, our
    place counts.
    Raises AlloError (code `conflict`) with every place where both changed the same thing in different ways.
    """
    merger = _Merger()
    old, mine, other = (_keyed(to_plain(project)) for project in (base, ours, theirs))
    plain = merger.merge(old, mine, other, ())
    if merger.conflicts:
        raise AlloError(merger.conflicts)
    faults = Faults(lambda path: None, lambda path: None)
    merged = read_project(_listed(plain), faults)
    if faults.found:
        raise AlloError(faults.found)
    return merged


def says_same(one: Project, two: Project) -> bool:
    """Tell whether two projects say the same, in whatever order."""
    return same(_keyed(to_plain(one)), _keyed(to_plain(two)))


class _Merger:
    def __init__(self) -> None:
        self.conflicts: list[Diagnostic] = []

    def merge(self, base: Any, ours: Any, theirs: Any, path: Path) -> Any:
        """Return what one place holds after both changes; a conflict is noted and ours is kept."""
        if _equal(base, theirs) or _equal(ours, theirs):
            return ours
        if _equal(base, ours):
            return theirs
        mappings = isinstance(ours, dict) and isinstance(theirs, dict)
        if mappings and (isinstance(base, dict) or base is _ABSENT):
            return self._mappings(base if isinstance(base, dict) else {}, ours, theirs, path)
        if not _is_place(path):
            self._note(ours, theirs, path)
        return ours

    def _mappings(self, base: dict[str, Any], ours: dict[str, Any], theirs: dict[str, Any], path: Path) -> Any:
        merged = {}
        for key in _order(list(ours), list(theirs)):
            old, mine, other = (side.get(key, _ABSENT) for side in (base, ours, theirs))
            value = self.merge(old, mine, other, (*path, key))
            if value is not _ABSENT:
                merged[key] = value
        return merged

    def _note(self, ours: Any, theirs: Any, path: Path) -> None:
        message = f"{path_text(path)}: both sides changed it: here it is {_shown(ours)}, there {_shown(theirs)}"
        hint = "write what it should be, and commit"
        self.conflicts.append(Diagnostic("conflict", message, where=path_text(path), hint=hint))


def _is_place(path: Path) -> bool:
    """Tell whether it is only about where something lies on the canvas, and how large it is."""
    return path[:1] == ("view",) or (path[:1] == ("notes",) and len(path) == 4 and path[3] in ("at", "size"))


def _order(ours: list[str], theirs: list[str]) -> list[str]:
    """Return the keys of both: ours in their order, each other one after the one that it stands behind there."""
    order = list(ours)
    known = set(ours)
    for index, key in enumerate(theirs):
        if key not in known:
            order.insert(order.index(theirs[index - 1]) + 1 if index else 0, key)
            known.add(key)
    return order


def _keyed(plain: dict[str, Any]) -> dict[str, Any]:
    """Return a project's plain values with each graph's wires by their names."""
    graphs = {name: {**graph, **_wires(graph)} for name, graph in plain.get("graphs", {}).items()}
    return {**plain, **({"graphs": graphs} if graphs else {})}


def _wires(graph: Mapping[str, Any]) -> dict[str, Any]:
    if "edges" not in graph:
        return {}
    wires: dict[str, Any] = {}
    for edge in graph["edges"]:
        name = edge if isinstance(edge, str) else f"{edge['from']} -> {edge['to']}"
        while name in wires:
            # A wire may be drawn twice, which the check tells.
            name += " "
        wires[name] = edge
    return {"edges": wires}


def _listed(plain: dict[str, Any]) -> dict[str, Any]:
    graphs = {
        name: {**graph, **({"edges": list(graph["edges"].values())} if "edges" in graph else {})}
        for name, graph in plain.get("graphs", {}).items()
    }
    return {**plain, **({"graphs": graphs} if graphs else {})}


def _equal(one: Any, two: Any) -> bool:
    return one is two or (one is not _ABSENT and two is not _ABSENT and same(one, two))


def _shown(value: Any) -> str:
    if value is _ABSENT:
        return "removed"
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}…"

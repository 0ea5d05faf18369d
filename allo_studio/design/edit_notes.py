"""Edits of what is written on the canvas: notes, and backdrops behind blocks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import isfinite

from allo_studio.design.edit_base import Edit, checked_name, did_you_mean, find_graph, refuse, without
from allo_studio.design.model import Note, Project
from allo_studio.design.names import fresh_name

__all__ = ["LEAST_SIDE", "AddNote", "MoveNotes", "RemoveNotes", "SetNote", "find_note", "note_name", "with_notes"]

# A smaller one could not be taken hold of; in the units of positions.
LEAST_SIDE = 16.0

Point = tuple[float, float]


def find_note(project: Project, graph: str, name: str) -> Note:
    """Return a graph's note of that id; raises AlloError."""
    find_graph(project, graph)
    known = project.notes.get(graph, {})
    if name not in known:
        raise refuse(f"there is no note {name!r} in {graph!r}", graph, did_you_mean(name, known))
    return known[name]


def note_name(project: Project, graph: str, wish: str) -> str:
    """Return an id like `wish` that no note of the graph has."""
    return fresh_name(wish, set(project.notes.get(graph, {})))


def with_notes(project: Project, graph: str, notes: Mapping[str, Note]) -> Project:
    """Return the project with just these notes in a graph."""
    others = without(project.notes, graph)
    if not notes:
        return replace(project, notes=others) if graph in project.notes else project
    return replace(project, notes={**project.notes, graph: notes})


@dataclass(frozen=True)
class AddNote(Edit):
    """Write a note on a graph's canvas, or lay a backdrop there."""

    graph: str
    name: str
    note: Note

    def apply(self, project: Project) -> Project:
        """Return the project with the note; refused for a taken or bad id and for a place that is none."""
        find_graph(project, self.graph)
        known = project.notes.get(self.graph, {})
        checked_name(self.name, known, "note", self.graph)
        _require_legal(self.graph, self.note)
        return with_notes(project, self.graph, {**known, self.name: self.note})

    def describe(self) -> str:
        """Return the text for the undo menu."""
        return f"Add {self.note.kind}"


@dataclass(frozen=True)
class SetNote(Edit):
    """Change what a note says, its colour, or where it lies."""

    graph: str
    name: str
    note: Note

    def apply(self, project: Project) -> Project:
        """Return the project with the changed note; refused where there is none and for a place that is none."""
        find_note(project, self.graph, self.name)
        _require_legal(self.graph, self.note)
        return with_notes(project, self.graph, {**project.notes[self.graph], self.name: self.note})

    def describe(self) -> str:
        """Return the text for the undo menu."""
        return f"Change {self.note.kind}"


@dataclass(frozen=True)
class RemoveNotes(Edit):
    """Remove notes and backdrops of a graph; the blocks on a backdrop stay."""

    graph: str
    names: tuple[str, ...]

    def apply(self, project: Project) -> Project:
        """Return the project without the notes; refused where one does not exist."""
        for name in self.names:
            find_note(project, self.graph, name)
        return with_notes(project, self.graph, without(project.notes.get(self.graph, {}), *self.names))

    def describe(self) -> str:
        """Return the text for the undo menu."""
        return f"Remove {_several(self.names)}"


@dataclass(frozen=True)
class MoveNotes(Edit):
    """Place notes on the canvas; `places` are their top left corners by id."""

    graph: str
    places: Mapping[str, Point]

    def apply(self, project: Project) -> Project:
        """Return the project with the places; refused for a note that does not exist and a place that is none."""
        moved = {}
        for name, (x, y) in self.places.items():
            moved[name] = replace(find_note(project, self.graph, name), place=(float(x), float(y)))
            _require_legal(self.graph, moved[name])
        return with_notes(project, self.graph, {**project.notes.get(self.graph, {}), **moved})

    def describe(self) -> str:
        """Return the text for the undo menu."""
        return f"Move {_several(self.places)}"


def _several(names: Iterable[str]) -> str:
    count = len(list(names))
    return "note" if count == 1 else f"{count} notes"


def _require_legal(graph: str, note: Note) -> None:
    if not all(isfinite(value) for value in (*note.place, *note.size)):
        raise refuse(f"a note cannot lie at {note.place}", graph, "a position is two finite numbers")
    if min(note.size) < LEAST_SIDE:
        raise refuse(f"a note cannot be {note.size[0]:g} by {note.size[1]:g}", graph, "make it larger")

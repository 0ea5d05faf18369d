"""What the window's actions on notes and backdrops do: each becomes one edit of the design."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import get_args

from PySide6.QtCore import QRectF

from allo_studio.design.edits import AddNote, Edit, SetNote, Several, note_name
from allo_studio.design.model import Graph, Note, NoteColour
from nodes.notes import TITLE_HEIGHT
from ui.free_place import free_place
from ui.panels import Panels
from ui.session import Session

__all__ = ["NoteActions", "NoteCommands"]

_COLOURS: tuple[NoteColour, ...] = get_args(NoteColour)
_GRID, _AROUND = 4, 28.0


class NoteActions:
    """Acts on the notes of the graph that is shown."""

    def __init__(self, session: Session, panels: Panels) -> None:
        self._session, self._canvas = session, panels.canvas
        self._canvas.note_changed.connect(self.change)

    def notes(self) -> Mapping[str, Note]:
        """Return the notes of the graph that is shown, by id."""
        project, graph = self._session.project, self._session.graph
        return project.notes.get(graph.name, {}) if project and graph else {}

    def chosen(self) -> list[str]:
        """Return the ids of the selected notes."""
        return [name for name in self._canvas.selected_notes() if name in self.notes()]

    def change(self, name: str, note: Note) -> None:
        """Take what was written in a note, or its new size."""
        graph = self._session.graph
        if graph is not None:
            self._session.do(SetNote(graph.name, name, note))

    def write(self) -> None:
        """Add a note in the middle of what is shown, to be written at once."""
        graph, view = self._session.graph, self._canvas.view
        if graph is None:
            return
        middle = view.mapToScene(view.viewport().rect().center())
        place = (_snapped(middle.x() - 100), _snapped(middle.y() - 40))
        place = free_place(place, (200.0, 80.0), self._canvas.areas())
        self._add(graph, Note("", place, colour="yellow"), "note")

    def surround(self) -> None:
        """Lay a backdrop behind the selected blocks and notes; one that is selected with them is fitted to them."""
        graph, chosen = self._session.graph, self.chosen()
        if graph is None:
            return
        behind = [name for name in chosen if self.notes()[name].kind == "backdrop"]
        fitted = behind[0] if len(behind) == 1 else None
        area = QRectF()
        for block in self._canvas.selected_blocks():
            area = area.united(self._canvas.block(block).sceneBoundingRect())
        for name in chosen:
            if name != fitted:
                area = area.united(self._canvas.notes.item(name).area)
        if area.isEmpty():
            return
        left, top = _snapped(area.left() - _AROUND), _snapped(area.top() - _AROUND - TITLE_HEIGHT)
        size = (_snapped(area.right() + _AROUND) - left, _snapped(area.bottom() + _AROUND) - top)
        if fitted is not None:
            note = replace(self.notes()[fitted], place=(left, top), size=size)
            self._session.do(SetNote(graph.name, fitted, note))
            return
        self._add(graph, Note("Backdrop", (left, top), size, "blue", "backdrop"), "backdrop")

    def _add(self, graph: Graph, note: Note, wish: str) -> None:
        project = self._session.project
        name = note_name(project, graph.name, wish) if project else wish
        if self._session.do(AddNote(graph.name, name, note)):
            self._canvas.select()
            self._canvas.select_notes([name])
            self.edit()

    def edit(self) -> None:
        """Write in the selected note."""
        chosen = self.chosen()
        if len(chosen) == 1:
            self._canvas.view.setFocus()
            self._canvas.notes.item(chosen[0]).edit()

    def next_colour(self) -> None:
        """Give the selected notes the colour after that of the first."""
        graph, chosen, notes = self._session.graph, self.chosen(), self.notes()
        if graph is None or not chosen:
            return
        colour = _COLOURS[(_COLOURS.index(notes[chosen[0]].colour) + 1) % len(_COLOURS)]
        edits: list[Edit] = [SetNote(graph.name, name, replace(notes[name], colour=colour)) for name in chosen]
        self._session.do(Several(tuple(edits), f"Colour {chosen[0] if len(chosen) == 1 else f'{len(chosen)} notes'}"))


class NoteCommands:
    """The window's methods that its actions on notes call."""

    note_actions: NoteActions
    _message: Callable[[str], None]

    def do_add_note(self) -> None:
        """Write a note on the canvas."""
        self.note_actions.write()

    def do_backdrop(self) -> None:
        """Lay a backdrop behind what is selected."""
        self.note_actions.surround()

    def do_edit_note(self) -> None:
        """Write in the selected note."""
        self.note_actions.edit()

    def do_note_colour(self) -> None:
        """Give the selected notes another colour."""
        self.note_actions.next_colour()


def _snapped(value: float) -> float:
    return float(round(value / _GRID) * _GRID)

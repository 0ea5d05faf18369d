"""A sitting at the window that is drawn at random: edits of all kinds, undo and redo, levels, selections, saves."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from difflib import unified_diff
from typing import Any, get_args

import pytest
from PySide6.QtWidgets import QApplication
from random_edits import random_edit

from allo_studio.design import edits
from allo_studio.design.edit_base import Edit
from allo_studio.design.history import History
from allo_studio.design.model import Disabled, Graph, Note, NoteColour, NoteKind, Project
from allo_studio.diagnostics import AlloError
from allo_studio.project import load_project, recover
from allo_studio.project.schema import to_plain
from nodes.block import BlockItem
from nodes.canvas import Canvas
from nodes.notes import NoteItem
from nodes.picture import describe
from nodes.pipe import WireItem, WireLabel
from ui.places import Level, reach
from ui.window import Window

__all__ = ["Sitting", "recording"]

# What the window does with what is selected; the prompts answer with a fresh name.
_COMMANDS = (
    "add_input", "add_output", "align_left", "align_top", "arrange", "backdrop", "bypass", "collapse", "copy", "cut",
    "delete", "disable", "duplicate", "expand", "note_colour", "paste", "select_all", "spread_across",
)  # fmt: skip
# A graph of more blocks than this is taken back: what is looked at after each edit takes time with its size.
_MOST_BLOCKS = 60


@contextmanager
def recording(history: History) -> Iterator[list[Edit]]:
    """Provide the edits that lead from the history's first project to its last, while it is edited."""
    made: list[Edit] = []
    do = history.do

    def recorded(edit: Edit) -> None:
        before = history.project
        position = history.position
        do(edit)
        if history.project is not before:
            made[position:] = [edit]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(history, "do", recorded)
        yield made


class Sitting:
    """Edits the project in front of a window at random, and compares what must be equal."""

    def __init__(self, window: Window, draw: random.Random) -> None:
        self.window, self.session, self._draw = window, window.session, draw
        self.canvas = window.panels.canvas
        assert self.session.history is not None
        assert self.session.loaded is not None
        self.history, self.file = self.session.history, self.session.loaded.file
        self.first = self.history.project
        # A number of names that a prompt answers with.
        self._names = 0
        window.prompts.answers["text"] = ""  # type: ignore[attr-defined]

    # What is done.

    def step(self) -> None:
        """Do something; most of the time it is an edit."""
        draw, chance = self._draw, self._draw.random()
        if chance < 0.08:
            self._select()
        elif chance < 0.14:
            self._level()
        elif chance < 0.24 or self._too_large():
            self.window.do_undo()
        elif chance < 0.30:
            self.window.do_redo()
        elif chance < 0.33:
            self.session.go(draw.randrange(len(self.history.texts) + 1))
        elif chance < 0.36:
            assert not self.session.dirty or self.window.do_save()
        elif chance < 0.50:
            self._select()
            self._command(draw.choice(_COMMANDS))
        elif chance < 0.58:
            self._palette()
        else:
            edit = None
            # There may be nothing of the kind that an edit is about.
            with suppress(LookupError, AlloError):
                edit = self._edit()
            if edit is not None:
                self.session.do(edit)
        QApplication.processEvents()

    def _too_large(self) -> bool:
        project = self.history.project
        return max(len(graph.nodes) for graph in project.graphs.values()) > _MOST_BLOCKS or len(project.graphs) > 20

    def _edit(self) -> Edit:
        checked, project = self.session.checked, self.history.project
        assert checked is not None
        if self._draw.random() < 0.25:
            return self._draw.choice((self._note, self._disabled, self._moved))(self._graph())
        return random_edit(self._draw, project, checked, self.session.source)

    def _graph(self) -> Graph:
        """A graph, most often the one that is shown."""
        shown = self.session.graph
        if shown is not None and self._draw.random() < 0.7:
            return shown
        return self._draw.choice(list(self.history.project.graphs.values()))

    def _note(self, graph: Graph) -> Edit:
        draw, notes = self._draw, self.history.project.notes.get(graph.name, {})
        words = "".join(draw.choice(("a", "ü", " ", "\n", ": ", "# ", "'", '"', "- ", "\t", "no")) for _ in range(9))
        place, size = self._place(), (abs(self._place()[0]), abs(self._place()[1]))
        note = Note(words, place, size, draw.choice(get_args(NoteColour)), draw.choice(get_args(NoteKind)))
        choices: list[Edit] = [edits.AddNote(graph.name, f"note{draw.randrange(9)}", note)]
        if notes:
            name = draw.choice(list(notes))
            choices += [
                edits.SetNote(graph.name, name, replace(note, kind=notes[name].kind)),
                edits.MoveNotes(graph.name, {name: self._place()}),
                edits.RemoveNotes(graph.name, (name,)),
            ]
        return draw.choice(choices)

    def _disabled(self, graph: Graph) -> Edit:
        names = self._draw.sample(list(graph.nodes), min(len(graph.nodes), self._draw.randrange(1, 4)))
        return edits.SetDisabled(graph.name, tuple(names), self._draw.choice(get_args(Disabled)))

    def _moved(self, graph: Graph) -> Edit:
        names = [*graph.nodes, *(f"@{name}" for name in (*graph.inputs, *graph.outputs))]
        chosen = self._draw.sample(names, min(len(names), self._draw.randrange(1, 4)))
        return edits.MoveNodes(graph.name, {name: self._place() for name in chosen})

    def _place(self) -> tuple[float, float]:
        return (self._draw.randrange(-400, 1200) * 1.0, self._draw.randrange(-300, 600) * 1.0)

    def _select(self) -> None:
        picture, draw = self.canvas.picture, self._draw
        kind = draw.randrange(4)
        if kind == 0 and picture.wires:
            self.canvas.select(wire=draw.choice(list(picture.wires)))
        elif kind == 1 and picture.blocks:
            self.canvas.select_blocks(draw.sample(list(picture.blocks), min(len(picture.blocks), draw.randrange(2, 5))))
        elif picture.blocks:
            self.canvas.select(draw.choice(list(picture.blocks)))
        notes = [note.name for note in self.canvas.notes]
        if notes and draw.random() < 0.3:
            self.canvas.select_notes([draw.choice(notes)])

    def _level(self) -> None:
        level = self.session.level
        graphs = self.history.project.graphs
        inside = [name for name, node in graphs[self._shown(level)].nodes.items() if hasattr(node, "graph")]
        if level.nodes and self._draw.random() < 0.4:
            self.window.do_leave()
        elif inside and self._draw.random() < 0.7:
            self.window.enter(self._draw.choice(inside))
        else:
            self.session.show_level(reach(self.history.project, self._draw.choice(list(graphs))))

    def _shown(self, level: Level) -> str:
        assert self.session.graph is not None, level
        return self.session.graph.name

    def _command(self, name: str) -> None:
        """Do what a menu does, where it is not grey."""
        self._names += 1
        self.window.prompts.answers["text"] = f"part{self._names}"  # type: ignore[attr-defined]
        action = self.window.actions_by_id[name]
        if action.isEnabled():
            action.trigger()

    def _palette(self) -> None:
        entries = [entry for section in self.session.sections() for entry in section.entries if not entry.faulty]
        if entries:
            self.window.gestures.add(self._draw.choice(entries).payload, self._place())

    # What must be equal.

    def compare_file(self) -> None:
        """The model is what its file, or what was kept beside it, loads to."""
        project = self.history.project
        if self.history.clean:
            found: Project | None = load_project(self.file).project
        else:
            # None where the edits came to what the file says.
            found = recover(self.file) or load_project(self.file).project
        _must_be_same(found, project)

    def compare_replay(self, made: list[Edit]) -> None:
        """The model is what the edits make of the first project, without a window."""
        project = self.first
        for edit in made[: self.history.position]:
            project = edit.apply(project)
        _must_be_same(project, self.history.project)

    def compare_canvas(self) -> None:
        """The items say what the model says, and there are no others."""
        graph, shown, canvas = self.session.graph, self.session.shown, self.canvas
        assert graph is not None
        assert shown is not None
        expected = describe(graph, shown)
        _must_be_alike(canvas.picture.blocks, expected.blocks)
        _must_be_alike(canvas.picture.wires, expected.wires)
        items = canvas.view.scene().items()
        assert {i.spec.name: i.spec for i in items if isinstance(i, BlockItem)} == dict(expected.blocks)
        assert {i.spec.id: i.spec for i in items if isinstance(i, WireItem)} == dict(expected.wires)
        for kind, count in (
            (BlockItem, len(expected.blocks)),
            (WireItem, len(expected.wires)),
            (WireLabel, len(expected.wires)),
        ):
            assert sum(isinstance(item, kind) for item in items) == count
        notes = self.history.project.notes.get(graph.name, {})
        assert sorted(i.name for i in items if isinstance(i, NoteItem)) == sorted(notes)
        assert {note.name: note.note for note in canvas.notes} == dict(notes)
        written = self.history.project.view.get(graph.name, {})
        places = {name: canvas.block(name).pos().toTuple() for name in expected.blocks}
        assert places == canvas.positions
        assert {name: written[name] for name in places if name in written} == {
            name: place for name, place in places.items() if name in written
        }
        for wire in expected.wires.values():
            item = canvas.wire(wire.id)
            ends = (item.output_port, item.input_port)
            assert [(port.node.spec.name, port.spec.name) for port in ends] == [
                (end.node or f"@{end.port}", end.port) for end in (wire.source, wire.target)
            ]
            assert (item.path().elementAt(0).x, item.path().elementAt(0).y) == ends[0].centre.toTuple()
            last = item.path().elementAt(item.path().elementCount() - 1)
            assert (last.x, last.y) == ends[1].centre.toTuple()

    def compare_drawing(self) -> None:
        """What was drawn difference by difference is what is drawn at once."""
        graph, shown = self.session.graph, self.session.shown
        assert graph is not None
        assert shown is not None
        anew = Canvas()
        anew.show_graph(graph, shown, self.canvas.positions)
        anew.show_notes(self.history.project.notes.get(graph.name, {}))
        try:
            _must_be_alike(_drawn(self.canvas), _drawn(anew))
        finally:
            anew.shut()
            anew.deleteLater()


# Qt leaves an item where it is that is sent to a place all but equal to its own, such as in the last bit.
_DIGITS = 6


def _must_be_same(found: Project, expected: Project) -> None:
    """The projects are equal, with the types of their numbers and the order of their ports."""
    texts = [json.dumps(to_plain(project), sort_keys=True, indent=1).splitlines() for project in (found, expected)]
    assert texts[0] == texts[1], "\n".join(unified_diff(*texts, lineterm=""))
    assert found.argument_order() == expected.argument_order()
    assert found == expected


def _must_be_alike(found: Mapping[str, object], expected: Mapping[str, object]) -> None:
    names = [name for name in {*found, *expected} if found.get(name) != expected.get(name)]
    assert not names, {name: (found.get(name), expected.get(name)) for name in names}


def _drawn(canvas: Canvas) -> Mapping[str, Any]:
    """What can be seen of a canvas, as values by name."""
    found: dict[str, Any] = {}
    for name in canvas.picture.blocks:
        block = canvas.block(name)
        ports = [(p.spec, p.centre.toTuple(), len(p.connected_pipes), p.mark) for p in (*block.inputs, *block.outputs)]
        found[name] = (block.pos().toTuple(), block.boundingRect().getRect(), ports, block.toolTip())
    for name in canvas.picture.wires:
        wire = canvas.wire(name)
        path = wire.path()
        points = [(round(e.x, _DIGITS), round(e.y, _DIGITS)) for e in map(path.elementAt, range(path.elementCount()))]
        label = wire.label
        at = (round(label.x(), _DIGITS), round(label.y(), _DIGITS))
        said = (label.lines, at, label.isVisible(), label.toolTip())
        found[f"{name} "] = (points, said, wire.colour.name(), wire.toolTip())
    for note in canvas.notes:
        found[f"#{note.name}"] = (note.area.getRect(), note.zValue(), note.toolTip())
    return found

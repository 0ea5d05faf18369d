"""What the actions on selected blocks do: collapse, expand, duplicate, and the clipboard."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from PySide6.QtGui import QGuiApplication

from allo_studio.design.collapsing import collapsing
from allo_studio.design.edits import (
    DuplicateNodes,
    Edit,
    ExpandNode,
    MoveNodes,
    PasteNodes,
    RemoveNodes,
    RemoveNotes,
    SetDisabled,
    Several,
    fresh_name,
)
from allo_studio.design.model import Disabled, Graph, GraphNode, Project
from allo_studio.diagnostics import AlloError
from allo_studio.project import copy_nodes, read_clip
from nodes.canvas import Canvas
from ui.dialogs import Prompts
from ui.free_place import NEW_SIZE, free_place
from ui.gestures import Gestures
from ui.session import Session

__all__ = ["BlockActions", "BlockCommands"]

_SHIFT = 24.0


class BlockActions:
    """Acts on the blocks that are selected on the canvas; each action is one edit."""

    def __init__(self, session: Session, canvas: Canvas, gestures: Gestures) -> None:
        self._session, self._canvas, self._gestures = session, canvas, gestures

    def blocks(self) -> list[str]:
        """Return the selected blocks of the graph, in its order; its own ports are none."""
        graph, chosen = self._session.graph, set(self._canvas.selected_blocks())
        return [name for name in graph.nodes if name in chosen] if graph else []

    def notes(self) -> list[str]:
        """Return the ids of the selected notes."""
        return self._canvas.selected_notes()

    def disable(self, how: Disabled) -> None:
        """Disable or bypass the selected blocks, or enable them where all are so already."""
        graph, blocks = self._session.graph, self.blocks()
        if graph is None or not blocks:
            return
        already = all(graph.nodes[name].disabled == how for name in blocks)
        self._session.do(SetDisabled(graph.name, tuple(blocks), "" if already else how))

    def suggestion(self) -> str:
        """Return a name for a new graph."""
        return fresh_name("part", set(self._session.project.graphs)) if self._session.project else ""

    def collapse(self, name: str) -> None:
        """Make a graph of the selected blocks."""
        graph, checked, blocks = self._session.graph, self._session.checked, self.blocks()
        if graph is None or checked is None or not blocks:
            return
        made = collapsing(checked, self._session.source, graph.name, blocks, name)
        edit = replace(made, notes=tuple(self.notes()))
        before = set(graph.nodes)
        if self._do(graph, edit):
            self._select(set(self._session.graph.nodes) - before if self._session.graph else ())

    def expand(self) -> None:
        """Put the blocks of the selected graph block in its place."""
        graph, blocks = self._session.graph, self.blocks()
        if graph is None or len(blocks) != 1 or not isinstance(graph.nodes[blocks[0]], GraphNode):
            return
        before = set(graph.nodes) - set(blocks)
        if self._do(graph, ExpandNode(graph.name, blocks[0])):
            self._select(set(self._session.graph.nodes) - before if self._session.graph else ())

    def duplicate(self) -> None:
        """Copy the selected blocks beside themselves."""
        graph, project, blocks, notes = self._session.graph, self._session.project, self.blocks(), self.notes()
        if graph is None or project is None or not (blocks or notes):
            return
        edit = DuplicateNodes(graph.name, tuple(blocks), notes=tuple(notes))
        names, written = edit.names(project), edit.note_names(project)
        if self._do(graph, edit):
            self._select(names.values(), written.values())

    def copy(self) -> bool:
        """Put the selected blocks on the clipboard."""
        graph, project, blocks, notes = self._session.graph, self._session.project, self.blocks(), self.notes()
        if graph is None or project is None or not (blocks or notes):
            return False
        shown = self._gestures.unwritten(graph)
        placed = MoveNodes(graph.name, shown).apply(project) if shown else project
        QGuiApplication.clipboard().setText(copy_nodes(placed, graph.name, blocks, notes))
        return True

    def cut(self) -> None:
        """Put the selected blocks on the clipboard and remove them."""
        graph, blocks, notes = self._session.graph, tuple(self.blocks()), tuple(self.notes())
        if graph is not None and self.copy():
            edits: list[Edit] = [RemoveNodes(graph.name, blocks)] if blocks else []
            edits += [RemoveNotes(graph.name, notes)] if notes else []
            self._session.do(Several(tuple(edits), edits[0].describe().replace("Remove", "Cut")))

    def paste(self) -> None:
        """Add the blocks of the clipboard in the middle of what is shown."""
        graph, project = self._session.graph, self._session.project
        if graph is None or project is None:
            return
        try:
            clip = read_clip(QGuiApplication.clipboard().text())
        except AlloError as error:
            self._session.refuse(error, "Nothing was pasted")
            return
        edit = PasteNodes(graph.name, clip, self._corner(clip))
        names, written = edit.names(project), edit.note_names(project)
        if self._do(graph, edit):
            self._select(names.values(), written.values())

    def _corner(self, clip: Project) -> tuple[float, float]:
        """Return where a clip's top left corner comes to lie, so that its middle is that of the view."""
        places = list(clip.view.get(clip.top, {}).values())
        places += [note.place for note in clip.notes.get(clip.top, {}).values()]
        places = places or [(0.0, 0.0)]
        width, height = (max(p[axis] for p in places) - min(p[axis] for p in places) for axis in (0, 1))
        middle = self._canvas.view.mapToScene(self._canvas.view.viewport().rect().center())
        x, y = (float(round(v / 4) * 4) for v in (middle.x() - width / 2, middle.y() - height / 2))
        whole = (width + NEW_SIZE[0], height + NEW_SIZE[1])
        x, y = free_place((x, y), whole, self._canvas.areas())
        # Where there is no room, it is at least not exactly on what is there.
        taken = {*self._canvas.positions.values(), *(note.note.place for note in self._canvas.notes)}
        first = min(places)
        while (x + first[0] - min(p[0] for p in places), y + first[1] - min(p[1] for p in places)) in taken:
            x, y = x + _SHIFT, y + _SHIFT
        return x, y

    def _do(self, graph: Graph, edit: Edit) -> bool:
        """Do an edit; places that are shown but not in the file yet are kept with it."""
        shown = self._gestures.unwritten(graph)
        whole = Several((MoveNodes(graph.name, shown), edit), edit.describe()) if shown else edit
        return self._session.do(whole)

    def _select(self, names: Iterable[str], notes: Iterable[str] = ()) -> None:
        self._canvas.select_blocks(names)
        self._canvas.select_notes(notes)


class BlockCommands:
    """The window's methods that its actions on selected blocks call."""

    block_actions: BlockActions
    prompts: Prompts

    def do_cut(self) -> None:
        """Put the selected blocks on the clipboard and remove them."""
        self.block_actions.cut()

    def do_copy(self) -> None:
        """Put the selected blocks on the clipboard."""
        self.block_actions.copy()

    def do_paste(self) -> None:
        """Add the blocks of the clipboard."""
        self.block_actions.paste()

    def do_duplicate(self) -> None:
        """Copy the selected blocks beside themselves."""
        self.block_actions.duplicate()

    def do_disable(self) -> None:
        """Leave the selected blocks out of what is built, or take them in again."""
        self.block_actions.disable("off")

    def do_bypass(self) -> None:
        """Put a wire in the place of the selected blocks, or take them in again."""
        self.block_actions.disable("bypass")

    def do_collapse(self) -> None:
        """Make a graph of the selected blocks."""
        suggestion = self.block_actions.suggestion()
        name = self.prompts.text("Collapse the blocks", "Name of the new graph", suggestion)
        if name:
            self.block_actions.collapse(name)

    def do_expand(self) -> None:
        """Put the blocks of the selected graph block in its place."""
        self.block_actions.expand()

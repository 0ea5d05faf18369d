"""What the window's actions on the drawing do: blocks in line, at equal distances, and the canvas as a picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtGui import QAction

from allo_studio.design.edits import MoveNodes, Several
from nodes.canvas import measures
from ui import preferences
from ui.alignment import Side, aligned, spread
from ui.dialogs import Prompts
from ui.gestures import Gestures
from ui.panels import Panels
from ui.pictures import ENDINGS, save_picture
from ui.positions import arranged_part
from ui.session import Session

__all__ = ["LayoutCommands"]

_Places = Mapping[str, tuple[float, float]]


class LayoutCommands:
    """The window's methods that its actions on the drawing call."""

    session: Session
    panels: Panels
    gestures: Gestures
    prompts: Prompts
    actions_by_id: dict[str, QAction]
    _message: Callable[[str], None]

    def do_align_left(self) -> None:
        """Put the left sides of the selected blocks in line."""
        self._align("left")

    def do_align_right(self) -> None:
        """Put the right sides of the selected blocks in line."""
        self._align("right")

    def do_align_top(self) -> None:
        """Put the tops of the selected blocks in line."""
        self._align("top")

    def do_align_bottom(self) -> None:
        """Put the bottoms of the selected blocks in line."""
        self._align("bottom")

    def do_spread_across(self) -> None:
        """Leave equal gaps between the selected blocks, from left to right."""
        self._move("Spread", lambda places, sizes: spread(places, sizes, 0))

    def do_spread_down(self) -> None:
        """Leave equal gaps between the selected blocks, from top to bottom."""
        self._move("Spread", lambda places, sizes: spread(places, sizes, 1))

    def do_arrange_part(self) -> None:
        """Place the selected blocks in layers; all others stay, and so does the selection's top left corner."""
        graph, checked = self.session.graph, self.session.checked
        if graph is not None and checked is not None:
            rooms = measures(graph, checked)[1]
            self._move("Arrange", lambda places, sizes: arranged_part(graph, places, sizes, rooms))

    def do_minimap(self) -> None:
        """Show the map of the whole graph from now on, or not."""
        preferences.store(minimap=self.actions_by_id["minimap"].isChecked())
        self.mark_layout()

    def do_snap(self) -> None:
        """Let moved blocks come to lie on the grid from now on, or not."""
        preferences.store(snap=self.actions_by_id["snap"].isChecked())
        self.mark_layout()

    def do_guides(self) -> None:
        """Let moved blocks come in line with others from now on, or not."""
        preferences.store(guides=self.actions_by_id["guides"].isChecked())
        self.mark_layout()

    def mark_layout(self) -> None:
        """Let the canvas have a map, a grid and guides as was chosen."""
        chosen, canvas = preferences.load(), self.panels.canvas
        for name in ("minimap", "snap", "guides"):
            self.actions_by_id[name].setChecked(getattr(chosen, name))
        canvas.minimap.switch(chosen.minimap)
        view, canvas.view.guides = canvas.view, chosen.guides
        view.pitch = float(chosen.grid)
        view.grid = view.pitch if chosen.snap else 0.0
        view.redraw()

    def do_export_picture(self) -> None:
        """Write the graph that is shown as a picture."""
        graph, loaded = self.session.graph, self.session.loaded
        if graph is None or loaded is None:
            return
        path = self.prompts.picture_file(loaded.root / f"{graph.name}.svg")
        if path is None:
            return
        if path.suffix.lower() not in ENDINGS:
            self._message(f"A picture ends in {', '.join(ENDINGS)}: {path.name} does not")
            return
        view = self.panels.canvas.view
        try:
            save_picture(view.scene(), view.drawn(), path, f"{graph.name} of {loaded.project.name}")
        except OSError as error:
            self._message(f"{path} could not be written: {error.strerror or error}")
            return
        if path.suffix.lower() != ".pdf":
            self.panels.console.did("render", loaded.file, "--graph", graph.name, "--out", path)
        self._message(f"Wrote {path}")

    def _align(self, side: Side) -> None:
        self._move("Align", lambda places, sizes: aligned(places, sizes, side))

    def _move(self, what: str, place: Callable[[_Places, _Places], _Places]) -> None:
        graph, checked = self.session.graph, self.session.checked
        if graph is None or checked is None:
            return
        sizes, shown = measures(graph, checked)[0], self.panels.canvas.positions
        chosen = [name for name in self.panels.canvas.selected_blocks() if name in sizes and name in shown]
        before = {name: shown[name] for name in chosen}
        moved = {name: at for name, at in place(before, sizes).items() if at != before[name]}
        if moved:
            edit = MoveNodes(graph.name, {**self.gestures.unwritten(graph), **moved})
            self.session.do(Several((edit,), f"{what} {len(chosen)} blocks"))

"""What the window's actions on blocks and ports by the keyboard do."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt

from ui.gestures import Gestures
from ui.navigator import Navigator
from ui.outline import Entry
from ui.panels import Panels
from ui.places import Place
from ui.port_walk import PortWalk
from ui.session import Session
from ui.target_dialog import TargetDialog

__all__ = ["KeyboardCommands"]


class KeyboardCommands:
    """The window's methods that its actions by the keyboard call."""

    session: Session
    panels: Panels
    gestures: Gestures
    walk: PortWalk
    navigator: Navigator
    _message: Callable[[str], None]

    def watch_walk(self) -> None:
        """Make the walk, which keeps its port when the canvas is drawn anew; call it once the window has its parts."""
        self.walk = PortWalk(self.panels.canvas, self.gestures)
        self.session.changed.connect(self.walk.mark)
        self.panels.canvas.selected.connect(self._block_selected)
        self.panels.outline.chosen.connect(self._entry_chosen)

    def do_outline(self) -> None:
        """Show the outline, at what is selected on the canvas, with the keys."""
        dock, outline = self.panels.docks["Outline"], self.panels.outline
        dock.show()
        dock.raise_()
        outline.refresh()
        self._show_in_outline(self.walk.block())
        outline.tree.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _block_selected(self, block: str | None) -> None:
        self.walk.mark()
        self._show_in_outline(block)

    def _show_in_outline(self, block: str | None) -> None:
        outline = self.panels.outline
        now = outline.entry(outline.tree.currentIndex())
        # A port that is chosen there says more than its block.
        if block and (now is None or (now.level, now.block) != (self.session.level, block)):
            outline.select(Entry(self.session.level, block))

    def _entry_chosen(self, entry: Entry) -> None:
        """Show on the canvas what was chosen in the outline."""
        self.navigator.go_to_place(Place(entry.level, entry.block or None))
        if entry.port:
            self.walk.choose(entry.block, entry.port, entry.output)

    def do_block_left(self) -> None:
        """Select the next block to the left."""
        self._go((-1, 0))

    def do_block_right(self) -> None:
        """Select the next block to the right."""
        self._go((1, 0))

    def do_block_up(self) -> None:
        """Select the next block above."""
        self._go((0, -1))

    def do_block_down(self) -> None:
        """Select the next block below."""
        self._go((0, 1))

    def do_move_left(self) -> None:
        """Move the selected blocks a step to the left."""
        self._nudge((-1, 0))

    def do_move_right(self) -> None:
        """Move the selected blocks a step to the right."""
        self._nudge((1, 0))

    def do_move_up(self) -> None:
        """Move the selected blocks a step up."""
        self._nudge((0, -1))

    def do_move_down(self) -> None:
        """Move the selected blocks a step down."""
        self._nudge((0, 1))

    def _nudge(self, direction: tuple[int, int]) -> None:
        """Move the selected blocks from one dot of the grid to the next."""
        self.walk.nudge(direction, self.panels.canvas.view.pitch)

    def do_to_canvas(self) -> None:
        """Give the keys to the canvas."""
        self.panels.canvas.view.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._tell(self.walk.told())

    def do_next_port(self) -> None:
        """Choose the next port of the selected block."""
        self._turn(1)

    def do_previous_port(self) -> None:
        """Choose the port before."""
        self._turn(-1)

    def do_wire(self) -> None:
        """Draw a wire from the chosen port (else the selected block's first) to one that is chosen from a list."""
        if self.walk.port is None and self.walk.turn(1) is None:
            self._tell("Select a block with a port first")
            return
        now = self.walk.port
        assert now is not None
        dialog = TargetDialog(self.panels.canvas.window(), str(now.end), self.walk.targets())
        target = dialog.chosen() if dialog.exec() else None
        dialog.deleteLater()
        if target is not None:
            self.walk.connect(target)
            self._tell(self.walk.told())

    def _go(self, direction: tuple[int, int]) -> None:
        found = self.walk.go(direction)
        self._tell(self.walk.told() if found else "No block there")

    def _turn(self, by: int) -> None:
        self._tell(self.walk.told() if self.walk.turn(by) else "Select a block with a port first")

    def _tell(self, text: str) -> None:
        """Say what is chosen, in the status bar and to a screen reader."""
        self._message(text)
        self.panels.canvas.view.setAccessibleDescription(text)

"""Where a wire may end: all ports on the other side, by a few letters, with the reason for those where it may not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtWidgets import QWidget

from ui.port_walk import Target
from ui.search_dialog import Found, SearchDialog

__all__ = ["TargetDialog"]

_SIZE = (560, 400)


class TargetDialog(SearchDialog):
    """A search over targets; the arrows choose, Return takes the chosen one, Escape none."""

    def __init__(self, parent: QWidget | None, start: str, targets: Sequence[Target]) -> None:
        super().__init__(parent, f"Wire from {start}", _SIZE, "To which port?", ["Port", "Type", "Why not"])
        self._targets = targets
        self._filter("")

    def chosen(self) -> Target | None:
        """Return the target that is chosen in the list, None where the wire may not end there."""
        number = self.number()
        return None if number is None else self._targets[number]

    def find(self, text: str) -> Iterable[Found]:
        """Return the targets that have all words."""
        words = text.lower().split()
        for number, target in enumerate(self._targets):
            if all(word in f"{target.end} {target.type}".lower() for word in words):
                yield (str(target.end), target.type, target.reason), number, not target.reason

    def take(self) -> None:
        """Close with the chosen target."""
        if self.chosen() is not None:
            self.accept()

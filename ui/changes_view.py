"""What is different between two builds: the last two, or any two of those that are kept."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from allo_studio.diagnostics import AlloError
from allo_studio.report.model import Report
from ui.build_history import Earlier
from ui.origins_view import changes_table, show_changes

__all__ = ["ChangesView"]


class ChangesView(QWidget):
    """Two builds to choose, and a table of what is different. `compared` tells that two others were compared."""

    compared = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.table = changes_table()
        self.before, self.after, self.said = QComboBox(), QComboBox(), QLabel()
        self.said.setProperty("role", "muted")
        self._last: tuple[Report | None, Report | None] = (None, None)
        self._kept: tuple[Earlier, ...] = ()
        head, layout = QHBoxLayout(), QVBoxLayout(self)
        for text, box in (("&From", self.before), ("&to", self.after)):
            label = QLabel(text)
            label.setBuddy(box)
            head.addWidget(label)
            head.addWidget(box)
            box.setAccessibleName({"&From": "Earlier build", "&to": "Later build"}[text])
            box.currentIndexChanged.connect(lambda _: self.compare())
        head.addWidget(self.said, 1)
        layout.setContentsMargins(8, 6, 8, 4)
        layout.addLayout(head)
        layout.addWidget(self.table, 1)

    @property
    def there(self) -> bool:
        """Whether there are two builds to compare."""
        return self._last[0] is not None or len(self._kept) > 1

    @property
    def count(self) -> int:
        """How many rows are different."""
        return self.table.topLevelItemCount()

    def show_last(self, before: Report | None, after: Report) -> None:
        """Offer a build and the one before it, if there was one; `compare` compares them."""
        self._last = before, after
        self._list()

    def show_kept(self, kept: Sequence[Earlier]) -> None:
        """Offer builds that are kept, the last first; `compare` compares those that are then chosen."""
        self._kept = tuple(kept)
        self._list()

    def _list(self) -> None:
        """Fill the boxes: this build and the one before, then those that are kept."""
        before, _ = self._last
        titles = [each.title for each in self._kept]
        for box, first in ((self.before, "the build before" if before else ""), (self.after, "this build")):
            box.blockSignals(True)
            box.clear()
            box.addItems([*([first] if first else []), *titles])
            if box is self.before and before is None and len(titles) > 1:
                # The last that is kept is this build.
                box.setCurrentIndex(1)
            box.blockSignals(False)

    def compare(self) -> None:
        """Show what is different between the builds that are chosen."""
        self._fill()
        self.compared.emit()

    def _fill(self) -> None:
        try:
            before, after = self._chosen(self.before, self._last[0]), self._chosen(self.after, self._last[1])
        except AlloError as error:
            self.table.clear()
            self.said.setText(error.diagnostics[0].message)
            return
        if before is None or after is None:
            self.table.clear()
            self.said.setText("")
            return
        count = show_changes(self.table, before, after)
        self.said.setText(f"{count} figures differ" if count != 1 else "1 figure differs")

    def _chosen(self, box: QComboBox, first: Report | None) -> Report | None:
        """Return the report that a box stands at; raises AlloError where it can no longer be read."""
        index = box.currentIndex() - (1 if first is not None else 0)
        if index < 0:
            return first
        return self._kept[index].report() if index < len(self._kept) else None

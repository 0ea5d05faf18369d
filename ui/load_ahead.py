"""What the first project needs, loaded while the studio waits for the person: its start does without it."""

from __future__ import annotations

import gc
from importlib import import_module

from PySide6.QtCore import QObject, QTimer

from allo_studio.collection import no_collection

__all__ = ["MODULES", "LoadAhead"]

# In the order in which they need each other, so that no step loads more than it must. It is not done in a thread: two
# threads that import parts of a package at the same time can wait for each other.
MODULES = (
    "numpy",
    "ml_dtypes",
    "allo_studio.ir",
    "allo_studio.analysis.streams",
    "allo_studio.frontend",
    "allo_studio.primitives.base",
    "allo_studio.primitives.relay",
    "allo_studio.primitives.registry",
    "allo_studio.execute",
    "allo_studio.hardware.storage",
    "allo_studio.hardware.extract",
    "allo_studio.hardware.schedule",
    "allo_studio.design.elaborate",
    "allo_studio.design.timing",
    "allo_studio.design.prepare",
    "allo_studio.checking",
    "allo_studio.design.fixes",
    "ui.step_options",
)
# The window is painted and answers before the first of them.
_AFTER_MS, _BETWEEN_MS = 300, 10


class LoadAhead(QObject):
    """Loads one module after another, with time for events in between."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._left = list(MODULES)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._next)
        self._timer.start(_AFTER_MS)

    @no_collection()
    def _next(self) -> None:
        import_module(self._left.pop(0))
        if self._left:
            self._timer.setInterval(_BETWEEN_MS)
        else:
            self._timer.stop()
            # As at the end of a start: what was loaded stays, and nobody waits for a search through it for garbage.
            gc.freeze()

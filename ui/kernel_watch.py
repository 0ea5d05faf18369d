"""Kernel files that another program changes are read again, also while the window stays in front."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from ui.file_watch import FileWatch
from ui.session import Session

__all__ = ["KernelWatch"]


class KernelWatch(QObject):
    """Watches the files of the design's kernels."""

    def __init__(self, session: Session, tell: Callable[[str], None], parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._tell = session, tell
        self._watch = FileWatch(self.look, self)
        session.changed.connect(self._follow)

    def look(self) -> None:
        """Check again where a kernel's file says something else than when it was read last."""
        changed = self._session.changed_kernels()
        if changed:
            self._session.recheck()
            self._tell(f"{', '.join(changed)} changed on disk and {'was' if len(changed) == 1 else 'were'} read again")
        self._follow()

    def _follow(self) -> None:
        self._watch.follow(self._session.kernel_paths())

"""Kernel files that another program changes are read again, also while the window stays in front."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer

from ui.session import Session

__all__ = ["KernelWatch"]

# Programs write a file in several steps: it is read when it was left alone for so many milliseconds.
_SETTLED_MS = 250


class KernelWatch(QObject):
    """Watches the files of the design's kernels, and their folders: many editors put a new file in a file's place."""

    def __init__(self, session: Session, tell: Callable[[str], None], parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._tell = session, tell
        self._watcher = QFileSystemWatcher(self)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SETTLED_MS)
        self._timer.timeout.connect(self.look)
        self._watcher.fileChanged.connect(lambda _: self._timer.start())
        self._watcher.directoryChanged.connect(lambda _: self._timer.start())
        session.changed.connect(self._follow)

    def look(self) -> None:
        """Check again where a kernel's file says something else than when it was read last."""
        changed = self._session.changed_kernels()
        if changed:
            self._session.recheck()
            self._tell(f"{', '.join(changed)} changed on disk and {'was' if len(changed) == 1 else 'were'} read again")
        self._follow()

    def _follow(self) -> None:
        files = self._session.kernel_paths()
        wanted = {str(file) for file in files} | {str(file.parent) for file in files}
        watched = {*self._watcher.files(), *self._watcher.directories()}
        if gone := watched - wanted:
            self._watcher.removePaths(sorted(gone))
        if new := wanted - watched:
            self._watcher.addPaths(sorted(new))

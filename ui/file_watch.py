"""Files that other programs may change: told once they have settled."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer

__all__ = ["FileWatch"]

# Programs write a file in several steps: it is looked at when it was left alone for so many milliseconds.
_SETTLED_MS = 300


class FileWatch(QObject):
    """Watches files and their folders: many programs put a new file in a file's place."""

    def __init__(self, changed: Callable[[], object], parent: QObject) -> None:
        super().__init__(parent)
        self._watcher = QFileSystemWatcher(self)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SETTLED_MS)
        self._timer.timeout.connect(changed)
        self._watcher.fileChanged.connect(lambda _: self._timer.start())
        self._watcher.directoryChanged.connect(lambda _: self._timer.start())

    def follow(self, files: Iterable[Path]) -> None:
        """Watch these files and no others."""
        wanted = {str(path) for file in files for path in (file, file.parent)}
        watched = {*self._watcher.files(), *self._watcher.directories()}
        if gone := watched - wanted:
            self._watcher.removePaths(sorted(gone))
        if new := wanted - watched:
            self._watcher.addPaths(sorted(new))

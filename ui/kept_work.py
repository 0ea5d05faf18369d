"""Unsaved work beside a project's file: each studio that has the project open keeps its own and no other's."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from itertools import count
from pathlib import Path

from PySide6.QtCore import QLockFile

from allo_studio.design.model import Project
from allo_studio.project import LoadedProject, autosave, autosave_file, discard_autosave, recover

__all__ = ["KeptWork"]


class KeptWork:
    """What one studio keeps of one project that is open in it.

    It is kept in one of several numbered places. A place belongs to whoever has the lock beside it, which the system
    lets go of when a process ends, however it ends; so work in a place that nobody has was left behind.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        # Zero while nothing is kept.
        self._place = 0
        self._lock: QLockFile | None = None

    def keep(self, loaded: LoadedProject, project: Project) -> None:
        """Keep the present state; raises AlloError (code `file`)."""
        places = count(1)
        while not self._place:
            place = next(places)
            lock = self._lock_of(place)
            # Work that was left behind and is not taken up yet stays too.
            if lock is not None and recover(self._file, place) is None:
                self._place, self._lock = place, lock
        autosave(loaded, project, self._place)

    def discard(self) -> None:
        """Forget what was kept here."""
        if self._place:
            discard_autosave(self._file, self._place)
            self.leave()

    def leave(self) -> None:
        """Leave what is kept here for another time: it is left behind, as by a studio that has ended."""
        if self._lock is not None:
            self._lock.unlock()
        self._place, self._lock = 0, None

    def left_behind(self) -> Project | None:
        """Return work that a studio that did not end well has kept, which is this one's from now on; None: no such.

        It is asked for while nothing is kept here.
        """
        for place in self._used():
            lock = self._lock_of(place)
            if lock is not None and (found := recover(self._file, place)) is not None:
                self._place, self._lock = place, lock
                return found
        return None

    def elsewhere(self) -> bool:
        """Tell whether another studio that runs has work on the project that is not saved."""
        return any(place != self._place and self._lock_of(place) is None for place in self._used())

    def _used(self) -> list[int]:
        """Return the places in which something was kept, in their order."""
        name = re.compile(rf"{re.escape(autosave_file(self._file).name)}(?:\.([0-9]+))?")
        with suppress(OSError):
            found = (name.fullmatch(entry) for entry in os.listdir(self._file.parent))
            return sorted(int(match[1] or 1) for match in found if match)
        return []

    def _lock_of(self, place: int) -> QLockFile | None:
        """Return the lock of a place, taken where one can be made; None where another has it."""
        lock = QLockFile(f"{autosave_file(self._file, place)}.lock")
        # However old it is, it holds.
        lock.setStaleLockTime(0)
        # Qt goes by the number of the process first, which another may have by now. To take such a lock away it goes by
        # the system's lock of the file, which only one that runs has.
        taken = lock.tryLock(0) or (lock.removeStaleLockFile() and lock.tryLock(0))
        return None if not taken and lock.error() == QLockFile.LockError.LockFailedError else lock

"""Files dropped on the canvas: each becomes a block, after it was brought into the project where it is not in it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ui.catalogue import Entry, file_entries
from ui.dialogs import Prompts
from ui.session import Session

__all__ = ["FileDrops"]

_DESCRIPTOR = ".ip.yaml"
# Where files from elsewhere go, by ending.
_FOLDERS = {".py": "kernels", ".npy": "data", ".npz": "data"}
_APART = 60.0
_LARGEST = 256 << 20


class FileDrops:
    """Takes files at a place of the canvas. `add` adds a block there, `tell` says a sentence."""

    def __init__(
        self,
        session: Session,
        prompts: Callable[[], Prompts],
        add: Callable[[Mapping[str, Any], tuple[float, float]], str | None],
        tell: Callable[[str], None],
    ) -> None:
        self._session, self._prompts, self._add, self._tell = session, prompts, add, tell

    def take(self, paths: Sequence[Path], at: tuple[float, float]) -> list[str]:
        """Make a block of each file; returns the names of those that were added."""
        added: list[str] = []
        for path in paths:
            x = at[0] + _APART * len(added)
            name = self._one(path, (x, at[1] + _APART * len(added)))
            if name is not None:
                added.append(name)
        return added

    def _one(self, path: Path, at: tuple[float, float]) -> str | None:
        if self._session.loaded is None:
            return None
        inside = self._inside(path, self._session.loaded.root)
        if inside is None:
            return None
        self._session.recheck()
        entries = file_entries(inside, self._session.source, self._session.arrays_of)
        usable = [entry for entry in entries if not entry.faulty]
        if not usable:
            self._tell(entries[0].tip.partition("\n")[0] if entries else f"{path.name} has nothing for a block")
            return None
        chosen = usable[0] if len(usable) == 1 else self._chosen(path.name, usable)
        return self._add(chosen.payload, at) if chosen else None

    def _chosen(self, name: str, entries: Sequence[Entry]) -> Entry | None:
        titles = [entry.title for entry in entries]
        answer = self._prompts().choice(f"Add a block of {name}", "Which one?", titles)
        return entries[titles.index(answer)] if answer in titles else None

    def _inside(self, path: Path, root: Path) -> str | None:
        """Return a file's path in the project, to which it is copied where it lies elsewhere; None where it is not."""
        try:
            real, home = path.resolve(strict=True), root.resolve()
            if real.is_relative_to(home):
                return real.relative_to(home).as_posix()
            return self._copied(real, home)
        except OSError as error:
            self._tell(f"{path.name} cannot be used: {error.strerror or error}")
            return None

    def _copied(self, file: Path, root: Path) -> str | None:
        if file.name.endswith(_DESCRIPTOR):
            self._tell(f"{file.name} names files beside it: copy its folder into the project first")
            return None
        if not file.is_file() or file.stat().st_size > _LARGEST:
            self._tell(f"{file.name} is no file, or larger than {_LARGEST >> 20} MB")
            return None
        folder = root / _FOLDERS[file.suffix]
        target = _free(folder / file.name, file)
        shown = target.relative_to(root).as_posix()
        if not target.exists():
            if not self._prompts().bring_in(file.name, shown):
                return None
            folder.mkdir(exist_ok=True)
            _copy_whole(file, target)
        return shown


def _free(wanted: Path, file: Path) -> Path:
    """Return where a file can go: there, or under a name with a number where another file is."""
    found, number = wanted, 1
    while found.exists() and found.read_bytes() != file.read_bytes():
        number += 1
        found = wanted.with_name(f"{wanted.stem}_{number}{wanted.suffix}")
    return found


def _copy_whole(file: Path, target: Path) -> None:
    """Copy a file so that there is all of it or nothing."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    os.close(handle)
    draft = Path(name)
    try:
        shutil.copyfile(file, draft)
        os.replace(draft, target)
    finally:
        draft.unlink(missing_ok=True)

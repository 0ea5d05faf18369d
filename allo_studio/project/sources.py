"""Reading a project's files: inside the project only, kernels as text only; nothing is run."""

from __future__ import annotations

import threading
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, TypeAlias

from numpy.typing import NDArray

from allo_studio.design.blocks import block_source, is_generated
from allo_studio.diagnostics import AlloError
from allo_studio.project.arrays import MOST_BYTES, read_array
from allo_studio.project.files import file_error, read_bytes, read_text
from allo_studio.source import Source

__all__ = ["KernelFiles", "sources"]

_MOST_BYTES = 1 << 20
_Stamp: TypeAlias = tuple[int, int, int]


class KernelFiles:
    """Called with a path relative to the project's folder, returns that file as a Source.

    Raises AlloError (code `file`): for a path that leaves the folder, and a file that is missing, no regular file, no
    UTF-8 or over 1 MB. A file is read again when its time or size changed. May be used from several threads.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: dict[str, tuple[_Stamp, Source]] = {}
        self._arrays: dict[tuple[str, str], tuple[_Stamp, NDArray[Any]]] = {}
        self._lock = threading.Lock()

    def __call__(self, path: str) -> Source:
        """Return the source at `path`, or that of a block without a file."""
        if is_generated(path):
            return block_source(path)
        file = self._inside(path)
        stamp = _stamp(file)
        with self._lock:
            known = self._known.get(path)
        if known and stamp is not None and known[0] == stamp:
            return known[1]
        # Some editors begin a file with a byte order mark, which Python takes for no part of the text.
        source = Source(path, read_text(file, _MOST_BYTES, _what(path), path).removeprefix("\ufeff"))
        if stamp is not None:
            with self._lock:
                self._known[path] = (stamp, source)
        return source

    def array(self, path: str, name: str) -> NDArray[Any]:
        """Return an array of numbers of the file at `path`; raises AlloError as `read_array`. Do not change it."""
        file = self._inside(path)
        stamp = _stamp(file)
        with self._lock:
            known = self._arrays.get((path, name))
        if known and stamp is not None and known[0] == stamp:
            return known[1]
        found = read_array(file, name, path)
        if stamp is not None:
            with self._lock:
                self._arrays[path, name] = (stamp, found)
        return found

    def data(self, path: str) -> bytes:
        """Return what a file holds; raises AlloError."""
        return read_bytes(self._inside(path), MOST_BYTES, "file of a project", path)

    def _inside(self, path: str) -> Path:
        pure = PurePosixPath(path)
        outside = pure.is_absolute() or PureWindowsPath(path).is_absolute() or ".." in pure.parts or "\\" in path
        if outside or not path or "\0" in path:
            raise _leaves(path, self._root)
        file = self._root / pure
        try:
            resolved, root = file.resolve(), self._root.resolve()
        except (OSError, RuntimeError) as error:
            raise file_error(f"{path!r} cannot be followed: {error}", file, "check for links in a circle") from error
        if not resolved.is_relative_to(root):
            raise _leaves(path, self._root)
        return file


def sources(root: Path) -> KernelFiles:
    """Return the reader of the kernel files of the project in folder `root`."""
    return KernelFiles(root)


def _what(path: str) -> str:
    kinds = {".py": "kernel file in Python", ".yaml": "descriptor in YAML"}
    return kinds.get(PurePosixPath(path).suffix, "source file")


def _stamp(file: Path) -> _Stamp | None:
    try:
        status = file.stat()
    except (OSError, ValueError):
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _leaves(path: str, root: Path) -> AlloError:
    hint = "a project's files lie in its folder; write the path from there with /, such as kernels/gemm.py"
    return file_error(f"the path {path!r} leads out of the project", root, hint)

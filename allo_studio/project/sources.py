"""Reading a project's files: inside the project only (or the library), kernels as text only; nothing is run."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import lru_cache
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

from allo_studio.design.blocks import block_source, is_generated
from allo_studio.diagnostics import AlloError
from allo_studio.library.files import is_library, library_source
from allo_studio.project.arrays import MOST_BYTES, array_names, read_array
from allo_studio.project.files import file_error, read_bytes, read_text
from allo_studio.source import Source

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["KernelFiles", "sources"]

_MOST_BYTES = 1 << 20
_MOST_SOURCES, _MOST_ARRAYS = 1024, 256
# Two changes within this many nanoseconds may leave a file with the same time: file systems count as coarsely as that.
_UNSURE = 2 * 10**9
_Stamp: TypeAlias = tuple[int, int, int, int, int]
_T = TypeVar("_T")


class KernelFiles:
    """Called with a path relative to the project's folder, or one of the library's, returns that file as a Source.

    Raises AlloError (code `file`): for a path that leaves the folder, a file that the library has not, and one that is
    missing, no regular file, no UTF-8 or over 1 MB. A file is read again when its time or size changed; where it says
    the same as before, so does the same Source. May be used from several threads.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._sources: _Known[Source] = _Known(_MOST_SOURCES)
        self._arrays: _Known[NDArray[Any]] = _Known(_MOST_ARRAYS)

    def __call__(self, path: str) -> Source:
        """Return the source at `path`, that of the library, or that of a block without a file."""
        if is_generated(path):
            return block_source(path)
        if is_library(path):
            return library_source(path)
        file = self._inside(path)

        def read() -> Source:
            # Some editors begin a file with a byte order mark, which Python takes for no part of the text.
            return Source(path, read_text(file, _MOST_BYTES, _what(path), path).removeprefix("\ufeff"))

        return self._sources.find(path, file, read, lambda one, two: one == two)

    def array(self, path: str, name: str) -> NDArray[Any]:
        """Return an array of numbers of the file at `path`; raises AlloError as `read_array`. Do not change it."""
        file = self._inside(path)
        return self._arrays.find((path, name), file, lambda: read_array(file, name, path), _same_array)

    def names(self, path: str) -> tuple[str, ...]:
        """Return the names of the arrays of an `.npz` file, none of another; raises AlloError."""
        return array_names(self._inside(path))

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


class _Known(Generic[_T]):
    """What was read of files, with their stamps then; the least recently used is dropped first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[Hashable, tuple[_Stamp | None, _T]] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, key: Hashable, file: Path, read: Callable[[], _T], same: Callable[[_T, _T], bool]) -> _T:
        """Return what `read` reads of a file, which is not read again before it changes."""
        stamp = _stamp(file)
        with self._lock:
            known = self._kept.get(key)
        if known and stamp is not None and known[0] == stamp:
            found = known[1]
        else:
            found = read()
            # What is kept of a value is found by that very value.
            found = known[1] if known and same(known[1], found) else found
        with self._lock:
            self._kept[key] = stamp, found
            self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return found


@lru_cache(maxsize=4)
def sources(root: Path) -> KernelFiles:
    """Return the reader of the kernel files of the project in folder `root`, mostly the one that read them before."""
    return KernelFiles(root)


def _same_array(one: NDArray[Any], two: NDArray[Any]) -> bool:
    return one.dtype == two.dtype and one.shape == two.shape and one.tobytes() == two.tobytes()


def _what(path: str) -> str:
    kinds = {".py": "kernel file in Python", ".yaml": "descriptor in YAML"}
    return kinds.get(PurePosixPath(path).suffix, "source file")


def _stamp(file: Path) -> _Stamp | None:
    """Return what changes when a file does; None where a change may not show yet."""
    now = time.time_ns()
    try:
        status = file.stat()
    except (OSError, ValueError):
        return None
    if max(status.st_mtime_ns, status.st_ctime_ns) > now - _UNSURE:
        return None
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino, status.st_dev


def _leaves(path: str, root: Path) -> AlloError:
    hint = "a project's files lie in its folder; write the path from there with /, such as kernels/gemm.py"
    return file_error(f"the path {path!r} leads out of the project", root, hint)

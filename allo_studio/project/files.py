"""Reading and writing files with faults as diagnostics; writing is atomic."""

from __future__ import annotations

import contextlib
import os
import re
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from allo_studio.diagnostics import AlloError, Diagnostic

__all__ = ["file_error", "open_file", "read_bytes", "read_text", "write_atomically"]

# No file of ours takes so long to write.
_LEFT_SECONDS = 600.0


def file_error(message: str, path: Path, hint: str = "") -> AlloError:
    """Return an AlloError of code `file` about `path`."""
    return AlloError(Diagnostic("file", message, where=str(path), hint=hint))


@contextlib.contextmanager
def open_file(path: Path, most_bytes: int, what: str, label: str = "") -> Iterator[BinaryIO]:
    """Provide a regular file to read from; raises AlloError (code `file`), also for what fails while it is read.

    `what` and `label` (the file's name, unless given) are for the messages.
    """
    label = label or path.name
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            # A pipe or a device would block or never end.
            raise file_error(f"{label} is no regular file", path, f"give a {what}")
        if status.st_size > most_bytes:
            raise _too_large(label, path, most_bytes, what)
        with path.open("rb") as file:
            yield file
    except FileNotFoundError as error:
        raise file_error(f"there is no file {label}", path, "check the path for a slip") from error
    except (OSError, ValueError) as error:
        raise file_error(f"{label} cannot be read: {_reason(error)}", path, "check its permissions") from error


def read_bytes(path: Path, most_bytes: int, what: str, label: str = "") -> bytes:
    """Return what a regular file holds; raises AlloError as `open_file`."""
    with open_file(path, most_bytes, what, label) as file:
        data = file.read(most_bytes + 1)
    if len(data) > most_bytes:
        # It grew meanwhile.
        raise _too_large(label or path.name, path, most_bytes, what)
    return data


def read_text(path: Path, most_bytes: int, what: str, label: str = "") -> str:
    """Return the UTF-8 text of a regular file with its line ends as they are; raises AlloError as `read_bytes`."""
    label = label or path.name
    data = read_bytes(path, most_bytes, what, label)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        hint = "save it as UTF-8 text"
        raise file_error(f"{label} is no UTF-8 text (line {line}, byte {error.start})", path, hint) from error


def _too_large(label: str, path: Path, most_bytes: int, what: str) -> AlloError:
    return file_error(f"{label} is larger than {most_bytes >> 20} MB", path, f"a {what} is far smaller")


def write_atomically(path: Path, contents: str | bytes, *, durable: bool = True) -> None:
    """Put `contents` in place of the file's contents, or leave the file as it was and raise AlloError (code `file`).

    Unless it is to be `durable`, it isn't waited until the contents are on the disk.
    """
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        _write(temporary, contents, _mode(target), durable)
        os.replace(temporary, target)
    except OSError as error:
        hint = "free some space or choose another place; nothing was lost, the earlier file is as it was"
        raise file_error(f"{path.name} cannot be saved: {_reason(error)}", path, hint) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    if durable:
        _sync_folder(target.parent)
    _remove_leftovers(target)


def _remove_leftovers(target: Path) -> None:
    """Remove what processes that were killed while they wrote the file have left beside it."""
    name = re.compile(rf"{re.escape(f'.{target.name}')}\.[0-9]+\.tmp")
    with contextlib.suppress(OSError), os.scandir(target.parent) as entries:
        for entry in entries:
            if name.fullmatch(entry.name) and time.time() - entry.stat().st_mtime > _LEFT_SECONDS:
                os.unlink(entry.path)


def _write(path: Path, contents: str | bytes, mode: int | None, durable: bool) -> None:
    # What a crashed process of the same id may have left behind is of no use.
    path.unlink(missing_ok=True)
    with path.open("xb") as file:
        file.write(contents.encode("utf-8") if isinstance(contents, str) else contents)
        if durable:
            file.flush()
            os.fsync(file.fileno())
    if mode is not None:
        path.chmod(mode)


def _mode(path: Path) -> int | None:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return None


def _sync_folder(folder: Path) -> None:
    # Makes the replacement itself durable; not every system can, and the file is whole either way.
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _reason(error: BaseException) -> str:
    return (getattr(error, "strerror", None) or str(error)).lower()

"""Writing generated files so that each is either the old one or the new one, never half of one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from allo_studio.diagnostics import AlloError, Diagnostic

__all__ = ["write"]


def write(files: Mapping[str, str], out: Path) -> tuple[Path, ...]:
    """Write `files` (relative name → text) under the folder `out` and return their paths, sorted.

    A file that has the same text already is left alone. Raises AlloError (code `file`) where the folder cannot be
    written to; no unfinished file is left behind.
    """
    paths = []
    for name, text in sorted(files.items()):
        path = out / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _replace(path, text.encode())
        except OSError as error:
            message = f"{path} could not be written: {error.strerror or error}"
            hint = "choose an output folder with space that can be written, with --out"
            raise AlloError(Diagnostic("file", message, hint=hint)) from error
        paths.append(path)
    return tuple(paths)


def _replace(path: Path, content: bytes) -> None:
    if path.is_file() and path.read_bytes() == content:
        return
    # Not by `tempfile`: that makes files which only their owner can read.
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)

"""Files that a command writes: whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from allo_studio.diagnostics import AlloError, Diagnostic

__all__ = ["write_whole"]


def write_whole(path: Path, fill: Callable[[Path], object]) -> None:
    """Let `fill` write a file beside `path`, then put it in place; raises AlloError (`file`), `path` being as it was.

    The folder is made where it is missing.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".allo-", dir=path.parent) as folder:
            # The name keeps its ending, which tells some writers the format.
            draft = Path(folder) / path.name
            fill(draft)
            os.replace(draft, path)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        hint = "see that the folder can be written to and that the disk has room"
        message = f"cannot write {str(path)!r}: {reason}"
        raise AlloError(Diagnostic("file", message, where=str(path), hint=hint)) from None

"""The folder of a build, which takes the place of the last one as a whole."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.report.document import read_report

__all__ = ["replacing"]


@contextmanager
def replacing(out: Path, project: Path) -> Iterator[Path]:
    """Yield a fresh folder that takes the place of `out` when all went well; else `out` stays as it was."""
    _require_ours(out, project)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    except OSError as error:
        raise _unwritable(out, error) from error
    try:
        fresh.chmod(0o755)
        # The compiled simulation is kept by content, so the last build's may serve again.
        if (out / "csim").is_dir():
            shutil.copytree(out / "csim", fresh / "csim")
        yield fresh
        _swap(fresh, out)
    except OSError as error:
        raise _unwritable(out, error) from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _swap(fresh: Path, out: Path) -> None:
    if not out.exists():
        os.replace(fresh, out)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{out.name}.old.", dir=out.parent))
    os.replace(out, old / "out")
    try:
        os.replace(fresh, out)
    except OSError:
        os.replace(old / "out", out)
        raise
    finally:
        shutil.rmtree(old, ignore_errors=True)


def _require_ours(out: Path, project: Path) -> None:
    """Refuse to replace a folder that no build of ours made, and any that holds the project."""
    hint = "choose a new or empty folder with --out"
    if project.resolve().is_relative_to(out.resolve()):
        raise AlloError(Diagnostic("file", f"{out} holds the project, so no build takes its place", hint=hint))
    if not out.exists() or (out.is_dir() and (_is_build(out) or not any(out.iterdir()))):
        return
    message = f"{out} is there and is no build folder, so it is not replaced"
    raise AlloError(Diagnostic("file", message, hint=hint))


def _is_build(folder: Path) -> bool:
    """Tell whether a folder has a report that we wrote."""
    try:
        read_report(folder)
    except AlloError:
        return False
    return True


def _unwritable(out: Path, error: OSError) -> AlloError:
    message = f"the build folder {out} could not be written: {error.strerror or error}"
    return AlloError(Diagnostic("file", message, hint="choose an output folder with space that can be written"))

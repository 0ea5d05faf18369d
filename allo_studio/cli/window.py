"""Programs of the window run as processes of their own: the library must not know Qt."""

from __future__ import annotations

import difflib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import allo_studio
from allo_studio.cli.parser import COMMANDS
from allo_studio.cli.terminal import Outcome
from allo_studio.diagnostics import AlloError, Diagnostic

__all__ = ["open_studio", "open_window", "rasterise"]

_NEEDED = ("PySide6", "NodeGraphQt", "ui")


def open_studio(project: Path | None) -> Outcome:
    """Run the command that opens a project; raises AlloError (`file`, `tool`)."""
    if project and not project.exists():
        near = difflib.get_close_matches(str(project), COMMANDS, n=1)
        hint = f"did you mean the command {near[0]!r}?" if near else "`allo-studio new NAME` makes a project"
        raise AlloError(Diagnostic("file", f"there is no project {str(project)!r}", hint=hint))
    open_window(project)
    return Outcome()


def open_window(project: Path | None) -> None:
    """Open the studio and wait until it is closed; raises AlloError (`tool`)."""
    _need(_NEEDED)
    done = subprocess.run(_command("ui", *([str(project)] if project else [])), env=_environment(), check=False)
    if done.returncode:
        message = f"the window ended with status {done.returncode}"
        raise AlloError(Diagnostic("tool", message, hint="what it said stands above"))


def rasterise(svg: Path, png: Path) -> None:
    """Write an SVG's picture as PNG; raises AlloError (`tool`)."""
    _need(("PySide6", "ui"))
    command = _command("ui.render", str(svg), str(png))
    done = subprocess.run(command, env=_environment(), capture_output=True, text=True, errors="replace", check=False)
    if done.returncode or not png.is_file():
        said = done.stderr.strip().splitlines()[-1:] or [f"status {done.returncode}"]
        hint = "Qt needs system libraries: `make test` installs or names them; an SVG needs none"
        raise AlloError(Diagnostic("tool", f"the picture cannot be drawn: {said[0]}", hint=hint))


def _need(modules: tuple[str, ...]) -> None:
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if missing:
        hint = "pip install 'allo-studio[studio]'"
        message = f"the window's packages are not installed ({', '.join(missing)} not found)"
        raise AlloError(Diagnostic("tool", message, hint=hint))


def _command(module: str, *arguments: str) -> list[str]:
    # -P: the folder that a person stands in may be a stranger's project, so nothing is imported from there.
    return [sys.executable, "-P", "-m", module, *arguments]


def _environment() -> dict[str, str]:
    """Return the environment in which the window is found beside the library, installed or not."""
    home = str(Path(allo_studio.__file__).resolve().parent.parent)
    paths = [home, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}

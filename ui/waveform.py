"""The waveform of a build, and the person's viewer for it."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

from PySide6.QtCore import QProcess

from allo_studio.built import BuildResult
from ui.preferences import load

__all__ = ["open_waveform", "viewer_command", "waveform_of"]


def waveform_of(result: BuildResult | None) -> Path | None:
    """Return the VCD file that a build wrote, None where it wrote none or it is gone."""
    made = (Path(artifact.path) for artifact in (result.artifacts if result else ()) if artifact.kind == "waveform")
    return next((path for path in made if path.suffix == ".vcd" and path.exists()), None)


def viewer_command(command: str, vcd: Path) -> list[str]:
    """Return the program and its arguments for a file; GTKWave is given the save file with the groups too."""
    words = shlex.split(command)
    if any("{file}" in word for word in words):
        return [word.replace("{file}", str(vcd)) for word in words]
    groups = vcd.with_suffix(".gtkw")
    more = [str(groups)] if groups.exists() and Path(words[0]).stem.lower().startswith("gtkwave") else []
    return [*words, str(vcd), *more]


def open_waveform(vcd: Path) -> str:
    """Open a waveform in the viewer of the preferences; return what went wrong, or an empty text."""
    command = load().waveform
    program, *arguments = viewer_command(command, vcd)
    if shutil.which(program) is None:
        return f"no waveform viewer: {program} is not there (see the preferences); the waveform is {vcd}"
    started = QProcess.startDetached(program, arguments, str(vcd.parent))
    # Older versions return a process's number too.
    well = started[0] if isinstance(started, tuple) else started
    return "" if well else f"the waveform viewer {program} could not be started; the waveform is {vcd}"

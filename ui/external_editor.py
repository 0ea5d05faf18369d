"""The person's own editor: which program it is, and how it is told the file and the line."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QProcess, QUrl
from PySide6.QtGui import QDesktopServices

from ui import preferences

__all__ = ["editor_command", "open_in_editor", "wanted_editor"]


def wanted_editor(environment: Mapping[str, str]) -> str:
    """Return the command that was set, else that of `VISUAL` or `EDITOR`; empty for whatever the desktop uses."""
    return (
        preferences.load().editor.strip()
        or environment.get("VISUAL", "").strip()
        or environment.get("EDITOR", "").strip()
    )


def editor_command(template: str, file: Path, line: int) -> list[str]:
    """Return the program and its arguments; the file comes last where the command does not say where it goes.

    Raises ValueError with what is wrong with the command.
    """
    try:
        words = shlex.split(template)
    except ValueError as fault:
        raise ValueError(f"the editor's command {template!r} cannot be read: {fault}") from None
    if not words:
        raise ValueError("the editor's command is empty")
    if not any("{file}" in word for word in words):
        words.append("{file}")
    return [word.replace("{line}", str(line)).replace("{file}", str(file)) for word in words]


def open_in_editor(file: Path, line: int) -> str:
    """Open a file at a line; return what went wrong, or an empty text."""
    template = wanted_editor(os.environ)
    if not template:
        opened = QDesktopServices.openUrl(QUrl.fromLocalFile(str(file)))
        return "" if opened else f"no program opens {file.name}: set VISUAL, or an editor in the settings"
    try:
        program, *arguments = editor_command(template, file, line)
    except ValueError as fault:
        return str(fault)
    if shutil.which(program) is None:
        return f"the editor {program} is not there: set VISUAL, or an editor in the settings"
    started = QProcess.startDetached(program, arguments, str(file.parent))
    # Older versions return a process's number too.
    well = started[0] if isinstance(started, tuple) else started
    return "" if well else f"the editor {program} could not be started"

"""Merging project files: the driver that git calls for them."""

from __future__ import annotations

import subprocess
from pathlib import Path

from allo_studio.cli.files import write_whole
from allo_studio.diagnostics import AlloError
from allo_studio.project import LoadedProject, load_project, merge_projects, parse_project, rewrite, says_same

__all__ = ["merge_files"]


def merge_files(base: Path, ours: Path, theirs: Path) -> str:
    """Put the merge of three versions of a project file in place of `ours`; returns what was done, in words.

    Where git's merge by lines says the same it is taken, as it keeps the comments of both sides; else the result is our
    file with their changes. Raises AlloError (code `conflict`) where both sides changed the same thing; the file then
    has what git makes of it, with its markers.
    """
    mine = load_project(ours)
    by_lines = _by_lines(base, ours, theirs)
    try:
        merged = merge_projects(load_project(base).project, mine.project, load_project(theirs).project)
    except AlloError:
        if by_lines is not None:
            _write(ours, by_lines)
        raise
    lined = _parsed(by_lines, ours)
    if lined is not None and says_same(lined.project, merged):
        _write(ours, lined.text)
        return "merged by lines"
    _write(ours, rewrite(mine, merged).text)
    return "merged by what the project says"


def _by_lines(base: Path, ours: Path, theirs: Path) -> str | None:
    """Return git's merge by lines, with its markers where there are conflicts; None where there is no git."""
    command = [
        "git",
        "merge-file",
        "-p",
        "-L",
        "ours",
        "-L",
        "base",
        "-L",
        "theirs",
        "--",
        *map(str, (ours, base, theirs)),
    ]
    try:
        found = subprocess.run(command, capture_output=True, check=False, timeout=60)
        text = found.stdout.decode("utf-8")
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return None
    # Beyond 127 it is no count of conflicts.
    return text if 0 <= found.returncode <= 127 else None


def _parsed(text: str | None, file: Path) -> LoadedProject | None:
    try:
        return None if text is None else parse_project(text, file)
    except AlloError:
        return None


def _write(file: Path, text: str) -> None:
    write_whole(file, lambda draft: draft.write_text(text, encoding="utf-8", newline=""))

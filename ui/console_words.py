"""What is typed in the console, as words for the command line. Nothing here touches Qt."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from allo_studio.cli.parser import COMMANDS, parse_arguments
from allo_studio.diagnostics import AlloError, Diagnostic

__all__ = ["RUNS_CODE", "command_text", "words_of"]

# Commands that compile and run what a project brings.
RUNS_CODE = ("build", "simulate")
_PROGRAM = "allo-studio"
_HELP = ("-h", "--help", "--version")


def command_text(*words: object) -> str:
    """Return a command line as it is typed in a shell."""
    return shlex.join([_PROGRAM, *map(str, words)])


def words_of(text: str, project: Path | None, build: Path | None) -> list[str]:
    """Return the words after `allo-studio` of what was typed, with the open project where a command wants one.

    `project` is the open project's file and `build` the folder of its last build, which `report` reads. Raises
    AlloError (`usage`) for what is no command.
    """
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise _usage(f"the line cannot be read: {str(error).lower()}", "close the quotation mark") from error
    words = words[1:] if words[:1] == [_PROGRAM] else words
    if not words or words[0] not in (*COMMANDS, *_HELP):
        known = ", ".join(name for name in COMMANDS if name != "open")
        raise _usage(f"there is no command {words[0]!r}" if words else "nothing was typed", f"the commands are {known}")
    if words[0] == "open":
        raise _usage("the window is open already", "open another project with Ctrl+O")
    if any(word in _HELP for word in words):
        return words
    meant = build if words[0] == "report" else project
    try:
        parse_arguments(words)
    except AlloError:
        if meant is None or not _is_right(whole := [words[0], str(meant), *words[1:]]):
            raise
        return whole
    return words


def _is_right(words: Sequence[str]) -> bool:
    try:
        parse_arguments(list(words))
    except AlloError:
        return False
    return True


def _usage(message: str, hint: str) -> AlloError:
    return AlloError(Diagnostic("usage", message, hint=hint))

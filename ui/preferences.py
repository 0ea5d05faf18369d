"""What a person has chosen for all projects on this computer, typed, with what is right for each choice."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, fields, replace
from typing import Any

from ui.settings import settings

__all__ = ["RANGES", "SCALES", "THEME_CHOICES", "Preferences", "fault", "load", "store"]

THEME_CHOICES = ("system", "dark", "light")
SCALES = (100, 125, 150, 175, 200)
_GROUP = "preferences/"


@dataclass(frozen=True)
class Preferences:
    """The choices. `load` reads them, `store` writes what differs from these defaults."""

    theme: str = "system"
    # Of the whole interface, in percent.
    scale: int = 100
    # Whether each step of the chosen block is run to compare results.
    verify: bool = True
    # Whether each step of the chosen block is predicted.
    predict: bool = True
    # Whether the projects that were open last are opened at the start.
    reopen: bool = False
    # A command that opens a file at a line: `{file}` and `{line}` stand for them, and the file comes last where it does
    # not stand there; empty means that of the environment.
    editor: str = ""
    # A command that a waveform's file is handed to.
    waveform: str = "gtkwave"
    snap: bool = True
    # The distance that moved blocks snap to, in units of the drawing.
    grid: int = 24
    minimap: bool = True
    # Whether moved blocks come in line with others.
    guides: bool = True


RANGES = {"grid": (4, 96)}


def fault(name: str, value: object) -> str:
    """Return what is wrong with a value for a preference in words, empty where it is right; raises KeyError."""
    kinds = {field.name: type(field.default) for field in fields(Preferences)}
    if type(value) is not kinds[name]:
        return f"{name} is {'a number' if kinds[name] is int else 'on or off' if kinds[name] is bool else 'a text'}"
    if name == "theme" and value not in THEME_CHOICES:
        return f"a theme is one of {', '.join(THEME_CHOICES)}"
    if name == "scale" and value not in SCALES:
        return f"a scale is one of {', '.join(map(str, SCALES))}"
    if name in RANGES and isinstance(value, int):
        least, most = RANGES[name]
        return "" if least <= value <= most else f"a number from {least} to {most} is expected"
    if name in ("editor", "waveform") and isinstance(value, str):
        return _command_fault(name, value)
    return ""


def _command_fault(name: str, command: str) -> str:
    try:
        words = shlex.split(command)
    except ValueError as error:
        return f"the command cannot be read: {str(error).lower()}"
    if name == "waveform":
        return "" if words else "a command is expected, such as gtkwave"
    return ""


def load() -> Preferences:
    """Return the choices; what is not set, or set to something that is not right, is as by default."""
    kept, found = settings(), {}
    for field in fields(Preferences):
        value = _read(kept.value(_GROUP + field.name), type(field.default))
        if value is not None and not fault(field.name, value):
            found[field.name] = value
    return replace(Preferences(), **found)


def _read(value: object, kind: type) -> Any:
    """Return a value as it was before it was written as text; None where it is none of that kind."""
    if value is None:
        return None
    text = str(value)
    if kind is bool:
        return {"true": True, "false": False}.get(text.lower())
    if kind is int:
        return int(text) if text.isdecimal() else None
    return text


def store(**changed: Any) -> Preferences:
    """Write some choices and return all; raises ValueError with what is wrong with one, and then writes none."""
    wrong = [said for name, value in changed.items() if (said := fault(name, value))]
    if wrong:
        raise ValueError(wrong[0])
    kept = settings()
    for name, value in changed.items():
        kept.setValue(_GROUP + name, str(value).lower() if isinstance(value, bool) else value)
    return load()

"""Plain values as YAML text in the style of project files: blocks for structure, flow for leaves."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from allo_studio.project.document import Path

__all__ = ["emit", "emit_entry", "emit_item", "flow"]

# The entries of these, and what they hold, are written as blocks, as are the nodes and edges of a graph and the steps
# of a schedule; all other mappings and lists are flow.
_SECTIONS = frozenset(["schedules", "graphs", "view", "notes"])
_WIDEST = 110
_PLAIN = re.compile(r"@?[A-Za-z_][A-Za-z0-9_.]*( -> [A-Za-z_][A-Za-z0-9_.]*)?")
# Readers of YAML 1.1 take these for something else than a text.
_MISREAD = frozenset(["true", "false", "yes", "no", "on", "off", "y", "n", "null"])
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def emit(value: dict[str, Any]) -> str:
    """Return a whole document."""
    return "".join(emit_entry(key, entry, (key,), 0) + "\n" for key, entry in value.items())


def emit_entry(key: str, value: Any, path: Path, indent: int) -> str:
    """Return `key: value` without indentation of the first line and without a newline at the end."""
    head = _scalar(key)
    if not _is_block(value, path):
        return f"{head}: {flow(value)}"
    pad = " " * (indent + 2)
    return f"{head}:\n{pad}{_block(value, path, indent + 2)}"


def emit_item(value: Any, path: Path, indent: int) -> str:
    """Return `value` as it stands after `- ` in a list whose items' values begin at column `indent`."""
    return _block(value, path, indent) if _is_block(value, path) else flow(value)


def flow(value: Any) -> str:
    """Return a value on one line."""
    # Most values are texts.
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_scalar(k)}: {flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(v) for v in value) + "]"
    return _scalar(value)


def _block(value: dict[str, Any] | list[Any], path: Path, indent: int) -> str:
    pad = "\n" + " " * indent
    if isinstance(value, dict):
        return pad.join(emit_entry(k, v, (*path, k), indent) for k, v in value.items())
    return pad.join(f"- {emit_item(v, (*path, i), indent + 2)}" for i, v in enumerate(value))


def _is_block(value: Any, path: Path) -> bool:
    if not isinstance(value, (dict, list)) or not value:
        return False
    if _is_structure(path):
        # An item of a list is a block only as a mapping with one key, such as a step; an edge is not.
        return not isinstance(path[-1] if path else "", int) or (isinstance(value, dict) and len(value) == 1)
    boundary = len(path) == 3 and path[0] == "graphs" and path[2] in ("inputs", "outputs")
    return boundary and len(flow(value)) > _WIDEST


def _is_structure(path: Path) -> bool:
    """Tell whether a place is part of the structure of the file. Asked for each block of a design at each edit."""
    if len(path) < 3:
        return not path or path[0] in _SECTIONS
    inside = path[0] == "schedules" or (path[0] == "graphs" and path[2] in ("nodes", "edges"))
    return len(path) == 3 and inside


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return _text(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _number(value)
    return _text(str(value))


# Most texts of a design are there again at the next edit.
@lru_cache(1 << 16)
def _text(text: str) -> str:
    if _PLAIN.fullmatch(text) and text[0] != "@" and text.lower() not in _MISREAD:
        return text
    return '"' + "".join(_escaped(c) for c in text) + '"'


def _number(value: float) -> str:
    text = repr(value)
    mantissa, exponent, power = text.partition("e")
    # Readers of YAML 1.1 take a number for a text where it has an exponent but no point.
    return f"{mantissa}.0e{power}" if exponent and "." not in mantissa else text


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"

"""Takes plain values apart: each wrong one becomes a diagnostic with its path and its place in the text."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from difflib import get_close_matches
from typing import Any

from allo_studio.design.names import name_fault
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.project.document import MOST_FAULTS, MOST_TEXT, Path
from allo_studio.source import Span
from allo_studio.types import parse_type

__all__ = ["Faults", "Place", "path_text"]

# Names may have 100 characters; of longer keys this much is told.
_LONGEST_KEY = 120
Place = Callable[[Path], Span | None]


def path_text(path: Path) -> str:
    """Return a path as people read it, `graphs.cascade.edges[2].from`."""
    text = ""
    for key in path:
        if isinstance(key, int):
            text += f"[{key}]"
            continue
        shown = key if len(key) <= _LONGEST_KEY else f"{key[:_LONGEST_KEY]}…"
        text += f".{shown}" if text else shown
    return text


class Faults:
    """Collects diagnostics; each `take_…` returns the value in its type, or None after noting the fault.

    At so many that nobody reads them all, it raises AlloError with those that there are.
    """

    def __init__(self, place: Place, key_place: Place) -> None:
        self.found: list[Diagnostic] = []
        self._place = place
        self._key_place = key_place

    def add(self, path: Path, message: str, hint: str = "", *, at_key: bool = False, code: str = "yaml") -> None:
        """Note a fault of the value at `path` (or of its key)."""
        span = (self._key_place if at_key else self._place)(path)
        text = path_text(path)
        said = f"{text}: {message}" if text else message
        self.found.append(Diagnostic(code, _cut(said), span, _cut(text), _cut(hint)))
        if len(self.found) >= MOST_FAULTS:
            more = Diagnostic(code, "further faults are not looked for", span, hint="mend these first")
            raise AlloError([*self.found, more])

    def take_mapping(self, value: Any, path: Path, keys: Collection[str] | None = None) -> Mapping[str, Any]:
        """Return a mapping (empty after a fault); with `keys` given, others are faults."""
        if not isinstance(value, dict):
            self._wrong(value, path, "a mapping", "write `name: value` lines below it, or {} for none")
            return {}
        if keys is not None:
            for key in value:
                if key not in keys:
                    self.unknown_key(path, key, keys)
        return value

    def unknown_key(self, path: Path, key: str, keys: Collection[str]) -> None:
        """Note a key that is none of `keys`."""
        near = get_close_matches(key, list(keys), n=1) if len(key) <= MOST_TEXT else []
        hint = f"did you mean {near[0]}?" if near else f"known here: {', '.join(sorted(keys))}"
        self.add((*path, key), "unknown key", hint, at_key=True)

    def take_named(self, value: Any, path: Path) -> Mapping[str, Any]:
        """Return a mapping whose keys are names of the design; bad names are faults and left out."""
        good = {}
        for key, entry in self.take_mapping(value, path).items():
            fault = name_fault(key)
            if fault:
                self.add((*path, key), fault, "rename it", at_key=True)
            else:
                good[key] = entry
        return good

    def take_list(self, value: Any, path: Path) -> list[Any]:
        """Return a list (empty after a fault)."""
        if isinstance(value, list):
            return value
        self._wrong(value, path, "a list", "write lines that begin with `- ` below it, or [] for none")
        return []

    def take_text(self, value: Any, path: Path) -> str | None:
        """Return a text."""
        if isinstance(value, str):
            return value
        self._wrong(value, path, "a text", "put it in quotes")
        return None

    def take_name(self, value: Any, path: Path) -> str | None:
        """Return a text that is a name of the design."""
        text = self.take_text(value, path)
        fault = name_fault(text) if text is not None else None
        if fault:
            self.add(path, fault, "rename it")
        return None if fault else text

    def take_choice(self, value: Any, path: Path, choices: tuple[str, ...]) -> str | None:
        """Return one of `choices`."""
        if isinstance(value, str) and value in choices:
            return value
        near = get_close_matches(value, choices, n=1) if isinstance(value, str) and len(value) <= MOST_TEXT else []
        hint = f"did you mean {near[0]}?" if near else "choose one of them"
        self.add(path, f"must be one of {', '.join(choices)}, not {_shown(value)}", hint)
        return None

    def take_bool(self, value: Any, path: Path) -> bool | None:
        """Return a truth value."""
        if isinstance(value, bool):
            return value
        self._wrong(value, path, "true or false", "write true or false")
        return None

    def take_int(self, value: Any, path: Path, least: int) -> int | None:
        """Return a whole number of at least `least` that fits 31 bits."""
        if isinstance(value, bool) or not isinstance(value, int):
            self._wrong(value, path, "a whole number", f"give a whole number of at least {least}")
            return None
        if not least <= value < 1 << 31:
            self.add(path, f"must be from {least} to 2147483647, not {value}", "give a number in this range")
            return None
        return value

    def take_number(self, value: Any, path: Path) -> int | float | None:
        """Return a number (finite: the reader of the text refuses others)."""
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return value
        self._wrong(value, path, "a number", "give a number without quotes")
        return None

    def take_param(self, value: Any, path: Path, known: Collection[str] = ()) -> int | float | str | None:
        """Return a number, the text of a type, or one of the names `known` to stand for such."""
        if not isinstance(value, str):
            return self.take_number(value, path)
        if value in known:
            return value
        try:
            parse_type(value)
        except ValueError as fault:
            hint = f"write N: 64 or T: int8{', or a parameter of the graph' if known else ''}"
            self.add(path, f"must be a number or a type, not {_shown(value)}: {fault}", hint)
            return None
        return value

    def _wrong(self, value: Any, path: Path, expected: str, hint: str) -> None:
        self.add(path, f"must be {expected}, not {_shown(value)}", hint)


def _cut(text: str) -> str:
    return text if len(text) <= MOST_TEXT else f"{text[:MOST_TEXT]}…"


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, (dict, list)):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = repr(value) if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= 40 else f"{text[:37]}…"

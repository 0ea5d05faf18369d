"""The collector of a kernel's faults: all are reported together, each once."""

from __future__ import annotations

import ast
from difflib import get_close_matches

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.frontend.places import Places
from allo_studio.source import Source, Span

__all__ = ["Faults", "candidates", "counted"]


class Faults:
    """Diagnostics of one source, in the order of the text when raised."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self._found: dict[tuple[str, Span, str], Diagnostic] = {}
        # One for each report: the same fault of another instance counts, and is shown once.
        self._reports: list[None] = []

    def at(self, source: Source) -> Faults:
        """Return the collector of the same faults for another source."""
        if source == self.places.source:
            return self
        other = Faults(Places(source))
        other._found, other._reports = self._found, self._reports
        return other

    def add(self, code: str, place: ast.AST | Span, message: str, hint: str = "") -> None:
        """Note a fault at a node or a span."""
        span = place if isinstance(place, Span) else self.places.of(place)
        self._reports.append(None)
        self._found.setdefault((code, span, message), Diagnostic(code, message, span, hint=hint))

    def __len__(self) -> int:
        """Return how many reports there were: it has grown where something that was checked has a fault."""
        return len(self._reports)

    def __bool__(self) -> bool:
        return bool(self._found)

    def raise_if_any(self) -> None:
        """Raise AlloError with all faults, where there is any."""
        if self._found:
            raise AlloError(sorted(self._found.values(), key=_order))


def _order(fault: Diagnostic) -> tuple[int, int]:
    return (fault.span.line, fault.span.column) if fault.span else (0, 0)


def candidates(name: str, known: list[str], kind: str) -> str:
    """Return a hint that offers the nearest of the known names, or lists them."""
    if not known:
        return f"there are no {kind}"
    close = get_close_matches(name, known, 1)
    return f"did you mean {close[0]!r}?" if close else f"{kind}: {', '.join(known)}"


def counted(number: int, thing: str) -> str:
    """Return `1 loop` or `2 loops`."""
    return f"{number} {thing}{'' if number == 1 else 's'}"

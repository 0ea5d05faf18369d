"""Diagnostics as values: every fault of a user's design is one of these, collected and raised once a stage."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from allo_studio.source import Span

__all__ = ["AlloError", "Diagnostic", "Severity", "has_errors", "render", "render_all"]

Severity = Literal["error", "warning", "note"]
# Longer lines are shown in part.
_MOST_COLUMNS = 240
# Of more diagnostics the first are shown.
_MOST_SHOWN = 500


@dataclass(frozen=True)
class Diagnostic:
    """One fault.

    `code` is a short stable word (`type`, `shape`, `layout`, `order`, `structure`, `syntax`, `yaml`, `step`, ...).
    `where` is the path of the thing in the design (`cascade/mm1`, `cascade/mm1.C->mm2.A`,
    `cascade/mm1#2` for step 2 (from 0) of a block's schedule), or empty.
    `span` is the place in a text. `hint` says what to do. `fixes` are offered edits in words. `about` tells programs
    what is wrong: a word for it, then the names and numbers that it is about.
    """

    code: str
    message: str
    span: Span | None = None
    where: str = ""
    hint: str = ""
    severity: Severity = "error"
    fixes: tuple[str, ...] = ()
    about: tuple[str | int, ...] = field(default=(), compare=False)

    def to_json(self) -> dict[str, Any]:
        """Return the form that `--json` prints."""
        place = str(self.span) if self.span else ""
        return {
            "code": self.code,
            "severity": self.severity,
            "message": self.message,
            "where": self.where or place,
            "place": place,
            "hint": self.hint,
            "fixes": list(self.fixes),
        }

    def __str__(self) -> str:
        place = str(self.span) if self.span else self.where
        return f"{place}: {self.message}" if place else self.message


class AlloError(Exception):
    """Raised once a stage with every diagnostic that the stage found."""

    def __init__(self, diagnostics: Diagnostic | Iterable[Diagnostic]) -> None:
        found = (diagnostics,) if isinstance(diagnostics, Diagnostic) else tuple(diagnostics)
        if not found:
            raise ValueError("an AlloError needs at least one diagnostic")
        self.diagnostics: tuple[Diagnostic, ...] = found
        super().__init__("\n".join(str(d) for d in found))


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """Tell whether any diagnostic is an error (not a warning or a note)."""
    return any(d.severity == "error" for d in diagnostics)


def render(diagnostic: Diagnostic) -> str:
    """Return the text that a person reads: place, message, source line, caret, hint."""
    span = diagnostic.span
    place = str(span) if span else diagnostic.where
    head = f"{place}: " if place else ""
    lines = [f"{head}{diagnostic.severity}[{diagnostic.code}]: {diagnostic.message}"]
    if span:
        lines += _excerpt(span)
        if diagnostic.where:
            lines.append(f"  in: {diagnostic.where}")
    if diagnostic.hint:
        lines.append(f"  hint: {diagnostic.hint}")
    lines += [f"  fix: {fix}" for fix in diagnostic.fixes]
    return "\n".join(lines)


def render_all(diagnostics: Sequence[Diagnostic]) -> str:
    """Return the first diagnostics as text, followed by how many there are of each severity."""
    if not diagnostics:
        return ""
    counts = {s: sum(d.severity == s for d in diagnostics) for s in ("error", "warning", "note")}
    total = ", ".join(f"{n} {s}{'s' if n != 1 else ''}" for s, n in counts.items() if n)
    more = [f"({len(diagnostics) - _MOST_SHOWN} more are not shown)"] if len(diagnostics) > _MOST_SHOWN else []
    return "\n".join([*(render(d) for d in diagnostics[:_MOST_SHOWN]), *more, total])


def _excerpt(span: Span) -> list[str]:
    text = span.source.line(span.line)
    if not text.strip():
        return []
    last = span.end_column if span.end_line == span.line else len(text) + 1
    start = max(span.column, 1)
    width = max(1, min(last, len(text) + 1) - start)
    before, text = _around(text, start - 1)
    start -= before
    width = min(width, max(1, len(text) + 1 - start))
    gutter = f"{span.line:>5} | "
    # Tabs stay tabs under the line, so that the caret stands where the person sees the fault.
    pad = "".join(c if c == "\t" else " " for c in text[: start - 1])
    return [f"{gutter}{text}", f"{' ' * (len(gutter) - 2)}| {pad}{'^' * width}"]


def _around(text: str, at: int) -> tuple[int, str]:
    """Return what to show of a line around a place, and how many columns that is moved to the left."""
    if len(text) <= _MOST_COLUMNS:
        return 0, text
    first = max(0, min(at, len(text)) - _MOST_COLUMNS // 2)
    shown = text[first : first + _MOST_COLUMNS]
    end = "…" if first + _MOST_COLUMNS < len(text) else ""
    return (first - 1, f"…{shown}{end}") if first else (0, f"{shown}{end}")

"""What Vitis HLS says in its log as diagnostics, each at the line of the kernel from which the C++ at fault came."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from allo_studio.diagnostics import Diagnostic
from allo_studio.source import Source, Span

__all__ = ["Messages", "Places"]

_MESSAGE = re.compile(r"^(ERROR|CRITICAL WARNING|WARNING):\s*(?:\[([\w+]+ [\w-]+)\]\s*)?(.*\w.*)$")
_PLACE = re.compile(r"([^\s()'\",]+\.(?:cpp|cc|cxx|c\+\+|c|hpp|hh|h)):(\d+)(?::(\d+))?")
# A place alone at a message's end, which the diagnostic says itself.
_LAST_PLACE = re.compile(r"\s*\([^\s()]+:\d+(?::\d+)?\)\s*$")
# `// kernels/gemm.py:12` at the end of a generated line, and the note above a generated function.
_ORIGIN = re.compile(r"//\s(\S.*):(\d+)$")
_NOTE = re.compile(r"//\s(\S.*)$")
_OWNER = re.compile(r"^// (\S[^:,]*)(?:, [^:]*)?: (?:kernel |a change of |external block |a )")
# Of these the rest is counted: a design in many lanes gets the same warning for each.
_MOST_WARNINGS = 100
_MOST_ERRORS = 50


class Places:
    """Places in the C++ of a build folder as places in the project.

    `kernel` gives the source at a path of the project, None where there is none.
    """

    def __init__(self, folder: Path, kernel: Callable[[str], Source | None]) -> None:
        self._folder, self._kernel = folder.resolve(), kernel
        self._texts: dict[str, Source | None] = {}

    def find(self, file: str, line: int, column: int) -> tuple[Span | None, str]:
        """Return the place that a line of a generated file comes from, and the block, channel or region it is of.

        Where the line has no origin in a kernel, the place is that in the generated file; for a file that is not of the
        build folder there is none.
        """
        source = self._generated(file)
        if source is None or not source.line(line).strip():
            return None, ""
        about = line
        # A pragma is of the line above it.
        while about > 1 and source.line(about).startswith("#pragma"):
            about -= 1
        return self._origin(source, about) or _whole(source, line, column), _owner(source, about)

    def _origin(self, source: Source, line: int) -> Span | None:
        found = _ORIGIN.search(source.line(line))
        kernel = self._kernel(found.group(1)) if found else None
        if found is None or kernel is None or not kernel.line(int(found.group(2))):
            return None
        text, number = kernel.line(int(found.group(2))), int(found.group(2))
        start = len(text) - len(text.lstrip())
        return Span.at(kernel, number, start + 1, max(1, len(text.rstrip()) - start))

    def _generated(self, file: str) -> Source | None:
        if file not in self._texts:
            self._texts[file] = self._read(file)
        return self._texts[file]

    def _read(self, file: str) -> Source | None:
        # Some messages give a path from elsewhere, such as the folder of the solution.
        for path in (self._folder / file, self._folder / Path(file).name):
            try:
                inside = path.resolve()
                if inside.is_relative_to(self._folder) and inside.is_file():
                    name = inside.relative_to(self._folder).as_posix()
                    return Source(name, inside.read_text(encoding="utf-8", errors="replace"))
            except (OSError, ValueError):
                continue
        return None


def _whole(source: Source, line: int, column: int) -> Span:
    text = source.line(line)
    return Span.at(source, line, min(max(column, 1), len(text) + 1))


def _owner(source: Source, line: int) -> str:
    """Return what a line is of: what its note names, else the block that its function was made for."""
    note = _NOTE.search(source.line(line))
    if note and not _ORIGIN.search(source.line(line)):
        named = note.group(1).split(": ")[0]
        if "/" in named and " " not in named:
            return named
    for number in range(line, 0, -1):
        found = _OWNER.match(source.line(number))
        if found:
            return found.group(1)
        if source.line(number) == "}" and number < line:
            break
    return ""


class Messages:
    """The errors and warnings among a log's lines, each once, in order."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._errors: dict[Diagnostic, None] = {}
        self._warnings: dict[Diagnostic, None] = {}
        self._more = 0

    def read(self, lines: Iterable[str]) -> None:
        """Take the messages among some lines."""
        for line in lines:
            found = _MESSAGE.match(line)
            if found:
                self._take(found.group(1) == "ERROR", found.group(2) or "", found.group(3))

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The errors that were said."""
        return tuple(self._errors)

    def found(self, log: str) -> tuple[Diagnostic, ...]:
        """Return all, the errors first; where there are too many, the last says how many more the file `log` has."""
        more: tuple[Diagnostic, ...] = ()
        if self._more:
            text = f"Vitis HLS said {self._more} more messages, which are in {log}"
            more = (Diagnostic("tool", text, severity="note"),)
        return (*self._errors, *self._warnings, *more)

    def _take(self, error: bool, number: str, text: str) -> None:
        kept, most = (self._errors, _MOST_ERRORS) if error else (self._warnings, _MOST_WARNINGS)
        made = self._diagnostic(error, number, text)
        if made in kept:
            return
        if len(kept) >= most:
            self._more += 1
            return
        kept[made] = None

    def _diagnostic(self, error: bool, number: str, text: str) -> Diagnostic:
        place = _PLACE.search(text)
        span, where = None, ""
        if place:
            span, where = self._places.find(place.group(1), int(place.group(2)), int(place.group(3) or 1))
        said = _LAST_PLACE.sub("", text) if span else text
        tail = f" [{number}]" if number else ""
        severity = "error" if error else "warning"
        message = f"Vitis HLS: {said or text}{tail}"
        return Diagnostic("tool", message, span, where, severity=severity, about=("vitis", number))  # type: ignore[arg-type]

"""Lines of C++ under construction, and the faults that stop it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from allo_studio.backends.vitis.names import comment
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.ir import KernelIR
from allo_studio.ir.binding import ir
from allo_studio.origins import NOWHERE, LoopKey, Origin, lines_of
from allo_studio.source import Span

__all__ = ["Line", "Lines", "kernel_fault"]

_INDENT = "    "


class Line(NamedTuple):
    """A line of C++ without its end, and what it stands for."""

    text: str
    origin: Origin = NOWHERE


class Lines:
    """A text that grows line by line at the current indent."""

    def __init__(self, depth: int = 0) -> None:
        self._lines: list[Line] = []
        self._depth = depth
        self._loops: tuple[LoopKey, ...] = ()

    def add(self, text: str, note: str = "", span: Span | None = None, opens: bool = False) -> None:
        """Append a line; preprocessor lines start at the margin.

        `span` is the place in the source that it stands for, which is told in a comment at its end, and `opens` tells
        that the line is the head of the loop that was entered last. `note` is the comment where there is no span.
        """
        note = f"{span.source.path}:{span.line}" if span else note
        tail = f"  // {comment(note)}" if note else ""
        indent = "" if text.startswith("#") else _INDENT * self._depth
        # A text may have several lines, such as the values of a table.
        first, *more = (f"{indent}{text}{tail}" if text else "").split("\n")
        self._lines.append(Line(first, Origin(lines_of(span), self._loops, opens)))
        self._lines += [Line(each, Origin(lines_of(span), self._loops)) for each in more]

    def pragma(self, text: str) -> None:
        """Append an HLS pragma, which is of the line before it; it starts at the margin as preprocessor lines do."""
        places = self._lines[-1].origin.places if self._lines else frozenset()
        self._lines.append(Line(f"#pragma HLS {text}", Origin(places, self._loops)))

    def mark(self) -> int:
        """Return the place where the text ends now, for `cut`."""
        return len(self._lines)

    def cut(self, mark: int) -> list[Line]:
        """Take away and return the lines since `mark`."""
        taken = self._lines[mark:]
        del self._lines[mark:]
        return taken

    def restore(self, lines: list[Line], deeper: bool = False) -> None:
        """Append lines that were cut; `deeper` indents them by one level more."""
        for line in lines:
            indent = _INDENT if deeper and line.text and line.text[0] != "#" else ""
            self._lines.append(line._replace(text=f"{indent}{line.text}"))

    @contextmanager
    def loop(self, key: LoopKey) -> Iterator[None]:
        """Let what is added within the `with` be of a loop."""
        self._loops = (*self._loops, key)
        yield
        self._loops = self._loops[:-1]

    @contextmanager
    def indented(self) -> Iterator[None]:
        """Indent what is added within the `with` by one level more."""
        self._depth += 1
        yield
        self._depth -= 1

    def text(self) -> str:
        """Return all lines, each ended."""
        return "".join(f"{line.text}\n" for line in self._lines)

    def origins(self) -> tuple[Origin, ...]:
        """Return what each line of the text stands for."""
        return tuple(line.origin for line in self._lines)


def kernel_fault(kernel: KernelIR, message: str, op: ir.Operation | None = None, hint: str = "") -> AlloError:
    """Return the error (code `hls`) for something in a kernel that can't be written as HLS C++."""
    span = kernel.span(op) if op is not None else None
    return AlloError(Diagnostic("hls", f"{kernel.name}: {message}", span=span, hint=hint))

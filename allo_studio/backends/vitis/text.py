"""Lines of C++ under construction, and the faults that stop it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from allo_studio.backends.vitis.names import comment
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.ir import KernelIR
from allo_studio.ir.binding import ir
from allo_studio.source import Span

__all__ = ["Lines", "kernel_fault", "place"]

_INDENT = "    "


class Lines:
    """A text that grows line by line at the current indent."""

    def __init__(self, depth: int = 0) -> None:
        self._lines: list[str] = []
        self._depth = depth

    def add(self, text: str, note: str = "") -> None:
        """Append a line, with `note` as a comment at its end; preprocessor lines start at the margin."""
        tail = f"  // {comment(note)}" if note else ""
        indent = "" if text.startswith("#") else _INDENT * self._depth
        self._lines.append(f"{indent}{text}{tail}" if text else "")

    def pragma(self, text: str) -> None:
        """Append an HLS pragma; it starts at the margin as preprocessor lines do."""
        self._lines.append(f"#pragma HLS {text}")

    def mark(self) -> int:
        """Return the place where the text ends now, for `cut`."""
        return len(self._lines)

    def cut(self, mark: int) -> list[str]:
        """Take away and return the lines since `mark`."""
        taken = self._lines[mark:]
        del self._lines[mark:]
        return taken

    def restore(self, lines: list[str], deeper: bool = False) -> None:
        """Append lines that were cut; `deeper` indents them by one level more."""
        self._lines += [f"{_INDENT}{line}" if deeper and line and line[0] != "#" else line for line in lines]

    @contextmanager
    def indented(self) -> Iterator[None]:
        """Indent what is added within the `with` by one level more."""
        self._depth += 1
        yield
        self._depth -= 1

    def text(self) -> str:
        """Return all lines, each ended."""
        return "".join(f"{line}\n" for line in self._lines)


def place(span: Span | None) -> str:
    """Return `kernels/gemm.py:12` for a comment, or an empty text."""
    return f"{span.source.path}:{span.line}" if span else ""


def kernel_fault(kernel: KernelIR, message: str, op: ir.Operation | None = None, hint: str = "") -> AlloError:
    """Return the error (code `hls`) for something in a kernel that can't be written as HLS C++."""
    span = kernel.span(op) if op is not None else None
    return AlloError(Diagnostic("hls", f"{kernel.name}: {message}", span=span, hint=hint))

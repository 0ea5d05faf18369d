"""From places in Python's syntax tree (lines, UTF-8 bytes from 0) to spans (lines, characters from 1)."""

from __future__ import annotations

import ast
import re

from allo_studio.source import Source, Span

__all__ = ["Places"]

# What ends a line for Python's parser, which is less than `str.splitlines` knows.
_LINE_END = re.compile(r"\r\n|\r|\n")


class Places:
    """Spans of one source."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._lines = _LINE_END.split(source.text)

    def of(self, node: ast.AST) -> Span:
        """Return the span of a node that has a place (expressions, statements, arguments)."""
        return self.between(node, node)

    def between(self, first: ast.AST, last: ast.AST) -> Span:
        """Return the span from the start of one node to the end of another."""
        line, column = getattr(first, "lineno", 1), getattr(first, "col_offset", 0)
        end_line, end_column = getattr(last, "end_lineno", None), getattr(last, "end_col_offset", None)
        if end_line is None or end_column is None:
            return Span.at(self.source, line, self._column(line, column))
        return Span(self.source, line, self._column(line, column), end_line, self._column(end_line, end_column))

    def text(self, node: ast.AST) -> str:
        """Return the text of a node on its first line."""
        span = self.of(node)
        line = self._lines[span.line - 1] if span.line <= len(self._lines) else ""
        return line[span.column - 1 : span.end_column - 1 if span.end_line == span.line else None].strip()

    def name_of(self, function: ast.FunctionDef | ast.AsyncFunctionDef) -> Span:
        """Return the span of `def name`."""
        keyword = "async def " if isinstance(function, ast.AsyncFunctionDef) else "def "
        column = self._column(function.lineno, function.col_offset)
        return Span.at(self.source, function.lineno, column, len(keyword) + len(function.name))

    def head(self, node: ast.stmt) -> Span:
        """Return the span of the first line of a statement with a body: `with x:`."""
        span = self.of(node)
        line = self._lines[span.line - 1].partition("#")[0].rstrip()
        return Span.at(self.source, span.line, span.column, max(1, len(line) - span.column + 1))

    def of_syntax_error(self, error: SyntaxError) -> Span:
        """Return where Python's parser stumbled."""
        line = min(max(error.lineno or 1, 1), len(self._lines))
        width = len(self._lines[line - 1])
        column = min(max(error.offset or 1, 1), width + 1)
        end = error.end_offset if error.end_lineno == line and error.end_offset else column + 1
        return Span(self.source, line, column, line, max(end, column + 1))

    def of_character(self, offset: int) -> Span:
        """Return the span of one character of the text, by its offset from 0."""
        before = _LINE_END.split(self.source.text[:offset])
        return Span.at(self.source, len(before), len(before[-1]) + 1)

    def _column(self, line: int, byte: int) -> int:
        text = self._lines[line - 1] if 1 <= line <= len(self._lines) else ""
        if text.isascii():
            return byte + 1
        return len(text.encode("utf-8", "surrogatepass")[:byte].decode("utf-8", "ignore")) + 1

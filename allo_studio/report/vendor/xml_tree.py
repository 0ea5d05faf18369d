"""An XML report as a tree, read so that no file can do harm.

A report has no document type, so none is taken: that rules out entities, and with them files read from elsewhere and
text that grows without end. Depth and number of elements are bounded, as the size of a file is.
"""

from __future__ import annotations

from typing import NoReturn
from xml.parsers import expat

from allo_studio.diagnostics import AlloError
from allo_studio.report.vendor.reading import unreadable
from allo_studio.source import Source, Span

__all__ = ["Node", "parse_xml"]

_DEEPEST = 100
_MOST_NODES = 2_000_000


class Node:
    """An element: `text` is what stands in it outside of its children, without the space around it.

    `line` and `column`, from 1, are where it begins.
    """

    __slots__ = ("attributes", "children", "column", "line", "tag", "text")

    def __init__(self, tag: str, attributes: dict[str, str], line: int, column: int) -> None:
        self.tag = tag
        self.attributes = attributes
        self.text = ""
        self.children: list[Node] = []
        self.line = line
        self.column = column

    def child(self, *path: str) -> Node | None:
        """Return the first element at a path of tags below this one, or None."""
        found: Node | None = self
        for tag in path:
            found = next((node for node in found.children if node.tag == tag), None) if found else None
        return found

    def all(self, *path: str) -> list[Node]:
        """Return all elements with the last tag of a path below the first element at the rest of it."""
        parent = self.child(*path[:-1])
        return [node for node in parent.children if node.tag == path[-1]] if parent else []

    def words(self, *path: str) -> str:
        """Return the text of the first element at a path, empty where there is none."""
        found = self.child(*path)
        return found.text if found else ""

    def get(self, name: str) -> str:
        """Return an attribute, empty where there is none."""
        return self.attributes.get(name, "").strip()


def parse_xml(data: bytes, source: Source) -> Node:
    """Return the root element of a file's bytes; raises AlloError (`report`), `source` being its text."""
    reader = _Reader(source)
    try:
        reader.parser.Parse(data, True)
    except expat.ExpatError as error:
        what = expat.errors.messages.get(error.code, "") or expat.ErrorString(error.code)
        reader.refuse(f"its XML is damaged: {what}", error.lineno, error.offset + 1)
    except ValueError as error:
        reader.refuse(f"its XML is damaged: {error}", *reader.place())
    if reader.root is None:
        reader.refuse("it is empty", 1, 1)
    return reader.root


class _Reader:
    def __init__(self, source: Source) -> None:
        self.root: Node | None = None
        self._source = source
        self._open: list[Node] = []
        self._texts: list[list[str]] = []
        self._count = 0
        # The tools write ASCII. One encoding for all files leaves nothing that a file could choose.
        self.parser = expat.ParserCreate("utf-8")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters
        self.parser.StartDoctypeDeclHandler = self._doctype

    def place(self) -> tuple[int, int]:
        return self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1

    def refuse(self, reason: str, line: int, column: int) -> NoReturn:
        span = Span.at(self._source, line, column)
        hint = "the file is cut off or was changed: let the tool write it again"
        raise AlloError(unreadable(self._source.path, reason, hint, span))

    def _doctype(self, *_: object) -> None:
        self.refuse("it declares a document type, which no report does", *self.place())

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if len(self._open) >= _DEEPEST:
            self.refuse(f"its elements are nested more than {_DEEPEST} deep", *self.place())
        if self._count > _MOST_NODES:
            self.refuse(f"it has more than {_MOST_NODES:,} elements", *self.place())
        node = Node(tag, attributes, *self.place())
        if self._open:
            self._open[-1].children.append(node)
        else:
            self.root = node
        self._open.append(node)
        self._texts.append([])

    def _end(self, _: str) -> None:
        self._open.pop().text = "".join(self._texts.pop()).strip()

    def _characters(self, text: str) -> None:
        if self._texts:
            self._texts[-1].append(text)

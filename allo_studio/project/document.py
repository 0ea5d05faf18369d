"""YAML text as a tree with places: the part of YAML that project files use, read with care.

Only the safe event parser of PyYAML is used; scalars are resolved here by YAML 1.2's core rules (`off` is a text, not
a truth value). Anchors, aliases, tags, duplicate keys, several documents and deep nesting are refused.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import yaml

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.source import Source, Span

__all__ = ["MOST_DEPTH", "MOST_FAULTS", "MOST_ITEMS", "MOST_TEXT", "Document", "Item", "parse_document"]

MOST_DEPTH = 20
MOST_ITEMS = 400_000
# So many faults are told, and so many characters of what one says.
MOST_FAULTS = 200
MOST_TEXT = 400
# The C parser gives the same events ten times as fast; PyYAML is also installed without it.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,4})?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_WORDS: dict[str, Any] = {
    w: v for v, ws in ((True, "true True TRUE"), (False, "false False FALSE")) for w in ws.split()
}
_WORDS |= dict.fromkeys(("", "~", "null", "Null", "NULL"))

Key = str | int
Path = tuple[Key, ...]


@dataclass(frozen=True, eq=False)
class Item:
    """A node of the tree: its plain value, and `[start, end)` in the text (without trailing comments).

    `entries` are the key and value items of a mapping, `items` those of a list. `flow` tells `{}` and `[]` from
    blocks. Line and column count from 1.
    """

    kind: Literal["map", "list", "scalar"]
    plain: Any
    start: int
    end: int
    line: int
    column: int
    flow: bool = False
    entries: tuple[tuple[Item, Item], ...] = ()
    items: tuple[Item, ...] = ()

    @cached_property
    def by_key(self) -> Mapping[Any, tuple[Item, Item]]:
        """The first entry of each key."""
        return {key.plain: (key, value) for key, value in reversed(self.entries)}


@dataclass(frozen=True, eq=False)
class Document:
    """A YAML text and its tree."""

    source: Source
    root: Item

    def span(self, item: Item) -> Span:
        """Return the place of an item: all of it where it stands on one line, else its first line."""
        text = self.source.text
        first = text[item.start : item.end].split("\n", 1)[0].rstrip()
        return Span.at(self.source, item.line, item.column, max(1, len(first)))

    def key_span(self, path: Path) -> Span | None:
        """Return the place of the key that ends `path`, or None where the path does not exist."""
        holder = self._find(path[:-1])
        if holder is None or not path:
            return None
        found = holder.by_key.get(path[-1])
        return self.span(found[0]) if found else self.place(path)

    def place(self, path: Path) -> Span | None:
        """Return the place of the value at `path`, or of the nearest thing around it that exists.

        A value of several lines is shown by its key.
        """
        for length in range(len(path), 0, -1):
            item = self._find(path[:length])
            if item is None:
                continue
            if item.kind == "scalar" or item.flow or isinstance(path[length - 1], int):
                return self.span(item)
            holder = self._find(path[: length - 1])
            found = holder.by_key.get(path[length - 1]) if holder else None
            return self.span(found[0] if found else item)
        return Span.at(self.source, self.root.line, self.root.column)

    def _find(self, path: Path) -> Item | None:
        item: Item | None = self.root
        for key in path:
            if item is None:
                return None
            if item.kind == "list":
                item = item.items[key] if isinstance(key, int) and 0 <= key < len(item.items) else None
            else:
                item = item.by_key[key][1] if key in item.by_key else None
        return item


def parse_document(source: Source) -> Document:
    """Return the tree of a YAML text; raises AlloError (code `yaml`) with every fault that can be told."""
    reader = _Reader(source)
    try:
        root = reader.read()
    except yaml.YAMLError as error:
        raise AlloError(_broken(source, error)) from error
    if reader.faults:
        raise AlloError(reader.faults)
    return Document(source, root)


class _Reader:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.faults: list[Diagnostic] = []
        self.count = 0

    def read(self) -> Item:
        events: Iterator[Any] = iter(yaml.parse(self.source.text, Loader=_LOADER))
        root: Item | None = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    mark = event.start_mark
                    fault = self._fault("a second document begins here", mark, "keep one document in a project file")
                    raise AlloError([*self.faults, fault])
                root = self._item(next(events), events, 1)
        if root is None:
            raise AlloError(Diagnostic("yaml", "the file is empty", Span.at(self.source, 1, 1), hint=_EMPTY_HINT))
        return root

    def _item(self, event: Any, events: Iterator[Any], depth: int) -> Item:
        mark = event.start_mark
        self.count += 1
        if self.count > MOST_ITEMS:
            hint = "a project file needs far fewer; split the design"
            raise AlloError([*self.faults, self._fault(f"more than {MOST_ITEMS:,} values", mark, hint)])
        if depth > MOST_DEPTH:
            hint = "a project file needs far fewer levels"
            raise AlloError([*self.faults, self._fault(f"more than {MOST_DEPTH} levels of nesting", mark, hint)])
        if isinstance(event, yaml.AliasEvent):
            self._report(f"the alias *{event.anchor} is not used in project files", mark, "write the value out")
            return self._scalar_item(event, None)
        if event.anchor is not None:
            self._report(f"the anchor &{event.anchor} is not used in project files", mark, "remove it")
        if event.tag is not None and not (isinstance(event, yaml.ScalarEvent) and event.tag == "!"):
            self._report(f"the tag {event.tag} is not used in project files", mark, "remove it")
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(event, events, depth)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(event, events, depth)
        return self._scalar_item(event, self._scalar(event))

    def _mapping(self, start: Any, events: Iterator[Any], depth: int) -> Item:
        entries: list[tuple[Item, Item]] = []
        plain: dict[str, Any] = {}
        lines: dict[str, int] = {}
        event: Any
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                mark: Any = event.end_mark
                end = mark.index if start.flow_style else (entries[-1][1].end if entries else 0)
                return self._collection("map", plain, start, end, entries=tuple(entries))
            key = self._key(event, events, depth)
            value = self._item(next(events), events, depth + 1)
            if key.plain in plain:
                earlier = f"the first is in line {lines[key.plain]}; keep one of them"
                self._report(f"{key.plain!r} is given twice", event.start_mark, earlier, max(1, key.end - key.start))
            lines.setdefault(key.plain, key.line)
            plain.setdefault(key.plain, value.plain)
            entries.append((key, value))
        raise AssertionError("a mapping without an end event")

    def _key(self, event: Any, events: Iterator[Any], depth: int) -> Item:
        if isinstance(event, yaml.ScalarEvent):
            # A key is its text, whatever it looks like: `1`, `true` and `off` are names here, right or wrong.
            if event.anchor is not None or event.tag not in (None, "!"):
                self._item(event, events, depth)
            return self._scalar_item(event, event.value)
        self._report("a key must be a text", event.start_mark, "write `name: value`")
        item = self._item(event, events, depth + 1)
        return Item("scalar", f"?{item.start}", item.start, item.end, item.line, item.column)

    def _sequence(self, start: Any, events: Iterator[Any], depth: int) -> Item:
        items: list[Item] = []
        event: Any
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                mark: Any = event.end_mark
                end = mark.index if start.flow_style else (items[-1].end if items else 0)
                return self._collection("list", [i.plain for i in items], start, end, items=tuple(items))
            items.append(self._item(event, events, depth + 1))
        raise AssertionError("a sequence without an end event")

    def _collection(self, kind: Literal["map", "list"], plain: Any, start: Any, end: int, **children: Any) -> Item:
        mark = start.start_mark
        last = max(mark.index, end)
        return Item(kind, plain, mark.index, last, mark.line + 1, mark.column + 1, bool(start.flow_style), **children)

    def _scalar_item(self, event: Any, plain: Any) -> Item:
        mark = event.start_mark
        # The end of a block scalar lies at the next thing; what belongs to it ends with its last text.
        text = self.source.text[mark.index : event.end_mark.index].rstrip()
        return Item("scalar", plain, mark.index, mark.index + len(text), mark.line + 1, mark.column + 1)

    def _scalar(self, event: Any) -> Any:
        text: str = event.value
        if not event.implicit[0] or event.tag == "!":
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.fullmatch(text):
            return int(text)
        if _NOT_FINITE.fullmatch(text):
            return self._not_finite(event)
        if not _FLOAT.fullmatch(text):
            return text
        value = float(text)
        return value if math.isfinite(value) else self._not_finite(event)

    def _not_finite(self, event: Any) -> float:
        self._report(f"{event.value} is no finite number", event.start_mark, "give a finite number", len(event.value))
        return 0.0

    def _report(self, message: str, mark: Any, hint: str, width: int = 1) -> None:
        self.faults.append(self._fault(message, mark, hint, width))
        if len(self.faults) >= MOST_FAULTS:
            raise AlloError([*self.faults, self._fault("further faults are not looked for", mark, "mend these first")])

    def _fault(self, message: str, mark: Any, hint: str, width: int = 1) -> Diagnostic:
        message = message if len(message) <= MOST_TEXT else f"{message[:MOST_TEXT]}…"
        return Diagnostic("yaml", message, Span.at(self.source, mark.line + 1, mark.column + 1, width), hint=hint)


_EMPTY_HINT = "a project file begins with `format: 1`; `allo-studio new` writes one"


def _broken(source: Source, error: yaml.YAMLError) -> Diagnostic:
    hint = "mend the YAML here; indentation is by spaces, and texts with : # [ ] { } need quotes"
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None)
    if mark is not None and problem:
        context = getattr(error, "context", None)
        message = f"{problem} ({context})" if context else str(problem)
        return Diagnostic(
            "yaml", f"broken YAML: {message}", _visible(source, mark.line + 1, mark.column + 1), hint=hint
        )
    position = getattr(error, "position", None)
    reason = getattr(error, "reason", "unreadable text")
    # The C parser counts bytes there, so the place is looked for in the text instead.
    bad = re.search(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", source.text)
    at = bad.start() if bad else (position if isinstance(position, int) else 0)
    before = source.text[:at]
    span = Span.at(source, before.count("\n") + 1, at - (before.rfind("\n") + 1) + 1)
    return Diagnostic("yaml", f"broken YAML: {reason}", span, hint="remove the character that cannot be printed")


def _visible(source: Source, line: int, column: int) -> Span:
    """Return the place, or the end of the last text before it where its line has none for a caret to stand under."""
    while line > 1 and not source.line(line).strip():
        line -= 1
        column = len(source.line(line).rstrip())
    return Span.at(source, line, max(1, column))

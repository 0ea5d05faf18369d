"""Changing a YAML text as little as possible: new plain values are put in where the old ones differ.

The comments and the formatting of everything that is equal stay. The caller checks the result by reading it again:
a text that is too unusual to be changed in place may come out wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from allo_studio.project.document import Document, Item, Path
from allo_studio.project.emit import emit_entry, emit_item, flow
from allo_studio.project.merge import opcodes, paired, renamed, same

__all__ = ["reordered", "splice"]


def splice(document: Document, wanted: dict[str, Any]) -> str:
    """Return the document's text changed so that it reads as `wanted`, as far as that can be done in place."""
    splicer = _Splicer(document.source.text)
    splicer.change(document.root, wanted, (), None)
    return splicer.result()


def reordered(document: Document, orders: Mapping[Path, Sequence[str]]) -> str:
    """Return the document's text with the entries of some mappings in another order: each with its line's comment.

    A path that leads to no mapping with just those keys is passed over.
    """
    splicer = _Splicer(document.source.text)
    for path, order in orders.items():
        item: Item | None = document.root
        for key in path:
            item = item.by_key[key][1] if item is not None and key in item.by_key else None
        if item is not None and sorted(order) == sorted(item.plain):
            splicer.reorder(item, order)
    return splicer.result()


class _Splicer:
    def __init__(self, text: str) -> None:
        self.text = text
        self.newline = "\r\n" if "\r\n" in text else "\n"
        self.changes: list[tuple[int, int, str]] = []

    def result(self) -> str:
        """Return the text with all changes; those at one place stand in the order in which they were noted."""
        parts: list[str] = []
        at = 0
        for start, end, new in sorted(self.changes, key=lambda c: (c[0], c[1])):
            parts += [self.text[at:start], new.replace("\n", self.newline)]
            at = max(at, end)
        return "".join(parts) + self.text[at:]

    def reorder(self, item: Item, order: Sequence[str]) -> None:
        """Let the entries of a mapping change places."""
        places = {key.plain: (key.start, max(value.end, key.end)) for key, value in item.entries}
        if not item.flow and all(self._is_first_in_line(start) for start, _ in places.values()):
            places = {name: (self._line_start(start), self._line_end(end)) for name, (start, end) in places.items()}
        texts = {name: self.text[start:end].replace(self.newline, "\n") for name, (start, end) in places.items()}
        whole = any(text.endswith("\n") for text in texts.values())
        for (start, end), name in zip(places.values(), order, strict=True):
            # The last line of a file may have no end.
            new = texts[name] if not whole or texts[name].endswith("\n") else f"{texts[name]}\n"
            self.changes.append((start, end, new))

    def change(self, item: Item, wanted: Any, path: Path, key: Item | None, in_flow: bool = False) -> None:
        """Change `item` to `wanted`; `key` is its key's item, None for an item of a list and for the root."""
        if same(item.plain, wanted):
            return
        if item.kind == "map" and isinstance(wanted, dict):
            kept = any(k in wanted for k in item.plain)
            if kept and item.flow:
                self._flow_map(item, wanted, path)
                return
            if not item.flow and (kept or renamed(item.plain, wanted)) and self._stands_alone(item, wanted):
                self._block_map(item, wanted, path)
                return
        if item.kind == "list" and isinstance(wanted, list) and wanted:
            if item.flow and len(wanted) == len(item.items):
                for index, (old, new) in enumerate(zip(item.items, wanted, strict=True)):
                    self.change(old, new, (*path, index), None, True)
                return
            if not item.flow and all(self._is_first_in_line(self._dash(i)) for i in item.items):
                self._block_list(item, wanted, path)
                return
        self._replace(item, wanted, path, key, in_flow)

    def _replace(self, item: Item, wanted: Any, path: Path, key: Item | None, in_flow: bool) -> None:
        if key is not None and not in_flow:
            entry = emit_entry(str(path[-1]), wanted, path, key.column - 1)
            self.changes.append((key.start, max(item.end, key.end), entry))
            return
        new = flow(wanted) if in_flow else emit_item(wanted, path, item.column - 1)
        # An empty value stands right behind its colon or dash.
        gap = " " if item.start == item.end and self.text[item.start - 1 : item.start] in (":", "-") else ""
        self.changes.append((item.start, item.end, gap + new))

    def _flow_map(self, item: Item, wanted: dict[str, Any], path: Path) -> None:
        last_kept = max(i for i, (key, _) in enumerate(item.entries) if key.plain in wanted)
        for index, (key, value) in enumerate(item.entries):
            if key.plain in wanted:
                self.change(value, wanted[key.plain], (*path, key.plain), key, True)
            elif index < last_kept:
                self.changes.append((key.start, item.entries[index + 1][0].start, ""))
        end = item.entries[last_kept][1].end
        for name, value in wanted.items():
            if name not in item.plain:
                self.changes.append((end, end, f", {flow({name: value})[1:-1]}"))
        if last_kept < len(item.entries) - 1:
            self.changes.append((end, item.entries[-1][1].end, ""))

    def _stands_alone(self, item: Item, wanted: dict[str, Any]) -> bool:
        """Tell whether lines can be taken out of a block mapping: its first key may share a line with a dash."""
        first = item.entries[0][0]
        return self._is_first_in_line(first.start) or (first.plain in wanted and next(iter(wanted)) == first.plain)

    def _block_map(self, item: Item, wanted: dict[str, Any], path: Path) -> None:
        names = {old: new for new, old in renamed(item.plain, wanted).items()}
        for key, value in item.entries:
            if key.plain in wanted:
                self.change(value, wanted[key.plain], (*path, key.plain), key)
            elif key.plain in names:
                self.changes.append((key.start, key.end, flow(names[key.plain])))
            else:
                self._delete_lines(key.start, max(value.end, key.end))
        ends = {names.get(key.plain, key.plain): self._line_end(max(value.end, key.end)) for key, value in item.entries}
        at = self._line_start(item.entries[0][0].start)
        indent = item.column - 1
        for name, value in wanted.items():
            if name in ends:
                at = ends[name]
            else:
                self._insert(at, " " * indent + emit_entry(name, value, (*path, name), indent))

    def _block_list(self, item: Item, wanted: list[Any], path: Path) -> None:
        inserted: list[tuple[int, str]] = []
        indent = item.column - 1
        for tag, start, end, new_start, new_end in opcodes(item.plain, wanted):
            if tag == "equal":
                continue
            pairs = paired(item.plain[start:end], wanted[new_start:new_end])
            for n, m in pairs.items():
                self.change(item.items[start + n], wanted[new_start + m], (*path, start + n), None)
            for old in (item.items[n] for n in range(start, end) if n - start not in pairs):
                self._delete_lines(self._dash(old), max(old.end, self._dash(old) + 1))
            for m in sorted(set(range(new_end - new_start)) - set(pairs.values())):
                # Behind what it follows in the new list.
                before = start + max((n + 1 for n, other in pairs.items() if other < m), default=0)
                first = self._line_start(self._dash(item.items[0]))
                at = self._line_end(item.items[before - 1].end) if before else first
                new = wanted[new_start + m]
                inserted.append((at, f"{' ' * indent}- {emit_item(new, (*path, 0), indent + 2)}"))
        # What is inserted within an item must come before what is inserted after it.
        for at, text in inserted:
            self._insert(at, text)

    def _insert(self, at: int, line: str) -> None:
        whole = at == 0 or self.text[at - 1] == "\n"
        self.changes.append((at, at, f"{line}\n" if whole else f"\n{line}"))

    def _delete_lines(self, start: int, end: int) -> None:
        self.changes.append((self._line_start(start), self._line_end(end), ""))

    def _dash(self, item: Item) -> int:
        return self.text.rfind("-", 0, item.start)

    def _is_first_in_line(self, at: int) -> bool:
        return not self.text[self._line_start(at) : at].strip()

    def _line_start(self, at: int) -> int:
        return self.text.rfind("\n", 0, at) + 1

    def _line_end(self, at: int) -> int:
        end = self.text.find("\n", at)
        return len(self.text) if end < 0 else end + 1

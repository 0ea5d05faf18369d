"""Figures out of the elements and attributes of an XML report."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from allo_studio.report.vendor.figures import NoFigure, Range, Times, decimal, nanoseconds, range_of, times_of, whole
from allo_studio.report.vendor.reading import Reading
from allo_studio.report.vendor.xml_tree import Node

__all__ = ["XmlReading"]

T = TypeVar("T")

_FLAGS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


class XmlReading(Reading):
    """A file being read whose figures stand in elements below a node; `of` names the thing that they are of."""

    def whole(self, node: Node | None, tag: str, of: str) -> int | None:
        """Return the whole number in the first element of that tag, None where there is none."""
        return self._element(whole, None, node, tag, of)

    def decimal(self, node: Node | None, tag: str, of: str) -> float | None:
        """Return the number in the first element of that tag, None where there is none."""
        return self._element(decimal, None, node, tag, of)

    def nanoseconds(self, node: Node | None, tag: str, of: str) -> float | None:
        """Return the time in the first element of that tag in ns, None where there is none."""
        return self._element(nanoseconds, None, node, tag, of)

    def range(self, node: Node | None, tag: str, of: str) -> Range:
        """Return the number, or the numbers of `<range>`, in the first element of that tag."""
        ends = node.child(tag, "range") if node else None
        if ends is None:
            return self._element(range_of, Range(), node, tag, of)
        low, high = (self.whole(ends, end, f"{tag} of {of}") for end in ("min", "max"))
        if low is not None and high is not None and low > high:
            self.note(f"{tag} of {of} is a range from {low} to {high}", ends.line, ends.column, len("<range>"))
            return Range()
        return Range(low, high)

    def times(self, node: Node | None, tag: str, of: str) -> Times:
        """Return the time, or the times of `<range>`, in the first element of that tag in ns."""
        ends = node.child(tag, "range") if node else None
        if ends is None:
            return self._element(times_of, Times(), node, tag, of)
        what = f"{tag} of {of}"
        return Times(self.nanoseconds(ends, "min", what), self.nanoseconds(ends, "max", what))

    def text(self, node: Node | None, tag: str, parse: Callable[[str], str], of: str) -> str:
        """Return a text of a certain form in the first element of that tag, empty where there is none."""
        return self._element(parse, "", node, tag, of)

    def flag(self, node: Node | None, tag: str, of: str) -> bool | None:
        """Return what the first element of that tag answers (1 or 0, true or false, yes or no), or None."""
        return self._element(_flag, None, node, tag, of)

    def attribute(self, node: Node, name: str, of: str) -> int | None:
        """Return the whole number in an attribute, None where there is none."""
        return self.figure(whole, node.get(name), None, f"{name} of {of}", node.line, node.column)

    def attribute_decimal(self, node: Node, name: str, of: str) -> float | None:
        """Return the number in an attribute, None where there is none."""
        return self.figure(decimal, node.get(name), None, f"{name} of {of}", node.line, node.column)

    def attribute_flag(self, node: Node, name: str, of: str) -> bool | None:
        """Return what an attribute answers, or None."""
        return self.figure(_flag, node.get(name), None, f"{name} of {of}", node.line, node.column)

    def whole_of(self, text: str, what: str, node: Node) -> int | None:
        """Return the whole number that a text is, which stands in a node."""
        return self.figure(whole, text, None, what, node.line, node.column)

    def _element(self, parse: Callable[[str], T], unknown: T, node: Node | None, tag: str, of: str) -> T:
        found = node.child(tag) if node else None
        if found is None:
            return unknown
        return self.figure(parse, found.text, unknown, f"{tag} of {of}", found.line, found.column)


def _flag(text: str) -> bool | None:
    if not text:
        return None
    if text not in _FLAGS:
        raise NoFigure("1 or 0, true or false")
    return _FLAGS[text]

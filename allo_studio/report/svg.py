"""Elements of an SVG drawing as text: only what SVG Tiny has, so that every viewer shows the same picture."""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.sax.saxutils import escape, quoteattr

__all__ = ["MONO", "SANS", "Attributes", "element", "number", "text", "text_width", "title"]

Attributes = dict[str, str | float]

SANS = "DejaVu Sans"
MONO = "DejaVu Sans Mono"
# Advance of a character as a part of the font's size: exact for the monospaced font, on the safe side for the other.
_ADVANCE = {SANS: 0.64, MONO: 0.602}
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def element(name: str, attributes: Mapping[str, str | float], inside: str | None = None) -> str:
    """Return an element; `inside` is markup already, None closes the element at once."""
    shown = "".join(f" {key}={quoteattr(_value(value))}" for key, value in attributes.items())
    return f"<{name}{shown}/>" if inside is None else f"<{name}{shown}>{inside}</{name}>"


def text(x: float, y: float, words: str, size: float, fill: str, **options: str) -> str:
    """Return a line of text with its baseline at `y`; options are `anchor`, `weight` and `family`."""
    attributes: Attributes = {
        "x": x,
        "y": y,
        "font-family": options.get("family", SANS),
        "font-size": size,
        "fill": fill,
    }
    if "anchor" in options:
        attributes["text-anchor"] = options["anchor"]
    if "weight" in options:
        attributes["font-weight"] = options["weight"]
    return element("text", attributes, escape(_NO_XML.sub("�", words)))


def title(words: str) -> str:
    """Return the words that a viewer shows while the pointer rests on the element around."""
    return element("title", {}, escape(_NO_XML.sub("�", words)))


def text_width(words: str, size: float, family: str = SANS) -> float:
    """Return how wide a line of text is at most, in the drawing's units."""
    return len(words) * size * _ADVANCE[family]


def number(value: float) -> str:
    """Return a coordinate with at most one decimal, so that equal drawings are equal bytes."""
    rounded = f"{value:.1f}".removesuffix(".0")
    return "0" if rounded == "-0" else rounded


def _value(value: str | float) -> str:
    return _NO_XML.sub("�", value) if isinstance(value, str) else number(value)

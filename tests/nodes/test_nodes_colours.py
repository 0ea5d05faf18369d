"""The colours of types."""

from __future__ import annotations

from itertools import combinations
from math import dist

import pytest

from nodes import colours
from nodes.colours import MUTED, element_colour
from nodes.themes import THEMES


def test_types_of_one_family_have_one_colour() -> None:
    shades = {name: element_colour(name).name() for name in ("float16", "bfloat16", "int8", "uint17", "Fixed(16, 10)")}
    assert shades["float16"] == shades["bfloat16"]
    assert shades["int8"] == shades["uint17"]
    assert len({*shades.values(), element_colour("float32").name(), element_colour("int32").name()}) == 5
    assert element_colour("Struct(x: int32)") != MUTED
    assert element_colour("?") == element_colour("") == MUTED


def _linear(colour: str) -> list[float]:
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    return [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]


def contrast(one: str, other: str) -> float:
    """The contrast of two colours by WCAG 2: from 1 to 21."""
    lights = sorted(0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in map(_linear, (one, other)))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


# How people see who lack one kind of cones (Machado, Oliveira and Fernandes 2009, at full severity), on linear RGB.
VISIONS = {
    "all cones": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}


def _seen(colour: str, vision: str) -> tuple[float, ...]:
    """The place of a colour in OKLab, as one sees it."""
    light = _linear(colour)
    red, green, blue = (
        min(max(sum(m * c for m, c in zip(row, light, strict=True)), 0.0), 1.0) for row in VISIONS[vision]
    )
    cones = (
        0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue,
        0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue,
        0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue,
    )
    long, middle, short = (cone ** (1 / 3) for cone in cones)
    return (
        0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short,
    )


ELEMENTS = ("float32", "int32", "float", "int", "fixed", "struct")
PANELS = ("window", "base", "alternate", "raised", "hover")
CANVAS = ("background", "block", "block_header", "label")
# What is written on what.
TEXTS = {
    "text": (*PANELS, *CANVAS, "selection", "pressed", "button_hover", "note_box", "meter", "high"),
    "muted": (*PANELS, *CANVAS),
    "accent": ("window", "base", "alternate", "raised", "block_header", "label"),
    "ok": ("window", "base", "alternate", "raised"),
    "warning": ("window", "base", "alternate", "raised"),
    "error": ("window", "base", "alternate", "raised", "block", "block_header"),
    "on_primary": ("primary", "primary_hover"),
    "on_differs": ("differs",),
    "line_number": ("label",),
    **dict.fromkeys(ELEMENTS, ("label", "base", "alternate")),
}
# What carries a meaning without words.
KINDS = ("accent", "graph", "constant", "external", "boundary", "unknown")
SIGNS = {
    "block_border": ("background", "block"),
    "edge": ("window", "raised"),
    "icon": ("window", "base", "raised"),
    **dict.fromkeys(KINDS, ("background", "block_header")),
    **dict.fromkeys((*ELEMENTS, "ok", "warning", "error", "muted"), ("background",)),
}


@pytest.mark.parametrize("theme", sorted(THEMES))
def test_text_can_be_read_and_signs_can_be_seen(theme: str) -> None:
    table = THEMES[theme]
    code = {name: ("base",) for name in table if name.startswith("code_")}
    assert len(code) == 13
    faint = [
        (name, ground, round(found, 2))
        for least, pairs in ((4.5, {**TEXTS, **code}), (3.0, SIGNS))
        for name, grounds in pairs.items()
        for ground in grounds
        if (found := contrast(table[name], table[ground])) < least
    ]
    assert faint == []


@pytest.mark.parametrize("theme", sorted(THEMES))
@pytest.mark.parametrize("vision", sorted(VISIONS))
def test_element_types_are_apart_for_everyone(theme: str, vision: str) -> None:
    places = {name: _seen(THEMES[theme][name], vision) for name in ELEMENTS}
    apart = {pair: dist(places[pair[0]], places[pair[1]]) for pair in combinations(ELEMENTS, 2)}
    # Two neighbours of a scale of lightness in ten steps are 0.1 apart.
    assert min(apart.values()) > 0.1, min(apart, key=lambda pair: apart[pair])


def test_a_colour_tells_its_role() -> None:
    for table in THEMES.values():
        assert len(set(table.values())) == len(table)
    assert list(THEMES["dark"]) == list(THEMES["light"])


def test_colours_take_the_values_of_a_theme_where_they_are() -> None:
    held, element = colours.TEXT, element_colour("int8")
    try:
        colours.use("light")
        assert (held.name(), element.name()) == (THEMES["light"]["text"], THEMES["light"]["int"])
        assert colours.role_of(held.name()) == "text"
        assert colours.strong(held).lightness() <= held.lightness()
        with pytest.raises(KeyError):
            colours.use("grey")
        assert colours.current() == "light"
    finally:
        colours.use("dark")
    assert held.name() == THEMES["dark"]["text"]

"""The colours of types."""

from __future__ import annotations

from nodes.colours import MUTED, element_colour


def test_types_of_one_family_have_one_colour() -> None:
    shades = {name: element_colour(name).name() for name in ("float16", "bfloat16", "int8", "uint17", "Fixed(16, 10)")}
    assert shades["float16"] == shades["bfloat16"]
    assert shades["int8"] == shades["uint17"]
    assert len({*shades.values(), element_colour("float32").name(), element_colour("int32").name()}) == 5
    assert element_colour("Struct(x: int32)") != MUTED
    assert element_colour("?") == element_colour("") == MUTED

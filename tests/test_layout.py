"""Layouts against their definition: subtyping is "bank determines bank", by brute force over all small cases."""

from __future__ import annotations

from itertools import product

import pytest

from allo_studio.layout import DimLayout, Layout

EXTENTS = range(1, 13)


def entries(extent: int) -> list[DimLayout]:
    """Return every entry that a person can write for an extent, those beyond it too."""
    factored = [DimLayout(kind, n) for kind in ("cyclic", "block") for n in range(1, extent + 3)]
    return [DimLayout(), DimLayout("complete"), *factored]


def bank(entry: DimLayout, index: int, extent: int) -> int:
    """Return the bank by the definition, written anew."""
    if entry.kind == "cyclic":
        return index % entry.factor
    if entry.kind == "block":
        size = (extent + entry.factor - 1) // entry.factor
        return index // size
    return index if entry.kind == "complete" else 0


def banks(entry: DimLayout, extent: int) -> tuple[int, ...]:
    return tuple(bank(entry, index, extent) for index in range(extent))


def determines(mine: tuple[int, ...], other: tuple[int, ...]) -> bool:
    return len(set(zip(mine, other, strict=True))) == len(set(mine))


@pytest.mark.parametrize("extent", EXTENTS)
def test_an_entry_fits_where_its_bank_determines_the_expected_bank(extent: int) -> None:
    for mine, other in product(entries(extent), repeat=2):
        wanted = determines(banks(mine, extent), banks(other, extent))
        assert mine.fits(other, extent) == wanted, (str(mine), str(other))


@pytest.mark.parametrize("extent", EXTENTS)
def test_banks_are_those_that_hold_an_element(extent: int) -> None:
    for entry in entries(extent):
        assert [entry.bank(i, extent) for i in range(extent)] == list(banks(entry, extent))
        assert entry.banks(extent) == len(set(banks(entry, extent)))


@pytest.mark.parametrize("extent", EXTENTS)
def test_the_normal_form_keeps_the_meaning_and_is_one_for_each_meaning_of_a_kind(extent: int) -> None:
    for entry in entries(extent):
        normal = entry.normal(extent)
        assert banks(normal, extent) == banks(entry, extent)
        assert normal.normal(extent) == normal
    for one, two in product(entries(extent), repeat=2):
        if one.kind == two.kind and banks(one, extent) == banks(two, extent):
            assert one.normal(extent) == two.normal(extent)
        if one.fits(two, extent) and two.fits(one, extent):
            assert one.normal(extent) == two.normal(extent), "two forms of one meaning"


@pytest.mark.parametrize("extent", EXTENTS)
def test_the_meet_is_a_greatest_lower_bound(extent: int) -> None:
    known = {entry.normal(extent): banks(entry, extent) for entry in entries(extent)}
    for one, two in product(known, repeat=2):
        meet = one.meet(two, extent)
        found = banks(meet, extent)
        assert determines(found, known[one])
        assert determines(found, known[two])
        assert meet == meet.normal(extent)
        assert meet == two.meet(one, extent)
        for rival in known.values():
            below = determines(rival, known[one]) and determines(rival, known[two])
            assert not (below and determines(found, rival) and rival != found), "a greater one is below both"


def test_the_meet_of_long_arrays_looks_at_no_element() -> None:
    # Going through the elements of this extent would not end.
    extent = 1 << 30
    assert DimLayout("cyclic", 6).meet(DimLayout("cyclic", 4), extent) == DimLayout("cyclic", 12)
    assert DimLayout("cyclic", 6).meet(DimLayout("block", 4), extent) == DimLayout("complete")
    assert DimLayout("block", 4).meet(DimLayout("block", 8), extent) == DimLayout("block", 8)
    # Blocks of 3 and of 2 of 12 elements have only single elements below both.
    assert DimLayout("block", 4).meet(DimLayout("block", 6), 12) == DimLayout("complete")
    # Blocks of 6 and of 4 nest in blocks of 2.
    assert DimLayout("block", 2).meet(DimLayout("block", 3), 12) == DimLayout("block", 6)
    assert not DimLayout("cyclic", 1 << 20).fits(DimLayout("block", 2), extent)


def test_layouts_print_and_parse() -> None:
    for dims in product(entries(3), repeat=2):
        layout = Layout(dims)
        assert Layout.parse(str(layout)) == layout
    assert str(Layout.parse(" ( - ,cyclic  32,complete , block 2 ) ")) == "(-, cyclic 32, complete, block 2)"
    assert Layout.parse("()") == Layout.plain(0)
    assert str(Layout.plain(2)) == "(-, -)"


@pytest.mark.parametrize(
    "text", ["", "-", "(", "(-", "(cyclic)", "(cyclic 0)", "(cyclic -1)", "(block x)", "(-,)", "(+)"]
)
def test_what_is_no_layout_is_said_to_be_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"no layout"):
        Layout.parse(text)


def test_an_array_fits_where_every_dimension_does() -> None:
    shape = (6, 4)
    fine, coarse = Layout.parse("(cyclic 6, block 2)"), Layout.parse("(cyclic 3, -)")
    assert fine.fits(coarse, shape)
    assert not coarse.fits(fine, shape)
    assert fine.meet(Layout.parse("(cyclic 2, complete)"), shape) == Layout.parse("(complete, complete)")
    assert coarse.meet(Layout.parse("(cyclic 2, block 2)"), (12, 4)) == Layout.parse("(cyclic 6, block 2)")
    assert fine.banks(shape) == 12
    assert coarse.bank((4, 3), shape) == (1, 0)
    assert Layout.parse("(cyclic 6, block 3)").normal(shape) == Layout.parse("(complete, block 2)")
    with pytest.raises(ValueError, match="shorter"):
        fine.fits(Layout.plain(1), shape)

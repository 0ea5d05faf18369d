"""Layouts whose banks are joined into words: their order, their meet, and their text, over all small cases."""

from __future__ import annotations

from itertools import product

import pytest

from allo_studio.layout import DimLayout, Layout

EXTENTS = range(1, 10)


def entries(extent: int) -> list[DimLayout]:
    """Return every entry in its simplest form, separate and joined."""
    plain = [DimLayout(), DimLayout("complete")]
    plain += [DimLayout(kind, n) for kind in ("cyclic", "block") for n in range(1, extent + 2)]
    joined = [DimLayout(entry.kind, entry.factor, True) for entry in plain[1:]]
    return list(dict.fromkeys(entry.normal(extent) for entry in (*plain, *joined)))


def serves(mine: DimLayout, other: DimLayout, extent: int) -> bool:
    """Tell by the definition whether one may be used where the other is expected."""
    if other.kind == "none" or mine == other:
        return True
    pairs = {(mine.bank(i, extent), other.bank(i, extent)) for i in range(extent)}
    return not mine.joined and len(pairs) == mine.banks(extent)


@pytest.mark.parametrize("extent", EXTENTS)
def test_separate_banks_do_for_words_and_not_the_other_way(extent: int) -> None:
    for mine, other in product(entries(extent), repeat=2):
        assert mine.fits(other, extent) == serves(mine, other, extent), (str(mine), str(other))


@pytest.mark.parametrize("extent", EXTENTS)
def test_the_meet_is_the_greatest_that_does_for_both(extent: int) -> None:
    known = entries(extent)
    for one, two in product(known, repeat=2):
        meet = one.meet(two, extent)
        assert meet == two.meet(one, extent) == meet.normal(extent)
        assert serves(meet, one, extent)
        assert serves(meet, two, extent)
        for rival in known:
            if serves(rival, one, extent) and serves(rival, two, extent):
                assert serves(rival, meet, extent), (str(one), str(two), str(rival))


def test_the_text_of_a_layout() -> None:
    for text in ("(cyclic 4 word)", "(-, block 2 word)", "(complete word, cyclic 8)", "(-)"):
        assert str(Layout.parse(text)) == text
    for text in ("(word)", "(- word)", "(cyclic word)", "(cyclic 4 words)", "(complete 4 word)"):
        with pytest.raises(ValueError, match="no layout entry"):
            Layout.parse(text)


def test_memories_and_words() -> None:
    layout = Layout.parse("(complete, cyclic 4 word, -)")
    shape = (3, 10, 5)
    assert layout.joined
    assert str(layout.memories) == "(complete, -, -)"
    assert (layout.memories.banks(shape), layout.word(shape), layout.banks(shape)) == (3, 4, 12)
    assert not layout.memories.joined
    assert Layout.parse("(cyclic 4)").word((8,)) == 1
    # More banks than elements: all of them are one word.
    assert str(Layout.parse("(cyclic 9 word)").normal((8,))) == "(complete word)"
    assert str(Layout.parse("(cyclic 1 word)").normal((8,))) == "(-)"

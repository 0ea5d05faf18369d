"""Which lines of a generated text stand for which lines of source."""

from __future__ import annotations

from allo_studio.origins import NOWHERE, Extent, LineMap, Origin, lines_of
from allo_studio.source import Source, Span


def test_lines_of_a_span() -> None:
    source = Source("a.py", "one\ntwo\nthree\n")
    assert lines_of(None) == frozenset()
    assert lines_of(Span(source, 2, 1, 3, 4)) == {("a.py", 2), ("a.py", 3)}


def test_a_map_tells_origins_and_blocks() -> None:
    origin = Origin(frozenset({("a.py", 7)}))
    known = LineMap((NOWHERE, origin, NOWHERE), (Extent("top/x", 2, 2), Extent("top", 1, 3)))
    assert known.at(2) is origin
    assert [known.at(line) for line in (0, 4)] == [NOWHERE, NOWHERE]
    assert [known.blocks_at(line) for line in (1, 2, 4)] == [("top",), ("top/x", "top"), ()]
    assert list(known.within("top/x")) == [2]
    assert list(known.within("elsewhere")) == [1, 2, 3]

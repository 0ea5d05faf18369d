"""What comes before what: the order of iterations of two operations, as isl relations."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol

from allo_studio.analysis.access import common_places
from allo_studio.analysis.sets import tuple_text

__all__ = ["Timed", "before", "later_at", "order_text"]


class Timed(Protocol):
    """Something with a place in time; see `Access`."""

    @property
    def position(self) -> tuple[int, ...]:
        """The place in the text at every level."""

    @property
    def scope(self) -> int:
        """How many loops are around the declaration of its memory."""


def before(source: Timed, sink: Timed, within: int = 0) -> str | None:
    """Return, in isl's notation, which iterations of `sink` come after which of `source`, on the same storage.

    None where none do. Storage that is declared in loops is fresh in each iteration of them; `within` asks for pairs in
    one iteration of the outermost so many loops.
    """
    common = common_places(source.position[:-1], sink.position[:-1])
    together = within <= common and source.position[: common + 1] < sink.position[: common + 1]
    depths = len(source.position) - 1, len(sink.position) - 1
    return _before(depths, max(source.scope, within), common, together)


@lru_cache(maxsize=1024)
def _before(depths: tuple[int, int], first: int, common: int, together: bool) -> str | None:
    """Return the pairs in which a common loop from `first` is later, or with `together` all common ones are equal."""
    cases = [later_at(level) for level in range(first, common)]
    if together:
        cases.append(_equal(common))
    return _pairs(depths, cases) if cases else None


def order_text(source: Timed, sink: Timed, cases: Sequence[str]) -> str:
    """Return the pairs of iterations for which one of `cases` holds; an empty case always does."""
    return _pairs((len(source.position) - 1, len(sink.position) - 1), cases)


def _pairs(depths: tuple[int, int], cases: Sequence[str]) -> str:
    first, second = (tuple_text(f"{name}{n}" for n in range(d)) for name, d in zip("io", depths, strict=True))
    condition = f" : {' or '.join(f'({case})' for case in cases)}" if all(cases) else ""
    return f"{{ {first} -> {second}{condition} }}"


def later_at(level: int) -> str:
    """Return the case that the second iteration is a later one of the common loop `level`, in one of those around."""
    return " and ".join(filter(None, [_equal(level), f"i{level} < o{level}"]))


def _equal(levels: int) -> str:
    return " and ".join(f"i{n} = o{n}" for n in range(levels))

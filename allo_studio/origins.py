"""Which lines of source, and which loops, the lines of a generated text stand for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from allo_studio.source import Span

__all__ = ["NOWHERE", "Extent", "LineMap", "LoopKey", "Origin", "Place", "lines_of"]

# A file as diagnostics name it, and a line of it from 1.
Place: TypeAlias = "tuple[str, int]"
# A loop: its function's name in MLIR, and its id there.
LoopKey: TypeAlias = "tuple[str, str]"


@dataclass(frozen=True)
class Origin:
    """What one line of a generated text stands for.

    `loops` are the loops around it, the outermost first; of a line that `opens` a loop that is the last of them.
    """

    places: frozenset[Place] = frozenset()
    loops: tuple[LoopKey, ...] = ()
    opens: bool = False


NOWHERE = Origin()


@dataclass(frozen=True)
class Extent:
    """The lines, from 1 and the last inclusive, that are of the block with an instance path (`cascade/mm1`)."""

    path: str
    first: int
    last: int


@dataclass(frozen=True)
class LineMap:
    """The origin of each line of a text, and which lines are of which block; several blocks may share lines."""

    origins: tuple[Origin, ...] = ()
    blocks: tuple[Extent, ...] = ()

    def at(self, line: int) -> Origin:
        """Return what a line (from 1) stands for."""
        return self.origins[line - 1] if 1 <= line <= len(self.origins) else NOWHERE

    def blocks_at(self, line: int) -> tuple[str, ...]:
        """Return the instance paths of the blocks that a line is of."""
        return tuple(extent.path for extent in self.blocks if extent.first <= line <= extent.last)

    def within(self, path: str) -> Iterable[int]:
        """Return the lines of a block, or all lines where none are known to be of it."""
        found = [n for extent in self.blocks if extent.path == path for n in range(extent.first, extent.last + 1)]
        return found or range(1, len(self.origins) + 1)


def lines_of(span: Span | None) -> frozenset[Place]:
    """Return the lines of a span; none where there is no span."""
    if span is None:
        return frozenset()
    return frozenset((span.source.path, line) for line in range(span.line, span.end_line + 1))

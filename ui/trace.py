"""What belongs together in the views of a block's code: its source, MLIR, C++ and Verilog. Nothing here touches Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from allo_studio.origins import LineMap, LoopKey, Origin, Place, lines_of
from allo_studio.source import Source

if TYPE_CHECKING:
    from allo_studio.ir import KernelIR

__all__ = ["Mark", "Trace", "loop_mark", "source_lines"]


@dataclass(frozen=True)
class Mark:
    """What was clicked: lines of source, and the loop that they are in where that is known.

    `whole` means the loop with all that is in it, and not a statement of its body. `block` is an instance path, empty
    where it is not known.
    """

    places: frozenset[Place] = frozenset()
    loop: LoopKey | None = None
    whole: bool = False
    block: str = ""


@dataclass(frozen=True)
class Trace:
    """The maps of the views by name. All of them tell lines by the same files and loops by the same ids."""

    maps: Mapping[str, LineMap] = field(default_factory=dict)

    def mark(self, view: str, line: int, block: str = "") -> Mark:
        """Return what a line (from 1) of a view stands for: of several blocks that it is of, `block` if it is one."""
        known = self.maps.get(view, LineMap())
        origin = known.at(line)
        loop = origin.loops[-1] if origin.loops else None
        places = origin.places
        if origin.opens:
            # A loop is all that is in it.
            places = frozenset().union(*(each.places for each in known.origins if loop in each.loops))
        blocks = known.blocks_at(line)
        return Mark(places, loop, origin.opens, block if block in blocks or not blocks else blocks[0])

    def lines(self, view: str, mark: Mark) -> tuple[int, ...]:
        """Return the lines of a view that belong to a mark, ascending."""
        known = self.maps.get(view, LineMap())
        within = [(line, known.at(line)) for line in known.within(mark.block)]
        if mark.loop is not None and mark.whole:
            found = [line for line, origin in within if mark.loop in origin.loops]
            if found:
                return tuple(found)
        same = [(line, origin) for line, origin in within if mark.places & origin.places]
        if mark.loop is not None and not mark.whole:
            # The same lines of source may be written several times, such as in a loop that fills a tile.
            inner = [line for line, origin in same if _inside(origin, mark.loop)]
            if inner:
                return tuple(inner)
        return tuple(line for line, _ in same)

    def loops(self, view: str, mark: Mark) -> tuple[LoopKey, ...]:
        """Return the loops that a mark is about: its own, else those at its lines, else those around what is there."""
        if mark.loop is not None:
            return (mark.loop,)
        known = self.maps.get(view, LineMap())
        there = [origin for origin in known.origins if origin.loops and mark.places & origin.places]
        heads = [origin.loops[-1] for origin in there if origin.opens]
        return tuple(dict.fromkeys(heads or [origin.loops[-1] for origin in there]))


def _inside(origin: Origin, loop: LoopKey) -> bool:
    return bool(origin.loops) and origin.loops[-1] == loop and not origin.opens


def source_lines(source: Source) -> LineMap:
    """Return the map of a source, whose lines stand for themselves."""
    count = source.text.count("\n") + 1
    return LineMap(tuple(Origin(frozenset({(source.path, line)})) for line in range(1, count + 1)))


def loop_mark(kernel: KernelIR, function: str, loop: str) -> Mark:
    """Return the mark of a loop with all that is in it; raises AlloError where there is no such loop."""
    # Loaded where it is needed: a start does without it.
    from allo_studio.ir import walk

    seen = kernel.at(function)
    found = seen.find_loop(loop)
    places = set(lines_of(found.span))
    for region in found.op.regions:
        for block in region.blocks:
            for op in walk(block):
                places |= lines_of(seen.span(op))
    return Mark(frozenset(places), (function, loop), whole=True)

"""The control of a function: what runs after what.

Items run one after another: the next starts in the cycle after the last one of what is before it. Each takes a cycle at
least: a loop that has no iteration takes one to find that out, and so does a side of a branch on which nothing is done.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from allo_studio.hardware.counters import Affine, Counter
from allo_studio.hardware.modulo import Placement
from allo_studio.hardware.operations import Operand, OperationGraph
from allo_studio.source import Span

__all__ = [
    "Bounds",
    "Branch",
    "Call",
    "Item",
    "Nested",
    "Pipeline",
    "Segment",
    "WhileLoop",
    "WhilePipeline",
    "held_buffers",
    "parts",
    "walk",
]


@dataclass(frozen=True)
class Segment:
    """Operations that are executed once each time the place is reached, with nothing overlapping them."""

    graph: OperationGraph
    placement: Placement


@dataclass(frozen=True)
class Bounds:
    """Bounds of a loop that are computed from data: values of earlier items."""

    lower: Operand
    upper: Operand


@dataclass(frozen=True)
class Pipeline:
    """A pipelined loop with the perfect nest above it, flattened: one counter a level, outermost first.

    `loops` are the numbers of the counters' loops among those of the function. `rewind` says that the next execution
    may start before this one is done, `paced` that the interval is that of a loop of blocks.
    """

    counters: tuple[Counter, ...]
    loops: tuple[int, ...]
    graph: OperationGraph
    placement: Placement
    asked: int | None
    bounds: Bounds | None = None
    rewind: bool = False
    paced: bool = False

    @property
    def trips(self) -> int | None:
        """The iterations of one execution, None where they are not constant."""
        total = 1
        for counter in self.counters:
            trips = counter.constant_trips
            if trips is None:
                return None
            total *= trips
        return total

    @property
    def inner_trips(self) -> int:
        """The iterations of the flattened loops inside the outermost, which are constant."""
        total = 1
        for counter in self.counters[1:]:
            total *= counter.constant_trips or 0
        return total


@dataclass(frozen=True)
class WhilePipeline:
    """A pipelined `while`. An iteration starts `placement.interval` cycles after the one before, if `condition` held.

    The condition is known by the end of cycle `exit` of an iteration; in the one in which it does not hold, nothing is
    written.
    """

    loop: int
    name: str
    graph: OperationGraph
    placement: Placement
    asked: int | None
    condition: Operand
    exit: int
    span: Span | None = None

    def cycles(self, iterations: int) -> int:
        """Return the cycles of one execution in which the body runs so often."""
        last = iterations * self.placement.interval + self.exit + 1
        return max(last, (iterations - 1) * self.placement.interval + self.placement.depth) if iterations else last


@dataclass(frozen=True)
class Nested:
    """A loop whose iterations run one after another. `copies` is how many times its body is built (unrolled loops)."""

    counter: Counter
    loop: int
    body: tuple[Item, ...]
    copies: int = 1
    bounds: Bounds | None = None


@dataclass(frozen=True)
class WhileLoop:
    """A `while` whose iterations run one after another: `test` leaves the condition, then the body runs."""

    loop: int
    name: str
    test: tuple[Item, ...]
    condition: Operand
    body: tuple[Item, ...]
    span: Span | None = None


@dataclass(frozen=True)
class Branch:
    """One of two sequences of items. `branch` is its number among those of the function.

    `results` are values that it leaves: the live value's number, and the operand of either side.
    """

    branch: int
    condition: Operand
    then: tuple[Item, ...]
    other: tuple[Item, ...]
    results: tuple[tuple[int, Operand, Operand], ...] = ()
    span: Span | None = None


@dataclass(frozen=True)
class Call:
    """A function that runs to its end. `function` names its schedule; all calls of one function share its hardware.

    `arrays` are the caller's buffers by argument, `scalars` the values; of those that are functions of the caller's
    counters and arguments, `sizes` has the expression.
    """

    function: str
    arrays: tuple[tuple[str, str], ...]
    scalars: tuple[tuple[str, Operand], ...]
    sizes: tuple[tuple[str, Affine], ...]
    span: Span | None = None


Item = Segment | Pipeline | WhilePipeline | Nested | WhileLoop | Branch | Call


def parts(item: Item) -> tuple[tuple[Item, ...], ...]:
    """Return the sequences of items inside one."""
    if isinstance(item, Nested):
        return (item.body,)
    if isinstance(item, WhileLoop):
        return item.test, item.body
    return (item.then, item.other) if isinstance(item, Branch) else ()


def held_buffers(items: Sequence[Item]) -> set[str]:
    """Return the buffers that hold something from one iteration or item to another: others are values on the way."""
    found: set[str] = set()
    for item, _ in walk(items):
        if isinstance(item, Segment | Pipeline | WhilePipeline):
            found |= {op.buffer for op in item.graph.operations if op.buffer and "#" not in op.buffer}
        elif isinstance(item, Call):
            found |= {key for _, key in item.arrays}
    return found


def walk(items: Sequence[Item], outer: tuple[Item, ...] = ()) -> Iterator[tuple[Item, tuple[Item, ...]]]:
    """Yield every item, outer before inner, with the items around it."""
    for item in items:
        yield item, outer
        for part in parts(item):
            yield from walk(part, (*outer, item))

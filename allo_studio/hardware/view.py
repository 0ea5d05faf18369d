"""The schedule view: for each pipeline and segment its operations × cycles, what they wait for, the critical cycle."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from allo_studio.hardware.counters import Counter
from allo_studio.hardware.explain import explain
from allo_studio.hardware.nest import Branch, Call, Item, Nested, Pipeline, Segment, WhileLoop, WhilePipeline
from allo_studio.hardware.operations import Operation, Result
from allo_studio.source import Span

__all__ = ["Piece", "Row", "piece_text", "pieces"]

# A drawing wider than this many cycles is no help on a terminal.
_WIDEST = 64


@dataclass(frozen=True)
class Row:
    """Operations that do the same in the same cycles: lanes share a row. `start` and `end` are inclusive cycles.

    `after` are the numbers of rows of the same piece that it takes values from. `critical` says that it is on what
    limits the interval. `source` is a place in the kernel's file, `FILE:LINE:COLUMN`, and `line` its line (0: none).
    """

    label: str
    start: int
    end: int
    lanes: int = 1
    after: tuple[int, ...] = ()
    critical: bool = False
    source: str = ""
    line: int = 0


@dataclass(frozen=True)
class Piece:
    """A pipeline, or a segment that runs once each time its place is reached. `place` are the loops, outermost first.

    `interval` is None for a segment. `reason` says why the interval is not less. `path` is the block's in a design.
    """

    function: str
    place: tuple[str, ...]
    kind: str
    interval: int | None
    depth: int
    rows: tuple[Row, ...]
    reason: str = ""
    source: str = ""
    path: str = ""

    @property
    def name(self) -> str:
        """The place as text."""
        return "/".join(self.place) or "body"


def pieces(function: str, items: Sequence[Item], outer: tuple[str, ...] = ()) -> Iterator[Piece]:
    """Yield the pieces of a function in program order."""
    for item in items:
        match item:
            case Segment():
                if item.graph.operations:
                    depth = item.placement.depth
                    yield Piece(function, outer, "segment", None, depth, _rows(item, item.placement.starts, ()))
            case Pipeline():
                names = (*outer, *(_spelled(counter) for counter in item.counters))
                yield _pipelined(function, names, item, item.counters[-1].span)
            case WhilePipeline():
                yield _pipelined(function, (*outer, item.name), item, item.span)
            case Nested():
                yield from pieces(function, item.body, (*outer, item.counter.name))
            case WhileLoop():
                yield from pieces(function, (*item.test, *item.body), (*outer, item.name))
            case Branch():
                yield from pieces(function, item.then, (*outer, "if"))
                yield from pieces(function, item.other, (*outer, "else"))
            case Call():
                pass


def _spelled(counter: Counter) -> str:
    return counter.name if counter.lanes == 1 else f"{counter.name} ({counter.lanes} lanes)"


def _pipelined(function: str, place: tuple[str, ...], item: Pipeline | WhilePipeline, span: Span | None) -> Piece:
    placement = item.placement
    rows = _rows(item, placement.starts, placement.limit.operations)
    reason, source = explain(item), str(span) if span else ""
    return Piece(function, place, "pipeline", placement.interval, placement.depth, rows, reason, source)


def _rows(item: Segment | Pipeline | WhilePipeline, starts: Sequence[int], critical: Sequence[int]) -> tuple[Row, ...]:
    operations = item.graph.operations
    limiting = set(critical)
    keys: dict[tuple[int, int, str, int, bool], list[Operation]] = {}
    for op in operations:
        line = op.span.line if op.span else 0
        end = starts[op.index] + op.latency
        keys.setdefault((starts[op.index], end, op.label, line, op.index in limiting), []).append(op)
    order = sorted(keys)
    row_of = {op.index: number for number, key in enumerate(order) for op in keys[key]}
    return tuple(
        Row(
            key[2],
            key[0],
            key[1],
            len(keys[key]),
            _after(keys[key], row_of, number),
            key[4],
            next((str(op.span) for op in keys[key] if op.span), ""),
            key[3],
        )
        for number, key in enumerate(order)
    )


def _after(ops: Sequence[Operation], row_of: dict[int, int], own: int) -> tuple[int, ...]:
    found = {row_of[o.operation] for op in ops for o in op.operands if isinstance(o, Result)}
    return tuple(sorted(found - {own}))


def piece_text(piece: Piece) -> str:
    """Return a piece as text: a line an operation with its number, cycles, a bar, its line and what it waits for.

    `*` marks what limits the interval, `|` in the ruler each start of a next iteration.
    """
    head = f"{piece.name}: "
    head += "once, " if piece.interval is None else f"II={piece.interval}, "
    lines = [f"{head}{piece.depth} cycle{'s' * (piece.depth != 1)} deep"]
    if piece.reason:
        lines.append(f"  {piece.reason}")
    labels = [f"{f'{row.lanes} x ' if row.lanes > 1 else ''}{row.label}" for row in piece.rows]
    wide = max((len(label) for label in labels), default=0)
    cycles = min(piece.depth, _WIDEST)
    marks = "".join("|" if piece.interval and cycle % piece.interval == 0 else "." for cycle in range(cycles))
    lines.append(f"  {'':>4} {'':<{wide}} {'':>9}  {marks}")
    for number, (row, label) in enumerate(zip(piece.rows, labels, strict=True)):
        mark = "*" if row.critical else " "
        line = f"line {row.line}" if row.line else ""
        waits = f"after {', '.join(map(str, row.after))}" if row.after else ""
        span = f"{row.start}..{row.end}" if row.end > row.start else f"{row.start}"
        tail = "  ".join(filter(None, [line, waits]))
        lines.append(f" {mark}{number:>4} {label:<{wide}} {span:>9}  {_bar(row, cycles)}  {tail}".rstrip())
    return "\n".join(lines)


def _bar(row: Row, cycles: int) -> str:
    return "".join("#" if row.start <= cycle <= row.end else "." for cycle in range(cycles))

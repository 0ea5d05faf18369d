"""Rows a person reads: each loop's trip count, interval and latencies, and why the interval is not less."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from allo_studio.hardware.counters import Counter
from allo_studio.hardware.nest import Item, Nested, Pipeline, latency
from allo_studio.source import Span

__all__ = ["LoopRow", "loop_rows"]


@dataclass(frozen=True)
class LoopRow:
    """A loop of a kernel's schedule. Figures are None where they depend on outer loops; latencies are in cycles.

    `trip_count` counts iterations of the hardware (a partly unrolled loop has fewer than in the source).
    A flattened loop has its own trip count; interval and latencies are those of the loop it is flattened into.
    """

    loop: str
    depth: int
    trip_count: int | None
    interval: int | None
    interval_asked: int | None
    iteration_latency: int | None
    latency: int | None
    pipelined: bool
    lanes: int
    reason: str
    span: Span | None


def loop_rows(items: Sequence[Item], depth: int = 0) -> tuple[LoopRow, ...]:
    """Return the rows of all loops, outer before inner."""
    rows: list[LoopRow] = []
    for item in items:
        if isinstance(item, Nested):
            rows.append(_nested(item, depth))
            rows += loop_rows(item.body, depth + 1)
        elif isinstance(item, Pipeline):
            rows += _pipeline(item, depth)
    return tuple(rows)


def _constant(items: Sequence[Item]) -> int | None:
    if any(item.needs for item in items):
        return None
    return int(latency(items, {}, 1)[0])


def _nested(item: Nested, depth: int) -> LoopRow:
    return LoopRow(
        loop=item.counter.name,
        depth=depth,
        trip_count=item.counter.constant_trips,
        interval=None,
        interval_asked=None,
        iteration_latency=_constant(item.body),
        latency=_constant((item,)),
        pipelined=False,
        lanes=1,
        reason="iterations run one after another",
        span=item.counter.span,
    )


def _pipeline(item: Pipeline, depth: int) -> list[LoopRow]:
    inner = item.counters[-1]
    rows = [_level(item, counter, depth + level) for level, counter in enumerate(item.counters[:-1])]
    rows.append(
        LoopRow(
            loop=inner.name,
            depth=depth + len(item.counters) - 1,
            trip_count=inner.constant_trips,
            interval=item.placement.interval,
            interval_asked=item.asked,
            iteration_latency=item.placement.depth,
            latency=_constant((item,)),
            pipelined=True,
            lanes=inner.lanes,
            reason=_reason(item),
            span=inner.span,
        )
    )
    return rows


def _level(item: Pipeline, counter: Counter, depth: int) -> LoopRow:
    return LoopRow(
        loop=counter.name,
        depth=depth,
        trip_count=counter.constant_trips,
        interval=item.placement.interval,
        interval_asked=None,
        iteration_latency=item.placement.depth,
        latency=_constant((item,)),
        pipelined=True,
        lanes=counter.lanes,
        reason=f"flattened into {item.counters[-1].name}",
        span=counter.span,
    )


def _reason(item: Pipeline) -> str:
    place, limit = item.placement, item.placement.limit
    asked = item.asked or 1
    if place.interval == 1:
        return "a new iteration every cycle"
    if place.interval == asked and place.interval > limit.bound:
        return f"II={asked} was asked for; {limit.bound} is possible"
    if limit.kind == "recurrence":
        return _recurrence(item)
    if limit.kind == "port":
        use = item.graph.operations[limit.operations[0]].use
        ports = use.ports if use else 0
        count = len(limit.operations)
        return (
            f"{count} accesses of {limit.array} an iteration, {ports} port{'s' if ports != 1 else ''} a bank; "
            f"partition({limit.array}) over more banks, or fewer lanes, would lower it"
        )
    return "the accesses found no closer packing into the memory ports"


def _recurrence(item: Pipeline) -> str:
    limit = item.placement.limit
    ops = [item.graph.operations[index] for index in limit.operations]
    chain = " -> ".join(op.label for op in ops)
    later = "the next iteration" if limit.distance == 1 else f"{limit.distance} iterations later"
    line = next((f" (line {op.span.line})" for op in ops if op.span), "")
    buffer = next((op.buffer for op in ops if op.buffer), "")
    mend = f"; reorder the loops so that {buffer}'s updates lie further apart, or buffer_at({buffer})" if buffer else ""
    return f"recurrence {chain}, needed again {later}{line}{mend}"

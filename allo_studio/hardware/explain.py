"""Rows a person reads: each loop's trip count, interval and latencies, and why the interval is not less."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from allo_studio.hardware.chaining import longest_chain
from allo_studio.hardware.counters import Affine, Counter
from allo_studio.hardware.cycles import Control, constant_cycles
from allo_studio.hardware.nest import Branch, Call, Item, Nested, Pipeline, WhileLoop, WhilePipeline
from allo_studio.hardware.operations import Operation
from allo_studio.hardware.operators import OperatorLibrary
from allo_studio.hardware.resources import Resources, item_resources
from allo_studio.source import Span

__all__ = ["LoopRow", "explain", "loop_rows"]


@dataclass(frozen=True)
class LoopRow:
    """A loop of a kernel's schedule. Figures are None where they depend on outer loops or data; latencies are cycles.

    `function` is the one that it is in. `trip_count` counts iterations of the hardware (a partly unrolled loop has
    fewer than in the source). A flattened loop has its own trip count; interval and latencies are those of the loop it
    is flattened into. `latency` is that of one execution. `least` tells that no smaller interval is possible.
    `resources` are what the loop's own operations take, `chain_ns` the longest chain of their logic in a cycle.
    """

    function: str
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
    least: bool = True
    resources: Resources = field(default_factory=Resources)
    chain_ns: float | None = None


def loop_rows(control: Control, name: str, library: OperatorLibrary) -> tuple[LoopRow, ...]:
    """Return the rows of all loops of a function, outer before inner, then those of the functions that it calls."""
    done: list[str] = []
    todo = [name]
    rows: list[LoopRow] = []
    while todo:
        function = todo.pop(0)
        if function in done:
            continue
        done.append(function)
        made, called = _Rows(control, function, library), list(_called(control[function]))
        rows += made.rows(control[function], 0)
        todo += called
    return tuple(rows)


def _called(items: Sequence[Item]) -> Iterator[str]:
    for item in items:
        match item:
            case Call():
                yield item.function
            case Nested() | WhileLoop():
                yield from _called(item.body)
            case Branch():
                yield from _called((*item.then, *item.other))


@dataclass(frozen=True)
class _Rows:
    control: Control
    function: str
    library: OperatorLibrary

    def rows(self, items: Sequence[Item], depth: int) -> Iterator[LoopRow]:
        for item in items:
            match item:
                case Nested():
                    yield self._nested(item, depth)
                    yield from self.rows(item.body, depth + 1)
                case WhileLoop():
                    yield self._sequential(item.name, depth, item.span, constant_cycles(self.control, item.body))
                    yield from self.rows((*item.test, *item.body), depth + 1)
                case Branch():
                    yield from self.rows((*item.then, *item.other), depth)
                case Pipeline():
                    yield from self._pipeline(item, depth)
                case WhilePipeline():
                    yield self._while(item, depth)

    def _sequential(self, loop: str, depth: int, span: Span | None, once: int | None) -> LoopRow:
        reason = "iterations run one after another"
        return LoopRow(self.function, loop, depth, None, None, None, once, None, False, 1, reason, span)

    def _nested(self, item: Nested, depth: int) -> LoopRow:
        once = constant_cycles(self.control, item.body)
        row = self._sequential(item.counter.name, depth, item.counter.span, once)
        return replace(row, trip_count=item.counter.constant_trips, latency=constant_cycles(self.control, (item,)))

    def _pipeline(self, item: Pipeline, depth: int) -> Iterator[LoopRow]:
        inner, chain = item.counters[-1], longest_chain(item.graph, item.placement.starts)
        for level, counter in enumerate(item.counters[:-1]):
            row = self._pipelined(item, counter, depth + level, chain)
            yield replace(row, reason=f"flattened into {inner.name}")
        row = self._pipelined(item, inner, depth + len(item.counters) - 1, chain)
        yield replace(
            row,
            interval_asked=item.asked,
            reason=explain(item),
            least=item.placement.proven,
            resources=item_resources(item, self.library),
        )

    def _pipelined(self, item: Pipeline, counter: Counter, depth: int, chain: float) -> LoopRow:
        place = item.placement
        return LoopRow(
            self.function,
            counter.name,
            depth,
            counter.constant_trips,
            place.interval,
            None,
            place.depth,
            constant_cycles(self.control, (item,)),
            pipelined=True,
            lanes=counter.lanes,
            reason="",
            span=counter.span,
            chain_ns=chain,
        )

    def _while(self, item: WhilePipeline, depth: int) -> LoopRow:
        place = item.placement
        own = item_resources(item, self.library)
        return LoopRow(
            self.function,
            item.name,
            depth,
            None,
            place.interval,
            item.asked,
            place.depth,
            None,
            True,
            1,
            explain(item),
            item.span,
            place.proven,
            own,
            longest_chain(item.graph, place.starts),
        )


def explain(item: Pipeline | WhilePipeline) -> str:
    """Return why a loop's interval is not less, with source lines, and what would mend it."""
    place, limit = item.placement, item.placement.limit
    asked = item.asked or 1
    if place.interval == 1:
        return "a new iteration every cycle"
    if isinstance(item, Pipeline) and item.paced:
        return "the loop of blocks that it is in holds too few elements at reset for a new iteration to start earlier"
    if place.interval == asked and place.interval > limit.bound:
        return f"II={asked} was asked for; {limit.bound} is possible"
    if limit.kind == "recurrence":
        return _recurrence(item)
    if limit.kind == "port":
        return _ports(item)
    where = f" of {limit.array}" if limit.array else ""
    if place.proven:
        less = place.interval - 1
        return f"no schedule with II={less} keeps the order of operations and the ports{where}: proven by search"
    return f"no schedule with less was found; that there is none down to {limit.bound} is not proven"


def _recurrence(item: Pipeline | WhilePipeline) -> str:
    limit = item.placement.limit
    ops = [item.graph.operations[index] for index in limit.operations]
    # Wires take no time; naming them would hide what does.
    named = [op for op in ops if not op.wire] or ops
    chain = " -> ".join(_with_line(op) for op in named)
    later = "the next iteration" if limit.distance == 1 else f"{limit.distance} iterations later"
    if isinstance(item, WhilePipeline) and not any(op.write for op in ops):
        return f"the next iteration starts when the condition is known: {chain}; compute it from less, or earlier"
    buffer = next((op.buffer.partition("#")[0] for op in ops if op.buffer), "")
    return f"recurrence {chain}, needed again {later}{_mend(item, buffer, ops)}"


def _mend(item: Pipeline | WhilePipeline, buffer: str, ops: Sequence[Operation]) -> str:
    if isinstance(item, WhilePipeline):
        return "; compute what the next iteration needs from less"
    if not buffer:
        return ""
    if any(not isinstance(subscript, Affine) for op in ops for subscript in op.subscripts):
        return f"; the element of {buffer} is computed from data, so that any two iterations may touch the same one"
    if len([op for op in ops if op.operator.startswith(("fadd.", "fmul."))]) > 1:
        return "; reduce_tree of the unrolled loop leaves one of them in the recurrence"
    apart = f"; reorder the loops so that {buffer}'s updates lie further apart"
    memory = any(op.kind == "load" and op.latency for op in ops)
    return f"{apart}, or buffer_at({buffer})" if memory else apart


def _ports(item: Pipeline | WhilePipeline) -> str:
    limit = item.placement.limit
    group = next(g for g in item.graph.groups if g.array == limit.array and set(limit.operations) <= set(g.members))
    kind = "" if group.kind == "any" else f"{group.kind} "
    count, ports = len(limit.operations), limit.ports
    lines = sorted({span.line for n in limit.operations if (span := item.graph.operations[n].span)})
    where = f" (line{'s' if len(lines) > 1 else ''} {', '.join(map(str, lines))})" if lines else ""
    bank = limit.array if ports > group.ports else f"one bank of {limit.array}"
    said = f"{count} accesses of {bank} an iteration{where}, {ports} {kind}port{'s' * (ports != 1)}"
    return f"{said}; partition({limit.array}) over more banks, or fewer lanes, would lower it"


def _with_line(op: Operation) -> str:
    return f"{op.label} (line {op.span.line})" if op.span else op.label

"""Schedules as Vitis HLS makes them of loops with an interval that was asked for.

The operators are those of the library (profile `vitis`), but two choices of the tool are not in `schedule_kernel`,
which keeps to the clock:

- An interval that is asked for comes before the clock: operations of a recurrence are packed back to back, whatever
  their delays are ("HLS guidance", 200-870, Vitis HLS 2022.1; its reports then have negative slack). So an
  accumulation by an adder of latency 4 recurs every 4 cycles in a register and every 6 in a memory, where a loop that
  is pipelined by default takes 5 and 7.
- A sum is done in DSPs, by the slower core, unless a recurrence then has a longer interval than what was asked for: of
  the sums in its cycle each is done in fabric (the binding reports of 2022.1: `fadd_32ns_32ns_32_7_full_dsp` of a sum
  that nothing waits for, `fadd_32ns_32ns_32_5_no_dsp` of sums in a recurrence). One that is bound stays as it is.
"""

from __future__ import annotations

from dataclasses import replace

from allo_studio.diagnostics import AlloError
from allo_studio.hardware.bounds import recurrence_bound
from allo_studio.hardware.chaining import orders
from allo_studio.hardware.modulo import Placement, place, place_once
from allo_studio.hardware.nest import Branch, Item, Nested, Pipeline, Segment, WhileLoop, WhilePipeline
from allo_studio.hardware.operations import Dependence, Operation, OperationGraph
from allo_studio.hardware.operators import OperatorLibrary
from allo_studio.hardware.schedule import HardwareSchedule

__all__ = ["committed"]

# The operator that does the same in DSPs, by the operator's base name.
_IN_DSPS = {"fadd": "fadd_dsp"}


def committed(schedule: HardwareSchedule) -> HardwareSchedule:
    """Return the schedule with the tool's choices of cores, and with asked intervals before the clock."""
    functions = {
        name: replace(function, items=_items(function.items, schedule.library))
        for name, function in schedule.functions.items()
    }
    return replace(schedule, functions=functions)


def _items(items: tuple[Item, ...], library: OperatorLibrary) -> tuple[Item, ...]:
    return tuple(_item(item, library) for item in items)


def _item(item: Item, library: OperatorLibrary) -> Item:
    match item:
        case Segment():
            graph = _in_dsps(item.graph, library, frozenset())
            return Segment(graph, _lasting(place_once(graph)))
        case Pipeline():
            graph = _chosen(item.graph, item.asked, library)
            return replace(item, graph=graph, placement=_lasting(place(graph, item.asked or 1)))
        case WhilePipeline():
            # How long it runs depends on data; its cycles are not asked for.
            return item
        case Nested():
            return replace(item, body=_items(item.body, library))
        case WhileLoop():
            return replace(item, test=_items(item.test, library), body=_items(item.body, library))
        case Branch():
            return replace(item, then=_items(item.then, library), other=_items(item.other, library))
    return item


def _lasting(placement: Placement) -> Placement:
    return placement if placement.depth else replace(placement, interval=max(placement.interval, 1), depth=1)


def _chosen(graph: OperationGraph, asked: int | None, library: OperatorLibrary) -> OperationGraph:
    """Return the graph of a pipelined iteration with the tool's cores, and its recurrences packed if asked to be."""
    recurring = _recurring(graph)
    pack = _packed if asked else _kept
    slow = pack(_in_dsps(graph, library, frozenset()), recurring)
    if recurrence_bound(len(slow.operations), orders(slow)).bound <= (asked or 1):
        return slow
    return pack(_in_dsps(graph, library, recurring), recurring)


def _recurring(graph: OperationGraph) -> frozenset[int]:
    """Return the operations that are part of a recurrence."""
    # Loaded where it is needed: it takes a tenth of the time of a start.
    import networkx

    links = networkx.DiGraph((d.source, d.target) for d in graph.dependences)
    found = {op for part in networkx.strongly_connected_components(links) if len(part) > 1 for op in part}
    return frozenset(found)


def _in_dsps(graph: OperationGraph, library: OperatorLibrary, but: frozenset[int]) -> OperationGraph:
    """Return the graph with sums, apart from those in `but`, in DSPs where the library has figures for that."""
    operations = tuple(op if op.index in but else _in_dsp(op, library) for op in graph.operations)
    return replace(graph, operations=operations)


def _in_dsp(op: Operation, library: OperatorLibrary) -> Operation:
    base, _, kind = op.operator.partition(".")
    if base not in _IN_DSPS or op.bound:
        return op
    try:
        core = library.operator(_IN_DSPS[base], kind)
    except AlloError:
        return op
    return replace(op, operator=core.name, latency=core.latency, delay_in=core.delay_in, delay_out=core.delay_out)


def _kept(graph: OperationGraph, recurring: frozenset[int]) -> OperationGraph:
    return graph


def _packed(graph: OperationGraph, recurring: frozenset[int]) -> OperationGraph:
    """Return the graph with no delays in its recurrences; what a register holds is taken as it is made."""
    operations = tuple(
        replace(op, delay_in=0.0, delay_out=0.0) if op.index in recurring else op for op in graph.operations
    )
    dependences = tuple(_forwarded(d, operations) for d in graph.dependences)
    return replace(graph, operations=operations, dependences=dependences)


def _forwarded(d: Dependence, operations: tuple[Operation, ...]) -> Dependence:
    source, target = operations[d.source], operations[d.target]
    in_register = source.kind == "store" and target.kind == "load" and target.wire
    return replace(d, weight=0) if in_register and d.distance and d.weight == 1 else d

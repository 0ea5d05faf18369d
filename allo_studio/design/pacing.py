"""The pace of pipelines in loops of processes: iterations begin far enough apart for the loop to go on.

A process that waits for a token holds as a whole, with what is in flight in it. Where a loop holds too few elements at
reset for that, its pipelines start their iterations later, so that less is in flight.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from allo_studio.design.channels import ChannelPlan
from allo_studio.design.elaborate import Leaf, elaborate
from allo_studio.design.loops import members
from allo_studio.design.model import Project
from allo_studio.design.region import IpProcess, KernelProcess, Region, RegionProcess, RelayoutProcess
from allo_studio.design.timing import unbounded_latency
from allo_studio.hardware.nest import Pipeline, walk
from allo_studio.hardware.operators import OperatorLibrary
from allo_studio.hardware.schedule import schedule_kernel

__all__ = ["paced"]

# The most iterations that are left in flight where there must be fewer than there could be.
_MOST_IN_FLIGHT = 16


@dataclass(frozen=True)
class _Stretch:
    """A pipelined loop of a kernel by its number.

    `span` is the cycles from its first token to its last in an iteration, inclusive.
    """

    path: str
    loop: int
    interval: int
    span: int


def paced(project: Project, leaves: Mapping[str, Leaf], plan: ChannelPlan, library: OperatorLibrary) -> ChannelPlan:
    """Return the plan with greater intervals in loops that would deadlock; as it is where that does not help.

    Of the paces it is the first, from the fastest on, at which endless FIFOs do not deadlock. Raises AlloError as
    `schedule_kernel`.
    """
    if not any(edge.initial for graph in project.graphs.values() for edge in graph.edges):
        return plan
    region = elaborate(project, leaves, plan)
    # The pace of an external block is its own.
    inside = [p for p, in_loop in members(region) if in_loop and not isinstance(p, IpProcess)]
    if not inside or unbounded_latency(region, library) is not None:
        return plan
    stretches = [stretch for process in inside for stretch in _stretches(process, library)]
    most = max((-(-s.span // s.interval) for s in stretches), default=1)
    tried: set[tuple[int, ...]] = set()
    for in_flight in range(min(most, _MOST_IN_FLIGHT), 0, -1):
        intervals = tuple(max(s.interval, -(-s.span // in_flight)) for s in stretches)
        if intervals in tried:
            continue
        tried.add(intervals)
        trial = _with_intervals(plan, dict(zip(stretches, intervals, strict=True)))
        if unbounded_latency(elaborate(project, leaves, trial), library) is not None:
            return _explained(trial, region, stretches, intervals)
    return plan


def _stretches(process: KernelProcess | RelayoutProcess, library: OperatorLibrary) -> Iterator[_Stretch]:
    """Yield the pipelines of a kernel that both take and give tokens."""
    for item, _ in walk(schedule_kernel(process.ir, library).items):
        if not isinstance(item, Pipeline) or item.rewind:
            continue
        starts = {
            kind: [item.placement.starts[op.index] for op in item.graph.operations if op.kind == kind]
            for kind in ("read", "write")
        }
        if starts["read"] and starts["write"]:
            span = max(starts["write"]) - min(starts["read"]) + 1
            yield _Stretch(process.path, item.loops[-1], item.placement.interval, span)


def _with_intervals(plan: ChannelPlan, wanted: Mapping[_Stretch, int]) -> ChannelPlan:
    paces: dict[str, dict[int, int]] = {}
    for stretch, interval in wanted.items():
        if interval > stretch.interval:
            paces.setdefault(stretch.path, {})[stretch.loop] = interval
    return replace(plan, paces=paces)


def _explained(plan: ChannelPlan, region: Region, stretches: list[_Stretch], intervals: tuple[int, ...]) -> ChannelPlan:
    """Say at the channels that hold elements at reset at which pace their readers go."""
    paces = {s.path: interval for s, interval in zip(stretches, intervals, strict=True) if interval > s.interval}
    text = ", ".join(f"{path} starts an iteration every {pace} cycles" for path, pace in sorted(paces.items()))
    decisions = dict(plan.decisions)
    for place in _held(region):
        decision = decisions[place]
        decisions[place] = replace(decision, reason=f"{decision.reason}; so that the loop goes on, {text}")
    return replace(plan, decisions=decisions)


def _held(region: Region) -> Iterator[str]:
    """Yield the channels that hold elements at reset, by path."""
    yield from (channel.id for channel in region.channels if channel.initial)
    for process in region.processes:
        if isinstance(process, RegionProcess):
            yield from _held(process.region)

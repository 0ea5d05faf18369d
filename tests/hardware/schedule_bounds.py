"""A bound that no schedule of a kernel's control is below, from what an execution did and independent of the search.

The control runs one item after another. A segment takes its depth; a pipeline its depth, and its least interval for
each further iteration. Depths are the longest paths with chained logic, or what the ports of a bank make of them;
intervals are those of `brute_force`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from brute_force import Unsearchable, earliest, fits, least_interval
from cycle_executor import Execution
from cycle_iterations import Work
from pipeline_model import PipelineModel

from allo_studio.hardware.nest import Pipeline, Segment, WhilePipeline
from allo_studio.hardware.operations import Result
from allo_studio.hardware.schedule import HardwareSchedule

__all__ = ["cycle_bound"]

# What is looked at of each item: iterations that differ enough to show what depends on what.
_MOST_ITERATIONS = 2000
# More operations than these are not searched.
_MOST_SEARCHED = 12


def cycle_bound(schedule: HardwareSchedule, execution: Execution) -> int:
    """Return the cycles that a run takes at least."""
    found: dict[int, list[Work]] = defaultdict(list)
    for work in execution.work:
        found[id(work[1])].append(work)
    return sum(_bound(schedule, works) for works in found.values())


def _bound(schedule: HardwareSchedule, works: Sequence[Work]) -> int:
    """Return the cycles of all executions of one item."""
    function, item, _ = works[0]
    storages = {storage.key: storage for storage in schedule.functions[function].storages}
    model = PipelineModel.of(item, _distinct(works), storages, schedule.library.memory.ports)
    depth = _depth(model)
    if isinstance(item, Segment):
        return max(depth, 1) * len(works)
    interval = _interval(model, item)
    iterations = sum(len(run) for _, _, run in works)
    executions = sum(bool(run) for _, _, run in works)
    if isinstance(item, WhilePipeline):
        # Another iteration is begun, up to the cycle in which it is known that it is none.
        return interval * (iterations - executions) + _decision(model, item) * executions
    return interval * (iterations - executions) + depth * executions + len(works) - executions


def _decision(model: PipelineModel, item: WhilePipeline) -> int:
    """Return the cycles after which the condition of a `while` is known at the earliest."""
    if not isinstance(item.condition, Result):
        return 1
    source = item.condition.operation
    return earliest(model)[source] + model.operations[source].latency + 1


def _distinct(works: Sequence[Work]) -> list[list[dict[int | str, int]]]:
    """Return executions that differ, up to a number of iterations."""
    found: dict[object, list[dict[int | str, int]]] = {}
    count = 0
    for _, _, run in works:
        key = tuple(tuple(sorted(env.items(), key=str)) for env in run[:_MOST_ITERATIONS])
        if key not in found and (count < _MOST_ITERATIONS or not found):
            found[key] = run[:_MOST_ITERATIONS]
            count += len(run)
    return list(found.values())


def _depth(model: PipelineModel) -> int:
    """Return the cycles of an iteration at least: by paths, and by the ports of what always wants one bank."""
    starts = earliest(model)
    least = _end(model, starts)
    for ports, queue in (*model.queues(), *model.crowds):
        for first in {starts[member] for member in queue}:
            late = [member for member in queue if starts[member] >= first]
            for size in range(ports + 1, len(late) + 1):
                # One of any so many is the last.
                last = first + -(-size // ports) - 1
                ends = sorted((_end(model, earliest(model, {member: last})) for member in late), reverse=True)
                least = max(least, ends[size - 1])
    return least


def _end(model: PipelineModel, starts: Sequence[int]) -> int:
    return max((s + op.duration for s, op in zip(starts, model.operations, strict=True) if not op.wire), default=0)


def _interval(model: PipelineModel, item: Pipeline | WhilePipeline) -> int:
    """Return the least interval from the asked one on, or one that is no more."""
    asked = item.asked or 1
    if isinstance(item, WhilePipeline) and isinstance(item.condition, Result):
        # An iteration starts when it is known that there is one.
        source = item.condition.operation
        wait = model.operations[source].latency + 1
        model.orders |= {(source, op.index, wait): 1 for op in model.operations}
    interval = item.placement.interval
    while interval > asked and fits(model, interval - 1):
        interval -= 1
    if interval < item.placement.interval and len(model.operations) <= _MOST_SEARCHED:
        try:
            return least_interval(model, interval)
        except Unsearchable:
            pass
    return interval

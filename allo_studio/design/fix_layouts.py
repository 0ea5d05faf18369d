"""Fixes of layouts: demands of schedules that conflict, or that ask for too many banks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from allo_studio.design.blocks import relayout
from allo_studio.design.check_kernels import kernel_result
from allo_studio.design.edit_base import Edit, Several
from allo_studio.design.edit_insert import InsertBlock
from allo_studio.design.edit_project import SetExecution, SetUnify
from allo_studio.design.edit_schedule import RemoveStep, ReplaceStep, schedule_users
from allo_studio.design.fix_base import At, Fix, Rule
from allo_studio.design.fix_ports import inserted
from allo_studio.design.fix_steps import own_schedule
from allo_studio.design.model import KernelNode, StepSpec

__all__ = ["LAYOUT_RULES"]


@dataclass(frozen=True)
class _Demand:
    """What a step of a block's schedule demands of a dimension of a port (both from 0)."""

    graph: str
    node: str
    port: str
    dim: int
    step: int
    entry: str

    def __str__(self) -> str:
        return f"step {self.step + 1} of {self.graph}/{self.node}"


def _demands(words: Sequence[str | int]) -> list[_Demand]:
    found = []
    for first in range(0, len(words), 5):
        block, port, dim, step, entry = words[first : first + 5]
        graph, _, node = str(block).partition("/")
        found.append(_Demand(graph, node, str(port), int(dim), int(step), str(entry)))
    return found


def _conflict(at: At) -> Iterator[Fix]:
    """Give one step the partition of the other, take either away, or copy between two layouts."""
    one, two = _demands(at.words)
    for mine, other in ((one, two), (two, one)):
        fix = _changed(at, mine, other.entry)
        if fix:
            yield fix
    for demand in (one, two):
        yield from _removed(at, demand)
    if at.edge.source.node and at.edge.target.node:
        source = at.type(at.edge.source)
        if source is not None:
            between = InsertBlock(at.graph.name, "relayout", relayout(str(source)), "x", {at.edge.id: "y"})
            yield Fix("keep both and insert a re-layout between them", inserted(at, between, at.edge.source))
        yield _copied(at)


def _banks(at: At) -> Iterator[Fix]:
    """Take away a step that demands banks."""
    for demand in _demands(at.words):
        yield from _removed(at, demand)


def _fixed(at: At) -> Iterator[Fix]:
    """Let what is wired to an external block have its banks, or copy between them."""
    wanted, *words = at.words
    for demand in _demands(words):
        fix = _changed(at, demand, str(wanted))
        if fix:
            yield fix
        yield from _removed(at, demand)
    yield _copied(at)


def _copied(at: At) -> Fix:
    name = at.graph.name
    edits = (SetExecution(name, "sequential"), SetUnify(name, False))
    text = f"keep both and copy between them: execution: sequential with unify: false in graph {name}"
    return Fix(text, Several(edits, f"Copy between layouts in {name}"))


def _changed(at: At, mine: _Demand, entry: str) -> Fix | None:
    """Return the fix that gives a step the partition `entry`, where the step is one that says a dimension's."""
    steps = _steps(at, mine)
    old = steps[mine.step] if 0 <= mine.step < len(steps) else StepSpec("", {})
    if old.name != "partition":
        return None
    kind, _, factor = entry.partition(" ")
    args = {key: value for key, value in old.args.items() if key not in ("kind", "factor")}
    new = StepSpec("partition", {**args, "kind": kind, **({"factor": int(factor)} if factor else {})})
    changed = (*steps[: mine.step], new, *steps[mine.step + 1 :])
    # A step of all dimensions would change the others too.
    if old.args.get("dim", 0) != mine.dim + 1 and _rank(at, mine) > 1:
        return None
    if _entry_with(at, mine, changed) != entry:
        return None
    text = f"change the partition in {mine} to {entry}"
    return Fix(text, _edited(at, mine, lambda schedule: ReplaceStep(schedule, mine.step, new)))


def _removed(at: At, demand: _Demand) -> Iterator[Fix]:
    """Yield the fix that takes a step away, where the others apply without it and the demand goes with it."""
    steps = _steps(at, demand)
    rest = (*steps[: demand.step], *steps[demand.step + 1 :])
    if 0 <= demand.step < len(steps) and _entry_with(at, demand, rest) not in (None, demand.entry):
        text = f"remove {demand} ({steps[demand.step].name})"
        yield Fix(text, _edited(at, demand, lambda schedule: RemoveStep(schedule, demand.step)))


def _rank(at: At, demand: _Demand) -> int:
    ports = at.checked.ports.get(f"{demand.graph}/{demand.node}", ())
    return next((len(port.type.shape) for port in ports if port.name == demand.port and port.type), 0)


def _steps(at: At, demand: _Demand) -> tuple[StepSpec, ...]:
    return at.project.schedules.get(_schedule(at, demand), ())


def _schedule(at: At, demand: _Demand) -> str:
    node = at.project.graphs[demand.graph].nodes[demand.node]
    return (node.schedule if isinstance(node, KernelNode) else None) or ""


def _entry_with(at: At, demand: _Demand, steps: tuple[StepSpec, ...]) -> str | None:
    """Return the layout's entry that the block demands with other steps; None where they do not apply."""
    node = at.project.graphs[demand.graph].nodes[demand.node]
    kernel = at.checked.kernels.get(f"{demand.graph}/{demand.node}")
    if not isinstance(node, KernelNode) or kernel is None or kernel.base is None:
        return None
    result = kernel_result(kernel.base.source, node, steps)
    port = next((port for port in result.ports if port.name == demand.port), None)
    if result.step_faults or port is None or port.layout is None or port.type is None:
        return None
    return str(port.layout.normal(port.type.shape).dims[demand.dim])


def _edited(at: At, demand: _Demand, make: Callable[[str], Edit]) -> Edit:
    """Return the edit of a block's schedule; other blocks that use it keep it as it is."""
    schedule = _schedule(at, demand)
    if len(schedule_users(at.project, schedule)) == 1:
        return make(schedule)
    return own_schedule(at, demand.graph, demand.node, schedule, make)


LAYOUT_RULES: dict[str, Rule] = {"conflict": _conflict, "banks": _banks, "fixed": _fixed, "row banks": _banks}

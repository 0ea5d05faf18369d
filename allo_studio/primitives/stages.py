"""The stages of a kernel: what of its body can run at the same time, joined by the arrays that they hand on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.ir import Buffer, KernelIR, Loop, in_context, walk
from allo_studio.ir.attributes import flag, integer_map, remove, symbol, text
from allo_studio.ir.binding import ir
from allo_studio.ir.build import index_constant
from allo_studio.ir.rewrite import before
from allo_studio.primitives.base import DATAFLOW, FunctionRef, fault
from allo_studio.primitives.inline import Inline
from allo_studio.primitives.outlining import outline
from allo_studio.primitives.stage_groups import Work, stage_places
from allo_studio.source import Span

__all__ = [
    "EVERY_STAGE",
    "STREAM",
    "Handover",
    "Stage",
    "StageKernel",
    "handovers",
    "plan_stages",
    "runs_stages",
    "take_apart",
]

# On an array's declaration: to which stages it goes through a FIFO, and of what depth (0: any).
STREAM = "allo.stream"
# In the place of a stage's name: all of them.
EVERY_STAGE = "*"


@dataclass(frozen=True, eq=False)
class Stage:
    """Operations of a kernel's own block that run in this order, and the buffers that they read and write."""

    name: str
    ops: tuple[ir.Operation, ...]
    reads: frozenset[str]
    writes: frozenset[str]
    span: Span | None = None


@dataclass(frozen=True)
class Handover:
    """An array of the kernel that one stage makes and another takes. `depth` is None unless it was made a stream."""

    buffer: Buffer
    source: str
    target: str
    depth: int | None


@dataclass(frozen=True)
class StageKernel:
    """A stage as a kernel of its own, whose arguments have the names that the kernel has for them."""

    name: str
    kernel: KernelIR


def plan_stages(kernel: KernelIR) -> tuple[Stage, ...]:
    """Return the stages of a kernel, each after those that it takes from.

    Raises AlloError (code `step`) where they cannot run at the same time.
    """
    work = Work.of(kernel)
    stages = _named(kernel, work, stage_places(work))
    faults = list(_faults(kernel, stages))
    if faults:
        raise AlloError(faults)
    return stages


def handovers(kernel: KernelIR, stages: Sequence[Stage]) -> tuple[Handover, ...]:
    """Return the local arrays and values that stages hand on, in program order."""
    found = []
    for buffer in kernel.buffers():
        if buffer.kind != "local":
            continue
        asked = integer_map(buffer.value.owner.operation, STREAM)
        source = next((s for s in stages if buffer.name in s.writes), None)
        targets = [s.name for s in stages if s is not source and buffer.name in s.reads]
        if source:
            every = asked.get(EVERY_STAGE)
            found += [Handover(buffer, source.name, target, asked.get(target, every)) for target in targets]
    return tuple(found)


def _named(kernel: KernelIR, work: Work, groups: Sequence[Sequence[int]]) -> tuple[Stage, ...]:
    loops = {loop.op: loop for loop in kernel.top_loops()}
    found: list[Stage] = []
    taken: set[str] = set()
    for places in groups:
        group = [work.ops[place] for place in places]
        kinds = {
            kind: frozenset(
                name for name, uses in work.touched.items() if any(n in places and k == kind for n, k in uses)
            )
            for kind in ("read", "write")
        }
        name = _fresh(_name(kernel, group, loops), taken)
        taken.add(name)
        main = next((loops[op].span for op in group if op in loops and loops[op].role is None), kernel.span(group[0]))
        found.append(Stage(name, tuple(group), kinds["read"], kinds["write"], main))
    return tuple(found)


def _name(kernel: KernelIR, group: Sequence[ir.Operation], loops: Mapping[ir.Operation, Loop]) -> str:
    """Return what a stage is called after: its last nest that the source has, else the function that it calls."""
    nests = [loops[op].band for op in group if op in loops and loops[op].role is None]
    calls = [symbol(op, "callee") for op in group if op.name == "func.call"]
    called = [text(kernel.at(name).function, "allo.origin") or name for name in calls]
    return re.sub(r"\W", "_", (nests or called or ["stage"])[-1])


def _fresh(wish: str, taken: set[str]) -> str:
    name, number = wish, 1
    while name in taken:
        name, number = f"{wish}_{number}", number + 1
    return name


# What keeps stages from running at the same time


def _faults(kernel: KernelIR, stages: Sequence[Stage]) -> Iterator[Diagnostic]:
    if len(stages) < 2:
        message = f"{kernel.name} has {len(stages)} stage{'' if len(stages) == 1 else 's'}: nothing runs with another"
        hint = "stages are nests and calls one after another, each of which writes arrays of its own"
        yield fault(message, stages[0].span if stages else None, hint)
        return
    sizes = integer_map(kernel.function, "allo.sizes")
    if sizes:
        hint = f"give the arrays constant extents, by `params: {{{next(iter(sizes))}: ...}}` of the block"
        yield fault(f"{kernel.name} has sizes that are arguments ({', '.join(sizes)})", stages[0].span, hint)
    for argument in kernel.arguments():
        if argument.direction == "inout":
            hint = "write to an array of its own, and return that"
            yield fault(f"{argument.name} is read and written", stages[0].span, hint)
    for buffer in kernel.buffers():
        users = [stage for stage in stages if buffer.name in stage.reads | stage.writes]
        if buffer.layout.joined and len(users) > 1:
            hint = "leave `words` out of its partition, or copy it"
            yield fault(f"{buffer.name} has words of several elements, which no channel has", users[0].span, hint)
        if buffer.kind == "state" and users:
            message = f"{buffer.name} keeps its contents between calls"
            yield fault(message, users[0].span, "keep state in a block of its own")


# Stages as kernels


def take_apart(kernel: KernelIR) -> tuple[StageKernel, ...]:
    """Return the stages of a kernel as kernels; raises AlloError (code `step`) where they cannot be that."""
    changed = kernel.clone()
    remove(changed.function, DATAFLOW)
    made = []
    with in_context():
        stages = plan_stages(changed)
        private = _private(changed, stages)
        for stage in stages:
            name = _fresh(stage.name, set(changed.functions))
            # The function's operations begin with one that stays whatever is loaded before it.
            anchor = index_constant(0, before(stage.ops[0])).owner.operation
            moved = [anchor, *private[stage.name], *stage.ops]
            outline(changed, moved, name, stage.name)
            made.append((stage, name))
        found = tuple(StageKernel(stage.name, _opened(_alone(changed, name))) for stage, name in made)
    faults = [f for (stage, _), part in zip(made, found, strict=True) for f in _partial(stage, part.kernel)]
    if faults:
        raise AlloError(faults)
    return found


def _private(kernel: KernelIR, stages: Sequence[Stage]) -> dict[str, list[ir.Operation]]:
    """Return the declarations of arrays that only one stage uses, by stage."""
    found: dict[str, list[ir.Operation]] = {stage.name: [] for stage in stages}
    for buffer in kernel.buffers():
        users = [stage for stage in stages if buffer.name in stage.reads | stage.writes]
        if buffer.kind == "local" and len(users) == 1 and _declared_outside(kernel, buffer):
            found[users[0].name].append(buffer.value.owner.operation)
    return found


def _declared_outside(kernel: KernelIR, buffer: Buffer) -> bool:
    return bool(ir.InsertionPoint(buffer.value.owner.operation).block == kernel.body)


def _alone(kernel: KernelIR, name: str) -> KernelIR:
    """Return a function with those that it calls in a module of their own."""
    needed, todo = {name}, [name]
    while todo:
        for op in walk(kernel.at(todo.pop()).body):
            if op.name == "func.call" and symbol(op, "callee") not in needed:
                needed.add(symbol(op, "callee"))
                todo.append(symbol(op, "callee"))
    module = ir.Module.create(kernel.module.operation.location)
    for view in kernel.module.body.operations:
        if view.operation.name != "func.func" or text(view.operation, "sym_name") in needed:
            module.body.append(view.operation.clone())
    found = KernelIR(module, name, kernel.source).freeze()
    found.verify()
    return found


def _opened(kernel: KernelIR) -> KernelIR:
    """Return a stage with the functions that it calls itself put in: what is passed to one is no stream."""
    calls = [view.operation for view in kernel.body.operations if view.operation.name == "func.call"]
    for name in dict.fromkeys(symbol(op, "callee") for op in calls):
        step = Inline(FunctionRef(name))
        if not step.check(kernel):
            kernel = step.apply(kernel)
    return kernel


def _partial(stage: Stage, kernel: KernelIR) -> Iterator[Diagnostic]:
    for name, direction in kernel.directions.items():
        if direction == "inout":
            hint = f"let {stage.name} write every element of {name}"
            yield fault(f"stage {stage.name} may leave a part of {name} as it was", stage.span, hint)


def runs_stages(kernel: KernelIR) -> bool:
    """Tell whether a kernel's stages run at the same time."""
    return flag(kernel.function, DATAFLOW)

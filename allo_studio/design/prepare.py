"""From a checked design to what elaboration takes: every instance's kernel in its unified layouts, and the channels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, zip_longest

from allo_studio.design.channels import ChannelPlan, plan_channels
from allo_studio.design.checked import CheckedDesign, CheckedKernel
from allo_studio.design.constants import Constant, reached
from allo_studio.design.elaborate import Leaf, elaborate
from allo_studio.design.fired import fire_all
from allo_studio.design.fixes import with_fixes
from allo_studio.design.instances import specialise
from allo_studio.design.kept import Kept, Turn
from allo_studio.design.model import GraphNode, IpNode, KernelNode, Project
from allo_studio.design.opened import open_kernels
from allo_studio.design.pacing import paced
from allo_studio.design.timing import unbounded_latency
from allo_studio.design.variants import laid_out, with_tables
from allo_studio.hardware.dependent import timing_depends
from allo_studio.hardware.operators import OperatorLibrary
from allo_studio.ip.block import IpBlock
from allo_studio.ip.shell import shell
from allo_studio.ir import KernelIR
from allo_studio.layout import Layout
from allo_studio.types import ArrayType

__all__ = ["Prepared", "forget_plans", "prepare", "with_orders"]

# Beyond so many FIFOs with local copies, the rest stay FIFOs: each trial times the whole design, so that in a large one
# there are fewer. The work is in blocks that are timed.
_MOST_TRIALS = 32
_MOST_WORK = 2000


@dataclass(frozen=True)
class Prepared:
    """The project with kernels opened where their stages are processes, its leaf blocks by instance path, and the
    decided channels. `kernels` are the blocks' scheduled kernels as they are before these decisions."""

    project: Project
    leaves: dict[str, Leaf]
    plan: ChannelPlan
    kernels: dict[str, KernelIR]


# Most edits need no more than to know what channels can be: which of them are best is for a build to find.
_planned: Kept[Prepared] = Kept()
_prepared: Kept[Prepared] = Kept()


def forget_plans() -> None:
    """Drop what was kept of designs that were prepared (only measurements and tests need this)."""
    _planned.forget()
    _prepared.forget()


def prepare(checked: CheckedDesign, library: OperatorLibrary) -> Prepared:
    """Return the instances' kernels and the channels of a design without errors.

    A channel that was asked for and cannot be is a diagnostic in the plan. Raises AlloError (codes `hardware`,
    `target`) where a kernel cannot be scheduled.
    """
    first = _first_plan(checked, library)
    return _prepared.result((first, library), partial(_cheapest, first, library))


def _first_plan(checked: CheckedDesign, library: OperatorLibrary) -> Prepared:
    """Return the channels as they can be, not yet the cheapest: what can be is all that a check has to know."""
    whole = checked.whole
    # A check that finds nothing new gives the same values again.
    found = checked.kernels, checked.layouts, checked.external, checked.constants

    def plan(turn: Turn) -> Prepared:
        opened = open_kernels(whole, *_leaves(checked, turn), turn)
        fired = fire_all(opened.project, checked.firings, opened.leaves, opened.kernels)
        channels = plan_channels(opened.project, fired.kernels, library, ports=fired.ports, turn=turn, weigh=False)
        return Prepared(opened.project, fired.leaves, channels, fired.kernels)

    return _planned.result((*whole.built(), *found, library), plan)


def _cheapest(first: Prepared, library: OperatorLibrary, turn: Turn) -> Prepared:
    """Decide the channels: FIFOs where they can be, but a buffer where a FIFO's local copy costs the design latency.

    Each such FIFO is tried against a buffer, one after another, with the whole design's latency.
    """
    project, leaves, kernels = first.project, first.leaves, first.kernels

    def again(these: Mapping[str, str]) -> ChannelPlan:
        return plan_channels(project, kernels, library, these, first.plan.ports, turn)

    plan = first.plan if first.plan.diagnostics else again({})
    if not plan.diagnostics:
        plan = paced(project, leaves, plan, library)
    # What depends on data has no latency to compare by.
    depends = any(timing_depends(kernel) is not None for kernel in kernels.values())
    trials = plan.copies[: min(_MOST_TRIALS, _MOST_WORK // max(len(leaves), 1))]
    if plan.diagnostics or not trials or depends:
        return replace(first, plan=plan)
    best = unbounded_latency(elaborate(project, leaves, plan), library)
    if best is None:
        return replace(first, plan=plan)
    buffered: dict[str, str] = {}
    for place in trials:
        trial = paced(project, leaves, again({**buffered, place: ""}), library)
        latency = unbounded_latency(elaborate(project, leaves, trial), library)
        if latency is not None and latency < best:
            means = "an adapter" if plan.decisions[place].taken else "its local copy"
            buffered[place] = f"with a FIFO and {means} the design takes {best} cycles instead of {latency}"
            best = latency
    if buffered:
        plan = paced(project, leaves, again(buffered), library)
    return replace(first, plan=plan)


def with_orders(checked: CheckedDesign, library: OperatorLibrary) -> CheckedDesign:
    """Return a checked design with the faults of its channels (code `order`) among its diagnostics."""
    if not checked.ok:
        return checked
    found = _first_plan(checked, library).plan.diagnostics
    if not found:
        return checked
    # Wires between a kernel's stages are not drawn, so that no edit of theirs mends them.
    found = [d if d.where in checked.edges else replace(d, about=()) for d in found]
    told = specialise(checked.project).told(found)
    told = tuple(replace(d, where=checked.around.get(d.where, d.where)) for d in told)
    edges = dict(checked.edges)
    for diagnostic in told:
        if diagnostic.where in edges:
            known = edges[diagnostic.where]
            edges[diagnostic.where] = replace(known, ok=False, diagnostics=(*known.diagnostics, diagnostic))
    return with_fixes(replace(checked, diagnostics=(*checked.diagnostics, *told), edges=edges))


def _leaves(checked: CheckedDesign, turn: Turn) -> tuple[dict[str, Leaf], dict[str, KernelIR]]:
    """Return the leaf blocks and their scheduled kernels by instance path; most are like others."""
    feeds = {port: checked.constants[block] for port, block in reached(checked.whole).items()}
    found = list(_instances(checked.whole, checked.whole.top, checked.whole.top, turn))
    paths = [path for path, _ in found]
    known = [checked.external.get(key) or checked.kernels[key] for _, key in found]
    ends = turn.each("ends", (paths, known), lambda number: _ends(paths[number], known[number]))
    layouts = [tuple(map(checked.layouts.get, own.values())) for own in ends]
    columns: Iterable[Sequence[object]] = zip_longest(*layouts)
    if feeds:
        tables = zip_longest(*[tuple(map(feeds.get, own.values())) for own in ends])
        columns = chain.from_iterable(zip(columns, tables, strict=True))

    def make(number: int) -> tuple[Leaf, KernelIR]:
        block, own = known[number], ends[number]
        if isinstance(block, IpBlock):
            return _external(block)
        bound = {name: feeds[end] for name, end in own.items() if end in feeds}
        return _leaf(block, dict(zip(own, layouts[number], strict=True)), bound)

    made = turn.each(("leaves", bool(feeds)), [known, *columns], make)
    kernels = dict(zip(paths, [kernel for _, kernel in made], strict=True))
    return dict(zip(paths, [leaf for leaf, _ in made], strict=True)), kernels


def _ends(path: str, block: CheckedKernel | IpBlock) -> dict[str, str]:
    """Return the instance paths of a kernel's arguments; an external block's layouts are its own."""
    ir = block.ir if isinstance(block, CheckedKernel) else None
    return {argument.name: f"{path}.{argument.name}" for argument in ir.arguments()} if ir else {}


def _instances(project: Project, graph: str, path: str, turn: Turn) -> Iterator[tuple[str, str]]:
    """Yield the instance path of each kernel block and external block, and its path in its graph."""
    nodes = project.graphs[graph].nodes
    names = tuple(nodes)

    def make(number: int) -> tuple[str, str]:
        return f"{path}/{names[number]}", f"{graph}/{names[number]}"

    made = turn.each(("paths", path, graph), (names,), make)
    for node, paths in zip(nodes.values(), made, strict=True):
        if isinstance(node, KernelNode | IpNode):
            yield paths
        elif isinstance(node, GraphNode):
            yield from _instances(project, node.graph, paths[0], turn)


def _external(block: IpBlock) -> tuple[Leaf, KernelIR]:
    """Return an external block, and its shell; its layouts are its own."""
    types = {port.name: port.type for port in block.ports}
    layouts = {port.name: port.layout for port in block.ports}
    made = shell(block)
    return Leaf(made, False, types, layouts, block=block), made


def _leaf(
    kernel: CheckedKernel, unified: Mapping[str, Layout | None], constants: Mapping[str, Constant]
) -> tuple[Leaf, KernelIR]:
    """Return a block, and its scheduled IR, in the layouts that its instance's interfaces were unified to.

    Arguments that are constants are tables in it.
    """
    assert kernel.base is not None
    assert kernel.scheduled is not None
    final = kernel.scheduled.ir
    types: dict[str, ArrayType] = {}
    layouts: dict[str, Layout] = {}
    for argument in final.arguments():
        types[argument.name] = argument.type
        if argument.scalar:
            layouts[argument.name] = Layout.plain(0)
            continue
        layouts[argument.name] = unified[argument.name] or final.layout(argument.name)
    changed = {name: layout for name, layout in layouts.items() if types[name].shape and layout != final.layout(name)}
    final = laid_out(final, changed)
    final = with_tables(final, constants)
    for name in constants:
        del types[name], layouts[name]
    values = {name: constant.values for name, constant in constants.items()}
    return Leaf(kernel.base, kernel.scheduled.reassociates, types, layouts, constants=values), final

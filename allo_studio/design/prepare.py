"""From a checked design to what elaboration takes: every instance's kernel in its unified layouts, and the channels."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace

from allo_studio.design.channels import ChannelPlan, plan_channels
from allo_studio.design.checked import CheckedDesign, CheckedKernel
from allo_studio.design.elaborate import Leaf, elaborate
from allo_studio.design.model import GraphNode, KernelNode, Project
from allo_studio.design.timing import unbounded_latency
from allo_studio.design.variants import laid_out
from allo_studio.hardware.dependent import timing_depends
from allo_studio.hardware.operators import OperatorLibrary
from allo_studio.ir import KernelIR
from allo_studio.layout import Layout
from allo_studio.types import ArrayType

__all__ = ["Prepared", "prepare", "with_orders"]

# Beyond so many FIFOs with local copies, the rest stay FIFOs: each trial times the whole design, so that in a large one
# there are fewer. The work is in blocks that are timed.
_MOST_TRIALS = 32
_MOST_WORK = 2000


@dataclass(frozen=True)
class Prepared:
    """The leaf blocks by instance path, and the decided channels."""

    leaves: dict[str, Leaf]
    plan: ChannelPlan


class _Last:
    """The last design that was prepared: the window asks again after every edit, most of which move blocks."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.checked: CheckedDesign | None = None
        self.library: OperatorLibrary | None = None
        self.prepared: Prepared | None = None

    def find(self, checked: CheckedDesign, library: OperatorLibrary) -> Prepared | None:
        with self.lock:
            known = self.checked
            if known is None or library != self.library or known.layouts != checked.layouts:
                return None
            same = replace(known.project, view=checked.project.view) == checked.project
            kernels = {path: id(kernel.ir) for path, kernel in known.kernels.items()}
            same = same and kernels == {path: id(kernel.ir) for path, kernel in checked.kernels.items()}
            return self.prepared if same else None

    def keep(self, checked: CheckedDesign, library: OperatorLibrary, prepared: Prepared) -> None:
        with self.lock:
            self.checked, self.library, self.prepared = checked, library, prepared


# Most edits need no more than to know what channels can be: which of them are best is for a build to find.
_planned, _last = _Last(), _Last()


def prepare(checked: CheckedDesign, library: OperatorLibrary) -> Prepared:
    """Return the instances' kernels and the channels of a design without errors.

    A channel that was asked for and cannot be is a diagnostic in the plan. Raises AlloError (codes `hardware`,
    `target`) where a kernel cannot be scheduled.
    """
    known = _last.find(checked, library)
    if known:
        return known
    prepared = _cheapest(checked, _first_plan(checked, library), library)
    _last.keep(checked, library, prepared)
    return prepared


def _first_plan(checked: CheckedDesign, library: OperatorLibrary) -> Prepared:
    """Return the channels as they can be: those with local copies may yet become buffers, which is no fault."""
    known = _planned.find(checked, library)
    if known is None:
        leaves, kernels = _leaves(checked)
        known = Prepared(leaves, plan_channels(checked.project, kernels, library))
        _planned.keep(checked, library, known)
    return known


def _cheapest(checked: CheckedDesign, first: Prepared, library: OperatorLibrary) -> Prepared:
    """Decide the channels: FIFOs where they can be, but a buffer where a FIFO's local copy costs the design latency.

    Each such FIFO is tried against a buffer, one after another, with the whole design's latency.
    """
    project, leaves, plan = checked.project, first.leaves, first.plan
    if not plan.copies:
        return first
    _, kernels = _leaves(checked)
    # What depends on data has no latency to compare by.
    depends = any(timing_depends(kernel) is not None for kernel in kernels.values())
    trials = plan.copies[: min(_MOST_TRIALS, _MOST_WORK // max(len(leaves), 1))]
    if plan.diagnostics or not trials or depends:
        return Prepared(leaves, plan)
    best = unbounded_latency(elaborate(project, leaves, plan), library)
    buffered: dict[str, str] = {}
    for place in trials:
        trial = plan_channels(project, kernels, library, {**buffered, place: ""})
        latency = unbounded_latency(elaborate(project, leaves, trial), library)
        if latency < best:
            buffered[place] = f"with a FIFO and its local copy the design takes {best} cycles instead of {latency}"
            best = latency
    return Prepared(leaves, plan_channels(project, kernels, library, buffered) if buffered else plan)


def with_orders(checked: CheckedDesign, library: OperatorLibrary) -> CheckedDesign:
    """Return a checked design with the faults of its channels (code `order`) among its diagnostics."""
    if not checked.ok:
        return checked
    found = _first_plan(checked, library).plan.diagnostics
    if not found:
        return checked
    edges = dict(checked.edges)
    for diagnostic in found:
        if diagnostic.where in edges:
            known = edges[diagnostic.where]
            edges[diagnostic.where] = replace(known, ok=False, diagnostics=(*known.diagnostics, diagnostic))
    return replace(checked, diagnostics=(*checked.diagnostics, *found), edges=edges)


def _leaves(checked: CheckedDesign) -> tuple[dict[str, Leaf], dict[str, KernelIR]]:
    """Return the leaf blocks and their scheduled kernels by instance path."""
    leaves: dict[str, Leaf] = {}
    kernels: dict[str, KernelIR] = {}
    for path, key in _instances(checked.project, checked.project.top, checked.project.top):
        leaves[path], kernels[path] = _leaf(checked, checked.kernels[key], path)
    return leaves, kernels


def _instances(project: Project, graph: str, path: str) -> Iterator[tuple[str, str]]:
    """Yield each kernel block's instance path, and its path in its graph."""
    for name, node in project.graphs[graph].nodes.items():
        if isinstance(node, KernelNode):
            yield f"{path}/{name}", f"{graph}/{name}"
        elif isinstance(node, GraphNode):
            yield from _instances(project, node.graph, f"{path}/{name}")


def _leaf(checked: CheckedDesign, kernel: CheckedKernel, path: str) -> tuple[Leaf, KernelIR]:
    """Return a block, and its scheduled IR, in the layouts that its instance's interfaces were unified to."""
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
        unified = checked.layouts.get(f"{path}.{argument.name}", final.layout(argument.name))
        layouts[argument.name] = unified
    changed = {name: layout for name, layout in layouts.items() if types[name].shape and layout != final.layout(name)}
    final = laid_out(final, changed)
    return Leaf(kernel.base, kernel.scheduled.reassociates, types, layouts), final

"""The kernel blocks of a design: read, parsed, ports inferred, scheduled. Results are kept from check to check."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import cast

from allo_studio.analysis.ports import infer_ports
from allo_studio.design.check_notes import Notes
from allo_studio.design.checked import CheckedKernel, PortInfo
from allo_studio.design.edit_base import did_you_mean
from allo_studio.design.kept import Turn
from allo_studio.design.model import KernelNode, Project, StepSpec
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.frontend import Parameter, argument_types, parse_kernel
from allo_studio.ir import KernelIR
from allo_studio.layout import DimLayout, Layout
from allo_studio.schedule import ScheduledKernel, from_specs
from allo_studio.source import Source
from allo_studio.types import ArrayType

__all__ = ["KernelResult", "PortDemand", "check_kernels", "forget_kernels", "kernel_result", "trial_types"]

_MOST_KEPT = 512
Steps = tuple[StepSpec, ...]
# The same value each time, so that what is kept of it is found.
_NO_STEPS: Steps = ()


@dataclass(frozen=True)
class PortDemand:
    """What a schedule demands of one dimension (from 0) of an argument, and the step (from 0) that says so."""

    port: str
    dim: int
    entry: DimLayout
    step: int


@dataclass(frozen=True)
class KernelResult:
    """All that is known of a kernel with its parameters and schedule; `step_faults` are by the step's index."""

    kernel: CheckedKernel
    ports: tuple[PortInfo, ...] = ()
    demands: tuple[PortDemand, ...] = ()
    faults: tuple[Diagnostic, ...] = ()
    step_faults: tuple[tuple[int, Diagnostic], ...] = ()


class _Memo:
    """The least recently used results are dropped first. Checks may run in several threads."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, object] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], object]) -> object:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        made = make()
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        return made

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()


_memo = _Memo()


def forget_kernels() -> None:
    """Drop what earlier checks kept (only measurements and tests need this)."""
    _memo.clear()


def check_kernels(
    project: Project, sources: Callable[[str], Source], notes: Notes, turn: Turn
) -> dict[str, KernelResult]:
    """Return the result of each kernel block by its path; faults are noted. `sources` raises AlloError."""
    results: dict[str, KernelResult] = {}
    told: dict[Hashable, str] = {}
    find = _Results()
    texts = _Texts(sources)
    schedules: dict[str | None, Steps] = {None: _NO_STEPS}
    schedules.update(project.schedules)
    for graph in project.graphs.values():
        blocks = [(name, node) for name, node in graph.nodes.items() if isinstance(node, KernelNode)]
        if not schedules.keys() >= {node.schedule for _, node in blocks}:
            _tell_no_steps(project, graph.name, blocks, notes)
        if any(texts[path] is None for path in {node.path for _, node in blocks}):
            blocks = [block for block in blocks if not _tell_no_source(graph.name, *block, texts, notes)]
        nodes = [node for _, node in blocks]
        steps = [schedules.get(node.schedule, _NO_STEPS) for node in nodes]
        own = [texts[node.path] for node in nodes]
        found = turn.each(("kernels", graph.name), (nodes, own, steps), partial(find, nodes, own, steps))
        results |= {f"{graph.name}/{name}": result for (name, _), result in zip(blocks, found, strict=True)}
        for (name, node), result in zip(blocks, found, strict=True):
            if result.faults or result.step_faults:
                _tell_faults(graph.name, name, node, result, notes, told)
    return results


class _Texts(dict[str, Source | None]):
    """The kernel files of one check by their paths, each asked for once; None where it cannot be had, for `faults`."""

    def __init__(self, sources: Callable[[str], Source]) -> None:
        super().__init__()
        self._sources = sources
        self.faults: dict[str, tuple[Diagnostic, ...]] = {}

    def __missing__(self, path: str) -> Source | None:
        try:
            self[path] = self._sources(path)
        except AlloError as error:
            self[path], self.faults[path] = None, error.diagnostics
        return self[path]


class _Results:
    """The results of one check: most blocks are like others in all but their names."""

    def __init__(self) -> None:
        self._known: dict[Hashable, KernelResult] = {}

    def __call__(
        self, nodes: Sequence[KernelNode], sources: Sequence[Source | None], steps: Sequence[Steps], number: int
    ) -> KernelResult:
        node, source = nodes[number], sources[number]
        assert source is not None
        key = node.path, node.function, _params_key(node), node.schedule
        if key not in self._known:
            self._known[key] = kernel_result(source, node, steps[number])
        return self._known[key]


def _tell_no_steps(project: Project, graph: str, blocks: Sequence[tuple[str, KernelNode]], notes: Notes) -> None:
    """Note blocks whose schedule is not there; they are looked at without one."""
    for name, node in blocks:
        if node.schedule is not None and node.schedule not in project.schedules:
            hint = did_you_mean(node.schedule, project.schedules)
            message = f"there is no schedule {node.schedule!r}"
            fault = Diagnostic("structure", message, hint=hint, about=("no schedule",))
            notes.node(graph, name, fault, "schedule")


def _tell_no_source(graph: str, name: str, node: KernelNode, texts: _Texts, notes: Notes) -> bool:
    """Note why a block's file cannot be had, if so, and tell whether it is so."""
    for diagnostic in texts.faults.get(node.path, ()):
        notes.node(graph, name, diagnostic, "kernel")
    return texts[node.path] is None


def _tell_faults(
    graph: str, name: str, node: KernelNode, result: KernelResult, notes: Notes, told: dict[Hashable, str]
) -> None:
    """Note a kernel's faults at the first block that has them, to which the others refer, and those of its steps."""
    for index, diagnostic in result.step_faults:
        notes.step(graph, name, node.schedule or "", index, diagnostic)
    if not result.faults:
        return
    where = f"{graph}/{name}"
    first = told.setdefault((node.path, node.function, result.faults), where)
    if first != where:
        message = f"the kernel {node.function} has the faults that are told at {first}"
        notes.node(graph, name, Diagnostic(result.faults[0].code, message, hint="mend it once"), "kernel")
        return
    for diagnostic in result.faults:
        notes.node(graph, name, diagnostic, "kernel" if not node.params else "params")


def kernel_result(source: Source, node: KernelNode, steps: tuple[StepSpec, ...]) -> KernelResult:
    """Return all that is known of a block's kernel in `source` with these steps; kept from call to call."""
    key = _kernel_key(source, node)
    base, faults = cast(
        "tuple[KernelIR | None, tuple[Diagnostic, ...]]",
        _memo.get(key, lambda: _parsed(source, node.function, node.params)),
    )
    if base is None:
        return KernelResult(CheckedKernel(None, None), faults=faults)
    specs = repr([(s.name, sorted(s.args.items(), key=lambda i: i[0]), s.disabled) for s in steps])
    return cast(KernelResult, _memo.get((*key, specs), lambda: _shared(key, _scheduled(base, steps))))


def _shared(key: tuple[Hashable, ...], result: KernelResult) -> KernelResult:
    """Return a result with the ports and demands that the kernel has with other steps where these are the same.

    Most steps change neither, so that nothing around the block has to be looked at.
    """
    ports = _memo.get((*key, "ports", result.ports), lambda: result.ports)
    demands = _memo.get((*key, "demands", result.demands), lambda: result.demands)
    return replace(result, ports=cast("tuple[PortInfo, ...]", ports), demands=cast("tuple[PortDemand, ...]", demands))


def _kernel_key(source: Source, node: KernelNode) -> tuple[Hashable, ...]:
    return source.path, source.text, node.function, _params_key(node)


def _params_key(node: KernelNode) -> tuple[Hashable, ...]:
    return tuple(sorted((name, type(value).__name__, value) for name, value in node.params.items()))


def trial_types(source: Source, node: KernelNode) -> Mapping[str, ArrayType]:
    """Return the types of the ports of a block without named sizes, by name; empty where its kernel has faults.

    For trials of what a block could be, as `kernel_result`, but sooner; kept as well.
    """

    def find() -> Mapping[str, ArrayType]:
        try:
            return argument_types(source, node.function, node.params)
        except AlloError:
            return {}

    return cast("Mapping[str, ArrayType]", _memo.get(("types", *_kernel_key(source, node)), find))


def _parsed(
    source: Source, function: str, params: Mapping[str, Parameter]
) -> tuple[KernelIR | None, tuple[Diagnostic, ...]]:
    try:
        return infer_ports(parse_kernel(source, function, params)), ()
    except AlloError as error:
        return None, error.diagnostics


def _scheduled(base: KernelIR, steps: tuple[StepSpec, ...]) -> KernelResult:
    """Apply the steps that are not disabled; what is told of them names their places among all."""
    numbers = [number for number, step in enumerate(steps) if not step.disabled]
    try:
        scheduled = from_specs(base, [(steps[number].name, steps[number].args) for number in numbers])
    except AlloError as error:
        faults = tuple((numbers[_step_index(d)], replace(d, where="")) for d in error.diagnostics)
        return KernelResult(CheckedKernel(base, None), _ports(base), step_faults=faults)
    kernel = CheckedKernel(base, scheduled)
    # A kernel may demand a layout itself, and have no steps.
    places = dict(enumerate(numbers))
    demands = tuple(replace(demand, step=places.get(demand.step, 0)) for demand in _demands(scheduled))
    return KernelResult(kernel, _ports(scheduled.ir), demands)


def _step_index(diagnostic: Diagnostic) -> int:
    index = diagnostic.where.rpartition("#")[2]
    return int(index) if index.isdecimal() else 0


def _ports(kernel: KernelIR) -> tuple[PortInfo, ...]:
    layouts = kernel.layouts()
    return tuple(
        PortInfo(
            a.name, "in" if a.direction == "in" else "out", a.type, layouts.get(a.name, Layout.plain(len(a.type.shape)))
        )
        for a in kernel.arguments()
    )


def _demands(scheduled: ScheduledKernel) -> tuple[PortDemand, ...]:
    found = []
    for argument in scheduled.ir.arguments():
        history = [ir.layout(argument.name) for ir in scheduled.irs] if argument.type.shape else []
        for dim, extent in enumerate(argument.type.shape):
            # Before a step that gave the array this shape it may have had fewer dimensions.
            entries = [layout.dims[dim].normal(extent) for layout in history if dim < len(layout.dims)]
            if entries[-1].kind == "none":
                continue
            # The step that brought the entry to what it is in the end.
            same = next(i for i in range(len(entries)) if all(e == entries[-1] for e in entries[i:]))
            since = len(history) - len(entries) + same
            found.append(PortDemand(argument.name, dim, entries[-1], max(since - 1, 0)))
    return tuple(found)

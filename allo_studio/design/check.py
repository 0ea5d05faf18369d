"""Checking a design: kernels, structure, types, layouts. A user's faults become diagnostics, never exceptions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from operator import attrgetter
from typing import TypeVar

from allo_studio.design.check_constants import check_constants, check_readers
from allo_studio.design.check_disabled import leave_out
from allo_studio.design.check_files import Answers, Arrays, BlockLookup, ask
from allo_studio.design.check_initial import initial_fault
from allo_studio.design.check_ip import check_ip
from allo_studio.design.check_kernels import KernelResult, check_kernels
from allo_studio.design.check_layouts import unify_layouts
from allo_studio.design.check_notes import Noted, Notes, SpanLookup
from allo_studio.design.check_sizes import note_sizes
from allo_studio.design.check_structure import Ports, ResolvedEdge, check_graph, check_hierarchy, resolve
from allo_studio.design.check_types import type_fault
from allo_studio.design.checked import CheckedDesign, EdgeInfo, PortInfo
from allo_studio.design.constants import PORT, Constant
from allo_studio.design.edit_base import did_you_mean, unknown_kind
from allo_studio.design.fixes import with_fixes
from allo_studio.design.instances import check_overrides, specialise
from allo_studio.design.kept import Kept, Turn
from allo_studio.design.model import Edge, Graph, GraphNode, Project, UnknownNode
from allo_studio.design.rates import firings, joins
from allo_studio.diagnostics import Diagnostic, has_errors
from allo_studio.ip.block import IpBlock
from allo_studio.layout import Layout
from allo_studio.source import Source
from allo_studio.types import ArrayType, parse_type

__all__ = ["check", "forget_checks"]

_B = TypeVar("_B")
_kept: Kept[CheckedDesign] = Kept()


def check(
    project: Project,
    sources: Callable[[str], Source],
    spans: SpanLookup | None = None,
    arrays: Arrays | None = None,
    blocks: BlockLookup | None = None,
) -> CheckedDesign:
    """Return what is known of a design, with all its faults as diagnostics.

    `sources` reads a kernel file by its path in the project, `arrays` an array by its file's path and its name, and
    `blocks` the descriptor of an external block by its path; all raise AlloError. `spans` gives places in the project
    file; leave it out when the project was edited since the file was read. What the last checks found out of the same
    graphs, blocks, wires and files is not found out again.
    """
    answers = ask(project, sources, arrays, blocks)
    found = _kept.result((*project.built(), spans, *answers.values()), partial(_check, project, answers, spans))
    expanded = replace(found.expanded, view=project.view) if found.expanded else None
    return replace(found, project=project, expanded=expanded)


def forget_checks() -> None:
    """Drop what earlier checks kept (only measurements and tests need this)."""
    _kept.forget()


def _check(project: Project, answers: Answers, spans: SpanLookup | None, turn: Turn) -> CheckedDesign:
    drawn, left = project, leave_out(project, answers, turn)
    instances = specialise(left.project, turn)
    project = instances.project
    notes = Notes(project, left.spans(spans), instances.drawn)
    for graph, name, fault in left.faults:
        notes.node(graph, name, fault, "disabled")
    walkable = check_hierarchy(project, notes)
    check_overrides(left.project, instances, notes)
    signatures = {graph.name: _signature(graph, notes, turn) for graph in project.graphs.values()}
    kernels = check_kernels(project, answers.source, notes, turn)
    constants = check_constants(project, answers.array, notes, turn)
    external = check_ip(project, answers.block, notes)
    ports = _block_ports(project, kernels, external, constants, signatures, notes, turn)
    wires = {graph.name: _graph_wires(graph, ports, signatures, notes, turn) for graph in project.graphs.values()}
    if walkable:
        note_sizes(project, ports, signatures, {name: found.all for name, found in wires.items()}, constants, notes)
    layouts: dict[str, Layout] = {}
    relayouts: set[str] = set()
    if walkable:
        check_readers(project, notes)
        sound = {name: found.sound for name, found in wires.items()}
        layouts, relayouts = unify_layouts(project, kernels, external, sound, notes, turn)
    _check_unify(project, notes)
    found = instances.told(left.hinted(diagnostic, instances.drawn) for diagnostic in notes.sorted())
    around = left.wires()
    return with_fixes(
        CheckedDesign(
            project=drawn,
            expanded=None if project is drawn else project,
            diagnostics=tuple(replace(d, where=around.get(d.where, d.where)) for d in found) if around else found,
            kernels={**left.kernels, **{path: result.kernel for path, result in kernels.items()}},
            external=external,
            ports={**left.ports, **ports},
            edges=left.edges(_edge_infos(wires.values(), relayouts, notes)),
            signatures=signatures,
            layouts=layouts,
            firings={path: often for found in wires.values() for path, often in found.firings.items()},
            constants={**left.constants, **constants},
            around=around,
        )
    )


def _signature(graph: Graph, notes: Notes, turn: Turn) -> tuple[PortInfo, ...]:
    def find() -> tuple[tuple[PortInfo, ...], tuple[Noted, ...]]:
        apart = notes.apart()
        return _graph_ports(graph, apart), apart.noted()

    found, noted = turn.recall(("signature", graph.name), (graph.inputs, graph.outputs), find)
    notes.join(noted)
    return found


def _graph_ports(graph: Graph, notes: Notes) -> tuple[PortInfo, ...]:
    found = []
    for direction, ports in (("inputs", graph.inputs), ("outputs", graph.outputs)):
        for name, text in ports.items():
            array = _port_type(graph.name, direction, name, text, notes)
            layout = Layout.plain(len(array.shape)) if array else None
            found.append(PortInfo(name, "in" if direction == "inputs" else "out", array, layout))
    return tuple(found)


def _port_type(graph: str, direction: str, name: str, text: str, notes: Notes) -> ArrayType | None:
    try:
        return parse_type(text)
    except ValueError as fault:
        hint, about = "write it like float32[64, 32]", ("no type", name)
        found = Diagnostic("type", str(fault), where=f"{graph}.{name}", hint=hint, about=about)
        notes.graph(graph, found, direction, name)
        return None


def _block_ports(
    project: Project,
    kernels: Mapping[str, KernelResult],
    external: Mapping[str, IpBlock],
    constants: Mapping[str, Constant],
    signatures: Ports,
    notes: Notes,
    turn: Turn,
) -> dict[str, tuple[PortInfo, ...]]:
    """Return the ports of each block whose ports can be known; unknown graphs and kinds are noted."""
    ports = {path: result.ports for path, result in kernels.items() if result.kernel.base}
    ports |= _ports_of(external, _external_ports, turn) | _ports_of(constants, _constant_ports, turn)
    for graph in project.graphs.values():
        for name, node in graph.nodes.items():
            if isinstance(node, UnknownNode):
                notes.node(graph.name, name, unknown_kind(graph.name, name, node))
            elif isinstance(node, GraphNode) and node.graph not in signatures:
                hint = did_you_mean(node.graph, signatures)
                fault = Diagnostic("structure", f"there is no graph {node.graph!r}", hint=hint, about=("no graph",))
                notes.node(graph.name, name, fault, "graph")
            elif isinstance(node, GraphNode):
                ports[f"{graph.name}/{name}"] = signatures[node.graph]
    return ports


def _ports_of(
    blocks: Mapping[str, _B], make: Callable[[_B], tuple[PortInfo, ...]], turn: Turn
) -> dict[str, tuple[PortInfo, ...]]:
    """Return the ports that are made of blocks, the same values each time."""
    known = list(blocks.values())
    made = turn.each(("ports", make), (known,), lambda number: make(known[number]))
    return dict(zip(blocks, made, strict=True))


def _external_ports(block: IpBlock) -> tuple[PortInfo, ...]:
    return tuple(PortInfo(p.name, p.direction, p.type, p.layout) for p in block.ports)


def _constant_ports(constant: Constant) -> tuple[PortInfo, ...]:
    return (PortInfo(PORT, "out", constant.type, Layout.plain(len(constant.type.shape))),)


@dataclass(frozen=True)
class _Wire:
    """A wire with what its ends are, what is known of it, and what was noted of it."""

    path: str
    ends: ResolvedEdge
    info: EdgeInfo
    noted: tuple[Noted, ...]

    @property
    def fits(self) -> bool:
        """Whether this says how often both ends fire: not where their arrays, as is known, do not go together."""
        wire, source, target = self.ends.edge, self.ends.source, self.ends.target
        known = source and source.type and target and target.type
        return self.info.type is not None or not known or wire.rate == "held"

    @property
    def lasts(self) -> bool:
        """Whether this holds whatever else is in the graph, such as other names that may be meant."""
        return not self.noted and self.ends.source is not None and self.ends.target is not None


@dataclass(frozen=True)
class _GraphWires:
    """The wires of a graph, those without a fault, what is known of each by its path, and what was noted of them.

    `firings` are how often its blocks fire that do so more than once, by path.
    """

    all: tuple[ResolvedEdge, ...]
    sound: tuple[ResolvedEdge, ...]
    infos: Mapping[str, EdgeInfo]
    firings: Mapping[str, int]
    noted: tuple[Noted, ...]


def _graph_wires(graph: Graph, ports: Ports, signatures: Ports, notes: Notes, turn: Turn) -> _GraphWires:
    prefix = f"{graph.name}/"
    known = {name: ports.get(prefix + name) for name in graph.nodes}
    known[""] = signatures[graph.name]

    def find() -> _GraphWires:
        apart = notes.apart()
        ends = {name: own for name, own in known.items() if own is not None}
        wires = _check_wires(graph, ends, apart, turn)
        resolved = tuple([wire.ends for wire in wires])
        check_graph(graph, resolved, ends, apart, turn)
        # A wire whose ends do not go together says nothing of rates.
        counts = firings(graph, [wire.ends for wire in wires if wire.fits], apart)
        faulty = apart.faulty_edges()
        sound = tuple([wire.ends for wire in wires if wire.info.type and wire.path not in faulty])
        often = {prefix + name: count for name, count in counts.items() if name}
        return _GraphWires(resolved, sound, {wire.path: wire.info for wire in wires}, often, apart.noted())

    found = turn.recall("wires", (graph, *known.values()), find)
    notes.join(found.noted)
    return found


def _check_wires(graph: Graph, ports: Ports, notes: Notes, turn: Turn) -> Sequence[_Wire]:
    """Check each wire of a graph by itself; `ports` are by block where known, the graph's own under the empty name."""
    edges, port = graph.edges, ports.get
    columns = edges, [port(edge.source.node) for edge in edges], [port(edge.target.node) for edge in edges]

    made: dict[int, _Wire] = {}

    def make(number: int) -> _Wire:
        made[number] = _check_wire(graph, edges[number], ports, notes.apart())
        return made[number]

    wires = turn.each(("wires", graph.name, graph.execution), columns, make)
    if all(map(attrgetter("lasts"), wires)):
        return wires
    # What was made just now holds; what was kept may not.
    anew = [wire if wire.lasts or number in made else make(number) for number, wire in enumerate(wires)]
    for wire in anew:
        notes.join(wire.noted)
    return anew


def _check_wire(graph: Graph, edge: Edge, ports: Ports, notes: Notes) -> _Wire:
    wire = resolve(graph, edge, ports, notes)
    source, target = (end.type if end else None for end in (wire.source, wire.target))
    faults = [type_fault(edge, source, target) if source and target else None]
    faults.append(initial_fault(graph, edge, source))
    for fault in faults:
        if fault:
            notes.edge(graph.name, edge, fault)
    fit = source is not None and target is not None and joins(edge.rate, source, target)
    return _Wire(f"{graph.name}/{edge.id}", wire, EdgeInfo(source if fit else None, True), notes.noted())


def _check_unify(project: Project, notes: Notes) -> None:
    for graph in project.graphs.values():
        if not graph.unify and graph.execution == "dataflow":
            message = "`unify: false` has no effect in a dataflow graph; its interfaces are unified"
            hint = "a re-layout between blocks is made only with execution: sequential"
            fault = Diagnostic("layout", message, hint=hint, severity="warning", about=("no unify",))
            notes.graph(graph.name, fault, "unify")


def _edge_infos(wires: Iterable[_GraphWires], relayouts: set[str], notes: Notes) -> dict[str, EdgeInfo]:
    infos: dict[str, EdgeInfo] = {}
    for found in wires:
        infos |= found.infos
    for path in relayouts:
        infos[path] = replace(infos[path], relayout=True)
    for path, diagnostics in notes.by_edge().items():
        infos[path] = replace(infos[path], ok=not has_errors(diagnostics), diagnostics=diagnostics)
    return infos

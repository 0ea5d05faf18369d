"""Checking a design: kernels, structure, types, layouts. A user's faults become diagnostics, never exceptions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace

from allo_studio.design.check_constants import Arrays, check_constants, check_readers
from allo_studio.design.check_initial import initial_fault
from allo_studio.design.check_ip import BlockLookup, check_ip
from allo_studio.design.check_kernels import KernelResult, check_kernels
from allo_studio.design.check_layouts import unify_layouts
from allo_studio.design.check_notes import Notes, SpanLookup
from allo_studio.design.check_sizes import note_sizes
from allo_studio.design.check_structure import ResolvedEdge, check_graph, check_hierarchy
from allo_studio.design.check_types import type_fault
from allo_studio.design.checked import CheckedDesign, EdgeInfo, PortInfo
from allo_studio.design.constants import PORT, Constant
from allo_studio.design.edit_base import did_you_mean, unknown_kind
from allo_studio.design.fixes import with_fixes
from allo_studio.design.instances import check_overrides, specialise
from allo_studio.design.model import ConstantNode, Graph, GraphNode, IpNode, KernelNode, Project, UnknownNode
from allo_studio.design.sizes import alike
from allo_studio.diagnostics import AlloError, Diagnostic, has_errors
from allo_studio.ip.block import IpBlock
from allo_studio.layout import Layout
from allo_studio.source import Source
from allo_studio.types import ArrayType, parse_type

__all__ = ["check"]

Ports = Mapping[str, tuple[PortInfo, ...]]


def check(
    project: Project,
    sources: Callable[[str], Source],
    spans: SpanLookup | None = None,
    arrays: Arrays | None = None,
    blocks: BlockLookup | None = None,
) -> CheckedDesign:
    """Return what is known of a design, with all its faults as diagnostics.

    `sources` reads a kernel file by its path in the project, `arrays` an array by its file's path and its name; both
    raise AlloError. `spans` gives places in the project
    file; leave it out when the project was edited since the file was read. Kernels that did not change since an
    earlier check are not parsed or scheduled again, and nothing is where blocks were only moved. `blocks` reads the
    descriptor of an external block by its path and raises AlloError; without it such blocks cannot be known.
    """

    def anew() -> CheckedDesign:
        return _check(project, sources, spans, arrays, blocks)

    return _moved.checked(project, sources, spans, anew)


def _check(
    project: Project,
    sources: Callable[[str], Source],
    spans: SpanLookup | None,
    arrays: Arrays | None,
    blocks: BlockLookup | None,
) -> CheckedDesign:
    instances = specialise(project)
    drawn, project = project, instances.project
    notes = Notes(project, spans, instances.drawn)
    walkable = check_hierarchy(project, notes)
    check_overrides(drawn, instances, notes)
    signatures = {graph.name: _signature(graph, notes) for graph in project.graphs.values()}
    kernels = check_kernels(project, sources, notes)
    constants = check_constants(project, arrays, notes)
    external = check_ip(project, blocks, notes)
    ports = _block_ports(project, kernels, external, signatures, notes)
    ports |= {path: (_constant_port(constant),) for path, constant in constants.items()}
    wires = {graph.name: _check_wires(graph, ports, signatures, notes) for graph in project.graphs.values()}
    if walkable:
        note_sizes(project, ports, signatures, wires, constants, notes)
    sound = {name: [w for w in found if _is_sound(name, w, notes)] for name, found in wires.items()}
    layouts: dict[str, Layout] = {}
    relayouts: set[tuple[str, int]] = set()
    if walkable:
        check_readers(project, notes)
        layouts, relayouts = unify_layouts(project, kernels, sound, notes, external)
    _check_unify(project, notes)
    return with_fixes(
        CheckedDesign(
            project=drawn,
            expanded=None if project is drawn else project,
            diagnostics=instances.told(notes.sorted()),
            kernels={path: result.kernel for path, result in kernels.items()},
            external=external,
            ports=ports,
            edges=_edge_infos(wires, relayouts, notes),
            signatures=signatures,
            layouts=layouts,
            constants=constants,
        )
    )


def _constant_port(constant: Constant) -> PortInfo:
    return PortInfo(PORT, "out", constant.type, Layout.plain(len(constant.type.shape)))


class _Moved:
    """The last check: where only the view is another, as after most edits, what it found holds still."""

    def __init__(self) -> None:
        self._last: tuple[CheckedDesign, SpanLookup | None, dict[str, Source]] | None = None

    def checked(
        self,
        project: Project,
        sources: Callable[[str], Source],
        spans: SpanLookup | None,
        anew: Callable[[], CheckedDesign],
    ) -> CheckedDesign:
        """Return what is known of a design. Checks may run in several threads: the last is read and put whole."""
        if _names_other_files(project):
            return anew()
        try:
            texts = {path: sources(path) for path in _paths(project)}
        except AlloError:
            # A file that cannot be read is told with its block.
            return anew()
        if self._last is not None:
            known, places, read = self._last
            # Values that are equal may differ in type, as 4 and 4.0 do: an edit leaves what it is not about as it is.
            rest = [field.name for field in fields(Project) if field.name != "view"]
            same = all(getattr(known.project, name) is getattr(project, name) for name in rest) and read == texts
            # The places of faults are those of the file as it was read.
            if same and (places is spans or not known.diagnostics):
                return replace(known, project=project)
        found = anew()
        self._last = found, spans, texts
        return found


_moved = _Moved()


def _paths(project: Project) -> set[str]:
    nodes = (node for graph in project.graphs.values() for node in graph.nodes.values())
    return {node.path for node in nodes if isinstance(node, KernelNode)}


def _names_other_files(project: Project) -> bool:
    """Tell whether blocks depend on more than kernels."""
    nodes = (node for graph in project.graphs.values() for node in graph.nodes.values())
    return any(isinstance(node, ConstantNode | IpNode) for node in nodes)


def _signature(graph: Graph, notes: Notes) -> tuple[PortInfo, ...]:
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
    signatures: Ports,
    notes: Notes,
) -> dict[str, tuple[PortInfo, ...]]:
    """Return the ports of each block whose ports can be known; unknown graphs and kinds are noted."""
    ports = {path: result.ports for path, result in kernels.items() if result.kernel.base}
    ports |= {
        path: tuple(PortInfo(p.name, p.direction, p.type, p.layout) for p in block.ports)
        for path, block in external.items()
    }
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


def _check_wires(graph: Graph, ports: Ports, signatures: Ports, notes: Notes) -> list[ResolvedEdge]:
    inside = {name: ports[f"{graph.name}/{name}"] for name in graph.nodes if f"{graph.name}/{name}" in ports}
    wires = check_graph(graph, {**inside, "": signatures[graph.name]}, notes)
    for wire in wires:
        if wire.source and wire.target and wire.source.type and wire.target.type:
            fault = type_fault(wire.edge, wire.source.type, wire.target.type)
            if fault:
                notes.edge(graph.name, wire.index, fault)
        fault = initial_fault(graph, wire.edge, wire.source.type if wire.source else None)
        if fault:
            notes.edge(graph.name, wire.index, fault)
    return wires


def _is_sound(graph: str, wire: ResolvedEdge, notes: Notes) -> bool:
    known = wire.source and wire.target and wire.source.type and wire.target.type
    return bool(known) and not has_errors(notes.of_edge(graph, wire.edge.id))


def _check_unify(project: Project, notes: Notes) -> None:
    for graph in project.graphs.values():
        if not graph.unify and graph.execution == "dataflow":
            message = "`unify: false` has no effect in a dataflow graph; its interfaces are unified"
            hint = "a re-layout between blocks is made only with execution: sequential"
            fault = Diagnostic("layout", message, hint=hint, severity="warning", about=("no unify",))
            notes.graph(graph.name, fault, "unify")


def _edge_infos(
    wires: Mapping[str, list[ResolvedEdge]], relayouts: set[tuple[str, int]], notes: Notes
) -> dict[str, EdgeInfo]:
    infos: dict[str, EdgeInfo] = {}
    for graph, found in wires.items():
        for wire in found:
            source, target = (end.type if end else None for end in (wire.source, wire.target))
            diagnostics = notes.of_edge(graph, wire.edge.id)
            copied = (graph, wire.index) in relayouts
            info = EdgeInfo(source if alike(source, target) else None, not has_errors(diagnostics), diagnostics, copied)
            infos.setdefault(f"{graph}/{wire.edge.id}", info)
    return infos

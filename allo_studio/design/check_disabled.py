"""Disabled blocks: they and their wires are left out before anything is checked or built.

This is the one place that does so. A block that is bypassed is replaced by a wire from its one input to its one output.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from allo_studio.design.check_constants import check_constants
from allo_studio.design.check_files import Answers
from allo_studio.design.check_ip import check_ip
from allo_studio.design.check_kernels import check_kernels
from allo_studio.design.check_notes import Notes, SpanLookup
from allo_studio.design.checked import CheckedKernel, EdgeInfo, PortInfo
from allo_studio.design.constants import PORT, Constant
from allo_studio.design.instances import opened, with_params
from allo_studio.design.kept import Turn
from allo_studio.design.model import Edge, Endpoint, Graph, GraphNode, Node, ParamValue, Project
from allo_studio.diagnostics import Diagnostic
from allo_studio.source import Span
from allo_studio.types import parse_type

__all__ = ["LeftOut", "disabled_at", "leave_out"]

# No graph of a file has such a name.
_APART = "\0disabled"
# What a fault is about that a disabled block may be the reason of.
_LACKS = ("not connected", "not fed", "not used", "not read")
# Where a block is bypassed: its input and its output, or why it cannot be.
_Way = tuple[str, str] | str


@dataclass(frozen=True)
class LeftOut:
    """A project without its disabled blocks, and what is known of these: their kernels, constants and ports, by block.

    `numbers` gives, for graphs that lack something, the number of each wire among those of the graph as drawn; a wire
    around a block that is bypassed has that of the block's output. `faults` are of blocks: graph, name, what is wrong.
    """

    drawn: Project
    project: Project
    kernels: Mapping[str, CheckedKernel] = field(default_factory=dict)
    constants: Mapping[str, Constant] = field(default_factory=dict)
    ports: Mapping[str, tuple[PortInfo, ...]] = field(default_factory=dict)
    numbers: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    faults: tuple[tuple[str, str, Diagnostic], ...] = ()

    def spans(self, spans: SpanLookup | None) -> SpanLookup | None:
        """Return a look-up for places of what is left, in the file of the project as drawn."""
        if spans is None or not self.numbers:
            return spans

        def look_up(path: tuple[str | int, ...]) -> Span | None:
            if len(path) >= 4 and path[0] == "graphs" and path[2] == "edges" and path[1] in self.numbers:
                number = self.numbers[str(path[1])][int(path[3])]
                path = (*path[:3], number, *path[4:])
            return spans(path)

        return look_up

    def wires(self) -> dict[str, str]:
        """Return the path of the drawn wire that each wire around a bypassed block stands for."""
        found = {}
        for name, numbers in self.numbers.items():
            drawn = self.drawn.graphs[name].edges
            for edge, number in zip(self.project.graphs[name].edges, numbers, strict=True):
                if edge.id != drawn[number].id:
                    found[f"{name}/{edge.id}"] = f"{name}/{drawn[number].id}"
        return found

    def edges(self, known: Mapping[str, EdgeInfo]) -> Mapping[str, EdgeInfo]:
        """Return what is known of wires, by path, with those as drawn that are left out or that others stand for."""
        if not self.numbers:
            return known
        drawn = (f"{name}/{edge.id}" for name in self.numbers for edge in self.drawn.graphs[name].edges)
        found = {**dict.fromkeys(drawn, EdgeInfo(None, False)), **known}
        for path, wire in self.wires().items():
            told = tuple(replace(d, where=wire) for d in known[path].diagnostics)
            found[wire] = replace(known[path], diagnostics=told)
        return found

    def hinted(self, diagnostic: Diagnostic, drawn: Callable[[str], str]) -> Diagnostic:
        """Return a fault that names the disabled blocks that may be its reason; `drawn` is as in `Notes`."""
        if not self.numbers or not diagnostic.about or diagnostic.about[0] not in _LACKS:
            return diagnostic
        name, _, node = diagnostic.where.partition("/")
        graph = self.drawn.graphs.get(drawn(name.partition(".")[0]))
        blocks = disabled_at(graph, Endpoint(node, str(diagnostic.about[1]))) if graph else []
        if not blocks:
            return diagnostic
        hint = f"{', '.join(blocks)} {'is' if len(blocks) == 1 else 'are'} disabled; enable it"
        return replace(diagnostic, hint=f"{hint}, or {diagnostic.hint}" if diagnostic.hint else hint)


def disabled_at(graph: Graph, end: Endpoint) -> list[str]:
    """Return the disabled blocks at the other ends of an end's wires."""
    wires = [e.target if e.source == end else e.source for e in graph.edges if end in (e.source, e.target)]
    found = (other.node for other in wires if other.node in graph.nodes and graph.nodes[other.node].disabled)
    return list(dict.fromkeys(found))


def leave_out(project: Project, answers: Answers, turn: Turn) -> LeftOut:
    """Return the project without what is disabled; the project itself where nothing is.

    Graphs that a turn made before of the same are the same values.
    """
    without = {g.name: g for g in project.graphs.values() if any(node.disabled for node in g.nodes.values())}
    if not without:
        return LeftOut(project, project)
    kernels, constants, ports = _known(project, without.values(), answers, turn)
    graphs, numbers, faults = dict(project.graphs), {}, []
    for name, graph in without.items():
        ways: dict[str, _Way] = {}
        for block, node in graph.nodes.items():
            if node.disabled == "bypass":
                ways[block] = _way(ports.get(f"{name}/{block}"))
        faults += [(name, block, _no_way(block, way)) for block, way in ways.items() if isinstance(way, str)]
        made = turn.recall(("enabled", repr(ways)), (graph,), partial(_enabled, graph, ways))
        graphs[name], numbers[name] = made
    return LeftOut(project, replace(project, graphs=graphs), kernels, constants, ports, numbers, tuple(faults))


def _known(
    project: Project, graphs: Iterable[Graph], answers: Answers, turn: Turn
) -> tuple[dict[str, CheckedKernel], dict[str, Constant], dict[str, tuple[PortInfo, ...]]]:
    """Return what is known of disabled blocks, by path; their faults are told to nobody."""
    apart = {
        graph.name + _APART: Graph(
            graph.name + _APART, nodes={n: node for n, node in opened(graph, {}, {}).items() if node.disabled}
        )
        for graph in graphs
    }
    alone = replace(project, graphs=apart)
    notes = Notes(alone, None)
    results = check_kernels(alone, answers.source, notes, turn)
    constants = check_constants(alone, answers.array, notes, turn)
    ports = {path: result.ports for path, result in results.items() if result.kernel.base}
    ports |= {
        path: tuple(PortInfo(p.name, p.direction, p.type, p.layout) for p in block.ports)
        for path, block in check_ip(alone, answers.block, notes).items()
    }
    ports |= {path: (PortInfo(PORT, "out", constant.type),) for path, constant in constants.items()}
    for graph in apart.values():
        for name, node in graph.nodes.items():
            if isinstance(node, GraphNode) and node.graph in project.graphs:
                ports[f"{graph.name}/{name}"] = _signature(project.graphs[node.graph], node.params)
    kernels = {path.replace(_APART, ""): result.kernel for path, result in results.items()}
    return (
        kernels,
        {path.replace(_APART, ""): constant for path, constant in constants.items()},
        {path.replace(_APART, ""): found for path, found in ports.items()},
    )


def _signature(graph: Graph, params: Mapping[str, ParamValue]) -> tuple[PortInfo, ...]:
    """Return the ports of an instance of a graph, of unknown type where their texts are faulty."""
    values, found = {**graph.params, **params}, []
    for name, text in (*graph.inputs.items(), *graph.outputs.items()):
        try:
            kind = parse_type(with_params(text, values))
        except ValueError:
            kind = None
        found.append(PortInfo(name, "in" if name in graph.inputs else "out", kind))
    return tuple(found)


def _way(ports: tuple[PortInfo, ...] | None) -> _Way:
    if ports is None:
        return "its ports cannot be known"
    ins, outs = ([port for port in ports if port.direction == side] for side in ("in", "out"))
    if len(ins) != 1 or len(outs) != 1:
        counts = f"{len(ins)} input{'s' * (len(ins) != 1)} and {len(outs)} output{'s' * (len(outs) != 1)}"
        return f"it has {counts}, not one of each"
    one, other = ins[0].type, outs[0].type
    if one is None or other is None or one.named(()) != other.named(()):
        return f"its input is {one or 'unknown'} and its output {other or 'unknown'}"
    return ins[0].name, outs[0].name


def _no_way(block: str, reason: str) -> Diagnostic:
    message = f"{block} cannot be bypassed: {reason}"
    hint = "enable it, or disable it without a bypass; a block can be bypassed from one input to an output of its type"
    return Diagnostic("structure", message, hint=hint, about=("bypass",))


def _enabled(graph: Graph, ways: Mapping[str, _Way]) -> tuple[Graph, tuple[int, ...]]:
    """Return a graph without its disabled blocks, and the numbers of its wires in the graph as drawn."""
    wires = list(enumerate(graph.edges))
    for block, way in ways.items():
        if isinstance(way, tuple):
            wires = _around(wires, Endpoint(block, way[0]), Endpoint(block, way[1]))
    nodes: dict[str, Node] = {name: node for name, node in graph.nodes.items() if not node.disabled}
    off = graph.nodes.keys() - nodes.keys()
    kept = [(number, edge) for number, edge in wires if not {edge.source.node, edge.target.node} & off]
    return replace(graph, nodes=nodes, edges=tuple(edge for _, edge in kept)), tuple(number for number, _ in kept)


def _around(wires: list[tuple[int, Edge]], entry: Endpoint, exit_: Endpoint) -> list[tuple[int, Edge]]:
    """Return wires with those that leave a block joined to those that come to it."""
    entering = [edge for _, edge in wires if edge.target == entry and edge.source.node != entry.node]
    found = []
    for number, edge in wires:
        if edge.source == exit_ and edge.target.node != entry.node:
            found += [(number, _joined(before, edge)) for before in entering]
        elif entry.node not in (edge.source.node, edge.target.node):
            found.append((number, edge))
    return found


def _joined(before: Edge, after: Edge) -> Edge:
    """Return one wire in the place of two in a row; what is asked of the second counts."""
    return Edge(
        before.source,
        after.target,
        after.channel or before.channel,
        after.depth if after.channel or after.depth else before.depth,
        (*after.initial, *before.initial),
        after.rate or before.rate,
    )

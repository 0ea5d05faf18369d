"""Random edits of all kinds of a project, most of which apply and some of which break it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from allo_studio.design import edits
from allo_studio.design.checked import CheckedDesign
from allo_studio.design.collapsing import collapsing
from allo_studio.design.edit_base import Edit
from allo_studio.design.fixes import fixes_for
from allo_studio.design.model import Edge, Endpoint, Graph, GraphNode, KernelNode, Override, Project, StepSpec
from allo_studio.source import Source

__all__ = ["random_edit"]


Sources = Callable[[str], Source]


def random_edit(draw: random.Random, project: Project, design: CheckedDesign, sources: Sources) -> Edit:
    """Return an edit of a project, whose check read `sources` and gave `design`; it may be refused. Raises no error."""
    while True:
        try:
            if draw.randrange(len(_KINDS) + 1) == 0:
                return _collapse(draw, project, design, sources)
            return draw.choice(_KINDS)(draw, project, design)
        except LookupError:
            # There is nothing of the kind that this edit is about.
            continue


def _graph(draw: random.Random, project: Project) -> Graph:
    return draw.choice([graph for graph in project.graphs.values() if graph.nodes])


def _node(draw: random.Random, graph: Graph, kind: type = object) -> str:
    return draw.choice([name for name, node in graph.nodes.items() if isinstance(node, kind)])


def _wire(draw: random.Random, graph: Graph) -> Edge:
    return draw.choice(graph.edges)


def _end(draw: random.Random, graph: Graph, design: CheckedDesign) -> Endpoint:
    known = [Endpoint(name, port.name) for name in graph.nodes for port in design.shown_ports(graph.name, name)]
    known += [Endpoint("", port) for port in (*graph.inputs, *graph.outputs)]
    return draw.choice([*known, Endpoint(_node(draw, graph), "nothing")])


def _param(draw: random.Random, project: Project, _: CheckedDesign) -> Edit:
    graph = _graph(draw, project)
    name = _node(draw, graph, KernelNode)
    return edits.SetParam(graph.name, name, draw.choice("NMKRC"), draw.choice([2, 4, 8, 8.0, 16, None]))


def _step(draw: random.Random, project: Project, _: CheckedDesign) -> Edit:
    name = draw.choice(list(project.schedules))
    steps = project.schedules[name]
    step = draw.choice(
        [
            StepSpec("partition", {"buffer": draw.choice("ABCXYxy"), "kind": "cyclic", "dim": 1, "factor": 2}),
            StepSpec("partition", {"buffer": draw.choice("ABCXYxy"), "kind": "block", "dim": 1, "factor": 4}),
            StepSpec("unroll", {"axis": draw.choice("ijk"), "factor": 2}),
            StepSpec("pipeline", {"axis": draw.choice("ijk"), "initiation_interval": 2}),
            StepSpec("dataflow", {}),
        ]
    )
    index = draw.randrange(len(steps) + 1)
    choices: list[Edit] = [edits.AddStep(name, step, index)]
    if steps:
        last = draw.randrange(len(steps))
        choices += [
            edits.RemoveStep(name, last),
            edits.MoveStep(name, last, draw.randrange(len(steps))),
            edits.ReplaceStep(name, last, step),
            edits.DisableStep(name, last, not steps[last].disabled),
        ]
    return draw.choice(choices)


def _schedule(draw: random.Random, project: Project, _: CheckedDesign) -> Edit:
    graph = _graph(draw, project)
    name = _node(draw, graph, KernelNode)
    known = draw.choice([None, *project.schedules])
    made = f"s{draw.randrange(10)}"
    return draw.choice(
        [
            edits.SetSchedule(graph.name, name, known),
            edits.AddSchedule(made, (), graph.name, name),
            edits.ForkSchedule(graph.name, name, made),
            edits.RenameSchedule(draw.choice(list(project.schedules)), made),
        ]
    )


def _move(draw: random.Random, project: Project, _: CheckedDesign) -> Edit:
    graph = _graph(draw, project)
    return edits.MoveNodes(graph.name, {_node(draw, graph): (draw.random(), 0.0)})


def _name(draw: random.Random, project: Project, _: CheckedDesign) -> Edit:
    graph = _graph(draw, project)
    new = draw.choice(["a", "b", "c"]) + str(draw.randrange(5))
    port = draw.choice([*graph.inputs, *graph.outputs])
    return draw.choice(
        [
            edits.RenameNode(graph.name, _node(draw, graph), new),
            edits.RenameGraphPort(graph.name, port, new),
            edits.RenameGraph(graph.name, new),
        ]
    )


def _connect(draw: random.Random, project: Project, design: CheckedDesign) -> Edit:
    graph = _graph(draw, project)
    wire, one, two = _wire(draw, graph), _end(draw, graph, design), _end(draw, graph, design)
    return draw.choice(
        [
            edits.Connect(graph.name, one, two, replace_producer=draw.random() < 0.5),
            edits.Disconnect(graph.name, wire.id),
            edits.Reroute(graph.name, wire.id, source=one),
            edits.Reroute(graph.name, wire.id, target=two),
        ]
    )


def _channel(draw: random.Random, project: Project, _: CheckedDesign) -> Edit:
    graph = _graph(draw, project)
    wire = _wire(draw, graph)
    return draw.choice(
        [
            edits.SetChannel(graph.name, wire.id, draw.choice([None, "fifo", "pingpong", "shared"])),
            edits.SetChannel(graph.name, wire.id, "fifo", draw.randrange(1, 9)),
            edits.SetInitial(graph.name, wire.id, draw.choice([(), (0,), (1, 2, 3, 4), (0.5,)])),
        ]
    )


def _rate(draw: random.Random, project: Project, _: CheckedDesign) -> Edit:
    graph = _graph(draw, project)
    # Most wires are plain: that another one has a rate is a fault most of the time, and that it has none, too.
    rated = [edge for edge in graph.edges if edge.rate]
    wire = draw.choice(rated) if rated and draw.random() < 0.5 else _wire(draw, graph)
    return edits.SetRate(graph.name, wire.id, draw.choice([None, "rows", "held"]))


def _blocks(draw: random.Random, project: Project, _: CheckedDesign) -> Edit:
    graph = _graph(draw, project)
    name, other = _node(draw, graph), _node(draw, graph)
    # A copy, as what the window makes, too, is no value that is there already.
    node = replace(graph.nodes[name])
    return draw.choice(
        [
            edits.AddNode(graph.name, f"n{draw.randrange(9)}", node),
            edits.SetNode(graph.name, other, node),
            edits.RemoveNodes(graph.name, (name,)),
            edits.DuplicateNodes(graph.name, tuple(dict.fromkeys((name, other)))),
        ]
    )


def _collapse(draw: random.Random, project: Project, design: CheckedDesign, sources: Sources) -> Edit:
    graph = _graph(draw, project)
    chosen = tuple(dict.fromkeys((_node(draw, graph), _node(draw, graph))))
    return collapsing(design, sources, graph.name, chosen, f"g{draw.randrange(9)}")


def _insert(draw: random.Random, project: Project, _: CheckedDesign) -> Edit:
    graph = _graph(draw, project)
    node = replace(graph.nodes[_node(draw, graph, KernelNode)])
    assert isinstance(node, KernelNode)
    return edits.InsertBlock(
        graph.name, "between", node, draw.choice("XAx"), {_wire(draw, graph).id: draw.choice("YCy")}
    )


def _expand(draw: random.Random, project: Project, _: CheckedDesign) -> Edit:
    graph = _graph(draw, project)
    return edits.ExpandNode(graph.name, _node(draw, graph, GraphNode))


def _instance(draw: random.Random, project: Project, _: CheckedDesign) -> Edit:
    graph = _graph(draw, project)
    name = _node(draw, graph, GraphNode)
    held = graph.nodes[name]
    assert isinstance(held, GraphNode)
    inner = project.graphs[held.graph]
    override = Override({draw.choice("NM"): draw.choice([4, 8, 16])}, draw.choice(["", *project.schedules]))
    return draw.choice(
        [
            edits.SetInside(graph.name, name, _node(draw, inner), draw.choice([override, override, None])),
            edits.SetGraphParam(inner.name, draw.choice([*inner.params, "N"]), draw.choice([4, 8, None])),
            edits.SetParam(graph.name, name, draw.choice([*inner.params, "N"]), draw.choice([4, 8, None])),
            edits.AddNode(graph.name, f"i{draw.randrange(9)}", replace(held)),
        ]
    )


def _ports(draw: random.Random, project: Project, _: CheckedDesign) -> Edit:
    graph = _graph(draw, project)
    ports = {**graph.inputs, **graph.outputs}
    name = draw.choice(list(ports))
    types = [*ports.values(), "int32[4]", "nonsense"]
    return draw.choice(
        [
            edits.SetGraphPortType(graph.name, name, draw.choice(types)),
            edits.AddGraphPort(graph.name, f"p{draw.randrange(5)}", draw.choice(["in", "out"]), draw.choice(types)),
            edits.RemoveGraphPort(graph.name, name),
        ]
    )


def _settings(draw: random.Random, project: Project, _: CheckedDesign) -> Edit:
    graph = draw.choice(list(project.graphs.values()))
    return draw.choice(
        [
            edits.SetExecution(graph.name, draw.choice(["dataflow", "sequential"])),
            edits.SetUnify(graph.name, draw.random() < 0.5),
            edits.SetTop(graph.name),
            edits.SetTarget(replace(project.target, clock_ns=draw.choice([3.33, 5.0]))),
            edits.SetTarget(replace(project.target, fifo_margin=draw.randrange(3))),
            edits.SetTarget(replace(project.target, interface=draw.choice(["ip", "kernel", "stream"]))),
        ]
    )


def _fix(_draw: random.Random, _project: Project, design: CheckedDesign) -> Edit:
    """A fault's fix, which brings what is wrong in order again."""
    found = [fix for fault in design.diagnostics[:5] for fix in fixes_for(design, fault)]
    return _draw.choice(found).edit


Kind = Callable[[random.Random, Project, CheckedDesign], Edit]
_KINDS: list[Kind] = [
    _param,
    _step,
    _step,
    _schedule,
    _move,
    _name,
    _connect,
    _channel,
    _channel,
    _rate,
    _blocks,
    _insert,
    _expand,
    _instance,
    _ports,
    _settings,
    _fix,
    _fix,
]

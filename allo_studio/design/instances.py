"""Instances of graphs that differ: each gets a graph of its own, so that all later stages know plain graphs only.

A graph block sets its graph's parameters (`params`), and parameters and schedules of blocks inside (`inside`, by path).
Nothing is made for designs that use neither. A graph made for an instance is called like `head@2`, which no file can
say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from allo_studio.design.blocks import is_generated
from allo_studio.design.check_notes import Notes
from allo_studio.design.edit_base import did_you_mean
from allo_studio.design.kept import Turn
from allo_studio.design.model import ConstantNode, Graph, GraphNode, KernelNode, Node, Override, ParamValue, Project
from allo_studio.diagnostics import Diagnostic
from allo_studio.source import Span

__all__ = [
    "MOST_MADE",
    "Instances",
    "check_overrides",
    "instance_settings",
    "opened",
    "specialise",
    "used_params",
    "with_params",
]

# More graphs than these are a slip: instances that multiply at each level.
MOST_MADE = 2000
_WORD = re.compile(r"[A-Za-z_]\w*")
_MADE = re.compile(r"\b([A-Za-z_]\w*)@\d+")

Params = Mapping[str, ParamValue]
Inside = Mapping[str, Override]


@dataclass(frozen=True)
class Instances:
    """A project in which instances that differ have graphs of their own; `owners` says whose each of these is.

    `owners` maps the name of a graph that was made to the block that it is for (`cascade/left`), `values` to the values
    of its parameters.
    """

    project: Project
    owners: Mapping[str, str] = field(default_factory=dict)
    overflow: bool = False
    values: Mapping[str, Params] = field(default_factory=dict)

    def drawn(self, graph: str) -> str:
        """Return the graph of the project file that a graph is an instance of."""
        return graph.partition("@")[0] if graph in self.owners else graph

    def told(self, diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
        """Return diagnostics at the places of the project as drawn; what instances of a graph share is told once."""
        found: dict[tuple[str, str, str, Span | None], Diagnostic] = {}
        for diagnostic in diagnostics:
            name = re.split(r"[/.#]", diagnostic.where, maxsplit=1)[0]
            plain = _as_drawn(diagnostic) if self.owners else diagnostic
            key = plain.code, plain.where, plain.message, plain.span
            if name not in self.owners:
                found[key] = plain
            elif key not in found:
                # What would mend the graph as drawn need not mend this instance.
                owner = self.owners[name]
                found[key] = replace(plain, message=f"in {owner}: {plain.message}", about=("instance", owner), fixes=())
        return tuple(found.values())


def specialise(project: Project, turn: Turn | None = None) -> Instances:
    """Return the project with a graph for each instance that differs; the project itself where none does.

    Graphs and blocks that a turn made before of the same are the same values.
    """
    blocks = [node for graph in project.graphs.values() for node in graph.nodes.values()]
    plain = not any(isinstance(node, GraphNode) and (node.params or node.inside) for node in blocks)
    if plain and not any(graph.params for graph in project.graphs.values()):
        return Instances(project)
    maker = _Maker(project, turn or Turn())
    for graph in project.graphs.values():
        maker.graphs[graph.name] = maker.instance(graph, graph.name, {}, {}, (graph.name,))
    return Instances(replace(project, graphs=maker.graphs), maker.owners, maker.overflow, maker.values)


def check_overrides(project: Project, instances: Instances, notes: Notes) -> None:
    """Note graph blocks that set what is not there."""
    if instances.overflow:
        message = f"the instances of graphs need more than {MOST_MADE} graphs of their own"
        notes.graph(project.top, Diagnostic("structure", message, hint="let fewer instances differ"))
    for graph in project.graphs.values():
        for name, node in graph.nodes.items():
            if isinstance(node, GraphNode) and node.graph in project.graphs:
                for path, fault in _wrong(project, node):
                    notes.node(graph.name, name, fault, *path)


def _wrong(project: Project, node: GraphNode) -> Iterator[tuple[tuple[str, ...], Diagnostic]]:
    known = project.graphs[node.graph].params
    for param in node.params:
        if param not in known:
            message = f"graph {node.graph} has no parameter {param!r}"
            yield ("params", param), Diagnostic("structure", message, hint=did_you_mean(param, known))
    for path, override in node.inside.items():
        found, reason, hint = _inner(project, node.graph, path)
        if found is None:
            yield ("inside", path), Diagnostic("structure", reason, hint=hint)
        elif isinstance(found, GraphNode) and override.schedule:
            message = f"block {path!r} is a graph and has no schedule"
            yield ("inside", path), Diagnostic("structure", message, hint=f"name a block in it: {path}/BLOCK")
        elif isinstance(found, ConstantNode) or not isinstance(found, KernelNode | GraphNode):
            message = f"block {path!r} has neither parameters nor a schedule"
            yield ("inside", path), Diagnostic("structure", message, hint="name a kernel block or a graph block")


def _inner(project: Project, graph: str, path: str) -> tuple[Node | None, str, str]:
    """Return the block at a path inside a graph, or None with why there is none and what to do."""
    node: Node | None = None
    for name in path.split("/"):
        if graph not in project.graphs:
            return None, f"{name!r} in {path!r} is in no graph", "name blocks from the outside in, as in left/product"
        nodes = project.graphs[graph].nodes
        if name not in nodes:
            return None, f"graph {graph} has no block {name!r}", did_you_mean(name, nodes)
        node = nodes[name]
        graph = node.graph if isinstance(node, GraphNode) else ""
    return node, "", ""


class _Maker:
    def __init__(self, project: Project, turn: Turn) -> None:
        self.project = project
        self.turn = turn
        self.graphs: dict[str, Graph] = {}
        self.owners: dict[str, str] = {}
        self.values: dict[str, Params] = {}
        self.overflow = False
        self._made: dict[str, str] = {}

    def instance(self, graph: Graph, name: str, params: Params, inside: Inside, trail: tuple[str, ...]) -> Graph:
        """Return a graph with its parameters and its blocks' set; `trail` are the graphs that it is in."""
        values = {**graph.params, **params}
        known = repr(values)
        nodes: dict[str, Node] = {}
        for block, node in graph.nodes.items():
            if node.disabled:
                # No graph is made for what is left out.
                nodes[block] = node
            elif isinstance(node, GraphNode):
                nodes[block] = self._graph_node(graph, block, node, values, inside, trail)
            elif values or block in inside:
                make = partial(_with_settings, block, node, values, inside)
                nodes[block] = self.turn.recall(("set", known, repr(inside.get(block))), (node,), make)
            else:
                nodes[block] = node
        if not values and name == graph.name and all(nodes[block] is node for block, node in graph.nodes.items()):
            return graph
        whole = partial(_with_nodes, graph, name, values, nodes)
        return self.turn.recall(("instance", name, known), (graph, *nodes.values()), whole)

    def _graph_node(
        self, graph: Graph, name: str, node: GraphNode, values: Params, inside: Inside, trail: tuple[str, ...]
    ) -> GraphNode:
        made = _with_settings(name, node, values, inside)
        assert isinstance(made, GraphNode)
        held = made.graph
        # What contains itself is told by the check of the hierarchy.
        if held not in trail and held in self.project.graphs and (made.params or made.inside):
            held = self._graph(held, made.params, made.inside, f"{graph.name}/{name}", trail)
        if held == node.graph and not (node.params or node.inside):
            return node
        return self.turn.recall(("graph", held), (node,), partial(GraphNode, held))

    def _graph(self, graph: str, params: Params, inside: Inside, owner: str, trail: tuple[str, ...]) -> str:
        """Return the name of the graph of instances with these settings, which is made where there is none yet."""
        key = repr((graph, sorted(params.items()), sorted((p, repr(o)) for p, o in inside.items())))
        if key in self._made:
            return self._made[key]
        if len(self._made) >= MOST_MADE:
            self.overflow = True
            return graph
        name = self._made[key] = f"{graph}@{len(self._made) + 1}"
        self.owners[name] = owner
        self.values[name] = {**self.project.graphs[graph].params, **params}
        self.graphs[name] = self.instance(self.project.graphs[graph], name, params, inside, (*trail, graph))
        return name


def _with_nodes(graph: Graph, name: str, values: Params, nodes: Mapping[str, Node]) -> Graph:
    """Return a graph under a name, with the values of its parameters in its ports, and these blocks."""
    return replace(
        graph,
        name=name,
        params={},
        inputs={port: with_params(text, values) for port, text in graph.inputs.items()},
        outputs={port: with_params(text, values) for port, text in graph.outputs.items()},
        nodes=nodes,
    )


def opened(graph: Graph, params: Params, inside: Inside) -> dict[str, Node]:
    """Return the blocks of a graph with the graph's parameters in place, and with what an instance sets of them."""
    values = {**graph.params, **params}
    return {name: _with_settings(name, node, values, inside) for name, node in graph.nodes.items()}


def _with_settings(name: str, node: Node, values: Params, inside: Inside) -> Node:
    """Return a block with the values of the graph's parameters, and with what is set of it and of blocks in it."""
    own = inside.get(name, Override())
    if isinstance(node, KernelNode):
        path = with_params(node.path, values) if is_generated(node.path) else node.path
        params = {**_set(node.params, values), **own.params}
        return replace(node, path=path, params=params, schedule=own.schedule or node.schedule)
    if isinstance(node, ConstantNode):
        return replace(node, type=with_params(node.type, values))
    if not isinstance(node, GraphNode):
        return node
    here = f"{name}/"
    blocks = {path: replace(o, params=_set(o.params, values)) for path, o in node.inside.items()}
    for path, override in inside.items():
        if path.startswith(here):
            blocks[path.removeprefix(here)] = blocks.get(path.removeprefix(here), Override()).under(override)
    return GraphNode(node.graph, {**_set(node.params, values), **own.params}, blocks, node.disabled)


def instance_settings(node: GraphNode) -> str:
    """Return what an instance sets, in a few words that may follow its graph's name; empty where it sets nothing."""
    params = ", ".join(f"{name} = {value}" for name, value in node.params.items())
    inside = f"{len(node.inside)} set inside" if node.inside else ""
    return "".join(f"  ·  {text}" for text in (params, inside) if text)


def used_params(graph: Graph, nodes: Iterable[Node], texts: Iterable[str]) -> dict[str, ParamValue]:
    """Return the parameters of a graph that some of its blocks, or texts of types, name."""
    words = {word for text in texts for word in _WORD.findall(text)}
    for node in nodes:
        if isinstance(node, KernelNode | GraphNode):
            words |= {value for value in node.params.values() if isinstance(value, str)}
        if isinstance(node, KernelNode) and is_generated(node.path):
            words |= set(_WORD.findall(node.path))
        if isinstance(node, ConstantNode):
            words |= set(_WORD.findall(node.type))
        if isinstance(node, GraphNode):
            words |= {v for o in node.inside.values() for v in o.params.values() if isinstance(v, str)}
    return {name: value for name, value in graph.params.items() if name in words}


def _set(params: Params, values: Params) -> dict[str, ParamValue]:
    """Return parameters of a block with those that are a parameter of the graph around it in its value."""
    return {name: values.get(value, value) if isinstance(value, str) else value for name, value in params.items()}


def with_params(text: str, values: Params) -> str:
    """Return the text of a type with the names of parameters replaced by their values."""
    return _WORD.sub(lambda word: str(values.get(word[0], word[0])), text) if values else text


def _as_drawn(diagnostic: Diagnostic) -> Diagnostic:
    return replace(
        diagnostic,
        where=_MADE.sub(r"\1", diagnostic.where),
        message=_MADE.sub(r"\1", diagnostic.message),
        hint=_MADE.sub(r"\1", diagnostic.hint),
        fixes=tuple(_MADE.sub(r"\1", fix) for fix in diagnostic.fixes),
    )

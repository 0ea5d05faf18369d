"""Edits that make copies of blocks: in the same graph, or from another project by way of a clip.

A clip is a small project of its own: its top graph has the blocks, and beside it are the schedules and graphs that they
use. So whatever can read a project can read a clip.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite

from allo_studio.design.edit_base import Edit, find_graph, find_node, find_schedule, refuse, with_graph
from allo_studio.design.edit_notes import find_note, with_notes
from allo_studio.design.instances import opened
from allo_studio.design.model import Edge, Endpoint, Graph, GraphNode, KernelNode, Node, Note, Project, StepSpec
from allo_studio.design.names import fresh_name

__all__ = ["DuplicateNodes", "PasteNodes", "clip_of"]

Point = tuple[float, float]
_STEP = 40.0


def clip_of(project: Project, graph: str, nodes: Iterable[str], notes: Iterable[str] = ()) -> Project:
    """Return some blocks and notes of a graph with the wires among them, and all schedules and graphs that they use.

    A schedule or graph that the project does not have is left out. Raises AlloError for an unknown graph, block or
    note.
    """
    holder, wanted = find_graph(project, graph), set(nodes)
    written = {name: find_note(project, graph, name) for name in notes}
    for name in sorted(wanted):
        find_node(holder, name)
    # Where they are pasted, the graph's parameters are not known.
    chosen = {name: node for name, node in opened(holder, {}, {}).items() if name in wanted}
    used = _graphs_below(project, chosen.values())
    top = fresh_name("clip", set(used))
    kernels = [n for g in (chosen, *(project.graphs[u].nodes for u in used)) for n in g.values()]
    schedules = {n.schedule for n in kernels if isinstance(n, KernelNode)}
    schedules |= {o.schedule for n in kernels if isinstance(n, GraphNode) for o in n.inside.values()}
    places = {name: place for name, place in project.view.get(graph, {}).items() if name in chosen}
    view = {name: project.view[name] for name in used if name in project.view}
    return Project(
        project.name,
        top=top,
        schedules={name: steps for name, steps in project.schedules.items() if name in schedules},
        graphs={
            top: Graph(top, holder.execution, nodes=chosen, edges=_among(holder, chosen)),
            **{name: project.graphs[name] for name in used},
        },
        view={**({top: places} if places else {}), **view},
        notes={
            **({top: written} if written else {}),
            **{name: project.notes[name] for name in used if name in project.notes},
        },
    )


@dataclass(frozen=True)
class DuplicateNodes(Edit):
    """Add a copy of some blocks and notes of a graph, with the wires among them, `offset` beside them on the canvas."""

    graph: str
    nodes: tuple[str, ...]
    offset: Point = (_STEP, _STEP)
    notes: tuple[str, ...] = ()

    def names(self, project: Project) -> dict[str, str]:
        """Return the names of the copies by those of the blocks; raises AlloError for an unknown block."""
        graph = find_graph(project, self.graph)
        for name in self.nodes:
            find_node(graph, name)
        return _fresh(graph, self.nodes)

    def apply(self, project: Project) -> Project:
        """Return the project with the copies; refused for an unknown block."""
        names, graph = self.names(project), find_graph(project, self.graph)
        nodes = {names[name]: graph.nodes[name] for name in self.nodes}
        places = project.view.get(self.graph, {})
        moved = {names[n]: _beside(places[n], self.offset, self.graph) for n in self.nodes if n in places}
        written = {name: find_note(project, self.graph, name) for name in self.notes}
        changed = _written(project, self.graph, written, self.offset)
        return _added(changed, self.graph, nodes, _renamed(_among(graph, self.nodes), names), moved)

    def note_names(self, project: Project) -> dict[str, str]:
        """Return the ids of the copies of notes by those of the notes."""
        return _fresh_notes(project, self.graph, self.notes)

    def describe(self) -> str:
        """Return the text for the undo menu."""
        return f"Duplicate {_told(self.nodes, self.notes)}"


@dataclass(frozen=True)
class PasteNodes(Edit):
    """Add the blocks and notes of a clip to a graph, and what they use where that is not there yet.

    A schedule or graph of the same name that says the same is used as it is; where it says something else the pasted
    one gets a fresh name. `at` is where the top left corner comes to lie; None puts the blocks beside where they were.
    """

    graph: str
    clip: Project
    at: Point | None = None

    def names(self, project: Project) -> dict[str, str]:
        """Return the names of the pasted blocks by those in the clip; raises AlloError for an unknown graph."""
        return _fresh(find_graph(project, self.graph), self.clip.graphs[self.clip.top].nodes)

    def apply(self, project: Project) -> Project:
        """Return the project with the blocks; refused where a graph would come to contain itself."""
        names = self.names(project)
        clip = self.clip.graphs[self.clip.top]
        written = self.clip.notes.get(clip.name, {})
        if not clip.nodes and not written:
            raise refuse("there are no blocks to paste", self.graph, "copy some blocks first")
        brought = _Brought(project, self.clip)
        if self.graph in _graphs_below(brought.project, map(brought.node, clip.nodes.values())):
            message = f"graph {self.graph!r} would contain itself"
            raise refuse(message, self.graph, f"paste it into a graph that is not part of {self.graph}")
        nodes = {names[name]: brought.node(node) for name, node in clip.nodes.items()}
        # A whole project can be pasted too: the wires of its top's own ports stay behind.
        edges = _renamed(_among(clip, clip.nodes), names)
        places = {n: p for n, p in self.clip.view.get(clip.name, {}).items() if n in names}
        offset = self._offset([*places.values(), *(note.place for note in written.values())])
        moved = {names[n]: _beside(place, offset, self.graph) for n, place in places.items()}
        if not moved and self.at is not None:
            moved = dict.fromkeys(names.values(), self.at)
        changed = _written(brought.project, self.graph, written, offset)
        return _added(changed, self.graph, nodes, edges, moved)

    def note_names(self, project: Project) -> dict[str, str]:
        """Return the ids of the pasted notes by those in the clip."""
        return _fresh_notes(project, self.graph, self.clip.notes.get(self.clip.top, {}))

    def _offset(self, corners: Sequence[Point]) -> Point:
        if self.at is None or not corners:
            return _STEP, _STEP
        return self.at[0] - min(x for x, _ in corners), self.at[1] - min(y for _, y in corners)

    def describe(self) -> str:
        """Return the text for the undo menu."""
        top = self.clip.top
        return f"Paste {_told(list(self.clip.graphs[top].nodes), self.clip.notes.get(top, {}))}"


class _Brought:
    """A project with a clip's schedules and graphs in it, under names that are free or say the same."""

    def __init__(self, project: Project, clip: Project) -> None:
        self.project = project
        self._clip = clip
        self._schedules: dict[str, str] = {}
        self._graphs: dict[str, str] = {}
        for name, steps in clip.schedules.items():
            self._schedules[name] = self._schedule(name, steps)
        below = _graphs_below(clip, clip.graphs[clip.top].nodes.values())
        for name in reversed(below):
            self._graph(name)

    def node(self, node: Node) -> Node:
        """Return a block of the clip with the names that things have in the project."""
        if isinstance(node, GraphNode):
            inside = {
                path: replace(override, schedule=self._schedules.get(override.schedule, override.schedule))
                for path, override in node.inside.items()
            }
            return replace(node, graph=self._graphs.get(node.graph, node.graph), inside=inside)
        if isinstance(node, KernelNode) and node.schedule is not None:
            return replace(node, schedule=self._schedules.get(node.schedule, node.schedule))
        return node

    def _schedule(self, wish: str, steps: tuple[StepSpec, ...]) -> str:
        for name in _wishes(wish, self.project.schedules):
            if self.project.schedules.get(name, steps) == steps:
                self.project = replace(self.project, schedules={**self.project.schedules, name: steps})
                return name
        raise AssertionError("there is always a free name")

    def _graph(self, wish: str) -> None:
        """Bring a graph after those that it contains."""
        graph = self._clip.graphs[wish]
        graph = replace(graph, nodes={name: self.node(node) for name, node in graph.nodes.items()})
        for name in _wishes(wish, self.project.graphs):
            named = replace(graph, name=name)
            known = self.project.graphs.get(name)
            if known is None:
                self.project = with_graph(self.project, named)
                self.project = with_notes(self.project, name, self._clip.notes.get(wish, {}))
                if wish in self._clip.view:
                    view = {**self.project.view, name: self._clip.view[wish]}
                    self.project = replace(self.project, view=view)
            if known in (None, named):
                self._graphs[wish] = name
                return


def _wishes(wish: str, taken: Mapping[str, object]) -> list[str]:
    """Return the names to try: the wish, those made of it that are taken, and one that is free."""
    made = [name for name in taken if name.startswith(f"{wish}_")]
    return [wish, *made, fresh_name(wish, set(taken))]


def _graphs_below(project: Project, nodes: Iterable[Node]) -> list[str]:
    """Return the graphs that blocks are instances of, and those in them, each before what it contains."""
    order: list[str] = []
    opened: set[str] = set()
    stack = [(name, False) for name in _instances(project, nodes)]
    while stack:
        name, closing = stack.pop()
        if closing:
            order.append(name)
        elif name not in opened:
            opened.add(name)
            stack.append((name, True))
            stack += [(inner, False) for inner in _instances(project, project.graphs[name].nodes.values())]
    return order[::-1]


def _instances(project: Project, nodes: Iterable[Node]) -> list[str]:
    return [node.graph for node in nodes if isinstance(node, GraphNode) and node.graph in project.graphs]


def _among(graph: Graph, nodes: Iterable[str]) -> tuple[Edge, ...]:
    inside = set(nodes)
    return tuple(edge for edge in graph.edges if edge.source.node in inside and edge.target.node in inside)


def _renamed(edges: Iterable[Edge], names: Mapping[str, str]) -> tuple[Edge, ...]:
    def follow(end: Endpoint) -> Endpoint:
        return Endpoint(names.get(end.node, end.node), end.port)

    return tuple(replace(edge, source=follow(edge.source), target=follow(edge.target)) for edge in edges)


def _fresh(graph: Graph, wishes: Iterable[str]) -> dict[str, str]:
    taken, names = set(graph.nodes), {}
    for wish in wishes:
        # A copy of mm_2 is mm_3, not mm_2_2.
        stem, _, number = wish.rpartition("_")
        names[wish] = fresh_name(stem if stem and number.isdecimal() and wish in taken else wish, taken)
        taken.add(names[wish])
    return names


def _fresh_notes(project: Project, graph: str, wishes: Iterable[str]) -> dict[str, str]:
    taken, names = set(project.notes.get(graph, {})), {}
    for wish in wishes:
        stem, _, number = wish.rpartition("_")
        names[wish] = fresh_name(stem if stem and number.isdecimal() else wish, taken)
        taken.add(names[wish])
    return names


def _written(project: Project, graph: str, notes: Mapping[str, Note], offset: Point) -> Project:
    names = _fresh_notes(project, graph, notes)
    moved = {names[n]: replace(note, place=_beside(note.place, offset, graph)) for n, note in notes.items()}
    return with_notes(project, graph, {**project.notes.get(graph, {}), **moved}) if moved else project


def _told(blocks: Sequence[str], notes: Collection[str]) -> str:
    if not blocks:
        return f"{len(notes)} note{'s' * (len(notes) != 1)}"
    return blocks[0] if len(blocks) == 1 else f"{len(blocks)} blocks"


def _beside(place: Point, offset: Point, graph: str) -> Point:
    x, y = place[0] + offset[0], place[1] + offset[1]
    if not (isfinite(x) and isfinite(y)):
        raise refuse(f"blocks cannot lie at {(x, y)}", graph, "a position is two finite numbers")
    return x, y


def _added(
    project: Project, name: str, nodes: Mapping[str, Node], edges: tuple[Edge, ...], places: Mapping[str, Point]
) -> Project:
    graph = find_graph(project, name)
    for node in nodes.values():
        if isinstance(node, KernelNode) and node.schedule is not None:
            find_schedule(project, node.schedule)
    changed = with_graph(project, replace(graph, nodes={**graph.nodes, **nodes}, edges=(*graph.edges, *edges)))
    if not places:
        return changed
    return replace(changed, view={**changed.view, name: {**changed.view.get(name, {}), **places}})

"""What differs between two projects, by the things of a design."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from difflib import SequenceMatcher
from typing import Literal, TypeVar

from allo_studio.design.blocks import described
from allo_studio.design.model import (
    ConstantNode,
    Edge,
    Endpoint,
    Graph,
    GraphNode,
    IpNode,
    KernelNode,
    Node,
    Note,
    Override,
    ParamValue,
    Project,
    StepSpec,
)

__all__ = ["Change", "ChangeKind", "diff"]

ChangeKind = Literal["added", "removed", "changed", "renamed"]
V = TypeVar("V")


@dataclass(frozen=True)
class Change:
    """One difference.

    `what` is the kind of thing (`project`, `target`, `schedule`, `step`, `graph`, `input`, `output`, `block`, `wire`,
    `view`, `note`), `where` its path in the later project (in the earlier one where it was removed). `before` and
    `after` say what it was and is, or are empty.
    """

    kind: ChangeKind
    what: str
    where: str
    before: str = ""
    after: str = ""

    @property
    def text(self) -> str:
        """The difference as a line for a person."""
        head = f"{self.kind:<8} {self.what:<9} {self.where}"
        if self.kind in ("changed", "renamed"):
            return f"{head}: {self.before or '(none)'} → {self.after or '(none)'}"
        said = self.after or self.before
        return f"{head}: {said}" if said else head

    def to_json(self) -> dict[str, str]:
        """Return the form that `--json` prints."""
        return {"kind": self.kind, "what": self.what, "where": self.where, "before": self.before, "after": self.after}


def diff(before: Project, after: Project) -> tuple[Change, ...]:
    """Return how `before` becomes `after`: renamed things where that is certain, else removed and added ones.

    A thing counts as renamed where it says the same and is wired alike under another name, and no other could be meant.
    """
    return tuple(_changes(before, after))


def _changes(before: Project, after: Project) -> Iterator[Change]:
    yield from _changed("project", "name", before.name, after.name)
    yield from _changed("project", "top", before.top, after.top)
    for key in fields(before.target):
        old, new = (getattr(project.target, key.name) for project in (before, after))
        yield from _changed("target", f"target.{key.name}", _text(old), _text(new))
    schedules = _renames(_says(before.schedules, _whole_schedule), _says(after.schedules, _whole_schedule))
    yield from _schedules(before, after, schedules)
    graphs = _renames(_says(before.graphs, _whole_graph), _says(after.graphs, _whole_graph))
    yield from _named("graph", "", before.graphs, after.graphs, graphs, lambda graph: f"{len(graph.nodes)} blocks")
    for old_name, graph in before.graphs.items():
        name = graphs.get(old_name, old_name)
        if name in after.graphs:
            followed = _followed(graph, schedules, graphs)
            yield from _Graphs(name, followed, after.graphs[name]).changes()
            yield from _view(name, before.view.get(old_name, {}), after.view.get(name, {}))
            yield from _notes(name, before.notes.get(old_name, {}), after.notes.get(name, {}))


def _followed(graph: Graph, schedules: Mapping[str, str], graphs: Mapping[str, str]) -> Graph:
    """Return a graph whose blocks use the names that schedules and graphs have later."""

    def follow(node: Node) -> Node:
        if isinstance(node, KernelNode) and node.schedule is not None:
            return replace(node, schedule=schedules.get(node.schedule, node.schedule))
        if isinstance(node, GraphNode):
            inside = {
                path: replace(o, schedule=schedules.get(o.schedule, o.schedule)) for path, o in node.inside.items()
            }
            return replace(node, graph=graphs.get(node.graph, node.graph), inside=inside)
        return node

    return replace(graph, nodes={name: follow(node) for name, node in graph.nodes.items()})


def _schedules(before: Project, after: Project, renames: Mapping[str, str]) -> Iterator[Change]:
    yield from _named("schedule", "", before.schedules, after.schedules, renames, lambda s: f"{len(s)} steps")
    for name, steps in before.schedules.items():
        if name in after.schedules:
            yield from _steps(name, steps, after.schedules[name])


def _steps(name: str, before: Sequence[StepSpec], after: Sequence[StepSpec]) -> Iterator[Change]:
    """Yield what became of steps; their places count from 1, in the later schedule but for those that went."""
    old, new = [_step(step) for step in before], [_step(step) for step in after]
    for tag, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        paired = min(j - i, m - k)
        for n in range(paired):
            yield Change("changed", "step", f"{name} step {k + n + 1}", old[i + n], new[k + n])
        for n in range(i + paired, j):
            yield Change("removed", "step", f"{name} step {n + 1}", old[n])
        for n in range(k + paired, m):
            yield Change("added", "step", f"{name} step {n + 1}", after=new[n])


def _step(step: StepSpec) -> str:
    said = f"{step.name}({', '.join(f'{key}={value}' for key, value in step.args.items())})"
    return f"{said}, disabled" if step.disabled else said


class _Graphs:
    """The differences between two graphs; `name` is that of the later one."""

    def __init__(self, name: str, before: Graph, after: Graph) -> None:
        self._name, self._before, self._after = name, before, after
        self._blocks = _renames(_told_blocks(before), _told_blocks(after))
        self._inputs = _renames(_told_ports(before, before.inputs), _told_ports(after, after.inputs))
        self._outputs = _renames(_told_ports(before, before.outputs), _told_ports(after, after.outputs))

    def changes(self) -> Iterator[Change]:
        """Yield them: the graph's own, its ports, its blocks, its wires."""
        name, before, after = self._name, self._before, self._after
        yield from _changed("graph", f"{name} execution", before.execution, after.execution)
        yield from _changed("graph", f"{name} unify", _text(before.unify), _text(after.unify))
        yield from _params("graph", name, before.params, after.params)
        for what, old, new, renames in (
            ("input", before.inputs, after.inputs, self._inputs),
            ("output", before.outputs, after.outputs, self._outputs),
        ):
            yield from _named(what, f"{name}.", old, new, renames, str)
            for port in old.keys() & new.keys():
                yield from _changed(what, f"{name}.{port}", old[port], new[port])
        yield from _named("block", f"{name}/", before.nodes, after.nodes, self._blocks, _block)
        for key in [key for key in before.nodes if key in after.nodes]:
            yield from self._block(key, before.nodes[key], after.nodes[key])
        yield from self._edges()

    def _block(self, key: str, old: Node, new: Node) -> Iterator[Change]:
        where = f"{self._name}/{key}"
        yield from _changed("block", where, _block(old), _block(new))
        yield from _changed("block", f"{where} disabled", old.disabled, new.disabled)
        if isinstance(old, KernelNode) and isinstance(new, KernelNode):
            yield from _settings(where, old, new)
        elif isinstance(old, GraphNode) and isinstance(new, GraphNode):
            yield from _params("block", where, old.params, new.params)
            for path in dict.fromkeys([*old.inside, *new.inside]):
                inside = (node.inside.get(path, Override()) for node in (old, new))
                yield from _settings(f"{where}/{path}", *inside)
        elif isinstance(old, ConstantNode) and isinstance(new, ConstantNode):
            yield from _changed("block", f"{where} type", old.type, new.type)
            yield from _changed("block", f"{where} round", _text(old.round), _text(new.round))

    def _edges(self) -> Iterator[Change]:
        old = {self._follow(edge).id: self._follow(edge) for edge in self._before.edges}
        new = {edge.id: edge for edge in self._after.edges}
        for key, edge in old.items():
            if key not in new:
                yield Change("removed", "wire", f"{self._name}/{key}", _asked(edge))
        for key, edge in new.items():
            if key not in old:
                yield Change("added", "wire", f"{self._name}/{key}", after=_asked(edge))
            elif key in old:
                yield from _changed("wire", f"{self._name}/{key}", _asked(old[key]), _asked(edge))

    def _follow(self, edge: Edge) -> Edge:
        ports = {**self._inputs, **self._outputs}

        def end(old: Endpoint) -> Endpoint:
            if old.node:
                return Endpoint(self._blocks.get(old.node, old.node), old.port)
            return Endpoint("", ports.get(old.port, old.port))

        return replace(edge, source=end(edge.source), target=end(edge.target))


def _settings(where: str, old: KernelNode | Override, new: KernelNode | Override) -> Iterator[Change]:
    yield from _params("block", where, old.params, new.params)
    yield from _changed("block", f"{where} schedule", old.schedule or "", new.schedule or "")


def _params(what: str, where: str, old: Mapping[str, ParamValue], new: Mapping[str, ParamValue]) -> Iterator[Change]:
    for param in dict.fromkeys([*old, *new]):
        yield from _changed(what, f"{where} {param}", _text(old.get(param)), _text(new.get(param)))


def _wires(graph: Graph) -> dict[Endpoint, list[str]]:
    """Return what is at the other ends of the wires of each block (its port empty) and of each port of the graph."""
    found: dict[Endpoint, list[str]] = {}
    for edge in graph.edges:
        asked = _asked(edge)
        for mine, other, way in ((edge.source, edge.target, ">"), (edge.target, edge.source, "<")):
            key = Endpoint(mine.node, "") if mine.node else mine
            found.setdefault(key, []).append(f"{mine.port if mine.node else ''}{way}{other}{asked}")
    return found


def _told_blocks(graph: Graph) -> dict[str, str]:
    wires = _wires(graph)
    return {n: repr((node, sorted(wires.get(Endpoint(n, ""), ())))) for n, node in graph.nodes.items()}


def _told_ports(graph: Graph, ports: Mapping[str, str]) -> dict[str, str]:
    wires = _wires(graph)
    return {n: repr((text, sorted(wires.get(Endpoint("", n), ())))) for n, text in ports.items()}


def _whole_schedule(steps: tuple[StepSpec, ...]) -> str:
    return repr(steps) if steps else ""


def _whole_graph(graph: Graph) -> str:
    return repr(replace(graph, name="")) if graph.nodes else ""


def _says(things: Mapping[str, V], say: Callable[[V], str]) -> dict[str, str]:
    """Return what things say by their names, of those that say enough to be known again."""
    told = {name: say(thing) for name, thing in things.items()}
    return {name: text if text else f"\0{name}" for name, text in told.items()}


def _renames(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str]:
    """Return the later names of things that went under one name and came under another, where that is certain.

    Both mappings give what a thing says by its name.
    """
    gone: dict[str, list[str]] = {}
    came: dict[str, list[str]] = {}
    for mine, other, found in ((before, after, gone), (after, before, came)):
        for name, text in mine.items():
            if name not in other:
                found.setdefault(text, []).append(name)
    return {names[0]: came[text][0] for text, names in gone.items() if len(names) == len(came.get(text, ())) == 1}


def _named(
    what: str,
    prefix: str,
    before: Mapping[str, V],
    after: Mapping[str, V],
    renames: Mapping[str, str],
    say: Callable[[V], str],
) -> Iterator[Change]:
    """Yield which of some named things were renamed, went or came."""
    for key, value in before.items():
        if key in renames:
            yield Change("renamed", what, f"{prefix}{renames[key]}", key, renames[key])
        elif key not in after:
            yield Change("removed", what, f"{prefix}{key}", say(value))
    known = {*before, *renames.values()}
    for key, value in after.items():
        if key not in known:
            yield Change("added", what, f"{prefix}{key}", after=say(value))


def _changed(what: str, where: str, before: str, after: str) -> Iterator[Change]:
    if before != after:
        yield Change("changed", what, where, before, after)


def _view(graph: str, before: Mapping[str, object], after: Mapping[str, object]) -> Iterator[Change]:
    moved = sorted(key for key in before.keys() & after.keys() if before[key] != after[key])
    if moved:
        yield Change("changed", "view", graph, "", f"{len(moved)} moved: {', '.join(moved[:8])}")


def _notes(graph: str, before: Mapping[str, Note], after: Mapping[str, Note]) -> Iterator[Change]:
    yield from _named("note", f"{graph}/", before, after, {}, lambda note: _one_line(note.text))
    for key in [key for key in before if key in after]:
        old, new = before[key], after[key]
        for name in ("text", "colour", "kind"):
            texts = (_one_line(getattr(note, name)) for note in (old, new))
            yield from _changed("note", f"{graph}/{key} {name}", *texts)
    kept = before.keys() & after.keys()
    moved = sorted(k for k in kept if (before[k].place, before[k].size) != (after[k].place, after[k].size))
    if moved:
        yield Change("changed", "view", graph, "", f"{len(moved)} notes moved: {', '.join(moved[:8])}")


def _one_line(text: str) -> str:
    return text.replace("\n", " / ")


def _block(node: Node) -> str:
    if isinstance(node, KernelNode):
        return described(node)
    if isinstance(node, ConstantNode):
        return f"constant {node.file}"
    if isinstance(node, IpNode):
        return f"IP {node.path}"
    return f"graph {node.graph}" if isinstance(node, GraphNode) else str(dict(node.raw))


def _asked(edge: Edge) -> str:
    asked = [
        f"rate {edge.rate}" if edge.rate else "",
        edge.channel or "",
        f"depth {edge.depth}" if edge.depth is not None else "",
    ]
    asked += [f"initial {', '.join(map(str, edge.initial))}"] if edge.initial else []
    return ", ".join(filter(None, asked))


def _text(value: object) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)

"""The form of a project file: from plain values to a Project and back."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, cast, get_args

from allo_studio.design.blocks import MOST_COPIES, conversion, duplicator, is_generated, plain_block, relayout
from allo_studio.design.model import (
    ChannelChoice,
    ConstantNode,
    Disabled,
    Edge,
    Endpoint,
    Execution,
    Graph,
    GraphNode,
    Interface,
    IpNode,
    KernelNode,
    Node,
    Override,
    ParamValue,
    Project,
    StepSpec,
    Target,
    UnknownNode,
)
from allo_studio.design.names import name_fault
from allo_studio.project.canvas import plain_notes, plain_view, short, take_notes, take_view
from allo_studio.project.document import Path
from allo_studio.project.faults import Faults
from allo_studio.project.initial import plain_initial, take_initial

__all__ = ["FORMAT", "read_project", "take_steps", "to_plain"]

FORMAT = 1
# What stands beside a step's name where the step does nothing.
_DISABLED = "disabled"
_TOP_KEYS = ("format", "name", "target", "top", "schedules", "graphs", "view", "notes")
_GRAPH_KEYS = ("execution", "params", "inputs", "outputs", "nodes", "edges", "unify")
_EDGE_KEYS = ("from", "to", "rate", "channel", "depth", "initial")
_KERNEL_KEYS = ("kernel", "params", "schedule")
_CONSTANT_KEYS = ("constant", "array", "type", "round")
_LONGEST_CLOCK_NS = 1e6
_DEFAULT = Target()


def read_project(plain: Any, faults: Faults) -> Project:
    """Return the Project of a file's plain values.

    Faults are noted in `faults`; what is returned then has the faulty parts left out.
    """
    top = faults.take_mapping(plain, (), _TOP_KEYS)
    name = faults.take_name(top["name"], ("name",)) if "name" in top else None
    if isinstance(plain, dict) and "name" not in top:
        faults.add((), "the project has no name", "add a line `name: my_project`")
    graphs = {
        key: _graph(key, value, faults) for key, value in faults.take_named(top.get("graphs", {}), ("graphs",)).items()
    }
    return Project(
        name=name or "unnamed",
        target=_target(top.get("target", {}), faults),
        top=(faults.take_name(top["top"], ("top",)) if "top" in top else None) or "top",
        schedules={
            key: take_steps(value, ("schedules", key), faults)
            for key, value in faults.take_named(top.get("schedules", {}), ("schedules",)).items()
        },
        graphs=graphs,
        view=take_view(top.get("view", {}), faults),
        notes=take_notes(top.get("notes", {}), faults),
    )


def to_plain(project: Project) -> dict[str, Any]:
    """Return the plain values of a project in the file's canonical form; what is as by default is left out."""
    target: dict[str, Any] = {"device": project.target.device, "clock_ns": short(project.target.clock_ns)}
    if project.target.fifo_margin:
        target["fifo_margin"] = project.target.fifo_margin
    if project.target.fifo_bits is not None:
        target["fifo_bits"] = project.target.fifo_bits
    if project.target.interface != _DEFAULT.interface:
        target["interface"] = project.target.interface
    plain: dict[str, Any] = {"format": FORMAT, "name": project.name, "target": target, "top": project.top}
    if project.schedules:
        plain["schedules"] = {n: [_plain_step(s) for s in steps] for n, steps in project.schedules.items()}
    if project.graphs:
        plain["graphs"] = {name: _plain_graph(graph) for name, graph in project.graphs.items()}
    view, notes = plain_view(project.view), plain_notes(project.notes)
    return {**plain, **({"view": view} if view else {}), **({"notes": notes} if notes else {})}


def _target(value: Any, faults: Faults) -> Target:
    path: Path = ("target",)
    entries = faults.take_mapping(value, path, ("device", "clock_ns", "fifo_margin", "fifo_bits", "interface"))
    device, clock, margin, bits = _DEFAULT.device, _DEFAULT.clock_ns, 0, None
    if "device" in entries:
        text = faults.take_text(entries["device"], (*path, "device"))
        device = device if text is None else text
    if "clock_ns" in entries:
        number = faults.take_number(entries["clock_ns"], (*path, "clock_ns"))
        clock = clock if number is None else float(number)
        if not 0 < clock <= _LONGEST_CLOCK_NS:
            hint = "give the clock period in ns, such as 3.33"
            faults.add((*path, "clock_ns"), f"must be above 0 and at most 1000000, not {number}", hint)
    if "fifo_margin" in entries:
        margin = faults.take_int(entries["fifo_margin"], (*path, "fifo_margin"), 0) or 0
    if "fifo_bits" in entries:
        bits = faults.take_int(entries["fifo_bits"], (*path, "fifo_bits"), 1)
    interface = _DEFAULT.interface
    if "interface" in entries:
        choice = faults.take_choice(entries["interface"], (*path, "interface"), get_args(Interface))
        interface = cast(Interface, choice or interface)
    return Target(device, clock, margin, bits, interface)


def take_steps(value: Any, path: Path, faults: Faults) -> tuple[StepSpec, ...]:
    """Return the steps of a list `- split: {axis: j, factor: 8}`; their names and arguments are not looked at yet.

    Beside the name a step may have `disabled: true`.
    """
    found = (_step(entry, (*path, index), faults) for index, entry in enumerate(faults.take_list(value, path)))
    return tuple(step for step in found if step is not None)


def _step(entry: Any, path: Path, faults: Faults) -> StepSpec | None:
    hint = "write a step as `- split: {axis: j, factor: 8}`"
    named = [item for item in entry.items() if item[0] != _DISABLED] if isinstance(entry, dict) else []
    if len(named) != 1:
        count = f"it has {len(named)} keys" if isinstance(entry, dict) else "it is none"
        faults.add(path, f"a step must be a mapping with one key, and {count}", hint)
        return None
    ((name, args),) = named
    if not isinstance(args, dict):
        faults.add((*path, name), "the arguments of a step must be a mapping", hint)
        return None
    disabled = faults.take_bool(entry[_DISABLED], (*path, _DISABLED)) if _DISABLED in entry else False
    return StepSpec(name, args, bool(disabled))


def _graph(name: str, value: Any, faults: Faults) -> Graph:
    path: Path = ("graphs", name)
    entries = faults.take_mapping(value, path, _GRAPH_KEYS)
    execution: Any = "dataflow"
    if "execution" in entries:
        choices = ("dataflow", "sequential")
        execution = faults.take_choice(entries["execution"], (*path, "execution"), choices) or execution
    unify = faults.take_bool(entries["unify"], (*path, "unify")) if "unify" in entries else True
    inputs = _ports(entries.get("inputs", {}), (*path, "inputs"), faults)
    outputs = _ports(entries.get("outputs", {}), (*path, "outputs"), faults)
    for port in outputs:
        if port in inputs:
            faults.add((*path, "outputs", port), "is also the name of an input", "rename one of them", at_key=True)
    nodes = faults.take_named(entries.get("nodes", {}), (*path, "nodes"))
    params = _params(entries.get("params", {}), (*path, "params"), faults)
    return Graph(
        name=name,
        execution=cast(Execution, execution),
        inputs=inputs,
        outputs=outputs,
        nodes={n: _node(node, (*path, "nodes", n), faults, params) for n, node in nodes.items()},
        edges=_edges(entries.get("edges", []), (*path, "edges"), faults),
        unify=unify is not False,
        params=params,
    )


def _ports(value: Any, path: Path, faults: Faults) -> dict[str, str]:
    texts = {name: faults.take_text(text, (*path, name)) for name, text in faults.take_named(value, path).items()}
    return {name: text for name, text in texts.items() if text is not None}


def _node(value: Any, path: Path, faults: Faults, known: Collection[str]) -> Node:
    entries = faults.take_mapping(value, path)
    if "disabled" not in entries:
        return _known_node(entries, path, faults, known)
    node = _known_node({key: entries[key] for key in entries if key != "disabled"}, path, faults, known)
    if isinstance(node, UnknownNode):
        return UnknownNode(entries)
    return replace(node, disabled=_disabled(entries["disabled"], (*path, "disabled"), faults))


def _disabled(value: Any, path: Path, faults: Faults) -> Disabled:
    if isinstance(value, bool):
        return "off" if value else ""
    if value != "bypass":
        faults.add(path, "must be true, false or bypass", "write true, or bypass for a wire in its place")
        return ""
    return "bypass"


def _known_node(entries: Mapping[str, Any], path: Path, faults: Faults, known: Collection[str]) -> Node:
    if "kernel" in entries and "graph" not in entries:
        return _kernel(entries, path, faults, known)
    if "convert" in entries or "duplicate" in entries or "relayout" in entries:
        return _block(entries, path, faults)
    if "constant" in entries:
        return _constant(entries, path, faults)
    if "ip" in entries and "graph" not in entries:
        faults.take_mapping(entries, path, ("ip",))
        return IpNode(faults.take_text(entries["ip"], (*path, "ip")) or "")
    if "graph" in entries:
        return _graph_block(entries, path, faults, known)
    return UnknownNode(entries)


def _kernel(entries: Mapping[str, Any], path: Path, faults: Faults, known: Collection[str]) -> KernelNode:
    faults.take_mapping(entries, path, _KERNEL_KEYS)
    file, function = "", ""
    text = faults.take_text(entries["kernel"], (*path, "kernel"))
    if text is not None:
        file, _, function = text.rpartition(":")
        if not file or not function.isidentifier() or is_generated(file):
            hint = 'write the file and the function, as in "kernels/gemm.py:gemm"'
            faults.add((*path, "kernel"), f"{text!r} names no kernel", hint)
    params = _params(entries.get("params", {}), (*path, "params"), faults, known)
    schedule = entries.get("schedule")
    if schedule is not None:
        schedule = faults.take_name(schedule, (*path, "schedule"))
    return KernelNode(file, function, params, schedule)


def _params(value: Any, path: Path, faults: Faults, known: Collection[str] = ()) -> dict[str, ParamValue]:
    params = {}
    for name, given in faults.take_mapping(value, path).items():
        taken = faults.take_param(given, (*path, name), known)
        if not name.isidentifier():
            hint = "use a name of the kernel's file or of the graph"
            faults.add((*path, name), f"{name!r} is no parameter name", hint, at_key=True)
        elif taken is not None:
            params[name] = taken
    return params


def _graph_block(entries: Mapping[str, Any], path: Path, faults: Faults, known: Collection[str]) -> GraphNode:
    faults.take_mapping(entries, path, ("graph", "params", "inside"))
    inside = {}
    for block, value in faults.take_mapping(entries.get("inside", {}), (*path, "inside")).items():
        here = (*path, "inside", block)
        given = faults.take_mapping(value, here, ("params", "schedule"))
        schedule = faults.take_name(given["schedule"], (*here, "schedule")) if "schedule" in given else ""
        params = _params(given.get("params", {}), (*here, "params"), faults, known)
        inside[block] = Override(params, schedule or "")
    graph = faults.take_name(entries["graph"], (*path, "graph")) or ""
    return GraphNode(graph, _params(entries.get("params", {}), (*path, "params"), faults, known), inside)


def _block(entries: Mapping[str, Any], path: Path, faults: Faults) -> KernelNode:
    """Return a conversion, a duplicator or a re-layout."""
    if "relayout" in entries:
        faults.take_mapping(entries, path, ("relayout", "schedule"))
        kept = faults.take_name(entries["schedule"], (*path, "schedule")) if "schedule" in entries else None
        return relayout(faults.take_text(entries["relayout"], (*path, "relayout")) or "", kept)
    kind, other = ("convert", "to") if "convert" in entries else ("duplicate", "copies")
    faults.take_mapping(entries, path, (kind, other, "schedule"))
    type_ = faults.take_text(entries[kind], (*path, kind)) or ""
    schedule = entries.get("schedule")
    if schedule is not None:
        schedule = faults.take_name(schedule, (*path, "schedule"))
    if kind == "duplicate":
        copies = faults.take_int(entries.get("copies", 2), (*path, "copies"), 2) or 2
        if copies > MOST_COPIES:
            faults.add((*path, "copies"), f"must be at most {MOST_COPIES}, not {copies}", "put several in a row")
        return duplicator(type_, copies, schedule)
    if "to" not in entries:
        faults.add(path, "a conversion must say what it converts to", "add `to` with the type of an element")
        return conversion(type_, "", schedule)
    return conversion(type_, faults.take_text(entries["to"], (*path, "to")) or "", schedule)


def _constant(entries: Mapping[str, Any], path: Path, faults: Faults) -> ConstantNode:
    faults.take_mapping(entries, path, _CONSTANT_KEYS)
    texts = {key: faults.take_text(entries[key], (*path, key)) for key in _CONSTANT_KEYS[:3] if key in entries}
    rounds = faults.take_bool(entries["round"], (*path, "round")) if "round" in entries else False
    if not texts["constant"]:
        faults.add((*path, "constant"), "names no file", "write the file's path, as in weights/layer1.npy")
    return ConstantNode(texts["constant"] or "", texts.get("array") or "", texts.get("type") or "", rounds is True)


def _edges(value: Any, path: Path, faults: Faults) -> tuple[Edge, ...]:
    edges = [_edge(entry, (*path, i), faults) for i, entry in enumerate(faults.take_list(value, path))]
    return tuple(edge for edge in edges if edge is not None)


def _edge(value: Any, path: Path, faults: Faults) -> Edge | None:
    if isinstance(value, str):
        source, arrow, target = value.partition("->")
        if not arrow:
            faults.add(path, f"{value!r} is no wire", "write it as `mm1.C -> mm2.A`")
            return None
        ends = _end(source, path, faults), _end(target, path, faults)
        return Edge(*ends) if ends[0] and ends[1] else None  # type: ignore[arg-type]
    if not isinstance(value, dict):
        faults.add(path, "a wire must be a text such as `A -> mm1.A` or a mapping", "write it as `mm1.C -> mm2.A`")
        return None
    entries = faults.take_mapping(value, path, _EDGE_KEYS)
    for key in ("from", "to"):
        if key not in entries:
            faults.add(path, f"the wire has no `{key}`", "write it as {from: mm1.C, to: mm2.A}")
    found = {key: _end_of(entries[key], (*path, key), faults) for key in ("from", "to") if key in entries}
    channel, depth = _channel(entries, path, faults)
    rate: Any = faults.take_choice(entries["rate"], (*path, "rate"), ("rows", "held")) if "rate" in entries else None
    source_end, target_end = found.get("from"), found.get("to")
    initial = take_initial(entries["initial"], (*path, "initial"), faults) if "initial" in entries else ()
    return Edge(source_end, target_end, channel, depth, initial, rate) if source_end and target_end else None


def _channel(entries: Mapping[str, Any], path: Path, faults: Faults) -> tuple[ChannelChoice | None, int | None]:
    channel = depth = None
    if entries.get("channel") is not None:
        channel = faults.take_choice(entries["channel"], (*path, "channel"), ("fifo", "pingpong", "shared"))
    if entries.get("depth") is not None:
        depth = faults.take_int(entries["depth"], (*path, "depth"), 1)
        if channel in ("pingpong", "shared"):
            faults.add((*path, "depth"), f"a {channel} channel has no depth", "remove the depth, or use channel: fifo")
    return cast("ChannelChoice | None", channel), depth


def _end_of(value: Any, path: Path, faults: Faults) -> Endpoint | None:
    text = faults.take_text(value, path)
    return None if text is None else _end(text, path, faults)


def _end(text: str, path: Path, faults: Faults) -> Endpoint | None:
    try:
        end = Endpoint.parse(text)
    except ValueError as fault:
        faults.add(path, str(fault), "write an end as `mm1.C`, or `A` for a port of the graph")
        return None
    # A block's port may be a kernel's argument, whose name is a matter of the kernel's language.
    fault_text = name_fault(end.node or end.port)
    if fault_text:
        faults.add(path, fault_text, "rename it")
        return None
    return end


def _plain_step(step: StepSpec) -> dict[str, Any]:
    plain: dict[str, Any] = {step.name: {k: list(v) if isinstance(v, tuple) else v for k, v in step.args.items()}}
    return {**plain, _DISABLED: True} if step.disabled else plain


def _plain_graph(graph: Graph) -> dict[str, Any]:
    plain: dict[str, Any] = {"execution": graph.execution}
    if not graph.unify:
        plain["unify"] = False
    if graph.params:
        plain["params"] = dict(graph.params)
    plain |= {key: dict(ports) for key, ports in (("inputs", graph.inputs), ("outputs", graph.outputs)) if ports}
    if graph.nodes:
        plain["nodes"] = {name: _plain_node(node) for name, node in graph.nodes.items()}
    if graph.edges:
        plain["edges"] = [_plain_edge(edge) for edge in graph.edges]
    return plain


def _plain_node(node: Node) -> dict[str, Any]:
    plain = _plain_kind(node)
    if node.disabled and not isinstance(node, UnknownNode):
        plain["disabled"] = "bypass" if node.disabled == "bypass" else True
    return plain


def _plain_kind(node: Node) -> dict[str, Any]:
    if isinstance(node, GraphNode):
        return _plain_graph_block(node)
    if isinstance(node, IpNode):
        return {"ip": node.path}
    if isinstance(node, UnknownNode):
        return dict(node.raw)
    if isinstance(node, ConstantNode):
        found = {"constant": node.path, "array": node.array, "type": node.type, "round": node.round}
        return {key: value for key, value in found.items() if value}
    generated = is_generated(node.path)
    plain: dict[str, Any] = dict(plain_block(node)) if generated else {"kernel": f"{node.path}:{node.function}"}
    if node.params:
        plain["params"] = dict(node.params)
    if node.schedule is not None:
        plain["schedule"] = node.schedule
    return plain


def _plain_graph_block(node: GraphNode) -> dict[str, Any]:
    plain: dict[str, Any] = {"graph": node.graph}
    if node.params:
        plain["params"] = dict(node.params)
    if node.inside:
        plain["inside"] = {path: _plain_override(override) for path, override in node.inside.items()}
    return plain


def _plain_override(override: Override) -> dict[str, Any]:
    plain: dict[str, Any] = {"params": dict(override.params)} if override.params else {}
    return {**plain, "schedule": override.schedule} if override.schedule else plain


def _plain_edge(edge: Edge) -> str | dict[str, Any]:
    if (edge.channel, edge.depth, edge.initial, edge.rate) == (None, None, (), None):
        return f"{edge.source} -> {edge.target}"
    plain: dict[str, Any] = {"from": str(edge.source), "to": str(edge.target)}
    if edge.rate is not None:
        plain["rate"] = edge.rate
    if edge.channel is not None:
        plain["channel"] = edge.channel
    if edge.depth is not None:
        plain["depth"] = edge.depth
    if edge.initial:
        plain["initial"] = plain_initial(edge.initial)
    return plain

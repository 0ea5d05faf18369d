"""What one level of the hierarchy looks like, as values: made from the design, compared, then drawn.

Nothing here touches Qt. `describe` is the only place that decides what a block or a wire says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal, NamedTuple, TypeVar, cast

from allo_studio.design.blocks import described, is_generated
from allo_studio.design.checked import CheckedDesign, EdgeInfo, PortInfo
from allo_studio.design.instances import instance_settings
from allo_studio.design.model import ConstantNode, Disabled, Edge, Endpoint, Graph, GraphNode, IpNode, KernelNode, Node
from allo_studio.diagnostics import Diagnostic
from allo_studio.types import ArrayType

__all__ = [
    "BlockKind",
    "BlockSpec",
    "Kept",
    "Overlays",
    "Picture",
    "PortSpec",
    "WireSpec",
    "block_name",
    "channel_text",
    "describe",
    "endpoint",
    "longest",
]

# Between the parts of what is said of a wire, and between those of one part.
_AND, _DOT = ", ", "  ·  "

V = TypeVar("V", "BlockSpec", "WireSpec")

BlockKind = Literal["kernel", "graph", "constant", "ip", "input", "output", "unknown", "missing"]


@dataclass(frozen=True)
class PortSpec:
    """A port of a block. A `ghost` is named by a wire only: the block has no such port."""

    name: str
    type: str = ""
    element: str = ""
    ghost: bool = False


@dataclass(frozen=True)
class BlockSpec:
    """A block. `level` is the worst severity found in it, or `ok`; `footer` is what a build told of it.

    `waits` is the part of its time that it waits on channels, None where no build told, `interval` the largest II of
    its loops in words. A `disabled` block is drawn pale and hatched.
    """

    name: str
    kind: BlockKind
    title: str
    subtitle: str = ""
    footer: str = ""
    level: str = "ok"
    inputs: tuple[PortSpec, ...] = ()
    outputs: tuple[PortSpec, ...] = ()
    tooltip: str = ""
    waits: float | None = None
    interval: str = ""
    disabled: bool = False

    @cached_property
    def port_names(self) -> tuple[frozenset[str], frozenset[str]]:
        """The names of the inputs and those of the outputs."""
        return frozenset(p.name for p in self.inputs), frozenset(p.name for p in self.outputs)

    @property
    def shape(self) -> tuple[object, ...]:
        """What decides the block's ports: a block that changes here is made anew."""
        return (self.kind, self.inputs, self.outputs)


@dataclass(frozen=True)
class WireSpec:
    """A wire by its edge's id. A broken one says why in `tooltip`; an `idle` one is left out of what is built."""

    id: str
    source: Endpoint
    target: Endpoint
    label: str = ""
    detail: str = ""
    element: str = ""
    broken: bool = False
    tooltip: str = ""
    idle: bool = False

    @property
    def lines(self) -> tuple[str, ...]:
        """What stands on the wire: its type, or the two types of its ends, and then its detail."""
        return self._with((self.detail,))

    @property
    def narrower(self) -> Iterator[tuple[str, ...]]:
        """Yield the same lines as `lines` with the parts of the detail below each other, for places between blocks."""
        parts = tuple(self.detail.split(_AND))
        for details in (parts, tuple(piece for part in parts for piece in part.split(_DOT))):
            if details != (self.detail,):
                yield self._with(details)

    def _with(self, details: tuple[str, ...]) -> tuple[str, ...]:
        label = self.label or ("?" if self.broken else "")
        return tuple(filter(None, (*label.split("\n"), *details)))


@dataclass(frozen=True)
class Overlays:
    """What a build found out: a line under a block by node name, and after a wire's type by edge id.

    `waits` is the part of its time that a block waits on channels, and `intervals` the largest II of its loops, by node
    name.
    """

    blocks: Mapping[str, str] = field(default_factory=dict)
    wires: Mapping[str, str] = field(default_factory=dict)
    waits: Mapping[str, float] = field(default_factory=dict)
    intervals: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Picture:
    """One level of the hierarchy: blocks and wires by name."""

    blocks: Mapping[str, BlockSpec] = field(default_factory=dict)
    wires: Mapping[str, WireSpec] = field(default_factory=dict)


def block_name(end: Endpoint) -> str:
    """Return the name of the block that an end sits on; a graph's own port `A` is the block `@A`."""
    return end.node or f"@{end.port}"


def endpoint(block: str, port: str) -> Endpoint:
    """Return the end that a block's port stands for (the inverse of `block_name`)."""
    return Endpoint("", port) if block.startswith("@") else Endpoint(block, port)


def channel_text(kind: str, depth: int | None) -> str:
    """Return what a build tells of a wire: the kind of its channel, and how many tokens its FIFO holds."""
    return kind if depth is None else f"{kind}{_DOT}depth {depth}"


def longest(graph: Graph, checked: CheckedDesign) -> Overlays:
    """Return the longest that a build may tell of the wires between blocks: FIFOs that hold all that goes over them."""
    texts = {}
    for edge in graph.edges:
        info = checked.edges.get(f"{graph.name}/{edge.id}")
        if edge.source.node and edge.target.node and info and info.type:
            often = checked.firings.get(f"{graph.name}/{edge.source.node}", 1)
            texts[edge.id] = channel_text("fifo", info.type.size * often)
    return Overlays({}, texts)


class _Wire(NamedTuple):
    """A wire with what it was described from; `ghost` where one of its ends is at nothing that the graph has."""

    edge: Edge
    info: EdgeInfo | None
    note: str
    spec: WireSpec
    ghost: bool


class Kept:
    """What was described before, so that only what is different is described anew: checks of large designs are many."""

    def __init__(self) -> None:
        self._values: dict[str, tuple[tuple[object, ...], BlockSpec | WireSpec]] = {}
        self._ends: dict[str, tuple[object, ...]] = {}
        self.wires: dict[str, _Wire] = {}

    def get(self, name: str, made_from: tuple[object, ...], make: Callable[[], V]) -> V:
        """Return what was made for a name if it was made from the same, else make it."""
        found = self._values.get(name)
        if found is not None and found[0] == made_from:
            return cast(V, found[1])
        value = make()
        self._values[name] = made_from, value
        return value

    def changed(self, ends: dict[str, tuple[object, ...]]) -> set[str]:
        """Take what wires may end at, by block; return the blocks at which something is not as it was."""
        before, self._ends = self._ends, ends
        return {name for name, end in ends.items() if before.get(name) != end} | (before.keys() - ends.keys())


def describe(
    graph: Graph, checked: CheckedDesign, overlays: Overlays | None = None, kept: Kept | None = None
) -> Picture:
    """Return the picture of a graph with what the check found out about it.

    Every wire has its two ports in the picture, whatever the project says: where a block or port is missing, or is on
    the wrong side, a stand-in is drawn, so that the fault can be seen and removed. `kept` is of earlier pictures of the
    same graph. Where the check is still going on, what is not known yet is no fault: ports are those that wires name.
    """
    notes, kept = overlays or Overlays(), kept or Kept()
    checked = _with_named_ports(graph, checked) if checked.pending else checked
    known = {port.name: port.type for port in checked.signatures.get(graph.name, ())}
    blocks = {f"@{n}": _boundary(graph, n, text, known.get(n), "input", checked) for n, text in graph.inputs.items()}
    for name, text in graph.outputs.items():
        blocks.setdefault(f"@{name}", _boundary(graph, name, text, known.get(name), "output", checked))
    ports = {name: checked.ports.get(f"{graph.name}/{name}", ()) for name in graph.nodes}
    for name, node in graph.nodes.items():
        blocks[name] = _block(graph, name, node, ports[name], checked, notes, kept)
    ports[""] = checked.signatures.get(graph.name, ())
    return Picture(blocks, _wires(graph, checked, notes, kept, ports, blocks))


def _wires(
    graph: Graph,
    checked: CheckedDesign,
    notes: Overlays,
    kept: Kept,
    ports: Mapping[str, tuple[PortInfo, ...]],
    blocks: dict[str, BlockSpec],
) -> dict[str, WireSpec]:
    """Return the wires, and add to `blocks` what they name and the graph lacks. Of most wires nothing has changed."""
    ends: dict[str, tuple[object, ...]] = {n: (ports[n], node.disabled) for n, node in graph.nodes.items()}
    ends[""] = ports[""], tuple(graph.inputs), tuple(graph.outputs), checked.pending
    changed, before, bare = kept.changed(ends), kept.wires, dict(blocks)
    everything = "" in changed
    found: dict[str, _Wire] = {}
    for edge in graph.edges:
        source, target, info = edge.source, edge.target, checked.edges.get(f"{graph.name}/{edge.id}")
        note, wire = notes.wires.get(edge.id, ""), before.get(edge.id)
        known = wire is not None and wire.edge is edge and wire.info is info and wire.note == note
        if wire is None or not known or everything or source.node in changed or target.node in changed:
            at = ports.get(source.node, ()), ports.get(target.node, ())
            ghost = not (_has(bare, source, output=True) and _has(bare, target, output=False))
            wire = _Wire(edge, info, note, _wire(graph, edge, info, at, checked.pending, note, kept), ghost)
        if wire.ghost:
            _stand_in(blocks, source, output=True)
            _stand_in(blocks, target, output=False)
        found[edge.id] = wire
    kept.wires = found
    return {name: wire.spec for name, wire in found.items()}


def _has(blocks: Mapping[str, BlockSpec], end: Endpoint, output: bool) -> bool:
    block = blocks.get(block_name(end))
    return block is not None and end.port in block.port_names[output]


def _with_named_ports(graph: Graph, checked: CheckedDesign) -> CheckedDesign:
    """Return what is known so far, with the ports that wires name where those of a block are not known yet."""
    named: dict[str, dict[PortInfo, None]] = {}
    for edge in graph.edges:
        for end, direction in ((edge.source, "out"), (edge.target, "in")):
            path = f"{graph.name}/{end.node}"
            if end.node in graph.nodes and path not in checked.ports:
                port = PortInfo(end.port, "in" if direction == "in" else "out")
                named.setdefault(path, {})[port] = None
    return replace(checked, ports={**checked.ports, **{path: tuple(ports) for path, ports in named.items()}})


def _stand_in(blocks: dict[str, BlockSpec], end: Endpoint, output: bool) -> None:
    """Add what a wire names and the graph lacks."""
    name = block_name(end)
    if name not in blocks:
        tip = f"There's no {name!r} in this graph; wires name it."
        blocks[name] = BlockSpec(name, "missing", name.removeprefix("@"), "missing", level="error", tooltip=tip)
    block = blocks[name]
    if end.port not in block.port_names[output]:
        ports = block.outputs if output else block.inputs
        more = (*ports, PortSpec(end.port, ghost=True))
        blocks[name] = replace(block, outputs=more) if output else replace(block, inputs=more)


def _worst(diagnostics: Iterable[Diagnostic]) -> str:
    levels = {d.severity for d in diagnostics}
    return next((level for level in ("error", "warning", "note") if level in levels), "ok")


def _say(diagnostics: Iterable[Diagnostic]) -> str:
    return "\n\n".join(f"{d.message}\n{d.hint}".strip() for d in diagnostics)


def _block(
    graph: Graph,
    name: str,
    node: Node,
    ports: tuple[PortInfo, ...],
    checked: CheckedDesign,
    notes: Overlays,
    kept: Kept,
) -> BlockSpec:
    path = f"{graph.name}/{name}"
    often = checked.firings.get(path, 1)
    about = checked.of(path)
    found = tuple(d for d in about if "->" not in d.where) if about else ()
    told = notes.blocks.get(name, ""), notes.waits.get(name), notes.intervals.get(name)
    waiting = checked.pending and all(port.type is None for port in ports)
    block = kept.get(
        name, (node, ports, often, found, told), lambda: _block_spec(name, node, ports, often, found, *told)
    )
    return replace(block, level="checking", tooltip="It is being checked.") if waiting and not found else block


def _block_spec(
    name: str,
    node: Node,
    ports: Sequence[PortInfo],
    often: int,
    found: Sequence[Diagnostic],
    footer: str,
    waits: float | None,
    interval: int | None,
) -> BlockSpec:
    kind, subtitle = _kind(node)
    subtitle += f"  ·  fires {often} times" if often > 1 else ""
    ins = [_port(p) for p in ports if p.direction == "in"]
    outs = [_port(p) for p in ports if p.direction == "out"]
    level, tip, idle = _worst(found), _say(found), bool(node.disabled)
    if idle:
        word = "bypassed" if node.disabled == "bypass" else "disabled"
        tip = tip or f"This block is {word}: it is not checked and not built."
        subtitle, footer = f"{word}  ·  {subtitle}", ""
    block = BlockSpec(name, kind, name, subtitle, footer, level, tuple(ins), tuple(outs), tip, disabled=idle)
    block = block if waits is None else _waiting(block, waits)
    return block if interval is None else replace(block, interval=f"II {interval}")


def _waiting(block: BlockSpec, waits: float) -> BlockSpec:
    told = f"It waits on channels for {waits:.0%} of its time."
    return replace(block, waits=waits, tooltip="\n\n".join(filter(None, (told, block.tooltip))))


def _port(info: PortInfo) -> PortSpec:
    return PortSpec(info.name, str(info.type), str(info.type.element)) if info.type else PortSpec(info.name)


def _kind(node: Node) -> tuple[BlockKind, str]:
    if isinstance(node, KernelNode):
        says = described(node) if is_generated(node.path) else f"{node.function}()"
        return "kernel", says + (f"  ·  {node.schedule}" if node.schedule else "")
    if isinstance(node, GraphNode):
        return "graph", f"graph {node.graph}" + instance_settings(node)
    if isinstance(node, ConstantNode):
        return "constant", node.file
    if isinstance(node, IpNode):
        return "ip", f"IP {node.path}"
    return "unknown", f"unknown kind {', '.join(map(str, node.raw)) or '(empty)'}"


def _boundary(
    graph: Graph,
    name: str,
    text: str,
    known: ArrayType | None,
    kind: Literal["input", "output"],
    checked: CheckedDesign,
) -> BlockSpec:
    found = (*checked.of(f"{graph.name}.{name}"), *checked.of(f"{graph.name}/@{name}"))
    text = str(known) if known else text
    port = PortSpec(name, text, str(known.element) if known else "")
    ins, outs = ((), (port,)) if kind == "input" else ((port,), ())
    level = "ok" if known or checked.pending else "error"
    return BlockSpec(f"@{name}", kind, name, text, "", _worst(found) if found else level, ins, outs, _say(found))


def _wire(
    graph: Graph,
    edge: Edge,
    info: EdgeInfo | None,
    ports: tuple[tuple[PortInfo, ...], tuple[PortInfo, ...]],
    pending: bool,
    note: str,
    kept: Kept,
) -> WireSpec:
    """Return a wire; `ports` are those of the blocks at its ends."""
    source, target = graph.nodes.get(edge.source.node), graph.nodes.get(edge.target.node)
    disabled: tuple[Disabled, Disabled] = (source.disabled if source else "", target.disabled if target else "")
    if disabled != ("", "") and not (info and (info.type or info.diagnostics)):
        return kept.get(edge.id, (edge, ports, disabled), lambda: _idle_wire(edge, ports, disabled))
    waits = info is None and pending
    return kept.get(edge.id, (edge, info, ports, note, waits), lambda: _wire_spec(edge, info, ports, note, waits))


def _idle_wire(edge: Edge, ports: Sequence[Sequence[PortInfo]], disabled: Sequence[Disabled]) -> WireSpec:
    """Return a wire at a disabled block; that into a bypassed one still carries what comes out of it."""
    carries = tuple(disabled) == ("", "bypass")
    ends = zip((edge.source, edge.target), ports, strict=True)
    types = [port.type for end, known in ends for port in known if port.name == end.port and port.type]
    tip = edge.id if carries else f"{edge.id}\n\nA block at its end is disabled, so that it is not built."
    label, element = (str(types[0]), str(types[0].element)) if types else ("", "")
    return WireSpec(edge.id, edge.source, edge.target, label, "", element, False, tip, not carries)


def _wire_spec(
    edge: Edge, info: EdgeInfo | None, ports: Sequence[Sequence[PortInfo]], note: str, waits: bool
) -> WireSpec:
    """Return a wire; one that `waits` is not checked yet."""
    kind = info.type if info else None
    found = info.diagnostics if info else ()
    broken = not info.ok if info else not waits
    tip = _say(found) or ("This wire isn't complete: an end of it has a fault." if broken else "")
    asked = " ".join(filter(None, (edge.channel or "", f"depth {edge.depth}" if edge.depth else "")))
    held = f"{len(edge.initial)} at reset" if edge.initial else ""
    note = _AND.join(filter(None, (edge.rate, note or asked, held)))
    full = "\n".join(filter(None, (edge.id, str(kind) if kind else "", note)))
    ends = [_end_type(end, at) for end, at in zip((edge.source, edge.target), ports, strict=True)]
    label = str(kind) if kind else "\n≠ ".join(ends) if all(ends) else next(filter(None, ends), "")
    element = str(kind.element) if kind else ""
    return WireSpec(edge.id, edge.source, edge.target, label, note, element, broken, f"{full}\n\n{tip}".strip())


def _end_type(end: Endpoint, ports: Sequence[PortInfo]) -> str:
    return next((str(p.type) for p in ports if p.name == end.port and p.type), "")

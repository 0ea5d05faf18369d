"""What gestures on the canvas and choices in the palette mean: each becomes one edit of the design."""

# The stubs know a signal of `object` only with slots of `object`.
# mypy: disable-error-code="call-overload"

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from PySide6.QtCore import QObject, QPointF

from allo_studio.design.blocks import conversion, duplicator, relayout
from allo_studio.design.checked import CheckedDesign
from allo_studio.design.edits import (
    AddGraphPort,
    AddNode,
    Connect,
    Disconnect,
    Edit,
    MoveNodes,
    MoveNotes,
    RemoveGraphPort,
    RemoveNodes,
    RemoveNotes,
    Reroute,
    SetInitial,
    Several,
    fresh_name,
)
from allo_studio.design.model import ConstantNode, Edge, Endpoint, Graph, GraphNode, IpNode, KernelNode
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.library.adding import add_block
from allo_studio.library.catalogue import find_block
from allo_studio.types import ArrayType
from nodes.canvas import Canvas
from ui.places import Level
from ui.session import Session
from ui.wire_check import WireCheck, closes_cycle

__all__ = ["Gestures"]

Point = tuple[float, float]
_NEW_TYPE = "float32[64, 64]"
# What can be dragged from the palette, and what of a payload each needs.
_KINDS = {
    "kernel": ("path", "function"),
    "library": ("block",),
    "constant": ("path", "array"),
    "ip": ("path",),
    "graph": ("graph",),
    "convert": (),
    "duplicate": (),
    "relayout": (),
    "input": (),
    "output": (),
}


def _is_whole(payload: Mapping[str, Any]) -> bool:
    """Tell whether a payload is of a kind that is known, and has what that needs."""
    needs = _KINDS.get(str(payload.get("kind")))
    return needs is not None and all(isinstance(payload.get(name), str) for name in needs)


def _general(graph: Graph, payload: Mapping[str, Any]) -> KernelNode:
    """Return a conversion or duplicator for the type of the payload, else that of the graph's first port."""
    text = payload.get("type") or next(iter({**graph.inputs, **graph.outputs}.values()), _NEW_TYPE)
    if payload["kind"] == "relayout":
        return relayout(text)
    if payload["kind"] == "duplicate":
        return duplicator(text, 2)
    element = text.partition("[")[0].strip()
    return conversion(text, "int32" if element != "int32" else "float32")


class Gestures(QObject):
    """Turns gestures into edits of the session's present graph."""

    def __init__(self, session: Session, canvas: Canvas) -> None:
        super().__init__(canvas)
        self._session, self._canvas = session, canvas
        self._check: tuple[Graph, CheckedDesign, Level, WireCheck] | None = None
        canvas.set_checker(self.why_not)
        canvas.connect_requested.connect(self.connect_ports)
        canvas.disconnect_requested.connect(self.disconnect_wire)
        canvas.reroute_requested.connect(self.reroute)
        canvas.moved.connect(self.move)
        canvas.dropped.connect(self._drop)
        canvas.refused.connect(session.refused)

    # Wires.

    def _wire_check(self) -> WireCheck | None:
        """Return what answers for the graph that is shown, None where none is."""
        graph, checked = self._session.graph, self._session.checked
        if graph is None or checked is None:
            return None
        known, self._check = self._check, None
        if known is None or known[0] is not graph or known[1] is not checked or known[2] != self._session.level:
            shown = self._session.shown
            known = (graph, checked, self._session.level, WireCheck(graph, shown or checked))
        self._check = known
        return known[3]

    def port_type(self, end: Endpoint) -> ArrayType | None:
        """Return the type of a port of the present graph, None where it is not known."""
        check = self._wire_check()
        return check.port_type(end) if check else None

    def why_not(self, source: Endpoint, target: Endpoint, taken: str | None) -> str | None:
        """Return why a wire may not be drawn, or None; `taken` is the wire that is being re-routed."""
        check = self._wire_check()
        return check.why_not(source, target, taken) if check else "no graph is shown"

    def connect_ports(self, source: Endpoint, target: Endpoint) -> None:
        """Draw a wire; one that ends at the same input gives way. One that leads back holds an element at reset."""

        def drawn(graph: Graph) -> Edit:
            wire = Connect(graph.name, source, target, replace_producer=True)
            if not closes_cycle(graph, source.node, target.node):
                return wire
            held = SetInitial(graph.name, Edge(source, target).id, (0,))
            return Several((wire, held), f"Connect {source} back to {target}")

        self._do(drawn)

    def disconnect_wire(self, wire: str) -> None:
        """Remove a wire."""
        self._do(lambda graph: Disconnect(graph.name, wire))

    def reroute(self, wire: str, source: Endpoint, target: Endpoint) -> None:
        """Move an end of a wire."""
        self._do(lambda graph: Reroute(graph.name, wire, source, target, replace_producer=True))

    def _do(self, make: Any) -> bool:
        graph = self._session.graph
        return graph is not None and self._session.do(make(graph))

    # Blocks.

    def move(self, moves: Mapping[str, Point]) -> None:
        """Move blocks, and notes (`#` and their ids); the file then holds all positions that are seen."""
        graph = self._session.graph
        if graph is None:
            return
        known = self._movable(graph)
        blocks = {n: p for n, p in moves.items() if n in known}
        notes = MoveNotes(graph.name, {n[1:]: p for n, p in moves.items() if n.startswith("#")})
        wanted = {**self.unwritten(graph), **blocks} if blocks else {}
        edits: list[Edit] = [MoveNodes(graph.name, wanted)] if wanted else []
        edits += [notes] if notes.places else []
        text = f"Move {next(iter(blocks))}" if len(blocks) == 1 else f"Move {len(blocks)} blocks"
        if not (edits and self._session.do(Several(tuple(edits), text if blocks else notes.describe()))):
            # A stand-in for a missing block can't be moved: draw it where it was.
            self._session.changed.emit()

    def _movable(self, graph: Graph) -> set[str]:
        return {*graph.nodes, *(f"@{name}" for name in (*graph.inputs, *graph.outputs))}

    def unwritten(self, graph: Graph) -> dict[str, Point]:
        """Return where blocks are shown that have no position in the file yet."""
        project = self._session.project
        written = project.view.get(graph.name, {}) if project else {}
        known = self._movable(graph)
        return {n: p for n, p in self._canvas.positions.items() if n in known and n not in written}

    def _drop(self, text: str, x: float, y: float) -> None:
        """Add what was dragged here, which may come from a window of another version of the studio."""
        try:
            payload = json.loads(text)
            if not isinstance(payload, dict) or not _is_whole(payload):
                raise ValueError(text)
        except ValueError:
            hint = "add a block of this window's palette"
            self._session.refuse(AlloError(Diagnostic("edit", "what was dropped is no block", hint=hint)), "Not added")
            return
        self.add(payload, (x, y))

    def add(self, payload: Mapping[str, Any], at: Point) -> str | None:
        """Add what the palette offers at a place; returns the block's name on the canvas, None where it is refused."""
        graph = self._session.graph
        if graph is None:
            return None
        try:
            name, edit = self._addition(graph, payload, (float(round(at[0] / 4) * 4), float(round(at[1] / 4) * 4)))
        except AlloError as error:
            self._session.refuse(error, "Not added")
            return None
        shown = self.unwritten(graph)
        whole = Several((MoveNodes(graph.name, shown), edit), edit.describe()) if shown else edit
        return name if self._session.do(whole) else None

    def _addition(self, graph: Graph, payload: Mapping[str, Any], at: Point) -> tuple[str, Edit]:
        taken = {*graph.nodes, *graph.inputs, *graph.outputs}
        kind = payload["kind"]
        if kind == "kernel":
            name = fresh_name(payload["function"], taken)
            return name, AddNode(graph.name, name, KernelNode(payload["path"], payload["function"]), at)
        if kind == "library":
            return self._ready_made(graph, payload, at)
        if kind == "constant":
            path, array = str(payload["path"]), str(payload["array"])
            name = fresh_name(array if array.isidentifier() else kind, taken)
            return name, AddNode(graph.name, name, ConstantNode(path, array), at)
        if kind == "ip":
            name = fresh_name(PurePosixPath(payload["path"]).name.partition(".")[0], taken)
            return name, AddNode(graph.name, name, IpNode(payload["path"]), at)
        if kind == "graph":
            name = fresh_name(payload["graph"], taken)
            return name, AddNode(graph.name, name, GraphNode(payload["graph"]), at)
        if kind in ("convert", "duplicate", "relayout"):
            name = fresh_name(kind, taken)
            return name, AddNode(graph.name, name, _general(graph, payload), at)
        name = fresh_name(payload.get("name", kind), taken)
        text = payload.get("type") or next(iter({**graph.inputs, **graph.outputs}.values()), _NEW_TYPE)
        return f"@{name}", AddGraphPort(graph.name, name, "in" if kind == "input" else "out", text, at)

    def _ready_made(self, graph: Graph, payload: Mapping[str, Any], at: Point) -> tuple[str, Edit]:
        name, project = str(payload["block"]), self._session.project
        block = find_block(name)
        if block is None or project is None:
            hint = "the palette shows the blocks that there are; the window that it came from may be of another version"
            raise AlloError(Diagnostic("edit", f"the library has no block {name!r}", hint=hint))
        return add_block(project, graph.name, block, at, payload.get("params"))

    def add_and_connect(
        self, payload: Mapping[str, Any], port: str, end: Endpoint, held_source: bool, at: QPointF
    ) -> bool:
        """Add a block where a wire was let go and connect the wire to its port."""
        graph = self._session.graph
        if graph is None:
            return False
        try:
            name, edit = self._addition(graph, payload, (float(round(at.x() / 4) * 4), float(round(at.y() / 4) * 4)))
        except AlloError as error:
            self._session.refuse(error, "Not added")
            return False
        other = Endpoint("", name[1:]) if name.startswith("@") else Endpoint(name, port)
        source, target = (end, other) if held_source else (other, end)
        wire = Connect(graph.name, source, target, replace_producer=True)
        shown = self.unwritten(graph)
        first = (MoveNodes(graph.name, shown),) if shown else ()
        return self._session.do(Several((*first, edit, wire), f"Add {name.removeprefix('@')} and connect it"))

    def delete(self, blocks: list[str], wires: list[str], notes: Sequence[str] = ()) -> bool:
        """Delete blocks with their wires, ports of the graph, wires, and notes, as one edit."""
        graph = self._session.graph
        if graph is None:
            return False
        ports = [b[1:] for b in blocks if b.startswith("@") and b[1:] in {**graph.inputs, **graph.outputs}]
        nodes = tuple(b for b in blocks if b in graph.nodes)
        standing = {b for b in blocks if b not in nodes and b.removeprefix("@") not in ports}
        loose = {e.id for e in graph.edges if e.source.node in standing or e.target.node in standing}
        edits: list[Edit] = [Disconnect(graph.name, wire) for wire in sorted({*wires, *loose})]
        edits += [RemoveNodes(graph.name, nodes)] if nodes else []
        edits += [RemoveGraphPort(graph.name, port) for port in ports]
        edits += [RemoveNotes(graph.name, tuple(notes))] if notes else []
        if not edits:
            return False
        count = len(blocks) + len(wires) + len(notes)
        text = edits[0].describe() if len(edits) == 1 else f"Delete {count} items"
        return self._session.do(Several(tuple(edits), text))

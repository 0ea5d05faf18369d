"""The canvas: draws pictures of the design, one hierarchy level at a time, and passes gestures on.

A gesture becomes a signal, the window makes an edit of it, and the canvas draws the difference between the picture
that it shows and the new one. It never changes the scene on its own.
"""

# The stubs know a signal of `object` only with slots of `object`.
# mypy: disable-error-code="call-overload"

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from PySide6.QtCore import QPoint, QPointF, QRectF, Signal
from PySide6.QtWidgets import QGraphicsItem, QVBoxLayout, QWidget

from allo_studio.design.checked import CheckedDesign
from allo_studio.design.model import Graph, Note
from nodes.block import BlockItem, BlockNode, BlockPort
from nodes.labels import LabelPlacer
from nodes.metrics import FOOTER_HEIGHT, block_size, label_room
from nodes.minimap import Minimap
from nodes.notes import NoteItem, NoteLayer
from nodes.patches import PatchedGraph
from nodes.picture import BlockSpec, Kept, Overlays, Picture, WireSpec, block_name, describe, longest
from nodes.pipe import WireItem
from nodes.viewer import CanvasView, Checker
from nodes.wire_router import WireRouter

__all__ = ["Canvas", "measures"]

Point = tuple[float, float]
# Positions are kept on this grid, so that files stay tidy.
_SNAP = 4
_TREE_DEPTH = 12
# How far around the blocks the index of the scene reaches, in scene units.
_AROUND = 1000.0


def measures(graph: Graph, checked: CheckedDesign) -> tuple[dict[str, tuple[float, float]], dict[str, float]]:
    """Return what placing the blocks of a graph has to know, with room for what a build tells, in scene units.

    The first is the width and height of each block, the second how far apart the blocks of each wire have to stand for
    its label.
    """
    picture, sizes = describe(graph, checked, longest(graph, checked)), {}
    for name, spec in picture.blocks.items():
        size = block_size(spec)
        footer = FOOTER_HEIGHT if spec.kind in ("kernel", "graph", "ip") else 0.0
        sizes[name] = (size.width(), size.height() + footer)
    return sizes, {name: label_room(spec) for name, spec in picture.wires.items()}


def _same_shape(old: BlockSpec, new: BlockSpec | None) -> bool:
    return new is not None and (old is new or old.shape == new.shape)


def _snapped(value: float) -> float:
    return float(round(value / _SNAP) * _SNAP)


class Canvas(QWidget):
    """The drawing area. Ends in signals are `Endpoint`s, wires are known by edge ids, blocks by name (`@A`: port A)."""

    connect_requested = Signal(object, object)
    disconnect_requested = Signal(str)
    reroute_requested = Signal(str, object, object)
    wire_dropped = Signal(object, bool, QPointF)
    # Places by a block's name, and by `#` and a note's id.
    moved = Signal(dict)
    # A note's id, and what it is to be.
    note_changed = Signal(str, object)
    # A block's name, or None where none or several are selected; and the same for wires.
    selected = Signal(object)
    wire_selected = Signal(object)
    opened = Signal(str)
    dropped = Signal(str, float, float)
    files_dropped = Signal(list, float, float)
    refused = Signal(str)
    # Block name or `#` and a note's id or None, wire id or None, place on the screen.
    context_requested = Signal(object, object, QPoint)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = CanvasView()
        self._nodes = PatchedGraph(viewer=self.view)
        self._nodes.set_acyclic(False)
        # Deep enough that finding what a frame shows among thousands of items takes no longer than drawing it.
        self.view.scene().setBspTreeDepth(_TREE_DEPTH)
        self.minimap = Minimap(self.view, lambda: (block.area for block in self._blocks.values()))
        self.notes = NoteLayer(self.view.scene())
        self._picture, self._kept = Picture(), Kept()
        self._router, self._labels = WireRouter(), LabelPlacer()
        self._indexed = QRectF()
        self._positions: dict[str, tuple[float, float]] = {}
        self._blocks: dict[str, BlockItem] = {}
        self.view.blocks = self._blocks.values
        self.view.notes = lambda: self.notes
        self._wires: dict[str, WireItem] = {}
        self._level = ""
        self._drawing = False
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.view)
        self._wire_up()

    def _wire_up(self) -> None:
        view = self.view
        view.connect_requested.connect(self.connect_requested)
        view.disconnect_requested.connect(self.disconnect_requested)
        view.reroute_requested.connect(self.reroute_requested)
        view.wire_dropped.connect(self.wire_dropped)
        view.refused.connect(self.refused)
        view.block_opened.connect(self.opened)
        view.move_finished.connect(self._tell_moves)
        view.move_stopped.connect(self._put_back)
        view.note_changed.connect(self.note_changed)
        view.block_dropped.connect(lambda text, at: self.dropped.emit(text, at.x(), at.y()))
        view.files_dropped.connect(lambda files, at: self.files_dropped.emit(files, at.x(), at.y()))
        view.context_requested.connect(self._tell_context)
        view.scene().selectionChanged.connect(self._tell_selection)

    def set_checker(self, checker: Checker) -> None:
        """Set what decides whether a wire may be drawn."""
        self.view.checker = checker

    # Drawing.

    def show_graph(
        self,
        graph: Graph,
        checked: CheckedDesign,
        positions: Mapping[str, tuple[float, float]],
        overlays: Overlays | None = None,
    ) -> None:
        """Draw a graph: the difference where it is the one that is shown already, else everything anew."""
        if graph.name != self._level:
            self.clear()
            self._level = graph.name
        self.draw(describe(graph, checked, overlays, self._kept), positions)

    def draw(self, picture: Picture, positions: Mapping[str, tuple[float, float]]) -> None:
        """Make the scene show `picture` with blocks at `positions` (scene units; absent: 0, 0)."""
        chosen, wires = self.selected_blocks(), self.selected_wires()
        self._drawing = self.view.drawing = True
        try:
            changed = self._draw_blocks(picture)
            changed |= {name for name in self._blocks if self._place(name, positions.get(name, (0.0, 0.0)))}
            self._draw_wires(picture, changed)
            self._wires = {wire_id: self._wires[wire_id] for wire_id in picture.wires}
            areas = {name: block.area for name, block in self._blocks.items()}
            self._router.route(self._wires, areas)
            self._labels.place(self._wires, areas)
            # What was made anew is still what the person works on.
            for item in (
                *(self._blocks[n] for n in chosen if n in self._blocks),
                *(self._wires[w] for w in wires if w in self._wires),
            ):
                item.setSelected(True)
        finally:
            self._drawing = self.view.drawing = False
        self._picture = picture
        self.view.looks_changed()
        self.minimap.refresh()
        self._fit_index()
        if (self.selected_blocks(), self.selected_wires()) != (chosen, wires):
            self._tell_selection()

    def _fit_index(self) -> None:
        """Let the index of the scene's items reach over all that is drawn: what lies outside makes each frame slow."""
        whole = self.minimap.whole()
        if not self._indexed.contains(whole):
            self._indexed = whole.adjusted(-_AROUND, -_AROUND, _AROUND, _AROUND)
            self.view.scene().setSceneRect(self._indexed)

    def show_notes(self, notes: Mapping[str, Note]) -> None:
        """Draw the notes and backdrops of the graph that is shown."""
        self._drawing = self.view.drawing = True
        try:
            self.notes.show(notes)
        finally:
            self._drawing = self.view.drawing = False
        self.view.looks_changed()

    def clear(self) -> None:
        """Remove everything."""
        self._drawing = self.view.drawing = True
        try:
            self.notes.show({})
            for wire in list(self._wires):
                self._remove_wire(wire)
            for name in list(self._blocks):
                self._remove_block(name)
        finally:
            self._drawing = self.view.drawing = False
        self._picture, self._kept, self._positions, self._level = Picture(), Kept(), {}, ""
        self._router.clear()
        self._labels.clear()
        self.view.looks_changed()
        self.minimap.refresh()

    def _draw_blocks(self, picture: Picture) -> set[str]:
        """Draw blocks; return the names of those that are new or have changed."""
        old, changed = self._picture.blocks, set()
        for name in [n for n in self._blocks if not _same_shape(old[n], picture.blocks.get(n))]:
            self._remove_block(name)
        for name, spec in picture.blocks.items():
            if name not in self._blocks:
                node = BlockNode(spec)
                self._nodes.add_node(node, pos=(0.0, 0.0), selected=False, push_undo=False)
                self._blocks[name] = node.view
            elif old[name] is spec or old[name] == spec:
                continue
            else:
                self._blocks[name].show_spec(spec)
            changed.add(name)
        return changed

    def _draw_wires(self, picture: Picture, changed: Collection[str]) -> None:
        """Draw wires; `changed` are the blocks that are new, moved, or have changed."""
        for wire_id in [w for w in self._wires if w not in picture.wires]:
            self._remove_wire(wire_id)
        old = self._picture.wires
        for wire_id, spec in picture.wires.items():
            known = wire_id in self._wires
            same = known and (old[wire_id] is spec or old[wire_id] == spec)
            if same and not (changed and (block_name(spec.source) in changed or block_name(spec.target) in changed)):
                continue
            if not known:
                self._add_wire(spec)
            item = self._wires[wire_id]
            item.show_spec(spec)
            item.draw_path(item.output_port, item.input_port)

    def _add_wire(self, spec: WireSpec) -> None:
        source = self._node(block_name(spec.source)).outputs()[spec.source.port]
        target = self._node(block_name(spec.target)).inputs()[spec.target.port]
        source.connect_to(target, push_undo=False, emit_signal=False)
        self._wires[spec.id] = target.view.connected_pipes[-1]
        for port in (source, target):
            port.view.redraw()

    def _remove_wire(self, wire_id: str) -> None:
        item = self._wires.pop(wire_id)
        self.view.leave_wire(item)
        source, target = item.output_port, item.input_port
        out_port = self._node(source.node.spec.name).outputs()[source.spec.name]
        in_port = self._node(target.node.spec.name).inputs()[target.spec.name]
        out_port.disconnect_from(in_port, push_undo=False, emit_signal=False)
        for port in (source, target):
            port.redraw()

    def _remove_block(self, name: str) -> None:
        item = self._blocks.pop(name)
        self.view.leave_block(item)
        wires = [wire.spec.id for port in (*item.inputs, *item.outputs) for wire in port.connected_pipes]
        for wire_id in dict.fromkeys(wires):
            self._remove_wire(wire_id)
        self._nodes.remove_node(self._node(name), push_undo=False)
        self._positions.pop(name, None)

    def _place(self, name: str, position: tuple[float, float]) -> bool:
        """Put a block where it belongs; tell whether that is not where it was drawn before."""
        item = self._blocks[name]
        if item.place != position:
            item.setPos(*position)
        before, self._positions[name] = self._positions.get(name), position
        return before != position

    # Gestures.

    def _tell_moves(self) -> None:
        moves = {name: block.place for name, block in self._blocks.items() if block.place != self._positions[name]}
        notes = self.notes.moved()
        for name in [name for name in notes if self.notes.item(name).backdrop]:
            self._carry(name, moves, notes)
        moves |= {f"#{name}": place for name, place in notes.items()}
        if moves:
            self.moved.emit({name: (_snapped(x), _snapped(y)) for name, (x, y) in moves.items()})

    def _put_back(self) -> None:
        """Draw blocks and notes where they were before they were moved by a gesture that has been given up."""
        for name, place in self._positions.items():
            self._place(name, place)
        for note in self.notes:
            note.show_note(note.note)

    def _carry(self, backdrop: str, moves: dict[str, Point], notes: dict[str, Point]) -> None:
        """Let what lies on a backdrop go with it, but for what was moved by itself."""
        (x, y), (old_x, old_y) = notes[backdrop], self.notes.item(backdrop).note.place
        middles = {
            name: QPointF(*place) + self._blocks[name].boundingRect().center()
            for name, place in self._positions.items()
        }
        blocks, others = self.notes.on_backdrop(backdrop, middles)
        for name in blocks - moves.keys():
            moves[name] = (self._positions[name][0] + x - old_x, self._positions[name][1] + y - old_y)
        for name in others - notes.keys():
            place = self.notes.item(name).note.place
            notes[name] = (place[0] + x - old_x, place[1] + y - old_y)

    def _tell_selection(self) -> None:
        if self._drawing:
            return
        blocks, wires = self.selected_blocks(), self.selected_wires()
        self.selected.emit(blocks[0] if len(blocks) == 1 else None)
        self.wire_selected.emit(wires[0] if len(wires) == 1 and not blocks else None)

    def _tell_context(self, item: QGraphicsItem | None, at: QPoint) -> None:
        block = item.spec.name if isinstance(item, BlockItem) else None
        block = f"#{item.name}" if isinstance(item, NoteItem) else block
        wire = item.spec.id if isinstance(item, WireItem) else None
        if item is not None and not item.isSelected():
            self.view.scene().clearSelection()
            item.setSelected(True)
        self.context_requested.emit(block, wire, at)

    # What is shown and selected.

    @property
    def picture(self) -> Picture:
        """What is shown."""
        return self._picture

    @property
    def positions(self) -> Mapping[str, tuple[float, float]]:
        """Where blocks are shown (scene units)."""
        return dict(self._positions)

    def selected_blocks(self) -> list[str]:
        """Return the names of the selected blocks."""
        return sorted(item.spec.name for item in self.view.scene().selectedItems() if isinstance(item, BlockItem))

    def selected_wires(self) -> list[str]:
        """Return the ids of the selected wires."""
        return sorted(item.spec.id for item in self.view.scene().selectedItems() if isinstance(item, WireItem))

    def select(
        self, block: str | None = None, wire: str | None = None, note: str | None = None, centre: bool = False
    ) -> bool:
        """Select one block, wire or note and, if asked, bring it to the middle; tell whether it is there."""
        item = self._blocks.get(block or "") or self._wires.get(wire or "")
        item = item or next((each for each in self.notes if each.name == note), None)
        self._select(() if item is None else (item,))
        if item is None:
            return False
        if centre:
            self.view.centre_on(item.sceneBoundingRect().center())
        return True

    def select_blocks(self, names: Iterable[str], wires: Iterable[str] = ()) -> None:
        """Select some blocks and wires and nothing else; names of what is not there are passed over."""
        blocks = [self._blocks[name] for name in names if name in self._blocks]
        self._select((*blocks, *(self._wires[wire] for wire in wires if wire in self._wires)))

    def select_all(self) -> None:
        """Select all blocks, wires and notes."""
        self._select((*self._blocks.values(), *self._wires.values(), *self.notes))

    def _select(self, items: Iterable[QGraphicsItem]) -> None:
        """Select these and nothing else, and tell of it once: each of a thousand would look at all of them."""
        self._drawing = True
        try:
            self.view.scene().clearSelection()
            for item in items:
                item.setSelected(True)
        finally:
            self._drawing = False
        self._tell_selection()

    def areas(self) -> list[QRectF]:
        """Return what blocks and notes take of the scene; one may well lie on a backdrop."""
        notes = (note.area for note in self.notes if not note.backdrop)
        return [*(block.area for block in self._blocks.values()), *notes]

    def selected_notes(self) -> list[str]:
        """Return the ids of the selected notes and backdrops."""
        return self.notes.selected()

    def select_notes(self, names: Iterable[str]) -> None:
        """Select some notes besides what is selected."""
        for name in names:
            self.notes.item(name).setSelected(True)

    def block(self, name: str) -> BlockItem:
        """Return a block's item; raises KeyError."""
        return self._blocks[name]

    def wire(self, wire_id: str) -> WireItem:
        """Return a wire's item; raises KeyError."""
        return self._wires[wire_id]

    def port(self, block: str, port: str, output: bool) -> BlockPort:
        """Return a port's item; raises KeyError."""
        item = self._blocks[block]
        found = next((each for each in (item.outputs if output else item.inputs) if each.spec.name == port), None)
        if found is None:
            raise KeyError(port)
        return found

    def _node(self, name: str) -> BlockNode:
        """Return NodeGraphQt's node of a block."""
        node: BlockNode = self._nodes.get_node_by_id(name)
        return node

    def shut(self) -> None:
        """Let go of the scene in an order that Qt survives; call it before the window is destroyed."""
        self.view.scene().selectionChanged.disconnect(self._tell_selection)
        self.clear()

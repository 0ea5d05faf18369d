"""What `benchmarks/window.py` times, each part in a process of its own: `python window_parts.py PART [FOLDER]`.

It prints what it found as one line of JSON.
"""

from __future__ import annotations

import gc
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, QTimer, qInstallMessageHandler
from PySide6.QtWidgets import QApplication, QGraphicsView
from window_design import COLUMNS, ROWS, place, wires

__all__ = ["main"]

# What a frame is of: pixels of the canvas.
SIZE = (1000, 600)
FRAMES = 15
# How long events are watched after a build.
AFTER_S = 1.5
# Of panning, in pixels a frame.
STEP = 7
_KEPT: list[object] = []


def main() -> None:
    """Run one part."""
    qInstallMessageHandler(lambda *_: None)
    part, *rest = sys.argv[1:]
    found = {"stock": stock, "ours": ours, "build": build}[part](*rest)
    print(json.dumps(found), flush=True)
    # Qt's objects go in no good order at the end of a program.
    os._exit(0)


def timed(work: Callable[[], object]) -> float:
    """Return how long work takes, in milliseconds."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1e3


def settle() -> None:
    """Let Qt do what it put off: it makes the index of a scene's items two seconds after the last of them came."""
    gc.collect()
    end = time.perf_counter() + 2.5
    while time.perf_counter() < end:
        QApplication.processEvents()
        time.sleep(0.02)


def frames(view: QGraphicsView, show: Callable[[], object]) -> list[float]:
    """Return how long frames take while the view is panned, without the first, in which what is kept is made."""
    show()
    settle()
    step = STEP / view.transform().m11()

    def frame() -> None:
        view._set_viewer_pan(step, 0)
        view.viewport().repaint()

    frame()
    return [timed(frame) for _ in range(FRAMES)]


def at_full_size(view: Any) -> None:
    """Show the middle of the design at its own size."""
    x, y = place(COLUMNS // 2, ROWS // 2)
    port = view.viewport().size()
    view._scene_range = QRectF(x - port.width() / 2, y - port.height() / 2, port.width(), port.height())
    view._update_scene()


def resident() -> float:
    """Return the resident memory of this process, in MB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def stock() -> dict[str, Any]:
    """NodeGraphQt as it comes: the same blocks at the same places, its own nodes, pipes and viewer."""
    app = QApplication(sys.argv[:1])
    # Imported through the studio, for distutils, which it wants and Python 3.12 has no longer.
    from NodeGraphQt import BaseNode, NodeGraph

    class Block(BaseNode):  # type: ignore[misc]
        __identifier__, NODE_NAME = "bench", "block"

        def __init__(self) -> None:
            super().__init__()
            for name in "XZ":
                self.add_input(name)
            for name in "YW":
                self.add_output(name, multi_output=True)

    graph = NodeGraph()
    _KEPT.extend((app, graph))
    graph.register_node(Block)
    # Its check for cycles takes time exponential in the paths: with it no wire of this design would be drawn.
    graph.set_acyclic(False)
    view = graph.viewer()
    graph.widget.show()
    view.setFixedSize(*SIZE)
    began = time.perf_counter()
    made = {}
    for column in range(COLUMNS):
        for row in range(ROWS):
            at, name = list(place(column, row)), f"n{column}_{row}"
            made[column, row] = graph.create_node("bench.Block", name=name, pos=at, selected=False, push_undo=False)
    for (c, r, p), (c2, r2, p2) in wires(COLUMNS, ROWS):
        made[c, r].output(p).connect_to(made[c2, r2].input(p2), push_undo=False)
    QApplication.processEvents()
    first = (time.perf_counter() - began) * 1e3
    fits = [timed(graph.fit_to_selection) for _ in range(2)]
    whole = frames(view, lambda: None)
    full = frames(view, lambda: at_full_size(view))
    return {"first": first, "fit": min(fits), "whole": whole, "full": full, "memory": resident()}


def studio() -> Any:
    """Return a window a while after a start of the program, and as the program has it."""
    from ui.app import application
    from ui.load_ahead import LoadAhead
    from ui.window import Window

    app = application()
    window = Window()
    _KEPT.extend((app, window))
    window.show()
    LoadAhead(window)
    settle()
    # What is there at the start is never searched for garbage.
    gc.freeze()
    return window


def ours(folder: str) -> dict[str, Any]:
    """The studio's window with the design."""
    from allo_studio.design import edits

    window = studio()
    view = window.panels.canvas.view
    painted = _Painted(view.viewport())
    began = time.perf_counter()
    assert window.open_project(Path(folder))
    view.setFixedSize(*SIZE)
    while not painted.seen:
        QApplication.processEvents()
    first = (time.perf_counter() - began) * 1e3
    found = {"first": first, "blocks": len(window.panels.canvas.picture.blocks)}
    found["wires"] = len(window.panels.canvas.picture.wires)
    found["fit"] = statistics.median(timed(view.fit) for _ in range(5))
    found["whole"] = frames(view, view.fit)
    found["full"] = frames(view, lambda: at_full_size(view))
    found["drag"] = _drags(window)
    found["undo"] = _undone(window, edits)
    found["memory"] = resident()
    found["routed"] = _routed()
    return found


def _routed() -> list[float]:
    """Return how long all wires of a thousand blocks take to lay anew, where most have to go around something."""
    from nodes.canvas import Canvas
    from nodes.picture import BlockSpec, Picture, PortSpec, WireSpec, endpoint

    port = PortSpec("X", "int32[4]", "int32"), PortSpec("Y", "int32[4]", "int32")
    blocks = {f"n{n}": BlockSpec(f"n{n}", "kernel", f"n{n}", inputs=port[:1], outputs=port[1:]) for n in range(1000)}
    links = [*((n, n + 1) for n in range(999)), *((n, n + 1 + n * 7919 % 60) for n in range(930))]
    ends = [(endpoint(f"n{a}", "Y"), endpoint(f"n{b}", "X")) for a, b in dict.fromkeys(links)]
    wires = {f"{a}->{b}": WireSpec(f"{a}->{b}", a, b, "int32[4]", element="int32") for a, b in ends}
    canvas = Canvas()
    _KEPT.append(canvas)
    canvas.draw(Picture(blocks, wires), {f"n{n}": (n // 25 * 340.0, n % 25 * 190.0) for n in range(1000)})
    items = {name: canvas.wire(name) for name in wires}
    areas = {name: canvas.block(name).area for name in blocks}
    took = []
    for _ in range(3):
        canvas._router.clear()
        took.append(timed(lambda: canvas._router.route(items, areas)))
    return took


class _Painted(QObject):
    """Notes that a widget was painted."""

    def __init__(self, widget: QObject) -> None:
        super().__init__()
        self.seen = False
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.seen = self.seen or event.type() == QEvent.Type.Paint
        return False


def _drags(window: Any) -> list[float]:
    """Return how long the events of drawing wires take, each with what it makes the view draw."""
    canvas, view, found = window.panels.canvas, window.panels.canvas.view, []
    for row in range(0, ROWS, 5):
        port = canvas.port(f"n{COLUMNS // 2}_{row}", "Y", True)
        ends = [
            canvas.port(f"n{COLUMNS // 2 + 1}_{other}", name, False) for other in range(row, row + 4) for name in "XZ"
        ]
        events = [lambda port=port: view.start_wire(port, port.centre)]
        events += [lambda at=at: view.drag_wire(at) for end in ends for at in (end.centre, end.centre - QPointF(60, 9))]
        for event in events:
            found.append(timed(lambda event=event: (event(), QApplication.processEvents())))
        view._end()
    return found


def _undone(window: Any, edits: Any) -> list[dict[str, Any]]:
    """Return how long undoing each kind of edit takes until it is seen, and how many items it makes anew or moves."""
    from allo_studio.design.model import KernelNode

    column = tuple(f"n5_{row}" for row in range(ROWS))
    many = tuple(f"n{c}_{row}" for c in range(10, 14) for row in range(ROWS))
    kinds = {
        "move a block": edits.MoveNodes("top", {"n5_5": (1000.0, -300.0)}),
        "move all blocks": edits.MoveNodes(
            "top", {name: (x + 40, y + 20) for name, (x, y) in window.panels.canvas.positions.items()}
        ),
        "remove a wire": edits.Disconnect("top", "n9_9.Y->n10_9.X"),
        "remove a block": edits.RemoveNodes("top", ("n7_7",)),
        f"remove {ROWS} blocks": edits.RemoveNodes("top", column),
        f"remove {len(many)} blocks": edits.RemoveNodes("top", many),
        "add a block": edits.AddNode("top", "more", KernelNode("k.py", "both"), (0.0, -300.0)),
        "set a parameter": edits.SetParam("top", "n3_3", "R", 4),
        "rename a block": edits.RenameNode("top", "n3_3", "other"),
        "let a graph run in sequence": edits.SetExecution("top", "sequential"),
    }
    # What is undone is seldom the first edit: the state before it is not saved either, and is kept as each edit is.
    window.session.do(edits.SetParam("top", "n0_0", "R", 4))
    works = {name: lambda edit=edit: window.session.do(edit) for name, edit in kinds.items()}
    works[f"collapse {ROWS} blocks"] = lambda: _collapse(window, column)
    found = [_undo(window, name, work) for name, work in works.items()]
    # Else what is kept of it would be offered to the next one who opens the design.
    window.session.undo()
    return found


def _collapse(window: Any, blocks: tuple[str, ...]) -> None:
    window.panels.canvas.select_blocks(blocks)
    window.block_actions.collapse("part")


def _undo(window: Any, name: str, work: Callable[[], object]) -> dict[str, Any]:
    times, items = [], 0
    for _ in range(3):
        before = window.session.project
        work()
        assert window.session.project != before, name
        QApplication.processEvents()
        before = _items(window)
        # What was made to count them is none of the window's garbage.
        gc.collect()
        times.append(timed(lambda: (window.session.undo(), QApplication.processEvents())))
        items = sum(before.get(name) != item for name, item in _items(window).items())
    return {"edit": name, "ms": statistics.median(times), "longest": max(times), "items": items}


def _items(window: Any) -> dict[str, tuple[object, object]]:
    """Return what the canvas draws blocks and wires with, and where."""
    canvas = window.panels.canvas
    blocks = {name: canvas.block(name) for name in canvas.picture.blocks}
    wires = {name: canvas.wire(name) for name in canvas.picture.wires}
    found = {name: (item, item.pos().toTuple()) for name, item in blocks.items()}
    return {**found, **{name: (item, item.path().boundingRect().getRect()) for name, item in wires.items()}}


def build(folder: str, target: str) -> dict[str, Any]:
    """Build in the window; tell how long the longest wait between two events of a timer was."""
    window = studio()
    assert window.open_project(Path(folder))
    settle()
    ticks: list[float] = []
    timer = QTimer()
    timer.timeout.connect(lambda: ticks.append(time.perf_counter()))
    timer.start(1)
    window.targets.show(target)
    began = time.perf_counter()
    window.build_control.start()
    while window.builder.running:
        QApplication.processEvents()
        time.sleep(0.0002)
    seconds = time.perf_counter() - began
    # Pages of the report that are not seen are filled after it.
    end = time.perf_counter() + AFTER_S
    while time.perf_counter() < end:
        QApplication.processEvents()
        time.sleep(0.0002)
    waits = [(after - before) * 1e3 for before, after in pairwise(ticks)]
    return {"seconds": seconds, "ok": window.session.result is not None, "waits": sorted(waits)[-5:]}


if __name__ == "__main__":
    main()

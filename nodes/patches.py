"""Every patch to NodeGraphQt 0.6.44, in one place; each has a test in `tests/nodes/test_nodes_patches.py`.

NodeGraphQt is used to hold and draw items, and for nothing else. Its undo stack, cycle check, unique names, tab
search, context menus, mouse handling and session files are either slow, faulty, or in the way of the design model
being the only truth.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from PySide6 import QtCore, QtGui, QtSvg, QtWidgets
from PySide6.QtCore import QRectF
from PySide6.QtGui import QFocusEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QGraphicsItem, QGraphicsView


class _LooseVersion:
    """What NodeGraphQt takes from distutils, which left Python in 3.12: versions that can be compared."""

    def __init__(self, text: str) -> None:
        self.numbers = tuple(int(part) for part in text.split(".") if part.isdecimal())

    def __ge__(self, other: _LooseVersion) -> bool:
        return self.numbers >= other.numbers


class _Part(ModuleType):
    """A module of Qt under the name that NodeGraphQt has for it, with what Qt 6 has elsewhere or calls otherwise."""

    def __init__(self, part: ModuleType, **moved: type) -> None:
        super().__init__(f"Qt.{part.__name__.rpartition('.')[2]}")
        self._part = part
        self.__dict__.update(moved)

    def __getattr__(self, name: str) -> Any:
        # Kept, since a frame asks for some of them thousands of times.
        value = self.__dict__[name] = getattr(self._part, name)
        return value


def _stand_ins() -> dict[str, ModuleType]:
    """Return modules for what NodeGraphQt imports beside PySide6.

    distutils left Python in 3.12. Qt.py, which makes one of the several bindings of Qt look like another, takes a tenth
    of a start, though NodeGraphQt needs it for five names.
    """
    distutils, version, qt = ModuleType("distutils"), ModuleType("distutils.version"), ModuleType("Qt")
    version.LooseVersion = _LooseVersion  # type: ignore[attr-defined]
    compat = ModuleType("Qt.QtCompat")
    compat.QHeaderView = QtWidgets.QHeaderView  # type: ignore[attr-defined]
    parts = (
        _Part(QtCore, QRegExp=QtCore.QRegularExpression),
        _Part(QtGui, QRegExpValidator=QtGui.QRegularExpressionValidator),
        _Part(QtSvg),
        _Part(QtWidgets, QAction=QtGui.QAction, QUndoCommand=QtGui.QUndoCommand, QUndoStack=QtGui.QUndoStack),
        compat,
    )
    for part in parts:
        setattr(qt, part.__name__.rpartition(".")[2], part)
    return {"distutils": distutils, "distutils.version": version, "Qt": qt}


@contextmanager
def _lent(ours: Mapping[str, ModuleType]) -> Iterator[None]:
    """Provide modules while NodeGraphQt is imported, and take them away again: others want the real ones."""
    before = {name: sys.modules.get(name) for name in ours}
    sys.modules.update(ours)
    try:
        yield
    finally:
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module


with _lent(_stand_ins()):
    from NodeGraphQt import BaseNode, NodeGraph
    from NodeGraphQt.qgraphics.node_abstract import AbstractNodeItem
    from NodeGraphQt.qgraphics.pipe import PipeItem
    from NodeGraphQt.qgraphics.port import PortItem
    from NodeGraphQt.widgets.viewer import NodeViewer

__all__ = ["AbstractNodeItem", "BaseNode", "PatchedGraph", "PatchedViewer", "PipeItem", "PortItem"]


class PatchedGraph(NodeGraph):  # type: ignore[misc]
    """A NodeGraph that only holds nodes: no gesture reaches its undo stack, and creation isn't quadratic."""

    def get_unique_name(self, name: str) -> str:
        """Return the name itself: the design model keeps names unique (the original walks all nodes)."""
        return name

    def _wire_signals(self) -> None:
        """Connect nothing: the original turns gestures into edits on an undo stack of its own."""

    def toggle_node_search(self) -> None:
        """Do nothing: the tab search raises on a parenthesis in the text; the palette has a search."""

    def _register_builtin_nodes(self) -> None:
        """Register nothing: blocks are made from the design model only."""


class PatchedViewer(NodeViewer):  # type: ignore[misc]
    """A NodeViewer without the original's mouse handling, and with its slow parts replaced."""

    def __init__(self) -> None:
        # Without an undo stack it makes no undo actions, whose shortcuts would fight with the window's.
        super().__init__()
        # The cycle check is exponential in the number of paths; the design check finds cycles in linear time.
        self.acyclic = False
        self.setCacheMode(QGraphicsView.CacheModeFlag.CacheNone)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.SmartViewportUpdate)

    def acyclic_check(self, start_port: Any, end_port: Any) -> bool:
        """Return True at once (see `__init__`)."""
        return True

    def _combined_rect(self, nodes: Sequence[QGraphicsItem]) -> QRectF:
        """Unite the rectangles; the original groups and ungroups the items, which takes seconds for a thousand."""
        rect = QRectF()
        for node in nodes:
            rect = rect.united(node.sceneBoundingRect())
        return rect

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the scale and the top left corner; the original zooms by an unrelated factor."""
        scale = self.transform().m11() or 1.0
        size = self.viewport().size()
        self._scene_range.setSize(size.toSizeF() / scale)
        self._last_size = self.size()
        self._update_scene()
        QGraphicsView.resizeEvent(self, event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Leave the original's hidden menu bar alone: its shortcuts shadow the window's."""
        QGraphicsView.focusInEvent(self, event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """As `focusInEvent`."""
        QGraphicsView.focusOutEvent(self, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave out the original's modifier states and cursor text."""
        QGraphicsView.keyPressEvent(self, event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """As `keyPressEvent`."""
        QGraphicsView.keyReleaseEvent(self, event)

    def sceneMousePressEvent(self, event: Any) -> None:
        """Do nothing: the original deletes wires at the press of a button; items handle their own mouse events."""

    def sceneMouseMoveEvent(self, event: Any) -> None:
        """As `sceneMousePressEvent`."""

    def sceneMouseReleaseEvent(self, event: Any) -> None:
        """As `sceneMousePressEvent`."""

    def scale(self, sx: float, sy: float, pos: Any = None) -> None:
        """Scale about a scene point within sensible limits (the original's limits can be stepped over)."""
        wanted = min(max(self.transform().m11() * sx, 0.05), 3.0)
        factor = wanted / (self.transform().m11() or 1.0)
        super().scale(factor, factor, pos)

    def _update_scene(self) -> None:
        """Show the range at its exact scale; the original's fitInView takes a margin, so that each call drifts."""
        self.setSceneRect(self._scene_range)
        width = self._scene_range.width()
        if width <= 0 or self.viewport().width() <= 0:
            return
        scale = self.viewport().width() / width
        self.resetTransform()
        QGraphicsView.scale(self, scale, scale)
        self.centerOn(self._scene_range.center())

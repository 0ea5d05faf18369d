"""The parts of the window and how they are laid out; what they do is wired up in `ui.window`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import (
    QDockWidget,
    QLabel,
    QMainWindow,
    QMenu,
    QStackedWidget,
    QTabWidget,
    QToolBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from allo_studio.project import example_note, examples
from nodes import colours
from nodes.canvas import Canvas
from ui.actions import ACTIONS, MENUS, SUBMENUS, TOOLBAR
from ui.breadcrumbs import Breadcrumbs
from ui.build_log import BuildLog
from ui.code_dock import CodeDock
from ui.console import Console
from ui.find_bar import FindBar
from ui.guide import Guide
from ui.history_view import HistoryView
from ui.icons import icon
from ui.inspector import Inspector
from ui.outline import Outline
from ui.palette import Palette
from ui.problems import Problems
from ui.project_tabs import ProjectTabs
from ui.report_view import ReportView
from ui.session import Session
from ui.theme import px
from ui.welcome import Welcome

__all__ = ["Panels", "add_menus", "add_toolbar", "make_actions"]

# What the docks at the sides have of the width at most, where the scale is large.
_SIDES = 0.5
# Of the toolbar, at 100%; a style sheet is not asked for it before the look is first changed.
_ICON = 18
# Before these what is being typed is taken up: they are about the whole design.
_SETTLING = frozenset(
    {"save", "save_as", "close_project", "quit", "check", "build", "rebuild", "calibrate", "export_picture"}
)


class Panels:
    """Makes the docks and the middle of a window, and holds on to them."""

    def __init__(self, window: QMainWindow, session: Session) -> None:
        self.canvas, self.breadcrumbs, self.welcome = (
            Canvas(),
            Breadcrumbs(),
            Welcome({name: example_note(name) for name in examples()}),
        )
        self.palette, self.inspector, self.code = Palette(), Inspector(session), CodeDock()
        self.problems, self.log, self.report = Problems(), BuildLog(), ReportView()
        self.find = FindBar(session)
        self.history, self.console = HistoryView(session), Console(session)
        self.guide, self.outline = Guide(), Outline(session)
        self.status, self.tabs = QLabel(), ProjectTabs()
        editor = QWidget()
        column = QVBoxLayout(editor)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.tabs)
        column.addWidget(self.breadcrumbs)
        column.addWidget(self.find)
        column.addWidget(self.canvas, 1)
        self.middle = _Middle()
        self.middle.addWidget(self.welcome)
        self.middle.addWidget(editor)
        window.setCentralWidget(self.middle)
        self.bottom = QTabWidget()
        self.bottom.setDocumentMode(True)
        self.bottom.tabBar().setDrawBase(False)
        for widget, title in (
            (self.problems, "Problems"),
            (self.log, "Build"),
            (self.report, "Report"),
            (self.console, "Console"),
        ):
            self.bottom.addTab(widget, title)
        self._docks(window)
        window.statusBar().addPermanentWidget(self.status)

    def _docks(self, window: QMainWindow) -> None:
        area = Qt.DockWidgetArea
        corner = Qt.Corner
        window.setCorner(corner.BottomRightCorner, area.RightDockWidgetArea)
        window.setCorner(corner.BottomLeftCorner, area.LeftDockWidgetArea)
        self.docks: dict[str, QDockWidget] = {}
        table = (
            ("Palette", self.palette, area.LeftDockWidgetArea),
            ("History", self.history, area.LeftDockWidgetArea),
            ("Outline", self.outline, area.LeftDockWidgetArea),
            ("Guide", self.guide, area.LeftDockWidgetArea),
            ("Inspector", self.inspector, area.RightDockWidgetArea),
            ("Code", self.code, area.RightDockWidgetArea),
            ("Results", self.bottom, area.BottomDockWidgetArea),
        )
        for name, widget, where in table:
            dock = QDockWidget(name, window)
            dock.setObjectName(name)
            dock.setWidget(widget)
            features = QDockWidget.DockWidgetFeature
            dock.setFeatures(features.DockWidgetMovable | features.DockWidgetFloatable | features.DockWidgetClosable)
            window.addDockWidget(where, dock)
            self.docks[name] = dock
        window.splitDockWidget(self.docks["Palette"], self.docks["Guide"], Qt.Orientation.Horizontal)
        self.docks["Guide"].hide()
        self.docks["Outline"].visibilityChanged.connect(self.outline.refresh)
        window.tabifyDockWidget(self.docks["Palette"], self.docks["History"])
        window.tabifyDockWidget(self.docks["Palette"], self.docks["Outline"])
        self.docks["Palette"].raise_()
        # The tabs say what the bottom is.
        self.docks["Results"].setTitleBarWidget(QWidget())

    def size_docks(self, window: QMainWindow) -> None:
        """Give the docks their share of a window of this size."""
        width, height = window.width(), window.height()
        horizontal, vertical = Qt.Orientation.Horizontal, Qt.Orientation.Vertical
        side = [self.docks["Palette"], self.docks["Inspector"]]
        # At a large scale the drawing keeps its part of the width.
        sides = [max(px(190), min(px(240), width // 6)), max(px(360), round(width * 0.265))]
        fits = min(1.0, width * _SIDES / sum(sides))
        window.resizeDocks(side, [round(part * fits) for part in sides], horizontal)
        window.resizeDocks(
            [self.docks["Inspector"], self.docks["Code"]], [round(height * 0.58), round(height * 0.42)], vertical
        )
        window.resizeDocks([self.docks["Results"]], [min(max(px(250), round(height * 0.33)), height // 2)], vertical)


def make_actions(window: QMainWindow, canvas: QWidget, settle: Callable[[], None]) -> dict[str, QAction]:
    """Make the actions of the table; each calls the window's method `do_<id>`. Some keys act on the canvas alone.

    `settle` takes up what is being typed; it is called before an action that is about the whole design.
    """
    made = {}
    groups: dict[str, QActionGroup] = {}
    for name, spec in ACTIONS.items():
        action = QAction(spec.text, window)
        action.setObjectName(name)
        if spec.icon:
            action.setIcon(icon(spec.icon, colours.role("on_primary").name() if name == "build" else ""))
        if spec.shortcut:
            action.setShortcut(spec.shortcut)
        tip = spec.tip or spec.text.replace("&", "").rstrip("…")
        action.setToolTip(f"{tip}  ({spec.shortcut})" if spec.shortcut else tip)
        action.setCheckable(bool(spec.group) or spec.toggle)
        if spec.group:
            groups.setdefault(spec.group, QActionGroup(window)).addAction(action)
        if name in _SETTLING:
            action.triggered.connect(settle)
        action.triggered.connect(getattr(window, f"do_{name}"))
        if spec.on_canvas:
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        (canvas if spec.on_canvas else window).addAction(action)
        made[name] = action
    return made


def add_menus(window: QMainWindow, actions: dict[str, QAction], docks: dict[str, QDockWidget]) -> None:
    """Fill the menu bar."""
    for title, names in MENUS.items():
        _fill(window.menuBar().addMenu(title), names, actions, [dock.toggleViewAction() for dock in docks.values()])


def _fill(menu: QMenu, names: Sequence[str | None], actions: dict[str, QAction], docks: Sequence[QAction]) -> None:
    for name in names:
        if name is None:
            menu.addSeparator()
        elif name == "docks":
            menu.addActions(docks)
        elif name in SUBMENUS:
            title, inner = SUBMENUS[name]
            _fill(menu.addMenu(title), inner, actions, docks)
        else:
            menu.addAction(actions[name])


def add_toolbar(window: QMainWindow, actions: dict[str, QAction], beside_build: QWidget) -> QToolBar:
    """Make the toolbar."""
    bar = _Bar("Actions", window)
    bar.setObjectName("toolbar")
    bar.setMovable(False)
    for name in TOOLBAR:
        if name is None:
            bar.addSeparator()
            continue
        bar.addAction(actions[name])
        button = bar.widgetForAction(actions[name])
        if name in ("build", "add_input", "add_output") and isinstance(button, QToolButton):
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setObjectName(name)
        if name == "build":
            bar.addWidget(beside_build)
    window.addToolBar(bar)
    return bar


class _Middle(QStackedWidget):
    """Needs as much room as the page that is shown, not as the largest."""

    def __init__(self) -> None:
        super().__init__()
        self.currentChanged.connect(lambda _: self.updateGeometry())

    def minimumSizeHint(self) -> QSize:
        """The least size of the page that is shown."""
        shown = self.currentWidget()
        return shown.minimumSizeHint() if shown is not None else super().minimumSizeHint()


class _Bar(QToolBar):
    """A toolbar whose mark of more than there is room for can be seen: that of the style is dark and small."""

    def event(self, event: QEvent) -> bool:
        """Give the mark its icon after all that may have taken it away."""
        done = super().event(event)
        if event.type() in (QEvent.Type.Show, QEvent.Type.Polish, QEvent.Type.LayoutRequest):
            self.rescale()
        return done

    def rescale(self) -> None:
        """Draw the icons at the present scale, and the mark in the theme in use."""
        # Setting either asks for a layout, after which this is called again: a window at rest would never come to it.
        size = QSize(px(_ICON), px(_ICON))
        if self.iconSize() != size:
            self.setIconSize(size)
        mark, wanted = self.findChild(QToolButton, "qt_toolbar_ext_button"), icon("more")
        if mark is not None and mark.icon().cacheKey() != wanted.cacheKey():
            mark.setIcon(wanted)

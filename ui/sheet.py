"""The style sheet, with a role of `nodes.themes` where a colour stands and lengths as they are at a scale of 100%."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from string import Template

__all__ = ["sheet"]

# The mark of a box that is on; a style sheet takes it from a file.
_TICK = (Path(__file__).parent / "tick.svg").as_posix()
_LENGTH = re.compile(r"\b(\d+)px")
_SHEET = """
* { outline: 0; }
QMainWindow, QDialog { background: $window; }
QMainWindow::separator { background: $base; width: 5px; height: 5px; }
QMainWindow::separator:hover { background: $accent; }
QMenuBar { background: $window; padding: 2px 6px; }
QMenuBar::item { padding: 5px 10px; border-radius: 4px; }
QMenuBar::item:selected { background: $raised; }
QMenu { background: $raised; border: 1px solid $line; padding: 5px; }
QMenu::item { padding: 6px 26px 6px 14px; border-radius: 4px; }
QMenu::item:selected { background: $pressed; }
QMenu::item:disabled { color: $disabled; }
QMenu::separator { height: 1px; background: $line; margin: 5px 8px; }
QToolBar { background: $window; border: 0; border-bottom: 1px solid $line; padding: 5px 8px; spacing: 3px; }
QToolBar::separator { background: $line; width: 1px; margin: 5px 7px; }
QToolButton { padding: 5px 9px; border-radius: 5px; border: 1px solid transparent; }
QToolButton:hover { background: $raised; }
QToolButton:pressed, QToolButton:checked { background: $pressed; }
SchedulePanel QToolButton { padding: 5px 4px; }
QTabWidget > QToolButton { padding: 2px 9px; }
QTabBar::scroller { width: 34px; }
QAbstractScrollArea::corner { background: transparent; border: 0; }
QTabBar QToolButton { background: $raised; border: 1px solid $line; border-radius: 0; padding: 0; }
QToolButton#qt_toolbar_ext_button { background: $raised; border: 1px solid $line; padding: 0; min-width: 12px; }
QToolButton:disabled { color: $disabled; }
QToolButton#build { background: $primary; color: $on_primary; font-weight: 600; }
QToolButton#build:hover { background: $primary_hover; }
QToolButton#build:disabled { background: $raised; color: $disabled; }
QToolButton#target { border: 1px solid $line; padding-right: 20px; }
QToolButton#target:focus { border: 1px solid $accent; }
QToolButton#target::menu-indicator { subcontrol-origin: padding; subcontrol-position: right center; right: 6px; }
QToolButton { icon-size: 18px; }
QTreeView, QListView { icon-size: 17px; }
QPushButton, QTabBar, QMenu, QComboBox, QCheckBox { icon-size: 16px; }
QMenu::indicator { width: 14px; height: 14px; }
QCheckBox::indicator, QTreeView::indicator, QListView::indicator { width: 14px; height: 14px;
  background: $base; border: 1px solid $edge; border-radius: 3px; }
QCheckBox::indicator:focus, QCheckBox::indicator:hover { border: 1px solid $accent; }
QCheckBox::indicator:checked, QTreeView::indicator:checked, QListView::indicator:checked { background: $primary;
  border: 1px solid $primary; image: url("$tick"); }
QCheckBox::indicator:disabled { border: 1px solid $line; }
QCheckBox:focus { color: $accent; }
QDockWidget { color: $muted; font-weight: 600; titlebar-close-icon: none; titlebar-normal-icon: none; }
QDockWidget::title { background: $window; padding: 8px 11px; border-bottom: 1px solid $line; }
QTabWidget::pane { border: 0; border-top: 1px solid $line; }
QTabBar { background: $window; }
QTabBar::tab { background: transparent; color: $muted; padding: 7px 14px; border: 0;
  border-bottom: 2px solid transparent; }
QMainWindow > QTabBar::tab { padding: 7px 7px; }
QTabBar::tab:selected { color: $text; border-bottom: 2px solid $accent; }
QTabBar::tab:hover { color: $text; }
QTreeView, QListView, QTableView, QPlainTextEdit, QTextEdit { background: $base; border: 0;
  alternate-background-color: $alternate; selection-background-color: $selection; selection-color: $text; }
QTreeView::item, QListView::item { padding: 4px 4px; border: 0; }
QTreeView::item:selected, QListView::item:selected { background: $selection; color: $text; }
QTreeView::item:hover:!selected, QListView::item:hover:!selected { background: $hover; }
QTreeView[ring="true"], QTableView[ring="true"] { border: 1px solid transparent; }
QTreeView[ring="true"]:focus, QTableView[ring="true"]:focus { border: 1px solid $accent; }
QHeaderView { background: $base; }
QHeaderView::section { background: $base; color: $muted; padding: 6px 8px; border: 0;
  border-bottom: 1px solid $line; font-weight: 600; }
QLineEdit { background: $base; border: 1px solid $edge; border-radius: 5px;
  padding: 4px 8px; min-height: 18px; selection-background-color: $pressed; }
QLineEdit:focus { border: 1px solid $accent; }
QLineEdit[fault="true"] { border: 1px solid $error; }
QComboBox, QSpinBox, QDoubleSpinBox { min-height: 24px; }
QComboBox QAbstractItemView { background: $raised; border: 1px solid $line; padding: 3px; }
QPushButton { background: $raised; border: 1px solid $line; border-radius: 5px; padding: 5px 12px; }
QPushButton:hover { background: $button_hover; }
QPushButton:pressed { background: $pressed; }
QPushButton:disabled { color: $disabled; background: $window; }
QPushButton[primary="true"] { background: $primary; border: 1px solid $primary; color: $on_primary; font-weight: 600; }
QPushButton[primary="true"]:hover { background: $primary_hover; }
QPushButton[primary="true"]:disabled { background: $raised; border: 1px solid $line; color: $disabled; }
QPushButton:focus, QToolButton:focus, QPushButton[primary="true"]:focus { border: 1px solid $accent; }
QToolButton#build:focus, QPushButton[primary="true"]:focus { border: 1px solid $text; }
QTabBar::tab:selected:focus { color: $accent; }
QPushButton[flat="true"]:focus { text-decoration: underline; }
QPushButton[flat="true"] { background: transparent; border: 0; color: $accent; padding: 3px 0; text-align: left; }
QProgressBar { background: $base; border: 1px solid $line; border-radius: 5px; text-align: center;
  min-height: 17px; max-height: 17px; }
QProgressBar::chunk { background: $meter; border-radius: 4px; }
QProgressBar[high="true"]::chunk { background: $high; }
QScrollArea { border: 0; background: $window; }
QScrollBar:vertical { background: transparent; width: 11px; margin: 1px; }
QScrollBar:horizontal { background: transparent; height: 11px; margin: 1px; }
QScrollBar::handle { background: $scroll; border-radius: 4px; min-height: 26px; min-width: 26px; }
QScrollBar::handle:hover { background: $scroll_hover; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QStatusBar { background: $window; color: $muted; border-top: 1px solid $line; }
QStatusBar::item { border: 0; }
QToolTip { background: $raised; color: $text; border: 1px solid $line; padding: 5px; }
QSplitter::handle { background: $base; }
QLabel[role="title"] { font-size: 15px; font-weight: 700; }
QLabel[role="hero"] { font-size: 24px; font-weight: 700; }
QLabel[role="muted"] { color: $muted; }
QLabel[role="section"] { color: $muted; font-weight: 600; padding-top: 6px; }
QLabel[role="number"] { font-size: 19px; font-weight: 700; }
QLabel[level="error"] { color: $error; }
QLabel[level="warning"] { color: $warning; }
QLabel[level="note"] { color: $accent; }
QLabel[level="ok"] { color: $ok; }
QLabel[role="error"] { color: $error; }
QLabel[role="equal"] { color: $ok; font-weight: 600; }
QLabel[role="differs"] { background: $differs; color: $on_differs; border-radius: 4px; padding: 1px 7px;
  margin: 1px 0 3px 0; font-weight: 700; }
QLabel[role="note"] { background: $note_box; border-radius: 5px; padding: 6px 9px; }
QLabel[role="balloon"] { background: $raised; color: $error; border: 1px solid $error; border-radius: 5px;
  padding: 5px 8px; }
QPushButton[role="fix"] { text-align: left; padding: 3px 10px; }
QFrame[role="example"] { max-width: 420px; }
QFrame[role="card"] { background: $raised; border-radius: 7px; }
QWidget[role="bar"] { background: $window; border-bottom: 1px solid $line; }
"""


def sheet(colours: Mapping[str, str], scale: float) -> str:
    """Return the style sheet in some colours; raises KeyError for a role that is not among them.

    Lengths are multiplied by `scale`, but for the lines of one pixel.
    """
    filled = Template(_SHEET).substitute(colours, tick=_TICK)
    return _LENGTH.sub(lambda found: f"{_scaled(int(found[1]), scale)}px", filled)


def _scaled(length: int, scale: float) -> int:
    return length if length < 2 else round(length * scale)

"""The look: a dark Fusion palette, one style sheet, and the fonts."""

from __future__ import annotations

from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory

__all__ = ["apply_theme", "mono_font"]

_WINDOW, _BASE, _RAISED, _LINE = "#1c2029", "#171a21", "#262c38", "#323a49"
_TEXT, _MUTED, _ACCENT = "#e6e9ef", "#98a2b6", "#5aa9ff"

_SHEET = f"""
* {{ outline: 0; }}
QMainWindow, QDialog {{ background: {_WINDOW}; }}
QMainWindow::separator {{ background: {_BASE}; width: 5px; height: 5px; }}
QMainWindow::separator:hover {{ background: {_ACCENT}; }}
QMenuBar {{ background: {_WINDOW}; padding: 2px 6px; }}
QMenuBar::item {{ padding: 5px 10px; border-radius: 4px; }}
QMenuBar::item:selected {{ background: {_RAISED}; }}
QMenu {{ background: {_RAISED}; border: 1px solid {_LINE}; padding: 5px; }}
QMenu::item {{ padding: 6px 26px 6px 14px; border-radius: 4px; }}
QMenu::item:selected {{ background: #35507a; }}
QMenu::item:disabled {{ color: #6b7488; }}
QMenu::separator {{ height: 1px; background: {_LINE}; margin: 5px 8px; }}
QToolBar {{ background: {_WINDOW}; border: 0; border-bottom: 1px solid {_LINE}; padding: 5px 8px; spacing: 3px; }}
QToolBar::separator {{ background: {_LINE}; width: 1px; margin: 5px 7px; }}
QToolButton {{ padding: 5px 9px; border-radius: 5px; border: 1px solid transparent; }}
QToolButton:hover {{ background: {_RAISED}; }}
QToolButton:pressed, QToolButton:checked {{ background: #35507a; }}
QToolButton:disabled {{ color: #5f687b; }}
QToolButton#build {{ background: #2c6fbf; color: white; font-weight: 600; }}
QToolButton#build:hover {{ background: #3a82d8; }}
QToolButton#build:disabled {{ background: {_RAISED}; color: #5f687b; }}
QToolButton#target {{ border: 1px solid {_LINE}; padding-right: 20px; }}
QToolButton#target:focus {{ border: 1px solid {_ACCENT}; }}
QToolButton#target::menu-indicator {{ subcontrol-origin: padding; subcontrol-position: right center; right: 6px; }}
QDockWidget {{ color: {_MUTED}; font-weight: 600; titlebar-close-icon: none; titlebar-normal-icon: none; }}
QDockWidget::title {{ background: {_WINDOW}; padding: 8px 11px; border-bottom: 1px solid {_LINE}; }}
QTabWidget::pane {{ border: 0; border-top: 1px solid {_LINE}; }}
QTabBar {{ background: {_WINDOW}; }}
QTabBar::tab {{ background: transparent; color: {_MUTED}; padding: 7px 14px; border: 0;
  border-bottom: 2px solid transparent; }}
QTabBar::tab:selected {{ color: {_TEXT}; border-bottom: 2px solid {_ACCENT}; }}
QTabBar::tab:hover {{ color: {_TEXT}; }}
QTreeView, QListView, QTableView, QPlainTextEdit, QTextEdit {{ background: {_BASE}; border: 0;
  alternate-background-color: #1a1e26; selection-background-color: #2d4a73; selection-color: {_TEXT}; }}
QTreeView::item, QListView::item {{ padding: 4px 4px; border: 0; }}
QTreeView::item:selected, QListView::item:selected {{ background: #2d4a73; color: {_TEXT}; }}
QTreeView::item:hover:!selected, QListView::item:hover:!selected {{ background: #212734; }}
QTreeView[ring="true"], QTableView[ring="true"] {{ border: 1px solid transparent; }}
QTreeView[ring="true"]:focus, QTableView[ring="true"]:focus {{ border: 1px solid {_ACCENT}; }}
QHeaderView {{ background: {_BASE}; }}
QHeaderView::section {{ background: {_BASE}; color: {_MUTED}; padding: 6px 8px; border: 0;
  border-bottom: 1px solid {_LINE}; font-weight: 600; }}
QLineEdit {{ background: {_BASE}; border: 1px solid {_LINE}; border-radius: 5px;
  padding: 4px 8px; min-height: 18px; selection-background-color: #35507a; }}
QLineEdit:focus {{ border: 1px solid {_ACCENT}; }}
QLineEdit[fault="true"] {{ border: 1px solid #ff6b6b; }}
QComboBox, QSpinBox, QDoubleSpinBox {{ min-height: 24px; }}
QComboBox QAbstractItemView {{ background: {_RAISED}; border: 1px solid {_LINE}; padding: 3px; }}
QPushButton {{ background: {_RAISED}; border: 1px solid {_LINE}; border-radius: 5px; padding: 5px 12px; }}
QPushButton:hover {{ background: #303848; }}
QPushButton:pressed {{ background: #35507a; }}
QPushButton:disabled {{ color: #5f687b; background: {_WINDOW}; }}
QPushButton[primary="true"] {{ background: #2c6fbf; border: 1px solid #2c6fbf; color: white; font-weight: 600; }}
QPushButton[primary="true"]:hover {{ background: #3a82d8; }}
QPushButton[primary="true"]:disabled {{ background: {_RAISED}; border: 1px solid {_LINE}; color: #5f687b; }}
QPushButton[flat="true"] {{ background: transparent; border: 0; color: {_ACCENT}; padding: 3px 0; text-align: left; }}
QProgressBar {{ background: {_BASE}; border: 1px solid {_LINE}; border-radius: 5px; text-align: center;
  min-height: 16px; max-height: 16px; }}
QProgressBar::chunk {{ background: #2c6fbf; border-radius: 4px; }}
QProgressBar[high="true"]::chunk {{ background: #b8524f; }}
QScrollArea {{ border: 0; background: {_WINDOW}; }}
QScrollBar:vertical {{ background: transparent; width: 11px; margin: 1px; }}
QScrollBar:horizontal {{ background: transparent; height: 11px; margin: 1px; }}
QScrollBar::handle {{ background: #3a4353; border-radius: 4px; min-height: 26px; min-width: 26px; }}
QScrollBar::handle:hover {{ background: #4c586d; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QStatusBar {{ background: {_WINDOW}; color: {_MUTED}; border-top: 1px solid {_LINE}; }}
QStatusBar::item {{ border: 0; }}
QToolTip {{ background: {_RAISED}; color: {_TEXT}; border: 1px solid {_LINE}; padding: 5px; }}
QSplitter::handle {{ background: {_BASE}; }}
QLabel[role="title"] {{ font-size: 15px; font-weight: 700; }}
QLabel[role="hero"] {{ font-size: 24px; font-weight: 700; }}
QLabel[role="muted"] {{ color: {_MUTED}; }}
QLabel[role="section"] {{ color: {_MUTED}; font-weight: 600; padding-top: 6px; }}
QLabel[role="number"] {{ font-size: 19px; font-weight: 700; }}
QLabel[role="error"] {{ color: #ff8f8f; }}
QLabel[role="equal"] {{ color: #57c785; font-weight: 600; }}
QLabel[role="differs"] {{ background: #5c2a30; color: #ffc2c2; border-radius: 4px; padding: 1px 7px;
  margin: 1px 0 3px 0; font-weight: 700; }}
QLabel[role="note"] {{ background: #24344d; border-radius: 5px; padding: 6px 9px; }}
QPushButton[role="fix"] {{ text-align: left; padding: 3px 10px; }}
QFrame[role="card"] {{ background: {_RAISED}; border-radius: 7px; }}
QWidget[role="bar"] {{ background: {_WINDOW}; border-bottom: 1px solid {_LINE}; }}
"""


def apply_theme(app: QApplication) -> None:
    """Give the application its style. A palette is set too: the colour scheme hint has no effect on all platforms."""
    app.setStyle(QStyleFactory.create("Fusion"))
    font = QFont()
    font.setFamilies(["Inter", "Segoe UI", "Noto Sans", "DejaVu Sans"])
    font.setPixelSize(13)
    app.setFont(font)
    app.setPalette(_palette())
    app.setStyleSheet(_SHEET)


def mono_font(pixels: int = 12) -> QFont:
    """Return the font for code."""
    font = QFont()
    font.setFamilies(["JetBrains Mono", "Cascadia Mono", "DejaVu Sans Mono", "monospace"])
    font.setStyleHint(QFont.StyleHint.Monospace)
    font.setPixelSize(pixels)
    return font


def _palette() -> QPalette:
    roles = QPalette.ColorRole
    palette = QPalette()
    table = {
        roles.Window: _WINDOW,
        roles.WindowText: _TEXT,
        roles.Base: _BASE,
        roles.AlternateBase: "#1a1e26",
        roles.Text: _TEXT,
        roles.Button: _RAISED,
        roles.ButtonText: _TEXT,
        roles.BrightText: "#ffffff",
        roles.ToolTipBase: _RAISED,
        roles.ToolTipText: _TEXT,
        roles.Highlight: "#2d4a73",
        roles.HighlightedText: _TEXT,
        roles.Link: _ACCENT,
        roles.PlaceholderText: "#6b7488",
    }
    for role, colour in table.items():
        palette.setColor(role, QColor(colour))
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor("#5f687b"))
    return palette

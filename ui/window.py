"""The main window: the canvas in the middle, docks around it, and the actions of `ui.actions`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QPoint, QPointF, QSize, Qt, QTimer
from PySide6.QtGui import QAction, QCloseEvent, QKeySequence
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMainWindow,
    QMenu,
    QPlainTextEdit,
    QPushButton,
    QStackedWidget,
    QTabWidget,
    QToolBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from allo_studio.design.edits import AddGraph, MoveNodes, ReplaceProject
from allo_studio.design.model import Endpoint, GraphNode, KernelNode
from allo_studio.diagnostics import AlloError, Diagnostic, has_errors
from allo_studio.pipeline import BuildResult, Progress
from allo_studio.project import example_folder, examples
from nodes.canvas import Canvas, block_sizes
from nodes.picture import Overlays
from ui.actions import ACTIONS, MENUS, TOOLBAR
from ui.breadcrumbs import Breadcrumbs
from ui.build_log import BuildLog
from ui.builder import Builder
from ui.catalogue import catalogue
from ui.code_dock import CodeDock
from ui.dialogs import Prompts
from ui.gestures import Gestures
from ui.icons import icon
from ui.inspector import Inspector
from ui.offers import Offer, wire_offers
from ui.palette import Palette
from ui.places import Place
from ui.positions import arranged, completed
from ui.problems import Problems
from ui.report_view import ReportView
from ui.results import generated, loop_rows, overlays
from ui.session import Session
from ui.welcome import Welcome

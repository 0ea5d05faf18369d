"""The inspector's part for a graph block: the graph's parameters, and what this instance sets of blocks inside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QLineEdit, QVBoxLayout, QWidget

from allo_studio.design.edits import SetInside, SetParam
from allo_studio.design.model import GraphNode, KernelNode, Override, ParamValue, Project
from ui.field_check import FieldCheck
from ui.inspector_pages import BlockPage, title
from ui.kernel_page import parse_value

__all__ = ["InstanceForm", "InstancePage"]

_AS_DRAWN = "as drawn"
# A graph with more blocks is set in the file.
_MOST = 60


class InstanceForm(QWidget):
    """Rows for parameters and for blocks inside. `edited` tells an edit."""

    edited = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._project, self._graph, self._name, self._node = Project(""), "", "", GraphNode("")
        self.params: dict[str, QLineEdit] = {}
        self.schedules: dict[str, QComboBox] = {}
        self.settings: dict[str, QLineEdit] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._rows: QWidget | None = None

    def show_instance(self, project: Project, graph: str, name: str) -> None:
        """Show a graph block of a graph."""
        node = project.graphs[graph].nodes[name]
        assert isinstance(node, GraphNode)
        told = (graph, name, node, project.graphs.get(node.graph), tuple(project.schedules))
        if self._rows is not None and told == (
            self._graph,
            self._name,
            self._node,
            self._project.graphs.get(node.graph),
            tuple(self._project.schedules),
        ):
            return
        self._project, self._graph, self._name, self._node = project, graph, name, node
        if self._rows is not None:
            self._rows.hide()
            self._rows.deleteLater()
        self._rows = self._made()
        self._column.addWidget(self._rows)

    def _made(self) -> QWidget:
        rows = QWidget()
        grid = QGridLayout(rows)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(2, 1)
        self.params, self.schedules, self.settings = {}, {}, {}
        own = self._project.graphs[self._node.graph].params if self._node.graph in self._project.graphs else {}
        for name in dict.fromkeys([*own, *self._node.params]):
            box = QLineEdit(_text(self._node.params.get(name)))
            box.setPlaceholderText(_text(own.get(name)))
            FieldCheck(box, self._wrong_value)
            box.editingFinished.connect(partial(self._set_param, name))
            self.params[name] = box
            grid.addWidget(title(name, "muted"), grid.rowCount(), 0)
            grid.addWidget(box, grid.rowCount() - 1, 1, 1, 2)
        paths = list(_kernels(self._project, self._node.graph, ""))
        known = dict.fromkeys([*self._node.inside, *paths[:_MOST]])
        if known:
            grid.addWidget(title("Blocks inside, in this instance", "section"), grid.rowCount(), 0, 1, 3)
        for path in known:
            self._add_block(grid, path)
        if len(paths) > _MOST:
            more = f"{len(paths) - _MOST} more blocks can be set in the project file."
            grid.addWidget(title(more, "muted"), grid.rowCount(), 0, 1, 3)
        return rows

    def _add_block(self, grid: QGridLayout, path: str) -> None:
        override = self._node.inside.get(path, Override())
        choice, box = QComboBox(), QLineEdit(_params_text(override.params))
        choice.addItem(_AS_DRAWN, "")
        for schedule in dict.fromkeys([*self._project.schedules, *filter(None, [override.schedule])]):
            choice.addItem(schedule, schedule)
        choice.setCurrentIndex(choice.findData(override.schedule))
        choice.setToolTip(f"The schedule of {path} in this instance")
        box.setPlaceholderText("N = 16, T = int8")
        box.setToolTip(f"Parameters of {path} in this instance")
        FieldCheck(box, self._wrong_params)
        choice.activated.connect(partial(self._set_inside, path))
        box.editingFinished.connect(partial(self._set_inside, path))
        self.schedules[path], self.settings[path] = choice, box
        row = grid.rowCount()
        grid.addWidget(title(path, "muted"), row, 0)
        grid.addWidget(choice, row, 1)
        grid.addWidget(box, row, 2)

    def _set_param(self, name: str) -> None:
        text = self.params[name].text().strip()
        value = self._value(text) if text else None
        if not self._wrong_value(text) and value != self._node.params.get(name):
            self.edited.emit(SetParam(self._graph, self._name, name, value))

    def _wrong_value(self, text: str) -> str:
        if not text or self._value(text) is not None:
            return ""
        return f"{text!r} is no number, no type such as int8, and no parameter of {self._graph}"

    def _wrong_params(self, text: str) -> str:
        return "" if self._parsed(text) is not None else "write parameters as N = 16, T = int8"

    def _value(self, text: str) -> ParamValue | None:
        """Return a number, a type, or the name of a parameter of the graph around."""
        return text if text in self._project.graphs[self._graph].params else parse_value(text)

    def _parsed(self, text: str) -> dict[str, ParamValue] | None:
        """Return the parameters of a text such as `N = 16, T = int8`, or None where it is none."""
        found: dict[str, ParamValue] = {}
        # The arguments of a type have commas too.
        for entry in _entries(text):
            name, equals, given = (part.strip() for part in entry.partition("="))
            value = self._value(given)
            if not equals or not name.isidentifier() or value is None:
                return None
            found[name] = value
        return found

    def _set_inside(self, path: str, *_: int) -> None:
        before = self._node.inside.get(path, Override())
        params = self._parsed(self.settings[path].text())
        if params is None:
            return
        after = Override(params, str(self.schedules[path].currentData() or ""))
        if after != before:
            self.edited.emit(SetInside(self._graph, self._name, path, None if after == Override() else after))


class InstancePage(BlockPage):
    """A graph block."""

    def __init__(self) -> None:
        super().__init__()
        self.form_inside = InstanceForm()
        self.form_inside.edited.connect(self.edited)
        self.column.insertWidget(self.column.indexOf(self.enter), self.form_inside)

    def show_instance(self, project: Project, graph: str, name: str, faults: str) -> None:
        """Show a graph block of a graph."""
        self.show_node(graph, name, project.graphs[graph].nodes[name], faults)
        self.form_inside.show_instance(project, graph, name)


def _kernels(project: Project, graph: str, inside: str, trail: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield the paths of the kernel blocks in a graph and in those inside it."""
    if graph not in project.graphs or graph in trail:
        return
    for name, node in project.graphs[graph].nodes.items():
        if isinstance(node, KernelNode):
            yield f"{inside}{name}"
        elif isinstance(node, GraphNode):
            yield from _kernels(project, node.graph, f"{inside}{name}/", (*trail, graph))


def _text(value: ParamValue | None) -> str:
    return "" if value is None else str(value)


def _params_text(params: Mapping[str, ParamValue]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in params.items())


def _entries(text: str) -> list[str]:
    entries, depth, start = [], 0, 0
    for index, letter in enumerate(text):
        depth += (letter in "([") - (letter in ")]")
        if letter == "," and depth == 0:
            entries.append(text[start:index])
            start = index + 1
    return [entry for entry in (*entries, text[start:]) if entry.strip()]

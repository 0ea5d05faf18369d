"""The inspector: everything about what is selected, and the edits that it can have."""

# The stubs know a signal of `object` only with slots of `object`.
# mypy: disable-error-code="call-overload"

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from allo_studio.design.model import ConstantNode, GraphNode, KernelNode, Node, Project
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.report.model import ChannelRow
from ui.constant_page import ConstantPage
from ui.effect_control import EffectControl
from ui.inspector_pages import BlockPage, GraphPage, Page, PortPage, WirePage
from ui.instance_page import InstancePage
from ui.kernel_page import KernelPage
from ui.kernels import Unfolded
from ui.session import Session
from ui.trials import Trial, trials_of, wrong_steps
from ui.verifier import Verifier

if TYPE_CHECKING:
    from allo_studio.frontend import Parameter
    from allo_studio.ir import KernelIR

__all__ = ["Inspector"]


class Inspector(QWidget):
    """Pages for what can be selected. `edited` tells an edit, `ir_changed` the kernel to show in the code dock."""

    edited = Signal(object)
    entered = Signal(str)
    source_asked = Signal()
    ir_changed = Signal(object)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._unfolded = Unfolded()
        self._irs: tuple[KernelIR, ...] = ()
        self._trials: tuple[Trial, ...] = ()
        self.verifier = Verifier(self)
        self._shown_step: int | None = None
        self.block: str | None = None
        self.wire: str | None = None
        self.graph_page, self.kernel_page, self.block_page = GraphPage(), KernelPage(), BlockPage()
        self.port_page, self.wire_page = PortPage(), WirePage()
        self.constant_page, self.instance_page = ConstantPage(), InstancePage()
        self._empty = QLabel("No project is open")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setProperty("role", "muted")
        self.stack = QStackedWidget()
        pages: tuple[Page, ...] = (
            self.graph_page,
            self.kernel_page,
            self.block_page,
            self.port_page,
            self.wire_page,
            self.constant_page,
            self.instance_page,
        )
        self._pages = pages
        for page in pages:
            page.edited.connect(self.edited)
            self.stack.addWidget(_scrolled(page))
        self.stack.addWidget(self._empty)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.stack)
        self.instance_page.entered.connect(self.entered)
        self.kernel_page.source_asked.connect(self.source_asked)
        self.kernel_page.schedule.step_chosen.connect(self._step_chosen)
        self.kernel_page.schedule.verify.toggled.connect(lambda on: self.refresh())
        self.verifier.told.connect(self._show_outcomes)
        self.effects = EffectControl(session, self.kernel_page.schedule, self)

    def select(self, block: str | None, wire: str | None) -> None:
        """Show a block (`@A`: port A of the graph) or a wire of the level that is shown, or the level itself."""
        if (block, wire) != (self.block, self.wire):
            self._shown_step = None
        self.block, self.wire = block, wire
        self.refresh()

    def refresh(self) -> None:
        """Show what is selected as it is now."""
        session = self._session
        project, graph, checked = session.project, session.graph, session.checked
        self._irs, self._trials = (), ()
        for page in self._pages:
            page.project = project
        if project is None or graph is None or checked is None:
            self.kernel_page.forget()
            self.stack.setCurrentWidget(self._empty)
        elif self.block is not None and self.block in graph.nodes:
            self._show_node(self.block)
        elif self.block is not None and self.block[1:] in {**graph.inputs, **graph.outputs}:
            self.port_page.show_port(graph, self.block[1:])
            self._show(self.port_page)
        elif (edge := next((e for e in graph.edges if e.id == self.wire), None)) is not None:
            info = checked.edges.get(f"{graph.name}/{edge.id}")
            self.wire_page.show_wire(graph.name, edge, project.top, info, self._channel(edge.id))
            self._offer(self.wire_page, info.diagnostics if info else ())
            self._show(self.wire_page)
        else:
            self.graph_page.show_graph(project, graph)
            self._show(self.graph_page)
        self.verifier.want(self._trials)
        self.effects.show_kernels(self._irs)
        self._show_outcomes()
        self._tell_ir()

    def shut(self) -> None:
        """Stop what runs beside the window."""
        self.verifier.shut()
        self.effects.predictor.shut()

    @property
    def irs(self) -> tuple[KernelIR, ...]:
        """The selected kernel before its first step and after each that applies."""
        return self._irs

    def _show(self, page: QWidget) -> None:
        for index in range(self.stack.count()):
            area = self.stack.widget(index)
            if isinstance(area, QScrollArea) and area.widget() is page:
                self.stack.setCurrentWidget(area)

    def _show_node(self, name: str) -> None:
        session = self._session
        project, graph, checked = session.project, session.graph, session.checked
        assert project is not None
        assert graph is not None
        assert checked is not None
        node, path = graph.nodes[name], f"{graph.name}/{name}"
        faults = [d for d in checked.of(path) if "->" not in d.where]
        if isinstance(node, KernelNode):
            specs = project.schedules.get(node.schedule, ()) if node.schedule else ()
            self._irs = self._unfolded.irs(checked.kernels.get(path), specs)
            self.kernel_page.show_kernel(project, graph.name, name, self._parameters(node), self._irs, faults)
            if self.kernel_page.schedule.verify.on and self._irs:
                self._trials = trials_of(self._identity(node), self._irs, specs)
            self._offer(self.kernel_page, faults)
            self._show(self.kernel_page)
        else:
            text = "\n\n".join(f"{d.message}\n{d.hint}".strip() for d in faults)
            page = self._page_of(project, graph.name, name, node, text)
            self._offer(page, faults)
            self._show(page)

    def _page_of(self, project: Project, graph: str, name: str, node: Node, faults: str) -> Page:
        """Fill the page of a block that is no kernel."""
        if isinstance(node, GraphNode):
            self.instance_page.show_instance(project, graph, name, faults)
            return self.instance_page
        if isinstance(node, ConstantNode):
            found = self._session.checked.constants.get(f"{graph}/{name}") if self._session.checked else None
            arrays = self._session.arrays_of(node.path)
            self.constant_page.show_constant(graph, name, node, found, arrays, faults)
            return self.constant_page
        self.block_page.show_node(graph, name, node, faults)
        return self.block_page

    def _offer(self, page: Page, faults: Iterable[Diagnostic]) -> None:
        page.fixes.show_fixes([fix for fault in faults for fix in self._session.fixes(fault)])

    def _identity(self, node: KernelNode) -> tuple[str, ...]:
        """Return what tells a block's kernel from others: its text, function and parameters."""
        return (self._irs[0].source.text, node.function, repr(sorted(node.params.items())))

    def _show_outcomes(self) -> None:
        outcomes = [self.verifier.outcome(trial.key) for trial in self._trials]
        self.kernel_page.schedule.show_outcomes(outcomes)
        graph = self._session.graph
        if graph is not None and self.block is not None:
            self._session.note_steps(wrong_steps(outcomes, f"{graph.name}/{self.block}"))

    def _parameters(self, node: KernelNode) -> Mapping[str, Parameter | None]:
        # Loaded where it is needed: a start does without it.
        from allo_studio.frontend import kernel_parameters

        try:
            return kernel_parameters(self._session.source(node.path), node.function)
        except AlloError:
            return {}

    def _channel(self, edge: str) -> ChannelRow | None:
        result = self._session.result
        if result is None or not self._session.up_to_date:
            return None
        return result.report.channel(f"{self._session.level.path}/{edge}")

    def _step_chosen(self, count: int | None) -> None:
        self._shown_step = count
        self._tell_ir()

    def _tell_ir(self) -> None:
        if not self._irs:
            self.ir_changed.emit(None)
            return
        index = len(self._irs) - 1 if self._shown_step is None else min(self._shown_step, len(self._irs) - 1)
        self.ir_changed.emit(self._irs[index])


def _scrolled(page: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setWidget(page)
    return area

"""The schedule of a block as a list of steps: add, change, disable, remove, move, cut off; shared ones say so."""

# The stubs know a signal of `object` only with slots of `object`.
# mypy: disable-error-code="call-overload"

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from allo_studio.design.edits import (
    AddSchedule,
    AddStep,
    DisableStep,
    Edit,
    ForkSchedule,
    MoveStep,
    RemoveStep,
    ReplaceStep,
    SetSchedule,
    TruncateSteps,
    fresh_name,
    schedule_users,
)
from allo_studio.design.model import KernelNode, Project, StepSpec
from allo_studio.diagnostics import Diagnostic
from nodes import colours
from ui.effect_bar import EffectBar, effect_text
from ui.effects import Change, Figures, percent
from ui.icons import icon
from ui.step_form import StepForm
from ui.step_list import Cells, StepList
from ui.theme import px
from ui.trials import Outcome
from ui.verify_bar import VerifyBar, outcome_icon

if TYPE_CHECKING:
    from allo_studio.ir import KernelIR

__all__ = ["SchedulePanel", "step_text"]

_NONE = "(no schedule)"


def step_text(spec: StepSpec) -> str:
    """Return a step on one line, `split  j, factor 8`."""
    parts = []
    for name, value in spec.args.items():
        shown = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
        parts.append(shown if isinstance(value, str | list | tuple) else f"{name.replace('_', ' ')} {shown}")
    return f"{spec.name}   {', '.join(parts)}"


class SchedulePanel(QWidget):
    """Edits the schedule of one kernel block. `edited` tells an edit, `step_chosen` how many steps are to be shown.

    `compare_asked` asks to compare the kernel before and after the selected step.
    """

    edited = Signal(object)
    step_chosen = Signal(object)
    compare_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._project: Project | None = None
        self._graph, self._node = "", ""
        self._irs: Sequence[KernelIR] = ()
        self._editing: int | None = None
        self.names = QComboBox()
        self.names.setToolTip("The schedule that this block uses")
        self.names.setAccessibleName("Schedule")
        self.shared = QLabel()
        self.shared.setProperty("role", "note")
        self.shared.setWordWrap(True)
        self.fork = QPushButton(icon("fork"), "Make own copy")
        self.steps = StepList()
        self.verify = VerifyBar()
        self.effects = EffectBar()
        self.form = StepForm()
        self.form.hide()
        self._buttons: dict[str, QToolButton] = {}
        self._lay_out()
        self.names.activated.connect(self._assign)
        self.fork.clicked.connect(lambda: self.edited.emit(ForkSchedule(self._graph, self._node)))
        self.steps.currentRowChanged.connect(self._row_changed)
        self.steps.itemDoubleClicked.connect(lambda item: self.edit_step(self.steps.row(item)))
        self.steps.edit_asked.connect(lambda: self.edit_step(self.steps.currentRow()))
        self.steps.remove_asked.connect(self.remove_step)
        self.steps.moved.connect(self._move)
        # The list is filled anew by the edit, after it is done with the click.
        self.steps.turned.connect(self.turn_step, Qt.ConnectionType.QueuedConnection)
        self.form.accepted.connect(self._form_accepted)
        self.form.rejected.connect(self._close_form)
        # Its figures make it taller.
        self.form.tried.connect(lambda: QTimer.singleShot(0, self._bring_form))

    def _lay_out(self) -> None:
        head, buttons = QHBoxLayout(), QHBoxLayout()
        head.addWidget(self.names, 1)
        head.addWidget(self.fork)
        table: tuple[tuple[str, str, Callable[[], None]], ...] = (
            ("add", "Add a step", self.add_step),
            ("edit", "Change the selected step (Enter)", lambda: self.edit_step(self.steps.currentRow())),
            ("skipped", "Disable the selected step, or enable it again (Space)", self.turn_current),
            ("delete", "Remove the selected step (Del)", self.remove_step),
            ("up", "Move the step up (Alt+Up)", lambda: self.move_step(-1)),
            ("down", "Move the step down (Alt+Down)", lambda: self.move_step(1)),
            ("split", "Compare the kernel before and after the selected step (F7)", self.compare_asked.emit),
            ("truncate", "Remove all steps after the selected one", self.truncate),
        )
        for name, tip, action in table:
            button = QToolButton()
            button.setIcon(icon(name))
            button.setToolTip(tip)
            button.clicked.connect(action)
            self._buttons[name] = button
            buttons.addWidget(button)
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(head)
        layout.addWidget(self.shared)
        layout.addLayout(buttons)
        layout.addWidget(self.steps)
        layout.addWidget(self.verify)
        layout.addWidget(self.effects)
        layout.addWidget(self.form)

    def show_block(
        self, project: Project, graph: str, node: str, irs: Sequence[KernelIR], faults: Sequence[Diagnostic]
    ) -> None:
        """Show the schedule of a block; `irs` are the kernels before the first step and after each that applies."""
        same = (graph, node) == (self._graph, self._node)
        self._project, self._graph, self._node, self._irs = project, graph, node, irs
        self._show_names()
        self._show_steps(faults, self.steps.currentRow() if same else -1)
        if not same:
            self._close_form()
        elif self.form.isVisible():
            self._refresh_form()

    def show_outcomes(self, outcomes: Sequence[Outcome]) -> None:
        """Show what running the kernels said of the first steps, those that apply."""
        self.steps.blockSignals(True)
        for index, outcome in enumerate(outcomes[: self.steps.count()]):
            item = self.steps.item(index)
            item.setIcon(outcome_icon(outcome))
            item.setToolTip(outcome.text)
            if outcome.state == "differs":
                item.setForeground(colours.ERROR)
        self.steps.blockSignals(False)
        self._fit()
        self.verify.show_outcomes(outcomes)

    def show_effects(self, figures: Sequence[Figures | None], why: str = "") -> None:
        """Show figures of the kernel before its first step and after each that applies, None where not known yet."""
        for row in range(self.steps.count()):
            known = row + 1 < len(figures) and self.steps.enabled(row)
            self.steps.show_cells(row, _cells(figures[row], figures[row + 1]) if known else Cells())
        self.effects.show_text(effect_text(figures[0], figures[-1], short=True) if len(figures) > 1 else why)

    @property
    def schedule(self) -> str | None:
        """The name of the schedule that is shown."""
        node = self._kernel()
        return node.schedule if node else None

    @property
    def irs(self) -> Sequence[KernelIR]:
        """The kernels before the first step and after each that applies."""
        return self._irs

    def specs(self) -> tuple[StepSpec, ...]:
        """Return the steps that are shown."""
        if self._project is None or self.schedule is None:
            return ()
        return self._project.schedules.get(self.schedule, ())

    def _kernel(self) -> KernelNode | None:
        graph = self._project.graphs.get(self._graph) if self._project else None
        node = graph.nodes.get(self._node) if graph else None
        return node if isinstance(node, KernelNode) else None

    def _show_names(self) -> None:
        assert self._project is not None
        self.names.clear()
        self.names.addItem(_NONE, None)
        for name in sorted(self._project.schedules):
            self.names.addItem(name, name)
        if self.schedule is not None and self.schedule not in self._project.schedules:
            self.names.addItem(f"{self.schedule} (missing)", self.schedule)
        self.names.setCurrentIndex(max(0, self.names.findData(self.schedule)))
        users = schedule_users(self._project, self.schedule) if self.schedule else ()
        others = [user for user in users if user != f"{self._graph}/{self._node}"]
        self.shared.setVisible(bool(others))
        self.fork.setVisible(bool(others))
        self.shared.setText(f"Also used by {', '.join(others)}: a change here changes {_those(len(others))}.")

    def _show_steps(self, faults: Sequence[Diagnostic], row: int) -> None:
        self.steps.blockSignals(True)
        self.steps.clear()
        wrong = {d.where.rpartition("#")[2]: d for d in faults if "#" in d.where}
        for index, spec in enumerate(self.specs()):
            item = self.steps.add(f"{index + 1}   {step_text(spec)}", not spec.disabled)
            fault = wrong.get(str(index))
            if spec.disabled:
                item.setToolTip("disabled: it does nothing")
            elif fault is not None:
                item.setIcon(icon("error", colours.ERROR.name()))
                item.setForeground(colours.ERROR)
                item.setToolTip(f"{fault.message}\n{fault.hint}".strip())
            elif index >= len(self._irs) - 1:
                item.setForeground(colours.MUTED)
                item.setToolTip("not applied: a step before it doesn't apply")
        self.steps.setCurrentRow(min(row, self.steps.count() - 1))
        self.steps.blockSignals(False)
        self.steps.setVisible(self.steps.count() > 0)
        self.verify.setVisible(self.steps.count() > 0)
        self.effects.setVisible(self.steps.count() > 0)
        self._fit()
        self._enable()

    def rescale(self) -> None:
        """Be as high as the steps are at another scale of the interface."""
        self._fit()

    def _fit(self) -> None:
        height = sum(self.steps.sizeHintForRow(i) for i in range(self.steps.count()))
        self.steps.setFixedHeight(max(px(30), min(height, px(260))) + 4)

    def _enable(self) -> None:
        row, count = self.steps.currentRow(), self.steps.count()
        self._buttons["add"].setEnabled(bool(self._irs))
        self._buttons["edit"].setEnabled(0 <= row < max(len(self._irs), 1))
        self._buttons["delete"].setEnabled(row >= 0)
        self._buttons["skipped"].setEnabled(row >= 0)
        self._buttons["split"].setEnabled(count > 0)
        self._buttons["up"].setEnabled(row > 0)
        self._buttons["down"].setEnabled(0 <= row < count - 1)
        self._buttons["truncate"].setEnabled(0 <= row < count - 1)

    def _row_changed(self, row: int) -> None:
        self._enable()
        self.step_chosen.emit(row + 1 if row >= 0 else None)

    def _assign(self, index: int) -> None:
        self.edited.emit(SetSchedule(self._graph, self._node, self.names.itemData(index)))

    # Steps.

    def add_step(self) -> None:
        """Open the form for a new step at the end."""
        if self._irs:
            self._editing = None
            self.form.begin(self._irs[-1])
            self._open_form()

    def edit_step(self, index: int) -> None:
        """Open the form for the step at `index`."""
        if 0 <= index < min(len(self.specs()), len(self._irs)):
            self._editing = index
            self.form.begin(self._irs[index], self.specs()[index])
            self._open_form()

    def _open_form(self) -> None:
        self.form.show()
        self.form.kind.setFocus(Qt.FocusReason.OtherFocusReason)
        # It has its place once the layout is done.
        QTimer.singleShot(0, self._bring_form)

    def _bring_form(self) -> None:
        area: QWidget | None = self
        while area is not None and not isinstance(area, QScrollArea):
            area = area.parentWidget()
        if area is not None and self.form.isVisible():
            area.ensureWidgetVisible(self.form, 0, 12)

    def remove_step(self) -> None:
        """Remove the selected step."""
        self._with_row(lambda name, row: RemoveStep(name, row))

    def move_step(self, by: int) -> None:
        """Move the selected step up or down."""
        row = self.steps.currentRow()
        if row >= 0 and 0 <= row + by < self.steps.count():
            self._move(row, row + by)

    def _move(self, row: int, to: int) -> None:
        if self.schedule is not None:
            self.edited.emit(MoveStep(self.schedule, row, to))
            self.steps.setCurrentRow(to)

    def turn_current(self) -> None:
        """Disable the selected step, or enable it again."""
        row = self.steps.currentRow()
        if row >= 0:
            self.turn_step(row, not self.steps.enabled(row))

    def turn_step(self, row: int, enabled: bool) -> None:
        """Let a step do something, or nothing."""
        if self.schedule is not None and self.specs()[row].disabled == enabled:
            self.edited.emit(DisableStep(self.schedule, row, not enabled))

    def truncate(self) -> None:
        """Remove all steps after the selected one."""
        self._with_row(lambda name, row: TruncateSteps(name, row + 1))

    def _with_row(self, edit: Callable[[str, int], Edit]) -> None:
        row = self.steps.currentRow()
        if row >= 0 and self.schedule is not None:
            self.edited.emit(edit(self.schedule, row))

    def _form_accepted(self, spec: StepSpec) -> None:
        if self._project is None:
            return
        name, editing = self.schedule, self._editing
        if editing is not None and name is not None:
            self._close_form()
            self.edited.emit(ReplaceStep(name, editing, spec))
        elif name is None or name not in self._project.schedules:
            fresh = name or fresh_name(f"{self._node}_schedule", set(self._project.schedules))
            self.edited.emit(AddSchedule(fresh, (spec,), self._graph, self._node))
        else:
            self.edited.emit(AddStep(name, spec))

    def _refresh_form(self) -> None:
        index = self._editing
        if not self._irs or (index is not None and index >= min(len(self.specs()), len(self._irs))):
            self._close_form()
        elif index is None and not self.form.edits(self._irs[-1]):
            self.form.begin(self._irs[-1])

    def _close_form(self) -> None:
        self._editing = None
        inside = self.form.isAncestorOf(QApplication.focusWidget()) if QApplication.focusWidget() else False
        self.form.hide()
        if inside:
            self.steps.setFocus(Qt.FocusReason.OtherFocusReason)


def _cells(before: Figures | None, after: Figures | None) -> Cells:
    """Return what stands at the right of a step."""
    if before is None or after is None:
        return Cells("…")
    if after.cycles is None:
        return Cells("?")
    change = Change("Cycles", before.cycles, after.cycles)
    return Cells(f"{after.cycles:,}", percent(change.before, change.after), change.level)


def _those(count: int) -> str:
    return "that block too" if count == 1 else "those blocks too"

"""The inspector edits what is selected, and offers only what applies."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt

from allo_studio.design.edits import AddStep, ForkSchedule, RemoveStep
from allo_studio.design.model import StepSpec, Target
from allo_studio.primitives.base import step_fields
from allo_studio.primitives.registry import STEPS, parse_step
from allo_studio.project import load_project
from allo_studio.schedule import applicable
from ui.initial import initial_of, initial_text
from ui.kernel_page import parse_value
from ui.schedule_panel import step_text
from ui.step_options import offers
from ui.window import Window


@pytest.fixture
def panel(studio: Window) -> Any:
    """The schedule panel of mm1."""
    studio.panels.canvas.select("mm1")
    return studio.panels.inspector.kernel_page.schedule


def steps(window: Window, schedule: str = "row_wise") -> list[str]:
    assert window.session.project is not None
    return [step_text(spec) for spec in window.session.project.schedules[schedule]]


def test_a_selected_block_shows_its_kernel_parameters_and_steps(studio: Window, panel: Any) -> None:
    page = studio.panels.inspector.kernel_page
    assert page.heading.text() == "mm1"
    assert page.parameter("K").text() == "64"
    assert panel.steps.count() == 7
    assert panel.steps.item(0).text() == "1   split   j, factor 8"
    assert "cascade/mm2" in panel.shared.text()


def test_the_loop_tree_has_marks_and_layouts(studio: Window, panel: Any) -> None:
    view = studio.panels.code.loops
    names = view.loop_names()
    assert "j.outer" in names
    assert "j.inner" in names
    found = view.loops.findItems("j.inner", Qt.MatchFlag.MatchExactly | Qt.MatchFlag.MatchRecursive)[0]
    assert found.text(3) == "full"
    (b,) = view.buffers.findItems("B", Qt.MatchFlag.MatchExactly)
    assert "cyclic 8" in b.text(2)


def test_choosing_a_step_shows_the_kernel_as_it_is_after_it(studio: Window, panel: Any) -> None:
    panel.steps.setCurrentRow(0)
    names = studio.panels.code.loops.loop_names()
    assert "j.outer" in names
    assert not any("tile" in name for name in names), "buffer_at comes later"
    studio.panels.code.tabs.setCurrentWidget(studio.panels.code.mlir)
    assert "memref" in studio.panels.code.mlir.toPlainText()


def test_a_step_is_added_by_the_form_and_undone(studio: Window, panel: Any, project: Any) -> None:
    studio.session.do(RemoveStep("row_wise", 6))
    panel.add_step()
    panel.form.choose("unroll", axis="j.inner")
    assert panel.form.accept.isEnabled()
    panel.form.accept.click()
    assert steps(studio)[-1] == "unroll   j.inner"
    assert studio.panels.inspector.irs[-1].find_loop("j.inner").unroll == 0
    assert studio.do_save()
    assert [spec.name for spec in load_project(project).project.schedules["row_wise"]][-1] == "unroll"
    studio.do_undo()
    assert len(steps(studio)) == 6


def test_the_form_offers_only_legal_values(studio: Window, panel: Any) -> None:
    panel.truncate()
    studio.session.do(ForkSchedule("cascade", "mm1"))
    panel.steps.setCurrentRow(0)
    panel.truncate()
    ir = studio.panels.inspector.irs[-1]
    proposed = {entry.name for entry in applicable(ir)}
    assert {"split", "reorder", "unroll", "pipeline", "partition", "fuse"} <= proposed
    for name, cls in STEPS.items():
        if name not in proposed:
            # What it might be about is offered all the same, and the form says why it does not apply.
            continue
        chosen: dict[str, Any] = {}
        for declared in step_fields(cls):
            values = offers(ir, name, declared, chosen)
            if values:
                chosen[declared.name] = values[0]
        if chosen and set(chosen) >= {d.name for d in step_fields(cls) if d.required}:
            assert parse_step(name, chosen).check(ir) == (), name
    panel.add_step()
    panel.form.choose("split")
    assert "i" in panel.form.choices("axis")
    panel.form.choose("split", axis="i")
    assert panel.form.choices("factor") == ["2", "4", "8", "16", "32"]
    assert panel.form.accept.isEnabled()


def test_the_form_says_what_is_wrong_and_does_not_accept_it(studio: Window, panel: Any) -> None:
    panel.add_step()
    panel.form.choose("split", axis="i")
    panel.form.choose("split", factor="1000")
    assert not panel.form.accept.isEnabled()
    assert "1000" in panel.form.note.text()
    panel.form.choose("split", factor="many")
    assert not panel.form.accept.isEnabled()


def test_a_step_can_be_changed_moved_removed_and_cut_off(studio: Window, panel: Any) -> None:
    panel.edit_step(0)
    assert panel.form.spec() == StepSpec("split", {"axis": "j", "factor": 8})
    panel.form.choose("split", factor="16")
    panel.form.accept.click()
    assert steps(studio)[0] == "split   j, factor 16"
    panel.steps.setCurrentRow(4)
    panel.move_step(-1)
    assert [s.split()[1] for s in steps(studio)[3:5]] == ["C,", "B,"]
    panel.remove_step()
    assert len(steps(studio)) == 6
    panel.steps.setCurrentRow(1)
    panel.truncate()
    assert len(steps(studio)) == 2
    while studio.session.history.can_undo:  # type: ignore[union-attr]
        studio.do_undo()
    assert len(steps(studio)) == 7


def test_a_shared_schedule_can_be_forked(studio: Window, panel: Any) -> None:
    panel.fork.click()
    nodes = studio.session.graph.nodes  # type: ignore[union-attr]
    assert nodes["mm1"].schedule != nodes["mm2"].schedule
    assert panel.shared.isHidden()
    panel.steps.setCurrentRow(6)
    panel.remove_step()
    assert len(steps(studio)) == 7
    assert len(steps(studio, nodes["mm1"].schedule)) == 6


def test_a_step_that_does_not_apply_is_shown_where_it_is(studio: Window, panel: Any) -> None:
    studio.session.do(AddStep("row_wise", StepSpec("unroll", {"axis": "nowhere"}), 1))
    assert panel.steps.item(1).toolTip().count("nowhere") >= 1
    assert "before it" in panel.steps.item(3).toolTip()
    assert studio.panels.canvas.picture.blocks["mm1"].level == "error"
    assert len(studio.panels.inspector.irs) == 2, "the kernel is shown as far as its steps apply"
    assert any(d.where == "cascade/mm1#1" for d in studio.session.problems())


def test_a_block_without_a_schedule_gets_one_with_its_first_step(studio: Window, panel: Any) -> None:
    panel.names.setCurrentIndex(0)
    panel.names.activated.emit(0)
    assert studio.session.graph.nodes["mm1"].schedule is None  # type: ignore[union-attr]
    panel.add_step()
    panel.form.choose("pipeline", axis="k")
    panel.form.accept.click()
    name = studio.session.graph.nodes["mm1"].schedule  # type: ignore[union-attr]
    assert steps(studio, name) == ["pipeline   k"]
    assert studio.session.graph.nodes["mm2"].schedule == "row_wise"  # type: ignore[union-attr]


def test_a_parameter_is_set_and_reset(studio: Window) -> None:
    studio.panels.canvas.select("mm1")
    page = studio.panels.inspector.kernel_page
    page.parameter("M").setText("32")
    page.parameter("M").editingFinished.emit()
    assert studio.session.graph.nodes["mm1"].params == {"M": 32}  # type: ignore[union-attr]
    assert studio.panels.canvas.selected_blocks() == ["mm1"], "the block stays selected although its ports changed"
    page.parameter("M").setText("abc")
    page.parameter("M").editingFinished.emit()
    assert studio.session.graph.nodes["mm1"].params == {"M": 32}  # type: ignore[union-attr]
    assert page.parameter("M").text() == "abc", "what was typed stays, to be mended"
    assert "'abc' is neither a number nor a type" in page.parameter("M").toolTip()
    page._rows["M"].changed.emit(None)
    assert studio.session.graph.nodes["mm1"].params == {}  # type: ignore[union-attr]


def test_a_type_is_a_parameter(studio: Window, project: Any) -> None:
    file = project / "kernels" / "gemm.py"
    text = file.read_text(encoding="utf-8")
    first = text.index("M")
    file.write_text(text[:first] + "T = float32\n" + text[first:].replace("float32[", "T["), encoding="utf-8")
    studio.do_check()
    studio.panels.canvas.select("mm1")
    box = studio.panels.inspector.kernel_page.parameter("T")
    assert box.text() == "float32"
    box.setText("int32")
    box.editingFinished.emit()
    assert studio.session.graph.nodes["mm1"].params == {"T": "int32"}  # type: ignore[union-attr]
    assert {str(p.type) for p in studio.session.checked.ports["cascade/mm1"]} == {"int32[64, 64]"}  # type: ignore[union-attr]
    assert studio.panels.canvas.wire("A->mm1.A").spec.broken
    box = studio.panels.inspector.kernel_page.parameter("T")
    box.setText("floot")
    box.editingFinished.emit()
    assert "'floot' is neither a number nor a type" in box.toolTip()
    box.setText("7")
    assert box.toolTip() == "it is a type, float32 in the file, and 7 is a number"
    box.editingFinished.emit()
    assert studio.session.graph.nodes["mm1"].params == {"T": "int32"}  # type: ignore[union-attr]


def test_a_block_is_renamed_with_its_wires(studio: Window) -> None:
    studio.panels.canvas.select("mm1")
    page = studio.panels.inspector.kernel_page
    page.name.setText("first")
    page.name.editingFinished.emit()
    assert "first.C->mm2.A" in studio.panels.canvas.picture.wires


def test_the_graphs_own_page_sets_execution_and_target(studio: Window) -> None:
    page = studio.panels.inspector.graph_page
    studio.panels.inspector.select(None, None)
    page.execution.setCurrentText("sequential")
    page.execution.activated.emit(1)
    assert studio.session.graph.execution == "sequential"  # type: ignore[union-attr]
    page.clock.setValue(5.0)
    assert studio.session.project.target == Target("xcu280", 5.0, 0)  # type: ignore[union-attr]
    studio.do_undo()
    assert studio.session.project.target.clock_ns == 3.33  # type: ignore[union-attr]
    assert page.clock.value() == 3.33
    page.interface.setCurrentText("kernel")
    page.interface.activated.emit(1)
    assert studio.session.project.target == Target("xcu280", 3.33, interface="kernel")  # type: ignore[union-attr]
    studio.do_undo()
    assert page.interface.currentText() == "ip"


def test_a_wires_channel_is_chosen_and_a_ports_type(studio: Window) -> None:
    inner = "mm1.C->mm2.A"
    studio.panels.canvas.select(wire=inner)
    page = studio.panels.inspector.wire_page
    assert page.channel.currentText() == "fifo"
    page.tokens.setValue(12)
    edge = next(e for e in studio.session.graph.edges if e.id == inner)  # type: ignore[union-attr]
    assert (edge.channel, edge.depth) == ("fifo", 12)
    page.channel.setCurrentText("pingpong")
    page.channel.activated.emit(2)
    edge = next(e for e in studio.session.graph.edges if e.id == inner)  # type: ignore[union-attr]
    assert (edge.channel, edge.depth) == ("pingpong", None)
    studio.panels.canvas.select("@D")
    port = studio.panels.inspector.port_page
    port.type.setText("int32[64, 64]")
    port.type.editingFinished.emit()
    assert studio.panels.canvas.wire("D->mm2.B").spec.broken
    port.type.setText("nonsense")
    port.type.editingFinished.emit()
    assert studio.session.graph.inputs["D"] == "int32[64, 64]"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("4", 4),
        ("-1", -1),
        ("2.5", 2.5),
        ("x", None),
        ("", None),
        ("int8", "int8"),
        ("Fixed(16,10)", "Fixed(16, 10)"),
        ("int999999", None),
    ],
)
def test_numbers_and_types_are_read_as_they_are_written(text: str, value: Any) -> None:
    assert parse_value(text) == value


@pytest.mark.parametrize(
    ("text", "elements"),
    [("", ()), ("0", (0,)), ("1, -2, 0.5", (1, -2, 0.5)), ("3 x 0.0", (0.0, 0.0, 0.0)), ("2 x 7", (7, 7))],
)
def test_elements_at_reset_are_read_as_they_are_written(text: str, elements: tuple[float, ...]) -> None:
    assert [repr(number) for number in initial_of(text)] == [repr(number) for number in elements]
    assert initial_text(elements) == text


@pytest.mark.parametrize("text", ["nothing", "0 x 1", "-1 x 1", "1,", "x", "9999999 x 0"])
def test_what_is_no_element_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="is no number"):
        initial_of(text)


def test_a_wire_gets_elements_at_reset(studio: Window) -> None:
    inner = "mm1.C->mm2.A"
    studio.panels.canvas.select(wire=inner)
    page = studio.panels.inspector.wire_page
    page.initial.setText("1, nonsense")
    page.initial.editingFinished.emit()
    assert "'nonsense' is no number" in page.initial_check.fault
    page.initial.setText("32 x 0")
    page.initial.editingFinished.emit()
    edge = next(e for e in studio.session.graph.edges if e.id == inner)  # type: ignore[union-attr]
    assert edge.initial == (0,) * 32
    assert "32 at reset" in studio.panels.canvas.wire(inner).spec.detail
    assert page.initial.text() == "32 x 0"
    studio.do_undo()
    edge = next(e for e in studio.session.graph.edges if e.id == inner)  # type: ignore[union-attr]
    assert edge.initial == ()
    studio.panels.canvas.select(wire="A->mm1.A")
    assert not page.initial.isEnabled()

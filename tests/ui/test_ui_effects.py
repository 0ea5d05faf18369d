"""What steps do to latency and resources: predicted beside the window, in the list, together, and in the form."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from allo_studio.analysis.ports import infer_ports
from allo_studio.design.edits import DisableStep, SetTarget
from allo_studio.frontend import parse_kernel
from allo_studio.hardware.devices import find_device
from allo_studio.hardware.schedule import schedule_kernel
from allo_studio.ir import KernelIR
from allo_studio.source import Source
from allo_studio.targets import operators
from ui import preferences
from ui.effect_bar import effect_text
from ui.effect_child import answer
from ui.effects import Change, Figures, Prediction, changes, line, percent, request, table
from ui.predictor import Predictor
from ui.window import Window

LONGEST_MS = 120_000
GEMM = (Path(__file__).parents[2] / "projects" / "gemm_cascade" / "kernels" / "gemm.py").read_text()
SEARCH = """from allo_studio.lang import int32


def search(A: int32[64]) -> int32:
    n: int32 = 0
    while A[n] > 0:
        n += 1
    return n
"""


def kernel(text: str, name: str) -> KernelIR:
    return infer_ports(parse_kernel(Source("k.py", text), name, {}))


def question(ir: KernelIR, profile: str = "vitis") -> Prediction:
    return Prediction(ir, profile, 3.33, "ultrascale_plus")


def family() -> str:
    return find_device("xcu280").family


@pytest.mark.parametrize("profile", ["vitis", "open"])
def test_the_figures_are_those_of_the_scheduler(profile: str) -> None:
    ir = kernel(GEMM, "gemm")
    asked = replace(question(ir, profile), family=family())
    found = answer(request(asked))
    schedule = schedule_kernel(ir, operators(profile, 3.33, family(), None))
    assert found.cycles == schedule.latency
    assert found.counts == schedule.resources.counts
    assert found.interval == max(row.interval or 0 for row in schedule.loops())
    assert found.why == ""


def test_cycles_that_depend_on_data_are_told() -> None:
    found = answer(request(replace(question(kernel(SEARCH, "search")), family=family())))
    assert found.cycles is None
    assert found.why.startswith("its cycles depend on data: ")
    assert found.counts["FF"] > 0


def test_faults_are_told_and_stop_nothing() -> None:
    ir = kernel(GEMM, "gemm")
    assert answer(request(replace(question(ir), family=family(), clock_ns=0.01))).why.startswith("not predicted: ")
    assert answer({**request(replace(question(ir), family=family())), "kernel": "nonsense"}).why.startswith("not pred")


def test_the_same_kernel_in_the_same_library_is_asked_once() -> None:
    ir = kernel(GEMM, "gemm")
    assert question(ir).key == question(kernel(GEMM, "gemm")).key
    assert question(ir).key != question(ir, "open").key
    assert question(ir).key != question(kernel(GEMM.replace("64, 64, 64", "64, 64, 32"), "gemm")).key


def test_changes_in_numbers_and_words() -> None:
    before = Figures(1000, 7, {"DSP": 3, "LUT": 400})
    after = Figures(250, 1, {"DSP": 24, "LUT": 400, "BRAM_18K": 1})
    found = changes(before, after)
    assert found == (
        Change("Cycles", 1000, 250),
        Change("II", 7, 1),
        Change("DSP", 3, 24),
        Change("BRAM", 0, 1),
        Change("LUT", 400, 400),
    )
    assert [change.level for change in found] == ["ok", "ok", "error", "error", ""]
    shades = {"ok": "green", "error": "red"}
    said = line(found, shades)
    assert said.startswith('250 cycles (<span style="color:green">\u221275%</span>) · II 1 (')
    assert "LUT" not in said
    assert table(found, shades).count("<tr>") == 5
    assert '<span style="color:red">+21</span>' in table(found, shades)
    unknown = changes(before, Figures(why="not predicted: x"))
    assert [change.after for change in unknown] == [None] * 4
    assert [change.by for change in unknown] == [0] * 4


def test_a_change_in_percent() -> None:
    pairs = ((100, 112), (100, 50), (100, 250), (1, 20000), (100, 100), (0, 5), (None, 5), (100000, 100001))
    assert [percent(*pair) for pair in pairs] == [
        "+12%", "\u221250%", "\u00d72.5", "\u00d720,000", "", "+5", "", "\u00b10%",
    ]  # fmt: skip


def test_what_is_not_known_is_said() -> None:
    known = Figures(10, 1, {"DSP": 1})
    assert effect_text(known, None) == "predicting…"
    assert effect_text(known, known, short=True) == "no change"
    assert effect_text(known, Figures(why="not predicted: a < b")) == "not predicted: a &lt; b"
    assert "depends" in effect_text(known, Figures(None, 1, {"DSP": 2}, "depends"), short=True)
    assert "DSP 2" in effect_text(known, Figures(None, 1, {"DSP": 2}, "depends"), short=True)


def settled(qtbot: Any, predictor: Predictor) -> None:
    qtbot.waitUntil(lambda: not predictor.running, timeout=LONGEST_MS)


@pytest.fixture
def panel(studio: Window) -> Any:
    """The schedule panel of mm1, with predictions."""
    made = studio.panels.inspector.kernel_page.schedule
    made.effects.switch.setChecked(True)
    studio.panels.canvas.select("mm1")
    studio.panels.inspector.select("mm1", None)
    return made


def cycles(panel: Any) -> list[str]:
    return [cells.cycles for cells in panel.steps.all_cells()]


def test_each_step_and_all_of_them_have_their_effect(studio: Window, panel: Any, qtbot: Any) -> None:
    effects = studio.panels.inspector.effects
    assert effects.predictor.running, "it begins by itself"
    assert set(cycles(panel)) == {"…"}
    settled(qtbot, effects.predictor)
    library = operators("vitis", 3.33, family(), None)
    latencies = [schedule_kernel(ir, library).latency for ir in studio.panels.inspector.irs]
    assert cycles(panel) == [f"{latency:,}" for latency in latencies[1:]]
    levels = [cells.level for cells in panel.steps.all_cells()]
    wanted = ["ok" if after < before else "error" if after > before else "" for before, after in pairwise(latencies)]
    assert levels == wanted
    assert panel.effects.text.text().startswith(f"All steps: {latencies[-1]:,} cycles (")
    studio.session.do(DisableStep("row_wise", 6))
    assert not effects.predictor.running, "what was predicted stays so"
    assert cycles(panel)[6] == ""
    assert cycles(panel)[5] == f"{latencies[6]:,}"


def test_the_operators_are_those_of_the_chosen_target(studio: Window, panel: Any, qtbot: Any) -> None:
    settled(qtbot, studio.panels.inspector.effects.predictor)
    before = cycles(panel)
    studio.do_target_rtl()
    settled(qtbot, studio.panels.inspector.effects.predictor)
    ir = studio.panels.inspector.irs[-1]
    assert cycles(panel)[-1] == f"{schedule_kernel(ir, operators('open', 3.33, family(), None)).latency:,}"
    assert cycles(panel) != before


def test_the_form_tells_the_effect_before_a_step_is_added(studio: Window, panel: Any, qtbot: Any) -> None:
    before = studio.session.project
    panel.add_step()
    panel.form.choose("unroll", axis="k", factor=2)
    qtbot.waitUntil(lambda: "\u2192" in panel.form.effect.text(), timeout=LONGEST_MS)
    settled(qtbot, studio.panels.inspector.effects.predictor)
    ir, tried = panel.form.trial
    library = operators("vitis", 3.33, family(), None)
    for kernel_ir in (ir, tried):
        assert f"{schedule_kernel(kernel_ir, library).latency:,}</td>" in panel.form.effect.text()
    assert tried.find_loop("k").unroll == 2
    assert studio.session.project is before, "nothing is applied"
    panel.form.choose("unroll", axis="no_loop")
    assert panel.form.effect.isHidden(), "a step that does not apply has no effect"
    panel.form.choose("unroll", axis="k", factor=4)
    qtbot.waitUntil(lambda: "\u2192" in panel.form.effect.text(), timeout=LONGEST_MS)
    panel.form.rejected.emit()
    assert panel.form.isHidden()


def test_a_changed_step_is_compared_with_the_kernel_without_it(studio: Window, panel: Any, qtbot: Any) -> None:
    panel.edit_step(5)
    qtbot.waitUntil(lambda: "\u2192" in panel.form.effect.text(), timeout=LONGEST_MS)
    assert panel.form.trial[0] is studio.panels.inspector.irs[5]
    assert panel.form.trial[1].text() == studio.panels.inspector.irs[6].text()


def test_why_there_is_no_prediction_is_said(studio: Window, panel: Any, qtbot: Any) -> None:
    project = studio.session.project
    assert project is not None
    studio.session.do(SetTarget(replace(project.target, clock_ns=0.2)))
    assert panel.effects.text.text().startswith("All steps: not predicted: ")
    assert not studio.panels.inspector.effects.predictor.running
    assert set(cycles(panel)) == {""}


def test_predictions_are_switched_off_and_stay_so(studio: Window, panel: Any) -> None:
    assert preferences.load().predict
    panel.effects.switch.setChecked(False)
    assert not preferences.load().predict
    assert not studio.panels.inspector.effects.predictor.running
    assert set(cycles(panel)) == {""}
    assert panel.effects.text.isHidden()
    studio.settings_dialog().fields["predict"].setChecked(True)  # type: ignore[attr-defined]
    assert panel.effects.switch.isChecked()
    assert studio.panels.inspector.effects.predictor.running

"""Each step is verified by running the kernel before and after it, beside the window."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from allo_studio.analysis.ports import infer_ports
from allo_studio.design.edits import AddStep, RemoveStep, ReplaceProject, ReplaceStep
from allo_studio.design.model import StepSpec
from allo_studio.frontend import parse_kernel
from allo_studio.ir import KernelIR
from allo_studio.primitives.quantize import Quantize
from allo_studio.primitives.reorder import Reorder
from allo_studio.primitives.split import Split
from allo_studio.source import Source
from ui.trial_child import answer
from ui.trials import Outcome, Trial, request, summary, trials_of, why_not
from ui.verifier import Verifier
from ui.verify_bar import VerifyBar
from ui.window import Window

LONGEST_MS = 120_000
# In a skewed recurrence the order of the loops counts.
WAVE = """from allo_studio.lang import *
N = 8

def wave(X: float32[N, N]) -> float32[N, N]:
    Y: float32[N, N] = X
    for i, j in grid(N - 1, N - 1):
        Y[i + 1, j] = Y[i, j + 1] + 1.0
    return Y
"""


def wave(**params: int) -> KernelIR:
    return infer_ports(parse_kernel(Source("wave.py", WAVE), "wave", params))


def settled(qtbot: Any, verifier: Verifier) -> None:
    qtbot.waitUntil(lambda: not verifier.running, timeout=LONGEST_MS)


@pytest.fixture
def verifier(qapp: Any) -> Any:
    made = Verifier()
    yield made
    made.shut()


@pytest.fixture
def panel(studio: Window) -> Any:
    """The schedule panel of mm1."""
    studio.panels.inspector.kernel_page.schedule.verify.switch.setChecked(True)
    studio.panels.canvas.select("mm1")
    return studio.panels.inspector.kernel_page.schedule


def test_the_steps_of_the_shown_block_are_verified_and_remembered(studio: Window, panel: Any, qtbot: Any) -> None:
    verifier = studio.panels.inspector.verifier
    assert verifier.running, "it begins by itself"
    assert panel.steps.count() == 7
    settled(qtbot, verifier)
    assert panel.verify.text.text() == "verified: 7 steps with unchanged results"
    assert [panel.steps.item(i).toolTip() for i in range(7)] == ["equal in 8 trials"] * 7
    assert all(not panel.steps.item(i).icon().isNull() for i in range(7))
    studio.session.do(RemoveStep("row_wise", 6))
    assert not verifier.running, "what was verified stays so"
    studio.session.do(AddStep("row_wise", StepSpec("unroll", {"axis": "j.inner"})))
    assert not verifier.running
    studio.session.do(ReplaceStep("row_wise", 6, StepSpec("partition", {"buffer": "A", "dim": 1})))
    assert verifier.running, "a changed step is verified again"
    assert "1 of 7 steps to go" in panel.verify.text.text()
    settled(qtbot, verifier)
    assert panel.steps.item(6).toolTip() == "equal in 8 trials"
    assert panel.verify.text.text().startswith("verified: 7 steps")


def test_a_step_that_the_check_lets_through_wrongly_is_caught(
    studio: Window, project: Path, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "kernels" / "wave.py").write_text(WAVE, encoding="utf-8")
    monkeypatch.setattr(Reorder, "faults", lambda self, ir: iter(()))
    graph = studio.session.graph
    assert graph is not None
    node = replace(graph.nodes["mm1"], path="kernels/wave.py", function="wave", schedule="wrong", params={})
    changed = replace(graph, nodes={**graph.nodes, "mm1": node})
    whole = studio.session.project
    assert whole is not None
    steps = (StepSpec("split", {"axis": "i", "factor": 7}), StepSpec("reorder", {"axes": ["j", "i.inner"]}))
    fresh = replace(whole, graphs={**whole.graphs, graph.name: changed}, schedules={**whole.schedules, "wrong": steps})
    assert studio.session.do(ReplaceProject(fresh, "Use the wave"))
    panel = studio.panels.inspector.kernel_page.schedule
    panel.verify.switch.setChecked(True)
    studio.panels.canvas.select("mm1")
    settled(qtbot, studio.panels.inspector.verifier)
    assert panel.steps.item(0).toolTip() == "equal in 8 trials"
    assert panel.steps.item(1).toolTip().startswith("Y["), panel.steps.item(1).toolTip()
    assert panel.verify.text.property("role") == "error"
    assert panel.verify.text.text().startswith("Step 2 changes the results: Y[")
    assert " was " in panel.verify.text.text()
    (fault,) = (d for d in studio.session.problems() if d.code == "verify")
    assert fault.where == "cascade/mm1#1"
    assert studio.session.place(fault.where) is not None
    studio.session.do(RemoveStep("wrong", 1))
    assert not any(d.code == "verify" for d in studio.session.problems())


def test_verification_is_on_unless_it_is_switched_off(qapp: Any) -> None:
    assert VerifyBar().on


def test_verification_can_be_switched_off(studio: Window, panel: Any, qtbot: Any) -> None:
    verifier = studio.panels.inspector.verifier
    panel.verify.switch.setChecked(False)
    assert not verifier.running
    assert panel.verify.text.text() == ""
    assert panel.steps.item(0).toolTip() == ""
    studio.session.do(RemoveStep("row_wise", 6))
    assert not verifier.running
    panel.verify.switch.setChecked(True)
    assert verifier.running
    studio.panels.inspector.select(None, None)
    assert not verifier.running, "a block that nobody looks at is not verified"


def test_what_is_too_large_or_changes_on_purpose_is_not_run(verifier: Verifier) -> None:
    small, large = wave(), wave(N=40000)
    step = Split("i", 7)
    steps = (Trial("large", step, large, large), Trial("quantized", Quantize("X", "float16"), small, small))
    assert "iterations" in why_not(steps[0])
    assert "on purpose" in why_not(steps[1])
    assert why_not(Trial("small", step, small, small)) == ""
    wide = Trial("wide", step, wave(N=9000), wave(N=9000))
    assert "too large" in why_not(wide)
    verifier.want((*steps, wide))
    assert not verifier.running
    assert {verifier.outcome(t.key).state for t in (*steps, wide)} == {"skipped"}


def test_a_run_that_ends_badly_or_takes_too_long_stops_nothing(
    verifier: Verifier, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ir, step = wave(), Split("i", 7)
    trials = [Trial(name, step, ir, step.apply(ir)) for name in ("killed", "slow", "good")]
    verifier.want(trials[:1])
    assert verifier._process is not None
    verifier._process.kill()
    settled(qtbot, verifier)
    assert "ended" in verifier.outcome("killed").text
    verifier.want(trials[1:])
    verifier._too_long()
    assert "takes longer" in verifier.outcome("slow").text
    settled(qtbot, verifier)
    assert verifier.outcome("good") == Outcome("equal", "equal in 8 trials")


def test_a_python_that_cannot_be_started_stops_nothing(
    verifier: Verifier, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    ir, step = wave(), Split("i", 7)
    verifier.want([Trial(name, step, ir, step.apply(ir)) for name in ("one", "two")])
    settled(qtbot, verifier)
    assert {verifier.outcome(key).state for key in ("one", "two")} == {"skipped"}


def test_an_answer_says_where_two_kernels_differ() -> None:
    before = wave()
    trial = Trial("", Split("i", 7), before, before)
    asked = request(trial)
    assert answer(asked) == {"outcome": "equal", "text": "equal in 8 trials"}
    changed = {**asked, "after": asked["after"].replace("1.000000e+00 : f32", "2.000000e+00 : f32")}
    assert changed != asked
    told = answer(changed)
    assert told["outcome"] == "differs"
    assert told["text"].startswith("Y[1, 0] was ")
    other = infer_ports(parse_kernel(Source("wave.py", WAVE.replace("(X:", "(Z:").replace("= X", "= Z")), "wave", {}))
    assert answer({**asked, "after": other.text()})["outcome"] == "skipped"


def test_the_summary_tells_the_first_difference() -> None:
    equal, wrong, waiting = Outcome("equal"), Outcome("differs", "C[0] was 1 and is 2"), Outcome("waiting")
    assert summary(()).text == ""
    assert summary([equal, wrong, waiting]).text.startswith("Step 2 changes the results: C[0] was 1 and is 2")
    assert summary([equal, waiting]).text == "verifying: 1 of 2 steps to go"
    assert summary([equal, Outcome("skipped")]).text == "verified: 1 step with unchanged results, 1 not run"
    assert summary([Outcome("skipped")]).text == "1 step not run"


def test_the_same_steps_of_the_same_kernel_have_the_same_key() -> None:
    ir, specs = wave(), (StepSpec("split", {"axis": "i", "factor": 7}), StepSpec("unroll", {"axis": "i.inner"}))
    irs = (ir, Split("i", 7).apply(ir))
    (one,) = trials_of("wave", irs, specs)
    (two,) = trials_of("wave", irs, specs[:1])
    (three,) = trials_of("other", irs, specs)
    assert one.key == two.key
    assert one.key != three.key

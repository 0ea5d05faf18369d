"""The form of every step: what it offers, what a person types, and the refusal of what does not apply."""

from __future__ import annotations

from typing import Any

import pytest

from allo_studio.analysis.ports import infer_ports
from allo_studio.design.model import StepSpec
from allo_studio.frontend import parse_kernel
from allo_studio.ir import KernelIR
from allo_studio.primitives.registry import STEPS, parse_step
from allo_studio.source import Source
from ui.loops_view import LoopsView
from ui.step_form import StepForm

TEXT = """from allo_studio.lang import *

def scale(X: float32[8, 8], s: float32) -> float32[8, 8]:
    Y: float32[8, 8] = 0
    for i, j in grid(8, 8):
        Y[i, j] = X[i, j] * s
    return Y

def top(A: float32[8, 8], B: float32[8, 8]) -> float32[8, 8]:
    C: float32[8, 8] = 0
    for i, j in grid(8, 8):
        for k in reduction(8):
            C[i, j] += A[i, k] * B[k, j]
    D: float32[8, 8] = C
    for y, x in grid(7, 7, name="wave"):
        D[y + 1, x] = D[y, x + 1] + 1.0
    E: float32[8, 8] = scale(D, 2.0)
    return E
"""
# The fields as a person fills them in, and the step that comes of it.
FILLED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "split": ({"axis": "i", "factor": "4"}, {"axis": "i", "factor": 4}),
    "reorder": ({"axes": "j, i"}, {"axes": ["j", "i"]}),
    "unroll": ({"axis": "k"}, {"axis": "k"}),
    "pipeline": ({"axis": "k", "rewind": True}, {"axis": "k", "rewind": True}),
    "partition": ({"buffer": "A", "dim": "1"}, {"buffer": "A", "dim": 1}),
    "buffer_at": ({"buffer": "C", "axis": "i"}, {"buffer": "C", "axis": "i"}),
    "fuse": ({"axes": "i, j"}, {"axes": ["i", "j"]}),
    "parallel": ({"axis": "i"}, {"axis": "i"}),
    "reduce_tree": ({"axis": "k", "factor": "4"}, {"axis": "k", "factor": 4}),
    "inline": ({"function": "scale"}, {"function": "scale"}),
    "outline": ({"axis": "k", "function": "dot"}, {"axis": "k", "function": "dot"}),
    "unfold": ({"band": "i", "axes": "0"}, {"band": "i", "axes": [0]}),
    "reshape": ({"buffer": "A", "shape": "64"}, {"buffer": "A", "shape": [64]}),
    "pack": ({"buffer": "A", "factor": "4"}, {"buffer": "A", "factor": 4}),
    "bind_op": (
        {"op": "fadd", "impl": "fulldsp", "buffer": "C"},
        {"op": "fadd", "impl": "fulldsp", "buffer": "C"},
    ),
    "quantize": ({"target": "A", "type": "Fixed(16,10)"}, {"target": "A", "type": "Fixed(16, 10)"}),
}


def kernel() -> KernelIR:
    return infer_ports(parse_kernel(Source("k.py", TEXT), "top", {}))


@pytest.fixture
def form(qtbot: Any) -> StepForm:
    made = StepForm()
    qtbot.addWidget(made)
    made.begin(kernel().freeze())
    return made


@pytest.mark.parametrize("name", sorted(FILLED))
def test_a_step_is_filled_in_as_a_person_would(form: StepForm, name: str, qtbot: Any) -> None:
    typed, wanted = FILLED[name]
    form.choose(name, **typed)
    assert form.note.text() == ""
    assert form.accept.isEnabled()
    told: list[StepSpec] = []
    form.accepted.connect(told.append)
    form.accept.click()
    assert [(spec.name, dict(spec.args)) for spec in told] == [(name, wanted)]
    # The form takes the step up again as it was.
    form.begin(kernel().freeze(), told[0])
    assert form.spec() == told[0]
    assert parse_step(told[0].name, told[0].args).check(kernel()) == ()


@pytest.mark.parametrize("name", sorted(STEPS))
def test_every_step_has_a_form_that_says_what_is_wrong(form: StepForm, name: str) -> None:
    form.choose(name)
    if not form.accept.isEnabled():
        assert form.note.text(), "a step that cannot be accepted says why"


def test_a_refused_step_shows_the_counterexample(form: StepForm) -> None:
    form.choose("reorder", axes="x, y")
    assert not form.accept.isEnabled()
    assert "D[" in form.note.text()
    form.choose("parallel", axis="y")
    assert not form.accept.isEnabled()
    assert "D[" in form.note.text()
    form.choose("parallel", axis="nowhere")
    assert "nowhere" in form.note.text()


def test_names_that_only_a_person_can_give_stay(form: StepForm) -> None:
    form.choose("outline", function="dot")
    form.choose("outline", axis="scale:i")
    assert form.spec() == StepSpec("outline", {"axis": "scale:i", "function": "dot"})
    assert "scale:j" in form.choices("axis")
    assert form.choices("function"), "a name is proposed"
    form.choose("quantize", type="int7")
    form.choose("quantize", target="C")
    assert form.spec() == StepSpec("quantize", {"target": "C", "type": "int7"})
    assert "float16" in form.choices("type")
    form.choose("quantize", type="int99999")
    assert not form.accept.isEnabled()
    assert "1 to 4096 bits" in form.note.text()


def test_no_function_means_all_of_them(form: StepForm) -> None:
    form.choose("inline", function="")
    assert form.accept.isEnabled()
    assert form.spec() == StepSpec("inline", {})


def test_what_is_bound_is_all_of_a_function_until_an_array_is_named(form: StepForm) -> None:
    form.choose("bind_op")
    assert form.choices("op") == ["fadd", "fmul"]
    assert form.choices("impl") == ["fabric", "fulldsp"]
    assert form.accept.isEnabled()
    assert form.spec() == StepSpec("bind_op", {"op": "fadd", "impl": "fabric", "function": "top"})
    form.choose("bind_op", op="fmul", buffer="C")
    assert form.spec() == StepSpec("bind_op", {"op": "fmul", "impl": "maxdsp", "buffer": "C"})
    assert form.accept.isEnabled()


def test_the_loops_of_called_functions_are_shown(qtbot: Any) -> None:
    view = LoopsView()
    qtbot.addWidget(view)
    view.show_ir(kernel())
    names = view.loop_names()
    at = names.index("scale()")
    assert names[at + 1 :][-2:] == ["i", "j"]
    assert "y" in names[:at]

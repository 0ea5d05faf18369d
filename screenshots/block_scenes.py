"""Scenes of a selected block: its inspector, its schedule, and its code in several forms."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPixmap

from screenshots.scene import Scene
from screenshots.stage import Stage

__all__ = ["SCENES"]


def _block(stage: Stage, project: str = "gemm_cascade", block: str = "mm1") -> None:
    stage.open(project)
    stage.click(block)
    stage.predictions()


def _right(stage: Stage, *, inspector: int, code: int) -> None:
    """Share the height of the right side between the inspector and the code."""
    docks = stage.parts.docks
    stage.window.resizeDocks([docks["Inspector"], docks["Code"]], [inspector, code], Qt.Orientation.Vertical)
    stage.settle(0.2)


def _parameters(stage: Stage) -> QPixmap:
    _block(stage)
    stage.type_in(stage.parts.inspector.kernel_page.parameter("K"), "sixty", enter=False)
    return stage.inspector(420)


def _steps(stage: Stage) -> QPixmap:
    _block(stage)
    panel = stage.parts.inspector.kernel_page.schedule
    panel.add_step()
    stage.step("partition", buffer="A", kind="cyclic", dim="2", factor="8")
    stage.predictions()
    return stage.inspector()


def _refused_step(stage: Stage) -> QPixmap:
    _block(stage)
    panel = stage.parts.inspector.kernel_page.schedule
    panel.steps.setCurrentRow(0)
    stage.settle()
    panel.add_step()
    stage.step("parallel", axis="k")
    stage.settle(0.4)
    return stage.inspector()


def _loops(stage: Stage) -> QPixmap:
    stage.open("gemm_cascade")
    stage.build()
    stage.click("mm1")
    stage.parts.code.panes.bring(stage.parts.code.loops)
    _right(stage, inspector=300, code=560)
    return stage.picture(stage.parts.docks["Code"])


def _margin(stage: Stage) -> QPixmap:
    file = stage.example("gemm_cascade") / "kernels" / "gemm.py"
    kept = file.read_text(encoding="utf-8")
    file.write_text(kept.replace("A[i, k] * B[k, j]", "A[i, k] * B[k, n]"), encoding="utf-8")
    try:
        stage.open("gemm_cascade")
        stage.click("mm1")
        stage.parts.code.panes.bring(stage.parts.code.source)
        stage.act("next_problem")
        _right(stage, inspector=240, code=560)
        return stage.picture(stage.parts.canvas, stage.parts.docks["Code"], stage.parts.bottom)
    finally:
        file.write_text(kept, encoding="utf-8")


def _before_after(stage: Stage) -> QPixmap:
    _block(stage)
    stage.parts.inspector.kernel_page.schedule.steps.setCurrentRow(1)
    stage.act("compare_steps")
    stage.settle(0.5)
    return stage.dialog().grab()


def _history(stage: Stage) -> QPixmap:
    stage.open("gemm_cascade")
    for key in ("K", "M"):
        stage.click("mm1")
        stage.type_in(stage.parts.inspector.kernel_page.parameter(key), "32")
    stage.click("@D")
    stage.type_in(stage.parts.inspector.port_page.type, "float32[64, 32]")
    stage.act("undo")
    stage.act("undo")
    stage.act("history")
    return stage.picture(stage.parts.docks["History"], stage.parts.canvas)


def _traced(stage: Stage) -> QPixmap:
    _block(stage)
    code = stage.parts.code
    code.panes.bring(code.mlir)
    stage.act("split_code")
    code.panes.bring(code.source)
    _wide(stage)
    stage.line(code.source, "+=")
    return stage.picture(stage.parts.docks["Code"])


def _wide(stage: Stage, width: int = 900) -> None:
    docks = stage.parts.docks
    stage.window.resizeDocks([docks["Inspector"]], [width], Qt.Orientation.Horizontal)
    _right(stage, inspector=200, code=600)


def _generated(stage: Stage) -> QPixmap:
    stage.open("diamond")
    stage.build("rtl")
    stage.build("hls")
    stage.click("deviation")
    code = stage.parts.code
    code.panes.bring(code.verilog)
    stage.act("split_code")
    code.panes.bring(code.cpp)
    _wide(stage)
    return stage.picture(stage.parts.docks["Code"])


SCENES = (
    Scene("inspector-parameters", "A block's parameters, one of which is being mistyped", _parameters),
    Scene("inspector-steps", "Steps with what each does to the cycles, and a step that is being added", _steps),
    Scene(
        "inspector-step-refused", "A step that would change the result is refused, with two iterations", _refused_step
    ),
    Scene("inspector-loops", "The loops of a kernel and its buffers after a build", _loops),
    Scene("inspector-diagnostics", "A fault of a kernel in the margin of its source and under Problems", _margin),
    Scene("inspector-before-after", "A kernel before and after a step, side by side", _before_after),
    Scene("inspector-undo", "The history of edits, two of which are undone", _history),
    Scene("code-traced", "A line of the source, and what it became in MLIR", _traced),
    Scene("code-generated", "The C++ and the SystemVerilog that builds made of a block", _generated),
)

"""The tutorial, played in the window as its text says: from an empty canvas to a simulated accelerator.

A test plays it too and compares the figures that the text names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu, QWidget

from screenshots.scene import Scene
from screenshots.stage import Stage, StageError
from ui.comparison import latency_of
from ui.tables import items_of

__all__ = ["SCENES", "cycles", "open_last", "play"]

GEMM, RELU = "gemm_row_wise", "relu"


def play(stage: Stage) -> Iterator[tuple[str, QPixmap]]:
    """Go through the tutorial; yields the name of each picture with it, at the place where the text shows it."""
    for name, _, act in _STEPS:
        yield name, act(stage)


def _empty(stage: Stage) -> QPixmap:
    stage.prompts.answers["new_folder"] = stage.folder / "layer"
    stage.act("new")
    stage.act("select_all")
    stage.act("delete")
    return stage.picture()


def _block(stage: Stage) -> QPixmap:
    stage.act("search")
    stage.type_in(stage.parts.palette.search, "GEMM, row-wise")
    stage.window.do_fit()
    stage.parts.palette.search.clear()
    stage.predictions()
    return stage.picture()


def _offers(stage: Stage) -> QPixmap:
    start = stage.parts.canvas.port(GEMM, "C", True).centre
    drop = partial(stage.drop_wire, start, start + QPointF(110, 10))
    made = stage.asked(drop, answer=partial(_choose, "ReLU: x"), prepare=open_last)
    if RELU not in stage.graph().nodes:
        raise StageError("the block was not added")
    return made


def open_last(menu: QWidget) -> None:
    """Lead to the last entry, and into its menu, by the keys."""
    QTest.keyClick(menu, Qt.Key.Key_Up)
    QTest.keyClick(menu, Qt.Key.Key_Right)


def _choose(text: str, menu: QWidget) -> None:
    assert isinstance(menu, QMenu)
    entry = next((action for action in menu.actions() if action.text() == text), None)
    if entry is None:
        raise StageError(f"{text} is not offered")
    for _ in menu.actions():
        if menu.activeAction() is entry:
            break
        QTest.keyClick(menu, Qt.Key.Key_Down)
    QTest.keyClick(menu, Qt.Key.Key_Return)


def _wired(stage: Stage) -> QPixmap:
    for words in (f"Make {GEMM}.A an input", f"Make {GEMM}.B an input", f"Make {RELU}.y an output"):
        stage.fix(words)
    stage.act("arrange")
    stage.window.do_fit()
    stage.act("save")
    stage.predictions()
    return stage.picture()


def _mistake(stage: Stage) -> QPixmap:
    stage.click("@A")
    stage.type_in(stage.parts.inspector.port_page.type, "int32[64, 64]")
    return stage.picture()


def _report(stage: Stage) -> QPixmap:
    stage.fix("Make A float32")
    stage.build("rtl")
    return stage.picture()


def _bottleneck(stage: Stage) -> QPixmap:
    stage.page("Dataflow")
    return stage.results()


def _unroll(stage: Stage) -> QPixmap:
    stage.click(GEMM)
    stage.parts.inspector.kernel_page.schedule.add_step()
    stage.step("unroll", axis="j.outer", factor="2")
    stage.predictions()
    return stage.inspector()


def _why(stage: Stage) -> QPixmap:
    stage.accept_step()
    stage.build("rtl")
    stage.page("Loops")
    report, loops = stage.parts.report.report, stage.parts.report.loops
    slow = next((n for n, loop in enumerate(report.loops if report else ()) if loop.missed), None)
    if slow is None:
        raise StageError("no loop missed its interval")
    item = items_of(loops)[slow]
    loops.scrollToItem(item)
    stage.row(loops, loops.visualItemRect(item))
    return stage.results()


def _banks(stage: Stage) -> QPixmap:
    stage.click(GEMM)
    panel = stage.parts.inspector.kernel_page.schedule
    for buffer in ("B", "row"):
        wanted = f"partition   {buffer},"
        row = next(n for n in range(panel.steps.count()) if wanted in panel.steps.item(n).text())
        panel.steps.scrollToItem(panel.steps.item(row))
        stage.row(panel.steps, panel.steps.visualItemRect(panel.steps.item(row)), double=True)
        stage.step("partition", factor="8")
        stage.accept_step()
    stage.predictions()
    return stage.inspector()


def _changes(stage: Stage) -> QPixmap:
    stage.build("rtl")
    stage.page("Changes")
    stage.act("save")
    return stage.results()


# The name of each picture, what it shows, and what is done for it.
_STEPS: tuple[tuple[str, str, Callable[[Stage], QPixmap]], ...] = (
    ("tutorial-empty", "An empty canvas", _empty),
    ("tutorial-block", "A block of the library, whose ports are not connected yet", _block),
    ("tutorial-offers", "A wire that was let go in empty space offers what fits", _offers),
    ("tutorial-wired", "The whole design", _wired),
    ("tutorial-mistake", "A mistake, and what is offered against it", _mistake),
    ("tutorial-report", "The report: cycles predicted, and counted by the simulation", _report),
    ("tutorial-bottleneck", "The product is the bottleneck", _bottleneck),
    ("tutorial-unroll", "The form for a step tells what it would do", _unroll),
    ("tutorial-why", "Why the loop starts only every second cycle", _why),
    ("tutorial-banks", "With twice the banks the product takes half the cycles", _banks),
    ("tutorial-changes", "Both builds compared", _changes),
)


def cycles(stage: Stage) -> tuple[int, int]:
    """Return the cycles that the last build predicted, and those that its simulation counted (0: none)."""
    result = stage.window.session.result
    found = latency_of(result.report) if result else None
    return (found.predicted, found.simulated or 0) if found else (0, 0)


def _scene(name: str, stage: Stage) -> QPixmap:
    """Return a picture of the tutorial, which is played once for all of its pictures."""
    if name not in stage.kept:
        stage.kept.update(play(stage))
    return stage.kept[name]


SCENES = tuple(Scene(name, caption, partial(_scene, name)) for name, caption, _ in _STEPS)

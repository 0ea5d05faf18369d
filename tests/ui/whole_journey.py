"""The whole journey of a design at the window, from no project to two builds compared and back from disk, by hand.

    python tests/ui/whole_journey.py FOLDER SETTINGS

makes it on the screen that there is, with xdotool's mouse and keys, in the new folder FOLDER; exit status 0 where all
was as it should be.
"""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path

from hands import Hands, ScreenHands, Story, play, settled
from PySide6.QtCore import QPoint, QPointF, QRect, QSettings
from PySide6.QtWidgets import QAbstractItemView, QApplication, QComboBox, QFileDialog, QTabWidget, QTreeWidgetItem

from ui.comparison import latency_of
from ui.report_rows import LOOP_HEADERS
from ui.tables import items_of
from ui.window import Window

__all__ = ["SIZE", "journey"]

SIZE = (1680, 1000)
KERNELS = '''\
"""Two filters of a signal."""

from allo_studio.lang import float32, grid, reduction

N, TAPS = 256, 8


def smooth(S: float32[N]) -> float32[N]:
    T: float32[N, TAPS]
    for i, k in grid(N, TAPS, name="spread"):
        T[i, k] = S[i] * 0.125
    R: float32[N] = 0.0
    for i in grid(N, name="mean"):
        for k in reduction(TAPS):
            R[i] += T[i, k]
    return R


def weigh(W: float32[N], V: float32[N]) -> float32[N]:
    P: float32[N]
    for i in grid(N):
        P[i] = W[i] * V[i]
    return P
'''
# The loops that eight accesses to two banks of T keep from starting an iteration every cycle.
SLOW_LINES = ('for i, k in grid(N, TAPS, name="spread"):', 'for i in grid(N, name="mean"):')


class _Traveller:
    """Knows where things are in the window."""

    def __init__(self, window: Window, hands: Hands | ScreenHands) -> None:
        self.window, self.hands, self.parts = window, hands, window.panels
        self.view = window.panels.canvas.view

    # What is seen.

    def blocks(self) -> set[str]:
        return set(self.parts.canvas.picture.blocks)

    def wires(self) -> set[str]:
        return set(self.parts.canvas.picture.wires)

    def steps(self) -> list[str]:
        steps = self.parts.inspector.kernel_page.schedule.steps
        return [" ".join(steps.item(n).text().split()) for n in range(steps.count())]

    def at(self, point: QPointF) -> QPoint:
        """Return where a place of the scene is seen."""
        found = self.view.mapFromScene(point)
        assert self.view.viewport().rect().contains(found), f"{point} is not in view"
        return found

    def port(self, block: str, port: str, output: bool) -> QPoint:
        return self.at(self.parts.canvas.port(block, port, output).centre)

    def head(self, block: str) -> QPoint:
        """Return a place in the head of a block, beside its ports."""
        area = self.parts.canvas.block(block).area
        return self.at(QPointF(area.center().x(), area.top() + 16))

    # What is done.

    def tab(self, tabs: QTabWidget, title: str) -> Story[None]:
        bar = tabs.tabBar()
        found = next(n for n in range(bar.count()) if bar.tabText(n).startswith(title))
        yield from self.hands.press(bar, bar.tabRect(found).center())
        yield lambda: tabs.currentIndex() == found

    def row(self, view: QAbstractItemView, rect: QRect, double: bool = False) -> Story[None]:
        at = QPoint(min(rect.left() + 60, rect.center().x()), rect.center().y())
        assert view.viewport().rect().contains(at), f"the row at {at} is not in view"
        yield from self.hands.double(view.viewport(), at) if double else self.hands.press(view.viewport(), at)

    def entry(self, title: str) -> Story[QTreeWidgetItem]:
        """Search the palette for an entry, so that it alone is shown."""
        palette = self.parts.palette
        yield from self.hands.key("Ctrl+F")
        yield palette.search.hasFocus
        yield from self.hands.key("Ctrl+A")
        yield from self.hands.type(title)
        yield lambda: title in [name for name, _ in palette.entries()]
        return next(item for item in palette._items() if item.text(0) == title)

    def add(self, title: str, place: QPoint) -> Story[None]:
        """Put an entry of the palette at a place of the canvas."""
        item, tree = (yield from self.entry(title)), self.parts.palette.tree
        at = tree.visualItemRect(item).center()
        if self.hands.drops:
            yield from self.hands.drag(tree.viewport(), at, place, onto=self.view.viewport())
            yield lambda: title in self.blocks()
            return
        yield from self.hands.double(tree.viewport(), at)
        yield lambda: title in self.blocks()
        yield from self.hands.drag(self.view.viewport(), self.head(title), place)

    def wire(self, source: tuple[str, str], target: tuple[str, str]) -> Story[None]:
        """Draw a wire from an output to an input."""
        start, end = self.port(*source, True), self.port(*target, False)
        yield from self.hands.drag(self.view.viewport(), start, end)
        texts = [block if block.startswith("@") else f"{block}.{port}" for block, port in (source, target)]
        yield lambda: "->".join(texts).replace("@", "") in self.wires()

    def select(self, block: str) -> Story[None]:
        yield from self.hands.press(self.view.viewport(), self.head(block))
        yield lambda: self.parts.inspector.block == block

    def choose(self, box: QComboBox, text: str) -> Story[None]:
        """Take a value of a box: typed, where that can be done, else found in its list by its first letters."""
        yield from settled(box)
        if box.isEditable():
            yield from self.hands.press(box.lineEdit())
            yield box.lineEdit().hasFocus
            yield from self.hands.key("Ctrl+A")
            yield from self.hands.type(text)
        elif box.currentText() != text:
            yield from self.hands.pick(box, text)
        yield lambda: box.currentText() == text

    def fill(self, step: str, /, **values: str) -> Story[None]:
        """Fill in the form of a step and accept it."""
        form = self.parts.inspector.kernel_page.schedule.form
        yield form.isVisible
        yield from self.choose(form.kind, step)
        for field, value in values.items():
            box = form._inputs[field]
            assert isinstance(box, QComboBox)
            yield from self.choose(box, value)
        yield form.accept.isEnabled
        yield from settled(form.accept)
        before = self.window.session.project
        yield from self.hands.press(form.accept)
        yield lambda: self.window.session.project is not before

    def add_step(self, step: str, /, **values: str) -> Story[None]:
        add = self.parts.inspector.kernel_page.schedule._buttons["add"]
        if not self.parts.inspector.kernel_page.schedule.form.isVisible():
            yield from self.hands.press(add)
        yield from self.fill(step, **values)

    def build(self) -> Story[None]:
        """Build by the menu, and come to the report."""
        before = self.window.session.result
        yield from self.hands.key("Alt+B")
        yield lambda: QApplication.activePopupWidget() is not None
        yield from self.hands.type("b")
        yield lambda: self.window.builder.running
        yield lambda: not self.window.builder.running
        assert self.window.session.result is not before, self.parts.log.log.toPlainText()
        assert self.parts.bottom.currentWidget() is self.parts.report

    def file(self, path: Path) -> Story[None]:
        """Type a path in the dialog that was asked for."""
        yield lambda: isinstance(QApplication.activeModalWidget(), QFileDialog)
        dialog = QApplication.activeModalWidget()
        yield lambda: QApplication.activeWindow() is dialog
        yield from self.hands.key("Ctrl+A")
        yield from self.hands.type(str(path))
        yield from self.hands.key("Return")
        yield lambda: QApplication.activeModalWidget() is None


def journey(window: Window, hands: Hands | ScreenHands, folder: Path) -> Story[None]:
    """Make the journey, in a new folder; raises AssertionError where something is not as it should be."""
    go = _Traveller(window, hands)
    yield window.isActiveWindow
    yield from _draw(go, folder)
    yield from _mend(go)
    yield from _schedule(go)
    first = yield from _read(go)
    yield from _improve(go, first)
    yield from _return(go, folder)


def _draw(go: _Traveller, folder: Path) -> Story[None]:
    """A new project; its own kernels, put on the canvas."""
    window, parts = go.window, go.parts
    yield from go.hands.key("Ctrl+N")
    yield from go.file(folder)
    yield lambda: window.windowTitle() == f"{folder.name}[*] – Allo Studio"
    assert go.blocks() == {"@X", "@Y", "@Z", "add"}
    assert go.wires() == {"X->add.X", "Y->add.Y", "add.Z->Z"}
    assert parts.status.text().startswith("checked, no problems")
    # As another program would.
    (folder / "kernels" / "filters.py").write_text(KERNELS)
    yield from go.hands.key("F5")
    yield lambda: {"smooth", "weigh"} <= {title for title, _ in parts.palette.entries()}
    middle = go.view.viewport().rect().center()
    for name, place in (("smooth", QPoint(-60, 190)), ("weigh", QPoint(220, 170))):
        wanted = middle + place
        yield from go.add(name, wanted)
        area = parts.canvas.block(name).area
        yield lambda area=area, wanted=wanted: area.contains(go.view.mapToScene(wanted))
        assert window.windowTitle().startswith(folder.name)
        assert window.isWindowModified()
    yield from go.hands.press(go.view.viewport(), QPoint(6, 6))
    yield from go.hands.key("Ctrl+0")
    assert {"smooth", "weigh"} < go.blocks()


def _mend(go: _Traveller) -> Story[None]:
    """Wires, one too many; and the fix that is offered."""
    parts = go.parts
    yield from go.wire(("smooth", "R"), ("weigh", "V"))
    yield from go.wire(("weigh", "P"), ("@Z", "Z"))
    assert "add.Z->Z" not in go.wires(), "the wire that was there gave way"
    yield from go.wire(("add", "Z"), ("smooth", "S"))
    yield lambda: parts.bottom.tabText(0) == "Problems (1)"
    yield from go.wire(("add", "Z"), ("weigh", "W"))
    yield from go.tab(parts.bottom, "Problems")
    (fault,) = parts.problems.shown
    assert fault.message == "add.Z feeds smooth.S, weigh.W, but in a dataflow graph an array has one reader"
    assert parts.status.text().startswith("1 error ")
    row = parts.problems.tree.topLevelItem(0)
    assert row.text(0) == fault.message
    if not row.isExpanded():
        yield from go.row(parts.problems.tree, parts.problems.tree.visualItemRect(row))
    yield lambda: parts.problems.buttons(0)
    button = next(b for b in parts.problems.buttons(0) if "2 copies of add.Z" in b.text())
    yield from settled(button)
    yield from go.hands.press(button)
    yield lambda: not parts.problems.shown
    assert parts.status.text().startswith("checked, no problems")
    assert parts.bottom.tabText(0) == "Problems"
    assert not any(wire.broken for wire in parts.canvas.picture.wires.values())
    (made,) = go.blocks() - {"@X", "@Y", "@Z", "add", "smooth", "weigh"}
    assert f"add.Z->{made}.x" in go.wires()
    # It came where there was room; now all of them stand in their order.
    yield from go.hands.key("Ctrl+L")
    row = ("add", made, "smooth", "weigh", "@Z")
    yield lambda: [parts.canvas.positions[name][0] for name in row] == sorted(parts.canvas.positions[n][0] for n in row)


def _schedule(go: _Traveller) -> Story[None]:
    yield from go.select("smooth")
    yield from go.add_step("unroll", axis="spread:k", factor="8")
    yield from go.add_step("unroll", axis="mean:k", factor="8")
    yield from go.add_step("partition", buffer="T", kind="cyclic", dim="2", factor="2")
    assert go.steps() == [
        "1 unroll spread:k, factor 8",
        "2 unroll mean:k, factor 8",
        "3 partition T, cyclic, dim 2, factor 2",
    ]
    assert not go.parts.problems.shown


def _read(go: _Traveller) -> Story[int]:
    """A build, and from its report to the place that limits it. Returns the latency."""
    parts = go.parts
    yield from go.build()
    report = parts.report.report
    assert report is not None
    assert parts.report.summary.cycles["Latency"].number.text() == f"{latency_of(report).predicted:,} cycles"
    assert parts.report.summary.facts["Simulation"].number.text() == "passed"
    yield from go.tab(parts.report.tabs, "Loops")
    why = LOOP_HEADERS.index("Why this II")
    told = [(item.text(LOOP_HEADERS.index("II")), item.text(why)) for item in items_of(parts.report.loops)]
    slow = next((n for n, (ii, reason) in enumerate(told) if ii == "2" and "T" in reason), None)
    assert slow is not None, told
    item = items_of(parts.report.loops)[slow]
    yield from go.row(parts.report.loops, parts.report.loops.visualItemRect(item))
    yield lambda: parts.canvas.selected_blocks() == ["smooth"]
    assert parts.inspector.block == "smooth"
    yield from go.row(parts.report.loops, parts.report.loops.visualItemRect(item), double=True)
    yield parts.code.source.isVisible
    assert parts.code.shown_source is not None
    assert parts.code.shown_source.path == "kernels/filters.py"
    marked = parts.code.source.marked_line
    assert marked is not None
    assert KERNELS.splitlines()[marked - 1].strip() in SLOW_LINES
    return latency_of(report).predicted


def _improve(go: _Traveller, first: int) -> Story[None]:
    """A better step, another build, and both compared."""
    parts = go.parts
    steps = parts.inspector.kernel_page.schedule.steps
    yield from go.row(steps, steps.visualItemRect(steps.item(2)), double=True)
    yield from go.fill("partition", factor="8")
    assert go.steps()[2] == "3 partition T, cyclic, dim 2, factor 8"
    assert not go.window.session.up_to_date
    yield from go.build()
    second = parts.report.report
    assert second is not None
    # Each of the two loops starts an iteration every cycle now, and not every other one.
    assert first - latency_of(second).predicted >= 2 * 250
    yield from go.tab(parts.report.tabs, "Changes")
    table = parts.report.changes
    rows = [[item.text(column) for column in range(item.columnCount())] for item in items_of(table)]
    assert any(f"{first:,}" in row and f"{latency_of(second).predicted:,}" in row for row in rows), rows


def _return(go: _Traveller, folder: Path) -> Story[None]:
    """Saved, closed, and opened again: all is as it was."""
    window, canvas = go.window, go.parts.canvas
    yield from go.hands.key("Ctrl+S")
    yield lambda: not window.isWindowModified()
    text = (folder / "project.yaml").read_bytes()
    before = (window.session.project, canvas.picture.wires.keys(), dict(canvas.positions))
    yield from go.hands.key("Ctrl+W")
    yield lambda: window.windowTitle() == "Allo Studio"
    assert window.session.works == []
    assert not go.blocks()
    yield from go.hands.key("Ctrl+O")
    yield from go.file(folder / "project.yaml")
    yield lambda: window.windowTitle() == f"{folder.name}[*] – Allo Studio"
    assert (window.session.project, canvas.picture.wires.keys(), dict(canvas.positions)) == before
    assert not window.isWindowModified()
    assert (folder / "project.yaml").read_bytes() == text
    yield from go.select("smooth")
    assert go.steps()[2] == "3 partition T, cyclic, dim 2, factor 8"


def prepared(window: Window) -> None:
    """Make a window as large as the journey needs it, without the processes that would look at each step."""
    window.resize(*SIZE)
    schedule = window.panels.inspector.kernel_page.schedule
    for bar in (schedule.verify, schedule.effects):
        bar.switch.setChecked(False)


def main(folder: Path, settings: Path) -> int:
    """Make the journey on the screen; returns the exit status."""
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(settings))
    from ui.app import application

    faults: list[str] = []
    sys.excepthook = lambda *told: faults.append("".join(traceback.format_exception(*told)))
    application()
    window = Window()
    prepared(window)
    window.show()
    try:
        play(journey(window, ScreenHands(), folder))
    except BaseException:
        faults.append(traceback.format_exc())
        window.screen().grabWindow(0).save(str(settings.with_name("screen.png")))
    print("\n".join(faults) or "arrived", flush=True)
    return bool(faults)


if __name__ == "__main__":
    status = main(Path(sys.argv[1]), Path(sys.argv[2]))
    # The window and Qt go as they do where a process is ended.
    os._exit(status)

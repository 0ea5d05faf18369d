"""Qt without a screen; where there is no Qt these tests are left out."""

from __future__ import annotations

import os

import pytest

os.environ["QT_QPA_PLATFORM"] = "offscreen"
pytest.importorskip("PySide6")
pytest.importorskip("pytestqt")

import gc
import shutil
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QPoint, QPointF, QSettings, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox
from schedule_samples import report

from ui.app import application
from ui.checking import Checking
from ui.report_view import ReportView
from ui.window import Window

PROJECT = Path(__file__).resolve().parents[2] / "projects" / "gemm_cascade"


class Answers:
    """Stands in for the person at the prompts; what isn't foreseen fails the test."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def answer(*_: Any) -> Any:
            self.asked.append(name)
            assert name in self.answers, f"the window asked {name}"
            return self.answers[name]

        return answer


class Mouse:
    """Presses, drags and lets go on a window's canvas, in scene coordinates."""

    def __init__(self, window: Window) -> None:
        self._view = window.panels.canvas.view

    def drag(self, start: QPointF, end: QPointF) -> None:
        """Drag with the left button, in steps as a person would."""
        port = self._view.viewport()
        points = [self._at(start + (end - start) * (i / 8)) for i in range(9)]
        QTest.mousePress(port, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, points[0])
        for point in points[1:]:
            QTest.mouseMove(port, point)
            QApplication.processEvents()
        QTest.mouseRelease(port, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, points[-1])

    def click(self, at: QPointF) -> None:
        """Click with the left button."""
        QTest.mouseClick(self._view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, self._at(at))

    def double_click(self, at: QPointF) -> None:
        """Double-click with the left button."""
        QTest.mouseDClick(
            self._view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, self._at(at)
        )

    def _at(self, point: QPointF) -> QPoint:
        return QPoint(self._view.mapFromScene(point))


def pytest_collection_finish() -> None:
    """What there is before the first test stays to the last: no search for garbage goes through it."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Leave the environment as it is for the other tests: the process that builds stays where it would find the same.

    pytest writes the name of the test there.
    """
    named = os.environ.pop("PYTEST_CURRENT_TEST", None)
    try:
        return (yield)
    finally:
        if named is not None:
            os.environ["PYTEST_CURRENT_TEST"] = named


@pytest.fixture(scope="session")
def qapp_cls() -> type[QApplication]:
    return QApplication


@pytest.fixture(autouse=True)
def settings(tmp_path: Path) -> Path:
    """The folder of the window's settings: not those of the person who runs the tests."""
    folder = tmp_path / "settings"
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(folder))
    return folder


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Checks are waited for, however slow the machine is; what happens while one goes on has tests of its own."""
    monkeypatch.setattr(Checking, "patience_s", 300.0)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the cascade in a folder of its own."""
    target = tmp_path / "gemm_cascade"
    shutil.copytree(PROJECT, target, ignore=shutil.ignore_patterns("build", "__pycache__"))
    return target


@pytest.fixture
def window(qapp: QApplication) -> Iterator[Window]:
    """A shown window with no project; unsaved changes are dropped at its end."""
    application()
    made = Window()
    made.prompts = Answers(unsaved="discard")  # type: ignore[assignment]
    # It starts a process for every block that is looked at; its own tests switch it on.
    made.panels.inspector.kernel_page.schedule.verify.switch.setChecked(False)
    made.panels.inspector.kernel_page.schedule.effects.switch.setChecked(False)
    made.show()
    qapp.processEvents()
    yield made
    made.prompts = Answers(unsaved="discard")  # type: ignore[assignment]
    made.close()
    made.deleteLater()
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    qapp.processEvents()


@pytest.fixture
def studio(window: Window, project: Path, qapp: QApplication) -> Window:
    """A window with the copy of the cascade open."""
    assert window.open_project(project)
    qapp.processEvents()
    return window


@pytest.fixture
def press() -> Callable[[str], list[str]]:
    """Presses a button of the question that is about to be asked, or Escape; returns where its text will be put."""

    def soon(label: str) -> list[str]:
        texts: list[str] = []

        def now() -> None:
            box = QApplication.activeModalWidget()
            assert isinstance(box, QMessageBox)
            texts.append(box.text())
            if label == "Escape":
                QTest.keyClick(box, Qt.Key.Key_Escape)
                return
            (button,) = (button for button in box.buttons() if button.text().replace("&", "") == label)
            button.click()

        QTimer.singleShot(0, now)
        return texts

    return soon


@pytest.fixture
def mouse(studio: Window) -> Mouse:
    """A mouse over the studio's canvas."""
    return Mouse(studio)


@pytest.fixture
def report_view(qtbot: Any, qapp: QApplication) -> ReportView:
    """A shown report with its schedule in front."""
    if not qapp.styleSheet():
        application()
    made = ReportView()
    qtbot.addWidget(made)
    made.resize(1200, 420)
    made.show_report(report())
    made.tabs.setCurrentWidget(made.schedule)
    made.show()
    QApplication.processEvents()
    return made

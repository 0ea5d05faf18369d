"""An exception that nothing caught: the work is kept, a report is shown, and the window goes on."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtGui import QGuiApplication

from allo_studio.design.edits import SetExecution
from allo_studio.project import recover
from ui.crash import CrashReporter
from ui.window import Window


@pytest.fixture
def reporter(studio: Window) -> Iterator[CrashReporter]:
    made = CrashReporter(studio, studio.session.autosave, studio.session.last_edit)
    made.install()
    yield made
    made.remove()
    if made.dialog is not None:
        made.dialog.accept()


def fail(words: str) -> None:
    """Raise and hand over what was raised, as an event of Qt would."""
    try:
        raise ZeroDivisionError(words)
    except ZeroDivisionError as error:
        sys.excepthook(type(error), error, error.__traceback__)


def test_a_report_is_shown_and_can_be_copied(
    reporter: CrashReporter, studio: Window, qtbot: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    studio.session.do(SetExecution("cascade", "sequential"))
    fail("the first")
    fail("the second")
    qtbot.waitUntil(lambda: reporter.dialog is not None and "the second" in reporter.dialog.text.toPlainText())
    dialog = reporter.dialog
    assert dialog is not None
    text = dialog.text.toPlainText()
    assert text.startswith("Allo Studio ")
    assert "last edit: " in text
    assert "none" not in text.partition("last edit: ")[2].partition("\n")[0]
    assert text.count("in fail\n") == 2
    assert text.index("the first") < text.index("the second")
    dialog.copy.click()
    assert QGuiApplication.clipboard().text() == text
    assert "ZeroDivisionError: the first" in capsys.readouterr().err
    # The work is kept beside the file, and the window is as it was.
    assert studio.session.loaded is not None
    kept = recover(studio.session.loaded.file)
    assert kept is not None
    assert kept.graphs["cascade"].execution == "sequential"
    dialog.accept()
    assert reporter.dialog is None
    assert studio.isVisible()
    studio.do_undo()
    assert not studio.session.dirty


def test_a_thread_of_its_own_is_told_too(reporter: CrashReporter, qtbot: Any) -> None:
    def work() -> None:
        raise ValueError("in a thread")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: reporter.dialog is not None)
    assert reporter.dialog is not None
    assert "ValueError: in a thread" in reporter.dialog.text.toPlainText()


def test_a_fault_in_keeping_the_work_does_not_hide_the_first(studio: Window, qtbot: Any) -> None:
    def broken() -> str:
        raise OSError("disk full")

    reporter = CrashReporter(studio, broken, broken)
    reporter.install()
    try:
        fail("the cause")
        qtbot.waitUntil(lambda: reporter.dialog is not None)
        assert reporter.dialog is not None
        assert "the cause" in reporter.dialog.text.toPlainText()
    finally:
        reporter.remove()
        if reporter.dialog is not None:
            reporter.dialog.accept()


def test_an_interrupt_ends_the_program_as_ever(reporter: CrashReporter, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[type[BaseException]] = []
    monkeypatch.setattr(reporter, "_before", (lambda kind, *_: seen.append(kind), threading.excepthook))
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert seen == [KeyboardInterrupt]
    assert reporter.dialog is None


def test_it_is_taken_away_again(studio: Window) -> None:
    before = sys.excepthook, threading.excepthook
    reporter = CrashReporter(studio, lambda: None, lambda: "")
    reporter.install()
    assert sys.excepthook != before[0]
    reporter.remove()
    assert (sys.excepthook, threading.excepthook) == before

"""Calibration in the window: a vendor's report, what it changes, and the file beside the project after a question."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from calibration_samples import modules, write_report, write_sums
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog

from allo_studio.pipeline import calibrate
from allo_studio.project import load_project
from allo_studio.project.calibration import read_calibration
from ui.calibration_dialog import CalibrationDialog
from ui.tables import rows_text
from ui.window import Window


@pytest.fixture
def sums(tmp_path: Path) -> Path:
    return write_sums(tmp_path / "sums")


@pytest.fixture
def found(tmp_path: Path) -> Path:
    return write_report(tmp_path / "reports" / "csynth.xml")


@pytest.fixture
def opened(window: Window, sums: Path, qtbot: Any) -> Window:
    assert window.open_project(sums)
    return window


def ask(window: Window, qtbot: Any, report: Path, write: bool) -> None:
    window.prompts.answers |= {"vendor_report": report, "calibration": write}  # type: ignore[attr-defined]
    window.actions_by_id["calibrate"].trigger()
    qtbot.waitUntil(lambda: not window.calibrator.running, timeout=30000)


def test_a_calibration_is_written_after_a_question(opened: Window, sums: Path, found: Path, qtbot: Any) -> None:
    file = sums / "calibration.yaml"
    ask(opened, qtbot, found, write=False)
    assert opened.prompts.asked[-2:] == ["vendor_report", "calibration"]  # type: ignore[attr-defined]
    assert not file.exists()
    assert opened.statusBar().currentMessage() == "Nothing was calibrated"
    ask(opened, qtbot, found, write=True)
    assert "Wrote calibration.yaml" in opened.statusBar().currentMessage()
    known = read_calibration(load_project(sums).file)
    assert known is not None
    assert known.calibration == calibrate(load_project(sums), [found], write=False).calibration


def test_a_report_of_something_else_is_told(opened: Window, tmp_path: Path, sums: Path, qtbot: Any) -> None:
    other = tmp_path / "notes.rpt"
    other.write_text("no report")
    ask(opened, qtbot, other, write=True)
    assert opened.statusBar().currentMessage().startswith("Not calibrated: ")
    assert not (sums / "calibration.yaml").exists()
    assert opened.session.problems()[0].code in ("report", "calibration")


def test_a_project_that_is_not_saved_is_not_calibrated(studio: Window) -> None:
    assert studio.session.graph is not None
    studio.do_add_input()
    assert studio.session.dirty
    studio.actions_by_id["calibrate"].trigger()
    assert "save the project first" in studio.statusBar().currentMessage()
    assert studio.prompts.asked == []  # type: ignore[attr-defined]


def test_the_dialog_has_errors_before_and_after(sums: Path, found: Path, qtbot: Any) -> None:
    result = calibrate(load_project(sums), [found], write=False)
    dialog = CalibrationDialog(result, "calibration.yaml")
    qtbot.addWidget(dialog)
    dialog.show()
    means = {row[0]: row[1:] for row in rows_text(dialog.mean)[1:]}
    assert set(means) == set(result.mean_errors())
    for name, (before, after, count) in result.mean_errors().items():
        assert means[name] == [str(count), f"{before:.1%}", f"{after:.1%}"]
    assert len(rows_text(dialog.figures)) == len(result.figures) + 1
    assert [row[0] for row in rows_text(dialog.operators)[1:]] == [change.found.name for change in result.changes]
    assert dialog.write.text() == "Write calibration.yaml"
    QTest.mouseClick(dialog.write, Qt.MouseButton.LeftButton)
    assert dialog.result() == QDialog.DialogCode.Accepted


def test_there_is_nothing_to_write_where_the_reports_show_nothing(sums: Path, tmp_path: Path, qtbot: Any) -> None:
    result = calibrate(load_project(sums), [write_report(tmp_path / "r" / "csynth.xml", modules(()))], write=False)
    assert result.calibration is None
    dialog = CalibrationDialog(result, "calibration.yaml")
    qtbot.addWidget(dialog)
    assert not hasattr(dialog, "write")
    assert "nothing to calibrate" in dialog.said.text()

"""The source view: problems in its margin, the person's editor, and files that change on disk."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from schedule_samples import report

import allo_studio.checking
from allo_studio.built import BuildResult
from allo_studio.diagnostics import Diagnostic
from allo_studio.source import Source, Span
from ui import preferences
from ui.code_commands import next_of
from ui.code_view import worst
from ui.external_editor import editor_command, open_in_editor, wanted_editor
from ui.window import Window

KERNEL = "kernels/gemm.py"
SOURCES = {name: Source(name, "one\ntwo\nthree\n") for name in ("a.py", "b.py")}


def problem(path: str, line: int, severity: str = "error") -> Diagnostic:
    return Diagnostic("type", f"{path} {line}", Span.at(SOURCES[path], line, 1), severity=severity)  # type: ignore[arg-type]


def test_the_next_problem_is_in_the_order_of_files_and_lines() -> None:
    found = (
        problem("b.py", 1),
        problem("a.py", 3),
        problem("a.py", 1),
        problem("a.py", 3, "note"),
        Diagnostic("x", "y"),
    )
    at = [next_of(found, path, line, True) for path, line in (("", 0), ("a.py", 1), ("a.py", 3), ("b.py", 1))]
    assert [d and d.message for d in at] == ["a.py 1", "a.py 3", "b.py 1", "a.py 1"]
    before = [next_of(found, path, line, False) for path, line in (("a.py", 1), ("b.py", 1), ("a.py", 2))]
    assert [d and d.message for d in before] == ["b.py 1", "a.py 3", "a.py 1"]
    assert next_of((Diagnostic("x", "y"),), "a.py", 1, True) is None
    assert worst([problem("a.py", 1, "note"), problem("a.py", 1, "warning")]) == "warning"


def broken(project: Path) -> None:
    file = project / KERNEL
    file.write_text(file.read_text().replace("A[i, k] * B[k, j]", "A[i, k] * B[k, j] + missing"))


def test_problems_stand_in_the_margin_and_keys_go_through_them(studio: Window, project: Path) -> None:
    studio.panels.canvas.select("mm1")
    studio.panels.inspector.select("mm1", None)
    code = studio.panels.code
    code.panes.bring(code.source)
    assert code.source.problems == {}
    broken(project)
    studio.do_check()
    assert list(code.source.problems) == [12]
    assert "missing" in code.source.problems[12][0].message
    block = code.source.document().findBlockByNumber(11)
    box = code.source.blockBoundingGeometry(block).translated(code.source.contentOffset())
    y = round(box.center().y())
    assert "missing" in code.source.told_at(y)
    assert code.source.told_at(round(box.top()) - 4) == ""
    dot = code.source._gutter.grab().toImage().pixelColor(9, y + 1)
    assert dot.red() > 200
    assert dot.blue() < 160
    event = QHelpEvent(QEvent.Type.ToolTip, QPoint(9, y), code.source._gutter.mapToGlobal(QPoint(9, y)))
    assert QApplication.sendEvent(code.source._gutter, event)
    QTest.keyClick(studio, Qt.Key.Key_F8)
    assert code.source.marked_line == 12
    places = {(d.span.source.path, d.span.line) for d in studio.session.problems() if d.span is not None}
    for _ in range(len(places)):
        studio.actions_by_id["previous_problem"].trigger()
    assert code.source.marked_line == 12, "around and back"
    assert code.shown_source is not None
    assert code.shown_source.path == KERNEL


def test_without_problems_the_keys_say_so(studio: Window) -> None:
    studio.do_next_problem()
    assert "No problem" in studio.statusBar().currentMessage()


def test_a_kernel_that_changes_on_disk_is_read_again_while_the_window_is_in_front(
    studio: Window, project: Path, qtbot: object
) -> None:
    studio.panels.canvas.select("mm1")
    studio.panels.inspector.select("mm1", None)
    file = project / KERNEL
    text = file.read_text()
    file.write_text(text.replace("A matrix product", "Another product"))
    qtbot.waitUntil(lambda: "Another product" in studio.panels.code.source.toPlainText(), timeout=5000)  # type: ignore[attr-defined]
    assert f"{KERNEL} changed on disk" in studio.statusBar().currentMessage()
    # As editors do that write a new file and put it in place of the old one.
    other = project / "kernels" / "gemm.tmp"
    other.write_text(text)
    other.replace(file)
    qtbot.waitUntil(lambda: "A matrix product" in studio.panels.code.source.toPlainText(), timeout=5000)  # type: ignore[attr-defined]
    file.write_text(text.replace("A matrix", "The matrix"))
    qtbot.waitUntil(lambda: "The matrix product" in studio.panels.code.source.toPlainText(), timeout=5000)  # type: ignore[attr-defined]


def test_a_build_of_an_earlier_kernel_is_not_of_the_present_design(studio: Window, project: Path) -> None:
    session, file = studio.session, project / KERNEL
    text = file.read_text()
    assert session.project is not None
    session.work.begin_build(project / "build")
    session.finish_build(BuildResult(report()), session.project)
    assert session.up_to_date
    assert studio.panels.report.note.text() == ""
    file.write_text(f"# One line more, so that no line of the build is where it was.\n{text}")
    studio.kernel_watch.look()
    assert not session.up_to_date
    assert "earlier state" in studio.panels.report.note.text()
    assert not session.made("hls", "cascade").fresh
    file.write_text(text)
    studio.kernel_watch.look()
    assert session.up_to_date
    # What is written while a build runs is not in it.
    session.work.begin_build(project / "build")
    file.write_text(f"# Later.\n{text}")
    studio.kernel_watch.look()
    session.finish_build(BuildResult(report()), session.project)
    assert not session.up_to_date


def test_a_kernel_that_changes_while_it_is_checked_is_read_again(
    studio: Window, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = project / KERNEL
    text = file.read_text()
    check = allo_studio.checking.check_project

    def slow(*given: Any) -> Any:
        found = check(*given)
        file.write_text(text.replace("C[i, j] +=", "C[i, j, k] +="))
        return found

    monkeypatch.setattr(allo_studio.checking, "check_project", slow)
    studio.do_check()
    monkeypatch.undo()
    assert studio.session.problems() == ()
    assert studio.session.changed_kernels() == (KERNEL,)
    studio.kernel_watch.look()
    assert "subscripts" in studio.session.problems()[0].message


def test_the_command_of_an_editor() -> None:
    file = Path("/a b/k.py")
    assert editor_command("code --goto {file}:{line}", file, 7) == ["code", "--goto", "/a b/k.py:7"]
    assert editor_command("'/my apps/ed' +{line}", file, 7) == ["/my apps/ed", "+7", "/a b/k.py"]
    for wrong, said in (("", "empty"), ("ed '", "cannot be read")):
        with pytest.raises(ValueError, match=said):
            editor_command(wrong, file, 1)


def test_the_editor_is_that_of_the_settings_then_of_the_environment() -> None:
    assert wanted_editor({}) == ""
    assert wanted_editor({"EDITOR": "ed"}) == "ed"
    assert wanted_editor({"EDITOR": "ed", "VISUAL": "gvim"}) == "gvim"
    preferences.store(editor="mine {file}")
    assert wanted_editor({"VISUAL": "gvim"}) == "mine {file}"


def test_an_editor_that_is_not_there_is_told() -> None:
    preferences.store(editor="no-such-editor")
    assert "no-such-editor is not there" in open_in_editor(Path("/tmp/k.py"), 1)


def test_the_editor_gets_the_file_and_the_line_of_the_cursor(
    studio: Window, project: Path, tmp_path: Path, qtbot: object
) -> None:
    said = tmp_path / "said"
    script = f"import sys; open({str(said)!r}, 'w').write(' '.join(sys.argv[1:]))"
    preferences.store(editor=f'{sys.executable} -c "{script}" {{file}} {{line}}')
    studio.do_edit_source()
    assert "Select a kernel block" in studio.statusBar().currentMessage()
    studio.panels.canvas.select("mm1")
    studio.panels.inspector.select("mm1", None)
    source = studio.session.source(KERNEL)
    studio.panels.code.show_line(source, 11)
    studio.actions_by_id["edit_source"].trigger()
    qtbot.waitUntil(lambda: said.exists() and bool(said.read_text()), timeout=5000)  # type: ignore[attr-defined]
    assert said.read_text() == f"{project / KERNEL} 11"

"""Opening, saving, closing: faults are shown, files stay as they were, nothing is lost."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from allo_studio.design.edits import Disconnect
from allo_studio.project import recover
from ui.window import Window

INNER = "mm1.C->mm2.A"


class Person:
    """Answers prompts and remembers which came."""

    def __init__(self, **answers: Any) -> None:
        self.answers, self.asked = answers, []  # type: ignore[var-annotated]

    def __getattr__(self, name: str) -> Any:
        def answer(*_: Any) -> Any:
            self.asked.append(name)
            return self.answers[name]

        return answer


@pytest.mark.parametrize(
    ("text", "code"),
    [("graphs: [", "yaml"), ("format: 99\n", ""), ("format: 1\nname: p\nnonsense: 1\n", ""), ("", "")],
)
def test_a_project_that_cannot_be_read_leaves_the_window_open_with_the_reason(
    window: Window, tmp_path: Path, text: str, code: str
) -> None:
    file = tmp_path / "project.yaml"
    file.write_text(text)
    assert not window.open_project(tmp_path)
    assert window.isVisible()
    shown = window.panels.problems.shown
    assert shown
    assert not code or shown[0].code == code
    assert file.read_text() == text
    window.panels.problems.open_row(0)
    if shown[0].span is not None:
        assert window.panels.code.source.marked_line == shown[0].span.line


def test_a_missing_project_is_told_and_the_open_one_stays(studio: Window, tmp_path: Path) -> None:
    assert not studio.open_project(tmp_path / "nowhere")
    assert studio.panels.problems.shown[0].code == "file"
    assert studio.session.project is not None
    assert studio.session.project.name == "gemm_cascade"


def test_unknown_blocks_and_missing_kernels_are_placeholders(window: Window, project: Path) -> None:
    file = project / "project.yaml"
    text = file.read_text().replace(
        "      mm2: {kernel",
        '      odd: {memory: "x.yaml"}\n      gone: {kernel: "kernels/none.py:f"}\n      mm2: {kernel',
    )
    file.write_text(text)
    assert window.open_project(project)
    blocks = window.panels.canvas.picture.blocks
    assert blocks["odd"].kind == "unknown"
    assert (blocks["odd"].level, blocks["gone"].level) == ("error", "error")
    assert {"cascade/odd", "cascade/gone"} <= {d.where for d in window.session.problems()}
    window.panels.canvas.select("odd")
    assert "x.yaml" in window.panels.inspector.block_page.raw.text()
    window.panels.canvas.select("gone")
    window.do_save()
    assert file.read_text() == text


def test_a_full_disk_is_told_and_the_file_is_as_it_was(
    studio: Window, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (project / "project.yaml").read_bytes()
    studio.session.do(Disconnect("cascade", INNER))

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    assert not studio.do_save()
    assert studio.panels.problems.shown[0].code == "file"
    assert (project / "project.yaml").read_bytes() == before
    assert studio.isWindowModified()
    monkeypatch.undo()
    assert studio.do_save()
    assert all(d.code != "file" for d in studio.panels.problems.shown)


def test_a_file_changed_by_another_program_is_overwritten_only_when_asked(studio: Window, project: Path) -> None:
    file = project / "project.yaml"
    file.write_text(file.read_text() + "# theirs\n")
    studio.session.do(Disconnect("cascade", INNER))
    studio.prompts = Person(overwrite=False)  # type: ignore[assignment]
    assert not studio.do_save()
    assert file.read_text().endswith("# theirs\n")
    studio.prompts = Person(overwrite=True)  # type: ignore[assignment]
    assert studio.do_save()
    assert INNER.replace("->", " -> ") not in file.read_text()


@pytest.mark.parametrize(("answer", "closes", "written"), [("save", True, True), ("discard", True, False), ("cancel", False, False)])  # fmt: skip  # noqa: E501
def test_closing_asks_about_unsaved_changes(
    studio: Window, project: Path, answer: str, closes: bool, written: bool
) -> None:
    before = (project / "project.yaml").read_bytes()
    studio.session.do(Disconnect("cascade", INNER))
    person = Person(unsaved=answer)
    studio.prompts = person  # type: ignore[assignment]
    assert studio.close() is closes
    assert person.asked == ["unsaved"]
    assert ((project / "project.yaml").read_bytes() != before) is written


def test_closing_an_unchanged_project_asks_nothing(studio: Window) -> None:
    studio.prompts = person = Person()  # type: ignore[assignment]
    assert studio.close()
    assert person.asked == []


def test_unsaved_work_survives_and_is_offered(studio: Window, project: Path) -> None:
    studio.session.do(Disconnect("cascade", INNER))
    assert studio.session.work.kept is not None
    studio.session.work.kept.leave()
    # As after a crash: the window never had the chance to ask.
    again = Window()
    again.prompts = person = Person(recover="take", unsaved="discard")  # type: ignore[assignment]
    try:
        assert again.open_project(project)
        assert person.asked == ["recover"]
        assert again.isWindowModified()
        assert again.session.graph is not None
        assert INNER not in [edge.id for edge in again.session.graph.edges]
        again.do_undo()
        assert INNER in [edge.id for edge in again.session.graph.edges]
    finally:
        again.close()
        again.deleteLater()


def test_each_edit_is_kept_at_once_until_it_is_saved_or_undone(studio: Window, project: Path) -> None:
    studio.session.do(Disconnect("cascade", INNER))
    unsaved = recover(project)
    assert unsaved == studio.session.project
    studio.do_undo()
    assert recover(project) is None
    studio.do_redo()
    assert recover(project) == unsaved
    assert studio.do_save()
    assert not any(p.name.startswith(".autosave") for p in project.iterdir())


def test_save_as_takes_the_kernels_along(studio: Window, tmp_path: Path) -> None:
    studio.session.do(Disconnect("cascade", INNER))
    target = tmp_path / "copy"
    studio.prompts = Person(save_as=target)  # type: ignore[assignment]
    studio.do_save_as()
    assert (target / "kernels" / "gemm.py").exists()
    assert studio.session.loaded is not None
    assert studio.session.loaded.root == target
    assert not studio.isWindowModified()
    assert INNER not in studio.panels.canvas.picture.wires


def test_a_new_project_is_made_and_shown(window: Window, tmp_path: Path) -> None:
    window.prompts = Person(new_folder=tmp_path / "fresh")  # type: ignore[assignment]
    window.do_new()
    assert window.session.project is not None
    assert window.session.project.name == "fresh"
    assert "add" in window.panels.canvas.picture.blocks
    assert window.session.problems() == ()


def test_a_project_can_be_closed_and_another_opened(studio: Window, project: Path) -> None:
    studio.do_close_project()
    assert studio.panels.canvas.picture.blocks == {}
    assert studio.panels.middle.currentWidget() is studio.panels.welcome
    assert not studio.actions_by_id["build"].isEnabled()
    assert studio.open_project(project)
    assert "mm1" in studio.panels.canvas.picture.blocks


def test_a_kernel_changed_on_disk_is_noticed(studio: Window, project: Path) -> None:
    assert not studio.session.changed_kernels()
    kernel = project / "kernels" / "gemm.py"
    kernel.write_text(kernel.read_text().replace("return C", "return Q"))
    assert studio.session.changed_kernels()
    studio.do_check()
    assert studio.panels.canvas.picture.blocks["mm1"].level == "error"
    assert not studio.session.changed_kernels()

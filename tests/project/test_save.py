"""Saving changes only what changed, as a whole or not at all."""

from __future__ import annotations

import difflib
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from allo_studio.design import edits
from allo_studio.design.model import Endpoint, Project, StepSpec, Target
from allo_studio.diagnostics import AlloError
from allo_studio.project import (
    autosave,
    discard_autosave,
    load_project,
    parse_project,
    recover,
    rewrite,
    save_project,
    save_project_as,
)

EXAMPLE = Path(__file__).parents[2] / "projects" / "gemm_cascade"
COMMENTED = """\
# top comment
format: 1   # the format
name: gemm_cascade
target: {clock_ns: 3.33,   device: xcu280}   # odd spacing is kept

top: cascade
schedules:

  # about row_wise
  row_wise:
    # about the split
    - split:
        axis: j
        factor: 8    # lanes
    - unroll: {axis: j.inner}  # all of them
graphs:
    cascade:   # four spaces
        inputs:
            A: "float32[64, 64]"   # first
            B: 'float32[64, 64]'
        outputs: {
          E: "float32[64, 64]",   # result
        }
        nodes:
            mm1: {kernel: "kernels/gemm.py:gemm", params: {},
                  schedule: row_wise}
            odd: {measure: w.npy,  kept: "as it is"}   # unknown
        edges:
        # first wire
        - A -> mm1.A
        -   {from: B, to: mm1.B}
        - mm1.C->E   # last wire
        unify: true
view: {cascade: {mm1: [1.0, 2]}}
# end
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLE, tmp_path / "p", ignore=shutil.ignore_patterns("build")))


def changes(before: str, after: str) -> list[str]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return [line for line in lines if line[:2] not in ("--", "++", "@@")]


def commented(edit: edits.Edit) -> list[str]:
    loaded = parse_project(COMMENTED, Path("project.yaml"))
    after = rewrite(loaded, edit.apply(loaded.project))
    assert after.project == edit.apply(loaded.project)
    return changes(COMMENTED, after.text)


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (
            edits.MoveNodes("cascade", {"mm1": (7, 2.5)}),
            ["-view: {cascade: {mm1: [1.0, 2]}}", "+view: {cascade: {mm1: [7, 2.5]}}"],
        ),
        (
            edits.SetTarget(Target("xcu280", 5.0)),
            [
                "-target: {clock_ns: 3.33,   device: xcu280}   # odd spacing is kept",
                "+target: {clock_ns: 5,   device: xcu280}   # odd spacing is kept",
            ],
        ),
        (
            edits.SetTarget(Target(interface="stream")),
            [
                "-target: {clock_ns: 3.33,   device: xcu280}   # odd spacing is kept",
                "+target: {clock_ns: 3.33,   device: xcu280, interface: stream}   # odd spacing is kept",
            ],
        ),
        (
            edits.ReplaceStep("row_wise", 0, StepSpec("split", {"axis": "j", "factor": 16})),
            ["-        factor: 8    # lanes", "+        factor: 16    # lanes"],
        ),
        (edits.DisableStep("row_wise", 1), ["+      disabled: true"]),
        (edits.RemoveStep("row_wise", 1), ["-    - unroll: {axis: j.inner}  # all of them"]),
        (
            edits.AddStep("row_wise", StepSpec("unroll", {"axis": "i"}), 1),
            ["+    - unroll: {axis: i}"],
        ),
        (edits.AddGraphPort("cascade", "D", "in", "int32"), ["+            D: int32"]),
        (
            edits.SetParam("cascade", "mm1", "M", 4),
            [
                '-            mm1: {kernel: "kernels/gemm.py:gemm", params: {},',
                '+            mm1: {kernel: "kernels/gemm.py:gemm", params: {M: 4},',
            ],
        ),
        (
            edits.RemoveGraphPort("cascade", "E"),
            [
                "-        outputs: {",
                '-          E: "float32[64, 64]",   # result',
                "-        }",
                "-        - mm1.C->E   # last wire",
            ],
        ),
        (edits.Disconnect("cascade", "B->mm1.B"), ["-        -   {from: B, to: mm1.B}"]),
        (
            edits.SetChannel("cascade", "B->mm1.B", "fifo"),
            ["-        -   {from: B, to: mm1.B}", "+        -   {from: B, to: mm1.B, channel: fifo}"],
        ),
        (
            edits.SetRate("cascade", "B->mm1.B", "held"),
            ["-        -   {from: B, to: mm1.B}", "+        -   {from: B, to: mm1.B, rate: held}"],
        ),
        (
            edits.SetInitial("cascade", "B->mm1.B", (1,)),
            ["-        -   {from: B, to: mm1.B}", "+        -   {from: B, to: mm1.B, initial: 1}"],
        ),
        (
            edits.SetInitial("cascade", "B->mm1.B", (1, 0.5)),
            ["-        -   {from: B, to: mm1.B}", "+        -   {from: B, to: mm1.B, initial: [1, 0.5]}"],
        ),
        (
            edits.SetInitial("cascade", "B->mm1.B", (0.0,) * 8),
            ["-        -   {from: B, to: mm1.B}", "+        -   {from: B, to: mm1.B, initial: {count: 8, value: 0.0}}"],
        ),
        (edits.SetUnify("cascade", False), ["-        unify: true", "+        unify: false"]),
        (edits.SetExecution("cascade", "sequential"), ["+        execution: sequential"]),
        (edits.AddSchedule("other"), ["+  other: []"]),
        (
            edits.RenameNode("cascade", "odd", "even"),
            [
                '-            odd: {measure: w.npy,  kept: "as it is"}   # unknown',
                '+            even: {measure: w.npy,  kept: "as it is"}   # unknown',
            ],
        ),
        (
            edits.RemoveNodes("cascade", ("odd",)),
            ['-            odd: {measure: w.npy,  kept: "as it is"}   # unknown'],
        ),
    ],
)
def test_an_edit_changes_its_own_lines_only(edit: edits.Edit, expected: list[str]) -> None:
    assert commented(edit) == expected


PORTS = """\
format: 1
name: p
graphs:
  top:
    # what comes in
    inputs:
      A: int32   # first
      B: int8
      C: int16  # last
    outputs: {X: int32,  Y: int8}
  other: {inputs: {A: int8}}
"""


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_the_order_of_ports_is_saved_as_hardware_has_its_arguments_in_it(newline: str) -> None:
    loaded = parse_project(PORTS.replace("\n", newline), Path("project.yaml"))
    again = edits.Several(
        (
            edits.RemoveGraphPort("top", "A"),
            edits.AddGraphPort("top", "A", "in", "int32"),
            edits.RemoveGraphPort("top", "X"),
            edits.AddGraphPort("top", "X", "out", "int32"),
        ),
        "Add A and X again",
    ).apply(loaded.project)
    after = rewrite(loaded, again)
    assert after.project == again
    assert after.project.argument_order()["top"] == (("B", "C", "A"), ("Y", "X"))
    a, b, c = PORTS.splitlines()[6:9]
    expected = PORTS.replace("\n".join((a, b, c)), "\n".join((b, c, a)))
    expected = expected.replace("{X: int32,  Y: int8}", "{Y: int8,  X: int32}")
    assert after.text == expected.replace("\n", newline)
    # And back.
    assert rewrite(after, loaded.project).text == loaded.text


def test_ports_change_places_in_a_file_without_a_last_line_end() -> None:
    text = "format: 1\nname: p\ngraphs:\n  top:\n    inputs:\n      A: int32\n      B: int8"
    loaded = parse_project(text, Path("project.yaml"))
    edit = edits.Several((edits.RemoveGraphPort("top", "A"), edits.AddGraphPort("top", "A", "in", "int32")), "")
    after = rewrite(loaded, edit.apply(loaded.project))
    assert after.text == text.replace("      A: int32\n      B: int8", "      B: int8\n      A: int32\n")


def test_work_that_only_changed_the_order_of_ports_is_kept(folder: Path) -> None:
    loaded = load_project(folder)
    port = loaded.project.graphs["cascade"].inputs["A"]
    wires = [e for e in loaded.project.graphs["cascade"].edges if e.source == Endpoint("", "A")]
    back = [edits.Connect("cascade", wire.source, wire.target) for wire in wires]
    edit = edits.Several(
        (edits.RemoveGraphPort("cascade", "A"), edits.AddGraphPort("cascade", "A", "in", port), *back), ""
    )
    changed = edit.apply(loaded.project)
    autosave(loaded, changed)
    found = recover(folder)
    assert found is not None
    assert found.argument_order() == changed.argument_order() != loaded.project.argument_order()


def test_windows_line_ends_are_kept() -> None:
    loaded = parse_project(COMMENTED.replace("\n", "\r\n"), Path("project.yaml"))
    edit = edits.AddStep("row_wise", StepSpec("unroll", {"axis": "i"}))
    text = rewrite(loaded, edit.apply(loaded.project)).text
    assert text.count("\n") == text.count("\r\n") == COMMENTED.count("\n") + 1


def test_the_whole_is_written_anew_where_it_cannot_be_changed_in_place() -> None:
    text = "? format\n: 1\n? name\n: p\n? top\n: g\n"
    loaded = parse_project(text, Path("project.yaml"))
    changed = rewrite(loaded, replace(loaded.project, name="q", schedules={"s": ()}))
    assert changed.project.name == "q"
    assert changed.project.schedules == {"s": ()}


def test_saving_what_did_not_change_does_not_touch_the_file(folder: Path) -> None:
    loaded = load_project(folder)
    before = loaded.file.stat()
    again = save_project(loaded, loaded.project)
    after = loaded.file.stat()
    assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)
    assert again.text == loaded.text


def test_undone_edits_leave_the_same_bytes(folder: Path) -> None:
    loaded = load_project(folder)
    changed = save_project(loaded, edits.RemoveNodes("cascade", ("mm1",)).apply(loaded.project))
    assert changed.text != loaded.text
    assert changed.file.read_text() == changed.text
    back = save_project(changed, loaded.project)
    assert load_project(folder).project == back.project == loaded.project


def test_what_was_saved_can_be_saved_again(folder: Path) -> None:
    loaded = load_project(folder)
    for axis in ("a", "b", "c"):
        edit = edits.AddStep("row_wise", StepSpec("unroll", {"axis": axis}))
        loaded = save_project(loaded, edit.apply(loaded.project))
    assert [s.args["axis"] for s in load_project(folder).project.schedules["row_wise"][-3:]] == ["a", "b", "c"]
    assert loaded.text.startswith("# Two matrix products")


def test_permissions_and_links_are_kept(folder: Path) -> None:
    file = folder / "project.yaml"
    file.chmod(0o640)
    link = folder / "link.yaml"
    link.symlink_to("project.yaml")
    loaded = load_project(link)
    save_project(loaded, edits.SetUnify("cascade", False).apply(loaded.project))
    assert link.is_symlink()
    assert "unify: false" in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o640


def renamed(project: Project) -> Project:
    return replace(project, name="other")


def fails_with(number: int) -> Callable[..., None]:
    def fail(*args: object, **kwargs: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


@pytest.mark.parametrize(("function", "number"), [("fsync", 28), ("replace", 30), ("replace", 13)])
def test_a_failed_save_loses_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch, function: str, number: int) -> None:
    loaded = load_project(folder)
    before = sorted(folder.rglob("*"))
    monkeypatch.setattr(os, function, fails_with(number))
    with pytest.raises(AlloError) as raised:
        save_project(loaded, renamed(loaded.project))
    monkeypatch.undo()
    (fault,) = raised.value.diagnostics
    assert fault.code == "file"
    assert os.strerror(number).lower() in fault.message
    assert fault.hint
    assert loaded.file.read_text() == loaded.text
    assert sorted(folder.rglob("*")) == before


def test_a_change_by_another_program_is_a_conflict(folder: Path) -> None:
    loaded = load_project(folder)
    loaded.file.write_text(loaded.text + "# mine\n")
    with pytest.raises(AlloError) as raised:
        save_project(loaded, renamed(loaded.project))
    assert raised.value.diagnostics[0].code == "conflict"
    assert loaded.file.read_text().endswith("# mine\n")
    save_project(loaded, renamed(loaded.project), overwrite=True)
    assert load_project(folder).project.name == "other"


def test_a_project_that_is_none_is_not_written(folder: Path) -> None:
    loaded = load_project(folder)
    with pytest.raises(AlloError, match="is no name"):
        save_project(loaded, replace(loaded.project, name="no name"))
    assert loaded.file.read_text() == loaded.text


def test_autosave_and_recovery(folder: Path) -> None:
    loaded = load_project(folder)
    assert recover(folder) is None
    changed = edits.Disconnect("cascade", "A->mm1.A").apply(loaded.project)
    autosave(loaded, changed)
    assert loaded.file.read_text() == loaded.text
    assert recover(folder) == changed
    (folder / ".autosave-project.yaml").write_text("broken: [")
    assert recover(folder) is None
    autosave(loaded, loaded.project)
    assert recover(folder) is None
    discard_autosave(folder)
    assert not (folder / ".autosave-project.yaml").exists()


def test_saving_under_another_name_takes_the_kernels_along(folder: Path, tmp_path: Path) -> None:
    loaded = load_project(folder)
    edit = edits.Reroute("cascade", "D->mm2.B", source=Endpoint("", "B"))
    copy = save_project_as(loaded, edit.apply(loaded.project), tmp_path / "copy")
    assert copy.file == tmp_path / "copy" / "project.yaml"
    assert (tmp_path / "copy" / "kernels" / "gemm.py").read_text() == (folder / "kernels" / "gemm.py").read_text()
    assert loaded.file.read_text() == loaded.text

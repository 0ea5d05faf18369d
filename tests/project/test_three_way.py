"""Two people's changes of a project file: merged by what they say, with git's own merge where that says the same."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allo_studio.cli import main
from allo_studio.design import edits
from allo_studio.design.model import Edge, Endpoint, Graph, KernelNode, Project, StepSpec, Target
from allo_studio.diagnostics import AlloError
from allo_studio.project import load_project, merge_projects, save_project, says_same

ROOT = Path(__file__).resolve().parents[2]
GEMM = KernelNode("kernels/gemm.py", "gemm", {}, "row_wise")
needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="there is no git")


def end(text: str) -> Endpoint:
    return Endpoint.parse(text)


def extended(project: Project, name: str) -> Project:
    """Return the cascade with another product of its first, a place, an input and an output, all named after `name`."""
    for edit in (
        edits.AddNode("cascade", name, GEMM, (400.0, 300.0)),
        edits.AddGraphPort("cascade", f"{name}_B", "in", "float32[64, 64]"),
        edits.AddGraphPort("cascade", f"{name}_C", "out", "float32[64, 64]"),
        edits.Connect("cascade", end(f"{name}_B"), end(f"{name}.B")),
        edits.Connect("cascade", end(f"{name}.C"), end(f"{name}_C")),
        edits.AddSchedule(f"{name}_steps", (StepSpec("pipeline", {"axis": "k"}),)),
    ):
        project = edit.apply(project)
    return project


class Repository:
    """A git repository with the cascade in it, and this program as the driver for its project file."""

    def __init__(self, folder: Path, driver: bool) -> None:
        self.folder = folder
        shutil.copytree(ROOT / "projects" / "gemm_cascade", folder, ignore=shutil.ignore_patterns("build", "__py*"))
        self.git("init", "-q", "-b", "main")
        self.git("config", "user.name", "A")
        self.git("config", "user.email", "a@example.org")
        if driver:
            (folder / ".gitattributes").write_text("project.yaml merge=allo-studio\n")
            command = f'"{sys.executable}" -m allo_studio merge %O %A %B'
            self.git("config", "merge.allo-studio.driver", command)
        self.commit("base")

    def git(self, *words: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "GIT_CONFIG_GLOBAL": os.devnull}
        return subprocess.run(
            ["git", *words], cwd=self.folder, capture_output=True, text=True, check=False, env=environment
        )

    def commit(self, text: str) -> None:
        self.git("add", "-A")
        assert self.git("commit", "-q", "-m", text).returncode == 0

    def branch(self, name: str, change: Callable[[Project], Project], more: str = "") -> None:
        """Make a branch of main with a change, saved as the studio saves it, and a comment at the end."""
        self.git("checkout", "-q", "-b", name, "main")
        loaded = load_project(self.folder)
        save_project(loaded, change(loaded.project))
        file = self.folder / "project.yaml"
        file.write_text(file.read_text() + more)
        self.commit(name)

    def merge(self, ours: str, theirs: str) -> int:
        self.git("checkout", "-q", ours)
        return self.git("merge", "-q", "--no-edit", theirs).returncode


@needs_git
@pytest.mark.parametrize("names", [("scale", "relu"), ("a", "z"), ("mm3", "mm0")])
def test_two_people_who_add_different_blocks(tmp_path: Path, names: tuple[str, str]) -> None:
    repository = Repository(tmp_path / "r", driver=True)
    for name in names:
        repository.branch(name, lambda project, name=name: extended(project, name))  # type: ignore[misc]
    assert repository.merge(names[0], names[1]) == 0
    assert repository.git("status", "--porcelain").stdout == ""
    merged = load_project(repository.folder).project
    wanted = extended(extended(load_project(ROOT / "projects" / "gemm_cascade").project, names[0]), names[1])
    assert says_same(merged, wanted)
    text = (repository.folder / "project.yaml").read_text()
    assert "<<<<" not in text
    assert main(["check", str(repository.folder)]) == 1, "the inputs A of both new blocks are not connected"


@needs_git
def test_a_merge_by_lines_keeps_the_comments_of_both(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "r", driver=True)
    top = (repository.folder / "project.yaml").read_text()
    repository.branch("ours", lambda project: replace(project, name="ours"))
    repository.branch("theirs", lambda project: edits.SetUnify("cascade", False).apply(project), "# theirs\n")
    assert repository.merge("ours", "theirs") == 0
    text = (repository.folder / "project.yaml").read_text()
    assert text.endswith("# theirs\n")
    merged = load_project(repository.folder).project
    assert (merged.name, merged.graphs["cascade"].unify) == ("ours", False)
    assert [line for line in top.splitlines() if line.startswith("#")] == [
        line for line in text.splitlines() if line.startswith("#") and "theirs" not in line
    ]


@needs_git
def test_a_conflict_stays_one(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "r", driver=True)
    for name, value in (("ours", 32), ("theirs", 16)):
        edit = edits.SetParam("cascade", "mm1", "M", value)
        repository.branch(name, lambda project, edit=edit: edit.apply(project))  # type: ignore[misc]
    assert repository.merge("ours", "theirs") != 0
    text = (repository.folder / "project.yaml").read_text()
    assert "<<<<<<< ours" in text
    assert "UU project.yaml" in repository.git("status", "--porcelain").stdout


@needs_git
def test_without_the_driver_blocks_at_the_same_place_are_a_conflict_of_lines(tmp_path: Path) -> None:
    """What `docs/project-format.md` says of merging by lines alone."""
    repository = Repository(tmp_path / "r", driver=False)
    for name in ("scale", "relu"):
        repository.branch(name, lambda project, name=name: extended(project, name))  # type: ignore[misc]
    assert repository.merge("scale", "relu") != 0


def base() -> Project:
    graph = Graph(
        "g",
        inputs={"A": "int32"},
        nodes={"a": KernelNode("k.py", "f", {"N": 1}, "s"), "b": KernelNode("k.py", "f")},
        edges=(Edge(end("A"), end("a.X")), Edge(end("a.Y"), end("b.X"))),
    )
    view = {"g": {"a": (0.0, 0.0), "b": (1.0, 1.0)}}
    schedules = {"s": (StepSpec("unroll", {"axis": "i"}),)}
    return Project("p", top="g", schedules=schedules, graphs={"g": graph}, view=view)


SEPARATE: list[tuple[edits.Edit, edits.Edit]] = [
    (edits.SetParam("g", "a", "N", 2), edits.SetParam("g", "a", "M", 3)),
    (edits.SetParam("g", "a", "N", 2), edits.SetSchedule("g", "a", None)),
    (edits.SetChannel("g", "A->a.X", "fifo", 2), edits.SetChannel("g", "a.Y->b.X", "pingpong")),
    (edits.Disconnect("g", "A->a.X"), edits.AddNode("g", "c", KernelNode("k.py", "f"))),
    (edits.RemoveNodes("g", ("b",)), edits.SetParam("g", "a", "N", 9)),
    (edits.SetExecution("g", "sequential"), edits.AddGraph("h")),
    (edits.AddStep("s", StepSpec("unroll", {"axis": "j"})), edits.AddSchedule("t")),
    (edits.AddGraphPort("g", "B", "in", "int8"), edits.AddGraphPort("g", "C", "in", "int8")),
    (edits.SetTarget(Target(clock_ns=2.0)), edits.AddGraph("i")),
    (edits.MoveNodes("g", {"a": (5, 5)}), edits.MoveNodes("g", {"b": (6, 6)})),
]


@pytest.mark.parametrize(("one", "two"), SEPARATE)
def test_changes_of_different_things_are_both_there(one: edits.Edit, two: edits.Edit) -> None:
    both = two.apply(one.apply(base()))
    assert says_same(merge_projects(base(), one.apply(base()), two.apply(base())), both)
    assert says_same(merge_projects(base(), two.apply(base()), one.apply(base())), both)


AT_ODDS: list[tuple[edits.Edit, edits.Edit, str]] = [
    (edits.SetParam("g", "a", "N", 2), edits.SetParam("g", "a", "N", 3), "graphs.g.nodes.a.params.N"),
    (edits.SetParam("g", "a", "N", 2), edits.RemoveNodes("g", ("a",)), "graphs.g.nodes.a"),
    (edits.AddStep("s", StepSpec("u", {})), edits.AddStep("s", StepSpec("v", {})), "schedules.s"),
    (edits.SetChannel("g", "A->a.X", "fifo", 2), edits.Disconnect("g", "A->a.X"), "graphs.g.edges.A -> a.X"),
    (edits.AddGraphPort("g", "B", "in", "int8"), edits.AddGraphPort("g", "B", "in", "int16"), "graphs.g.inputs.B"),
]


@pytest.mark.parametrize(("one", "two", "where"), AT_ODDS)
def test_changes_of_one_thing_in_two_ways_are_told(one: edits.Edit, two: edits.Edit, where: str) -> None:
    with pytest.raises(AlloError) as raised:
        merge_projects(base(), one.apply(base()), two.apply(base()))
    assert (raised.value.diagnostics[0].code, raised.value.diagnostics[0].where) == ("conflict", where)


def test_where_both_moved_a_block_ours_counts() -> None:
    one, two = (edits.MoveNodes("g", {"a": (x, 0)}).apply(base()) for x in (5, 6))
    assert merge_projects(base(), one, two).view["g"]["a"] == (5, 0)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.sampled_from([e for pair in SEPARATE for e in pair]), max_size=4))
def test_a_side_that_changed_nothing_gives_way(chosen: list[edits.Edit]) -> None:
    changed = base()
    for edit in chosen:
        try:
            changed = edit.apply(changed)
        except AlloError:
            continue
    for merged in (
        merge_projects(base(), changed, base()),
        merge_projects(base(), base(), changed),
        merge_projects(base(), changed, changed),
    ):
        assert says_same(merged, changed)


def test_broken_files_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, text in (("base", ""), ("ours", "format: 1\nname: p\n"), ("theirs", "format: [")):
        (tmp_path / name).write_text(text)
    words = [str(tmp_path / name) for name in ("base", "ours", "theirs")]
    assert main(["merge", *words]) == 1
    assert "the file is empty" in capsys.readouterr().err

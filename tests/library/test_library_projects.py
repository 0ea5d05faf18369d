"""Projects that name kernels of the library: reading, checking, saving, copying, and what is refused."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from allo_studio.design.edits import AddStep
from allo_studio.design.history import History
from allo_studio.design.model import Graph, KernelNode, Project, StepSpec
from allo_studio.diagnostics import AlloError
from allo_studio.library.adding import add_block
from allo_studio.library.catalogue import find_block
from allo_studio.library.files import library_files, library_source
from allo_studio.pipeline import check_project
from allo_studio.project import copy_nodes, dump_project, load_project, parse_project, save_project_as, sources

PROJECT = """\
format: 1
name: mine
top: top
graphs:
  top:
    inputs: {x: "float32[4, 8]"}
    outputs: {y: "float32[4, 8]"}
    nodes:
      relu: {kernel: "library:activations.py:relu", params: {M: 4, N: 8}}
    edges:
      - x -> relu.x
      - relu.y -> y
"""


def test_a_project_names_a_kernel_of_the_library(tmp_path: Path) -> None:
    loaded = parse_project(PROJECT, tmp_path / "project.yaml")
    assert loaded.project.graphs["top"].nodes["relu"] == KernelNode("library:activations.py", "relu", {"M": 4, "N": 8})
    assert check_project(loaded).diagnostics == ()
    assert dump_project(loaded.project).count('"library:activations.py:relu"') == 1
    assert parse_project(dump_project(loaded.project), loaded.file).project == loaded.project


def test_a_copy_of_a_project_names_the_library_still(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "project.yaml").write_text(PROJECT)
    loaded = load_project(tmp_path / "one")
    copied = save_project_as(loaded, loaded.project, tmp_path / "two")
    assert {path.name for path in (tmp_path / "two").rglob("*")} == {"project.yaml"}
    assert copied.project == loaded.project
    assert check_project(load_project(tmp_path / "two")).diagnostics == ()
    assert "library:activations.py:relu" in copy_nodes(loaded.project, "top", ["relu"])


@pytest.mark.skipif(sys.platform == "win32", reason="no file can have such a name there")
def test_a_file_of_such_a_name_is_no_part_of_a_project(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "project.yaml").write_text(PROJECT)
    (tmp_path / "one" / "library:activations.py").write_text("def relu(:")
    loaded = load_project(tmp_path / "one")
    assert check_project(loaded).diagnostics == ()
    save_project_as(loaded, loaded.project, tmp_path / "two")
    assert {path.name for path in (tmp_path / "two").rglob("*")} == {"project.yaml"}


def test_faults_name_the_file_of_the_library(tmp_path: Path) -> None:
    loaded = parse_project(PROJECT.replace("params: {M: 4, N: 8}", "params: {M: 0, N: 8}"), tmp_path / "project.yaml")
    found = [fault for fault in check_project(loaded).diagnostics if fault.span is not None]
    assert any(str(fault).startswith("library:activations.py:") for fault in found)


@pytest.mark.parametrize(
    "path",
    [
        "library:missing.py",
        "library:",
        "library:../catalogue.yaml",
        "library:../files.py",
        "library:kernels/linear.py",
        "library:./linear.py",
        "library:linear.py/",
        "library:/etc/passwd",
        "library:C:\\linear.py",
        "library:linear.py\0",
        "library:catalogue.yaml",
        "library:__init__.py",
        "library:LINEAR.py",
    ],
)
def test_only_files_of_the_library_are_read(path: str, tmp_path: Path) -> None:
    with pytest.raises(AlloError) as caught:
        sources(tmp_path)(path)
    (fault,) = caught.value.diagnostics
    assert fault.code == "file"
    assert repr(path.removeprefix("library:")) in fault.message
    assert all(name in fault.hint for name in library_files())


def test_a_file_that_the_library_has_not_is_a_fault_of_the_block(tmp_path: Path) -> None:
    text = PROJECT.replace("activations.py", "activation.py")
    found = check_project(parse_project(text, tmp_path / "project.yaml")).diagnostics
    assert [(fault.code, fault.message) for fault in found] == [("file", "the library has no file 'activation.py'")]
    assert found[0].span is not None
    assert found[0].span.line == 9


def test_the_library_is_no_array_and_no_data(tmp_path: Path) -> None:
    with pytest.raises(AlloError):
        sources(tmp_path).data("library:linear.py")
    with pytest.raises(AlloError):
        sources(tmp_path).array("library:linear.py", "")


def test_the_text_is_the_same_each_time(tmp_path: Path) -> None:
    read = sources(tmp_path)
    assert read("library:linear.py") is read("library:linear.py") is library_source("library:linear.py")
    assert read("library:linear.py").path == "library:linear.py"


def empty() -> Project:
    return Project("p", top="top", graphs={"top": Graph("top", inputs={"relu": "float32[4]"})})


def test_a_block_comes_with_its_schedule_in_one_edit() -> None:
    block = find_block("relu")
    assert block is not None
    history = History(empty())
    name, edit = add_block(history.project, "top", block, (8.0, 12.0))
    history.do(edit)
    assert name == "relu_2"
    assert history.project.graphs["top"].nodes == {
        "relu_2": KernelNode("library:activations.py", "relu", {}, "lanes_4")
    }
    assert history.project.schedules == {"lanes_4": block.schedules["lanes_4"].steps}
    assert history.project.view == {"top": {"relu_2": (8.0, 12.0)}}
    assert edit.describe() == "Add relu_2"
    history.undo()
    assert history.project == empty()


def test_a_schedule_that_is_there_is_used_again_and_no_other_is_changed(tmp_path: Path) -> None:
    project = empty()
    for name in ("relu", "scale"):
        block = find_block(name)
        assert block is not None
        project = add_block(project, "top", block)[1].apply(project)
    assert set(project.schedules) == {"lanes_4"}
    # A schedule read from a file is as equal as one just added.
    project = parse_project(dump_project(project), tmp_path / "project.yaml").project
    project = AddStep("lanes_4", StepSpec("unroll", {"axis": "i"})).apply(project)
    mine = project.schedules["lanes_4"]
    block = find_block("gelu")
    assert block is not None
    for _ in range(2):
        project = add_block(project, "top", block)[1].apply(project)
    assert set(project.schedules) == {"lanes_4", "lanes_4_2"}
    assert project.schedules["lanes_4"] == mine
    used = [node.schedule for node in project.graphs["top"].nodes.values() if isinstance(node, KernelNode)]
    assert used == ["lanes_4", "lanes_4", "lanes_4_2", "lanes_4_2"]


def test_a_block_is_not_added_to_a_graph_that_is_not_there() -> None:
    block = find_block("relu")
    assert block is not None
    _, edit = add_block(empty(), "other", block)
    with pytest.raises(AlloError, match="there is no graph 'other'"):
        edit.apply(empty())

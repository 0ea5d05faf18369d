"""Disabled blocks are left out of what is checked and built, in one place, and named where something lacks them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from allo_studio.design.check import check
from allo_studio.design.checked import CheckedDesign
from allo_studio.design.diff import diff
from allo_studio.design.edits import Connect, Disconnect, RemoveNodes, SetDisabled
from allo_studio.design.fixes import fixes_for
from allo_studio.design.model import Endpoint, Graph, Project, UnknownNode
from allo_studio.diagnostics import AlloError, has_errors
from allo_studio.pipeline import check_project, simulate
from allo_studio.project import load_project, merge_projects, save_project, sources

ROOT = Path(__file__).resolve().parents[2]
GEMM = ROOT / "projects" / "gemm_cascade"

KERNEL = """\
from allo_studio.lang import int32

N = 8

def double(x: int32[N]) -> int32[N]:
    y: int32[N]
    for i in range(N):
        y[i] = x[i] * 2
    return y

def plus(x: int32[N]) -> int32[N]:
    y: int32[N]
    for i in range(N):
        y[i] = x[i] + 1
    return y

def narrow(x: int32[N]) -> int32[4]:
    y: int32[4]
    for i in range(4):
        y[i] = x[i]
    return y
"""
YAML = """\
format: 1
name: row
top: row
graphs:
  row:
    inputs: {{a: "int32[8]"}}
    outputs: {{b: "int32[8]"}}
    nodes:
      one: {{kernel: "kernels/row.py:plus"}}
      two: {{kernel: "kernels/row.py:{kernel}"{two}}}
      three: {{kernel: "kernels/row.py:plus"}}
    edges:
      - a -> one.x
      - one.y -> two.x
      - two.y -> three.x
      - three.y -> b
"""


@pytest.fixture
def row(tmp_path: Path) -> Path:
    (tmp_path / "kernels").mkdir()
    (tmp_path / "kernels" / "row.py").write_text(KERNEL)
    return tmp_path


def written(row: Path, two: str = "", kernel: str = "double") -> Path:
    (row / "project.yaml").write_text(YAML.format(two=two, kernel=kernel))
    return row


def design(row: Path, two: str = "", kernel: str = "double") -> CheckedDesign:
    return check_project(load_project(written(row, two, kernel)))


def messages(checked: CheckedDesign) -> list[str]:
    return [d.message for d in checked.diagnostics if d.severity == "error"]


def test_what_a_disabled_block_fed_says_so(row: Path) -> None:
    checked = design(row, ", disabled: true")
    (fault,) = (d for d in checked.diagnostics if d.severity == "error")
    assert (fault.where, fault.message) == ("row/three", "the input three.x is not connected")
    assert fault.hint.startswith("two is disabled; enable it, or ")
    assert {port.name for port in checked.ports["row/two"]} == {"x", "y"}, "it is still drawn with its ports"
    assert list(checked.whole.graphs["row"].nodes) == ["one", "three"]
    assert list(checked.project.graphs["row"].nodes) == ["one", "two", "three"]
    fix = next(fix for fix in fixes_for(checked, fault) if fix.text == "enable two")
    assert check_project(load_project(row), fix.edit.apply(checked.project)).ok


def test_a_bypassed_block_is_a_wire(row: Path) -> None:
    checked = design(row, ", disabled: bypass")
    assert messages(checked) == []
    whole = checked.whole.graphs["row"]
    assert [edge.id for edge in whole.edges] == ["a->one.x", "one.y->three.x", "three.y->b"]
    assert str(checked.edges["row/two.y->three.x"].type) == "int32[8]", "the drawn wire stands for it"
    result = simulate(load_project(row))
    assert result.ok


@pytest.mark.parametrize("engine", ["hls", "rtl", "jit"])
def test_every_engine_takes_what_is_left(row: Path, engine: str) -> None:
    plain = simulate(load_project(written(row)), target=engine)  # type: ignore[arg-type]
    bypassed = simulate(load_project(written(row, ", disabled: bypass")), target=engine)  # type: ignore[arg-type]
    assert plain.ok
    assert bypassed.ok
    assert len(bypassed.report.processes) == len(plain.report.processes) - 1


@pytest.mark.parametrize(
    ("kernel", "says"),
    [
        ("narrow", "its input is int32[8] and its output int32[4]"),
        ("nothing", "its ports cannot be known"),
    ],
)
def test_what_cannot_be_bypassed_is_told_with_a_way_out(row: Path, kernel: str, says: str) -> None:
    checked = design(row, ", disabled: bypass", kernel)
    fault = next(d for d in checked.diagnostics if "bypassed" in d.message)
    assert says in fault.message
    assert fault.where == "row/two"
    assert fault.span is not None
    assert fault.span.line == 10
    assert [fix.text for fix in fixes_for(checked, fault)] == ["enable two", "disable two without a bypass"]
    assert "no function" not in " ".join(messages(checked)), "what is wrong in it is not told"


def test_a_block_with_two_inputs_cannot_be_bypassed() -> None:
    project = SetDisabled("cascade", ("mm2",), "bypass").apply(load_project(GEMM).project)
    checked = check(project, sources(GEMM))
    assert any("it has 2 inputs and 1 output, not one of each" in message for message in messages(checked))


def test_a_row_of_bypassed_blocks_and_a_loop_of_one(row: Path) -> None:
    project = load_project(written(row)).project
    both = SetDisabled("row", ("two", "three"), "bypass").apply(project)
    checked = check(both, sources(row))
    assert messages(checked) == []
    assert [e.id for e in checked.whole.graphs["row"].edges] == ["a->one.x", "one.y->b"]
    assert set(checked.around) == {"row/one.y->b"}
    assert checked.around["row/one.y->b"] == "row/three.y->b"
    looped = Disconnect("row", "one.y->two.x").apply(both)
    looped = Connect("row", Endpoint("two", "y"), Endpoint("two", "x")).apply(looped)
    assert messages(check(looped, sources(row))) == ["nothing feeds the output b"]


def test_faults_of_wires_that_are_left_have_their_lines(row: Path) -> None:
    text = YAML.format(two=", disabled: bypass", kernel="double").replace("three.y -> b", "three.z -> b")
    (row / "project.yaml").write_text(text)
    checked = check_project(load_project(row))
    fault = next(d for d in checked.diagnostics if d.where == "row/three.z->b")
    assert fault.span is not None
    assert fault.span.line == text.split("\n").index("      - three.z -> b") + 1


def test_a_fault_of_a_wire_around_is_told_at_the_drawn_one(row: Path) -> None:
    (row / "kernels" / "row.py").write_text(KERNEL + "\ndef wide(x: int32[9]) -> int32[9]:\n    return x\n")
    text = YAML.format(two=", disabled: bypass", kernel="double").replace(
        'three: {kernel: "kernels/row.py:plus"', 'three: {kernel: "kernels/row.py:wide"'
    )
    (row / "project.yaml").write_text(text)
    checked = check_project(load_project(row))
    fault = next(d for d in checked.diagnostics if "int32[9]" in d.message and "->" in d.where)
    assert fault.where == "row/two.y->three.x"


def test_a_faulty_block_that_is_disabled_stops_nothing(row: Path) -> None:
    text = YAML.format(two="", kernel="double").replace(
        "      three:",
        '      spare: {kernel: "kernels/none.py:f", disabled: true}\n'
        "      odd: {magic: 1, disabled: true}\n      three:",
    )
    (row / "project.yaml").write_text(text)
    loaded = load_project(row)
    assert loaded.diagnostics == ()
    assert check_project(loaded).diagnostics == ()


def test_instances_of_graphs_that_are_disabled_are_not_made(row: Path) -> None:
    (row / "project.yaml").write_text("""\
format: 1
name: sub
top: top
graphs:
  top:
    inputs: {a: "int32[8]"}
    outputs: {b: "int32[8]"}
    nodes:
      first: {graph: part, params: {N: 4}, disabled: true}
      second: {graph: part, params: {N: 8}}
    edges: [a -> second.x, second.y -> b]
  part:
    params: {N: 8}
    inputs: {x: "int32[N]"}
    outputs: {y: "int32[N]"}
    nodes:
      go: {kernel: "kernels/row.py:plus", params: {N: N}}
      on: {kernel: "kernels/row.py:double", params: {N: N}, disabled: bypass}
    edges: [x -> go.x, go.y -> on.x, on.y -> y]
""")
    checked = check_project(load_project(row))
    assert messages(checked) == []
    assert [str(port.type) for port in checked.ports["top/first"]] == ["int32[4]", "int32[4]"]
    inner = checked.at("top/second")
    assert str(inner.edges["part/on.y->y"].type) == "int32[8]"
    assert simulate(load_project(row)).ok


def test_disabling_is_an_edit_that_is_saved_compared_and_merged(row: Path) -> None:
    loaded = load_project(written(row))
    changed = SetDisabled("row", ("one", "two")).apply(loaded.project)
    saved = save_project(loaded, changed)
    assert 'two: {kernel: "kernels/row.py:double", disabled: true}' in saved.text
    assert saved.project == changed
    assert SetDisabled("row", ("one", "two"), "").apply(changed) == loaded.project
    assert [c.text for c in diff(loaded.project, changed)] == [
        "changed  block     row/one disabled: (none) → off",
        "changed  block     row/two disabled: (none) → off",
    ]
    other = SetDisabled("row", ("three",), "bypass").apply(loaded.project)
    merged = merge_projects(loaded.project, changed, other)
    assert {n: node.disabled for n, node in merged.graphs["row"].nodes.items()} == {
        "one": "off", "two": "off", "three": "bypass",
    }  # fmt: skip
    against = SetDisabled("row", ("two",), "bypass").apply(loaded.project)
    with pytest.raises(AlloError, match="both sides changed"):
        merge_projects(loaded.project, changed, against)


def test_what_cannot_be_disabled_is_refused_and_unknown_kinds_can() -> None:
    graph = Graph("g", nodes={"odd": UnknownNode({"magic": 1})})
    project = Project("p", top="g", graphs={"g": graph})
    changed = SetDisabled("g", ("odd",), "bypass").apply(project)
    assert changed.graphs["g"].nodes["odd"] == UnknownNode({"magic": 1, "disabled": "bypass"})
    assert SetDisabled("g", ("odd",), "").apply(changed) == project
    for nodes in ((), ("none",)):
        with pytest.raises(AlloError):
            SetDisabled("g", nodes).apply(project)


def test_a_word_that_is_none_is_told(row: Path) -> None:
    with pytest.raises(AlloError, match="must be true, false or bypass"):
        load_project(written(row, ", disabled: maybe"))
    assert load_project(written(row, ", disabled: false")).project.graphs["row"].nodes["two"].disabled == ""


def test_what_is_left_is_what_is_there_when_the_blocks_are_removed(row: Path) -> None:
    """Whichever blocks are disabled, the design is the one in which they are removed."""
    project = load_project(written(row)).project
    for names in (("one",), ("two",), ("three",), ("one", "three"), ("one", "two", "three")):
        off = check(SetDisabled("row", names).apply(project), sources(row))
        gone = check(RemoveNodes("row", names).apply(project), sources(row))
        assert messages(off) == messages(gone)
        assert replace(off.whole, view={}) == replace(gone.whole, view={})


def test_a_check_after_enabling_again_finds_what_it_found_before(row: Path) -> None:
    project = load_project(written(row)).project
    first = check(project, sources(row))
    check(SetDisabled("row", ("two",)).apply(project), sources(row))
    bypassed = check(SetDisabled("row", ("two",), "bypass").apply(project), sources(row))
    again = check(project, sources(row))
    assert again.edges == first.edges
    assert bypassed.edges["row/two.y->three.x"].ok
    assert not has_errors(again.diagnostics)

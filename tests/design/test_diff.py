"""What differs between two projects, as a list and on the command line."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from faulty_projects import faulty_projects
from hypothesis import HealthCheck, given, settings

from allo_studio.cli import main
from allo_studio.design import edits
from allo_studio.design.diff import diff
from allo_studio.design.model import Edge, Endpoint, Graph, GraphNode, KernelNode, Project, StepSpec, Target
from allo_studio.project import dump_project

STEPS = (StepSpec("split", {"axis": "i", "factor": 2}), StepSpec("unroll", {"axis": "i.inner"}))


def example() -> Project:
    kernel = KernelNode("k.py", "f", {"N": 4}, "row")
    wires = (("A", "a.X"), ("a.Y", "b.X"), ("b.Y", "s.P"), ("s.Q", "E"))
    top = Graph(
        "top",
        inputs={"A": "float32[4]"},
        outputs={"E": "float32[4]"},
        nodes={"a": kernel, "b": kernel, "s": GraphNode("sub")},
        edges=tuple(Edge(Endpoint.parse(one), Endpoint.parse(two)) for one, two in wires),
    )
    sub = Graph("sub", inputs={"P": "float32[4]"}, outputs={"Q": "float32[4]"}, nodes={"k": kernel})
    return Project(
        "p", top="top", schedules={"row": STEPS}, graphs={"top": top, "sub": sub}, view={"top": {"a": (1, 2)}}
    )


CASES: list[tuple[edits.Edit, list[str]]] = [
    (edits.RenameNode("top", "b", "second"), ["renamed block top/second: b → second"]),
    (edits.RenameSchedule("row", "line"), ["renamed schedule line: row → line"]),
    (edits.RenameGraph("sub", "part"), ["renamed graph part: sub → part"]),
    (edits.RenameGraphPort("top", "A", "first"), ["renamed input top.first: A → first"]),
    (edits.AddNode("top", "c", KernelNode("k.py", "g")), ["added block top/c: k.py:g"]),
    (
        edits.RemoveNodes("top", ("b",)),
        ["removed block top/b: k.py:f", "removed wire top/a.Y->b.X", "removed wire top/b.Y->s.P"],
    ),
    (edits.SetParam("top", "a", "N", 8), ["changed block top/a N: 4 → 8"]),
    (edits.SetParam("top", "a", "N", None), ["changed block top/a N: 4 → (none)"]),
    (edits.SetSchedule("top", "a", None), ["changed block top/a schedule: row → (none)"]),
    (edits.SetNode("top", "s", KernelNode("k.py", "g")), ["changed block top/s: graph sub → k.py:g"]),
    (edits.SetChannel("top", "A->a.X", "fifo", 3), ["changed wire top/A->a.X: (none) → fifo, depth 3"]),
    (edits.Reroute("top", "s.Q->E", source=Endpoint("b", "Y")), ["removed wire top/s.Q->E", "added wire top/b.Y->E"]),
    (edits.SetExecution("sub", "sequential"), ["changed graph sub execution: dataflow → sequential"]),
    (edits.SetUnify("sub", False), ["changed graph sub unify: true → false"]),
    (edits.SetGraphPortType("top", "E", "int8"), ["changed output top.E: float32[4] → int8"]),
    (edits.AddGraphPort("top", "B", "in", "int8"), ["added input top.B: int8"]),
    (
        edits.SetTarget(Target("u", 2.0)),
        ["changed target target.device: xcu280 → u", "changed target target.clock_ns: 3.33 → 2.0"],
    ),
    (edits.SetTop("sub"), ["changed project top: top → sub"]),
    (edits.RemoveStep("row", 0), ["removed step row step 1: split(axis=i, factor=2)"]),
    (edits.AddStep("row", StepSpec("pipeline", {"axis": "i"})), ["added step row step 3: pipeline(axis=i)"]),
    (
        edits.ReplaceStep("row", 0, StepSpec("split", {"axis": "i", "factor": 4})),
        ["changed step row step 1: split(axis=i, factor=2) → split(axis=i, factor=4)"],
    ),
    (edits.AddGraph("more"), ["added graph more: 0 blocks"]),
    (edits.MoveNodes("top", {"a": (5, 5)}), ["changed view top: (none) → 1 moved: a"]),
]


@pytest.mark.parametrize(("edit", "lines"), CASES)
def test_each_edit_is_told_as_what_it_is(edit: edits.Edit, lines: list[str]) -> None:
    after = edit.apply(example())
    assert [" ".join(change.text.split()) for change in diff(example(), after)] == lines
    assert [change.kind for change in diff(after, example())]


def test_what_might_be_either_of_two_is_no_renaming() -> None:
    two = edits.DuplicateNodes("sub", ("k",)).apply(example())
    renamed = replace(
        two,
        graphs={
            **two.graphs,
            "sub": replace(
                two.graphs["sub"],
                nodes={"x": KernelNode("k.py", "f", {"N": 4}, "row"), "y": KernelNode("k.py", "f", {"N": 4}, "row")},
            ),
        },
    )
    assert {change.kind for change in diff(two, renamed)} == {"added", "removed"}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(faulty_projects(), faulty_projects())
def test_any_two_projects_can_be_compared(one: Project, two: Project) -> None:
    assert diff(one, one) == ()
    assert bool(diff(one, two)) == bool(diff(two, one))
    assert all(change.text and "\n" not in change.where for change in diff(one, two))


def test_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, two = tmp_path / "one.yaml", tmp_path / "two.yaml"
    one.write_text(dump_project(example()))
    two.write_text(dump_project(edits.RenameNode("top", "b", "second").apply(example())))
    assert main(["diff", str(one), str(two)]) == 0
    assert capsys.readouterr().out == "renamed  block     top/second: b → second\n"
    assert main(["diff", str(one), str(one)]) == 0
    assert capsys.readouterr().out == "no changes\n"
    assert main(["diff", str(one), str(two), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    change = {"kind": "renamed", "what": "block", "where": "top/second", "before": "b", "after": "second"}
    assert (document["status"], document["changes"]) == ("ok", [change])
    assert main(["diff", str(one), str(tmp_path / "absent"), "--json"]) == 1

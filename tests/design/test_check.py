"""Checking designs: structure, types, kernels; each fault once, at its place, with a hint."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from design_projects import KERNELS, chain, checked, loaded, read

from allo_studio.design import check_kernels
from allo_studio.design.check import check
from allo_studio.design.check_structure import cycles
from allo_studio.design.checked import CheckedDesign
from allo_studio.design.edits import AddStep, Connect, MoveNodes
from allo_studio.design.model import Edge, Endpoint, Graph, GraphNode, KernelNode, Project, StepSpec
from allo_studio.project import load_project, sources

EXAMPLE = Path(__file__).parents[2] / "projects" / "gemm_cascade"


def told(design: CheckedDesign, *severities: str) -> list[tuple[str, str, str]]:
    wanted = severities or ("error",)
    return [(d.code, d.where, d.message) for d in design.diagnostics if d.severity in wanted]


def line(design: CheckedDesign, number: int = 0) -> str:
    span = design.diagnostics[number].span
    assert span is not None
    return span.source.line(span.line).strip()


def test_the_cascade_is_sound() -> None:
    project = load_project(EXAMPLE)
    design = check(project.project, sources(project.root), project.spans)
    assert design.diagnostics == ()
    assert design.ok
    assert [str(p) for p in design.signature("cascade")] == [f"{n}: float32[64, 64]" for n in "ABDE"]
    assert [(p.name, p.direction) for p in design.ports["cascade/mm1"]] == [("A", "in"), ("B", "in"), ("C", "out")]
    assert str(design.edges["cascade/mm1.C->mm2.A"].type) == "float32[64, 64]"
    scheduled = design.kernels["cascade/mm1"].scheduled
    assert scheduled is not None
    assert len(scheduled.steps) == 7
    assert {k: str(v) for k, v in design.layouts.items()} == {
        "cascade.A": "(-, -)",
        "cascade.B": "(-, cyclic 8)",
        "cascade.D": "(-, cyclic 8)",
        "cascade.E": "(-, cyclic 8)",
        "cascade/mm1.A": "(-, -)",
        "cascade/mm1.B": "(-, cyclic 8)",
        "cascade/mm1.C": "(-, cyclic 8)",
        "cascade/mm2.A": "(-, cyclic 8)",
        "cascade/mm2.B": "(-, cyclic 8)",
        "cascade/mm2.C": "(-, cyclic 8)",
    }


def test_a_disabled_step_does_nothing_and_the_others_keep_their_places() -> None:
    project = load_project(EXAMPLE)
    steps = list(project.project.schedules["row_wise"])
    # Without the split there is no j.outer: the reorder does not apply, unless it is disabled too.
    off = [replace(step, disabled=True) if n in (0, 1, 5, 6) else step for n, step in enumerate(steps)]
    off.append(StepSpec("no such step", {}, disabled=True))

    def schedule(chosen: list[StepSpec]) -> CheckedDesign:
        changed = replace(project.project, schedules={"row_wise": tuple(chosen)})
        return check(changed, sources(project.root))

    design = schedule(off)
    assert told(design) == []
    kernel = design.kernels["cascade/mm1"]
    assert kernel.scheduled is not None
    assert [step.name for step in kernel.scheduled.steps] == ["buffer_at", "partition", "partition"]
    assert kernel.ir is not None
    assert [loop.id for loop in kernel.ir.loops() if loop.role is None] == ["i", "j", "k"]
    wrong = schedule([off[0], *steps[1:]])
    assert [where for _, where, _ in told(wrong)] == ["cascade/mm1#1", "cascade/mm2#1"]


def test_a_check_after_a_move_parses_and_schedules_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    project = load_project(EXAMPLE)
    read_file = sources(project.root)
    check(project.project, read_file)
    moved = MoveNodes("cascade", {"mm1": (1, 2)}).apply(project.project)
    monkeypatch.setattr(check_kernels, "parse_kernel", None)
    monkeypatch.setattr(check_kernels, "from_specs", None)
    assert check(moved, read_file).ok


def test_only_the_changed_kernel_is_scheduled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    project = loaded(chain("copy", "copy") + "schedules: {s: []}\n").project
    check(project, read())
    monkeypatch.setattr(check_kernels, "parse_kernel", None)
    calls: list[object] = []
    original = check_kernels.from_specs
    monkeypatch.setattr(check_kernels, "from_specs", lambda *a: calls.append(a) or original(*a))
    changed = AddStep("s", StepSpec("unroll", {"axis": "i", "factor": 2})).apply(project)
    graph = changed.graphs["g"]
    nodes = {**graph.nodes, "b1": KernelNode("copy.py", "copy", {}, "s")}
    design = check(Project("p", top="g", schedules=changed.schedules, graphs={"g": _with(graph, nodes)}), read())
    assert design.ok
    assert len(calls) == 1


def _with(graph: Graph, nodes: dict[str, KernelNode]) -> Graph:
    return Graph(graph.name, graph.execution, graph.inputs, graph.outputs, nodes, graph.edges)


@pytest.mark.parametrize(
    ("old", "new", "where", "words", "hint", "place"),
    [
        ("A -> b0.X", "A -> b7.X", "g/A->b7.X", "there is no block 'b7' in 'g'", "there are: b0, b1", "- A -> b7.X"),
        ("A -> b0.X", "A -> b0.XX", "g/A->b0.XX", "block 'b0' has no port 'XX'", "did you mean X?", "- A -> b0.XX"),
        ("A -> b0.X", "AA -> b0.X", "g/AA->b0.X", "graph 'g' has no port 'AA'", "did you mean A?", "- AA -> b0.X"),
        ("A -> b0.X", "b0.X -> b1.X", "g/b0.X->b1.X", "b0.X is an input of b0", "begin at: b0.Y", "- b0.X -> b1.X"),
        ("b1.Y -> E", "b1.Y -> A", "g/b1.Y->A", "A is an input of the graph", "end at: E", "- b1.Y -> A"),
        ("b1.Y -> E", "b1.Y -> b0.Y", "g/b1.Y->b0.Y", "b0.Y is an output of b0", "end at: b0.X", "- b1.Y -> b0.Y"),
        ("b1.Y -> E", "A -> E", "g/A->E", "straight to an output", "put a block between", "- A -> E"),
        ("A -> b0.X", "b1.Y -> b0.X", "g/b1.Y->b0.X", "b0 → b1 → b0", "such as b1.Y->b0.X", "- b1.Y -> b0.X"),
    ],
)
def test_faults_of_wires(old: str, new: str, where: str, words: str, hint: str, place: str) -> None:
    design = checked(chain("copy", "copy").replace(old, new))
    (fault,) = [d for d in design.diagnostics if words in d.message]
    assert (fault.code, fault.where, fault.severity) == ("structure", where, "error")
    assert hint in fault.hint
    assert fault.span is not None
    assert fault.span.source.line(fault.span.line).strip() == place
    assert not design.edges[where].ok
    assert fault in design.edges[where].diagnostics


def test_two_producers_are_both_named() -> None:
    design = checked(chain("copy", "copy") + "      - b0.Y -> E\n")
    (fault, *_) = [d for d in design.diagnostics if "two producers" in d.message]
    assert fault.message == "E has two producers: b1.Y and b0.Y"
    assert fault.where == "g/b0.Y->E"
    assert fault.fixes == ("remove the wire b1.Y->E", "remove the wire b0.Y->E")
    assert line(design) in ("- b0.Y -> E", "- A -> b0.X", "b0: {kernel: 'copy.py:copy'}")


def test_a_wire_drawn_twice() -> None:
    design = checked(chain("copy") + "      - A -> b0.X\n")
    assert told(design) == [("structure", "g/A->b0.X", "the wire A->b0.X is drawn twice")]


def test_what_is_not_connected() -> None:
    text = chain("add").replace("      - b0.Y -> E\n", "").replace("A: ", "B: int32, A: ")
    design = checked(text)
    assert told(design) == [
        ("structure", "g", "nothing feeds the output E"),
        ("structure", "g/b0", "the input b0.Z is not connected"),
    ]
    assert told(design, "warning") == [
        ("structure", "g", "the input B is not used"),
        ("structure", "g/b0", "the output b0.Y is not used"),
    ]
    assert design.diagnostics[1].hint == "draw a wire to b0.Z, of type float32[16]"


def test_a_fifo_has_one_reader() -> None:
    text = chain("copy", "copy") + "      - b0.Y -> b2.X\n"
    text = text.replace("    edges:", "      b2: {kernel: 'copy.py:copy'}\n    edges:")
    design = checked(text)
    (fault,) = [d for d in design.diagnostics if d.severity == "error"]
    assert fault.where == "g/b0.Y->b2.X"
    assert fault.message == "b0.Y feeds b1.X, b2.X, but in a dataflow graph an array has one reader"
    assert "sequential" in fault.hint
    assert told(checked(text.replace("dataflow", "sequential"))) == []


def test_a_scalar_may_have_several_readers() -> None:
    text = """\
graphs:
  g:
    inputs: {A: "float32[16]", s: float32}
    outputs: {E: "float32[16]"}
    nodes: {b0: {kernel: "copy.py:scaled"}, b1: {kernel: "copy.py:scaled"}}
    edges: [A -> b0.X, b0.Y -> b1.X, b1.Y -> E, s -> b0.a, s -> b1.a]
"""
    assert checked(text).diagnostics == ()
    (fault,) = checked(text.replace("s: float32", "s: int32")).edges["g/s->b0.a"].diagnostics
    assert fault.message == "the element types differ: s is int32, b0.a is float32"


@pytest.mark.parametrize(
    ("function", "params", "code", "words"),
    [
        ("whole", "", "type", "element types differ: b0.Y is float32[16], b1.X is int32[16]"),
        ("square", "", "shape", "ranks differ (1 and 2): b0.Y is float32[16], b1.X is float32[16, 16]"),
        ("copy", ", params: {N: 8}", "shape", "extents differ in dimension 1: b0.Y is float32[16], b1.X is float32[8]"),
    ],
)
def test_a_mismatch_names_both_ends(function: str, params: str, code: str, words: str) -> None:
    text = chain("copy", function).replace(
        f"copy.py:{function}'}}\n    edges", f"copy.py:{function}'{params}}}\n    edges"
    )
    design = checked(text)
    (fault,) = design.edges["g/b0.Y->b1.X"].diagnostics
    assert fault.code == code
    assert words in fault.message
    assert fault.hint
    assert design.edges["g/b0.Y->b1.X"].type is None
    assert fault.span is not None
    assert fault.span.source.line(fault.span.line).strip() == "- b0.Y -> b1.X"


def test_a_type_that_is_none() -> None:
    design = checked(chain("copy").replace('A: "float32[16]"', 'A: "flot32[16]"'))
    ((code, where, message),) = told(design)
    assert (code, where) == ("type", "g.A")
    assert "unknown element type 'flot32'" in message
    assert "flot32" in line(design)


def test_the_top_and_graphs_must_exist() -> None:
    design = checked(chain("copy"), top="h")
    assert told(design) == [("structure", "", "there is no graph 'h' to be the top")]
    assert line(design) == "top: h"
    assert design.layouts == {}
    text = chain("copy").replace("kernel: 'copy.py:copy'", "graph: sub")
    assert told(checked(text)) == [("structure", "g/b0", "there is no graph 'sub'")]


def test_a_graph_cannot_contain_itself() -> None:
    text = "graphs:\n  g: {nodes: {s: {graph: h}}}\n  h: {nodes: {t: {graph: g}}}\n"
    assert told(checked(text)) == [("structure", "g", "graph g contains h contains g")]


def test_a_hierarchy_that_explodes_is_refused_quickly() -> None:
    levels = [f"  g{i}: {{nodes: {{a: {{graph: g{i + 1}}}, b: {{graph: g{i + 1}}}}}}}" for i in range(60)]
    design = checked("graphs:\n" + "\n".join(levels) + "\n  g60: {}\n", top="g0")
    assert "blocks when its graphs are opened up" in told(design)[0][2]


def test_an_empty_top_has_nothing_to_build() -> None:
    assert told(checked("graphs: {g: {}}\n")) == [("structure", "g", "the top graph has no blocks")]


def test_faults_of_kernels_are_told_at_the_source_and_once() -> None:
    design = checked(chain("copy", "copy").replace("copy.py", "faulty.py"))
    kernel = [d for d in design.diagnostics if d.where == "g/b0"]
    assert [(d.span.source.path, d.span.line) for d in kernel if d.span] == [("faulty.py", 9), ("faulty.py", 10)]
    (other,) = [d for d in design.diagnostics if d.where == "g/b1"]
    assert other.message == "the kernel copy has the faults that are told at g/b0"
    assert design.kernels["g/b0"].base is None
    assert "g/b0" not in design.ports
    assert [(p.name, p.direction) for p in design.shown_ports("g", "b0")] == [("X", "in"), ("Y", "out")]
    assert not Path("ran").exists()


def test_a_syntax_error_and_a_missing_file() -> None:
    text = chain("copy", "copy").replace("copy.py", "broken.py", 1).replace("copy.py", "absent.py")
    design = checked(text)
    assert [(d.where, str(d.span)) for d in design.diagnostics] == [
        ("g/b0", "broken.py:2:15"),
        ("g/b1", "project.yaml:11:20"),
    ]


def test_unknown_parameters_and_schedules() -> None:
    text = chain("copy", schedules={"b0": "row"}).replace("schedule: row", "schedule: row, params: {M: 3}")
    design = checked(text + "schedules: {rows: []}\n")
    assert [d.where for d in design.diagnostics] == ["g/b0", "g/b0"]
    assert any(d.hint == "did you mean rows?" for d in design.diagnostics)
    assert any("M" in d.message for d in design.diagnostics)


def test_a_step_that_does_not_apply() -> None:
    text = chain("copy", schedules={"b0": "s"})
    text += "schedules:\n  s:\n    - unroll: {axis: i, factor: 2}\n    - split: {axis: q, factor: 2}\n"
    design = checked(text)
    ((code, where, message),) = told(design)
    assert (code, where) == ("step", "g/b0#1")
    assert "q" in message
    assert line(design) == "- split: {axis: q, factor: 2}"
    assert design.kernels["g/b0"].base is not None
    assert design.kernels["g/b0"].scheduled is None
    assert design.of("g/b0") == design.diagnostics
    # The ports are known all the same, so that the wires are still checked.
    assert design.edges["g/A->b0.X"].ok


def test_unknown_steps_are_all_told() -> None:
    text = chain("copy", schedules={"b0": "s"})
    design = checked(text + "schedules:\n  s:\n    - splt: {axis: i}\n    - unrol: {axis: i}\n")
    assert [d.where for d in design.diagnostics] == ["g/b0#0", "g/b0#1"]


def test_a_block_of_unknown_kind() -> None:
    project = loaded(chain("copy", "copy").replace("{kernel: 'copy.py:copy'}", "{memory: scale.yaml}", 1))
    design = check(project.project, read(), project.spans)
    assert told(design) == [("structure", "g/b0", "unknown kind of block 'memory'")]
    assert set(design.diagnostics) == set(project.diagnostics)
    assert design.edges["g/b0.Y->b1.X"].ok
    assert design.edges["g/b0.Y->b1.X"].type is None


def test_subgraphs_have_the_ports_of_their_graph() -> None:
    text = chain("copy", "copy").replace("b1: {kernel: 'copy.py:copy'}", "b1: {graph: h}").replace("b1.X", "b1.P")
    text = text.replace("b1.Y", "b1.Q") + '  h:\n    inputs: {P: "float32[16]"}\n    outputs: {Q: "float32[8]"}\n'
    text += "    nodes: {k: {kernel: 'copy.py:copy'}}\n    edges: [P -> k.X, k.Y -> Q]\n"
    design = checked(text)
    assert [(c, w) for c, w, _ in told(design)] == [("shape", "g/b1.Q->E"), ("shape", "h/k.Y->Q")]


def test_cycles_are_found_once_each() -> None:
    assert cycles({"a": ["b"], "b": ["c", "a"], "c": ["b"], "d": ["d"]}) == [("b", "c"), ("a", "b"), ("d",)]
    assert cycles({"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": []}) == []
    long = {str(i): [str(i + 1)] for i in range(5000)} | {"5000": ["0"]}
    assert [len(c) for c in cycles(long)] == [5001]


def test_a_thousand_blocks_are_checked_in_a_second() -> None:
    count = 1000
    nodes = {f"b{i}": KernelNode("copy.py", "copy") for i in range(count)}
    ends = ["A", *(f"b{i}.Y" for i in range(count))]
    targets = [*(f"b{i}.X" for i in range(count)), "E"]
    edges = tuple(Edge(Endpoint.parse(a), Endpoint.parse(b)) for a, b in zip(ends, targets, strict=True))
    graph = Graph("g", "dataflow", {"A": "float32[16]"}, {"E": "float32[16]"}, nodes, edges)
    project = Project("p", top="g", graphs={"g": graph})
    assert check(project, read(KERNELS)).ok


def test_an_edit_that_closes_a_cycle_is_told_by_the_check() -> None:
    project = loaded(chain("copy", "add")).project
    changed = Connect("g", Endpoint("b1", "Y"), Endpoint("b1", "Z")).apply(project)
    design = check(changed, read())
    assert any("wait for each other" in d.message and d.where == "g/b1.Y->b1.Z" for d in design.diagnostics)
    assert all(d.span is None for d in design.diagnostics)


def test_graph_nodes_of_unknown_graphs_do_not_stop_the_rest() -> None:
    graph = Graph("g", nodes={"s": GraphNode("nowhere"), "k": KernelNode("copy.py", "copy")})
    design = check(Project("p", top="g", graphs={"g": graph}), read())
    assert {d.where for d in design.diagnostics} == {"g/s", "g/k"}

"""Collapsing, expanding, duplicating and pasting: the design stays what it is, up to names."""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from design_projects import chain, loaded, read
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_projects import Design, designs

from allo_studio.design import edits
from allo_studio.design.blocks import duplicator
from allo_studio.design.check import check
from allo_studio.design.checked import CheckedDesign
from allo_studio.design.collapsing import collapsing
from allo_studio.design.elaborate import elaborate
from allo_studio.design.history import History
from allo_studio.design.model import (
    Edge,
    Endpoint,
    Graph,
    GraphNode,
    KernelNode,
    Project,
    StepSpec,
    UnknownNode,
)
from allo_studio.design.prepare import prepare
from allo_studio.design.timing import unbounded_latency
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.hardware.operators import load_operators
from allo_studio.pipeline import check_project
from allo_studio.project import copy_nodes, dump_project, parse_project, read_clip, sources


def end(text: str) -> Endpoint:
    return Endpoint.parse(text)


def refused(edit: edits.Edit, project: Project) -> Diagnostic:
    with pytest.raises(AlloError) as raised:
        edit.apply(project)
    return raised.value.diagnostics[0]


def ids(graph: Graph) -> list[str]:
    return [edge.id for edge in graph.edges]


def collapse(project: Project, nodes: tuple[str, ...], name: str = "part", graph: str = "g") -> Project:
    return collapsing(check(project, read()), read(), graph, nodes, name).apply(project)


ROW = chain("copy", "copy", "copy", "copy")


def test_a_selection_becomes_a_graph() -> None:
    project = loaded(ROW).project
    project = edits.MoveNodes("g", {"b0": (0, 0), "b1": (100, 8), "b2": (200, 16)}).apply(project)
    project = edits.SetChannel("g", "b0.Y->b1.X", "fifo", 3).apply(project)
    project = edits.SetChannel("g", "b1.Y->b2.X", "pingpong").apply(project)
    made = collapse(project, ("b1", "b2"))
    outer, inner = made.graphs["g"], made.graphs["part"]
    assert list(outer.nodes) == ["b0", "part", "b3"]
    assert ids(outer) == ["A->b0.X", "b0.Y->part.X", "part.Y->b3.X", "b3.Y->E"]
    assert outer.edges[1] == Edge(end("b0.Y"), end("part.X"), "fifo", 3), "what was asked of a crossing wire stays"
    assert (inner.inputs, inner.outputs) == ({"X": "float32[16]"}, {"Y": "float32[16]"})
    assert inner.edges == (
        Edge(end("X"), end("b1.X")),
        Edge(end("b1.Y"), end("b2.X"), "pingpong"),
        Edge(end("b2.Y"), end("Y")),
    )
    assert made.view == {"g": {"b0": (0, 0), "part": (152, 12)}, "part": {"b1": (100, 8), "b2": (200, 16)}}
    assert check(made, read()).ok
    back = edits.ExpandNode("g", "part").apply(made)
    assert back == project
    assert list(back.graphs["g"].nodes) == ["b0", "b1", "b2", "b3"]


def test_the_new_graph_runs_as_the_one_around_it() -> None:
    text = chain("copy", "copy", execution="sequential", extra="unify: false")
    made = collapse(loaded(text).project, ("b0",))
    assert (made.graphs["part"].execution, made.graphs["part"].unify) == ("sequential", False)


SHARED = """
graphs:
  g:
    execution: sequential
    inputs: {A: "float32[16]"}
    outputs: {E: "float32[16]", F: "float32[16]"}
    nodes:
      a: {kernel: "copy.py:copy"}
      b: {kernel: "copy.py:add"}
      c: {kernel: "copy.py:add"}
    edges:
      - A -> a.X
      - a.Y -> b.X
      - a.Y -> c.X
      - A -> b.Z
      - b.Y -> c.Z
      - b.Y -> E
      - c.Y -> F
"""


def test_one_port_for_each_producer() -> None:
    project = loaded(SHARED).project
    made = collapse(project, ("b", "c"))
    assert ids(made.graphs["g"]) == ["A->a.X", "a.Y->part.X", "A->part.A", "part.Y->E", "part.Y_2->F"]
    assert made.graphs["part"].inputs == {"X": "float32[16]", "A": "float32[16]"}
    assert edits.ExpandNode("g", "part").apply(made) == replace(project, graphs={"g": _sorted(project, made)})
    first = collapse(project, ("a", "b"))
    assert ids(first.graphs["g"]) == ["A->part.A", "part.Y->c.X", "part.Y_2->c.Z", "part.Y_2->E", "c.Y->F"]


def _sorted(project: Project, made: Project) -> Graph:
    """Return the graph with its wires in the order that collapsing and expanding leaves them in."""
    order = ids(edits.ExpandNode("g", "part").apply(made).graphs["g"])
    graph = project.graphs["g"]
    return replace(graph, edges=tuple(sorted(graph.edges, key=lambda e: order.index(e.id))))


def test_wires_that_ask_for_different_channels_keep_ports_of_their_own() -> None:
    project = edits.SetChannel("g", "a.Y->b.X", "shared").apply(loaded(SHARED).project)
    made = collapse(project, ("b", "c"))
    assert [(e.id, e.channel) for e in made.graphs["g"].edges[1:4]] == [
        ("a.Y->part.X", "shared"),
        ("a.Y->part.X_2", None),
        ("A->part.A", None),
    ]
    assert set(edits.ExpandNode("g", "part").apply(made).graphs["g"].edges) == set(project.graphs["g"].edges)


def test_what_cannot_be_collapsed_is_refused() -> None:
    project = loaded(ROW).project
    fault = refused(edits.CollapseNodes("g", ("b0", "b2"), "part"), project)
    assert fault.message == "the new block would wait for itself: b0 → b1 → b2"
    assert fault.hint == "select b1 as well, or fewer blocks"
    assert "type of b0.Y is not known" in refused(edits.CollapseNodes("g", ("b1",), "part"), project).message
    assert "already a graph" in refused(edits.CollapseNodes("g", ("b1",), "g"), project).message
    assert "is no name" in refused(edits.CollapseNodes("g", ("b1",), "a b"), project).message
    assert "no block 'b9'" in refused(edits.CollapseNodes("g", ("b9",), "part"), project).message
    assert "no blocks are selected" in refused(edits.CollapseNodes("g", (), "part"), project).message


def test_names_that_are_taken_when_a_graph_is_expanded() -> None:
    project = collapse(loaded(ROW).project, ("b1", "b2"))
    project = edits.RenameNode("g", "b0", "b1").apply(project)
    back = edits.ExpandNode("g", "part").apply(project).graphs["g"]
    assert list(back.nodes) == ["b1", "b1_2", "b2", "b3"]
    assert set(ids(back)) == {"A->b1.X", "b1.Y->b1_2.X", "b1_2.Y->b2.X", "b2.Y->b3.X", "b3.Y->E"}


def test_a_graph_that_is_used_elsewhere_stays() -> None:
    project = collapse(loaded(ROW).project, ("b1",))
    project = edits.AddNode("g", "other", GraphNode("part")).apply(project)
    assert "part" in edits.ExpandNode("g", "part").apply(project).graphs
    assert "part" in edits.ExpandNode("g", "part").apply(edits.SetTop("part").apply(project)).graphs


def test_what_cannot_be_expanded_is_refused() -> None:
    project = collapse(loaded(ROW).project, ("b1",))
    assert "is no graph" in refused(edits.ExpandNode("g", "b0"), project).message
    slow = edits.SetExecution("part", "sequential").apply(project)
    assert refused(edits.ExpandNode("g", "part"), slow).hint == "set the execution of part to dataflow first"
    both = edits.SetUnify("g", False).apply(edits.SetExecution("g", "sequential").apply(slow))
    assert "unify" in refused(edits.ExpandNode("g", "part"), both).hint
    loop = Project("p", top="g", graphs={"g": Graph("g", nodes={"x": GraphNode("g")})})
    assert "contains itself" in refused(edits.ExpandNode("g", "x"), loop).message


def _means(checked: CheckedDesign) -> object:
    """Return what a design comes to: the blocks' own faults, or its channels and its latency."""
    if not checked.ok:
        return Counter(d.code for d in checked.diagnostics if d.severity == "error")
    library = load_operators("vitis", checked.project.target.clock_ns)
    prepared = prepare(checked, library)
    kinds = Counter((d.kind, d.width) for path, d in prepared.plan.decisions.items())
    return kinds, unbounded_latency(elaborate(prepared.project, prepared.leaves, prepared.plan), library)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(designs(dataflow=True, streamed=True), st.data())
def test_a_random_selection_collapsed_and_expanded(design: Design, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = design.load(Path(folder))
        project, top = found.project, found.project.graphs[found.project.top]
        names = list(top.nodes)
        project = edits.MoveNodes("top", {n: (i * 96.0, i * 40.0) for i, n in enumerate(names)}).apply(project)
        chosen = data.draw(st.lists(st.sampled_from(names), min_size=1, unique=True))
        before = check_project(found, project)
        edit = collapsing(before, sources(found.root), "top", chosen, "part")
        made = _applied(edit, project)
        if isinstance(made, Diagnostic):
            assert "would wait for itself" in made.message
            return
        assert parse_project(dump_project(made), Path("p.yaml")).project == made
        assert _means(check_project(found, made)) == _means(before)
        back = edits.ExpandNode("top", "part").apply(made)
        assert _unordered(back) == _unordered(project)


def _applied(edit: edits.Edit, project: Project) -> Project | Diagnostic:
    try:
        return edit.apply(project)
    except AlloError as error:
        return error.diagnostics[0]


def _unordered(project: Project) -> Project:
    graphs = {
        name: replace(graph, edges=tuple(sorted(graph.edges, key=lambda e: e.id)))
        for name, graph in project.graphs.items()
    }
    return replace(project, graphs=graphs)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(designs(), st.data())
def test_random_blocks_expanded_duplicated_and_pasted(design: Design, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = design.load(Path(folder))
        top = found.project.graphs["top"]
        chosen = tuple(data.draw(st.lists(st.sampled_from(list(top.nodes)), min_size=1, unique=True)))
        twice = edits.DuplicateNodes("top", chosen).apply(found.project)
        clip = read_clip(copy_nodes(found.project, "top", chosen))
        pasted = edits.PasteNodes("top", clip).apply(found.project)
        assert Counter(map(repr, pasted.graphs["top"].nodes.values())) == Counter(
            map(repr, twice.graphs["top"].nodes.values())
        )
        assert len(pasted.graphs["top"].edges) == len(twice.graphs["top"].edges)
        assert (pasted.graphs.keys(), pasted.schedules) == (found.project.graphs.keys(), found.project.schedules)
        elsewhere = edits.PasteNodes("g", clip).apply(Project("q", top="g", graphs={"g": Graph("g")}))
        assert Counter(map(repr, elsewhere.graphs["g"].nodes.values())) == Counter(
            map(repr, (top.nodes[n] for n in chosen))
        )
        for name, node in top.nodes.items():
            if isinstance(node, GraphNode):
                flat = _applied(edits.ExpandNode("top", name), found.project)
                if isinstance(flat, Diagnostic):
                    assert "execution" in flat.hint or "unify" in flat.hint
                    continue
                before, after = (_means(check_project(found, p)) for p in (found.project, flat))
                assert before == after


def test_copies_have_the_wires_among_them_and_lie_beside() -> None:
    project = edits.MoveNodes("g", {"b1": (0, 0)}).apply(loaded(ROW).project)
    edit = edits.DuplicateNodes("g", ("b1", "b2"))
    assert edit.names(project) == {"b1": "b1_2", "b2": "b2_2"}
    made = edit.apply(project)
    assert ids(made.graphs["g"])[5:] == ["b1_2.Y->b2_2.X"]
    assert made.view["g"] == {"b1": (0, 0), "b1_2": (40, 40)}
    assert edits.DuplicateNodes("g", ("b1_2",)).names(made) == {"b1_2": "b1_3"}
    assert "no block 'b9'" in refused(edits.DuplicateNodes("g", ("b9",)), project).message


STEPS = (StepSpec("unroll", {"axis": "i", "factor": 2}),)


def _donor() -> Project:
    """Return a project whose block `s` is a graph with a graph and a schedule in it."""
    inner = Graph("inner", inputs={"X": "int32"}, nodes={"k": KernelNode("k.py", "f", {}, "row")})
    sub = Graph("sub", nodes={"a": GraphNode("inner"), "b": GraphNode("inner")})
    top = Graph(
        "top", nodes={"s": GraphNode("sub"), "m": KernelNode("k.py", "f", {}, "row"), "odd": UnknownNode({"sensor": 1})}
    )
    view = {"top": {"s": (10.0, 20.0), "m": (110.0, 60.0)}, "inner": {"k": (1.0, 2.0)}}
    graphs = {"top": top, "sub": sub, "inner": inner}
    return Project("p", top="top", schedules={"row": STEPS, "other": ()}, graphs=graphs, view=view)


def test_what_a_clip_brings_with_it() -> None:
    text = copy_nodes(_donor(), "top", ("s", "m", "odd"))
    clip = read_clip(text)
    assert (list(clip.schedules), list(clip.graphs)) == (["row"], ["clip", "sub", "inner"])
    into = Project("q", top="g", graphs={"g": Graph("g", nodes={"m": KernelNode("k.py", "f")})})
    made = edits.PasteNodes("g", clip, (0, 0)).apply(into)
    assert list(made.graphs["g"].nodes) == ["m", "s", "m_2", "odd"]
    assert (made.schedules, list(made.graphs)) == ({"row": STEPS}, ["g", "inner", "sub"])
    assert made.view == {"inner": {"k": (1, 2)}, "g": {"s": (0, 0), "m_2": (100, 40)}}
    again = edits.PasteNodes("g", clip).apply(made)
    assert (again.schedules, list(again.graphs)) == (made.schedules, list(made.graphs)), "equal ones are used again"


def test_what_has_a_name_that_says_something_else_gets_a_fresh_one() -> None:
    clip = read_clip(copy_nodes(_donor(), "top", ("s", "m")))
    into = Project("q", top="g", schedules={"row": ()}, graphs={"g": Graph("g"), "inner": Graph("inner")})
    made = edits.PasteNodes("g", clip).apply(into)
    assert (made.schedules, list(made.graphs)) == ({"row": (), "row_2": STEPS}, ["g", "inner", "inner_2", "sub"])
    assert made.graphs["inner_2"].nodes["k"] == KernelNode("k.py", "f", {}, "row_2")
    assert made.graphs["sub"].nodes["a"] == GraphNode("inner_2")
    assert made.graphs["g"].nodes["m"] == KernelNode("k.py", "f", {}, "row_2")
    again = edits.PasteNodes("g", clip).apply(made)
    assert (again.schedules, again.graphs.keys()) == (made.schedules, made.graphs.keys())


def test_a_whole_project_is_pasted_without_the_wires_of_its_ports() -> None:
    clip = read_clip(f"format: 1\nname: p\ntop: g\n{ROW}")
    made = edits.PasteNodes("g", clip).apply(Project("q", top="g", graphs={"g": Graph("g", inputs={"A": "int8"})}))
    assert ids(made.graphs["g"]) == ["b0.Y->b1.X", "b1.Y->b2.X", "b2.Y->b3.X"]


def test_a_graph_is_not_pasted_into_itself() -> None:
    clip = read_clip(copy_nodes(_donor(), "top", ("s",)))
    fault = refused(edits.PasteNodes("inner", clip), _donor())
    assert fault.message == "graph 'inner' would contain itself"


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("", "edit", "holds no blocks"),
        ("Dear reader, this is no design", "edit", "holds no blocks"),
        ("format: 1\nname: p\n", "edit", "holds no blocks"),
        ("format: 1\nname: p\ntop: g\ngraphs: {g: {}}\n", "edit", "holds no blocks"),
        ("format: 1\nname: [", "yaml", "broken YAML"),
        ("format: 1\nname: &a [*a]\n", "yaml", "anchor"),
        ("format: 1\nname: !!python/object/apply:os.system [ls]\n", "yaml", "tag"),
        ("format: 99\nname: p\n", "yaml", "99"),
        ("format: 1\n" + "#" * (5 << 20), "edit", "characters"),
    ],
)
def test_a_clipboard_that_holds_something_else(text: str, code: str, words: str) -> None:
    with pytest.raises(AlloError) as raised:
        read_clip(text)
    assert raised.value.diagnostics[0].code == code
    assert words in raised.value.diagnostics[0].message


def test_the_undo_menu_names_them_and_takes_them_back() -> None:
    project = loaded(ROW).project
    history = History(project)
    clip = read_clip(copy_nodes(project, "g", ("b0", "b1")))
    for edit, text in (
        (collapsing(check(project, read()), read(), "g", ("b0", "b1"), "part"), "Collapse 2 blocks into part"),
        (edits.ExpandNode("g", "part"), "Expand part"),
        (edits.DuplicateNodes("g", ("b3",)), "Duplicate b3"),
        (edits.PasteNodes("g", clip), "Paste 2 blocks"),
        (edits.SetNode("g", "b0", KernelNode("copy.py", "whole")), "Replace b0"),
        (edits.RenameGraphPort("g", "A", "first"), "Rename port A to first"),
    ):
        history.do(edit)
        assert history.undo_text == text
    for _ in range(6):
        history.undo()
    assert history.project is project


def test_a_renamed_schedule_is_followed() -> None:
    made = edits.RenameSchedule("row", "line").apply(_donor())
    assert list(made.schedules) == ["line", "other"]
    assert made.graphs["inner"].nodes["k"] == KernelNode("k.py", "f", {}, "line")
    assert edits.RenameSchedule("line", "row").apply(made) == _donor()
    assert edits.RenameSchedule("row", "row").apply(_donor()) == _donor()
    assert "already a schedule" in refused(edits.RenameSchedule("row", "other"), _donor()).message
    assert "is no name" in refused(edits.RenameSchedule("row", "a b"), _donor()).message


def test_a_renamed_port_is_followed() -> None:
    project = edits.MoveNodes("g", {"@A": (1, 2)}).apply(collapse(loaded(ROW).project, ("b1", "b2")))
    made = edits.RenameGraphPort("part", "X", "fresh").apply(project)
    assert ids(made.graphs["part"])[0] == "fresh->b1.X"
    assert ids(made.graphs["g"])[1] == "b0.Y->part.fresh"
    top = edits.RenameGraphPort("g", "A", "Z").apply(project)
    assert (list(top.graphs["g"].inputs), ids(top.graphs["g"])[0], top.view) == (
        ["Z"],
        "Z->b0.X",
        {"g": {"@Z": (1, 2)}},
    )
    assert "already a port" in refused(edits.RenameGraphPort("g", "A", "E"), project).message
    assert "no port 'Q'" in refused(edits.RenameGraphPort("g", "Q", "R"), project).message


def test_another_block_in_the_place_of_one() -> None:
    project = loaded(ROW).project
    made = edits.SetNode("g", "b0", KernelNode("copy.py", "add")).apply(project).graphs["g"]
    assert (made.nodes["b0"], made.edges) == (KernelNode("copy.py", "add"), project.graphs["g"].edges)
    assert "no graph 'h'" in refused(edits.SetNode("g", "b0", GraphNode("h")), project).message
    assert "no schedule 's'" in refused(edits.SetNode("g", "b0", KernelNode("k.py", "f", {}, "s")), project).message


def test_a_block_on_wires_of_one_producer() -> None:
    project = loaded(SHARED).project
    wires = {"a.Y->b.X": "y0", "a.Y->c.X": "y1"}
    made = edits.InsertBlock("g", "a", duplicator("float32[16]", 2), "x", wires).apply(project).graphs["g"]
    assert list(made.nodes) == ["a", "b", "c", "a_2"]
    assert ids(made)[:4] == ["A->a.X", "a.Y->a_2.x", "a_2.y0->b.X", "a_2.y1->c.X"]
    assert check(edits.InsertBlock("g", "a", duplicator("float32[16]", 2), "x", wires).apply(project), read()).ok
    block = duplicator("float32[16]", 2)
    assert "no wire" in refused(edits.InsertBlock("g", "d", block, "x", {"a.Y->c.Q": "y0"}), project).message
    two = {"a.Y->b.X": "y0", "b.Y->E": "y1"}
    assert "begin at one end" in refused(edits.InsertBlock("g", "d", block, "x", two), project).message
    odd = duplicator("float32[16]", 2, "absent")
    assert "no schedule" in refused(edits.InsertBlock("g", "d", odd, "x", wires), project).message

"""Edits apply as a whole or not at all, and undoing them gives the earlier value."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allo_studio.design import edits
from allo_studio.design.end_types import EndTypes
from allo_studio.design.history import History
from allo_studio.design.model import (
    Edge,
    Endpoint,
    Graph,
    GraphNode,
    KernelNode,
    Project,
    StepSpec,
    Target,
    UnknownNode,
)
from allo_studio.design.names import fresh_name, name_fault
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.project import dump_project, parse_project
from allo_studio.types import parse_type

GEMM = KernelNode("kernels/gemm.py", "gemm", {}, "row")
STEPS = tuple(StepSpec("unroll", {"axis": axis}) for axis in "ijk")


def end(text: str) -> Endpoint:
    return Endpoint.parse(text)


def edge(source: str, target: str) -> Edge:
    return Edge(end(source), end(target))


def example() -> Project:
    sub = Graph("sub", inputs={"P": "int32"}, outputs={"Q": "int32"}, edges=(edge("P", "Q"),))
    top = Graph(
        "top",
        inputs={"A": "float32[4]", "B": "int32"},
        outputs={"E": "float32[4]"},
        nodes={"mm1": GEMM, "mm2": GEMM, "s": GraphNode("sub"), "odd": UnknownNode({"memory": "x"})},
        edges=(edge("A", "mm1.A"), edge("mm1.C", "mm2.A"), edge("mm2.C", "E"), edge("B", "s.P")),
    )
    return Project(
        "p",
        top="top",
        schedules={"row": STEPS, "free": ()},
        graphs={"top": top, "sub": sub},
        view={"top": {"mm1": (1.0, 2.0), "@A": (3.0, 4.0)}},
    )


def ids(project: Project, graph: str = "top") -> list[str]:
    return [e.id for e in project.graphs[graph].edges]


def refused(edit: edits.Edit, project: Project | None = None) -> Diagnostic:
    with pytest.raises(AlloError) as raised:
        edit.apply(project or example())
    assert raised.value.diagnostics[0].code == "edit"
    return raised.value.diagnostics[0]


def test_add_and_remove_blocks() -> None:
    added = edits.AddNode("top", "mm3", GEMM, (5, 6)).apply(example())
    assert added.graphs["top"].nodes["mm3"] == GEMM
    assert added.view["top"]["mm3"] == (5.0, 6.0)
    assert edits.RemoveNodes("top", ("mm3",)).apply(added) == example()
    gone = edits.RemoveNodes("top", ("mm1", "s")).apply(example())
    assert list(gone.graphs["top"].nodes) == ["mm2", "odd"]
    assert ids(gone) == ["mm2.C->E"]
    assert gone.view["top"] == {"@A": (3.0, 4.0)}


def test_a_renamed_block_keeps_its_place_and_wires() -> None:
    renamed = edits.RenameNode("top", "mm1", "first").apply(example())
    assert list(renamed.graphs["top"].nodes) == ["first", "mm2", "s", "odd"]
    assert ids(renamed) == ["A->first.A", "first.C->mm2.A", "mm2.C->E", "B->s.P"]
    assert renamed.view["top"]["first"] == (1.0, 2.0)
    assert edits.RenameNode("top", "first", "mm1").apply(renamed) == example()


def test_connect_and_disconnect() -> None:
    connected = edits.Connect("top", end("mm1.C"), end("mm2.B"), "fifo", 4).apply(example())
    assert connected.graphs["top"].edges[-1] == Edge(end("mm1.C"), end("mm2.B"), "fifo", 4)
    assert edits.Disconnect("top", "mm1.C->mm2.B").apply(connected) == example()


def test_a_second_producer_is_refused_and_replacing_is_offered() -> None:
    edit = edits.Connect("top", end("A"), end("mm2.A"))
    fault = refused(edit)
    assert fault.message == "mm2.A is already fed by mm1.C"
    assert fault.where == "top/A->mm2.A"
    assert fault.fixes == ("replace the wire mm1.C->mm2.A",)
    assert ids(replace(edit, replace_producer=True).apply(example())) == ["A->mm1.A", "mm2.C->E", "B->s.P", "A->mm2.A"]


def test_a_rerouted_wire_keeps_its_place_and_its_channel() -> None:
    forced = edits.SetChannel("top", "mm1.C->mm2.A", "fifo", 3).apply(example())
    moved = edits.Reroute("top", "mm1.C->mm2.A", target=end("mm2.B")).apply(forced)
    assert moved.graphs["top"].edges[1] == Edge(end("mm1.C"), end("mm2.B"), "fifo", 3)
    assert edits.Reroute("top", "A->mm1.A").apply(example()) == example()
    assert "already fed" in refused(edits.Reroute("top", "A->mm1.A", target=end("mm2.A"))).message
    over = edits.Reroute("top", "A->mm1.A", target=end("mm2.A"), replace_producer=True).apply(example())
    assert ids(over) == ["A->mm2.A", "mm2.C->E", "B->s.P"]


def test_elements_at_reset() -> None:
    held = edits.SetInitial("top", "mm1.C->mm2.A", (0, -1.5)).apply(example())
    assert held.graphs["top"].edges[1] == replace(example().graphs["top"].edges[1], initial=(0, -1.5))
    assert edits.SetInitial("top", "mm1.C->mm2.A").apply(held) == example()
    # What lies in a wire goes with it.
    moved = edits.Reroute("top", "mm1.C->mm2.A", target=end("mm2.B")).apply(held)
    assert moved.graphs["top"].edges[1].initial == (0, -1.5)
    assert "inf is no initial element" in refused(edits.SetInitial("top", "mm1.C->mm2.A", (float("inf"),))).message


def test_parameters() -> None:
    one = edits.SetParam("top", "mm1", "M", 4).apply(example())
    assert one.graphs["top"].nodes["mm1"] == replace(GEMM, params={"M": 4})
    assert edits.SetParam("top", "mm1", "M", None).apply(one) == example()


def test_steps() -> None:
    new = StepSpec("split", {"axis": "i", "factor": 2})
    project = example()

    def names(edit: edits.Edit) -> list[str]:
        return [str(s.args["axis"]) + s.name[0] for s in edit.apply(project).schedules["row"]]

    assert names(edits.AddStep("row", new)) == ["iu", "ju", "ku", "is"]
    assert names(edits.AddStep("row", new, 0)) == ["is", "iu", "ju", "ku"]
    assert names(edits.RemoveStep("row", 1)) == ["iu", "ku"]
    assert names(edits.ReplaceStep("row", 1, new)) == ["iu", "is", "ku"]
    assert names(edits.MoveStep("row", 0, 2)) == ["ju", "ku", "iu"]
    assert names(edits.MoveStep("row", 2, 0)) == ["ku", "iu", "ju"]
    assert names(edits.TruncateSteps("row", 1)) == ["iu"]


def test_a_step_is_disabled_in_its_place_and_enabled_again() -> None:
    off = edits.DisableStep("row", 1)
    changed = off.apply(example())
    assert [step.disabled for step in changed.schedules["row"]] == [False, True, False]
    assert edits.DisableStep("row", 1, False).apply(changed) == example()
    assert (off.describe(), edits.DisableStep("row", 1, False).describe()) == (
        "Disable step 2 of row",
        "Enable step 2 of row",
    )


def test_forking_a_shared_schedule() -> None:
    assert edits.schedule_users(example(), "row") == ("top/mm1", "top/mm2")
    forked = edits.ForkSchedule("top", "mm2").apply(example())
    assert forked.schedules["row_mm2"] == STEPS
    assert forked.graphs["top"].nodes["mm1"] == GEMM
    assert forked.graphs["top"].nodes["mm2"] == replace(GEMM, schedule="row_mm2")
    assert edits.schedule_users(forked, "row") == ("top/mm1",)


def test_graphs_and_their_ports() -> None:
    added = edits.AddGraph("g2", "sequential", {"X": "int32"}, {"Y": "int32"}).apply(example())
    assert added.graphs["g2"] == Graph("g2", "sequential", {"X": "int32"}, {"Y": "int32"})
    assert edits.RemoveGraph("g2").apply(added) == example()
    port = edits.AddGraphPort("top", "D", "in", "float32[2, 2]", (9, 9)).apply(example())
    assert port.graphs["top"].inputs["D"] == "float32[2, 2]"
    assert edits.SetGraphPortType("top", "D", "int32").apply(port).graphs["top"].inputs["D"] == "int32"
    assert edits.RemoveGraphPort("top", "D").apply(port) == example()
    gone = edits.RemoveGraphPort("sub", "P").apply(example())
    assert ids(gone, "sub") == []
    assert ids(gone) == ["A->mm1.A", "mm1.C->mm2.A", "mm2.C->E"]


def test_a_renamed_graph_is_followed_everywhere() -> None:
    renamed = edits.RenameGraph("sub", "part").apply(example())
    assert renamed.graphs["part"].name == "part"
    assert renamed.graphs["top"].nodes["s"] == GraphNode("part")
    top = edits.RenameGraph("top", "main_graph").apply(example())
    assert top.top == "main_graph"
    assert top.view["main_graph"] == example().view["top"]


def test_the_whole_project() -> None:
    assert edits.SetExecution("top", "sequential").apply(example()).graphs["top"].execution == "sequential"
    assert edits.SetUnify("top", False).apply(example()).graphs["top"].unify is False
    assert edits.SetTarget(Target("d", 2.0, 1)).apply(example()).target == Target("d", 2.0, 1)
    assert edits.SetTop("sub").apply(example()).top == "sub"


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (edits.AddNode("top", "mm1", GEMM), "already a block called 'mm1'"),
        (edits.AddNode("top", "a b", GEMM), "is no name"),
        (edits.AddNode("top", "float", GEMM), "a word of C++"),
        (edits.AddNode("tpo", "x", GEMM), "no graph 'tpo'"),
        (edits.AddNode("top", "x", GraphNode("y")), "no graph 'y'"),
        (edits.AddNode("top", "x", KernelNode("k.py", "f", {}, "rwo")), "no schedule 'rwo'"),
        (edits.AddNode("top", "x", GEMM, (float("nan"), 0)), "cannot lie"),
        (edits.RemoveNodes("top", ("mm1", "mm9")), "no block 'mm9'"),
        (edits.RenameNode("top", "mm1", "mm2"), "already a block"),
        (edits.Connect("top", end("A"), end("mm1.A")), "already a wire"),
        (edits.Connect("top", end("E"), end("mm1.B")), "cannot be the source"),
        (edits.Connect("top", end("mm1.C"), end("A")), "cannot be the target"),
        (edits.Connect("top", end("Z"), end("mm1.B")), "has no port 'Z'"),
        (edits.Connect("top", end("mm9.C"), end("mm1.B")), "no block 'mm9'"),
        (edits.Connect("top", end("mm1.C"), end("mm1.C")), "cannot feed itself"),
        (edits.Connect("top", end("mm1.C"), end("mm1.B"), "fifo", 0), "a depth of 0"),
        (edits.Disconnect("top", "A->mm2.A"), "no wire"),
        (edits.SetChannel("top", "A->mm1.A", "shared", 2), "has no depth"),
        (edits.MoveNodes("top", {"mm9": (0, 0)}), "no block"),
        (edits.MoveNodes("top", {"@Z": (0, 0)}), "no port"),
        (edits.SetParam("top", "s", "M", 1), "has no parameter"),
        (edits.SetParam("top", "mm1", "M", float("inf")), "finite"),
        (edits.SetSchedule("top", "mm1", "x"), "no schedule"),
        (edits.SetSchedule("top", "s", "row"), "is no kernel"),
        (edits.AddSchedule("row"), "already a schedule"),
        (edits.RemoveSchedule("row"), "is used by top/mm1, top/mm2"),
        (edits.AddStep("row", STEPS[0], 4), "no place 4"),
        (edits.RemoveStep("row", 3), "no step 3"),
        (edits.DisableStep("row", 3), "no step 3"),
        (edits.RemoveStep("row", -1), "no step -1"),
        (edits.MoveStep("row", 0, 3), "no step 3"),
        (edits.TruncateSteps("row", 4), "3 steps"),
        (edits.ForkSchedule("top", "odd"), "no schedule to copy"),
        (edits.ForkSchedule("top", "mm1", "free"), "already a schedule"),
        (edits.AddGraph("sub"), "already a graph"),
        (edits.AddGraph("x", "dataflow", {"X": "flaot"}), "unknown element type"),
        (edits.RemoveGraph("sub"), "used by top/s"),
        (edits.RemoveGraph("top"), "is the top"),
        (edits.AddGraphPort("top", "E", "in", "int32"), "already a port"),
        (edits.RemoveGraphPort("top", "Z"), "no port"),
        (edits.SetTarget(Target("d", 0.0)), "not possible"),
        (edits.SetTarget(Target("d", 1.0, -1)), "not possible"),
        (edits.SetTarget(Target(interface="axi")), "no interface 'axi'"),  # type: ignore[arg-type]
        (edits.SetTop("x"), "no graph"),
    ],
)
def test_what_does_not_apply_is_refused(edit: edits.Edit, words: str) -> None:
    before = example()
    assert words in refused(edit, before).message
    assert before == example()


def test_history() -> None:
    history = History(example())
    calls: list[bool] = []
    stop = history.subscribe(lambda: calls.append(history.clean))
    assert (history.clean, history.can_undo, history.undo_text) == (True, False, "")
    history.do(edits.SetUnify("top", False))
    history.do(edits.RemoveNodes("top", ("mm1",)))
    assert (history.undo_text, history.clean) == ("Remove mm1", False)
    history.undo()
    assert history.redo_text == "Remove mm1"
    history.undo()
    assert history.clean
    assert history.project == example()
    history.undo()
    history.redo()
    history.mark_saved()
    history.do(edits.SetUnify("top", False))
    assert (history.clean, history.redo_text) == (True, "Remove mm1")
    history.do(edits.SetTop("sub"))
    assert (history.clean, history.can_redo) == (False, False)
    with pytest.raises(AlloError):
        history.do(edits.SetTop("nothing"))
    assert history.undo_text == "Make sub the top"
    stop()
    before = len(calls)
    history.undo()
    assert len(calls) == before == 7


def test_a_change_of_type_is_a_change() -> None:
    history = History(edits.SetParam("top", "mm1", "M", 1).apply(example()))
    history.do(edits.SetParam("top", "mm1", "M", 1.0))
    assert history.can_undo


_ENDS = list(map(end, ["A", "B", "E", "mm1.A", "mm1.B", "mm1.C", "mm2.A", "mm2.C", "s.P", "s.Q", "odd.x"]))
_PORTS = st.sampled_from(_ENDS)
_BLOCKS = st.sampled_from(["mm1", "mm2", "s", "odd", "new"])
_EDITS = st.one_of(
    st.builds(edits.Connect, st.just("top"), _PORTS, _PORTS, replace_producer=st.booleans()),
    st.builds(edits.Disconnect, st.just("top"), st.builds(lambda a, b: f"{a}->{b}", _PORTS, _PORTS)),
    st.builds(edits.RemoveNodes, st.just("top"), st.tuples(_BLOCKS)),
    st.builds(edits.RenameNode, st.just("top"), _BLOCKS, _BLOCKS),
    st.builds(edits.AddNode, st.just("top"), _BLOCKS, st.just(GEMM), st.none() | st.just((1.0, 2.0))),
    st.builds(edits.MoveStep, st.just("row"), st.integers(-1, 3), st.integers(-1, 3)),
    st.builds(edits.ForkSchedule, st.just("top"), _BLOCKS),
    st.builds(edits.RenameSchedule, st.sampled_from(["row", "free"]), st.sampled_from(["row", "line"])),
    st.builds(edits.RenameGraphPort, st.sampled_from(["top", "sub"]), st.sampled_from("ABEPQ"), st.sampled_from("AZQ")),
    st.builds(
        edits.SetNode, st.just("top"), _BLOCKS, st.sampled_from([GEMM, GraphNode("sub"), UnknownNode({"ip": 1})])
    ),
    st.builds(
        edits.CollapseNodes,
        st.just("top"),
        st.lists(_BLOCKS, max_size=3).map(tuple),
        st.sampled_from(["part", "sub"]),
        st.just((EndTypes({}, dict.fromkeys(_ENDS, parse_type("int8"))),)),
    ),
    st.builds(edits.ExpandNode, st.just("top"), st.sampled_from(["s", "part", "mm1"])),
    st.builds(edits.DuplicateNodes, st.just("top"), st.lists(_BLOCKS, max_size=2, unique=True).map(tuple)),
    st.builds(
        edits.PasteNodes, st.sampled_from(["top", "sub"]), st.just(edits.clip_of(example(), "top", ("mm1", "s")))
    ),
    st.builds(edits.RemoveGraphPort, st.sampled_from(["top", "sub"]), st.sampled_from("ABEPQ")),
    st.builds(edits.SetParam, st.just("top"), _BLOCKS, st.just("M"), st.none() | st.integers(1, 3)),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(_EDITS, max_size=12))
def test_any_edits_can_be_undone_and_saved(chosen: list[edits.Edit]) -> None:
    history = History(example())
    states = [history.project]
    for edit in chosen:
        before = len(states)
        try:
            history.do(edit)
        except AlloError:
            assert history.project is states[-1]
            continue
        if history.project is not states[-1]:
            states.append(history.project)
        assert len(states) in (before, before + 1)
        targets = [e.target for e in history.project.graphs["top"].edges]
        assert len(targets) == len(set(targets))
    assert parse_project(dump_project(history.project), Path("p.yaml")).project == history.project
    for earlier in reversed(states[:-1]):
        history.undo()
        assert history.project is earlier
    assert not history.can_undo
    for later in states[1:]:
        history.redo()
        assert history.project is later


def test_names() -> None:
    assert name_fault("mm_1") is None
    assert all(name_fault(bad) for bad in ("", "1a", "a-b", "é", "class", "a" * 101))
    assert [fresh_name(w, {"gemm", "gemm_2"}) for w in ("gemm", "x y", "1", "int", "")] == [
        "gemm_3",
        "x_y",
        "_1",
        "int_",
        "block",
    ]
    assert all(name_fault(fresh_name(wish, set())) is None for wish in ("é", "for", "a" * 300, "-", "9 lives"))

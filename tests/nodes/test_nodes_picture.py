"""What blocks and wires say, decided without Qt."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from allo_studio.design.checked import CheckedDesign, EdgeInfo, PortInfo
from allo_studio.design.model import Edge, Endpoint, Graph, GraphNode, KernelNode, Project, UnknownNode
from allo_studio.diagnostics import Diagnostic
from allo_studio.types import parse_type
from nodes.picture import Kept, Overlays, block_name, describe, endpoint

VECTOR, NUMBERS = parse_type("float32[8]"), parse_type("int32[8]")


def design(*edges: str, diagnostics: tuple[Diagnostic, ...] = ()) -> tuple[Graph, CheckedDesign]:
    pairs = [edge.split("->") for edge in edges]
    wires = tuple(Edge(Endpoint.parse(a), Endpoint.parse(b)) for a, b in pairs)
    nodes = {"f": KernelNode("k.py", "f", {}, "fast"), "g": GraphNode("sub"), "u": UnknownNode({"memory": "x"})}
    graph = Graph("top", inputs={"A": "float32[8]"}, outputs={"B": "float32[8]"}, nodes=nodes, edges=wires)
    ports = {
        "top/f": (PortInfo("x", "in", VECTOR), PortInfo("y", "out", VECTOR)),
        "top/g": (PortInfo("x", "in", NUMBERS), PortInfo("y", "out", NUMBERS)),
    }
    boundary = (PortInfo("A", "in", VECTOR), PortInfo("B", "out", VECTOR))
    infos = {f"top/{e.id}": EdgeInfo(VECTOR, True) for e in wires}
    for diagnostic in diagnostics:
        if "->" in diagnostic.where:
            infos[diagnostic.where] = EdgeInfo(None, False, (diagnostic,))
    checked = CheckedDesign(Project("p", graphs={"top": graph}), diagnostics, {}, ports, infos, {"top": boundary})
    return graph, checked


def test_blocks_say_what_they_are() -> None:
    blocks = describe(*design()).blocks
    assert {name: block.kind for name, block in blocks.items()} == {
        "@A": "input",
        "@B": "output",
        "f": "kernel",
        "g": "graph",
        "u": "unknown",
    }
    assert blocks["f"].subtitle == "f()  ·  fast"
    assert [port.name for port in blocks["f"].inputs] == ["x"]
    assert blocks["f"].outputs[0].element == "float32"
    assert "memory" in blocks["u"].subtitle


def test_a_block_shows_the_worst_of_its_faults_and_says_them() -> None:
    warning = Diagnostic("x", "slow", where="top/f", severity="warning")
    error = Diagnostic("step", "no loop q", where="top/f#1", hint="there are i and j")
    block = describe(*design(diagnostics=(warning, error))).blocks["f"]
    assert block.level == "error"
    assert "no loop q" in block.tooltip
    assert "there are i and j" in block.tooltip
    assert describe(*design(diagnostics=(warning,))).blocks["f"].level == "warning"
    assert describe(*design()).blocks["f"].level == "ok"


def test_a_fault_of_a_wire_is_not_the_blocks() -> None:
    fault = Diagnostic("type", "differ", where="top/f.y->B")
    assert describe(*design("f.y->B", diagnostics=(fault,))).blocks["f"].level == "ok"


def test_a_broken_wire_says_why_and_names_both_types() -> None:
    fault = Diagnostic("type", "the element types differ", where="top/f.y->g.x", hint="convert")
    wire = describe(*design("f.y->g.x", diagnostics=(fault,))).wires["f.y->g.x"]
    assert wire.broken
    assert wire.label == "float32[8]\n≠ int32[8]"
    assert "the element types differ" in wire.tooltip
    assert "convert" in wire.tooltip


def test_a_sound_wire_shows_its_type_and_what_was_built() -> None:
    graph, checked = design("A->f.x")
    wire = describe(graph, checked).wires["A->f.x"]
    assert (wire.broken, wire.label, wire.detail, wire.element) == (False, "float32[8]", "", "float32")
    told = describe(graph, checked, Overlays({"f": "9 cycles"}, {"A->f.x": "fifo · depth 3"}))
    assert told.wires["A->f.x"].detail == "fifo · depth 3"
    assert told.blocks["f"].footer == "9 cycles"


def test_ports_that_only_wires_name_are_drawn_as_ghosts() -> None:
    picture = describe(*design("u.out->f.nope"))
    assert [(p.name, p.ghost) for p in picture.blocks["f"].inputs] == [("x", False), ("nope", True)]
    assert [(p.name, p.ghost) for p in picture.blocks["u"].outputs] == [("out", True)]


def test_blocks_that_only_wires_name_have_a_stand_in() -> None:
    picture = describe(*design("gone.y->f.x", "Q->f.x"))
    assert picture.blocks["gone"].kind == "missing"
    assert picture.blocks["@Q"].kind == "missing"
    assert picture.blocks["gone"].outputs[0].ghost


def test_names_of_blocks_and_ends_are_inverse() -> None:
    for end in (Endpoint("", "A"), Endpoint("mm1", "C")):
        assert endpoint(block_name(end), end.port) == end


# Edges and what is known of them are the same objects from state to state, as those of a design that is edited.
EDGES = tuple(
    Edge(Endpoint.parse(a), Endpoint.parse(b))
    for a in ("A", "C", "f.y", "f.w", "g.y", "h.y")
    for b in ("B", "f.x", "g.x", "g.w", "h.x")
)
FAULT = Diagnostic("type", "differ", where="top/f.y->g.x")
INFOS = (EdgeInfo(VECTOR, True), EdgeInfo(NUMBERS, True), EdgeInfo(None, False, (FAULT,)), None)
PORTS = (
    None,
    (PortInfo("x", "in", VECTOR), PortInfo("y", "out", VECTOR)),
    (PortInfo("x", "in", NUMBERS), PortInfo("w", "in", NUMBERS), PortInfo("w", "out", NUMBERS)),
)
NODES = (None, KernelNode("k.py", "f"), KernelNode("k.py", "f", disabled="bypass"), GraphNode("sub"))


@st.composite
def states(draw: st.DrawFn) -> tuple[Graph, CheckedDesign, Overlays]:
    nodes = {name: node for name in "fgh" if (node := draw(st.sampled_from(NODES)))}
    edges = tuple(draw(st.lists(st.sampled_from(EDGES), unique=True, max_size=6)))
    sides = draw(
        st.sampled_from([({"A": "int8[4]"}, {"B": "int8[4]"}), ({"C": "int8[4]"}, {}), ({}, {"B": "int8[4]"})])
    )
    graph = Graph("top", inputs=sides[0], outputs=sides[1], nodes=nodes, edges=edges)
    ports = {f"top/{name}": found for name in nodes if (found := draw(st.sampled_from(PORTS)))}
    infos = {f"top/{edge.id}": info for edge in edges if (info := draw(st.sampled_from(INFOS)))}
    faults = (Diagnostic("x", "slow", where="top/f", severity="warning"),) if draw(st.booleans()) else ()
    boundary = draw(st.sampled_from([(), (PortInfo("A", "in", VECTOR),), (PortInfo("B", "out", NUMBERS),)]))
    project = Project("p", graphs={"top": graph})
    checked = CheckedDesign(project, faults, {}, ports, infos, {"top": boundary}, pending=draw(st.booleans()))
    notes = Overlays({}, {edge.id: "fifo" for edge in edges if draw(st.booleans())})
    return graph, checked, notes


@given(st.lists(states(), min_size=2, max_size=5))
def test_what_was_described_before_changes_nothing(seen: list[tuple[Graph, CheckedDesign, Overlays]]) -> None:
    kept = Kept()
    for graph, checked, notes in seen:
        found, fresh = describe(graph, checked, notes, kept), describe(graph, checked, notes)
        assert found == fresh
        assert list(found.blocks) == list(fresh.blocks)
        assert list(found.wires) == list(fresh.wires)


def test_a_stand_in_stays_for_the_wires_that_are_left() -> None:
    graph, checked = design("f.y->h.x", "g.y->h.x")
    kept = Kept()
    assert describe(graph, checked, kept=kept).blocks["h"].kind == "missing"
    left = replace(graph, edges=graph.edges[1:])
    assert describe(left, checked, kept=kept) == describe(left, checked)
    assert describe(left, checked, kept=kept).blocks["h"].port_names[False] == {"x"}


def test_wires_of_which_nothing_changed_are_not_described_again() -> None:
    graph, checked = design("A->f.x", "f.y->B", "g.y->u.x")
    kept = Kept()
    before = describe(graph, checked, kept=kept)
    more = replace(graph, nodes={**graph.nodes, "more": KernelNode("k.py", "f")})
    after = describe(more, checked, kept=kept)
    assert all(after.wires[name] is wire for name, wire in before.wires.items())

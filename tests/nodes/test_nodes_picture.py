"""What blocks and wires say, decided without Qt."""

from __future__ import annotations

from allo_studio.design.checked import CheckedDesign, EdgeInfo, PortInfo
from allo_studio.design.model import Edge, Endpoint, Graph, GraphNode, KernelNode, Project, UnknownNode
from allo_studio.diagnostics import Diagnostic
from allo_studio.types import parse_type
from nodes.picture import Overlays, block_name, describe, endpoint

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

"""Whether a wire may be drawn: what is found out once gives what asking anew gives."""

from __future__ import annotations

import effort
from hypothesis import given, settings
from hypothesis import strategies as st

from allo_studio.design.checked import CheckedDesign, PortInfo
from allo_studio.design.model import Edge, Endpoint, Execution, Graph, KernelNode, Project
from allo_studio.types import parse_type
from ui.wire_check import WireCheck, closes_cycle

NAMES = "abcdef"
ENDS = st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES))
TYPES = [parse_type("int32[4]"), parse_type("float32[4]"), None]


def edge(source: str, target: str, held: bool = False) -> Edge:
    return Edge(Endpoint(source, "y"), Endpoint(target, "x"), initial=(0,) if held else ())


@st.composite
def designs(draw: st.DrawFn) -> tuple[Graph, CheckedDesign]:
    pairs = draw(st.lists(st.tuples(ENDS, st.booleans()), max_size=10, unique_by=lambda pair: pair[0]))
    execution: Execution = draw(st.sampled_from(["dataflow", "sequential"]))
    nodes = {name: KernelNode("k.py", "f") for name in NAMES}
    graph = Graph("g", execution, {"A": "int32[4]"}, {}, nodes, tuple(edge(*ends, held) for ends, held in pairs))
    kinds = {name: draw(st.sampled_from(TYPES)) for name in NAMES}
    ports = {f"g/{n}": (PortInfo("x", "in", kinds[n]), PortInfo("y", "out", kinds[n])) for n in NAMES}
    signature = {"g": (PortInfo("A", "in", TYPES[0]),)}
    return graph, CheckedDesign(Project("p"), (), {}, ports, {}, signature)


@settings(max_examples=effort.of(80, 800), deadline=None)
@given(design=designs(), fixed=st.sampled_from(NAMES), forwards=st.booleans(), taken=st.integers(0, 20))
def test_each_answer_of_a_drag_is_right(
    design: tuple[Graph, CheckedDesign], fixed: str, forwards: bool, taken: int
) -> None:
    graph, checked = design
    wire = graph.edges[taken].id if taken < len(graph.edges) else None
    check = WireCheck(graph, checked)
    for other in NAMES:
        source, target = (fixed, other) if forwards else (other, fixed)
        found = check.why_not(Endpoint(source, "y"), Endpoint(target, "x"), wire)
        one, two = check.port_type(Endpoint(source, "y")), check.port_type(Endpoint(target, "x"))
        if one and two and one != two:
            assert found == f"{one} doesn't fit {two}"
        elif any(e.id == edge(source, target).id != wire for e in graph.edges):
            assert found == "there is such a wire already"
        elif graph.execution == "sequential" and closes_cycle(graph, source, target, wire):
            assert found == "this would close a cycle"
        else:
            assert found is None


def test_the_type_of_a_port_of_the_graph() -> None:
    graph = Graph("g", "dataflow", {"A": "int32[4]"})
    checked = CheckedDesign(Project("p"), (), {}, {}, {}, {"g": (PortInfo("A", "in", TYPES[0]),)})
    assert WireCheck(graph, checked).port_type(Endpoint("", "A")) == TYPES[0]
    assert WireCheck(graph, checked).port_type(Endpoint("", "B")) is None
    assert WireCheck(graph, checked).why_not(Endpoint("", "A"), Endpoint("f", "x"), None) is None

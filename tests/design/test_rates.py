"""How often blocks fire: the balance equations of a graph, and what is said where they have no solution."""

from __future__ import annotations

from fractions import Fraction
from math import gcd, lcm

import pytest
from design_projects import chain, loaded, read
from hypothesis import given, settings
from hypothesis import strategies as st

from allo_studio.design.check import check
from allo_studio.design.check_notes import Notes
from allo_studio.design.check_structure import ResolvedEdge
from allo_studio.design.checked import CheckedDesign, PortInfo
from allo_studio.design.model import Edge, Endpoint, Graph, KernelNode, Project
from allo_studio.design.rates import common_rows, firings
from allo_studio.types import INT32, ArrayType


def kind(*shape: int, sizes: tuple[str, ...] = ()) -> ArrayType:
    return ArrayType(INT32, shape, sizes)


@pytest.mark.parametrize(
    ("source", "target", "row"),
    [
        ((4, 8), (8,), (8,)),
        ((8,), (4, 8), (8,)),
        ((4, 8), (6, 8), (8,)),
        ((4,), (6,), ()),
        ((4,), (), ()),
        ((2, 4, 8), (8,), (8,)),
        ((2, 4, 8), (4, 8), (4, 8)),
        ((4, 8), (4, 8), (4, 8)),
        ((4, 8), (16,), None),
        ((2, 4, 8), (16, 8), None),
        ((2, 4), (4, 2), None),
    ],
)
def test_the_rows_of_two_arrays(source: tuple[int, ...], target: tuple[int, ...], row: tuple[int, ...] | None) -> None:
    assert common_rows(kind(*source), kind(*target)) == row
    assert common_rows(kind(*target), kind(*source)) == row


def test_sizes_at_run_time_are_no_rows() -> None:
    assert common_rows(kind(4, sizes=("n",)), kind(8)) is None


@st.composite
def networks(draw: st.DrawFn) -> tuple[Graph, list[ResolvedEdge], dict[str, int]]:
    """Draw a connected graph of blocks that have a solution: rates, and wires whose lists have them."""
    count = draw(st.integers(2, 6))
    often = {f"b{n}": draw(st.integers(1, 12)) for n in range(count)}
    anchored = draw(st.booleans())
    names = ["", *often] if anchored else list(often)
    rates = {"": 1, **often}
    pairs = [(names[draw(st.integers(0, n - 1))], names[n]) for n in range(1, len(names))]
    pairs += [(draw(st.sampled_from(names)), draw(st.sampled_from(names))) for _ in range(draw(st.integers(0, 4)))]
    edges, wires = [], []
    for number, (one, two) in enumerate(pairs):
        # As many elements in all: a common multiple of both rates.
        elements = lcm(rates[one], rates[two]) * draw(st.integers(1, 3))
        ends = [Endpoint(name, f"p{number}") for name in (one, two)]
        types = [kind(elements // rates[name]) for name in (one, two)]
        rate = None if types[0] == types[1] and draw(st.booleans()) else "rows"
        edges.append(Edge(ends[0], ends[1], rate=rate))  # type: ignore[arg-type]
        infos = [PortInfo(f"p{number}", "out" if n == 0 else "in", t) for n, t in enumerate(types)]
        wires.append(ResolvedEdge(edges[-1], infos[0], infos[1]))
    graph = Graph("g", nodes={name: KernelNode("k.py", "k") for name in often}, edges=tuple(edges))
    common = 1 if anchored else gcd(*often.values())
    return graph, wires, {name: value // common for name, value in often.items()}


@settings(max_examples=300, deadline=None)
@given(networks())
def test_the_smallest_solution_is_found(made: tuple[Graph, list[ResolvedEdge], dict[str, int]]) -> None:
    graph, wires, want = made
    notes = Notes(Project("p", graphs={"g": graph}), None)
    found = firings(graph, wires, notes)
    assert notes.sorted() == ()
    if any(edge.rate for edge in graph.edges):
        assert {name: found.get(name, 1) for name in graph.nodes} == want
    else:
        assert found == {}


@settings(max_examples=300, deadline=None)
@given(networks(), st.data())
def test_a_rate_that_is_wrong_is_told(
    made: tuple[Graph, list[ResolvedEdge], dict[str, int]], data: st.DataObject
) -> None:
    graph, wires, _ = made
    wrong = data.draw(st.sampled_from([w for w in wires if w.edge.source.node != w.edge.target.node] or wires))
    assert wrong.target is not None
    assert wrong.target.type is not None
    more = PortInfo(wrong.target.name, "in", kind(wrong.target.type.size * data.draw(st.integers(2, 5))))
    edges = tuple(Edge(e.source, e.target, rate="rows") if e == wrong.edge else e for e in graph.edges)
    graph = Graph("g", nodes=graph.nodes, edges=edges)
    wires = [ResolvedEdge(e, w.source, more if w is wrong else w.target) for w, e in zip(wires, edges, strict=True)]
    notes = Notes(Project("p", graphs={"g": graph}), None)
    found = firings(graph, wires, notes)
    if all(d.severity != "error" for d in notes.sorted()):
        # It has another solution then.
        often = {"": 1, **{name: found.get(name, 1) for name in graph.nodes}}
        for wire in wires:
            assert wire.source
            assert wire.source.type
            assert wire.target
            assert wire.target.type
            total = often[wire.edge.source.node] * wire.source.type.size
            assert Fraction(total, wire.target.type.size) == often[wire.edge.target.node]


def faults(text: str) -> list[str]:
    design = check(loaded(text).project, read())
    return [f"{d.code} {d.where}: {d.message}" for d in design.diagnostics if d.severity == "error"]


def checked(text: str) -> CheckedDesign:
    found = check(loaded(text).project, read())
    assert found.ok, found.diagnostics
    return found


TEXT = """\
graphs:
  g:
    inputs: {A: "float32[%s]"}
    outputs: {E: "float32[%s]"}
    nodes:
      a: {kernel: "copy.py:copy", params: {N: 8}}
      b: {kernel: "copy.py:copy", params: {N: 12}}
    edges:
      - {from: A, to: a.X, rate: rows}
      - {from: a.Y, to: b.X%s}
      - {from: b.Y, to: E, rate: rows}
"""


def test_what_is_told() -> None:
    found = checked(TEXT % (24, 24, ", rate: rows"))
    assert found.firings == {"g/a": 3, "g/b": 2}
    assert found.firings == {"g/a": 3, "g/b": 2}
    assert faults(TEXT % (24, 36, ", rate: rows")) == [
        "rate g/a.Y->b.X: the rates do not balance: b fires 3 times by b.Y->E, but 2 times by this wire"
    ]
    assert "rate g/A->a.X: a would fire 5/2 times in a firing of g" in faults(TEXT % (20, 20, ", rate: rows"))
    assert faults(TEXT % (24, 24, ", rate: held")) == [
        "rate g/a.Y->b.X: a fires 3 times, and only what is made once can be held",
        "shape g/a.Y->b.X: the extents differ in dimension 1: a.Y is float32[8], b.X is float32[12]",
    ]


def test_a_plain_design_has_no_rates() -> None:
    assert checked(chain("copy", "copy")).firings == {}


def test_a_wire_with_an_end_that_is_not_known_has_no_type() -> None:
    text = """\
schedules:
  s:
    - partition: {buffer: Y, kind: cyclic, factor: 2, dim: 1}
graphs:
  g:
    inputs: {A: "float32[16]"}
    nodes:
      a: {kernel: "copy.py:copy", schedule: s}
      b: {kernel: "copy.py:nothing"}
    edges:
      - A -> a.X
      - {from: a.Y, to: b.X, rate: rows}
"""
    design = check(loaded(text).project, read())
    assert design.edges["g/a.Y->b.X"].type is None
    assert "layout" not in {d.code for d in design.diagnostics}

"""Whatever a project says, the check ends; and what it passes holds."""

from __future__ import annotations

from dataclasses import replace

import networkx
from design_projects import read
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allo_studio.design.check import _check, check
from allo_studio.design.check_layouts import MOST_BANKS
from allo_studio.design.checked import CheckedDesign
from allo_studio.design.model import (
    Edge,
    Endpoint,
    Graph,
    GraphNode,
    KernelNode,
    Node,
    Project,
    StepSpec,
    UnknownNode,
)
from allo_studio.diagnostics import render_all

_FUNCTIONS = ["copy", "add", "whole", "square", "scaled", "absent"]
_FILES = ["copy.py"] * 9 + ["broken.py", "faulty.py", "absent.py"]
_NAMES = ["b0", "b1", "b2", "b3"]
_TYPES = ["float32[16]", "float32[16]", "float32[16, 16]", "int32[16]", "float32", "nonsense"]
_PARTITION = st.fixed_dictionaries(
    {"buffer": st.sampled_from("XYZ"), "kind": st.sampled_from(["cyclic", "block"]), "dim": st.integers(0, 2)},
    optional={"factor": st.integers(1, 17)},
)
_STEPS = st.one_of(
    st.builds(StepSpec, st.just("partition"), _PARTITION),
    st.builds(StepSpec, st.sampled_from(["unroll", "pipeline", "nothing"]), st.just({"axis": "i"})),
)
_NODES: st.SearchStrategy[Node] = st.one_of(
    st.builds(
        KernelNode,
        st.sampled_from(_FILES),
        st.sampled_from(_FUNCTIONS),
        st.dictionaries(st.sampled_from(["N", "M"]), st.sampled_from([16, 4, 0, -1, 0.5, 10**9]), max_size=1),
        st.sampled_from([None, None, "s", "t", "u"]),
    ),
    st.builds(GraphNode, st.sampled_from(["g", "h", "k"])),
    st.just(UnknownNode({"ip": 1})),
)
_PORTS = [Endpoint("", p) for p in "ABEF"] + [Endpoint(n, p) for n in _NAMES for p in "XYZaABEF"]
_EDGES = st.builds(Edge, st.sampled_from(_PORTS), st.sampled_from(_PORTS), st.sampled_from([None, "fifo", "shared"]))


@st.composite
def _graphs(draw: st.DrawFn, name: str) -> Graph:
    return Graph(
        name,
        draw(st.sampled_from(["dataflow", "sequential"])),
        {p: draw(st.sampled_from(_TYPES)) for p in draw(st.sets(st.sampled_from("AB")))},
        {p: draw(st.sampled_from(_TYPES)) for p in draw(st.sets(st.sampled_from("EF")))},
        draw(st.dictionaries(st.sampled_from(_NAMES), _NODES, max_size=4)),
        tuple(draw(st.lists(_EDGES, max_size=8))),
        draw(st.booleans()),
    )


@st.composite
def _projects(draw: st.DrawFn) -> Project:
    schedules = {name: tuple(draw(st.lists(_STEPS, max_size=2))) for name in "st"}
    return Project("p", top="g", schedules=schedules, graphs={n: draw(_graphs(n)) for n in "gh"})


def _wired_layouts(design: CheckedDesign, graph: Graph, path: str) -> list[tuple[str, str]]:
    """Return the keys of both ends of each wire whose layouts must be one."""
    if not graph.unify and graph.execution == "sequential":
        return []
    wires = [e for e in graph.edges if e.channel != "fifo"]
    return [(_key(path, e.source), _key(path, e.target)) for e in wires]


def _key(path: str, end: Endpoint) -> str:
    return f"{path}/{end}" if end.node else f"{path}.{end}"


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_projects())
def test_any_project_is_checked(project: Project) -> None:
    design = check(project, read())
    assert len(set(design.diagnostics)) == len(design.diagnostics)
    assert render_all(design.diagnostics) or not design.diagnostics
    assert set(design.edges) == {f"{g.name}/{e.id}" for g in project.graphs.values() for e in g.edges}
    if design.ok:
        _must_hold(design)


@st.composite
def _chains(draw: st.DrawFn) -> Project:
    count = draw(st.integers(1, 4))
    nodes = {f"b{i}": KernelNode("copy.py", "copy", {}, f"s{i}") for i in range(count)}
    ends = ["A", *(p for i in range(count) for p in (f"b{i}.X", f"b{i}.Y")), "E"]
    edges = tuple(Edge(Endpoint.parse(a), Endpoint.parse(b)) for a, b in zip(ends[::2], ends[1::2], strict=True))
    array = {"A": "float32[16]"}, {"E": "float32[16]"}
    graph = Graph("g", draw(st.sampled_from(["dataflow", "sequential"])), *array, nodes, edges, draw(st.booleans()))
    factors = st.sampled_from([2, 3, 4, 8, 16])
    schedules = {
        f"s{i}": tuple(
            StepSpec(
                "partition", {"buffer": b, "kind": draw(st.sampled_from(["cyclic", "block"])), "factor": draw(factors)}
            )
            for b in draw(st.sets(st.sampled_from("XY")))
        )
        for i in range(count)
    }
    return Project("p", top="g", schedules=schedules, graphs={"g": graph})


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_chains())
def test_unified_layouts_satisfy_every_demand(project: Project) -> None:
    design = check(project, read())
    assert {d.code for d in design.diagnostics} <= {"layout"}
    if design.ok:
        _must_hold(design)
    graph = project.graphs["g"]
    if not graph.unify and graph.execution == "sequential":
        assert design.ok
        for edge in graph.edges:
            ends = [design.layouts[_key("g", end)] for end in (edge.source, edge.target)]
            assert design.edges[f"g/{edge.id}"].relayout == (ends[0] != ends[1])


def _must_hold(design: CheckedDesign) -> None:
    project = design.project
    for graph in project.graphs.values():
        targets = [e.target for e in graph.edges]
        assert len(targets) == len(set(targets))
        links = networkx.DiGraph((e.source.node, e.target.node) for e in graph.edges if e.source.node and e.target.node)
        assert networkx.is_directed_acyclic_graph(links)
    top = project.graphs[project.top]
    for one, two in _wired_layouts(design, top, project.top):
        assert design.layouts.get(one) == design.layouts.get(two)
    for name, node in top.nodes.items():
        for port in design.ports[f"g/{name}"] if isinstance(node, KernelNode) else ():
            if port.type and port.type.shape and port.layout:
                unified = design.layouts[f"g/{name}.{port.name}"]
                assert unified.fits(port.layout, port.type.shape)
                assert unified.banks(port.type.shape) <= MOST_BANKS


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_projects(), _projects())
def test_a_check_after_others_is_as_one_from_nothing(one: Project, two: Project) -> None:
    """Whatever was checked before: the same, only moved, with other steps, or another project."""
    moved = replace(one, view={"g": {"b0": (1.0, 2.0)}})
    other = replace(moved, schedules=two.schedules)
    for project in (one, moved, other, two, replace(two, view=moved.view), moved, one):
        found, fresh = check(project, read()), _check(project, read(), None)
        assert found.project is project
        for part in ("diagnostics", "ports", "edges", "signatures", "layouts"):
            assert getattr(found, part) == getattr(fresh, part)

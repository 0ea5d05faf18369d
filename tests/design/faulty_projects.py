"""Random projects that are wrong in many ways, and chains whose layouts may conflict; kernels of `design_projects`."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from allo_studio.design.model import (
    Disabled,
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

__all__ = ["chains", "faulty_projects"]

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


_DISABLED: st.SearchStrategy[Disabled] = st.sampled_from(["", "", "", "off", "bypass"])


def _disabled(node: Node, how: Disabled) -> Node:
    return node if isinstance(node, UnknownNode) else replace(node, disabled=how)


@st.composite
def _graphs(draw: st.DrawFn, name: str) -> Graph:
    return Graph(
        name,
        draw(st.sampled_from(["dataflow", "sequential"])),
        {p: draw(st.sampled_from(_TYPES)) for p in draw(st.sets(st.sampled_from("AB")))},
        {p: draw(st.sampled_from(_TYPES)) for p in draw(st.sets(st.sampled_from("EF")))},
        draw(st.dictionaries(st.sampled_from(_NAMES), st.builds(_disabled, _NODES, _DISABLED), max_size=4)),
        tuple(draw(st.lists(_EDGES, max_size=8))),
        draw(st.booleans()),
    )


@st.composite
def faulty_projects(draw: st.DrawFn) -> Project:
    schedules = {name: tuple(draw(st.lists(_STEPS, max_size=2))) for name in "st"}
    return Project("p", top="g", schedules=schedules, graphs={n: draw(_graphs(n)) for n in "gh"})


@st.composite
def chains(draw: st.DrawFn) -> Project:
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

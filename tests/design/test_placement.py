"""Automatic placement: left to right, without overlap, the same each time, quick."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from allo_studio.design.model import Edge, Endpoint, Graph, KernelNode
from allo_studio.design.placement import DEFAULT_SIZE, layered

K = KernelNode("k.py", "k")


def graph(edges: list[str], nodes: str = "", inputs: str = "", outputs: str = "") -> Graph:
    ends = [tuple(Endpoint.parse(e) for e in text.split(">")) for text in edges]
    return Graph(
        "g",
        inputs=dict.fromkeys(inputs, "int32"),
        outputs=dict.fromkeys(outputs, "int32"),
        nodes=dict.fromkeys(nodes, K),
        edges=tuple(Edge(a, b) for a, b in ends),
    )


def test_wires_lead_to_the_right() -> None:
    places = layered(graph(["A>x.i", "x.o>y.i", "A>y.j", "y.o>E"], "yx", "A", "E"))
    assert set(places) == {"@A", "x", "y", "@E"}
    assert places["@A"][0] < places["x"][0] < places["y"][0] < places["@E"][0]


def test_neighbours_lie_opposite_each_other() -> None:
    places = layered(graph(["a.o>y.i", "b.o>x.i"], "abxy"))
    assert (places["a"][1] < places["b"][1]) == (places["y"][1] < places["x"][1])


def test_sizes_are_respected() -> None:
    places = layered(graph(["a.o>b.i"], "ab"), {"a": (500, 10)})
    assert places["b"][0] >= 500


def test_nothing_and_a_single_block() -> None:
    assert layered(Graph("g")) == {}
    assert layered(graph([], "a")) == {"a": (0.0, 0.0)}
    assert set(layered(graph([], "", "A", "E"))) == {"@A", "@E"}


names = st.sampled_from("abcdefgh")


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(names, names), max_size=25))
def test_any_graph_is_placed_without_overlap(pairs: list[tuple[str, str]]) -> None:
    drawn = graph([f"{a}.o>{b}.i" for a, b in pairs], "abcdefgh", "A", "E")
    places = layered(drawn)
    assert places == layered(drawn)
    assert len(places) == 10
    boxes = list(places.values())
    width, height = DEFAULT_SIZE
    for i, (x, y) in enumerate(boxes):
        assert y >= 0
        assert all(abs(x - u) >= width or abs(y - v) >= height for u, v in boxes[i + 1 :])
    if all(a < b for a, b in pairs):
        assert all(places[a][0] < places[b][0] for a, b in pairs)


def test_a_thousand_blocks_are_placed() -> None:
    nodes = {f"n{i}": K for i in range(1000)}
    edges = [Edge(Endpoint(f"n{i}", "o"), Endpoint(f"n{(i * 7 + 3) % 1000}", "i")) for i in range(1000)]
    edges += [Edge(Endpoint(f"n{i}", "o"), Endpoint(f"n{i + 1}", "j")) for i in range(999)]
    assert len(layered(Graph("g", nodes=nodes, edges=tuple(edges)))) == 1000


def test_wires_have_the_room_that_they_need() -> None:
    drawn = graph(["a.o>b.i", "b.o>c.i", "a.p>c.j"], "abc")
    width, _ = DEFAULT_SIZE
    places = layered(drawn, {}, {"b.o->c.i": 400.0, "a.p->c.j": 2000.0})
    plain = layered(drawn)
    assert places["b"][0] == plain["b"][0], "the first two stand as they did"
    assert places["c"][0] - places["b"][0] - width == 400

"""Collapsing in a graph with parameters: what becomes a graph is the same in every instance."""

from __future__ import annotations

from typing import Any

import pytest
from design_projects import loaded as parsed

from allo_studio.design.blocks import block_source, is_generated
from allo_studio.design.check import check
from allo_studio.design.collapsing import collapsing
from allo_studio.design.edits import CollapseNodes, ExpandNode, SetParam
from allo_studio.design.end_types import EndTypes
from allo_studio.design.model import Endpoint, GraphNode, Project
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.source import Source

KERNELS = """\
from allo_studio.lang import *

N, W, F = 16, 8, 3
T = int32


def scale(x: T[N]) -> T[N]:
    y: T[N]
    for i in range(N):
        y[i] = x[i] * 2
    return y


def halve(x: int32[N]) -> int32[N // 2]:
    y: int32[N // 2]
    for i in range(N // 2):
        y[i] = x[2 * i] + x[2 * i + 1]
    return y


def quarter(x: int32[N // 2]) -> int32[N // 4]:
    y: int32[N // 4]
    for i in range(N // 4):
        y[i] = x[2 * i] + x[2 * i + 1]
    return y


def wide(x: UInt(W)[N]) -> Fixed(W, F)[N]:
    y: Fixed(W, F)[N]
    for i in range(N):
        y[i] = x[i]
    return y


def grow(x: int32[16]) -> int32[max(N, 16)]:
    y: int32[max(N, 16)] = 0
    for i in range(16):
        y[i] = x[i]
    return y


def shrink(x: int32[max(N, 16)]) -> int32[16]:
    y: int32[16]
    for i in range(16):
        y[i] = x[i]
    return y


def only(x: int32[N]) -> int32[N]:
    table: int32[16] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]
    copy: int32[N] = table
    y: int32[N]
    for i in range(N):
        y[i] = x[i] + copy[i]
    return y


def some(x: int32["k<=N"]) -> int32["k"]:
    y: int32["k"]
    for i in range(k):
        y[i] = x[i] * 3
    return y


def total(x: int32[4]) -> int32:
    y: int32 = 0
    for i in range(4):
        y += x[i]
    return y
"""


def read(path: str) -> Source:
    return block_source(path) if is_generated(path) else Source(path, KERNELS)


BODY = "graphs:\n  g:%s"


def design(graph: str, instances: str = "{graph: g, params: {n: 8}}", more: str = "") -> Project:
    """Return a project with a graph `g` and instances of it, whose own wires are of no interest."""
    blocks = "".join(f"      u{number}: {text}\n" for number, text in enumerate(instances.split("; ")))
    return parsed(f"{BODY % graph}  users:\n    nodes:\n{blocks}{more}").project


def faults(project: Project) -> list[str]:
    """Return what is wrong inside of the graphs, each instance for itself."""
    checked = check(project, read)
    return [str(d) for d in checked.diagnostics if d.severity == "error" and not d.where.startswith("users")]


def collapsed(project: Project, *nodes: str) -> Project:
    """Collapse blocks of `g` in a sound design, which must stay sound, and be as before when expanded."""
    assert faults(project) == []
    checked = check(project, read)
    made = collapsing(checked, read, "g", nodes, "part").apply(project)
    assert faults(made) == []
    back = ExpandNode("g", "part").apply(made)
    assert back.graphs["g"].nodes == project.graphs["g"].nodes
    assert set(back.graphs["g"].edges) == set(project.graphs["g"].edges)
    return made


def refused(project: Project, *nodes: str) -> Diagnostic:
    assert faults(project) == []
    with pytest.raises(AlloError) as raised:
        collapsing(check(project, read), read, "g", nodes, "part").apply(project)
    return raised.value.diagnostics[0]


def ports(project: Project) -> tuple[dict[str, str], dict[str, str], dict[str, Any]]:
    graph = project.graphs["part"]
    return dict(graph.inputs), dict(graph.outputs), dict(graph.params)


PAIR = """
    params: {n: 16, m: 5}
    inputs: {a: "int32[n]"}
    outputs: {b: "int32[n]"}
    nodes:
      one: {kernel: "k.py:scale", params: {N: n}}
      two: {kernel: "k.py:scale", params: {N: n}}
      three: {kernel: "k.py:scale", params: {N: n}}
    edges: [a -> one.x, one.y -> two.x, two.y -> three.x, three.y -> b]
"""


def test_the_new_graph_has_the_parameters_that_it_names() -> None:
    made = collapsed(design(PAIR), "two")
    assert ports(made) == ({"x": "int32[n]"}, {"y": "int32[n]"}, {"n": 16})
    assert made.graphs["g"].nodes["part"] == GraphNode("part", {"n": "n"})
    # Another value of the outer graph is one of the new graph, too, and no more than that.
    assert faults(SetParam("users", "u0", "n", 24).apply(made)) == []


def test_types_in_numbers_would_be_right_in_one_instance_only() -> None:
    """What is known of one value alone is no answer, so no such edit is made."""
    project = design(PAIR)
    known = check(project, read)
    types = {
        Endpoint(name, port.name): port.type for name in ("one", "two", "three") for port in known.ports[f"g/{name}"]
    }
    with pytest.raises(AlloError, match=r"one.y is int32\[16\] where n is 16, and what it is at other values"):
        CollapseNodes("g", ("two",), "part", (EndTypes({"n": 16, "m": 5}, types),)).apply(project)


HALVES = """
    params: {n: 16, h: 8, q: 4}
    inputs: {a: "int32[n]", c: "int32[n]"}
    outputs: {b: "int32[h]", d: "int32[q]"}
    nodes:
      first: {kernel: "k.py:halve", params: {N: n}}
      after: {kernel: "k.py:scale", params: {N: h}}
      second: {kernel: "k.py:halve", params: {N: n}}
      last: {kernel: "k.py:quarter", params: {N: n}}
    edges: [a -> first.x, first.y -> after.x, after.y -> b, c -> second.x, second.y -> last.x, last.y -> d]
"""
OTHERS = "{graph: g, params: {n: 24, h: 12, q: 6}}; {graph: g, params: {n: 8, h: 4, q: 2}}"


def test_what_a_wire_leads_to_may_say_what_is_computed() -> None:
    made = collapsed(design(HALVES, OTHERS), "first")
    assert ports(made) == ({"a": "int32[n]"}, {"y": "int32[h]"}, {"n": 16, "h": 8})
    assert ports(collapsed(design(HALVES, OTHERS), "second", "last"))[1] == {"y": "int32[q]"}


def test_what_no_parameter_says_is_refused() -> None:
    for instances in (OTHERS, "{graph: g}"):
        fault = refused(design(HALVES, instances), "second")
        assert "which no parameter of g says" in fault.message
        assert (fault.where, fault.hint) == ("g/second", "select last as well")
    assert (
        fault.message == "second.y is int32[8] where n is 16 and int32[16] where n is 32, which no parameter of g says"
    )


def test_elements_can_be_parameters() -> None:
    graph = """
    params: {width: 8, point: 3, n: 4, kind: "int16"}
    inputs: {a: "UInt(width)[n]", c: "kind[n]"}
    outputs: {b: "Fixed(width, point)[n]", d: "kind[n]"}
    nodes:
      one: {kernel: "k.py:wide", params: {N: n, W: width, F: point}}
      two: {kernel: "k.py:scale", params: {N: n, T: kind}}
      three: {kernel: "k.py:scale", params: {N: n, T: kind}}
      four: {relayout: "Fixed(width, point)[n]"}
      five: {convert: "Fixed(width, point)[n]", to: "Fixed(width, point)"}
    edges: [a -> one.x, one.y -> four.x, four.y -> five.x, five.y -> b, c -> two.x, two.y -> three.x, three.y -> d]
"""
    instances = "{graph: g, params: {width: 12, point: 5}}; {graph: g, params: {n: 6, kind: 'Fixed(9, 2)'}}"
    assert ports(collapsed(design(graph, instances), "one")) == (
        {"a": "UInt(width)[n]"},
        {"y": "Fixed(width, point)[n]"},
        {"width": 8, "point": 3, "n": 4},
    )
    kinds = ports(collapsed(design(graph, instances), "three"))
    assert kinds == ({"x": "kind[n]"}, {"y": "kind[n]"}, {"n": 4, "kind": "int16"})
    made = collapsed(design(graph, instances), "four", "five")
    assert ports(made)[0] == {"x": "Fixed(width, point)[n]"}


def test_blocks_that_are_graphs_say_it_in_their_own_parameters() -> None:
    graph = PAIR.replace('{kernel: "k.py:scale", params: {N: n}}', "{graph: inner, params: {K: n}}")
    more = """  inner:
    params: {K: 2}
    inputs: {x: "int32[K]", e: "int32[5]"}
    outputs: {y: "int32[K]", f: "int32[5]"}
    nodes:
      s: {kernel: "k.py:scale", params: {N: K}}
      t: {kernel: "k.py:scale", params: {N: 5}}
    edges: [x -> s.x, s.y -> y, e -> t.x, t.y -> f]
"""
    graph = graph.replace("edges: [", "edges: [c -> one.e, one.f -> two.e, two.f -> three.e, three.f -> d, ")
    graph = graph.replace('a: "int32[n]"', 'a: "int32[n]", c: "int32[5]"')
    graph = graph.replace('b: "int32[n]"', 'b: "int32[n]", d: "int32[m]"')
    made = collapsed(design(graph, "{graph: g, params: {n: 8}}", more), "two")
    assert ports(made) == ({"e": "int32[5]", "x": "int32[n]"}, {"f": "int32[5]", "y": "int32[n]"}, {"n": 16})


def test_a_parameter_that_happens_to_be_as_great_is_not_meant() -> None:
    made = collapsed(design(PAIR.replace("m: 5", "m: 16")), "two")
    assert ports(made)[0] == {"x": "int32[n]"}


def test_what_an_instance_sets_inside_counts() -> None:
    inside = "{graph: g, inside: {one: {params: {N: 4}}, two: {params: {N: 4}}, three: {params: {N: 4}}}}"
    free = (
        PAIR.replace("a -> one.x, ", "")
        .replace(", three.y -> b", "")
        .replace('a: "int32[n]"', "")
        .replace('b: "int32[n]"', "")
    )
    project = design(free, inside)
    with pytest.raises(AlloError, match=r"one.y is int32\[16\] and int32\[4\] in another instance, which no parameter"):
        collapsing(check(project, read), read, "g", ("two",), "part").apply(project)
    agreed = design(free, inside.replace("inside", "params: {n: 4}, inside"))
    made = collapsing(check(agreed, read), read, "g", ("two",), "part").apply(agreed)
    assert ports(made)[0] == {"x": "int32[n]"}
    node = made.graphs["users"].nodes["u0"]
    assert isinstance(node, GraphNode)
    assert list(node.inside) == ["one", "part/two", "three"]


def test_a_kernel_that_one_value_suits_is_not_understood() -> None:
    graph = PAIR.replace('one: {kernel: "k.py:scale"', 'one: {kernel: "k.py:only"').replace("a -> one.x", "k -> one.x")
    graph = graph.replace('two: {kernel: "k.py:scale"', 'two: {kernel: "k.py:only"').replace("{a:", "{k:")
    fault = refused(design(graph, "{graph: g}"), "one")
    assert fault.message == "one.y is int32[16] where n is 16, and what it is at other values is not known"
    assert fault.hint == "select two as well"
    # What it is wired to may be understood.
    assert ports(collapsed(design(graph, "{graph: g}"), "one", "two"))[1] == {"y": "int32[n]"}


@pytest.mark.parametrize("instances", ["{graph: g}", "{graph: g, params: {n: 24}}"])
def test_a_type_that_is_a_parameter_only_so_far_is_none(instances: str) -> None:
    graph = """
    params: {n: 32}
    inputs: {a: "int32[16]"}
    outputs: {b: "int32[16]"}
    nodes:
      one: {kernel: "k.py:grow", params: {N: n}}
      two: {kernel: "k.py:shrink", params: {N: n}}
    edges: [a -> one.x, one.y -> two.x, two.y -> b]
"""
    fault = refused(design(graph, instances), "one")
    assert "which no parameter of g says" in fault.message


def test_schedules_may_change_what_ports_are() -> None:
    """One that need not apply to other values counts only where it does."""
    steps = "- quantize: {target: y, type: int16}\n    - quantize: {target: x, type: int16}"
    graph = PAIR.replace("{N: n}}", "{N: n}, schedule: narrow}").replace("int32[n]", "int16[n]")
    for more in ("", "\n    - split: {axis: i, factor: 4}\n    - unroll: {axis: i.inner}"):
        project = parsed(f"schedules:\n  narrow:\n    {steps}{more}\n{BODY % graph}").project
        assert ports(collapsed(project, "two")) == ({"x": "int16[n]"}, {"y": "int16[n]"}, {"n": 16})
    square = "- reshape: {buffer: y, shape: [4, 4]}\n    - reshape: {buffer: x, shape: [4, 4]}"
    graph = graph.replace("int16[n]", "int32[4, 4]")
    project = parsed(f"schedules:\n  narrow:\n    {square}\n{BODY % graph}").project
    assert "is not known" in refused(project, "two").message


def test_sizes_are_named_after_ports_and_never_after_parameters() -> None:
    graph = """
    params: {n: 16, k: 3}
    inputs: {a: "int32[size<=n]", size: "int32", other: "int32[k]"}
    outputs: {b: "int32[size<=n]", d: "int32[k]"}
    nodes:
      one: {kernel: "k.py:some", params: {N: n}}
      two: {kernel: "k.py:some", params: {N: n}}
      three: {kernel: "k.py:scale", params: {N: k}}
    edges: [a -> one.x, size -> one.k, one.y -> two.x, size -> two.k, two.y -> b, other -> three.x, three.y -> d]
"""
    made = collapsed(design(graph), "two", "three")
    assert ports(made) == (
        {"x": "int32[size<=n]", "size": "int32", "other": "int32[k]"},
        {"y": "int32[size<=n]", "y_2": "int32[k]"},
        {"n": 16, "k": 3},
    )


def test_blocks_fire_as_often_in_each_instance_as_is_said() -> None:
    """In the graph as it is drawn both blocks fire four times, in the other instance they do not."""
    graph = """
    params: {n: 16, m: 16, r: 4, s: 4}
    inputs: {a: "int32[n]", c: "int32[m]"}
    outputs: {b: "int32[r]", d: "int32[s]"}
    nodes:
      one: {kernel: "k.py:total"}
      two: {kernel: "k.py:total"}
    edges:
      - {from: a, to: one.x, rate: rows}
      - {from: one.y, to: b, rate: rows}
      - {from: c, to: two.x, rate: rows}
      - {from: two.y, to: d, rate: rows}
"""
    made = collapsed(design(graph, "{graph: g}"), "one", "two")
    assert ports(made) == ({"a": "int32[4]", "c": "int32[4]"}, {"y": "int32", "y_2": "int32"}, {})
    made = collapsed(design(graph, "{graph: g, params: {n: 8, r: 2}}"), "one", "two")
    assert ports(made)[0] == {"a": "int32[n]", "c": "int32[m]"}

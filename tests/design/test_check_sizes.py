"""Named sizes over the whole design: what they are called does not matter, what tells them does."""

from __future__ import annotations

from dataclasses import replace

import pytest
from design_projects import checked, loaded, read
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allo_studio.design.check import check
from allo_studio.design.collapsing import collapsing
from allo_studio.design.edits import ExpandNode, RenameGraphPort
from allo_studio.design.fixes import fixes_for
from allo_studio.design.model import Edge, Endpoint, Graph, GraphNode, KernelNode, Node, Project
from allo_studio.design.sizes import renamed_size, with_sizes

SIZED = "float32[n<=16]"


def text(top: str, *subs: str) -> str:
    """Return the text of graphs, of which each is `name | inputs | outputs | nodes | wires`."""
    lines = ["graphs:"]
    for graph in (top, *subs):
        name, inputs, outputs, nodes, wires = (part.strip() for part in graph.split("|"))
        lines += [f"  {name}:", f"    inputs: {{{inputs}}}", f"    outputs: {{{outputs}}}", "    nodes:"]
        lines += [f"      {node.strip()}" for node in nodes.split(";")]
        lines += ["    edges:", *(f"      - {wire.strip()}" for wire in wires.split(";"))]
    return "\n".join([*lines, ""])


KEEP = '{kernel: "sized.py:keep"}'
COUNT = '{kernel: "sized.py:count"}'
FILL = '{kernel: "sized.py:fill"}'
SUB = f'sub | k: int32, A: "float32[k<=16]" | E: "float32[k<=16]" | a: {KEEP} | A -> a.X; k -> a.n; a.Y -> E'
TWO = 'n: int32, m: int32, A: "float32[n<=16]", B: "float32[m<=16]"'
FAULT = "the sizes differ in dimension 1: "


def faults(body: str) -> list[tuple[str, str]]:
    return [(d.where, d.message) for d in checked(body).diagnostics if d.code == "shape"]


def test_names_need_not_be_equal() -> None:
    body = f'g | size: int32, A: "float32[size<=16]" | E: "float32[size<=16]" | a: {KEEP}; b: {KEEP}'
    body += "| size -> a.n; size -> b.n; A -> a.X; a.Y -> b.X; b.Y -> E"
    design = checked(text(body))
    assert design.diagnostics == ()
    assert str(design.edges["g/A->a.X"].type) == "float32[size<=16]"


def test_equal_names_of_different_scalars_are_told() -> None:
    nodes = f"a: {KEEP}; b: {KEEP}"
    wires = "n -> a.n; m -> b.n; A -> a.X; a.Y -> b.X; b.Y -> E"
    body = text(f'g | n: int32, m: int32, A: "{SIZED}" | E: "float32[m<=16]" | {nodes} | {wires}')
    assert faults(body) == [
        ("g/a.Y->b.X", f"{FAULT}a.Y has a.n elements, which is g.n, and b.X has b.n elements, which is g.m")
    ]
    (fault,) = checked(body).diagnostics
    assert (fault.span and fault.span.line, fault.hint) == (15, "wire a.n and b.n to the same scalar")
    assert fault.fixes == ("wire n to b.n", "wire m to a.n")


def test_each_instance_has_its_own_sizes() -> None:
    nodes = "s: {graph: sub}; t: {graph: sub}"
    ends = 'E: "float32[n<=16]", F: "float32[m<=16]"'
    wires = "n -> s.k; m -> t.k; A -> s.A; B -> t.A; s.E -> E; t.E -> F"
    assert faults(text(f"g | {TWO} | {ends} | {nodes} | {wires}", SUB)) == []
    crossed = wires.replace("A -> s.A; B -> t.A", "B -> s.A; A -> t.A")
    assert faults(text(f"g | {TWO} | {ends} | {nodes} | {crossed}", SUB)) == [
        ("g/A->t.A", f"{FAULT}A has n elements, which is g.n, and t.A has t.k elements, which is g.m"),
        ("g/B->s.A", f"{FAULT}B has m elements, which is g.m, and s.A has s.k elements, which is g.n"),
    ]


INNER = (
    f'sub | k: int32, q: int32, A: "float32[k<=16]" | E: "float32[q<=16]" | a: {KEEP}; b: {KEEP} '
    "| A -> a.X; k -> a.n; q -> b.n; a.Y -> b.X; b.Y -> E"
)


def test_two_inputs_of_a_graph_may_be_one_scalar_outside() -> None:
    """What a wire inside a graph needs may hold in one instance and not in another."""
    ports = 'n: int32, m: int32, A: "float32[n<=16]", B: "float32[n<=16]"'
    nodes, ends = "s: {graph: sub}; t: {graph: sub}", 'E: "float32[n<=16]", F: "float32[n<=16]"'
    wires = "n -> s.k; n -> s.q; n -> t.k; n -> t.q; A -> s.A; B -> t.A; s.E -> E; t.E -> F"
    assert faults(text(f"g | {ports} | {ends} | {nodes} | {wires}", INNER)) == []
    body = text(f"g | {ports} | {ends} | {nodes} | {wires.replace('n -> t.q', 'm -> t.q')}", INNER)
    assert faults(body) == [
        ("g/t.E->F", f"{FAULT}t.E has t.q elements, which is g.m, and F has n elements, which is g.n"),
        (
            "sub/a.Y->b.X",
            f"in g/t: {FAULT}a.Y has a.n elements, which is g.n, and b.X has b.n elements, which is g.m",
        ),
    ]


def test_a_block_may_tell_a_size() -> None:
    nodes = f"c: {COUNT}; w: {FILL}; a: {KEEP}"
    wires = "X -> c.X; c.c -> w.m; c.c -> a.n; c.c -> k; x -> w.a; w.Y -> a.X; a.Y -> E"
    good = f'g | X: "float32[16]", x: float32 | k: int32, E: "float32[k<=16]" | {nodes} | {wires}'
    assert checked(text(good)).diagnostics == ()
    wrong = good.replace("c.c -> a.n", "n -> a.n").replace("x: float32 |", "x: float32, n: int32 |")
    assert [message for _, message in faults(text(wrong))] == [
        f"{FAULT}a.Y has a.n elements, which is g.n, and E has k elements, which is g/c.c",
        f"{FAULT}w.Y has w.m elements, which is g/c.c, and a.X has a.n elements, which is g.n",
    ]


def test_a_graph_may_give_a_size_with_its_array() -> None:
    inner = (
        f'sub | X: "float32[16]", x: float32 | k: int32, E: "float32[k<=16]" | c: {COUNT}; w: {FILL} '
        "| X -> c.X; c.c -> w.m; c.c -> k; x -> w.a; w.Y -> E"
    )
    wires = "X -> s.X; x -> s.x; s.k -> a.n; s.k -> k; s.E -> a.X; a.Y -> E"
    ports = 'X: "float32[16]", x: float32 | k: int32, E: "float32[k<=16]"'
    assert checked(text(f"g | {ports} | s: {{graph: sub}}; a: {KEEP} | {wires}", inner)).diagnostics == ()


def test_a_copied_scalar_is_the_same() -> None:
    nodes = f'd: {{duplicate: "int32", copies: 2}}; a: {KEEP}; b: {KEEP}'
    wires = "n -> d.x; d.y0 -> a.n; d.y1 -> b.n; A -> a.X; a.Y -> b.X; b.Y -> E"
    assert checked(text(f'g | n: int32, A: "{SIZED}" | E: "{SIZED}" | {nodes} | {wires}')).diagnostics == ()
    looped = text(f'g | A: "{SIZED}" | E: "{SIZED}" | {nodes} | {wires.replace("n -> d.x", "d.y0 -> d.x")}')
    assert any("wait for each other" in d.message for d in checked(looped).diagnostics)


@pytest.mark.parametrize(
    ("inputs", "outputs", "port"),
    [
        (f'A: "{SIZED}"', 'E: "float32[16]"', "A"),
        (f'A: "{SIZED}", n: float32', 'E: "float32[16]"', "A"),
        (f'A: "{SIZED}"', "n: int32, E: float32", "A"),
        ("A: float32", f'E: "{SIZED}"', "E"),
    ],
)
def test_a_name_at_a_port_is_a_scalar_of_the_graph(inputs: str, outputs: str, port: str) -> None:
    design = checked(text(f"g | {inputs} | {outputs} | a: {KEEP} | A -> a.X"))
    (fault,) = [d for d in design.diagnostics if d.about[:1] == ("no size",)]
    assert (fault.code, fault.where) == ("shape", f"g.{port}")
    assert fault.message == f"{port} is {SIZED}, but graph g has no scalar input 'n' that tells the size"


def test_what_an_unconnected_size_must_be_is_told() -> None:
    nodes, ports = f"a: {KEEP}; b: {KEEP}; c: {KEEP}", f'n: int32, k: int32, A: "{SIZED}"'
    wires = "n -> a.n; A -> a.X; a.Y -> b.X; b.Y -> c.X; c.Y -> E"
    design = checked(text(f'g | {ports} | E: "{SIZED}" | {nodes} | {wires}'))
    hints = {d.where: d.hint for d in design.diagnostics if d.about[:1] == ("not connected",)}
    assert hints == {
        "g/b": "its arrays have n elements: draw a wire from n to b.n",
        "g/c": "its arrays have n elements: draw a wire from n to c.n",
    }
    (unused,) = [d for d in design.diagnostics if d.about == ("not read", "k")]
    assert unused.fixes == ("remove the input k",)


def test_a_number_takes_a_size_away() -> None:
    node = '{kernel: "sized.py:keep", params: {n: 8}}'
    body = f'g | A: "float32[8]" | E: "float32[8]" | a: {node} | A -> a.X; a.Y -> E'
    design = checked(text(body))
    assert design.diagnostics == ()
    assert [str(p) for p in design.ports["g/a"]] == ["X: float32[8]", "Y: float32[8]"]
    (fault,) = checked(text(body.replace("n: 8}", "n: 17}"))).diagnostics
    assert (fault.code, fault.message) == ("params", "the size 'n' is set to 17, but it is a whole number from 1 to 16")


def test_an_instance_sets_the_size_of_a_block_inside() -> None:
    sub = 'sub | A: "float32[N]" | E: "float32[N]" | a: {kernel: "sized.py:keep", params: {n: N}} | A -> a.X; a.Y -> E'
    body = text('g | A: "float32[8]" | E: "float32[8]" | s: {graph: sub, params: {N: 8}} | A -> s.A; s.E -> E', sub)
    body = body.replace("  sub:\n", "  sub:\n    params: {N: 4}\n")
    assert checked(body).diagnostics == ()


# Random designs, and what the sizes are when numbers are put in.

_SCALARS = {"n": 3, "m": 5}


@st.composite
def sized_projects(draw: st.DrawFn) -> Project:
    """A row of blocks between arrays with sizes; each size is one of the scalars, or of those of a graph inside."""

    def row(name: str, scalars: list[str], kinds: list[str]) -> Graph:
        nodes: dict[str, Node] = {}
        edges = []
        size = draw(st.sampled_from(scalars))
        end = Endpoint("", "A")
        for number, kind in enumerate(kinds):
            block = f"b{number}"
            nodes[block] = GraphNode("sub") if kind == "sub" else KernelNode("sized.py", "keep")
            edges.append(Edge(end, Endpoint(block, "A" if kind == "sub" else "X")))
            for port in ("n", "m") if kind == "sub" else ("n",):
                if draw(st.integers(0, 9)):
                    edges.append(Edge(Endpoint("", draw(st.sampled_from(scalars))), Endpoint(block, port)))
            end = Endpoint(block, "E" if kind == "sub" else "Y")
        edges.append(Edge(end, Endpoint("", "E")))
        inputs = {**dict.fromkeys(scalars, "int32"), "A": f"float32[{size}<=16]"}
        outputs = {"E": f"float32[{draw(st.sampled_from(scalars))}<=16]"}
        return Graph(name, "dataflow", inputs, outputs, nodes, tuple(edges))

    inner = row("sub", ["n", "m"], ["keep"] * draw(st.integers(1, 3)))
    kinds = draw(st.lists(st.sampled_from(["keep", "keep", "sub"]), min_size=1, max_size=4))
    return Project("p", top="g", graphs={"g": row("g", ["n", "m"], kinds), "sub": inner})


def wrong_wires(project: Project, graph: str, scalars: dict[str, int | None]) -> set[str]:
    """Return the wires of arrays whose ends have different numbers of elements, where both are known."""
    known, found = project.graphs[graph], set()
    fed = {e.target: scalars[e.source.port] for e in known.edges if e.source.port in scalars and not e.source.node}

    def elements(end: Endpoint) -> int | None:
        if not end.node:
            kind = {**known.inputs, **known.outputs}[end.port]
            return scalars[kind.split("[")[1].split("<")[0]]
        node = known.nodes[end.node]
        if isinstance(node, GraphNode):
            inner = project.graphs[node.graph]
            return fed.get(Endpoint(end.node, {**inner.inputs, **inner.outputs}[end.port].split("[")[1].split("<")[0]))
        return fed.get(Endpoint(end.node, "n"))

    for edge in known.edges:
        if edge.target.port not in ("n", "m"):
            one, two = elements(edge.source), elements(edge.target)
            if one is not None and two is not None and one != two:
                found.add(f"{graph}/{edge.id}")
    for name, node in known.nodes.items():
        if isinstance(node, GraphNode):
            found |= wrong_wires(project, node.graph, {s: fed.get(Endpoint(name, s)) for s in ("n", "m")})
    return found


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(sized_projects())
def test_random_sizes_are_told_where_they_differ(project: Project) -> None:
    design = check(project, read())
    used = any(isinstance(node, GraphNode) for node in project.graphs["g"].nodes.values())
    wanted = wrong_wires(project, "g", dict(_SCALARS))
    if not used:
        wanted |= wrong_wires(project, "sub", dict(_SCALARS))
    assert {d.where for d in design.diagnostics if d.about[:1] == ("sizes",)} == wanted
    for fault in design.diagnostics:
        for fix in fixes_for(design, fault):
            after = check(fix.edit.apply(project), read())
            key = fault.code, fault.where, fault.message
            assert key not in {(d.code, d.where, d.message) for d in after.diagnostics}, (fault, fix)


def test_a_chain_of_fixes_mends_a_design() -> None:
    """Whoever takes the first fix of the first fault, again and again, has a design without faults."""
    nodes = f"a: {KEEP}; b: {KEEP}; c: {KEEP}"
    body = text(f'g | A: "{SIZED}" | E: "float32[16]" | {nodes} | A -> a.X; a.Y -> b.X; b.Y -> c.X; c.Y -> E')
    project = loaded(body).project
    for _ in range(10):
        design = check(project, read())
        if not design.diagnostics:
            break
        project = fixes_for(design, design.diagnostics[0])[0].edit.apply(project)
    assert check(project, read()).diagnostics == ()


def right(project: Project) -> Project:
    """Return a project with each size told by `n`, in a way that is not its first."""
    graphs = {}
    for name, graph in project.graphs.items():
        arrays = [e for e in graph.edges if e.target.port not in ("n", "m")]
        ends = [
            Endpoint(b, p) for b, node in graph.nodes.items() for p in ("nm" if isinstance(node, GraphNode) else "n")
        ]
        sizes = [Edge(Endpoint("", "n"), end) for end in ends]
        inputs = {"n": "int32", "m": "int32", "A": "float32[n<=16]"}
        graphs[name] = replace(graph, inputs=inputs, outputs={"E": "float32[n<=16]"}, edges=(*sizes, *arrays))
    return replace(project, graphs=graphs)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(sized_projects(), st.data())
def test_blocks_with_sizes_can_be_made_a_graph_and_back(project: Project, data: st.DataObject) -> None:
    project = right(project)
    before = check(project, read())
    assert before.ok, before.diagnostics
    nodes = list(project.graphs["g"].nodes)
    first = data.draw(st.integers(0, len(nodes) - 1))
    chosen = tuple(nodes[first : data.draw(st.integers(first + 1, len(nodes)))])
    after = collapsing(before, read(), "g", chosen, "part").apply(project)
    assert check(after, read()).ok, check(after, read()).diagnostics
    back = ExpandNode("g", "part").apply(after)
    assert check(back, read()).ok
    assert {(e.source, e.target) for e in back.graphs["g"].edges} == {
        (e.source, e.target) for e in project.graphs["g"].edges
    }
    renamed = RenameGraphPort("sub", "n", "size").apply(RenameGraphPort("g", "n", "length").apply(project))
    assert renamed.graphs["sub"].inputs["A"] == "float32[size<=16]"
    assert check(renamed, read()).ok


def test_a_size_that_is_told_inside_comes_out_with_its_array() -> None:
    nodes = f"c: {COUNT}; w: {FILL}; a: {KEEP}"
    wires = "X -> c.X; c.c -> w.m; c.c -> a.n; c.c -> k; x -> w.a; w.Y -> a.X; a.Y -> E"
    project = loaded(
        text(f'g | X: "float32[16]", x: float32 | k: int32, E: "float32[k<=16]" | {nodes} | {wires}')
    ).project
    after = collapsing(check(project, read()), read(), "g", ("c", "w"), "part").apply(project)
    assert after.graphs["part"].outputs == {"c_2": "int32", "Y": "float32[c_2<=16]"}
    assert check(after, read()).ok


def test_the_text_of_a_type_keeps_what_is_not_its_sizes() -> None:
    assert with_sizes("Fixed(16, 10)[n<=N, 4 ,m <= 8]", ("a", "", "b")) == "Fixed(16, 10)[a<=N, 4, b<=8]"
    assert renamed_size("float32[n<=nn, n <=4, nn<=n]", "n", "k") == "float32[k<=nn, k <=4, nn<=n]"

"""Random projects and random damage to the text of one, for the laws of loading and saving."""

from __future__ import annotations

from typing import get_args

from hypothesis import strategies as st

from allo_studio.design.model import (
    ConstantNode,
    Disabled,
    Edge,
    Endpoint,
    Graph,
    GraphNode,
    IpNode,
    KernelNode,
    Note,
    NoteColour,
    NoteKind,
    Project,
    StepSpec,
    Target,
    UnknownNode,
)

_LETTERS = "abcxyzABC_"
names = st.builds(lambda a, b: a + b, st.sampled_from(_LETTERS), st.text(_LETTERS + "019", max_size=4)).map(
    lambda n: f"{n}_"
)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
# What YAML texts can hold: everything that can be escaped.
keys = st.one_of(names, st.sampled_from(["off", "yes", "null", "1", "~", "a: b", "- x", "é", ""]))
scalars = st.one_of(
    texts,
    names,
    st.integers(-(10**12), 10**12),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.none(),
)
values = st.recursive(
    scalars, lambda v: st.one_of(st.lists(v, max_size=3), st.dictionaries(keys, v, max_size=3)), max_leaves=6
)
numbers = st.one_of(st.integers(-1000, 1000), st.floats(-1e6, 1e6))
types = st.sampled_from(
    ["int8", "uint1", "float64", "bool", "Fixed(16, 10)", "Struct(x: int32, y: uint8)", "int7[4, n<=8]"]
)
positions = st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
sides = st.floats(16, 1e5)
notes = st.builds(
    Note,
    texts,
    positions,
    st.tuples(sides, sides),
    st.sampled_from(get_args(NoteColour)),
    st.sampled_from(get_args(NoteKind)),
)
steps = st.builds(StepSpec, keys, st.dictionaries(keys, values, max_size=3), st.booleans())
disabled = st.sampled_from(get_args(Disabled))
unknown_nodes = st.builds(
    UnknownNode, st.dictionaries(keys, values, max_size=3).filter(lambda r: not {"kernel", "graph"} & set(r))
)
nodes = st.one_of(
    st.builds(
        KernelNode,
        texts.map(lambda t: f"kernels/{t}.py"),
        names,
        st.dictionaries(names, numbers | types, max_size=2),
        st.none() | names,
        disabled,
    ),
    st.builds(GraphNode, names, disabled=disabled),
    st.builds(ConstantNode, texts.filter(bool), texts, texts, st.booleans(), disabled),
    st.builds(IpNode, texts, disabled),
    unknown_nodes,
)


@st.composite
def edges(draw: st.DrawFn) -> Edge:
    ends = [Endpoint(draw(st.just("") | names), draw(names)) for _ in range(2)]
    channel = draw(st.sampled_from([None, "fifo", "pingpong", "shared"]))
    depth = draw(st.none() | st.integers(1, 64)) if channel in (None, "fifo") else None
    initial = draw(st.just(()) | st.lists(numbers, max_size=3).map(tuple) | numbers.map(lambda n: (n,) * 4))
    return Edge(ends[0], ends[1], channel, depth, initial)


@st.composite
def graphs(draw: st.DrawFn, name: str) -> Graph:
    ports = draw(st.lists(st.tuples(names, texts), max_size=4, unique_by=lambda p: p[0]))
    cut = draw(st.integers(0, len(ports)))
    return Graph(
        name,
        draw(st.sampled_from(["dataflow", "sequential"])),
        dict(ports[:cut]),
        dict(ports[cut:]),
        draw(st.dictionaries(names, nodes, max_size=4)),
        tuple(draw(st.lists(edges(), max_size=4))),
        draw(st.booleans()),
    )


@st.composite
def projects(draw: st.DrawFn) -> Project:
    graph_names = draw(st.lists(names, max_size=3, unique=True))
    return Project(
        name=draw(names),
        target=Target(
            draw(texts),
            draw(st.floats(0.01, 1e5)),
            draw(st.integers(0, 9)),
            interface=draw(st.sampled_from(("ip", "kernel", "stream"))),
        ),
        top=draw(names),
        schedules=draw(st.dictionaries(names, st.lists(steps, max_size=3).map(tuple), max_size=2)),
        graphs={name: draw(graphs(name)) for name in graph_names},
        view=draw(st.dictionaries(keys, st.dictionaries(keys, positions, max_size=3), max_size=2)),
        notes=draw(st.dictionaries(keys, st.dictionaries(names, notes, min_size=1, max_size=3), max_size=2)),
    )


_SNIPPETS = [
    "{",
    "}",
    "[",
    "]",
    ":",
    "- ",
    "&a ",
    "*a",
    "!!x ",
    "\t",
    "\x00",
    "'",
    '"',
    "|",
    "\n",
    "# ",
    "? ",
    "é",
    "%",
    "---",
]
_VALUES = [
    "5",
    "-1",
    ".nan",
    "1e999",
    "null",
    "[]",
    "{}",
    "true",
    "[[[[[]]]]]",
    "x" * 200,
    "{a: {b: {c: d}}}",
    "2 -> 3",
]


@st.composite
def damaged(draw: st.DrawFn, text: str) -> str:
    """Return `text` after up to six random injuries."""
    for _ in range(draw(st.integers(1, 6))):
        lines = text.split("\n")
        line = draw(st.integers(0, len(lines) - 1))
        at = draw(st.integers(0, len(text)))
        match draw(st.sampled_from(["drop line", "twice", "swap", "value", "drop", "put", "indent", "any"])):
            case "drop line":
                del lines[line]
            case "twice":
                lines.insert(line, lines[line])
            case "swap":
                other = draw(st.integers(0, len(lines) - 1))
                lines[line], lines[other] = lines[other], lines[line]
            case "value":
                lines[line] = f"{lines[line].partition(':')[0]}: {draw(st.sampled_from(_VALUES))}"
            case "indent":
                lines[line] = " " * draw(st.integers(0, 6)) + lines[line]
            case "drop":
                lines = (text[:at] + text[at + draw(st.integers(1, 5)) :]).split("\n")
            case "put":
                lines = (text[:at] + draw(st.sampled_from(_SNIPPETS)) + text[at:]).split("\n")
            case "any":
                lines = (text[:at] + draw(texts) + text[at:]).split("\n")
        text = "\n".join(lines)
    return text

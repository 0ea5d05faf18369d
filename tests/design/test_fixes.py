"""Every fix that is offered applies, and the fault that it is offered for is gone after it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain as joined

import pytest
from design_projects import chain, loaded, read
from faulty_projects import chains, faulty_projects
from hypothesis import HealthCheck, given, settings

from allo_studio.design.check import check
from allo_studio.design.checked import CheckedDesign
from allo_studio.design.edits import SetChannel
from allo_studio.design.fixes import RULES, Fix, fixes_for
from allo_studio.design.model import Project
from allo_studio.design.prepare import with_orders
from allo_studio.diagnostics import Diagnostic
from allo_studio.hardware.operators import load_operators

LIBRARY = load_operators("vitis", 3.33)


def whole(project: Project) -> CheckedDesign:
    return with_orders(check(project, read()), LIBRARY)


def key(fault: Diagnostic) -> tuple[str, str, str]:
    return fault.code, fault.where, fault.message


def mended(design: CheckedDesign) -> list[tuple[Diagnostic, Fix, CheckedDesign]]:
    """Return each fault with each of its fixes and what the check says after it."""
    return [
        (fault, fix, whole(fix.edit.apply(design.project)))
        for fault in design.diagnostics
        for fix in fixes_for(design, fault)
    ]


def must_go_away(design: CheckedDesign) -> None:
    for fault, fix, after in mended(design):
        assert key(fault) not in map(key, after.diagnostics), (fault, fix)
        assert fix.edit.describe()
    for fault in design.diagnostics[:100]:
        assert fault.fixes == tuple(fix.text for fix in fixes_for(design, fault))


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(faulty_projects())
def test_every_fix_of_a_random_fault_mends_it(project: Project) -> None:
    must_go_away(check(project, read()))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(chains())
def test_every_fix_of_a_layout_mends_it(project: Project) -> None:
    must_go_away(whole(project))


@dataclass(frozen=True)
class Case:
    """A faulty project, the word for its fault, the fixes that it offers, and which of them (if any) mends all."""

    text: str
    about: str
    fixes: tuple[str, ...]
    mends_all: tuple[int, ...] = ()
    top: str = "g"


ARRAY = '"float32[16]"'


def graph(nodes: str, edges: str, inputs: str = f"A: {ARRAY}", outputs: str = f"E: {ARRAY}", more: str = "") -> str:
    """Return the text of a graph g with blocks and wires between semicolons."""
    head = [*([more] if more else []), f"inputs: {{{inputs}}}", f"outputs: {{{outputs}}}"]
    wires = ["edges:", *(f"  - {edge}" for edge in edges.split("; "))] if edges else []
    body = [*head, "nodes:", *(f"  {node}" for node in nodes.split("; ")), *wires]
    return "\n".join(["graphs:", "  g:", *(f"    {line}" for line in body), ""])


COPY = 'a: {kernel: "copy.py:copy"}'
TWO = f'{COPY}; b: {{kernel: "copy.py:copy"}}'
FLOW = TWO.replace("copy.py:copy", "back.py:flow")
MIXED = f'{COPY}; b: {{kernel: "copy.py:whole"}}'
SMALL = 'a: {kernel: "copy.py:copy", params: {N: 8}}; b: {kernel: "copy.py:copy"}'
BACK = f'{COPY}; b: {{kernel: "back.py:back"}}'
BOTH = 'E: "float32[16]", F: "float32[16]"'
KEEP = 'a: {kernel: "sized.py:keep"}'
KEEPS = f'{KEEP}; b: {{kernel: "sized.py:keep"}}'
SIZED = "float32[n<=16]"
ARRAY_SIZE = f'n: int32, A: "{SIZED}"'
TWO_SIZES = f'n: int32, m: int32, A: "{SIZED}"'
BOTH_SIZED = f'E: "{SIZED}", F: "{SIZED}"'
ASKED = "A -> a.X; {from: a.Y, to: b.X, channel: fifo}; b.Y -> E"


def layouts(one: str, two: str) -> str:
    """Return a row of two blocks with a step each, on the array between them."""
    steps = f"schedules:\n  s:\n    - partition: {{buffer: Y, {one}}}\n  t:\n    - partition: {{buffer: X, {two}}}\n"
    return steps + chain("copy", "copy", schedules={"b0": "s", "b1": "t"})


ADD = 'a: {kernel: "copy.py:add"}'
END = "{from: a.Y, to: E, rate: rows}"
FAR_END = "{from: b.Y, to: E, rate: rows}"
LISTS, LISTS_A, LIST = f'A: "float32[4, 16]", B: {ARRAY}', 'A: "float32[4, 16]"', 'E: "float32[4, 16]"'
SMALL_COPY = 'a: {kernel: "copy.py:copy", params: {N: 8}}'
CONSTANT = f'c: {{constant: "c.npy"}}; {ADD}'
STEPS = "schedules:\n  s:\n    - unroll: {axis: q}\n    - pipeline: {axis: i}\n"
CASES = {
    "element types": Case(
        graph('a: {kernel: "copy.py:whole"}', "A -> a.X; a.Y -> E", outputs='E: "int32[16]"'),
        "elements",
        ("insert a conversion to int32", "make A int32[16]"),
        (0, 1),
    ),
    "element types between blocks": Case(
        graph(MIXED, ASKED, outputs='E: "int32[16]"'),
        "elements",
        ("insert a conversion to int32",),
        (0,),
    ),
    "extents": Case(
        graph(COPY, "A -> a.X; a.Y -> E", 'A: "float32[8]"', 'E: "float32[8]"'),
        "extents",
        ("set N to 8 in a", "make A float32[16]"),
        (0,),
    ),
    "extents between blocks": Case(
        graph(
            'a: {kernel: "copy.py:copy", params: {N: 8}}; b: {kernel: "copy.py:copy"}',
            "A -> a.X; a.Y -> b.X; b.Y -> E",
            'A: "float32[8]"',
        ),
        "extents",
        ("set N to 8 in b", "set N to 16 in a"),
    ),
    "ranks": Case(graph(COPY, "A -> a.X; a.Y -> E", 'A: "float32[4, 4]"'), "ranks", ("make A float32[16]",), (0,)),
    "ranks of a list": Case(
        graph(COPY, f"A -> a.X; {END}", LISTS_A, LIST),
        "ranks",
        ("let rows go over the wire", "make A float32[16]"),
        (0,),
    ),
    "a port's type": Case(
        graph(COPY, "A -> a.X; a.Y -> E", 'A: "flaot[16]"'), "no type", ("make A float32[16]",), (0,)
    ),
    "two readers": Case(
        graph(TWO, "A -> a.X; A -> b.X; a.Y -> E; b.Y -> F", outputs=BOTH),
        "readers",
        ("insert a block with 2 copies of A", "run the blocks of g one after another", "remove the wire A->b.X"),
        (0, 1),
    ),
    "two producers": Case(
        graph(TWO, "A -> a.X; A -> b.X; a.Y -> E; b.Y -> E", more="execution: sequential"),
        "producers",
        ("remove the wire a.Y->E", "remove the wire b.Y->E"),
    ),
    "a wire drawn twice": Case(graph(COPY, "A -> a.X; A -> a.X; a.Y -> E"), "twice", ("keep one of the wires",), (0,)),
    "an input without a wire": Case(
        graph(COPY, "a.Y -> E", inputs=""), "not connected", ("make a.X an input of the graph",), (0,)
    ),
    "an input and the only thing that fits": Case(
        graph(COPY, "a.Y -> E"), "not connected", ("connect A to a.X", "make a.X an input of the graph"), (0,)
    ),
    "an input and several things that fit": Case(
        graph(COPY, "a.Y -> E", inputs='A: "float32[16]", B: "float32[16]"'),
        "not connected",
        ("make a.X an input of the graph",),
    ),
    "an output without a wire": Case(
        graph(COPY, "A -> a.X"), "not used", ("connect a.Y to E", "make a.Y an output of the graph"), (0,)
    ),
    "an output of the graph without a wire": Case(
        graph(COPY, "A -> a.X"), "not fed", ("connect a.Y to E", "remove the output E"), (0,)
    ),
    "an input of the graph without a wire": Case(
        graph(COPY, "a.Y -> E"), "not read", ("connect A to a.X", "remove the input A"), (0,)
    ),
    "a block's name": Case(
        graph('first: {kernel: "copy.py:copy"}', "A -> frist.X; first.Y -> E"),
        "no block",
        ("let the wire end at first.X", "remove the wire A->frist.X"),
        (0,),
    ),
    "a port's name": Case(
        graph('a: {kernel: "copy.py:scaled"}', "A -> a.X; s -> a.aa; a.Y -> E", 'A: "float32[16]", s: float32'),
        "no port",
        ("let the wire end at a.a", "remove the wire s->a.aa"),
        (0,),
    ),
    "a port that faces the other way": Case(
        graph(COPY, "A -> a.X; a.X -> E"),
        "wrong way",
        ("let the wire begin at a.Y", "remove the wire a.X->E"),
        (0,),
    ),
    "a port of the graph that is not there": Case(
        graph(COPY, "A -> a.X; a.Y -> E", inputs=""),
        "no port",
        ("add the input A: float32[16]", "remove the wire A->a.X"),
        (0,),
    ),
    "a wire the wrong way round": Case(
        graph(COPY, "a.X -> A; a.Y -> E"),
        "wrong way",
        ("turn the wire round: A to a.X", "remove the wire a.X->A"),
        (0,),
    ),
    "straight through": Case(
        graph(COPY, "A -> a.X; a.Y -> E; B -> F", 'A: "float32[16]", B: "float32[16]"', BOTH),
        "straight",
        ("remove the wire B->F",),
    ),
    "a cycle": Case(
        graph('a: {kernel: "copy.py:add"}; b: {kernel: "copy.py:copy"}', "A -> a.X; a.Y -> b.X; b.Y -> a.Z"),
        "cycle",
        ("remove the wire b.Y->a.Z", "remove the wire a.Y->b.X", "let b.Y->a.Z hold an element 0 at reset"),
    ),
    "a cycle of several wires": Case(
        graph(
            TWO.replace(":copy", ":add"),
            "a.Y -> b.X; b.Y -> a.X; a.Y -> b.Z; A -> a.Z",
            more="execution: sequential",
        ),
        "cycle",
        ("remove the wire b.Y->a.X", "remove the 2 wires from a to b"),
    ),
    "the top": Case(graph(COPY, "A -> a.X; a.Y -> E"), "no top", ("make g the top",), (0,), top="gg"),
    "a graph in itself": Case(
        "graphs:\n  g:\n    nodes:\n      s: {graph: h}\n  h:\n    nodes:\n      t: {graph: g}\n",
        "contains",
        ("remove s from g", "remove t from h"),
        (1,),
    ),
    "a graph's name": Case(
        "graphs:\n  g:\n    nodes:\n      s: {graph: prat}\n  part: {}\n",
        "no graph",
        ("use the graph part", "remove the block s"),
        (0,),
    ),
    "a schedule's name": Case(
        "schedules:\n  row: []\n" + graph('a: {kernel: "copy.py:copy", schedule: rwo}', "A -> a.X; a.Y -> E"),
        "no schedule",
        ("use the schedule row", "use no schedule"),
        (0, 1),
    ),
    "what a disabled block fed": Case(
        graph('a: {kernel: "copy.py:copy", disabled: true}', "A -> a.X; a.Y -> E"),
        "not fed",
        ("enable a", "remove the output E"),
        (0,),
    ),
    "a bypass of two inputs": Case(
        graph(
            'a: {kernel: "copy.py:add", disabled: bypass}',
            "A -> a.X; B -> a.Z; a.Y -> E",
            f"A: {ARRAY}, B: {ARRAY}",
        ),
        "bypass",
        ("enable a", "disable a without a bypass"),
        (0,),
    ),
    "unify in a dataflow graph": Case(chain("copy", extra="unify: false"), "no unify", ("unify the interfaces",), (0,)),
    "too many banks": Case(
        "schedules:\n  s:\n    - partition: {buffer: X, kind: complete}\n"
        + graph(
            'a: {kernel: "copy.py:square", params: {N: 64}, schedule: s}',
            "A -> a.X; a.Y -> E",
            'A: "float32[64, 64]"',
            'E: "float32[64, 64]"',
        ),
        "banks",
        ("remove step 1 of g/a (partition)",),
        (0,),
    ),
    "a size that nothing tells": Case(
        graph(COPY, "A -> a.X; a.Y -> E", 'A: "float32[n<=16]"'),
        "no size",
        ("make A float32[16]", "add the input n: int32"),
        (0,),
    ),
    "a size with another name": Case(
        graph(KEEP, "A -> a.X; k -> a.n; a.Y -> E", f'k: int32, A: "{SIZED}"', 'E: "float32[k<=16]"'),
        "no size",
        (f"make A {SIZED.replace('n', 'k')}", "add the input n: int32"),
        (0,),
    ),
    "a size that a block waits for": Case(
        graph(KEEP, "A -> a.X; a.Y -> E", f'A: "{SIZED}"', f'E: "{SIZED}"'),
        "no size",
        ("add the input n: int32",),
        (0,),
    ),
    "sizes": Case(
        graph(KEEPS, "A -> a.X; a.Y -> b.X; b.Y -> E; n -> a.n; m -> b.n", TWO_SIZES, 'E: "float32[n<=16]"'),
        "sizes",
        ("wire n to b.n", "wire m to a.n"),
    ),
    "sizes at a port": Case(
        graph(KEEP, "A -> a.X; a.Y -> E; n -> a.n", TWO_SIZES, 'E: "float32[m<=16]"'),
        "sizes",
        ("wire m to a.n", f"make E {SIZED}"),
    ),
    "a size and a number": Case(
        graph(f"{KEEP}; {COPY.replace('a:', 'b:')}", "A -> a.X; a.Y -> b.X; b.Y -> E; n -> a.n", f"{ARRAY_SIZE}"),
        "sizes",
        ("set n to 16 in a",),
    ),
    "a size and a smaller number": Case(
        graph(KEEP, "A -> a.X; a.Y -> E; n -> a.n", 'n: int32, A: "float32[8]"', 'E: "float32[8]"'),
        "extents",
        ("set n to 8 in a", "make A float32[n<=16]"),
    ),
    "a size without a wire": Case(
        graph(KEEPS, "A -> a.X; a.Y -> b.X; b.Y -> E; n -> a.n", f"{ARRAY_SIZE}, m: int32", f'E: "{SIZED}"'),
        "not connected",
        ("connect n to b.n", "make b.n an input of the graph"),
    ),
    "a size without a wire and an array of a number of elements": Case(
        graph(KEEP, "A -> a.X; a.Y -> E"),
        "not connected",
        ("set n to 16 in a", "make a.n an input of the graph"),
        (0,),
    ),
    "an array with a size": Case(
        graph(KEEP, "n -> a.n; a.Y -> E", "n: int32", f'E: "{SIZED}"'),
        "not connected",
        ("make a.X an input of the graph",),
        (0,),
    ),
    "an array with a size that nothing tells": Case(
        graph(KEEP, "", "", ""),
        "not used",
        ("make a.Y an output of the graph",),
    ),
    "elements of an array with a size": Case(
        graph(KEEP, "n -> a.n; A -> a.X; a.Y -> E", f"{ARRAY_SIZE}", 'E: "int32[n<=16]"'),
        "elements",
        ("insert a conversion to int32", f"make E {SIZED}"),
        (0, 1),
    ),
    "readers of an array with a size": Case(
        graph(KEEPS, "n -> a.n; n -> b.n; A -> a.X; A -> b.X; a.Y -> E; b.Y -> F", ARRAY_SIZE, BOTH_SIZED),
        "readers",
        ("insert a block with 2 copies of A", "run the blocks of g one after another", "remove the wire A->b.X"),
        (0, 1),
    ),
    "a step that does not apply": Case(
        STEPS + graph('a: {kernel: "copy.py:copy", schedule: s}', "A -> a.X; a.Y -> E"),
        "step",
        ("remove step 1 of s (unroll)", "cut s off before step 1"),
        (0, 1),
    ),
    "an instance that differs": Case(
        graph("s: {graph: h, params: {K: 8}}", "A -> s.X; s.Y -> E")
        + """\
  h:
    params: {K: 16}
    inputs: {X: "float32[16]"}
    outputs: {Y: "float32[16]"}
    nodes:
      a: {kernel: "copy.py:copy", params: {N: K}}
    edges:
      - X -> a.X
      - a.Y -> Y
""",
        "instance",
        ("let g/s be as graph h is drawn",),
        (0,),
    ),
    "rates that do not balance": Case(
        graph(ADD, f"{{from: A, to: a.X, rate: rows}}; B -> a.Z; {END}", LISTS, LIST),
        "balance",
        ("let the block take the same array at all of its firings",),
        (0,),
    ),
    "a part of a firing": Case(
        graph(SMALL_COPY, f"{{from: A, to: a.X, rate: rows}}; {END}", 'A: "float32[12]"', 'E: "float32[12]"'),
        "part",
        (),
    ),
    "held of what fires often": Case(
        graph(TWO, f"{{from: A, to: a.X, rate: rows}}; {{from: a.Y, to: b.X, rate: held}}; {FAR_END}", LISTS_A, LIST),
        "held",
        ("let the wire carry one array a firing", "let rows go over the wire"),
        (0, 1),
    ),
    "no rows": Case(
        graph(COPY, "{from: A, to: a.X, rate: rows}; a.Y -> E", 'A: "float32[4, 5]"'),
        "rows",
        (),
    ),
    "a constant has no rate": Case(
        graph(CONSTANT, "A -> a.X; {from: c.value, to: a.Z, rate: rows}; a.Y -> E"),
        "no rate",
        ("take the rate off the wire",),
    ),
    "rows without banks": Case(
        "schedules:\n  s:\n    - partition: {buffer: X, kind: cyclic, factor: 2, dim: 1}\n"
        + graph(
            'a: {kernel: "copy.py:square", schedule: s}',
            "{from: A, to: a.X, rate: rows}; {from: a.Y, to: E, rate: rows}",
            'A: "float32[64, 16]"',
            'E: "float32[64, 16]"',
        ),
        "row banks",
        ("remove step 1 of g/a (partition)",),
        (0,),
    ),
    "layouts": Case(
        layouts("kind: cyclic, factor: 4, dim: 1", "kind: block, factor: 2, dim: 1"),
        "conflict",
        (
            "change the partition in step 1 of g/b0 to block 2",
            "change the partition in step 1 of g/b1 to cyclic 4",
            "remove step 1 of g/b0 (partition)",
            "remove step 1 of g/b1 (partition)",
            "keep both and insert a re-layout between them",
            "keep both and copy between them: execution: sequential with unify: false in graph g",
        ),
        (0, 1, 2, 3, 4, 5),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_offered_and_what_it_does(name: str) -> None:
    case = CASES[name]
    design = whole(loaded(case.text, case.top).project)
    found = [d for d in design.diagnostics if d.about[:1] == (case.about,)]
    assert found, [str(d) for d in design.diagnostics]
    assert tuple(fix.text for fix in fixes_for(design, found[0])) == case.fixes
    must_go_away(design)
    for number, fix in enumerate(fixes_for(design, found[0])):
        after = whole(fix.edit.apply(design.project))
        assert (not after.diagnostics) == (number in case.mends_all), [str(d) for d in after.diagnostics]


ORDERS = {
    "a FIFO that can't be": (
        graph(BACK, ASKED),
        "channel",
        ("leave the channel to the compiler", "use a ping-pong buffer"),
    ),
    "a depth on what is no FIFO": (
        graph(BACK, ASKED.replace("channel: fifo", "depth: 4")),
        "depth",
        ("remove the depth",),
    ),
    "a shared buffer": (
        graph(TWO, ASKED.replace("fifo", "shared")),
        "channel",
        ("leave the channel to the compiler", "use a ping-pong buffer"),
    ),
    "a FIFO of blocks in turn": (
        graph(FLOW, ASKED, more="execution: sequential"),
        "channel",
        ("leave the channel to the compiler", "run the blocks of g at the same time"),
    ),
    "a depth at a port": (
        graph(COPY, "{from: A, to: a.X, channel: fifo, depth: 2}; a.Y -> E"),
        "channel",
        ("remove the depth", "leave the channel to the compiler"),
    ),
}


@pytest.mark.parametrize("name", ORDERS)
def test_channels_that_cannot_be(name: str) -> None:
    text, about, fixes = ORDERS[name]
    design = whole(loaded(text).project)
    (fault,) = design.diagnostics
    assert (fault.code, fault.about, fault.fixes) == ("order", (about,), fixes)
    for fix in fixes_for(design, fault):
        assert whole(fix.edit.apply(design.project)).diagnostics == ()


def test_each_rule_has_a_case() -> None:
    told = {case.about for case in CASES.values()} | {about for _, about, _ in ORDERS.values()}
    # Those of external blocks and constants need files: see tests/ip and test_constant_blocks.
    assert told | {"fixed", "constant size"} == set(RULES)


def test_a_schedule_that_others_use_stays_for_them() -> None:
    steps = ["partition: {buffer: Y, kind: cyclic, factor: 4}", "partition: {buffer: X, kind: block, factor: 2}"]
    text = "schedules:\n  s:\n" + "".join(f"    - {step}\n" for step in steps)
    design = whole(loaded(text + chain("copy", "copy", schedules={"b0": "s", "b1": "s"})).project)
    (fault,) = [d for d in design.diagnostics if d.code == "layout"]
    fix = next(f for f in fixes_for(design, fault) if f.text.startswith("remove step 1"))
    changed = fix.edit.apply(design.project)
    assert changed.schedules["s"] == design.project.schedules["s"]
    assert changed.schedules["s_b0"] == design.project.schedules["s"][1:]
    assert whole(changed).ok


def test_a_step_that_is_right_for_another_block_stays_there() -> None:
    nodes = 'a: {kernel: "copy.py:square", schedule: s}; b: {kernel: "copy.py:copy", schedule: s}'
    text = STEPS.replace("axis: q", "axis: j") + graph(nodes, "A -> b.X; b.Y -> E")
    design = whole(loaded(text).project)
    (fault,) = [d for d in design.diagnostics if d.about == ("step",)]
    changed = fixes_for(design, fault)[0].edit.apply(design.project)
    assert (fault.where, len(changed.schedules["s"]), len(changed.schedules["s_b"])) == ("g/b#0", 2, 1)


def test_steps_that_are_wrong_alike_are_cut_off() -> None:
    text = STEPS.replace("pipeline: {axis: i}", "unroll: {axis: q}")
    design = whole(loaded(text + graph('a: {kernel: "copy.py:copy", schedule: s}', "A -> a.X; a.Y -> E")).project)
    assert [fix.text for fix in fixes_for(design, design.diagnostics[0])] == ["cut s off before step 1"]
    must_go_away(design)


def test_a_conversion_keeps_what_was_asked_of_the_wire() -> None:
    design = whole(loaded(CASES["element types between blocks"].text).project)
    after = fixes_for(design, design.diagnostics[0])[0].edit.apply(design.project)
    assert [(e.id, e.channel) for e in after.graphs["g"].edges[1:3]] == [
        ("a.Y->convert.x", None),
        ("convert.y->b.X", "fifo"),
    ]
    text = CASES["element types"].text.replace("copy.py:whole", "back.py:whole")
    boundary = whole(SetChannel("g", "A->a.X", "fifo").apply(loaded(text).project))
    after = fixes_for(boundary, boundary.diagnostics[0])[0].edit.apply(boundary.project)
    assert [(e.id, e.channel) for e in after.graphs["g"].edges[:2]] == [
        ("A->convert.x", "fifo"),
        ("convert.y->a.X", None),
    ]
    assert whole(after).ok


def test_an_inserted_block_lies_between_its_neighbours() -> None:
    project = replace(loaded(CASES["element types"].text).project, view={"g": {"@A": (0.0, 0.0), "a": (200.0, 80.0)}})
    design = whole(project)
    after = fixes_for(design, design.diagnostics[0])[0].edit.apply(project)
    assert after.view["g"]["convert"] == (100.0, 40.0)


def test_the_fixes_of_very_many_faults_are_found_when_asked_for() -> None:
    text = graph("; ".join(f'a{i}: {{kernel: "copy.py:copy"}}' for i in range(150)), "", "", "")
    design = check(loaded(text).project, read())
    told = [bool(d.fixes) for d in design.diagnostics]
    assert (len(told), sum(told)) == (300, 100)
    assert all(fixes_for(design, d) for d in joined(design.diagnostics[:1], design.diagnostics[-1:]))

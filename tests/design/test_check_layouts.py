"""Interface unification: demands meet along the wires, conflicts name both."""

from __future__ import annotations

import pytest
from design_projects import chain, checked

from allo_studio.design.checked import CheckedDesign


def layouts(design: CheckedDesign) -> dict[str, str]:
    return {key: str(layout) for key, layout in design.layouts.items()}


def schedule(name: str, *partitions: str) -> str:
    lines = [f"  {name}:"] + [f"    - partition: {{{p}}}" for p in partitions]
    return "\n".join(lines) + "\n"


CYCLIC_2 = schedule("c2", "buffer: Y, kind: cyclic, dim: 1, factor: 2")
IN_CYCLIC_4 = schedule("i4", "buffer: X, kind: cyclic, dim: 1, factor: 4")
IN_BLOCK_4 = schedule("i4", "buffer: X, kind: block, dim: 1, factor: 4")


def pair(text: str, **options: str) -> CheckedDesign:
    body = chain("copy", "copy", schedules={"b0": "c2", "b1": "i4"}, **options)
    return checked(body + "schedules:\n" + text)


def test_both_ends_take_the_meet() -> None:
    design = pair(CYCLIC_2 + IN_CYCLIC_4)
    assert design.ok
    assert layouts(design) == {
        "g.A": "(-)",
        "g.E": "(-)",
        "g/b0.X": "(-)",
        "g/b0.Y": "(cyclic 4)",
        "g/b1.X": "(cyclic 4)",
        "g/b1.Y": "(-)",
    }


def test_a_conflict_names_both_demands() -> None:
    six = IN_CYCLIC_4.replace("factor: 4", "factor: 9")
    design = pair(CYCLIC_2 + six)
    (fault,) = design.diagnostics
    assert (fault.code, fault.where) == ("layout", "g/b0.Y->b1.X")
    assert "g/b0 demands cyclic 2 in dimension 1 of Y (step 1 of its schedule, kernel copy)" in fault.message
    assert "g/b1 demands cyclic 9 in dimension 1 of X (step 1 of its schedule, kernel copy)" in fault.message
    assert len(fault.fixes) == 6
    assert not design.edges["g/b0.Y->b1.X"].ok


def test_a_demand_of_an_array_in_another_shape() -> None:
    """Dimensions that a step made have no demands before it."""
    rows = "    - reshape: {buffer: Y, shape: [2, 8]}\n    - partition: {buffer: Y, kind: cyclic, dim: 2, factor: 2}\n"
    one, two = rows, rows.replace("Y", "X").replace("factor: 2", "factor: 5")
    design = pair(f"  c2:\n{one}  i4:\n{two}")
    (fault,) = design.diagnostics
    assert "g/b0 demands cyclic 2 in dimension 2 of Y (step 2 of its schedule, kernel copy)" in fault.message
    assert "g/b1 demands cyclic 5 in dimension 2 of X (step 2 of its schedule, kernel copy)" in fault.message
    assert pair(f"  c2:\n{one}  i4:\n{two.replace('factor: 5', 'factor: 4')}").ok


def test_the_ends_of_a_fifo_may_differ() -> None:
    body = chain("copy", "copy", schedules={"b0": "c2", "b1": "i4"})
    body = body.replace("- b0.Y -> b1.X", "- {from: b0.Y, to: b1.X, channel: fifo}")
    design = checked(body + "schedules:\n" + CYCLIC_2 + IN_CYCLIC_4.replace("factor: 4", "factor: 9"))
    assert design.ok
    assert layouts(design)["g/b0.Y"] == "(cyclic 2)"
    assert layouts(design)["g/b1.X"] == "(cyclic 9)"


def test_complete_goes_with_everything() -> None:
    design = pair(CYCLIC_2 + schedule("i4", "buffer: X, kind: complete, dim: 1"))
    assert design.ok
    assert layouts(design)["g/b0.Y"] == "(complete)"


def test_without_unification_each_end_keeps_its_own() -> None:
    design = pair(CYCLIC_2 + IN_BLOCK_4, execution="sequential", extra="unify: false")
    assert design.ok
    assert layouts(design)["g/b0.Y"] == "(cyclic 2)"
    assert layouts(design)["g/b1.X"] == "(block 4)"
    assert {edge: info.relayout for edge, info in design.edges.items()} == {
        "g/A->b0.X": False,
        "g/b0.Y->b1.X": True,
        "g/b1.Y->E": False,
    }


def test_without_unification_the_boundary_takes_the_blocks_layout() -> None:
    body = chain("copy", schedules={"b0": "i4"}, execution="sequential", extra="unify: false")
    design = checked(body + "schedules:\n" + IN_CYCLIC_4)
    assert layouts(design)["g.A"] == "(cyclic 4)"
    assert not design.edges["g/A->b0.X"].relayout


def test_a_dataflow_graph_is_unified_and_says_so() -> None:
    design = pair(CYCLIC_2 + IN_CYCLIC_4, extra="unify: false")
    (fault,) = design.diagnostics
    assert (fault.code, fault.severity, fault.where) == ("layout", "warning", "g")
    assert "sequential" in fault.hint
    assert layouts(design)["g/b0.Y"] == "(cyclic 4)"
    assert not design.edges["g/b0.Y->b1.X"].relayout


NESTED = """\
graphs:
  g:
    execution: sequential
    inputs: {A: "float32[16]"}
    outputs: {E: "float32[16]"}
    nodes: {s: {graph: h}, t: {graph: h}, k: {kernel: "copy.py:copy", schedule: i4}}
    edges: [A -> s.P, s.Q -> t.P, t.Q -> k.X, k.Y -> E]
  h:
    inputs: {P: "float32[16]"}
    outputs: {Q: "float32[16]"}
    nodes: {m: {kernel: "copy.py:copy"}}
    edges: [P -> m.X, m.Y -> Q]
schedules:
"""


def test_layouts_cross_the_hierarchy_and_instances_are_apart() -> None:
    design = checked(NESTED + IN_CYCLIC_4)
    assert design.ok
    found = layouts(design)
    assert {key for key, layout in found.items() if layout == "(cyclic 4)"} == {"g/t.Q", "g/t/m.Y", "g/k.X"}
    assert found["g/s/m.Y"] == found["g/s.Q"] == found["g/t/m.X"] == "(-)"


def test_a_conflict_across_the_hierarchy() -> None:
    text = NESTED.replace('m: {kernel: "copy.py:copy"}', 'm: {kernel: "copy.py:copy", schedule: c2}')
    design = checked(text + CYCLIC_2 + IN_CYCLIC_4.replace("factor: 4", "factor: 9"))
    (fault,) = design.diagnostics
    assert "h/m demands cyclic 2" in fault.message
    assert "g/k demands cyclic 9" in fault.message


def test_too_many_banks() -> None:
    body = """\
graphs:
  g:
    inputs: {A: "float32[64, 64]"}
    outputs: {E: "float32[64, 64]"}
    nodes: {b: {kernel: "copy.py:square", params: {N: 64}, schedule: s}}
    edges: [A -> b.X, b.Y -> E]
schedules:
"""
    design = checked(body + schedule("s", "buffer: X, kind: complete, dim: 0"))
    (fault,) = [d for d in design.diagnostics if d.code == "layout"]
    assert fault.where == "g/b"
    assert "4096 banks; at most 1024" in fault.message
    assert "g/b demands complete in dimension 2 of X" in fault.message
    assert checked(body + schedule("s", "buffer: X, kind: cyclic, dim: 0, factor: 32")).ok


@pytest.mark.parametrize("factor", [2, 8])
def test_the_step_that_decided_is_named(factor: int) -> None:
    text = schedule(
        "c2", "buffer: X, kind: cyclic, dim: 1, factor: 2", f"buffer: Y, kind: cyclic, dim: 1, factor: {factor}"
    )
    design = pair(text + IN_CYCLIC_4.replace("factor: 4", "factor: 9"))
    (fault,) = design.diagnostics
    assert f"g/b0 demands cyclic {factor} in dimension 1 of Y (step 2" in fault.message

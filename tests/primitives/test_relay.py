"""`relay`: the links that an array becomes, that the stages compute what the kernel did, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from nest_steps import refusal, unchanged
from random_elements import elements_text, passed_on
from step_kernels import kernel, random_inputs
from test_dataflow import in_turn

from allo_studio.analysis.streams import Refusal, consumer_orders, consumer_width, producer_order
from allo_studio.execute import jit
from allo_studio.ir import KernelIR
from allo_studio.primitives.base import Step
from allo_studio.primitives.dataflow import Dataflow
from allo_studio.primitives.inline import Inline
from allo_studio.primitives.partition import Partition
from allo_studio.primitives.relay import Relay
from allo_studio.primitives.stages import Handover, handovers, plan_stages, take_apart
from allo_studio.primitives.unfold import Unfold
from allo_studio.schedule import applicable
from allo_studio.verification import verify

PRODUCT = """
def product(A: int32[2, 4], B: int32[4, 3]) -> int32[2, 3]:
    C: int32[2, 3] = 5
    for i, j in grid(2, 3, name="PE"):
        for k in range(4):
            C[i, j] += A[i, k] * B[k, j]
    return C
"""
# A sum goes through the elements; each keeps a weight.
WEIGHTS = """
def weights(A: int32[5, 3], B: int32[3, 2], D: int32[5, 2]) -> int32[5, 2]:
    C: int32[5, 2]
    for i, j in grid(5, 2, name="first"):
        C[i, j] = D[i, j]
    for k, j in grid(3, 2, name="PE"):
        for i in range(5):
            C[i, j] += A[i, k] * B[k, j]
    return C
"""
FIFOS = """
def fifos(A: int32[2, 4], x: int32[4]) -> (int32[2, 3], int32[2, 4]):
    Q: int32[2, 4, 4]
    C: int32[2, 3]
    D: int32[2, 4]
    {load}
    for i, j in grid(2, 3, name="PE"):
        total: int32 = 0
        for k in range(4):
            total += Q[i, j, k] * x[k]
            Q[i, j + 1, k] = Q[i, j, k] + 1
        C[i, j] = total
    for p, q in grid(2, 4, name="drain"):
        D[p, q] = Q[p, 3, q]
    return C, D
"""
ROWS = "for m, k in grid(2, 4, name='load'):\n        Q[m, 0, k] = A[m, k]"
COLUMNS = "for k, m in grid(4, 2, name='load'):\n        Q[m, 0, k] = A[m, k]"
TEXTS = {"product": PRODUCT, "weights": WEIGHTS, "fifos": FIFOS.format(load=ROWS)}


def elements(name: str, text: str | None = None, axes: tuple[int, ...] = (0, 1)) -> KernelIR:
    return Unfold("PE", axes).apply(kernel(name, text or TEXTS[name]))


def passed(ir: KernelIR) -> list[Handover]:
    ir = Dataflow(ir.name).apply(ir)
    return list(handovers(ir, plan_stages(ir)))


def relayed(ir: KernelIR, *steps: Step) -> KernelIR:
    """Return the kernel after steps that leave what it computes, of which every link is a FIFO with proven ends."""
    before = ir
    for step in steps:
        ir = unchanged(ir, step)
    assert verify(before, ir, trials=3)
    after = Dataflow(ir.name).apply(ir)
    given = dict(random_inputs(after, 1))
    want, found = jit(after).run(given), in_turn(after, given)
    for output, array in want.items():
        np.testing.assert_array_equal(found[output], array)
    parts = {part.name: part.kernel for part in take_apart(after)}
    for one in handovers(after, plan_stages(after)):
        if one.depth is not None:
            name = one.buffer.name
            assert not isinstance(producer_order(parts[one.source], name), Refusal), name
            width = consumer_width(parts[one.target], name)
            assert not isinstance(consumer_orders(parts[one.target], name, width), Refusal), name
    return ir


def test_what_the_elements_read_goes_from_each_to_the_next() -> None:
    ir = relayed(elements("product"), Relay("A", "PE", 1), Relay("B", "PE", 0, 4), Relay("C", "PE"))
    links = {h.buffer.name: (h.source, h.target, h.depth, h.buffer.type.shape) for h in passed(ir)}
    assert links["A_1_0"] == ("A_load", "PE_pe_1_0", 0, (4,))
    assert links["A_1_1"] == ("PE_pe_1_0", "PE_pe_1_1", 0, (4,))
    assert links["B_0_2"] == ("B_load", "PE_pe_0_2", 4, (4,))
    assert links["B_1_2"] == ("PE_pe_0_2", "PE_pe_1_2", 4, (4,))
    assert links["C_1_2"] == ("PE_pe_1_2", "C_drain", 0, (1,))
    assert len(links) == 3 * 6
    # The first value is set in the elements, and nothing else writes the result.
    assert not any(loop.role == "init" for loop in ir.loops())
    assert [a.name for a in ir.at("C_drain").arguments() if a.direction != "in"] == ["C"]


def test_without_an_axis_each_element_is_fed() -> None:
    ir = relayed(elements("product"), Relay("A", "PE"), Relay("C", "PE"), Relay("B", "PE"))
    sources = {h.buffer.name: h.source for h in passed(ir)}
    assert {source for name, source in sources.items() if name[0] == "A"} == {"A_load"}
    assert {source for name, source in sources.items() if name[0] == "B"} == {"B_load"}


def test_a_sum_goes_through_the_elements_that_add_to_it() -> None:
    ir = relayed(elements("weights"), Relay("C", "PE", 0), Relay("A", "PE", 1), Relay("B", "PE"))
    ways = [(h.source, h.target) for h in passed(ir) if h.buffer.name.startswith("C_") and "_1" in h.buffer.name]
    assert ("C_first_load", "PE_pe_0_1") in ways
    assert ("PE_pe_0_1", "PE_pe_1_1") in ways
    assert ("PE_pe_2_1", "C_drain") in ways
    # It streams through; what an element keeps is its weight.
    kept = {b.name[0] for name in ir.functions for b in ir.at(name).buffers() if "local" in b.name}
    assert kept == {"B"}


def test_an_array_that_elements_hand_on_is_split_into_its_parts() -> None:
    base = elements("fifos")
    ir = relayed(base, Relay("Q", "PE", 1, 2), Relay("C", "PE"), Relay("x", "PE"))
    assert all(buffer.name != "Q" for name in ir.functions for buffer in ir.at(name).buffers())
    links = {h.buffer.name: (h.source, h.target, h.depth) for h in passed(ir) if h.buffer.name[0] == "Q"}
    assert links == {
        "Q_0_0": ("load", "PE_pe_0_0", 2),
        "Q_0_1": ("PE_pe_0_0", "PE_pe_0_1", 2),
        "Q_0_2": ("PE_pe_0_1", "PE_pe_0_2", 2),
        "Q_0_3": ("PE_pe_0_2", "drain", 2),
        "Q_1_0": ("load", "PE_pe_1_0", 2),
        "Q_1_1": ("PE_pe_1_0", "PE_pe_1_1", 2),
        "Q_1_2": ("PE_pe_1_1", "PE_pe_1_2", 2),
        "Q_1_3": ("PE_pe_1_2", "drain", 2),
    }
    # The loops over the parts are copies, and those inside of a loop that stays are in its body.
    assert [loop.name for loop in ir.at("load").loops()] == ["k", "k"]
    inner = elements("fifos", FIFOS.format(load=COLUMNS))
    ir = relayed(inner, Relay("Q", "PE"), Relay("C", "PE"), Relay("x", "PE"))
    assert [loop.name for loop in ir.loops() if loop.band == "load"] == ["k"]
    assert "load" not in ir.functions


def test_elements_at_the_edge_take_from_elsewhere() -> None:
    text = """
def f(A: int32[2, 4], x: int32[4]) -> (int32[2, 3], int32[2, 4]):
    Q: int32[2, 3, 4]
    C: int32[2, 3]
    for i, j in grid(2, 3, name="PE"):
        total: int32 = 0
        for k in range(4):
            a: int32 = 0
            if j == 0:
                a = A[i, k] + x[k]
            else:
                a = Q[i, j - 1, k]
            total += a
            Q[i, j, k] = a * 2
        C[i, j] = total
    D: int32[2, 4]
    for p, q in grid(2, 4, name="drain"):
        if p == 0:
            D[p, q] = Q[0, 2, q]
        else:
            D[p, q] = Q[1, 2, q] - 1
    return C, D
"""
    steps = [Relay("Q", "PE", 1), Relay("A", "PE"), Relay("x", "PE"), Relay("C", "PE")]
    ir = relayed(elements("f", text), *steps)
    links = {h.buffer.name: (h.source, h.target) for h in passed(ir)}
    assert links["Q_0_0"] == ("PE_pe_0_0", "PE_pe_0_1")
    assert {links["Q_0_2"][1], links["Q_1_2"][1]} == {"drain"}
    assert {name for name in links if name[0] in "Ax"} == {"A_0_0", "A_1_0", "x_0_0", "x_1_0"}


def test_a_part_that_nothing_reads_is_not_made() -> None:
    text = TEXTS["fifos"].replace("D[p, q] = Q[p, 3, q]", "D[p, q] = A[p, q]")
    ir = relayed(elements("fifos", text), Relay("Q", "PE"), Relay("C", "PE"), Relay("x", "PE"))
    assert "Q_0_2" in {b.name for b in ir.buffers()}
    assert "Q_0_3" not in {b.name for b in ir.buffers()}


def test_parts_with_banks_of_their_own_are_loaded_at_the_same_time() -> None:
    base = kernel("product", PRODUCT)
    for buffer, dim in (("A", 1), ("B", 2)):
        base = Partition(buffer, dim=dim).apply(base)
    ir = relayed(Unfold("PE", (0, 1)).apply(base), Relay("A", "PE", 1), Relay("B", "PE", 0), Relay("C", "PE"))
    (loop,) = [loop for loop in ir.loops() if loop.band == "A_load"]
    assert (loop.trip, len(loop.children)) == (4, 0)


def test_what_is_read_in_no_order_goes_through_a_copy() -> None:
    text = """
def f(x: int32[6], A: int32[3, 6]) -> int32[3]:
    y: int32[3]
    for i in grid(3, name="PE"):
        total: int32 = 0
        for k in range(6):
            total += A[i, k] * x[5 - k] + x[A[i, 0] & 3]
        y[i] = total
    return y
"""
    ir = relayed(elements("f", text, (0,)), Relay("x", "PE", 0), Relay("A", "PE"), Relay("y", "PE"))
    assert [b.type.shape for b in ir.at("PE_pe_1").buffers() if b.name.startswith("x") and b.kind == "local"] == [(6,)]


def test_one_element_and_types_of_all_kinds() -> None:
    text = """
def f(A: uint8[1, 2], s: Fixed(12, 4)[2]) -> Fixed(20, 4)[1]:
    y: Fixed(20, 4)[1] = 0
    for i in grid(1, name="PE"):
        for k in range(2):
            y[i] += s[k] * A[i, k]
    return y
"""
    ir = relayed(elements("f", text, (0,)), Relay("A", "PE"), Relay("s", "PE"), Relay("y", "PE"))
    types = {b.name: str(b.type) for b in ir.buffers()}
    assert (types["A_0"], types["s_0"], types["y_0"]) == ("uint8[2]", "Fixed(12, 4)[2]", "Fixed(20, 4)[1]")


def test_it_is_taken_back_and_does_not_hinder_inlining() -> None:
    ir = relayed(elements("product"), Relay("A", "PE", 1), Relay("C", "PE"), Relay("B", "PE"))
    assert verify(ir, Inline().apply(ir), trials=2)


@pytest.mark.parametrize("seed", range(8))
def test_random_elements(seed: int) -> None:
    base = kernel("f", elements_text(seed))
    ir, steps = passed_on(base, seed)
    verdict = verify(base, ir, trials=3)
    assert verdict, (str(verdict), steps)
    if Dataflow("f").check(ir):
        # Few arrays were relayed, so that there is one stage.
        return
    after = Dataflow("f").apply(ir)
    given = dict(random_inputs(after, seed))
    want, found = jit(after).run(given), in_turn(after, given)
    for output, array in want.items():
        np.testing.assert_array_equal(found[output], array)


def changed(old: str, new: str) -> str:
    assert old in TEXTS["fifos"]
    return TEXTS["fifos"].replace(old, new)


REFUSED = {
    "first value": (
        changed("Q: int32[2, 4, 4]", "Q: int32[2, 4, 4] = 0"),
        "Q[0, 0, :] is written by nest Q_init and by nest load",
    ),
    "order": (
        changed("Q[m, 0, k] = A[m, k]", "Q[m, 0, 3 - k] = A[m, k]"),
        "this cannot be a FIFO: it writes Q_0_0[1] before Q_0_0[0], which is not row-major order",
    ),
    "again": (
        changed("D[p, q] = Q[p, 3, q]", "D[p, q] = Q[p, 3, 3 - q]"),
        "this cannot be a FIFO: it reads Q_0_3[1] before Q_0_3[0], which is not row-major order",
    ),
}


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_parts_that_are_no_fifos(name: str) -> None:
    text, message = REFUSED[name]
    (found,) = Relay("Q", "PE", 1).check(elements("fifos", text))
    assert found.message == message
    assert found.hint
    assert found.span is not None


def test_other_refusals() -> None:
    product = elements("product")
    assert refusal(product, Relay("C", "PE", 1)) == "every part of C is used by one processing element alone"
    assert refusal(product, Relay("A", "nest")) == "product has no processing elements of a nest 'nest'"
    assert "goes from element 0, 0 to element 0, 1" in refusal(elements("fifos"), Relay("Q", "PE", 0))
    settled = Dataflow("product").apply(relayed(product, Relay("A", "PE"), Relay("C", "PE")))
    (late,) = Relay("B", "PE").check(settled)
    assert late.message == "relay may change the stages of product, which run at the same time"
    table = """
def f(A: int32[2, 3]) -> int32[2]:
    t: int32[3] = [1, 2, 3]
    y: int32[2] = 0
    for i in grid(2, name="PE"):
        for k in range(3):
            y[i] += A[i, k] * t[k]
    return y
"""
    message = refusal(elements("f", table, (0,)), Relay("t", "PE"))
    assert message in ("no processing element of PE uses t", "t is a table of constants, so it is not passed on")


def test_something_else_between_the_elements() -> None:
    text = """
def f(A: int32[4]) -> int32[4]:
    y: int32[4] = 0
    for i in grid(2, name="PE"):
        y[i] += A[i]
    for p in grid(2, name="other"):
        y[p + 2] = A[p]
    for i in grid(2, name="PE2"):
        y[i + 2] += y[i]
    return y
"""
    ir = elements("f", text, (0,))
    # Another nest before or after is none of the elements' business.
    assert Relay("y", "PE").check(ir) == ()
    ir = unchanged(ir, Relay("y", "PE"))
    assert verify(kernel("f", text), ir, trials=3)


def test_the_menu_has_arrays_and_axes() -> None:
    offered = [(dict(e.args), dict(e.choices)) for e in applicable(elements("product")) if e.name == "relay"]
    assert offered == [
        ({"buffer": "A", "dst": "PE"}, {"axis": (1,)}),
        ({"buffer": "A", "dst": "PE"}, {}),
        ({"buffer": "B", "dst": "PE"}, {"axis": (0,)}),
        ({"buffer": "B", "dst": "PE"}, {}),
        ({"buffer": "C", "dst": "PE"}, {}),
    ]
    assert not [e for e in applicable(kernel("product", PRODUCT)) if e.name == "relay"]

"""Proofs that an argument may be a FIFO, against the sequence of accesses of every iteration."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_pieces import draw_pieces
from stream_sequences import KERNELS, flat, kernel, numbers_in, sequence

from allo_studio.analysis.ports import infer_ports
from allo_studio.analysis.streams import ConsumerOrder, ProducerOrder, Refusal, consumer_orders, producer_order
from allo_studio.diagnostics import AlloError
from allo_studio.frontend import parse_kernel
from allo_studio.hardware.operators import load_operators
from allo_studio.hardware.schedule import schedule_kernel
from allo_studio.ir import KernelIR
from allo_studio.schedule import applicable, from_specs, schedule
from allo_studio.source import Source

BASES = {name: kernel(name) for name in KERNELS}
LIBRARY = load_operators("vitis", 3.33)
STEPS = ("split", "reorder", "unroll", "pipeline", "buffer_at")


def grow(data: st.DataObject, base: KernelIR) -> KernelIR:
    scheduled = schedule(base)
    for _ in range(data.draw(st.integers(0, 4), label="steps")):
        offered = [entry for entry in applicable(scheduled.ir) if entry.name in STEPS]
        if not offered:
            break
        name = data.draw(st.sampled_from(sorted({entry.name for entry in offered})), label="kind")
        entry = data.draw(st.sampled_from([e for e in offered if e.name == name]), label="step")
        chosen = {key: data.draw(st.sampled_from(values), label=key) for key, values in entry.choices.items()}
        scheduled = scheduled.apply(entry.step(**chosen))
    return scheduled.ir


def in_order(ir: KernelIR, name: str, elements: list[tuple[int, ...]], width: int) -> bool:
    """Tell whether elements come once each, a token of `width` after the other, in any order inside a token."""
    numbers = flat(ir, name, elements)
    if len(numbers) != ir.find_buffer(name).type.size or len(numbers) % width:
        return False
    tokens = [sorted(numbers[n : n + width]) for n in range(0, len(numbers), width)]
    return [n for token in tokens for n in token] == list(range(len(numbers)))


def assert_true(ir: KernelIR, name: str, refusal: Refusal, elements: list[tuple[int, ...]], verb: str) -> None:
    """Check what a refusal says of the sequence."""
    named = numbers_in(refusal.reason, name)
    size = ir.find_buffer(name).type.size
    if refusal.reason.endswith("more than once"):
        assert elements.count(named[0]) > 1
    elif refusal.reason.endswith("which is not row-major order"):
        first, second = named
        assert first > second
        assert min(n for n, e in enumerate(elements) if e == first) < max(
            n for n, e in enumerate(elements) if e == second
        )
    elif f"only a part of {name}" in refusal.reason:
        assert len(set(elements)) < size
    elif "does not begin at 0" in refusal.reason or "not what is inside" in refusal.reason:
        assert any(loop.unroll == 0 for loop in ir.loops())
    elif "which makes lanes of it" in refusal.reason:
        assert any(loop.pipeline and loop.descendants() for loop in ir.loops())
    elif "not contiguous" in refusal.reason or "unrolled partly" in refusal.reason:
        assert any(loop.unroll is not None for loop in ir.loops())
    elif "elements at a time" in refusal.reason or "no outer loop uses" in refusal.reason:
        assert verb == "reads"
    elif "is read again" in refusal.reason:
        assert verb == "writes"
        assert sequence(ir, name, write=False)
    elif "is never read" in refusal.reason:
        assert verb == "reads"
        assert not elements
    else:
        assert f"{name} is written at" in refusal.reason, refusal.reason
        assert "at 1 places" not in refusal.reason


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), name=st.sampled_from(sorted(BASES)))
def test_what_a_producer_is_said_to_write_it_writes(data: st.DataObject, name: str) -> None:
    ir = grow(data, BASES[name])
    for argument in ir.arguments():
        if argument.direction != "out":
            continue
        elements = sequence(ir, argument.name, write=True)
        order = producer_order(ir, argument.name)
        if isinstance(order, Refusal):
            assert_true(ir, argument.name, order, elements, "writes")
            continue
        assert in_order(ir, argument.name, elements, order.width)
        assert not sequence(ir, argument.name, write=False)
        timed = schedule_kernel(ir.with_streams({argument.name: order.width}), LIBRARY)
        trace = timed.trace(argument.name)
        assert trace.size * order.width == argument.type.size
        assert all(0 <= cycle < timed.latency for cycle in trace)
        assert all(one < two for one, two in pairwise(trace))


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), name=st.sampled_from(sorted(BASES)), width=st.sampled_from([1, 1, 2, 3, 4]))
def test_ways_to_read_as_it_is_are_in_order(data: st.DataObject, name: str, width: int) -> None:
    ir = grow(data, BASES[name])
    for argument in ir.arguments():
        if argument.direction != "in" or argument.scalar:
            continue
        elements = sequence(ir, argument.name, write=False)
        orders = consumer_orders(ir, argument.name, width)
        if isinstance(orders, Refusal):
            assert_true(ir, argument.name, orders, elements, "reads")
            assert not (in_order(ir, argument.name, elements, 1) and width == 1 and plain(ir))
            continue
        for order in orders:
            assert order.width == width
            if order.loop is None:
                assert in_order(ir, argument.name, elements, width)
                trace = schedule_kernel(ir.with_streams({argument.name: width}), LIBRARY).trace(argument.name)
                assert trace.size * width == argument.type.size


def plain(ir: KernelIR) -> bool:
    """Tell whether no loop makes lanes: none is unrolled, and none is inside of a pipelined one."""
    return not any(loop.unroll is not None or (loop.pipeline and loop.children) for loop in ir.loops())


@pytest.mark.parametrize(
    ("name", "argument", "width"),
    [
        ("copy", "C", 1),
        ("transpose", "C", 1),
        ("matvec", "y", 1),
        ("stencil", "B", 1),
        ("twice", "C", 1),
        ("steps", "C", 1),
    ],
)
def test_producers_that_are_in_order(name: str, argument: str, width: int) -> None:
    assert producer_order(BASES[name], argument) == ProducerOrder(width)


def test_lanes_make_wide_tokens() -> None:
    split = [("split", {"axis": "j", "factor": 3}), ("unroll", {"axis": "j.inner"})]
    assert producer_order(from_specs(BASES["copy"], split).ir, "C") == ProducerOrder(3)
    assert producer_order(from_specs(BASES["copy"], [("unroll", {"axis": "j"})]).ir, "C") == ProducerOrder(6)
    both = [("unroll", {"axis": "j"}), ("unroll", {"axis": "i"})]
    assert producer_order(from_specs(BASES["copy"], both).ir, "C") == ProducerOrder(24)
    # Four lanes of rows are four rows apart.
    columns = from_specs(BASES["copy"], [("reorder", {"axes": ["j", "i"]}), ("unroll", {"axis": "i"})]).ir
    found = producer_order(columns, "C")
    assert isinstance(found, Refusal)
    assert "not contiguous" in found.reason
    partly = from_specs(BASES["copy"], [("unroll", {"axis": "j", "factor": 2})]).ir
    found = producer_order(partly, "C")
    assert isinstance(found, Refusal)
    assert (found.reason, found.hint) == ("loop j is unrolled partly", "split j and unroll the inner loop")


def test_an_unrolled_loop_that_is_not_only_lanes_makes_no_tokens() -> None:
    # Each iteration of j runs a loop of its own and writes its element after it: one at a time.
    steps = [("buffer_at", {"buffer": "C", "axis": "j"}), ("unroll", {"axis": "j"})]
    order = producer_order(from_specs(BASES["gemm"], steps).ir, "C")
    assert isinstance(order, Refusal)
    assert order.reason == "loop j is unrolled, but not what is inside of it"


def test_loops_inside_of_a_pipelined_one_are_lanes_even_if_they_are_not_marked() -> None:
    steps = [("reorder", {"axes": ["j", "i"]}), ("pipeline", {"axis": "i"}), ("reorder", {"axes": ["i", "j"]})]
    ir = from_specs(BASES["copy"], steps).ir
    order = producer_order(ir, "C")
    assert isinstance(order, Refusal)
    assert "loop j is inside of pipelined loop i" in order.reason


def test_lanes_go_up_from_0() -> None:
    for down in ("3 - j", "j - 1"):
        bounds = "4" if down == "3 - j" else "1, 5"
        text = f"""
def f(A: int32[4]) -> int32[4]:
    C: int32[4]
    for j in range({bounds}):
        C[{down}] = A[{down}]
    return C
"""
        ir = from_specs(kernel("f", text), [("unroll", {"axis": "j"})]).ir
        assert isinstance(producer_order(ir, "C"), Refusal)
        assert isinstance(consumer_orders(ir, "A", 4), Refusal)


def test_a_row_is_read_through_a_copy() -> None:
    orders = consumer_orders(BASES["gemm"], "A", 2)
    assert isinstance(orders, tuple)
    assert [(o.width, o.loop, [d.extent for d in o.tile]) for o in orders] == [(2, "i", [1, 6])]
    # Six elements a row make no tokens of four.
    assert isinstance(consumer_orders(BASES["gemm"], "A", 4), Refusal)
    assert isinstance(consumer_orders(BASES["gemm"], "B", 1), Refusal)
    assert consumer_orders(BASES["copy"], "A", 1)[0] == ConsumerOrder(1)


def test_refusals_say_which_elements_and_where() -> None:
    found = producer_order(BASES["reversed"], "C")
    assert isinstance(found, Refusal)
    assert found.reason == "it writes C[1] before C[0], which is not row-major order"
    assert found.span
    assert "C[4 * i" in found.span.source.line(found.span.line)
    found = producer_order(BASES["gemm"], "C")
    assert isinstance(found, Refusal)
    assert "read again" in found.reason
    assert "buffer_at(C, i)" in found.hint
    unread = kernel("f", "def f(A: int32[4]) -> int32[4]:\n    C: int32[4] = 1\n    return C\n")
    found = consumer_orders(unread, "A", 1)
    assert isinstance(found, Refusal)
    assert found.reason == "A is never read"


def test_an_initial_value_that_is_overwritten_is_told_as_such() -> None:
    text = """def k(X: float32[4]) -> float32[4]:
    Z: float32[4] = 0.0
    for i in range(4):
        Z[i] = X[i]
    return Z
"""
    refusal = producer_order(infer_ports(parse_kernel(Source("k.py", text), "k")), "Z")
    assert isinstance(refusal, Refusal)
    assert refusal.reason == "it writes Z[0] more than once"
    assert refusal.hint.startswith("declare Z without a value")
    bare = producer_order(infer_ports(parse_kernel(Source("k.py", text.replace(" = 0.0", "")), "k")), "Z")
    assert bare == ProducerOrder(1)


def test_conditions_and_divisions_that_are_known_are_proven() -> None:
    ir = KernelIR.parse("""
func.func @f(%A: memref<4xi32>, %C: memref<4xi32>) attributes {
    allo.args = ["A", "C"], allo.directions = ["in", "out"]} {
  affine.for %i = 0 to 4 {
    %half = affine.apply affine_map<(d0) -> (d0 floordiv 4)>(%i)
    %zero = arith.constant 0 : index
    %first = arith.cmpi eq, %half, %zero : index
    scf.if %first {
      %0 = affine.load %A[%i] : memref<4xi32>
      affine.store %0, %C[%i + %i floordiv 4] : memref<4xi32>
    }
  } {allo.name = "i", allo.band = "b"}
  return
}
""")
    read = consumer_orders(ir, "A", 1)
    assert not isinstance(read, Refusal)
    assert [order.loop for order in read] == [None, "i"]
    assert producer_order(ir, "C") == ProducerOrder(1)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("if A[3] > 0:\n            C[i] = 1\n        else:\n            C[i] = 2", "it does not always write C"),
        ("if i < n:\n            C[i] = 1\n        else:\n            C[i] = 2", "it does not always write C"),
        ("for j in range(2):\n            C[i] = j", "it writes C[0] more than once"),
        ("C[i] = 1\n    for i in range(2):\n        C[i] = 2", "it writes C[0] more than once"),
        ("C[7 - i] = 1", "it writes C[1] before C[0], which is not row-major order"),
    ],
)
def test_several_writes_that_are_not_each_known_to_be_in_order(body: str, reason: str) -> None:
    text = f"""
def f(A: int32[8], n: int32) -> int32[8]:
    C: int32[8]
    for i in range(8):
        {body}
    return C
"""
    found = producer_order(kernel("f", text), "C")
    assert isinstance(found, Refusal)
    assert found.reason == reason
    assert found.span


def test_pieces_in_order_are_told_from_those_that_are_not() -> None:
    seen: Counter[tuple[str, bool]] = Counter()
    for seed in range(160):
        draw = Random(seed)
        width = draw.choice([1, 1, 2, 3])
        shape = draw.randint(1, 4), width * draw.randint(1, 5)
        drawn = draw_pieces(draw, shape, width, slips=draw.choice([0, 0.05, 0.1]), straight=False)
        try:
            ir = from_specs(kernel("f", drawn.text), drawn.steps).ir
        except AlloError:
            # A slip out of the array, or one that leaves an element unwritten.
            assert drawn.slips
            continue
        written, read = producer_order(ir, "B"), consumer_orders(ir, "A", width)
        for name, proven in (
            ("B", written == ProducerOrder(width)),
            ("A", not isinstance(read, Refusal) and read[0] == ConsumerOrder(width)),
        ):
            assert proven == in_order(ir, name, drawn.moves(name), width), drawn.text
            seen[name, proven] += 1
        for name, found, verb in (("B", written, "writes"), ("A", read, "reads")):
            if isinstance(found, Refusal):
                assert_true(ir, name, found, drawn.moves(name), verb)
    assert min(seen["A", True], seen["B", True]) > 50
    assert min(seen["A", False], seen["B", False]) > 1


def test_a_window_is_told_how_to_be_read_once() -> None:
    refusal = consumer_orders(BASES["stencil"], "A", 1)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == "it reads A[1, 0] more than once"
    assert refusal.hint.startswith("reuse_at(A, ...) keeps what is read again")
    once = from_specs(BASES["stencil"], [("reuse_at", {"buffer": "A", "axis": "i"})]).ir
    orders = consumer_orders(once, "A", 1)
    assert not isinstance(orders, Refusal)
    assert orders[0] == ConsumerOrder(1)


def test_places_that_take_turns_within_lanes_make_no_tokens() -> None:
    text = """
def f(A: int32[4, 2]) -> int32[4, 2]:
    C: int32[4, 2]
    for i in range(2):
        for j in range(2):
            C[2 * i, j] = A[2 * i, j]
            C[2 * i + 1, j] = A[2 * i + 1, j]
    return C
"""
    ir = from_specs(kernel("f", text), [("unroll", {"axis": "j"})]).ir
    found = producer_order(ir, "C")
    assert isinstance(found, Refusal)
    assert found.reason == "it writes C at two places among the same lanes"
    read = consumer_orders(ir, "A", 2)
    assert not isinstance(read, Refusal)
    assert [order.loop for order in read] == ["i"]
    mixed = text.replace(
        "            C[2 * i + 1, j] = A[2 * i + 1, j]\n", "        C[2 * i + 1, 0] = 1\n        C[2 * i + 1, 1] = 1\n"
    )
    found = producer_order(from_specs(kernel("f", mixed), [("unroll", {"axis": "j"})]).ir, "C")
    assert isinstance(found, Refusal)
    assert found.reason == "it writes 2 elements of C at a time in one place and 1 in another"
    chosen = text.replace("C[2 * i, j] =", "if j < 2:\n                C[2 * i, j] =")
    found = producer_order(from_specs(kernel("f", chosen), [("unroll", {"axis": "j"})]).ir, "C")
    assert isinstance(found, Refusal)
    assert found.reason == "lanes of the unrolled loop j take part under a condition"

"""Reading an input in order changes no result, whatever the schedule and the way of reading."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stream_sequences import KERNELS, flat, kernel, sequence

from allo_studio.analysis.streams import ConsumerOrder, Refusal, consumer_orders
from allo_studio.execute import jit
from allo_studio.hardware.operators import load_operators
from allo_studio.hardware.schedule import schedule_kernel
from allo_studio.ir import KernelIR
from allo_studio.layout import DimLayout
from allo_studio.primitives.local_copy import read_in_order
from allo_studio.schedule import applicable, from_specs, schedule

BASES = {name: kernel(name) for name in KERNELS}
LIBRARY = load_operators("vitis", 3.33)


def values(ir: KernelIR) -> dict[str, object]:
    random = np.random.default_rng(3)
    found: dict[str, object] = {}
    for argument in ir.arguments():
        if argument.direction == "in":
            kind = argument.type
            array = np.asarray(random.integers(1, 50, kind.shape) / (1 if kind.element.kind == "int" else 7))
            found[argument.name] = (
                array.astype(kind.element.dtype)[()] if argument.scalar else array.astype(kind.element.dtype)
            )
    return found


def assert_streams(ir: KernelIR, name: str, order: ConsumerOrder) -> None:
    """Check that the changed kernel reads once, in order, in tokens, and computes the same bits."""
    before = ir.text()
    changed = read_in_order(ir, name, order)
    assert ir.text() == before
    numbers = flat(changed, name, sequence(changed, name, write=False))
    tokens = [sorted(numbers[n : n + order.width]) for n in range(0, len(numbers), order.width)]
    assert [n for token in tokens for n in token] == list(range(ir.find_buffer(name).type.size))
    timed = schedule_kernel(changed.with_streams({name: order.width}), LIBRARY)
    assert timed.trace(name).size == len(tokens)
    inputs = values(ir)
    wanted, found = jit(ir).run(inputs), jit(changed).run(inputs)
    for port, array in wanted.items():
        np.testing.assert_array_equal(found[port], array)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), name=st.sampled_from(sorted(BASES)), width=st.sampled_from([1, 2, 3, 4, 6]))
def test_results_stay_bit_for_bit(data: st.DataObject, name: str, width: int) -> None:
    scheduled = schedule(BASES[name])
    for _ in range(data.draw(st.integers(0, 3), label="steps")):
        offered = applicable(scheduled.ir)
        if offered:
            kind = data.draw(st.sampled_from(sorted({entry.name for entry in offered})), label="kind")
            entry = data.draw(st.sampled_from([e for e in offered if e.name == kind]), label="step")
            chosen = {key: data.draw(st.sampled_from(choice), label=key) for key, choice in entry.choices.items()}
            after = scheduled.apply(entry.step(**chosen))
            # The menu asks about every function of a kernel that was unfolded into many.
            if len(after.ir.functions) <= 4:
                scheduled = after
    for argument in scheduled.ir.arguments():
        if argument.direction != "in" or argument.scalar:
            continue
        orders = consumer_orders(scheduled.ir, argument.name, width)
        for order in () if isinstance(orders, Refusal) else orders:
            assert_streams(scheduled.ir, argument.name, order)


def test_the_copy_has_banks_for_a_token_and_keeps_those_of_the_argument() -> None:
    ir = from_specs(BASES["gemm"], [("partition", {"buffer": "A", "kind": "cyclic", "dim": 2, "factor": 3})]).ir
    (order,) = consumer_orders(ir, "A", 2)
    changed = read_in_order(ir, "A", order)
    assert changed.layout("A_local").dims == (DimLayout("complete"),)
    (order,) = consumer_orders(ir, "A", 1)
    assert read_in_order(ir, "A", order).layout("A_local").dims == (DimLayout("cyclic", 3),)


def test_the_copy_is_made_in_the_loop_that_needs_it() -> None:
    (order,) = consumer_orders(BASES["gemm"], "A", 2)
    changed = read_in_order(BASES["gemm"], "A", order)
    made = [loop for loop in changed.loops() if loop.role == "copy_in"]
    assert [(loop.name, loop.trip, loop.unroll) for loop in made] == [("A_copy_0", 3, None), ("A_copy_0.lane", 2, 0)]
    assert made[0].parent
    assert made[0].parent.id == "i"
    assert changed.find_buffer("A_local").type.shape == (6,)
    assert read_in_order(BASES["copy"], "A", ConsumerOrder(1)) is BASES["copy"]

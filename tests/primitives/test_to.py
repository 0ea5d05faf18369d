"""`to`: what is marked, what is refused, and the copy that `axis` asks for."""

from __future__ import annotations

import pytest
from nest_steps import nest, refusal, unchanged
from step_kernels import kernel

from allo_studio.analysis.streams import ConsumerOrder, Refusal, consumer_orders
from allo_studio.ir import KernelIR
from allo_studio.primitives.base import Step
from allo_studio.primitives.buffer_at import BufferAt
from allo_studio.primitives.dataflow import Dataflow
from allo_studio.primitives.stages import handovers, plan_stages, take_apart
from allo_studio.primitives.to import To
from allo_studio.schedule import applicable

VALUES = """
def values(A: int32[8]) -> int32[8]:
    total: int32 = 0
    T: int32[8]
    for i in range(8):
        total += A[i]
        T[7 - i] = A[i]
    B: int32[8]
    for j in range(8):
        B[j] = T[j] - total
    return B
"""


def staged(name: str, *before: Step, text: str | None = None) -> KernelIR:
    ir = kernel(name, text) if text else nest(name)
    for step in (*before, Dataflow(name)):
        ir = step.apply(ir)
    return ir


def depths(ir: KernelIR) -> dict[str, int | None]:
    return {passed.buffer.name: passed.depth for passed in handovers(ir, plan_stages(ir))}


@pytest.mark.parametrize(("depth", "kept"), [(-1, 0), (1, 1), (7, 7)])
def test_the_array_is_marked(depth: int, kept: int) -> None:
    ir = staged("chain")
    assert depths(ir) == {"T": None}
    after = unchanged(ir, To("T", "nest1", depth=depth))
    assert depths(after) == {"T": kept}
    assert depths(ir) == {"T": None}
    assert "T is a FIFO already" in refusal(after, To("T", "nest1"))


def test_a_stage_is_named_by_its_nest_or_a_loop_in_it() -> None:
    for stage in ("nest1", "p", "q"):
        assert To("T", stage).check(staged("chain")) == ()
    message = refusal(staged("chain"), To("T", "i"))
    assert message == "T is handed on to nest1, not to i"


def test_a_copy_is_made_where_it_is_asked_for() -> None:
    ir = staged("two_gemms", BufferAt("T", "first:i"))
    after = unchanged(ir, To("T", "second", "second:i"))
    made = [loop for loop in after.loops() if loop.role == "copy_in"]
    assert [loop.parent.id for loop in made if loop.parent] == ["second:i"]
    (second,) = [part.kernel for part in take_apart(after) if part.name == "second"]
    orders = consumer_orders(second, "T", 1)
    assert not isinstance(orders, Refusal)
    assert orders[0] == ConsumerOrder(1)
    # Left out, the stage reads as it is, and a copy is made where the design is elaborated.
    assert "copy" not in str([loop.name for loop in To("T", "second").apply(ir).loops()])
    message = refusal(ir, To("T", "second", "second:j"))
    assert message == "no copy of T in loop second:j brings its reads in order"


@pytest.mark.parametrize(
    ("buffer", "message"),
    [
        ("T", "this cannot be a FIFO: it writes T[1] before T[0], which is not row-major order"),
        ("total", "total is one value, not an array"),
        ("A", "A is not handed on from stage to stage"),
    ],
)
def test_what_is_no_stream(buffer: str, message: str) -> None:
    assert refusal(staged("values", text=VALUES), To(buffer, "nest1")) == message


def test_the_menu_has_what_can_be_a_stream() -> None:
    def offered(ir: KernelIR) -> list[dict[str, object]]:
        return [dict(entry.args) for entry in applicable(ir) if entry.name == "to"]

    assert offered(nest("chain")) == []
    assert offered(staged("chain")) == [{"buffer": "T", "dst": "nest1"}]
    assert offered(To("T", "nest1").apply(staged("chain"))) == []
    assert offered(staged("values", text=VALUES)) == []

"""`reuse_at`: line buffers and windows, bit for bit; what has no reuse, or is written meanwhile, is refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nest_steps import differs, nest, refusal, unchanged
from step_kernels import kernel

from allo_studio.analysis.accesses import accesses
from allo_studio.analysis.streams import ConsumerOrder, Refusal, consumer_orders
from allo_studio.ir import KernelIR
from allo_studio.primitives import reuse_plan
from allo_studio.primitives.base import Step
from allo_studio.primitives.compute_at import ComputeAt
from allo_studio.primitives.parallel import Parallel
from allo_studio.primitives.partition import Partition
from allo_studio.primitives.pipeline import Pipeline
from allo_studio.primitives.reorder import Reorder
from allo_studio.primitives.reuse_at import ReuseAt
from allo_studio.primitives.split import Split
from allo_studio.primitives.unroll import Unroll


def reads(ir: KernelIR, name: str) -> int:
    """Return how many elements a kernel without branches reads of an array."""
    return sum(
        access.domain.count_val().to_python()
        for access in accesses(ir)
        if access.buffer == name and not access.is_write
    )


@pytest.mark.parametrize(
    ("name", "steps", "shapes"),
    [
        ("conv", [("A", "i")], [(3,)]),
        ("stencil", [("A", "i")], [(3, 6)]),
        ("conv2", [("A", "y")], [(3, 11)]),
        ("conv2", [("A", "x")], [(3, 2)]),
        ("conv2", [("A", "y"), ("A_reuse", "x")], [(3, 11), (3, 2)]),
        ("channels", [("A", "y"), ("A_reuse", "x")], [(2, 3, 7), (2, 3, 3)]),
        ("jacobi", [("A_out", "i"), ("A_out_reuse", "j"), ("B_out", "p")], [(3, 9), (3, 3), (3, 9)]),
        ("heat", [("A", "i"), ("A_reuse", "j"), ("A_reuse_1", "k")], [(3, 5, 7), (3, 3, 7), (3, 3, 3)]),
        ("backwards", [("A", "n")], [(4,)]),
        ("pooled", [("A", "y"), ("A_reuse", "x")], [(3, 9), (3, 3)]),
        ("blur", [("H", "across:i")], [(3, 8)]),
        ("steps", [("A_out", "i")], [(3,)]),
        ("ahead", [("A_out", "i")], [(3,)]),
        ("fibonacci", [("A_out", "i")], [(2,)]),
        ("branches", [("A", "i")], [(3,)]),
        ("calls", [("inner:X", "inner:a")], []),
    ],
)
def test_results_stay(name: str, steps: list[tuple[str, str]], shapes: list[tuple[int, ...]]) -> None:
    after = unchanged(nest(name), *(ReuseAt(*step) for step in steps))
    made = [buffer.type.shape for buffer in after.buffers() if "_reuse" in buffer.name]
    assert sorted(made) == sorted(shapes)


@pytest.mark.parametrize(
    ("name", "steps"),
    [
        ("conv", [("A", "i")]),
        ("stencil", [("A", "i")]),
        ("conv2", [("A", "y"), ("A_reuse", "x")]),
        ("conv2", [("A", "x"), ("A", "y")]),
        ("channels", [("A", "x"), ("A", "y")]),
        ("jacobi", [("A_out", "i"), ("A_out_reuse", "j"), ("B_out", "p")]),
        ("heat", [("A", "k"), ("A", "j")]),
        ("backwards", [("A", "n")]),
        ("steps", [("A_out", "i")]),
        ("ahead", [("A_out", "i")]),
        ("fibonacci", [("A_out", "i")]),
        ("branches", [("A", "i")]),
    ],
)
def test_results_stay_where_a_loop_fills_its_window_itself(name: str, steps: list[tuple[str, str]]) -> None:
    base = nest(name)
    after = unchanged(base, *(ReuseAt(*step, inside=True) for step in steps))
    axis = steps[0][1]
    # No loop is made beside the one that the window slides along, which goes round more often.
    assert not [loop for loop in after.loops() if "fill_" in loop.name]
    assert (after.find_loop(axis).trip or 0) > (base.find_loop(axis).trip or 0)


def test_an_image_is_read_in_one_pass() -> None:
    """The loop over the columns fills the window, and the line buffer moves on in it: one nest, one read of A."""
    steps = [
        ReuseAt("A", "x", inside=True),
        ReuseAt("A", "y"),
        ComputeAt("A_reuse_1_shift_0", "A_reuse_1_next_1"),
        ComputeAt("A_reuse_1_next_1", "x"),
        Pipeline("x"),
    ]
    after = unchanged(nest("conv2"), *steps)
    assert [loop.name for loop in after.find_loop("y").children] == ["x"]
    assert after.find_loop("x").trip == 11
    assert reads(after, "A") == 9 * 11
    orders = consumer_orders(after, "A", 1)
    assert not isinstance(orders, Refusal)
    assert orders[0] == ConsumerOrder(1)


def test_each_element_is_read_once() -> None:
    base = nest("conv2")
    assert reads(base, "A") == 7 * 10 * 6
    lines = ReuseAt("A", "y").apply(base)
    assert reads(lines, "A") == 9 * 11
    windows = ReuseAt("A_reuse", "x").apply(lines)
    assert reads(windows, "A") == 9 * 11
    # The window reads each row of the line buffer once for each of the 7 rows, the shift two of three.
    assert reads(windows, "A_reuse") == 7 * 3 * 11 + 7 * 2 * 11


@settings(max_examples=40, deadline=None)
@given(
    trip=st.integers(1, 5),
    lower=st.integers(0, 3),
    step=st.integers(1, 3),
    factor=st.sampled_from([1, 2, -1, -2]),
    offsets=st.lists(st.integers(0, 5), min_size=1, max_size=4, unique=True),
    split=st.integers(1, 5),
)
def test_any_loop_over_a_line(trip: int, lower: int, step: int, factor: int, offsets: list[int], split: int) -> None:
    upper = lower + (trip - 1) * step + 1
    start = 0 if factor > 0 else -factor * (upper - 1)
    size = start + max(factor * (upper - 1), 0) + max(offsets) + 1
    terms = " + ".join(f"{n + 1} * A[{factor} * i + {start + offset}]" for n, offset in enumerate(offsets))
    head = f"def f(A: int32[{size}]) -> int32[{upper}]:\n    B: int32[{upper}] = 0\n"
    loop = f"    for i in range({lower}, {upper}, {step}):\n        B[i] = {terms}\n    return B\n"
    base = kernel("f", head + loop)
    reused = trip > 1 and max(offsets) - min(offsets) >= abs(factor * step)
    assert bool(ReuseAt("A", "i").check(base)) != reused
    if reused:
        unchanged(base, ReuseAt("A", "i"))
    kept = max(offsets) - min(offsets) + 1 - abs(factor * step)
    filled = reused and kept % abs(factor * step) == 0
    assert bool(ReuseAt("A", "i", inside=True).check(base)) != filled
    if filled:
        after = unchanged(base, ReuseAt("A", "i", inside=True))
        assert after.find_loop("i").trip == trip + kept // abs(factor * step)
    if trip > 1:
        parts = Split("i", min(split, trip)).apply(base)
        for axis in ("i.outer", "i.inner"):
            step_there = ReuseAt("A", axis)
            if not step_there.check(parts):
                unchanged(parts, step_there)


def test_other_steps_work_on_the_window() -> None:
    base = nest("conv2")
    window = [ReuseAt("A", "y"), ReuseAt("A_reuse", "x")]
    registers = [Partition("A_reuse_1", "complete", 0), Partition("A_reuse", "complete", 1), Pipeline("x")]
    after = unchanged(base, *window, *registers)
    assert after.find_loop("x").pipeline == 1
    assert after.find_loop("A_reuse_shift_1").unroll == 0
    unchanged(base, Pipeline("x"), *window)
    unchanged(base, Unroll("c"), Unroll("r"), *window)
    unchanged(base, Reorder(("r", "c", "x")), ReuseAt("A", "y"))
    unchanged(base, Split("x", 4), ReuseAt("A", "y"), ReuseAt("A_reuse", "x.inner"))


def test_the_loops_it_makes_have_a_role_and_the_outer_ones_a_band() -> None:
    after = ReuseAt("A", "y").apply(nest("conv2"))
    made = [loop for loop in after.loops() if loop.name.startswith("A_reuse")]
    assert {loop.role for loop in made} == {"fill"}
    assert {loop.band for loop in made} == {"A_reuse_fill", after.find_loop("y").band}


@pytest.mark.parametrize(
    ("name", "step", "message"),
    [
        ("gemm", ReuseAt("A", "j"), "every iteration of j reads the same part of A"),
        ("gemm", ReuseAt("A", "i"), "each reads 1 element of dimension 1 of A, 1 further along"),
        ("matvec", ReuseAt("x", "j"), "no iteration of j reads what the one before did"),
        ("conv", ReuseAt("C", "C_init_0"), "C is not read inside loop C_init_0"),
        ("deep", ReuseAt("t", "i"), "t is declared inside loop i, so no iteration reads what another one did"),
        ("shift", ReuseAt("B", "i"), "loop i moves over dimensions 1 and 2 of B at once"),
        ("calls", ReuseAt("A", "t"), "A is passed whole to inner in loop t"),
        ("calls", ReuseAt("A", "inner:a"), "a step does not reach across the call of inner in calls"),
        ("diagonal", ReuseAt("A", "i"), "loop i moves over dimensions 1 and 2 of A at once"),
        ("empty", ReuseAt("A", "j"), "loop j may have no iteration, and there would be nothing to start the"),
        ("unwritten", ReuseAt("T", "i"), "the window over T would hold T[1], which is not written before loop i"),
    ],
)  # fmt: skip
def test_what_has_no_reuse(name: str, step: ReuseAt, message: str) -> None:
    base = kernel(name, TEXTS[name]) if name in TEXTS else nest(name)
    assert message in refusal(base, step)


TEXTS = {
    "diagonal": """
def diagonal(A: int32[8, 8]) -> int32[6]:
    y: int32[6] = 0
    for i in range(6):
        for r, c in grid(3, 3):
            y[i] += A[i + r, i + c]
    return y
""",
    "empty": """
def empty(A: int32[9]) -> int32[6]:
    y: int32[6] = 0
    for i in range(6):
        for j in range(i):
            y[i] += A[j] * A[j + 1]
    return y
""",
    "unwritten": """
def unwritten(A: int32[9]) -> int32[6]:
    T: int32[9]
    for e in range(0, 9, 2):
        T[e] = A[e]
    y: int32[6] = 0
    for i in range(0, 6, 2):
        y[i] = T[i] + T[i + 2]
    return y
""",
}

WRITTEN = [
    # A recurrence that reads what earlier iterations wrote.
    ("gauss", "i", "A_out[1, 1] is written at (t=0, i=1, j=1) and read at (t=0, i=2, j=1)"),
    ("gauss", "j", "A_out[1, 1] is written at (t=0, i=1, j=1) and read at (t=0, i=1, j=2)"),
    # What one slice of the iterations writes overlaps what another reads.
    ("overlap", "i", "A_out[1] is written at (i=0) and read at (i=1)"),
]

OVERLAP = """
def overlap(A: int32[10]):
    for i in range(7):
        A[i + 1] = A[i] + A[i + 1] * A[i + 2]
"""


@pytest.mark.parametrize(("name", "axis", "counterexample"), WRITTEN)
def test_an_array_that_changes_meanwhile_is_refused(
    name: str, axis: str, counterexample: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = kernel(name, OVERLAP) if name == "overlap" else nest(name)
    step = ReuseAt("A_out", axis)
    message = refusal(base, step)
    assert message == f"a copy of A_out kept over {axis} would be out of date: {counterexample}"
    monkeypatch.setattr(reuse_plan, "_require_no_write_under", lambda *_: None)
    assert differs(base, step.apply(base))


def test_a_parallel_loop_has_no_reuse() -> None:
    base = Parallel("y").apply(nest("conv2"))
    assert "loop y is parallel; with reuse each iteration needs the one before" in refusal(base, ReuseAt("A", "y"))
    unchanged(base, ReuseAt("A", "x"))


@pytest.mark.parametrize(
    ("name", "before", "step", "message"),
    [
        ("conv2", [Unroll("x")], ("A", "x"), "loop x is unrolled, so it cannot fill its window"),
        ("overhang", [], ("A", "i"), "the window is cut at the end of A, so loop i cannot fill it"),
        ("thirds", [], ("A", "i"), "each iteration of i adds 2 elements and keeps 1, so some iterations"),
        ("sized", [], ("A", "j"), "the bounds of loop j are not constant, so it cannot fill its window"),
    ],
)
def test_a_loop_that_cannot_fill_its_window(name: str, before: list[Step], step: tuple[str, str], message: str) -> None:
    base = kernel(name, FILLED[name]) if name in FILLED else nest(name)
    for other in before:
        base = other.apply(base)
    assert not ReuseAt(*step).check(base)
    assert message in refusal(base, ReuseAt(*step, inside=True))


FILLED = {
    "overhang": """
def overhang(A: int32[9]) -> int32[9]:
    y: int32[9] = 0
    for i in range(9):
        for j in range(3):
            if i + j < 9:
                y[i] += A[i + j]
    return y
""",
    "thirds": """
def thirds(A: int32[9]) -> int32[4]:
    y: int32[4]
    for i in range(4):
        y[i] = A[2 * i] + A[2 * i + 1] + A[2 * i + 2]
    return y
""",
    "sized": """
def sized(A: int32[40]) -> int32[32]:
    y: int32[32] = 0
    for i in range(4):
        for j in range(8 * i, 8 * i + 8):
            y[j] = A[j] + A[j + 1]
    return y
""",
}

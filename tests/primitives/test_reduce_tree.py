"""`reduce_tree`: how the trees group, what they equal bit by bit, and what is refused."""

from __future__ import annotations

from math import ceil, log2
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nest_steps import refusal, unchanged
from step_kernels import kernel

from allo_studio.diagnostics import AlloError
from allo_studio.execute import jit
from allo_studio.frontend import parse_kernel
from allo_studio.ir import KernelIR, walk
from allo_studio.primitives.buffer_at import BufferAt
from allo_studio.primitives.partition import Partition
from allo_studio.primitives.pipeline import Pipeline
from allo_studio.primitives.reduce_tree import ReduceTree
from allo_studio.primitives.reorder import Reorder
from allo_studio.primitives.split import Split
from allo_studio.primitives.unroll import Unroll
from allo_studio.source import Source
from allo_studio.verification import verify

_LANGUAGE = "from allo_studio.lang import *\n\n"
_SETTINGS = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def program(text: str, name: str = "f") -> KernelIR:
    """Return a kernel that may use every name of the language."""
    return parse_kernel(Source(f"{name}.py", _LANGUAGE + text), name, {}).freeze()


def dot(size: int, element: str = "float32") -> KernelIR:
    return program(
        f"def f(a: {element}[{size}], b: {element}[{size}]) -> {element}[1]:\n    x: {element}[1] = 1\n"
        f"    for k in range({size}):\n        x[0] += a[k] * b[k]\n    return x\n"
    )


def tree(values: list[Any], join: Any) -> Any:
    """Sum values in pairs, then these in pairs, by the definition."""
    while len(values) > 1:
        last = [values[-1]] if len(values) % 2 else []
        values = [join(a, b) for a, b in zip(values[::2], values[1::2], strict=False)] + last
    return values[0]


def additions(ir: KernelIR) -> tuple[int, int]:
    """Return how many float additions there are, and how many follow each other at most."""
    levels: dict[Any, int] = {}
    for op in walk(ir.body):
        if op.name == "arith.addf":
            levels[op.result] = 1 + max(levels.get(operand, 0) for operand in op.operands)
    return len(levels), max(levels.values())


@_SETTINGS
@given(data=st.data(), lanes=st.integers(2, 13), groups=st.integers(1, 4), whole=st.booleans())
def test_a_float_sum_is_the_tree_bit_by_bit(data: st.DataObject, lanes: int, groups: int, whole: bool) -> None:
    size = lanes * groups
    base = dot(size)
    factor = 0 if whole else lanes
    step = ReduceTree("k", factor)
    assert step.check(base) == ()
    assert step.reassociates(base)
    after = step.apply(base)
    random = np.random.default_rng(data.draw(st.integers(0, 1 << 20), label="seed"))
    # Of very different magnitudes, so that every other grouping rounds to another number.
    a, b = ((random.normal(size=size) * 10.0 ** random.integers(-4, 4, size)).astype(np.float32) for _ in range(2))
    products = list(a * b)
    wanted = np.float32(1)
    for start in range(0, size, factor or size):
        wanted = wanted + tree(products[start : start + (factor or size)], np.add)
    assert jit(after).run({"a": a, "b": b})["x"][0] == wanted
    assert additions(after) == ((factor or size), ceil(log2(factor or size)) + 1)


def test_the_grouping_is_another_one() -> None:
    values = {"a": np.array([1e8, 1, -1e8, 1], np.float32), "b": np.ones(4, np.float32)}
    base = dot(4)
    found = [jit(ir).run(values)["x"][0] for ir in (base, ReduceTree("k").apply(base))]
    assert found == [1.0, 1.0 + 0.0]
    values["a"] = np.array([-1, 1e8, 3, -1e8], np.float32)
    assert jit(base).run(values)["x"][0] == 0.0
    assert jit(ReduceTree("k", 2).apply(base)).run(values)["x"][0] == 0.0
    assert jit(ReduceTree("k").apply(base)).run(values)["x"][0] == 1.0


# The type of x, the statement with `e` for the value of an iteration.
_UPDATES = [
    ("int8", "x[0] += e"),
    ("int32", "x[0] -= e"),
    ("int32", "x[0] = e + x[0] - A[k] + 3"),
    ("int32", "x[0] = x[0] - e - A[k]"),
    ("uint16", "x[0] *= e"),
    ("int13", "x[0] = e * x[0] * 5"),
    ("int32", "x[0] &= e"),
    ("uint8", "x[0] = x[0] | e | 4"),
    ("int64", "x[0] ^= e"),
    ("int32", "x[0] = max(x[0], e)"),
    ("int32", "x[0] = min(e, x[0])"),
    ("uint32", "x[0] = max(x[0], uint32(e))"),
    ("Fixed(20, 7)", "x[0] += e"),
    ("UFixed(12, 3)", "x[0] -= Fixed(12, 3)(e)"),
]
_VALUES = ["A[k]", "A[k] * w", "A[k] if A[k] > w else w", "A[k] // 3"]


@_SETTINGS
@given(data=st.data(), update=st.sampled_from(_UPDATES), value=st.sampled_from(_VALUES))
def test_what_wraps_is_exact(data: st.DataObject, update: tuple[str, str], value: str) -> None:
    kind, statement = update
    lanes, groups, step = (data.draw(st.integers(low, high)) for low, high in ((2, 9), (1, 3), (1, 3)))
    lower = data.draw(st.integers(0, 4))
    upper = lower + step * (lanes * groups - 1) + data.draw(st.integers(1, step))
    base = program(
        f"def f(A: int32[{upper}], w: int32) -> {kind}[1]:\n    x: {kind}[1] = 5\n"
        f"    for k in range({lower}, {upper}, {step}):\n        e: int32 = {value}\n        {statement}\n"
        "    return x\n"
    )
    reduce = ReduceTree("k", data.draw(st.sampled_from([0, lanes])))
    assert reduce.check(base) == ()
    assert not reduce.reassociates(base)
    after = reduce.apply(base)
    assert verify(base, after, trials=6)
    assert [loop.trip for loop in after.loops()][1:] == ([groups] if reduce.factor and groups > 1 else [])


# Each with what a tree's value is made of, and how a tree's sum is brought in.
_FLOATS = [
    ("s = max(s, A[k])", lambda a, b: a, np.maximum, np.maximum),
    ("s = s - A[k] + B[k]", lambda a, b: b - a, np.add, np.add),
    ("s = s - A[k] - B[k]", lambda a, b: a + b, np.add, np.subtract),
    ("s -= A[k]", lambda a, b: a, np.add, np.subtract),
    ("s *= A[k]", lambda a, b: a, np.multiply, np.multiply),
]


@pytest.mark.parametrize("kind", ["float16", "float32", "float64", "bfloat16"])
@pytest.mark.parametrize(("statement", "value", "join", "update"), _FLOATS)
def test_other_operators_of_floats(kind: str, statement: str, value: Any, join: Any, update: Any) -> None:
    base = program(
        f"def f(A: {kind}[6], B: {kind}[6]) -> {kind}:\n    s: {kind} = 1.0\n    for k in range(6):\n"
        f"        {statement}\n    return s\n"
    )
    dtype = base.arguments()[0].type.element.dtype
    random = np.random.default_rng(3)
    for factor in (2, 3, 0):
        step = ReduceTree("k", factor)
        assert step.reassociates(base)
        run = jit(step.apply(base)).run
        for _ in range(5):
            a, b = (random.normal(size=6).astype(dtype) for _ in range(2))
            wanted = dtype.type(1)
            for start in range(0, 6, factor or 6):
                lanes = range(start, start + (factor or 6))
                wanted = update(wanted, tree([value(a[k], b[k]) for k in lanes], join))
            assert run({"A": a, "B": b})["s"] == wanted


def test_a_difference_takes_the_sum_away_once() -> None:
    base = program("def f(A: float32[8]) -> float32:\n    s: float32 = 1.0\n    for k in range(8):\n"
                   "        s -= A[k]\n    return s\n")  # fmt: skip
    names = [op.name for op in walk(ReduceTree("k").apply(base).body)]
    assert (names.count("arith.addf"), names.count("arith.subf"), names.count("arith.negf")) == (7, 1, 0)


@_SETTINGS
@given(
    stride=st.integers(-2, 2), row=st.integers(-1, 1), start=st.integers(-12, 12), place=st.integers(0, 2),
    lanes=st.integers(2, 4), groups=st.integers(1, 3), lower=st.integers(0, 5), step=st.integers(1, 2),
)  # fmt: skip
def test_a_value_that_an_earlier_iteration_writes_is_found_exactly(
    stride: int, row: int, start: int, place: int, lanes: int, groups: int, lower: int, step: int
) -> None:
    """Refused exactly where an iteration, not the first of its tree, reads the element that the tree updates."""
    values = range(lower, lower + step * lanes * groups, step)
    base = program(
        f"def f(x: int32[160]):\n    for i in range(3):\n        for k in range({lower}, {values.stop}, {step}):\n"
        f"            x[{place} * i + 80] += x[{stride} * k + {row} * i + {start + 80}] * 3\n"
    )
    reduce = ReduceTree("k", lanes)
    later = [k for n, k in enumerate(values) if n % lanes]
    broken = any(place * i == stride * k + row * i + start for i in range(3) for k in later)
    found = reduce.check(base)
    if broken:
        (message,) = (fault.message for fault in found)
        assert message.startswith("summing loop k as a tree would change the result: x[")
        return
    assert found == ()
    assert verify(base, reduce.apply(base), trials=4)


def test_the_counterexample_has_both_iterations() -> None:
    base = program("def f(x: int32[8]):\n    for k in range(8):\n        x[5] += x[k] * 2\n")
    message = refusal(base, ReduceTree("k"))
    assert message == (
        "summing loop k as a tree would change the result: x[5] is written at (k=0) and read at (k=5), "
        "and a tree reads it before"
    )
    (found,) = ReduceTree("k").check(base)
    assert found.span is not None
    assert (found.span.line, found.span.column) == (5, 17)
    # Trees of two are of iterations 3 and 4, 5 and 6, 7 and 8: the second starts with the read.
    shifted = program("def f(x: int32[9]):\n    for k in range(3, 9):\n        x[5] += x[k] * 2\n")
    assert ReduceTree("k", 2).check(shifted) == ()
    assert ReduceTree("k", 3).check(shifted) != ()
    assert verify(shifted, ReduceTree("k", 2).apply(shifted), trials=4)


def test_one_element_for_each_tree() -> None:
    base = kernel("f", "def f(A: int32[12], y: int32[3]):\n    for k in range(12):\n        y[k // 4] += A[k]\n")
    for factor in (2, 4):
        unchanged(base, ReduceTree("k", factor))
    assert (
        refusal(base, ReduceTree("k", 6)) == "iterations of loop k that would be summed add to y_out[0] and to y_out[1]"
    )
    assert (
        refusal(base, ReduceTree("k", 3)) == "iterations of loop k that would be summed add to y_out[0] and to y_out[1]"
    )


GEMM = kernel("gemm").freeze()


def test_the_loop_goes_on_by_whole_trees() -> None:
    base = kernel("matvec")
    after = ReduceTree("j", 3).apply(base)
    loop = after.find_loop("j")
    assert (loop.lower, loop.upper, loop.step, loop.trip, loop.reduction) == (0, 9, 3, 3, True)
    assert [loop.name for loop in ReduceTree("j", 9).apply(base).loops()] == ["y_init_0", "i"]
    assert [loop.name for loop in ReduceTree("j").apply(base).loops()] == ["y_init_0", "i"]


@pytest.mark.parametrize(
    "steps",
    [
        (ReduceTree("k"), Pipeline("j"), Partition("A", "complete", 2), Partition("B", "complete", 1)),
        (ReduceTree("k", 2), Pipeline("j")),
        (ReduceTree("k", 2), Pipeline("k"), Partition("A", "cyclic", 2, 2)),
        (Pipeline("k"), ReduceTree("k", 2)),
        (Pipeline("j"), ReduceTree("k", 2)),
        (Pipeline("j"), ReduceTree("k")),
        (Unroll("k"), ReduceTree("k", 2)),
        (BufferAt("C", "j"), ReduceTree("k", 2), Pipeline("k")),
        (ReduceTree("k", 2), BufferAt("C", "j"), BufferAt("A", "i")),
        (ReduceTree("k"), BufferAt("C", "i"), Unroll("j", 2)),
        (Split("k", 2), ReduceTree("k.inner"), Reorder(("k.outer", "j"))),
        (ReduceTree("k", 2), ReduceTree("k")),
        (ReduceTree("k", 2), Split("k", 1)),
        (ReduceTree("k", 2), Unroll("k")),
    ],
)
def test_it_composes(steps: tuple[Any, ...]) -> None:
    unchanged(GEMM, *steps, exact=False)


def test_the_names_of_copies_are_their_own() -> None:
    base = kernel("f", "def f(A: int32[8], t_1: int32) -> int32:\n    s: int32 = 0\n    for k in range(8):\n"
                  "        t: int32[2]\n        t[0] = A[k] * 3\n        t[1] = t[0] + t_1\n        s += t[1] * t[0]\n"
                  "    return s\n")  # fmt: skip
    after = unchanged(base, Partition("t", "complete", 1), ReduceTree("k", 4))
    named = [b.name for b in after.buffers() if b.name.startswith("t")]
    assert named == ["t", "t_1_1", "t_2", "t_3"]
    assert {str(after.layout(name)) for name in named} == {"(complete)"}


def body(statements: str, header: str = "A: int32[8], B: int32[8]") -> KernelIR:
    lines = "".join(f"        {line}\n" for line in statements.split("\n"))
    called = "def g(v: int32) -> int32:\n    return v * 2\n\n\n"
    return program(f"{called}def f({header}):\n    for k in range(8):\n{lines}    B[0] += 1\n")


@pytest.mark.parametrize(
    ("ir", "message", "column"),
    [
        (body("B[k] = A[k]"), "loop k writes B, but not as an accumulation", 9),
        (body("B[k] += A[k]"), "iterations of loop k that would be summed add to B[0] and to B[1]", 9),
        (body("B[0] = A[k] - B[0]"), "loop k writes B, but not as an accumulation", 9),
        (body("B[0] = B[0] * A[k] + 1"), "loop k writes B, but not as an accumulation", 9),
        (body("B[0] += A[k] * B[0]"), "would change the result: B[0] is written at (k=0) and read at (k=1)", 24),
        (body("B[A[k] & 7] += 1"), "loop k writes B, but not as an accumulation", 9),
        (body("B[0] += A[k]\nB[1] += A[k]"), "loop k writes B in two places", 9),
        (body("B[0] += A[k]\nA[k] = 1"), "loop k writes A besides B", 9),
        (body("t: int32 = A[k]"), "loop k accumulates nothing", 5),
        (body("if A[k] > 0:\n    B[0] += A[k]"), "loop k has a branch inside", 9),
        (body("B[0] += g(A[k])"), "loop k has a call of g inside", 17),
        (body("for q in range(2):\n    B[0] += A[k]"), "loop k has loop q inside", 9),
        (
            body("B[0] += A[k]", "A: int32[8], B: Fixed(12, 4, 'floor', 'saturate')[1]"),
            "each sum of loop k saturates, so their grouping counts",
            9,
        ),
    ],
)
def test_bodies_that_are_no_reduction(ir: KernelIR, message: str, column: int) -> None:
    assert message in refusal(ir, ReduceTree("k"))
    (found,) = ReduceTree("k").check(ir)
    assert found.span is not None
    assert found.span.column == column
    assert not ReduceTree("k").reassociates(ir) or "B[0] " in message


def test_saturated_values_may_be_compared() -> None:
    kind = "Fixed(12, 4, 'floor', 'saturate')"
    base = program(f"def f(A: {kind}[8]) -> {kind}:\n    s: {kind} = 0\n    for k in range(8):\n"
                   "        s = max(s, A[k])\n    return s\n")  # fmt: skip
    assert verify(base, ReduceTree("k", 4).apply(base), trials=6)


@pytest.mark.parametrize(
    ("before", "step", "message"),
    [
        ((), ReduceTree("k", 3), "factor 3 does not divide loop k, which runs 4 times"),
        ((), ReduceTree("k", 1), "factor 1 does not divide loop k, which runs 4 times"),
        ((), ReduceTree("k", -2), "factor -2 does not divide loop k"),
        ((), ReduceTree("k", 8), "factor 8 does not divide loop k"),
        ((Pipeline("k"),), ReduceTree("k"), "loop k is pipelined; with all its iterations in one tree"),
        ((Unroll("k", 2),), ReduceTree("k", 2), "loop k is unrolled by 2"),
        ((Split("k", 1),), ReduceTree("k.inner"), "loop k.inner runs 1 times, so there is no tree"),
        ((Split("k", 3),), ReduceTree("k.inner"), "loop k.inner has no constant trip count"),
        ((), ReduceTree("j"), "loop j has loop k inside"),
    ],
)
def test_loops_that_make_no_tree(before: tuple[Any, ...], step: ReduceTree, message: str) -> None:
    ir = GEMM
    for earlier in before:
        ir = earlier.apply(ir)
    assert message in refusal(ir, step)
    with pytest.raises(AlloError):
        step.apply(ir)


def test_trees_are_of_a_size_that_can_be_built() -> None:
    base = kernel("f", "def f(A: int32[4, 9000]) -> int32[4]:\n    s: int32[4] = 0\n    for i in range(4):\n"
                  "        for k in range(9000):\n            s[i] += A[i, k]\n    return s\n")  # fmt: skip
    assert refusal(base, ReduceTree("k")).endswith("makes 9000 copies of its body, more than 4096")
    assert ReduceTree("k", 3000).check(base) == ()
    assert refusal(Unroll("i").apply(base), ReduceTree("k", 3000)).endswith("12000 copies of its body, more than 4096")


def test_the_menu_offers_the_reductions() -> None:
    offers = list(ReduceTree.options(kernel("matvec").freeze()))
    assert [(offer.args, offer.choices) for offer in offers] == [({"axis": "j"}, {"factor": (3, 0)})]
    assert list(ReduceTree.options(kernel("skewed").freeze())) == []

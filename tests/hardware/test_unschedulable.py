"""What cannot be scheduled is refused with the place in the source, what is wrong, and what to do: never otherwise."""

from __future__ import annotations

from random import Random

import pytest
from random_engines import kernel_of
from random_programs import program
from random_terms import Chooser

from allo_studio.diagnostics import AlloError, render
from allo_studio.hardware.operators import OperatorLibrary, load_operators
from allo_studio.hardware.schedule import schedule_kernel
from allo_studio.ir import KernelIR, in_context
from allo_studio.primitives.rewrite import mark

HEAD = "from allo_studio.lang import *\n"
VITIS = load_operators("vitis", 3.33)
LIBRARIES = [
    load_operators(profile, clock, family)
    for profile, family, clocks in (
        ("vitis", "ultrascale+", (1.0, 2.5, 3.33, 10.0)),
        ("vitis", "7series", (2.5, 3.33, 10.0)),
        ("open", "ultrascale+", (1.0, 2.5, 10.0)),
        ("open", "ecp5", (3.33, 10.0)),
    )
    for clock in clocks
]
# The solver needs long for some of their port conflicts.
SLOW = {4205, 4206, 4210}


def with_marks(text: str, **marks: dict[str, int]) -> KernelIR:
    """Return a kernel with directives on loops by name, which no step has checked."""
    kernel = kernel_of(HEAD + text)
    with in_context():
        for name in kernel.functions:
            for loop in kernel.at(name).loops():
                mark(loop.op, **marks.get(loop.name, {}))
    return kernel


def refused(kernel: KernelIR, library: OperatorLibrary = VITIS) -> AlloError:
    with pytest.raises(AlloError) as caught:
        schedule_kernel(kernel, library)
    return caught.value


def test_more_operations_than_make_sense() -> None:
    text = """
def f(A: int32[8], B: int32[8]):
    for t in range(2):
        for i in range(9000):
            A[i % 8] = A[i % 8] * B[(i + 3) % 8] + i
"""
    error = refused(with_marks(text, t={"pipeline": 1}, i={"unroll": 0}))
    (found,) = error.diagnostics
    assert found.code == "hardware"
    assert found.message == "f: an iteration has more than 20000 operations"
    assert found.hint == "unroll less, or pipeline a loop further inside"
    assert found.span is not None
    assert found.span.line == 6
    assert "^" in render(found)


def test_a_loop_that_cannot_be_unrolled() -> None:
    text = """
def f(A: int32[8], B: int32[8]):
    for i in range(8):
        for j in range(A[i]):
            B[i] += A[j] * i
"""
    found = refused(with_marks(text, i={"pipeline": 1})).diagnostics[0]
    assert found.code == "hardware"
    assert found.message == "f: loop j has no constant trip count and cannot be unrolled"
    assert found.hint == "pipeline j itself, or give it constant bounds"
    assert found.span is not None
    assert "for j in range(A[i])" in render(found)


def test_a_loop_of_a_called_function_that_cannot_be_unrolled() -> None:
    text = """
def g(A: int32[8], n: int32) -> int32:
    s: int32 = 0
    while s < n:
        s += A[s % 8]
    return s

def f(A: int32[8], B: int32[8]):
    for i in range(8):
        B[i] += g(A, A[i])
"""
    error = refused(with_marks(text, i={"pipeline": 1}))
    found = error.diagnostics[0]
    assert (found.code, found.message) == (
        "hardware",
        "g: loop while has no constant trip count and cannot be unrolled",
    )
    assert found.span is not None
    assert found.span.line == 5


def test_an_operator_without_figures_at_the_clock() -> None:
    text = """
def f(A: int32[8]) -> float32[8]:
    B: float32[8]
    for i in range(8):
        B[i] = A[i]
    return B
"""
    error = refused(with_marks(text), load_operators("vitis", 1.0))
    found = error.diagnostics[0]
    assert found.code == "target"
    assert found.message == "the vitis library has no latency of itof at 1 ns (f32 on ultrascale+)"
    assert found.hint.startswith("choose a clock of at least")
    assert found.span is not None
    assert found.span.line == 6


@pytest.mark.parametrize("seed", [seed for seed in range(4200, 4240) if seed not in SLOW])
def test_random_programs_are_scheduled_or_refused(seed: int) -> None:
    made, random = program(Chooser(Random(seed))), Random(seed)
    try:
        kernel = kernel_of(made.text)
    except AlloError:
        pytest.skip("the language refuses the program")
    with in_context():
        for name in kernel.functions:
            for loop in kernel.at(name).loops():
                if random.random() < 0.4:
                    mark(loop.op, **random.choice(({"unroll": 0}, {"unroll": 3}, {"pipeline": 1}, {"pipeline": 0})))
    try:
        schedule = schedule_kernel(kernel, LIBRARIES[seed % len(LIBRARIES)])
    except AlloError as error:
        found = error.diagnostics
    else:
        found = ()
        assert schedule.text()
        assert schedule.formula
        assert all(row.reason for row in schedule.loops())
    for entry in found:
        assert entry.code in ("hardware", "target")
        assert entry.span is not None
        assert entry.hint

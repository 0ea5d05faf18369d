"""Kernels as circuits: those of the schedule's tests and PolyBench, as they are and with steps."""

from __future__ import annotations

from collections.abc import Sequence

import polybench
import pytest
from hardware_kernels import BASES, grow, inputs_of, parse
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from rtl_checks import CLOCKS, OPEN, RunningKernel, assert_exact, has_circuits
from whole_polybench import IRRATIONAL, WHOLE, whole

from allo_studio.diagnostics import AlloError
from allo_studio.frontend import parse_kernel
from allo_studio.hardware.schedule import schedule_kernel
from allo_studio.ir import KernelIR
from allo_studio.schedule import from_specs

Steps = Sequence[tuple[str, dict[str, object]]]
# `straight` divides floats, which has no circuit yet.
NAMES = sorted(set(BASES) - {"straight"})


def clock_of(number: int) -> float:
    """Return one of the clocks, in turn."""
    return CLOCKS[number % len(CLOCKS)]


@pytest.mark.parametrize("name", NAMES)
def test_kernels_as_they_are(name: str) -> None:
    assert_exact(BASES[name], OPEN[clock_of(NAMES.index(name))], inputs_of(BASES[name]), 3)


def test_a_kernel_without_loops() -> None:
    text = """
def straight(A: float32[3], b: float32) -> (float32[3], float32):
    C: float32[3] = 0.0
    C[0] = A[0] * b
    C[1] = C[0] + A[1] - b
    t: float32 = C[1] - C[2]
    C[2] = t * t
    return C, t
"""
    kernel = parse(text, "straight")
    assert_exact(kernel, OPEN[3.33], inputs_of(kernel), 2)


ROW_WISE: Steps = (
    ("split", {"axis": "j", "factor": 3}),
    ("reorder", {"axes": ["k", "j.outer", "j.inner"]}),
    ("buffer_at", {"buffer": "C", "axis": "i"}),
    ("partition", {"buffer": "B", "kind": "cyclic", "dim": 2, "factor": 3}),
    ("partition", {"buffer": "C", "kind": "cyclic", "dim": 2, "factor": 3}),
    ("pipeline", {"axis": "j.outer"}),
    ("unroll", {"axis": "j.inner"}),
)
CHOSEN: Sequence[tuple[str, Steps]] = [
    ("gemm", ROW_WISE),
    ("gemm", (("buffer_at", {"buffer": "C", "axis": "j"}),)),
    ("gemm", (("pipeline", {"axis": "i"}), ("partition", {"buffer": "C", "kind": "complete"}))),
    ("gemm", (("pipeline", {"axis": "k", "off": True}), ("unroll", {"axis": "i"}))),
    ("gemm", (("unroll", {"axis": "k", "factor": 3}),)),
    ("stencil", (("unroll", {"axis": "j", "factor": 4}),)),
    ("stencil", (("partition", {"buffer": "A", "kind": "block", "dim": 2, "factor": 3}),)),
    (
        "far",
        (("partition", {"buffer": "A", "kind": "cyclic", "factor": 2}), ("unroll", {"axis": "i", "factor": 5})),
    ),
    ("far", (("partition", {"buffer": "A", "kind": "complete"}),)),
    ("prefix", (("unroll", {"axis": "i"}),)),
    ("prefix", (("pipeline", {"axis": "i", "initiation_interval": 13}),)),
    ("shifts", (("partition", {"buffer": "C", "kind": "block", "factor": 3}),)),
    ("shifts", (("partition", {"buffer": "C", "kind": "complete"}),)),
    ("spread", (("partition", {"buffer": "A", "kind": "block", "factor": 7}),)),
    ("swap", (("unroll", {"axis": "i", "factor": 3}),)),
    ("chain", (("pipeline", {"axis": "p"}),)),
    (
        "seidel",
        (("pipeline", {"axis": "i"}), ("partition", {"buffer": "A", "kind": "cyclic", "dim": 2, "factor": 2})),
    ),
    ("horner", (("unroll", {"axis": "i", "factor": 4}),)),
]


@pytest.mark.parametrize(("name", "steps"), CHOSEN, ids=[f"{name}{n}" for n, (name, _) in enumerate(CHOSEN)])
def test_kernels_with_chosen_steps(name: str, steps: Steps) -> None:
    kernel = from_specs(BASES[name], steps).ir
    assert_exact(kernel, OPEN[3.33], inputs_of(kernel), 2)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), name=st.sampled_from(NAMES), clock=st.sampled_from(CLOCKS))
def test_kernels_with_any_legal_steps(data: st.DataObject, name: str, clock: float) -> None:
    kernel = grow(data, BASES[name], 4).ir
    found = schedule_kernel(kernel, OPEN[clock])
    assume(has_circuits(found))
    assert_exact(kernel, OPEN[clock], inputs_of(kernel), 2, RunningKernel(kernel, OPEN[clock], found))


# What keeps kernels of PolyBench from circuits.
REFUSED = {
    "adi": {"division"},
    "cholesky": {"division", "square root"},
    "correlation": {"division", "square root"},
    "covariance": {"division"},
    "deriche": {"division", "exponential", "power"},
    "durbin": {"division"},
    "gramschmidt": {"division", "square root"},
    "lu": {"division"},
    "ludcmp": {"division"},
    "seidel_2d": {"division"},
    "trisolv": {"division"},
}
WITH_CIRCUITS = sorted(set(polybench.NAMES) - set(REFUSED))
scheduled_or_not = pytest.mark.parametrize("scheduled", [False, True], ids=["plain", "scheduled"])


def of_bench(name: str, base: KernelIR, scheduled: bool) -> KernelIR:
    """Return a kernel with the benchmark's schedule, if that is wanted."""
    return from_specs(base, polybench.load(name).schedule).ir if scheduled else base


@scheduled_or_not
@pytest.mark.parametrize("name", WITH_CIRCUITS)
def test_polybench(name: str, scheduled: bool) -> None:
    bench = polybench.load(name)
    kernel = of_bench(name, parse_kernel(bench.source, name), scheduled)
    assert_exact(kernel, OPEN[3.33], bench.inputs(1), 2)


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_polybench_without_circuits(name: str) -> None:
    kernel = parse_kernel(polybench.load(name).source, name)
    with pytest.raises(AlloError) as caught:
        RunningKernel(kernel, OPEN[3.33])
    assert {fault.code for fault in caught.value.diagnostics} == {"rtl"}
    assert all(fault.span is not None and fault.hint for fault in caught.value.diagnostics)
    told = {fault.message.removeprefix("the RTL has no ").partition(" of ")[0] for fault in caught.value.diagnostics}
    assert told == REFUSED[name]


@scheduled_or_not
@pytest.mark.parametrize("name", sorted(set(polybench.NAMES) - {*IRRATIONAL, *WHOLE}))
def test_polybench_in_integers(name: str, scheduled: bool) -> None:
    kernel = of_bench(name, whole(name), scheduled)
    assert_exact(kernel, OPEN[4.0], inputs_of(kernel, 1), 2)

"""The strongest test of the scheduler: run each schedule cycle by cycle with real values, and compare with the JIT."""

from __future__ import annotations

import random
from collections.abc import Sequence

import polybench
import pytest
from affine_kernels import affine_kernel
from hardware_kernels import BASES, grow, inputs_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_engines import inputs_of as flavoured
from random_engines import kernel_of
from random_pieces import draw_pieces
from random_programs import program
from random_terms import Chooser
from schedule_checks import assert_runs, assert_short

from allo_studio.diagnostics import AlloError
from allo_studio.execute import jit
from allo_studio.frontend import parse_kernel
from allo_studio.hardware.operators import load_operators
from allo_studio.hardware.schedule import schedule_kernel
from allo_studio.hardware.traces import Traces
from allo_studio.samples import FLAVOURS
from allo_studio.schedule import from_specs

LIBRARIES = {
    f"{profile} {clock}": load_operators(profile, clock) for profile in ("vitis", "open") for clock in (3.33, 4.0, 10.0)
}
PROFILES = ("vitis 3.33", "open 3.33")
Steps = Sequence[tuple[str, dict[str, object]]]


@pytest.mark.parametrize("library", ["vitis 3.33", "open 4.0", "vitis 10.0"])
@pytest.mark.parametrize("name", sorted(BASES))
def test_kernels_as_they_are(name: str, library: str) -> None:
    assert_short(assert_runs(BASES[name], LIBRARIES[library], inputs_of(BASES[name])))


ROW_WISE: Steps = (
    ("split", {"axis": "j", "factor": 3}),
    ("reorder", {"axes": ["k", "j.outer", "j.inner"]}),
    ("buffer_at", {"buffer": "C", "axis": "i"}),
    ("partition", {"buffer": "B", "kind": "cyclic", "dim": 2, "factor": 3}),
    ("partition", {"buffer": "C", "kind": "cyclic", "dim": 2, "factor": 3}),
    ("pipeline", {"axis": "j.outer"}),
    ("unroll", {"axis": "j.inner"}),
)


# Loops of at most twenty iterations whose least interval needs a deeper placement than an iteration for itself does: it
# makes up more of the cycles than the bound allows for, and is found to be the least interval by trying all.
DEEP = ("far", "spread", "swap", "window")


@pytest.mark.parametrize("library", PROFILES)
@pytest.mark.parametrize(
    ("name", "steps"),
    [
        ("gemm", ROW_WISE),
        ("gemm", ROW_WISE[:3]),
        ("gemm", (("buffer_at", {"buffer": "C", "axis": "j"}),)),
        ("gemm", (("pipeline", {"axis": "j"}),)),
        ("gemm", (("pipeline", {"axis": "i"}), ("partition", {"buffer": "C", "kind": "complete"}))),
        ("gemm", (("pipeline", {"axis": "k", "off": True}), ("unroll", {"axis": "i"}))),
        ("gemm", (("unroll", {"axis": "k", "factor": 3}),)),
        ("stencil", (("unroll", {"axis": "j", "factor": 4}),)),
        ("stencil", (("partition", {"buffer": "A", "kind": "block", "dim": 2, "factor": 3}),)),
        ("far", (("unroll", {"axis": "i", "factor": 4}),)),
        (
            "far",
            (("partition", {"buffer": "A", "kind": "cyclic", "factor": 2}), ("unroll", {"axis": "i", "factor": 5})),
        ),
        ("far", (("partition", {"buffer": "A", "kind": "complete"}),)),
        ("prefix", (("unroll", {"axis": "i"}),)),
        ("prefix", (("pipeline", {"axis": "i", "initiation_interval": 13}),)),
        *(
            ("shifts", (("partition", {"buffer": array, "kind": kind, "factor": factor}),))
            for array, kind, factor in (("C", "cyclic", 2), ("C", "cyclic", 3), ("C", "block", 3), ("C", "complete", 0))
        ),
        ("window", (("partition", {"buffer": "A", "kind": "block", "factor": 7}),)),
        *(
            ("spread", (("partition", {"buffer": "A", "kind": kind, "factor": factor}),))
            for kind, factor in (("cyclic", 2), ("cyclic", 4), ("block", 4), ("block", 7), ("block", 2))
        ),
        ("swap", (("unroll", {"axis": "i", "factor": 3}),)),
        ("chain", (("pipeline", {"axis": "p"}),)),
        ("chain", (("unroll", {"axis": "p", "factor": 2}),)),
        (
            "seidel",
            (("pipeline", {"axis": "i"}), ("partition", {"buffer": "A", "kind": "cyclic", "dim": 2, "factor": 2})),
        ),
        ("matvec", (("pipeline", {"axis": "i"}),)),
        ("matvec", (("unroll", {"axis": "j", "factor": 4}),)),
        ("horner", (("unroll", {"axis": "i", "factor": 4}),)),
    ],
)
def test_kernels_with_chosen_steps(name: str, steps: Steps, library: str) -> None:
    kernel = from_specs(BASES[name], steps).ir
    assert_short(assert_runs(kernel, LIBRARIES[library], inputs_of(kernel)), 1.35 if name in DEEP else 1.05)


@pytest.mark.parametrize("library", PROFILES)
@pytest.mark.parametrize(
    ("name", "streamed"),
    [
        ("gemm", "A"),
        ("stencil", "B"),
        ("triangular", "L"),
        ("solve", "L"),
        ("solve", "b"),
        ("matvec", "A"),
        ("matvec", "y"),
        ("prefix", "A"),
        ("deep", "A"),
        ("deep", "y"),
        ("strided", "A"),
        ("horner", "c"),
        ("chain", "A"),
    ],
)
def test_tokens_move_when_their_accesses_are_executed(name: str, streamed: str, library: str) -> None:
    kernel = BASES[name].with_streams({streamed: 1})
    found = assert_runs(kernel, LIBRARIES[library], inputs_of(kernel))
    trace = found.schedule.trace(streamed)
    assert trace.tolist() == found.execution.accesses[streamed]
    # Without overlap the same tokens move, later.
    ordered = found.schedule.trace(streamed, overlap=False)
    assert ordered.size == trace.size
    assert all(slow >= fast for slow, fast in zip(ordered, trace, strict=True))


@pytest.mark.parametrize("seed", range(12))
def test_tokens_under_conditions_move_when_their_accesses_are_executed(seed: int) -> None:
    drawn = draw_pieces(random.Random(seed), (3, 8), width=1 + seed % 2)
    kernel = from_specs(kernel_of(f"from allo_studio.lang import *\n{drawn.text}"), drawn.steps).ir.with_streams(
        {"A": drawn.width, "B": drawn.width}
    )
    found = assert_runs(kernel, LIBRARIES[PROFILES[seed % len(PROFILES)]], inputs_of(kernel))
    for streamed in ("A", "B"):
        trace = found.schedule.trace(streamed)
        assert trace.tolist() == found.execution.accesses[streamed]
        assert trace.size == 24 // drawn.width
        ordered = found.schedule.trace(streamed, overlap=False)
        assert all(slow >= fast for slow, fast in zip(ordered, trace, strict=True))


@pytest.mark.parametrize("library", PROFILES)
@pytest.mark.parametrize("scheduled", [False, True], ids=["plain", "scheduled"])
@pytest.mark.parametrize("name", polybench.NAMES)
def test_polybench(name: str, scheduled: bool, library: str) -> None:
    bench = polybench.load(name)
    base = parse_kernel(bench.source, name)
    kernel = from_specs(base, bench.schedule).ir if scheduled else base
    found = assert_runs(kernel, LIBRARIES[library], bench.inputs(1))
    assert_short(found)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), name=st.sampled_from(sorted(BASES)), library=st.sampled_from(sorted(LIBRARIES)))
def test_kernels_with_any_legal_steps(data: st.DataObject, name: str, library: str) -> None:
    kernel = grow(data, BASES[name], 4).ir
    assert_runs(kernel, LIBRARIES[library], inputs_of(kernel))


@pytest.mark.parametrize("seed", range(100, 125))
def test_random_affine_kernels(seed: int) -> None:
    kernel = affine_kernel(seed)
    if kernel is None:
        pytest.skip("no kernel")
    library = LIBRARIES[sorted(LIBRARIES)[seed % len(LIBRARIES)]]
    assert_short(assert_runs(kernel, library, inputs_of(kernel, seed)))


@pytest.mark.parametrize("seed", range(40))
def test_random_programs(seed: int) -> None:
    made = program(Chooser(random.Random(3000 + seed)))
    if "bfloat16" in made.text:
        pytest.skip("LLVM calls a routine for it that older run-time libraries lack")
    try:
        kernel = kernel_of(made.text)
    except AlloError:
        pytest.skip("the language refuses the program")
    library = LIBRARIES[sorted(LIBRARIES)[seed % len(LIBRARIES)]]
    compiled = jit(kernel)
    cases = [flavoured(compiled, kernel, made.bounds, f, len(FLAVOURS) * seed + n) for n, f in enumerate(FLAVOURS)]
    assert_runs(kernel, library, *cases)


def test_the_numeric_cycles_are_those_of_any_sizes() -> None:
    text = """
def f(A: float32["n<=9", "m<=7"]) -> float32["n"]:
    y: float32["n"]
    for i in range(n):
        s: float32 = 0.0
        for j in range(i, m):
            s += A[i, j]
        y[i] = s
    return y
"""
    kernel = kernel_of("from allo_studio.lang import *\n" + text)
    found = schedule_kernel(kernel, LIBRARIES["vitis 3.33"])
    for n, m in ((1, 1), (9, 7), (3, 7), (9, 2)):
        sizes = {spelled: extent for name, extent in (("n", n), ("m", m)) for spelled in (name, f"{name}.unsigned")}
        assert Traces(found.control, "f", sizes).cycles() >= n

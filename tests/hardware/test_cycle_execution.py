"""The strongest test of the scheduler: run each schedule cycle by cycle with real values, and compare with the JIT."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from cycle_executor import execute
from hardware_kernels import BASES, grow, inputs_of
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from allo_studio.diagnostics import AlloError
from allo_studio.execute import jit
from allo_studio.hardware.operators import load_operators
from allo_studio.hardware.schedule import schedule_kernel
from allo_studio.hardware.supported import require_supported
from allo_studio.ir import KernelIR
from allo_studio.schedule import from_specs

LIBRARIES = {clock: load_operators("vitis", clock) for clock in (3.33, 4.0, 10.0)}


def assert_runs(kernel: KernelIR, clock: float = 3.33, seed: int = 0) -> None:
    inputs = inputs_of(kernel, seed)
    found = execute(kernel, LIBRARIES[clock], inputs)
    wanted = jit(kernel).run(inputs)
    assert set(found.outputs) == set(wanted)
    for name, array in wanted.items():
        np.testing.assert_array_equal(found.outputs[name], array, err_msg=name)
    assert found.cycles == found.predicted


@pytest.mark.parametrize("clock", sorted(LIBRARIES))
@pytest.mark.parametrize("name", sorted(BASES))
def test_kernels_as_they_are(name: str, clock: float) -> None:
    assert_runs(BASES[name], clock)


Steps = Sequence[tuple[str, dict[str, object]]]
ROW_WISE: Steps = (
    ("split", {"axis": "j", "factor": 3}),
    ("reorder", {"axes": ["k", "j.outer", "j.inner"]}),
    ("buffer_at", {"buffer": "C", "axis": "i"}),
    ("partition", {"buffer": "B", "kind": "cyclic", "dim": 2, "factor": 3}),
    ("partition", {"buffer": "C", "kind": "cyclic", "dim": 2, "factor": 3}),
    ("pipeline", {"axis": "j.outer"}),
    ("unroll", {"axis": "j.inner"}),
)


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
def test_kernels_with_chosen_steps(name: str, steps: Steps) -> None:
    kernel = from_specs(BASES[name], steps).ir
    assert_runs(kernel)


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
def test_tokens_move_when_their_accesses_are_executed(name: str, streamed: str) -> None:
    kernel = BASES[name].with_streams({streamed: 1})
    found = execute(kernel, LIBRARIES[3.33], inputs_of(kernel))
    trace = schedule_kernel(kernel, LIBRARIES[3.33]).trace(streamed)
    once = sorted(set(found.accesses[streamed]))
    assert trace.tolist() == once
    # Without overlap the same tokens move, later.
    ordered = schedule_kernel(kernel, LIBRARIES[3.33]).trace(streamed, overlap=False)
    assert ordered.size == trace.size
    assert all(slow >= fast for slow, fast in zip(ordered, trace, strict=True))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), name=st.sampled_from(sorted(BASES)), clock=st.sampled_from(sorted(LIBRARIES)), most=st.just(5))
def test_kernels_with_any_legal_steps(data: st.DataObject, name: str, clock: float, most: int) -> None:
    grown = grow(data, BASES[name], most).ir
    try:
        require_supported(grown)
    except AlloError:
        # Some steps make what the scheduler has no form for, such as a quotient of a fused loop's variable.
        reject()
    assert_runs(grown, clock)

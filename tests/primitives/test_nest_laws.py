"""Steps on several nests, drawn blindly: each is refused with diagnostics or keeps the results."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nest_steps import NESTS, nest
from step_kernels import assert_same

from allo_studio.analysis.ports import infer_ports
from allo_studio.ir import KernelIR
from allo_studio.primitives.base import Step
from allo_studio.primitives.registry import parse_step
from allo_studio.schedule import from_specs, schedule

_BASES = {name: nest(name) for name in NESTS}
_WANTED = [
    "fuse", "compute_at", "reuse_at", "reuse_at", "parallel", "reorder", "split", "buffer_at", "pipeline",
    "reduce_tree",
]  # fmt: skip


def _draw(data: st.DataObject, ir: KernelIR) -> Step:
    axis = st.sampled_from([loop.id for loop in ir.loops()])
    buffer = st.sampled_from([buffer.name for buffer in ir.buffers()])
    inner = [loop for loop in ir.loops() if loop.parent]
    pairs = st.sampled_from([[loop.parent.id, loop.id] for loop in inner]) if inner else st.tuples(axis, axis)
    forms = {
        "fuse": st.fixed_dictionaries({"axes": pairs}),
        "compute_at": st.fixed_dictionaries({"from_loop": axis, "target_loop": axis}),
        "reuse_at": st.fixed_dictionaries({"buffer": buffer, "axis": axis}),
        "parallel": st.fixed_dictionaries({"axis": axis}),
        "reorder": st.fixed_dictionaries({"axes": pairs.map(lambda pair: pair[::-1])}),
        "split": st.fixed_dictionaries({"axis": axis, "factor": st.integers(1, 5)}),
        "buffer_at": st.fixed_dictionaries({"buffer": buffer, "axis": axis}),
        "reduce_tree": st.fixed_dictionaries({"axis": axis, "factor": st.sampled_from([0, 2, 3])}),
        "pipeline": st.fixed_dictionaries({"axis": axis}),
    }
    name = data.draw(st.sampled_from(_WANTED), label="kind")
    return parse_step(name, data.draw(forms[name], label="args"))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), name=st.sampled_from(sorted(NESTS)))
def test_a_step_is_refused_or_keeps_the_results(data: st.DataObject, name: str) -> None:
    base = _BASES[name]
    scheduled = schedule(base)
    for _ in range(data.draw(st.integers(1, 7), label="steps")):
        step = _draw(data, scheduled.ir)
        found = step.check(scheduled.ir)
        assert all(fault.code == "step" and fault.message for fault in found)
        if not found:
            scheduled = scheduled.apply(step)
    assert_same(base, scheduled.ir, exact=not scheduled.reassociates)
    assert infer_ports(scheduled.ir).directions == base.directions
    assert from_specs(base, scheduled.to_specs()).ir.text() == scheduled.ir.text()

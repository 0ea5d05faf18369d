"""Laws of steps: whatever the menu offers keeps the results, and replay is the same as direct application."""

from __future__ import annotations

import effort
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from step_kernels import KERNELS, assert_same, kernel

from allo_studio.analysis.ports import infer_ports
from allo_studio.ir import KernelIR
from allo_studio.primitives.base import Step
from allo_studio.primitives.registry import parse_step, step_to_dict
from allo_studio.schedule import ScheduledKernel, applicable, from_specs, schedule

_BASES: dict[str, KernelIR] = {name: kernel(name) for name in KERNELS}


def _grow(data: st.DataObject, base: KernelIR, most: int) -> ScheduledKernel:
    scheduled = schedule(base)
    for _ in range(data.draw(st.integers(1, most), label="steps")):
        offered = applicable(scheduled.ir)
        if not offered:
            break
        # The kind of step first, so that partitions do not crowd out the rest.
        name = data.draw(st.sampled_from(sorted({entry.name for entry in offered})), label="kind")
        entry = data.draw(st.sampled_from([e for e in offered if e.name == name]), label="step")
        chosen = {key: data.draw(st.sampled_from(values), label=key) for key, values in entry.choices.items()}
        step = entry.step(**chosen)
        assert step.check(scheduled.ir) == ()
        scheduled = scheduled.apply(step)
    return scheduled


@settings(max_examples=effort.of(8, 20), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), name=st.sampled_from(sorted(KERNELS)))
def test_legal_steps_keep_the_results(data: st.DataObject, name: str) -> None:
    base = _BASES[name]
    scheduled = _grow(data, base, 6)
    assert_same(base, scheduled.ir, exact=not scheduled.reassociates)
    # The proofs of ports still hold: nothing is read before it is written, and every output is written.
    assert infer_ports(scheduled.ir).directions == base.directions
    again = from_specs(base, scheduled.to_specs())
    assert again.ir.text() == scheduled.ir.text()
    assert again.steps == scheduled.steps
    direct = base
    for step in scheduled.steps:
        direct = step.apply(direct)
    assert direct.text() == scheduled.ir.text()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), name=st.sampled_from(sorted(KERNELS)))
def test_a_step_that_checks_out_keeps_the_results(data: st.DataObject, name: str) -> None:
    """Steps that are drawn blindly either are refused with diagnostics or keep the results."""
    base = _BASES[name]
    scheduled = schedule(base)
    for _ in range(4):
        step = _blind(data, scheduled.ir)
        if step is not None and not step.check(scheduled.ir):
            scheduled = scheduled.apply(step)
    assert_same(base, scheduled.ir, exact=not scheduled.reassociates)
    assert infer_ports(scheduled.ir).directions == base.directions


def _blind(data: st.DataObject, ir: KernelIR) -> Step:
    loops = [loop.id for loop in ir.loops()]
    buffers = [buffer.name for buffer in ir.buffers()]
    axis, buffer = st.sampled_from(loops), st.sampled_from(buffers)
    number = st.integers(0, 12)
    forms = {
        "split": st.fixed_dictionaries({"axis": axis, "factor": number}),
        "reorder": st.fixed_dictionaries({"axes": st.lists(axis, min_size=2, max_size=3, unique=True)}),
        "unroll": st.fixed_dictionaries({"axis": axis, "factor": number}),
        "pipeline": st.fixed_dictionaries({"axis": axis, "off": st.booleans()}),
        "partition": st.fixed_dictionaries(
            {"buffer": buffer, "kind": st.sampled_from(["cyclic", "block", "complete"]), "dim": st.integers(0, 3)},
            optional={"factor": number},
        ),
        "buffer_at": st.fixed_dictionaries({"buffer": buffer, "axis": axis}),
        "reduce_tree": st.fixed_dictionaries({"axis": axis, "factor": number}),
    }
    name = data.draw(st.sampled_from(["split", "reorder", "reorder", "buffer_at", "buffer_at", *forms]), label="kind")
    return parse_step(name, data.draw(forms[name], label="args"))


@pytest.mark.parametrize("name", sorted(KERNELS))
def test_everything_the_menu_offers_applies(name: str) -> None:
    base = _BASES[name]
    text = base.text()
    for entry in applicable(base):
        for key, values in entry.choices.items():
            for value in values:
                step = entry.step(**{key: value})
                assert step.check(base) == (), step
                ((known, args),) = step_to_dict(step).items()
                assert parse_step(known, args) == step
        after = entry.step().apply(base)
        assert_same(base, after, exact=not entry.step().reassociates(base))
    assert base.text() == text, "a step changed its input"

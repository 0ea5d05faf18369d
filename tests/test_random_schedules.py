"""Random sequences of schedule steps on random kernels: what the checker lets through keeps the results.

Steps come from the menu or with arguments drawn blindly, of all kinds, on kernels with several nests, triangles, ifs,
stencils and calls, and on PolyBench. Steps that the checker refuses as illegal are done by a back door, to see whether
it refuses too much.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import polybench
import pytest
import yaml
from affine_programs import Chooser, DataChooser, SeededChooser, draw_affine
from back_door import force, is_counterexample
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from step_draws import blind_step, offered_step

from allo_studio.analysis.ports import infer_ports
from allo_studio.diagnostics import AlloError
from allo_studio.frontend import parse_kernel
from allo_studio.ir import KernelIR
from allo_studio.primitives.base import Step
from allo_studio.schedule import ScheduledKernel, from_specs, schedule
from allo_studio.source import Source
from allo_studio.verification import verify

_FORCED = ("reorder", "compute_at", "parallel")
_SETTINGS = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))


def _kernel(text: str) -> KernelIR | None:
    """Return a drawn kernel, None where it is none (it writes nothing)."""
    try:
        return infer_ports(parse_kernel(Source("drawn.py", text), "kernel", {}))
    except AlloError:
        return None


def _grown(choose: Chooser, base: KernelIR, most: int) -> ScheduledKernel:
    """Return a schedule of at most so many random steps; what is refused is refused with diagnostics."""
    scheduled = schedule(base)
    for _ in range(choose.number(1, most)):
        offered = choose.number(0, 2) == 0
        step = offered_step(choose, scheduled.ir) if offered else blind_step(choose, scheduled.ir)
        if step is None:
            continue
        found = step.check(scheduled.ir)
        assert not (offered and found), f"the menu offers {step}: {found}"
        assert all(fault.code in ("step", "layout") and fault.message for fault in found)
        if not found:
            scheduled = scheduled.apply(step)
    return scheduled


def _require_laws(base: KernelIR, scheduled: ScheduledKernel) -> None:
    verdict = verify(base, scheduled.ir, trials=3, reassociates=scheduled.reassociates)
    assert verdict, f"{verdict} after {scheduled.steps}"
    # The proofs of ports still hold: nothing is read before it is written, and every output is written.
    assert infer_ports(scheduled.ir).directions == base.directions
    text = yaml.safe_dump([{name: args} for name, args in scheduled.to_specs()])
    again = from_specs(base, [item for step in yaml.safe_load(text) for item in step.items()])
    assert again.steps == scheduled.steps
    assert again.ir.text() == scheduled.ir.text()
    direct = base
    for count, step in enumerate(scheduled.steps):
        # Undone is never done.
        assert scheduled.truncate(count).ir.text() == direct.text()
        direct = step.apply(direct)
    assert direct.text() == scheduled.ir.text()


@_SETTINGS
@given(data=st.data())
def test_random_steps_on_random_kernels_keep_the_results(data: st.DataObject) -> None:
    choose = DataChooser(data)
    base = _kernel(draw_affine(choose))
    assume(base is not None)
    assert base is not None
    _require_laws(base, _grown(choose, base, 6))


@settings(_SETTINGS, max_examples=10)
@given(data=st.data(), name=st.sampled_from(polybench.NAMES))
def test_random_steps_on_polybench_keep_the_results(data: st.DataObject, name: str) -> None:
    base = infer_ports(parse_kernel(polybench.load(name).source, name, {}))
    _require_laws(base, _grown(DataChooser(data), base, 4))


def _forced(choose: Chooser, base: KernelIR, draws: int, kinds: tuple[str, ...]) -> Iterator[tuple[Step, KernelIR]]:
    """Yield what random steps that are refused with a counterexample make of a kernel."""
    for _ in range(draws):
        step = blind_step(choose, base, kinds)
        if step is not None and is_counterexample(step, step.check(base)):
            after = force(step, base)
            if after is not None:
                yield step, after


def test_what_is_refused_as_illegal_would_change_a_result() -> None:
    changed: list[str] = []
    same: list[str] = []
    for seed in range(30):
        choose = SeededChooser(random.Random(seed))
        base = _kernel(draw_affine(choose, calls=False, live=True))
        for step, after in _forced(choose, base, 10, _FORCED) if base else ():
            (same if verify(base, after, trials=3) else changed).append(f"{seed}: {step}")
    share = len(changed) / (len(changed) + len(same))
    print(f"{len(changed)} of {len(changed) + len(same)} refused steps change a result: {share:.0%}")
    assert len(changed) > 20
    assert share > 0.7, same


@pytest.mark.parametrize("kind", _FORCED)
def test_each_kind_of_illegal_step_is_met(kind: str) -> None:
    """Each kind that is forced above is refused with a counterexample in some of these kernels, and then matters."""
    for seed in range(60):
        choose = SeededChooser(random.Random(seed))
        base = _kernel(draw_affine(choose, calls=False, live=True))
        if base and any(not verify(base, after, trials=3) for _, after in _forced(choose, base, 5, (kind,))):
            return
    pytest.fail(f"no {kind} was refused that changes a result")

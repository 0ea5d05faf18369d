"""The interval of a pipeline is the least that there is: it equals that of an exhaustive search that shares nothing."""

from __future__ import annotations

from collections import Counter
from random import Random

import effort
from affine_programs import Chooser, DataChooser, SeededChooser
from brute_force import Unsearchable, least_interval
from hardware_kernels import parse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pipeline_model import PipelineModel, executions
from small_kernels import draw_small, draw_steps

from allo_studio.diagnostics import AlloError
from allo_studio.hardware.operators import load_operators
from allo_studio.hardware.schedule import schedule_kernel
from allo_studio.schedule import ScheduledKernel, from_specs

EXAMPLES = effort.of(120, 500)
_MOST_TIMED = 14


def draw_kernel(choose: Chooser) -> ScheduledKernel | None:
    """Return a small kernel after some steps, None where they do not apply to it."""
    base = parse(draw_small(choose), "small")
    arrays = [(a.name, len(a.type.shape)) for a in base.arguments() if not a.scalar]
    loops = [loop.id for loop in base.loops()]
    try:
        return from_specs(base, draw_steps(choose, arrays, loops))
    except AlloError:
        return None


def check(choose: Chooser, found: Counter[str]) -> None:
    """Compare each pipeline of a kernel, and count what was found."""
    scheduled = draw_kernel(choose)
    if scheduled is None:
        found["no kernel"] += 1
        return
    library = load_operators(choose.pick(["vitis", "open"]), choose.pick([3.33, 4.0, 10.0]))
    schedule = schedule_kernel(scheduled.ir, library)
    storages = {storage.key: storage for storage in schedule.functions[schedule.kernel].storages}
    runs = list(executions(schedule.items))
    # One iteration alone has no interval to speak of.
    runs = [(item, run) for item, run in runs if len(run) > 1]
    for item in {id(item): item for item, _ in runs if item.counters[-1].name in ("i", "j")}.values():
        if sum(not op.wire for op in item.graph.operations) > _MOST_TIMED:
            found["too large"] += 1
            continue
        model = PipelineModel.of(item, [run for other, run in runs if other is item], storages, library.memory.ports)
        asked = item.asked or 1
        try:
            least = least_interval(model, asked)
            interval = item.placement.interval
            text = f"{scheduled.base.text()}\n{scheduled.steps}\n{library.profile} {library.clock_ns}"
            assert interval >= least, f"{interval} is less than the least, {least}:\n{text}"
            if interval > least:
                # Accesses are told apart in pairs: three that never all meet may be taken to, if each two do.
                assert interval == least_interval(model, asked, joint=False), f"{interval}, not {least}:\n{text}"
                found["pairs"] += 1
            found["equal"] += 1
            found[f"{item.placement.limit.kind}"] += 1
            assert item.placement.proven
        except Unsearchable:
            found["unsearchable"] += 1


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(data=st.data())
def test_the_interval_is_that_of_an_exhaustive_search(data: st.DataObject) -> None:
    check(DataChooser(data), Counter())


def test_most_kernels_are_searched() -> None:
    found: Counter[str] = Counter()
    for seed in range(1000, 1040):
        check(SeededChooser(Random(seed)), found)
    assert found["equal"] >= 24
    assert found["unsearchable"] <= 3
    assert min(found[kind] for kind in ("none", "recurrence", "port")) >= 3

"""Random designs from end to end: every engine computes what the reference does, and the figures agree.

`ALLO_STUDIO_RANDOM_DESIGNS` multiplies the number of designs, for a long search.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, event, given, settings
from random_projects import Design, designs

from allo_studio.backends.vitis import emit, tolerance_of, write
from allo_studio.design.model import Project
from allo_studio.design.timing import SizedDesign
from allo_studio.diagnostics import AlloError
from allo_studio.pipeline import check_project, size_project
from allo_studio.project import LoadedProject
from allo_studio.simulate import compare, evaluate, random_inputs, run
from allo_studio.simulate.jit import evaluate_jit

TIMES = int(os.environ.get("ALLO_STUDIO_RANDOM_DESIGNS", "1"))
# What a sound design of sound blocks may still be refused for: demands on layouts that nothing meets, and channels
# that were asked for.
REFUSALS = {"layout", "order", "deadlock"}

SPECIAL = {
    "f": [0.0, -0.0, np.inf, -np.inf, np.nan, 1e-45, -1e-40, 3.4e38, 1.0],
    "i": [0, -1, 1, -(2**31), 2**31 - 1, 46341],
}


def search(examples: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return the settings of a search over random designs."""
    return settings(
        max_examples=examples * TIMES,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
        derandomize=TIMES == 1,
    )


def sized_or_refused(loaded: LoadedProject, design: Design) -> SizedDesign | None:
    """Return the sized design, or None where it was rightly refused."""
    checked = check_project(loaded)
    found = [d for d in checked.diagnostics if d.severity == "error"]
    if not found:
        try:
            return size_project(loaded)
        except AlloError as error:
            found = list(error.diagnostics)
    assert {d.code for d in found} <= REFUSALS, found
    assert design.forced or {d.code for d in found} == {"layout"}, found
    assert all(d.where for d in found)
    event("refused")
    return None


def data_of(sized: SizedDesign) -> dict[str, np.ndarray]:
    """Return random data; where sums stay in order, with numbers on which engines like to differ."""
    inputs = random_inputs(sized.region.ports)
    if tolerance_of(sized.region):
        return inputs
    random = np.random.default_rng(1)
    for name, array in inputs.items():
        special = np.array(SPECIAL[array.dtype.kind]).astype(array.dtype)
        inputs[name] = np.where(random.random(array.shape) < 0.15, random.choice(special, array.shape), array)
    return inputs


def assert_same(got: dict[str, np.ndarray], want: dict[str, np.ndarray], tolerance: float) -> None:
    verdict = compare(got, want, tolerance)
    assert verdict.mismatches == 0, verdict
    assert verdict.compared == sum(array.size for array in want.values())
    if not tolerance:
        for name, array in want.items():
            number = ~np.isnan(array)
            np.testing.assert_array_equal(np.signbit(got[name])[number], np.signbit(array)[number], err_msg=name)


def reference(sized: SizedDesign, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return evaluate(sized.region, inputs)


@search(60)
@given(designs())
def test_the_jit_computes_what_the_reference_does(design: Design) -> None:
    with tempfile.TemporaryDirectory() as folder:
        sized = sized_or_refused(design.load(Path(folder)), design)
        if sized is None:
            return
        inputs = data_of(sized)
        assert_same(evaluate_jit(sized.region, inputs), reference(sized, inputs), tolerance_of(sized.region))


@search(12)
@given(designs())
def test_the_generated_circuit_computes_what_the_reference_does(design: Design) -> None:
    with tempfile.TemporaryDirectory() as name:
        loaded = design.load(Path(name))
        sized = sized_or_refused(loaded, design)
        if sized is None:
            return
        inputs = data_of(sized)
        out = Path(name) / "out"
        write(emit(sized.region, loaded.project.target, "random", "xcu280-fsvh2892-2L-e"), out)
        tolerance = tolerance_of(sized.region)
        result = run(out, sized.region.name, inputs, reference(sized, inputs), tolerance=tolerance)
        assert result.passed, (result.first_mismatch, result.faults, result.log)
        assert_same(dict(result.outputs), reference(sized, inputs), tolerance)


@search(60)
@given(designs())
def test_the_figures_agree_among_themselves(design: Design) -> None:
    with tempfile.TemporaryDirectory() as folder:
        loaded = design.load(Path(folder))
        sized = sized_or_refused(loaded, design)
        if sized is None:
            return
        assert 1 <= sized.interval <= sized.latency
        for size in sized.fifos.values():
            assert 0 <= size.observed <= size.depth
        for path, timing in sized.processes.items():
            assert timing.schedule.latency >= 1, path
            assert timing.stall >= 0
        sequential = size_project(loaded, one_after_another(loaded.project))
        assert sized.latency <= sequential.latency + len(sized.fifos)


def one_after_another(project: Project) -> Project:
    """Return the same project with every graph sequential and no channel forced."""
    graphs = {
        name: replace(
            graph,
            execution="sequential",
            edges=tuple(replace(edge, channel=None, depth=None) for edge in graph.edges),
        )
        for name, graph in project.graphs.items()
    }
    return replace(project, graphs=graphs)


def test_the_search_meets_what_it_is_for() -> None:
    """Designs of all kinds come up, so that the searches above are about something."""
    seen: dict[str, int] = {}

    @settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None)
    @given(designs())
    def look(design: Design) -> None:
        for word in (
            "graph: inner",
            "sequential",
            "dataflow",
            "channel: fifo",
            "pipeline",
            "unroll",
            "buffer_at",
            "int32",
        ):
            seen[word] = seen.get(word, 0) + (word in design.project or word in design.kernels)

    look()
    assert min(seen.values()) >= 3, seen

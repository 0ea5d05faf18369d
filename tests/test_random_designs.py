"""Random designs from end to end: every engine computes what the reference does, and the figures agree.

`ALLO_STUDIO_RANDOM_DESIGNS` multiplies the number of designs, for a long search.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from random_projects import Design, designs

from allo_studio.backends.vitis import emit, tolerance_of, write
from allo_studio.design.checked import CheckedDesign
from allo_studio.design.model import Endpoint, GraphNode, Interface, Project
from allo_studio.design.timing import SizedDesign
from allo_studio.diagnostics import AlloError
from allo_studio.pipeline import check_project, size_project
from allo_studio.project import LoadedProject
from allo_studio.simulate import compare, evaluate, evaluate_kernel, random_inputs, run
from allo_studio.simulate.jit import evaluate_jit

pytestmark = pytest.mark.usefixtures("quick_cpp")
Arrays = dict[str, np.ndarray]
TIMES = int(os.environ.get("ALLO_STUDIO_RANDOM_DESIGNS", "1"))
# What a sound design of sound blocks may still be refused for: demands on layouts that nothing meets, channels
# that were asked for, and schedules that no hardware of ours has a form for.
REFUSALS = {"layout", "order", "deadlock", "hardware"}

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


def accepted(design: Design) -> Iterator[tuple[LoadedProject, CheckedDesign, SizedDesign]]:
    """Yield the design as it was loaded, checked and sized, or nothing where it was rightly refused."""
    with tempfile.TemporaryDirectory() as folder:
        loaded = design.load(Path(folder))
        checked = check_project(loaded)
        found = [d for d in checked.diagnostics if d.severity == "error"]
        if not found:
            try:
                sized = size_project(loaded)
            except AlloError as error:
                found = list(error.diagnostics)
        if not found:
            event("accepted")
            yield loaded, checked, sized
            return
    event(f"refused: {', '.join(sorted({d.code for d in found}))}")
    codes = {d.code for d in found}
    assert codes <= REFUSALS, found
    assert design.forced or codes <= {"layout", "hardware"}, found
    assert all(d.where for d in found)
    if "hardware" in codes:
        # The check has said so of each such block, and nothing but what it has said is refused.
        told = {d.where for d in checked.diagnostics if d.code == "hardware"}
        assert {d.where for d in found if d.code == "hardware"} <= told


def data_of(sized: SizedDesign) -> Arrays:
    """Return random data; where sums stay in order, with numbers on which engines like to differ."""
    inputs = random_inputs(sized.region.ports)
    if tolerance_of(sized.region):
        return inputs
    random = np.random.default_rng(1)
    for name, array in inputs.items():
        special = np.array(SPECIAL[array.dtype.kind]).astype(array.dtype)
        inputs[name] = np.where(random.random(array.shape) < 0.15, random.choice(special, array.shape), array)
    return inputs


def assert_same(got: Arrays, want: Arrays, tolerance: float) -> None:
    verdict = compare(got, want, tolerance)
    assert verdict.mismatches == 0, verdict
    assert verdict.compared == sum(array.size for array in want.values())
    if not tolerance:
        for name, array in want.items():
            number = ~np.isnan(array)
            np.testing.assert_array_equal(np.signbit(got[name])[number], np.signbit(array)[number], err_msg=name)


def wired(checked: CheckedDesign, graph: str, inputs: Arrays) -> Arrays:
    """Return what a graph should compute, from the project's own blocks and wires: no elaboration, no schedule."""
    level = checked.project.graphs[graph]
    sources = {edge.target: edge.source for edge in level.edges}
    held = {Endpoint("", name): array for name, array in inputs.items()}
    waiting = dict(level.nodes)
    while waiting:
        for name in waiting:
            ends = {
                p.name: sources[Endpoint(name, p.name)] for p in checked.ports[f"{graph}/{name}"] if p.direction == "in"
            }
            if all(end in held for end in ends.values()):
                break
        else:
            raise AssertionError(f"{sorted(waiting)} wait for each other")
        node = waiting.pop(name)
        given = {port: held[end] for port, end in ends.items()}
        if isinstance(node, GraphNode):
            made = wired(checked, node.graph, given)
        else:
            made = evaluate_kernel(checked.kernels[f"{graph}/{name}"].base, given)
        held |= {Endpoint(name, port): array for port, array in made.items()}
    return {name: held[sources[Endpoint("", name)]] for name in level.outputs}


def reference(checked: CheckedDesign, sized: SizedDesign, inputs: Arrays) -> Arrays:
    """Return the design's outputs, and make sure that the pipeline's own reference agrees."""
    want = wired(checked, checked.project.top, inputs)
    assert_same(evaluate(sized.region, inputs), want, 0.0)
    return want


@search(40)
@given(designs())
def test_the_jit_computes_what_the_reference_does(design: Design) -> None:
    for _, checked, sized in accepted(design):
        inputs = data_of(sized)
        assert_same(evaluate_jit(sized.region, inputs), reference(checked, sized, inputs), tolerance_of(sized.region))


@search(18)
@given(designs(), st.sampled_from(get_args(Interface)))
def test_the_generated_circuit_computes_what_the_reference_does(design: Design, interface: Interface) -> None:
    for loaded, checked, sized in accepted(design):
        inputs = data_of(sized)
        target = replace(loaded.project.target, interface=interface)
        write(emit(sized.region, target, "random", "xcu280-fsvh2892-2L-e"), loaded.root / "out")
        want, tolerance = reference(checked, sized, inputs), tolerance_of(sized.region)
        result = run(loaded.root / "out", sized.region.name, inputs, want, tolerance=tolerance)
        assert result.passed, (result.first_mismatch, result.faults, result.log)
        assert_same(dict(result.outputs), want, tolerance)


@search(36)
@given(designs())
def test_the_figures_agree_among_themselves(design: Design) -> None:
    for loaded, _, sized in accepted(design):
        assert 1 <= sized.interval <= sized.latency
        for size in sized.fifos.values():
            assert 0 <= size.observed <= size.depth
        for path, timing in sized.processes.items():
            assert timing.schedule.latency >= 1, path
            assert timing.stall >= 0
        sequential = size_project(loaded, one_after_another(loaded.project))
        # A channel that was asked for may cost more than it gains.
        if not design.forced:
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

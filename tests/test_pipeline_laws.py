"""Whatever schedules two blocks have: a design that checks out is generated, and computes what the source says."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mixed_projects import KERNELS, make

from allo_studio.analysis.ports import infer_ports
from allo_studio.design.model import Project, StepSpec
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.frontend import parse_kernel
from allo_studio.pipeline import build, check_project, simulate
from allo_studio.project import LoadedProject
from allo_studio.schedule import applicable, schedule
from allo_studio.source import Source

_BLOCKS = ("double", "turn", "gemm")


@pytest.fixture(scope="module")
def base() -> LoadedProject:
    return make(Path(tempfile.mkdtemp()), "three_levels")


_MOST_FUNCTIONS = 4


def _steps(data: st.DataObject, function: str) -> tuple[StepSpec, ...]:
    scheduled = schedule(infer_ports(parse_kernel(Source("k.py", KERNELS), function, {})))
    for _ in range(data.draw(st.integers(0, 5), label=f"steps of {function}")):
        offered = applicable(scheduled.ir)
        kind = data.draw(st.sampled_from(sorted({entry.name for entry in offered})), label="kind")
        entry = data.draw(st.sampled_from([e for e in offered if e.name == kind]), label="step")
        chosen = {key: data.draw(st.sampled_from(values), label=key) for key, values in entry.choices.items()}
        after = scheduled.apply(entry.step(**chosen))
        # The menu asks about every function of a block that was unfolded into many.
        if len(after.ir.functions) <= _MOST_FUNCTIONS:
            scheduled = after
    return tuple(StepSpec(name, args) for name, args in scheduled.to_specs())


def _project(data: st.DataObject, loaded: LoadedProject) -> Project:
    blocks = [data.draw(st.sampled_from(_BLOCKS), label="block") for _ in range(2)]
    graph = loaded.project.graphs["inner"]
    node = graph.nodes["d"]
    nodes = {f"b{n}": replace(node, function=name, schedule=f"s{n}") for n, name in enumerate(blocks)}
    first, last = (("A", "C") if name == "gemm" else ("X", "Y") for name in blocks)
    wires = [f"A -> b0.{first[0]}", f"b0.{first[1]} -> b1.{last[0]}", f"b1.{last[1]} -> E"]
    inputs = {"A": "float32[8, 8]"}
    for n, name in enumerate(blocks):
        if name == "gemm":
            inputs[f"B{n}"] = "float32[8, 8]"
            wires.append(f"B{n} -> b{n}.B")
    edge = graph.edges[0]
    parts = [[type(edge.source).parse(end) for end in wire.split(" -> ")] for wire in wires]
    edges = tuple(replace(edge, source=source, target=target) for source, target in parts)
    top = replace(
        graph,
        name="top",
        execution=data.draw(st.sampled_from(["dataflow", "dataflow", "sequential"]), label="execution"),
        unify=data.draw(st.booleans(), label="unify"),
        inputs=inputs,
        nodes=nodes,
        edges=edges,
    )
    schedules = {f"s{n}": _steps(data, name) for n, name in enumerate(blocks)}
    return replace(loaded.project, top="top", graphs={"top": top}, schedules=schedules)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_design_that_checks_out_works(data: st.DataObject, base: LoadedProject) -> None:
    project = _project(data, base)
    checked = check_project(base, project)
    if not checked.ok:
        # Steps may unroll more than any hardware holds.
        assert {d.code for d in checked.diagnostics if d.severity == "error"} <= {"layout", "hardware"}
        return
    refused: tuple[Diagnostic, ...] = ()
    try:
        assert simulate(base, target="jit", project=project).ok
    except AlloError as error:
        refused = error.diagnostics
    if refused:
        assert {d.code for d in refused} == {"hardware"}
        assert all(d.hint and d.span for d in refused)
        return
    with tempfile.TemporaryDirectory() as name:
        assert build(base, Path(name) / "out", project=project, simulate=False).ok

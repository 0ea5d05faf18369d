"""Latency and interval of designs: published figures, and the naive simulation of the processes' traces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from mixed_projects import PROJECTS, make
from naive_dataflow import simulate

from allo_studio.design.recurrence import ProcessTrace
from allo_studio.design.region import KernelProcess, Region, RegionProcess
from allo_studio.design.timing import SizedDesign, leaf_processes
from allo_studio.diagnostics import AlloError
from allo_studio.hardware.nest import Pipeline, walk
from allo_studio.hardware.operators import OperatorLibrary, load_operators
from allo_studio.pipeline import size_project
from allo_studio.project import load_project

_PROJECTS = Path(__file__).parents[2] / "projects"


@cache
def sized(top: str, fadd: int | None = None, execution: str | None = None, project: str = "gemm_1024") -> SizedDesign:
    loaded = load_project(_PROJECTS / project)
    library: OperatorLibrary | None = load_operators("vitis", 3.33).with_latency("fadd", fadd) if fadd else None
    changed = replace(loaded.project, top=top)
    if execution:
        graph = changed.graphs[top]
        edges = tuple(replace(edge, channel=None, depth=None) for edge in graph.edges)
        changed = replace(changed, graphs={**changed.graphs, top: replace(graph, execution=execution, edges=edges)})
    return size_project(loaded, changed, library)


def milliseconds(design: SizedDesign) -> float:
    return design.latency * 3.33e-6


def interval_of_the_product(design: SizedDesign) -> int:
    """Return the II of the pipeline that multiplies."""
    (timing,) = design.processes.values()
    items = [item for item, _ in walk(timing.schedule.items) if isinstance(item, Pipeline)]
    return next(i.placement.interval for i in items if any(op.operator == "fmul.f32" for op in i.graph.operations))


@pytest.mark.parametrize(
    ("top", "published", "interval"), [("vanilla", 25_074, 7), ("inner_product", 17_950, 5), ("row_wise", 112, 1)]
)
def test_one_product_takes_what_was_published(top: str, published: float, interval: int) -> None:
    assert milliseconds(sized(top)) == pytest.approx(published, rel=0.01)
    assert interval_of_the_product(sized(top)) == interval


@pytest.mark.parametrize(("top", "interval"), [("vanilla", 9), ("inner_product", 7), ("row_wise", 1)])
def test_a_slower_adder_lengthens_the_recurrences(top: str, interval: int) -> None:
    assert interval_of_the_product(sized(top, fadd=6)) == interval


def test_half_the_lanes_take_twice_the_time() -> None:
    assert sized("row_wise_16").latency == pytest.approx(2 * sized("row_wise").latency, rel=0.01)


def test_two_products_take_twice_and_a_copy_between_them_is_on_top() -> None:
    cascade, separate = sized("cascade"), sized("cascade_separate")
    assert cascade.latency == 2 * sized("row_wise").latency
    copies = [t for t in separate.processes.values() if not isinstance(t.process, KernelProcess)]
    assert len(copies) == 1
    assert separate.latency == cascade.latency + copies[0].schedule.latency
    # An element a cycle.
    assert copies[0].schedule.latency == pytest.approx(1024 * 1024, abs=5)
    assert milliseconds(separate) - milliseconds(cascade) > 0


def test_streaming_overlaps_the_two_products() -> None:
    streamed = sized("cascade", project="gemm_cascade")
    sequential = sized("cascade", project="gemm_cascade", execution="sequential")
    assert streamed.latency <= 0.6 * sequential.latency
    assert streamed.interval < streamed.latency


def traces(region: Region, design: SizedDesign) -> Iterator[ProcessTrace]:
    """Yield the traces of a region of kernels, from its channels and the kernels' schedules."""
    fifos = {c.name: c.id for c in region.channels if c.kind == "fifo"}
    writers = {c.name: f"{region.path}/{c.source[0]}" for c in region.channels if c.kind != "fifo" and c.source[0]}
    for process in region.processes:
        assert not isinstance(process, RegionProcess)
        schedule = design.processes[process.path].schedule
        reads, writes, after = {}, {}, []
        for port, channel in process.bindings.items():
            if channel in fifos:
                side = reads if process.ir.directions[port] == "in" else writes
                side[fifos[channel]] = schedule.trace(port)
            elif channel in writers and writers[channel] != process.path:
                after.append(writers[channel])
        yield ProcessTrace(process.path, schedule.latency, reads, writes, tuple(after))


_FLAT = [n for n, text in PROJECTS.items() if "execution: sequential" not in text and "{graph:" not in text]


@pytest.mark.parametrize("name", _FLAT)
def test_a_dataflow_graph_takes_what_its_simulation_takes(tmp_path: Path, name: str) -> None:
    design = size_project(make(tmp_path, name))
    library = design.library
    found = tuple(traces(design.region, design))
    depths = {c.id: c.depth for c in design.region.channels if c.kind == "fifo"}
    outcome = simulate(found, depths, library.fifo_latency)
    assert not outcome.stuck
    assert outcome.latency == design.latency
    for trace in found:
        start = max((outcome.done[before] + 1 for before in trace.after), default=0)
        assert design.processes[trace.name].stall == outcome.done[trace.name] - start + 1 - trace.latency
    endless = simulate(found, {}, library.fifo_latency)
    if not any(edge.depth for edge in make(tmp_path, name).project.graphs["top"].edges):
        assert endless.latency == design.latency
    for channel, depth in depths.items():
        assert design.fifos[channel].depth == depth
        assert design.fifos[channel].observed <= depth


def repeat(found: tuple[ProcessTrace, ...], times: int) -> tuple[ProcessTrace, ...]:
    """Return the traces of invocations back to back: a ping-pong buffer holds two."""
    result = []
    for n in range(times):
        for trace in found:
            after = [f"{name}#{n}" for name in trace.after]
            after += [f"{trace.name}#{n - 1}"] * (n > 0)
            after += [f"{t.name}#{n - 2}" for t in found if trace.name in t.after and n > 1]
            result.append(replace(trace, name=f"{trace.name}#{n}", after=tuple(after)))
    return tuple(result)


@pytest.mark.parametrize("name", ["asked_for", "two_outputs", "scalar_input", "unread_output"])
def test_the_interval_is_that_of_invocations_back_to_back(tmp_path: Path, name: str) -> None:
    design = size_project(make(tmp_path, name))
    found = tuple(traces(design.region, design))
    depths = {c.id: c.depth for c in design.region.channels if c.kind == "fifo"}
    outcome = simulate(repeat(found, 4), depths, design.library.fifo_latency)
    ends = [max(outcome.done[f"{trace.name}#{n}"] for trace in found) for n in (2, 3)]
    assert design.interval == ends[1] - ends[0]
    slowest = max(t.schedule.latency for t in design.processes.values())
    assert slowest <= design.interval <= design.latency


def latency_by_hand(region: Region, design: SizedDesign) -> int:
    assert region.execution == "sequential"
    total = 0
    for process in region.processes:
        if isinstance(process, RegionProcess):
            total += latency_by_hand(process.region, design)
        else:
            total += design.processes[process.path].schedule.latency
    return total


@pytest.mark.parametrize("name", ["copies_between_layouts", "fan_out", "an_input_with_two_readers", "no_loops"])
def test_blocks_one_after_another_take_their_sum(tmp_path: Path, name: str) -> None:
    loaded = make(tmp_path, name)
    graph = replace(loaded.project.graphs["top"], execution="sequential")
    design = size_project(loaded, replace(loaded.project, graphs={"top": graph}))
    assert design.latency == design.interval == latency_by_hand(design.region, design)


def test_a_sequential_graph_in_a_dataflow_graph_is_one_process(tmp_path: Path) -> None:
    design = size_project(make(tmp_path, "sequential_inside_dataflow"))
    latency = {path: timing.schedule.latency for path, timing in design.processes.items()}
    # All channels are ping-pong buffers: one after another at first, and overlapped by invocations.
    inside = latency["top/sub/m"] + latency["top/sub/d"]
    assert design.latency == latency["top/one"] + inside + latency["top/last"]
    assert design.interval == inside


def test_a_dataflow_graph_in_a_sequential_graph_is_timed_by_itself(tmp_path: Path) -> None:
    design = size_project(make(tmp_path, "dataflow_inside_sequential"))
    latency = {path: timing.schedule.latency for path, timing in design.processes.items()}
    # `gemm` as it is does not write in order: ping-pong, no overlap inside.
    assert design.latency == sum(latency[f"top/{n}"] for n in ("one", "sub/m", "sub/d", "last"))


def test_a_buffer_into_a_graph_is_waited_for_inside(tmp_path: Path) -> None:
    design = size_project(make(tmp_path, "pingpong_into_a_graph"))
    latency = {path: timing.schedule.latency for path, timing in design.processes.items()}
    assert design.latency == latency["top/one"] + latency["top/s/t"] + latency["top/s/g"]
    assert design.interval == max(latency.values())


def test_a_nested_dataflow_graph_is_timed_as_if_it_were_drawn_flat(tmp_path: Path) -> None:
    nested = size_project(make(tmp_path / "n", "fifo_through_a_boundary"))
    found = {t.process.path: t for t in nested.processes.values()}
    region = nested.region
    inner = next(p for p in region.processes if isinstance(p, RegionProcess)).region
    ids = {c.name: c.id for c in (*region.channels, *inner.channels) if c.kind == "fifo" and c.depth}
    depths = {c.id: c.depth for c in (*region.channels, *inner.channels) if c.kind == "fifo" and c.depth}
    outer = {"A": "one_C", "E": "sub_E"}
    flat = []
    for process in leaf_processes(region):
        reads: dict[str, np.ndarray] = {}
        writes: dict[str, np.ndarray] = {}
        for port, channel in process.bindings.items():
            known = outer.get(channel, channel) if process.path.startswith("top/sub/") else channel
            if known in ids and port in process.ir.streams:
                side = reads if process.ir.directions[port] == "in" else writes
                side[ids[known]] = found[process.path].schedule.trace(port)
        flat.append(ProcessTrace(process.path, found[process.path].schedule.latency, reads, writes))
    assert sorted(len(t.reads) + len(t.writes) for t in flat) == [1, 1, 2, 2, 2]
    assert simulate(flat, depths, nested.library.fifo_latency).latency == nested.latency


def test_a_depth_that_deadlocks_is_a_fault_that_says_who_waits(tmp_path: Path) -> None:
    loaded = make(tmp_path, "reconvergent")
    graph = loaded.project.graphs["top"]
    # `two` takes a whole row before it gives any; `sum` takes both in step.
    edges = tuple(replace(e, channel="fifo", depth=1) if str(e.target) == "sum.Z" else e for e in graph.edges)
    with pytest.raises(AlloError) as caught:
        size_project(loaded, replace(loaded.project, graphs={"top": replace(graph, edges=edges)}))
    (found,) = caught.value.diagnostics
    assert found.code == "deadlock"
    assert "top/one waits for room in top/one.Z->sum.Z" in found.message
    assert found.hint

"""A report's graphs as dataflow: processes, channels, and which process sets the pace; and as a tree of parts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from allo_studio.pipeline import predict
from allo_studio.project import load_project
from allo_studio.report import Report
from allo_studio.report.call_graph import FIGURES, Part, call_graph, share_of
from allo_studio.report.dataflow import flow_of, graphs_of
from allo_studio.report.model import ChannelRow, LoopRow, ProcessRow

PROJECTS = Path(__file__).resolve().parents[2] / "projects"


def block(path: str, latency: int, interval: int, stall: int = 0, dsp: int = 0) -> ProcessRow:
    return ProcessRow(path, "k", latency, interval, dsp, stall=stall)


BLOCKS = (
    block("top/a", 100, 100, 100, 1),
    block("top/sub/x", 300, 250, 0, 2),
    block("top/sub/y", 200, 400, 50, 3),
    block("top/b", 80, 80),
)
LOOPS = (
    LoopRow("top/sub/y", "i", 0, 8, 100, 5, 1, pipelined=True, function="k"),
    LoopRow("top/sub/y", "j", 0, 8, 300, 5, 4, pipelined=True, reason="recurrence fadd", function="k"),
)
CHANNELS = (
    ChannelRow("top/in->a.X", "stream", "int8[4]", 8, source="top.in", target="top/a.X"),
    ChannelRow("top/a.Y->sub.X", "fifo", "int8[4]", 8, 1, {"vitis": 2}, 2, "", "top/a.Y", "top/sub.X, top/b.X"),
    ChannelRow("top/sub/x.Y->y.X", "fifo", "int8[4]", 8, source="top/sub/x.Y", target="top/sub/y.X"),
)
REPORT = Report("p", "top", "d", 4.0, {"vitis": {"predicted": 900}}, 400, BLOCKS, LOOPS, channels=CHANNELS)


def test_a_graph_inside_is_a_process_with_the_figures_of_its_blocks() -> None:
    assert graphs_of(REPORT) == ("top", "top/sub")
    flow = flow_of(REPORT, "top")
    assert [own.name for own in flow.processes] == ["a", "sub", "b"]
    a, sub, b = flow.processes
    assert (a.graph, a.ii, a.stalled) == (False, None, 0.5)
    assert (sub.graph, sub.kernel, sub.path) == (True, "2 blocks", "top/sub")
    assert (sub.latency, sub.interval, sub.stall, sub.dsp, sub.ii) == (300, 400, 0, 5, 4)
    assert b.stalled == 0


def test_channels_join_processes_and_ports() -> None:
    found = [(each.row.id, each.source, each.targets) for each in flow_of(REPORT, "top").channels]
    assert found == [("top/in->a.X", "@in", ("a",)), ("top/a.Y->sub.X", "a", ("sub", "b"))]
    (inner,) = flow_of(REPORT, "top/sub").channels
    assert (inner.source, inner.targets) == ("x", ("y",))


def test_the_bottleneck_is_told_with_its_reason() -> None:
    flow = flow_of(REPORT, "top")
    assert flow.bottleneck == "sub"
    assert "sub has the largest interval: 400 cycles" in flow.why
    assert "loop j starts an iteration every 4 cycles: recurrence fadd" in flow.why
    waits = flow_of(replace(REPORT, interval=500), "top").why
    assert "the graph takes 500: its processes wait for each other" in waits
    assert "loop j" not in waits, "the loop is not what sets the pace then"
    one = flow_of(replace(REPORT, processes=BLOCKS[:1], interval=100, loops=()), "top")
    assert one.why == "a is the only process."
    empty = flow_of(replace(REPORT, processes=()), "top")
    assert (empty.bottleneck, empty.processes) == ("", ())


def test_the_pace_of_the_image_pipeline_is_that_of_its_slowest_filter() -> None:
    report = predict(load_project(PROJECTS / "image_pipeline"))[0]
    flow = flow_of(report, "edges")
    assert flow.bottleneck == max(report.processes, key=lambda row: row.interval).path.partition("/")[2]
    assert [each.source for each in flow.channels] == ["@image", "blur", "sobel", "threshold"]


@pytest.fixture(scope="module")
def layer() -> Report:
    return predict(load_project(PROJECTS / "transformer_layer"))[0]


def parts(root: Part) -> list[Part]:
    return [root, *(found for child in root.children for found in parts(child))]


def test_the_tree_has_every_block_and_loop_once(layer: Report) -> None:
    found = parts(call_graph(layer))
    assert sorted(part.path for part in found if part.kind == "block") == sorted(row.path for row in layer.processes)
    loops = [(part.path, part.name, part.source) for part in found if part.kind == "loop"]
    assert sorted(loops) == sorted((row.path, row.loop, row.source) for row in layer.loops)
    graphs = [part.path for part in found if part.kind in ("design", "graph")]
    assert sorted(graphs) == sorted(graphs_of(layer))


def test_resources_of_a_graph_are_those_of_its_blocks(layer: Report) -> None:
    root = call_graph(layer)
    assert root.figures["DSP"] == sum(row.dsp for row in layer.processes)
    assert root.figures["Latency"] == layer.latency
    for part in parts(root):
        assert set(part.figures) <= set(FIGURES)
        for figure in FIGURES:
            share = share_of(part, figure, root)
            assert share is None or 0 <= share <= 1


def test_loops_take_no_more_cycles_than_their_block(layer: Report) -> None:
    for part in parts(call_graph(layer)):
        known = [child.figures["Latency"] for child in part.children if "Latency" in child.figures]
        if part.kind in ("block", "loop") and len(known) == len(part.children) and "Latency" in part.figures:
            assert sum(known) <= part.figures["Latency"] or part.kind == "loop"
            assert max(known, default=0) <= part.figures["Latency"]


def test_a_loop_in_a_loop_takes_its_cycles_as_often_as_that_runs() -> None:
    rows = (
        LoopRow("top/a", "i", 0, 10, 90, 9, function="k"),
        LoopRow("top/a", "j", 1, 4, 8, 2, 1, pipelined=True, function="k", dsp=3),
        LoopRow("top/a", "k", 2, 2, 8, 2, 1, pipelined=True, function="k", dsp=2),
        LoopRow("top/a", "t", 0, 5, 7, 2, 1, pipelined=True, function="called"),
    )
    (a,) = call_graph(replace(REPORT, processes=BLOCKS[:1], loops=rows)).children
    (i, called) = a.children
    (j,) = i.children
    assert (i.figures["Latency"], j.figures["Latency"], j.children[0].figures["Latency"]) == (90, 80, 80)
    assert (i.figures["DSP"], j.figures["DSP"]) == (5, 5)
    assert (called.kind, called.name) == ("function", "called")
    assert "Latency" not in called.children[0].figures, "how often it is called is not in the report"
    assert share_of(called.children[0], "Latency", a) is None

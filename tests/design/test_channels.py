"""What each edge becomes, and what is said where it cannot be what was asked for."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from mixed_projects import make
from random_projects import Design, designs

from allo_studio.design import prepare as preparing
from allo_studio.design.model import ChannelChoice, Project
from allo_studio.design.prepare import prepare
from allo_studio.diagnostics import Diagnostic
from allo_studio.hardware.devices import find_device
from allo_studio.hardware.operators import OperatorLibrary, load_operators
from allo_studio.pipeline import check_project, size_project
from allo_studio.project import LoadedProject, load_project
from allo_studio.targets import profile_for

SHOWN = {
    "fifo_through_a_boundary": {
        "top/one.C->sub.A": "fifo",
        "top/sub.E->last.X": "fifo",
        "top/sub/m.C->d.X": "fifo",
        "top/sub/adapt_d_X.target->d.X": "fifo",
    },
    "sequential_inside_dataflow": {
        "top/one.Y->sub.A": "pingpong",
        "top/sub.E->last.X": "pingpong",
        "top/sub/m.C->d.X": "shared",
    },
    "three_levels": {"top/s.E->t.X": "pingpong", "top/s/u.E->d.X": "fifo", "top/s/u/d.Y->e.X": "fifo"},
    "asked_for": {"top/one.Y->two.X": "fifo", "top/two.Y->three.X": "pingpong"},
    "scalar_between_blocks": {"top/one.t->two.s": "pingpong"},
}


def kinds(loaded: LoadedProject, project: Project | None = None) -> dict[str, str]:
    found = {}
    regions = [size_project(loaded, project).region]
    while regions:
        region = regions.pop()
        regions += [p.region for p in region.processes if hasattr(p, "region")]
        found |= {c.id: c.kind for c in region.channels if "->" in c.id}
    return found


@pytest.mark.parametrize("name", sorted(SHOWN))
def test_kinds(tmp_path: Path, name: str) -> None:
    assert kinds(make(tmp_path, name)) == SHOWN[name]


def asked(loaded: LoadedProject, target: str, channel: ChannelChoice, depth: int | None = None) -> Project:
    graph = loaded.project.graphs["top"]
    edges = tuple(replace(e, channel=channel, depth=depth) if str(e.target) == target else e for e in graph.edges)
    return replace(loaded.project, graphs={**loaded.project.graphs, "top": replace(graph, edges=edges)})


def order_faults(loaded: LoadedProject, project: Project) -> list[Diagnostic]:
    checked = check_project(loaded, project)
    assert not checked.ok
    return [d for d in checked.diagnostics if d.code == "order"]


def test_a_fifo_that_is_not_possible_says_why_where_and_what_to_do(tmp_path: Path) -> None:
    loaded = make(tmp_path, "three_levels")
    (found,) = order_faults(loaded, asked(loaded, "t.X", "fifo"))
    assert found.where == "top/s.E->t.X"
    assert "at top/t, it reads X[1, 0] before X[0, 1], which is not row-major order" in found.message
    assert found.hint.startswith("reorder the loops")
    assert found.span
    assert "X[j, i]" in found.span.source.line(found.span.line)


@pytest.mark.parametrize(
    ("name", "target", "channel", "depth", "message"),
    [
        (
            "asked_for",
            "two.X",
            "shared",
            None,
            "a shared buffer was asked for, but blocks of a dataflow graph run at the same",
        ),
        ("asked_for", "two.X", "pingpong", 4, "a depth was given, but this channel is no FIFO"),
        ("three_levels", "t.X", None, 4, "a depth was given, but this channel is no FIFO"),
        (
            "fan_out",
            "sum.X",
            "fifo",
            None,
            "a fifo channel was asked for, but graph top runs its blocks one after another",
        ),
        ("fan_out", "sum.X", "pingpong", None, "a pingpong channel was asked for, but graph top runs its blocks one"),
        ("sequential_inside_dataflow", "sub.A", "fifo", None, "graph inner runs its blocks one after another"),
        ("sequential_inside_dataflow", "last.X", "fifo", None, "graph inner runs its blocks one after another"),
        ("scalar_between_blocks", "two.s", "fifo", None, "at top/one, t is one value, not an array"),
    ],
)
def test_what_cannot_be(
    tmp_path: Path, name: str, target: str, channel: ChannelChoice, depth: int | None, message: str
) -> None:
    loaded = make(tmp_path, name)
    (found,) = order_faults(loaded, asked(loaded, target, channel, depth))
    assert message in found.message
    assert found.hint or "one value" in message
    assert found.where.startswith("top/")


def test_the_reason_of_a_buffer_is_the_refusal(tmp_path: Path) -> None:
    design = size_project(make(tmp_path, "three_levels"))
    channel = next(c for c in design.region.channels if c.kind == "pingpong")
    assert channel.reason.startswith("no FIFO, as at top/t, it reads X[1, 0] before X[0, 1]")
    nested = size_project(make(tmp_path, "sequential_inside_dataflow"))
    assert {c.reason for c in nested.region.channels if c.kind == "pingpong"} == {
        "no FIFO, as graph inner runs its blocks one after another; make it a dataflow graph"
    }


def test_a_fifo_carries_the_tokens_of_its_producer_through_subgraphs(tmp_path: Path) -> None:
    design = size_project(make(tmp_path, "fifo_through_a_boundary"))
    channel = design.region.channel("one_C")
    assert (channel.width, channel.token_bits) == (4, 128)
    sub = next(p for p in design.region.processes if p.name == "sub")
    inside = sub.region.channel("A")
    assert (inside.kind, inside.width) == ("fifo", 4)
    reader = next(p for p in sub.region.processes if p.name == "m")
    # Every row of A is used for all of j: it is read once, into a row of its own.
    assert reader.ir.streams == {"A": 4, "C": 4}
    assert reader.ir.find_buffer("A_local").type.shape == (8,)
    assert "top/sub/m reads A through a local copy of 8 in loop i" in channel.reason


def test_a_graph_used_twice_is_planned_for_each_use(tmp_path: Path) -> None:
    design = size_project(make(tmp_path, "two_instances_of_a_graph"))
    streams = {
        p.path: t.process.ir.streams
        for p in design.region.processes
        for t in design.processes.values()
        if t.process.path == f"{p.path}/m"
    }
    # The first use takes a port of the design, the second a stream of the first.
    assert streams == {"top/one": {"C": 4}, "top/two": {"A": 1, "C": 4}}


def test_a_fault_inside_a_graph_that_is_used_twice_is_told_once(tmp_path: Path) -> None:
    loaded = make(tmp_path, "two_instances_of_a_graph")
    inner = loaded.project.graphs["inner"]
    edges = tuple(replace(e, channel="shared") if str(e.target) == "d.X" else e for e in inner.edges)
    project = replace(loaded.project, graphs={**loaded.project.graphs, "inner": replace(inner, edges=edges)})
    assert [d.where for d in order_faults(loaded, project)] == ["inner/m.C->d.X"]


def test_a_fifo_that_costs_latency_is_not_chosen_unless_asked_for(tmp_path: Path) -> None:
    kernels = """
from allo_studio.lang import float32

def turn(x: float32[4, 4]) -> float32[4, 4]:
    y: float32[4, 4]
    for i in range(4):
        for j in range(4):
            y[i, j] = x[3 - i, j] * 2.0
    return y

def smear(x: float32[4, 4]) -> float32[4, 4]:
    y: float32[4, 4] = 4.25
    for i in range(4):
        for j in range(1, 4):
            y[i, j] = x[i, j - 1] + x[i, j] + x[i, j - 1] + x[i, j - 1]
    return y
"""
    text = """format: 1
name: p
top: top
graphs:
  top:
    inputs: {A: "float32[4, 4]"}
    outputs: {B: "float32[4, 4]"}
    nodes:
      one: {kernel: "k.py:turn"}
      two: {kernel: "k.py:smear"}
    edges: [A -> one.x, %s, two.y -> B]
"""
    (tmp_path / "k.py").write_text(kernels)
    found = {}
    for name, edge in (("free", "one.y -> two.x"), ("forced", "{from: one.y, to: two.x, channel: fifo}")):
        (tmp_path / f"{name}.yaml").write_text(text % edge)
        sized = size_project(load_project(tmp_path / f"{name}.yaml"))
        found[name] = (sized.region.channel("one_y"), sized.latency)
    assert (found["free"][0].kind, found["forced"][0].kind) == ("pingpong", "fifo")
    assert found["free"][1] < found["forced"][1]
    assert f"takes {found['forced'][1]} cycles instead of {found['free'][1]}" in found["free"][0].reason


def target_library(project: Project) -> OperatorLibrary:
    device = find_device(project.target.device)
    return load_operators(profile_for(device), project.target.clock_ns, device.family)


def must_be_what_a_check_knows(loaded: LoadedProject) -> None:
    """Compare the channels of a build, which are weighed, with what a check says that there can be."""
    checked = check_project(loaded)
    if not checked.ok:
        return
    library = target_library(checked.project)
    first, built = preparing._first_plan(checked, library).plan, prepare(checked, library).plan
    assert built.diagnostics == []
    assert first.decisions.keys() == built.decisions.keys()
    for place, decision in built.decisions.items():
        known = first.decisions[place]
        # A FIFO that costs a local copy may be a buffer in the end.
        assert decision.kind == known.kind or (place in first.copies and decision.kind == "pingpong"), place
        assert decision.kind == "pingpong" or decision.width == known.width


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), phases=(Phase.generate,))
@given(designs(dataflow=True, joined=True))
def test_a_check_knows_what_a_build_finds(design: Design) -> None:
    with tempfile.TemporaryDirectory() as folder:
        must_be_what_a_check_knows(design.load(Path(folder)))

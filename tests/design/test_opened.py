"""Kernels with `dataflow` in a design: the same as their stages drawn as blocks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from random_pieces import design

from allo_studio.backends.vitis import emit, write
from allo_studio.design.region import Region, RegionProcess
from allo_studio.pipeline import build, check_project, size_project
from allo_studio.project import LoadedProject, load_project
from allo_studio.simulate import evaluate, random_inputs, run
from allo_studio.simulate.jit import evaluate_jit

pytestmark = pytest.mark.usefixtures("quick_cpp")

KERNELS = """
from allo_studio.lang import *


def scale(X: int32[6, 8]) -> int32[6, 8]:
    Y: int32[6, 8]
    for i, j in grid(6, 8):
        Y[i, j] = X[i, j] * 3
    return Y


def turn(X: int32[6, 8]) -> int32[8, 6]:
    Y: int32[8, 6]
    for i, j in grid(8, 6):
        Y[i, j] = X[j, i]
    return Y


def add(X: int32[8, 6], s: int32) -> int32[8, 6]:
    Z: int32[8, 6]
    for i, j in grid(8, 6):
        Z[i, j] = X[i, j] + s
    return Z


def whole(A: int32[6, 8], s: int32) -> int32[8, 6]:
    Y: int32[6, 8] = scale(A)
    X: int32[8, 6] = turn(Y)
    Z: int32[8, 6] = add(X, s)
    return Z


def centred(A: int32[6, 8]) -> int32[6, 8]:
    total: int32 = 0
    T: int32[6, 8]
    for i, j in grid(6, 8):
        total += A[i, j]
        T[i, j] = A[i, j]
    B: int32[6, 8]
    for i, j in grid(6, 8):
        B[i, j] = T[i, j] * 48 - total
    return B


def forked(A: int32[6, 8], s: int32) -> int32[8, 6]:
    T: int32[6, 8]
    for i, j in grid(6, 8, name="make"):
        T[i, j] = A[i, j] * s
    U: int32[6, 8]
    for i, j in grid(6, 8, name="mix"):
        U[i, j] = T[i, j] + A[i, j] * s
    Z: int32[8, 6]
    for i, j in grid(8, 6, name="turn"):
        Z[i, j] = T[j, i] - U[j, i]
    return Z
"""
DRAWN = """
    nodes: {scale: {kernel: "k.py:scale"}, turn: {kernel: "k.py:turn"}, add: {kernel: "k.py:add"}}
    edges: [A -> scale.X, scale.Y -> turn.X, turn.Y -> add.X, s -> add.s, add.Z -> Z]
"""
KERNEL = """
    nodes: {w: {kernel: "k.py:whole", schedule: all}}
    edges: [A -> w.A, s -> w.s, w.Z -> Z]
"""


def project(folder: Path, body: str, steps: str = "[{dataflow: {function: whole}}]") -> LoadedProject:
    head = f"format: 1\nname: p\ntop: top\nschedules:\n  all: {steps}\ngraphs:\n  top:\n"
    ports = '    inputs: {A: "int32[6, 8]", s: int32}\n    outputs: {Z: "int32[8, 6]"}'
    folder.mkdir(exist_ok=True)
    (folder / "k.py").write_text(KERNELS, encoding="utf-8")
    (folder / "project.yaml").write_text(head + ports + body, encoding="utf-8")
    return load_project(folder)


def inner(region: Region, name: str) -> Region:
    (found,) = [p.region for p in region.processes if isinstance(p, RegionProcess) and p.name == name]
    return found


def test_the_same_cycles_and_channels_as_drawn(tmp_path: Path) -> None:
    drawn, opened = size_project(project(tmp_path / "d", DRAWN)), size_project(project(tmp_path / "k", KERNEL))
    assert (opened.latency, opened.interval) == (drawn.latency, drawn.interval)
    region = inner(opened.region, "w")
    assert [p.name for p in region.processes] == ["scale", "turn", "add"]
    ours = [(c.kind, c.width, c.depth) for c in region.channels if c.source[0] and c.id.count("->")]
    assert ours == [(c.kind, c.width, c.depth) for c in drawn.region.channels if c.source[0] and c.id.count("->")]
    # The transposition reads columns: that channel is a buffer, and says why.
    assert [kind for kind, _, _ in ours] == ["pingpong", "fifo"]
    assert "reads Y[1, 0] before Y[0, 1]" in next(c.reason for c in region.channels if c.kind == "pingpong")


@pytest.mark.parametrize("seed", range(6))
def test_random_stages_take_the_cycles_of_the_blocks(tmp_path: Path, seed: int) -> None:
    found = []
    for joined in (False, True):
        folder = tmp_path / str(joined)
        folder.mkdir()
        sized = size_project(design(folder, seed, joined))
        fifos = [(size.depth, size.observed) for size in sized.fifos.values()]
        found.append((sized.latency, sized.interval, sized.fifo_bits, fifos))
    assert found[0] == found[1]


def test_the_reference_is_the_kernel_as_it_was_written(tmp_path: Path) -> None:
    sized = size_project(project(tmp_path, KERNEL))
    assert inner(sized.region, "w").base is not None
    inputs = random_inputs(sized.region.ports)
    want = (inputs["A"] * 3).T + inputs["s"]
    np.testing.assert_array_equal(evaluate(sized.region, inputs)["Z"], want)
    np.testing.assert_array_equal(evaluate_jit(sized.region, inputs)["Z"], want)
    write(emit(sized.region, load_project(tmp_path).project.target, "p", "part"), tmp_path / "out")
    assert run(tmp_path / "out", "top", inputs, {"Z": want}).passed


def test_a_depth_that_is_asked_for_is_kept(tmp_path: Path) -> None:
    steps = "[{dataflow: {function: whole}}, {to: {buffer: X, dst: add, depth: 9}}]"
    sized = size_project(project(tmp_path, KERNEL, steps))
    (channel,) = [c for c in inner(sized.region, "w").channels if c.kind == "fifo"]
    assert (channel.id, channel.depth) == ("top/w/turn.X->add.X", 9)
    assert channel.reason.startswith("depth 9 was asked for")


def test_a_stream_that_a_later_step_breaks_is_told(tmp_path: Path) -> None:
    steps = "[{dataflow: {function: whole}}, {to: {buffer: X, dst: add}}, {reorder: {axes: ['add:j', 'add:i']}}]"
    checked = check_project(project(tmp_path, KERNEL, steps))
    (fault,) = [d for d in checked.diagnostics if d.severity == "error"]
    assert (fault.code, fault.where) == ("order", "top/w/turn.X->add.X")
    assert "this edge cannot be a FIFO" in fault.message


def test_two_blocks_of_one_kernel_and_values_between_stages(tmp_path: Path) -> None:
    body = """
    nodes:
      a: {kernel: "k.py:centred", schedule: all}
      b: {kernel: "k.py:centred", schedule: all}
      t: {kernel: "k.py:turn"}
    edges: [A -> a.A, a.B -> b.A, b.B -> t.X, t.Y -> Z]
"""
    project(tmp_path, body, "[{dataflow: {function: centred}}]")
    text = (tmp_path / "project.yaml").read_text(encoding="utf-8").replace(", s: int32", "")
    (tmp_path / "project.yaml").write_text(text, encoding="utf-8")
    loaded = load_project(tmp_path)
    result = build(loaded, tmp_path / "build", target="rtl")
    assert result.ok
    cycles = result.report.cycles["open"]
    assert cycles["predicted"] == cycles["simulated"]
    kinds = {channel.id: channel.kind for channel in result.report.channels}
    assert kinds["top/a/nest.total->nest1.total"] == "pingpong"
    assert kinds["top/a.B->b.A"] == "fifo"


@pytest.mark.parametrize("target", ["hls", "rtl"])
def test_what_several_stages_take_goes_through_duplicators(tmp_path: Path, target: str) -> None:
    steps = "[{partition: {buffer: T, dim: 2, kind: cyclic, factor: 2}}, {dataflow: {function: forked}}, "
    steps += "{to: {buffer: T, dst: mix, depth: 5}}]"
    loaded = project(tmp_path, KERNEL.replace("whole", "forked"), steps)
    result = build(loaded, tmp_path / "build", target="rtl" if target == "rtl" else "hls")
    assert result.ok, result.diagnostics
    channels = {channel.id.removeprefix("top/w/"): channel for channel in result.report.channels}
    assert channels["T_copies.y0->mix.T"].depth["open"] == 5
    assert channels["T_copies.y1->turn.T"].kind == "pingpong"
    assert channels["make.T->T_copies.x"].kind == "fifo"
    if target == "rtl":
        assert result.report.cycles["open"]["predicted"] == result.report.cycles["open"]["simulated"]

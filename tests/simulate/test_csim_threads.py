"""C simulation with a thread for each process and FIFOs of their depths: deadlocks, told where they are."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from random_streams import streams

from allo_studio.backends.vitis import emit, write
from allo_studio.design.deadlock import deadlock_fault, waits_of
from allo_studio.design.flat import flatten
from allo_studio.design.model import Target
from allo_studio.design.recurrence import Deadlock, TokenGraph, ring
from allo_studio.design.region import Region, RegionProcess
from allo_studio.design.timing import SizedDesign, fifo_requests, process_traces
from allo_studio.diagnostics import AlloError
from allo_studio.hardware.operators import load_operators
from allo_studio.pipeline import size_project
from allo_studio.project import load_project
from allo_studio.simulate import evaluate, random_inputs
from allo_studio.simulate.toolchain import include_dirs
from allo_studio.simulations import c_simulation

pytestmark = pytest.mark.usefixtures("quick_cpp")

PROJECTS = Path(__file__).parents[2] / "projects"
LIBRARY = load_operators("vitis", 3.33)


def with_depths(sized: SizedDesign, depths: dict[str, int]) -> SizedDesign:
    def deep(region: Region) -> Region:
        channels = tuple(replace(c, depth=depths.get(c.id, c.depth)) for c in region.channels)
        inside = (replace(p, region=deep(p.region)) if isinstance(p, RegionProcess) else p for p in region.processes)
        return replace(region, channels=channels, processes=tuple(inside))

    return replace(sized, region=deep(sized.region))


def simulated(sized: SizedDesign, folder: Path) -> str:
    """Return what the C simulation of a design says of a deadlock, nothing where all its elements are right."""
    write(emit(sized.region, Target("xcu280", 3.33), "test"), folder)
    try:
        row, faults = c_simulation(sized, folder, None)
    except AlloError as error:
        (fault,) = error.diagnostics
        assert fault.code == "deadlock", str(fault)
        return fault.message
    assert row.compared > 0
    assert row.mismatches == 0
    assert not faults
    return ""


def orders(sized: SizedDesign) -> TokenGraph:
    traces = process_traces(sized.region, lambda p: sized.processes[p.path].schedule, lambda _: 0, overlap=False)
    initial = {request.channel: request.initial for request in fifo_requests(sized.region)}
    return TokenGraph(traces, LIBRARY.fifo_latency, initial)


@pytest.mark.parametrize("name", ["diamond", "gemm_tree_15", "attention"])
def test_depths_that_are_chosen_run_and_shallow_ones_deadlock(name: str, tmp_path: Path) -> None:
    sized = size_project(load_project(PROJECTS / name), library=LIBRARY)
    assert simulated(sized, tmp_path / "sized") == ""
    shallow = dict.fromkeys(sized.fifos, 2)
    stuck = orders(sized).deadlocked(dict(shallow)) if name == "diamond" else None
    said = simulated(with_depths(sized, shallow), tmp_path / "shallow")
    if name == "gemm_tree_15":
        assert said == ""
        return
    assert said.startswith("the design deadlocks in the C simulation: ")
    waits = [part.split(" waits for ")[1] for part in said.partition(": ")[2].split("; ")]
    # A ring in which one of the reconvergent paths is full.
    full = [what.removeprefix("room in ") for what in waits if what.startswith("room in ")]
    assert full
    assert set(full) <= set(sized.fifos)
    assert len(waits) > len(full)
    assert stuck is not None or name != "diamond"


@pytest.mark.parametrize(("seed", "stops"), [(26, True), (30, True), (57, True), (109, True), (40, False), (43, False)])
def test_a_simulation_stops_where_the_order_of_tokens_does(seed: int, stops: bool, tmp_path: Path) -> None:
    """Random graphs with rows of 24 and FIFOs of depth 2, against the recurrences over tokens."""
    streams(tmp_path, seed, 14)
    for name, narrow, wide in (
        ("k.py", r"R, C = (\d), \d", r"R, C = \1, 24"),
        ("project.yaml", r"\[(\d), \d\]", r"[\1, 24]"),
    ):
        file = tmp_path / name
        file.write_text(re.sub(narrow, wide, file.read_text()))
    sized = size_project(load_project(tmp_path), library=LIBRARY)
    depths = dict.fromkeys(sized.fifos, 2)
    stuck = orders(sized).deadlocked(dict(depths))
    assert (stuck is not None) == stops
    said = simulated(with_depths(sized, depths), tmp_path / "hls")
    assert said.partition(": ")[2] == ("; ".join(map(str, ring(stuck.waits))) if stuck else "")


NESTED = """\
format: 1
name: nested
target: {device: xcu280, clock_ns: 3.33}
top: outer
graphs:
  inner:
    inputs: {X: "int32[8, 16]", Z: "int32[8, 16]"}
    outputs: {Y: "int32[8, 16]"}
    nodes:
      turn: {kernel: "k.py:turned"}
      both: {kernel: "k.py:join"}
    edges:
      - X -> turn.X
      - turn.Y -> both.X
      - Z -> both.Z
      - both.Y -> Y
  outer:
    inputs: {A: "int32[8, 16]"}
    outputs: {B: "int32[8, 16]"}
    nodes:
      first: {kernel: "k.py:fork"}
      part: {graph: inner}
      last: {kernel: "k.py:step"}
    edges:
      - A -> first.X
      - first.Y -> part.X
      - {from: first.Z, to: part.Z, depth: 64}
      - part.Y -> last.X
      - last.Y -> B
"""
KERNELS = """\
from allo_studio.lang import *

def fork(X: int32[8, 16]) -> (int32[8, 16], int32[8, 16]):
    Y: int32[8, 16]
    Z: int32[8, 16]
    for i, j in grid(8, 16):
        x: int32 = X[i, j]
        Y[i, j] = x
        Z[i, j] = x
    return Y, Z

def step(X: int32[8, 16]) -> int32[8, 16]:
    Y: int32[8, 16]
    for i, j in grid(8, 16):
        Y[i, j] = X[i, j] * 3 + 1
    return Y

def turned(X: int32[8, 16]) -> int32[8, 16]:
    Y: int32[8, 16]
    for i in range(8):
        row: int32[16]
        for j in range(16):
            row[j] = X[i, j]
        for k in range(16):
            Y[i, k] = row[15 - k]
    return Y

def join(X: int32[8, 16], Z: int32[8, 16]) -> int32[8, 16]:
    Y: int32[8, 16]
    for i, j in grid(8, 16):
        Y[i, j] = X[i, j] - Z[i, j]
    return Y
"""


def test_processes_of_graphs_inside_are_threads_too(tmp_path: Path) -> None:
    (tmp_path / "k.py").write_text(KERNELS)
    (tmp_path / "project.yaml").write_text(NESTED)
    sized = size_project(load_project(tmp_path), library=LIBRARY)
    assert simulated(sized, tmp_path / "right") == ""
    crossing = next(c.id for c in flatten(sized.region).channels if ".Z->" in c.id)
    # 15 elements of the other path and the one in hand are what a turned row needs.
    assert simulated(with_depths(sized, {crossing: 15}), tmp_path / "enough") == ""
    said = simulated(with_depths(sized, {crossing: 14}), tmp_path / "short")
    assert said.partition(": ")[2].split("; ") == [
        "outer/first waits for room in outer/first.Z->part.Z",
        "outer/part/both waits for a token in outer/part/turn.Y->both.X",
        "outer/part/turn waits for a token in outer/first.Y->part.X",
    ]


def test_a_process_that_takes_an_array_starts_after_who_makes_it(tmp_path: Path) -> None:
    text = NESTED.replace("- part.Y -> last.X", "- {from: part.Y, to: last.X, channel: pingpong}")
    (tmp_path / "k.py").write_text(KERNELS)
    (tmp_path / "project.yaml").write_text(text)
    sized = size_project(load_project(tmp_path), library=LIBRARY)
    assert simulated(sized, tmp_path / "right") == ""
    source = (tmp_path / "right" / "outer.cpp").read_text()
    assert '{"outer/last", {1}, [&] {' in source
    # Who waits for an array waits for the end of who makes it.
    crossing = next(c.id for c in flatten(sized.region).channels if ".Z->" in c.id)
    shallow = with_depths(sized, {crossing: 2})
    assert "waits for room in outer/first.Z->part.Z" in simulated(shallow, tmp_path / "short")


def test_threads_run_on_the_streams_of_other_headers(tmp_path: Path) -> None:
    """The form that Vitis compiles in its C simulation: without the studio's header, with endless streams."""
    sized = size_project(load_project(PROJECTS / "feedback"), library=LIBRARY)
    write(emit(sized.region, Target("xcu280", 3.33), "test"), tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    (other / "hls_stream.h").write_text(STREAM)
    inputs = random_inputs(sized.region.ports)
    data = tmp_path / "data"
    data.mkdir()
    for name, array in inputs.items():
        (data / f"{name}.bin").write_bytes(np.ascontiguousarray(array).tobytes())
    for name, array in evaluate(sized.region, inputs).items():
        (data / f"{name}.golden.bin").write_bytes(np.ascontiguousarray(array).tobytes())
    compiler = shutil.which("g++") or shutil.which("clang++")
    assert compiler
    flags = ["-std=c++14", "-pthread", "-Wall", "-Wextra", "-Werror", "-Wno-unknown-pragmas", "-Wno-unused-label"]
    files = [str(tmp_path / "feedback.cpp"), str(tmp_path / "feedback_tb.cpp")]
    subprocess.run([compiler, *flags, f"-I{other}", *files, "-o", str(tmp_path / "run")], check=True)
    done = subprocess.run([str(tmp_path / "run"), str(data)], capture_output=True, text=True, check=True, timeout=60)
    assert "mismatches 0" in done.stdout


POLLING = """\
#include "hls_stream.h"
#include <cstdio>

int main() {
    hls::stream<int> there("there"), back("back"), never("never");
    there.holds(2, "top/ask.there->answer.there");
    back.holds(2, "top/answer.back->ask.back");
    never.holds(1, "top/answer.never->ask.never");
    const auto ask = [&] {
        int got = 0;
        for (int number = 0; number < COUNT; ++number) {
            while (!there.write_nb(number)) {
            }
        }
        for (int number = 0; number < COUNT; ++number) {
            got += back.read();
        }
        // Who gives up goes on.
        for (int asked = 0; asked < 20000; ++asked) {
            got += never.empty() ? 0 : 1;
        }
        std::printf("got %d\\n", got);
    };
    const auto answer = [&] {
        for (int number = 0; number < COUNT;) {
            if (!there.empty() && !back.full()) {
                back.write(there.read() * 2);
                ++number;
            }
        }
        hls::concurrently({
            {"top/answer/inside", {}, [&] { back.write(there.read()); }},
        });
    };
    hls::concurrently({{"top/ask", {}, [&] { ask(); there.write(1); back.read(); }}, {"top/answer", {}, answer}});
    std::printf("done\\n");
}
"""


@pytest.mark.parametrize(("count", "said"), [(4, "got 12\ndone\n"), (5, "")])
def test_processes_that_ask_forever_have_a_deadlock_too(count: int, said: str, tmp_path: Path) -> None:
    """Two that ask before they take or give: with a fifth token neither ever finds what it asks for."""
    (tmp_path / "poll.cpp").write_text(POLLING)
    compiler = shutil.which("g++") or shutil.which("clang++")
    assert compiler
    flags = ["-std=c++14", "-O1", "-pthread", f"-I{include_dirs()[0]}", f"-DCOUNT={count}"]
    subprocess.run([compiler, *flags, str(tmp_path / "poll.cpp"), "-o", str(tmp_path / "run")], check=True)
    done = subprocess.run([str(tmp_path / "run")], capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout == said
    if said:
        assert (done.returncode, done.stderr) == (0, "")
        return
    assert done.returncode == 70
    assert done.stderr.splitlines() == [
        "csim: deadlock: top/ask waits for room in top/ask.there->answer.there",
        "csim: deadlock: top/answer waits for room in top/answer.back->ask.back",
    ]


STREAM = """\
#pragma once
#include <condition_variable>
#include <deque>
#include <mutex>
namespace hls {
template <typename T> class stream {
  public:
    explicit stream(const char *) {}
    void write(const T &token) {
        std::lock_guard<std::mutex> lock(mutex_);
        tokens_.push_back(token);
        changed_.notify_all();
    }
    T read() {
        std::unique_lock<std::mutex> lock(mutex_);
        changed_.wait(lock, [this] { return !tokens_.empty(); });
        T token = tokens_.front();
        tokens_.pop_front();
        return token;
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<T> tokens_;
};
} // namespace hls
"""


def test_the_ring_of_a_deadlock_is_what_is_told(tmp_path: Path) -> None:
    (tmp_path / "k.py").write_text(KERNELS)
    (tmp_path / "project.yaml").write_text(NESTED)
    region = size_project(load_project(tmp_path), library=LIBRARY).region
    found = waits_of(
        region,
        [
            ("outer/last", "a token", "outer/part.Y->last.X"),
            ("outer/part/both", "a token", "outer/first.Z->part.Z"),
        ],
    )
    assert isinstance(found, Deadlock)
    # The one that makes the missing token has ended: this wait is the cause.
    fault = deadlock_fault(region, found, by=" in the C simulation")
    assert fault.message.endswith(": outer/part/both waits for a token in outer/first.Z->part.Z")
    assert "fewer tokens" in fault.hint

"""Wires that hold elements at reset: what is refused, deadlocks and what would mend them, paces, the fewest bits."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive_dataflow import regions, simulate

from allo_studio.design.feedback import wished_tokens
from allo_studio.design.fifo import FifoRequest, Sizing, size_fifos
from allo_studio.design.loops import in_order
from allo_studio.design.recurrence import Deadlock, ProcessTrace, run
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.hardware.operators import load_operators
from allo_studio.pipeline import check_project, size_project
from allo_studio.project import LoadedProject, load_project

OPEN = load_operators("open", 3.33)
KERNELS = """\
from allo_studio.lang import *

N = 8


def add(X: "{t}[N]", Z: "{t}[N]") -> ("{t}[N]", "{t}[N]"):
    Y: "{t}[N]"
    W: "{t}[N]"
    for i in range(N):
        s: "{t}" = X[i] + Z[i]
        Y[i] = s
        W[i] = s
    return Y, W


def turn(X: "{t}[N]") -> "{t}[N]":
    Y: "{t}[N]"
    for h in range(N // 4):
        row: "{t}[4]"
        for j in range(4):
            row[j] = X[4 * h + j]
        for k in range(4):
            Y[4 * h + k] = row[3 - k]
    return Y


def pairs(X: "{t}[N]", Z: "{t}[N]") -> ("{t}[N]", "{t}[N]"):
    Y: "{t}[N]"
    W: "{t}[N]"
    for i in range(N // 2):
        for j in range(2):
            s: "{t}" = X[2 * i + j] + Z[2 * i + j]
            Y[2 * i + j] = s
            W[2 * i + j] = s
    return Y, W


def backwards(X: "{t}[N]") -> "{t}[N]":
    Y: "{t}[N]"
    for i in range(N):
        Y[N - 1 - i] = X[i]
    return Y


def one(X: "{t}") -> "{t}":
    Y: "{t}" = X
    return Y


def keep(X: "{t}[N]") -> "{t}[N]":
    Y: "{t}[N]"
    for i in range(N):
        Y[i] = X[i]
    return Y
"""
LANES = "lanes: [{pipeline: {axis: i}}, {unroll: {axis: j}}]"


def project(
    folder: Path, wire: str, kind: str = "int32", nodes: str = "add", extra: str = "", execution: str = "dataflow"
) -> LoadedProject:
    """Return a design whose block `a` adds what a last wire leads back; `extra` are more nodes and edges."""
    more_nodes, _, more_edges = extra.partition("|")
    text = f"""\
format: 1
name: loop
top: top
schedules:
  {LANES}
graphs:
  top:
    execution: {execution}
    inputs: {{A: "{kind}[8]"}}
    outputs: {{Q: "{kind}[8]"}}
    nodes:
      a: {{kernel: "k.py:{nodes}"{", schedule: lanes" if nodes == "pairs" else ""}}}
{more_nodes}
    edges:
      - A -> a.X
      - a.Y -> Q
{more_edges}
      - {wire}
"""
    (folder / "k.py").write_text(KERNELS.format(t=kind), encoding="utf-8")
    (folder / "project.yaml").write_text("\n".join(filter(str.strip, text.split("\n"))) + "\n", encoding="utf-8")
    loaded = load_project(folder)
    assert loaded.diagnostics == ()
    return loaded


def faults(loaded: LoadedProject) -> list[Diagnostic]:
    return [d for d in check_project(loaded).diagnostics if d.severity == "error"]


def deadlock(loaded: LoadedProject) -> Diagnostic | None:
    try:
        size_project(loaded, library=OPEN)
    except AlloError as error:
        (found,) = error.diagnostics
        assert found.code == "deadlock"
        return found
    return None


def test_a_cycle_holds_elements_at_reset(tmp_path: Path) -> None:
    (found,) = faults(project(tmp_path, "a.W -> a.Z"))
    assert (found.code, found.where) == ("structure", "top/a.W->a.Z")
    assert found.message == "the blocks a → a wait for each other in a cycle"
    assert "give it `initial` elements" in found.hint
    assert faults(project(tmp_path, "{from: a.W, to: a.Z, initial: 0}")) == []


@pytest.mark.parametrize(
    ("kind", "initial", "message"),
    [
        ("int32", "1.5", "the initial element 1.5 is no int32"),
        ("int8", "[1, 128]", "the initial element 128 is no int8"),
        ("uint4", "{count: 3, value: -1}", "the initial element -1 is no uint4"),
        ("float32", "0.1", "the initial element 0.1 is no float32"),
        ("float16", "65520", "the initial element 65520 is no float16"),
        ("Fixed(8, 2)", "0.125", "the initial element 0.125 is no Fixed(8, 2)"),
    ],
)
def test_elements_are_of_the_type(tmp_path: Path, kind: str, initial: str, message: str) -> None:
    (found,) = faults(project(tmp_path, f"{{from: a.W, to: a.Z, initial: {initial}}}", kind))
    assert (found.code, found.where, found.message) == ("type", "top/a.W->a.Z", message)
    assert kind in found.hint


def test_numbers_that_are_exact(tmp_path: Path) -> None:
    for kind, initial in [("float32", "[0.5, -0.0, 3]"), ("Fixed(8, 2)", "-1.75"), ("int8", "[-128, 127.0]")]:
        assert faults(project(tmp_path, f"{{from: a.W, to: a.Z, initial: {initial}}}", kind)) == []


@pytest.mark.parametrize(
    ("wire", "execution", "code", "message"),
    [
        (
            "{from: a.W, to: a.Z, initial: 0, channel: pingpong}",
            "dataflow",
            "structure",
            "a pingpong channel was asked",
        ),
        ("{from: a.W, to: a.Z, initial: 0}", "sequential", "structure", "runs its blocks one after another"),
        ("{from: a.W, to: a.Z, initial: [1, 2, 3], depth: 2}", "dataflow", "order", "the depth is 2, but 3 tokens lie"),
    ],
)
def test_where_no_elements_can_lie(tmp_path: Path, wire: str, execution: str, code: str, message: str) -> None:
    (found,) = faults(project(tmp_path, wire, execution=execution))
    assert (found.code, found.where) == (code, "top/a.W->a.Z")
    assert message in found.message
    assert found.hint


def test_elements_lie_in_no_port(tmp_path: Path) -> None:
    loaded = project(tmp_path, "{from: A, to: b.X, initial: 0}", extra='      b: {kernel: "k.py:keep"}|')
    assert "at a port of the graph, which is no channel" in " ".join(d.message for d in faults(loaded))


def test_what_cannot_be_a_fifo_says_why(tmp_path: Path) -> None:
    loaded = project(
        tmp_path, "{from: b.Y, to: a.Z, initial: 0}", extra='      b: {kernel: "k.py:backwards"}|      - a.W -> b.X'
    )
    (found,) = faults(loaded)
    assert (found.code, found.where) == ("order", "top/b.Y->a.Z")
    assert found.message.startswith(
        "an edge with initial elements is a FIFO, and this one cannot be: at top/b, it writes"
    )


def test_elements_are_whole_tokens(tmp_path: Path) -> None:
    (found,) = faults(project(tmp_path, "{from: a.W, to: a.Z, initial: [1, 2, 3]}", nodes="pairs"))
    assert found.message == "a token of this FIFO has 2 elements, so 3 initial elements are no tokens"
    sized = size_project(project(tmp_path, "{from: a.W, to: a.Z, initial: [1, 2, 3, 4]}", nodes="pairs"))
    (channel,) = [c for c in sized.region.channels if c.initial]
    assert (channel.width, channel.initial_tokens) == (2, 2)


def test_a_deadlock_tells_how_many_elements_would_do(tmp_path: Path) -> None:
    extra = '      b: {kernel: "k.py:turn"}|      - a.W -> b.X'
    found = deadlock(project(tmp_path, "{from: b.Y, to: a.Z, initial: 0}", extra=extra))
    assert found is not None
    assert "top/a waits for a token in top/b.Y->a.Z" in found.message
    assert "top/b waits for a token in top/a.W->b.X" in found.message
    wished = re.search(r"give top/b\.Y->a\.Z (\d+) `initial` elements", found.hint)
    assert wished is not None
    count = int(wished[1])
    for number in range(2, count):
        wire = f"{{from: b.Y, to: a.Z, initial: {{count: {number}, value: 0}}}}"
        # With fewer, blocks may go at another pace.
        again = deadlock(project(tmp_path, wire, extra=extra))
        assert again is None or f"{count} `initial` elements" in again.hint
    assert (
        deadlock(project(tmp_path, f"{{from: b.Y, to: a.Z, initial: {{count: {count}, value: 0}}}}", extra=extra))
        is None
    )


def test_a_pipeline_goes_as_slowly_as_the_loop_needs(tmp_path: Path) -> None:
    """An element that is written in the cycle after it was read can be read again in the cycle after that."""
    for held, interval in ((1, 2), (2, 1), (8, 1), (20, 1)):
        wire = f"{{from: a.W, to: a.Z, initial: {{count: {held}, value: 0}}}}"
        sized = size_project(project(tmp_path, wire), library=OPEN)
        (row,) = sized.processes["top/a"].schedule.loops()
        assert row.interval == interval
        assert sized.fifos["top/a.W->a.Z"].depth >= held
        paced = "too few elements at reset" in row.reason
        assert paced == (interval == 2)
        assert sized.latency == 7 * interval + 2


def test_loops_stand_side_by_side_and_others_in_order() -> None:
    links = [("d", "a", True), ("a", "b", False), ("b", "d", False), ("b", "c", False), ("e", "a", False)]
    assert in_order(["c", "d", "b", "a", "e"], links) == ["e", "a", "b", "d", "c"]
    # A wire that holds elements and does not lead back is like any other.
    assert in_order(["b", "a"], [("a", "b", True)]) == ["a", "b"]


def held_in(traces: tuple[ProcessTrace, ...], counts: list[int]) -> dict[str, int]:
    names = sorted({channel for trace in traces for channel in trace.writes})
    return {name: count for name, count in zip(names, counts, strict=False) if count}


counts = st.lists(st.integers(0, 4), min_size=5, max_size=5)


@settings(max_examples=250, deadline=None)
@given(regions(), counts, st.integers(1, 2), st.lists(st.integers(0, 5), min_size=5, max_size=5))
def test_times_with_elements_at_reset(
    traces: tuple[ProcessTrace, ...], given_counts: list[int], fifo_latency: int, more: list[int]
) -> None:
    initial = held_in(traces, given_counts)
    names = sorted({channel for trace in traces for channel in trace.writes})
    depths: dict[str, int | None] = {n: max(initial.get(n, 0), 1) + m for n, m in zip(names, more, strict=False)}
    want, found = simulate(traces, depths, fifo_latency, initial), run(traces, depths, fifo_latency, initial)
    if want.stuck:
        assert isinstance(found, Deadlock)
        assert {wait.process for wait in found.waits} == set(want.stuck)
        return
    assert not isinstance(found, Deadlock)
    assert found.latency == want.latency
    assert {name: times.tolist() for name, times in found.writes.items()} == want.written


@settings(max_examples=200, deadline=None)
@given(regions(), counts, st.integers(1, 2), st.permutations([1, 8, 32, 64, 100]))
def test_no_other_depths_take_fewer_bits(
    traces: tuple[ProcessTrace, ...], given_counts: list[int], fifo_latency: int, widths: list[int]
) -> None:
    initial = held_in(traces, given_counts)
    names = sorted({channel for trace in traces for channel in trace.writes})
    weights = dict(zip(names, widths, strict=False))
    requests = [FifoRequest(name, bits, None, initial.get(name, 0)) for name, bits in weights.items()]
    found = size_fifos(traces, None, requests, fifo_latency)
    free = simulate(traces, {}, fifo_latency, initial)
    if free.stuck:
        assert isinstance(found, Deadlock)
        return
    assert isinstance(found, Sizing)
    depths = {name: size.depth for name, size in found.sizes.items()}
    assert all(depths[name] >= max(initial.get(name, 0), 1) for name in names)
    assert simulate(traces, depths, fifo_latency, initial).latency == free.latency == found.timing.latency
    assert found.bits == found.bound == sum(weights[name] * depth for name, depth in depths.items())
    for chosen in product(*(range(max(initial.get(name, 0), 1), depths[name] + 2) for name in names)):
        less = dict(zip(names, chosen, strict=True))
        if sum(weights[name] * depth for name, depth in less.items()) < found.bits:
            other = simulate(traces, less, fifo_latency, initial)
            assert other.stuck or other.latency > free.latency, f"{less} are as good"


@settings(max_examples=200, deadline=None)
@given(regions(), counts)
def test_what_is_wished_is_the_least_that_helps(traces: tuple[ProcessTrace, ...], given_counts: list[int]) -> None:
    initial = held_in(traces, given_counts)
    requests = [FifoRequest(name, 1, None, count) for name, count in initial.items()]
    wish = wished_tokens(traces, None, requests, 1)
    if wish is None:
        if simulate(traces, {}, 1, initial).stuck:
            assert all(simulate(traces, {}, 1, {**initial, name: 1000}).stuck for name in initial)
        return
    channel, tokens = wish
    assert not simulate(traces, {}, 1, {**initial, channel: tokens}).stuck
    assert simulate(traces, {}, 1, {**initial, channel: tokens - 1}).stuck
    for name, count in initial.items():
        assert simulate(traces, {}, 1, {**initial, name: count + tokens - initial[channel] - 1}).stuck


def test_a_write_and_a_read_in_one_cycle_need_room_for_both() -> None:
    trace = ProcessTrace("p", 4, {"c": np.arange(4)}, {"c": np.arange(4)})
    found = size_fifos([trace], None, [FifoRequest("c", 8, None, 1)], 1)
    assert isinstance(found, Sizing)
    assert found.sizes["c"].depth == 2
    assert "with 1 the design deadlocks: p waits for room in c" in found.sizes["c"].reason

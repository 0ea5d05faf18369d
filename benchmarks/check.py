"""How long checking a design of a thousand blocks takes, after opening it and after each kind of edit.

    python benchmarks/check.py           (or `make bench-check`)

One design is flat; of the other the same blocks are in graphs of 25, some used twice. In a third, flat one, some
blocks are external and some read constants from files. Their blocks are of ten kernels, some with schedules. A check is
what the window does: kernels, structure, types, layouts, and which channel each wire can be. After opening, nothing is
known of the kernels yet; after an edit, what the check before it found out. No edit is made twice: each turn has other
blocks and other numbers. Saving, loading, and keeping unsaved work (which is done
after each edit) are of the flat design.

Times are of the processor, medians of several turns in one process, so that other programs on the machine count for
little; the longest is told beside. Exits with 1 where a median is above its limit.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from allo_studio.design import edits
from allo_studio.design.check import forget_checks
from allo_studio.design.check_kernels import forget_kernels
from allo_studio.design.model import Endpoint, Graph, GraphNode, KernelNode, Override, Project, StepSpec
from allo_studio.design.prepare import forget_plans
from allo_studio.pipeline import check_project
from allo_studio.project import LoadedProject, autosave, load_project, save_project

__all__ = ["Measured", "edits_of", "flat", "forget", "main", "measure", "mixed", "nested"]

BLOCKS, GROUP = 1000, 25
TURNS = 7
# In a mixed design each block of so many is external, and as many read a constant.
EVERY = 20
OPEN_SECONDS, EDIT_SECONDS, FILE_SECONDS = 2.0, 0.05, 1.0
KERNELS = """\
from allo_studio.lang import *

R, C = 8, 16


def fork(X: int32[R, C]) -> (int32[R, C], int32[R, C]):
    Y: int32[R, C]
    Z: int32[R, C]
    for i, j in grid(R, C):
        x: int32 = X[i, j]
        Y[i, j] = x
        Z[i, j] = x
    return Y, Z


def join(X: int32[R, C], Z: int32[R, C]) -> int32[R, C]:
    Y: int32[R, C]
    for i, j in grid(R, C):
        Y[i, j] = X[i, j] - Z[i, j]
    return Y


def turned(X: int32[R, C]) -> int32[R, C]:
    Y: int32[R, C]
    for i in range(R):
        row: int32[C]
        for j in range(C):
            row[j] = X[i, j]
        for k in range(C):
            Y[i, k] = row[C - 1 - k]
    return Y


def mixed(X: int32[R, C]) -> int32[R, C]:
    Y: int32[R, C] = 0
    for i, j in grid(R, C):
        for k in reduction(C):
            Y[i, j] += X[i, k] * (k - j)
    return Y


def running(X: int32[R, C]) -> int32[R, C]:
    Y: int32[R, C]
    last: int32 = 0
    for i, j in grid(R, C):
        last += X[i, j]
        Y[i, j] = last
    return Y


def weighted(X: int32[R, C], W: int32[R, C]) -> int32[R, C]:
    Y: int32[R, C]
    for i, j in grid(R, C):
        Y[i, j] = X[i, j] * W[i, j]
    return Y
"""
_DESCRIPTOR = """\
format: 1
name: outside
ports:
  X: {direction: in, type: "int32[8, 16]", moves: stream}
  Y: {direction: out, type: "int32[8, 16]", moves: stream}
timing:
  latency: 129
  tokens: {X: {first: 0, every: 1}, Y: {first: 1, every: 1}}
resources: {lut: 40, ff: 26}
cpp: {files: [outside.cpp], function: outside}
"""
_CODE = """\
#include "hls_stream.h"

void outside(hls::stream<int> &X, hls::stream<int> &Y) {
    for (int i = 0; i < 128; ++i)
        Y.write(X.read() + i);
}
"""
_STEP = """

def step_{n}(X: int32[R, C]) -> int32[R, C]:
    Y: int32[R, C]
    for i, j in grid(R, C):
        Y[i, j] = X[i, j] * {n} + C
    return Y
"""
_STEPS = 5
_HEAD = """\
format: 1
name: many
top: top
schedules:
  row_wise:
    - split: {axis: j, factor: 4}
    - reorder: {axes: [k, j.outer, j.inner]}
    - buffer_at: {buffer: Y, axis: i}
    - partition: {buffer: Y, kind: cyclic, dim: 2, factor: 4}
    - unroll: {axis: j.inner}
  slow: [{pipeline: {axis: j, initiation_interval: 3}}]
  lanes:
    - split: {axis: j, factor: 2}
    - unroll: {axis: j.inner}
graphs:
"""
_TYPE = '"int32[8, 16]"'
# Block by block: each takes the last open end, and a join takes two.
_PATTERN = ("fork", "step_0", "turned", "step_1", "join", "mixed", "step_2", "running", "step_3", "step_4")


@dataclass(frozen=True)
class Measured:
    """What was timed, the median of its seconds, the most that this may be, and the longest."""

    name: str
    seconds: float
    limit: float
    longest: float = 0.0


def _blocks(count: int, indent: str, first: int = 0, mixed: bool = False) -> tuple[list[str], list[str]]:
    """Return the lines of blocks and wires of a row of blocks from port A to port B."""
    nodes, wires, ends = [], [], ["A"]
    for number in range(count):
        kernel = _PATTERN[(first + number) % len(_PATTERN)]
        if kernel == "join" and len(ends) < 2:
            kernel = "step_0"
        # The last blocks join what is open.
        if len(ends) > 1 and count - number <= len(ends):
            kernel = "join"
        kernel = {3: "weighted", 6: "outside"}.get(number % EVERY, kernel) if mixed else kernel
        schedule = {"mixed": ", schedule: row_wise", "step_3": ", schedule: slow"}.get(kernel, "")
        says = "ip: outside.ip.yaml" if kernel == "outside" else f'kernel: "k.py:{kernel}"{schedule}'
        nodes.append(f"{indent}n{number}: {{{says}}}")
        if kernel == "weighted":
            nodes.append(f"{indent}w{number}: {{constant: weights.npy}}")
            wires.append(f"{indent}- w{number}.value -> n{number}.W")
        wires.append(f"{indent}- {ends.pop()} -> n{number}.X")
        if kernel == "join":
            wires.append(f"{indent}- {ends.pop()} -> n{number}.Z")
        ends += [f"n{number}.Y"] + ([f"n{number}.Z"] if kernel == "fork" else [])
    while len(ends) > 1:
        wires.append(f"{indent}- {ends.pop()} -> Q{len(ends)}")
    return nodes, [*wires, f"{indent}- {ends[0]} -> B"]


def _graph(name: str, nodes: list[str], wires: list[str]) -> str:
    more = "".join(f", {wire.split()[-1]}: {_TYPE}" for wire in wires if wire.split()[-1].startswith("Q"))
    lines = [f"  {name}:", f"    inputs: {{A: {_TYPE}}}", f"    outputs: {{B: {_TYPE}{more}}}", "    nodes:"]
    return "\n".join([*lines, *nodes, "    edges:", *wires]) + "\n"


def flat(folder: Path, blocks: int = BLOCKS) -> LoadedProject:
    """Return a design of so many blocks in one graph."""
    return _write(folder, _HEAD + _graph("top", *_blocks(blocks, "      ")))


def nested(folder: Path, blocks: int = BLOCKS) -> LoadedProject:
    """Return a design of so many blocks in graphs of some, of which each second one is used twice."""
    groups = max(blocks // GROUP, 1)
    made = [number for number in range(groups) if number % 3 != 2]
    text = _HEAD
    for number in made:
        text += _graph(f"g{number}", *_blocks(GROUP, "      ", number))
    nodes = [f"      s{n}: {{graph: g{n if n % 3 != 2 else n - 1}}}" for n in range(groups)]
    wires = ["      - A -> s0.A", *(f"      - s{n}.B -> s{n + 1}.A" for n in range(groups - 1))]
    return _write(folder, text + _graph("top", nodes, [*wires, f"      - s{groups - 1}.B -> B"]))


def mixed(folder: Path, blocks: int = BLOCKS) -> LoadedProject:
    """Return a design of so many blocks in one graph, some of which are external, and some of which read constants."""
    (folder / "outside.ip.yaml").write_text(_DESCRIPTOR, encoding="utf-8")
    (folder / "outside.cpp").write_text(_CODE, encoding="utf-8")
    np.save(folder / "weights.npy", np.arange(8 * 16, dtype=np.int32).reshape(8, 16))
    return _write(folder, _HEAD + _graph("top", *_blocks(blocks, "      ", mixed=True)))


def _write(folder: Path, text: str) -> LoadedProject:
    (folder / "k.py").write_text(KERNELS + "".join(_STEP.format(n=n) for n in range(_STEPS)), encoding="utf-8")
    (folder / "project.yaml").write_text(text, encoding="utf-8")
    return load_project(folder)


def edits_of(project: Project, turn: int = 0) -> Iterator[tuple[str, edits.Edit]]:
    """Yield an edit of each kind that a design is open to: of a block of the first graph with kernels.

    Another turn has other blocks, and other numbers.
    """
    graph = next(g for g in project.graphs.values() if any(isinstance(n, KernelNode) for n in g.nodes.values()))
    plain = [name for name, node in graph.nodes.items() if _is_plain(graph, name, node)]
    block = plain[(len(plain) // 2 + turn) % len(plain)]
    wire = next(e for e in graph.edges if e.target.node == block)
    yield "move", edits.MoveNodes(graph.name, {block: (10.0 + turn, 20.0)})
    yield "disconnect", edits.Disconnect(graph.name, wire.id)
    yield "connect elsewhere", edits.Reroute(graph.name, wire.id, source=Endpoint("", "A"))
    yield "param", edits.SetParam(graph.name, block, "R", 4 + turn)
    yield "step", edits.AddStep("slow", StepSpec("unroll", {"axis": "i", "factor": 2 + turn}))
    yield "schedule", edits.SetSchedule(graph.name, block, "lanes")
    yield "rename", edits.RenameNode(graph.name, block, f"renamed{turn}")
    yield "channel", edits.SetChannel(graph.name, wire.id, "pingpong")
    yield "depth", edits.SetChannel(graph.name, wire.id, "fifo", 4 + turn)
    yield "initial", edits.SetInitial(graph.name, wire.id, tuple(range(16)))
    yield "add block", edits.AddNode(graph.name, f"added{turn}", replace(graph.nodes[block]))
    yield "remove block", edits.RemoveNodes(graph.name, (block,))
    yield (
        "insert block",
        edits.InsertBlock(graph.name, f"between{turn}", replace(graph.nodes[block]), "X", {wire.id: "Y"}),
    )
    yield "execution", edits.SetExecution(graph.name, "sequential")
    holder = next((n for n, node in project.graphs[project.top].nodes.items() if isinstance(node, GraphNode)), None)
    if holder:
        yield "inside", edits.SetInside(project.top, holder, block, Override(schedule="lanes"))


def _is_plain(graph: Graph, name: str, node: object) -> bool:
    """Tell whether a block has one input and one output, between two blocks, and no schedule."""
    if not isinstance(node, KernelNode) or node.schedule or not node.function.startswith("step"):
        return False
    wires = [edge for edge in graph.edges if name in (edge.source.node, edge.target.node)]
    return len(wires) == 2 and all(edge.source.node and edge.target.node for edge in wires)


def forget() -> None:
    """Forget all that earlier checks found out."""
    forget_kernels()
    forget_checks()
    forget_plans()


def measure(make: Callable[[Path], LoadedProject], turns: int = TURNS) -> Iterator[Measured]:
    """Yield the times of a design's checks, after opening it and after each kind of edit."""
    with tempfile.TemporaryDirectory() as name:
        loaded = make(Path(name))
        known = check_project(loaded)
        assert known.ok, known.diagnostics[:3]
        opened = [_timed(lambda: check_project(load_project(Path(name))), forget) for _ in range(turns)]
        yield _measured("opened", opened, OPEN_SECONDS)
        made = [list(edits_of(loaded.project, turn)) for turn in range(turns)]
        for kind in zip(*made, strict=True):
            changed = [edit.apply(loaded.project) for _, edit in kind]
            times = [_timed(partial(check_project, loaded, p), lambda: check_project(loaded)) for p in changed]
            yield _measured(kind[0][0], times, EDIT_SECONDS)


def files(turns: int = TURNS) -> Iterator[Measured]:
    """Yield the times of loading the flat design, and of saving it with each edit that changes its file."""
    with tempfile.TemporaryDirectory() as name:
        loaded = flat(Path(name))
        yield _measured("load", [_timed(lambda: load_project(Path(name))) for _ in range(turns)], FILE_SECONDS)
        for what, edit in edits_of(loaded.project):
            # After each edit, before it is drawn.
            keep = partial(autosave, loaded, edit.apply(loaded.project))
            yield _measured(f"keep: {what}", [_timed(keep) for _ in range(turns)], EDIT_SECONDS)
            save = partial(save_project, loaded, edit.apply(loaded.project), overwrite=True)
            yield _measured(f"save: {what}", [_timed(save) for _ in range(turns)], FILE_SECONDS)


def _timed(work: Callable[[], object], before: Callable[[], object] = lambda: None) -> float:
    before()
    began = time.process_time()
    work()
    return time.process_time() - began


def _measured(name: str, times: list[float], limit: float) -> Measured:
    return Measured(name, statistics.median(times), limit, max(times))


def main() -> int:
    """Print the times; returns 1 where one is above its limit."""
    missed = []
    designs = ("flat", measure(flat)), ("nested", measure(nested)), ("mixed", measure(mixed)), ("file", files())
    for name, times in designs:
        for found in times:
            took, longest, limit = (f"{seconds * 1e3:.1f}" for seconds in (found.seconds, found.longest, found.limit))
            print(f"{name:8} {found.name:24} {took:>9} ms, longest {longest:>7}, at most {limit}", flush=True)
            if found.seconds > found.limit:
                missed.append(f"{name}: {found.name} takes {found.seconds * 1e3:.0f} ms")
    for text in missed:
        print(f"  NOT MET: {text}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

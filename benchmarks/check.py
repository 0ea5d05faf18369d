"""How long checking a design of a thousand blocks takes, after opening it and after each kind of edit.

    python benchmarks/check.py           (or `make bench-check`)

One design is flat; of the other the same blocks are in graphs of 25, some of them used twice. Their blocks are of ten
kernels, some with schedules. A check is what the window does: kernels, structure, types, layouts, and which channel
each wire can be. After opening, nothing is known of the kernels yet; after an edit, what the check before it found out.
Saving and loading are of the flat design.

Times are of the processor, medians of several turns in one process, so that other programs on the machine count for
little. Exits with 1 where a time is above its limit.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from allo_studio.design import edits
from allo_studio.design.check_kernels import forget_kernels
from allo_studio.design.model import Endpoint, Project, StepSpec
from allo_studio.pipeline import check_project
from allo_studio.project import LoadedProject, load_project, save_project

__all__ = ["Measured", "edits_of", "flat", "main", "measure", "nested"]

BLOCKS, GROUP = 1000, 25
TURNS = 5
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
    """What was timed, its seconds, and the most that it may take."""

    name: str
    seconds: float
    limit: float


def _blocks(count: int, indent: str, first: int = 0) -> tuple[list[str], list[str]]:
    """Return the lines of blocks and wires of a row of blocks from port A to port B."""
    nodes, wires, ends = [], [], ["A"]
    for number in range(count):
        kernel = _PATTERN[(first + number) % len(_PATTERN)]
        if kernel == "join" and len(ends) < 2:
            kernel = "step_0"
        # The last blocks join what is open.
        if len(ends) > 1 and count - number <= len(ends):
            kernel = "join"
        schedule = {"mixed": ", schedule: row_wise", "step_3": ", schedule: slow"}.get(kernel, "")
        nodes.append(f'{indent}n{number}: {{kernel: "k.py:{kernel}"{schedule}}}')
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


def _write(folder: Path, text: str) -> LoadedProject:
    (folder / "k.py").write_text(KERNELS + "".join(_STEP.format(n=n) for n in range(_STEPS)), encoding="utf-8")
    (folder / "project.yaml").write_text(text, encoding="utf-8")
    return load_project(folder)


def edits_of(project: Project) -> Iterator[tuple[str, edits.Edit]]:
    """Yield an edit of each kind that a design is open to: of a block in the middle of the first graph with kernels."""
    graph = next(g for g in project.graphs.values() if any(hasattr(n, "params") for n in g.nodes.values()))
    names = list(graph.nodes)
    middle = names[len(names) // 2]
    wire = next(e for e in graph.edges if e.target.node == middle)
    yield "move", edits.MoveNodes(graph.name, {middle: (10.0, 20.0)})
    yield "disconnect", edits.Disconnect(graph.name, wire.id)
    yield "connect elsewhere", edits.Reroute(graph.name, wire.id, source=Endpoint("", "A"))
    yield "param", edits.SetParam(graph.name, middle, "R", 4)
    yield "step", edits.AddStep("slow", StepSpec("unroll", {"axis": "i", "factor": 2}))
    yield "rename", edits.RenameNode(graph.name, middle, "renamed")
    yield "channel", edits.SetChannel(graph.name, wire.id, "pingpong")


def measure(make: Callable[[Path], LoadedProject], turns: int = TURNS) -> Iterator[Measured]:
    """Yield the times of a design's checks, after opening it and after each kind of edit."""
    with tempfile.TemporaryDirectory() as name:
        loaded = make(Path(name))
        known = check_project(loaded)
        assert known.ok, known.diagnostics[:3]

        def opened() -> None:
            forget_kernels()
            check_project(load_project(Path(name)))

        yield Measured("opened", _median(opened, lambda: None, turns), OPEN_SECONDS)
        for what, edit in edits_of(loaded.project):
            again = partial(check_project, loaded, edit.apply(loaded.project))
            yield Measured(what, _median(again, lambda: check_project(loaded), turns), EDIT_SECONDS)


def files(turns: int = TURNS) -> Iterator[Measured]:
    """Yield the times of loading the flat design, and of saving it with each edit that changes its file."""
    with tempfile.TemporaryDirectory() as name:
        loaded = flat(Path(name))
        yield Measured("load", _median(lambda: load_project(Path(name)), lambda: None, turns), FILE_SECONDS)
        for what, edit in edits_of(loaded.project):
            save = partial(save_project, loaded, edit.apply(loaded.project), overwrite=True)
            yield Measured(f"save: {what}", _median(save, lambda: None, turns), FILE_SECONDS)


def _median(work: Callable[[], object], before: Callable[[], object], turns: int) -> float:
    found = []
    for _ in range(turns):
        before()
        began = time.process_time()
        work()
        found.append(time.process_time() - began)
    return statistics.median(found)


def main() -> int:
    """Print the times; returns 1 where one is above its limit."""
    missed = []
    for name, times in (("flat", measure(flat)), ("nested", measure(nested)), ("file", files())):
        for found in times:
            print(f"{name:8} {found.name:24} {found.seconds * 1e3:9.1f} ms, at most {found.limit * 1e3:g}", flush=True)
            if found.seconds > found.limit:
                missed.append(f"{name}: {found.name} takes {found.seconds * 1e3:.0f} ms")
    for text in missed:
        print(f"  NOT MET: {text}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

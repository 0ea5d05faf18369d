"""How long the HLS C++ of the largest example takes to write, and a C simulation with nothing compiled before.

    python benchmarks/hls.py        (or `make bench-hls`)

Writing is from the sized design to the texts of all files: the median of several in one process, and the first, which
also finds out what a kernel remembers of itself. The simulation is the whole command on the cascade of two products of
64 by 64: a process that begins with no cache of its own checks, schedules, writes C++, compiles it, runs it and
compares every element. The status is 1 where one of them takes longer than its limit.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from allo_studio.backends.vitis import emit
from allo_studio.design.model import GraphNode, Project
from allo_studio.design.timing import SizedDesign, leaf_processes
from allo_studio.hardware.devices import find_device
from allo_studio.pipeline import size_project
from allo_studio.project import LoadedProject, load_project

__all__ = ["Measured", "blocks", "largest", "main", "simulated_cold", "written"]

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "projects"
CASCADE = EXAMPLES / "gemm_cascade"
RUNS = 15
# What a person does not wait for, and what a person waits for.
MOST_MS, MOST_S = 100.0, 15.0


@dataclass(frozen=True)
class Measured:
    """A time and its limit in `unit`; `note` says more of it."""

    name: str
    value: float
    limit: float
    unit: str
    note: str

    @property
    def within(self) -> bool:
        """Whether it takes no longer than it may."""
        return self.value <= self.limit

    def text(self) -> str:
        """Return it as a line."""
        verdict = "" if self.within else "  ABOVE THE LIMIT"
        return f"{self.name:<42} {self.value:8.1f} {self.unit:<2} (limit {self.limit:g}; {self.note}){verdict}"


def main() -> int:
    """Print a line for each time; returns 1 where one is above its limit."""
    loaded = largest()
    found = []
    for measured in (written(loaded), simulated_cold(CASCADE)):
        print(measured.text(), flush=True)
        found.append(measured.within)
    return 0 if all(found) else 1


def largest(folder: Path = EXAMPLES) -> LoadedProject:
    """Return the example in a folder that has the most blocks, each counted in every instance of its graph."""
    loaded = [load_project(file.parent) for file in sorted(folder.glob("*/project.yaml"))]
    return max(loaded, key=lambda one: sum(1 for _ in blocks(one.project, one.project.top)))


def blocks(project: Project, graph: str) -> Iterator[str]:
    """Yield the names of the blocks in a graph and in those that its blocks stand for."""
    for name, node in project.graphs[graph].nodes.items():
        if isinstance(node, GraphNode):
            yield from blocks(project, node.graph)
        else:
            yield name


def written(loaded: LoadedProject, runs: int = RUNS, limit: float = MOST_MS) -> Measured:
    """Return how long the files of a project take to write once it is sized, in ms."""
    sized = size_project(loaded)
    times = [_emission(loaded, sized) for _ in range(runs)]
    lines = sum(text.count("\n") for text in _files(loaded, sized).values())
    count = sum(1 for _ in leaf_processes(sized.region))
    note = f"{count} processes, {lines:,} lines; the first took {times[0]:.1f} ms"
    return Measured(f"HLS project of {loaded.project.name}", statistics.median(times), limit, "ms", note)


def _files(loaded: LoadedProject, sized: SizedDesign) -> dict[str, str]:
    target = loaded.project.target
    return emit(sized.region, target, loaded.project.name, find_device(target.device).part)


def _emission(loaded: LoadedProject, sized: SizedDesign) -> float:
    began = time.perf_counter()
    _files(loaded, sized)
    return (time.perf_counter() - began) * 1e3


def simulated_cold(project: Path, limit: float = MOST_S) -> Measured:
    """Return how long a C simulation of a project takes in seconds, in a process without caches.

    Raises RuntimeError where it fails or an element differs.
    """
    with tempfile.TemporaryDirectory(prefix="allo-bench-") as folder:
        # Neither compiled kernels of numba nor objects that a wrapper of the compiler has kept.
        caches = {"NUMBA_CACHE_DIR": folder, "CCACHE_DISABLE": "1", "TMPDIR": folder}
        command = [sys.executable, "-m", "allo_studio", "simulate", str(project), "--json"]
        environment = {**os.environ, **caches, "PYTHONPATH": str(ROOT)}
        began = time.perf_counter()
        done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
        took = time.perf_counter() - began
    found = json.loads(done.stdout) if done.stdout.startswith("{") else {}
    run = found.get("simulation", {"compared": 0, "mismatches": 0})
    if done.returncode or not run["compared"] or run["mismatches"]:
        raise RuntimeError(f"the simulation of {project.name} failed: {done.stderr or found.get('diagnostics')}")
    note = f"{run['compared']:,} elements compared"
    return Measured(f"C simulation of {project.name}, nothing compiled", took, limit, "s", note)


if __name__ == "__main__":
    sys.exit(main())

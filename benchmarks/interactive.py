"""What a person waits for at the window: medians of several runs in one process, in milliseconds.

    python benchmarks/interactive.py        (or `make bench-interactive`)

The machine's load moves all figures alike, so each is also given relative to a fixed piece of work (sorting a million
random numbers with numpy) that is timed between the others.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np

from allo_studio.analysis.ports import infer_ports
from allo_studio.design.check import check
from allo_studio.design.edits import MoveNodes
from allo_studio.design.model import Edge, Endpoint, Graph, KernelNode, Project
from allo_studio.design.placement import layered
from allo_studio.frontend import parse_kernel
from allo_studio.project import load_project, sources
from allo_studio.schedule import applicable, from_specs
from allo_studio.simulate.reference import evaluate_kernel
from allo_studio.source import Source

__all__ = ["main"]

RUNS = 5
_KEPT: list[object] = []
EXAMPLE = Path(__file__).resolve().parents[1] / "projects" / "gemm_cascade"
COPY = "from allo_studio.lang import float32\ndef copy(X: float32[16]) -> float32[16]:\n    Y: float32[16]\n"
COPY += "    for i in range(16):\n        Y[i] = X[i]\n    return Y\n"


def main() -> None:
    """Print a line for each piece of work."""
    numbers = np.random.default_rng(0).random(1_000_000)
    works = {**_library(), **_canvas()}
    for name, work in works.items():
        found, fixed = [], []
        for _ in range(RUNS):
            fixed.append(_timed(lambda: np.sort(numbers)))
            found.append(_timed(work))
        median, unit = statistics.median(found), statistics.median(fixed)
        print(f"{name:<44} {median:10.2f} ms {median / unit:9.2f} sorts")
    while _KEPT:
        _KEPT.pop()


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1e3


def _library() -> dict[str, Callable[[], object]]:
    loaded = load_project(EXAMPLE)
    read = sources(loaded.root)
    check(loaded.project, read)
    moved = MoveNodes("cascade", {"mm1": (1, 2)}).apply(loaded.project)
    row = _row(1000)
    project = Project("p", top="row", graphs={"row": row})
    text = (EXAMPLE / "kernels" / "gemm.py").read_text(encoding="utf-8")
    kernel = infer_ports(parse_kernel(Source("gemm.py", text), "gemm"))
    steps = [(step.name, step.args) for step in loaded.project.schedules["row_wise"]]
    scheduled = from_specs(kernel, steps)
    data = {name: np.ones((64, 64), np.float32) for name in "AB"}
    return {
        "check of the cascade after a move": lambda: check(moved, read),
        "check of 1000 blocks in a row": lambda: check(project, lambda path: Source(path, COPY)),
        "placement of 1000 blocks": lambda: layered(row),
        "row_wise schedule of a product": lambda: from_specs(kernel, steps),
        "menu of the steps that apply after it": lambda: applicable(scheduled.ir),
        "numpy reference of a product of 64": lambda: evaluate_kernel(kernel, data),
    }


def _row(count: int) -> Graph:
    nodes = {f"b{i}": KernelNode("copy.py", "copy") for i in range(count)}
    ends = [Endpoint("", "A"), *(Endpoint(f"b{i}", "Y") for i in range(count))]
    targets = [*(Endpoint(f"b{i}", "X") for i in range(count)), Endpoint("", "E")]
    edges = tuple(Edge(a, b) for a, b in zip(ends, targets, strict=True))
    return Graph("row", "dataflow", {"A": "float32[16]"}, {"E": "float32[16]"}, nodes, edges)


def _canvas() -> dict[str, Callable[[], object]]:
    try:
        from nodes.canvas import Canvas
        from ui.app import application
    except ImportError:
        print("(the canvas is left out: there is no Qt)")
        return {}
    app = application()
    row = _row(1000)
    checked = check(Project("p", top="row", graphs={"row": row}), lambda path: Source(path, COPY))
    places = {f"b{i}": (i % 40 * 260.0, i // 40 * 200.0) for i in range(1000)}
    canvas = Canvas()
    canvas.resize(1200, 800)
    # Qt's objects go in the reverse order of their making, or its end is a fault.
    _KEPT.extend((app, canvas))

    def draw() -> None:
        canvas.clear()
        canvas.show_graph(row, checked, places)

    return {"canvas: 1000 blocks drawn anew": draw, "canvas: fit of 1000 blocks": lambda: canvas.view.fit()}


if __name__ == "__main__":
    main()

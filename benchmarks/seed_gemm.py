"""The two-kernel GEMM case of the Allo paper (PLDI 2024, arXiv 2404.04815): our predicted latencies beside its figures.

The paper's figures are for float32, 1024x1024x1024, on a xcu280 at 3.33 ns. Run with `make bench-seed`; it ends with
status 1 where a figure is off by more than 1%, or a perturbation does not have the effect that it must have.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path

from allo_studio.hardware.operators import OperatorLibrary, load_operators
from allo_studio.pipeline import size_project
from allo_studio.project import load_project

__all__ = ["PUBLISHED_MS", "Row", "main", "measure"]

PROJECTS = Path(__file__).resolve().parents[1] / "projects"
# Published latencies in ms, by the graph of projects/gemm_1024 that is the same design.
PUBLISHED_MS = {"vanilla": 25074.0, "inner_product": 17950.0, "row_wise": 112.0, "cascade": 224.0}
TOLERANCE = 0.01


@dataclass(frozen=True)
class Row:
    """One design: predicted cycles, what they are compared with, and whether that holds."""

    name: str
    cycles: int
    note: str
    holds: bool

    def text(self, clock_ns: float) -> str:
        """Return the line that is printed."""
        mark = "ok" if self.holds else "NO"
        return f"{self.name:<32} {self.cycles:>14,} {self.cycles * clock_ns * 1e-6:>12,.3f} ms  {mark}  {self.note}"


def measure() -> tuple[Row, ...]:
    """Return all rows: the paper's designs, our re-layout, the perturbations, and the streamed cascade."""
    cycles = {graph: _cycles("gemm_1024", graph) for graph in (*PUBLISHED_MS, "row_wise_16", "cascade_separate")}
    clock = load_project(PROJECTS / "gemm_1024").project.target.clock_ns
    rows = [_published(name, cycles[name], clock) for name in PUBLISHED_MS]
    exact = cycles["cascade"] == 2 * cycles["row_wise"]
    rows.append(Row("cascade, unified", cycles["cascade"], "is twice row_wise", exact))
    copied = cycles["cascade_separate"] - cycles["cascade"]
    note = f"re-layout of {copied:,} cycles on top, {copied / 1024**2:.2f} an element"
    rows.append(Row("cascade, not unified", cycles["cascade_separate"], note, copied >= 1024**2))
    return (*rows, *_perturbed(cycles, clock), _streamed())


def _published(name: str, cycles: int, clock_ns: float) -> Row:
    published = PUBLISHED_MS[name]
    off = cycles * clock_ns * 1e-6 / published - 1
    return Row(name, cycles, f"published {published:,.0f} ms, off by {off:+.2%}", abs(off) <= TOLERANCE)


def _perturbed(cycles: dict[str, int], clock_ns: float) -> list[Row]:
    slower = load_operators("vitis", clock_ns).with_latency("fadd", 6)
    rows = []
    for name, recurs in (("vanilla", 9), ("inner_product", 7)):
        found = _cycles("gemm_1024", name, slower)
        a_product = found / 1024**3
        holds = recurs <= a_product <= recurs * (1 + TOLERANCE)
        rows.append(Row(f"{name}, fadd of 6", found, f"{a_product:.2f} cycles a product, {recurs} expected", holds))
    ratio = cycles["row_wise_16"] / cycles["row_wise"]
    rows.append(
        Row("row_wise, 16 lanes", cycles["row_wise_16"], f"{ratio:.3f} x 32 lanes", abs(ratio / 2 - 1) <= TOLERANCE)
    )
    return rows


def _streamed() -> Row:
    """Return the 64³ cascade as a dataflow graph, against itself as a sequential one."""
    loaded = load_project(PROJECTS / "gemm_cascade")
    graph = loaded.project.graphs["cascade"]
    edges = tuple(replace(edge, channel=None) for edge in graph.edges)
    sequential = replace(graph, execution="sequential", edges=edges)
    slow = size_project(loaded, replace(loaded.project, graphs={"cascade": sequential})).latency
    fast = size_project(loaded).latency
    return Row(
        "cascade of 64, dataflow", fast, f"{fast / slow:.3f} of its sequential {slow:,} cycles", fast <= 0.6 * slow
    )


def _cycles(project: str, graph: str, library: OperatorLibrary | None = None) -> int:
    loaded = load_project(PROJECTS / project)
    return size_project(loaded, replace(loaded.project, top=graph), library).latency


def main() -> int:
    """Print the rows and return the exit status."""
    rows = measure()
    for row in rows:
        print(row.text(3.33))
    return 0 if all(row.holds for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())

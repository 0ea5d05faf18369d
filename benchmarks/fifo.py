"""FIFO depths of the example projects, against what is proven and against three rules that people use.

    python benchmarks/fifo.py           (or `make bench-fifo`)

For each example and operator profile: latency, the bits of all FIFOs, the bound that is proven for them, and whether
any depth could be less by one (the certificate, checked anew). Then the bits by three rules, and what the latency is
with them: as many tokens as a whole array has; one more than the most tokens that endless FIFOs hold; two.

At last, how long sizing takes for the largest example, and for two paths of a million tokens a channel.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from allo_studio.design.fifo import FifoRequest, Sizing, size_fifos
from allo_studio.design.recurrence import ProcessTrace, Timing, TokenGraph
from allo_studio.design.region import Region, RegionProcess
from allo_studio.design.timing import SizedDesign, fifo_requests, process_traces
from allo_studio.hardware.operators import load_operators, profile_names
from allo_studio.pipeline import size_project
from allo_studio.project import load_project

__all__ = ["Row", "dataflow_regions", "examples", "graph_of", "main", "million", "row_of", "rows_of"]

PROJECTS = Path(__file__).resolve().parents[1] / "projects"
# Its traces are of a million tokens and more; it has one product alone.
WITHOUT = {"gemm_1024"}
LARGEST = "gemm_tree_15"
TREE_SECONDS, MILLION_SECONDS = 2.0, 5.0
TOKENS = 1_000_000


@dataclass(frozen=True)
class Row:
    """A design in a profile. `unbounded` is the latency with endless FIFOs.

    `rules` are the bits by each rule, and the latency with them (None: a deadlock).
    """

    name: str
    profile: str
    latency: int
    unbounded: int
    fifos: int
    bits: int
    bound: int
    reducible: tuple[str, ...]
    rules: Mapping[str, tuple[int, int | None]]


def examples() -> list[str]:
    """Return the projects whose FIFOs are told."""
    return sorted(path.parent.name for path in PROJECTS.glob("*/project.yaml") if path.parent.name not in WITHOUT)


def rows_of(name: str) -> Iterator[Row]:
    """Yield what an example's FIFOs are in each profile."""
    loaded = load_project(PROJECTS / name)
    for profile in profile_names():
        library = load_operators(profile, loaded.project.target.clock_ns)
        sized = size_project(loaded, library=library)
        if sized.fifos:
            yield row_of(name, sized)


def row_of(name: str, sized: SizedDesign) -> Row:
    """Return what a design's FIFOs are; it must have one dataflow graph."""
    (region,) = dataflow_regions(sized.region)
    graph, requests = graph_of(sized, region), fifo_requests(region)
    order = graph_of(sized, region, overlap=False) if sized.library.profile != "open" else None
    depths = {request.channel: sized.fifos[request.channel].depth for request in requests}
    # What lies in a FIFO at reset has room in it by any rule.
    held = {request.channel: request.initial for request in requests}
    free = graph.run({})
    assert isinstance(free, Timing)
    rules = {
        "whole array": {c: max(free.writes[c].size, held[c], 1) for c in depths},
        "most + 1": {c: free.occupancy(c) + 1 for c in depths},
        "two": {c: max(held[c], 2) for c in depths},
    }
    return Row(
        name,
        sized.library.profile,
        sized.latency,
        free.latency + sized.latency - (graph.latency(depths) or 0),
        len(depths),
        sized.fifo_bits,
        sized.fifo_bound,
        tuple(c for c in depths if depths[c] > max(held[c], 1) and _works(graph, order, {**depths, c: depths[c] - 1})),
        {rule: (_bits(requests, chosen), _latency(graph, order, chosen)) for rule, chosen in rules.items()},
    )


def dataflow_regions(region: Region) -> Iterator[Region]:
    """Yield the outermost dataflow regions."""
    if region.execution == "dataflow":
        yield region
        return
    for process in region.processes:
        if isinstance(process, RegionProcess):
            yield from dataflow_regions(process.region)


def graph_of(sized: SizedDesign, region: Region, overlap: bool = True) -> TokenGraph:
    """Return the processes of a dataflow region and their tokens; without overlap, only the order of these counts."""

    def latency(inner: Region) -> int:
        return sum(sized.processes[p.path].schedule.latency for p in inner.processes if p.path in sized.processes)

    traces = process_traces(region, lambda process: sized.processes[process.path].schedule, latency, overlap)
    initial = {request.channel: request.initial for request in fifo_requests(region)}
    return TokenGraph(traces, sized.library.fifo_latency if overlap else 1, initial)


def _latency(graph: TokenGraph, order: TokenGraph | None, depths: Mapping[str, int]) -> int | None:
    if order is not None and order.latency(depths) is None:
        return None
    return graph.latency(depths)


def _works(graph: TokenGraph, order: TokenGraph | None, depths: Mapping[str, int]) -> bool:
    latency = _latency(graph, order, depths)
    return latency is not None and latency <= (graph.latency({}) or 0)


def _bits(requests: Sequence[FifoRequest], depths: Mapping[str, int]) -> int:
    return sum(request.token_bits * depths[request.channel] for request in requests)


def million() -> tuple[float, Sizing]:
    """Return the seconds that sizing takes for two paths of a million tokens, one of them 40 cycles longer."""
    cycles = np.arange(TOKENS, dtype=np.int64)
    traces = [
        ProcessTrace("fork", TOKENS, {}, {"near": cycles, "far": cycles}),
        ProcessTrace("delay", TOKENS + 40, {"far": cycles}, {"late": cycles + 40}),
        ProcessTrace("join", TOKENS + 4, {"near": cycles, "late": cycles}, {}),
    ]
    before = time.perf_counter()
    found = size_fifos(traces, traces, [FifoRequest(channel, 32) for channel in ("near", "far", "late")], 1)
    took = time.perf_counter() - before
    assert isinstance(found, Sizing)
    return took, found


def _tree_seconds() -> float:
    """Return the seconds that sizing takes for the largest example, its kernels being scheduled."""
    loaded = load_project(PROJECTS / LARGEST)
    sized = size_project(loaded, library=load_operators("open", loaded.project.target.clock_ns))
    before = time.perf_counter()
    graph = graph_of(sized, sized.region)
    size_fifos(graph.traces, None, fifo_requests(_unsized(sized.region)), graph.fifo_latency)
    return time.perf_counter() - before


def _unsized(region: Region) -> Region:
    return replace(region, channels=tuple(replace(channel, depth=0) for channel in region.channels))


def _rule(found: tuple[int, int | None], latency: int) -> str:
    bits, cycles = found
    said = "deadlock" if cycles is None else "" if cycles <= latency else f"+{cycles - latency:,} cycles"
    return f"{bits:,} {said}".strip()


def main() -> int:
    """Print the table; returns 1 where a depth could be less, a bound is not met, or sizing takes too long."""
    head = ("example", "profile", "latency", "FIFOs", "bits", "bound", "whole array", "most + 1", "two")
    print("{:18} {:7} {:>9} {:>5} {:>8} {:>8}  {:>16} {:>16} {:>22}".format(*head))
    wrong = []
    for name in examples():
        for row in rows_of(name):
            rules = [_rule(found, row.latency) for found in row.rules.values()]
            print(
                f"{row.name:18} {row.profile:7} {row.latency:9,} {row.fifos:5} {row.bits:8,} {row.bound:8,}  "
                f"{rules[0]:>16} {rules[1]:>16} {rules[2]:>22}"
            )
            wrong += [f"{row.name}: {channel} could be less" for channel in row.reducible]
            if row.bits != row.bound:
                wrong.append(f"{row.name}: {row.bits} bits, {row.bound} proven")
    # The first sizing waits for numba.
    tree = _tree_seconds()
    took, _ = million()
    print(f"sizing {LARGEST}: {tree:.2f} s; three FIFOs of {TOKENS:,} tokens: {took:.2f} s")
    wrong += [f"{LARGEST} takes more than {TREE_SECONDS:g} s"] if tree > TREE_SECONDS else []
    wrong += [f"a million tokens take more than {MILLION_SECONDS:g} s"] if took > MILLION_SECONDS else []
    for text in wrong:
        print(f"  NOT MET: {text}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

"""FIFO depths of random dataflow graphs of kernels: is what is said of them so?

    python benchmarks/fifo_graphs.py [--large N] [--small N] [--rtl N]           (or `make bench-fifo-graphs`)

Every graph is a project whose kernels are parsed and scheduled, of up to 60 processes, in the operator profiles in
turn.

- Of the large ones: the latency is that of endless FIFOs, no depth can be less by one, and where depths of two
  deadlock, that is found, and its cause is one: a ring of waits which, with all other FIFOs endless, deadlocks a
  simulation that goes cycle by cycle.
- Of the small ones, which have at most 6 FIFOs of at most 12 tokens: no other depths of fewer bits do as well, of all
  that there are.
- Of the large ones again, as RTL: outputs, cycles of several invocations, and how full each FIFO was, are as
  predicted.

The same numbers of graphs give the same graphs. Exits with 1 where anything is not so.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numba
import numpy as np
from fifo import Row, dataflow_regions, graph_of, row_of
from naive_fifos import simulate
from random_streams import streams

from allo_studio.backends.rtl.emit import generate
from allo_studio.design.fifo import FifoRequest, size_fifos
from allo_studio.design.recurrence import Deadlock, TokenGraph, ring
from allo_studio.design.timing import SizedDesign, fifo_requests
from allo_studio.design.token_times import Never, run_events
from allo_studio.diagnostics import AlloError
from allo_studio.hardware.operators import load_operators, profile_names
from allo_studio.pipeline import size_project
from allo_studio.simulate.cycle.design import RunningDesign
from allo_studio.simulate.data import random_inputs
from allo_studio.simulate.jit import evaluate_jit

__all__ = ["Large", "Small", "deadlock_faults", "fewer_bits", "large", "main", "rtl_faults", "small"]

CLOCK_NS = 3.33
MOST_PROCESSES = 60
# What a small graph has at most.
MOST_FIFOS, MOST_DEPTH = 6, 12
# Seeds of small graphs begin here; few blocks are drawn for them.
SMALL_SEEDS, SMALL_PROCESSES = 100_000, 8
INVOCATIONS = 4


@dataclass(frozen=True)
class Large:
    """What a graph's FIFOs are, whether two tokens each deadlock it, and what is not as it should be."""

    row: Row
    processes: int
    deadlock: bool
    wrong: tuple[str, ...]


@dataclass(frozen=True)
class Small:
    """How many depths of fewer bits there are for a graph's FIFOs, and those that do as well (None: none do)."""

    fifos: int
    tried: int
    better: Mapping[str, int] | None


@dataclass
class Tally:
    """Counts for the table, and all faults."""

    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def add(self, what: str, graph: str, faults: Iterable[str]) -> None:
        """Count a graph as right in something, or note why it is not."""
        found = [f"{graph}: {fault}" for fault in faults]
        self.wrong += found
        self.counts[what] += not found


def sized_of(seed: int, profile: str, most: int = MOST_PROCESSES) -> SizedDesign:
    """Return a random graph with its FIFOs sized."""
    with tempfile.TemporaryDirectory() as folder:
        return size_project(streams(Path(folder), seed, most), library=load_operators(profile, CLOCK_NS))


def large(sized: SizedDesign) -> Large:
    """Return what is so of a graph's FIFOs."""
    row = row_of("random", sized)
    wrong = [f"{channel} could be less" for channel in row.reducible]
    if row.latency != row.unbounded:
        wrong.append(f"{row.latency} cycles, {row.unbounded} with endless FIFOs")
    deadlock, faults = deadlock_faults(sized, 2)
    return Large(row, len(sized.processes), deadlock, (*wrong, *faults))


def deadlock_faults(sized: SizedDesign, depth: int) -> tuple[bool, list[str]]:
    """Return whether FIFOs that all have a depth deadlock, and what is wrong in what is said of that."""
    (region,) = dataflow_regions(sized.region)
    graph, order = _graphs(sized)
    depths = {request.channel: depth for request in fifo_requests(region)}
    requests = [FifoRequest(r.channel, r.token_bits, depth) for r in fifo_requests(region)]
    said = size_fifos(graph.traces, order.traces if order else None, requests, graph.fifo_latency)
    faults = []
    stuck = any(simulate(g.traces, depths, g.fifo_latency).stuck for g in (graph, order) if g)
    if stuck != isinstance(said, Deadlock):
        faults.append(f"depths of {depth} {'deadlock' if stuck else 'do not deadlock'}, which is not what is found")
    if isinstance(said, Deadlock):
        faults += _cause_faults(said, [g for g in (graph, order) if g], depth)
    return stuck, faults


def _cause_faults(said: Deadlock, graphs: Sequence[TokenGraph], depth: int) -> Iterator[str]:
    cause = ring(said.waits)
    if not cause or [wait.other for wait in cause] != [wait.process for wait in (*cause[1:], cause[0])]:
        yield f"the cause of a deadlock is no ring: {'; '.join(map(str, cause))}"
    alone = {wait.channel: depth for wait in cause if wait.kind == "room"}
    if not any(simulate(graph.traces, alone, graph.fifo_latency).stuck for graph in graphs):
        yield f"what is said to deadlock does not do so alone: {'; '.join(map(str, cause))}"


def _graphs(sized: SizedDesign) -> tuple[TokenGraph, TokenGraph | None]:
    """Return the tokens of a design that is one dataflow graph, and those whose order alone counts."""
    (region,) = dataflow_regions(sized.region)
    order = None if sized.library.profile == "open" else graph_of(sized, region, overlap=False)
    return graph_of(sized, region), order


def small(sized: SizedDesign) -> Small | None:
    """Try all depths of fewer bits than those that were chosen; None where the graph is not small."""
    depths = [size.depth for size in sized.fifos.values()]
    if not 1 <= len(depths) <= MOST_FIFOS or max(depths) > MOST_DEPTH:
        return None
    tried, better = fewer_bits(sized)
    return Small(len(depths), tried, better)


def fewer_bits(sized: SizedDesign) -> tuple[int, Mapping[str, int] | None]:
    """Return how many depths of fewer bits there are, and of those the first that do as well."""
    (region,) = dataflow_regions(sized.region)
    graph, order = _graphs(sized)
    weights = {request.channel: request.token_bits for request in fifo_requests(region)}
    names = [channel for channel in graph.channels if channel in weights]
    assert names == list(graph.channels), "a channel is no FIFO of the graph"
    free = graph.run({})
    assert not isinstance(free, Deadlock)
    # Without an order of its own, the graph is asked twice.
    other = order or graph
    tried, found = _cheaper(
        graph.events,
        other.events,
        np.array([names.index(channel) for channel in other.channels], np.int64),
        np.array([weights[name] for name in names], np.int64),
        sum(weights[name] * sized.fifos[name].depth for name in names),
        np.array([max(free.writes[name].size, 1) for name in names], np.int64),
        graph.fifo_latency,
        free.latency,
    )
    return tried, None if found[0] == 0 else dict(zip(names, found.tolist(), strict=True))


@numba.njit(cache=True)
def _cheaper(
    events: Any, order: Any, places: Any, bits: Any, limit: int, most: Any, fifo_latency: int, goal: int
) -> tuple[int, Any]:
    """Go through all depths of fewer bits than a limit; a first depth of 0 says that none do as well."""
    depths = np.ones(bits.size, np.int64)
    total, tried = bits.sum(), 0
    while total < limit:
        tried += 1
        done = run_events(events, depths, fifo_latency).done
        if done.min() != Never and done.max() + 1 <= goal and run_events(order, depths[places], 1).done.min() != Never:
            return tried, depths
        place = 0
        while place < bits.size:
            depths[place] += 1
            total += bits[place]
            if total < limit and depths[place] <= most[place]:
                break
            total -= (depths[place] - 1) * bits[place]
            depths[place] = 1
            place += 1
        if place == bits.size:
            break
    return tried, np.zeros(bits.size, np.int64)


def rtl_faults(sized: SizedDesign) -> list[str]:
    """Run a graph as RTL, and return what is not as predicted; raises AlloError where it has no circuits."""
    design = generate(sized)
    running, inputs = RunningDesign(design), random_inputs(sized.region.ports)
    once = running.run(inputs, 1, tuple(design.probed.fifos))
    again = running.run(inputs, INVOCATIONS)
    wanted = evaluate_jit(sized.region, inputs)
    wrong = []
    for what, got, want in (
        ("cycles", once.cycles[0], sized.latency),
        ("cycles of the first of several", again.cycles[0], sized.latency),
        ("cycles between the ends of two", again.cycles[-1], sized.interval),
        ("FIFOs", sorted(once.held), sorted(sized.fifos)),
    ):
        wrong += [] if got == want else [f"{what}: {got} in the RTL, {want} predicted"]
    for channel, held in once.held.items():
        if int(held.max()) != sized.fifos[channel].observed:
            wrong.append(f"{channel} held {int(held.max())} tokens, not {sized.fifos[channel].observed}")
    for outputs in (once.outputs, again.outputs):
        wrong += [f"{port} differs" for port in wanted if not np.array_equal(outputs[port], wanted[port])]
    return wrong


def _progress(what: str, done: int, tally: Tally) -> None:
    """Tell every now and then how far it is, on the error stream: all of it takes long."""
    if done % 20 == 0:
        print(f"  {done} {what}, {len(tally.wrong)} faults", file=sys.stderr, flush=True)


def _large(count: int, tally: Tally) -> None:
    found = []
    for seed in range(count):
        try:
            found.append(large(sized_of(seed, profile_names()[seed % len(profile_names())])))
        except AlloError as error:
            tally.add("right", f"graph {seed}", [str(error)])
            continue
        tally.add("right", f"graph {seed}", found[-1].wrong)
        _progress("large", seed + 1, tally)
    processes, fifos = [graph.processes for graph in found], [graph.row.fifos for graph in found]
    proven = sum(graph.row.bits == graph.row.bound for graph in found)
    gap = max((1 - graph.row.bound / graph.row.bits for graph in found if graph.row.bits), default=0.0)
    print(f"{count} graphs of {min(processes)} to {max(processes)} processes, {sum(fifos):,} FIFOs")
    print(f"  latency kept, no depth less, deadlocks explained  {tally.counts['right']} of {count}")
    print(f"  bits proven to be the fewest                      {proven} of {count}, gap {gap:.1%} at most")
    print(f"  deadlocks at depth 2, each found and explained    {sum(graph.deadlock for graph in found)}")
    for rule in ("whole array", "most + 1", "two"):
        bits = sum(graph.row.rules[rule][0] for graph in found if graph.row.rules[rule][1] is not None)
        ours = sum(graph.row.bits for graph in found if graph.row.rules[rule][1] is not None)
        print(f"  bits, and by the rule {f'{rule!r}':26} {ours:,} and {bits:,}, where that does not deadlock")


def _small(count: int, tally: Tally) -> None:
    found: list[Small] = []
    seed = SMALL_SEEDS
    while len(found) < count:
        sized = sized_of(seed, profile_names()[seed % len(profile_names())], SMALL_PROCESSES)
        graph = small(sized)
        if graph is not None:
            found.append(graph)
            faults = [f"{dict(graph.better)} do as well"] if graph.better else []
            tally.add("least", f"graph {seed}", faults)
            _progress("small", len(found), tally)
        seed += 1
    by_fifos = Counter(graph.fifos for graph in found)
    print(f"{count} graphs of {min(by_fifos)} to {max(by_fifos)} FIFOs of at most {MOST_DEPTH} tokens")
    print(f"  no depths of fewer bits, of all that there are    {tally.counts['least']} of {count}")
    print(f"  depths tried                                      {sum(graph.tried for graph in found):,}")


def _rtl(count: int, tally: Tally) -> None:
    refused = 0
    for seed in range(count):
        try:
            faults = rtl_faults(sized_of(seed, "open"))
        except AlloError as error:
            refused += 1
            print(f"  graph {seed} has no RTL: {error}")
            continue
        tally.add("rtl", f"graph {seed} as RTL", faults)
        _progress("as RTL", seed + 1, tally)
    print(f"{count} graphs as RTL, {refused} refused")
    print(f"  outputs, cycles and tokens in FIFOs as predicted  {tally.counts['rtl']} of {count - refused}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the counts; returns 1 where something is not as it should be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--large", type=int, default=300, help="graphs of up to 60 processes (300)")
    parser.add_argument("--small", type=int, default=300, help="graphs of up to 6 FIFOs (300)")
    parser.add_argument("--rtl", type=int, default=300, help="graphs of up to 60 processes as RTL (300)")
    options = parser.parse_args(arguments)
    tally = Tally()
    for run, count in ((_large, options.large), (_small, options.small), (_rtl, options.rtl)):
        if count:
            before = time.perf_counter()
            run(count, tally)
            print(f"  {time.perf_counter() - before:.0f} s", flush=True)
    for text in tally.wrong:
        print(f"  NOT MET: {text}")
    return 1 if tally.wrong else 0


if __name__ == "__main__":
    sys.exit(main())

"""A dataflow region cycle by cycle, token by token, as `semantics.md` words it: what the circuits must do.

It knows of each process only how long it takes and in which of its local cycles tokens move. Invocations follow each
other, and scripts hold the FIFOs at either end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from allo_studio.design.flat import flatten
from allo_studio.design.region import Process, Region, RegionProcess
from allo_studio.design.timing import SizedDesign

__all__ = ["Actor", "Outcome", "Stalls", "actors_of", "initial_of", "simulate"]

# Whether an end of a FIFO (`in` or `out`) is held in a cycle.
Stalls = Callable[[str, str, int], bool]
_COPIES = 2
_ENDLESS = 1 << 62


@dataclass(frozen=True)
class Actor:
    """A process: its local cycles, and the channels that it reads and writes in each of them.

    It starts an invocation when those of `after` have ended it.
    """

    name: str
    latency: int
    reads: Mapping[int, list[str]]
    writes: Mapping[int, list[str]]
    after: tuple[str, ...]


@dataclass
class Outcome:
    """When each invocation ended, in cycles from the first, and the most tokens that each channel held in the first.

    A token counts from the cycle in which it is written to that in which it is read.
    """

    ends: tuple[int, ...]
    held: Mapping[str, int]


def actors_of(sized: SizedDesign, region: Region | None = None) -> list[Actor]:
    """Return the processes of a dataflow region, by default of the design's, also with the streams of the design."""
    found = []
    for flat in flatten(region or sized.region).processes:
        process = flat.process
        reads: dict[int, list[str]] = {}
        writes: dict[int, list[str]] = {}
        for port, channel in flat.bindings.items():
            if channel.kind != "fifo":
                continue
            assert not isinstance(process, RegionProcess)
            side = writes if process.ir.directions[port] == "out" else reads
            for cycle in sized.processes[process.path].schedule.trace(port).tolist():
                side.setdefault(cycle, []).append(channel.id)
        found.append(Actor(process.path, _latency(sized, process), reads, writes, flat.after))
    return found


def _latency(sized: SizedDesign, process: Process) -> int:
    """Return the cycles of a process that nothing holds."""
    if not isinstance(process, RegionProcess):
        return sized.processes[process.path].schedule.latency
    if process.region.execution == "sequential":
        return sum(_latency(sized, inner) for inner in process.region.processes)
    depths = {channel: size.depth for channel, size in sized.fifos.items()}
    return simulate(actors_of(sized, process.region), depths, 1, initial=initial_of(process.region)).ends[0]


def initial_of(region: Region) -> dict[str, int]:
    """Return the tokens that lie in the FIFOs of a dataflow region at reset."""
    return {channel.id: channel.initial_tokens for channel in flatten(region).channels if channel.initial}


@dataclass
class _Run:
    """An actor at work: the invocations that it has started and ended, and the local cycle that comes next."""

    actor: Actor
    started: int = 0
    ended: int = 0
    local: int = 0

    @property
    def busy(self) -> bool:
        return self.started > self.ended


@dataclass
class _Machine:
    runs: Mapping[str, _Run]
    depths: Mapping[str, int]
    invocations: int
    stalls: Stalls
    tokens: dict[str, int] = field(default_factory=dict)

    def moves(self, run: _Run, cycle: int) -> bool:
        """Return whether an actor's next local cycle happens, as things were before the cycle."""
        if not run.busy and not self._starts(run):
            return False
        for channel in run.actor.reads.get(run.local, ()):
            # Streams of the design have no depth: there is always a token, and always room.
            if (channel in self.depths and not self.tokens.get(channel, 0)) or self.stalls(channel, "out", cycle):
                return False
        for channel in run.actor.writes.get(run.local, ()):
            if self.tokens.get(channel, 0) >= self.depths.get(channel, _ENDLESS) or self.stalls(channel, "in", cycle):
                return False
        return True

    def _starts(self, run: _Run) -> bool:
        if run.started == self.invocations:
            return False
        if any(self.runs[name].ended <= run.started for name in run.actor.after):
            return False
        # Both copies of a ping-pong buffer may be full.
        readers = (other for other in self.runs.values() if run.actor.name in other.actor.after)
        return all(other.ended > run.started - _COPIES for other in readers)


def simulate(
    actors: Sequence[Actor],
    depths: Mapping[str, int],
    invocations: int,
    stalls: Stalls = lambda channel, end, cycle: False,
    most: int = 100_000,
    initial: Mapping[str, int] | None = None,
) -> Outcome:
    """Run invocations back to back; raises AssertionError where they are not done in so many cycles."""
    machine = _Machine({actor.name: _Run(actor) for actor in actors}, depths, invocations, stalls, dict(initial or {}))
    held = {channel: machine.tokens.get(channel, 0) for channel in depths}
    ends: list[int] = []
    for cycle in range(most):
        moving = [run for run in machine.runs.values() if machine.moves(run, cycle)]
        change: dict[str, int] = {}
        for run in moving:
            for channel in run.actor.writes.get(run.local, ()):
                change[channel] = change.get(channel, 0) + 1
                if not ends and channel in depths:
                    held[channel] = max(held[channel], machine.tokens.get(channel, 0) + 1)
            for channel in run.actor.reads.get(run.local, ()):
                change[channel] = change.get(channel, 0) - 1
        for channel, more in change.items():
            machine.tokens[channel] = machine.tokens.get(channel, 0) + more
        for run in moving:
            run.started += not run.busy
            run.local += 1
            if run.local == run.actor.latency:
                run.ended, run.local = run.ended + 1, 0
        while len(ends) < min(run.ended for run in machine.runs.values()):
            ends.append(cycle + 1)
        if len(ends) == invocations:
            return Outcome(tuple(ends), held)
    raise AssertionError(f"{len(ends)} of {invocations} invocations are done after {most} cycles")

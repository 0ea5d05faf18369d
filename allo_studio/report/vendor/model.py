"""What a vendor's report says, as one model for all tools and versions.

Cycles and counts are whole numbers, times are in nanoseconds. A figure that a report does not give, or calls undefined,
is None (or a range of None); a text that it does not give is empty. Nothing is computed except where a field says so.
Rows keep the order of the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from allo_studio.diagnostics import Diagnostic
from allo_studio.report.vendor.figures import UNKNOWN, UNKNOWN_TIMES, Range, Times
from allo_studio.report.vendor.parts import (
    NO_SLACKS,
    Argument,
    Attributes,
    Bind,
    Clock,
    Fifo,
    Interface,
    Memory,
    Port,
    Pragma,
    Resource,
    Setting,
    Simulated,
    Slacks,
    Table,
    TimingPath,
    Transaction,
)

__all__ = [
    "ORIGINS",
    "General",
    "Instance",
    "Latency",
    "Loop",
    "Module",
    "Origin",
    "Timing",
    "VendorReport",
]

# Where the figures of a report come from, in the order of the flow.
Origin = Literal["predicted", "simulated", "csynth", "cosim", "synth", "impl"]
ORIGINS: dict[Origin, str] = {
    "predicted": "predicted by Allo Studio",
    "simulated": "cycle simulation by Allo Studio",
    "csynth": "estimated by high-level synthesis",
    "cosim": "co-simulation of C and RTL",
    "synth": "after logic synthesis",
    "impl": "after placement and routing",
}


@dataclass(frozen=True)
class General:
    """What was run, on what, and when. `version` is `2023.2`, `build` what else the tool says of itself.

    `flow` is what the result is for (`vivado`, `Vivado IP Flow Target`), `state` how far a design is (`Routed`).
    """

    top: str = ""
    tool: str = ""
    version: str = ""
    build: str = ""
    part: str = ""
    family: str = ""
    project: str = ""
    solution: str = ""
    flow: str = ""
    date: str = ""
    state: str = ""
    others: Attributes = ()


@dataclass(frozen=True)
class Timing:
    """A clock period in ns: asked for, estimated (by HLS) or achieved (in Vivado), and HLS's margin.

    `target_interval` is the cycles between invocations that were asked for, `synthesized_ns` the period after logic
    synthesis, where `estimated_ns` is that after routing.
    """

    target_ns: float | None = None
    estimated_ns: float | None = None
    uncertainty_ns: float | None = None
    target_interval: int | None = None
    synthesized_ns: float | None = None


@dataclass(frozen=True)
class Latency:
    """The cycles of one invocation, the same as time, and the cycles between invocations.

    `pipeline` is the tool's word for how it is pipelined (`none`, `function`, `dataflow`, ...). `initiation` is the
    interval of a pipeline, `throughput` that of a dataflow region, `depth` the stages of a pipeline.
    """

    best: int | None = None
    average: int | None = None
    worst: int | None = None
    best_ns: float | None = None
    average_ns: float | None = None
    worst_ns: float | None = None
    interval: Range = UNKNOWN
    initiation: Range = UNKNOWN
    throughput: Range = UNKNOWN
    depth: Range = UNKNOWN
    pipeline: str = ""
    performance: str = ""


@dataclass(frozen=True)
class Loop:
    """A loop, with those in it. `depth` is the stages of its pipeline (the cycles of an iteration where it has none).

    `pipelined` is None where the file does not tell. `issue` and `violation` are what keeps it from what was asked,
    `instances` the instances that it calls, `performance` what a pragma asked for.
    """

    name: str
    trip_count: Range = UNKNOWN
    latency: Range = UNKNOWN
    latency_ns: Times = UNKNOWN_TIMES
    iteration_latency: Range = UNKNOWN
    interval: Range = UNKNOWN
    target_interval: Range = UNKNOWN
    depth: Range = UNKNOWN
    slack_ns: float | None = None
    pipelined: bool | None = None
    perfect: bool | None = None
    issue: str = ""
    violation: str = ""
    source: str = ""
    performance: str = ""
    instances: tuple[str, ...] = ()
    loops: tuple[Loop, ...] = ()

    def walk(self, level: int = 0) -> Iterator[tuple[int, Loop]]:
        """Yield this loop and all in it, each with its level below `level`."""
        yield level, self
        for loop in self.loops:
            yield from loop.walk(level + 1)


@dataclass(frozen=True)
class Instance:
    """An instance of a module in the hierarchy, with those in it; `name` is empty where a report names modules only.

    `binds` are the operations and memories in it. Latency and resources are those that a report gives for the instance;
    what it gives for the module is there.
    """

    module: str
    name: str = ""
    number: int | None = None
    compiled: bool | None = None
    latency: Latency = Latency()
    resources: tuple[Resource, ...] = ()
    binds: tuple[str, ...] = ()
    instances: tuple[Instance, ...] = ()

    def walk(self, level: int = 0) -> Iterator[tuple[int, Instance]]:
        """Yield this instance and all in it, each with its level below `level`."""
        yield level, self
        for instance in self.instances:
            yield from instance.walk(level + 1)


@dataclass(frozen=True)
class Module:
    """A function that became a module.

    `parts` is what its expressions, multiplexers, registers and so on take in all, `tables` are these one by one.
    """

    name: str
    timing: Timing = Timing()
    latency: Latency = Latency()
    slack_ns: float | None = None
    resources: tuple[Resource, ...] = ()
    loops: tuple[Loop, ...] = ()
    issue: str = ""
    violation: str = ""
    source: str = ""
    instances: tuple[Instance, ...] = ()
    memories: tuple[Memory, ...] = ()
    fifos: tuple[Fifo, ...] = ()
    ports: tuple[Port, ...] = ()
    binds: tuple[Bind, ...] = ()
    parts: Table | None = None
    tables: tuple[Table, ...] = ()

    def all_loops(self) -> Iterator[tuple[int, Loop]]:
        """Yield the module's loops, outermost first, each with its depth from 0."""
        for loop in self.loops:
            yield from loop.walk()


@dataclass(frozen=True)
class VendorReport:
    """What one or several files of the same origin say of a design.

    `files` are what it was read from. `fifos` are the channels that the file lists for the whole design; those of a
    module are there. `notes` tell what is missing, undefined, or said differently in two places.
    """

    origin: Origin
    files: tuple[str, ...] = ()
    general: General = General()
    modules: tuple[Module, ...] = ()
    hierarchy: Instance | None = None
    fifos: tuple[Fifo, ...] = ()
    interfaces: tuple[Interface, ...] = ()
    arguments: tuple[Argument, ...] = ()
    pragmas: tuple[Pragma, ...] = ()
    settings: tuple[Setting, ...] = ()
    tables: tuple[Table, ...] = ()
    slacks: Slacks = NO_SLACKS
    clocks: tuple[Clock, ...] = ()
    paths: tuple[TimingPath, ...] = ()
    simulated: tuple[Simulated, ...] = ()
    transactions: tuple[Transaction, ...] = ()
    notes: tuple[Diagnostic, ...] = ()

    @property
    def top(self) -> Module:
        """The module of the top function; one that knows nothing where the report has none."""
        return self.module(self.general.top) or Module(self.general.top)

    @property
    def latency(self) -> Latency:
        """The latency of the top function: what co-simulation passed with, or what the report says of the module."""
        run = next((run for run in self.simulated if run.status == "Pass"), None)
        if run is None:
            return self.top.latency
        cycles = run.latency
        return Latency(best=cycles.low, average=run.average, worst=cycles.high, interval=run.interval)

    def module(self, name: str) -> Module | None:
        """Return the module of that name, or None."""
        return next((module for module in self.modules if module.name == name), None)

"""The report of a build as values: one model that the table, the JSON and the window all show.

Latencies and intervals are in clock cycles, widths in bits, `clock_ns` in nanoseconds. Rows keep the order in which
they are given: processes and loops in program order, channels in the order of the design.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from allo_studio import __version__

if TYPE_CHECKING:
    from allo_studio.hardware.view import Piece

__all__ = [
    "ADAPTERS",
    "PREDICTIONS",
    "PROFILE",
    "RESOURCES",
    "ChannelRow",
    "FigureRow",
    "LoopRow",
    "OccupancyRow",
    "PortRow",
    "ProcessRow",
    "Report",
    "ResourceRow",
    "SimulationRow",
]

PROFILE = "vitis"
# The origins of figures that are no tool's and no simulation's: the schedule, and models of what the vendor's say.
PREDICTIONS = ("predicted", "csynth model", "cosim model")
# What stands for the kernel of blocks that the compiler puts in: for tokens of other sizes, and for other layouts.
ADAPTERS = ("token adapter", "re-layout")
# The resources that a device has, in the order in which a report shows them.
RESOURCES = ("DSP", "LUT", "FF", "BRAM_18K", "URAM")


@dataclass(frozen=True)
class ProcessRow:
    """A block of the design: `path` is its instance path (`cascade/mm1`), `stall` the cycles it waits on channels.

    `formula` is its latency in the trip counts of its loops. `depends` says what makes its cycles differ between runs
    (empty: nothing): the figures are then those of the data of this report's run.
    """

    path: str
    kernel: str
    latency: int
    interval: int
    dsp: int = 0
    lut: int = 0
    ff: int = 0
    bram: int = 0
    uram: int = 0
    stall: int = 0
    formula: str = ""
    depends: str = ""


@dataclass(frozen=True)
class LoopRow:
    """A loop of a block, in the block's kernel or in a function that it calls (`function`).

    Trip count and latencies are None where they differ between iterations of an outer loop.
    `depth` counts from 0 at the outermost loop. `ii` is what the scheduler reached, `ii_asked` what a step asked for;
    both are None on a loop that is not pipelined (`ii_asked` also where nobody asked). `unroll` is the number of
    lanes (1: not unrolled). `reason` says what limits the II, and `least` that no smaller one is possible. `source` is
    a place in the kernel's file, `FILE:LINE:COLUMN`. `dsp`, `lut` and `ff` are what the loop's own operations take, and
    `chain_ns` is the longest chain of their logic in a cycle (None where the loop is not pipelined).
    """

    path: str
    loop: str
    depth: int
    trip_count: int | None
    latency: int | None
    iteration_latency: int | None
    ii: int | None = None
    ii_asked: int | None = None
    pipelined: bool = False
    unroll: int = 1
    reason: str = ""
    source: str = ""
    function: str = ""
    least: bool = True
    dsp: int = 0
    lut: int = 0
    ff: int = 0
    chain_ns: float | None = None

    @property
    def missed(self) -> bool:
        """Whether the II is more than a step asked for."""
        return self.ii is not None and self.ii_asked is not None and self.ii > self.ii_asked


@dataclass(frozen=True)
class ResourceRow:
    """What the design takes of one resource of the device; `available` is 0 where the device has none."""

    name: str
    used: int
    available: int

    @property
    def share(self) -> float:
        """The part of the device that is taken: 1.0 is all of it, infinite where there is none to take."""
        if self.available:
            return self.used / self.available
        return float("inf") if self.used else 0.0


@dataclass(frozen=True)
class ChannelRow:
    """What joins a producer with its consumers.

    `id` is the edge's path (`cascade/mm1.C->mm2.A`), `width` the bits of a token, `elements` the array elements in it.
    `depth` maps a profile to the tokens that the FIFO holds there and is empty for what is no FIFO. `observed` is the
    largest occupancy that was seen or derived. `reason` says why this kind and this depth. `source` and `target` are
    the paths of the two ends (`cascade/mm1.C`); several consumers are joined by `, `. `asked` is the depth that the
    wire asks for (None: it was ours to choose).
    """

    id: str
    kind: str
    type: str
    width: int
    elements: int = 1
    depth: Mapping[str, int] = field(default_factory=dict)
    observed: int | None = None
    reason: str = ""
    source: str = ""
    target: str = ""
    asked: int | None = None


@dataclass(frozen=True)
class PortRow:
    """A port of the top graph, an interface of the hardware: `direction` is `in` or `out`, `path` its `cascade.A`.

    `kind` is `memory`, `stream` or `value`, `bits` are those of a word, token or value, `words` how many an invocation
    takes or gives, and `banks` the memories side by side.
    """

    path: str
    direction: str
    type: str
    kind: str
    bits: int
    words: int
    banks: int = 1


@dataclass(frozen=True)
class OccupancyRow:
    """How full a FIFO was in a cycle simulation: of each `step` cycles from the first on the least and most tokens."""

    id: str
    step: int
    least: tuple[int, ...]
    most: tuple[int, ...]


@dataclass(frozen=True)
class SimulationRow:
    """A run on data against the reference: elements compared, elements that differ, the largest absolute error."""

    compared: int
    mismatches: int
    max_error: float
    engine: str

    @property
    def passed(self) -> bool:
        """Tell whether something was compared and nothing differed."""
        return self.compared > 0 and self.mismatches == 0


@dataclass(frozen=True)
class FigureRow:
    """One figure of one part of the design, by where it comes from: a vendor's tool says other than the prediction.

    `kind` is `design`, `graph`, `block`, `loop` or `channel`; `path` is the part's path in the design, and `name` that
    of a loop (`i/j`: a nest that is one loop in hardware). `values` has an entry for each origin (`ORIGINS`) that gives
    the figure: cycles, counts of a resource, tokens of a FIFO, a clock period in ns. `function` and `label`
    (of a nest `i/j`) are the part's names in the generated code, by which vendors' reports name it.
    """

    kind: str
    path: str
    figure: str
    values: Mapping[str, float]
    name: str = ""
    function: str = ""
    label: str = ""

    def error(self, origin: str) -> float | None:
        """Return how far the prediction for an origin is from its figure, as a part of that; None without both.

        It is that of the model of the origin (`csynth model`) where there is one; predictions have none of their own.
        """
        if origin in PREDICTIONS:
            return None
        predicted, found = self.values.get(f"{origin} model", self.values.get("predicted")), self.values.get(origin)
        return predicted / found - 1 if predicted is not None and found else None


@dataclass(frozen=True)
class Report:
    """What a build says of a design. `cycles` maps a profile to `predicted` and, where it ran, `simulated` cycles.

    `pieces` are the schedule view: the operations by cycle of each pipeline and segment of each block. `fifos` maps a
    profile to the `bits` that all FIFOs hold, without margins, and the `bound` that is proven for them. `figures` are
    those that have columns by origin. `occupancy` is there where a cycle simulation watched the FIFOs. `estimated_ns`
    is the longest chain of logic in a cycle, by the table of operators, and `uncertainty_ns` the part of the clock
    period that is kept free for the rest (both None in reports of earlier versions). `interface` is that of the top.
    """

    project: str
    top: str
    device: str
    clock_ns: float
    cycles: Mapping[str, Mapping[str, int]]
    interval: int
    processes: tuple[ProcessRow, ...] = ()
    loops: tuple[LoopRow, ...] = ()
    resources: tuple[ResourceRow, ...] = ()
    channels: tuple[ChannelRow, ...] = ()
    fifos: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    pieces: tuple[Piece, ...] = ()
    figures: tuple[FigureRow, ...] = ()
    occupancy: tuple[OccupancyRow, ...] = ()
    simulation: SimulationRow | None = None
    notes: tuple[str, ...] = ()
    tool: str = f"predicted by Allo Studio {__version__}"
    profile: str = PROFILE
    ports: tuple[PortRow, ...] = ()
    interface: str = ""
    estimated_ns: float | None = None
    uncertainty_ns: float | None = None

    @property
    def latency(self) -> int:
        """The cycles of one invocation that were predicted for this report's profile."""
        return self.cycles[self.profile]["predicted"]

    @property
    def latency_ms(self) -> float:
        """The time of one invocation in milliseconds."""
        return self.latency * self.clock_ns * 1e-6

    @property
    def slack_ns(self) -> float | None:
        """What is left of the clock period beside its uncertainty and the longest chain; below 0 it is missed."""
        return self.slack_of(self.estimated_ns)

    def slack_of(self, chain_ns: float | None) -> float | None:
        """Return what a chain of logic leaves of the clock period in ns, None where one of the two is not known."""
        if chain_ns is None or self.uncertainty_ns is None:
            return None
        # Sums of the table's figures are exact to far less than a femtosecond; the rest is rounding.
        return round(self.clock_ns - self.uncertainty_ns - chain_ns, 6)

    def channel(self, id: str) -> ChannelRow | None:
        """Return the channel of that edge path, or None."""
        return next((row for row in self.channels if row.id == id), None)

    def to_json(self) -> dict[str, Any]:
        """Return the `report` of the JSON document; `simulation` stands beside it (`report.document`)."""
        return {
            "project": self.project,
            "top": self.top,
            "tool": self.tool,
            "profile": self.profile,
            "target": self._target_json(),
            "cycles": {profile: dict(counts) for profile, counts in self.cycles.items()},
            "interval": self.interval,
            "latency_ms": self.latency_ms,
            "processes": [_row_json(row) for row in self.processes],
            "loops": [_row_json(row) for row in self.loops],
            "resources": {row.name: {"used": row.used, "available": row.available} for row in self.resources},
            "channels": [_row_json(row) for row in self.channels],
            "ports": [_row_json(row) for row in self.ports],
            "fifos": {profile: dict(counts) for profile, counts in self.fifos.items()},
            "schedule": [_piece_json(piece) for piece in self.pieces],
            "figures": [_row_json(row) for row in self.figures],
            "occupancy": [{**vars(row), "least": list(row.least), "most": list(row.most)} for row in self.occupancy],
            "notes": list(self.notes),
        }

    def _target_json(self) -> dict[str, Any]:
        return {
            "device": self.device,
            "clock_ns": self.clock_ns,
            "uncertainty_ns": self.uncertainty_ns,
            "estimated_ns": self.estimated_ns,
            "interface": self.interface,
        }


def _piece_json(piece: Piece) -> dict[str, Any]:
    return {
        **vars(piece),
        "place": list(piece.place),
        "rows": [{**vars(r), "after": list(r.after)} for r in piece.rows],
    }


def _row_json(row: ProcessRow | LoopRow | ChannelRow | PortRow | FigureRow) -> dict[str, Any]:
    values = vars(row).items()
    return {name: dict(value) if isinstance(value, Mapping) else value for name, value in values}

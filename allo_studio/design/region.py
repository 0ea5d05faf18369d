"""An elaborated design: graph instances as regions of processes and channels, ready for hardware.

A region is one instance of a graph. Its processes are in an order in which each comes after its producers; those in a
loop stand side by side, each after the producers of what is empty at reset. A kernel process carries the final IR that
every engine runs: scheduled, re-specialised to the inferred layouts, and with `allo.streams` on the arguments that are
FIFO ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from numpy.typing import NDArray

from allo_studio.design.model import Execution
from allo_studio.ip.block import IpBlock
from allo_studio.ip.firings import ONCE, Firings
from allo_studio.ir import KernelIR
from allo_studio.layout import Layout
from allo_studio.types import ArrayType
from allo_studio.values import Number

__all__ = [
    "Channel",
    "ChannelKind",
    "IpProcess",
    "KernelProcess",
    "LeafProcess",
    "Process",
    "Region",
    "RegionPort",
    "RegionProcess",
    "RelayoutProcess",
]

# fifo: tokens in order. pingpong: two copies, consumer starts at the producer's done. shared: one copy, no overlap.
# memory: an array port of the region. value: a scalar port of the region.
ChannelKind = Literal["fifo", "pingpong", "shared", "memory", "value"]


@dataclass(frozen=True)
class RegionPort:
    """A port of a region: its channel inside has the same name."""

    name: str
    direction: Literal["in", "out"]
    type: ArrayType


@dataclass(frozen=True)
class Channel:
    """What joins one producer with its consumers.

    `id` is the edge's path (`cascade/mm1.C->mm2.A`), `name` an identifier unique in the region (a port's own name for
    a port's channel). `source` and `targets` are (process name, port), the process being empty for the region
    itself. `width` is the elements in a token (1 unless a FIFO), `depth` the tokens that a FIFO holds (0 otherwise, and
    for a stream at the top, which the environment supplies or takes). `initial` are the elements that lie in a FIFO at
    reset, as exact values of the type.
    """

    id: str
    name: str
    kind: ChannelKind
    type: ArrayType
    layout: Layout
    source: tuple[str, str]
    targets: tuple[tuple[str, str], ...]
    reason: str
    width: int = 1
    depth: int = 0
    initial: tuple[Number, ...] = ()

    @property
    def initial_tokens(self) -> int:
        """The tokens that lie in the FIFO at reset."""
        return len(self.initial) // self.width

    @property
    def outside(self) -> bool:
        """Whether one end is a port of the region."""
        return not self.source[0] or any(not process for process, _ in self.targets)

    @property
    def token_bits(self) -> int:
        """The bits of one token."""
        return self.width * self.type.element.bits


@dataclass(frozen=True)
class KernelProcess:
    """A kernel block. `bindings` maps each argument of the IR to a channel's name; `base` is the unscheduled IR.

    `constants` are arguments of `base` that are tables in `ir`.
    """

    name: str
    path: str
    ir: KernelIR
    base: KernelIR
    bindings: Mapping[str, str]
    reassociates: bool = False
    constants: Mapping[str, NDArray[Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class RelayoutProcess:
    """A copy that nobody drew, with the ports `source` and `target`.

    It is from one layout to another, where interfaces are not unified, or from tokens of one width to another.
    """

    name: str
    path: str
    ir: KernelIR
    bindings: Mapping[str, str]


@dataclass(frozen=True)
class IpProcess:
    """An external block, as it is drawn, which fires as `firings` say.

    `ir` is its shell: its ports over all firings as a kernel's, in the channels that were chosen.
    """

    name: str
    path: str
    ir: KernelIR
    block: IpBlock
    bindings: Mapping[str, str]
    firings: Firings = ONCE


@dataclass(frozen=True)
class RegionProcess:
    """A graph block: an instance of another graph. `bindings` maps its ports to channels' names."""

    name: str
    path: str
    region: Region
    bindings: Mapping[str, str]


LeafProcess = KernelProcess | RelayoutProcess | IpProcess
Process = LeafProcess | RegionProcess


@dataclass(frozen=True)
class Region:
    """One instance of a graph: `name` is a C identifier unique in the design, `path` like `cascade/sub`.

    `base` is what it computes where it is a kernel whose stages are processes: the unscheduled IR, of which `constants`
    are arguments that are tables in the processes.
    """

    name: str
    path: str
    execution: Execution
    ports: tuple[RegionPort, ...]
    processes: tuple[Process, ...]
    channels: tuple[Channel, ...]
    base: KernelIR | None = None
    constants: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    def channel(self, name: str) -> Channel:
        """Return the channel of that name; raises KeyError."""
        for channel in self.channels:
            if channel.name == name:
                return channel
        raise KeyError(name)

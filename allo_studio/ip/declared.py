"""The schedule of an external block: nothing but what its descriptor declares."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from allo_studio.hardware.counters import Integers
from allo_studio.hardware.operators import OperatorLibrary
from allo_studio.hardware.resources import Resources
from allo_studio.hardware.schedule import FunctionSchedule, HardwareSchedule
from allo_studio.ip.block import IpBlock, IpTiming
from allo_studio.ip.firings import ONCE, Firings

__all__ = ["DeclaredSchedule", "declared_schedule"]


@dataclass(frozen=True)
class DeclaredSchedule(HardwareSchedule):
    """A schedule without operations. Its cycles are declared, and the same at any clock and under any rule.

    `timing` is that of one firing. There are `firings`, each in the cycle after the one before is done, and the first
    `lead` cycles after the start.
    """

    timing: IpTiming = field(default_factory=lambda: IpTiming(1, 1))
    firings: int = 1
    lead: int = 0

    @property
    def latency(self) -> int:
        """Cycles from the first cycle to the cycle of done, inclusive, as declared of each firing."""
        return self.lead + self.firings * self.timing.latency

    @property
    def interval(self) -> int:
        """Cycles between starts, as declared; those of several firings do not overlap."""
        return self.timing.interval if self.firings == 1 and not self.lead else self.latency

    @property
    def ordered_latency(self) -> int:
        """The same as the latency: nothing is known of what may overlap inside."""
        return self.latency

    def trace(self, stream: str, overlap: bool = True) -> Integers:
        """Return the cycles at which a stream moves its tokens, as declared."""
        begins = self.lead + self.timing.latency * np.arange(self.firings, dtype=np.int64)
        return (begins[:, None] + self.timing.trace(stream)).reshape(-1)

    @property
    def formula(self) -> str:
        """The latency; the only trip count to say it in is that of the firings."""
        each = str(self.timing.latency) if self.firings == 1 else f"{self.firings} * {self.timing.latency}"
        return f"{self.lead} + {each}" if self.lead else each


def declared_schedule(block: IpBlock, library: OperatorLibrary, firings: Firings = ONCE) -> DeclaredSchedule:
    """Return the schedule of a block with all its firings."""
    known = Resources(block.resources) if block.resources is not None else Resources(unreported=frozenset({block.name}))
    function = FunctionSchedule(block.name, block.name, (), (), known)
    functions = {block.name: function}
    return DeclaredSchedule(
        block.name, functions, library, timing=block.timing, firings=firings.count, lead=firings.lead(block)
    )

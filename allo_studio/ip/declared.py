"""The schedule of an external block: nothing but what its descriptor declares."""

from __future__ import annotations

from dataclasses import dataclass, field

from allo_studio.hardware.counters import Integers
from allo_studio.hardware.operators import OperatorLibrary
from allo_studio.hardware.resources import Resources
from allo_studio.hardware.schedule import FunctionSchedule, HardwareSchedule
from allo_studio.ip.block import IpBlock, IpTiming

__all__ = ["DeclaredSchedule", "declared_schedule"]


@dataclass(frozen=True)
class DeclaredSchedule(HardwareSchedule):
    """A schedule without operations. Its cycles are declared, and the same at any clock and under any rule."""

    timing: IpTiming = field(default_factory=lambda: IpTiming(1, 1))

    @property
    def latency(self) -> int:
        """Cycles from the first cycle to the cycle of done, inclusive, as declared."""
        return self.timing.latency

    @property
    def interval(self) -> int:
        """Cycles between starts, as declared."""
        return self.timing.interval

    @property
    def ordered_latency(self) -> int:
        """The same as the latency: nothing is known of what may overlap inside."""
        return self.timing.latency

    def trace(self, stream: str, overlap: bool = True) -> Integers:
        """Return the cycles at which a stream moves its tokens, as declared."""
        return self.timing.trace(stream)

    @property
    def formula(self) -> str:
        """The latency; there are no trip counts to say it in."""
        return str(self.timing.latency)


def declared_schedule(block: IpBlock, library: OperatorLibrary) -> DeclaredSchedule:
    """Return the schedule of a block."""
    known = Resources(block.resources) if block.resources is not None else Resources(unreported=frozenset({block.name}))
    function = FunctionSchedule(block.name, block.name, (), (), known)
    return DeclaredSchedule(block.name, {block.name: function}, library, timing=block.timing)

"""A deadlock in words, whoever found it: the sizing of FIFOs or a simulation."""

from __future__ import annotations

from collections.abc import Iterable

from allo_studio.design.flat import flatten
from allo_studio.design.recurrence import Deadlock, Wait, ring
from allo_studio.design.region import Process, Region, RegionProcess
from allo_studio.diagnostics import Diagnostic

__all__ = ["deadlock_fault", "waits_of"]


def deadlock_fault(region: Region, deadlock: Deadlock, wish: tuple[str, int] | None = None, by: str = "") -> Diagnostic:
    """Return the error (code `deadlock`) that names who waits for what in a ring.

    `wish` is a channel and the tokens that would have to lie in it at reset. `by` names the engine that came to a stop.
    """
    waits = "; ".join(map(str, ring(deadlock.waits)))
    hint = "give the full channels more depth, or leave their depths to the compiler"
    if all(wait.kind != "room" for wait in deadlock.waits):
        hint = "too few elements lie in the channels at reset"
        if by:
            hint = "a process makes fewer tokens than its consumer takes, or in another order than is declared"
        if wish is not None:
            channel, tokens = wish
            width = next(c.width for c in flatten(region).channels if c.id == channel)
            hint = f"give {channel} {tokens * width} `initial` elements, with which the design runs"
    return Diagnostic("deadlock", f"the design deadlocks{by}: {waits}", where=region.path, hint=hint)


def waits_of(region: Region, found: Iterable[tuple[str, str, str]]) -> Deadlock:
    """Return a deadlock as a simulation tells it: (process, what it waits for, in which channel or of which process).

    Processes and channels have their paths in the design.
    """
    waiting = list(found)
    stuck = [process for process, _, _ in waiting]
    # Who writes a channel makes its tokens, and who reads it makes room.
    ends = {
        (channel.id, "a token" if port in _written(flat.process) else "room"): flat.process.path
        for flat in flatten(region).processes
        for port, channel in flat.fifos.items()
    }
    waits = []
    for process, kind, where in waiting:
        other = where if kind == "the end of" else ends.get((where, kind), "")
        # A graph does not end because something in it does not. One that has ended makes no more.
        held = [name for name in stuck if name == other or (other and name.startswith(f"{other}/"))]
        waits.append(Wait(process, where, kind, held[0] if held else ""))
    return Deadlock(tuple(waits))


def _written(process: Process) -> set[str]:
    if isinstance(process, RegionProcess):
        return {port.name for port in process.region.ports if port.direction == "out"}
    return {port for port, direction in process.ir.directions.items() if direction == "out"}

"""A dataflow region taken apart: its processes with those of dataflow regions inside it, and what each is bound to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from allo_studio.design.region import Channel, Process, Region, RegionProcess

__all__ = ["FlatProcess", "Flattened", "flatten"]


@dataclass(frozen=True)
class FlatProcess:
    """A kernel, a re-layout or a sequential region, with a channel for each port.

    It starts after all of `after` are done, by path: they make what it takes as a whole.
    """

    process: Process
    bindings: Mapping[str, Channel]
    after: tuple[str, ...]

    @property
    def fifos(self) -> dict[str, Channel]:
        """The FIFOs that it is bound to, by port; a stream of the design's own is none."""
        return {
            port: channel for port, channel in self.bindings.items() if channel.kind == "fifo" and not channel.outside
        }


@dataclass
class Flattened:
    """The processes, in an order in which each comes after its producers, and the channels between them."""

    processes: list[FlatProcess] = field(default_factory=list)
    channels: list[Channel] = field(default_factory=list)


def flatten(region: Region) -> Flattened:
    """Take a dataflow region apart."""
    found = Flattened()
    _add(found, region, {}, {})
    return found


def _add(found: Flattened, region: Region, outer: Mapping[str, Channel], before: Mapping[str, tuple[str, ...]]) -> None:
    """Add a region's processes. `outer` maps its ports to channels around it, `before` array ports to producers."""
    writers = _writers(region)
    channels = {channel.name: outer.get(channel.name, channel) for channel in region.channels}
    found.channels += [channel for channel in region.channels if channel.name not in outer]
    for process in region.processes:
        after = _after(process, writers, before)
        bindings = {port: channels[name] for port, name in process.bindings.items()}
        if isinstance(process, RegionProcess) and process.region.execution == "dataflow":
            waits = {port: after for port, channel in bindings.items() if channel.kind != "fifo"}
            _add(found, process.region, bindings, waits)
        else:
            found.processes.append(FlatProcess(process, bindings, after))


def _writers(region: Region) -> dict[str, tuple[str, ...]]:
    """Return the processes that the reader of a buffer waits for, by channel."""
    found = {}
    for channel in region.channels:
        if channel.kind in ("pingpong", "shared", "memory") and channel.source[0]:
            process = next(p for p in region.processes if p.name == channel.source[0])
            found[channel.name] = tuple(_names(process))
    return found


def _after(
    process: Process, writers: Mapping[str, tuple[str, ...]], before: Mapping[str, tuple[str, ...]]
) -> tuple[str, ...]:
    own = set(_names(process))
    waits = [name for channel in process.bindings.values() for name in writers.get(channel, ())]
    waits += [name for channel in process.bindings.values() for name in before.get(channel, ())]
    return tuple(dict.fromkeys(name for name in waits if name not in own))


def _names(process: Process) -> Iterator[str]:
    """Yield the paths of the processes that one becomes."""
    if isinstance(process, RegionProcess) and process.region.execution == "dataflow":
        for inner in process.region.processes:
            yield from _names(inner)
    else:
        yield process.path

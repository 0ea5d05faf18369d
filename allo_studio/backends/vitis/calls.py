"""The calls of a region's processes: one after the other for synthesis, in threads for a C simulation.

With the studio's own `hls_stream.h` a process is a thread and a stream holds what its FIFO does, so that a C simulation
comes to a stop where the hardware would. The streams of Vitis HLS hold everything, so there the processes run one after
the other, unless they take each other's tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from allo_studio.backends.vitis.names import quoted
from allo_studio.backends.vitis.text import Lines

__all__ = ["CONCURRENTLY", "Call", "Held", "write_calls"]

# What runs processes in threads in any C simulation; generated code has it in its support.
CONCURRENTLY = "csim::concurrently"
_OURS = "hls::concurrently"
# What only the studio's own header defines.
_HEADER = "ALLO_STUDIO_HLS_STREAM_H"


@dataclass(frozen=True)
class Call:
    """A process as a call: its path in the design, and which calls before it must end before it starts."""

    text: str
    path: str
    after: tuple[int, ...] = ()


@dataclass(frozen=True)
class Held:
    """A stream by its name in C++: the wire of the design, its depth and the tokens that stay for the next call."""

    name: str
    wire: str
    depth: int
    kept: int = 0


def write_calls(lines: Lines, calls: Sequence[Call], streams: Sequence[Held], loop: bool) -> None:
    """Write the calls of processes that run at once; `loop` tells that some of them take each other's tokens.

    `streams` are those that are declared around the calls.
    """
    if loop and streams:
        lines.add(f"#ifdef {_HEADER}")
        _hold(lines, streams)
        lines.add("#endif")
    lines.add("#ifndef __SYNTHESIS__" if loop else f"#ifdef {_HEADER}")
    if not loop:
        lines.add("// In a C simulation each process is a thread, and a stream holds no more than its FIFO does.")
        _hold(lines, streams)
    lines.add(f"{CONCURRENTLY if loop else _OURS}({{")
    with lines.indented():
        for call in calls:
            after = ", ".join(map(str, call.after))
            lines.add(f"{{{quoted(call.path)}, {{{after}}}, [&] {{ {call.text}; }}}},")
    lines.add("});")
    lines.add("#else")
    for call in calls:
        lines.add(f"{call.text};", call.path)
    lines.add("#endif")


def _hold(lines: Lines, streams: Sequence[Held]) -> None:
    for stream in streams:
        lines.add(f"{stream.name}.holds({stream.depth}, {quoted(stream.wire)});")
        if stream.kept:
            lines.add(f"{stream.name}.keeps({stream.kept});", "tokens that stay for the next call")

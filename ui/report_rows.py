"""The rows of a report as texts. Nothing here touches Qt."""

from __future__ import annotations

from collections.abc import Mapping

from allo_studio.built import Target
from allo_studio.report.model import ChannelRow, LoopRow, PortRow, ProcessRow, Report
from ui.comparison import occupancy_of

__all__ = [
    "BLOCK_HEADERS",
    "CHANNEL_HEADERS",
    "LOOP_HEADERS",
    "OBSERVED",
    "PORT_HEADERS",
    "block_texts",
    "channel_texts",
    "depth_text",
    "interval_text",
    "kernels",
    "latency_detail",
    "loop_texts",
    "observed_header",
    "port_texts",
    "profile_text",
    "time_text",
]

BLOCK_HEADERS = (
    "Block",
    "Kernel",
    "Latency",
    "Time",
    "Interval",
    "Stall",
    "Stall %",
    "DSP",
    "LUT",
    "FF",
    "BRAM",
    "URAM",
    "Latency as a formula",
)
LOOP_HEADERS = (
    "Loop", "Block", "Function", "Pipelined", "Trip", "II", "Asked", "Why this II", "Iteration", "Latency", "Time",
    "Slack", "Unroll", "DSP", "LUT", "FF", "Source",
)  # fmt: skip
CHANNEL_HEADERS = ("Channel", "Kind", "Asked", "Depth", "Observed", "Token", "Type", "Why")
PORT_HEADERS = ("Port", "Direction", "Kind", "Bits", "Words", "Banks", "Type")
OBSERVED = CHANNEL_HEADERS.index("Observed")


def block_texts(row: ProcessRow, clock_ns: float) -> list[str]:
    """Return a block's row."""
    share = f"{row.stall / max(row.latency + row.stall, 1):.1%}"
    counts = [f"{number:,}" for number in (row.dsp, row.lut, row.ff, row.bram, row.uram)]
    cycles = [f"{row.latency:,}", time_text(row.latency, clock_ns), f"{row.interval:,}", f"{row.stall:,}", share]
    return [row.path, row.kernel, *cycles, *counts, row.formula]


def time_text(cycles: int | None, clock_ns: float) -> str:
    """Return the time that cycles take, in the unit that suits; empty where they are not known."""
    if cycles is None:
        return ""
    found = cycles * clock_ns
    for unit, size in (("ms", 1e6), ("µs", 1e3)):
        if found >= size:
            return f"{found / size:,.4g} {unit}"
    return f"{found:,.4g} ns"


def loop_texts(row: LoopRow, kernel: str, report: Report) -> list[str]:
    """Return a loop's row; `kernel` is its block's, whose name is left out."""
    asked = "" if row.ii_asked is None else str(row.ii_asked)
    lanes = "" if row.unroll == 1 else str(row.unroll)
    function = "" if row.function == kernel else row.function
    own = [f"{count:,}" if count else "" for count in (row.dsp, row.lut, row.ff)]
    slack = report.slack_of(row.chain_ns)
    pace = [_count(row.trip_count), interval_text(row), asked, row.reason]
    cycles = [_count(row.iteration_latency), _count(row.latency)]
    times = [time_text(row.latency, report.clock_ns), "" if slack is None else f"{slack:+.2f} ns"]
    head = ["   " * row.depth + row.loop, row.path, function, "yes" if row.pipelined else "no"]
    return [*head, *pace, *cycles, *times, lanes, *own, row.source]


def channel_texts(row: ChannelRow, profile: str) -> list[str]:
    """Return a channel's row."""
    seen = "" if row.observed is None else str(row.observed)
    token = f"{row.width} bit" + (f" · {row.elements} elements" if row.elements > 1 else "")
    asked = "" if row.asked is None else f"{row.asked:,}"
    return [row.id, row.kind, asked, depth_text(row.depth, profile), seen, token, row.type, row.reason]


def port_texts(row: PortRow) -> list[str]:
    """Return the row of an interface."""
    return [row.path, row.direction, row.kind, f"{row.bits:,}", f"{row.words:,}", f"{row.banks:,}", row.type]


def observed_header(report: Report) -> str:
    """Return the header of the occupancies, with how they are known."""
    return f"{CHANNEL_HEADERS[OBSERVED]} ({occupancy_of(report)})"


def profile_text(report: Report, target: Target | None) -> str:
    """Return whose operators the figures are of; our own are also those of designs that are not built as RTL."""
    return f"{report.profile} operators" + (" (RTL)" if target == "rtl" else "")


def interval_text(row: LoopRow) -> str:
    """Return the II that was reached, with a question mark where a smaller one is not ruled out."""
    if row.ii is None:
        return ""
    return str(row.ii) if row.least else f"{row.ii} ?"


def depth_text(depth: Mapping[str, int], profile: str) -> str:
    """Return a FIFO's depth in a profile, and what it is in others where that differs; empty for what is no FIFO."""
    own = depth.get(profile)
    other = ", ".join(f"{name}: {tokens}" for name, tokens in depth.items() if name != profile and tokens != own)
    if own is None:
        return other
    return f"{own} ({other})" if other else str(own)


def latency_detail(report: Report) -> str:
    """Return what stands below the latency: its time, and the cycles in the other profiles."""
    others = (
        f"{profile}: {counts['predicted']:,} cycles"
        for profile, counts in report.cycles.items()
        if profile != report.profile and "predicted" in counts
    )
    return " · ".join([time_text(report.latency, report.clock_ns), *others])


def kernels(report: Report) -> dict[str, str]:
    """Return the kernel of each block by the block's path."""
    return {row.path: row.kernel for row in report.processes}


def _count(value: int | None) -> str:
    """Return a figure, or that it differs between iterations of an outer loop."""
    return "varies" if value is None else f"{value:,}"

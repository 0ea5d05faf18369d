"""A report as plain text for a terminal: aligned sections of at most 110 columns."""

from __future__ import annotations

from collections.abc import Iterable

from allo_studio.report.columns import WIDTH, bar, indented, pairs, section
from allo_studio.report.joined import origins_text
from allo_studio.report.model import ChannelRow, LoopRow, PortRow, ProcessRow, Report, ResourceRow, SimulationRow

__all__ = ["WIDTH", "table"]


def table(report: Report) -> str:
    """Return the whole report as text that ends in a line end."""
    sections = (
        _summary(report),
        section("Blocks", _PROCESS_HEAD, [_process(row) for row in report.processes], left=2),
        section("Loops", _LOOP_HEAD, [_loop(row) for row in report.loops], left=2),
        indented("What sets the II", _by_reason(report.loops)),
        section("Resources", _RESOURCE_HEAD, [_resource(row) for row in report.resources], left=1),
        section("Interfaces", _PORT_HEAD, [_port(row) for row in report.ports], left=4),
        section("Channels", _CHANNEL_HEAD, [_channel(row, report.profile) for row in report.channels], left=3),
        _fifos(report),
        indented("Why", [f"{r.id}: {r.reason}" for r in report.channels if r.reason]),
        origins_text(report),
        _simulation(report.simulation),
        indented("Notes", list(report.notes)),
    )
    return "\n\n".join(part for part in sections if part) + "\n"


def _fifos(report: Report) -> str:
    """Return what all FIFOs hold, and how near that is to the least."""
    if report.profile not in report.fifos:
        return ""
    found = report.fifos[report.profile]
    bits, bound = found["bits"], found["bound"]
    proof = "proven to be the fewest" if bits == bound else f"at most {bits / bound - 1:.1%} above the fewest"
    return f"FIFOs hold {bits:,} bits at this latency: {proof}."


def _summary(report: Report) -> str:
    rows = [
        ("design", f"{report.project}, top graph {report.top}"),
        ("device", f"{report.device} at {report.clock_ns:g} ns ({1000 / report.clock_ns:.0f} MHz)"),
        *_timing(report),
        ("figures", f"{report.tool}, operator profile {report.profile}"),
        ("latency", f"{report.latency:,} cycles, {_time(report.latency_ms)}"),
        ("interval", f"{report.interval:,} cycles"),
    ]
    rows += [
        (f"cycles ({profile})", ", ".join(f"{kind} {count:,}" for kind, count in counts.items()))
        for profile, counts in report.cycles.items()
        if profile != report.profile or len(counts) > 1
    ]
    return pairs(rows)


def _timing(report: Report) -> list[tuple[str, str]]:
    if report.estimated_ns is None or report.uncertainty_ns is None or report.slack_ns is None:
        return []
    target = f"{report.clock_ns:g} ns less {report.uncertainty_ns:.3f} ns of uncertainty"
    return [("timing", f"longest chain {report.estimated_ns:.3f} ns of {target}, slack {report.slack_ns:+.3f} ns")]


def _time(milliseconds: float) -> str:
    if milliseconds >= 1:
        return f"{milliseconds:,.3f} ms"
    return f"{milliseconds * 1000:,.3f} us"


_PROCESS_HEAD = ("block", "kernel", "latency", "interval", "stall", "DSP", "LUT", "FF", "BRAM", "URAM")


def _process(row: ProcessRow) -> tuple[str, ...]:
    counts = (row.latency, row.interval, row.stall, row.dsp, row.lut, row.ff, row.bram, row.uram)
    return (row.path, row.kernel, *(f"{n:,}" for n in counts))


_PORT_HEAD = ("port", "direction", "kind", "type", "bits", "words", "banks")


def _port(row: PortRow) -> tuple[str, ...]:
    return (row.path, row.direction, row.kind, row.type, f"{row.bits:,}", f"{row.words:,}", f"{row.banks:,}")


_LOOP_HEAD = ("block", "loop", "trips", "II", "asked", "iteration", "latency", "pipelined", "lanes", "source")


def _loop(row: LoopRow) -> tuple[str, ...]:
    return (
        row.path,
        "  " * row.depth + row.loop,
        _count(row.trip_count),
        _or_dash(row.ii),
        _or_dash(row.ii_asked),
        _count(row.iteration_latency),
        _count(row.latency),
        "yes" if row.pipelined else "no",
        f"{row.unroll:,}",
        _short_place(row.source),
    )


def _short_place(source: str) -> str:
    """Return `gemm.py:10` for `kernels/gemm.py:10:5`; the JSON has the whole place."""
    file, _, rest = source.rpartition("/")[2].partition(":")
    return ":".join(filter(None, (file, rest.partition(":")[0])))


def _by_reason(rows: Iterable[LoopRow]) -> list[str]:
    """Return a text for each reason with the loops that it holds for."""
    loops: dict[str, list[str]] = {}
    for row in rows:
        if row.reason:
            loops.setdefault(row.reason, []).append(f"{row.path} {row.loop}")
    return [f"{reason}: {', '.join(names)}" for reason, names in loops.items()]


_RESOURCE_HEAD = ("resource", "used", "available", "share", "")


def _resource(row: ResourceRow) -> tuple[str, ...]:
    share = f"{row.share:.1%}" if row.available else "-"
    return (row.name, f"{row.used:,}", f"{row.available:,}", share, bar(row.used, row.available))


_CHANNEL_HEAD = ("channel", "kind", "type", "bits", "elements", "depth", "observed")


def _channel(row: ChannelRow, profile: str) -> tuple[str, ...]:
    depth = row.depth.get(profile)
    return (row.id, row.kind, row.type, f"{row.width:,}", f"{row.elements:,}", _or_dash(depth), _or_dash(row.observed))


def _simulation(row: SimulationRow | None) -> str:
    if not row:
        return "Simulation\n  not run"
    verdict = "passed" if row.passed else "FAILED"
    counts = f"{row.compared:,} elements compared, {row.mismatches:,} differ, largest error {row.max_error:g}"
    return f"Simulation ({row.engine})\n  {verdict}: {counts}"


def _or_dash(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"


def _count(value: int | None) -> str:
    return "varies" if value is None else f"{value:,}"

"""A report as plain text for a terminal: aligned sections of at most 110 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from allo_studio.report.model import ChannelRow, LoopRow, ProcessRow, Report, ResourceRow, SimulationRow

__all__ = ["WIDTH", "table"]

WIDTH = 110
_GAP = "  "
# A text column is not cut below this.
_NARROWEST = 8


def table(report: Report) -> str:
    """Return the whole report as text that ends in a line end."""
    sections = (
        _summary(report),
        _section("Blocks", _PROCESS_HEAD, [_process(row) for row in report.processes], left=2),
        _section("Loops", _LOOP_HEAD, [_loop(row) for row in report.loops], left=2),
        _indented("What sets the II", _by_reason(report.loops)),
        _section("Resources", _RESOURCE_HEAD, [_resource(row) for row in report.resources], left=1),
        _section("Channels", _CHANNEL_HEAD, [_channel(row, report.profile) for row in report.channels], left=3),
        _fifos(report),
        _indented("Why", [f"{r.id}: {r.reason}" for r in report.channels if r.reason]),
        _simulation(report.simulation),
        _indented("Notes", list(report.notes)),
    )
    return "\n\n".join(section for section in sections if section) + "\n"


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
        ("figures", f"{report.tool}, operator profile {report.profile}"),
        ("latency", f"{report.latency:,} cycles, {_time(report.latency_ms)}"),
        ("interval", f"{report.interval:,} cycles"),
    ]
    rows += [
        (f"cycles ({profile})", ", ".join(f"{kind} {count:,}" for kind, count in counts.items()))
        for profile, counts in report.cycles.items()
        if profile != report.profile or len(counts) > 1
    ]
    wide = max(len(name) for name, _ in rows)
    return "\n".join(line for name, text in rows for line in _wrap(f"{name:<{wide}}  ", text))


def _time(milliseconds: float) -> str:
    if milliseconds >= 1:
        return f"{milliseconds:,.3f} ms"
    return f"{milliseconds * 1000:,.3f} us"


_PROCESS_HEAD = ("block", "kernel", "latency", "interval", "stall", "DSP", "LUT", "FF", "BRAM", "URAM")


def _process(row: ProcessRow) -> tuple[str, ...]:
    counts = (row.latency, row.interval, row.stall, row.dsp, row.lut, row.ff, row.bram, row.uram)
    return (row.path, row.kernel, *(f"{n:,}" for n in counts))


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
_BAR = 30


def _resource(row: ResourceRow) -> tuple[str, ...]:
    filled = min(_BAR, -(-row.used * _BAR // row.available)) if row.available else 0
    share = f"{row.share:.1%}" if row.available else "-"
    over = " over" if row.used > row.available else ""
    return (row.name, f"{row.used:,}", f"{row.available:,}", share, "#" * filled + "." * (_BAR - filled) + over)


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


def _section(title: str, head: Sequence[str], rows: Sequence[Sequence[str]], left: int) -> str:
    """Lay out a table: the first `left` columns are text, the last one is where any row has text in it."""
    if not rows:
        return ""
    texts = set(range(left))
    if not all(row[-1] == "-" or row[-1][:1].isdecimal() for row in rows):
        texts.add(len(head) - 1)
    widths = [max(len(cell) for cell in column) for column in zip(head, *rows, strict=True)]
    excess = 2 + sum(widths) + len(_GAP) * (len(widths) - 1) - WIDTH
    widths = _shrink(widths, excess, texts)
    return "\n".join([title, *(_line(cells, widths, texts) for cells in (head, *rows))])


def _shrink(widths: list[int], excess: int, texts: Iterable[int]) -> list[int]:
    """Take `excess` characters from the text columns, each time from the widest of them."""
    found = list(widths)
    for _ in range(max(excess, 0)):
        widest = max(texts, key=lambda i: found[i])
        if found[widest] <= _NARROWEST:
            break
        found[widest] -= 1
    return found


def _line(cells: Sequence[str], widths: Sequence[int], texts: Iterable[int]) -> str:
    shown = [_cut(cell, width) for cell, width in zip(cells, widths, strict=True)]
    padded = [t.ljust(w) if i in texts else t.rjust(w) for i, (t, w) in enumerate(zip(shown, widths, strict=True))]
    return ("  " + _GAP.join(padded)).rstrip()


def _cut(text: str, width: int) -> str:
    """Shorten in the middle: both ends of a path tell more than its inside."""
    if len(text) <= width:
        return text
    keep = width - 1
    return text[: keep - keep // 2] + "…" + text[len(text) - keep // 2 :]


def _indented(title: str, texts: Sequence[str]) -> str:
    if not texts:
        return ""
    return "\n".join([title, *(line for text in texts for line in _wrap("  ", text))])


def _wrap(head: str, text: str) -> Iterable[str]:
    hang = " " * (len(head) if len(head) > 2 else 4)
    return textwrap.wrap(text, WIDTH, initial_indent=head, subsequent_indent=hang) or [head.rstrip()]


def _count(value: int | None) -> str:
    return "varies" if value is None else f"{value:,}"

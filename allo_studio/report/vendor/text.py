"""A vendor's report as text for a terminal, in the order of csynth.rpt: an unknown figure is `?`, a range `min ~ max`.

`-` stands where a figure does not apply. Columns that no row has anything for are left out.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import PurePath

from allo_studio.report.columns import bar, section
from allo_studio.report.vendor.figures import UNKNOWN
from allo_studio.report.vendor.model import ORIGINS, Latency, Timing, VendorReport
from allo_studio.report.vendor.parts import Resource, Slacks
from allo_studio.report.vendor.text_details import details, table_text
from allo_studio.report.vendor.text_tree import performance, resources_by_module, with_figures
from allo_studio.report.vendor.text_words import count, ns, of_range, plain, time

__all__ = ["vendor_text"]

_MOST_PATHS = 10


def vendor_text(reports: Sequence[VendorReport]) -> str:
    """Return reports as text that ends in a line end, one behind the other."""
    return "\n\n\n".join(_report(report) for report in reports) + "\n"


def _report(report: VendorReport) -> str:
    what = report.general.top or "a design"
    title = f"== {what}: {ORIGINS[report.origin]}"
    parts = (title, _general(report), *_PARTS[report.origin](report), *details(report))
    return "\n\n".join(part for part in parts if part)


def _general(report: VendorReport) -> str:
    general = report.general
    rows = [
        ("tool", " ".join(filter(None, (general.tool, general.version, general.build)))),
        ("top", general.top),
        ("part", " ".join(filter(None, (general.part, general.family and f"({general.family})")))),
        ("project", general.project),
        ("solution", general.solution),
        ("flow", general.flow),
        ("state", general.state),
        ("date", general.date),
        *((name.lower(), text) for name, text in general.others),
    ]
    said = [(name, text) for name, text in rows if text] + _files(report.files)
    wide = max(len(name) for name, _ in said)
    return "\n".join(["General", *(f"  {name:<{wide}}  {text}" for name, text in said)])


def _files(files: Sequence[str]) -> list[tuple[str, str]]:
    """Return the files that a report was read from, below the folder that they share."""
    if len(files) < 2:
        return [("read from", file) for file in files]
    folder = PurePath(os.path.commonpath([PurePath(file).parent for file in files]))
    return [("read from", str(folder)), *(("", str(PurePath(file).relative_to(folder))) for file in files)]


def _synthesis(report: VendorReport) -> Iterator[str]:
    top = report.top
    yield _timing(top.timing, "estimated")
    yield _latency(report.latency)
    yield performance(report)
    yield _utilisation(top.resources)
    yield resources_by_module(report)
    if top.parts:
        yield table_text(top.parts)


def _simulation(report: VendorReport) -> Iterator[str]:
    rows = [
        (
            run.language or "?",
            run.status or "?",
            *(count(n) for n in (run.latency.low, run.average, run.latency.high)),
            *(count(n) for n in (run.interval.low, run.average_interval, run.interval.high)),
            count(run.total),
        )
        for run in report.simulated
    ]
    head = ("RTL", "status", "latency min", "avg", "max", "interval min", "avg", "max", "total cycles")
    yield section("Co-simulation (cycles)", head, rows, left=2, tall=True)
    if report.transactions:
        known = [t.latency for t in report.transactions if t.latency is not None]
        ends = f"{min(known):,} to {max(known):,} cycles" if known else "of unknown latency"
        yield f"{len(report.transactions):,} transactions of {ends}"


def _implementation(report: VendorReport) -> Iterator[str]:
    top = report.top
    yield _timing(top.timing, "achieved")
    yield _slacks(report)
    yield _clocks(report)
    yield _utilisation(top.resources)
    yield resources_by_module(report)
    yield _paths(report)


_PARTS: dict[str, Callable[[VendorReport], Iterable[str]]] = {
    "predicted": _synthesis,
    "simulated": _synthesis,
    "csynth": _synthesis,
    "cosim": _simulation,
    "synth": _implementation,
    "impl": _implementation,
}


def _timing(timing: Timing, reached: str) -> str:
    if timing == Timing():
        return ""
    head = ("target", reached, "uncertainty", "after synthesis", "interval asked")
    times = (timing.target_ns, timing.estimated_ns, timing.uncertainty_ns, timing.synthesized_ns)
    row = (*(ns(t) for t in times), count(timing.target_interval))
    return section("Timing (ns)", *with_figures(head, [row], keep=2), left=0)


def _latency(latency: Latency) -> str:
    if latency == Latency():
        return ""
    head = ("latency min", "avg", "max", "time min", "avg", "max", "interval", "pipeline", "II", "depth", "throughput")
    interval = latency.interval if latency.interval != UNKNOWN else latency.initiation
    row = (
        *(count(n) for n in (latency.best, latency.average, latency.worst)),
        *(time(n) for n in (latency.best_ns, latency.average_ns, latency.worst_ns)),
        of_range(interval),
        latency.pipeline or "?",
        *("" if found == interval else of_range(found) for found in (latency.initiation, latency.depth)),
        "" if latency.throughput == interval else of_range(latency.throughput),
    )
    return section("Latency (cycles)", *with_figures(head, [row], keep=8), left=0, texts=(7,), tall=True)


def _utilisation(resources: Sequence[Resource]) -> str:
    head = ("resource", "used", "available", "%", "")
    return section("Utilisation", head, [_resource(row) for row in resources], left=1)


def _resource(row: Resource) -> tuple[str, ...]:
    share = f"{row.share:.1%}" if row.share is not None else (f"{row.percent}%" if row.percent else "?")
    if row.available == 0:
        share = "-"
    drawn = bar(row.used, row.available) if row.used is not None and row.available is not None else ""
    return (row.name, count(row.used), count(row.available), share, drawn)


def _slacks(report: VendorReport) -> str:
    slacks = report.slacks
    if slacks == Slacks():
        return ""
    said = {True: "timing is met", False: "timing is NOT met", None: "whether timing is met is not said"}[slacks.met]
    return section(f"Slack (ns), {said}", _SLACK_HEAD, [(report.general.top or "?", *_slack_row(slacks))], 1, tall=True)


_SLACK_HEAD = ("", "WNS", "TNS", "failing", "of", "WHS", "THS", "failing", "of", "WPWS", "TPWS", "failing", "of")


def _slack_row(slacks: Slacks) -> Iterator[str]:
    for worst, total, failing, ends in (
        (slacks.wns, slacks.tns, slacks.failing, slacks.endpoints),
        (slacks.whs, slacks.ths, slacks.hold_failing, slacks.hold_endpoints),
        (slacks.wpws, slacks.tpws, slacks.pulse_failing, slacks.pulse_endpoints),
    ):
        yield from (ns(worst), ns(total), count(failing), count(ends))


def _clocks(report: VendorReport) -> str:
    head = ("clock", "period ns", "MHz", "waveform ns", *_SLACK_HEAD[1:5])
    rows = [
        (
            clock.name,
            ns(clock.period_ns),
            plain(clock.frequency_mhz),
            clock.waveform,
            *list(_slack_row(clock.slacks))[:4],
        )
        for clock in report.clocks
    ]
    return section("Clocks", head, rows, left=1, texts=(3,))


def _paths(report: VendorReport) -> str:
    head = ("slack", "from", "to", "delay", "logic", "route", "levels")
    rows = [
        (
            ns(path.slack_ns),
            path.source,
            path.destination,
            *(ns(t) for t in (path.delay_ns, path.logic_ns, path.route_ns)),
            count(path.levels),
        )
        for path in report.paths[:_MOST_PATHS]
    ]
    more = f", the first {_MOST_PATHS} of {len(report.paths)}" if len(report.paths) > _MOST_PATHS else ""
    return section(f"Paths with the least slack (ns){more}", head, rows, left=0, texts=(1, 2))

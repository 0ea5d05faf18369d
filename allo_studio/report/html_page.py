"""A report as one page of HTML that needs nothing else: plots as inline SVG, no script, no file or address outside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

from allo_studio.report.changes import Difference, differences
from allo_studio.report.joined import origins_of, told
from allo_studio.report.model import PREDICTIONS, ChannelRow, FigureRow, LoopRow, PortRow, ProcessRow, Report
from allo_studio.report.plots import Bar, Strip, bars, strips
from allo_studio.report.rows import Cell, cell_text

__all__ = ["html_page"]

_STYLE = """\
:root { color-scheme: light dark; --ink: #1c2733; --faint: #5b6b80; --rule: #c9d2dd; --paper: #fff; --head: #e4ebf4; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #dfe6ee; --faint: #9fb0c3; --rule: #3a4654; --paper: #161c23; --head: #232d38; }
}
body { font: 15px/1.45 "DejaVu Sans", Verdana, sans-serif; color: var(--ink); background: var(--paper);
       margin: 2rem auto; max-width: 76rem; padding: 0 1.5rem; }
h1 { font-size: 1.5rem; margin-bottom: .2rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p, li { color: var(--faint); } .wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .85rem; } th { background: var(--head); text-align: left; }
th, td { border-bottom: 1px solid var(--rule); padding: .25rem .7rem; vertical-align: top; }
td.figure, th.figure { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.deep { white-space: pre; } svg text { fill: var(--ink); } .worse { color: #c62f3b; } .better { color: #2b8a57; }
"""
# Of these figures less is better.
_COSTS = {"cycles", "latency", "interval", "iteration_latency", "ii", "stall", "used", "bits", "dsp", "lut", "ff"}
_COSTS |= {"bram", "uram"}
_Column = tuple[str, Callable[..., Cell]]
_Row = ProcessRow | LoopRow | ChannelRow | PortRow | FigureRow


def html_page(report: Report, before: Report | None = None) -> str:
    """Return the page of a report; with what is different from an earlier build where `before` is given."""
    title = f"{report.project}, top graph {report.top}"
    parts = [
        f"<h1>{escape(title)}</h1>",
        _facts(report),
        _changed(differences(before, report)) if before else "",
        _plot("Latency of the blocks (cycles)", _latencies(report), "what it waits on channels comes on top, lighter"),
        _plot("Resources of the device", _shares(report), ""),
        _plot("FIFOs (tokens)", _depths(report), "filled as far as they are at most, in the depth that they have"),
        _occupancy(report),
        _table("Figures by origin", _origins(report), told(report)),
        _table("Blocks", _BLOCKS, report.processes),
        _table("Loops", _LOOPS, report.loops),
        _table("Channels", _channels(report.profile), report.channels),
        _table("Interfaces", _PORTS, report.ports),
        _notes(report),
    ]
    body = "\n".join(part for part in parts if part)
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>\n{_STYLE}</style>'
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>\n{body}\n</body></html>\n'


def _facts(report: Report) -> str:
    rows = [
        ("device", f"{report.device} at {report.clock_ns:g} ns"),
        *([("slack", f"{report.slack_ns:+.3f} ns")] if report.slack_ns is not None else []),
        ("figures", f"{report.tool}, operator profile {report.profile}"),
        ("latency", f"{report.latency:,} cycles, {report.latency_ms:,.4g} ms"),
        ("interval", f"{report.interval:,} cycles"),
    ]
    for profile, counts in report.cycles.items():
        rows.append((f"cycles ({profile})", ", ".join(f"{origin} {count:,}" for origin, count in counts.items())))
    if report.profile in report.fifos:
        found = report.fifos[report.profile]
        rows.append(("FIFOs", f"{found['bits']:,} bits; at least {found['bound']:,} are needed at this latency"))
    run = report.simulation
    verdict = "not run"
    if run:
        said = "passed" if run.passed else "FAILED"
        verdict = f"{said} ({run.engine}): {run.compared:,} elements compared, {run.mismatches:,} differ"
    rows.append(("simulation", verdict))
    cells = "".join(f"<tr><th>{escape(name)}</th><td>{escape(text)}</td></tr>" for name, text in rows)
    return f"<table>{cells}</table>"


def _changed(found: Sequence[Difference]) -> str:
    head = "<h2>Different from the earlier build</h2>"
    if not found:
        return f"{head}<p>No figure differs.</p>"
    rows = []
    for one in found:
        if not one.column:
            words = "only in this build" if one.after else "only in the earlier build"
            rows.append(f'<tr><td>{escape(one.table)}</td><td>{escape(one.row)}</td><td colspan="4">{words}</td></tr>')
            continue
        grade = ""
        if one.change and one.column in _COSTS:
            grade = " worse" if one.change > 0 else " better"
        cells = "".join(f"<td>{escape(text)}</td>" for text in (one.table, one.row, one.column))
        cells += "".join(f'<td class="figure">{escape(cell_text(value))}</td>' for value in (one.before, one.after))
        rows.append(f'<tr>{cells}<td class="figure{grade}">{one.change_text}</td></tr>')
    names = ("table", "row", "figure", "before", "after", "change")
    heads = "".join(f"<th>{name}</th>" for name in names)
    return f'{head}<div class="wide"><table><tr>{heads}</tr>{"".join(rows)}</table></div>'


def _latencies(report: Report) -> list[Bar]:
    found = []
    for row in report.processes:
        waits = f" and {row.stall:,} of waiting" if row.stall else ""
        found.append(Bar(row.path, row.latency + row.stall, row.latency, f"{row.latency:,}{waits}"))
    return found


def _shares(report: Report) -> list[Bar]:
    known = [row for row in report.resources if row.available]
    return [
        Bar(row.name, 1.0, min(row.share, 1.0), f"{row.share:.1%}: {row.used:,} of {row.available:,}") for row in known
    ]


def _depths(report: Report) -> list[Bar]:
    found = []
    for row in report.channels:
        depth, held = row.depth.get(report.profile), row.observed
        if depth:
            label = f"{depth:,}" if held is None else f"{held:,} of {depth:,}"
            found.append(Bar(row.id, depth, min(held or 0, depth), label))
    return found


def _occupancy(report: Report) -> str:
    rows = []
    for row in report.occupancy:
        channel = report.channel(row.id)
        depth = channel.depth.get(report.profile, 0) if channel else 0
        most = max(row.most, default=0)
        label = f"at most {most:,}" + (f" of {depth:,}" if depth else "")
        rows.append(Strip(row.id, row.least, row.most, row.step, max(depth, most), label))
    if not rows:
        return ""
    note = f"the least and the most tokens in each {rows[0].step:,} cycles of the simulated invocations"
    return f'<h2>FIFO occupancy over time</h2><p>{note}</p><div class="wide">{strips(rows)}</div>'


def _plot(title: str, rows: Sequence[Bar], note: str) -> str:
    if not rows:
        return ""
    said = f"<p>{escape(note)}</p>" if note else ""
    return f'<h2>{escape(title)}</h2>{said}<div class="wide">{bars(rows)}</div>'


_BLOCKS: tuple[_Column, ...] = (
    ("block", lambda row: row.path),
    ("kernel", lambda row: row.kernel),
    *((name, lambda row, name=name: getattr(row, name)) for name in ("latency", "interval", "stall")),
    *((name.upper(), lambda row, name=name: getattr(row, name)) for name in ("dsp", "lut", "ff", "bram", "uram")),
    ("cycles depend on", lambda row: row.depends),
)
_LOOPS: tuple[_Column, ...] = (
    ("block", lambda row: row.path),
    ("loop", lambda row: "  " * row.depth + row.loop),
    ("trips", lambda row: row.trip_count),
    ("II", lambda row: row.ii),
    ("asked", lambda row: row.ii_asked),
    ("iteration", lambda row: row.iteration_latency),
    ("latency", lambda row: row.latency),
    ("chain in ns", lambda row: row.chain_ns),
    ("pipelined", lambda row: row.pipelined),
    ("lanes", lambda row: row.unroll),
    ("source", lambda row: row.source),
    ("what sets the II", lambda row: row.reason),
)


_PORTS: tuple[_Column, ...] = (
    ("port", lambda row: row.path),
    *((name, lambda row, name=name: getattr(row, name)) for name in ("direction", "kind", "type")),
    *((name, lambda row, name=name: getattr(row, name)) for name in ("bits", "words", "banks")),
)


def _channels(profile: str) -> tuple[_Column, ...]:
    return (
        ("channel", lambda row: row.id),
        ("kind", lambda row: row.kind),
        ("type", lambda row: row.type),
        ("bits", lambda row: row.width),
        ("elements", lambda row: row.elements),
        ("asked", lambda row: row.asked),
        ("depth", lambda row: row.depth.get(profile)),
        ("observed", lambda row: row.observed),
        ("why", lambda row: row.reason),
    )


def _origins(report: Report) -> tuple[_Column, ...]:
    """Return the columns of the figures by origin, with how far the prediction is off from what a vendor says."""
    found: list[_Column] = [
        ("part", lambda row: row.path),
        ("loop", lambda row: row.name),
        ("figure", lambda row: row.figure),
    ]
    for origin in origins_of(report):
        found.append((origin, lambda row, origin=origin: row.values.get(origin)))
        if origin not in PREDICTIONS:
            found.append((f"off {origin}", lambda row, origin=origin: _off(row.error(origin))))
    return tuple(found)


def _off(error: float | None) -> Cell:
    return None if error is None else f"{error:+.1%}"


def _table(title: str, columns: Sequence[_Column], rows: Sequence[_Row]) -> str:
    if not rows:
        return ""
    heads = "".join(f"<th{_kind(name, of(rows[0]))}>{escape(name)}</th>" for name, of in columns)
    lines = "".join(f"<tr>{''.join(_cell(name, of(row)) for name, of in columns)}</tr>" for row in rows)
    return f'<h2>{title}</h2><div class="wide"><table><tr>{heads}</tr>{lines}</table></div>'


def _cell(name: str, value: Cell) -> str:
    return f"<td{_kind(name, value)}>{escape(cell_text(value))}</td>"


def _kind(name: str, value: Cell) -> str:
    figure = value is None or (isinstance(value, int | float) and not isinstance(value, bool))
    return ' class="figure"' if figure else ' class="deep"' if name == "loop" else ""


def _notes(report: Report) -> str:
    items = "".join(f"<li>{escape(note)}</li>" for note in report.notes)
    return f"<h2>Notes</h2><ul>{items}</ul>" if items else ""

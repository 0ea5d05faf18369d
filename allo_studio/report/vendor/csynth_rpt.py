"""*_csynth.rpt: what Vivado HLS and Vitis HLS say of one function as text.

It has what csynth.xml lacks: the interval that was asked for of each loop, instances with their latency and resources,
and memories, FIFOs, expressions, multiplexers and registers one by one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import TypeVar

from allo_studio.report.vendor.figures import NoFigure, Range, nanoseconds, range_of, share, whole
from allo_studio.report.vendor.model import General, Instance, Latency, Loop, Module, Timing, VendorReport
from allo_studio.report.vendor.parts import Fifo, Memory, Port, Resource
from allo_studio.report.vendor.resources import in_order, note_missing, resource_name
from allo_studio.report.vendor.text_tables import Row, TextReading, TextTable

__all__ = ["nest", "read_csynth_rpt", "read_general", "resources_of"]

T = TypeVar("T")

_TITLE = re.compile(r"^== (?P<tool>Vivado HLS|Vitis HLS) Report for '(?P<top>[^']+)'", re.MULTILINE)
_LOOP_MARK = re.compile(r"\s*(?P<mark>-|\++)\s*(?P<name>.*)")
_RESOURCE_COLUMNS = ("BRAM_18K", "BRAM", "DSP48E", "DSP", "FF", "LUT", "URAM")
# Detail tables that stay tables; the rest has values of its own.
_PLAIN = ("DSP", "DSP48E", "Expression", "Multiplexer", "Register")
# The rows below the parts of the utilisation.
_TOTALS = ("Total", "Available", "Available SLR", "Utilization (%)", "Utilization SLR (%)")
_PIPELINED = {"yes": True, "no": False}
_ENDS = ("min", "max")
# No loops are nested deeper; it bounds what a damaged file can ask for.
_DEEPEST = 64


def read_csynth_rpt(reading: TextReading) -> VendorReport:
    """Return what a *_csynth.rpt says."""
    general = read_general(reading, _TITLE)
    module = Module(
        name=general.top,
        timing=_timing(reading),
        latency=_latency(reading, reading.table("Performance Estimates", "Latency", "Summary"), None),
        resources=_totals(reading),
        loops=_loops(reading),
        instances=_instances(reading),
        memories=_memories(reading),
        fifos=_fifos(reading),
        ports=_ports(reading),
    )
    summary = reading.table("Utilization Estimates", "Summary")
    if summary:
        parts = replace(summary, rows=tuple(r for r in summary.rows if r.cells[0].strip() not in _TOTALS)).as_table()
        module = replace(module, parts=replace(parts, title=""))
    details = [
        table for table in reading.tables if table.below("Utilization Estimates", "Detail", *table.headings[-1:])
    ]
    plain = (table.as_table() for table in details if table.headings[-1] in _PLAIN)
    module = replace(module, tables=tuple(plain))
    for what, found in (
        ("clock period", module.timing != Timing()),
        ("latency", module.latency != Latency()),
        ("ports", module.ports),
    ):
        if not found:
            reading.missing(what)
    note_missing(reading, module.resources)
    return VendorReport(
        origin="csynth", files=(reading.source.path,), general=general, modules=(module,), notes=reading.notes
    )


def read_general(reading: TextReading, title: re.Pattern[str]) -> General:
    """Return the general information that all text reports of HLS begin with, the top function from their title."""
    found = title.search(reading.source.text)
    version, _, build = reading.value("Version").partition(" ")
    solution, _, flow = reading.value("Solution").partition(" (")
    return General(
        top=found["top"] if found and "top" in title.groupindex else "",
        tool=found["tool"] if found and "tool" in title.groupindex else "",
        version=version,
        build=build.strip("()"),
        part=reading.value("Target device"),
        family=reading.value("Product family"),
        project=reading.value("Project"),
        solution=solution,
        flow=flow.removesuffix(")"),
        date=reading.value("Date"),
    )


def _timing(reading: TextReading) -> Timing:
    table = reading.table("Performance Estimates", "Timing", "Summary")
    if table is None or not table.rows:
        return Timing()
    reading.want(table, table.rows[0], ("Target",), ("Estimated",), ("Uncertainty",))
    if len(table.rows) > 1:
        reading.remark(f"it has {len(table.rows)} clocks, of which the first is taken")
    read = partial(reading.cell, nanoseconds, None, table, table.rows[0])
    return Timing(read("Target"), read("Estimated"), read("Uncertainty"))


def _latency(reading: TextReading, table: TextTable | None, row: Row | None) -> Latency:
    """Return the latency in a row, which is the only one where none is given."""
    if table is None or not (row or table.rows):
        return Latency()
    if row is None:
        row = table.rows[0]
        for end in _ENDS:
            reading.want(table, row, (f"Latency (cycles) {end}", f"Latency {end}"), (f"Interval {end}",))
    cycles = [reading.cell(whole, None, table, row, f"Latency (cycles) {end}", f"Latency {end}") for end in _ENDS]
    times = [reading.cell(nanoseconds, None, table, row, f"Latency (absolute) {end}") for end in _ENDS]
    interval = [reading.cell(whole, None, table, row, f"Interval {end}") for end in _ENDS]
    return Latency(
        best=cycles[0],
        worst=cycles[1],
        best_ns=times[0],
        worst_ns=times[1],
        interval=Range(*interval),
        pipeline=table.text(row, "Pipeline Type"),
    )


def _loops(reading: TextReading) -> tuple[Loop, ...]:
    table = reading.table("Performance Estimates", "Latency", "Detail", "Loop")
    if table is None:
        return ()
    return nest((_loop(reading, table, row) for row in table.rows), _inside)


def nest(rows: Iterable[tuple[int, T]], put: Callable[[T, tuple[T, ...]], T]) -> tuple[T, ...]:
    """Return rows with their levels as trees: a row belongs to the one before it that has a smaller level."""
    found = [(min(level, _DEEPEST), row) for level, row in rows]
    return _trees(found, 0, len(found), put)


def _trees(rows: list[tuple[int, T]], first: int, end: int, put: Callable[[T, tuple[T, ...]], T]) -> tuple[T, ...]:
    made = []
    while first < end:
        level, row = rows[first]
        last = first + 1
        while last < end and rows[last][0] > level:
            last += 1
        made.append(put(row, _trees(rows, first + 1, last, put)))
        first = last
    return tuple(made)


def _inside(loop: Loop, loops: tuple[Loop, ...]) -> Loop:
    return replace(loop, loops=loops)


def _loop(reading: TextReading, table: TextTable, row: Row) -> tuple[int, Loop]:
    marked = _LOOP_MARK.fullmatch(row.cells[0].rstrip())
    mark, name = (marked["mark"], marked["name"]) if marked else ("-", row.cells[0].strip())
    cycles = [reading.cell(whole, None, table, row, f"Latency (cycles) {end}", f"Latency {end}") for end in _ENDS]
    read = partial(reading.cell, range_of, Range(), table, row)
    loop = Loop(
        name=name,
        trip_count=read("Trip Count"),
        latency=Range(*cycles),
        iteration_latency=read("Iteration Latency"),
        interval=read("Initiation Interval achieved"),
        target_interval=read("Initiation Interval target"),
        pipelined=reading.cell(_pipelined, None, table, row, "Pipelined"),
    )
    return mark.count("+"), loop


def _pipelined(text: str) -> bool | None:
    """Return what the column says; `dataflow` and `rewind` are pipelines of their kind."""
    text = text.strip()
    if text in ("", "-"):
        return None
    if not text.replace("(flp)", "").isalpha():
        raise NoFigure("yes or no")
    return _PIPELINED.get(text, True)


def _instances(reading: TextReading) -> tuple[Instance, ...]:
    """Return the instances in the function: their latency is in one table, their resources in another."""
    found: dict[str, Instance] = {}
    times = reading.table("Performance Estimates", "Latency", "Detail", "Instance")
    for row in times.rows if times else ():
        name = times.text(row, "Instance") if times else ""
        found[name] = Instance(times.text(row, "Module") if times else "", name, latency=_latency(reading, times, row))
    area = reading.table("Utilization Estimates", "Detail", "Instance")
    for row in _without_total(area):
        name, module = (area.text(row, "Instance"), area.text(row, "Module")) if area else ("", "")
        instance = found.get(name) or Instance(module, name)
        found[name] = replace(instance, resources=resources_of(reading, area, row) if area else ())
    return tuple(found.values())


def _without_total(table: TextTable | None) -> tuple[Row, ...]:
    return tuple(row for row in table.rows if row.cells[0].strip() != "Total") if table else ()


def resources_of(reading: TextReading, table: TextTable, row: Row) -> tuple[Resource, ...]:
    """Return the resources in the columns of a row."""
    names = [name for name in _RESOURCE_COLUMNS if name in table.columns]
    return in_order(
        Resource(resource_name(name), reading.cell(whole, None, table, row, name), stated_name=name) for name in names
    )


def _totals(reading: TextReading) -> tuple[Resource, ...]:
    table = reading.table("Utilization Estimates", "Summary")
    if table is None:
        return ()
    rows = {row.cells[0].strip(): row for row in table.rows}
    return in_order(_total(reading, table, rows, name) for name in _RESOURCE_COLUMNS if name in table.columns)


def _total(reading: TextReading, table: TextTable, rows: dict[str, Row], name: str) -> Resource:
    def figure(title: str) -> int | None:
        return reading.cell(whole, None, table, rows[title], name) if title in rows else None

    def percent(title: str) -> str:
        return reading.cell(share, "", table, rows[title], name) if title in rows else ""

    return Resource(
        name=resource_name(name),
        used=figure("Total"),
        available=figure("Available"),
        percent=percent("Utilization (%)"),
        available_slr=figure("Available SLR"),
        percent_slr=percent("Utilization SLR (%)"),
        stated_name=name,
    )


def _memories(reading: TextReading) -> tuple[Memory, ...]:
    table = reading.table("Utilization Estimates", "Detail", "Memory")
    found = []
    for row in _without_total(table):
        if table:
            read = partial(reading.cell, whole, None, table, row)
            found.append(
                Memory(
                    name=table.text(row, "Memory"),
                    module=table.text(row, "Module"),
                    words=read("Words"),
                    bits=read("Bits"),
                    banks=read("Banks"),
                    size=read("W*Bits*Banks"),
                    resources=resources_of(reading, table, row),
                )
            )
    return tuple(found)


def _fifos(reading: TextReading) -> tuple[Fifo, ...]:
    table = reading.table("Utilization Estimates", "Detail", "FIFO")
    found = []
    for row in _without_total(table):
        if table:
            read = partial(reading.cell, whole, None, table, row)
            resources = resources_of(reading, table, row)
            fifo = Fifo(table.text(row, "Name"), read("Depth"), read("Bits"), read("Size:D*B"), resources=resources)
            found.append(fifo)
    return tuple(found)


def _ports(reading: TextReading) -> tuple[Port, ...]:
    table = reading.table("Interface", "Summary")
    if table is None:
        return ()
    return tuple(
        Port(
            name=table.text(row, "RTL Ports"),
            direction=table.text(row, "Dir"),
            bits=reading.cell(whole, None, table, row, "Bits"),
            protocol=table.text(row, "Protocol"),
            source=table.text(row, "Source Object"),
            kind=table.text(row, "C Type"),
        )
        for row in table.rows
    )

"""What Vivado found of a design that HLS exported, as text: *_export.rpt, export_syn.rpt and export_impl.rpt.

The first is short and of all versions; the others are of Vitis HLS and have a tree of cells and the paths with the
least slack. HLS counts block RAMs of 18 Kbit in them.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial

from allo_studio.report.vendor.csynth_rpt import nest, read_general
from allo_studio.report.vendor.figures import decimal, nanoseconds, whole
from allo_studio.report.vendor.model import General, Instance, Module, Origin, Timing, VendorReport
from allo_studio.report.vendor.parts import Resource, Slacks, TimingPath
from allo_studio.report.vendor.resources import in_order, note_missing, resource_name
from allo_studio.report.vendor.text_tables import Row, TextReading, TextTable

__all__ = ["EXPORTED", "read_export_rpt", "read_results_rpt"]

# The title of export_syn.rpt and export_impl.rpt.
EXPORTED = re.compile(r"^== Vivado (?P<step>RTL Synthesis|Place & Route) Results", re.MULTILINE)
_VIVADO = re.compile(r"Vivado v\.(?P<version>\S+)")
_USED = ("LUT", "FF", "DSP", "BRAM", "URAM", "SRL", "SLICE", "CLB", "LATCH")
_MET = {"Timing met": True, "Timing was met": True, "Timing NOT met": False, "Timing was NOT met": False}


def read_export_rpt(reading: TextReading) -> VendorReport:
    """Return what a *_export.rpt says."""
    placed = "=== Post-Implementation Resource usage" in reading.source.text
    period = partial(reading.field, nanoseconds, None)
    found = _VIVADO.search(reading.value("Implementation tool"))
    general = General(
        tool="Vivado",
        version=found["version"] if found else "",
        part=reading.value("Device target"),
        project=reading.value("Project"),
        solution=reading.value("Solution"),
        date=reading.value("Report date"),
    )
    timing = Timing(
        target_ns=period("CP required"),
        estimated_ns=period("CP achieved post-implementation" if placed else "CP achieved post-synthesis"),
        synthesized_ns=period("CP achieved post-synthesis"),
    )
    return _report(reading, "impl" if placed else "synth", general, timing, _used(reading))


def _used(reading: TextReading) -> tuple[Resource, ...]:
    named = [name for name in _USED if reading.value(name)]
    return in_order(Resource(resource_name(n), reading.field(whole, None, n), stated_name=n) for n in named)


def _report(
    reading: TextReading, origin: Origin, general: General, timing: Timing, used: tuple[Resource, ...]
) -> VendorReport:
    if timing.target_ns is None:
        reading.missing("clock period that was asked for")
    if timing.estimated_ns is None:
        reading.missing("clock period that was reached")
    note_missing(reading, used)
    said = (met for line in reading.lines if (met := _MET.get(line.strip(" *"))) is not None)
    return VendorReport(
        origin=origin,
        files=(reading.source.path,),
        general=general,
        modules=(Module(general.top, timing=timing, resources=used),),
        slacks=Slacks(met=next(said, None)),
        notes=reading.notes,
    )


def read_results_rpt(reading: TextReading) -> VendorReport:
    """Return what an export_syn.rpt or export_impl.rpt says."""
    title = EXPORTED.search(reading.source.text)
    origin: Origin = "impl" if title and title["step"] == "Place & Route" else "synth"
    timing = _timing(reading, origin)
    report = _report(reading, origin, read_general(reading, EXPORTED), timing, _used(reading))
    paths = [table for table in reading.tables if "STARTPOINT PIN" in table.columns]
    return replace(
        report,
        general=replace(report.general, tool="Vivado"),
        hierarchy=_hierarchy(reading),
        paths=tuple(_path(reading, table, row) for table in paths for row in table.rows),
        tables=tuple(t.as_table() for t in reading.tables if "Criteria" in t.columns),
        notes=reading.notes,
    )


def _timing(reading: TextReading, origin: Origin) -> Timing:
    table = next((t for t in reading.tables if "Timing" in t.columns and "Period (ns)" in t.columns), None)
    rows = {table.text(row, "Timing"): row for row in table.rows} if table else {}

    def period(name: str) -> float | None:
        return reading.cell(decimal, None, table, rows[name], "Period (ns)") if table and name in rows else None

    synthesized = period("Post-Synthesis")
    return Timing(
        period("Target"), period("Post-Route") if origin == "impl" else synthesized, synthesized_ns=synthesized
    )


def _hierarchy(reading: TextReading) -> Instance | None:
    table = next((t for t in reading.tables if {"Name", "LUT", "FF", "Variable"} <= set(t.columns)), None)
    if table is None:
        return None
    trees = nest([_cell(reading, table, row) for row in table.rows], _inside)
    return trees[0] if len(trees) == 1 else None


def _inside(instance: Instance, instances: tuple[Instance, ...]) -> Instance:
    return replace(instance, instances=instances)


def _cell(reading: TextReading, table: TextTable, row: Row) -> tuple[int, Instance]:
    text = row.cells[0].rstrip()
    names = [name for name in _USED if name in table.columns]
    resources = (Resource(resource_name(n), reading.cell(whole, None, table, row, n), stated_name=n) for n in names)
    known = in_order(resource for resource in resources if resource.used is not None)
    return len(text) - len(text.lstrip()), Instance("", text.strip(), resources=known)


def _path(reading: TextReading, table: TextTable, row: Row) -> TimingPath:
    time = partial(reading.cell, decimal, None, table, row)
    number = partial(reading.cell, whole, None, table, row)
    return TimingPath(
        slack_ns=time("SLACK"),
        source=table.text(row, "STARTPOINT PIN"),
        destination=table.text(row, "ENDPOINT PIN"),
        delay_ns=time("DATAPATH DELAY"),
        logic_ns=time("DATAPATH LOGIC DELAY"),
        route_ns=time("DATAPATH NET DELAY"),
        levels=number("LOGIC LEVELS"),
        fanout=number("MAX FANOUT"),
        cells=_cells_of(reading, table.text(row, "Path")),
    )


def _cells_of(reading: TextReading, path: str) -> tuple[tuple[str, str], ...]:
    table = next((t for t in reading.tables if t.columns[:1] == (f"{path} Cells",)), None)
    if table is None:
        return ()
    return tuple((row.cells[0].strip(), table.text(row, "Primitive Type")) for row in table.rows)

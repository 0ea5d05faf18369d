"""Vivado's report_utilization, of a design after synthesis, placement or routing, flat or by hierarchy.

The tables are those of 7 series, UltraScale(+) and Versal, whose rows have other names for the same. Block RAMs are
counted in tiles of 36 Kbit there, of which some are half used: a tile is two of our block RAMs of 18 Kbit.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from allo_studio.diagnostics import AlloError
from allo_studio.report.vendor.csynth_rpt import nest
from allo_studio.report.vendor.figures import NoFigure, decimal, share, whole
from allo_studio.report.vendor.model import General, Instance, Module, Origin, VendorReport
from allo_studio.report.vendor.parts import Attributes, Resource
from allo_studio.report.vendor.reading import unreadable
from allo_studio.report.vendor.resources import SITES, in_order, note_missing
from allo_studio.report.vendor.text_tables import Row, TextReading, TextTable

__all__ = ["read_utilisation", "state_origin", "vivado_general"]

# Of other fields at the head these say something of the design.
_OTHERS = ("Command", "Speed File", "Temperature Grade")
# A shift register is a use of LUTs that HLS's own report counts by itself.
_PARTS = ("LUT as Shift Register",)
# What a cell of the hierarchy takes, by our names, with the columns of several versions.
_CELL = {"LUT": ("Total LUTs",), "FF": ("FFs",), "URAM": ("URAM",), "DSP": ("DSP Blocks", "DSP48 Blocks", "DSP Slices")}


def read_utilisation(reading: TextReading) -> VendorReport:
    """Return what a report_utilization says; raises AlloError (`report`) where no table of it is there."""
    general = vivado_general(reading)
    sites = [table for table in reading.tables if "Site Type" in table.columns and "Used" in table.columns]
    tree = next((table for table in reading.tables if {"Instance", "Module"} <= set(table.columns)), None)
    if not sites and tree is None:
        hint = "the file is cut off or was changed: let Vivado write it again"
        raise AlloError(unreadable(reading.source.path, "it has no table of sites that are used", hint))
    if not general.state:
        reading.remark("it does not say how far the design is: it is taken as placed")
    hierarchy = _hierarchy(reading, tree) if tree else None
    resources = in_order(r for table in sites for row in table.rows for r in _resource(reading, table, row))
    resources = resources or (hierarchy.resources if hierarchy else ())
    note_missing(reading, resources)
    return VendorReport(
        origin=state_origin(general.state),
        files=(reading.source.path,),
        general=general,
        modules=(Module(general.top, resources=resources),),
        hierarchy=hierarchy,
        tables=tuple(table.as_table() for table in reading.tables if table is not tree),
        notes=reading.notes,
    )


def vivado_general(reading: TextReading) -> General:
    """Return what stands at the head of all reports of Vivado."""
    fields = {field.name: field.value for field in reading.fields if not field.headings}
    tool, _, build = fields.get("Tool Version", "").partition(" v.")
    version, _, build = build.partition(" ")
    others: Attributes = tuple((n, fields[n]) for n in _OTHERS if n in fields)
    return General(
        top=fields.get("Design", ""),
        tool=tool,
        version=version,
        build=build,
        part=fields.get("Device", ""),
        date=fields.get("Date", ""),
        state=fields.get("Design State", ""),
        others=others,
    )


def state_origin(state: str) -> Origin:
    """Return the step of a design's state: what is not placed yet is as logic synthesis left it."""
    return "synth" if state in ("Synthesized", "Optimized") else "impl"


def _resource(reading: TextReading, table: TextTable, row: Row) -> list[Resource]:
    stated = row.cells[0].strip().rstrip("*").strip()
    # Rows that are part of others are indented; only the whole is a resource.
    if stated not in SITES or (row.cells[0].startswith("  ") and stated not in _PARTS):
        return []
    name, each = SITES[stated]
    read = partial(reading.cell, partial(_sites, each), None, table, row)
    percent = reading.cell(share, "", table, row, "Util%")
    return [Resource(name, read("Used"), read("Available"), percent, stated_name=stated)]


def _sites(each: int, text: str) -> int | None:
    """Return how many resources a number of sites is, which may be halves of them (0.5 tiles)."""
    sites = decimal(text)
    if sites is None:
        return None
    found = sites * each
    if found < 0 or found != int(found):
        raise NoFigure("a number of sites")
    return int(found)


def _hierarchy(reading: TextReading, table: TextTable) -> Instance | None:
    trees = nest([_cell(reading, table, row) for row in table.rows], _inside)
    if len(trees) != 1:
        reading.remark("its hierarchy has no single top, and is left out")
        return None
    return trees[0]


def _inside(instance: Instance, instances: tuple[Instance, ...]) -> Instance:
    return replace(instance, instances=instances)


def _cell(reading: TextReading, table: TextTable, row: Row) -> tuple[int, Instance]:
    text = row.cells[0].rstrip()
    resources = [
        Resource(name, reading.cell(whole, None, table, row, *columns), stated_name=columns[0])
        for name, columns in _CELL.items()
        if table.index(*columns) is not None
    ]
    large, small = (reading.cell(whole, None, table, row, column) for column in ("RAMB36", "RAMB18"))
    if large is not None and small is not None:
        resources.append(Resource("BRAM_18K", 2 * large + small, stated_name="RAMB36, RAMB18"))
    module = table.text(row, "Module")
    return len(text) - len(text.lstrip()), Instance(module, text.strip(), resources=in_order(resources))

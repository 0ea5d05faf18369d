"""What a co-simulation of C and RTL writes: *_cosim.rpt, lat.rpt, and the cycles of each transaction.

The last is result.transaction.rpt, or a *.performance.result.transaction.xml, which is no XML but the same table.
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import PurePath

from allo_studio.diagnostics import AlloError
from allo_studio.report.vendor.figures import Range, whole
from allo_studio.report.vendor.model import General, VendorReport
from allo_studio.report.vendor.parts import Simulated, Transaction
from allo_studio.report.vendor.reading import unreadable
from allo_studio.report.vendor.text_tables import TextReading

__all__ = ["read_cosim_rpt", "read_latencies", "read_transactions"]

_LANGUAGES = {"verilog": "Verilog", "vhdl": "VHDL"}
_ASSIGNED = re.compile(r'\$(?P<name>[A-Z_]+)\s*=\s*"(?P<value>[^"]*)"\s*')
_TRANSACTION = re.compile(r"transaction\s+(?P<number>\d{1,9}):?\s+(?P<latency>\S+)\s+(?P<interval>\S+)\s*", re.ASCII)
# The status of a language that was not simulated.
_NOT_RUN = ("NA", "N/A")
_CUT = "the table is cut off or damaged: run the co-simulation again"


def read_cosim_rpt(reading: TextReading) -> VendorReport:
    """Return what a *_cosim.rpt says; raises AlloError (`report`) where its table is not there."""
    table = next((t for t in reading.tables if "RTL" in t.columns and "Status" in t.columns), None)
    if table is None or not table.rows:
        raise AlloError(unreadable(reading.source.path, "it has no table of languages and their status", _CUT))
    found = []
    for row in table.rows:
        status = table.text(row, "Status")
        if status in _NOT_RUN:
            continue
        # The unit stands in the header, and not in that of older versions.
        read = partial(reading.cell, whole, None, table, row)
        latency, interval = (
            [read(f"{what}(Clock Cycles) {column}", f"{what} {column}") for column in ("min", "avg", "max")]
            for what in ("Latency", "Interval")
        )
        run = Simulated(
            language=table.text(row, "RTL"),
            status=status,
            latency=Range(latency[0], latency[2]),
            average=latency[1],
            interval=Range(interval[0], interval[2]),
            average_interval=interval[1],
            total=read("Total Execution Time (Clock Cycles)"),
        )
        found.append(run)
    general = General(
        date=reading.value("Report time").removesuffix("."),
        solution=reading.value("Solution").removesuffix("."),
        others=(("simulator", reading.value("Simulation tool").removesuffix(".")),),
    )
    return VendorReport(
        origin="cosim",
        files=(reading.source.path,),
        general=general,
        simulated=tuple(found),
        notes=reading.notes,
    )


def read_latencies(reading: TextReading) -> VendorReport:
    """Return what a lat.rpt says; the folder tells the language."""
    values = {}
    for number, line in enumerate(reading.lines, start=1):
        if assigned := _ASSIGNED.fullmatch(line.strip()[:400]):
            name, value = assigned["name"], assigned["value"]
            values[name] = reading.figure(whole, value, None, name, number, line.index('"') + 2)
    expected = [f"{end}_{what}" for end in ("MIN", "AVER", "MAX") for what in ("LATENCY", "THROUGHPUT")]
    for name in expected:
        if name not in values:
            reading.missing(name)
    return VendorReport(
        origin="cosim",
        files=(reading.source.path,),
        simulated=(
            Simulated(
                language=_language(reading.source.path),
                latency=Range(values.get("MIN_LATENCY"), values.get("MAX_LATENCY")),
                average=values.get("AVER_LATENCY"),
                interval=Range(values.get("MIN_THROUGHPUT"), values.get("MAX_THROUGHPUT")),
                average_interval=values.get("AVER_THROUGHPUT"),
                total=values.get("TOTAL_EXECUTE_TIME"),
            ),
        ),
        notes=reading.notes,
    )


def read_transactions(reading: TextReading) -> VendorReport:
    """Return the cycles of each transaction; raises AlloError (`report`) where there is none."""
    found = []
    for number, line in enumerate(reading.lines, start=1):
        parts = _TRANSACTION.fullmatch(line.strip()[:400])
        if parts:
            name = f"transaction {parts['number']}"
            latency = reading.figure(whole, parts["latency"], None, f"latency of {name}", number, 1)
            interval = reading.figure(whole, parts["interval"], None, f"interval of {name}", number, 1)
            found.append(Transaction(latency, interval))
        elif line.strip().startswith("transaction"):
            reading.note("a transaction has no latency and interval", number, 1, len(line))
    if not found:
        raise AlloError(unreadable(reading.source.path, "it has no transactions", _CUT))
    return VendorReport(
        origin="cosim",
        files=(reading.source.path,),
        transactions=tuple(found),
        notes=reading.notes,
    )


def _language(path: str) -> str:
    parts = PurePath(path.replace("\\", "/")).parts
    return next((_LANGUAGES[part] for part in reversed(parts) if part in _LANGUAGES), "")

"""Which kind of report a file is, by what stands in it: files are renamed and copied, and some names lie."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from allo_studio.diagnostics import AlloError
from allo_studio.report.vendor.cosim import read_cosim_rpt, read_latencies, read_transactions
from allo_studio.report.vendor.csynth_rpt import read_csynth_rpt
from allo_studio.report.vendor.csynth_xml import is_csynth_xml, read_csynth_xml
from allo_studio.report.vendor.export_rpt import EXPORTED, read_export_rpt, read_results_rpt
from allo_studio.report.vendor.export_xml import is_export_xml, read_export_xml
from allo_studio.report.vendor.model import VendorReport
from allo_studio.report.vendor.reading import no_report, open_report
from allo_studio.report.vendor.summary_rpt import read_summary_rpt
from allo_studio.report.vendor.text_tables import TextReading
from allo_studio.report.vendor.timing import read_timing_summary
from allo_studio.report.vendor.utilisation import read_utilisation
from allo_studio.report.vendor.xml_figures import XmlReading
from allo_studio.report.vendor.xml_tree import parse_xml
from allo_studio.source import Source

__all__ = ["parse_report", "read_report"]

# What only stands in a report of the kind, in the order in which it is looked for.
_TEXTS: tuple[tuple[re.Pattern[str], Callable[[TextReading], VendorReport]], ...] = (
    (re.compile(r"^== Synthesis Summary Report of '", re.MULTILINE), read_summary_rpt),
    (re.compile(r"^== (Vivado|Vitis) HLS Report for '", re.MULTILINE), read_csynth_rpt),
    (EXPORTED, read_results_rpt),
    (re.compile(r"^Implementation tool: Xilinx Vivado", re.MULTILINE), read_export_rpt),
    (re.compile(r"^Utilization Design Information", re.MULTILINE), read_utilisation),
    (re.compile(r"^\| Design Timing Summary", re.MULTILINE), read_timing_summary),
    (re.compile(r"^Report time\s*:[^\n]*$|^\|\s*RTL\s*\||^\+\s*RTL\s*\+", re.MULTILINE), read_cosim_rpt),
    (re.compile(r"^\$(MIN|MAX|AVER)_LATENCY\b", re.MULTILINE), read_latencies),
    (re.compile(r"^transaction\s", re.MULTILINE), read_transactions),
)


def read_report(path: Path) -> VendorReport:
    """Return what a report of a vendor's tool says.

    Raises AlloError (`file`) where the file cannot be read, (`report`) where it is no report that is known, or is
    damaged so that nothing in it can be trusted. What is missing in a report that can be read is in its notes.
    """
    return parse_report(open_report(path), str(path))


def parse_report(data: bytes, label: str) -> VendorReport:
    """Return what the bytes of a report say, `label` being its name; raises AlloError (`report`)."""
    # What is no UTF-8 is a name that a user gave; it may not keep the figures from being read.
    text = data.decode("utf-8", "replace").removeprefix("\ufeff")
    source = Source(label, text)
    if text.lstrip().startswith("<"):
        return _parse_xml(text, source)
    for pattern, read in _TEXTS:
        if pattern.search(text):
            return read(TextReading(source))
    raise AlloError(no_report(label, "nothing in it is of a report that is known"))


def _parse_xml(text: str, source: Source) -> VendorReport:
    root = parse_xml(text.encode("utf-8"), source)
    reading = XmlReading(source)
    if is_export_xml(root):
        return read_export_xml(reading, root)
    if is_csynth_xml(root):
        return read_csynth_xml(reading, root)
    raise AlloError(no_report(source.path, f"its element <{root.tag}> is of no report that is known"))

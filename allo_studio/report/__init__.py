"""One report model, its table, its JSON document and the drawing of a graph."""

from allo_studio.report.document import FORMAT, REPORT_FILE, document, dump, parse_document, read_report
from allo_studio.report.model import (
    PROFILE,
    RESOURCES,
    ChannelRow,
    LoopRow,
    ProcessRow,
    Report,
    ResourceRow,
    SimulationRow,
)
from allo_studio.report.table import table

__all__ = [
    "FORMAT",
    "PROFILE",
    "REPORT_FILE",
    "RESOURCES",
    "ChannelRow",
    "LoopRow",
    "ProcessRow",
    "Report",
    "ResourceRow",
    "SimulationRow",
    "document",
    "dump",
    "parse_document",
    "read_report",
    "table",
]

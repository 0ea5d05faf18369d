"""Readers of what the vendor's tools report: Vivado HLS, Vitis HLS and Vivado, into one model of values."""

from allo_studio.report.vendor.detect import parse_report, read_report
from allo_studio.report.vendor.figures import Range, Times
from allo_studio.report.vendor.model import (
    ORIGINS,
    General,
    Instance,
    Latency,
    Loop,
    Module,
    Origin,
    Timing,
    VendorReport,
)
from allo_studio.report.vendor.parts import (
    Argument,
    Bind,
    Clock,
    Fifo,
    Interface,
    Memory,
    Port,
    Pragma,
    Resource,
    Simulated,
    Slacks,
    Table,
    TimingPath,
    Transaction,
)
from allo_studio.report.vendor.solution import is_solution, read_solution

__all__ = [
    "ORIGINS",
    "Argument",
    "Bind",
    "Clock",
    "Fifo",
    "General",
    "Instance",
    "Interface",
    "Latency",
    "Loop",
    "Memory",
    "Module",
    "Origin",
    "Port",
    "Pragma",
    "Range",
    "Resource",
    "Simulated",
    "Slacks",
    "Table",
    "Times",
    "Timing",
    "TimingPath",
    "Transaction",
    "VendorReport",
    "is_solution",
    "parse_report",
    "read_report",
    "read_solution",
]

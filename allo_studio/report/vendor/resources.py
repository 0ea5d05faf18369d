"""The names of the resources of a device: the tools and their versions have several for the same."""

from __future__ import annotations

from collections.abc import Iterable

from allo_studio.report.vendor.parts import Resource
from allo_studio.report.vendor.reading import Reading

__all__ = ["RESOURCES", "SITES", "in_order", "note_missing", "resource_name"]

# The resources in the order in which csynth.rpt has them.
RESOURCES = ("BRAM_18K", "DSP", "FF", "LUT", "URAM")
# Those that every version counts; parts of older families have no URAM.
_EXPECTED = ("BRAM_18K", "DSP", "FF", "LUT")
# HLS and its exports count block RAMs of 18 Kbit under either name.
_NAMES = {"BRAM": "BRAM_18K", "DSP48E": "DSP", "DSP48": "DSP", "Registers": "FF"}
# The rows of Vivado's report_utilization that are a whole resource, with how many of ours one of them is: a tile is a
# block RAM of 36 Kbit. The names are those of 7 series, of UltraScale and of Versal; a star marks a footnote.
SITES = {
    "Slice LUTs": ("LUT", 1),
    "CLB LUTs": ("LUT", 1),
    "Slice Registers": ("FF", 1),
    "CLB Registers": ("FF", 1),
    "Registers": ("FF", 1),
    "Block RAM Tile": ("BRAM_18K", 2),
    "URAM": ("URAM", 1),
    "DSPs": ("DSP", 1),
    "DSP Slices": ("DSP", 1),
    "CLB": ("CLB", 1),
    "Slice": ("SLICE", 1),
    "SLICE": ("SLICE", 1),
    "LUT as Shift Register": ("SRL", 1),
}


def note_missing(reading: Reading, resources: Iterable[Resource]) -> None:
    """Note which of the resources that every version counts a report does not give."""
    found = {resource.name for resource in resources if resource.used is not None}
    for name in _EXPECTED:
        if name not in found:
            reading.missing(f"{name} that is used")


def resource_name(stated: str) -> str:
    """Return our name of a resource."""
    return _NAMES.get(stated, stated)


def in_order(resources: Iterable[Resource]) -> tuple[Resource, ...]:
    """Return resources in our order, others behind them; of two with the same name the first."""
    found: dict[str, Resource] = {}
    for resource in resources:
        found.setdefault(resource.name, resource)
    known = [found[name] for name in RESOURCES if name in found]
    return (*known, *(resource for name, resource in found.items() if name not in RESOURCES))

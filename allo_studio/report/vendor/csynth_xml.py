"""csynth.xml, and the *_csynth.xml of a single function, of Vivado HLS 2018.2 to Vitis HLS 2025.2.

Versions before 2020.2 describe the top function alone. Later ones add each module, the hierarchy, channels, arguments
and interfaces, tables, and pragmas; the top function is then described twice, and the two are put together.
"""

from __future__ import annotations

import re
from dataclasses import replace

from allo_studio.report.vendor.merge import Conflicts, fill
from allo_studio.report.vendor.model import General, Instance, Module, VendorReport
from allo_studio.report.vendor.parts import Fifo
from allo_studio.report.vendor.resources import note_missing
from allo_studio.report.vendor.xml_figures import XmlReading
from allo_studio.report.vendor.xml_interfaces import (
    read_arguments,
    read_fifos,
    read_interfaces,
    read_ports,
    read_pragmas,
    read_settings,
    read_tables,
)
from allo_studio.report.vendor.xml_modules import (
    read_latency,
    read_loops,
    read_module,
    read_resources,
    read_timing,
    said,
)
from allo_studio.report.vendor.xml_tree import Node

__all__ = ["is_csynth_xml", "read_csynth_xml", "tool_of"]

_SECTIONS = ("UserAssignments", "PerformanceEstimates", "AreaEstimates")
_VERSION = re.compile(r"(\d{4})\.(\d)")


def is_csynth_xml(root: Node) -> bool:
    """Tell whether a tree is the report of a synthesis."""
    return root.tag == "profile" and any(root.child(tag) for tag in _SECTIONS)


def read_csynth_xml(reading: XmlReading, root: Node) -> VendorReport:
    """Return the report in a tree for which `is_csynth_xml` holds."""
    given = root.child("UserAssignments")
    general = _general(root, given)
    modules = [read_module(reading, node) for node in root.all("ModuleInformation", "Module")]
    nodes = root.all("ModuleInformation", "Module")
    modules = [replace(m, ports=read_ports(reading, node)) for m, node in zip(modules, nodes, strict=True)]
    modules = _with_top(reading, root, general.top, modules)
    hierarchy = root.child("RTLDesignHierarchy", "TopModule")
    _note_missing(reading, root, modules, general.top)
    return VendorReport(
        origin="csynth",
        files=(reading.source.path,),
        general=general,
        modules=tuple(modules),
        hierarchy=_instance(reading, hierarchy) if hierarchy else None,
        fifos=tuple(_with_width(fifo, modules) for fifo in read_fifos(reading, root)),
        interfaces=read_interfaces(reading, root),
        arguments=read_arguments(reading, root),
        pragmas=read_pragmas(reading, root),
        settings=read_settings(root),
        tables=read_tables(root),
        notes=reading.notes,
    )


def tool_of(version: str) -> str:
    """Return the tool of a version: Vitis HLS began with 2020.1, which was the last of Vivado HLS."""
    found = _VERSION.match(version)
    if not found or (release := (int(found[1]), int(found[2]))) == (2020, 1):
        return ""
    return "Vivado HLS" if release < (2020, 1) else "Vitis HLS"


def _general(root: Node, given: Node | None) -> General:
    version = root.words("ReportVersion", "Version")
    of = given or Node("", {}, 1, 1)
    return General(
        top=of.words("TopModelName"),
        tool=tool_of(version),
        version=version,
        part=of.words("Part"),
        family=of.words("ProductFamily"),
        flow=of.words("FlowTarget"),
    )


def _with_top(reading: XmlReading, root: Node, top: str, modules: list[Module]) -> list[Module]:
    """Return the modules with what the file says of the top function outside of them."""
    _check_units(reading, root)
    outside = _top(reading, root, top)
    conflicts = Conflicts()
    within = next((module for module in modules if module.name == top), None)
    if within is None:
        return [outside, *modules]
    # Where they differ, csynth.rpt has what the module says.
    whole = fill(within, outside, conflicts)
    for what in conflicts.found:
        reading.remark(f"it says two things of {top}: {what}; the first is taken, as csynth.rpt does")
    return [whole if module is within else module for module in modules]


def _top(reading: XmlReading, root: Node, name: str) -> Module:
    estimates = root.child("PerformanceEstimates")
    latency = read_latency(reading, root.child("PerformanceEstimates", "SummaryOfOverallLatency"), name)
    pipeline = root.words("PerformanceEstimates", "PipelineType")
    violations = root.child("PerformanceEstimates", "SummaryOfViolations")
    given = read_timing(reading, root.child("UserAssignments"), name)
    found = read_timing(reading, root.child("PerformanceEstimates", "SummaryOfTimingAnalysis"), name)
    return Module(
        name=name,
        timing=replace(given, estimated_ns=found.estimated_ns),
        latency=replace(latency, pipeline=latency.pipeline or pipeline),
        resources=read_resources(reading, root.child("AreaEstimates"), name),
        loops=read_loops(reading, estimates),
        issue=said(violations, "IssueType"),
        violation=said(violations, "ViolationType"),
        source=said(violations, "SourceLocation"),
        ports=read_ports(reading, root),
    )


def _check_units(reading: XmlReading, root: Node) -> None:
    """Note a unit that is not the one in which figures are taken; all versions write these."""
    for path, unit in (
        (("UserAssignments", "unit"), "ns"),
        (("PerformanceEstimates", "SummaryOfTimingAnalysis", "unit"), "ns"),
        (("PerformanceEstimates", "SummaryOfOverallLatency", "unit"), "clock cycles"),
    ):
        node = root.child(*path)
        if node is not None and " ".join(node.text.split()) != unit:
            reading.note(
                f"the unit of {path[-2]} is {node.text!r}, where {unit!r} was expected", node.line, node.column
            )


def _instance(reading: XmlReading, node: Node) -> Instance:
    """Return an instance with those in it. The depth of the tree is bounded where it is read."""
    module = node.words("ModuleName")
    name = node.words("InstName")
    return Instance(
        module=module,
        name=name,
        number=reading.whole(node, "ID", name),
        compiled=reading.flag(node, "IsCompInst", name),
        binds=tuple(node.words("BindInstances").split()),
        instances=tuple(_instance(reading, child) for child in node.all("InstancesList", "Instance")),
    )


def _with_width(fifo: Fifo, modules: list[Module]) -> Fifo:
    """Return a channel with the width of the storage that has its name, where there is one such storage."""
    binds = [bind for module in modules for bind in module.binds if bind.name == fifo.name and bind.bits is not None]
    if len(binds) != 1 or binds[0].depth != fifo.depth:
        return fifo
    return replace(fifo, bits=binds[0].bits, resources=binds[0].resources)


def _note_missing(reading: XmlReading, root: Node, modules: list[Module], name: str) -> None:
    """Note which of the figures that every version gives the file does not."""
    expected = {
        "top function": ("UserAssignments", "TopModelName"),
        "part": ("UserAssignments", "Part"),
        "version": ("ReportVersion", "Version"),
        "target clock period": ("UserAssignments", "TargetClockPeriod"),
        "clock uncertainty": ("UserAssignments", "ClockUncertainty"),
        "estimated clock period": ("PerformanceEstimates", "SummaryOfTimingAnalysis", "EstimatedClockPeriod"),
        "least latency": ("PerformanceEstimates", "SummaryOfOverallLatency", "Best-caseLatency"),
        "greatest latency": ("PerformanceEstimates", "SummaryOfOverallLatency", "Worst-caseLatency"),
        "interval": ("PerformanceEstimates", "SummaryOfOverallLatency", "Interval-max"),
        "ports": ("InterfaceSummary", "RtlPorts"),
    }
    for what, path in expected.items():
        found = root.child(*path)
        if found is None or (not found.children and found.text in ("", "-")):
            reading.missing(what)
    module = next((module for module in modules if module.name == name), None)
    resources = module.resources if module else ()
    note_missing(reading, resources)
    if all(resource.available is None for resource in resources):
        reading.missing("resources that the part has")

"""The modules of a csynth.xml: timing, latency, loops, violations, resources, bindings."""

from __future__ import annotations

from allo_studio.report.vendor.figures import Range, share
from allo_studio.report.vendor.model import Latency, Loop, Module, Timing
from allo_studio.report.vendor.parts import Bind, Resource
from allo_studio.report.vendor.resources import in_order, resource_name
from allo_studio.report.vendor.xml_figures import XmlReading
from allo_studio.report.vendor.xml_tree import Node

__all__ = ["read_binds", "read_latency", "read_loops", "read_module", "read_resources", "read_timing", "said"]

# What an element of a loop is called that is no loop in it. Loops are elements that bear the loop's own name.
_LOOP_FIELDS = frozenset(
    {
        "AbsoluteTimeLatency",
        "InstanceList",
        "IssueType",
        "IterationLatency",
        "Latency",
        "Name",
        "PerformancePragma",
        "PipelineDepth",
        "PipelineII",
        "PipelineType",
        "Slack",
        "SourceLocation",
        "TripCount",
        "ViolationType",
        "isPerfectNested",
        "range",
    }
)
# The resources that a binding says it takes.
_BOUND = ("BRAM", "DSP", "URAM")


def read_module(reading: XmlReading, node: Node) -> Module:
    """Return a `<Module>`; its interfaces are not among what is read here."""
    name = node.words("Name")
    estimates = node.child("PerformanceEstimates")
    violations = node.child("PerformanceEstimates", "SummaryOfViolations")
    return Module(
        name=name,
        timing=read_timing(reading, node.child("PerformanceEstimates", "SummaryOfTimingAnalysis"), name),
        latency=read_latency(reading, node.child("PerformanceEstimates", "SummaryOfOverallLatency"), name),
        resources=_module_resources(reading, node.child("AreaEstimates", "Resources"), name),
        loops=read_loops(reading, estimates),
        issue=said(violations, "IssueType"),
        violation=said(violations, "ViolationType"),
        source=said(violations, "SourceLocation"),
        binds=read_binds(reading, node),
    )


def read_timing(reading: XmlReading, node: Node | None, of: str) -> Timing:
    """Return the clock period of a module, or what was asked for in the whole solution."""
    return Timing(
        target_ns=reading.decimal(node, "TargetClockPeriod", of),
        estimated_ns=reading.decimal(node, "EstimatedClockPeriod", of),
        uncertainty_ns=reading.decimal(node, "ClockUncertainty", of),
        target_interval=reading.whole(node, "TargetInitiationInterval", of),
    )


def read_latency(reading: XmlReading, node: Node | None, of: str) -> Latency:
    """Return a `<SummaryOfOverallLatency>`. The tool writes 0, which is no interval, where it knows no latency."""
    worst = reading.whole(node, "Worst-caseLatency", of)
    initiation = reading.range(node, "PipelineInitiationInterval", of)
    if worst is None and initiation == Range(0, 0):
        initiation = Range()
    return Latency(
        best=reading.whole(node, "Best-caseLatency", of),
        average=reading.whole(node, "Average-caseLatency", of),
        worst=worst,
        best_ns=reading.nanoseconds(node, "Best-caseRealTimeLatency", of),
        average_ns=reading.nanoseconds(node, "Average-caseRealTimeLatency", of),
        worst_ns=reading.nanoseconds(node, "Worst-caseRealTimeLatency", of),
        interval=Range(reading.whole(node, "Interval-min", of), reading.whole(node, "Interval-max", of)),
        initiation=initiation,
        throughput=reading.range(node, "DataflowPipelineThroughput", of),
        depth=reading.range(node, "PipelineDepth", of),
        pipeline=said(node, "PipelineType"),
        performance=said(node, "PerformancePragma"),
    )


def read_loops(reading: XmlReading, estimates: Node | None) -> tuple[Loop, ...]:
    """Return the loops of a `<PerformanceEstimates>`, with what its violations say of each."""
    if estimates is None:
        return ()
    loops = estimates.child("SummaryOfLoopLatency")
    violations = estimates.child("SummaryOfViolations", "SummaryOfLoopViolations")
    return _loops_in(reading, loops, violations) if loops else ()


def _loops_in(reading: XmlReading, node: Node, violations: Node | None) -> tuple[Loop, ...]:
    return tuple(_loop(reading, child, violations) for child in node.children if _is_loop(child))


def _is_loop(node: Node) -> bool:
    """Tell a loop from a field; a loop may be called like a field, but then it has a trip count."""
    return node.tag not in _LOOP_FIELDS or node.child("TripCount") is not None


def _loop(reading: XmlReading, node: Node, violations: Node | None) -> Loop:
    name = node.words("Name") or node.tag
    found = violations.child(node.tag) if violations else None
    interval = reading.range(node, "PipelineII", name)
    return Loop(
        name=name,
        trip_count=reading.range(node, "TripCount", name),
        latency=reading.range(node, "Latency", name),
        latency_ns=reading.times(node, "AbsoluteTimeLatency", name),
        iteration_latency=reading.range(node, "IterationLatency", name),
        interval=interval,
        depth=reading.range(node, "PipelineDepth", name),
        slack_ns=reading.decimal(node, "Slack", name),
        pipelined=_pipelined(node),
        perfect=reading.flag(node, "isPerfectNested", name),
        issue=said(found, "IssueType"),
        violation=said(found, "ViolationType"),
        source=said(found, "SourceLocation"),
        performance=said(node, "PerformancePragma"),
        instances=tuple(child.text for child in node.all("InstanceList", "Instance")),
        loops=_loops_in(reading, node, found),
    )


def _pipelined(node: Node) -> bool | None:
    """Tell whether a loop is a pipeline: versions that do not say so give an interval to those that are."""
    said = node.words("PipelineType")
    if said:
        return said not in ("no", "none")
    if node.child("PipelineII") is not None:
        return True
    return False if node.child("IterationLatency") is not None else None


def read_resources(reading: XmlReading, area: Node | None, of: str) -> tuple[Resource, ...]:
    """Return an `<AreaEstimates>` or `<AreaReport>` that lists what is used and what is there apart."""
    used = area.child("Resources") if area else None
    available = area.child("AvailableResources") if area else None
    tags = [node.tag for node in (*(used.children if used else ()), *(available.children if available else ()))]
    return in_order(
        Resource(
            name=resource_name(tag),
            used=reading.whole(used, tag, of),
            available=reading.whole(available, tag, of),
            stated_name=tag,
        )
        for tag in dict.fromkeys(tags)
    )


def _module_resources(reading: XmlReading, node: Node | None, of: str) -> tuple[Resource, ...]:
    """Return the `<Resources>` of a module, where a share and what is there stand beside each."""
    tags = [child.tag for child in node.children] if node else []
    return in_order(
        Resource(
            name=resource_name(tag),
            used=reading.whole(node, tag, of),
            available=reading.whole(node, f"AVAIL_{_short(tag)}", of),
            percent=reading.text(node, f"UTIL_{_short(tag)}", share, of),
            stated_name=tag,
        )
        for tag in dict.fromkeys(tags)
        if not tag.startswith(("AVAIL_", "UTIL_"))
    )


def _short(tag: str) -> str:
    return {"BRAM_18K": "BRAM", "DSP48E": "DSP"}.get(tag, tag)


def read_binds(reading: XmlReading, module: Node) -> tuple[Bind, ...]:
    """Return the `<BindNode>`s of a module."""
    return tuple(_bind(reading, node) for node in module.all("BindNodes", "BindNode"))


def _bind(reading: XmlReading, node: Node) -> Bind:
    name = node.get("RTLNAME")
    bits, depth, banks = _storage_size(reading, node, name)
    return Bind(
        name=name,
        kind=node.get("BINDTYPE"),
        variable=node.get("VARIABLE"),
        operation=node.get("OPTYPE"),
        implementation=node.get("IMPL"),
        latency=reading.attribute(node, "LATENCY", name),
        loop=node.get("LOOP"),
        source=node.get("SOURCE"),
        pragma=node.get("PRAGMA"),
        usage=node.get("STORAGEUSAGE"),
        subtype=node.get("STORAGESUBTYPE"),
        bundle=node.get("BUNDLEDNAME"),
        bits=bits,
        depth=depth,
        banks=banks,
        visible=reading.attribute_flag(node, "VISIBLE", name),
        number=node.get("ID"),
        resources=tuple(
            Resource(resource_name(tag), reading.attribute(node, tag, name), stated_name=tag)
            for tag in _BOUND
            if tag in node.attributes
        ),
    )


def _storage_size(reading: XmlReading, node: Node, of: str) -> tuple[int | None, int | None, int | None]:
    """Return the bits of a word, the words and the banks, which stand in one attribute."""
    words = node.get("STORAGESIZE").split()
    if len(words) != 3:
        if words:
            reading.note(f"STORAGESIZE of {of} is no three numbers", node.line, node.column)
        return None, None, None
    bits, depth, banks = (reading.whole_of(word, f"STORAGESIZE of {of}", node) for word in words)
    return bits, depth, banks


def said(node: Node | None, tag: str) -> str:
    """Return a text, empty where the tool writes a dash for none."""
    found = node.words(tag) if node else ""
    return "" if found == "-" else found

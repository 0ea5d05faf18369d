"""What Vivado found of a design that HLS exported, as XML: *_export.xml, export_syn.xml and export_impl.xml."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from allo_studio.report.vendor.model import General, Instance, Module, Origin, Timing, VendorReport
from allo_studio.report.vendor.parts import Resource, Slacks, TimingPath
from allo_studio.report.vendor.resources import in_order, note_missing, resource_name
from allo_studio.report.vendor.xml_figures import XmlReading
from allo_studio.report.vendor.xml_modules import read_binds, read_resources
from allo_studio.report.vendor.xml_tree import Node

__all__ = ["is_export_xml", "read_export_xml"]

_STEPS: dict[str, Origin] = {"synth": "synth", "impl": "impl"}
# No cells are nested deeper; it bounds what a damaged file can ask for.
_DEEPEST = 64


def is_export_xml(root: Node) -> bool:
    """Tell whether a tree is what Vivado found of an export."""
    return root.tag == "profile" and any(root.child(tag) for tag in ("TimingReport", "AreaReport"))


def read_export_xml(reading: XmlReading, root: Node) -> VendorReport:
    """Return the report in a tree for which `is_export_xml` holds."""
    times = root.child("TimingReport")
    general = _general(root)
    resources = read_resources(reading, root.child("AreaReport"), "the design")
    met = root.words("TimingReport", "TIMING_MET")
    timing = Timing(
        target_ns=reading.decimal(times, "TargetClockPeriod", "the design"),
        estimated_ns=reading.decimal(times, "AchievedClockPeriod", "the design"),
        synthesized_ns=reading.decimal(times, "CP_SYNTH", "the design"),
    )
    cells = root.all("RtlModules", "RtlModule")
    top = next((node.get("MODULENAME") for node in cells if node.get("IS_TOP") == "1"), "")
    if timing.target_ns is None:
        reading.missing("clock period that was asked for")
    if timing.estimated_ns is None:
        reading.missing("clock period that was reached")
    note_missing(reading, resources)
    return VendorReport(
        origin=_origin(reading, root, resources),
        files=(reading.source.path,),
        general=replace(general, top=top),
        modules=(Module(top, timing=timing, resources=resources),),
        hierarchy=_hierarchy(reading, cells),
        slacks=Slacks(
            wns=reading.decimal(times, "WNS_FINAL", "the design"),
            tns=reading.decimal(times, "TNS_FINAL", "the design"),
            met={"TRUE": True, "FALSE": False}.get(met),
        ),
        paths=tuple(_path(reading, node) for node in root.all("TimingPaths", "TPATH")),
        notes=reading.notes,
    )


def _general(root: Node) -> General:
    said = {node.get("NAME"): node.get("VALUE") for node in root.all("GeneralInfo", "item")}
    solution, _, flow = said.get("Solution", "").partition(" (")
    return General(
        tool="Vivado",
        version=root.words("RunData", "VIVADO_VERSION").removeprefix("v."),
        part=said.get("Target device", ""),
        family=said.get("Product family", ""),
        project=said.get("Project", ""),
        solution=solution,
        flow=flow.removesuffix(")"),
        date=said.get("Date", ""),
    )


def _origin(reading: XmlReading, root: Node, resources: tuple[Resource, ...]) -> Origin:
    """Return the step that the figures are of. Older files do not say so, but only a placed design takes CLBs."""
    said = root.words("RunData", "RUN_TYPE")
    if said in _STEPS:
        return _STEPS[said]
    placed = any(resource.used for resource in resources if resource.name in ("CLB", "SLICE"))
    what = "takes slices, so it is after placement" if placed else "takes no slices, so it is before placement"
    reading.remark(f"it does not say which step it is of: the design {what}")
    return "impl" if placed else "synth"


def _hierarchy(reading: XmlReading, cells: list[Node]) -> Instance | None:
    """Return the tree of cells, each of which is told by its path."""
    first: dict[str, Node] = {}
    for node in cells:
        first.setdefault(node.get("CELL"), node)
    below: dict[str, list[Node]] = {}
    for path, node in first.items():
        below.setdefault(path.rpartition("/")[0], []).append(node)
    tops = below.get("", [])
    return _instance(reading, tops[0], below, 0) if len(tops) == 1 and tops[0].get("CELL") else None


def _instance(reading: XmlReading, node: Node, below: dict[str, list[Node]], depth: int) -> Instance:
    path = node.get("CELL")
    children = below.get(path, []) if depth < _DEEPEST else []
    return Instance(
        module=node.get("MODULENAME"),
        name=node.get("DISPNAME"),
        resources=_attributes(reading, node.child("Resources"), path),
        binds=tuple(bind.variable for bind in read_binds(reading, _wrapped(node)) if bind.variable),
        instances=tuple(_instance(reading, child, below, depth + 1) for child in children),
    )


def _wrapped(node: Node) -> Node:
    """Return a module as `read_binds` takes it: here the bindings stand in no element of their own."""
    holder = Node("BindNodes", {}, node.line, node.column)
    holder.children = node.children
    module = Node(node.tag, {}, node.line, node.column)
    module.children = [holder]
    return module


def _attributes(reading: XmlReading, node: Node | None, of: str) -> tuple[Resource, ...]:
    if node is None:
        return ()
    return in_order(Resource(resource_name(n), reading.attribute(node, n, of), stated_name=n) for n in node.attributes)


def _path(reading: XmlReading, node: Node) -> TimingPath:
    time, number = partial(reading.attribute_decimal, node), partial(reading.attribute, node)
    cells = (child for child in node.children if child.tag == "CELL")
    return TimingPath(
        slack_ns=time("SLACK", "a path"),
        source=node.get("STARTPOINT_PIN"),
        destination=node.get("ENDPOINT_PIN"),
        delay_ns=time("DATAPATH_DELAY", "a path"),
        logic_ns=time("DATAPATH_LOGIC_DELAY", "a path"),
        route_ns=time("DATAPATH_NET_DELAY", "a path"),
        levels=number("LOGIC_LEVELS", "a path"),
        fanout=number("MAX_FANOUT", "a path"),
        cells=tuple((cell.get("NAME"), cell.get("PRIMITIVE_TYPE")) for cell in cells),
    )

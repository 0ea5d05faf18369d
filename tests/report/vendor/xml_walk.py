"""What a csynth.xml says, walked with ElementTree and held against a report: every text and attribute of every element.

`PLACES` says for each place in the file where the model has what stands there; what the file says at a place and what
the model has are compared one by one in the order of the file. A place that is in neither `PLACES` nor `IGNORED` fails,
so that nothing is passed over unseen.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from allo_studio.report.vendor import Loop, Module, Range, VendorReport

Find = Callable[[VendorReport], Iterable[Any]]


def words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


LOOP_FIELDS = words(
    """Name Slack TripCount isPerfectNested Latency AbsoluteTimeLatency IterationLatency PipelineII PipelineDepth
    PipelineType PerformancePragma InstanceList IssueType ViolationType SourceLocation range min max Instance"""
)
LOOPS = ("SummaryOfLoopLatency", "SummaryOfLoopViolations", "Loops")
REPORTS = {"ReportHWInterface": "HW Interfaces", "ReportSWInterface": "SW I/O Information"}
REPORTS["ReportBurst"] = "M_AXI Burst Information"

# Why each of these is not in the model.
IGNORED = {
    "profile/UserAssignments/unit": "always ns; another one is noted, which a test of its own checks",
    "profile/PerformanceEstimates/SummaryOfTimingAnalysis/unit": "as above",
    "profile/PerformanceEstimates/SummaryOfOverallLatency/unit": "always clock cycles, as above",
    "profile/RTLDesignHierarchy/TopModule@MAX_DEPTH": "the depth of the tree, which the tree has",
    "profile/ModuleInformation/Module/BindNodes/BindNode@DISPNAME": "a label made of BINDTYPE and OPTYPE",
    "profile/ModuleInformation/Module/Loops/LOOP": "the names of the loops, with nothing in them",
    "profile/ResolutionUrl": "an address of the vendor's help",
    "profile/ResolutionUrl@key": "as above",
    **{
        f"profile/{report}/section{place}": "how the vendor's window shows a table, or the count of its columns"
        for report in REPORTS
        for place in ("", "@level", "/item/table@isCollapsed", "/item/table/keys@size")
    },
}


def leaves(text: str) -> Iterator[tuple[str, str]]:
    """Yield each text and attribute with its place: a loop is LOOP there, instances in each other are one INSTANCE."""

    def walk(node: ElementTree.Element, place: str, loops: bool) -> Iterator[tuple[str, str]]:
        here = f"{place}/LOOP" if loops and node.tag not in LOOP_FIELDS else f"{place}/{node.tag}"
        here = here.lstrip("/").replace("LOOP/LOOP", "LOOP").replace("InstancesList/Instance", "INSTANCE")
        here = here.replace("INSTANCE/INSTANCE", "INSTANCE")
        for name, value in node.attrib.items():
            yield f"{here}@{name}", value.strip()
        if len(node) == 0 or (node.text or "").strip():
            yield here, (node.text or "").strip()
        for child in node:
            yield from walk(
                child, here, loops or node.tag in ("SummaryOfLoopLatency", "SummaryOfLoopViolations", "Loops")
            )

    root = ElementTree.fromstring(text)
    for latency in root.iter("SummaryOfOverallLatency"):
        interval = latency.find("PipelineInitiationInterval")
        # Where the tool knows no latency it writes 0 for the interval, which is none.
        if latency.findtext("Worst-caseLatency") == "undef" and interval is not None and interval.text == "0":
            interval.text = "undef"
    yield from walk(root, "", False)


def meaning(place: str, text: str) -> Any:
    """Return what a text says, times in ns; None where it says that nothing is known."""
    if place.endswith(("/column", "/keys")):
        return cells(text)
    if text in ("", "undef", "-"):
        return None
    if text in ("true", "false"):
        return text == "true"
    if found := re.fullmatch(r"(-?[0-9.]+) (ns|us|ms|sec)", text):
        return float(found[1]) * {"ns": 1, "us": 1e3, "ms": 1e6, "sec": 1e9}[found[2]]
    if re.fullmatch(r"0x[0-9a-f]+", text):
        return int(text, 16)
    return float(text) if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text) else text


def cells(text: str) -> list[str]:
    found = [cell.strip() for cell in text.split(",")]
    while found and not found[-1]:
        found.pop()
    return found


def loops_of(modules: Iterable[Module]) -> list[Loop]:
    return [loop for module in modules for _, loop in module.all_loops()]


def field_of(path: str) -> Callable[[Any], Any]:
    """Return what follows fields by their names; a range is its one number."""

    def find(row: Any) -> Any:
        for name in path.split("."):
            row = getattr(row, name)
        return row.exact if isinstance(row, Range) else row

    return find


def as_written(value: Range) -> int | str | None:
    return value.low if value.low == value.high else f"{value.low} ~ {value.high}"


def resource(name: str, field: str) -> Callable[[Module], Any]:
    ours = {"BRAM": "BRAM_18K", "DSP48E": "DSP"}.get(name, name)
    return lambda row: next((getattr(r, field) for r in row.resources if r.name == ours), None)


def module_places(prefix: str, modules: Callable[[VendorReport], Iterable[Module]]) -> dict[str, Find]:
    """Return the places of what stands in each module and, for the top, outside of them too."""

    def each(finds: Callable[[Module], Any]) -> Find:
        return lambda report: [finds(module) for module in modules(report)]

    def loops(finds: Callable[[Loop], Any]) -> Find:
        return lambda report: [finds(loop) for loop in loops_of(modules(report))]

    def end(field: str, at: str) -> Find:
        found = lambda report: (getattr(loop, field) for loop in loops_of(modules(report)))  # noqa: E731
        return lambda report: [getattr(r, at) for r in found(report) if r.low != r.high]

    estimates = f"{prefix}PerformanceEstimates/"
    overall, loop = f"{estimates}SummaryOfOverallLatency/", f"{estimates}SummaryOfLoopLatency/LOOP"
    violations = f"{estimates}SummaryOfViolations/"
    timing = {"TargetClockPeriod": "target_ns", "ClockUncertainty": "uncertainty_ns"}
    timing |= {"EstimatedClockPeriod": "estimated_ns", "TargetInitiationInterval": "target_interval"}
    latency = {"PipelineDepth": "depth", "PipelineType": "pipeline"}
    latency |= {"DataflowPipelineThroughput": "throughput", "PerformancePragma": "performance"}
    latency |= {f"{a}-case{b}Latency": f"{c}{d}" for a, c in CASES.items() for b, d in (("", ""), ("RealTime", "_ns"))}
    latency |= {"Interval-min": "interval.low", "Interval-max": "interval.high"}
    said = {"IssueType": "issue", "ViolationType": "violation", "SourceLocation": "source"}
    of_loop = {"Name": "name", "Slack": "slack_ns", "TripCount": "trip_count", "Latency": "latency"}
    of_loop |= {"IterationLatency": "iteration_latency", "PipelineII": "interval", "PipelineDepth": "depth"}
    of_loop |= {
        "PerformancePragma": "performance",
        "isPerfectNested": "perfect",
        "AbsoluteTimeLatency": "latency_ns.low",
    }
    ports = {"name": "name", "Object": "source", "Type": "kind", "Scope": "scope", "IOProtocol": "protocol"}
    ports |= {"IOConfig": "config", "Dir": "direction", "Bits": "bits", "Attribute": "role", "CType": "c_type"}
    ports |= {"HasCtrl": "control"}
    return {
        **{f"{estimates}SummaryOfTimingAnalysis/{tag}": each(field_of(f"timing.{f}")) for tag, f in timing.items()},
        **{f"{overall}{tag}": each(field_of(f"latency.{f}")) for tag, f in latency.items()},
        f"{overall}PipelineInitiationInterval": each(lambda module: as_written(module.latency.initiation)),
        **{
            f"{overall}DataflowPipelineThroughput/range/{at}": each(field_of(f"latency.throughput.{f}"))
            for at, f in (("min", "low"), ("max", "high"))
        },
        **{f"{loop}/{tag}": loops(field_of(f)) for tag, f in of_loop.items()},
        **{
            f"{loop}/{tag}/range/{at}": end(f, {"min": "low", "max": "high"}[at])
            for tag, f in (("TripCount", "trip_count"), ("Latency", "latency"))
            for at in ("min", "max")
        },
        f"{loop}/PipelineType": loops(lambda found: {True: "yes", False: "no", None: None}[found.pipelined]),
        f"{loop}/InstanceList": lambda report: [],
        f"{loop}/InstanceList/Instance": lambda r: [name for found in loops_of(modules(r)) for name in found.instances],
        **{f"{violations}{tag}": each(field_of(f)) for tag, f in said.items()},
        **{f"{violations}SummaryOfLoopViolations/LOOP/{tag}": loops(field_of(f)) for tag, f in said.items()},
        f"{violations}SummaryOfLoopViolations/LOOP/Name": loops(field_of("name")),
        **{f"{prefix}AreaEstimates/Resources/{n}": each(resource(n, "used")) for n in RESOURCES},
        **{
            f"{prefix}InterfaceSummary/RtlPorts/{tag}": (
                lambda r, f=f: [getattr(port, f) for module in modules(r) for port in module.ports]
            )
            for tag, f in ports.items()
        },
    }


def rows(*fields: str) -> Find:
    """Return the last of these fields of the rows in the first field, or of the rows in those."""

    def find(report: VendorReport) -> Iterable[Any]:
        found: list[Any] = list(getattr(report, fields[0]))
        for name in fields[1:-1]:
            found = [part for row in found for part in getattr(row, name)]
        return [getattr(row, fields[-1]) for row in found]

    return find


def attribute(*fields: str, name: str, where: Callable[[Any], bool] = lambda row: True) -> Find:
    """Return one attribute of those that rows have as names and texts."""

    def find(report: VendorReport) -> Iterable[Any]:
        found = [row for row in getattr(report, fields[0]) if where(row)]
        sets = [getattr(row, fields[1]) for row in found]
        sets = [part for several in sets for part in several] if fields[2:] else sets
        return [dict(several).get(name) for several in sets]

    return find


def pragmas(field: str, inferred: bool) -> Find:
    return lambda report: [getattr(p, field) for p in report.pragmas if p.inferred == inferred]


def arguments(find: Callable[[Any], Iterable[Any]], returned: bool = False) -> Find:
    return lambda report: [x for a in report.arguments if (a.name == "return") == returned for x in find(a)]


def instances(find: Callable[[Any], Any], top: bool = False) -> Find:
    return lambda report: [
        find(i) for level, i in (report.hierarchy.walk() if report.hierarchy else ()) if (level == 0) == top
    ]


CASES = {"Best": "best", "Average": "average", "Worst": "worst"}
RESOURCES = ("BRAM_18K", "BRAM", "DSP48E", "DSP", "FF", "LUT", "URAM")
MODULE = "profile/ModuleInformation/Module/"
TOP = "profile/RTLDesignHierarchy/TopModule/"
BIND = {"BINDTYPE": "kind", "BUNDLEDNAME": "bundle", "ID": "number", "IMPL": "implementation", "LATENCY": "latency"}
BIND |= {"LOOP": "loop", "OPTYPE": "operation", "PRAGMA": "pragma", "RTLNAME": "name", "SOURCE": "source"}
BIND |= {"STORAGESUBTYPE": "subtype", "STORAGEUSAGE": "usage", "VARIABLE": "variable", "VISIBLE": "visible"}
INTERFACE = {"InterfaceName": "name", "type": "kind", "busTypeName": "bus", "mode": "mode", "protocol": "protocol"}
INTERFACE |= {"dataWidth": "data_width", "addrWidth": "address_width", "portPrefix": "port_prefix"}
INTERFACE |= {"paramPrefix": "parameter_prefix", "preferredUsageValue": "usage"}
CONSTRAINT = words(
    """constraint_type mode register_option register_mode argName offset latency num_read_outstanding
    num_write_outstanding max_read_burst_length max_write_burst_length max_widen_bitwidth orig_bitwidth final_bitwidth
    channel_id"""
)
PRAGMA = {"type": "kind", "location": "location", "status": "status", "parentFunction": "function"}
PRAGMA |= {"variable": "variable", "options": "options", "isDirective": "directive"}
INFERRED = words(
    """pragmaLocId srcPragmaType srcPragmaLoc srcPragmaSource srcIsDirective varLoc pragmaLocOpt srcPragmaSourceDesc
    srcIsSlxDirective srcIsCsimDirective directiveIni loopName loopLoc"""
)
INTERFACES = "profile/Interfaces/Interface"
REGISTER = f"{INTERFACES}/registers/register"
ARGUMENT = {"ArgName": "name", "index": "index", "direction": "direction", "srcType": "type", "srcSize": "bits"}
HARDWARE = {"type": "kind", "interface": "interface", "name": "name", "usage": "usage", "direction": "direction"}

PLACES: dict[str, Find] = {
    "profile/ReportVersion/Version": lambda r: [r.general.version],
    "profile/UserAssignments/ProductFamily": lambda r: [r.general.family],
    "profile/UserAssignments/Part": lambda r: [r.general.part],
    "profile/UserAssignments/TopModelName": lambda r: [r.general.top],
    "profile/UserAssignments/FlowTarget": lambda r: [r.general.flow],
    "profile/UserAssignments/TargetClockPeriod": lambda r: [r.top.timing.target_ns],
    "profile/UserAssignments/ClockUncertainty": lambda r: [r.top.timing.uncertainty_ns],
    "profile/UserAssignments/TargetInitiationInterval": lambda r: [r.top.timing.target_interval],
    "profile/PerformanceEstimates/PipelineType": lambda r: [r.top.latency.pipeline],
    **module_places("profile/", lambda r: [r.top]),
    **module_places(MODULE, lambda r: r.modules),
    **{
        f"profile/AreaEstimates/AvailableResources/{n}": (lambda r, n=n: [resource(n, "available")(r.top)])
        for n in RESOURCES
    },
    **{
        f"{MODULE}AreaEstimates/Resources/{tag}_{n}": (lambda r, n=n, f=f: [resource(n, f)(m) for m in r.modules])
        for n in RESOURCES
        for tag, f in (("AVAIL", "available"), ("UTIL", "percent"))
    },
    f"{MODULE}Name": rows("modules", "name"),
    f"{MODULE}BindNodes": lambda r: [],
    **{f"{MODULE}BindNodes/BindNode@{tag}": rows("modules", "binds", f) for tag, f in BIND.items()},
    **{
        f"{MODULE}BindNodes/BindNode@{n}": (lambda r, n=n: [resource(n, "used")(b) for m in r.modules for b in m.binds])
        for n in ("BRAM", "DSP", "URAM")
    },
    f"{MODULE}BindNodes/BindNode@STORAGESIZE": lambda r: [
        f"{b.bits} {b.depth} {b.banks}" for m in r.modules for b in m.binds if b.bits is not None
    ],
    f"{TOP}ModuleName": instances(lambda i: i.module, top=True),
    f"{TOP}BindInstances": instances(lambda i: " ".join(i.binds), top=True),
    f"{TOP}INSTANCE/InstName": instances(lambda i: i.name),
    f"{TOP}INSTANCE/ModuleName": instances(lambda i: i.module),
    f"{TOP}INSTANCE/IsCompInst": instances(lambda i: i.compiled),
    f"{TOP}INSTANCE/ID": instances(lambda i: i.number),
    f"{TOP}INSTANCE/BindInstances": instances(lambda i: " ".join(i.binds)),
    "profile/FIFOInformation": lambda r: [],
    "profile/FIFOInformation/FIFOInst/Name": rows("fifos", "name"),
    "profile/FIFOInformation/FIFOInst/ParentInst": rows("fifos", "parent"),
    "profile/FIFOInformation/FIFOInst/StaticDepth": rows("fifos", "depth"),
    "profile/FIFOInformation/FIFOInst/RuntimeDepth": rows("fifos", "counter"),
    "profile/FIFOInformation/FIFOInst/InterfaceList/Interface": lambda r: [s for f in r.fifos for s in f.signals],
    "profile/UserConfigCommands": lambda r: [],
    **{
        f"profile/UserConfigCommands/{command}/ENTRY@{name}": attribute(
            "settings", "options", name=name, where=lambda s, c=command: s.command == c
        )
        for command, names in (
            ("config_op", "impl latency op precision"),
            ("config_storage", "auto_srl_max_bits auto_srl_max_depth impl type"),
        )
        for name in names.split()
    },
    "profile/Args/Arg/hwRefs": lambda r: [],
    **{f"profile/Args/Arg@{tag}": arguments(lambda a, f=f: [getattr(a, f)]) for tag, f in ARGUMENT.items()},
    **{
        f"profile/Args/Arg/hwRefs/hwRef@{tag}": arguments(lambda a, f=f: [getattr(h, f) for h in a.hardware])
        for tag, f in HARDWARE.items()
    },
    "profile/ReturnValue": arguments(lambda a: [a.type, a.bits], returned=True),
    "profile/ReturnValue@ReturnValueName": lambda r: ["srcType", "srcSize", "hwRefs"],
    **{
        f"profile/ReturnValue@{tag}": arguments(lambda a, f=f: [getattr(h, f) for h in a.hardware], returned=True)
        for tag, f in HARDWARE.items()
    },
    **{f"profile/Interfaces/Interface@{tag}": rows("interfaces", f) for tag, f in INTERFACE.items()},
    f"{INTERFACES}/busParams/busParam@busParamName": lambda r: [n for i in r.interfaces for n, _ in i.parameters],
    f"{INTERFACES}/busParams/busParam": lambda r: [t for i in r.interfaces for _, t in i.parameters],
    f"{INTERFACES}/portMaps/portMap@portMapName": lambda r: [p for i in r.interfaces for p, role in i.signals if role],
    f"{INTERFACES}/portMaps/portMap": lambda r: [role for i in r.interfaces for _, role in i.signals],
    f"{INTERFACES}/ports/port": lambda r: [port for i in r.interfaces for port, _ in i.signals],
    **{
        f"{INTERFACES}/constraints/constraint@{n}": attribute("interfaces", "constraints", "each", name=n)
        for n in CONSTRAINT
    },
    **{
        f"{REGISTER}@{tag}": rows("interfaces", "registers", "width" if tag == "range" else tag)
        for tag in ("offset", "name", "access", "description", "range")
    },
    **{
        f"{REGISTER}/fields/field@{tag}": rows("interfaces", "registers", "fields", tag)
        for tag in ("offset", "width", "name", "access", "description")
    },
    REGISTER: lambda r: [],
    **{f"profile/PragmaReport/Pragma@{tag}": pragmas(f, inferred=False) for tag, f in PRAGMA.items()},
    **{f"profile/AutoPragmaReport/AutoPragma@{tag}": pragmas(f, inferred=True) for tag, f in PRAGMA.items()},
    **{
        f"profile/AutoPragmaReport/AutoPragma@{n}": attribute("pragmas", "others", name=n, where=lambda p: p.inferred)
        for n in INFERRED
    },
    **{
        f"profile/PragmaReport/Pragma/Msg@{tag}": rows("pragmas", "messages", f)
        for tag, f in (("msg_id", "number"), ("msg_severity", "severity"), ("msg_body", "text"))
    },
    **{
        f"profile/{tag}/section{place}": (lambda r, s=section, f=find: [f(t) for t in r.tables if t.section == s])
        for tag, section in REPORTS.items()
        for place, find in (("/item@name", lambda t: t.title), ("/item/table/keys", lambda t: list(t.columns)))
    },
    **{
        f"profile/{tag}/section/item/table/column{place}": (
            lambda r, s=section, f=find: [f(row) for t in r.tables if t.section == s for row in t.rows]
        )
        for tag, section in REPORTS.items()
        for place, find in (("@name", lambda row: row[0]), ("", lambda row: cells(",".join(row[1:]))))
    },
}  # fmt: skip
# Each table repeats what stands once at its section.
ONCE = {f"profile/{tag}/section@{name}" for tag in REPORTS for name in ("name", "HEADER_NOTE")}
# What stands behind the instances in an instance, or is sorted otherwise than the ports, has another order in the file.
UNORDERED = {f"{TOP}INSTANCE/BindInstances", f"{INTERFACES}/portMaps/portMap"}
UNORDERED |= {f"{INTERFACES}/portMaps/portMap@portMapName"}


def differences(text: str, report: VendorReport) -> list[str]:
    """Return where a file and the model of it differ, and what the model passes over without a reason."""
    found: dict[str, list[Any]] = {}
    for place, value in leaves(text):
        found.setdefault(place, []).append(meaning(place, value))
    return [fault for place, values in found.items() for fault in _at(place, values, report)]


def _at(place: str, values: list[Any], report: VendorReport) -> Iterator[str]:
    if place in IGNORED:
        return
    said = [value for value in values if value not in (None, [])]
    if place in ONCE:
        of = {t.note if place.endswith("NOTE") else t.section for t in report.tables}
        if report.tables and not set(said) <= of | {"M_AXI Burst Information"} and any(t.note for t in report.tables):
            yield f"{place}: {said}"
        return
    if place not in PLACES:
        if said:
            yield f"{place} is nowhere in the model: {said[:3]}"
        return
    ours = [value for value in PLACES[place](report) if value not in (None, "", [])]
    if place in UNORDERED:
        said, ours = sorted(said), sorted(ours)
    if len(said) != len(ours):
        yield f"{place}: the file has {len(said)} and the model {len(ours)}: {said[:5]} {ours[:5]}"
        return
    yield from (f"{place}: {a!r} is {b!r}" for a, b in zip(said, ours, strict=True) if not _same(place, a, b, report))


def _same(place: str, said: Any, ours: Any, report: VendorReport) -> bool:
    if isinstance(ours, str) and isinstance(said, float):
        return float(ours) == said
    if isinstance(said, float) and not isinstance(ours, bool):
        # A loop's time stands twice, once rounded to three digits behind the point.
        tolerance = 1e-3 if place.endswith("AbsoluteTimeLatency") else 1e-12
        if abs(said - ours) <= tolerance * abs(said):
            return True
        # Real files say two things of what the top takes: the model has one, and its notes both.
        return any(f"{ours} and {said:.0f};" in note.message for note in report.notes)
    return said == ours

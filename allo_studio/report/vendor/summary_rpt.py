"""csynth.rpt of Vitis HLS: the synthesis summary of a whole design as text.

Its tree shows modules (`+`) and loops (`o`) in each other; `*` marks a dataflow region. A dash stands for nothing, be
it unknown or zero.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import partial

from allo_studio.report.vendor.csynth_rpt import nest, read_general
from allo_studio.report.vendor.figures import NoFigure, Range, Times, decimal, range_of, share, times_of, whole
from allo_studio.report.vendor.model import Instance, Latency, Loop, Module, Timing, VendorReport
from allo_studio.report.vendor.parts import Bind, Message, Pragma, Resource
from allo_studio.report.vendor.resources import in_order, resource_name
from allo_studio.report.vendor.text_tables import Row, TextReading, TextTable

__all__ = ["read_summary_rpt"]

_TITLE = re.compile(r"^== Synthesis Summary Report of '(?P<top>[^']+)'", re.MULTILINE)
_MARKED = re.compile(r"(?P<indent>\s*)(?P<mark>[+o])\s+(?P<name>[^\s*][^*]*?)\s*(?P<dataflow>\*?)\s*")
_BOUND = re.compile(r"(?P<indent>\s*)\+\s+(?P<name>\S.*?)\s*")
_USED = re.compile(r"(?P<used>[0-9]+)(\s*\((?P<percent>[^)%]*)%\))?\s*", re.ASCII)
_PLACE = re.compile(r"(?P<place>.*?) in (?P<function>[^\s,]+)(, (?P<variable>\S+))?")
_RESOURCES = ("BRAM", "DSP", "FF", "LUT", "URAM")
# Tables that become values; all others stay tables.
_BIND_OPS, _BIND_STORAGE = "Bind Op Report", ("Bind Storage Report", "Storage Report")
_VALUES = ("Performance & Resource Estimates", _BIND_OPS, *_BIND_STORAGE, "Pragma Report")
_STATUS = {"Valid Pragma Syntax": "valid", "Pragmas with Warnings": "warning", "Ignored Pragmas": "ignored"}


def read_summary_rpt(reading: TextReading) -> VendorReport:
    """Return what a csynth.rpt says."""
    general = read_general(reading, _TITLE)
    table = next((t for t in reading.tables if "Modules & Loops" in t.columns), None)
    if table is None:
        reading.missing("table of modules and loops")
    else:
        reading.want(table, None, *((name,) for name in ("Latency (cycles)", "Interval", "Trip Count", *_RESOURCES)))
    trees = nest(_nodes(reading, table), _Node.around) if table else ()
    modules: dict[str, Module] = {}
    for tree in trees:
        tree.collect(modules)
    if table and general.top not in modules:
        reading.missing(f"row of the top function {general.top}")
    for name, binds in _binds(reading).items():
        modules[name] = replace(modules.get(name, Module(name)), binds=tuple(binds))
    instances = [instance for tree in trees for instance in tree.instances()]
    return VendorReport(
        origin="csynth",
        files=(reading.source.path,),
        general=replace(general, tool=general.tool or "Vitis HLS"),
        modules=tuple(modules.values()),
        hierarchy=instances[0] if len(instances) == 1 else None,
        pragmas=tuple(_pragmas(reading)),
        tables=tuple(t.as_table() for t in reading.tables if t is not table and t.headings and _plain(t)),
        notes=reading.notes,
    )


def _plain(table: TextTable) -> bool:
    return not any(heading in _VALUES for heading in table.headings)


@dataclass(frozen=True)
class _Node:
    """A row of the tree: a module or a loop."""

    module: Module | None
    loop: Loop | None
    nodes: tuple[_Node, ...] = field(default=())

    def around(self, nodes: tuple[_Node, ...]) -> _Node:
        """Return the row with those below it."""
        return replace(self, nodes=nodes)

    def loops(self) -> tuple[Loop, ...]:
        """Return the loops directly below, each with those below it."""
        return tuple(replace(node.loop, loops=node.loops()) for node in self.nodes if node.loop)

    def instances(self) -> tuple[Instance, ...]:
        """Return the instances that this row is, or has below its loops."""
        below = tuple(instance for node in self.nodes for instance in node.instances())
        return (Instance(self.module.name, instances=below),) if self.module else below

    def collect(self, modules: dict[str, Module]) -> None:
        """Add the modules of this row and of those below it; one that is used twice stands twice in the tree."""
        if self.module:
            modules.setdefault(self.module.name, replace(self.module, loops=self.loops()))
        for node in self.nodes:
            node.collect(modules)


def _nodes(reading: TextReading, table: TextTable) -> list[tuple[int, _Node]]:
    found = []
    for row in table.rows:
        marked = _MARKED.fullmatch(row.cells[0][:2000])
        if not marked:
            reading.note("a row of the tree is neither a module (+) nor a loop (o)", row.line, row.starts[0])
            continue
        loop = marked["mark"] == "o"
        node = _Node(None, _loop(reading, table, row, marked["name"])) if loop else None
        module = _module(reading, table, row, marked["name"], bool(marked["dataflow"]))
        found.append((len(marked["indent"]), node or _Node(module, None)))
    return found


def _module(reading: TextReading, table: TextTable, row: Row, name: str, dataflow: bool) -> Module:
    cycles = reading.cell(range_of, Range(), table, row, "Latency (cycles)")
    times = reading.cell(times_of, Times(), table, row, "Latency (ns)")
    said = _said(table.text(row, "Pipelined"))
    return Module(
        name=name,
        timing=Timing(),
        latency=Latency(
            best=cycles.low if cycles.low != cycles.high else None,
            worst=cycles.high,
            worst_ns=times.high,
            initiation=reading.cell(range_of, Range(), table, row, "Interval"),
            pipeline=said or ("dataflow" if dataflow else ""),
        ),
        slack_ns=reading.cell(decimal, None, table, row, "Slack"),
        issue=_said(table.text(row, "Issue Type")),
        resources=_resources(reading, table, row),
    )


def _loop(reading: TextReading, table: TextTable, row: Row, name: str) -> Loop:
    read = partial(reading.cell, range_of, Range(), table, row)
    return Loop(
        name=name,
        trip_count=read("Trip Count"),
        latency=read("Latency (cycles)"),
        latency_ns=reading.cell(times_of, Times(), table, row, "Latency (ns)"),
        iteration_latency=read("Iteration Latency"),
        interval=read("Interval"),
        slack_ns=reading.cell(decimal, None, table, row, "Slack"),
        pipelined={"yes": True, "no": False}.get(table.text(row, "Pipelined")),
        issue=_said(table.text(row, "Issue Type")),
    )


def _resources(reading: TextReading, table: TextTable, row: Row) -> tuple[Resource, ...]:
    found: list[Resource] = []
    unknown: tuple[int | None, str] = (None, "")
    for name in _RESOURCES:
        used, percent = reading.cell(_used, unknown, table, row, name)
        if used is not None:
            found.append(Resource(resource_name(name), used, percent=percent, stated_name=name))
    return in_order(found)


def _used(text: str) -> tuple[int | None, str]:
    """Return the count and the percentage of `39 (17%)`."""
    text = text.strip()
    if text in ("", "-"):
        return None, ""
    found = _USED.fullmatch(text)
    if not found:
        raise NoFigure("a count and its percentage")
    return whole(found["used"]), share(found["percent"] or "")


def _binds(reading: TextReading) -> dict[str, list[Bind]]:
    """Return the bindings of operations and storage by the module that they are in."""
    found: dict[str, list[Bind]] = {}
    for table in reading.tables:
        if not any(heading in (_BIND_OPS, *_BIND_STORAGE) for heading in table.headings):
            continue
        kind = "op" if table.below(_BIND_OPS) else "storage"
        module = ""
        for row in table.rows:
            if named := _BOUND.fullmatch(row.cells[0].rstrip()[:2000]):
                module = named["name"]
            elif row.cells[0].strip():
                found.setdefault(module, []).append(_bind(reading, table, row, kind))
    return found


def _bind(reading: TextReading, table: TextTable, row: Row, kind: str) -> Bind:
    unknown: tuple[int | None, int | None, int | None] = (None, None, None)
    bits, depth, banks = reading.cell(_size, unknown, table, row, "Bitwidth, Depth, Banks")
    names = [name for name in ("BRAM", "DSP", "URAM") if name in table.columns]
    usage = table.text(row, "Usage")
    return Bind(
        name=row.cells[0].strip(),
        kind=kind,
        variable=table.text(row, "Variable"),
        operation=table.text(row, "Op", "Storage") or usage,
        implementation=table.text(row, "Impl"),
        latency=reading.cell(whole, None, table, row, "Latency"),
        pragma=table.text(row, "Pragma"),
        usage=usage,
        subtype=table.text(row, "Type"),
        bits=bits,
        depth=depth,
        banks=banks,
        resources=tuple(
            Resource(resource_name(name), reading.cell(whole, None, table, row, name), stated_name=name)
            for name in names
        ),
    )


def _size(text: str) -> tuple[int | None, int | None, int | None]:
    words = [whole(word) for word in text.split(",")] if text.strip() else [None, None, None]
    if len(words) != 3:
        raise NoFigure("bits, depth and banks")
    return words[0], words[1], words[2]


def _pragmas(reading: TextReading) -> list[Pragma]:
    found = []
    for table in reading.tables:
        if table.below("Pragma Report"):
            title = table.headings[-1]
            found += [_pragma(table, row, title) for row in table.rows]
    return found


def _pragma(table: TextTable, row: Row, title: str) -> Pragma:
    location = table.text(row, "Location")
    place = _PLACE.fullmatch(location[:4000])
    inferred = title.startswith("Inferred")
    source = table.text(row, "Source Pragma")
    message = table.text(row, "Messages")
    return Pragma(
        kind=table.text(row, "Inferred Pragma") if inferred else table.text(row, "Type"),
        location="" if inferred else (place["place"] if place else location),
        status=_STATUS.get(title, "" if inferred else title),
        function=place["function"] if place else "",
        variable=(place["variable"] or "") if place else "",
        options=table.text(row, "Options"),
        inferred=inferred,
        messages=(Message("", "", message),) if message else (),
        others=(("source", source),) if source else (),
    )


def _said(text: str) -> str:
    return "" if text == "-" else text

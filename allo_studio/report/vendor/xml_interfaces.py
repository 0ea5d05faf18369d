"""The outside of a design in a csynth.xml, and its channels, pragmas and ready-made tables."""

from __future__ import annotations

from collections.abc import Iterator

from allo_studio.report.vendor.parts import (
    Argument,
    Attributes,
    Fifo,
    HardwareRef,
    Interface,
    Message,
    Port,
    Pragma,
    Register,
    RegisterField,
    Setting,
    Table,
)
from allo_studio.report.vendor.xml_figures import XmlReading
from allo_studio.report.vendor.xml_tree import Node

__all__ = [
    "read_arguments",
    "read_fifos",
    "read_interfaces",
    "read_ports",
    "read_pragmas",
    "read_settings",
    "read_tables",
]

_PRAGMA = ("type", "location", "status", "parentFunction", "variable", "options", "isDirective")
# The sections in which newer versions write tables as the GUI shows them.
_TABLES = ("ReportHWInterface", "ReportSWInterface", "ReportBurst")


def read_ports(reading: XmlReading, node: Node) -> tuple[Port, ...]:
    """Return the RTL ports of a design or a module."""
    return tuple(_port(reading, port) for port in node.all("InterfaceSummary", "RtlPorts"))


def _port(reading: XmlReading, node: Node) -> Port:
    name = node.words("name")
    return Port(
        name=name,
        direction=node.words("Dir"),
        bits=reading.whole(node, "Bits", name),
        protocol=node.words("IOProtocol"),
        source=node.words("Object"),
        kind=node.words("Type"),
        c_type=node.words("CType"),
        scope=node.words("Scope"),
        config=node.words("IOConfig"),
        role=node.words("Attribute"),
        control=reading.flag(node, "HasCtrl", name),
    )


def read_arguments(reading: XmlReading, root: Node) -> tuple[Argument, ...]:
    """Return the arguments of the top function, and behind them what it returns."""
    found = [_argument(reading, node) for node in root.all("Args", "Arg")]
    parts = {node.get("ReturnValueName"): node for node in root.all("ReturnValue")}
    if parts:
        found.append(_returned(reading, parts))
    return tuple(found)


def _argument(reading: XmlReading, node: Node) -> Argument:
    name = node.get("ArgName")
    return Argument(
        name=name,
        index=reading.attribute(node, "index", name),
        direction=node.get("direction"),
        type=node.get("srcType"),
        bits=reading.attribute(node, "srcSize", name),
        hardware=tuple(_hardware(ref) for ref in node.all("hwRefs", "hwRef")),
    )


def _returned(reading: XmlReading, parts: dict[str, Node]) -> Argument:
    """Return what a function returns: an element for the type, one for its size, one for the port."""
    size, port, kind = parts.get("srcSize"), parts.get("hwRefs"), parts.get("srcType")
    return Argument(
        name="return",
        direction="out",
        type=kind.text if kind else "",
        bits=reading.whole_of(size.text, "srcSize of the return value", size) if size else None,
        hardware=(_hardware(port),) if port else (),
    )


def _hardware(node: Node) -> HardwareRef:
    return HardwareRef(*(node.get(name) for name in ("type", "interface", "name", "usage", "direction")))


def read_interfaces(reading: XmlReading, root: Node) -> tuple[Interface, ...]:
    """Return the interfaces of the RTL."""
    return tuple(_interface(reading, node) for node in root.all("Interfaces", "Interface"))


def _interface(reading: XmlReading, node: Node) -> Interface:
    name = node.get("InterfaceName")
    roles = {port.get("portMapName"): port.text for port in node.all("portMaps", "portMap")}
    return Interface(
        name=name,
        kind=node.get("type"),
        bus=node.get("busTypeName"),
        mode=node.get("mode"),
        protocol=node.get("protocol"),
        data_width=reading.attribute(node, "dataWidth", name),
        address_width=reading.attribute(node, "addrWidth", name),
        port_prefix=node.get("portPrefix"),
        parameter_prefix=node.get("paramPrefix"),
        usage=node.get("preferredUsageValue"),
        signals=tuple((port.text, roles.get(port.text, "")) for port in node.all("ports", "port")),
        parameters=tuple((part.get("busParamName"), part.text) for part in node.all("busParams", "busParam")),
        registers=tuple(_register(reading, register) for register in node.all("registers", "register")),
        constraints=tuple(_attributes(part) for part in node.all("constraints", "constraint")),
    )


def _register(reading: XmlReading, node: Node) -> Register:
    name = node.get("name")
    return Register(
        name=name,
        offset=reading.attribute(node, "offset", name),
        width=reading.attribute(node, "range", name),
        access=node.get("access"),
        description=node.get("description"),
        fields=tuple(_field(reading, field) for field in node.all("fields", "field")),
    )


def _field(reading: XmlReading, node: Node) -> RegisterField:
    name = node.get("name")
    return RegisterField(
        name=name,
        offset=reading.attribute(node, "offset", name),
        width=reading.attribute(node, "width", name),
        access=node.get("access"),
        description=node.get("description"),
    )


def read_fifos(reading: XmlReading, root: Node) -> tuple[Fifo, ...]:
    """Return the channels of the design. Their widths are not here but with the storage of that name."""
    return tuple(_fifo(reading, node) for node in root.all("FIFOInformation", "FIFOInst"))


def _fifo(reading: XmlReading, node: Node) -> Fifo:
    name = node.words("Name")
    return Fifo(
        name=name,
        depth=reading.whole(node, "StaticDepth", name),
        parent=node.words("ParentInst"),
        counter=node.words("RuntimeDepth"),
        signals=tuple(child.text for child in node.all("InterfaceList", "Interface")),
    )


def read_pragmas(reading: XmlReading, root: Node) -> tuple[Pragma, ...]:
    """Return the pragmas of the source, and behind them those that the tool inferred."""
    given = [_pragma(reading, node, inferred=False) for node in root.all("PragmaReport", "Pragma")]
    inferred = [_pragma(reading, node, inferred=True) for node in root.all("AutoPragmaReport", "AutoPragma")]
    return (*given, *inferred)


def _pragma(reading: XmlReading, node: Node, inferred: bool) -> Pragma:
    kind = node.get("type")
    messages = [child for child in node.children if child.tag == "Msg"]
    return Pragma(
        kind=kind,
        location=node.get("location"),
        status=node.get("status"),
        function=node.get("parentFunction"),
        variable=node.get("variable"),
        options=node.get("options"),
        directive=reading.attribute_flag(node, "isDirective", kind),
        inferred=inferred,
        messages=tuple(Message(*(m.get(name) for name in ("msg_id", "msg_severity", "msg_body"))) for m in messages),
        others=tuple((name, text) for name, text in _attributes(node) if name not in _PRAGMA),
    )


def read_settings(root: Node) -> tuple[Setting, ...]:
    """Return the configuration commands: an entry for each operation or kind of storage that they are about."""
    commands = root.child("UserConfigCommands")
    return tuple(
        Setting(command.tag, _attributes(entry))
        for command in (commands.children if commands else ())
        for entry in command.all("ENTRY")
    )


def read_tables(root: Node) -> tuple[Table, ...]:
    """Return the tables of interfaces, arguments and bursts."""
    return tuple(table for tag in _TABLES for table in _tables_below(root.child(tag)))


def _tables_below(node: Node | None) -> Iterator[Table]:
    for section in node.all("section") if node else ():
        for item in section.all("item"):
            for table in item.all("table"):
                yield _table(table, section, item.get("name"))


def _table(node: Node, section: Node, title: str) -> Table:
    columns = tuple(name.strip() for name in node.words("keys").split(","))
    rows = tuple((row.get("name"), *_cells(row.text, len(columns) - 1)) for row in node.all("column"))
    return Table(section.get("name"), title, columns, rows, section.get("HEADER_NOTE"))


def _cells(text: str, count: int) -> list[str]:
    """Return the cells of a row, which commas part.

    The last one may have commas in it, or empty cells behind it; where it has nothing to say it may be left out.
    """
    if count < 1:
        return []
    cells = [cell.strip() for cell in text.split(",")]
    while len(cells) > count and not cells[-1]:
        cells.pop()
    cells += [""] * (count - len(cells))
    return [*cells[: count - 1], ", ".join(cells[count - 1 :])]


def _attributes(node: Node) -> Attributes:
    return tuple((name, text.strip()) for name, text in node.attributes.items())

"""What a report says in detail as text: channels, memories, interfaces, ports, bindings, pragmas, tables."""

from __future__ import annotations

from collections.abc import Iterator

from allo_studio.report.columns import figures_only, section
from allo_studio.report.vendor.model import Module, VendorReport
from allo_studio.report.vendor.parts import Bind, Fifo, Memory, Resource, Table
from allo_studio.report.vendor.resources import RESOURCES
from allo_studio.report.vendor.text_tree import with_figures
from allo_studio.report.vendor.text_words import count

__all__ = ["details", "table_text"]

# What the sections of bindings are called, by the kind of binding.
_BIND_HEAD = (
    "name",
    "in",
    "variable",
    "type",
    "implementation",
    "latency",
    "BRAM",
    "DSP",
    "URAM",
    "bits",
    "depth",
    "banks",
)
_BINDS = {"op": "Bind op", "storage": "Bind storage", "adapter": "Adapters"}


def details(report: VendorReport) -> Iterator[str]:
    """Yield the sections of a report behind those of its figures; some are empty."""
    yield _fifos(report)
    yield _memories(report)
    yield from (table_text(table) for table in report.top.tables)
    yield _ports(report.top)
    yield from (table_text(table) for table in report.tables)
    yield from (_binds(report, kind, title) for kind, title in _BINDS.items())
    yield _pragmas(report)


def _fifos(report: VendorReport) -> str:
    rows = [_fifo("", fifo) for fifo in report.fifos if not _told(report, fifo)]
    rows += [_fifo(module.name, fifo) for module in report.modules for fifo in module.fifos]
    return section("FIFOs", ("channel", "in", "depth", "bits", "size", *RESOURCES), rows, left=2)


def _told(report: VendorReport, fifo: Fifo) -> bool:
    """Tell whether a channel of the design stands in a module too, with all that is known of it there."""
    return any(fifo.name == other.name for module in report.modules for other in module.fifos)


def _fifo(module: str, fifo: Fifo) -> tuple[str, ...]:
    figures = (count(n) for n in (fifo.depth, fifo.bits, fifo.size))
    return (fifo.name, fifo.parent or module or "-", *figures, *_used(fifo.resources))


def _memories(report: VendorReport) -> str:
    rows = [_memory(module.name, memory) for module in report.modules for memory in module.memories]
    return section("Memories", ("memory", "in", "words", "bits", "banks", "size", *RESOURCES), rows, left=2)


def _memory(module: str, memory: Memory) -> tuple[str, ...]:
    figures = (count(n) for n in (memory.words, memory.bits, memory.banks, memory.size))
    return (memory.name, module, *figures, *_used(memory.resources))


def _used(resources: tuple[Resource, ...]) -> Iterator[str]:
    found = {resource.name: resource.used for resource in resources}
    return (count(found.get(name)) for name in RESOURCES)


def _ports(module: Module) -> str:
    rows = [(p.name, p.direction, count(p.bits), p.protocol, p.source, p.kind) for p in module.ports]
    head = ("RTL port", "dir", "bits", "protocol", "source object", "C type")
    return section("Interface", head, rows, left=2, texts=(3, 4, 5))


def _binds(report: VendorReport, kind: str, title: str) -> str:
    rows = [_bind(m.name, bind) for m in report.modules for bind in m.binds if bind.kind == kind and _shown(bind)]
    head, shown = with_figures(_BIND_HEAD, rows, keep=2)
    texts = [i for i, name in enumerate(head) if name in _BIND_HEAD[:5]]
    return section(title, head, shown, left=2, texts=texts)


def _shown(bind: Bind) -> bool:
    """Tell whether the tool's own report shows a binding; those of comparisons and selections it does not."""
    return bind.visible is not False


def _bind(module: str, bind: Bind) -> tuple[str, ...]:
    used = {resource.name: resource.used for resource in bind.resources}
    taken = (count(used.get(name)) for name in ("BRAM_18K", "DSP", "URAM"))
    size = (count(n) for n in (bind.bits, bind.depth, bind.banks))
    operation = bind.operation or bind.subtype
    return (bind.name, module, bind.variable, operation, bind.implementation, count(bind.latency), *taken, *size)


def _pragmas(report: VendorReport) -> str:
    rows = [
        (
            pragma.kind,
            pragma.options,
            ", ".join(filter(None, (pragma.location, pragma.function and f"in {pragma.function}", pragma.variable))),
            "inferred" if pragma.inferred else pragma.status,
            "; ".join(message.text for message in pragma.messages),
        )
        for pragma in report.pragmas
    ]
    if not any(row[4] for row in rows):
        return section("Pragmas", ("pragma", "options", "place", "status"), [row[:4] for row in rows], left=4)
    return section("Pragmas", ("pragma", "options", "place", "status", "message"), rows, left=5)


def table_text(table: Table) -> str:
    """Return a table of the report as it is; its columns with texts in them are found from the rows."""
    if not table.rows:
        return ""
    texts = [i for i, column in enumerate(zip(*table.rows, strict=True)) if not figures_only(column)]
    title = f"{table.section}: {table.title}" if table.section and table.title else table.title or table.section
    return section(title, table.columns, table.rows, left=0, texts=texts, tall=True)

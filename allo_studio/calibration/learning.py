"""What reports show of operators and memories: figures of cores that they list by name, and nothing else.

A total, such as the latency of a loop, has many causes: it is compared (`comparison`) and nothing is fitted to it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from allo_studio.calibration.cores import Core, core_name, parse_core
from allo_studio.calibration.evidence import Evidence
from allo_studio.diagnostics import Diagnostic
from allo_studio.hardware.calibration import (
    MOST_LATENCY,
    MOST_READ_LATENCY,
    MOST_TAKEN,
    CalibratedMemory,
    CalibratedOperator,
    Calibration,
    ReportOrigin,
)
from allo_studio.hardware.devices import Device
from allo_studio.hardware.operator_table import CORE_KINDS
from allo_studio.hardware.operators import OperatorLibrary
from allo_studio.report.vendor import Module, Resource, VendorReport
from allo_studio.types import MOST_BITS

__all__ = ["Learned", "learn"]

# The operator that is the same in DSPs, for which the library has figures of their own.
_IN_DSPS = {"fadd": "fadd_dsp"}
_MEMORIES = ("ram", "rom")
_MOST_NAMED = 8
# More of a text is no date and no version.
_MOST_TEXT = 200


@dataclass(frozen=True)
class Learned:
    """What reports show, None where they show nothing; `notes` tell what was not taken, and why."""

    calibration: Calibration | None
    notes: tuple[Diagnostic, ...]


@dataclass
class _Seen:
    """What one file says of a core: its instances, and how often each figure of a resource is given."""

    report: VendorReport
    instances: set[tuple[str, str]] = field(default_factory=set)
    resources: dict[str, Counter[int]] = field(default_factory=dict)

    def add(self, where: str, name: str, resources: Sequence[Resource]) -> None:
        self.instances.add((where, name))
        for resource in resources:
            if resource.name in CORE_KINDS and resource.used is not None and 0 <= resource.used <= MOST_TAKEN:
                self.resources.setdefault(resource.name, Counter())[resource.used] += 1


# What files say of each core, by the core's name and the file's.
_Cores = dict[str, tuple[Core, dict[str, _Seen]]]


def learn(evidence: Evidence, library: OperatorLibrary, device: Device, root: Path) -> Learned:
    """Return what reports show of the operators and memories of a library.

    Files below `root`, the project's folder, are named from there on.
    """
    notes: list[Diagnostic] = []
    cores: _Cores = {}
    left: Counter[str] = Counter()
    for report in evidence.files:
        for module in report.modules:
            _take(report, module, cores, left, notes)
    by_operator: dict[str, list[CalibratedOperator]] = {}
    for core, seen in cores.values():
        if not _has(library, core) or core.latency > MOST_LATENCY:
            left[core.name] += 1
            continue
        by_operator.setdefault(_column(core, seen, library), []).append(_figures(core, seen, root))
    operators = [_chosen(name, found, notes) for name, found in sorted(by_operator.items())]
    operators = sorted(_completed(operators, library), key=lambda operator: operator.name)
    if left:
        names = ", ".join(sorted(left)[:_MOST_NAMED]) + (", …" if len(left) > _MOST_NAMED else "")
        notes.append(_note(f"these cores stand for no operator of the library and are left out: {names}"))
    memory = _memory(evidence, root, notes)
    if not operators and memory is None:
        return Learned(None, tuple(notes))
    found = Calibration(device.name, library.family, library.clock_ns, tuple(operators), memory)
    return Learned(found, tuple(notes))


def _take(report: VendorReport, module: Module, cores: _Cores, left: Counter[str], notes: list[Diagnostic]) -> None:
    """Add what a module's bindings and instances say of cores; those of no operator are counted in `left`."""
    for name, latency, resources in _listed(module):
        core = parse_core(name)
        if core is None:
            if latency:
                left[core_name(name)] += 1
            continue
        if latency is not None and latency != core.latency:
            message = f"{name} has a latency of {latency}, and its name says {core.latency}: it is left out"
            notes.append(_note(message, report.files[0], "warning"))
            continue
        _, seen = cores.setdefault(core.name, (core, {}))
        seen.setdefault(report.files[0], _Seen(report)).add(module.name, name, resources)


def _listed(module: Module) -> Iterator[tuple[str, int | None, tuple[Resource, ...]]]:
    """Yield what a module lists: the name of an instance, its latency where that is told apart, its resources."""
    for bind in module.binds:
        if bind.kind == "op" and bind.name:
            yield bind.name, bind.latency, bind.resources
    for instance in module.instances:
        # Some versions shorten the one name or the other.
        name = instance.name if parse_core(instance.name) else instance.module
        if parse_core(name):
            yield (instance.name if name == instance.name else f"{name}_U0"), None, instance.resources


def _has(library: OperatorLibrary, core: Core) -> bool:
    """Tell whether a library has the operator of a core for its type."""
    types = library.names.get(core.operator, ())
    return core.type in types or ("int" in types and 1 <= int(core.type) <= MOST_BITS)


def _column(core: Core, seen: Mapping[str, _Seen], library: OperatorLibrary) -> str:
    """Return the operator whose figures a core gives: floats that the library has in fabric and in DSPs are two."""
    in_dsps = core.in_dsps
    if in_dsps is None:
        in_dsps = any(used for one in seen.values() for used in one.resources.get("DSP", ()))
    other = _IN_DSPS.get(core.operator, "")
    return f"{other}.{core.type}" if in_dsps and core.type in library.names.get(other, ()) else core.full_name


def _figures(core: Core, seen: Mapping[str, _Seen], root: Path) -> CalibratedOperator:
    """Return the figures of a core, all from the one file that tells the most of them."""
    best = max(seen.values(), key=lambda one: len(one.resources))
    # Where instances differ a little, most of them have the same.
    resources = tuple(
        (kind, max(counts, key=lambda used: (counts[used], used)))
        for kind in CORE_KINDS
        if (counts := best.resources.get(kind))
    )
    instances = len(set().union(*(one.instances for one in seen.values())))
    return CalibratedOperator(core.full_name, core.latency, resources, core.name, instances, _origin(best.report, root))


def _chosen(name: str, found: Sequence[CalibratedOperator], notes: list[Diagnostic]) -> CalibratedOperator:
    """Return the core of the most instances among several for one operator, of equally many the slowest."""
    most = max(found, key=lambda one: (one.instances, one.latency, one.core))
    others = [f"{one.instances} are {one.core}" for one in found if one is not most]
    if others:
        message = f"{name}: {most.instances} instances are {most.core}, whose figures are taken; {'; '.join(others)}"
        notes.append(_note(message, most.origin.file))
    return replace(most, name=name)


def _completed(operators: Sequence[CalibratedOperator], library: OperatorLibrary) -> Iterator[CalibratedOperator]:
    """Yield operators; one that reports show only in fabric, or only in DSPs, is the same wherever it is asked for."""
    names = {operator.name for operator in operators}
    for operator in operators:
        yield operator
        for fabric, in_dsps in _IN_DSPS.items():
            base, _, type = operator.name.partition(".")
            other = {fabric: in_dsps, in_dsps: fabric}.get(base)
            if other and f"{other}.{type}" not in names and type in library.names.get(other, ()):
                yield replace(operator, name=f"{other}.{type}")


def _memory(evidence: Evidence, root: Path, notes: list[Diagnostic]) -> CalibratedMemory | None:
    """Return the read latency of memories, where the reports show one for all."""
    found: dict[int, set[tuple[str, str]]] = {}
    first: dict[int, VendorReport] = {}
    for report in evidence.files:
        for module in report.modules:
            for bind in module.binds:
                is_memory = bind.kind == "storage" and bind.operation.startswith(_MEMORIES)
                if is_memory and bind.latency and 1 <= bind.latency <= MOST_READ_LATENCY:
                    found.setdefault(bind.latency, set()).add((module.name, bind.name))
                    first.setdefault(bind.latency, report)
    if len(found) > 1:
        told = "; ".join(f"{len(names)} of {latency}" for latency, names in sorted(found.items()))
        notes.append(_note(f"memories have several read latencies, of which none is taken: {told}"))
    if len(found) != 1:
        return None
    ((latency, names),) = found.items()
    return CalibratedMemory(latency, len(names), _origin(first[latency], root))


def _origin(report: VendorReport, root: Path) -> ReportOrigin:
    file, general = Path(report.files[0]), report.general
    shown = file.resolve()
    shown = shown.relative_to(root.resolve()) if shown.is_relative_to(root.resolve()) else file
    texts = (general.tool, general.version, general.part, general.date or _changed(file))
    return ReportOrigin(shown.as_posix(), *(text[:_MOST_TEXT] for text in texts))


def _changed(file: Path) -> str:
    """Return the day on which a file was written: XML does not say when the tool was run."""
    try:
        return f"{datetime.fromtimestamp(file.stat().st_mtime, UTC):%Y-%m-%d}"
    except OSError:
        return ""


def _note(message: str, where: str = "", severity: str = "note") -> Diagnostic:
    return Diagnostic("calibration", message, where=where, severity=severity)  # type: ignore[arg-type]

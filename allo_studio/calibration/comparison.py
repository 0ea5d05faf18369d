"""A vendor's figures of functions and loops beside those predicted by the tool's rules, with two operator libraries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from allo_studio.backends.vitis import FunctionName, function_names, loop_labels
from allo_studio.calibration.evidence import Evidence
from allo_studio.design.estimate import PartEstimates, estimate_parts
from allo_studio.design.model import Target
from allo_studio.design.region import IpProcess, LeafProcess
from allo_studio.design.timing import SizedDesign, leaf_processes
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.hardware.calibration import ComparedFigure
from allo_studio.hardware.estimate import LoopEstimate, loop_estimates
from allo_studio.hardware.nest import held_buffers
from allo_studio.hardware.resources import Resources, memory_resources, operator_resources
from allo_studio.hardware.schedule import HardwareSchedule
from allo_studio.ir import KernelIR
from allo_studio.report.joined import loop_figures
from allo_studio.report.model import RESOURCES
from allo_studio.report.vendor import Loop, Module
from allo_studio.report.vendor.matching import ReportNames

__all__ = ["Prediction", "compare", "predictions"]

_MOST_NAMED = 8
# Figures by what they are.
_Figures = dict[str, int | None]


@dataclass(frozen=True)
class Prediction:
    """What is predicted of a function or loop of the report: its place in the design, the vendor's figures, ours."""

    where: str
    vendor: Mapping[str, int]
    ours: Mapping[str, int | None]


def compare(before: Mapping[str, Prediction], after: Mapping[str, Prediction]) -> tuple[ComparedFigure, ...]:
    """Return the figures of both predictions, in the order of the design."""
    found = []
    for where in dict.fromkeys((*before, *after)):
        old, new = before.get(where), after.get(where)
        vendor = {**(old.vendor if old else {}), **(new.vendor if new else {})}
        for figure, value in vendor.items():
            ours = tuple(one.ours.get(figure) if one else None for one in (old, new))
            if ours != (None, None):
                found.append(ComparedFigure(where, figure, value, *ours))
    return tuple(found)


def predictions(
    sized: SizedDesign, target: Target, evidence: Evidence, totals: Mapping[str, int]
) -> tuple[dict[str, Prediction], tuple[Diagnostic, ...]]:
    """Return what is predicted of each function and loop that a report has, by its place in the design, and notes.

    `totals` are the resources of the whole design as it was sized. Raises AlloError (code `calibration`)
    where no function of the report is of the design.
    """
    return _Predictor(sized, target, evidence, totals).all()


class _Predictor:
    def __init__(self, sized: SizedDesign, target: Target, evidence: Evidence, totals: Mapping[str, int]) -> None:
        self.sized, self.evidence, self.totals = sized, evidence, totals
        self.names = ReportNames(evidence.design)
        self.functions = function_names(sized.region, target)
        self.blocks = {process.path: process for process in leaf_processes(sized.region)}
        self.parts: PartEstimates = estimate_parts(sized.region, sized.library)
        self.notes: list[Diagnostic] = []

    def all(self) -> tuple[dict[str, Prediction], tuple[Diagnostic, ...]]:
        found: dict[str, Prediction] = {}
        missing: list[str] = []
        around: list[str] = []
        # The whole before its parts: regions come last in the C++.
        for function in sorted(self.functions, key=lambda f: (f.path.count("/"), bool(f.symbol))):
            module = self.names.module(function.name)
            if not function.path:
                # What moves arrays into the design and out of it is not predicted.
                around += [function.name] if module else []
                continue
            rows = list(self._function(function, module))
            if module is None and not rows:
                missing.append(function.name)
            found.update((row.where, row) for row in rows)
        if not found and not around:
            names = ", ".join(sorted(missing)[:_MOST_NAMED])
            message = f"the reports have none of the functions of the design ({names})"
            hint = "give reports of the C++ that `allo-studio build` wrote for this project"
            raise AlloError(Diagnostic("calibration", message, where=", ".join(self.evidence.design.files), hint=hint))
        self._note_left(missing)
        return found, tuple(self.notes)

    def _note_left(self, missing: list[str]) -> None:
        if missing:
            self._note(f"the reports do not have these functions of the design: {_listed(missing)}")
        left = [name for name in self.names.left() if name not in {f.name for f in self.functions}]
        if left:
            self._note(f"these functions of the reports are none of the design's and are not compared: {_listed(left)}")

    def _note(self, message: str, severity: str = "note") -> None:
        self.notes.append(Diagnostic("calibration", message, severity=severity))  # type: ignore[arg-type]

    def _function(self, function: FunctionName, module: Module | None) -> Iterator[Prediction]:
        """Yield what is predicted of a function, then of its loops."""
        process = self.blocks.get(function.path) if function.symbol else None
        if module:
            vendor = _of_module(module)
            ours = self._of_function(function, process)
            if function.name == self.evidence.design.general.top and self.evidence.cosim_cycles is not None:
                vendor["co-simulated latency"], ours["co-simulated latency"] = (
                    self.evidence.cosim_cycles,
                    self.parts.cosim,
                )
            called = process is not None and function.symbol != process.ir.name
            where = f"{function.path} {function.symbol}" if called else function.path
            yield Prediction(where, vendor, ours)
        if process is not None and not isinstance(process, IpProcess):
            yield from self._loops(function, process)

    def _of_function(self, function: FunctionName, process: LeafProcess | None) -> _Figures:
        if process is None:
            totals = self._totals() if function.path == self.sized.region.path else {}
            return {"latency": self.parts.latencies.get(function.path), **totals}
        if function.symbol != process.ir.name:
            # What a callee takes in all is not known apart from its caller.
            return {}
        schedule = self.parts.schedules[function.path]
        counts = _resources(schedule).counts
        return {"latency": self.parts.latencies.get(function.path), **{kind: counts[kind] for kind in RESOURCES}}

    def _totals(self) -> dict[str, int]:
        """Return the resources of the whole design with the cores that the tool chooses."""
        found = Counter(self.totals)
        for path, timing in self.sized.processes.items():
            if not isinstance(timing.process, IpProcess):
                found.update(_resources(self.parts.schedules[path]).counts)
                found.subtract(timing.schedule.resources.counts)
        return {kind: found[kind] for kind in RESOURCES}

    def _loops(self, function: FunctionName, process: LeafProcess) -> Iterator[Prediction]:
        kernel: KernelIR = process.ir if function.symbol == process.ir.name else process.ir.at(function.symbol)
        loops = kernel.loops()
        labels = loop_labels(loops)
        within = "" if kernel is process.ir else f"{function.symbol}:"
        for estimated in loop_estimates(self.parts.schedules[function.path]):
            if estimated.function != function.symbol:
                continue
            nest = [labels[number] for number in estimated.loops]
            found = self.names.loop(function.name, nest)
            if found is None:
                continue
            where = f"{function.path} {within}{'/'.join(loops[number].id for number in estimated.loops)}"
            if found.name == "_".join(nest) and None not in (found.trip_count.high, estimated.trips):
                self._same_trips(where, found, estimated)
            yield Prediction(where, _of_loop(found), _of_estimate(estimated))

    def _same_trips(self, where: str, found: Loop, estimated: LoopEstimate) -> None:
        if found.trip_count.high != estimated.trips:
            message = (
                f"{where} has {found.trip_count.high} iterations in the report and {estimated.trips} in the design"
            )
            self._note(f"{message}: it may be of an earlier version", "warning")


def _listed(names: list[str]) -> str:
    return ", ".join(sorted(names)[:_MOST_NAMED]) + (", …" if len(names) > _MOST_NAMED else "")


def _of_module(module: Module) -> dict[str, int]:
    used = {resource.name: resource.used for resource in module.resources}
    return _counts({"latency": module.latency.worst, **{kind: used.get(kind) for kind in RESOURCES}})


def _of_loop(loop: Loop) -> dict[str, int]:
    return _counts(loop_figures(loop))


def _counts(figures: Mapping[str, int | None]) -> dict[str, int]:
    """Return the figures that a report has; one below 0 is no count of anything."""
    return {name: value for name, value in figures.items() if value is not None and value >= 0}


def _of_estimate(loop: LoopEstimate) -> _Figures:
    return {"latency": loop.latency, "iteration latency": loop.iteration, "II": loop.interval}


def _resources(schedule: HardwareSchedule) -> Resources:
    """Return what a kernel takes with the cores that the tool chooses."""
    total = Resources()
    for function in schedule.functions.values():
        used = held_buffers(function.items)
        own = memory_resources((s for s in function.storages if s.key in used), schedule.library.family)
        total += operator_resources(function.items, schedule.library) + own
    return total

"""From a loaded project to a build: the only file that knows all stages. Every stage's result is a value."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypeVar

from numpy.typing import NDArray

from allo_studio.backends.rtl.cancelling import cancelling
from allo_studio.backends.rtl.emit import RtlDesign, generate, verilog_files
from allo_studio.backends.rtl.worker import WorkerCancelled
from allo_studio.backends.vitis import compilation, emit, tolerance_of, write
from allo_studio.collection import no_collection
from allo_studio.design.check import check
from allo_studio.design.check_notes import with_places
from allo_studio.design.checked import CheckedDesign
from allo_studio.design.elaborate import elaborate
from allo_studio.design.estimate import DesignEstimate, estimate_design
from allo_studio.design.model import Project
from allo_studio.design.prepare import prepare, with_orders
from allo_studio.design.region import Region
from allo_studio.design.timing import SizedDesign, leaf_processes, size_design
from allo_studio.diagnostics import AlloError, Diagnostic, has_errors
from allo_studio.hardware.dependent import timing_depends
from allo_studio.hardware.devices import Device, find_device
from allo_studio.hardware.operators import OperatorLibrary, load_operators, profile_families, profile_names
from allo_studio.hardware.schedule import Run
from allo_studio.project import LoadedProject, sources
from allo_studio.project.ip import IpBlocks
from allo_studio.report import REPORT_FILE, Report, SimulationRow, document, dump
from allo_studio.report.assemble import assemble_report
from allo_studio.report.folder import replacing
from allo_studio.simulate.blame import require_no_models, whose_fault
from allo_studio.simulate.child import SimulationCancelled
from allo_studio.simulate.compare import compare
from allo_studio.simulate.csim import CSimResult
from allo_studio.simulate.csim import run as run_csim
from allo_studio.simulate.cycle.design import CycleRun
from allo_studio.simulate.cycle.export import testbench_files
from allo_studio.simulate.cycle.run import run_rtl
from allo_studio.simulate.data import require_memory
from allo_studio.simulate.jit import evaluate_jit, record_runs
from allo_studio.simulate.reference import evaluate
from allo_studio.simulate.sizes import all_inputs, greatest_inputs, meant, sizes_of

__all__ = [
    "Artifact",
    "BuildResult",
    "Cancelled",
    "Progress",
    "build",
    "check_project",
    "estimate_project",
    "predict",
    "simulate",
    "size_project",
]

PROFILE = "vitis"
# The operators that our own RTL has.
RTL_PROFILE = "open"
Target = Literal["hls", "rtl"]
Engine = Literal["hls", "rtl", "jit"]
# Invocations that a cycle simulation runs back to back.
_INVOCATIONS = 4
# More cycles than these take too long to simulate.
_MOST_CYCLES = 2_000_000_000
# Beyond these, one invocation is simulated, and FIFOs are not watched.
_MOST_WATCHED = 5_000_000
# What some work makes.
Made = TypeVar("Made")


class Cancelled(Exception):
    """Raised where the person cancelled; nothing half-made is left."""


@dataclass(frozen=True)
class Progress:
    """How far a build is: the stage, what it does, and the fraction of the whole that is done (0 to 1)."""

    stage: str
    message: str
    fraction: float


@dataclass(frozen=True)
class Artifact:
    """A file that a build made."""

    kind: str
    path: Path


@dataclass(frozen=True)
class BuildResult:
    """What a build or simulation gave. `ok` is False where a simulation found a difference."""

    report: Report
    artifacts: tuple[Artifact, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether there is no error among the diagnostics."""
        return not has_errors(self.diagnostics)


@dataclass
class _Run:
    """Tells progress and asks whether to go on, between stages."""

    progress: Callable[[Progress], None] | None
    cancel: Callable[[], bool] | None
    stages: Sequence[str]
    number: int = field(default=0)

    def stage(self, message: str) -> None:
        """Enter the next stage; raises Cancelled."""
        if self.cancel and self.cancel():
            raise Cancelled
        if self.progress:
            self.progress(Progress(self.stages[self.number], message, self.number / len(self.stages)))
        self.number += 1

    def end(self) -> None:
        """Tell that all is done."""
        if self.progress:
            self.progress(Progress("done", "done", 1.0))


@no_collection()
def check_project(loaded: LoadedProject, project: Project | None = None) -> CheckedDesign:
    """Check a project, or an edited `project` of the same folder: structure, types, layouts and FIFO order."""
    edited = project is not None and project != loaded.project
    files = sources(loaded.root)
    spans = None if edited else loaded.spans
    checked = check(project or loaded.project, files, spans, files.array, IpBlocks(files))
    try:
        checked = with_orders(checked, _target(checked.project)[1])
    except AlloError as error:
        checked = replace(checked, diagnostics=(*checked.diagnostics, *error.diagnostics))
    if edited:
        return checked
    return replace(checked, diagnostics=with_places(checked.project, checked.diagnostics, loaded.spans))


def size_project(
    loaded: LoadedProject, project: Project | None = None, library: OperatorLibrary | None = None
) -> SizedDesign:
    """Check, elaborate, schedule and size a project; raises AlloError. `library` replaces the target's operators."""
    checked = check_project(loaded, project)
    if not checked.ok:
        raise AlloError(checked.diagnostics)
    return _size(checked, library or _target(checked.project)[1], models=False).design


@no_collection()
def estimate_project(
    loaded: LoadedProject,
    project: Project | None = None,
    loops: Mapping[str, Collection[str]] | None = None,
    streams: Collection[str] = (),
) -> DesignEstimate:
    """Return the latencies that Vitis HLS would report, by its rules (`design.estimate`); raises AlloError.

    `loops` names, by instance path, loops whose bodies are dataflow regions, and `streams` the ids of buffers that are
    declared as streams although they are not in order.
    """
    checked = check_project(loaded, project)
    if not checked.ok:
        raise AlloError(checked.diagnostics)
    target = checked.project.target
    library = load_operators(PROFILE, target.clock_ns, find_device(target.device).family)
    prepared = prepare(checked, library)
    region = elaborate(prepared.project, prepared.leaves, prepared.plan)
    return estimate_design(region, library, loops or {}, streams)


@dataclass(frozen=True)
class _Sized:
    """A design that was checked, elaborated and sized. `runs` tell the cycles of kernels that depend on data."""

    checked: CheckedDesign
    region: Region
    runs: Mapping[str, Run]
    design: SizedDesign

    def others(self) -> list[SizedDesign]:
        """Return the design in the other operator libraries that have figures for it."""
        found = []
        library, target = self.design.library, self.checked.project.target
        for profile in profile_names():
            if profile == library.profile:
                continue
            try:
                other = load_operators(profile, library.clock_ns, library.family)
                found.append(size_design(self.region, other, target.fifo_margin, self.runs, target.fifo_bits))
            except AlloError:
                # It has no figures for this device or clock, or its timing deadlocks at depths that were asked for.
                continue
        return found


def _size(checked: CheckedDesign, library: OperatorLibrary, models: bool = True) -> _Sized:
    """Elaborate and size a design. Without `models` no code of external blocks is run: raises AlloError (code `ip`)
    where the cycles cannot be known otherwise.
    """
    prepared = prepare(checked, library)
    region = elaborate(prepared.project, prepared.leaves, prepared.plan)
    runs = _runs(region, models)
    target = checked.project.target
    return _Sized(checked, region, runs, size_design(region, library, target.fifo_margin, runs, target.fifo_bits))


def _runs(region: Region, models: bool) -> Mapping[str, Run]:
    """Return the runs on the test data that tell the cycles of kernels whose control depends on data."""
    if all(timing_depends(process.ir) is None for process in leaf_processes(region)):
        return {}
    if not models:
        require_no_models(region)
    require_memory(region.ports)
    return record_runs(region, greatest_inputs(region))


def build(
    loaded: LoadedProject,
    out: Path,
    *,
    target: Target = "hls",
    project: Project | None = None,
    simulate: bool = True,
    progress: Callable[[Progress], None] | None = None,
    cancel: Callable[[], bool] | None = None,
) -> BuildResult:
    """Build a project's hardware into the folder `out`, simulate it, and write its report there.

    The target `hls` is C++ for Vitis HLS, which is run as C++; `rtl` is SystemVerilog, which is run cycle by cycle.
    `project` is an edited project of the same folder. The folder is replaced as a whole when all is done. Raises
    AlloError for faults of the design (or code `tool` where a tool failed), and Cancelled. A simulation that differs
    from the reference is an error among the result's diagnostics.
    """
    stages = ("check", "schedule", "generate", *(("simulate",) if simulate else ()), "report")
    run = _Run(progress, cancel, stages)
    ready, device = _prepare(loaded, project, run, target)
    checked, sized = ready.checked, ready.design
    run.stage("writing HLS C++" if target == "hls" else "writing SystemVerilog")
    design = generate(sized) if target == "rtl" else None
    with replacing(out, loaded.root) as folder:
        if design is None:
            files = emit(sized.region, checked.project.target, checked.project.name, device.part)
        else:
            files = _cancellable(cancel, lambda: verilog_files(design))
        write(files, folder)
        found: SimulationRow | None = None
        cycles: CycleRun | None = None
        faults: tuple[Diagnostic, ...] = checked.diagnostics
        if simulate:
            run.stage("compiling and running the simulation")
            if design is None:
                found, more = _c_simulation(sized, folder, cancel)
            else:
                found, cycles, more = _rtl_simulation(design, cancel)
                files |= _testbench(design, folder)
            faults += more
        run.stage("writing the report")
        report = assemble_report(checked.project, sized, device, found, ready.others(), cycles)
        artifacts = [Artifact(_kind(name), out / name) for name in files]
        artifacts.append(Artifact("report", out / REPORT_FILE))
        status: Literal["ok", "error"] = "error" if has_errors(faults) else "ok"
        text = dump(document(status, faults, report, artifacts))
        write({REPORT_FILE: text}, folder)
    run.end()
    return BuildResult(report, tuple(artifacts), faults)


def predict(loaded: LoadedProject, project: Project | None = None) -> tuple[Report, tuple[Diagnostic, ...]]:
    """Return the report of a project that is checked, scheduled and sized but neither generated nor simulated.

    Where cycles depend on data the kernels are run by the JIT. Raises AlloError for faults of the design, and where an
    external block's model would have to be run for that.
    """
    ready, device = _prepare(loaded, project, _Run(None, None, ("check", "schedule")), models=False)
    report = assemble_report(ready.checked.project, ready.design, device, None, ready.others())
    return report, ready.checked.diagnostics


def simulate(
    loaded: LoadedProject,
    *,
    target: Engine = "hls",
    project: Project | None = None,
    waves: Path | None = None,
    progress: Callable[[Progress], None] | None = None,
    cancel: Callable[[], bool] | None = None,
) -> BuildResult:
    """Run a project on random data in one engine and compare every element with the reference; writes nothing.

    Only `rtl` can write `waves`, the waveform of the first invocation, to a VCD file.

    `hls` compiles and runs the generated C++, `rtl` runs the circuits cycle by cycle, `jit` each kernel's final IR by
    LLVM. Raises as `build`.
    """
    run = _Run(progress, cancel, ("check", "schedule", "simulate"))
    ready, device = _prepare(loaded, project, run, target)
    checked, sized = ready.checked, ready.design
    run.stage(f"running on data ({target})")
    cycles: CycleRun | None = None
    if target == "jit":
        found, faults = _jit_simulation(sized)
    elif target == "rtl":
        found, cycles, faults = _rtl_simulation(generate(sized), cancel, waves)
    else:
        with tempfile.TemporaryDirectory(prefix="allo-") as name:
            write(emit(sized.region, checked.project.target, checked.project.name, device.part), Path(name))
            found, faults = _c_simulation(sized, Path(name), cancel)
    run.end()
    report = assemble_report(checked.project, sized, device, found, ready.others(), cycles)
    return BuildResult(report, (), (*checked.diagnostics, *faults))


def _target(project: Project, target: Engine = "hls") -> tuple[Device, OperatorLibrary]:
    """Return the device and the operator library; raises AlloError (code `target`)."""
    device = find_device(project.target.device)
    profile = RTL_PROFILE if target == "rtl" else profile_for(device)
    library = load_operators(profile, project.target.clock_ns, device.family)
    # Every design adds and multiplies: ask now, so that a clock without figures is told as such.
    library.operator("fadd", "f32")
    return device, library


def profile_for(device: Device) -> str:
    """Return the operator library that figures are of: the vendor's where it has the device's family, else our own."""
    return PROFILE if device.family in profile_families(PROFILE) else "open"


def _prepare(
    loaded: LoadedProject, project: Project | None, run: _Run, target: Engine = "hls", models: bool = True
) -> tuple[_Sized, Device]:
    run.stage("checking the design")
    checked = check_project(loaded, project)
    if not checked.ok:
        raise AlloError(checked.diagnostics)
    run.stage("scheduling and sizing FIFOs")
    device, library = _target(checked.project, target)
    return _size(checked, library, models), device


def _total(rows: Sequence[SimulationRow]) -> SimulationRow:
    """Return several runs of one engine as one."""
    compared, mismatches = sum(row.compared for row in rows), sum(row.mismatches for row in rows)
    return SimulationRow(compared, mismatches, max(row.max_error for row in rows), rows[0].engine)


def _c_simulation(
    sized: SizedDesign, folder: Path, cancel: Callable[[], bool] | None
) -> tuple[SimulationRow, tuple[Diagnostic, ...]]:
    require_memory(sized.region.ports)
    results = [_c_run(sized, folder, inputs, cancel) for inputs in all_inputs(sized.region)]
    rows = [SimulationRow(r.compared, r.mismatches, r.max_error, "C simulation") for r in results]
    return _total(rows), tuple(dict.fromkeys(fault for result in results for fault in _csim_faults(sized, result)))


def _c_run(
    sized: SizedDesign, folder: Path, inputs: Mapping[str, NDArray[Any]], cancel: Callable[[], bool] | None
) -> CSimResult:
    region = sized.region
    expected = _cancellable(cancel, lambda: evaluate(region, inputs, cancel=cancel))
    try:
        return run_csim(
            folder,
            region.name,
            inputs,
            meant(region.ports, inputs, expected),
            types={port.name: port.type for port in region.ports},
            tolerance=tolerance_of(region),
            cancel=cancel,
            outside=compilation(region),
        )
    except SimulationCancelled:
        raise Cancelled from None


def _testbench(design: RtlDesign, folder: Path) -> dict[str, str]:
    """Write a testbench for other simulators, with the data of the simulation."""
    inputs = greatest_inputs(design.sized.region)
    files = testbench_files(design, inputs, evaluate_jit(design.sized.region, inputs))
    write(files, folder)
    return files


def _cancellable(cancel: Callable[[], bool] | None, work: Callable[[], Made]) -> Made:
    """Return what some work makes that asks the process in which CIRCT runs; raises Cancelled."""
    try:
        with cancelling(cancel):
            return work()
    except (SimulationCancelled, WorkerCancelled):
        raise Cancelled from None


def _rtl_simulation(
    design: RtlDesign, cancel: Callable[[], bool] | None, waves: Path | None = None
) -> tuple[SimulationRow, CycleRun, tuple[Diagnostic, ...]]:
    """Run a design's circuits on random data; every bit is compared with the JIT, the cycles with the prediction."""
    sized = design.sized
    require_memory(sized.region.ports)
    if sized.latency > _MOST_CYCLES:
        raise AlloError(
            Diagnostic(
                "simulation",
                f"an invocation takes {sized.latency:,} cycles, too many to simulate one by one",
                where=sized.region.path,
                hint="build it with --no-simulate, or simulate it for smaller sizes",
            )
        )
    watched = tuple(design.probed.fifos) if sized.latency < _MOST_WATCHED else ()
    invocations = _INVOCATIONS if sized.latency < _MOST_WATCHED else 1
    *others, greatest = all_inputs(sized.region)
    found, row, faults = _rtl_run(design, greatest, invocations, watched, cancel, waves)
    rows = [row]
    for inputs in others:
        _, row, more = _rtl_run(design, inputs, 1, (), cancel, None)
        rows.append(row)
        faults += more
    if not sizes_of(sized.region).greatest:
        # The predicted cycles are those of the greatest sizes, and here data tell them.
        return _total(rows), found, tuple(faults)
    expected = (sized.latency, *[sized.interval] * (invocations - 1))
    # The interval is that of the steady state.
    if found.cycles[0] != expected[0] or found.cycles[-1] != expected[-1]:
        took = f"the RTL took {found.cycles[0]} cycles and then {found.cycles[-1]}"
        message = f"{took}, not {expected[0]} and {expected[-1]}"
        faults.append(Diagnostic("simulation", message, where=sized.region.path, hint=whose_fault(sized.region)))
    return _total(rows), found, tuple(faults)


def _rtl_run(
    design: RtlDesign,
    inputs: Mapping[str, NDArray[Any]],
    invocations: int,
    watched: Sequence[str],
    cancel: Callable[[], bool] | None,
    waves: Path | None,
) -> tuple[CycleRun, SimulationRow, list[Diagnostic]]:
    sized = design.sized
    found = _cancellable(cancel, lambda: run_rtl(design, inputs, invocations, watched, cancel, waves))
    right = _cancellable(cancel, lambda: evaluate_jit(sized.region, inputs, invocations, cancel))
    right = meant(sized.region.ports, inputs, right)
    got = meant(sized.region.ports, {**inputs, **right}, found.outputs)
    verdict = compare(got, right, 0.0)
    row = SimulationRow(verdict.compared, verdict.mismatches, verdict.max_error, "RTL simulation")
    if not verdict.mismatches:
        return found, row, []
    count = f"{verdict.mismatches} of {verdict.compared}"
    return found, row, [_differs(sized, "RTL simulation", count, str(verdict.first_mismatch))]


def _csim_faults(sized: SizedDesign, result: CSimResult) -> Iterator[Diagnostic]:
    if result.mismatches:
        yield _differs(sized, "C simulation", f"{result.mismatches} of {result.compared}", str(result.first_mismatch))
    for fault in result.faults:
        yield Diagnostic("simulation", f"the C simulation found: {fault}", where=sized.region.path)


def _jit_simulation(sized: SizedDesign) -> tuple[SimulationRow, tuple[Diagnostic, ...]]:
    require_memory(sized.region.ports)
    region, rows, faults = sized.region, list[SimulationRow](), list[Diagnostic]()
    for inputs in all_inputs(region):
        right = meant(region.ports, inputs, evaluate(region, inputs))
        got = meant(region.ports, {**inputs, **right}, evaluate_jit(region, inputs))
        verdict = compare(got, right, tolerance_of(region))
        rows.append(SimulationRow(verdict.compared, verdict.mismatches, verdict.max_error, "JIT"))
        if verdict.mismatches:
            count = f"{verdict.mismatches} of {verdict.compared}"
            faults.append(_differs(sized, "JIT", count, str(verdict.first_mismatch)))
    return _total(rows), tuple(faults)


def _differs(sized: SizedDesign, engine: str, count: str, first: str) -> Diagnostic:
    return Diagnostic(
        "simulation",
        f"the {engine} differs from the reference in {count} elements; the first is {first}",
        where=sized.region.path,
        hint=whose_fault(sized.region),
    )


def _kind(name: str) -> str:
    if name.endswith("_tb.cpp") or name.startswith("sim/"):
        return "testbench"
    kinds = {".cpp": "hls", ".h": "header", ".tcl": "script", ".sv": "verilog", ".hex": "contents"}
    return kinds.get(Path(name).suffix, "file")

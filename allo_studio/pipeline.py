"""From a loaded project to a build: the only file that knows all stages. Every stage's result is a value."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from allo_studio.backends.rtl.bindings import unused_bindings
from allo_studio.backends.rtl.emit import generate, verilog_files
from allo_studio.backends.vitis import INCLUDE, emit, project_folder, translate, write
from allo_studio.built import Artifact, BuildResult, Engine, Target, VendorUse
from allo_studio.calibration import CalibrationResult, Evidence, compare, learn, predictions, read_evidence
from allo_studio.calibration.comparison import Prediction
from allo_studio.calibration.result import operator_changes
from allo_studio.checking import check_calibrated, check_project
from allo_studio.collection import no_collection
from allo_studio.design.checked import CheckedDesign
from allo_studio.design.elaborate import elaborate
from allo_studio.design.estimate import DesignEstimate, estimate_design
from allo_studio.design.model import Project
from allo_studio.design.prepare import prepare
from allo_studio.design.region import Region
from allo_studio.design.timing import SizedDesign, leaf_processes, size_design
from allo_studio.diagnostics import AlloError, Diagnostic, has_errors
from allo_studio.hardware.calibration import Calibration
from allo_studio.hardware.dependent import timing_depends
from allo_studio.hardware.devices import Device, find_device
from allo_studio.hardware.operators import OperatorLibrary, profile_names
from allo_studio.hardware.schedule import Run
from allo_studio.origins import LineMap
from allo_studio.progress import Cancelled, Progress, StageRun
from allo_studio.project import LoadedProject
from allo_studio.project.calibration import CalibrationFile, write_calibration
from allo_studio.report import REPORT_FILE, Report, SimulationRow, document, dump
from allo_studio.report.assemble import assemble_report
from allo_studio.report.folder import replacing
from allo_studio.report.joined import joined
from allo_studio.report.predicted import predicted_figures
from allo_studio.simulate.blame import require_no_models
from allo_studio.simulate.cycle.design import CycleRun
from allo_studio.simulate.cycle.waves import Waves, save_file
from allo_studio.simulate.data import require_memory
from allo_studio.simulate.jit import record_runs
from allo_studio.simulate.sizes import greatest_inputs
from allo_studio.simulate.toolchain import library_headers
from allo_studio.simulations import c_simulation, cancellable, jit_simulation, rtl_simulation, testbench
from allo_studio.synthesis import noted, prepare_tool, synthesise
from allo_studio.targets import (
    PROFILE,
    calibration_of,
    device_and_library,
    operators,
)
from allo_studio.tools import LOG_FILE, Synthesis

__all__ = [
    "Artifact",
    "BuildResult",
    "Cancelled",
    "Progress",
    "VendorUse",
    "build",
    "calibrate",
    "check_project",
    "estimate_project",
    "predict",
    "simulate",
    "size_project",
]

# Where the waveform of a build goes, of how many invocations it is, and how large it may grow.
_WAVES, _WAVE_INVOCATIONS, _WAVE_BYTES = "waves", 2, 64 << 20


def size_project(
    loaded: LoadedProject, project: Project | None = None, library: OperatorLibrary | None = None
) -> SizedDesign:
    """Check, elaborate, schedule and size a project; raises AlloError. `library` replaces the target's operators."""
    checked = check_project(loaded, project)
    if not checked.ok:
        raise AlloError(checked.diagnostics)
    known = calibration_of(loaded)
    return _size(checked, library or device_and_library(checked.project, known)[1], known, models=False).design


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
    known = calibration_of(loaded)
    library = operators(PROFILE, target.clock_ns, find_device(target.device).family, known)
    return estimate_design(_region(checked, library), library, loops or {}, streams)


@dataclass(frozen=True)
class _Sized:
    """A design that was checked, elaborated and sized. `runs` tell the cycles of kernels that depend on data.

    `calibration` is the project's, whether it is of this library or not.
    """

    checked: CheckedDesign
    region: Region
    runs: Mapping[str, Run]
    design: SizedDesign
    calibration: Calibration | None

    def others(self) -> list[SizedDesign]:
        """Return the design in the other operator libraries that have figures for it."""
        found = []
        library, target = self.design.library, self.checked.project.target
        for profile in profile_names():
            if profile == library.profile:
                continue
            try:
                other = operators(profile, library.clock_ns, library.family, self.calibration)
                found.append(size_design(self.region, other, target.fifo_margin, self.runs, target.fifo_bits))
            except AlloError:
                # It has no figures for this device or clock, or its timing deadlocks at depths that were asked for.
                continue
        return found


def _region(checked: CheckedDesign, library: OperatorLibrary) -> Region:
    """Return the elaborated design; raises AlloError where a channel that was asked for cannot be."""
    prepared = prepare(checked, library)
    if prepared.plan.diagnostics:
        raise AlloError(prepared.plan.diagnostics)
    return elaborate(prepared.project, prepared.leaves, prepared.plan)


def _size(
    checked: CheckedDesign, library: OperatorLibrary, known: Calibration | None = None, models: bool = True
) -> _Sized:
    """Elaborate and size a design. Without `models` no code of external blocks is run: raises AlloError (code `ip`)
    where the cycles cannot be known otherwise.
    """
    region = _region(checked, library)
    runs = _runs(region, models)
    target = checked.project.target
    design = size_design(region, library, target.fifo_margin, runs, target.fifo_bits)
    return _Sized(checked, region, runs, design, known)


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
    vendor: VendorUse | None = None,
    waves: bool = False,
    progress: Callable[[Progress], None] | None = None,
    cancel: Callable[[], bool] | None = None,
) -> BuildResult:
    """Build a project's hardware into the folder `out`, simulate it, and write its report there.

    The target `hls` is C++ for Vitis HLS, which is run as C++; `rtl` is SystemVerilog, which is run cycle by cycle.
    `project` is an edited project of the same folder. Where Vitis HLS is installed it then synthesises the C++, as
    `vendor` says. The folder is replaced as a whole when all is done. Raises AlloError for faults of the design (or
    code `tool` where a tool of ours failed, or one that is wanted is missing), and Cancelled. A simulation that differs
    from the reference, and a synthesis that fails, is an error among the result's diagnostics.

    With `waves` the simulation of `rtl` writes the waveform of two invocations, `waves/TOP.vcd`: handshakes, counters,
    states and FIFOs, of as many cycles as fit in 64 MB, which a note says; beside it a save file for GTKWave. Raises
    AlloError (code `usage`) for another target, and without `simulate`.
    """
    if waves and (target != "rtl" or not simulate):
        message = "only the simulation of the target rtl writes a waveform"
        raise AlloError(Diagnostic("usage", message, hint="build for the target rtl, and simulate it"))
    use = vendor or VendorUse()
    tool = prepare_tool(use, target, simulate)
    run = StageRun(progress, cancel, _stages(simulate, tool is not None, use.cosim))
    ready, device = _prepare(loaded, project, run, target)
    checked, sized = ready.checked, ready.design
    run.stage("writing HLS C++" if target == "hls" else "writing SystemVerilog")
    design = generate(sized) if target == "rtl" else None
    lines: dict[str, LineMap] = {}
    with replacing(out, loaded.root) as folder:
        if design is None:
            made = translate(sized.region, checked.project.target, checked.project.name, device.part)
            files, functions = made.files, made.functions
            lines[f"{sized.region.name}.cpp"] = made.lines
        else:
            files, functions = cancellable(cancel, lambda: verilog_files(design)), {}
        write(files, folder)
        if design is None:
            write(_headers(), folder)
        found: SimulationRow | None = None
        cycles: CycleRun | None = None
        faults = (*checked.diagnostics, *(unused_bindings(sized) if design else ()))
        if simulate:
            run.stage("compiling and running the simulation")
            if design is None:
                found, more = c_simulation(sized, folder, cancel)
            else:
                wanted = _waves(folder, design.name) if waves else None
                found, cycles, more = rtl_simulation(design, cancel, wanted)
                files |= testbench(design, folder)
                files |= _save_file(wanted.path, folder) if wanted else {}
            faults += more
        done: Synthesis | None = None
        if tool is not None:
            work = project_folder(checked.project.name)
            done = synthesise(tool, use, run, folder, work, root=loaded.root, shown=out)
            faults += done.diagnostics
        run.stage("writing the report", "report")
        report = assemble_report(checked.project, sized, device, found, ready.others(), cycles)
        report = replace(report, figures=predicted_figures(report, sized, functions))
        figures = done.figures if done else ()
        report = joined(noted(report, target, use, done), figures)
        result = BuildResult(report, _artifacts(files, done, out), faults, figures, lines)
        write({REPORT_FILE: _document(result)}, folder)
    run.end()
    return result


def _waves(folder: Path, name: str) -> Waves:
    (folder / _WAVES).mkdir()
    return Waves(folder / _WAVES / f"{name}.vcd", _WAVE_INVOCATIONS, data=False, most_bytes=_WAVE_BYTES)


def _save_file(waves: Path, folder: Path) -> dict[str, str]:
    """Write the save file of a waveform beside it; return both by name, whatever their texts are."""
    with waves.open(encoding="ascii", errors="replace") as lines:
        made = {f"{_WAVES}/{waves.stem}.gtkw": save_file(lines)}
    write(made, folder)
    return {f"{_WAVES}/{waves.name}": "", **made}


def _artifacts(files: Iterable[str], done: Synthesis | None, out: Path) -> tuple[Artifact, ...]:
    """Return what a build leaves in its folder: what was generated, what a vendor's tool made, and the report."""
    named = [*((_kind(name), name) for name in files), *_made(done), ("report", REPORT_FILE)]
    return tuple(Artifact(kind, out / name) for kind, name in named)


def _document(result: BuildResult) -> str:
    status: Literal["ok", "error"] = "error" if has_errors(result.diagnostics) else "ok"
    return dump(document(status, result.diagnostics, result.report, result.artifacts, result.vendor))


def _stages(simulate: bool, synthesise: bool, cosimulate: bool) -> tuple[str, ...]:
    wanted = {"simulate": simulate, "synthesise": synthesise, "cosimulate": synthesise and cosimulate}
    return ("check", "schedule", "generate", *(stage for stage, asked in wanted.items() if asked), "report")


def _headers() -> dict[str, str]:
    """Return the headers with which the Makefile runs the C++ where the vendor's tools are not installed."""
    return {f"{INCLUDE}/{name}": file.read_text(encoding="utf-8") for name, file in library_headers().items()}


def _made(done: Synthesis | None) -> list[tuple[str, str]]:
    """Return what a vendor's tool left in the build folder: kinds and names."""
    if done is None:
        return []
    return [("log", LOG_FILE), *([("vendor", done.report)] if done.report else [])]


def predict(loaded: LoadedProject, project: Project | None = None) -> tuple[Report, tuple[Diagnostic, ...]]:
    """Return the report of a project that is checked, scheduled and sized but neither generated nor simulated.

    Where cycles depend on data the kernels are run by the JIT. Raises AlloError for faults of the design, and where an
    external block's model would have to be run for that.
    """
    ready, device = _prepare(loaded, project, StageRun(None, None, ("check", "schedule")), models=False)
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
    run = StageRun(progress, cancel, ("check", "schedule", "simulate"))
    ready, device = _prepare(loaded, project, run, target)
    checked, sized = ready.checked, ready.design
    run.stage(f"running on data ({target})")
    cycles: CycleRun | None = None
    if target == "jit":
        found, faults = jit_simulation(sized)
    elif target == "rtl":
        found, cycles, faults = rtl_simulation(generate(sized), cancel, Waves(waves) if waves else None)
        faults = (*unused_bindings(sized), *faults)
    else:
        with tempfile.TemporaryDirectory(prefix="allo-") as name:
            write(emit(sized.region, checked.project.target, checked.project.name, device.part), Path(name))
            found, faults = c_simulation(sized, Path(name), cancel)
    run.end()
    report = assemble_report(checked.project, sized, device, found, ready.others(), cycles)
    return BuildResult(report, (), (*checked.diagnostics, *faults))


def calibrate(loaded: LoadedProject, paths: Sequence[Path], *, write: bool = True) -> CalibrationResult:
    """Take figures of operators from a vendor's reports of a project, and compare what is predicted without and with.

    `paths` are reports, folders of solutions or build folders. An earlier calibration is replaced, and has no part in
    this one. It is written beside the project file unless `write` is False or the reports show none. Raises AlloError:
    codes `file` and `report` for reports that cannot be read, `calibration` for those of another device, clock or
    design, and as `build` for faults of the design.
    """
    checked = check_calibrated(loaded, None, None)
    if not checked.ok:
        raise AlloError(checked.diagnostics)
    device, plain = device_and_library(checked.project)
    if plain.profile != PROFILE:
        hint = "choose one of the vendor's devices"
        raise AlloError(Diagnostic("calibration", f"no tool of the vendor is for {device.name}", hint=hint))
    evidence = read_evidence(paths, device, plain.clock_ns)
    learned = learn(evidence, plain, device, loaded.root)
    before, notes = _predicted(checked, plain, device, evidence)
    after = before
    if learned.calibration:
        after, _ = _predicted(
            check_calibrated(loaded, None, learned.calibration), plain.calibrated(learned.calibration), device, evidence
        )
    figures = compare(before, after)
    file = None
    if write and learned.calibration:
        file = write_calibration(loaded.file, CalibrationFile(learned.calibration, figures))
    return CalibrationResult(
        checked.project.name,
        learned.calibration,
        operator_changes(learned.calibration, plain),
        figures,
        (*checked.diagnostics, *evidence.notes, *learned.notes, *notes),
        plain.memory.read_latency,
        file,
    )


def _predicted(
    checked: CheckedDesign, library: OperatorLibrary, device: Device, evidence: Evidence
) -> tuple[dict[str, Prediction], tuple[Diagnostic, ...]]:
    """Return what a library predicts of each function and loop that the reports have."""
    if not checked.ok:
        raise AlloError(checked.diagnostics)
    sized = _size(checked, library, models=False).design
    report = assemble_report(checked.project, sized, device, None)
    totals = {row.name: row.used for row in report.resources}
    return predictions(sized, checked.project.target, evidence, totals)


def _prepare(
    loaded: LoadedProject, project: Project | None, run: StageRun, target: Engine = "hls", models: bool = True
) -> tuple[_Sized, Device]:
    run.stage("checking the design")
    checked = check_project(loaded, project)
    if not checked.ok:
        raise AlloError(checked.diagnostics)
    run.stage("scheduling and sizing FIFOs")
    known = calibration_of(loaded)
    device, library = device_and_library(checked.project, known, rtl=target == "rtl")
    return _size(checked, library, known, models), device


def _kind(name: str) -> str:
    if name in ("host.cpp", "host_pynq.py"):
        return "host"
    if name == "Makefile":
        return "script"
    if name.startswith(f"{_WAVES}/"):
        return "waveform"
    if name.endswith("_tb.cpp") or name.startswith("sim/"):
        return "testbench"
    kinds = {".cpp": "hls", ".h": "header", ".tcl": "script", ".cfg": "script", ".sv": "verilog", ".hex": "contents"}
    return kinds.get(Path(name).suffix, "file")

"""The commands: each takes parsed words and returns an Outcome, or raises AlloError."""

from __future__ import annotations

import argparse
import difflib
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

from allo_studio import pipeline
from allo_studio.calibration import calibration_table
from allo_studio.cli.files import write_whole
from allo_studio.cli.interrupt import interruptible
from allo_studio.cli.merging import merge_files
from allo_studio.cli.picture import draw_project
from allo_studio.cli.reports import exported, vendor_reports, with_vendor
from allo_studio.cli.terminal import FileMade, Outcome, ProgressBar
from allo_studio.cli.window import rasterise
from allo_studio.design.diff import diff
from allo_studio.diagnostics import AlloError, Diagnostic, has_errors
from allo_studio.pipeline import BuildResult, VendorUse
from allo_studio.project import LoadedProject, load_project, new_project, project_file
from allo_studio.project.calibration import forget_calibration
from allo_studio.report import Report, read_report, table
from allo_studio.report.changes import differences, differences_text
from allo_studio.report.schedule_text import schedule_text
from allo_studio.report.vendor import is_solution
from allo_studio.report.vendor.text import vendor_text

__all__ = ["run"]

_PICTURES = (".svg", ".png")


def run(words: argparse.Namespace) -> Outcome:
    """Run the command that was parsed."""
    return _RUN[words.command](words)


def _check(words: argparse.Namespace) -> Outcome:
    loaded = load_project(words.project)
    found = _once((*loaded.diagnostics, *pipeline.check_project(loaded).diagnostics))
    text = "" if has_errors(found) else f"{loaded.project.name}: no errors"
    return Outcome(text, found)


def _build(words: argparse.Namespace) -> Outcome:
    loaded = load_project(words.project)
    out = words.out or _build_folder(loaded, words.target)
    bar = ProgressBar(sys.stderr)
    with interruptible() as wish:
        try:
            result = pipeline.build(
                loaded,
                out,
                target=words.target,
                simulate=words.simulate,
                vendor=_vendor_use(words),
                waves=words.waves,
                progress=bar,
                cancel=wish,
            )
        finally:
            bar.clear()
    return _built(loaded, result, table(result.report))


def _vendor_use(words: argparse.Namespace) -> VendorUse:
    run: Literal["found", "always", "never"] = "always" if words.synth else "never" if words.no_tool else "found"
    return VendorUse(run, words.cosim, 60 * words.timeout)


def _simulate(words: argparse.Namespace) -> Outcome:
    if words.vcd is None:
        return _simulated(words, None)
    if words.target != "rtl":
        message = f"the target {words.target} has no waveform"
        raise AlloError(Diagnostic("usage", message, hint="add --target rtl"))
    found: list[Outcome] = []
    write_whole(words.vcd, lambda draft: found.append(_simulated(words, draft)))
    return replace(found[0], artifacts=(*found[0].artifacts, FileMade("waveform", words.vcd)))


def _simulated(words: argparse.Namespace, waves: Path | None) -> Outcome:
    loaded = load_project(words.project)
    bar = ProgressBar(sys.stderr)
    with interruptible() as wish:
        try:
            result = pipeline.simulate(loaded, target=words.target, waves=waves, progress=bar, cancel=wish)
        finally:
            bar.clear()
    return _built(loaded, result, _simulation_text(result.report))


def _schedule(words: argparse.Namespace) -> Outcome:
    loaded = load_project(words.project)
    report, found = pipeline.predict(loaded)
    if words.block:
        report = _of_block(report, words.block)
    return Outcome(schedule_text(report), _once((*loaded.diagnostics, *found)), report)


def _of_block(report: Report, path: str) -> Report:
    """Return a report with one block in it; raises AlloError (`usage`) where there is none of that path."""
    paths = [row.path for row in report.processes]
    if path not in paths:
        near = difflib.get_close_matches(path, paths, n=1)
        hint = f"did you mean {near[0]}?" if near else f"the blocks are {', '.join(paths)}"
        raise AlloError(Diagnostic("usage", f"there is no block {path!r}", hint=hint))
    return replace(
        report,
        processes=tuple(row for row in report.processes if row.path == path),
        loops=tuple(row for row in report.loops if row.path == path),
        pieces=tuple(piece for piece in report.pieces if piece.path == path),
    )


def _calibrate(words: argparse.Namespace) -> Outcome:
    if words.forget:
        if words.report:
            raise AlloError(Diagnostic("usage", "--forget reads no reports", hint="leave out --report"))
        return _forgotten(project_file(words.project))
    loaded = load_project(words.project)
    result = pipeline.calibrate(loaded, words.report or [_built_before(loaded)], write=not words.dry_run)
    text = calibration_table(result)
    made = (FileMade("calibration", result.file),) if result.file else ()
    text += f"\nwrote {result.file}\n" if result.file else "\nnothing was written\n"
    return Outcome(text, _once((*loaded.diagnostics, *result.diagnostics)), artifacts=made, calibration=result)


def _forgotten(project: Path) -> Outcome:
    file = forget_calibration(project)
    return Outcome(f"removed {file}" if file else f"{project} has no calibration")


def _built_before(loaded: LoadedProject) -> Path:
    """Return the folder that `build` writes to; raises AlloError (`report`) where it has no report of the vendor's."""
    folder = _build_folder(loaded, "hls")
    if not is_solution(folder):
        hint = "build with Vitis HLS (`allo-studio build PROJECT --synth`), or name the reports with --report"
        raise AlloError(Diagnostic("report", f"there are no reports of Vitis HLS in {str(folder)!r}", hint=hint))
    return folder


def _build_folder(loaded: LoadedProject, target: str) -> Path:
    name = loaded.project.name if target == "hls" else f"{loaded.project.name}-{target}"
    return Path("build") / name


def _report(words: argparse.Namespace) -> Outcome:
    found = vendor_reports(words.path)
    if found:
        if words.against or words.csv or words.html or words.vendor:
            message = f"{str(words.path)!r} is of a vendor's tool: --against, --with, --csv and --html are of builds"
            raise AlloError(Diagnostic("usage", message, hint="take --json, which has all of its figures"))
        notes = tuple(note for report in found for note in report.notes)
        return Outcome(vendor_text(found), _once(notes), vendor=found)
    report = with_vendor(words.path, words.vendor)
    before = with_vendor(words.against, ()) if words.against else None
    written = exported(report, before, words.csv, words.html)
    text = differences_text(before, report) if before else table(report)
    if written:
        text = "".join(f"wrote {made.path}\n" for made in written)
    changed = differences(before, report) if before else None
    return Outcome(text, _mismatch(report), report, written, differences=changed)


def _render(words: argparse.Namespace) -> Outcome:
    if words.out.suffix.lower() not in _PICTURES:
        raise AlloError(Diagnostic("usage", f"cannot draw {str(words.out)!r}", hint="name it FILE.svg or FILE.png"))
    loaded = load_project(words.project)
    report = read_report(words.report) if words.report else None
    svg, found = draw_project(loaded, words.graph, report)
    if words.out.suffix.lower() == ".svg":
        write_whole(words.out, lambda draft: draft.write_text(svg, encoding="utf-8"))
    else:
        write_whole(words.out, lambda draft: _write_png(svg, draft))
    # A picture of a faulty design shows its faults; the command did what it was asked for.
    told = tuple(d for d in found if d.severity != "error")
    return Outcome(f"wrote {words.out}", told, artifacts=(FileMade("picture", words.out),))


def _new(words: argparse.Namespace) -> Outcome:
    loaded = new_project(words.name, words.example)
    return Outcome(f"made {loaded.file}", artifacts=(FileMade("project", loaded.file),))


def _diff(words: argparse.Namespace) -> Outcome:
    changes = diff(load_project(words.before).project, load_project(words.after).project)
    text = "\n".join(change.text for change in changes) or "no changes"
    return Outcome(text, changes=changes)


def _merge(words: argparse.Namespace) -> Outcome:
    done = merge_files(words.base, words.ours, words.theirs)
    return Outcome(f"{words.ours}: {done}", artifacts=(FileMade("project", words.ours),))


_RUN: Mapping[str, Callable[[argparse.Namespace], Outcome]] = {
    "check": _check,
    "build": _build,
    "simulate": _simulate,
    "schedule": _schedule,
    "calibrate": _calibrate,
    "report": _report,
    "render": _render,
    "diff": _diff,
    "merge": _merge,
    "new": _new,
}


def _built(loaded: LoadedProject, result: BuildResult, text: str) -> Outcome:
    found = _once((*loaded.diagnostics, *result.diagnostics))
    files = "\n".join(f"  {artifact.kind:<12} {artifact.path}" for artifact in result.artifacts)
    shown = f"{text}\n{vendor_text(result.vendor)}" if result.vendor else text
    shown = f"{shown}\nFiles\n{files}\n" if files else shown
    return Outcome(shown, found, result.report, result.artifacts, vendor=result.vendor)


def _simulation_text(report: Report) -> str:
    row = report.simulation
    if not row:
        return f"{report.project}: not simulated\n"
    verdict = "passed" if row.passed else "FAILED"
    counts = f"{row.compared:,} elements compared, {row.mismatches:,} differ, largest error {row.max_error:g}"
    lines = [f"{report.project}: {verdict} ({row.engine}): {counts}"]
    found = report.cycles[report.profile]
    if "simulated" in found:
        lines.append(f"  cycles: {found['predicted']:,} predicted, {found['simulated']:,} simulated")
    return "\n".join([*lines, ""])


def _mismatch(report: Report) -> tuple[Diagnostic, ...]:
    row = report.simulation
    if not row or row.passed:
        return ()
    message = f"{row.engine}: {row.mismatches} of {row.compared} elements differ from the reference"
    hint = "if no step marks a changed order of additions, this is a fault of Allo Studio: please report it"
    return (Diagnostic("simulation", message, where=report.top, hint=hint),)


def _once(found: tuple[Diagnostic, ...]) -> tuple[Diagnostic, ...]:
    return tuple(dict.fromkeys(found))


def _write_png(svg: str, png: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="allo-") as folder:
        source = Path(folder) / "graph.svg"
        source.write_text(svg, encoding="utf-8")
        rasterise(source, png)

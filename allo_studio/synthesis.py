"""The part of a build in which a vendor's tool synthesises what was generated, if there is one and it is wanted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from allo_studio.built import VendorUse
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.progress import Cancelled, StageRun
from allo_studio.project import sources
from allo_studio.report import Report
from allo_studio.source import Source
from allo_studio.tools import (
    LOG_FILE,
    SETTING,
    HlsTool,
    Step,
    Synthesis,
    ToolCancelled,
    find_hls,
    run_hls,
)

__all__ = ["noted", "prepare_tool", "synthesise"]

_NOT_RUN = "No vendor's tool was run: all cycles, intervals and resources are predictions."


def prepare_tool(use: VendorUse, target: str, simulated: bool) -> HlsTool | None:
    """Return the tool that a build is to run, None for none; raises AlloError (code `usage`, `tool`)."""
    wanted = use.run == "always" or use.cosim
    if target != "hls":
        if wanted:
            raise _usage(f"the target {target} is not synthesised by Vitis HLS", "leave out --synth and --cosim")
        return None
    if use.run == "never":
        if use.cosim:
            raise _usage("a co-simulation needs the tool", "leave out --no-tool")
        return None
    if use.cosim and not simulated:
        raise _usage("a co-simulation needs the data that the simulation writes", "leave out --no-simulate")
    tool = find_hls()
    if tool is None and wanted:
        message = "neither vitis_hls nor vitis-run nor v++ was found"
        hint = f"source the settings64.sh of Vitis, or let {SETTING} name the program"
        raise AlloError(Diagnostic("tool", message, hint=hint))
    if tool is not None and use.cosim and not tool.cosimulates:
        hint = f"let {SETTING} name vitis_hls or vitis-run"
        raise AlloError(Diagnostic("tool", f"{tool.kind} alone does not co-simulate", hint=hint))
    return tool


def synthesise(
    tool: HlsTool, use: VendorUse, run: StageRun, folder: Path, work: str, *, root: Path, shown: Path
) -> Synthesis:
    """Run the tool in a build folder and tell its progress; raises Cancelled.

    `work` is the folder that its files go to, `root` the project's, `shown` the path that the build folder will have.
    """
    command = tool.shown(work)
    run.stage(f"running {command}")

    def tell(step: Step | None, lines: list[str]) -> None:
        if step is not None and step.stage == "cosimulate" and use.cosim and run.name != "cosimulate":
            run.stage(step.message, "cosimulate")
        # The steps' fractions are of the whole run, of which a co-simulation is a stage of its own.
        part = step.fraction if step and run.name == "synthesise" else 0.0
        run.within(step.message if step else f"running {command}", part, "\n".join(lines))

    try:
        return run_hls(
            tool,
            folder,
            work,
            cosim=use.cosim,
            timeout_s=use.timeout_s,
            tell=tell,
            cancel=run.cancel,
            kernel=_kernels(root),
            shown=shown,
        )
    except ToolCancelled:
        raise Cancelled from None


def noted(report: Report, target: str, use: VendorUse, done: Synthesis | None) -> Report:
    """Return a report that also says which tool was run, and which figures are predicted."""
    if target != "hls":
        return report
    return replace(report, notes=(*report.notes, *_notes(use, done)))


def _notes(use: VendorUse, done: Synthesis | None) -> list[str]:
    if done is None:
        return [_NOT_RUN]
    if done.report is None:
        return [f"{done.tool} was run and made no report ({LOG_FILE}): all figures are predictions."]
    notes = [f"{done.tool} synthesised the design: its figures are in {done.report}. Those here are predictions."]
    if use.cosim:
        verdict = "passed" if done.cosimulated else "did not pass"
        notes.append(f"The co-simulation of {done.tool} {verdict}.")
    return notes


def _kernels(root: Path) -> Callable[[str], Source | None]:
    files = sources(root)

    def find(path: str) -> Source | None:
        try:
            return files(path)
        except AlloError:
            return None

    return find


def _usage(message: str, hint: str) -> AlloError:
    return AlloError(Diagnostic("usage", message, hint=hint))

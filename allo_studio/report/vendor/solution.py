"""The folder of a solution: all reports in it, put together by what their figures come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.report.vendor.detect import read_report
from allo_studio.report.vendor.merge import merge_reports
from allo_studio.report.vendor.model import ORIGINS, General, Instance, VendorReport
from allo_studio.report.vendor.reading import KINDS, NO_REPORT

__all__ = ["is_solution", "read_solution"]

# Where the tools put reports in a solution, the more telling ones first. What later ones add is put to the first.
_PLACES = (
    "syn/report/csynth.xml",
    "syn/report/csynth.rpt",
    "syn/report/*_csynth.xml",
    "syn/report/*_csynth.rpt",
    "sim/report/*_cosim.rpt",
    "sim/report/*/lat.rpt",
    "sim/report/*/result.transaction.rpt",
    "sim/*/*.performance.result.transaction.xml",
    "impl/report/*/export_impl.xml",
    "impl/report/*/export_syn.xml",
    "impl/report/*/*_export.xml",
    "impl/report/*/export_impl.rpt",
    "impl/report/*/export_syn.rpt",
    "impl/report/*/*_export.rpt",
    "impl/*/report/*_utilization_routed.rpt",
    "impl/*/report/*_utilization_synth.rpt",
    "impl/*/report/*_timing_routed.rpt",
    "impl/*/report/*_timing_synth.rpt",
    "impl/*/report/*_utilization_hierarchical_routed.rpt",
    "impl/*/report/*_utilization_hierarchical_synth.rpt",
    "impl/*/project.runs/impl_1/*_utilization_placed.rpt",
    "impl/*/project.runs/impl_1/*_timing_summary_routed.rpt",
)
_STAGES = ("syn", "sim", "impl")
_FILES = (".rpt", ".xml")
# More files are no solution, but a folder of something else.
_MOST_FILES = 4000
_MOST_INSTANCES = 100_000


def is_solution(folder: Path) -> bool:
    """Tell whether a folder is a solution, or has one or reports in it."""
    return bool(_solutions(folder) or _loose(folder))


def read_solution(folder: Path) -> tuple[VendorReport, ...]:
    """Return the reports of a solution, one for each origin that it has, in the order of the flow.

    `folder` is the solution (`solution1`, `hls`), a project with one solution in it, or a folder that holds report
    files. A file in it that cannot be read becomes a note. Raises AlloError (`report`) where there is none that can,
    or more than one solution.
    """
    solutions = _solutions(folder)
    if len(solutions) > 1:
        names = ", ".join(str(found.relative_to(folder)) for found in solutions)
        message = f"{str(folder)!r} has several solutions: {names}"
        raise AlloError(Diagnostic("report", message, where=str(folder), hint="give the folder of one of them"))
    files = _files(solutions[0]) if solutions else _loose(folder)
    if not files:
        message = f"there are no reports in {str(folder)!r}"
        raise AlloError(Diagnostic("report", message, where=str(folder), hint=KINDS))
    return _together(files, whole=bool(solutions))


def _solutions(folder: Path) -> list[Path]:
    """Return the solutions at a folder, or directly below it, or below that."""
    for depth in range(3):
        found = {path.parents[1] for stage in _STAGES for path in folder.glob("*/" * depth + f"{stage}/report")}
        if found:
            return sorted(found)
    return []


def _files(solution: Path) -> list[Path]:
    found = [path for place in _PLACES for path in sorted(solution.glob(place)) if path.is_file()]
    return list(dict.fromkeys(found))[:_MOST_FILES]


def _loose(folder: Path) -> list[Path]:
    """Return the report files directly in a folder, XML first, that of the whole design before those of functions."""
    try:
        found = [path for path in folder.iterdir() if path.suffix.lower() in _FILES and path.is_file()]
    except OSError:
        return []
    return sorted(found, key=lambda p: (p.stem != "csynth", p.suffix.lower() != ".xml", p.name))[:_MOST_FILES]


def _together(files: Sequence[Path], whole: bool) -> tuple[VendorReport, ...]:
    """Return the reports of files, merged by origin. A file that cannot be read is noted.

    In a folder that is no solution a file may be of another kind, and is then passed over.
    """
    read: list[VendorReport] = []
    faults: list[Diagnostic] = []
    for path in files:
        try:
            read.append(read_report(path))
        except AlloError as error:
            faults += error.diagnostics
    if not read:
        raise AlloError(faults)
    # Files of other stages are named after the design.
    named = {path.stem.rpartition("_")[0] for path in files if path.stem.endswith(("_cosim", "_export"))}
    synthesis = _synthesis([report for report in read if report.origin == "csynth"], named)
    top = synthesis.general.top if synthesis else ""
    found: dict[str, VendorReport] = {"csynth": synthesis} if synthesis else {}
    for report in read:
        if report.origin != "csynth":
            before = found.get(report.origin)
            found[report.origin] = (
                merge_reports(before, _same_design(report, before)) if before else _named(report, top)
            )
    reports = [found[origin] for origin in ORIGINS if origin in found]
    told = [fault for fault in faults if whole or NO_REPORT not in fault.about]
    notes = tuple(replace(fault, severity="warning") for fault in told)
    return (replace(reports[0], notes=(*reports[0].notes, *notes)), *reports[1:])


def _synthesis(reports: list[VendorReport], named: set[str]) -> VendorReport | None:
    """Return the report of a design with what those of its functions add.

    Reports of functions stay in the folder when the design has none of them any more; those are left out.
    """
    if not reports:
        return None
    design = _design(reports, named)
    rest = [report for report in reports if report is not design]
    while (wanted := _modules_of(design)) and (more := [r for r in rest if r.general.top in wanted]):
        for report in more:
            # Of a function's report the design is not the top.
            general = report.general if report.general.top == design.general.top else General()
            design = merge_reports(design, replace(report, general=general))
        rest = [report for report in rest if report not in more]
    if design.hierarchy is None:
        design = replace(design, hierarchy=_hierarchy(design))
    if not rest:
        return design
    names = ", ".join(sorted({report.general.top for report in rest}))
    message = f"these functions have reports here and are not in the design, so they are left out: {names}"
    note = Diagnostic("report", message, where=design.files[0], severity="note")
    return replace(design, notes=(*design.notes, note))


def _hierarchy(report: VendorReport) -> Instance | None:
    """Return the tree of the instances that modules list, None where they list none: older versions give no tree."""
    modules = {module.name: module.instances for module in report.modules}
    if not any(modules.values()):
        return None
    made = 0

    def below(instances: tuple[Instance, ...], above: tuple[str, ...]) -> tuple[Instance, ...]:
        nonlocal made
        found = []
        for instance in instances:
            made += 1
            # A function does not call itself; a damaged file may say so.
            if instance.module in above or made > _MOST_INSTANCES:
                continue
            inner = below(modules.get(instance.module, ()), (*above, instance.module))
            found.append(replace(instance, instances=inner))
        return tuple(found)

    top = report.general.top
    return Instance(top, instances=below(modules.get(top, ()), (top,)))


def _design(reports: list[VendorReport], named: set[str]) -> VendorReport:
    """Return the report of the whole design: csynth.xml, or that of the one function that is in no other.

    Where there are several, `named` are the names of designs that other files have.
    """
    whole = [report for report in reports if Path(report.files[0]).stem == "csynth"]
    if whole:
        return whole[0]
    tops = {report.general.top for report in reports}
    inside = {name for report in reports for name in _modules_of(report) if name != report.general.top}
    outer = tops - inside
    wanted = outer if len(outer) == 1 else outer & named
    if len(wanted) == 1:
        return next(report for report in reports if report.general.top in wanted)
    message = f"the reports are of several designs: {', '.join(sorted(outer or tops))}"
    raise AlloError(Diagnostic("report", message, where=reports[0].files[0], hint="give one of the files"))


def _modules_of(report: VendorReport) -> set[str]:
    """Return the names of the modules that a report tells to be in the design."""
    trees = [report.hierarchy] if report.hierarchy else []
    trees += [instance for module in report.modules for instance in module.instances]
    below = {instance.module for tree in trees for _, instance in tree.walk()}
    return below | {report.general.top} | {module.name for module in report.modules}


def _named(report: VendorReport, top: str) -> VendorReport:
    """Return a report of the same design with the name of its top function, which not all reports tell."""
    if not top or report.general.top == top:
        return report
    mine = report.general.top
    modules = tuple(replace(m, name=top) if m.name == mine else m for m in report.modules)
    others = (*report.general.others, ("design", mine)) if mine else report.general.others
    return replace(report, modules=modules, general=replace(report.general, top=top, others=others))


def _same_design(report: VendorReport, before: VendorReport) -> VendorReport:
    """Return a report that is of the same design as one before it, in that one's words.

    Vivado names the wrapper of an export where HLS names the function, and shortens the part.
    """
    named = _named(report, before.general.top)
    general = replace(named.general, part="" if before.general.part else named.general.part)
    runs = named.simulated
    if len(runs) == 1 == len(before.simulated) and not runs[0].language:
        runs = (replace(runs[0], language=before.simulated[0].language),)
    return replace(named, general=general, simulated=runs)

"""Whole solutions: files found where the tools put them, merged by origin, with what differs between them told."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from vendor_samples import BLUR, SCALE, available, used

from allo_studio.diagnostics import AlloError
from allo_studio.report.vendor import Range, Times, VendorReport, is_solution, read_solution
from allo_studio.report.vendor.merge import Conflicts, fill
from allo_studio.report.vendor.model import Latency, Loop, Module
from allo_studio.report.vendor.parts import Slacks


def by_origin(folder: Path) -> dict[str, VendorReport]:
    return {report.origin: report for report in read_solution(folder)}


@pytest.fixture(scope="module")
def scale() -> dict[str, VendorReport]:
    return by_origin(SCALE)


@pytest.fixture(scope="module")
def blur() -> dict[str, VendorReport]:
    return by_origin(BLUR)


def test_there_is_one_report_an_origin_in_the_order_of_the_flow():
    assert [report.origin for report in read_solution(SCALE)] == ["csynth", "cosim", "impl"]
    assert [report.origin for report in read_solution(BLUR)] == ["csynth", "cosim", "synth", "impl"]


def test_all_are_of_the_same_top(scale, blur):
    assert {report.general.top for report in scale.values()} == {"scale"}
    assert {report.general.top for report in blur.values()} == {"blur"}
    assert ("design", "bd_0_wrapper") in scale["impl"].general.others


def test_a_synthesis_has_what_the_text_adds_to_the_xml(scale):
    report = scale["csynth"]
    assert [Path(file).name for file in report.files] == [
        "csynth.xml", "scale_csynth.rpt", "mean_csynth.xml", "mean_csynth.rpt",
    ]  # fmt: skip
    top = report.top
    assert (top.latency.average, top.latency.worst) == (163, 289)
    fill_loop, second = top.loops
    # The XML has the depth of the pipeline, the text the interval that was asked for.
    assert (fill_loop.depth, fill_loop.target_interval) == (Range(2, 2), Range(1, 1))
    assert (second.name, [loop.name for loop in second.loops]) == ("Loop2", ["Loop2.1"])
    assert [memory.name for memory in top.memories] == ["buf_U", "coef_U"]
    assert report.general.project == "scale_prj"


def test_modules_of_older_versions_are_found_through_instances(scale):
    report = scale["csynth"]
    assert [module.name for module in report.modules] == ["scale", "mean"]
    mean = report.module("mean")
    assert mean
    assert (mean.latency.worst, mean.loops[0].name, used(mean.resources)["LUT"]) == (12, "acc", 200)
    assert report.hierarchy
    assert [(level, i.module) for level, i in report.hierarchy.walk()] == [(0, "scale"), (1, "mean")]


def test_a_report_that_an_earlier_run_left_is_no_part_of_the_design(scale):
    report = scale["csynth"]
    assert report.module("gone") is None
    (note,) = report.notes
    assert note.message.endswith("left out: gone")
    assert note.severity == "note"


def test_modules_of_newer_versions_have_their_tables(blur):
    report = blur["csynth"]
    smooth = report.module("smooth")
    assert smooth
    assert [(memory.name, memory.words) for memory in smooth.memories] == [("line_U", 1024)]
    assert (report.top.fifos[0].size, report.fifos[0].bits) == (4096, 512)
    # csynth.rpt has the slack of a module.
    assert (smooth.slack_ns, report.top.slack_ns) == (-0.05, -0.05)


def test_co_simulation_is_put_together(blur):
    report = blur["cosim"]
    (run,) = report.simulated
    assert (run.language, run.status, run.total) == ("Verilog", "Pass", 4849)
    assert len(report.transactions) == 3
    assert len(report.files) == 3


def test_an_implementation_is_put_together(scale):
    report = scale["impl"]
    assert (report.top.timing.estimated_ns, report.top.timing.synthesized_ns) == (7.488, 6.902)
    assert available(report.top.resources)["SLICE"] == 13300
    assert (report.slacks.wns, report.slacks.met, report.clocks[0].name) == (2.512, True, "ap_clk")
    assert len(report.paths) == 2
    assert report.general.solution == "solution1"


def test_files_that_differ_are_told_and_their_figures_are_not_mixed(blur):
    report = blur["synth"]
    warning = next(note for note in report.notes if note.severity == "warning")
    assert "slacks.wns is 0.459 and -0.145" in warning.message
    assert "blur_timing_synth.rpt says otherwise" in warning.message
    # The number of failing ends is of the other run.
    assert report.slacks == Slacks(wns=0.459, tns=0.0, met=True)


def copied(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "project" / folder.name))


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_a_solution_is_found_below_its_project(depth, tmp_path):
    where = copied(SCALE, tmp_path)
    folder = (where, where.parent, where.parent.parent)[depth]
    assert is_solution(folder)
    assert [report.origin for report in read_solution(folder)] == ["csynth", "cosim", "impl"]


def test_a_project_with_several_solutions_wants_one_of_them(tmp_path):
    copied(SCALE, tmp_path)
    copied(BLUR, tmp_path)
    with pytest.raises(AlloError, match="several solutions: hls, solution1") as caught:
        read_solution(tmp_path / "project")
    assert caught.value.diagnostics[0].code == "report"


def test_a_folder_of_report_files_is_read_too(tmp_path):
    for path in (*(SCALE / "syn/report").iterdir(), SCALE / "sim/report/scale_cosim.rpt"):
        shutil.copy(path, tmp_path)
    reports = by_origin(tmp_path)
    assert set(reports) == {"csynth", "cosim"}
    assert [module.name for module in reports["csynth"].modules] == ["scale", "mean"]


def test_the_design_of_loose_files_is_the_function_that_is_in_no_other(tmp_path):
    for name in ("scale_csynth.rpt", "mean_csynth.rpt"):
        shutil.copy(SCALE / "syn/report" / name, tmp_path)
    assert by_origin(tmp_path)["csynth"].general.top == "scale"


def test_files_of_several_designs_are_not_mixed(tmp_path):
    shutil.copy(SCALE / "syn/report/scale_csynth.rpt", tmp_path)
    shutil.copy(BLUR / "syn/report/blur_csynth.rpt", tmp_path)
    with pytest.raises(AlloError, match="several designs: blur, scale"):
        read_solution(tmp_path)


def test_a_folder_without_reports(tmp_path):
    assert not is_solution(tmp_path)
    with pytest.raises(AlloError, match="no reports"):
        read_solution(tmp_path)


def test_a_file_that_is_damaged_is_told_and_the_others_are_read(tmp_path):
    where = copied(SCALE, tmp_path)
    (where / "syn/report/csynth.xml").write_text("<profile>")
    reports = read_solution(where)
    assert [report.origin for report in reports] == ["csynth", "cosim", "impl"]
    assert reports[0].top.latency.worst == 289
    fault = next(note for note in reports[0].notes if "damaged" in note.message)
    assert (fault.severity, fault.code) == ("warning", "report")


def test_other_files_beside_reports_are_passed_over_and_damaged_ones_are_not(tmp_path):
    shutil.copy(SCALE / "sim/report/scale_cosim.rpt", tmp_path)
    (tmp_path / "pom.xml").write_text("<project/>")
    (tmp_path / "weather.rpt").write_text("rain\n")
    assert by_origin(tmp_path)["cosim"].notes == ()
    (tmp_path / "csynth.xml").write_text("<profile><UserAssignments>")
    (note,) = by_origin(tmp_path)["cosim"].notes
    assert (note.severity, "its XML is damaged" in note.message) == ("warning", True)


def test_a_folder_in_which_all_is_damaged_is_a_fault(tmp_path):
    where = copied(SCALE, tmp_path)
    for path in where.rglob("*"):
        if path.is_file():
            path.write_text("<profile>")
    with pytest.raises(AlloError) as caught:
        read_solution(where)
    assert len(caught.value.diagnostics) > 5


def test_a_stale_report_is_told(tmp_path):
    where = copied(SCALE, tmp_path)
    rpt = where / "syn/report/scale_csynth.rpt"
    assert rpt.read_text().count("|   440|") == 1
    rpt.write_text(rpt.read_text().replace("|   440|", "|   441|"))
    report = by_origin(where)["csynth"]
    warning = next(note for note in report.notes if note.severity == "warning")
    assert "modules[scale].resources[LUT].used is 440 and 441" in warning.message
    assert warning.hint
    assert used(report.top.resources)["LUT"] == 440


def test_a_function_that_is_said_to_call_itself_ends(tmp_path):
    for name in ("scale_csynth.rpt", "mean_csynth.rpt"):
        text = (SCALE / "syn/report" / name).read_text()
        (tmp_path / name).write_text(text.replace("|    mean|", "|   scale|"))
    (tmp_path / "mean_csynth.rpt").unlink()
    report = by_origin(tmp_path)["csynth"]
    assert report.hierarchy
    assert len(list(report.hierarchy.walk())) == 1


def filled(first: object, second: object) -> tuple[object, list[str]]:
    conflicts = Conflicts()
    return fill(first, second, conflicts), conflicts.found


def test_what_one_account_does_not_know_comes_from_the_other():
    first = Module("m", latency=Latency(worst=4), loops=(Loop("a", trip_count=Range(3, 3)),))
    second = Module("m", latency=Latency(worst=4, best=2), loops=(Loop("a", latency=Range(9, 9)), Loop("b")))
    found, conflicts = filled(first, second)
    assert isinstance(found, Module)
    assert (found.latency.best, found.loops[0].latency, len(found.loops)) == (2, Range(9, 9), 2)
    assert conflicts == []


def test_one_end_of_a_range_does_not_contradict_it():
    assert filled(Loop("a", trip_count=Range(1, 25)), Loop("a", trip_count=Range(25, 25)))[1] == []
    assert filled(Loop("a", trip_count=Range(1, 25)), Loop("a", trip_count=Range(26, 26)))[1] != []


def test_of_two_times_the_more_exact_one_is_kept():
    rounded, exact = Times(966e6, 966e6), Times(965788003.0, 965788003.0)
    for first, second in ((rounded, exact), (exact, rounded)):
        found, conflicts = filled(Loop("a", latency_ns=first), Loop("a", latency_ns=second))
        assert (found.latency_ns, conflicts) == (exact, [])


def test_loops_that_share_a_name_are_not_mixed():
    first = (Loop("a", trip_count=Range(1, 1)), Loop("a", trip_count=Range(2, 2)))
    second = (Loop("a", trip_count=Range(2, 2), latency=Range(7, 7)), Loop("a"))
    assert filled(Module("m", loops=first), Module("m", loops=second)) == (Module("m", loops=first), [])

"""`allo-studio calibrate`: what reports show changes what is predicted, and all that can be wrong with them is told."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from calibration_samples import KERNEL, MULTIPLIER, PROJECT, SLOW_ADDER, modules, write_report, write_sums
from cli_samples import PROJECT as SMALL
from cli_samples import contents, write_project
from synthesis_reports import CoreSaid, LoopSaid, ModuleSaid
from vitis_stand_in import install

from allo_studio import pipeline
from allo_studio.cli import main
from allo_studio.hardware.operators import load_operators
from allo_studio.pipeline import check_project, estimate_project, predict, size_project
from allo_studio.project import load_project
from allo_studio.project.calibration import read_calibration
from allo_studio.targets import calibration_of

Run = Callable[..., SimpleNamespace]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*words: object) -> SimpleNamespace:
        status = main([str(word) for word in words])
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return SimpleNamespace(status=status, out=out, err=err)

    return call


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write_sums(tmp_path / "sums")


@pytest.fixture
def report(tmp_path: Path) -> Path:
    return write_report(tmp_path / "reports" / "csynth.xml")


def interval(project: Path) -> int | None:
    found, _ = predict(load_project(project))
    return next(row.ii for row in found.loops if row.loop == "k")


def test_a_slower_adder_makes_the_sums_recur_later(project: Path, report: Path, run: Run) -> None:
    plain = load_operators("vitis", 3.33)
    before = estimate_project(load_project(project))
    assert interval(project) == 7
    done = run("calibrate", project, "--report", report)
    assert (done.status, done.err) == (0, "")
    assert f"wrote {project / 'calibration.yaml'}" in done.out
    assert interval(project) == 10
    # It is what the library with that adder predicts, and no more.
    slow = plain.with_latency("fadd", 7).with_latency("fadd_dsp", 7)
    loaded = load_project(project)
    assert size_project(loaded).latency == size_project(loaded, library=slow).latency
    after = estimate_project(loaded)
    assert after.csynth - before.csynth == 511 * 3 + 3
    assert after.cosim > before.cosim


def test_the_table_has_errors_before_and_after(project: Path, report: Path, run: Run) -> None:
    rows = [line.split() for line in run("calibrate", project, "--report", report).out.splitlines()]
    assert ["whole/mm", "i/j/k", "II", "9", "6", "-33.3%", "9", "+0.0%"] in rows
    assert ["whole/mm", "i/j/k", "iteration", "latency", "17", "9", "-47.1%", "12", "-29.4%"] in rows
    assert ["whole", "latency", "4,700", "3,144", "-33.1%", "4,680", "-0.4%"] in rows
    assert ["II", "1", "33.3%", "0.0%"] in rows
    # The library's own figures stand beside those that were found; those that reports do not show stay as they are.
    assert ["fadd.f32", "7", "(4)", "0", "(0)", "-", "(243)", "-", "(338)", "1", SLOW_ADDER.name[:-3]] in rows


def test_figures_are_marked_where_they_are_used(project: Path, report: Path, run: Run) -> None:
    memory = CoreSaid("table_U", 2, operation="rom_np", storage=True)
    write_report(report, modules([SLOW_ADDER, MULTIPLIER, memory]))
    assert run("calibrate", project, "--report", report).status == 0
    loaded = load_project(project)
    library = size_project(loaded).library
    assert [library.operator(name, "f32").source for name in ("fadd", "fmul")] == ["calibrated", "calibrated"]
    assert library.operator("fdiv", "f32").source == "published"
    found, _ = predict(loaded)
    names = [note for note in found.notes if "calibrated from the vendor's reports" in note]
    assert names == [
        "Figures of these operators are calibrated from the vendor's reports of the project: fadd.f32, fmul.f32."
    ]
    assert "That a read of a memory takes 2 cycles is from the vendor's reports of the project." in found.notes
    assert library.memory.read_latency == 2
    # A memory's read is in the recurrence too.
    assert interval(project) == 11


def test_our_own_operators_are_not_the_vendors(project: Path, report: Path, run: Run, tmp_path: Path) -> None:
    loaded = load_project(project)

    def built() -> dict[str, int]:
        result = pipeline.build(loaded, tmp_path / "rtl", target="rtl", simulate=False)
        return {profile: counts["predicted"] for profile, counts in result.report.cycles.items()}

    before = built()
    run("calibrate", project, "--report", report)
    after = built()
    assert after["open"] == before["open"]
    assert after["vitis"] == before["vitis"] + 511 * 3 + 3


def test_what_is_known_from_before_has_no_part_in_it(project: Path, report: Path, run: Run) -> None:
    run("calibrate", project, "--report", report)
    first = (project / "calibration.yaml").read_bytes()
    assert run("calibrate", project, "--report", report).status == 0
    assert (project / "calibration.yaml").read_bytes() == first
    write_report(report, modules([MULTIPLIER]))
    run("calibrate", project, "--report", report)
    known = calibration_of(load_project(project))
    assert known is not None
    assert list(known.by_name) == ["fmul.f32"]
    assert interval(project) == 7


def test_a_dry_run_writes_nothing(project: Path, report: Path, run: Run) -> None:
    before = contents(project)
    done = run("calibrate", project, "--report", report, "--dry-run")
    assert done.status == 0
    assert "II" in done.out
    assert done.out.endswith("nothing was written\n")
    assert contents(project) == before


def test_it_can_be_forgotten(project: Path, report: Path, run: Run) -> None:
    before = contents(project)
    run("calibrate", project, "--report", report)
    assert interval(project) == 10
    assert run("calibrate", project, "--forget").out == f"removed {project / 'calibration.yaml'}\n"
    assert contents(project) == before
    assert interval(project) == 7
    done = run("calibrate", project, "--forget")
    assert (done.status, done.out) == (0, f"{project / 'project.yaml'} has no calibration\n")
    assert run("calibrate", project, "--forget", "--report", report).status == 2
    assert run("calibrate", project, "--forget", "--dry-run").status == 2


def test_as_json(project: Path, report: Path, run: Run) -> None:
    found = json.loads(run("calibrate", project, "--report", report, "--json").out)
    assert (found["status"], found["diagnostics"]) == ("ok", [])
    assert found["artifacts"] == [{"kind": "calibration", "path": str(project / "calibration.yaml")}]
    known = found["calibration"]
    assert known["file"] == str(project / "calibration.yaml")
    assert known["target"] == {"device": "xcu280", "family": "ultrascale+", "clock_ns": 3.33}
    adder = known["operators"][0]
    assert (adder["name"], adder["latency"], adder["library"]["latency"]) == ("fadd.f32", 7, 4)
    assert (adder["core"], adder["instances"]) == ("fadd_32ns_32ns_32_8_no_dsp_1", 1)
    assert adder["report"]["file"] == str(report)
    row = {"where": "whole/mm i/j/k", "figure": "II", "vendor": 9, "before": 6, "after": 9}
    assert {**row, "error_before": -1 / 3, "error_after": 0.0} in known["figures"]
    assert known["mean_errors"]["II"] == {"before": 1 / 3, "after": 0.0, "count": 1}
    dry = json.loads(run("calibrate", project, "--report", report, "--json", "--dry-run").out)
    assert (dry["calibration"]["file"], dry["artifacts"]) == (None, [])


def test_nothing_is_written_where_reports_show_nothing(project: Path, report: Path, run: Run) -> None:
    write_report(report, modules([]))
    before = contents(project)
    done = run("calibrate", project, "--report", report)
    assert done.status == 0
    assert "the reports show no figures of operators; nothing is calibrated" in done.out
    # What there is to compare is shown all the same.
    assert "whole/mm i/j/k" in done.out
    assert contents(project) == before


def test_reports_of_the_last_build_are_taken(
    project: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("calibrate", project)
    assert done.status == 1
    assert "there are no reports of Vitis HLS in 'build/sums'" in done.err
    monkeypatch.setenv("PATH", f"{install(tmp_path / 'bin').parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv("ALLO_VITIS")
    monkeypatch.setenv("STAND_IN", "cores")
    assert run("build", project, "--synth", "--no-simulate").status == 0
    done = run("calibrate", project)
    assert done.status == 0
    found = read_calibration(project / "project.yaml")
    assert found is not None
    adder = found.calibration.by_name["fadd.f32"]
    assert (adder.latency, adder.instances) == (7, 2)
    assert adder.origin.file == "build/sums/sums_hls/solution/syn/report/csynth.xml"
    assert [row.vendor for row in found.figures if row.figure == "latency"] == [1234, 1234]


def test_what_a_cosimulation_found_is_compared(project: Path, run: Run, tmp_path: Path) -> None:
    solution = tmp_path / "hls"
    write_report(solution / "syn" / "report" / "csynth.xml")
    cosim = solution / "sim" / "report"
    cosim.mkdir(parents=True)
    sample = Path(__file__).parents[1] / "report/data/vendor/blur_2024/hls/sim/report/blur_cosim.rpt"
    shutil.copy(sample, cosim / "whole_cosim.rpt")
    done = run("calibrate", project, "--report", solution)
    assert done.status == 0
    row = next(line for line in done.out.splitlines() if "co-simulated" in line).split()
    assert row[:3] == ["whole", "co-simulated", "latency"]
    after = estimate_project(load_project(project)).cosim
    assert row[6] == f"{after:,}"


def refused(run: Run, project: Path, *words: object) -> str:
    """Return what is said of a calibration that is refused, having seen that nothing was written."""
    before = contents(project)
    done = run("calibrate", project, *words)
    assert done.status == 1
    assert done.out == ""
    assert contents(project) == before
    return done.err


def test_reports_that_are_not_of_this_design_are_refused(project: Path, report: Path, run: Run) -> None:
    renamed = [ModuleSaid(f"x{module.name}", 5, {}, module.loops, module.cores) for module in modules()]
    write_report(report, [ModuleSaid("whole", 1), *renamed])
    # Its top is ours; the rest is told.
    done = run("calibrate", project, "--report", report, "--dry-run")
    assert "the reports do not have these functions of the design: mm" in done.err
    assert "these functions of the reports are none of the design's" in done.err
    other = report.with_name("other.xml")
    other.write_text(
        report.read_text().replace("<TopModelName>whole<", "<TopModelName>xwhole<").replace(">whole<", ">xwhole<")
    )
    said = refused(run, project, "--report", other)
    assert "error[calibration]: the reports have none of the functions of the design (mm, whole)" in said


def test_reports_of_an_earlier_version_are_told(project: Path, report: Path, run: Run) -> None:
    write_report(report, modules(trips=4096))
    done = run("calibrate", project, "--report", report)
    assert done.status == 0
    assert "whole/mm i/j/k has 4096 iterations in the report and 512 in the design" in done.err


def test_reports_of_another_target_are_refused(project: Path, report: Path, run: Run) -> None:
    write_report(report, part="xc7z020-clg484-1")
    assert "error[calibration]" in refused(run, project, "--report", report)
    write_report(report, clock=10.0)
    assert "is of a clock of 10 ns, and the project's is 3.33 ns" in refused(run, project, "--report", report)


def test_reports_that_cannot_be_read_are_refused(project: Path, report: Path, run: Run) -> None:
    run("calibrate", project, "--report", report)
    report.write_text(report.read_text()[:900])
    assert "error[report]" in refused(run, project, "--report", report)
    assert "error[report]" in refused(run, project, "--report", report.parent)
    report.write_bytes(b"\0\xff garbage")
    assert "error[report]" in refused(run, project, "--report", report)
    report.unlink()
    assert "error[file]" in refused(run, project, "--report", report)
    assert "error[report]" in refused(run, project, "--report", report.parent)


def test_reports_of_other_stages_are_refused(project: Path, run: Run) -> None:
    sample = Path(__file__).parents[1] / "report/data/vendor/blur_2024/hls/sim/report/blur_cosim.rpt"
    assert "is of a synthesis" in refused(run, project, "--report", sample)


def test_a_device_without_the_vendors_tool_is_refused(project: Path, report: Path, run: Run) -> None:
    file = project / "project.yaml"
    file.write_text(PROJECT.replace("device: xcu280, clock_ns: 3.33", "device: ecp5-85, clock_ns: 20"))
    assert "no tool of the vendor is for ecp5-85" in refused(run, project, "--report", report)


@pytest.mark.parametrize("target", ["device: xcu280, clock_ns: 4.0", "device: xc7z020, clock_ns: 10"])
def test_a_calibration_for_another_target_is_told_and_not_used(
    project: Path, report: Path, run: Run, target: str
) -> None:
    file = project / "project.yaml"
    file.write_text(PROJECT.replace("device: xcu280, clock_ns: 3.33", target))
    before = interval(project)
    file.write_text(PROJECT)
    run("calibrate", project, "--report", report)
    file.write_text(PROJECT.replace("device: xcu280, clock_ns: 3.33", target))
    done = run("check", project)
    assert done.status == 0
    assert "note[calibration]: calibration.yaml is for ultrascale+ at 3.33 ns, and is not used for" in done.err
    assert interval(project) == before


def test_a_calibration_holds_for_other_devices_of_the_family(project: Path, report: Path, run: Run) -> None:
    run("calibrate", project, "--report", report)
    (project / "project.yaml").write_text(PROJECT.replace("xcu280", "xcu250"))
    assert check_project(load_project(project)).diagnostics == ()
    assert interval(project) == 10


def test_a_calibration_that_is_no_such_file_is_an_error_until_it_is_replaced(
    project: Path, report: Path, run: Run
) -> None:
    file = project / "calibration.yaml"
    file.write_text("format: 1\noperators: {fadd.f32: {latency: many}}\n")
    for words in (["check"], ["build", "--no-simulate"], ["schedule"], ["simulate", "--target", "jit"]):
        done = run(words[0], project, *words[1:])
        assert done.status == 1
        assert "calibration.yaml:" in done.err
        assert "error[yaml]" in done.err
    assert run("calibrate", project, "--report", report).status == 0
    assert run("check", project).status == 0


def test_projects_in_one_folder_have_calibrations_of_their_own(project: Path, report: Path, run: Run) -> None:
    other = project / "other.yaml"
    other.write_text(PROJECT)
    run("calibrate", other, "--report", report)
    assert (project / "other.calibration.yaml").is_file()
    assert interval(other) == 10
    assert interval(project) == 7


def test_functions_that_a_kernel_calls_are_compared(project: Path, report: Path, run: Run) -> None:
    kernel = KERNEL.replace(
        "def product",
        """def line(A: float32[N]) -> float32[N]:
    R: float32[N]
    for t in range(N):
        R[t] = A[t] + 1.0
    return R


def twice(A: float32[N]) -> float32[N]:
    R: float32[N] = line(A)
    S: float32[N] = line(R)
    return S


def product""",
    )
    (project / "kernels" / "product.py").write_text(kernel)
    (project / "project.yaml").write_text(
        """format: 1
name: sums
target: {device: xcu280, clock_ns: 3.33}
top: whole
graphs:
  whole:
    inputs: {A: "float32[8]"}
    outputs: {S: "float32[8]"}
    nodes:
      two: {kernel: "kernels/product.py:twice"}
    edges: [A -> two.A, two.S -> S]
"""
    )
    said = [
        ModuleSaid("whole", 60),
        ModuleSaid("two", 50),
        ModuleSaid("line", 18, {}, [LoopSaid("t", 8, 16, 10, 1)], [SLOW_ADDER]),
    ]
    write_report(report, said)
    done = run("calibrate", project, "--report", report)
    assert done.status == 0
    rows = [line.split() for line in done.out.splitlines()]
    assert ["whole/two", "line:t", "II", "1", "1", "+0.0%", "1", "+0.0%"] in rows
    (row,) = [row for row in rows if row[:3] == ["whole/two", "line:t", "latency"]]
    assert int(row[6]) == int(row[4]) + 1, "an adder of the tool in DSPs has 6 cycles, this one 7"


def test_a_vitis_kernel_is_compared_without_what_moves_its_arrays(project: Path, report: Path, run: Run) -> None:
    (project / "project.yaml").write_text(PROJECT.replace("clock_ns: 3.33", "clock_ns: 3.33, interface: kernel"))
    inner = [replace(module, name="whole_core") if module.name == "whole" else module for module in modules()]
    around = [ModuleSaid("whole", 9000, {"DSP": 3, "FF": 9000}), ModuleSaid("load_A", 70), ModuleSaid("store_C", 70)]
    around += [ModuleSaid("load_A_Pipeline_load_A_i", 60), *inner]
    write_report(report, around)
    done = run("calibrate", project, "--report", report)
    assert (done.status, done.err) == (0, "")
    rows = [line.split() for line in done.out.splitlines()]
    assert ["whole", "latency", "4,700", "3,144", "-33.1%", "4,680", "-0.4%"] in rows
    assert "9,000" not in done.out


def test_figures_that_are_none_leave_a_file_that_can_be_read(project: Path, report: Path, run: Run) -> None:
    """Whatever stands in a report, what is written is read again."""
    odd = [
        SLOW_ADDER,
        CoreSaid("fmul_32ns_32ns_32_4_max_dsp_1_U2", 3, -3),
        CoreSaid("fdiv_32ns_32ns_32_20_no_dsp_1_U3", 19, 10**17),
        CoreSaid("fadd_16ns_16ns_16_99999_no_dsp_1_U4", 99998),
        CoreSaid("far_U", 100, operation="ram_1p", storage=True),
    ]
    nest = LoopSaid("i_j_k", 512, -5, 10**17, -1)
    said = [ModuleSaid("whole", -9, {"DSP": -1}), ModuleSaid("mm", 10**17, {"LUT": 10**17}, [nest], odd)]
    write_report(report, said, version="2024.1" + "x" * 100_000)
    assert run("calibrate", project, "--report", report).status == 0
    found = read_calibration(project / "project.yaml")
    assert found is not None
    known = found.calibration
    assert {name: (one.latency, one.resources) for name, one in known.by_name.items()} == {
        "fadd.f32": (7, (("DSP", 0),)),
        "fadd_dsp.f32": (7, (("DSP", 0),)),
        "fdiv.f32": (19, ()),
        "fmul.f32": (3, ()),
    }
    assert known.memory is None
    assert {(row.where, row.figure) for row in found.figures} == {
        ("whole/mm", "latency"),
        ("whole/mm", "LUT"),
        ("whole/mm i/j/k", "iteration latency"),
    }
    assert run("check", project).status == 0


def test_the_whole_has_what_its_blocks_have_with_the_cores_that_the_tool_chooses(tmp_path: Path, run: Run) -> None:
    project = write_project(tmp_path / "small", SMALL.replace("factor: 4", "factor: 2"))
    outer = [LoopSaid("i", 16, 1600, 100)]
    blocks = [ModuleSaid(name, 1700, {"DSP": 20}, outer, [MULTIPLIER]) for name in ("mm1", "mm2")]
    report = write_report(tmp_path / "csynth.xml", [ModuleSaid("cascade", 1800, {"DSP": 40}), *blocks], top="cascade")
    assert run("calibrate", project, "--report", report).status == 0
    found = read_calibration(project / "project.yaml")
    assert found is not None
    before = {(row.where, row.figure): row.before for row in found.figures}
    # Two lanes, each with a product and a sum in DSPs, for which the schedule alone takes the adder in fabric.
    assert before["cascade/mm1", "DSP"] == before["cascade/mm2", "DSP"] == 2 * (3 + 2)
    assert before["cascade", "DSP"] == 4 * (3 + 2)
    once, total = before["cascade/mm1 i", "iteration latency"], before["cascade/mm1 i", "latency"]
    assert once is not None
    assert total == 16 * once

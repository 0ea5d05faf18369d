"""Builds that run Vitis HLS, by a stand-in: what they tell, what they leave, what they say when it fails, and that a
cancelled one leaves nothing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
from cli_samples import contents, write_project
from vitis_stand_in import install

from allo_studio.cli import main
from allo_studio.cli.terminal import ProgressBar
from allo_studio.diagnostics import AlloError
from allo_studio.pipeline import Cancelled, Progress, VendorUse, build
from allo_studio.project import load_project
from allo_studio.report import read_report
from allo_studio.tools import LOG_FILE

NOT_RUN = "No vendor's tool was run: all cycles, intervals and resources are predictions."
REPORT = "small_hls/solution/syn/report/csynth.xml"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write_project(tmp_path / "small")


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Put the stand-in on PATH; it does what it is called with."""
    program = install(tmp_path / "bin")
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv("ALLO_VITIS")
    return lambda mode: monkeypatch.setenv("STAND_IN", mode)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]):
    def call(*words: object) -> SimpleNamespace:
        status = main([str(word) for word in words])
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return SimpleNamespace(status=status, out=out, err=err)

    return call


def test_a_build_synthesises_where_the_tool_is_on_path(project, tool, tmp_path):
    tool("ok")
    heard: list[Progress] = []
    out = tmp_path / "out"
    result = build(load_project(project), out, simulate=False, progress=heard.append)
    assert result.ok
    stages = list(dict.fromkeys(step.stage for step in heard))
    assert stages == ["check", "schedule", "generate", "synthesise", "report", "done"]
    fractions = [step.fraction for step in heard]
    assert fractions == sorted(fractions)
    told = [step for step in heard if step.stage == "synthesise"]
    assert told[0].message == "running vitis_hls -f run_hls.tcl"
    lines = "\n".join(step.log for step in told if step.log).splitlines()
    assert lines == [line.rstrip() for line in (out / LOG_FILE).read_text().splitlines() if line.strip()]
    # No simulation, so there is nothing to compare with.
    assert "csim_design" not in "\n".join(lines)
    figures = "its figures are in " + REPORT
    assert result.report.notes[-1] == f"Vitis HLS 2024.1 synthesised the design: {figures}. Those here are predictions."
    kinds = {artifact.kind: artifact.path for artifact in result.artifacts}
    assert kinds["log"] == out / LOG_FILE
    assert kinds["vendor"] == out / REPORT
    assert all(artifact.path.is_file() for artifact in result.artifacts)
    assert read_report(out).notes == result.report.notes
    assert [one.origin for one in result.vendor] == ["csynth"]
    assert json.loads((out / "report.json").read_text())["vendor"][0]["general"]["version"] == "2024.1"


def test_a_build_runs_what_it_is_told_to(project, tool, run, tmp_path):
    tool("ok")
    out = tmp_path / "out"
    assert run("build", project, "--out", out, "--no-simulate", "--no-tool").status == 0
    assert read_report(out).notes[-1] == NOT_RUN
    assert not (out / LOG_FILE).exists()
    done = run("build", project, "--out", out, "--no-simulate", "--synth")
    assert done.status == 0
    assert "1,234" in done.out.split("== cascade")[1]
    assert (out / REPORT).is_file()
    # The same design without the tool: nothing of the earlier run stays in its folder.
    assert run("build", project, "--out", out, "--no-simulate", "--no-tool").status == 0
    assert not (out / "small_hls").exists()


def test_a_cosimulation_has_the_data_of_the_simulation(project, tool, run, tmp_path):
    tool("ok")
    out = tmp_path / "out"
    done = run("build", project, "--out", out, "--cosim")
    assert (done.status, done.err) == (0, "")
    log = (out / LOG_FILE).read_text()
    assert "CSim done with 0 errors" in log
    assert "co-simulation finished: PASS" in log
    assert read_report(out).notes[-1] == "The co-simulation of Vitis HLS 2024.1 passed."
    heard: list[Progress] = []
    tool("cosim-fails")
    result = build(load_project(project), out, vendor=VendorUse(cosim=True), progress=heard.append)
    assert not result.ok
    assert result.report.notes[-1] == "The co-simulation of Vitis HLS 2024.1 did not pass."
    assert list(dict.fromkeys(step.stage for step in heard))[-4:] == ["synthesise", "cosimulate", "report", "done"]
    fractions = [step.fraction for step in heard]
    assert fractions == sorted(fractions)


def test_a_synthesis_that_fails_is_told_and_the_files_are_there(project, tool, run, tmp_path):
    tool("fail")
    out = tmp_path / "out"
    done = run("build", project, "--out", out, "--no-simulate")
    assert done.status == 3
    assert "kernels/gemm.py:12:13: error[tool]: Vitis HLS: use of undeclared identifier 'N' [HLS 207-3776]" in done.err
    assert "  in: cascade/mm1" in done.err
    assert (out / "cascade.cpp").is_file()
    assert "use of undeclared" in (out / LOG_FILE).read_text()
    document = json.loads((out / "report.json").read_text())
    assert document["status"] == "error"
    assert document["report"]["notes"][-1] == (
        f"Vitis HLS 2024.1 was run and made no report ({LOG_FILE}): all figures are predictions."
    )


def test_warnings_of_the_tool_are_no_failure(project, tool, run, tmp_path):
    tool("warn")
    done = run("build", project, "--out", tmp_path / "out", "--no-simulate")
    assert done.status == 0
    assert "kernels/gemm.py:10:5: warning[tool]: Vitis HLS: The II Violation in module 'mm1'" in done.err


def test_a_time_out_is_a_tool_that_failed(project, tool, run, tmp_path):
    tool("hang")
    done = run("build", project, "--out", tmp_path / "out", "--no-simulate", "--timeout", "0.03")
    assert done.status == 3
    assert "error[tool]: vitis_hls did not end within 0.03 minutes and was stopped" in done.err
    assert "hint: allow it more time with --timeout MINUTES" in done.err


def test_a_cancelled_build_leaves_the_old_folder_and_nothing_else(project, tool, tmp_path):
    tool("ok")
    out = tmp_path / "deep" / "out"
    build(load_project(project), out, simulate=False)
    before = contents(out)
    tool("hang")
    heard: list[Progress] = []

    def cancel() -> bool:
        return any(step.message == "preparing the modules" for step in heard)

    with pytest.raises(Cancelled):
        build(load_project(project), out, simulate=False, progress=heard.append, cancel=cancel)
    assert heard[-1].stage == "synthesise"
    assert contents(out) == before
    assert [path.name for path in out.parent.iterdir()] == ["out"]


def test_without_a_tool_all_is_written_and_said(project, run, tmp_path):
    out = tmp_path / "out"
    assert run("build", project, "--out", out, "--no-simulate").status == 0
    assert {"run_hls.tcl", "hls_config.cfg", "Makefile", "include"} <= {path.name for path in out.iterdir()}
    assert read_report(out).notes[-1] == NOT_RUN


@pytest.mark.parametrize("words", [("--synth",), ("--cosim",)])
def test_a_tool_that_is_wanted_and_missing_is_a_fault_before_any_work(project, run, tmp_path, words):
    done = run("build", project, "--out", tmp_path / "out", *words)
    assert done.status == 3
    assert "error[tool]: neither vitis_hls nor vitis-run nor v++ was found" in done.err
    assert not (tmp_path / "out").exists()


def test_the_component_flow_does_not_cosimulate(project, tool, tmp_path, monkeypatch):
    tool("ok")
    monkeypatch.setenv("ALLO_VITIS", str(install(tmp_path / "bin", "v++")))
    result = build(load_project(project), tmp_path / "out", simulate=False)
    assert result.report.notes[-1].startswith("Vitis HLS 2024.1 synthesised the design")
    with pytest.raises(AlloError) as error:
        build(load_project(project), tmp_path / "out", vendor=VendorUse(cosim=True))
    assert error.value.diagnostics[0].message == "v++ alone does not co-simulate"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--cosim", "--no-simulate"), "a co-simulation needs the data that the simulation writes"),
        (("--cosim", "--no-tool"), "a co-simulation needs the tool"),
        (("--synth", "--target", "rtl"), "the target rtl is not synthesised by Vitis HLS"),
        (("--synth", "--no-tool"), "argument --no-tool: not allowed with argument --synth"),
        (("--timeout", "0"), "argument --timeout: invalid number of minutes value: '0'"),
        (("--timeout", "nan"), "argument --timeout: invalid number of minutes value: 'nan'"),
        (("--timeout", "soon"), "argument --timeout: invalid number of minutes value: 'soon'"),
    ],
)
def test_words_that_do_not_go_together_are_faults_of_usage(project, run, words, message):
    done = run("build", project, *words)
    assert done.status == 2
    assert f"error[usage]: {message}" in done.err


def test_the_terminal_shows_what_the_tool_prints_above_the_bar(monkeypatch):
    shown: list[str] = []
    stream = SimpleNamespace(isatty=lambda: True, write=shown.append, flush=lambda: None, encoding="utf-8")
    monkeypatch.setenv("TERM", "xterm")
    ProgressBar(stream)(Progress("synthesise", "binding mm1", 0.5, "one\ntwo"))
    assert shown[0].startswith("\r\x1b[Kone\ntwo\n[############............]  50% synthesise: binding mm1")


# The Makefile


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    build(load_project(write_project(folder / "small")), folder / "out")
    return folder / "out"


def make(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    known = {name: value for name, value in os.environ.items() if name not in ("XILINX_HLS", "MAKEFLAGS", "MAKELEVEL")}
    return subprocess.run(
        ["make", *words], cwd=folder, env={**known, **environment}, capture_output=True, text=True, check=False
    )


@pytest.mark.skipif(shutil.which("make") is None, reason="no make")
class TestMakefile:
    def test_csim_runs_the_testbench_with_the_headers_that_lie_beside_it(self, made):
        done = make(made, "csim")
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.splitlines()[-1] == "compared 256 mismatches 0 max_error 0"
        golden = made / "csim" / "data" / "E.golden.bin"
        content = golden.read_bytes()
        golden.write_bytes(bytes([content[0] ^ 1]) + content[1:])
        assert make(made, "csim").returncode != 0
        golden.write_bytes(content)
        assert make(made, "clean").returncode == 0
        assert not (made / "csim_tb").exists()

    def test_steps_run_the_tool_that_is_there(self, made, tmp_path):
        assert "vitis-run --mode hls --tcl run_hls.tcl" in make(made, "-n", "csynth", PATH="/usr/bin:/bin").stdout
        path = f"{install(tmp_path / 'bin').parent}{os.pathsep}{os.environ['PATH']}"
        done = make(made, "cosim", PATH=path)
        assert done.returncode == 0, done.stdout
        assert "co-simulation finished: PASS" in done.stdout
        assert (made / REPORT).is_file()
        assert "export_design -format ip_catalog" not in done.stdout
        shutil.rmtree(made / "small_hls")
        assert "Running: export_design" in make(made, "export", PATH=path).stdout
        assert make(made, "csynth", PATH=path, STAND_IN="fail").returncode != 0
        make(made, "clean")
        assert not (made / "small_hls").exists()

    def test_help_says_the_steps(self, made):
        help_ = make(made).stdout
        for step in ("csim", "csynth", "cosim", "export", "clean"):
            assert f"make {step} " in help_

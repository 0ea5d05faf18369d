"""The command line: what it prints, where, and with which exit status."""

import errno
import io
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pytest
from cli_samples import KERNEL, PROJECT, contents, write_project

from allo_studio import pipeline
from allo_studio.cli import main
from allo_studio.cli.interrupt import interruptible
from allo_studio.cli.parser import COMMANDS
from allo_studio.cli.terminal import Outcome, ProgressBar, emit, status_of
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.pipeline import BuildResult, Cancelled, Progress
from allo_studio.report import read_report

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return write_project(tmp_path / "small")


@pytest.fixture
def run(capsys):
    def call(*words):
        status = main([str(word) for word in words])
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return SimpleNamespace(status=status, out=out, err=err)

    return call


def program(*words, **options):
    command = [sys.executable, "-m", "allo_studio", *map(str, words)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, **options)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("built")
    source = write_project(folder / "small")
    assert main(["build", str(source), "--out", str(folder / "out")]) == 0
    return folder / "out"


# Words


def test_version(run, capsys):
    with pytest.raises(SystemExit) as left:
        main(["--version"])
    assert left.value.code == 0
    assert capsys.readouterr().out == "Allo Studio 0.1.0\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_each_command_says_exit_statuses(command, capsys):
    with pytest.raises(SystemExit) as left:
        main([command, "--help"])
    assert left.value.code == 0
    assert "Exit status: 0 fine" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ("check",),
        ("check", "a", "b"),
        ("build", "x", "--target", "vhdl"),
        ("build", "x", "--tar", "hls"),
        ("render", "x"),
        ("render", "x", "--out", "x.pdf"),
        ("--nonsense",),
        ("one", "two"),
    ],
)
def test_usage_is_status_2_with_a_hint(run, words):
    done = run(*words)
    assert (done.status, done.out) == (2, "")
    assert "error[usage]" in done.err
    assert "hint:" in done.err


def test_usage_in_json_is_one_document(run):
    done = run("check", "--json")
    assert done.status == 2
    assert done.err == ""
    assert json.loads(done.out)["diagnostics"][0]["code"] == "usage"


def test_word_that_is_nearly_a_command_gets_a_hint(run):
    done = run("chekc")
    assert done.status == 1
    assert "did you mean the command 'check'?" in done.err


def test_project_alone_opens_the_window(run, project, monkeypatch):
    opened = []
    monkeypatch.setattr("allo_studio.cli.window.open_window", opened.append)
    assert run(project).status == run().status == run("open", project).status == 0
    assert opened == [project, None, project]


def test_window_without_qt_is_status_3_and_says_what_to_install(run, project, monkeypatch):
    monkeypatch.setattr("allo_studio.cli.window.importlib.util.find_spec", lambda name: None)
    done = run(project)
    assert done.status == 3
    assert "pip install 'allo-studio[studio]'" in done.err


def test_window_imports_nothing_from_the_folder_one_stands_in(project, monkeypatch):
    started = []
    monkeypatch.setattr("allo_studio.cli.window.importlib.util.find_spec", lambda name: name)
    monkeypatch.setattr(
        "allo_studio.cli.window.subprocess.run", lambda c, **_: started.append(c) or SimpleNamespace(returncode=0)
    )
    assert main([str(project)]) == 0
    assert started == [[sys.executable, "-P", "-m", "ui", str(project)]]


# check


def test_check_of_a_sound_project(run, project):
    done = run("check", project)
    assert (done.status, done.out, done.err) == (0, "small: no errors\n", "")


def test_check_writes_nothing(run, project, tmp_path):
    before = contents(tmp_path)
    run("check", project)
    run("check", project, "--json")
    assert contents(tmp_path) == before


def test_check_in_json(run, project):
    done = run("check", project, "--json")
    assert json.loads(done.out) == {"format": 1, "status": "ok", "diagnostics": [], "artifacts": []}


def test_check_takes_a_project_file(run, project):
    assert run("check", project / "project.yaml").status == 0


def test_project_that_is_not_there(run, tmp_path):
    done = run("check", tmp_path / "gone")
    assert done.status == 1
    assert "error[file]" in done.err


def test_name_that_no_system_takes(run):
    done = run("check", "x" * 5000)
    assert done.status == 1
    assert "error[file]" in done.err


# build, simulate, report


def test_build_says_fifo_and_simulation_in_json(built):
    found = json.loads((built / "report.json").read_text(encoding="utf-8"))
    assert found["format"] == 1
    assert found["status"] == "ok"
    (inner,) = [c for c in found["report"]["channels"] if c["id"] == "cascade/mm1.C->mm2.A"]
    assert inner["kind"] == "fifo"
    assert inner["depth"]["vitis"] >= 1
    assert inner["reason"]
    assert found["simulation"]["compared"] == 256
    assert found["simulation"]["mismatches"] == 0


def test_build_prints_what_it_writes(run, project, tmp_path):
    done = run("build", project, "--out", tmp_path / "out", "--json")
    assert done.status == 0
    assert done.err == ""
    printed = json.loads(done.out)
    assert printed["artifacts"]
    assert all(Path(a["path"]).exists() for a in printed["artifacts"])
    assert read_report(tmp_path / "out").cycles == printed["report"]["cycles"]


def test_build_goes_to_a_folder_named_after_the_project(run, project, tmp_path):
    done = run("build", project, "--no-simulate")
    assert done.status == 0
    assert (tmp_path / "build" / "small" / "report.json").is_file()
    assert "latency" in done.out
    assert "not run" in done.out
    assert "report.json" in done.out


def test_build_leaves_the_project_as_it_was(run, project):
    before = contents(project)
    assert run("build", project, "--no-simulate").status == 0
    assert contents(project) == before


def test_report_prints_the_table_of_the_build(run, built):
    done = run("report", built)
    assert done.status == 0
    assert done.out.startswith("design         small, top graph cascade\n")
    assert "passed: 256 elements compared" in done.out
    again = json.loads(run("report", built, "--json").out)
    assert again["report"] == json.loads((built / "report.json").read_text(encoding="utf-8"))["report"]


def test_report_of_no_build(run, tmp_path):
    assert run("report", tmp_path).status == 1
    (tmp_path / "report.json").write_text('{"format": 9}', encoding="utf-8")
    done = run("report", tmp_path)
    assert done.status == 1
    assert "update Allo Studio" in done.err


@pytest.mark.parametrize("target", ["hls", "jit"])
def test_simulate_compares_every_element(run, project, target):
    done = run("simulate", project, "--target", target, "--json")
    assert done.status == 0, done.out
    row = json.loads(done.out)["simulation"]
    assert (row["compared"], row["mismatches"]) == (256, 0)


def test_mismatch_is_status_1(run, project, built, monkeypatch):
    found = read_report(built)
    wrong = replace(found, simulation=replace(found.simulation, mismatches=3))
    fault = Diagnostic("simulation", "3 elements differ", where="cascade")
    monkeypatch.setattr(pipeline, "simulate", lambda *a, **k: BuildResult(wrong, (), (fault,)))
    done = run("simulate", project)
    assert done.status == 1
    assert "error[simulation]" in done.err
    assert "FAILED" in done.out


def test_report_of_a_failed_simulation_is_status_1(run, built, tmp_path):
    found = json.loads((built / "report.json").read_text(encoding="utf-8"))
    found["simulation"]["mismatches"] = 3
    (tmp_path / "report.json").write_text(json.dumps(found), encoding="utf-8")
    done = run("report", tmp_path)
    assert done.status == 1
    assert "3 of 256 elements differ" in done.err


def test_failed_tool_is_status_3(run, project, monkeypatch):
    monkeypatch.setattr(pipeline, "build", lambda *a, **k: fail(AlloError(Diagnostic("tool", "no g++", hint="get it"))))
    done = run("build", project)
    assert done.status == 3
    assert "error[tool]: no g++" in done.err


def test_fault_of_the_design_goes_before_that_of_a_tool():
    assert status_of([Diagnostic("tool", "x"), Diagnostic("type", "x")]) == 1
    assert status_of([Diagnostic("type", "x", severity="warning")]) == 0


def fail(error):
    raise error


def test_fault_of_our_own_is_no_traceback(run, project, monkeypatch):
    monkeypatch.setattr(pipeline, "build", lambda *a, **k: fail(KeyError("lost")))
    done = run("build", project, "--json")
    assert done.status == 3
    found = json.loads(done.out)
    assert found["status"] == "error"
    assert found["diagnostics"][0]["code"] == "internal"
    assert "test_cli.py" in found["diagnostics"][0]["message"]
    assert "report it" in found["diagnostics"][0]["hint"]


# Interruption and streams


def test_first_interrupt_asks_the_build_to_stop(run, project, monkeypatch):
    def build(_loaded, _out, cancel, **_options):
        assert not cancel()
        signal.raise_signal(signal.SIGINT)
        if cancel():
            raise Cancelled
        pytest.fail("the wish to stop was not seen")

    monkeypatch.setattr(pipeline, "build", build)
    before = signal.getsignal(signal.SIGINT)
    done = run("build", project, "--json")
    assert done.status == 130
    assert json.loads(done.out)["diagnostics"][0]["code"] == "cancelled"
    assert signal.getsignal(signal.SIGINT) is before


def test_second_interrupt_stops_at_once():
    with interruptible() as wish:
        signal.raise_signal(signal.SIGINT)
        assert wish()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_interrupt_elsewhere_is_status_130(run, project, monkeypatch):
    monkeypatch.setattr(pipeline, "check_project", lambda *a: fail(KeyboardInterrupt()))
    assert run("check", project).status == 130


def test_interrupted_build_leaves_the_last_one(run, project, tmp_path, monkeypatch):
    out = tmp_path / "out"
    assert run("build", project, "--out", out, "--no-simulate").status == 0
    before = contents(tmp_path)
    calls = []

    def stop(progress):
        calls.append(progress)
        if len(calls) == 3:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("allo_studio.cli.terminal.ProgressBar.__call__", lambda _self, progress: stop(progress))
    (project / "kernels" / "gemm.py").write_text(KERNEL.replace("* B", "- B"), encoding="utf-8")
    before["small/kernels/gemm.py"] = (project / "kernels" / "gemm.py").read_bytes()
    assert run("build", project, "--out", out).status == 130
    assert contents(tmp_path) == before


class Terminal(list):
    encoding = "utf-8"
    write = list.append

    def isatty(self):
        return True

    def flush(self):
        pass


def test_progress_is_drawn_on_a_terminal_and_taken_away(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    bar = ProgressBar(stream)
    bar(Progress("simulate", "compiling " + "x" * 100, 0.5))
    bar.clear()
    line = stream[0].removeprefix("\r\x1b[K")
    assert line.startswith("[############............]  50% simulate: compiling")
    assert len(line) < 60
    assert stream[-1] == "\r\x1b[K"


def test_progress_is_silent_in_a_pipe(capsys):
    ProgressBar(sys.stderr)(Progress("a", "b", 0.1))
    assert capsys.readouterr().err == ""


def test_program_exits_with_the_status(project):
    done = program("check", project)
    assert (done.returncode, done.stdout, done.stderr) == (0, "small: no errors\n", "")
    assert program("check", project / "gone").returncode == 1
    assert program("check").returncode == 2


@pytest.mark.skipif(os.name != "posix", reason="pipes close differently")
def test_reader_that_leaves_is_no_error(built):
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "allo_studio", "report", str(built)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_full_output_is_told(built):
    command = [sys.executable, "-m", "allo_studio", "report", str(built)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, env=environment, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert "cannot be written" in done.stderr
    assert "Traceback" not in done.stderr


def test_terminal_of_few_letters_is_no_error(monkeypatch):
    shown = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(shown, encoding="ascii", errors="strict"))
    emit(Outcome("kernels/g…m.py"), json=False)
    assert shown.getvalue() == b"kernels/g\\u2026m.py\n"


# render, new


def test_render_writes_an_svg_with_the_channels_of_a_build(run, project, built, tmp_path):
    done = run("render", project, "--report", built, "--out", tmp_path / "new" / "x.svg")
    assert (done.status, done.err) == (0, "")
    text = (tmp_path / "new" / "x.svg").read_text(encoding="utf-8")
    assert text.startswith("<svg ")
    assert "fifo" in text
    assert "depth" in text
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["x.svg"]


def test_render_draws_broken_wires_and_blocks(run, project, tmp_path):
    write_project(project, PROJECT.replace('D: "float32[16, 16]"', 'D: "int32[16, 16]"'))
    done = run("render", project, "--out", tmp_path / "x.svg")
    assert done.status == 0
    assert "stroke-dasharray" in (tmp_path / "x.svg").read_text(encoding="utf-8")


def test_render_of_a_graph_that_is_not_there(run, project, tmp_path):
    done = run("render", project, "--graph", "cascad", "--out", tmp_path / "x.svg")
    assert done.status == 2
    assert "did you mean cascade?" in done.err
    assert not (tmp_path / "x.svg").exists()


@pytest.mark.skipif(not find_spec("PySide6"), reason="a PNG needs Qt")
def test_render_writes_a_png(run, project, tmp_path, monkeypatch):
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert run("render", project, "--out", tmp_path / "x.png").status == 0
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")


def test_render_of_a_png_without_qt(run, project, tmp_path, monkeypatch):
    monkeypatch.setattr("allo_studio.cli.window.importlib.util.find_spec", lambda name: None)
    done = run("render", project, "--out", tmp_path / "x.png")
    assert done.status == 3
    assert "pip install" in done.err
    assert not (tmp_path / "x.png").exists()


def test_new_makes_a_project_that_is_sound_and_builds(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run("new", "mine").status == 0
    assert run("check", "mine").status == 0
    assert run("build", "mine").status == 0


def test_new_from_an_example(run, tmp_path):
    done = run("new", tmp_path / "mine", "--example", "gemm_cascade", "--json")
    assert done.status == 0
    assert json.loads(done.out)["artifacts"] == [{"kind": "project", "path": str(tmp_path / "mine" / "project.yaml")}]
    wrong = run("new", tmp_path / "other", "--example", "gem_cascade")
    assert wrong.status == 1
    assert "did you mean gemm_cascade?" in wrong.err


def test_new_does_not_touch_what_is_there(run, project):
    before = contents(project)
    assert run("new", project).status == 1
    assert contents(project) == before


def test_full_disk_while_making_a_project_leaves_nothing(run, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "replace", lambda *a: fail(OSError(errno.ENOSPC, "No space left on device")))
    done = run("new", tmp_path / "mine")
    assert done.status == 1
    assert "error[file]" in done.err
    assert contents(tmp_path) == {}


def test_full_disk_while_drawing_keeps_the_earlier_picture(run, project, tmp_path, monkeypatch):
    picture = tmp_path / "pictures" / "x.svg"
    assert run("render", project, "--out", picture).status == 0
    before = contents(tmp_path)
    monkeypatch.setattr(os, "replace", lambda *a: fail(OSError(errno.ENOSPC, "No space left on device")))
    done = run("render", project, "--out", picture)
    assert done.status == 1
    assert "No space left" in done.err
    assert contents(tmp_path) == before


@pytest.mark.skipif(os.name != "posix", reason="needs a limit on the size of files")
@pytest.mark.parametrize("command", ["build", "render"])
def test_disk_that_fills_up_while_writing(project, tmp_path, command):
    import resource

    out = tmp_path / ("x.svg" if command == "render" else "out")
    before = contents(tmp_path)
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (600, 600))  # noqa: E731
    environment = {"PYTHONDONTWRITEBYTECODE": "1"}
    words = [sys.executable, "-m", "allo_studio", command, str(project), "--out", str(out)]
    done = subprocess.run(
        words,
        env={**os.environ, **environment, "PYTHONPATH": str(ROOT)},
        preexec_fn=limit,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "error[file]" in done.stderr
    assert contents(tmp_path) == before


def test_out_folder_that_is_a_file(run, project, tmp_path):
    (tmp_path / "out").write_text("mine", encoding="utf-8")
    for out in (tmp_path / "out", tmp_path / "out" / "deeper"):
        done = run("build", project, "--out", out, "--no-simulate")
        assert done.status == 1
        assert "error[" in done.err
    assert (tmp_path / "out").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("report", ["", "{}", "built"])
@pytest.mark.parametrize("out", ["small", "small/kernels", "."])
def test_a_build_takes_the_place_of_a_build_only(run, project, tmp_path, out, report):
    """A folder with any report.json, or with the project in it, is not the studio's to throw away."""
    if report == "built":
        assert run("build", project, "--out", tmp_path / "made", "--no-simulate").status == 0
        report = (tmp_path / "made" / "report.json").read_text()
    if report and out != "small/kernels":
        (tmp_path / out / "report.json").write_text(report)
    elif report == "{}":
        (project / "kernels" / "report.json").write_text(report)
    before = contents(tmp_path)
    done = run("build", project, "--out", tmp_path / out, "--no-simulate")
    assert done.status == 1
    assert "error[file]" in done.err
    assert contents(tmp_path) == before

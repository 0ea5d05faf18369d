"""Runs of Vitis HLS by a stand-in: logs, stages, messages at their lines, time-outs, cancelling, reports that are no
reports."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cli_samples import write_project
from vitis_stand_in import PIDS, install

from allo_studio.diagnostics import AlloError, Diagnostic, render
from allo_studio.pipeline import VendorUse, build
from allo_studio.project import load_project, sources
from allo_studio.source import Source
from allo_studio.tools import LOG_FILE, HlsTool, Step, Synthesis, ToolCancelled, find_hls, run_hls
from allo_studio.tools.messages import Messages, Places
from allo_studio.tools.process import follow
from allo_studio.tools.stages import Stages

SHOWN = Path("build/small")
WORK = "small_hls"


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return a project and its build folder, with a file of data such as a simulation writes."""
    folder = tmp_path_factory.mktemp("generated")
    project = write_project(folder / "small")
    build(load_project(project), folder / "out", simulate=False, vendor=VendorUse("never"))
    data = folder / "out" / "csim" / "data"
    data.mkdir(parents=True)
    (data / "E.golden.bin").write_bytes(bytes(1024))
    return project, folder / "out"


class Runs:
    """Runs the stand-in in a copy of the build folder and keeps what it told."""

    def __init__(self, project: Path, folder: Path, programs: Path) -> None:
        self.project, self.folder, self.programs = project, folder, programs
        self.steps: list[Step] = []
        self.lines: list[str] = []

    def __call__(
        self,
        kind: str = "vitis_hls",
        cosim: bool = False,
        timeout_s: float = 60.0,
        cancel: Callable[[], bool] | None = None,
    ) -> Synthesis:
        tool = HlsTool(kind, str(install(self.programs, kind)))  # type: ignore[arg-type]
        files = sources(load_project(self.project).root)

        def kernel(path: str) -> Source | None:
            try:
                return files(path)
            except AlloError:
                return None

        return run_hls(
            tool,
            self.folder,
            WORK,
            cosim=cosim,
            timeout_s=timeout_s,
            tell=self._told,
            cancel=cancel,
            kernel=kernel,
            shown=SHOWN,
        )

    def _told(self, step: Step | None, lines: list[str]) -> None:
        self.lines += lines
        if step:
            self.steps.append(step)

    @property
    def log(self) -> str:
        return (self.folder / LOG_FILE).read_text(errors="replace")

    def children(self) -> list[int]:
        return [int(word) for word in (self.folder / PIDS).read_text().split()]


@pytest.fixture
def runs(generated: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Runs]:
    project, out = generated

    def make(mode: str) -> Runs:
        monkeypatch.setenv("STAND_IN", mode)
        shutil.copytree(out, tmp_path / "fresh")
        return Runs(project, tmp_path / "fresh", tmp_path / "bin")

    return make


def alive(pid: int) -> bool:
    """Whether a process runs; one that ended and was not waited for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (OSError, IndexError):
        return False
    return state not in "ZX"


def gone(pids: list[int]) -> bool:
    """Whether all processes end, which a kill tells them at once but which takes the system a moment."""
    deadline = time.monotonic() + 30
    while any(map(alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not any(map(alive, pids))


def messages(found: Synthesis) -> list[str]:
    return [d.message for d in found.diagnostics]


@pytest.mark.parametrize("kind", ["vitis_hls", "vitis-run", "v++"])
def test_each_command_synthesises_and_leaves_a_report(runs: Callable[[str], Runs], kind: str) -> None:
    run = runs("ok")
    done = run(kind)
    assert (done.ok, done.tool, done.diagnostics) == (True, "Vitis HLS 2024.1", ())
    assert done.report == f"{WORK}/{'hls' if kind == 'v++' else 'solution'}/syn/report/csynth.xml"
    assert (run.folder / done.report).is_file()
    (figures,) = done.figures
    assert (figures.origin, figures.general.top, figures.modules[0].latency.worst) == ("csynth", "cascade", 1234)
    assert figures.files == (done.report,)
    assert not done.cosimulated
    assert [line.rstrip() for line in run.log.splitlines()] == run.lines
    assert run.steps[-1] == Step("synthesise", "synthesised", run.steps[-1].fraction)
    # What is told names the folder as it will be, not the one that it is made in.
    assert str(run.folder) not in run.log


def test_a_cosimulation_is_run_when_asked_for_only(
    runs: Callable[[str], Runs], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The person's own environment does not decide what a build runs.
    monkeypatch.setenv("ALLO_COSIM", "1")
    monkeypatch.setenv("ALLO_EXPORT", "1")
    run = runs("ok")
    run()
    assert "cosim_design" not in run.log
    assert "export_design" not in run.log
    shutil.rmtree(run.folder / WORK)
    done = run(cosim=True)
    assert (done.ok, done.cosimulated) == (True, True)
    assert run.steps[-1].stage == "cosimulate"


def test_a_cosimulation_that_fails_is_an_error_and_the_report_is_there(runs: Callable[[str], Runs]) -> None:
    done = runs("cosim-fails")(cosim=True)
    assert (done.ok, done.cosimulated) == (False, False)
    assert messages(done) == ["the co-simulation failed"]
    assert done.report is not None


def test_errors_are_at_the_line_of_the_kernel(runs: Callable[[str], Runs]) -> None:
    run = runs("fail")
    done = run()
    assert (done.ok, done.report) == (False, None)
    first, second, last = done.diagnostics
    assert first.message == "Vitis HLS: use of undeclared identifier 'N' [HLS 207-3776]"
    assert (first.code, first.severity, first.where) == ("tool", "error", "cascade/mm1")
    assert str(first.span) == "kernels/gemm.py:12:13"
    assert "   12 |             C[i, j] += A[i, k] * B[k, j]" in render(first)
    assert second.message == "Vitis HLS: Encountered problem during source synthesis [HLS 200-1715]"
    assert last.message == "Vitis HLS ended with status 1"
    assert run.steps[-1].message == "reading cascade.cpp"


def test_warnings_are_told_once_and_are_no_failure(runs: Callable[[str], Runs]) -> None:
    done = runs("warn")()
    assert done.ok
    assert {d.severity for d in done.diagnostics} == {"warning"}
    lanes = [d for d in done.diagnostics if "HLS 200-880" in d.message]
    # The pragma at fault is of the loop above it.
    assert [(str(d.span), d.where) for d in lanes] == [("kernels/gemm.py:10:5", "cascade/mm1")] * 3
    (other,) = [d for d in done.diagnostics if "HLS 214-356" in d.message]
    assert (other.span, other.where) == (None, "")
    assert "elsewhere/other.cpp:3:1" in other.message


@pytest.mark.parametrize(
    ("mode", "message"),
    [
        ("status", "Vitis HLS ended with status 3:\n****** Vitis HLS"),
        ("crash", "Vitis HLS was ended by signal 11"),
        ("error", "Vitis HLS: Pre-synthesis failed. [HLS 200-70]"),
        ("garbage", "Vitis HLS ended well and wrote no report csynth.xml"),
        ("no-report", "Vitis HLS ended well and wrote no report csynth.xml"),
        ("truncated", "the report of Vitis HLS cannot be used: "),
    ],
)
def test_each_way_to_fail_is_one_error(runs: Callable[[str], Runs], mode: str, message: str) -> None:
    done = runs(mode)()
    assert (done.ok, done.report, done.figures) == (False, None, ())
    (fault,) = done.diagnostics
    assert "fresh" not in fault.message
    assert fault.message.startswith(message)
    assert (fault.code, fault.severity) == ("tool", "error")


def test_garbage_is_told_as_printable_lines(runs: Callable[[str], Runs]) -> None:
    run = runs("garbage")
    run()
    assert all(line.isprintable() for line in run.lines)
    assert any(line.endswith("red") for line in run.lines)
    assert max(map(len, run.lines)) < 3_000_000


def test_a_flood_of_lines_is_told_in_part_and_kept_whole(runs: Callable[[str], Runs]) -> None:
    run = runs("flood")
    assert run().ok
    assert run.log.count("HLS 200-1995") == 20000
    assert any("lines are in vitis.log" in line for line in run.lines)
    assert len(run.lines) < 10000


def test_a_script_that_the_tool_refuses_is_an_error(runs: Callable[[str], Runs]) -> None:
    run = runs("ok")
    script = run.folder / "run_hls.tcl"
    script.write_text(script.read_text().replace("set_part {", "set_part {no such "))
    done = run()
    assert messages(done)[0] == "Vitis HLS: set_part: no such xcu280-fsvh2892-2L-e is no part [HLS 200-101]"


def test_a_time_out_leaves_nothing_running(runs: Callable[[str], Runs]) -> None:
    run = runs("hang")
    done = run(timeout_s=1.5)
    assert messages(done) == ["vitis_hls did not end within 0.025 minutes and was stopped"]
    assert not done.ok
    assert gone(run.children())


def test_a_cancelled_run_ends_at_once_and_leaves_nothing_running(runs: Callable[[str], Runs]) -> None:
    run = runs("hang")

    def cancel() -> bool:
        return any(step.message == "preparing the modules" for step in run.steps)

    with pytest.raises(ToolCancelled):
        run(cancel=cancel)
    assert gone(run.children())


def test_what_a_tool_leaves_behind_is_ended_too(runs: Callable[[str], Runs]) -> None:
    run = runs("orphan")
    assert run().ok
    assert gone(run.children())


def test_an_exception_of_the_listener_ends_the_run(runs: Callable[[str], Runs]) -> None:
    run = runs("hang")

    def fail(step: Step | None, lines: list[str]) -> None:
        if any("hardware synthesis" in line for line in lines):
            raise KeyboardInterrupt

    run._told = fail  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        run()
    assert gone(run.children())


def test_a_program_that_cannot_be_started_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(AlloError) as error:
        follow([str(tmp_path / "none")], tmp_path, tmp_path / "log", lines=print, environment={}, timeout_s=1.0)
    (fault,) = error.value.diagnostics
    assert (fault.code, fault.message) == ("tool", f"{tmp_path}/none could not be started: No such file or directory")


# Finding it


def test_the_first_command_on_path_is_taken(tmp_path: Path) -> None:
    folder = tmp_path / "bin"
    assert find_hls({"PATH": str(folder)}) is None
    for kind in ("v++", "vitis-run", "vitis_hls"):
        program = install(folder, kind)
        assert find_hls({"PATH": str(folder)}) == HlsTool(kind, str(program))  # type: ignore[arg-type]
    assert find_hls({"PATH": str(folder), "ALLO_VITIS": "v++"}) == HlsTool("v++", str(folder / "v++"))
    assert find_hls({"PATH": "", "ALLO_VITIS": str(folder / "vitis-run")}) == HlsTool(
        "vitis-run", str(folder / "vitis-run")
    )
    assert find_hls({"PATH": str(folder), "ALLO_VITIS": "none"}) is None


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("gcc", "ALLO_VITIS is 'gcc', which is no command of Vitis HLS"),
        ("/nowhere/vitis_hls", "ALLO_VITIS is '/nowhere/vitis_hls', and there is no such program"),
    ],
)
def test_a_setting_that_names_no_tool_is_a_fault(asked: str, message: str) -> None:
    with pytest.raises(AlloError) as error:
        find_hls({"PATH": os.environ["PATH"], "ALLO_VITIS": asked})
    (fault,) = error.value.diagnostics
    assert (fault.code, fault.message) == ("tool", message)


# Lines


def test_stages_follow_the_log_and_never_go_back() -> None:
    stages = Stages()
    assert stages.read(["****** Vitis HLS v2022.2 (64-bit)", "INFO: [HLS 200-10] On os Linux"]) is None
    said = [
        "INFO: [SIM 211-2] *************** CSIM start ***************",
        "INFO: [HLS 200-10] Analyzing design file '/tmp/x/top.cpp' ... ",
        "INFO: [HLS 200-10] Starting code transformations ...",
        "INFO: [HLS 200-10] Starting hardware synthesis ...",
        "INFO: [HLS 200-10] -- Implementing module 'mm1' ",
        "INFO: [BIND 205-100] Starting micro-architecture generation ...",
        "INFO: [HLS 200-10] -- Implementing module 'mm2' ",
        "INFO: [HLS 200-10] -- Generating RTL for module 'mm1'",
        "INFO: [HLS 200-10] -- Implementing module 'late' ",
        "INFO: [HLS 200-111] Finished Command csynth_design CPU user time: 2 seconds.",
        "INFO: [COSIM 212-47] Using XSIM for RTL simulation.",
        "INFO: [HLS 200-1510] Running: export_design -format ip_catalog",
    ]
    steps = [stages.read([line]) for line in said]
    assert [step.message if step else None for step in steps] == [
        "C simulation", "reading top.cpp", "transforming the code", "preparing the modules", "scheduling mm1",
        "binding mm1", "scheduling mm2", "writing the RTL of mm1", "writing the RTL of mm1", "synthesised",
        "co-simulation", "packing",
    ]  # fmt: skip
    fractions = [step.fraction for step in steps if step]
    assert fractions == sorted(fractions)
    assert 0 <= fractions[0] < fractions[-1] < 1


def test_places_are_those_of_generated_lines(tmp_path: Path) -> None:
    text = "\n".join(
        [
            "// top/one, top/two: kernel scale",
            "void scale(float x) {",
            "#pragma HLS inline off",
            "    x += 1;  // kernels/scale.py:2",
            "}",
            "",
            "// top: a dataflow region",
            "void top(float x) {",
            "    scale(x);  // top/two",
            "    float wire;  // top/one.y->two.x: in order",
            "}",
        ]
    )
    (tmp_path / "top.cpp").write_text(text)
    (tmp_path.parent / "outside.cpp").write_text(text)
    kernel = Source("kernels/scale.py", "def scale(x):\n    x += 1\n")
    places = Places(tmp_path, lambda path: kernel if path == kernel.path else None)

    def find(file: str, line: int) -> tuple[str, str]:
        span, where = places.find(file, line, 5)
        return str(span), where

    assert find("top.cpp", 4) == ("kernels/scale.py:2:5", "top/one")
    assert find("small_hls/solution/top.cpp", 4) == ("kernels/scale.py:2:5", "top/one")
    assert find("top.cpp", 3) == ("top.cpp:3:5", "top/one")
    assert find("top.cpp", 9) == ("top.cpp:9:5", "top/two")
    assert find("top.cpp", 10) == ("top.cpp:10:5", "top/one.y->two.x")
    assert find("top.cpp", 8) == ("top.cpp:8:5", "top")
    for file, line in (("top.cpp", 99), ("top.cpp", 6), ("other.cpp", 1), (str(tmp_path.parent / "outside.cpp"), 4)):
        assert find(file, line) == ("None", "")


def test_many_messages_are_counted(tmp_path: Path) -> None:
    found = Messages(Places(tmp_path, lambda _: None))
    found.read([f"WARNING: [HLS 200-1] lane {lane}" for lane in range(1000)])
    found.read(["CRITICAL WARNING: [Common 17-1] careful", "ERROR: no licence", "ERRORS: none", "  ERROR: [A 1] x"])
    told = found.found("vitis.log")
    assert told[0] == Diagnostic("tool", "Vitis HLS: no licence")
    assert [d.severity for d in told].count("warning") == 100
    assert told[-1].message == "Vitis HLS said 901 more messages, which are in vitis.log"
    assert len(found.errors) == 1

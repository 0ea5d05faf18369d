"""Builds in a process beside the window: what they give, and that nothing of them is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from allo_studio.diagnostics import AlloError
from allo_studio.pipeline import Cancelled, Progress
from allo_studio.pipeline import build as build_here
from allo_studio.project import load_project
from ui import build_process

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="it looks at the system's processes")

STAGES = ("check", "schedule", "generate", "simulate", "report")
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def alone() -> Iterator[None]:
    """No process of another test is used, and none is left."""
    yield from _without_others()


@pytest.fixture(scope="class")
def none_but_ours() -> Iterator[None]:
    """The tests of a class use one process, of no other test, and none is left."""
    yield from _without_others()


def _without_others() -> Iterator[None]:
    build_process._shut()
    yield
    build_process._shut()
    assert below(os.getpid(), "ui.build_child") == []


def below(parent: int, says: str = "") -> list[int]:
    """Return the processes that a process started, and those that they did, whose command says something."""
    parents, commands = {}, {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                stat = (folder / "stat").read_text().rpartition(")")[2].split()
                commands[int(folder.name)] = (folder / "cmdline").read_text()
            except OSError:
                continue
            if stat[0] != "Z":
                parents[int(folder.name)] = int(stat[1])
    found = {parent}
    while more := {pid for pid, up in parents.items() if up in found and pid not in found}:
        found |= more
    return sorted(pid for pid in found - {parent} if says in commands[pid])


def wait_until(holds: Callable[[], bool], seconds: float = 20.0) -> bool:
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.02)
    return holds()


def nothing(_: Progress) -> None:
    pass


@pytest.mark.usefixtures("alone")
def test_a_build_gives_what_it_gives_here(project: Path, tmp_path: Path) -> None:
    loaded, told = load_project(project), list[Progress]()
    made = build_process.build(loaded, tmp_path / "apart", progress=told.append, cancel=lambda: False, target="rtl")
    here = build_here(loaded, tmp_path / "here", target="rtl")
    assert made.report == here.report
    assert {a.path.name for a in made.artifacts} == {a.path.name for a in here.artifacts}
    assert [step.stage for step in told] == ["start", *STAGES, "done"]
    again = list[Progress]()
    build_process.build(loaded, tmp_path / "apart", progress=again.append, cancel=lambda: False, target="rtl")
    assert [step.stage for step in again] == [*STAGES, "done"], "the process stays for the next build"


@pytest.mark.usefixtures("alone")
def test_faults_are_those_of_the_design(project: Path, tmp_path: Path) -> None:
    file = project / "project.yaml"
    file.write_text(file.read_text().replace("mm2.A", "mm2.Q"))
    loaded = load_project(project)
    with pytest.raises(AlloError) as apart:
        build_process.build(loaded, tmp_path / "out", progress=nothing, cancel=lambda: False)
    with pytest.raises(AlloError) as here:
        build_here(loaded, tmp_path / "out")
    assert apart.value.diagnostics == here.value.diagnostics
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("none_but_ours")
class TestCancelled:
    """Each build has the process that the one before was cancelled in."""

    @pytest.mark.parametrize("stage", STAGES)
    @pytest.mark.parametrize("target", ["hls", "rtl"])
    def test_a_build_cancelled_at_any_stage_leaves_nothing_running(
        self, project: Path, tmp_path: Path, stage: str, target: str
    ) -> None:
        # A design that the process does not know yet: it has to check and to schedule it.
        file, kernels = project / "project.yaml", project / "kernels" / "gemm.py"
        own = 4 + STAGES.index(stage) + len(STAGES) * (target == "rtl")
        file.write_text(file.read_text().replace("clock_ns: 3.33", f"clock_ns: {own}.25"))
        kernels.write_text(f"# {own}\n{kernels.read_text()}")
        assert load_project(project).project.target.clock_ns == own + 0.25
        reached, ended = list[str](), "cancelled"
        try:
            build_process.build(
                load_project(project),
                tmp_path / "out",
                progress=lambda step: reached.append(step.stage),
                cancel=lambda: stage in reached,
                target=target,
            )
            ended = "built"
        except Cancelled:
            pass
        assert stage in reached
        # When the report is being written it may be too late.
        assert ended == "cancelled" or stage == "report"
        assert (tmp_path / "out").exists() == (ended == "built"), "a folder is there as a whole or not at all"
        workers = below(os.getpid(), "ui.build_child")
        assert len(workers) == 1
        # The process in which CIRCT runs stays with the one that uses it.
        kept = set(below(workers[0], "circt_main"))
        assert wait_until(lambda: not {*below(workers[0])} - kept), "compilers and simulations have ended"
        if stage == "simulate" and target == "hls":
            # And the process is still good for a build.
            made = build_process.build(load_project(project), tmp_path / "out", progress=nothing, cancel=lambda: False)
            assert made.ok


@pytest.mark.usefixtures("alone")
def test_a_process_that_dies_is_told_with_its_last_words(project: Path, tmp_path: Path) -> None:
    def kill(step: Progress) -> None:
        if step.stage == "simulate":
            for pid in below(os.getpid(), "ui.build_child"):
                os.kill(pid, signal.SIGKILL)

    with pytest.raises(AlloError) as caught:
        build_process.build(load_project(project), tmp_path / "out", progress=kill, cancel=lambda: False)
    (fault,) = caught.value.diagnostics
    assert fault.code == "internal"
    assert "signal 9" in fault.message
    assert not (tmp_path / "out").exists()


CALLER = """\
import os, sys
from pathlib import Path
from allo_studio.project import load_project
from ui import build_process

def tell(step):
    if step.stage == "simulate":
        print(*[pid for pid in build_process_children()], flush=True)

def build_process_children():
    return [process._child.pid for process in made]

made = []
plain = build_process._Process.__init__
def noted(self):
    plain(self)
    made.append(self)
build_process._Process.__init__ = noted
loaded = load_project(Path(sys.argv[1]))
build_process.build(loaded, Path(sys.argv[2]), progress=tell, cancel=lambda: False, target=sys.argv[3])
"""


@pytest.mark.parametrize("target", ["hls", "rtl"])
def test_where_the_studio_is_killed_its_build_ends(project: Path, tmp_path: Path, target: str) -> None:
    command = [sys.executable, "-c", CALLER, str(project), str(tmp_path / "out"), target]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    caller = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    assert caller.stdout is not None
    worker = int(caller.stdout.readline())
    assert wait_until(lambda: len(below(worker)) > 0), "it compiles or runs the simulation"
    family = [worker, *below(worker)]
    caller.kill()
    caller.wait()
    caller.stdout.close()
    assert wait_until(lambda: not any(alive(pid) for pid in family))


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False

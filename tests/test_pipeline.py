"""The whole way from a project folder to a build: files, simulations, faults, and folders that stay as they were."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from mixed_projects import PROJECTS, make

from allo_studio import pipeline, simulations
from allo_studio.design.model import Project, Target
from allo_studio.diagnostics import AlloError
from allo_studio.hardware.operators import load_operators
from allo_studio.pipeline import BuildResult, Cancelled, Progress, build, check_project, simulate, size_project
from allo_studio.project import LoadedProject, load_project
from allo_studio.report import REPORT_FILE, read_report

pytestmark = pytest.mark.usefixtures("quick_cpp")

_SEED = Path(__file__).parents[1] / "projects" / "gemm_cascade"


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def clocked(loaded: LoadedProject, clock: float, device: str = "xcu280") -> Project:
    return replace(loaded.project, target=Target(device, clock))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[BuildResult, Path, list[Progress]]:
    out, heard = tmp_path_factory.mktemp("work") / "deep" / "out", []
    return build(load_project(_SEED), out, progress=heard.append), out, heard


def test_a_build_of_the_seed_is_whole(built: tuple[BuildResult, Path, list[Progress]]) -> None:
    result, out, heard = built
    assert result.ok
    assert result.diagnostics == ()
    simulation = result.report.simulation
    assert simulation
    assert (simulation.compared, simulation.mismatches) == (64 * 64, 0)
    assert {artifact.kind for artifact in result.artifacts} >= {"hls", "testbench", "script", "report"}
    for artifact in result.artifacts:
        assert artifact.path.is_file()
        assert artifact.path.parent == out
    fractions = [step.fraction for step in heard]
    assert fractions == sorted(fractions)
    assert (fractions[0], fractions[-1]) == (0.0, 1.0)
    assert [step.stage for step in heard] == ["check", "schedule", "generate", "simulate", "report", "done"]
    assert [p.name for p in out.parent.iterdir()] == ["out"], "nothing half-made is left beside it"


def test_the_report_parses_back(built: tuple[BuildResult, Path, list[Progress]]) -> None:
    result, out, _ = built
    assert read_report(out) == result.report


def test_the_figures_of_the_report_are_those_of_the_sizing(built: tuple[BuildResult, Path, list[Progress]]) -> None:
    report, sized = built[0].report, size_project(load_project(_SEED))
    assert report.cycles["vitis"] == {"predicted": sized.latency}
    library = load_operators("open", sized.library.clock_ns, sized.library.family)
    ours = size_project(load_project(_SEED), library=library)
    assert report.cycles["open"] == {"predicted": ours.latency}
    assert report.interval == sized.interval
    (channel,) = report.channels
    size = sized.fifos[channel.id]
    depths = {"vitis": size.depth, "open": ours.fifos[channel.id].depth}
    assert (channel.kind, channel.depth, channel.observed) == ("fifo", depths, size.observed)
    used = {row.name: row.used for row in report.resources}
    # Eight lanes a product: a multiplier of three DSPs each.
    assert used["DSP"] == 2 * 8 * 3
    assert used["DSP"] == sum(process.dsp for process in report.processes)


@pytest.mark.parametrize("name", sorted(PROJECTS))
def test_mixed_hierarchies_are_built_and_compute_what_the_source_says(tmp_path: Path, name: str) -> None:
    loaded = make(tmp_path, name)
    result = build(loaded, tmp_path / "out")
    assert result.ok, [str(d) for d in result.diagnostics]
    assert result.report.simulation
    assert result.report.simulation.compared >= 1
    assert result.report.simulation.mismatches == 0
    jitted = simulate(loaded, target="jit")
    assert jitted.ok
    assert jitted.report.simulation
    assert jitted.report.simulation.compared == result.report.simulation.compared
    assert read_report(tmp_path / "out") == result.report


def test_a_build_that_fails_leaves_the_last_one(tmp_path: Path) -> None:
    loaded, out = make(tmp_path, "no_loops"), tmp_path / "out"
    build(loaded, out, simulate=False)
    before = contents(out)
    with pytest.raises(AlloError):
        build(loaded, out, project=replace(loaded.project, top="none"))
    (tmp_path / "kernels" / "k.py").write_text("def shift(\n")
    with pytest.raises(AlloError):
        build(load_project(tmp_path), out)
    assert contents(out) == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["kernels", "out", "project.yaml"]


@pytest.mark.parametrize("stage", range(5))
def test_a_build_that_is_cancelled_leaves_the_last_one(tmp_path: Path, stage: int) -> None:
    loaded, out = make(tmp_path, "no_loops"), tmp_path / "out"
    build(loaded, out, simulate=False)
    before = contents(out)
    asked = iter(range(100))
    with pytest.raises(Cancelled):
        build(loaded, out, project=clocked(loaded, 4.0), cancel=lambda: next(asked) >= stage)
    assert contents(out) == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["kernels", "out", "project.yaml"]


def test_a_build_that_is_cut_off_while_writing_leaves_the_last_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded, out = make(tmp_path, "no_loops"), tmp_path / "out"
    build(loaded, out, simulate=False)
    before = contents(out)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pipeline, "write", full)
    with pytest.raises(AlloError) as caught:
        build(loaded, out, simulate=False)
    assert "No space left on device" in str(caught.value)
    assert caught.value.diagnostics[0].code == "file"
    assert contents(out) == before


def test_a_later_build_replaces_the_folder_as_a_whole(tmp_path: Path) -> None:
    loaded, out = make(tmp_path, "no_loops"), tmp_path / "out"
    first = build(loaded, out, simulate=False)
    (out / "stale.cpp").write_text("old")
    second = build(loaded, out, project=clocked(loaded, 10.0), simulate=False)
    assert not (out / "stale.cpp").exists()
    assert first.report.clock_ns != second.report.clock_ns
    assert read_report(out) == second.report
    assert second.report.simulation is None


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_what_is_not_ours_is_not_replaced(tmp_path: Path, kind: str) -> None:
    loaded, out = make(tmp_path, "no_loops"), tmp_path / "mine"
    if kind == "folder":
        out.mkdir()
        (out / "thesis.txt").write_text("years of work")
    else:
        out.write_text("years of work")
    with pytest.raises(AlloError) as caught:
        build(loaded, out, simulate=False)
    assert caught.value.diagnostics[0].code == "file"
    assert caught.value.diagnostics[0].hint
    assert (out.read_text() if kind == "file" else (out / "thesis.txt").read_text()) == "years of work"


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    build(make(tmp_path, "no_loops"), out, simulate=False)
    assert (out / REPORT_FILE).is_file()


def test_a_folder_below_a_file_is_a_fault(tmp_path: Path) -> None:
    loaded = make(tmp_path, "no_loops")
    (tmp_path / "file").write_text("")
    with pytest.raises(AlloError) as caught:
        build(loaded, tmp_path / "file" / "out", simulate=False)
    assert caught.value.diagnostics[0].code == "file"


def test_a_wrong_result_is_an_error_and_the_build_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = simulations.evaluate

    def wrong(*given: object, **more: object) -> dict[str, object]:
        return {name: array + 1 for name, array in real(*given, **more).items()}  # type: ignore[arg-type]

    monkeypatch.setattr(simulations, "evaluate", wrong)
    loaded = make(tmp_path, "no_loops")
    for result in (build(loaded, tmp_path / "out"), simulate(loaded, target="jit")):
        assert not result.ok
        (found,) = result.diagnostics
        assert found.code == "simulation"
        assert "1 of 1" in found.message
    kept = read_report(tmp_path / "out").simulation
    assert kept
    assert kept.mismatches == 1


Change = Callable[[LoadedProject], Project]


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        (lambda p: clocked(p, 1.0), "target", "no latency of fadd at 1 ns"),
        (lambda p: clocked(p, 3.33, "xc7"), "target", "unknown device 'xc7'"),
        (lambda p: replace(p.project, top="none"), "structure", "no graph 'none'"),
        (lambda p: replace(p.project, graphs={}), "structure", "no graph 'top'"),
    ],
)
def test_faults_of_the_target_and_the_top(tmp_path: Path, change: Change, code: str, message: str) -> None:
    loaded = make(tmp_path, "no_loops")
    project = change(loaded)
    checked = check_project(loaded, project)
    assert not checked.ok
    assert any(d.code == code and message in d.message and d.hint for d in checked.diagnostics)
    for act in (size_project, simulate):
        with pytest.raises(AlloError) as caught:
            act(loaded, project=project)
        assert any(d.code == code and message in d.message for d in caught.value.diagnostics)


_ODD = {
    "division_without_figures": (
        """\
def f(A: float32[4]) -> float32[4]:
    C: float32[4]
    for i in range(4):
        C[i] = A[i] / 3.0
    return C
""",
        2.5,
        "the vitis library has no latency of fdiv at 2.5 ns",
    ),
    "product_of_integers_at_a_fast_clock": (
        """\
def f(A: int32[4]) -> int32[4]:
    C: int32[4]
    for i in range(4):
        C[i] = A[i] * A[i]
    return C
""",
        2.5,
        None,
    ),
    "a_triangle_that_is_empty_at_first": (
        """\
def f(A: float32[4]) -> float32[4]:
    C: float32[4] = 1.0
    for i in range(4):
        for j in range(i):
            C[j] += A[i]
    return C
""",
        3.33,
        None,
    ),
    "arrays_of_one": (
        """\
def f(A: float32[1, 1]) -> float32[1]:
    C: float32[1]
    for i in range(1):
        C[i] = A[i, i]
    return C
""",
        3.33,
        None,
    ),
    "no_loops_at_all": (
        """\
def f(A: float32[2], s: int32) -> (float32[2], int32):
    C: float32[2]
    t: int32 = s * s
    C[1] = A[0]
    C[0] = -A[1]
    return C, t
""",
        3.33,
        None,
    ),
    "constants_only": ("def f(s: float32) -> float32[4]:\n    C: float32[4] = 1.5\n    return C\n", 3.33, None),
    "only_a_copy_of_a_scalar": ("def f(s: int32) -> int32:\n    t: int32 = s\n    return t\n", 10.0, None),
}


@pytest.mark.parametrize("name", sorted(_ODD))
def test_odd_kernels_work_or_say_why_not(tmp_path: Path, name: str) -> None:
    source, clock, message = _ODD[name]
    loaded = _one_kernel(tmp_path, source, clock)
    if message is None:
        assert build(loaded, tmp_path / "out").ok
        assert simulate(loaded, target="jit").ok
        return
    for act in (size_project, simulate):
        with pytest.raises(AlloError) as caught:
            act(loaded)
        (found,) = caught.value.diagnostics
        assert message in found.message
        assert "choose a clock of at least 3.33 ns" in found.hint


def _one_kernel(folder: Path, source: str, clock: float) -> LoadedProject:
    """Return a project of one kernel `f`, all its arguments being ports."""
    head = source.splitlines()[0]
    inside, result = head[head.index("(") + 1 : head.index(") ->")], head.split("->")[1].strip(" :()")
    inputs = [part.split(": ") for part in inside.replace("], ", "];").replace("32, ", "32;").split(";")]
    kinds = result.replace("], ", "];").split(";")
    outputs = list(zip(("C", "t") if kinds[0].endswith("]") else ("t",), kinds, strict=False))
    ports = [", ".join(f'{n}: "{t}"' for n, t in side) for side in (inputs, outputs)]
    wires = [f"      - {n} -> f.{n}\n" for n, _ in inputs] + [f"      - f.{n} -> {n}\n" for n, _ in outputs]
    (folder / "k.py").write_text("from allo_studio.lang import float32, int32\n\n" + source)
    (folder / "project.yaml").write_text(
        f"format: 1\nname: odd\ntarget: {{clock_ns: {clock}}}\ntop: g\ngraphs:\n  g:\n    inputs: {{{ports[0]}}}\n"
        f"    outputs: {{{ports[1]}}}\n    nodes:\n      f: {{kernel: 'k.py:f'}}\n    edges:\n{''.join(wires)}"
    )
    return load_project(folder)

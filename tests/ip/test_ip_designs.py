"""Designs with external blocks: every engine gives the same, and the cycles are as declared."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from ip_projects import PROJECT, ROTATE, SCALE, check_of, write_files

from allo_studio.backends.rtl.emit import generate
from allo_studio.diagnostics import AlloError
from allo_studio.hardware.devices import find_device
from allo_studio.hardware.operators import load_operators
from allo_studio.pipeline import Cancelled, build, predict, simulate, size_project
from allo_studio.project import load_project
from allo_studio.report import Report
from allo_studio.simulate.cycle.outside import OutsideDesign
from allo_studio.simulate.data import random_inputs
from allo_studio.simulate.jit import evaluate_jit

pytestmark = pytest.mark.usefixtures("quick_cpp")

SIMULATORS = [tool for tool in ("verilator", "iverilog") if shutil.which(tool)]
needs_simulator = pytest.mark.skipif(not SIMULATORS, reason="no simulator of Verilog is installed")
Y = "ip/scale.ip.yaml"


@pytest.mark.parametrize("files", [SCALE, ROTATE], ids=["streams", "memories"])
@pytest.mark.parametrize("target", ["jit", "hls", pytest.param("rtl", marks=needs_simulator)])
def test_every_engine_gives_the_same(files: dict[str, str], target: str, tmp_path: Path) -> None:
    loaded = load_project(write_files(tmp_path, files))
    done = simulate(loaded, target=target)  # type: ignore[arg-type]
    assert done.ok, [d.message for d in done.diagnostics]
    assert done.report.simulation is not None
    assert done.report.simulation.compared >= 16
    if target == "rtl":
        cycles = done.report.cycles["open"]
        assert cycles["simulated"] == cycles["predicted"]


def test_the_values_are_those_of_the_blocks(tmp_path: Path) -> None:
    sized = size_project(load_project(write_files(tmp_path, SCALE)))
    inputs = random_inputs(sized.region.ports)
    assert (evaluate_jit(sized.region, inputs)["B"] == inputs["A"] * 6 + np.arange(16) + 1).all()
    other = size_project(load_project(write_files(tmp_path / "other", ROTATE)))
    inputs = random_inputs(other.region.ports)
    found = evaluate_jit(other.region, inputs)
    assert found["total"] == 2 * inputs["A"].sum()
    # The kernel after it turns the array round again.
    assert (found["B"] == inputs["A"] * 2 + inputs["n"] + 1).all()


def test_what_is_only_declared_is_said_to_be(tmp_path: Path) -> None:
    report, _ = predict(load_project(write_files(tmp_path, SCALE)))
    row = _row(report)
    assert (row.kernel, row.latency, row.dsp, row.lut, row.ff) == ("IP scale", 17, 3, 120, 64)
    assert any("top/scale (ip/scale.ip.yaml)" in note and "declare" in note for note in report.notes)
    bare = write_files(tmp_path / "bare", SCALE, (Y, "resources: {lut: 120, ff: 64, dsp: 3}\n", ""))
    assert any("scale" in note and "counted as 0" in note for note in predict(load_project(bare))[0].notes)


def _row(report: Report) -> object:
    return next(row for row in report.processes if row.path == "top/scale")


def test_fifos_are_sized_by_the_declared_tokens(tmp_path: Path) -> None:
    quick = size_project(load_project(write_files(tmp_path / "a", SCALE)))
    # It reads all of its tokens before it writes the first.
    late = write_files(
        tmp_path / "b",
        SCALE,
        (Y, "y: {first: 1, every: 1}", "y: {first: 16, every: 2}"),
        (Y, "latency: 17", "latency: 60"),
    )
    slow = size_project(load_project(late))
    timing = slow.processes["top/scale"]
    # It is the last to be done, and held until the first token is there.
    assert slow.latency == 60 + timing.stall > quick.latency
    assert timing.schedule.latency == 60
    assert (np.diff(timing.schedule.trace("y")) == 2).all()


def test_the_project_of_hls_has_the_files_and_a_function_around_the_block(tmp_path: Path) -> None:
    loaded = load_project(write_files(tmp_path / "p", SCALE))
    done = build(loaded, tmp_path / "out")
    assert done.ok
    out = tmp_path / "out"
    assert (out / "ip/ip/scale.cpp").read_text() == SCALE["ip/scale.cpp"]
    around = (out / "ip_scale.cpp").read_text()
    assert '#include "ip/ip/scale.cpp"' in around
    assert "void top_scale(hls::stream<int32_t> &x, hls::stream<int32_t> &y) {" in around
    assert "top_scale(twice_y, scale_y);" in (out / "top.cpp").read_text()
    assert "add_files ip_scale.cpp" in (out / "run_hls.tcl").read_text()
    assert json.loads((out / "report.json").read_text())["status"] == "ok"


@needs_simulator
def test_the_verilog_is_shipped_and_every_simulator_agrees(tmp_path: Path) -> None:
    loaded = load_project(write_files(tmp_path / "p", SCALE))
    done = build(loaded, tmp_path / "out", target="rtl")
    assert done.ok
    assert "ip/ip/scale.sv" in (tmp_path / "out/files.f").read_text().split()
    assert (tmp_path / "out/ip/ip/scale.sv").read_text() == SCALE["ip/scale.sv"]
    design = generate(size_project(loaded, library=load_operators("open", 3.33, find_device("xcu280").family)))
    inputs = random_inputs(design.sized.region.ports)
    runs = [
        OutsideDesign(design, tool=tool).run(inputs, 3, tuple(design.probed.fifos), waves=tmp_path / f"{tool}.vcd")
        for tool in SIMULATORS
    ]
    for run, tool in zip(runs, SIMULATORS, strict=True):
        assert (run.outputs["B"] == evaluate_jit(design.sized.region, inputs)["B"]).all()
        assert run.cycles == (design.sized.latency, design.sized.interval, design.sized.interval)
        assert {channel: int(held.max()) for channel, held in run.held.items()} == {
            channel: size.observed for channel, size in design.sized.fifos.items()
        }
        assert "$enddefinitions" in (tmp_path / f"{tool}.vcd").read_text()


def test_no_simulator_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded, found = load_project(write_files(tmp_path, SCALE)), shutil.which
    hidden = ("verilator", "iverilog", "vvp")
    # The compiler is still there: it tells where its headers are.
    monkeypatch.setattr(shutil, "which", lambda name, *rest: None if name in hidden else found(name, *rest))
    with pytest.raises(AlloError, match="neither is installed"):
        simulate(loaded, target="rtl")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ((Y, "x: {first: 0, every: 1}", "x: {first: 1, every: 1}"), "cycles"),
        (("ip/scale.sv", "x_data * 3 + t", "x_data * 5 + t"), "differs from the reference"),
        (("ip/scale.sv", "parameter N = 16", "parameter M = 16, parameter N = 15"), "not done"),
    ],
    ids=["another cycle", "other values", "fewer tokens"],
)
@needs_simulator
def test_verilog_that_does_something_else_is_found(change: tuple[str, str, str], said: str, tmp_path: Path) -> None:
    changes = [change, (Y, "latency: 17", "latency: 18")] if said == "cycles" else [change]
    if said == "not done":
        changes.append((Y, "{N: 16}", "{M: 16}"))
    loaded = load_project(write_files(tmp_path, SCALE, *changes))
    if said == "not done":
        with pytest.raises(AlloError, match=said) as raised:
            simulate(loaded, target="rtl")
        assert raised.value.diagnostics[0].code == "ip"
        return
    done = simulate(loaded, target="rtl")
    assert not done.ok
    assert any(said in d.message and "ip/scale.ip.yaml" in d.hint for d in done.diagnostics)


def test_a_block_without_code_for_a_target_is_refused(tmp_path: Path) -> None:
    text = SCALE[Y]
    cpp, verilog = text.index("cpp:"), text.index("verilog:")
    only_cpp = load_project(write_files(tmp_path / "a", {**SCALE, Y: text[:verilog]}))
    with pytest.raises(AlloError, match="has no Verilog, so it cannot be in the RTL"):
        build(only_cpp, tmp_path / "out", target="rtl")
    model = "model: {cpp: {files: [scale.cpp, scale.h], function: scale}}\n"
    only_verilog = load_project(write_files(tmp_path / "b", {**SCALE, Y: text[:cpp] + text[verilog:] + model}))
    with pytest.raises(AlloError, match="has no C"):
        build(only_verilog, tmp_path / "out")
    assert simulate(only_verilog, target="jit").ok
    assert not (tmp_path / "out").exists()


def test_a_python_model(tmp_path: Path) -> None:
    model = "import numpy as np\n\n\ndef scale(x):\n    return x * np.int32(3) + np.arange(16, dtype=np.int32)\n"
    files = {**SCALE, Y: SCALE[Y] + 'model: {python: "model.py:scale"}\n', "ip/model.py": model}
    # The reference runs the model, the C simulation the block's own C++.
    assert simulate(load_project(write_files(tmp_path / "a", files))).ok
    wrong = simulate(load_project(write_files(tmp_path / "b", {**files, "ip/model.py": model.replace("(3)", "(4)")})))
    assert any("differs from the reference" in d.message for d in wrong.diagnostics)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("def scale(x):\n    return x.astype('float64')\n", r"gave float64\[16\] for y of scale, not int32\[16\]"),
        ("def scale(x):\n    return x[:4]\n", r"gave int32\[4\]"),
        ("def scale(x):\n    return x, x\n", "returned 2 results"),
        ("def scale(x):\n    raise ValueError('no such thing')\n", "no such thing"),
        ("def other(x):\n    return x\n", "has no function scale"),
        ("def scale(x) return x\n", "SyntaxError"),
        ("import os\ndef scale(x):\n    os._exit(3)\n", "failed"),
    ],
)
def test_a_python_model_that_fails_is_told(model: str, said: str, tmp_path: Path) -> None:
    files = {**SCALE, Y: SCALE[Y] + 'model: {python: "model.py:scale"}\n', "ip/model.py": model}
    with pytest.raises(AlloError, match=said) as raised:
        simulate(load_project(write_files(tmp_path, files)), target="jit")
    assert raised.value.diagnostics[0].code == "ip"


def test_only_simulation_runs_code_of_the_project(tmp_path: Path) -> None:
    flag = tmp_path / "ran"
    model = f"open({str(flag)!r}, 'w').close()\n\n\ndef scale(x):\n    return x\n"
    files = {**SCALE, Y: SCALE[Y] + 'model: {python: "model.py:scale"}\n', "ip/model.py": model}
    loaded = load_project(write_files(tmp_path, files))
    assert check_of(tmp_path).ok
    predict(loaded)
    size_project(loaded)
    build(loaded, tmp_path / "out", simulate=False)
    assert not flag.exists()
    simulate(loaded, target="jit")
    assert flag.exists()


def test_a_model_that_reads_too_many_tokens_is_told(tmp_path: Path) -> None:
    loaded = load_project(write_files(tmp_path, SCALE, ("ip/scale.cpp", "i < 16", "i < 17")))
    with pytest.raises(AlloError, match="read while empty") as raised:
        simulate(loaded, target="jit")
    assert raised.value.diagnostics[0].code == "ip"
    fewer = load_project(write_files(tmp_path / "b", SCALE, ("ip/scale.cpp", "i < 16", "i < 15")))
    with pytest.raises(AlloError, match="read while empty, after 15 tokens"):
        simulate(fewer, target="jit")


NESTED = (
    PROJECT.replace(
        """      scale: {ip: ip/scale.ip.yaml}
""",
        """      one: {graph: inner}
      two: {graph: inner}
""",
    ).replace(
        """      - twice.y -> scale.x
      - scale.y -> add.x
""",
        """      - twice.y -> one.P
      - one.Q -> two.P
      - two.Q -> add.x
""",
    )
    + """  inner:
    inputs: {P: "int32[16]"}
    outputs: {Q: "int32[16]"}
    nodes: {scale: {ip: ip/scale.ip.yaml}}
    edges: [P -> scale.x, scale.y -> Q]
"""
)


@pytest.mark.parametrize("target", ["hls", pytest.param("rtl", marks=needs_simulator)])
def test_several_instances_in_subgraphs(target: str, tmp_path: Path) -> None:
    loaded = load_project(write_files(tmp_path, {**SCALE, "project.yaml": NESTED}))
    done = build(loaded, tmp_path / "out", target=target)  # type: ignore[arg-type]
    assert done.ok, [d.message for d in done.diagnostics]
    if target == "hls":
        # Both instances are calls of one function.
        assert (tmp_path / "out/ip_scale.cpp").read_text().count("top_one_scale(") == 1


OUTSIDE = """\
format: 1
name: mixed
target: {device: xcu280, clock_ns: 3.33}
top: top
graphs:
  top:
    inputs: {A: "int32[16]"}
    outputs: {B: "int32[16]"}
    nodes: {scale: {ip: ip/scale.ip.yaml}}
    edges: [A -> scale.x, scale.y -> B]
"""


@pytest.mark.parametrize("target", ["jit", "hls", pytest.param("rtl", marks=needs_simulator)])
def test_streams_at_ports_of_the_design(target: str, tmp_path: Path) -> None:
    loaded = load_project(write_files(tmp_path, {**SCALE, "project.yaml": OUTSIDE}))
    done = simulate(loaded, target=target)  # type: ignore[arg-type]
    assert done.ok, [d.message for d in done.diagnostics]
    assert [row.kind for row in done.report.channels] == ["stream", "stream"]


SEQUENTIAL = ROTATE["project.yaml"].replace("execution: dataflow", "execution: sequential")


@pytest.mark.parametrize("target", ["jit", "hls", pytest.param("rtl", marks=needs_simulator)])
def test_memories_in_a_sequential_graph(target: str, tmp_path: Path) -> None:
    loaded = load_project(write_files(tmp_path, {**ROTATE, "project.yaml": SEQUENTIAL}))
    done = simulate(loaded, target=target)  # type: ignore[arg-type]
    assert done.ok, [d.message for d in done.diagnostics]


FIXED: dict[str, str] = {
    "project.yaml": OUTSIDE.replace("    inputs", "    execution: sequential\n    inputs"),
    Y: """\
name: scale
ports:
  x: {direction: in, type: "Fixed(16, 10)[4, 8]", moves: stream, width: 2}
  k: {direction: in, type: int13}
  y: {direction: out, type: "Fixed(16, 10)[4, 8]", moves: stream, width: 2}
  top: {direction: out, type: "UFixed(9, 2, half_even, saturate)"}
timing:
  latency: 20
  tokens:
    x: {first: 0, every: 1}
    y: [{first: 1, every: 1, count: 8}, {first: 9, every: 1, count: 8}]
cpp: {files: [scale.hpp], include: [inc], function: "ops::scale<ap_fixed<16, 6>, 2>"}
model: cpp
""",
    "ip/scale.hpp": """\
#include <hls_stream.h>
#include <hls_vector.h>
#include <ap_fixed.h>
namespace ops {
template <typename T, int W>
void scale(hls::stream<hls::vector<T, W> > &x, ap_int<13> k, hls::stream<hls::vector<T, W> > &y,
           ap_ufixed<9, 7, AP_RND_CONV, AP_SAT> &top) {
    T most = 0;
    for (int n = 0; n < 32 / W; ++n) {
        hls::vector<T, W> token = x.read();
        for (int lane = 0; lane < W; ++lane) {
            most = token[lane] > most ? token[lane] : most;
            token[lane] = token[lane] * T(0.5) + k;
        }
        y.write(token);
    }
    top = most;
}
}
""",
}


def test_fixed_point_numbers_vectors_and_templates(tmp_path: Path) -> None:
    project = OUTSIDE.replace('A: "int32[16]"', 'A: "Fixed(16, 10)[4, 8]", k: int13').replace(
        'B: "int32[16]"', 'B: "Fixed(16, 10)[4, 8]", top: "UFixed(9, 2, half_even, saturate)"'
    )
    project = project.replace("[A -> scale.x,", "[A -> scale.x, k -> scale.k, scale.top -> top,").replace(
        "    nodes", "    execution: dataflow\n    nodes"
    )
    loaded = load_project(write_files(tmp_path, {**FIXED, "project.yaml": project}))
    done = build(loaded, tmp_path / "out")
    assert done.ok, [d.message for d in done.diagnostics]
    sized = size_project(loaded)
    inputs = random_inputs(sized.region.ports)
    found = evaluate_jit(sized.region, inputs)
    half = np.floor(inputs["A"] * 0.5 * 1024) / 1024 + inputs["k"]
    assert (found["B"] == (half + 32) % 64 - 32).all()
    most = max(inputs["A"].max(), 0.0)
    assert found["top"] == min(np.rint(most * 4) / 4, 127.75)


def test_copies_between_layouts_and_a_value_into_a_kernel(tmp_path: Path) -> None:
    project = SEQUENTIAL.replace("    inputs", "    unify: false\n    inputs").replace(
        "graphs:\n", "schedules:\n  banks:\n    - partition: {buffer: y, kind: cyclic, dim: 1, factor: 2}\ngraphs:\n", 1
    )
    project = project.replace('py:twice"}', 'py:twice", schedule: banks}\n      shift: {kernel: "kernels/k.py:shift"}')
    project = project.replace("- rotate.total -> total", "- rotate.total -> shift.t\n      - shift.u -> total")
    kernels = ROTATE["kernels/k.py"] + "\n\ndef shift(t: int32) -> int32:\n    u: int32 = t * 2 + 1\n    return u\n"
    loaded = load_project(write_files(tmp_path, {**ROTATE, "project.yaml": project, "kernels/k.py": kernels}))
    for target in ("hls", *(["rtl"] if SIMULATORS else [])):
        done = simulate(loaded, target=target)  # type: ignore[arg-type]
        assert done.ok, [d.message for d in done.diagnostics]


def test_a_model_can_be_cancelled(tmp_path: Path) -> None:
    model = "import time\n\n\ndef scale(x):\n    time.sleep(600)\n    return x\n"
    files = {**SCALE, Y: SCALE[Y] + 'model: {python: "model.py:scale"}\n', "ip/model.py": model}
    loaded = load_project(write_files(tmp_path, files))
    asked = iter([False] * 8)
    with pytest.raises(Cancelled):
        simulate(loaded, cancel=lambda: next(asked, True))

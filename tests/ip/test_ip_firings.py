"""External blocks that fire several times an invocation: every engine gives the same, in the cycles predicted."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ip_projects import KERNELS, ROTATE, SCALE, write_files
from numpy.typing import NDArray
from test_ip_banks import BANKS

from allo_studio.diagnostics import AlloError
from allo_studio.pipeline import build, predict, simulate, size_project
from allo_studio.project import load_project
from allo_studio.simulate.data import random_inputs
from allo_studio.simulate.jit import evaluate_jit

pytestmark = pytest.mark.usefixtures("quick_cpp")

Arrays = Mapping[str, NDArray[Any]]
needs_simulator = pytest.mark.skipif(
    not (shutil.which("iverilog") or shutil.which("verilator")), reason="no simulator of Verilog is installed"
)
HEAD = "format: 1\nname: fired\ntarget: {device: xcu280, clock_ns: 3.33}\ntop: top\ngraphs:\n"
STREAMS = f"""{HEAD}\
  top:
    inputs: {{A: "int32[4, 16]"}}
    outputs: {{B: "int32[64]"}}
    nodes:
      twice: {{kernel: "kernels/k.py:twice"}}
      scale: {{ip: ip/scale.ip.yaml}}
      add: {{kernel: "kernels/k.py:add"}}
    edges:
      - {{from: A, to: twice.x, rate: rows}}
      - twice.y -> scale.x
      - scale.y -> add.x
      - {{from: add.y, to: B, rate: rows}}
"""
PORTS = f"""{HEAD}\
  top:
    inputs: {{A: "int32[4, 16]"}}
    outputs: {{B: "int32[64]"}}
    nodes: {{scale: {{ip: ip/scale.ip.yaml}}}}
    edges: [{{from: A, to: scale.x, rate: rows}}, {{from: scale.y, to: B, rate: rows}}]
"""
MEMORIES = f"""{HEAD}\
  top:
    inputs: {{A: "int32[4, 16]", n: "int32[4]"}}
    outputs: {{B: "int32[4, 16]", total: "int32[4]"}}
    nodes:
      twice: {{kernel: "kernels/k.py:twice"}}
      rotate: {{ip: ip/rotate.ip.yaml}}
      reverse: {{kernel: "kernels/k.py:reverse"}}
    edges:
      - {{from: A, to: twice.x, rate: rows}}
      - twice.y -> rotate.a
      - {{from: n, to: rotate.n, rate: rows}}
      - rotate.b -> reverse.x
      - {{from: rotate.total, to: total, rate: rows}}
      - {{from: reverse.y, to: B, rate: rows}}
"""
HELD = MEMORIES.replace('n: "int32[4]"', "n: int32").replace("to: rotate.n, rate: rows", "to: rotate.n, rate: held")
# Twice two firings of each of three: of the values, one is the same for two of them, and an array for all.
NESTED = f"""{HEAD}\
  top:
    inputs: {{A: "int32[6, 16]", n: "int32[3]", w: "int32[16]"}}
    outputs: {{B: "int32[6, 16]", total: "int32[6]", C: "int32[6, 16]", more: "int32[6]"}}
    nodes: {{deep: {{graph: inner}}}}
    edges:
      - {{from: A, to: deep.P, rate: rows}}
      - {{from: n, to: deep.m, rate: rows}}
      - {{from: w, to: deep.w, rate: held}}
      - {{from: deep.Q, to: B, rate: rows}}
      - {{from: deep.T, to: total, rate: rows}}
      - {{from: deep.R, to: C, rate: rows}}
      - {{from: deep.U, to: more, rate: rows}}
  inner:
    inputs: {{P: "int32[2, 16]", m: int32, w: "int32[16]"}}
    outputs: {{Q: "int32[2, 16]", T: "int32[2]", R: "int32[2, 16]", U: "int32[2]"}}
    nodes:
      twice: {{kernel: "kernels/k.py:twice"}}
      rotate: {{ip: ip/rotate.ip.yaml}}
      other: {{ip: ip/rotate.ip.yaml}}
    edges:
      - {{from: P, to: twice.x, rate: rows}}
      - twice.y -> rotate.a
      - {{from: m, to: rotate.n, rate: held}}
      - {{from: rotate.b, to: Q, rate: rows}}
      - {{from: rotate.total, to: T, rate: rows}}
      - {{from: w, to: other.a, rate: held}}
      - rotate.total -> other.n
      - {{from: other.b, to: R, rate: rows}}
      - {{from: other.total, to: U, rate: rows}}
"""
# What is held comes from blocks, and so does a value for each firing.
MADE = f"""{HEAD}\
  top:
    inputs: {{A: "int32[4, 16]", D: "int32[4, 16]", v: "int32[16]", w: "int32[16]"}}
    outputs: {{B: "int32[4, 16]", C: "int32[64]", S: "int32[4]", T: "int32[4]"}}
    nodes:
      once: {{kernel: "kernels/k.py:total"}}
      each: {{kernel: "kernels/k.py:total"}}
      twice: {{kernel: "kernels/k.py:twice"}}
      rotate: {{ip: ip/rotate.ip.yaml}}
      other: {{ip: ip/rotate.ip.yaml}}
      add: {{kernel: "kernels/k.py:add"}}
    edges:
      - v -> once.x
      - w -> twice.x
      - {{from: A, to: rotate.a, rate: rows}}
      - {{from: once.s, to: rotate.n, rate: held}}
      - {{from: D, to: each.x, rate: rows}}
      - {{from: twice.y, to: other.a, rate: held}}
      - each.s -> other.n
      - rotate.b -> add.x
      - {{from: add.y, to: B, rate: rows}}
      - {{from: rotate.total, to: S, rate: rows}}
      - {{from: other.b, to: C, rate: rows}}
      - {{from: other.total, to: T, rate: rows}}
"""
TOTAL = """

def total(x: int32[16]) -> int32:
    s: int32 = 0
    for i in range(16):
        s += x[i]
    return s
"""
SEQUENTIAL = NESTED.replace("  inner:\n", "  inner:\n    execution: sequential\n")


def streams(given: Arrays) -> Arrays:
    return {"B": (given["A"] * 6 + np.arange(16) + 1).reshape(64)}


def alone(given: Arrays) -> Arrays:
    return {"B": (given["A"] * 3 + np.arange(16)).reshape(64)}


def memories(given: Arrays) -> Arrays:
    each = np.broadcast_to(given["n"], 4)[:, None]
    return {"B": given["A"] * 2 + each + 1, "total": 2 * given["A"].sum(1, dtype=np.int32)}


def nested(given: Arrays) -> Arrays:
    total = 2 * given["A"].sum(1, dtype=np.int32)
    return {
        "B": given["A"][:, ::-1] * 2 + np.repeat(given["n"], 2)[:, None],
        "total": total,
        "C": given["w"][::-1] + total[:, None],
        "more": np.full(6, given["w"].sum(dtype=np.int32)),
    }


def made(given: Arrays) -> Arrays:
    totals = {name: given[name].sum(-1, dtype=np.int32) for name in given}
    return {
        "B": given["A"][:, ::-1] + totals["v"] + 1,
        "C": (given["w"][::-1] * 2 + totals["D"][:, None]).reshape(64),
        "S": totals["A"],
        "T": np.full(4, totals["w"] * 2),
    }


DESIGNS: dict[str, tuple[Mapping[str, str], str, Callable[[Arrays], Arrays]]] = {
    "streams": (SCALE, STREAMS, streams),
    "ports": (SCALE, PORTS, alone),
    "memories": (ROTATE, MEMORIES, memories),
    "held": (ROTATE, HELD, memories),
    "nested": (ROTATE, NESTED, nested),
    "sequential": (ROTATE, SEQUENTIAL, nested),
    "made": ({**ROTATE, "kernels/k.py": KERNELS + TOTAL}, MADE, made),
}


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("target", ["jit", "hls", pytest.param("rtl", marks=needs_simulator)])
def test_every_engine_gives_the_same(design: str, target: str, tmp_path: Path) -> None:
    files, project, want = DESIGNS[design]
    loaded = load_project(write_files(tmp_path, {**files, "project.yaml": project}))
    if target == "jit":
        region = size_project(loaded).region
        inputs = random_inputs(region.ports)
        found, wanted = evaluate_jit(region, inputs), want(inputs)
        assert found.keys() == wanted.keys()
        assert all(np.array_equal(found[name], wanted[name]) for name in wanted)
    done = simulate(loaded, target=target)  # type: ignore[arg-type]
    assert done.ok, [d.message for d in done.diagnostics]
    if target == "rtl":
        cycles = done.report.cycles["open"]
        assert cycles["simulated"] == cycles["predicted"]
        observed = [row.observed for row in done.report.channels if row.kind == "fifo"]
        assert observed == ([2, 2] if design == "streams" else [])


def test_each_firing_starts_in_the_cycle_after_the_one_before_is_done(tmp_path: Path) -> None:
    loaded = load_project(write_files(tmp_path / "a", {**SCALE, "project.yaml": STREAMS}))
    schedule = size_project(loaded).processes["top/scale"].schedule
    assert (schedule.latency, schedule.interval, schedule.formula) == (4 * 17, 4 * 17, "4 * 17")
    assert schedule.trace("x").tolist() == [17 * firing + n for firing in range(4) for n in range(16)]
    assert schedule.trace("y").tolist() == [17 * firing + n + 1 for firing in range(4) for n in range(16)]
    # A value of its own for each firing is fetched before the first.
    for project, lead in ((MEMORIES, 1), (HELD, 0)):
        loaded = load_project(write_files(tmp_path / f"b{lead}", {**ROTATE, "project.yaml": project}))
        assert size_project(loaded).processes["top/rotate"].schedule.latency == lead + 4 * 18
    report, _ = predict(loaded)
    assert any("top/rotate (ip/rotate.ip.yaml)" in note and "declare" in note for note in report.notes)


def test_the_function_around_the_block_gives_each_firing_its_part(tmp_path: Path) -> None:
    loaded = load_project(write_files(tmp_path / "p", {**ROTATE, "project.yaml": NESTED}))
    assert build(loaded, tmp_path / "out", simulate=False).ok
    text = (tmp_path / "out/ip_rotate.cpp").read_text()
    assert "rotate(const int32_t a[6][16], const int32_t n[3], int32_t b[6][16], int32_t total[6]) {" in text
    assert "total[2 * firing_0 + firing_1] = rotate(a_copy, n[firing_0], &b[2 * firing_0 + firing_1][0]);" in text
    # The array that all firings of the other take is copied once, before the loops.
    other = text[text.index("other(const int32_t a[16], const int32_t n[6], ") :]
    assert other.index("a_copy[at_0] = ") < other.index("for (int firing_0") < other.index("rotate(a_copy")


BANKED = BANKS["project.yaml"].replace("int16[8]", "int16[3, 8]")
BANKED = BANKED.replace("A -> first.x", "{from: A, to: first.x, rate: rows}")
BANKED = BANKED.replace("last.y -> B", "{from: last.y, to: B, rate: rows}")
# A block all of whose inputs are registers: it takes the elements of a firing at once, at its start.
TAKE = ", ".join(f"input wire [15:0] a_{n}" for n in range(8))
HAND = {
    **{name: text for name, text in BANKS.items() if not name.startswith("ip/spread")},
    "ip/spread.ip.yaml": """\
name: spread
ports:
  a: {direction: in, type: "int16[8]", moves: memory, layout: "(complete)"}
  b: {direction: out, type: "int16[8]", moves: memory, layout: "(complete)"}
timing: {latency: 1}
verilog: {files: [spread.v], module: spread}
model: {python: "model.py:spread"}
""",
    "ip/spread.v": f"""\
module spread (
  input wire clk, input wire rst, input wire start, output wire ready, output wire done, {TAKE},
  {", ".join(f"output wire b_{n}_we, output wire [15:0] b_{n}_wd" for n in range(8))}
);
  assign ready = 1'b1;
  assign done = start;
{chr(10).join(f"  assign b_{n}_we = start;{chr(10)}  assign b_{n}_wd = a_{n};" for n in range(8))}
endmodule
""",
}


@pytest.mark.parametrize("files", [BANKS, HAND], ids=["banks", "registers"])
@needs_simulator
def test_banks_and_registers(files: Mapping[str, str], tmp_path: Path) -> None:
    loaded = load_project(write_files(tmp_path, {**files, "project.yaml": BANKED}))
    region = size_project(loaded).region
    inputs = random_inputs(region.ports)
    wanted = inputs["A"] + inputs["A"][:, ::-1]
    assert (evaluate_jit(region, inputs)["B"] == wanted.astype(np.int16)).all()
    done = simulate(loaded, target="rtl")
    assert done.ok, [d.message for d in done.diagnostics]
    assert done.report.cycles["open"]["simulated"] == done.report.cycles["open"]["predicted"]


NAMES = {
    "project.yaml": f"""{HEAD}\
  top:
    execution: sequential
    inputs: {{A: "int16[5]", B: int16}}
    outputs: {{C: "int16[5]"}}
    nodes: {{came: {{ip: ip/came.ip.yaml}}}}
    edges:
      - {{from: A, to: came.active, rate: rows}}
      - {{from: B, to: came.firing, rate: held}}
      - {{from: came.fires, to: C, rate: rows}}
""",
    "ip/came.ip.yaml": """\
name: came
ports:
  active: {direction: in, type: int16}
  firing: {direction: in, type: int16}
  fires: {direction: out, type: int16}
timing: {latency: 1}
verilog: {files: [came.v], module: came}
model: {python: "model.py:came"}
""",
    "ip/model.py": "def came(active, firing):\n    return active ^ firing\n",
    "ip/came.v": """\
module came (
  input wire clk, input wire rst, input wire start, output wire ready, output wire done,
  input wire [15:0] active, input wire [15:0] firing, output wire fires_we, output wire [15:0] fires_wd
);
  assign ready = 1'b1;
  assign done = start;
  assign fires_we = start;
  assign fires_wd = active ^ firing;
endmodule
""",
}


@needs_simulator
def test_ports_may_be_called_as_our_registers_are(tmp_path: Path) -> None:
    done = simulate(load_project(write_files(tmp_path, NAMES)), target="rtl")
    assert done.ok, [d.message for d in done.diagnostics]
    assert done.report.cycles["open"] == {"predicted": 6, "simulated": 6, "simulated_interval": 6}


# Parts that are no rows of the array outside, pointers, other types, and tokens of two elements.
ODD: dict[str, str] = {
    "project.yaml": f"""{HEAD}\
  top:
    inputs: {{A: "int16[6, 4]", S: "int8[3, 8]"}}
    outputs: {{B: "int32[6, 4]", C: "int8[24]"}}
    nodes: {{odd: {{ip: ip/odd.ip.yaml}}}}
    edges:
      - {{from: A, to: odd.a, rate: rows}}
      - {{from: S, to: odd.s, rate: rows}}
      - {{from: odd.b, to: B, rate: rows}}
      - {{from: odd.t, to: C, rate: rows}}
""",
    "ip/odd.ip.yaml": """\
name: odd
ports:
  a: {direction: in, type: "int16[2, 4]", moves: memory}
  s: {direction: in, type: "int8[8]", moves: stream, width: 2}
  b: {direction: out, type: "int32[2, 4]", moves: memory}
  t: {direction: out, type: "int8[8]", moves: stream, width: 2}
timing: {latency: 9, tokens: {s: {first: 0, every: 2}, t: {first: 1, every: 2}}}
cpp: {files: [odd.cpp], function: odd}
""",
    "ip/odd.cpp": """\
#include <cstdint>
#include <hls_stream.h>
#include <hls_vector.h>
#include <ap_int.h>
typedef hls::vector<ap_int<8>, 2> pair;
void odd(const int16_t a[2][4], hls::stream<pair> &s, int32_t *b, hls::stream<pair> &t) {
    for (int n = 0; n < 8; ++n) b[n] = a[1 - n / 4][n % 4] * 5;
    for (int n = 0; n < 4; ++n) {
        pair token = s.read();
        pair back;
        back[0] = token[1];
        back[1] = token[0];
        t.write(back);
    }
}
""",
}


ROW = """\
from allo_studio.lang import *


def row(x: int16[4]) -> int16[4]:
    y: int16[4]
    for i in range(4):
        y[i] = x[i]
    return y
"""


def _of_odd(given: Arrays) -> Arrays:
    swapped = given["A"].reshape(3, 2, 4)[:, ::-1].reshape(6, 4).astype(np.int32) * 5
    return {"B": swapped, "C": given["S"].reshape(12, 2)[:, ::-1].reshape(24)}


@pytest.mark.parametrize("shape", ["int16[6, 4]", "int16[3, 2, 4]"])
def test_rows_pointers_and_wide_tokens_in_c(shape: str, tmp_path: Path) -> None:
    loaded = load_project(write_files(tmp_path, ODD, ("project.yaml", "int16[6, 4]", shape)))
    region = size_project(loaded).region
    inputs = random_inputs(region.ports)
    found, wanted = evaluate_jit(region, inputs), _of_odd(inputs)
    assert all(np.array_equal(found[name], wanted[name]) for name in wanted)
    done = simulate(loaded, target="hls")
    assert done.ok, [d.message for d in done.diagnostics]


def test_a_part_of_other_extents_is_copied(tmp_path: Path) -> None:
    """The kernel makes rows of four, which three firings of the block take two by two."""
    files = {**ODD, "kernels/k.py": ROW}
    project = ODD["project.yaml"].replace(
        "{odd: {ip: ip/odd.ip.yaml}}", "{row: {kernel: k}, odd: {ip: ip/odd.ip.yaml}}"
    )
    project = project.replace("kernel: k}", 'kernel: "kernels/k.py:row"}').replace(
        "- {from: A, to: odd.a, rate: rows}",
        "- {from: A, to: row.x, rate: rows}\n      - {from: row.y, to: odd.a, rate: rows}",
    )
    files["project.yaml"] = project
    files["ip/odd.ip.yaml"] = files["ip/odd.ip.yaml"].replace("int16[2, 4]", "int16[2, 1, 4]")
    files["ip/odd.cpp"] = files["ip/odd.cpp"].replace("a[2][4]", "a[2][1][4]").replace("n / 4][", "n / 4][0][")
    loaded = load_project(write_files(tmp_path, files))
    region = size_project(loaded).region
    inputs = random_inputs(region.ports)
    found, wanted = evaluate_jit(region, inputs), _of_odd(inputs)
    assert all(np.array_equal(found[name], wanted[name]) for name in wanted)
    assert build(loaded, tmp_path / "out").ok
    text = (tmp_path / "out/ip_odd.cpp").read_text()
    assert "a_copy[at_0][at_1][at_2] = a[2 * firing_0 + at_0][at_2];" in text


MODEL = """\
import numpy as np


def scale(x):
    assert x.shape == (16,)
    return x * np.int32(3) + np.arange(16, dtype=np.int32)
"""


def test_a_python_model_is_asked_for_each_firing(tmp_path: Path) -> None:
    files = {**SCALE, "project.yaml": STREAMS, "ip/model.py": MODEL}
    files["ip/scale.ip.yaml"] += 'model: {python: "model.py:scale"}\n'
    assert simulate(load_project(write_files(tmp_path / "a", files))).ok
    files["ip/model.py"] = (
        "def scale(x):\n    scale.fired = hasattr(scale, 'fired')\n    return x[: 16 - scale.fired]\n"
    )
    with pytest.raises(AlloError, match="other types or shapes at some firings") as raised:
        simulate(load_project(write_files(tmp_path / "b", files)), target="jit")
    assert raised.value.diagnostics[0].code == "ip"


BOTH = """

def both(x: int32[16], w: int32[16]) -> int32[16]:
    y: int32[16]
    for i in range(16):
        y[i] = x[i] + w[i]
    return y
"""
HELD_STREAM = f"""{HEAD}\
  top:
    inputs: {{A: "int32[4, 16]", w: "int32[16]"}}
    outputs: {{B: "int32[4, 16]"}}
    nodes: {{again: {{graph: inner}}}}
    edges:
      - {{from: A, to: again.P, rate: rows}}
      - {{from: w, to: again.w, rate: held}}
      - {{from: again.Q, to: B, rate: rows}}
  inner:
    inputs: {{P: "int32[16]", w: "int32[16]"}}
    outputs: {{Q: "int32[16]"}}
    nodes: {{scale: {{ip: ip/scale.ip.yaml}}, both: {{kernel: "kernels/k.py:both"}}}}
    edges: [w -> scale.x, P -> both.x, scale.y -> both.w, both.y -> Q]
"""


def test_a_stream_cannot_be_held(tmp_path: Path) -> None:
    files = {**SCALE, "project.yaml": HELD_STREAM, "kernels/k.py": KERNELS + BOTH}
    with pytest.raises(AlloError, match="takes the tokens of x at each of its 4 firings") as raised:
        size_project(load_project(write_files(tmp_path, files)))
    fault = raised.value.diagnostics[0]
    assert (fault.code, fault.where) == ("rate", "top/again/scale")
    assert "moves: memory" in fault.hint


FOUR = """

def four(x: int16[4]) -> int16[4]:
    y: int16[4]
    for i in range(4):
        y[i] = x[i]
    return y
"""


def test_banks_that_the_array_of_all_firings_cannot_have(tmp_path: Path) -> None:
    """Without unified layouts nothing else says so: what the block shares with others is in rows of four."""
    project = BANKED.replace("    inputs:", "    execution: sequential\n    unify: false\n    inputs:")
    project = project.replace("    nodes:\n", '    nodes:\n      four: {kernel: "kernels/k.py:four"}\n')
    project = project.replace("outputs: {", 'outputs: {C: "int16[6, 4]", ').replace(
        "first.y -> spread.a",
        "first.y -> spread.a, {from: first.y, to: four.x, rate: rows}, {from: four.y, to: C, rate: rows}",
    )
    files = {**BANKS, "project.yaml": project, "kernels/k.py": BANKS["kernels/k.py"] + FOUR}
    with pytest.raises(AlloError, match=r"the banks \(cyclic 2\) of a are in a dimension") as raised:
        size_project(load_project(write_files(tmp_path, files)))
    fault = raised.value.diagnostics[0]
    assert (fault.code, fault.where) == ("rate", "top/spread")

"""Verilog blocks with banked memories, registers, other names of signals, and one module at several widths."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from ip_projects import PROJECT, SCALE, check_of, write_files

from allo_studio.pipeline import build, simulate
from allo_studio.project import load_project

pytestmark = pytest.mark.skipif(
    not (shutil.which("iverilog") or shutil.which("verilator")), reason="no simulator of Verilog is installed"
)

OUT = ", ".join(f"output wire b_{n}_we, output wire [15:0] b_{n}_wd" for n in range(8))
SET = "\n".join(
    f"  assign b_{n}_we = takes & (now == {n // 2 + 1});\n  assign b_{n}_wd = a_{n % 2}_rd;" for n in range(8)
)
BANKS = {
    "project.yaml": """\
format: 1
name: banks
target: {device: xcu280, clock_ns: 3.33}
top: top
graphs:
  top:
    inputs: {A: "int16[8]"}
    outputs: {B: "int16[8]"}
    nodes:
      first: {kernel: "kernels/k.py:first"}
      spread: {ip: ip/spread.ip.yaml}
      last: {kernel: "kernels/k.py:last"}
    edges: [A -> first.x, first.y -> spread.a, spread.b -> last.x, last.y -> B]
""",
    "kernels/k.py": """\
from allo_studio.lang import *


def first(x: int16[8]) -> int16[8]:
    y: int16[8]
    for i in range(8):
        y[7 - i] = x[i]
    return y


def last(x: int16[8]) -> int16[8]:
    y: int16[8]
    for i in range(8):
        y[i] = x[7 - i] + x[i]
    return y
""",
    "ip/spread.ip.yaml": """\
name: spread
ports:
  a: {direction: in, type: "int16[8]", moves: memory, layout: "(cyclic 2)"}
  b: {direction: out, type: "int16[8]", moves: memory, layout: "(complete)"}
timing: {latency: 5}
verilog:
  files: [spread.v]
  module: spread
  signals: {clk: clock, rst: clear, start: go, done: finished, a_0_rd: even}
model: {python: "model.py:spread"}
""",
    "ip/model.py": "def spread(a):\n    return a.copy()\n",
    "ip/spread.v": f"""\
module spread (
  input wire clock, input wire clear, input wire go, output wire ready, output wire finished,
  output wire a_0_re, output wire [1:0] a_0_ra, input wire [15:0] even,
  output wire a_1_re, output wire [1:0] a_1_ra, input wire [15:0] a_1_rd,
  {OUT}
);
  wire [15:0] a_0_rd = even;
  reg busy;
  reg [2:0] t;
  wire begins = go & ~busy;
  wire [2:0] now = busy ? t : 3'd0;
  wire takes = busy;
  assign ready = ~busy;
  assign a_0_re = (busy | begins) & (now < 4);
  assign a_1_re = a_0_re;
  assign a_0_ra = now[1:0];
  assign a_1_ra = now[1:0];
  assign finished = busy & (now == 4);
{SET}
  always @(posedge clock)
    if (clear) begin
      busy <= 1'b0;
      t <= 3'd0;
    end else if (begins) begin
      busy <= 1'b1;
      t <= 3'd1;
    end else if (busy) begin
      t <= t + 3'd1;
      if (finished) busy <= 1'b0;
    end
endmodule
""",
}


def test_banks_registers_and_other_names(tmp_path: Path) -> None:
    loaded = load_project(write_files(tmp_path, BANKS))
    assert check_of(tmp_path).ok, [str(d) for d in check_of(tmp_path).diagnostics]
    done = simulate(loaded, target="rtl")
    assert done.ok, [d.message for d in done.diagnostics]
    cycles = done.report.cycles["open"]
    assert cycles["simulated"] == cycles["predicted"]


Y = "ip/scale.ip.yaml"


def test_one_module_at_several_widths(tmp_path: Path) -> None:
    """The module has a parameter for the width of its data, and is used with two values of it."""
    wide = (
        SCALE["ip/scale.sv"]
        .replace("parameter N = 16", "parameter N = 16, parameter W = 8")
        .replace("[31:0]", "[W-1:0]")
    )
    wide = wide.replace("reg [W-1:0] t;", "reg [31:0] t;")
    text = SCALE[Y][: SCALE[Y].index("cpp:")] + SCALE[Y][SCALE[Y].index("verilog:") :]
    model = 'model: {python: "model.py:%s"}\n'
    text = text.replace("{N: 16}", "{N: 16, W: 32}") + model % "scale"
    narrow = (
        text.replace("name: scale", "name: narrow")
        .replace("int32", "int20")
        .replace("W: 32", "W: 20")
        .replace(":scale", ":narrow")
    )
    models = """\
import numpy as np


def scale(x):
    return x * np.int32(3) + np.arange(16, dtype=np.int32)


def narrow(x):
    found = x * np.int32(3) + np.arange(16, dtype=np.int32)
    return ((found + 2**19) % 2**20 - 2**19).astype(np.int32)
"""
    blocks = """\
      shrink: {convert: "int32[16]", to: int20}
      narrow: {ip: ip/narrow.ip.yaml}
      grow: {convert: "int20[16]", to: int32}
      add:"""
    project = PROJECT.replace("      add:", blocks)
    wires = ["scale.y -> shrink.x", "shrink.y -> narrow.x", "narrow.y -> grow.x", "grow.y -> add.x"]
    project = project.replace("      - scale.y -> add.x\n", "".join(f"      - {wire}\n" for wire in wires))
    files = {
        **SCALE,
        "project.yaml": project,
        "ip/scale.sv": wide,
        Y: text,
        "ip/narrow.ip.yaml": narrow,
        "ip/model.py": models,
    }
    done = build(load_project(write_files(tmp_path / "p", files)), tmp_path / "out", target="rtl")
    assert done.ok, [d.message for d in done.diagnostics]
    assert ".W(20)" in (tmp_path / "out/top_narrow.sv").read_text()
    assert ".W(32)" in (tmp_path / "out/top_scale.sv").read_text()


def test_names_that_clash_are_told(tmp_path: Path) -> None:
    clash = (
        SCALE["ip/scale.sv"] + "module fifo_32x3; endmodule\nmodule fifo_32x2; endmodule\nmodule top_twice; endmodule\n"
    )
    loaded = load_project(write_files(tmp_path, {**SCALE, "ip/scale.sv": clash}))
    with pytest.raises(Exception, match="as the generated Verilog has") as raised:
        build(loaded, tmp_path / "out", target="rtl")
    assert raised.value.diagnostics[0].code == "ip"  # type: ignore[attr-defined]

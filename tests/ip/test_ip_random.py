"""Random designs of Verilog blocks whose timing is random: the RTL takes the cycles and FIFOs that were predicted."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest
from ip_projects import write_files

from allo_studio.backends.rtl.emit import generate
from allo_studio.hardware.devices import find_device
from allo_studio.hardware.operators import load_operators
from allo_studio.pipeline import size_project
from allo_studio.project import load_project
from allo_studio.simulate.cycle.outside import OutsideDesign
from allo_studio.simulate.data import random_inputs
from allo_studio.simulate.jit import evaluate_jit

pytestmark = pytest.mark.skipif(
    not (shutil.which("iverilog") or shutil.which("verilator")), reason="no simulator of Verilog is installed"
)

TOKENS = 12
# A block that reads token k in local cycle RF + RE * k, and writes twice its value in cycle WF + WE * k.
MODULE = f"""\
module timed #(parameter RF = 0, parameter RE = 1, parameter WF = 1, parameter WE = 1, parameter LAST = 12) (
  input wire clk, input wire rst, input wire start, output wire ready, output wire done,
  input wire [31:0] x_data, input wire x_valid, output wire x_ready,
  output wire [31:0] y_data, output wire y_valid, input wire y_ready
);
  reg [31:0] kept [0:{TOKENS - 1}];
  reg busy;
  reg [31:0] t;
  wire [31:0] k = (t - RF) / RE;
  wire [31:0] j = (t - WF) / WE;
  wire active = start | busy;
  wire takes = active & (t >= RF) & ((t - RF) % RE == 0) & (k < {TOKENS});
  wire gives = active & (t >= WF) & ((t - WF) % WE == 0) & (j < {TOKENS});
  wire run = (~takes | x_valid) & (~gives | y_ready);
  assign x_ready = takes & (~gives | y_ready);
  assign y_valid = gives & (~takes | x_valid);
  assign y_data = kept[j[3:0]] << 1;
  assign ready = ~busy & run;
  assign done = active & run & (t == LAST);
  always @(posedge clk)
    if (rst) begin
      busy <= 1'b0;
      t <= 0;
    end else if (active & run) begin
      busy <= ~done;
      t <= done ? 0 : t + 1;
      if (takes) kept[k[3:0]] <= x_data;
    end
endmodule
"""
KERNELS = f"""\
from allo_studio.lang import *


def fork(x: int32[{TOKENS}]) -> (int32[{TOKENS}], int32[{TOKENS}]):
    y: int32[{TOKENS}]
    z: int32[{TOKENS}]
    for i in range({TOKENS}):
        e: int32 = x[i]
        y[i] = e
        z[i] = e + 1
    return y, z


def join(x: int32[{TOKENS}], y: int32[{TOKENS}]) -> int32[{TOKENS}]:
    z: int32[{TOKENS}]
    for i in range({TOKENS}):
        z[i] = x[i] - y[i]
    return z
"""


def timing_of(draw: random.Random) -> tuple[dict[str, int], int]:
    """Return the parameters of a block, and its latency; each token is written after it was read."""
    read_first, read_every, write_every = draw.randint(0, 4), draw.randint(1, 4), draw.randint(1, 4)
    # The first token, or the last, is the one that is hardest to have in time.
    write_first = max(read_first + 1 + draw.randint(0, 6), read_first + (TOKENS - 1) * (read_every - write_every) + 1)
    last = max(read_first + (TOKENS - 1) * read_every, write_first + (TOKENS - 1) * write_every) + draw.randint(0, 3)
    return {"RF": read_first, "RE": read_every, "WF": write_first, "WE": write_every, "LAST": last}, last + 1


def project_of(seed: int) -> dict[str, str]:
    """Return the files of two chains of blocks between a fork and a join."""
    draw = random.Random(seed)
    files = {"ip/timed.v": MODULE, "ip/model.py": "import numpy as np\n\n\ndef timed(x):\n    return x * np.int32(2)\n"}
    nodes, edges = [], ["A -> fork.x", "join.z -> B"]
    for chain, (begin, end) in enumerate((("fork.y", "join.x"), ("fork.z", "join.y"))):
        before = begin
        for number in range(draw.randint(1, 2)):
            name = f"b{chain}{number}"
            parameters, latency = timing_of(draw)
            files[f"ip/{name}.ip.yaml"] = f"""\
name: {name}
ports:
  x: {{direction: in, type: "int32[{TOKENS}]", moves: stream}}
  y: {{direction: out, type: "int32[{TOKENS}]", moves: stream}}
timing:
  latency: {latency}
  tokens:
    x: {{first: {parameters["RF"]}, every: {parameters["RE"]}}}
    y: {{first: {parameters["WF"]}, every: {parameters["WE"]}}}
verilog:
  files: [timed.v]
  module: timed
  parameters: {{{", ".join(f"{key}: {value}" for key, value in parameters.items())}}}
model: {{python: "model.py:timed"}}
"""
            nodes.append(f"      {name}: {{ip: ip/{name}.ip.yaml}}\n")
            edges.append(f"{before} -> {name}.x")
            before = f"{name}.y"
        edges.append(f"{before} -> {end}")
    wires = "".join(f"      - {edge}\n" for edge in edges)
    files["kernels/k.py"] = KERNELS
    files["project.yaml"] = f"""\
format: 1
name: timed
target: {{device: xcu280, clock_ns: 3.33}}
top: top
graphs:
  top:
    inputs: {{A: "int32[{TOKENS}]"}}
    outputs: {{B: "int32[{TOKENS}]"}}
    nodes:
      fork: {{kernel: "kernels/k.py:fork"}}
      join: {{kernel: "kernels/k.py:join"}}
{"".join(nodes)}    edges:
{wires}"""
    return files


@pytest.mark.parametrize("seed", range(6))
def test_cycles_and_fifos_are_those_predicted(seed: int, tmp_path: Path) -> None:
    loaded = load_project(write_files(tmp_path, project_of(seed)))
    sized = size_project(loaded, library=load_operators("open", 3.33, find_device("xcu280").family))
    inputs = random_inputs(sized.region.ports)
    design = generate(sized)
    found = OutsideDesign(design).run(inputs, 3, tuple(design.probed.fifos))
    assert found.cycles[0] == sized.latency
    assert found.cycles[-1] == sized.interval
    assert (found.outputs["B"] == evaluate_jit(sized.region, inputs)["B"]).all()
    one = OutsideDesign(design).run(inputs, 1, tuple(design.probed.fifos))
    assert {c: int(held.max()) for c, held in one.held.items()} == {c: s.observed for c, s in sized.fifos.items()}

"""Random designs of Verilog blocks at random rates: the RTL takes the cycles and FIFOs that were predicted."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import numpy as np
import pytest
from ip_projects import write_files

from allo_studio.backends.rtl.emit import generate
from allo_studio.hardware.devices import find_device
from allo_studio.hardware.operators import load_operators
from allo_studio.pipeline import simulate, size_project
from allo_studio.project import load_project
from allo_studio.simulate.cycle.outside import OutsideDesign
from allo_studio.simulate.data import random_inputs
from allo_studio.simulate.jit import evaluate_jit

pytestmark = pytest.mark.skipif(
    not (shutil.which("iverilog") or shutil.which("verilator")), reason="no simulator of Verilog is installed"
)

TOTAL = 24
# A block that reads token k in local cycle RF + RE * k, and writes it, times two plus a number, in cycle WF + WE * k.
MODULE = """\
module timed #(
  parameter T = 4, parameter W = 1, parameter RF = 0, parameter RE = 1, parameter WF = 1, parameter WE = 1,
  parameter LAST = 12
) (
  input wire clk, input wire rst, input wire start, output wire ready, output wire done,
  input wire [31:0] n,
  input wire [32*W-1:0] x_data, input wire x_valid, output wire x_ready,
  output wire [32*W-1:0] y_data, output wire y_valid, input wire y_ready
);
  reg [32*W-1:0] kept [0:T-1];
  reg busy;
  reg [31:0] t;
  reg [31:0] held;
  wire [31:0] k = (t - RF) / RE;
  wire [31:0] j = (t - WF) / WE;
  wire active = start | busy;
  wire takes = active & (t >= RF) & ((t - RF) % RE == 0) & (k < T);
  wire gives = active & (t >= WF) & ((t - WF) % WE == 0) & (j < T);
  wire run = (~takes | x_valid) & (~gives | y_ready);
  // The number is taken at the start.
  wire [31:0] number = busy ? held : n;
  wire [32*W-1:0] old = kept[j];
  assign x_ready = takes & (~gives | y_ready);
  assign y_valid = gives & (~takes | x_valid);
  genvar lane;
  generate for (lane = 0; lane < W; lane = lane + 1)
    assign y_data[32*lane +: 32] = (old[32*lane +: 32] << 1) + number;
  endgenerate
  assign ready = ~busy & run;
  assign done = active & run & (t == LAST);
  always @(posedge clk)
    if (rst) begin
      busy <= 1'b0;
      t <= 0;
    end else if (active & run) begin
      busy <= ~done;
      t <= done ? 0 : t + 1;
      held <= number;
      if (takes) kept[k] <= x_data;
    end
endmodule
"""
KERNELS = """\
from allo_studio.lang import *

M = 4


def fork(x: int32[M]) -> (int32[M], int32[M]):
    y: int32[M]
    z: int32[M]
    for i in range(M):
        e: int32 = x[i]
        y[i] = e
        z[i] = e + 1
    return y, z


def join(x: int32[M], y: int32[M]) -> int32[M]:
    z: int32[M]
    for i in range(M):
        z[i] = x[i] - y[i]
    return z
"""


class _Design:
    """Two chains of blocks between a fork and a join, in a graph that may fire several times itself."""

    def __init__(self, seed: int) -> None:
        self.draw = draw = random.Random(seed)
        self.files = {
            "kernels/k.py": KERNELS,
            "ip/timed.v": MODULE,
            "ip/model.py": "import numpy as np\n\n\ndef timed(n, x):\n    return x * np.int32(2) + n\n",
        }
        self.times = draw.choice([1, 1, 2, 3])
        self.size = TOTAL // self.times
        self.divisors = [n for n in range(1, self.size + 1) if self.size % n == 0]
        # What each chain does, as pairs of elements for which a block takes a number, and where it comes from.
        self.blocks: list[list[tuple[int, str]]] = []
        self.inputs: dict[str, str] = {}
        nodes, edges = self._chains()
        self.files["project.yaml"] = self._project(nodes, edges)

    def _chains(self) -> tuple[dict[str, str], list[str]]:
        nodes = {name: f'{{kernel: "kernels/k.py:{name}", params: {{M: {self._some()}}}}}' for name in ("fork", "join")}
        edges = [_rows("P", "fork.x"), _rows("join.z", "Q")]
        for chain, (begin, end) in enumerate((("fork.y", "join.x"), ("fork.z", "join.y"))):
            before = begin
            self.blocks.append([])
            for number in range(self.draw.randint(1, 2)):
                name = f"b{chain}{number}"
                nodes[name] = f"{{ip: ip/{name}.ip.yaml}}"
                edges += [_rows(before, f"{name}.x"), self._block(name, chain)]
                before = f"{name}.y"
            edges.append(_rows(before, end))
        return nodes, edges

    def _some(self) -> int:
        return self.draw.choice(self.divisors)

    def _block(self, name: str, chain: int) -> str:
        """Add a block; return the wire that its number comes over."""
        draw, elements = self.draw, self._some()
        width = draw.choice([w for w in (1, 1, 2) if elements % w == 0])
        tokens = elements // width
        read_first, read_every, write_every = draw.randint(0, 3), draw.randint(1, 3), draw.randint(1, 3)
        write_first = max(
            read_first + 1 + draw.randint(0, 4), read_first + (tokens - 1) * (read_every - write_every) + 1
        )
        last = max(read_first + (tokens - 1) * read_every, write_first + (tokens - 1) * write_every)
        last += draw.randint(0, 2)
        self.files[f"ip/{name}.ip.yaml"] = f"""\
name: {name}
ports:
  n: {{direction: in, type: int32}}
  x: {{direction: in, type: "int32[{elements}]", moves: stream, width: {width}}}
  y: {{direction: out, type: "int32[{elements}]", moves: stream, width: {width}}}
timing:
  latency: {last + 1}
  tokens:
    x: {{first: {read_first}, every: {read_every}}}
    y: {{first: {write_first}, every: {write_every}}}
verilog:
  files: [timed.v]
  module: timed
  parameters: {{T: {tokens}, W: {width}, RF: {read_first}, RE: {read_every}, WF: {write_first}, WE: {write_every},
    LAST: {last}}}
model: {{python: "model.py:timed"}}
"""
        port, firings = f"n_{name}", self.size // elements
        if firings == 1 or draw.random() < 0.5:
            self.inputs[port] = "int32"
            self.blocks[chain].append((self.size, port))
            return f"{{from: {port}, to: {name}.n, rate: held}}" if firings > 1 else f"{port} -> {name}.n"
        self.inputs[port] = f"int32[{firings}]"
        self.blocks[chain].append((elements, port))
        return _rows(port, f"{name}.n")

    def _project(self, nodes: dict[str, str], edges: list[str]) -> str:
        inner = {"P": f"int32[{self.size}]", **self.inputs}
        graph = [f"inputs: {_ports(inner)}", f"outputs: {_ports({'Q': f'int32[{self.size}]'})}", "nodes:"]
        graph += [f"  {name}: {node}" for name, node in nodes.items()]
        graph += ["edges:", *(f"  - {edge}" for edge in edges)]
        text = "format: 1\nname: timed\ntarget: {device: xcu280, clock_ns: 3.33}\ntop: top\ngraphs:\n"
        indented = "".join(f"    {line}\n" for line in graph)
        if self.times == 1:
            return f"{text}  top:\n{indented}"
        # What a block takes at its firings is the same at all of the graph's.
        wires = [_rows("P", "inner.P"), _rows("inner.Q", "Q")]
        wires += [f"{{from: {name}, to: inner.{name}, rate: held}}" for name in self.inputs]
        outer = {"P": f"int32[{TOTAL}]", **self.inputs}
        text += f"  top:\n    inputs: {_ports(outer)}\n    outputs: {_ports({'Q': f'int32[{TOTAL}]'})}\n"
        text += "    nodes: {inner: {graph: inner}}\n    edges:\n" + "".join(f"      - {wire}\n" for wire in wires)
        return f"{text}  inner:\n{indented}"

    def wanted(self, given: dict[str, np.ndarray]) -> np.ndarray:
        """Return what the design makes, block by block."""
        sides = [given["P"], given["P"] + np.int32(1)]
        for chain, blocks in enumerate(self.blocks):
            for elements, port in blocks:
                numbers = np.tile(np.repeat(given[port].reshape(-1), elements), self.times)
                sides[chain] = sides[chain] * np.int32(2) + numbers
        return sides[0] - sides[1]


def _rows(source: str, target: str) -> str:
    return f"{{from: {source}, to: {target}, rate: rows}}"


def _ports(ports: dict[str, str]) -> str:
    return "{" + ", ".join(f'{name}: "{kind}"' for name, kind in ports.items()) + "}"


@pytest.mark.parametrize("seed", range(12))
def test_cycles_and_fifos_are_those_predicted(seed: int, tmp_path: Path) -> None:
    made = _Design(seed)
    loaded = load_project(write_files(tmp_path, made.files))
    sized = size_project(loaded, library=load_operators("open", 3.33, find_device("xcu280").family))
    inputs = random_inputs(sized.region.ports)
    wanted = made.wanted(inputs)
    assert (evaluate_jit(sized.region, inputs)["Q"] == wanted).all()
    design = generate(sized)
    found = OutsideDesign(design).run(inputs, 3, tuple(design.probed.fifos))
    assert (found.outputs["Q"] == wanted).all()
    assert found.cycles[0] == sized.latency
    assert found.cycles[-1] == sized.interval
    one = OutsideDesign(design).run(inputs, 1, tuple(design.probed.fifos))
    assert {c: int(held.max()) for c, held in one.held.items()} == {c: s.observed for c, s in sized.fifos.items()}


LOOP = """\
from allo_studio.lang import *


def mix(x: int32[4], b: int32[4]) -> (int32[4], int32[4]):
    y: int32[4]
    z: int32[4]
    for i in range(4):
        e: int32 = x[i] + b[i]
        y[i] = e
        z[i] = e
    return y, z
"""
LOOPED = {
    "k.py": LOOP,
    "ip/timed.v": MODULE,
    "ip/model.py": "def timed(n, x):\n    return x * 2 + n\n",
    "ip/twice.ip.yaml": """\
name: twice
ports:
  n: {direction: in, type: int32}
  x: {direction: in, type: "int32[6]", moves: stream}
  y: {direction: out, type: "int32[6]", moves: stream}
timing:
  latency: 8
  tokens: {x: {first: 0, every: 1}, y: {first: 2, every: 1}}
verilog: {files: [timed.v], module: timed, parameters: {T: 6, WF: 2, LAST: 7}}
model: {python: "model.py:timed"}
""",
    "project.yaml": """\
format: 1
name: looped
target: {device: xcu280, clock_ns: 3.33}
top: top
graphs:
  top:
    inputs: {X: "int32[12]", n: "int32[2]"}
    outputs: {Y: "int32[12]"}
    nodes:
      mix: {kernel: "k.py:mix"}
      twice: {ip: ip/twice.ip.yaml}
    edges:
      - {from: X, to: mix.x, rate: rows}
      - {from: n, to: twice.n, rate: rows}
      - {from: mix.y, to: Y, rate: rows}
      - {from: mix.z, to: twice.x, rate: rows}
      - {from: twice.y, to: mix.b, rate: rows, initial: [8, -4, 2, 5]}
""",
}


def test_a_block_in_a_loop(tmp_path: Path) -> None:
    loaded = load_project(write_files(tmp_path, LOOPED))
    region = size_project(loaded).region
    given = {"X": np.arange(12, dtype=np.int32) * 7 - 30, "n": np.array([3, -5], np.int32)}
    back = [8, -4, 2, 5]
    for invocation in range(1, 3):
        wanted = []
        for place, value in enumerate(given["X"].tolist()):
            wanted.append(value + back.pop(0))
            back.append(wanted[-1] * 2 + int(given["n"][place // 6]))
        assert evaluate_jit(region, given, invocation)["Y"].tolist() == wanted
    done = simulate(loaded, target="rtl")
    assert done.ok, [d.message for d in done.diagnostics]

"""Projects with external blocks, written into folders: a block, its code in C++ and Verilog, and kernels around it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from allo_studio.design.checked import CheckedDesign
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.ip.block import IpBlock
from allo_studio.pipeline import check_project
from allo_studio.project import load_project, sources
from allo_studio.project.ip import IpBlocks

__all__ = ["KERNELS", "PROJECT", "ROTATE", "SCALE", "block_of", "check_of", "faults_of", "write_files"]

KERNELS = """\
from allo_studio.lang import *


def twice(x: int32[16]) -> int32[16]:
    y: int32[16]
    for i in range(16):
        y[i] = x[i] * 2
    return y


def add(x: int32[16]) -> int32[16]:
    y: int32[16]
    for i in range(16):
        y[i] = x[i] + 1
    return y


def reverse(x: int32[16]) -> int32[16]:
    y: int32[16]
    for i in range(16):
        y[i] = x[15 - i] + 1
    return y
"""
PROJECT = """\
format: 1
name: mixed
target: {device: xcu280, clock_ns: 3.33}
top: top
graphs:
  top:
    execution: dataflow
    inputs: {A: "int32[16]"}
    outputs: {B: "int32[16]"}
    nodes:
      twice: {kernel: "kernels/k.py:twice"}
      scale: {ip: ip/scale.ip.yaml}
      add: {kernel: "kernels/k.py:add"}
    edges:
      - A -> twice.x
      - twice.y -> scale.x
      - scale.y -> add.x
      - add.y -> B
"""
# A block with streams: it multiplies by three and adds the position.
SCALE: Mapping[str, str] = {
    "project.yaml": PROJECT,
    "kernels/k.py": KERNELS,
    "ip/scale.ip.yaml": """\
format: 1
name: scale
ports:
  x: {direction: in, type: "int32[16]", moves: stream}
  y: {direction: out, type: "int32[16]", moves: stream}
timing:
  latency: 17
  tokens:
    x: {first: 0, every: 1}
    y: {first: 1, every: 1}
resources: {lut: 120, ff: 64, dsp: 3}
cpp:
  files: [scale.cpp, scale.h]
  function: scale
verilog:
  files: [scale.sv]
  module: scale
  parameters: {N: 16}
""",
    "ip/scale.h": """\
#pragma once
#include "ap_int.h"
#include "hls_stream.h"
void scale(hls::stream<int> &x, hls::stream<int> &y);
""",
    "ip/scale.cpp": """\
#include "scale.h"
static int times(int a) { return a * 3; }
void scale(hls::stream<int> &x, hls::stream<int> &y) {
    for (int i = 0; i < 16; ++i) {
#pragma HLS pipeline II=1
        y.write(times(x.read()) + i);
    }
}
""",
    "ip/scale.sv": """\
module scale #(parameter N = 16) (
  input wire clk, input wire rst,
  input wire start, output wire ready, output wire done,
  input wire [31:0] x_data, input wire x_valid, output wire x_ready,
  output wire [31:0] y_data, output wire y_valid, input wire y_ready
);
  reg busy;
  reg [31:0] t;
  reg [31:0] token;
  wire active = start | busy;
  wire takes = active & (t < N);
  wire gives = active & (t != 0);
  wire run = (~takes | x_valid) & (~gives | y_ready);
  assign x_ready = takes & (~gives | y_ready);
  assign y_valid = gives & (~takes | x_valid);
  assign y_data = token;
  assign ready = ~busy & run;
  assign done = active & run & (t == N);
  always @(posedge clk)
    if (rst) begin
      busy <= 1'b0;
      t <= 0;
    end else if (active & run) begin
      busy <= ~done;
      t <= done ? 0 : t + 1;
      token <= x_data * 3 + t;
    end
endmodule
""",
}
# A block with memories and values: it turns an array round, adds a number, and returns the sum.
ROTATE: Mapping[str, str] = {
    "project.yaml": """\
format: 1
name: mixed
target: {device: xcu280, clock_ns: 3.33}
top: top
graphs:
  top:
    execution: dataflow
    inputs: {A: "int32[16]", n: int32}
    outputs: {B: "int32[16]", total: int32}
    nodes:
      twice: {kernel: "kernels/k.py:twice"}
      rotate: {ip: ip/rotate.ip.yaml}
      add: {kernel: "kernels/k.py:reverse"}
    edges:
      - A -> twice.x
      - twice.y -> rotate.a
      - n -> rotate.n
      - rotate.b -> add.x
      - rotate.total -> total
      - add.y -> B
""",
    "kernels/k.py": KERNELS,
    "ip/rotate.ip.yaml": """\
format: 1
name: rotate
ports:
  a: {direction: in, type: "int32[16]", moves: memory}
  n: {direction: in, type: int32}
  b: {direction: out, type: "int32[16]", moves: memory}
  total: {direction: out, type: int32, returned: true}
timing: {latency: 18}
cpp:
  files: [rotate.cpp]
  function: rotate
verilog:
  files: [rotate.v]
  module: rotate
""",
    "ip/rotate.cpp": """\
#include <ap_int.h>
int rotate(const ap_int<32> a[16], int n, int *b) {
    int sum = 0;
    for (int i = 0; i < 16; ++i) {
        b[i] = a[15 - i] + n;
        sum += a[i];
    }
    return sum;
}
""",
    "ip/rotate.v": """\
module rotate (
  input wire clk, input wire rst, input wire start, output wire ready, output wire done,
  output wire a_re, output wire [3:0] a_ra, input wire [31:0] a_rd,
  input wire [31:0] n,
  output wire b_we, output wire [3:0] b_wa, output wire [31:0] b_wd,
  output wire total_we, output wire [31:0] total_wd
);
  reg busy;
  reg [4:0] t;
  reg [31:0] held;
  reg [31:0] sum;
  wire go = start & ~busy;
  wire [4:0] now = busy ? t : 5'd0;
  wire takes = busy & (now >= 1) & (now <= 16);
  assign ready = ~busy;
  assign a_re = (busy | go) & (now < 16);
  assign a_ra = 4'd15 - now[3:0];
  assign b_we = takes;
  assign b_wa = now[3:0] - 4'd1;
  assign b_wd = a_rd + held;
  assign done = busy & (now == 17);
  assign total_we = done;
  assign total_wd = sum;
  always @(posedge clk)
    if (rst) begin
      busy <= 1'b0;
      t <= 0;
    end else begin
      if (go) begin
        busy <= 1'b1;
        t <= 1;
        held <= n;
        sum <= 0;
      end else if (busy) begin
        t <= t + 1;
        if (done) busy <= 1'b0;
      end
      if (takes) sum <= sum + a_rd;
    end
endmodule
""",
}


def write_files(folder: Path, files: Mapping[str, str], *changes: tuple[str, str, str]) -> Path:
    """Write files into a folder, each change (file, old, new) made; the old text must be there."""
    texts = dict(files)
    for name, old, new in changes:
        assert old in texts[name], f"{name} has no {old!r}"
        texts[name] = texts[name].replace(old, new)
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def block_of(folder: Path, path: str = "ip/scale.ip.yaml") -> IpBlock:
    """Return the block of a descriptor; raises AlloError."""
    return IpBlocks(sources(folder))(path)


def faults_of(folder: Path, path: str = "ip/scale.ip.yaml") -> tuple[Diagnostic, ...]:
    """Return the faults of a descriptor, which must have some."""
    try:
        block_of(folder, path)
    except AlloError as error:
        return error.diagnostics
    raise AssertionError("the descriptor has no fault")


def check_of(folder: Path) -> CheckedDesign:
    """Return the checked design of a project's folder."""
    return check_project(load_project(folder))

"""Latencies of designs by the rules of Vitis HLS: FIFOs overlap in the estimate, buffers do not; the RTL waits."""

from __future__ import annotations

from pathlib import Path

import pytest

from allo_studio.diagnostics import AlloError
from allo_studio.pipeline import estimate_project
from allo_studio.project import load_project

KERNELS = """
from allo_studio.lang import float32

def double(X: float32[40]) -> float32[40]:
    Y: float32[40]
    for i in range(40):
        Y[i] = X[i] * 2.0
    return Y

def held(X: float32[40]) -> float32[40]:
    Y: float32[40]
    kept: float32[40]
    for i in range(40):
        kept[i] = X[i]
    for i in range(40):
        Y[i] = kept[i] * 2.0
    return Y

def both(X: float32[40], Z: float32[40]) -> float32[40]:
    Y: float32[40]
    for i in range(40):
        Y[i] = X[i] + Z[i]
    return Y
"""
CHAIN = """
format: 1
name: chain
target: {{device: xcu280, clock_ns: 3.33}}
top: chain
graphs:
  chain:
    execution: {execution}
    inputs: {{X: "float32[40]"}}
    outputs: {{Y: "float32[40]"}}
    nodes:
      one: {{kernel: "k.py:held"}}
      two: {{kernel: "k.py:held"}}
    edges:
      - X -> one.X
      - {edge}
      - two.Y -> Y
"""
# A process is two loops of 40 trips, of depth 2 (load, store) and 6 (load, fmul of 4 cycles, store).
PROCESS = (39 + 2 - 1 + 4) + (39 + 6 - 1 + 4) - 1


def estimates(folder: Path, text: str, **more: object) -> tuple[int, int]:
    (folder / "k.py").write_text(KERNELS, encoding="utf-8")
    (folder / "project.yaml").write_text(text, encoding="utf-8")
    found = estimate_project(load_project(folder), **more)  # type: ignore[arg-type]
    return found.csynth, found.cosim


def test_the_estimate_overlaps_processes_with_a_fifo_between_them(tmp_path: Path) -> None:
    text = CHAIN.format(execution="dataflow", edge="{from: one.Y, to: two.X, channel: fifo, depth: 40}")
    csynth, cosim = estimates(tmp_path, text)
    # What is written to a FIFO need not reach a memory within the cycle: the second loop is of depth 5.
    assert csynth == PROCESS - 1
    # The first token comes when the first loop of `one` is through, and the second loop of `two` follows all of them.
    assert PROCESS + 39 < cosim < 2 * PROCESS


def test_a_buffer_makes_the_reader_wait(tmp_path: Path) -> None:
    text = CHAIN.format(execution="dataflow", edge="{from: one.Y, to: two.X, channel: pingpong}")
    assert estimates(tmp_path, text) == (2 * PROCESS, 2 * PROCESS)
    # Unless the code calls it a stream, which the estimate believes.
    assert estimates(tmp_path, text, streams=["chain/one.Y->two.X"]) == (PROCESS, 2 * PROCESS)


def test_blocks_one_after_another_are_calls_of_a_module(tmp_path: Path) -> None:
    text = CHAIN.format(execution="sequential", edge="one.Y -> two.X")
    assert estimates(tmp_path, text) == (2 * (PROCESS + 2) - 1,) * 2


def test_a_fifo_that_is_too_small_is_a_deadlock(tmp_path: Path) -> None:
    text = """
format: 1
name: fork
target: {device: xcu280, clock_ns: 3.33}
top: fork
graphs:
  fork:
    inputs: {X: "float32[40]"}
    outputs: {Y: "float32[40]"}
    nodes:
      first: {kernel: "k.py:double"}
      copy: {duplicate: "float32[40]", copies: 2}
      late: {kernel: "k.py:held"}
      last: {kernel: "k.py:both"}
    edges:
      - X -> first.X
      - {from: first.Y, to: copy.x, channel: fifo}
      - {from: copy.y0, to: late.X, channel: fifo}
      - {from: copy.y1, to: last.Z, channel: fifo, depth: DEPTH}
      - {from: late.Y, to: last.X, channel: fifo}
      - last.Y -> Y
"""
    assert estimates(tmp_path, text.replace("DEPTH", "64"))[1] > 80
    with pytest.raises(AlloError, match="deadlocks"):
        estimates(tmp_path, text.replace("DEPTH", "4"))

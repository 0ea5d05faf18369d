"""The RTL of some products of matrices: cycles against the ideal, how long it takes to get them, and how fast they run.

    python benchmarks/rtl.py           (or `make bench-rtl`)

Every design is scheduled for the `open` operators, made into SystemVerilog and into a simulator, and run four times
back to back on random data. Its cycles must be those that are predicted, and its results those of the JIT, bit for bit.

Times are by the clock, medians of several turns in one warm process (every design is made once before): from the
scheduled kernel to a simulator that can run, and from there to Verilog. The rate is that of the longest run. Each turn
gives the modules other names: a second run of the same text would find the compiled simulator again.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from allo_studio.backends.rtl.emit import generate, verilog_files
from allo_studio.backends.rtl.worker import shared
from allo_studio.design.region import Channel, KernelProcess, Region, RegionPort
from allo_studio.design.timing import SizedDesign, size_design
from allo_studio.frontend import parse_kernel
from allo_studio.hardware.operators import load_operators
from allo_studio.ir import KernelIR
from allo_studio.schedule import from_specs
from allo_studio.simulate.cycle.design import RunningDesign
from allo_studio.simulate.data import random_inputs
from allo_studio.simulate.jit import evaluate_jit
from allo_studio.source import Source

__all__ = ["CASES", "Case", "Found", "main", "measure"]

CLOCK_NS = 3.33
TURNS = 5
INVOCATIONS = 4
# A run of at least so many cycles tells the rate.
RATED_CYCLES = 3_000_000
_HEAD = "from allo_studio.lang import float32, grid, int8, int32, reduction\n\n\n"
Steps = Sequence[tuple[str, dict[str, object]]]


@dataclass(frozen=True)
class Case:
    """A design: a kernel with steps, the cycles without any filling of pipelines, and limits (None: only told).

    `cycles` is of an invocation, `seconds` from the scheduled kernel to Verilog and a simulator, `ready` to a simulator
    alone, and `rate` is in millions of cycles a second.
    """

    name: str
    text: str
    ideal: int
    steps: Steps = ()
    cycles: int | None = None
    seconds: float | None = None
    ready: float | None = None
    rate: float | None = None
    params: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """What was measured. `wrong` says in words what is not as it must be."""

    case: Case
    predicted: int
    simulated: tuple[int, ...]
    intervals: Mapping[str, int]
    verilog: float
    ready: float
    rate: float
    wrong: tuple[str, ...]


_ACCUMULATED = """def gemm(A: int32[8, 8], B: int32[8, 8]) -> int32[8, 8]:
    C: int32[8, 8]
    total: int32 = 0
    for i, j, k in grid(8, 8, 8):
        total = A[i, k] * B[k, j] + (total if k > 0 else 0)
        C[i, j] = total
    return C
"""
_LANES = """def gemm(A: int8[64, 64], B: int8[64, 64]) -> int32[64, 64]:
    C: int32[64, 64]
    total: int32[16] = 0
    for i, jt, k in grid(64, 4, 64):
        for lane in range(16):
            total[lane] = A[i, k] * B[k, jt * 16 + lane] + (total[lane] if k > 0 else 0)
            C[i, jt * 16 + lane] = total[lane]
    return C
"""
_LANE_STEPS: Steps = (
    ("partition", {"buffer": "total", "kind": "complete"}),
    ("partition", {"buffer": "B", "kind": "cyclic", "dim": 2, "factor": 16}),
    ("partition", {"buffer": "C", "kind": "cyclic", "dim": 2, "factor": 16}),
    ("unroll", {"axis": "total_init_0"}),
    ("pipeline", {"axis": "k", "initiation_interval": 1}),
)
_PRODUCT = """def gemm(A: float32[64, 64], B: float32[64, 64]) -> float32[64, 64]:
    C: float32[64, 64] = 0.0
    for i, j in grid(64, 64):
        for k in reduction(64):
            C[i, j] += A[i, k] * B[k, j]
    return C
"""
_WIDE_STEPS: Steps = (
    ("split", {"axis": "j", "factor": 32}),
    ("reorder", {"axes": ["k", "i", "j.outer", "j.inner"]}),
    ("partition", {"buffer": "B", "kind": "cyclic", "dim": 2, "factor": 32}),
    ("partition", {"buffer": "C", "kind": "cyclic", "dim": 2, "factor": 32}),
    ("pipeline", {"axis": "j.outer", "initiation_interval": 1}),
    ("unroll", {"axis": "j.inner"}),
)
_ARRAY = """def gemm(A: int8[16, 16], B: int8[16, 16]) -> int32[16, 16]:
    C: int32[16, 16] = 0
    for i, j in grid(16, 16, name="pe"):
        for k in range(16):
            C[i, j] += A[i, k] * B[k, j]
    return C
"""
CASES = (
    Case("8 x 8 x 8, int32", _ACCUMULATED, 512, cycles=520),
    Case("64 x 64 x 64, int8, 16 lanes", _LANES, 16_384, _LANE_STEPS, cycles=16_400, seconds=1.0, rate=10.0),
    Case("64 x 64 x 64, float32, 32 lanes", _PRODUCT, 8_192, _WIDE_STEPS),
    Case("16 x 16 elements, int8, by unfold", _ARRAY, 4_096, (("unfold", {"band": "pe", "axes": [0, 1]}),), ready=5.0),
)


def region_of(kernel: KernelIR, base: KernelIR, name: str) -> Region:
    """Return a design of one block: all of its arrays are ports."""
    ports, channels, bindings = [], [], {}
    layouts = {buffer.name: buffer.layout for buffer in kernel.buffers()}
    for argument in kernel.arguments():
        direction = "in" if argument.direction == "in" else "out"
        ends = (("", argument.name), ("block", argument.name))
        source, target = ends if direction == "in" else ends[::-1]
        ports.append(RegionPort(argument.name, direction, argument.type))
        channels.append(
            Channel(
                argument.name, argument.name, "memory", argument.type, layouts[argument.name], source, (target,), ""
            )
        )
        bindings[argument.name] = argument.name
    process = KernelProcess("block", f"{name}/block", kernel, base, bindings)
    return Region(name, name, "dataflow", tuple(ports), (process,), tuple(channels))


def sized(case: Case, name: str) -> SizedDesign:
    """Return a case's design, scheduled and sized."""
    base = parse_kernel(Source("gemm.py", _HEAD + case.text), "gemm", dict(case.params))
    kernel = from_specs(base, case.steps).ir
    return size_design(region_of(kernel, base, name), load_operators("open", CLOCK_NS))


def measure(case: Case, turns: int = TURNS) -> Found:
    """Make and run a case's design."""
    times = []
    for turn in range(turns + 1):
        design = sized(case, f"design_{turn}")
        before = time.perf_counter()
        rtl = generate(design)
        running = RunningDesign(rtl)
        ready = time.perf_counter()
        verilog_files(rtl)
        times.append((ready - before, time.perf_counter() - ready))
    ready, verilog = (statistics.median(part) for part in zip(*times[1:], strict=True))
    inputs = random_inputs(design.region.ports)
    run = running.run(inputs, INVOCATIONS)
    wrong = list(_wrong(design, run.cycles, run.outputs, evaluate_jit(design.region, inputs)))
    (timing,) = design.processes.values()
    intervals = {row.loop: row.interval for row in timing.schedule.loops() if row.interval is not None}
    found = Found(
        case,
        design.latency,
        run.cycles,
        intervals,
        verilog,
        ready,
        _rate(running, inputs, design.latency),
        tuple(wrong),
    )
    return Found(**{**vars(found), "wrong": (*found.wrong, *_over(found))})


def _wrong(design: SizedDesign, cycles: Sequence[int], outputs: Mapping[str, Any], expected: Mapping[str, Any]):
    if cycles[0] != design.latency or cycles[-1] != design.interval:
        yield f"{design.latency} cycles and then {design.interval} are predicted"
    for name, values in expected.items():
        if not np.array_equal(outputs[name], values, equal_nan=values.dtype.kind == "f"):
            yield f"{name} is not what the JIT computes"


def _over(found: Found) -> list[str]:
    case, over = found.case, []
    if case.cycles is not None and found.simulated[0] > case.cycles:
        over.append(f"more than {case.cycles} cycles")
    if case.seconds is not None and found.ready + found.verilog > case.seconds:
        over.append(f"more than {case.seconds:g} s to a simulator and Verilog")
    if case.ready is not None and found.ready > case.ready:
        over.append(f"more than {case.ready:g} s to a simulator")
    if case.rate is not None and found.rate < case.rate:
        over.append(f"less than {case.rate:g} million cycles a second")
    return over


def _rate(running: RunningDesign, inputs: Mapping[str, Any], latency: int) -> float:
    """Return the millions of cycles that a simulator makes in a second."""
    times = max(1, min(60_000, RATED_CYCLES // latency))
    running.begin(inputs, times)
    before = time.perf_counter()
    made = running.model.run(times * latency)
    return made / (time.perf_counter() - before) / 1e6


def main() -> int:
    """Print the figures; return 1 where one is not within its limit, or a result is wrong."""
    shared().verilog("hw.module @warm(in %clk: !seq.clock, in %rst: i1) {\n  hw.output\n}\n", "warm")
    heads = ("cycles", "ideal", "predicted", "interval", "simulator", "Verilog", "Mcycles/s")
    print(f"{'design':<36}" + "".join(f"{head:>11}" for head in heads) + "  II")
    failed = False
    for case in CASES:
        found = measure(case)
        intervals = ", ".join(f"{loop} {interval}" for loop, interval in list(found.intervals.items())[:4])
        numbers = (found.simulated[0], case.ideal, found.predicted, found.simulated[-1])
        cells = [f"{number:,}" for number in numbers]
        cells += [f"{found.ready:.2f} s", f"{found.verilog:.2f} s", f"{found.rate:.2f}"]
        print(f"{case.name:<36}" + "".join(f"{cell:>11}" for cell in cells) + f"  {intervals}")
        for fault in found.wrong:
            failed = True
            print(f"  NOT MET: {fault}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())

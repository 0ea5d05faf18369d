"""Kernels with streams between sources and sinks that hold them back: the same tokens, exactly the predicted cycles.

Each element of a stream is accessed once, in order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hardware_kernels import inputs_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_engines import kernel_of
from rtl_checks import OPEN, RunningKernel, Script, assert_exact_stalled, stalled_cycles

from allo_studio.ir import KernelIR
from allo_studio.schedule import from_specs

HEAD = "from allo_studio.lang import *\n"
Steps = Sequence[tuple[str, dict[str, Any]]]


@dataclass(frozen=True)
class Streaming:
    """A kernel `f`, the steps that it takes, and the elements in a token of each stream."""

    text: str
    streams: Mapping[str, int]
    steps: Steps = ()

    def kernel(self) -> KernelIR:
        """Return the kernel with its streams."""
        return from_specs(kernel_of(HEAD + self.text), self.steps).ir.with_streams(self.streams)


SCALED = """
def f(A: float32[24], s: float32) -> float32[24]:
    B: float32[24]
    for i in range(24):
        B[i] = A[i] * s + 1.0
    return B
"""
LANES: Steps = (("split", {"axis": "i", "factor": 4}), ("unroll", {"axis": "i.inner"}))
KERNELS = {
    "one element a token": Streaming(SCALED, {"A": 1, "B": 1}),
    "only read": Streaming(SCALED, {"A": 1}),
    "only written": Streaming(SCALED, {"B": 1}),
    "lanes": Streaming(SCALED, {"A": 4, "B": 4}, LANES),
    "an interval of three": Streaming(
        SCALED, {"A": 1, "B": 1}, (("pipeline", {"axis": "i", "initiation_interval": 3}),)
    ),
    "no pipeline": Streaming(SCALED, {"A": 1, "B": 1}, (("pipeline", {"axis": "i", "off": True}),)),
    "two readers": Streaming(
        """
def f(A: int32[4, 5], B: int32[4, 5]) -> int32[4, 5]:
    C: int32[4, 5]
    for i, j in grid(4, 5):
        C[i, j] = A[i, j] * B[i, j] - j
    return C
""",
        {"A": 1, "B": 1, "C": 1},
    ),
    "two writers": Streaming(
        """
def f(A: int32[20]) -> (int32[20], int16[20]):
    C: int32[20]
    D: int16[20]
    for i in range(20):
        a: int32 = A[i]
        C[i] = a * a
        D[i] = a + i
    return C, D
""",
        {"A": 1, "C": 1, "D": 1},
    ),
    "sums of rows": Streaming(
        """
def f(A: float32[5, 8], x: float32[8]) -> float32[5]:
    y: float32[5]
    for i in range(5):
        acc: float32 = 0.0
        for j in reduction(8):
            acc += A[i, j] * x[j]
        y[i] = acc
    return y
""",
        {"A": 1, "y": 1},
    ),
    "rows of odd elements": Streaming(
        """
def f(A: Int(70)[3, 6]) -> uint5[6, 3]:
    T: Int(70)[3, 6]
    for i in range(3):
        for j in range(6):
            T[i, j] = A[i, j] * 3
    B: uint5[6, 3]
    for i in range(6):
        for j in range(3):
            B[i, j] = T[j, i] + i
    return B
""",
        {"A": 1, "B": 1},
    ),
    "a triangle": Streaming(
        """
def f(A: int32[6], b: int32[6]) -> int32[6]:
    T: int32[6]
    for i in range(6):
        T[i] = A[i] + b[i]
    y: int32[6]
    for i in range(6):
        s: int32 = 0
        for j in range(i):
            s += T[j] * b[i]
        y[i] = s
    return y
""",
        {"A": 1, "y": 1},
    ),
    "calls in between": Streaming(
        """
def g(T: int32[6], n: int32) -> int32:
    s: int32 = 0
    for i in range(6):
        s += T[i] * n
        T[i] = s
    return s

def f(A: int32[6]) -> (int32[6], int32):
    T: int32[6]
    for i in range(6):
        T[i] = A[i]
    s: int32 = g(T, 3)
    s -= g(T, 5)
    y: int32[6]
    for i in range(6):
        y[i] = T[i] - s
    return y, s
""",
        {"A": 1, "y": 1},
    ),
    "a filter": Streaming(
        """
TAPS = [3, -1, 4]

def f(A: int16[14]) -> int32[14]:
    taps: int8[3] = TAPS
    window: int16[3] @ Stateful = 1
    y: int32[14]
    for i in range(14):
        for k in range(2):
            window[k] = window[k + 1]
        window[2] = A[i]
        s: int32 = 0
        for k in range(3):
            s += taps[k] * window[k]
        y[i] = s
    return y
""",
        {"A": 1, "y": 1},
        (("partition", {"buffer": "window", "kind": "complete"}), ("pipeline", {"axis": "i"})),
    ),
    "a pair of lanes that choose": Streaming(
        """
def f(A: int32[16], most: int32) -> int32[16]:
    B: int32[16]
    for i in range(16):
        a: int32 = A[i]
        if a > most:
            a = most
        else:
            a = a * 2
        B[i] = a
    return B
""",
        {"A": 2, "B": 2},
        (("split", {"axis": "i", "factor": 2}), ("unroll", {"axis": "i.inner"})),
    ),
}
SCRIPTS: dict[str, Script] = {
    "never": lambda cycle: True,
    "every other cycle": lambda cycle: cycle % 2 == 1,
    "one cycle in five": lambda cycle: cycle % 5 == 3,
    "three long pauses": lambda cycle: cycle // 16 % 2 == 0,
    "late": lambda cycle: cycle >= 23,
}


def with_scripts(kernel: KernelIR, names: Sequence[str]) -> dict[str, Script]:
    """Return a script for each stream of a kernel, in turn."""
    return {stream: SCRIPTS[names[n % len(names)]] for n, stream in enumerate(sorted(kernel.streams))}


@pytest.mark.parametrize("name", sorted(KERNELS))
def test_tokens_and_cycles_under_scripts(name: str) -> None:
    kernel = KERNELS[name].kernel()
    running = RunningKernel(kernel, OPEN[3.33])
    # State would be another in a second invocation.
    invocations = 1 if "Stateful" in KERNELS[name].text else 2
    scripts = sorted(SCRIPTS)
    for first in range(len(scripts)):
        turned = with_scripts(kernel, scripts[first:] + scripts[:first])
        assert_exact_stalled(kernel, OPEN[3.33], inputs_of(kernel, first), turned, invocations, running)
    held = with_scripts(kernel, ["never"])
    found = assert_exact_stalled(kernel, OPEN[3.33], inputs_of(kernel), held, invocations, running)
    assert found.cycles[0] == found.schedule.latency


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), name=st.sampled_from(sorted(KERNELS)))
def test_tokens_and_cycles_under_random_scripts(data: st.DataObject, name: str) -> None:
    kernel = KERNELS[name].kernel()
    seed = data.draw(st.integers(0, 1 << 16))
    chance = data.draw(st.sampled_from([0.1, 0.5, 0.9]))
    moves = {stream: np.random.default_rng(seed + n).random(4096) < chance for n, stream in enumerate(kernel.streams)}
    scripts: dict[str, Script] = {stream: _follow(cycles) for stream, cycles in moves.items()}
    assert_exact_stalled(kernel, OPEN[4.0], inputs_of(kernel, seed), scripts)


def _follow(cycles: np.ndarray) -> Script:
    return lambda cycle: bool(cycles[cycle % cycles.size])


def test_the_model_of_stalls_holds_all_of_a_kernel() -> None:
    """A stall of one stream holds the other, and each held cycle is one more."""
    kernel = KERNELS["one element a token"].kernel()
    schedule = RunningKernel(kernel, OPEN[3.33]).schedule
    free = with_scripts(kernel, ["never"])
    assert stalled_cycles(schedule, free, 2) == (schedule.latency, 2 * schedule.latency)
    late = {**free, "B": lambda cycle: cycle != 20}
    assert stalled_cycles(schedule, late, 1) == (schedule.latency + 1,)

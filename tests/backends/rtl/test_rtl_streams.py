"""Kernels with streams between sources and sinks that hold them back: the same tokens, exactly the predicted cycles."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hardware_kernels import inputs_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rtl_checks import OPEN, RunningKernel, Script, assert_exact_stalled, stalled_cycles
from stream_kernels import KERNELS

from allo_studio.analysis.streams import ConsumerOrder, ProducerOrder, Refusal, consumer_orders, producer_order
from allo_studio.ir import KernelIR

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


@pytest.mark.parametrize("name", sorted(KERNELS))
def test_all_ends_are_proven_to_be_in_order(name: str) -> None:
    kernel = KERNELS[name].kernel()
    for stream, width in kernel.streams.items():
        if kernel.directions[stream] == "out":
            assert producer_order(kernel, stream) == ProducerOrder(width)
        else:
            found = consumer_orders(kernel, stream, width)
            assert not isinstance(found, Refusal)
            assert found[0] == ConsumerOrder(width)


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

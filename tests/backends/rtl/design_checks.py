"""What every test of a design's circuits asks: the JIT's bits, exactly the predicted cycles, FIFOs as full as told."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from rtl_checks import OPEN
from token_model import Outcome, Stalls, actors_of, initial_of, simulate

from allo_studio.backends.rtl.buffers import port_base
from allo_studio.backends.rtl.emit import generate
from allo_studio.backends.rtl.refusals import refusals
from allo_studio.design.timing import SizedDesign
from allo_studio.diagnostics import AlloError
from allo_studio.pipeline import size_project
from allo_studio.project import LoadedProject
from allo_studio.simulate.cycle.design import RunningDesign
from allo_studio.simulate.data import random_inputs
from allo_studio.simulate.jit import evaluate_jit
from allo_studio.words import to_bits

__all__ = ["INVOCATIONS", "accepted", "assert_same", "check_held", "check_plain", "data_of", "streams_of"]

Arrays = dict[str, Any]
INVOCATIONS = 4
SPECIAL = {
    "f": [0.0, -0.0, np.inf, -np.inf, np.nan, 1e-45, -1e-40, 3.4e38, 1.0],
    "i": [0, -1, 1, -(2**31), 2**31 - 1, 46341],
}


def data_of(sized: SizedDesign) -> Arrays:
    """Return random data, with numbers on which engines like to differ."""
    inputs = random_inputs(sized.region.ports)
    random = np.random.default_rng(1)
    for name, array in inputs.items():
        if array.dtype.kind not in SPECIAL:
            continue
        special = np.array(SPECIAL[array.dtype.kind]).astype(array.dtype)
        inputs[name] = np.where(random.random(array.shape) < 0.15, random.choice(special, array.shape), array)
    return inputs


def assert_same(sized: SizedDesign, got: Arrays, want: Arrays) -> None:
    """Check that outputs are the same bit by bit; all NaNs are equal."""
    kinds = {port.name: port.type.element for port in sized.region.ports if port.direction == "out"}
    assert set(got) == set(want) == set(kinds)
    for name, kind in kinds.items():
        same = to_bits(np.asarray(got[name]), kind) == to_bits(np.asarray(want[name]), kind)
        if kind.is_float:
            same |= np.isnan(got[name]) & np.isnan(want[name])
        assert np.all(same), f"{name} is {got[name]}, not {want[name]}"


def accepted(load: Callable[[Path], LoadedProject], clock: float = 3.33) -> Iterator[SizedDesign]:
    """Yield a project sized for the circuits' operators, or nothing where it is refused or has no circuits."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            sized = size_project(load(Path(folder)), library=OPEN[clock])
        except AlloError:
            return
        if not any(list(refusals(timing.schedule)) for timing in sized.processes.values()):
            yield sized


def predicted(sized: SizedDesign, invocations: int, stalls: Stalls | None = None) -> Outcome:
    """Return what a dataflow design should do by the model of tokens."""
    depths = {channel: size.depth for channel, size in sized.fifos.items()}
    initial = initial_of(sized.region)
    if stalls is None:
        return simulate(actors_of(sized), depths, invocations, initial=initial)
    return simulate(actors_of(sized), depths, invocations, stalls, initial=initial)


def assert_exact(sized: SizedDesign, running: RunningDesign, inputs: Arrays) -> Arrays:
    """Check cycles, outputs, and how full FIFOs were; return what the JIT computes in two invocations."""
    found = running.run(inputs, INVOCATIONS)
    assert_same(sized, dict(found.outputs), evaluate_jit(sized.region, inputs, INVOCATIONS))
    predicts = f"latency {sized.latency} and interval {sized.interval} are predicted"
    assert (found.cycles[0], found.cycles[-1]) == (sized.latency, sized.interval), f"{found.cycles}; {predicts}"
    if sized.region.execution == "sequential":
        assert found.cycles == (sized.latency,) * INVOCATIONS
    else:
        model = predicted(sized, INVOCATIONS)
        assert tuple(np.cumsum(found.cycles)) == model.ends, f"{found.cycles}, the model ends in {model.ends}"
    fifos = running.design.probed.fifos
    assert fifos.keys() == sized.fifos.keys()
    # With a next invocation there may be more in a FIFO than one for itself leaves in it.
    once = running.run(inputs, 1, tuple(fifos))
    assert once.cycles == (sized.latency,)
    assert {channel: once.held[channel].max() for channel in fifos} == {
        channel: size.observed for channel, size in sized.fifos.items()
    }
    if sized.region.execution == "dataflow":
        held = predicted(sized, 1).held
        own = {channel.id for channel in sized.region.channels if channel.kind == "fifo" and not channel.outside}
        assert {channel: held[channel] for channel in own} == {
            channel: sized.fifos[channel].observed for channel in own
        }
    return evaluate_jit(sized.region, inputs, 2)


# Stalls


def streams_of(sized: SizedDesign) -> dict[str, str]:
    """Return the streams of a design: their ports by channel id."""
    return {c.id: c.name for c in sized.region.channels if c.kind == "fifo" and c.outside}


def scripts(sized: SizedDesign) -> dict[str, Stalls]:
    """Return scripts by which FIFOs and streams are held.

    Now and then all ends are free, lest a process wait for ever.
    """
    numbers = {channel: number for number, channel in enumerate(sorted({*sized.fifos, *streams_of(sized)}))}
    random = np.random.default_rng(len(numbers))
    at_random = {(c, end): random.random(4096) < random.choice([0.2, 0.5]) for c in numbers for end in ("in", "out")}
    return {
        "in turn": lambda channel, end, cycle: (cycle + numbers[channel]) % 11 in ((0, 1) if end == "in" else (3,)),
        "long pauses": lambda channel, end, cycle: cycle % 24 < 12 and (numbers[channel] % 2 == 0) == (end == "in"),
        "full at first": lambda channel, end, cycle: end == "out" and cycle < 40,
        "empty at first": lambda channel, end, cycle: end == "in" and cycle < 10 + 7 * numbers[channel],
        "at random": lambda channel, end, cycle: bool(at_random[channel, end][cycle % 4096]),
    }


def held_run(running: RunningDesign, inputs: Arrays, invocations: int, stalls: Stalls, most: int) -> tuple[int, ...]:
    """Run a design whose FIFOs and streams a script holds; return the cycle in which each invocation ended."""
    running.begin(inputs, invocations)
    ports = {
        (channel, end): f"{held.removesuffix('_held')}_{end}_stall"
        for channel, held in running.design.probed.fifos.items()
        for end in ("in", "out")
    }
    for channel, name in streams_of(running.design.sized).items():
        given = any(port.name == name and port.direction == "in" for port in running.design.sized.region.ports)
        ports[channel, "out" if given else "in"] = f"{port_base(name)}_stall"
    now = dict.fromkeys(ports, False)
    ends: list[int] = []
    for cycle in range(most):
        for key, port in ports.items():
            wanted = stalls(*key, cycle)
            if wanted != now[key]:
                running.model.poke(port, wanted)
                now[key] = wanted
        running.model.run(1, stop="done")
        if running.model.stopped:
            ends.append(cycle + 1)
        if len(ends) == invocations:
            break
    return tuple(ends)


def assert_exact_held(sized: SizedDesign, running: RunningDesign, inputs: Arrays, want: Arrays) -> None:
    """Check a design whose FIFOs are held by scripts: values, and cycles where all FIFOs are at the top."""
    own = {channel for actor in actors_of(sized) for moved in actor.writes.values() for channel in moved}
    for name, stalls in scripts(sized).items():
        if sized.region.execution == "dataflow" and own == sized.fifos.keys() | streams_of(sized).keys():
            ends = predicted(sized, 2, stalls).ends
            found = held_run(running, inputs, 2, stalls, 2 * ends[-1])
            assert found == ends, f"{name}: {found}, the model ends in {ends}"
        else:
            assert len(held_run(running, inputs, 2, stalls, 20 * sized.latency + 1000)) == 2
        assert_same(sized, running.outputs(), want)


def check_plain(sized: SizedDesign) -> None:
    """Check a design as it is."""
    assert_exact(sized, RunningDesign(generate(sized)), data_of(sized))


def check_held(sized: SizedDesign) -> None:
    """Check a design as it is, and with its FIFOs held."""
    running, inputs = RunningDesign(generate(sized, stalls=True)), data_of(sized)
    want = assert_exact(sized, running, inputs)
    if sized.fifos or streams_of(sized):
        assert_exact_held(sized, running, inputs, want)

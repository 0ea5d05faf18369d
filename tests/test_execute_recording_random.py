"""Recording of random programs over the whole language: outputs as without it, and counts as the interpreter's."""

from __future__ import annotations

from random import Random

import effort
import pytest
from counting_interpreter import counted, same
from random_engines import inputs_of, kernel_of
from random_programs import program
from random_terms import Chooser

from allo_studio.diagnostics import AlloError
from allo_studio.execute import jit
from allo_studio.execute.recording import Recorder, Recording
from allo_studio.ir import KernelIR, in_context
from allo_studio.primitives.rewrite import mark
from allo_studio.samples import FLAVOURS

MOST_ITERATIONS = 100_000


def with_lanes(kernel: KernelIR, generator: Random) -> KernelIR:
    """Return the kernel with lanes on about half of all its loops, of every kind."""
    changed = kernel.clone()
    with in_context():
        for name in changed.functions:
            for loop in changed.at(name).loops():
                if generator.random() < 0.5:
                    mark(loop.op, unroll=generator.choice((0, 1, 2, 3, 5)))
    return changed


def assert_sums_agree(kernel: KernelIR, found: Recording) -> None:
    """Check that a loop directly in another is reached once an iteration, and top-level ones once a call."""
    for name in found.calls:
        seen = kernel.at(name)
        loops = seen.loops()
        for number, loop in enumerate(loops):
            count = found.loops[name, number]
            assert count.nonempty <= count.groups <= count.iterations
            if loop.op.block == seen.body:
                assert count.entries == found.calls[name]
            elif loop.parent and loop.op.block == loop.parent.body:
                assert count.entries == found.loops[name, loops.index(loop.parent)].iterations


@pytest.mark.parametrize("seed", range(effort.of(35, 70)))
def test_random_programs(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    made = program(Chooser(Random(seed)))
    try:
        kernel = with_lanes(kernel_of(made.text), Random(seed))
    except AlloError:
        pytest.skip("the language refuses the program")
    try:
        plain, recorder = jit(kernel, MOST_ITERATIONS), Recorder.of(kernel, MOST_ITERATIONS)
    except RuntimeError:
        # LLVM calls a routine for it that older run-time libraries lack.
        if "bfloat16" not in made.text:
            raise
        pytest.skip("this machine has no conversion to bfloat16")
    for trial, flavour in enumerate(FLAVOURS):
        inputs = inputs_of(plain, kernel, made.bounds, flavour, seed + trial)
        plain.reset()
        recorder.reset()
        outputs, found = recorder.run(inputs)
        assert same(outputs, plain.run(inputs)), made.text
        assert_sums_agree(kernel, found)
        assert found == counted(kernel, inputs, monkeypatch), made.text

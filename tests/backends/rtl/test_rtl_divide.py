"""Integer division against exact arithmetic: all divisions, by zero and with overflow too, at any latency."""

from __future__ import annotations

from random import Random

import pytest
from integer_vectors import some_operands
from operator_bench import Bench, numbers, operation, patterns

from allo_studio.backends.rtl.circuit import Circuit
from allo_studio.backends.rtl.operators.divide import DIVISIONS, step_weights
from allo_studio.backends.rtl.operators.stages import LOGIC, Site
from allo_studio.hardware.operators import load_operators
from allo_studio.simulate.exact import INTEGER_OPS, signed, unsigned
from allo_studio.types import integer

WORDS = 1 << 10
SIGNED = sorted(name for name, kind in DIVISIONS.items() if kind.signed)


def check(bits: int, latencies: tuple[int, ...], stalls: bool = False) -> None:
    kind = integer(bits)
    # Very wide ones take long to compile.
    names = sorted(DIVISIONS) if bits <= 64 else SIGNED
    operations = [operation(name, kind, n) for name in names for n in latencies]
    a, b = some_operands(bits, WORDS, Random(bits))
    bench = Bench(operations, [kind, kind], WORDS, stalls)
    for op, words in zip(operations, bench.run(patterns(a, bits), patterns(b, bits)), strict=True):
        for x, y, found in zip(a, b, numbers(words), strict=True):
            exact = INTEGER_OPS[op.function](signed(x, bits), signed(y, bits), bits)
            assert found == unsigned(exact, bits), f"{op.function} of {x} and {y}, latency {op.latency}"


@pytest.mark.parametrize("bits", [1, 3, 7])
def test_quotients_and_remainders_are_exact_at_every_latency(bits: int) -> None:
    check(bits, (0, 1, bits // 2, bits + 1, bits + 2, 2 * bits + 4))


@pytest.mark.parametrize(("bits", "latencies"), [(8, (0, 10)), (13, (6, 15)), (32, (34,)), (64, (66,)), (128, (43,))])
def test_wider_quotients_and_remainders_are_exact(bits: int, latencies: tuple[int, ...]) -> None:
    check(bits, latencies)


@pytest.mark.parametrize("bits", [3, 13])
def test_a_low_enable_holds_the_steps(bits: int) -> None:
    check(bits, (bits // 3, bits + 2), stalls=True)


def test_the_declared_latency_has_a_register_before_and_after_every_step() -> None:
    latency = load_operators("open", 10.0).operator("div", 8).latency
    stages = Site(Circuit("quotient"), latency).stages(step_weights(8), LOGIC)
    assert stages.registers == (1,) * latency + (0,)

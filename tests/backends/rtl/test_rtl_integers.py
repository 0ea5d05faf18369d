"""Integer operators against exact arithmetic, at widths of one bit to more than a machine word."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest
from integer_vectors import some_integers, some_operands
from operator_bench import Bench, numbers, operation, patterns

from allo_studio.backends.rtl.circuit import Circuit
from allo_studio.backends.rtl.operators.build import operate
from allo_studio.hardware.operations import Operation
from allo_studio.simulate.exact import INTEGER_OPS, PREDICATES, signed, unsigned
from allo_studio.types import BOOL, FLOAT32, INDEX, INT32, ScalarType, integer

WIDTHS = (1, 7, 8, 13, 32, 64, 128)
WORDS = 1 << 10
NAMES = sorted(name for name in INTEGER_OPS if not any(part in name for part in ("div", "rem")))


def wanted(op: Operation, a: int, b: int, bits: int) -> int:
    if op.function == "arith.cmpi":
        holds, without_sign = PREDICATES[op.predicate]
        return int(holds(a, b) if without_sign else holds(signed(a, bits), signed(b, bits)))
    return unsigned(INTEGER_OPS[op.function](signed(a, bits), signed(b, bits), bits), bits)


def check(bench: Bench, bits: int, a: list[int], b: list[int]) -> None:
    for op, words in zip(bench.operations, bench.run(patterns(a, bits), patterns(b, bits)), strict=True):
        for x, y, found in zip(a, b, numbers(words), strict=True):
            assert found == wanted(op, x, y, bits), f"{op.function} {op.predicate} of {x} and {y}, latency {op.latency}"


def operations_of(kind: ScalarType, latencies: tuple[int, ...]) -> list[Operation]:
    found = [operation(name, kind, n) for name in NAMES for n in latencies]
    return found + [operation("arith.cmpi", BOOL, n, number) for number in range(10) for n in latencies]


@pytest.mark.parametrize("bits", WIDTHS)
def test_results_are_exact_at_every_latency(bits: int) -> None:
    kind = integer(bits)
    bench = Bench(operations_of(kind, (0, 1, 2, 5)), [kind, kind], WORDS)
    check(bench, bits, *some_operands(bits, WORDS, Random(bits)))


@pytest.mark.parametrize("bits", [1, 13, 64])
def test_a_low_enable_holds_the_pipeline(bits: int) -> None:
    kind = integer(bits)
    bench = Bench(operations_of(kind, (1, 3, 4)), [kind, kind], WORDS, stalls=True)
    check(bench, bits, *some_operands(bits, WORDS, Random(bits)))


def test_an_index_has_the_bits_that_it_has_in_the_jit() -> None:
    operations = [operation(name, INDEX, n) for name in ("arith.addi", "arith.muli", "arith.minsi") for n in (0, 2)]
    operations += [operation("arith.cmpi", BOOL, n, number) for number in (2, 8) for n in (0, 3)]
    check(Bench(operations, [INDEX, INDEX], WORDS), 64, *some_operands(64, WORDS, Random(9)))


RESIZES: dict[str, Callable[[int, int], int]] = {
    "arith.extsi": signed,
    "arith.extui": unsigned,
    "arith.trunci": unsigned,
    "arith.index_cast": signed,
    "arith.index_castui": unsigned,
    "arith.bitcast": unsigned,
}


@pytest.mark.parametrize(
    ("name", "source", "target"),
    [
        ("arith.extsi", integer(1), integer(8)),
        ("arith.extsi", integer(13), integer(128)),
        ("arith.extui", integer(13), integer(14)),
        ("arith.extui", integer(1), integer(64)),
        ("arith.trunci", integer(128), integer(7)),
        ("arith.index_cast", integer(7), INDEX),
        ("arith.index_cast", INDEX, integer(13)),
        ("arith.index_cast", INDEX, integer(128)),
        ("arith.index_castui", INT32, INDEX),
        ("arith.bitcast", INT32, FLOAT32),
        ("arith.bitcast", FLOAT32, INT32),
    ],
    ids=str,
)
def test_a_change_of_width_keeps_the_number_or_its_low_bits(name: str, source: ScalarType, target: ScalarType) -> None:
    before, after = (64 if kind == INDEX else kind.bits for kind in (source, target))
    a = some_integers(before, WORDS, Random(3))
    bench = Bench([operation(name, target, n) for n in (0, 2)], [source], WORDS)
    for found in bench.run(patterns(a, before)):
        assert numbers(found) == [unsigned(RESIZES[name](x, before), after) for x in a]


@pytest.mark.parametrize("kind", [integer(1), integer(13), FLOAT32, INDEX], ids=str)
def test_a_choice_is_one_of_two_values(kind: ScalarType) -> None:
    bits = 64 if kind == INDEX else kind.bits
    random = Random(5)
    condition, (yes, no) = some_integers(1, WORDS, random), some_operands(bits, WORDS, random)
    bench = Bench([operation("arith.select", kind, n) for n in (0, 1, 3)], [BOOL, kind, kind], WORDS)
    for found in bench.run(patterns(condition, 1), patterns(yes, bits), patterns(no, bits)):
        assert numbers(found) == [y if c else n for c, y, n in zip(condition, yes, no, strict=True)]


@pytest.mark.parametrize(("latency", "before"), [(0, 0), (1, 2), (2, 2), (4, 2)])
def test_a_product_has_one_register_at_its_factors_and_the_rest_after_it(latency: int, before: int) -> None:
    circuit = Circuit("product")
    factors = [circuit.input(name, 32) for name in "ab"]
    circuit.output("c", operate(circuit, operation("arith.muli", INT32, latency), factors, [INT32, INT32], None))
    first, _, second = circuit.text().partition("comb.mul")
    assert first.count("seq.compreg") == before
    assert second.count("seq.compreg") == max(latency - 1, 0)

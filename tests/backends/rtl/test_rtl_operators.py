"""Which operations have a circuit, what is said of the others, and how an operation is given to its circuit."""

from __future__ import annotations

import pytest
from operator_bench import Bench, operation, patterns

from allo_studio.backends.rtl.circuit import Circuit
from allo_studio.backends.rtl.operators.build import operate, unsupported
from allo_studio.backends.rtl.operators.formats import Format
from allo_studio.backends.rtl.values import INDEX_BITS, width_of
from allo_studio.hardware.operator_names import OPERATORS
from allo_studio.types import BFLOAT16, BOOL, FLOAT16, FLOAT32, FLOAT64, INDEX, INT32, ScalarType, integer

MISSING = {
    "arith.divf": "division",
    "arith.remf": "remainder",
    "math.sqrt": "square root",
    "math.exp": "exponential",
    "math.log": "logarithm",
    "math.log2": "logarithm",
    "math.log10": "logarithm",
    "math.sin": "sine",
    "math.cos": "cosine",
    "math.tan": "tangent",
    "math.tanh": "hyperbolic tangent",
    "math.powf": "power",
}
# The types of operands and result, where these are not all 32-bit integers, or all `float32`.
TYPES: dict[str, tuple[list[ScalarType], ScalarType]] = {
    "arith.cmpi": ([INT32, INT32], BOOL),
    "arith.cmpf": ([FLOAT32, FLOAT32], BOOL),
    "arith.select": ([BOOL, INT32, INT32], INT32),
    "arith.extsi": ([INT32], integer(40)),
    "arith.extui": ([INT32], integer(40)),
    "arith.trunci": ([INT32], integer(7)),
    "arith.bitcast": ([INT32], FLOAT32),
    "arith.index_cast": ([INT32], INDEX),
    "arith.index_castui": ([INT32], INDEX),
    "arith.extf": ([FLOAT32], FLOAT64),
    "arith.truncf": ([FLOAT32], FLOAT16),
    "arith.sitofp": ([INT32], FLOAT32),
    "arith.uitofp": ([INT32], FLOAT32),
    "arith.fptosi": ([FLOAT32], INT32),
    "arith.fptoui": ([FLOAT32], INT32),
    "arith.negf": ([FLOAT32], FLOAT32),
    "math.absf": ([FLOAT32], FLOAT32),
}


def types_of(name: str) -> tuple[list[ScalarType], ScalarType]:
    kind = INT32 if name.endswith("i") else FLOAT32
    return TYPES.get(name, ([kind, kind], kind))


@pytest.mark.parametrize("name", sorted(set(OPERATORS) - {"arith.constant"}))
def test_every_operation_has_a_circuit_or_a_reason(name: str) -> None:
    kinds, kind = types_of(name)
    reason = unsupported(operation(name, kind), kinds)
    if name in MISSING:
        assert reason == f"the RTL has no {MISSING[name]} of float32 yet"
        return
    assert reason == ""
    for latency in (0, 3):
        circuit = Circuit("one")
        inputs = [circuit.input(f"a{place}", width_of(each)) for place, each in enumerate(kinds)]
        made = operate(circuit, operation(name, kind, latency, 4), inputs, kinds, circuit.input("enable", 1))
        circuit.output("result", made)
        assert made.width == width_of(kind)
        assert ("seq.compreg.ce" in circuit.text()) == bool(latency)


def test_widths_of_signals_are_those_of_types() -> None:
    circuit = Circuit("one")
    short = circuit.input("a", 31)
    with pytest.raises(AssertionError):
        operate(circuit, operation("arith.addi", INT32), [short, short], [INT32, INT32], None)
    assert width_of(INDEX) == INDEX_BITS == 64
    assert width_of(integer(13)) == 13


@pytest.mark.parametrize(
    ("kind", "exponent", "mantissa", "bias", "infinity", "nan"),
    [
        (FLOAT16, 5, 10, 15, 0x7C00, 0x7E00),
        (BFLOAT16, 8, 7, 127, 0x7F80, 0x7FC0),
        (FLOAT32, 8, 23, 127, 0x7F800000, 0x7FC00000),
        (FLOAT64, 11, 52, 1023, 0x7FF0000000000000, 0x7FF8000000000000),
    ],
    ids=str,
)
def test_formats(kind: ScalarType, exponent: int, mantissa: int, bias: int, infinity: int, nan: int) -> None:
    form = Format.of(kind)
    assert (form.exponent, form.mantissa, form.width) == (exponent, mantissa, kind.bits)
    assert (form.bias, form.infinity, form.nan) == (bias, infinity, nan)


def test_an_operation_of_constants_keeps_its_meaning() -> None:
    """An operand that is a number needs no registers, and is there in every cycle."""
    words = 16
    bench = Bench([operation("arith.addi", INT32, 3), operation("arith.shrsi", INT32, 2)], [INT32, INT32], words)
    sums, shifted = bench.run(patterns(range(words), 32), patterns([3] * words, 32))
    assert sums.tolist() == [n + 3 for n in range(words)]
    assert shifted.tolist() == [n >> 3 for n in range(words)]

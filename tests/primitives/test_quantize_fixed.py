"""`quantize` of a function to fixed point: compared with the kernel written in the language, and with fractions."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any, get_args

import numpy as np
import pytest
import yaml
from call_kernels import called, refusal, replays
from fixed_kernels import FIXED_HEADER, PAIRS

from allo_studio.analysis.ports import infer_ports
from allo_studio.backends.vitis import kernel_code
from allo_studio.execute import jit
from allo_studio.frontend import parse_kernel
from allo_studio.ir import KernelIR
from allo_studio.primitives.inline import Inline
from allo_studio.primitives.pipeline import Pipeline
from allo_studio.primitives.quantize import Quantize
from allo_studio.primitives.registry import parse_step
from allo_studio.source import Source
from allo_studio.types import MOST_BITS, Overflow, Rounding, ScalarType, parse_type
from allo_studio.values import convert

TYPES = [
    "Fixed(16, 8)",
    "UFixed(12, 6)",
    "Fixed(9, 5, half_even, saturate)",
    "UFixed(9, 5, half_up, saturate)",
    "Fixed(10, 4, zero, saturate_symmetric)",
    "UFixed(10, 4, zero, saturate_zero)",
    "Fixed(12, 7, half_zero, saturate_zero)",
    "Fixed(11, 6, half_away)",
    "Fixed(14, 9, half_down, saturate)",
    "Fixed(40, 20, half_up)",
    "Fixed(70, 33, half_even, saturate)",
]
# No bits after the point, none before it, and a last bit that is more than 1.
ODD_TYPES = ["Fixed(8, 0, half_up, saturate)", "UFixed(7, 7, half_even)", "Fixed(6, 9, half_away)", "Fixed(12, -2)"]


def written(name: str, text: str) -> KernelIR:
    return infer_ports(parse_kernel(Source(f"{name}.py", FIXED_HEADER + text), name, {}))


def pair(name: str, kind: str) -> tuple[KernelIR, KernelIR]:
    """Return a kernel of floats, and the same written with a type and its intermediate results."""
    floats, fixed = PAIRS[name]
    spelled = re.sub(r"[a-z]+(_[a-z]+)*(?=[,)])", r'"\g<0>"', kind)
    return written(name, floats), written(name, re.sub(r"\bT\b", spelled, fixed))


def drawn(kernel: KernelIR, seed: int) -> dict[str, Any]:
    """Return inputs all over the range of their types, many of them small."""
    random = np.random.default_rng(seed)
    values: dict[str, Any] = {}
    for argument in kernel.arguments():
        if argument.direction == "out":
            continue
        kind, count = argument.type.element, argument.type.size
        ends = [(max(kind.least, -size), min(kind.greatest, size)) for size in (9, 200, 1 << 61)]
        units = [int(random.integers(*ends[random.integers(3)], endpoint=True)) for _ in range(count)]
        numbers = [Fraction(unit) / Fraction(2) ** kind.fraction for unit in units]
        if kind.dtype != object:
            numbers = [number.numerator if kind.kind == "int" else float(number) for number in numbers]  # type: ignore[misc]
        array = np.array(numbers, dtype=kind.dtype).reshape(argument.type.shape)
        values[argument.name] = array[()] if argument.scalar else array
    return values


def assert_equal(one: KernelIR, two: KernelIR) -> None:
    assert [str(a.type) for a in one.arguments()] == [str(a.type) for a in two.arguments()]
    run_one, run_two = jit(one), jit(two)
    for seed in range(3):
        expected, found = run_one.run(drawn(one, seed)), run_two.run(drawn(one, seed))
        assert set(expected) == set(found)
        for name, array in expected.items():
            assert found[name].dtype == array.dtype
            np.testing.assert_array_equal(found[name], array, err_msg=name)


def test_all_modes_are_compared() -> None:
    kinds = [parse_type(kind).element for kind in TYPES]
    assert {kind.rounding for kind in kinds} == set(get_args(Rounding))
    assert {kind.overflow for kind in kinds} == set(get_args(Overflow))


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("name", PAIRS)
def test_as_the_kernel_written_in_the_language(name: str, kind: str) -> None:
    floats, fixed = pair(name, kind)
    step = Quantize(name, kind)
    after = step.apply(floats)
    assert replays(step, floats, after)
    assert not re.search(r"\b(f16|bf16|f32|f64)\b", after.text())
    assert_equal(fixed, after)


@pytest.mark.parametrize("kind", ODD_TYPES)
@pytest.mark.parametrize("name", ["multiply", "divide", "choices", "casts"])
def test_points_in_odd_places(name: str, kind: str) -> None:
    floats, fixed = pair(name, kind)
    assert_equal(fixed, Quantize(name, kind).apply(floats))


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("name", ["divide", "choices"])
def test_the_ends_of_the_range(name: str, kind: str) -> None:
    floats, fixed = pair(name, kind)
    after, held = Quantize(name, kind).apply(floats), parse_type(kind).element
    units = [held.least, held.least + 1, -1 if held.signed else 2, 0, 1, held.greatest]
    ends = [Fraction(unit) / Fraction(2) ** held.fraction for unit in units]
    pairs = [(one, two) for one in ends for two in ends] + [(ends[-1], ends[-1])] * 4
    x, z = (np.array([both[side] for both in pairs], dtype=held.dtype) for side in (0, 1))
    run_one, run_two = jit(fixed), jit(after)
    for s in ends:
        inputs = {"x": x, "z": z, "s": np.array(s, dtype=held.dtype)[()]}
        expected, found = run_one.run(inputs), run_two.run(inputs)
        for known, array in expected.items():
            np.testing.assert_array_equal(found[known], array, err_msg=known)


@pytest.mark.parametrize("kind", [*TYPES, *ODD_TYPES])
def test_as_fractions(kind: str) -> None:
    after, held = Quantize("multiply", kind).apply(pair("multiply", kind)[0]), parse_type(kind).element
    for seed in range(3):
        inputs = drawn(after, seed)
        found = jit(after).run(inputs)["y"]
        assert [Fraction(number) for number in found] == list(_multiplied(inputs, held))


def _multiplied(inputs: dict[str, Any], held: ScalarType) -> list[Fraction]:
    """Return what the kernel `multiply` makes, with every result converted to a type."""
    s, results = Fraction(inputs["s"]), []
    for number in inputs["x"]:
        x = Fraction(number)
        square = Fraction(convert(x * x, held))
        difference = x - s
        if not held.signed and difference < 0:
            # Unsigned numbers wrap, with one bit more than theirs, when they are subtracted.
            difference += Fraction(2) ** (held.bits + 1 - held.fraction)
        product = Fraction(convert(square * Fraction(convert(difference, held)), held))
        results.append(Fraction(convert(product + x, held)))
    return results


@pytest.mark.parametrize(
    ("written_as", "word"),
    [("exp(x[i])", "exp"), ("sqrt(x[i])", "sqrt"), ("log(x[i])", "log"), ("x[i] % 1.5", "%"), ("x[i] ** 1.5", "**")],
)
def test_what_has_no_meaning(written_as: str, word: str) -> None:
    text = f"""
def curve(x: float32[4]) -> float32[4]:
    y: float32[4]
    for i in range(4):
        y[i] = x[i] + {written_as}
    return y
"""
    base = written("curve", text)
    (found,) = Quantize("curve", "Fixed(16, 8)").check(base)
    assert found.message == f"curve computes `{word}` of floats, which has no meaning in fixed point"
    assert found.hint == "compute it another way, or quantize arrays one by one"
    assert found.span
    assert found.span.line == FIXED_HEADER.count("\n") + 5


def test_refusals() -> None:
    floats = pair("gemm", "Fixed(16, 8)")[0]
    assert refusal(Quantize("gemm", "UFixed(6, 7)"), floats) == (
        "the number 0.5 of gemm is out of the range of UFixed(6, 7)",
        "choose a type with more bits before the point",
    )
    wide = Quantize("multiply", f"Fixed({MOST_BITS}, 8)").check(pair("multiply", "Fixed(16, 8)")[0])
    assert {fault.hint for fault in wide} == {"choose a narrower type"}
    assert f"would have {2 * MOST_BITS} bits" in wide[0].message
    done = Quantize("gemm", "Fixed(16, 8)").apply(floats)
    assert refusal(Quantize("gemm", "Fixed(16, 8)"), done) == ("gemm has no floats", "leave the step out")
    base = called("deep")
    assert refusal(Quantize("deep", "Fixed(16, 8)"), base) == ("deep gives floats to both", "inline both first")
    assert not Quantize("deep", "Fixed(16, 8)").check(Inline().apply(base))


def test_conversions_of_fixed_point_numbers_are_refused() -> None:
    mixed = Quantize("A", "Fixed(8, 4)").apply(pair("gemm", "Fixed(16, 8)")[0])
    assert refusal(Quantize("gemm", "Fixed(16, 8)"), mixed) == (
        "gemm has fixed-point numbers already, in A, and may convert them here",
        "quantize the function first, then its arrays one by one",
    )
    for number in ('Fixed(8, 4, "half_up", "saturate")(x[i])', "Fixed(8, 4)(x[i])", "Fixed(8, 4)(n[i])"):
        text = f"""
def hidden(x: float32[4], n: int32[4]) -> float32[4]:
    y: float32[4]
    for i in range(4):
        y[i] = x[i] + float32({number})
    return y
"""
        message = "hidden has fixed-point numbers already, and may convert them here"
        assert refusal(Quantize("hidden", "Fixed(30, 8)"), written("hidden", text))[0] == message


def test_integers_of_any_width_and_named_sizes() -> None:
    text = """
def narrow(x: float32["n<=12"]) -> (uint1[12], Int(2000)[12], float32[12]):
    b: uint1[12] = 0
    w: Int(2000)[12] = 0
    y: float32[12] = 0.0
    for i in range(n):
        b[i] = uint1(x[i] if x[i] > 1.0 else 1.0)
        w[i] = Int(2000)(x[i] if x[i] > 0.0 else 0.0)
        y[i] = x[i] + 1.0
    return b, w, y
"""
    after = Quantize("narrow", "Fixed(12, 4)").apply(written("narrow", text))
    x = np.arange(12) * 0.75 - 2
    found = jit(after).run({"x": x})
    np.testing.assert_array_equal(found["w"], [int(max(number, 0)) for number in x])
    np.testing.assert_array_equal(found["b"], [int(number) % 2 if number > 1 else 1 for number in x])
    np.testing.assert_array_equal(found["y"], x + 1)


def test_doubles() -> None:
    floats, fixed = pair("multiply", "Fixed(16, 8)")
    double = written("multiply", PAIRS["multiply"][0].replace("float32", "float64"))
    after = Quantize("multiply", "Fixed(16, 8)").apply(double)
    assert_equal(fixed, after)
    assert_equal(Quantize("multiply", "Fixed(16, 8)").apply(floats), after)


def test_in_a_project_file_and_with_other_steps() -> None:
    base = Pipeline("j").apply(pair("gemm", "Fixed(16, 8)")[0])
    text = "quantize: {target: gemm, type: 'Fixed(16, 8, half_even, saturate)'}"
    ((name, arguments),) = yaml.safe_load(text).items()
    step = parse_step(name, arguments)
    assert step == Quantize("gemm", "Fixed(16, 8, half_even, saturate)")
    after = step.apply(base)
    assert after.find_loop("j").pipeline == 1
    # An array can have yet another type afterwards.
    again = Quantize("B", "Fixed(8, 4)").apply(after)
    assert [str(a.type.element) for a in again.arguments()][1] == "Fixed(8, 4)"


def test_the_largest_width() -> None:
    kind = f"Fixed({MOST_BITS // 2}, 8)"
    floats, fixed = pair("multiply", kind)
    after = Quantize("multiply", kind).apply(floats)
    assert [str(a.type) for a in after.arguments()] == [str(a.type) for a in fixed.arguments()]


@pytest.mark.parametrize("name", PAIRS)
def test_hls_text(name: str) -> None:
    after = Quantize(name, "Fixed(16, 8, half_even, saturate)").apply(pair(name, "Fixed(16, 8)")[0])
    text = kernel_code(after)
    assert f"void {name}(" in text
    assert not re.search(r"\b(float|double|half)\b", text)

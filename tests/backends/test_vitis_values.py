"""Every operation as C++ gives what an exact model in Python gives, for integers of any width and all floats."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import effort
import ml_dtypes
import numpy as np
import pytest
from sanitized import SANITIZED
from vitis_values import Formula, formulas_kernel, run_cpp

from allo_studio.simulate import toolchain
from allo_studio.types import BFLOAT16, FLOAT16, FLOAT32, FLOAT64, ScalarType, integer
from allo_studio.values import convert


@pytest.fixture(autouse=True)
def quiet() -> Any:
    with np.errstate(all="ignore"):
        yield


@pytest.fixture(autouse=True, scope="module")
def strict_compiler() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        # Unoptimized, which compiles three times as fast; test_vitis_designs.py runs what the optimizer makes.
        checks = ("-Werror", *SANITIZED, "-O0")
        patch.setattr(toolchain, "FLAGS", (*toolchain.FLAGS, *checks))
        yield


def signed(value: int, bits: int) -> int:
    """Return a pattern of bits as a signed number."""
    return value - (1 << bits) if value >> (bits - 1) else value


def quotient(a: int, b: int) -> int:
    """Round toward zero; by zero all ones."""
    return -1 if b == 0 else abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def remainder(a: int, b: int) -> int:
    return a if b == 0 else a - quotient(a, b) * b


Model = Callable[[int, int, int], int]
# What an operation makes of two patterns of `n` bits.
MODELS: dict[str, Model] = {
    "addi": lambda a, b, n: a + b,
    "subi": lambda a, b, n: a - b,
    "muli": lambda a, b, n: a * b,
    "andi": lambda a, b, n: a & b,
    "ori": lambda a, b, n: a | b,
    "xori": lambda a, b, n: a ^ b,
    "divui": lambda a, b, n: -1 if b == 0 else a // b,
    "remui": lambda a, b, n: a if b == 0 else a % b,
    "divsi": lambda a, b, n: quotient(signed(a, n), signed(b, n)),
    "remsi": lambda a, b, n: remainder(signed(a, n), signed(b, n)),
    "floordivsi": lambda a, b, n: -1 if b == 0 else signed(a, n) // signed(b, n),
    "ceildivsi": lambda a, b, n: -1 if b == 0 else -(-signed(a, n) // signed(b, n)),
    "ceildivui": lambda a, b, n: -1 if b == 0 else -(-a // b),
    "shli": lambda a, b, n: a << b if b < n else 0,
    "shrui": lambda a, b, n: a >> b if b < n else 0,
    "shrsi": lambda a, b, n: signed(a, n) >> min(b, n),
    "maxsi": lambda a, b, n: max(signed(a, n), signed(b, n)),
    "minsi": lambda a, b, n: min(signed(a, n), signed(b, n)),
    "maxui": lambda a, b, n: max(a, b),
    "minui": lambda a, b, n: min(a, b),
}
COMPARISONS: dict[str, Model] = {
    "eq": lambda a, b, n: a == b,
    "ne": lambda a, b, n: a != b,
    "slt": lambda a, b, n: signed(a, n) < signed(b, n),
    "sle": lambda a, b, n: signed(a, n) <= signed(b, n),
    "sgt": lambda a, b, n: signed(a, n) > signed(b, n),
    "sge": lambda a, b, n: signed(a, n) >= signed(b, n),
    "ult": lambda a, b, n: a < b,
    "ule": lambda a, b, n: a <= b,
    "ugt": lambda a, b, n: a > b,
    "uge": lambda a, b, n: a >= b,
}


def patterns(bits: int, generator: np.random.Generator, count: int) -> list[int]:
    """Return edge cases of a width, then random ones, some of them small."""
    top = (1 << bits) - 1
    edges = [0, 1, top, top >> 1, (top >> 1) + 1, top - 1, min(bits, top), min(bits - 1, top)]
    words = [int.from_bytes(generator.bytes(-(-bits // 8)), "little") & top for _ in range(count)]
    return [*edges, *(w >> int(generator.integers(bits)) if i % 2 else w for i, w in enumerate(words))][:count]


def held(values: list[int], kind: ScalarType) -> np.ndarray[Any, Any]:
    """Return patterns as an array of an integer type."""
    numbers = [signed(v, kind.bits) if kind.signed else v for v in values]
    made = np.empty(len(numbers), kind.dtype)
    made[:] = numbers
    return made


def same(one: Any, two: Any) -> bool:
    """Tell whether values are equal to the sign of a zero; all NaNs are."""
    if not isinstance(two, float):
        return bool(one == two)
    return (math.isnan(one) and math.isnan(two)) or (one == two and math.copysign(1, one) == math.copysign(1, two))


def check(formulas: list[Formula], inputs: dict[str, list[Any]], want: dict[str, list[Any]], folder: Path) -> None:
    """Run formulas on patterns (integers) or numbers (floats), and compare with `want` by the results' values."""
    arrays = {}
    for formula in formulas:
        for key, kind in zip("abc", formula.operands, strict=False):
            values = inputs[f"{formula.name}_{key}"]
            arrays[f"{formula.name}_{key}"] = (
                np.array(values, np.float64).astype(kind.dtype) if kind.is_float else held(values, kind)
            )
    (count,) = {len(values) for values in inputs.values()}
    found = run_cpp(formulas_kernel(formulas, count), arrays, folder)
    for formula in formulas:
        got = found[f"{formula.name}_r"].tolist()
        for at, (one, two) in enumerate(zip(got, want[formula.name], strict=True)):
            operands = [inputs[f"{formula.name}_{key}"][at] for key, _ in zip("abc", formula.operands, strict=False)]
            assert same(one, two), (formula, operands, one, two)


def integer_formulas(bits: int, is_signed: bool, constant: int) -> list[tuple[Formula, Model]]:
    """Return every operation on two integers of a width, once more with a constant as the second operand."""
    kind, flag = integer(bits, is_signed), integer(1, False)
    tag = kind.name
    number = f"%b = arith.constant {'true' if bits == 1 and constant else 'false' if bits == 1 else constant} : i{bits}"
    if bits == 1:
        number = number.removesuffix(" : i1")
    found = []
    for name, model in MODELS.items():
        line = f"%r = arith.{name} %a, %b : i{bits}"
        found.append((Formula(f"{name}_{tag}", (kind, kind), kind, line), model))
        found.append((Formula(f"{name}_{tag}_by", (kind,), kind, f"{number}\n{line}"), model))
    for name, model in COMPARISONS.items():
        line = f"%r = arith.cmpi {name}, %a, %b : i{bits}"
        found.append((Formula(f"{name}_{tag}", (kind, kind), flag, line), model))
        found.append((Formula(f"{name}_{tag}_by", (kind,), flag, f"{number}\n{line}"), model))
    return found


def check_integers(types: list[ScalarType], seed: int, folder: Path) -> None:
    """Check the operations of some integer types, all in one program."""
    count = 40
    inputs: dict[str, list[Any]] = {}
    want: dict[str, list[Any]] = {}
    formulas = []
    for kind in types:
        bits = kind.bits
        generator = np.random.default_rng([bits, seed])
        constant = patterns(bits, generator, count)[int(generator.integers(count))]
        for formula, model in integer_formulas(bits, kind.signed, constant):
            formulas.append(formula)
            left = patterns(bits, generator, count)
            right = [constant] * count if formula.name.endswith("_by") else patterns(bits, generator, count)
            generator.shuffle(right)
            inputs[f"{formula.name}_a"] = left
            if len(formula.operands) == 2:
                inputs[f"{formula.name}_b"] = right
            top = (1 << formula.result.bits) - 1
            results = [int(model(a, b, bits)) & top for a, b in zip(left, right, strict=True)]
            want[formula.name] = held(results, formula.result).tolist()
    check(formulas, inputs, want, folder)


@pytest.mark.parametrize(
    "types",
    [(integer(1, False), integer(1), integer(8)), (integer(16, False), integer(32, False), integer(33))],
    ids=["narrow", "words"],
)
def test_integers_of_a_width(tmp_path: Path, types: tuple[ScalarType, ...]) -> None:
    check_integers(list(types), 0, tmp_path)


@pytest.mark.parametrize("seed", effort.of([0], list(range(8))))
def test_integers_of_any_width(tmp_path: Path, seed: int) -> None:
    """A width below that of a word, one of up to two words, and one beyond what any C++ type holds."""
    generator = np.random.default_rng(seed)
    widths = (generator.integers(2, 32), generator.integers(34, 65), generator.integers(65, 151))
    check_integers([integer(int(bits), bool(generator.integers(2))) for bits in widths], seed, tmp_path)


FLOATS = (FLOAT16, BFLOAT16, FLOAT32, FLOAT64)
FLOAT_MODELS: dict[str, Callable[[Any, Any], Any]] = {
    "addf": lambda a, b: a + b,
    "subf": lambda a, b: a - b,
    "mulf": lambda a, b: a * b,
    "divf": lambda a, b: a / b,
}
FLOAT_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "oeq": lambda a, b: a == b,
    "une": lambda a, b: a != b,
    "olt": lambda a, b: a < b,
    "uge": lambda a, b: not a < b,
    "one": lambda a, b: a < b or a > b,
    "ueq": lambda a, b: not (a < b or a > b),
    "ord": lambda a, b: a == a and b == b,
    "uno": lambda a, b: a != a or b != b,
}


def numbers(kind: ScalarType, generator: np.random.Generator, count: int) -> list[float]:
    """Return numbers of a float type: special ones, subnormals, then random patterns and small ones."""
    finfo = ml_dtypes.finfo(kind.dtype)
    tiny, most = float(finfo.smallest_subnormal), float(finfo.max)
    special = [0.0, -0.0, 1.0, -1.5, math.inf, -math.inf, math.nan, tiny, -tiny, most, -most, float(finfo.tiny)]
    raw = np.frombuffer(generator.bytes(count * kind.bits // 8), kind.dtype).astype(np.float64).tolist()
    near = generator.normal(size=count).astype(kind.dtype).astype(np.float64).tolist()
    mixed = [one for pair in zip(raw, near, strict=True) for one in pair]
    return [*special, *mixed][:count]


@pytest.mark.parametrize("kind", FLOATS, ids=str)
def test_float_arithmetic_rounds_once(tmp_path: Path, kind: ScalarType) -> None:
    generator = np.random.default_rng(kind.bits)
    formulas, inputs, want = [], {}, {}
    for name, model in {**FLOAT_MODELS, **FLOAT_COMPARISONS}.items():
        compares = name in FLOAT_COMPARISONS
        line = f"%r = arith.{f'cmpf {name},' if compares else name} %a, %b : {kind.mlir}"
        formulas.append(Formula(name, (kind, kind), integer(1, False) if compares else kind, line))
        left, right = numbers(kind, generator, 200), numbers(kind, generator, 200)
        generator.shuffle(right)
        inputs[f"{name}_a"], inputs[f"{name}_b"] = left, right
        one, two = (np.array(values).astype(kind.dtype) for values in (left, right))
        made = [model(a, b) for a, b in zip(left, right, strict=True)] if compares else model(one, two)
        want[name] = made if compares else made.astype(np.float64).tolist()
    check(formulas, inputs, want, tmp_path)


INTEGERS = (integer(1), integer(7), integer(8, False), integer(32), integer(33, False), integer(64), integer(100))


@pytest.mark.parametrize("kind", FLOATS, ids=str)
def test_floats_and_integers(tmp_path: Path, kind: ScalarType) -> None:
    """Towards integers cut and saturated, towards floats rounded once, however wide the integer."""
    generator = np.random.default_rng(kind.bits)
    formulas, inputs, want = [], {}, {}
    for whole in INTEGERS:
        sign, name, types = "s" if whole.signed else "u", whole.name, (kind.mlir, whole.mlir)
        formulas.append(Formula(f"to_{name}", (kind,), whole, f"%r = arith.fpto{sign}i %a : {' to '.join(types)}"))
        scales = 2.0 ** generator.integers(-2, min(whole.bits, 60) + 3, 100)
        values = [*numbers(kind, generator, 20), *(generator.normal(size=80) * scales[:80])]
        values = np.array(values).astype(kind.dtype).astype(np.float64).tolist()
        inputs[f"to_{name}_a"], want[f"to_{name}"] = values, [int(convert(v, whole)) for v in values]
        formulas.append(
            Formula(f"of_{name}", (whole,), kind, f"%r = arith.{sign}itofp %a : {' to '.join(types[::-1])}")
        )
        bits = patterns(whole.bits, generator, 100)
        inputs[f"of_{name}_a"] = bits
        want[f"of_{name}"] = [float(convert(signed(v, whole.bits) if whole.signed else v, kind)) for v in bits]
    check(formulas, inputs, want, tmp_path)


def test_floats_of_one_type_to_another(tmp_path: Path) -> None:
    generator = np.random.default_rng(3)
    formulas, inputs, want = [], {}, {}
    for one in FLOATS:
        for two in FLOATS:
            if one.bits == two.bits:
                continue
            name = f"{one}_{two}"
            verb = "extf" if one.bits < two.bits else "truncf"
            formulas.append(Formula(name, (one,), two, f"%r = arith.{verb} %a : {one.mlir} to {two.mlir}"))
            values = numbers(one, generator, 300)
            # Halfway between two neighbours of the narrower type, and a little beside it.
            ties = [1.0 + 3 * 2.0**-k + e for k in (8, 11, 24) for e in (0, 2.0**-23, -(2.0**-24), 2.0**-40)]
            values = np.array([*values[: 300 - len(ties)], *ties]).astype(one.dtype).astype(np.float64).tolist()
            inputs[f"{name}_a"], want[name] = values, [float(convert(v, two)) for v in values]
    check(formulas, inputs, want, tmp_path)


def test_bits_of_floats_and_extremes(tmp_path: Path) -> None:
    formulas, inputs, want = [], {}, {}
    generator = np.random.default_rng(5)
    for kind in FLOATS:
        whole = integer(kind.bits, False)
        values = [v for v in numbers(kind, generator, 60) if v == v]
        values = [*values, *values][:50]
        one = np.array(values).astype(kind.dtype)
        formulas.append(Formula(f"bits_{kind}", (kind,), whole, f"%r = arith.bitcast %a : {kind.mlir} to {whole.mlir}"))
        inputs[f"bits_{kind}_a"], want[f"bits_{kind}"] = values, one.view(whole.dtype).tolist()
        formulas.append(Formula(f"back_{kind}", (whole,), kind, f"%r = arith.bitcast %a : {whole.mlir} to {kind.mlir}"))
        inputs[f"back_{kind}_a"], want[f"back_{kind}"] = one.view(whole.dtype).tolist(), values
        for name, first in (("maximumf", max), ("minimumf", min)):
            right = list(reversed(values))
            formulas.append(Formula(f"{name}_{kind}", (kind, kind), kind, f"%r = arith.{name} %a, %b : {kind.mlir}"))
            inputs[f"{name}_{kind}_a"], inputs[f"{name}_{kind}_b"] = values, right
            ordered = [sorted(pair, key=lambda v: (v, math.copysign(1, v))) for pair in zip(values, right, strict=True)]
            want[f"{name}_{kind}"] = [pair[1 if first is max else 0] for pair in ordered]
    check(formulas, inputs, want, tmp_path)


def test_math_is_computed_in_double_and_rounded_once(tmp_path: Path) -> None:
    generator = np.random.default_rng(9)
    formulas, inputs, want = [], {}, {}
    for kind in FLOATS:
        values = np.abs(generator.normal(size=40)).astype(kind.dtype).astype(np.float64).tolist()
        for name in ("exp", "log", "log2", "log10", "sqrt", "sin", "cos", "tan", "tanh", "absf", "floor", "ceil"):
            formulas.append(Formula(f"{name}_{kind}", (kind,), kind, f"%r = math.{name} %a : {kind.mlir}"))
            function = {"absf": abs, "floor": math.floor, "ceil": math.ceil}.get(name) or getattr(math, name)
            inputs[f"{name}_{kind}_a"] = values
            want[f"{name}_{kind}"] = [float(convert(float(function(v)), kind)) for v in values]
        formulas.append(Formula(f"powf_{kind}", (kind, kind), kind, f"%r = math.powf %a, %b : {kind.mlir}"))
        inputs[f"powf_{kind}_a"], inputs[f"powf_{kind}_b"] = values, values[::-1]
        want[f"powf_{kind}"] = [float(convert(math.pow(a, b), kind)) for a, b in zip(values, values[::-1], strict=True)]
    check(formulas, inputs, want, tmp_path)

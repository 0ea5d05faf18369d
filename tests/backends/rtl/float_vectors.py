"""Floats that are hard on operators, as bit patterns, and what numpy makes of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from allo_studio.backends.rtl.operators.formats import Format
from allo_studio.types import ScalarType
from allo_studio.words import bits_dtype

__all__ = ["crossed_edges", "edges", "is_nan", "same", "some", "some_pairs"]


def edges(kind: ScalarType) -> NDArray[Any]:
    """Return the ends of all ranges: zeros, subnormals, infinities, NaN, 1, the greatest and least, with neighbours."""
    form = Format.of(kind)
    last = (1 << form.mantissa) - 1
    half = 1 << (form.mantissa - 1)
    mantissas = sorted({0, 1, half - 1, half, half + 1, last - 1, last})
    bias, top, digits = form.bias, form.special, form.mantissa + 1
    exponents = sorted({0, 1, 2, digits - 1, digits, digits + 1, bias - 1, bias, bias + 1, top - 2, top - 1, top})
    numbers = [
        sign << form.magnitude | exponent << form.mantissa | mantissa
        for sign in (0, 1)
        for exponent in exponents
        for mantissa in mantissas
    ]
    return np.array(numbers, bits_dtype(kind.bits))


def crossed_edges(kind: ScalarType, count: int, random: np.random.Generator) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return pairs of edges: all of them where `count` is enough, filled up with further ones at random."""
    found = edges(kind)
    order = random.permutation(len(found) ** 2)[:count]
    order = np.concatenate([order, random.integers(0, len(found) ** 2, count - len(order))])
    return found[order // len(found)], found[order % len(found)]


def some(kind: ScalarType, count: int, random: np.random.Generator) -> NDArray[Any]:
    """Return random bit patterns, with exponents at the ends and near that of 1, and mantissas of few ones or zeros."""
    form, unsigned = Format.of(kind), bits_dtype(kind.bits).type
    found = random.integers(0, unsigned(-1 % (1 << kind.bits)), count, unsigned, endpoint=True)
    exponent = found >> unsigned(form.mantissa) & unsigned(form.special)
    small = random.integers(0, 3, count)
    near = random.integers(-form.mantissa - 3, form.mantissa + 4, count) + form.bias
    way = random.integers(0, 10, count)
    exponent = np.select(
        [way == 0, way == 1, way == 2],
        [small, form.special - small, np.clip(near, 0, form.special)],
        exponent.astype(np.int64),
    ).astype(unsigned)
    last = unsigned((1 << form.mantissa) - 1)
    mantissa = found & last
    few = mantissa & last << random.integers(0, form.mantissa, count).astype(unsigned)
    way = random.integers(0, 7, count)
    mantissa = np.select([way == 0, way == 1, way == 2], [unsigned(0), last, few & last], mantissa)
    return _joined(form, found, exponent, mantissa)


def some_pairs(kind: ScalarType, count: int, random: np.random.Generator) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return random pairs. A quarter nearly cancel; of another one the exponents differ by about the digits; of the
    products of another one, many are subnormal."""
    form, unsigned = Format.of(kind), bits_dtype(kind.bits).type
    a, b = some(kind, count, random), some(kind, count, random)
    quarter = count // 4
    cancel, aligned, tiny = (slice(quarter * n, quarter * (n + 1)) for n in range(3))
    low = random.integers(0, 1 << min(form.mantissa, 12), quarter).astype(unsigned)
    b[cancel] = a[cancel] ^ low ^ unsigned(1 << form.magnitude)
    for part, base in ((aligned, 0), (tiny, form.bias)):
        exponents = (a[part] >> unsigned(form.mantissa) & unsigned(form.special)).astype(np.int64)
        wanted = base - exponents if base else exponents
        wanted += random.integers(-form.mantissa - 4, form.mantissa + 5, quarter)
        mantissa = b[part] & unsigned((1 << form.mantissa) - 1)
        b[part] = _joined(form, b[part], np.clip(wanted, 0, form.special).astype(unsigned), mantissa)
    return a, b


def _joined(form: Format, sign_of: NDArray[Any], exponent: NDArray[Any], mantissa: NDArray[Any]) -> NDArray[Any]:
    unsigned = sign_of.dtype.type
    sign = sign_of & unsigned(1 << form.magnitude)
    return sign | exponent << unsigned(form.mantissa) | mantissa


def is_nan(kind: ScalarType, patterns: NDArray[Any]) -> NDArray[np.bool_]:
    """Return where bit patterns are those of what is no number (numpy warns of some of them)."""
    form, unsigned = Format.of(kind), bits_dtype(kind.bits).type
    return np.asarray(patterns & unsigned((1 << form.magnitude) - 1) > unsigned(form.infinity))


def same(kind: ScalarType, found: NDArray[Any], wanted: NDArray[Any]) -> NDArray[np.bool_]:
    """Return where results of arithmetic are the wanted ones; any NaN stands for the one that hardware gives."""
    nan = bits_dtype(kind.bits).type(Format.of(kind).nan)
    return np.asarray(np.where(is_nan(kind, wanted), found == nan, found == wanted))

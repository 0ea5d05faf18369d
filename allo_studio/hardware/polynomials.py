"""Polynomials in several integer variables with rational coefficients, and their sums over a variable, all exact."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import comb, gcd, lcm
from typing import TypeAlias

__all__ = ["Linear", "Polynomial"]

# An affine function of n variables: their n factors, then the constant.
Linear: TypeAlias = tuple[int, ...]
# The factor of each product of powers; a key has the exponents of the n variables.
_Terms: TypeAlias = Mapping[tuple[int, ...], int]


@dataclass(frozen=True)
class Polynomial:
    """A polynomial in n variables: integer `terms` over one positive `denominator`, which fractions would slow down.

    No factor in `terms` is 0.
    """

    terms: _Terms
    denominator: int = 1

    @classmethod
    def number(cls, value: int, variables: int) -> Polynomial:
        """Return the integer as a polynomial in so many variables."""
        return cls({(0,) * variables: value} if value else {})

    @property
    def constant(self) -> Fraction:
        """The value where all variables are 0."""
        return sum((Fraction(f, self.denominator) for e, f in self.terms.items() if not any(e)), Fraction(0))

    def __sub__(self, other: Polynomial) -> Polynomial:
        whole = lcm(self.denominator, other.denominator)
        terms = {e: f * (whole // self.denominator) for e, f in self.terms.items()}
        for exponents, factor in other.terms.items():
            terms[exponents] = terms.get(exponents, 0) - factor * (whole // other.denominator)
        return _reduced(terms, whole)

    def at(self, variable: int, value: Linear) -> Polynomial:
        """Return the polynomial with an affine function, of the variable itself too, in the place of a variable."""
        powers = self._powers(variable)
        total: _Terms = {}
        for power in range(max(powers, default=0), -1, -1):
            total = _sum(_product(total, value), powers.get(power, {}))
        return _reduced(total, self.denominator)

    def summed(self, variable: int) -> Polynomial:
        """Return G such that G(u) - G(l - 1) is the sum for `variable` from l to u, for all integers u >= l - 1."""
        powers = self._powers(variable)
        rows, denominator = _power_sums(max(powers, default=0))
        terms: dict[tuple[int, ...], int] = defaultdict(int)
        for power, coefficient in powers.items():
            for exponents, factor in coefficient.items():
                for exponent, weight in enumerate(rows[power]):
                    if weight:
                        terms[(*exponents[:variable], exponent, *exponents[variable + 1 :])] += factor * weight
        return _reduced(terms, self.denominator * denominator)

    def _powers(self, variable: int) -> dict[int, dict[tuple[int, ...], int]]:
        """Return the numerators as a polynomial in one variable: the coefficient of each power, without it."""
        found: dict[int, dict[tuple[int, ...], int]] = defaultdict(dict)
        for exponents, factor in self.terms.items():
            without = (*exponents[:variable], 0, *exponents[variable + 1 :])
            found[exponents[variable]][without] = factor
        return found


def _reduced(terms: _Terms, denominator: int) -> Polynomial:
    """Return numerators over a denominator as a polynomial in lowest terms."""
    common = gcd(denominator, *terms.values())
    return Polynomial({e: f // common for e, f in terms.items() if f}, denominator // common)


def _sum(left: _Terms, right: _Terms) -> _Terms:
    """Return the sum of two polynomials."""
    if not left:
        return right
    terms = dict(left)
    for exponents, factor in right.items():
        terms[exponents] = terms.get(exponents, 0) + factor
    return terms


def _product(terms: _Terms, by: Linear) -> _Terms:
    """Return the product of a polynomial and an affine function."""
    constant = by[-1]
    found = {e: f * constant for e, f in terms.items()} if constant else {}
    for variable, weight in enumerate(by[:-1]):
        if weight:
            for exponents, factor in terms.items():
                key = (*exponents[:variable], exponents[variable] + 1, *exponents[variable + 1 :])
                found[key] = found.get(key, 0) + factor * weight
    return found


@lru_cache
def _power_sums(most: int) -> tuple[tuple[tuple[int, ...], ...], int]:
    """Return, for each power k up to `most`, 1^k + … + n^k as a polynomial in n, and the denominator of them all.

    A row has the factors of n^0 … n^(most+1). They follow from (n+1)^(k+1) - 1, which is the sum over x from 1 to n
    of (x+1)^(k+1) - x^(k+1), hence of the comb(k+1, j) x^j with j up to k.
    """
    rows: list[list[Fraction]] = []
    for power in range(most + 1):
        row = [Fraction(comb(power + 1, m)) for m in range(most + 2)]
        row[0] -= 1
        for lower, known in enumerate(rows):
            row = [f - comb(power + 1, lower) * g for f, g in zip(row, known, strict=True)]
        rows.append([f / (power + 1) for f in row])
    whole = lcm(*(f.denominator for row in rows for f in row))
    return tuple(tuple(int(f * whole) for f in row) for row in rows), whole

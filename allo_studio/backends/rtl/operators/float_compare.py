"""Comparisons of floats, the least and the greatest of two, and what is done to a sign."""

from __future__ import annotations

from allo_studio.backends.rtl.circuit import Circuit, Signal
from allo_studio.backends.rtl.operators.carries import compare
from allo_studio.backends.rtl.operators.formats import Format, unpack
from allo_studio.backends.rtl.operators.stages import CHOICE, LOGIC, Site, carry

__all__ = ["absolute", "compare_floats", "greatest", "least", "negative"]

# By the number of an `arith.cmpf`: the relations for which it is true, as the sum of 1 (equal), 2 (greater), 4 (less)
# and 8 (one is no number).
_RELATIONS = (*range(8), *range(9, 15), 8, 15)


def negative(site: Site, form: Format, a: Signal) -> Signal:
    """Return -a: only the sign changes."""
    return site.late(site.circuit.xor(a, site.circuit.constant(1 << form.magnitude, form.width)))


def absolute(site: Site, form: Format, a: Signal) -> Signal:
    """Return a without its sign."""
    return site.late(site.circuit.and_(a, site.circuit.constant((1 << form.magnitude) - 1, form.width)))


def compare_floats(site: Site, form: Format, predicate: int, a: Signal, b: Signal) -> Signal:
    """Return whether a comparison holds, by the number of an `arith.cmpf`."""
    circuit = site.circuit
    relations = _RELATIONS[predicate]
    if relations in (0, 15):
        return circuit.constant(relations & 1, 1)
    pieces = site.pieces(form.width)
    stages = site.stages(_weights(form, pieces), LOGIC)
    x, y = unpack(circuit, form, a), unpack(circuit, form, b)
    zeros = circuit.and_(x.zero, y.zero)
    unordered = circuit.or_(x.nan, y.nan)
    left, right, zeros, unordered = stages.cut(_key(circuit, a), _key(circuit, b), zeros, unordered)
    carried = compare(circuit, stages, pieces, left, right, zeros, unordered)
    less, equal, zeros, unordered = stages.cut(*carried)
    holds = _related(circuit, relations & 7, circuit.and_(less, circuit.not_(zeros)), circuit.or_(equal, zeros))
    if relations & 8:
        return stages.finish(circuit.or_(holds, unordered))
    return stages.finish(circuit.and_(holds, circuit.not_(unordered)))


def greatest(site: Site, form: Format, a: Signal, b: Signal, number_first: bool) -> Signal:
    """Return the greater of two, where 0 is greater than -0; of a number and what is none, the one asked for."""
    return _extreme(site, form, a, b, number_first, want_less=False)


def least(site: Site, form: Format, a: Signal, b: Signal, number_first: bool) -> Signal:
    """Return the less of two, where -0 is less than 0; of a number and what is none, the one asked for."""
    return _extreme(site, form, a, b, number_first, want_less=True)


def _extreme(site: Site, form: Format, a: Signal, b: Signal, number_first: bool, want_less: bool) -> Signal:
    circuit = site.circuit
    pieces = site.pieces(form.width)
    stages = site.stages(_weights(form, pieces), LOGIC)
    x_nan, y_nan = unpack(circuit, form, a).nan, unpack(circuit, form, b).nan
    # Whether a is taken whatever b is, and whether b is otherwise.
    first, second = (y_nan, x_nan) if number_first else (x_nan, y_nan)
    left, right, *rest = stages.cut(_key(circuit, a), _key(circuit, b), a, b, first, second)
    carried = compare(circuit, stages, pieces, left, right, *rest)
    less, _, a, b, first, second = stages.cut(*carried)
    wanted = less if want_less else circuit.not_(less)
    take = circuit.or_(first, circuit.and_(wanted, circuit.not_(second)))
    return stages.finish(circuit.mux(take, a, b))


def _weights(form: Format, pieces: int) -> list[float]:
    return [CHOICE, *[carry(form.width // (2 * pieces))] * pieces, CHOICE]


def _key(circuit: Circuit, number: Signal) -> Signal:
    """Return a whole number without a sign that is in the order of numbers, with -0 just below 0."""
    sign = circuit.bit(number, number.width - 1)
    rest = circuit.extract(number, 0, number.width - 1)
    return circuit.concat(circuit.not_(sign), circuit.xor(rest, circuit.replicate(sign, rest.width)))


def _related(circuit: Circuit, relations: int, less: Signal, equal: Signal) -> Signal:
    """Return whether one of some relations holds (1: equal, 2: greater, 4: less) of two numbers."""
    if relations & 2:
        return circuit.not_(_related(circuit, 7 - relations, less, equal))
    found = [signal for signal, bit in ((equal, 1), (less, 4)) if relations & bit]
    return circuit.or_(*found) if found else circuit.constant(0, 1)

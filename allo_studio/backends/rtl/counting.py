"""Loop counters as hardware: registers that count iterations from 0, and when the last one is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from allo_studio.backends.rtl.circuit import Circuit, Signal
from allo_studio.backends.rtl.expressions import Number, Range, evaluate, range_of
from allo_studio.backends.rtl.scope import Scope
from allo_studio.hardware.counters import Affine, Counter
from allo_studio.hardware.nest import Bounds

__all__ = ["Count", "count_of"]

Numbers = Mapping["int | str", Number]


@dataclass(frozen=True)
class Count:
    """A loop's counter, by the number of its iteration under the counter's key.

    `first` is the first value, in which `@KEY` is one that is no expression; `upper` are the bounds that values stay
    below; `trips` is None where it is not constant, and `range` the numbers of iterations.
    """

    counter: Counter
    first: Affine
    upper: tuple[Affine, ...]
    trips: int | None
    range: Range

    @property
    def key(self) -> int:
        """What its number goes by."""
        return self.counter.key

    def more(self, circuit: Circuit, numbers: Numbers, ahead: int) -> Signal:
        """Return whether there is a value `ahead` steps (not strides) after that of this iteration."""
        value = self.first + Affine.of(self.key) * self.counter.stride + ahead * self.counter.step
        found = [_positive(circuit, bound - value, numbers) for bound in self.upper]
        return circuit.and_(*found)

    def last(self, circuit: Circuit, numbers: Numbers) -> Signal:
        """Return whether this iteration is the last."""
        if self.trips is not None:
            number = numbers[self.key]
            return circuit.equals(number.resized(circuit, self.range.bits), max(self.trips - 1, 0))
        return circuit.not_(self.more(circuit, numbers, self.counter.lanes))

    def nonempty(self, circuit: Circuit, numbers: Numbers) -> Signal:
        """Return whether there is an iteration at all; `numbers` need not have this counter's."""
        if self.trips is not None:
            return circuit.constant(int(self.trips > 0), 1)
        return circuit.and_(*(_positive(circuit, bound - self.first, numbers) for bound in self.upper))


def _positive(circuit: Circuit, expression: Affine, numbers: Numbers) -> Signal:
    """Return whether an expression is above 0."""
    found = evaluate(circuit, expression + -1, numbers)
    if found.range.least >= 0 or found.range.most < 0:
        return circuit.constant(int(found.range.least >= 0), 1)
    return circuit.not_(circuit.bit(found.signal, found.signal.width - 1))


def count_of(scope: Scope, counter: Counter, numbers: dict[int | str, Number], bounds: Bounds | None = None) -> Count:
    """Return a counter's count, and make its value known in the scope.

    What its bounds need and is no expression (the greatest of several lower ones, bounds computed from data) becomes a
    number under a name of its own. `numbers` has the numbers of the counters around it.
    """
    circuit = scope.clocked.circuit
    lower = [scope.normal(bound) for bound in counter.lower]
    upper = [scope.normal(bound) for bound in counter.upper]
    if bounds is not None and not counter.known:
        for name, operand, known in (
            (f"@{counter.key}", bounds.lower, lower),
            (f"%{counter.key}", bounds.upper, upper),
        ):
            if not known:
                signal = scope.outside(operand)
                numbers[name] = Number(signal, Range.of_bits(signal.width, signed=True))
                known.append(Affine.of(name))
    if len(lower) > 1:
        name = f"@{counter.key}"
        numbers[name] = _greatest(circuit, [evaluate(circuit, bound, numbers) for bound in lower])
        lower = [Affine.of(name)]
    (first,) = lower
    ranges = {key: number.range for key, number in numbers.items()}
    trips = counter.constant_trips
    if trips is None and all((bound - first).is_constant for bound in upper):
        trips = max(0, -(-min((bound - first).constant for bound in upper) // counter.stride))
    most = min(range_of(bound - first, ranges).most for bound in upper)
    most = -(-most // counter.stride) if trips is None else trips
    scope.known[counter.key] = first + Affine.of(counter.key) * counter.stride
    return Count(counter, first, tuple(upper), trips, Range(0, max(most - 1, 0)))


def _greatest(circuit: Circuit, found: list[Number]) -> Number:
    whole = found[0]
    for other in found[1:]:
        both = whole.range | other.range
        sides = [side.resized(circuit, both.bits) for side in (whole, other)]
        predicate = "sgt" if both.signed else "ugt"
        signal = circuit.mux(circuit.compare(predicate, *sides), *sides)
        whole = Number(
            signal, Range(max(whole.range.least, other.range.least), max(whole.range.most, other.range.most))
        )
        whole = Number(circuit.resize(signal, whole.range.bits, both.signed), whole.range)
    return whole

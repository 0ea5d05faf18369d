"""Which accesses of a pipelined iteration and of others may want one bank of a memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import gcd

from allo_studio.hardware.accesses import Access, exclusive
from allo_studio.hardware.counters import Affine, Counter, Quotient
from allo_studio.hardware.iterations import UNBOUNDED, Equation, Iterations, Space
from allo_studio.layout import DimLayout, Layout

__all__ = ["Banks"]

_Subscripts = tuple[Affine | None, ...]
# The least and the greatest value; None where there is none.
_Range = tuple[int | None, int | None]


@dataclass(frozen=True)
class _Pair:
    """Two accesses: whether one `if` lets only one happen, whether they always meet, and what must hold for it."""

    exclusive: bool
    always: bool
    wanted: tuple[Equation, ...]
    found: dict[int, bool]


class Banks:
    """The banks of an array that the accesses of a pipelined loop want."""

    def __init__(self, shape: tuple[int, ...], layout: Layout, space: Space) -> None:
        """Take the array's shape and layout, and the loop that accesses it (see `Iterations`)."""
        self._entries = tuple(zip(layout.normal(shape).dims, shape, strict=True))
        self._space = space
        self._iterations = Iterations(space)
        # What is known of pairs of accesses, by operation; of those that want the same, by how far apart they are.
        self._pairs: dict[tuple[int, int], _Pair] = {}
        self._shared: dict[tuple[Equation, ...], dict[int, bool]] = {}
        self._banks: dict[int, tuple[int, ...] | None] = {}

    def meets(self, a: Access, b: Access, later: int) -> bool:
        """Tell whether `a` of some iteration and `b` of that `later` after it may want one bank.

        `later` may be negative. Where all subscripts are known, and it is not a matter of `always`, it is exact: some
        two iterations of one execution of the pipeline then do want one bank. Of banks that go round (cyclic ones) it
        tells what would hold if the loop went on either way: that a loop ends before two accesses meet is no reason to
        start them so far apart.
        """
        if (one := self.bank(a)) is not None and (two := self.bank(b)) is not None and one != two:
            # Of hundreds of lanes, each in a bank of its own, most pairs are such.
            return False
        pair = self._pairs.get((a.operation, b.operation))
        if pair is None:
            pair = self._pairs[a.operation, b.operation] = self._pair(a, b)
        if later == 0 and pair.exclusive:
            return False
        if pair.always:
            # Also where no iterations are so far apart: it would help nobody to start accesses so late.
            return True
        if later not in pair.found:
            pair.found[later] = self._reachable(pair.wanted, later)
        return pair.found[later]

    def _pair(self, a: Access, b: Access) -> _Pair:
        # An equation says a thing once, however many dimensions do.
        wanted = tuple(dict.fromkeys(self._equations(a.subscripts, b.subscripts)))
        return _Pair(exclusive(a, b), self.always(a, b), wanted, self._shared.setdefault(wanted, {}))

    def always(self, a: Access, b: Access) -> bool:
        """Tell whether two accesses want one bank, the same in all iterations, and may do so in one iteration too.

        But for accesses on different sides of one `if`, it is an equivalence.
        """
        bank = self.bank(a)
        return bank is not None and bank == self.bank(b) and not exclusive(a, b)

    def bank(self, access: Access) -> tuple[int, ...] | None:
        """Return the bank (one number a dimension) that an access wants in all iterations; None if none is known."""
        if access.operation not in self._banks:
            self._banks[access.operation] = self._constant_bank(access.subscripts)
        return self._banks[access.operation]

    def _constant_bank(self, subscripts: _Subscripts) -> tuple[int, ...] | None:
        found = []
        for subscript, (entry, extent) in zip(subscripts, self._entries, strict=True):
            bank = 0 if entry.kind == "none" else None
            if bank is None and subscript is not None:
                bank = self._constant(subscript, entry, extent)
            if bank is None:
                return None
            found.append(bank)
        return tuple(found)

    def _constant(self, subscript: Affine, entry: DimLayout, extent: int) -> int | None:
        """Return the bank along a partitioned dimension where it is known to be the same in all iterations."""
        normal = self._iterations.normal(subscript)
        if entry.kind == "cyclic":
            rest = _modulo(normal, entry.factor)
            return rest.constant if rest.is_constant else None
        size = -(-extent // entry.factor) if entry.kind == "block" else 1
        if (quotient := normal.floordiv(size)).is_constant:
            return quotient.constant
        least, most = _range(subscript, self._ranges)
        if least is None or most is None or least // size != most // size:
            return None
        return least // size

    @cached_property
    def _ranges(self) -> Mapping[int | str, _Range]:
        """The range of each counter's values and of each argument's, where known."""
        found: dict[int | str, _Range] = {}
        for name, ends in self._space.arguments.items():
            found[name] = ends
        for counter in (*self._space.outer, *self._space.counters):
            found[counter.key] = _value_range(counter, found)
        return found

    def _equations(self, left: _Subscripts, right: _Subscripts) -> Iterator[Equation]:
        """Yield what must hold for two accesses to want one bank, but for what always holds."""
        iterations = self._iterations
        for a, b, (entry, extent) in zip(left, right, self._entries, strict=True):
            if a is None or b is None or entry.kind == "none":
                continue
            one, two = iterations.normal(a), iterations.normal(b)
            if entry.kind == "cyclic":
                found = iterations.equation(_modulo(one, entry.factor), _modulo(two, entry.factor))
                found = Equation(_modulo(found.left, entry.factor), found.right, entry.factor)
            else:
                found = self._block(one, two, -(-extent // entry.factor) if entry.kind == "block" else 1)
            if found.left.terms or found.right.terms or found.left.constant:
                yield found

    def _block(self, left: Affine, right: Affine, size: int) -> Equation:
        """Return that two expressions are in one block of some size, in a form that similar ones share."""
        common = gcd(size, *(factor for _, factor in (*left.terms, *right.terms)))
        left, right, size = _divide(left, common), _divide(right, common), size // common
        if size == 1:
            return self._iterations.equation(left, right)
        whole = left.constant // size * size
        return Equation(left + -whole, right + -whole, 0, size)

    def _reachable(self, equations: tuple[Equation, ...], later: int) -> bool:
        """Tell whether equations hold between some iteration and that `later` after it."""
        iterations = self._iterations
        endless = all(equation.modulus or not self._varies(equation) for equation in equations)
        trips = iterations.trips
        if not iterations.total or (abs(later) >= iterations.total and not (endless and trips)):
            return False
        open_cases = False
        for differences in _differences((UNBOUNDED, *trips[1:]) if endless and trips else trips, later):
            apart = dict(zip((counter.key for counter in self._space.counters), differences, strict=True))
            answers = [self._holds(equation, apart) for equation in equations]
            if False in answers:
                continue
            undecided = [e for e, answer in zip(equations, answers, strict=True) if answer is None]
            if not undecided or (len(undecided) == 1 and self._covers(undecided[0], apart)):
                return True
            open_cases = True
        return open_cases and iterations.apart(equations, later, endless)

    def _varies(self, equation: Equation) -> bool:
        return any(self._iterations.varies(key) for side in (equation.left, equation.right) for key, _ in side.terms)

    def _holds(self, equation: Equation, apart: Mapping[int, int]) -> bool | None:
        """Tell whether it holds in all iterations or none with positions so far apart; None where it depends."""
        if not self._iterations.uniform(equation):
            return None
        moved = sum(factor * apart[k] for k, factor in equation.left.terms if isinstance(k, int) and k in apart)
        difference = equation.right.constant - equation.left.constant + moved
        if equation.modulus:
            return difference % equation.modulus == 0
        if difference == 0 or equation.size == 1:
            return difference == 0
        return False if abs(difference) >= equation.size else None

    def _covers(self, equation: Equation, apart: Mapping[int, int]) -> bool:
        """Tell whether one counter alone brings the left side to every place in a block, the rest being anything."""
        if not self._iterations.uniform(equation):
            return False
        trips = dict(zip(apart, self._iterations.trips, strict=True))
        return any(
            isinstance(k, int)
            and k in trips
            and gcd(factor, equation.size) == 1
            # The other iteration must be there too.
            and trips[k] - abs(apart[k]) >= equation.size
            for k, factor in equation.left.terms
        )


def _differences(trips: tuple[int, ...], distance: int) -> Iterator[tuple[int, ...]]:
    """Yield how far apart the counters of two flattened iterations at a distance can be, outermost first."""
    if not trips:
        if distance == 0:
            yield ()
        return
    if len(trips) == 1:
        if abs(distance) < trips[0]:
            yield (distance,)
        return
    whole, rest = divmod(distance, trips[-1])
    for outer in _differences(trips[:-1], whole):
        yield (*outer, rest)
    if rest:
        # The inner counter starts again once more on the way, or once less.
        for outer in _differences(trips[:-1], whole + 1):
            yield (*outer, rest - trips[-1])


def _modulo(expression: Affine, modulus: int) -> Affine:
    """Return an expression with the same remainder by `modulus`, with the least factors."""
    terms = tuple((key, factor % modulus) for key, factor in expression.terms if factor % modulus)
    return Affine(terms, expression.constant % modulus)


def _divide(expression: Affine, divisor: int) -> Affine:
    """Return an expression divided by what divides all of its factors, rounded down."""
    return Affine(tuple((key, f // divisor) for key, f in expression.terms), expression.constant // divisor)


def _value_range(counter: Counter, known: Mapping[int | str, _Range]) -> _Range:
    """Return between which values a counter stays."""
    lower = [least for bound in counter.lower if (least := _range(bound, known)[0]) is not None]
    upper = [most for bound in counter.upper if (most := _range(bound, known)[1]) is not None]
    least, most = max(lower, default=None), min(upper, default=None)
    if least is not None and counter.constant_trips is not None:
        return least, least + (counter.constant_trips - 1) * counter.stride
    return least, None if most is None else most - 1


def _range(expression: Affine, known: Mapping[int | str, _Range]) -> _Range:
    """Return between which values an expression stays when its variables do between theirs."""
    least: int | None = expression.constant
    most: int | None = expression.constant
    for key, factor in expression.terms:
        low, high = known.get(key, (None, None)) if not isinstance(key, Quotient) else _range(key.of, known)
        if isinstance(key, Quotient):
            low, high = (None if end is None else end // key.divisor for end in (low, high))
        low, high = (low, high) if factor > 0 else (high, low)
        least = None if least is None or low is None else least + factor * low
        most = None if most is None or high is None else most + factor * high
    return least, most

"""Counting iterations in closed form, against loops in Python and known polynomials."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import comb

import pytest
from hypothesis import HealthCheck, assume, given, reject, settings
from hypothesis import strategies as st

from allo_studio.hardware import counting, enumeration
from allo_studio.hardware.counters import Affine, Counter, Quotient
from allo_studio.hardware.counting import count
from allo_studio.hardware.enumeration import enumerate_iterations
from allo_studio.hardware.polyhedra import Allowance, OutOfSteps, count_points

Bound = Affine | int
N = Affine.of("n")
# More than any nest here has; brute force is slow.
MOST = 4000


def var(key: int, factor: int = 1) -> Affine:
    return Affine.of(key) * factor


def loop(
    key: int, lower: Bound | Sequence[Bound], upper: Bound | Sequence[Bound], step: int = 1, lanes: int = 1
) -> Counter:
    def bounds(of: Bound | Sequence[Bound]) -> tuple[Affine, ...]:
        several = of if isinstance(of, Sequence) else [of]
        return tuple(Affine((), bound) if isinstance(bound, int) else bound for bound in several)

    return Counter(key, f"i{key}", bounds(lower), bounds(upper), step, lanes)


def value(affine: Affine, env: Mapping[int | str, int]) -> int:
    total = affine.constant
    for key, factor in affine.terms:
        total += factor * (value(key.of, env) // key.divisor if isinstance(key, Quotient) else env[key])
    return total


def values(counter: Counter, env: Mapping[int | str, int]) -> range:
    first = max(value(bound, env) for bound in counter.lower)
    last = min(value(bound, env) for bound in counter.upper)
    return range(first, last, counter.step * counter.lanes)


def walk(counters: Sequence[Counter], env: Mapping[int | str, int]) -> Iterator[Mapping[int | str, int]]:
    if not counters:
        yield env
        return
    for one in values(counters[0], env):
        yield from walk(counters[1:], {**env, counters[0].key: one})


def brute_force(counters: Sequence[Counter], env: Mapping[str, int], nonempty: Counter | None = None) -> int:
    """Count by loops, without examples that take too long: those are no examples."""
    total = 0
    for steps, point in enumerate(walk(counters, dict(env)), 1):
        assume(steps <= MOST)
        total += nonempty is None or len(values(nonempty, point)) > 0
    return total


@st.composite
def affines(draw: st.DrawFn, outer: Sequence[int | str], quotients: bool = True) -> Affine:
    total = Affine((), draw(st.integers(-4, 7)))
    for key in draw(st.lists(st.sampled_from(outer), max_size=2, unique=True)) if outer else []:
        total += Affine.of(key) * draw(st.sampled_from([-2, -1, 1, 1, 2]))
    if quotients and outer and draw(st.integers(0, 7)) == 0:
        total += draw(affines(outer, False)).floordiv(draw(st.integers(2, 4))) * draw(st.sampled_from([-1, 1, 2]))
    return total


@st.composite
def counters(draw: st.DrawFn, key: int, outer: Sequence[int | str]) -> Counter:
    lower = draw(st.lists(affines(outer), min_size=1, max_size=2))
    upper = draw(st.lists(affines(outer), min_size=1, max_size=2))
    upper = [bound + 4 for bound in upper]
    return loop(key, lower, upper, draw(st.integers(1, 3)), draw(st.sampled_from([1, 1, 2, 3, 4])))


@st.composite
def nests(draw: st.DrawFn) -> tuple[list[Counter], dict[str, int], Counter | None]:
    """Draw loops with bounds in outer loops and arguments; keys are in no order."""
    env = {"n": draw(st.integers(-2, 9)), "m": draw(st.integers(0, 5))}
    keys = draw(st.permutations(range(5)))
    depth = draw(st.integers(1, 4))
    nest = [draw(counters(key, [*keys[:level], *env])) for level, key in enumerate(keys[:depth])]
    return nest, env, draw(st.none() | counters(keys[4], [*keys[:depth], *env]))


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(nests())
def test_closed_form_of_any_nest(drawn: tuple[list[Counter], dict[str, int], Counter | None]) -> None:
    nest, env, nonempty = drawn
    wanted = brute_force(nest, env, nonempty)
    with pytest.MonkeyPatch.context() as patch:
        # The closed form must be right by itself, with no help from enumeration; few nests need so many steps.
        patch.setattr(counting, "_FIRST_STEPS", 2000)
        patch.setattr(counting, "enumerate_iterations", lambda *_: reject())
        assert count(nest, env, nonempty) == wanted


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(nests(), st.integers(1, 9))
def test_enumeration_of_any_nest(drawn: tuple[list[Counter], dict[str, int], Counter | None], at_once: int) -> None:
    nest, env, nonempty = drawn
    wanted = brute_force(nest, env, nonempty)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(enumeration, "_MOST_AT_ONCE", at_once)
        assert enumerate_iterations(nest, env, nonempty, Allowance(10**6)) == wanted


def tile(key: int, of: int, *limits: Bound) -> Counter:
    """Return a loop in a tile of 4 of another."""
    return loop(key, var(of, 4), [var(of, 4) + 4, *limits])


SHAPES = {
    "rectangle": [loop(0, 0, N), loop(1, 2, 7, 2), loop(2, 0, N, 1, 4)],
    "below": [loop(0, 0, N), loop(1, 0, var(0))],
    "above": [loop(0, 0, N), loop(1, var(0) + 1, N)],
    "rest": [loop(0, 0, N), loop(1, 0, N - var(0))],
    "trapezoid": [loop(0, 3, N), loop(1, var(0) + -2, var(0, 2) + 5)],
    "band": [loop(0, 0, N), loop(1, [0, var(0) + -2], [N, var(0) + 3])],
    "lu": [loop(0, 0, N), loop(1, 0, var(0)), loop(2, 0, var(1))],
    "lu upper": [loop(0, 0, N), loop(1, var(0), N), loop(2, 0, var(0))],
    "four deep": [loop(0, 0, N), loop(1, 0, var(0) + 1), loop(2, var(1), N), loop(3, var(1), var(2))],
    "nussinov": [loop(0, 0, N), loop(1, N - var(0), N), loop(2, N - var(0), var(1))],
    "strips": [loop(0, 0, 3), tile(1, 0)],
    "strips with a rest": [loop(0, 0, (N + 3).floordiv(4)), tile(1, 0, N)],
    "tiled triangle": [loop(0, 0, (N + 3).floordiv(4)), loop(1, 0, var(0) + 1), tile(2, 0, N), tile(3, 1, var(2) + 1)],
    "unrolled triangle": [loop(0, 0, N), loop(1, 0, var(0) + 1, 1, 4)],
    "unrolled below": [loop(0, 0, N), loop(1, 0, var(0), 1, 4), loop(2, var(0), N, 2, 2)],
    "unrolled outside": [loop(0, 0, N, 1, 4), loop(1, 0, var(0)), loop(2, 0, var(1), 1, 4)],
    "lanes that differ": [loop(0, 0, N), loop(1, var(0), N, 1, 2), loop(2, var(0), N, 1, 3), loop(3, 0, var(0), 1, 2)],
    "half steps": [loop(0, 0, N), loop(1, 0, N), loop(2, var(0), var(1, 2), 2, 2), loop(3, var(1), var(0) + 3, 3)],
    "halves": [loop(0, 0, N), loop(1, 0, var(0).floordiv(2)), loop(2, 0, var(1).floordiv(3))],
    "remainders": [loop(0, 0, N), loop(1, 0, var(0).mod(3) + 1)],
}


@pytest.mark.parametrize("name", SHAPES)
def test_small_shapes(name: str) -> None:
    for n in range(14):
        assert count(SHAPES[name], {"n": n}) == sum(1 for _ in walk(SHAPES[name], {"n": n})), n


@pytest.mark.parametrize("name", SHAPES)
def test_steps_do_not_grow_with_trips(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "_FIRST_STEPS", 60)
    monkeypatch.setattr(counting, "enumerate_iterations", None)
    assert count(SHAPES[name], {"n": 10**9}) >= count(SHAPES[name], {"n": 10**3}) > 0


@pytest.mark.parametrize("n", [2000, 16000, 10**12])
def test_known_polynomials(n: int) -> None:
    env = {"n": n}
    assert count(SHAPES["lu"], env) == n * (n - 1) * (n - 2) // 6
    assert count(SHAPES["lu upper"], env) == sum((n * comb(n, 2), n * (n - 1) * (2 * n - 1) // -6))
    assert count(SHAPES["nussinov"], env) == comb(n, 3)
    assert count(SHAPES["strips with a rest"], env) == n
    assert count(SHAPES["tiled triangle"], env) == n * (n + 1) // 2
    assert count(SHAPES["unrolled triangle"], env) == 4 * comb(n // 4 + 1, 2)
    assert count(SHAPES["remainders"], env) == sum(((n + 2) // 3, 2 * ((n + 1) // 3), 3 * (n // 3)))


def test_iterations_with_an_empty_loop_inside() -> None:
    nest, inside = SHAPES["below"], loop(2, var(1) + 3, var(0))
    for n in range(9):
        assert count(nest, {"n": n}, inside) == sum(j + 3 < i for i in range(n) for j in range(i))
    # Only the existence of a trip counts, not the number of them.
    assert count([], {"n": 5}, loop(0, 0, N)) == count([], {"n": 1}, loop(0, 0, N)) == 1
    assert count([], {"n": 0}, loop(0, 0, N)) == 0
    assert count([]) == 1


def test_a_start_that_depends_and_leaps() -> None:
    """The values, not just the trips, of a strided loop with two lower bounds are those that follow from its start."""
    nest = [loop(0, 0, N), loop(1, [var(0), 4], N + 5, 3), loop(2, var(1), var(0) + 9)]
    for n in range(9):
        assert count(nest, {"n": n}) == sum(max(i + 9 - j, 0) for i in range(n) for j in range(max(i, 4), n + 5, 3))


def test_many_classes_or_few_iterations(monkeypatch: pytest.MonkeyPatch) -> None:
    """Enumeration takes over where the closed form has more steps than the nest has iterations."""
    nest = SHAPES["four deep"]
    monkeypatch.setattr(counting, "_FIRST_STEPS", 1)
    monkeypatch.setattr(counting, "_GROWTH", 1)
    assert count(nest, {"n": 9}) == sum(1 for _ in walk(nest, {"n": 9}))
    with pytest.raises(OutOfSteps):
        enumerate_iterations(nest, {"n": 9}, None, Allowance(20))
    with pytest.raises(OutOfSteps):
        count_points([(1, 0), (-1, 5)], 1, Allowance(1))
    assert count_points([(1, 0), (-1, 5)], 1, Allowance(2)) == 6


def test_bounds_that_are_not_known() -> None:
    computed = Counter(1, "j", (Affine(),), (), 1)
    with pytest.raises(ValueError, match="'j' are computed from data"):
        count([loop(0, 0, 4), computed])
    with pytest.raises(ValueError, match="'j' are computed from data"):
        count([loop(0, 0, 4)], {}, computed)
    with pytest.raises(ValueError, match="'i0' depend on 1, n, not given"):
        count([loop(0, 0, [N, var(1)]), loop(1, 0, 4)])

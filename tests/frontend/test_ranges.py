"""Ranges of index expressions over nests, against running through the nest."""

from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from allo_studio.frontend.ranges import Guard, Range, range_of
from allo_studio.frontend.tree import Division, Variable
from allo_studio.ir import LinearExpr

NUMBER = LinearExpr.number


def variable(name: str, lower: int | LinearExpr, upper: int | LinearExpr, step: int = 1) -> Variable:
    ends = [NUMBER(end) if isinstance(end, int) else end for end in (lower, upper)]
    return Variable(name, ends[0], ends[1], step)


def test_triangular_nests_are_exact() -> None:
    i = variable("i", 0, 8)
    j = variable("j", 0, LinearExpr.of(i))
    at_i, at_j = LinearExpr.of(i), LinearExpr.of(j)
    assert range_of(at_i - at_j, (i, j)) == Range(1, 7)
    assert range_of(at_i, (i, j)) == Range(1, 7)
    assert range_of(at_j, (i, j)) == Range(0, 6)


def test_steps_stop_short_of_the_end() -> None:
    i = variable("i", 1, 10, 4)
    assert range_of(LinearExpr.of(i), (i,)) == Range(1, 9)
    assert range_of(LinearExpr.of(i) * -2 + 1, (i,)) == Range(-17, -1)


def test_no_iterations_no_range() -> None:
    i = variable("i", 3, 3)
    assert range_of(NUMBER(5), (i,)) is None
    assert range_of(NUMBER(5), ()) == Range(5, 5)


def test_how_a_range_reads() -> None:
    assert [str(r) for r in (Range(1, 4), Range(2, 2), Range(None, 3))] == [
        "goes from 1 to 4",
        "is 2",
        "goes from unknown to 3",
    ]


_SMALL = st.integers(-3, 3)


def points(nest: list[Variable]) -> Iterator[dict[Variable, int]]:
    def inside(level: int, values: dict[Variable, int]) -> Iterator[dict[Variable, int]]:
        if level == len(nest):
            yield values
            return
        loop = nest[level]
        for at in range(loop.lower.evaluate(values), loop.upper.evaluate(values), loop.step):
            yield from inside(level + 1, {**values, loop: at})

    return inside(0, {})


@settings(deadline=None)
@given(st.data())
def test_a_range_holds_every_value_and_is_exact_for_two_loops(data: st.DataObject) -> None:
    i = variable("i", data.draw(_SMALL), data.draw(_SMALL), data.draw(st.integers(1, 3)))
    at_i = LinearExpr.of(i)
    lower, upper = (at_i * data.draw(st.integers(-1, 1)) + data.draw(_SMALL) for _ in range(2))
    j = variable("j", lower, upper, data.draw(st.integers(1, 3)))
    expression = at_i * data.draw(_SMALL) + LinearExpr.of(j) * data.draw(_SMALL) + data.draw(_SMALL)
    values = [expression.evaluate(point) for point in points([i, j])]
    found = range_of(expression, (i, j))
    if values:
        assert found is not None
        assert found.least is not None
        assert found.greatest is not None
        assert found.least <= min(values)
        assert found.greatest >= max(values)
        if i.step == j.step == 1:
            assert (found.least, found.greatest) == (min(values), max(values))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_guards_and_divisions_against_running_through_the_nest(data: st.DataObject) -> None:
    step = data.draw(st.sampled_from([1, 2, -1, -2]))
    ends = sorted((data.draw(st.integers(0, 6)), data.draw(st.integers(0, 6))), reverse=step < 0)
    i, j = variable("i", ends[0], ends[1], step), variable("j", 0, data.draw(st.integers(1, 5)))

    def line() -> LinearExpr:
        return LinearExpr.of(i) * data.draw(_SMALL) + LinearExpr.of(j) * data.draw(_SMALL) + data.draw(_SMALL)

    operand, divisor = LinearExpr.of(i) * 2 + LinearExpr.of(j), data.draw(st.integers(1, 4))
    parts = [Division(operand, divisor, remainder) for remainder in (False, True)]
    expression = line() + LinearExpr.of(parts[0]) * data.draw(_SMALL) + LinearExpr.of(parts[1]) * data.draw(_SMALL)
    guards: list[Guard] = [tuple((line(),) for _ in range(data.draw(st.integers(1, 2)))) for _ in range(2)]
    values = []
    for point in points([i, j]):
        if all(any(all(c.evaluate(point) >= 0 for c in case) for case in guard) for guard in guards):
            whole = operand.evaluate(point)
            values.append(expression.evaluate({**point, parts[0]: whole // divisor, parts[1]: whole % divisor}))
    found = range_of(expression, (i, j), guards)
    if values:
        assert found is not None
        assert found.least is not None
        assert found.greatest is not None
        assert found.least <= min(values)
        assert found.greatest >= max(values)


def test_a_guard_makes_a_range_exact() -> None:
    i = variable("i", 0, 8)
    at = LinearExpr.of(i)
    assert range_of(at - 1, (i,), [((at - 1,),)]) == Range(0, 6)
    assert range_of(at, (i,), [((at - 6,), (-at + 1,))]) == Range(0, 7)
    assert range_of(at, (i,), [((at - 6,), (-at - 1,))]) == Range(6, 7)
    assert range_of(at, (i,), [((at - 8,),)]) is None

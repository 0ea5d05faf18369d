"""Ranges of index expressions over nests, against running through the nest."""

from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from allo_studio.frontend.ranges import Range, range_of
from allo_studio.frontend.tree import Variable
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

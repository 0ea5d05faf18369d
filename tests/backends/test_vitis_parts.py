"""A firing's part of an array: its subscripts, and its form as an argument, are where numpy has it."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from allo_studio.backends.vitis.parts import Part

CASES = [
    # The part, the loops' rounds, the whole array, and whether C++ has the part as rows of the whole.
    ((4,), (3,), (3, 4), True),
    ((4,), (3,), (12,), True),
    ((2, 4), (3,), (6, 4), True),
    ((2, 4), (3,), (3, 2, 4), True),
    ((2, 4), (3, 2), (12, 4), True),
    ((2, 4), (3, 2), (3, 4, 4), True),
    ((2, 4), (3,), (24,), False),
    ((2, 2, 4), (3,), (12, 4), False),
    ((4, 4), (3,), (2, 6, 4), False),
    ((4,), (3, 2), (2, 3, 4), True),
    ((2,), (), (2,), True),
    ((1, 4), (), (4,), False),
    ((4,), (), (1, 4), True),
    ((1,), (), (), False),
    ((), (6,), (6,), False),
    ((), (2, 3), (6,), False),
    ((), (), (1,), False),
]


def value(subscript: str, rounds: dict[str, int]) -> int:
    """Return what C++ makes of a subscript."""
    return int(eval(subscript.replace("/", "//"), {"__builtins__": {}}, dict(rounds)))


def place(text: str, rounds: dict[str, int]) -> tuple[int, ...]:
    """Return the numbers in `[…][…]`."""
    return tuple(value(subscript, rounds) for subscript in text[1:-1].split("][")) if text else ()


@pytest.mark.parametrize(("shape", "counts", "whole", "rows"), CASES)
def test_parts(shape: tuple[int, ...], counts: tuple[int, ...], whole: tuple[int, ...], rows: bool) -> None:
    names = tuple(f"firing_{number}" for number in range(len(counts)))
    part = Part(shape, whole, names, counts)
    array = np.arange(np.prod(whole, dtype=int)).reshape(whole)
    parts = array.reshape((*counts, *shape))
    for numbers in product(*map(range, counts)):
        rounds = dict(zip(names, numbers, strict=True))
        for inner in product(*map(range, shape)):
            assert array[place(part.element([str(n) for n in inner]), rounds)] == parts[(*numbers, *inner)]
        assert array[place(part.first(), rounds)] == parts[numbers].reshape(-1)[0]
        if not shape:
            continue
        argument = part.rows("a")
        assert (argument is not None) == rows
        if argument is not None:
            _check_argument(argument, rounds, array, parts[numbers])


def _check_argument(argument: str, rounds: dict[str, int], array: np.ndarray, part: np.ndarray) -> None:
    """Check that an argument points to the rows of a part, which do not leave their array."""
    at = place(argument.removeprefix("&").removeprefix("a"), rounds)
    if argument.startswith("&"):
        pointed, first = array[at[:-1]], at[-1]
        assert np.array_equal(pointed[first : first + len(part)], part)
    else:
        assert np.array_equal(array[at], part)

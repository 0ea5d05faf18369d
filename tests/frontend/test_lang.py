"""The names that a kernel file imports, used as plain Python."""

import numpy as np
import pytest

from allo_studio.lang import float32, grid, int32, reduction
from allo_studio.types import parse_type


def test_types_are_subscripted_and_called() -> None:
    assert float32[4, 2] == parse_type("float32[4, 2]")
    assert int32[3] == parse_type("int32[3]")
    assert repr(float32) == "float32"
    assert type(float32(0.1)) is np.float32
    assert int32(-7) == np.int32(-7)


@pytest.mark.parametrize("shape", [0, (2, -1), (2, 1.5), True, ()])
def test_extents_are_whole_numbers_of_at_least_one(shape: object) -> None:
    if shape == ():
        assert float32[()].shape == ()
        return
    with pytest.raises(ValueError, match="at least 1"):
        float32[shape]  # type: ignore[index]


def test_grid_and_reduction_run_through_their_points() -> None:
    assert list(grid(2, 3, name="nest")) == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]
    assert list(reduction(3)) == [0, 1, 2]
    with pytest.raises(ValueError, match="at least 1"):
        grid(2, 0)


def test_a_kernel_of_arguments_runs_as_plain_python() -> None:
    def scale(A: float32[2, 3], s: float32) -> None:  # type: ignore[valid-type]
        for i, j in grid(2, 3):
            A[i, j] *= s  # type: ignore[index]

    array = np.ones((2, 3), np.float32)
    scale(array, float32(0.5))
    assert (array == 0.5).all()

"""The names that a kernel file imports, used as plain Python."""

import numpy as np
import pytest

from allo_studio import lang
from allo_studio.lang import Fixed, Int, Memory, Stateful, Struct, UInt, float32, grid, int32, reduction
from allo_studio.types import NAMED, parse_type


def test_types_are_subscripted_and_called() -> None:
    assert float32[4, 2] == parse_type("float32[4, 2]")
    assert int32[3] == parse_type("int32[3]")
    assert repr(float32) == "float32"
    assert type(float32(0.1)) is np.float32
    assert int32(-7) == np.int32(-7)


def test_every_type_has_its_name() -> None:
    for name, kind in NAMED.items():
        assert getattr(lang, name).scalar == kind
    assert Int(7)[3] == parse_type("int7[3]")
    assert str(UInt(100)) == "uint100"
    assert Fixed(16, 10, rounding="half_even", overflow="saturate")[2, 2] == parse_type(
        "Fixed(16, 10, half_even, saturate)[2, 2]"
    )
    assert Struct({"x": int32, "y": Fixed(8, 4)}).scalar == parse_type("Struct(x: int32, y: Fixed(8, 4))").element
    with pytest.raises(ValueError, match="1 to 4096"):
        Int(0)


def test_types_convert_as_a_kernel_does() -> None:
    assert lang.int7(200) == -56  # type: ignore[attr-defined]
    assert lang.uint8(-1) == np.uint8(255)
    assert lang.int8(3.9) == 3
    assert Fixed(8, 4)(0.3) == 0.25
    assert lang.bfloat16(1.0 + 2**-9) == 1.0
    assert Int(100)(2**99) == -(2**99)
    record = Struct({"x": int32, "y": lang.uint8})({"x": 5, "y": 257})
    assert (record["x"], record["y"]) == (5, 1)  # type: ignore[index]
    for value in ("1", {"x": 5}):
        with pytest.raises(ValueError, match="is no"):
            Struct({"x": int32, "y": lang.uint8})(value)
    with pytest.raises(ValueError, match="is no float32"):
        float32("1")


def test_marks_leave_the_type_as_it_is() -> None:
    assert int32[3] @ Memory(resource="URAM", storage_type="RAM_2P") == int32[3]  # type: ignore[operator]
    assert int32 @ Stateful is int32  # type: ignore[operator]
    assert lang.ConstExpr[int32] is int32
    assert float32["n<=64", 32] == parse_type("float32[n<=64, 32]")
    assert float32["n", 32] == "float32[n, 32]"


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

"""Values of one scalar type as another's, exactly as an assignment in a kernel converts them."""

from __future__ import annotations

from allo_studio.frontend.lower_conversions import converted, float_to_fixed, number_to_float
from allo_studio.ir.arithmetic import Arithmetic
from allo_studio.ir.binding import ir
from allo_studio.types import ScalarType

__all__ = ["convertible", "recast"]

# Beyond this, arithmetic in `float64` could leave its range on the way between a float and a fixed-point number.
_MOST_SCALE = 800


def convertible(source: ScalarType, target: ScalarType) -> bool:
    """Tell whether values of one type can be converted to the other and back."""
    if "struct" in (source.kind, target.kind):
        return source == target
    if "fixed" not in (source.kind, target.kind) or not (source.is_float or target.is_float):
        return True
    scaled = source if source.kind == "fixed" else target
    return scaled.bits <= _MOST_SCALE and abs(scaled.fraction) <= _MOST_SCALE


def recast(made: Arithmetic, value: ir.Value, source: ScalarType, target: ScalarType) -> ir.Value:
    """Make a value of another type; the two are `convertible`."""
    if source == target:
        return value
    if target.is_float:
        return number_to_float(made, value, source, target)
    if source.is_float:
        if target.kind == "fixed":
            return float_to_fixed(made, value, source, target)
        return made.integer_of(value, target.bits, target.signed)
    if source.kind == target.kind == "int":
        return made.resize(value, target.bits, source.signed)
    return converted(made, value, source, target)

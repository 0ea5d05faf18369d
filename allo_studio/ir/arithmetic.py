"""Makers of arithmetic on plain bits: integers of any width, floats and choices. All need the context to be current."""

from __future__ import annotations

from allo_studio.ir.binding import arith, ir
from allo_studio.ir.binding import math as functions
from allo_studio.types import ScalarType

__all__ = ["Arithmetic"]

_INTEGER = {
    "+": arith.AddIOp,
    "-": arith.SubIOp,
    "*": arith.MulIOp,
    "&": arith.AndIOp,
    "|": arith.OrIOp,
    "^": arith.XOrIOp,
    "<<": arith.ShLIOp,
}
# With sign, and without.
_SIGNED = {
    "/": (arith.DivSIOp, arith.DivUIOp),
    "%": (arith.RemSIOp, arith.RemUIOp),
    ">>": (arith.ShRSIOp, arith.ShRUIOp),
    "min": (arith.MinSIOp, arith.MinUIOp),
    "max": (arith.MaxSIOp, arith.MaxUIOp),
}
_FLOAT = {
    "+": arith.AddFOp,
    "-": arith.SubFOp,
    "*": arith.MulFOp,
    "/": arith.DivFOp,
    "%": arith.RemFOp,
    "min": arith.MinimumFOp,
    "max": arith.MaximumFOp,
    "power": functions.PowFOp,
}
_FUNCTIONS = {
    "exp": functions.ExpOp,
    "log": functions.LogOp,
    "log2": functions.Log2Op,
    "log10": functions.Log10Op,
    "sqrt": functions.SqrtOp,
    "sin": functions.SinOp,
    "cos": functions.CosOp,
    "tan": functions.TanOp,
    "tanh": functions.TanhOp,
    "abs": functions.AbsFOp,
}
_ORDERS = {"==": 0, "!=": 1, "<": 2, "<=": 3, ">": 4, ">=": 5}
_UNSIGNED_ORDERS = {"==": 0, "!=": 1, "<": 6, "<=": 7, ">": 8, ">=": 9}
# A comparison with what is no number does not hold, but `!=` does.
_FLOAT_ORDERS = {"==": 1, "!=": 13, "<": 4, "<=": 5, ">": 2, ">=": 3}


class Arithmetic:
    """Makes operations at an insertion point, all with one location."""

    def __init__(self, at: ir.InsertionPoint, location: ir.Location) -> None:
        self._at = at
        self._location = location

    def whole(self, value: int, bits: int) -> ir.Value:
        """Make a whole number of so many bits; what is beyond them is cut off."""
        kind = ir.IntegerType.get_signless(bits)
        cut = value % (1 << bits)
        signed = cut - (1 << bits) if cut >> (bits - 1) else cut
        if -(1 << 63) <= signed < 1 << 63:
            attribute: ir.Attribute = ir.IntegerAttr.get(kind, signed)
        else:
            attribute = ir.Attribute.parse(f"{signed} : i{bits}")
        return arith.ConstantOp(kind, attribute, loc=self._location, ip=self._at).result

    def real(self, value: float, kind: ScalarType) -> ir.Value:
        """Make a number of a float type, rounded to it."""
        made = ir.Type.parse(kind.mlir)
        return arith.ConstantOp(made, ir.FloatAttr.get(made, value), loc=self._location, ip=self._at).result

    def integers(self, operator: str, left: ir.Value, right: ir.Value, signed: bool = True) -> ir.Value:
        """Make an operation of two integers of one width; the result has that width too."""
        make = _INTEGER[operator] if operator in _INTEGER else _SIGNED[operator][0 if signed else 1]
        return make(left, right, loc=self._location, ip=self._at).result

    def floats(self, operator: str, left: ir.Value, right: ir.Value) -> ir.Value:
        """Make an operation of two floats of one type."""
        return _FLOAT[operator](left, right, loc=self._location, ip=self._at).result

    def function(self, name: str, value: ir.Value) -> ir.Value:
        """Make a function of mathematics of a float."""
        return _FUNCTIONS[name](value, loc=self._location, ip=self._at).result

    def negative(self, value: ir.Value) -> ir.Value:
        """Make the negative of a float: only the sign changes."""
        return arith.NegFOp(value, loc=self._location, ip=self._at).result

    def compare(self, operator: str, left: ir.Value, right: ir.Value, signed: bool = True) -> ir.Value:
        """Make a comparison of two integers, or of two values of type index."""
        order = (_ORDERS if signed else _UNSIGNED_ORDERS)[operator]
        return arith.CmpIOp(order, left, right, loc=self._location, ip=self._at).result

    def compare_floats(self, operator: str, left: ir.Value, right: ir.Value) -> ir.Value:
        """Make a comparison of two floats."""
        return arith.CmpFOp(_FLOAT_ORDERS[operator], left, right, loc=self._location, ip=self._at).result

    def select(self, condition: ir.Value, yes: ir.Value, no: ir.Value) -> ir.Value:
        """Make the choice of one of two values that are both there."""
        return arith.SelectOp(condition, yes, no, loc=self._location, ip=self._at).result

    def resize(self, value: ir.Value, bits: int, signed: bool) -> ir.Value:
        """Make an integer of another width: the low bits, or the same number in more."""
        width = ir.IntegerType(value.type).width
        if width == bits:
            return value
        make = arith.TruncIOp if bits < width else arith.ExtSIOp if signed else arith.ExtUIOp
        return make(ir.IntegerType.get_signless(bits), value, loc=self._location, ip=self._at).result

    def integer_of(self, value: ir.Value, bits: int, signed: bool) -> ir.Value:
        """Make an integer of a float, rounded towards zero; what is too large saturates, and what is no number is 0."""
        make = arith.FPToSIOp if signed else arith.FPToUIOp
        return make(ir.IntegerType.get_signless(bits), value, loc=self._location, ip=self._at).result

    def float_of(self, value: ir.Value, kind: ScalarType, signed: bool) -> ir.Value:
        """Make a float of an integer, rounded to nearest even."""
        make = arith.SIToFPOp if signed else arith.UIToFPOp
        return make(ir.Type.parse(kind.mlir), value, loc=self._location, ip=self._at).result

    def convert(self, value: ir.Value, source: ScalarType, target: ScalarType) -> ir.Value:
        """Make a float of another float type, rounded to nearest even."""
        if source == target:
            return value
        make = arith.ExtFOp if target.bits > source.bits else arith.TruncFOp
        return make(ir.Type.parse(target.mlir), value, loc=self._location, ip=self._at).result

    def bitcast(self, value: ir.Value, kind: ScalarType) -> ir.Value:
        """Make the value of another type that has the same bits."""
        made = ir.Type.parse(kind.mlir)
        return value if value.type == made else arith.BitcastOp(made, value, loc=self._location, ip=self._at).result

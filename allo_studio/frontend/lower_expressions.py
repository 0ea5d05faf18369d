"""From a typed expression to the operations that compute it."""

from __future__ import annotations

from fractions import Fraction

from allo_studio.frontend.lower_access import as_index, load_element
from allo_studio.frontend.lower_conversions import converted, float_to_fixed, number_to_float, rescaled
from allo_studio.frontend.lower_state import State
from allo_studio.frontend.tree import (
    AffineCompare,
    Binary,
    Bits,
    Cast,
    Choose,
    Compare,
    Expression,
    Function,
    Index,
    Literal,
    Load,
    Logic,
    Reinterpret,
    Reverse,
    Scalar,
    SetBits,
    Subscript,
    Unary,
)
from allo_studio.frontend.tree_statements import Statement
from allo_studio.frontend.typing import common_type
from allo_studio.frontend.widths import tight_type
from allo_studio.ir import LinearExpr
from allo_studio.ir import build as make
from allo_studio.ir.arithmetic import Arithmetic
from allo_studio.ir.binding import ir, scf
from allo_studio.types import BOOL, integer

__all__ = ["subscripts_of", "value_of"]


def value_of(value: Expression, at: ir.InsertionPoint, state: State) -> ir.Value:
    """Make the operations of an expression at an insertion point and return its value."""
    return _Lowering(at, state).value(value)


def subscripts_of(parts: tuple[Subscript, ...], at: ir.InsertionPoint, state: State) -> list[LinearExpr | ir.Value]:
    """Return subscripts as affine expressions of MLIR values, or, for those that are computed, as index values."""
    found: list[LinearExpr | ir.Value] = []
    for part in parts:
        if isinstance(part, LinearExpr):
            found.append(state.index(part, at))
        else:
            found.append(as_index(value_of(part, at, state), part.type, at, make.location_of(part.span)))
    return found


class _Lowering:
    """Lowers expressions at one insertion point.

    `low` makes only the low bits of a value. That is enough for what is stored to something narrower, so that sums and
    products of one width stay in that width although their types are wider.
    """

    def __init__(self, at: ir.InsertionPoint, state: State) -> None:
        self._at = at
        self._state = state

    def _made(self, value: Expression) -> Arithmetic:
        return Arithmetic(self._at, make.location_of(value.span))

    def value(self, value: Expression) -> ir.Value:
        """Make a value of the expression's own type."""
        kind = value.type
        return self._float(value) if kind.is_float else self.low(value, kind.bits)

    def _float(self, value: Expression) -> ir.Value:
        made = self._made(value)
        match value:
            case Literal(value=number, type=kind):
                return made.real(float(number), kind)
            case Binary(operator=operator, left=left, right=right):
                return made.floats(operator, self.value(left), self.value(right))
            case Unary(operand=operand):
                return made.negative(self.value(operand))
            case Function(name=name, arguments=arguments):
                values = [self.value(argument) for argument in arguments]
                return made.floats(name, *values) if len(values) == 2 else made.function(name, values[0])
            case Cast(operand=operand, type=kind):
                return number_to_float(made, self.value(operand), operand.type, kind)
        return self._other(value)

    def low(self, value: Expression, bits: int) -> ir.Value:
        """Make the low bits of a value that is held as bits; more than it has repeat its sign, or are 0."""
        kind = value.type
        if bits > kind.bits and not isinstance(value, Literal | Index):
            return self._made(value).resize(self.low(value, kind.bits), bits, kind.signed)
        match value:
            case Literal(value=number):
                return self._made(value).whole(int(Fraction(number) * Fraction(2) ** kind.fraction), bits)
            case Index():
                return self._index(value, bits)
            case Binary():
                return self._binary(value, bits)
            case Unary(operator="-", operand=operand):
                made = self._made(value)
                return made.integers("-", made.whole(0, bits), self.low(operand, bits))
            case Unary(operator="~", operand=operand):
                made = self._made(value)
                return made.integers("^", self.low(operand, bits), made.whole(-1, bits))
            case Cast():
                return self._cast(value, bits)
            case Function(name="min" | "max"):
                return self._extreme(value, bits)
            case Choose(lazy=False, condition=condition, yes=yes, no=no):
                parts = self.value(condition), self.low(yes, bits), self.low(no, bits)
                return self._made(value).select(*parts)
        return self._made(value).resize(self._other(value), bits, kind.signed)

    def _index(self, value: Index, bits: int) -> ir.Value:
        place = make.location_of(value.span)
        index = make.apply(self._state.variables[value.variable], self._at, place)
        return make.index_to_integer(index, integer(bits), self._at, place)

    def _affine(self, expression: LinearExpr, value: Expression) -> ir.Value:
        place = make.location_of(value.span)
        found = self._state.index(expression, self._at, place)
        if found.is_constant:
            return make.index_constant(found.constant, self._at, place)
        return make.apply(found, self._at, place)

    def _other(self, value: Expression) -> ir.Value:
        """Make a value of which all bits are needed, or none can be left out."""
        made = self._made(value)
        match value:
            case Scalar(memory=memory):
                return self._state.memories[memory]
            case Load(memory=memory, subscripts=subscripts):
                parts = subscripts_of(subscripts, self._at, self._state)
                return load_element(self._state.memories[memory], parts, self._at, make.location_of(value.span))
            case Compare():
                return self._compare(value)
            case AffineCompare(operator=operator, left=left, right=right):
                return made.compare(operator, self._affine(left, value), self._affine(right, value))
            case Logic():
                return self._logic(value)
            case Choose(lazy=False, condition=condition, yes=yes, no=no):
                return made.select(self.value(condition), self.value(yes), self.value(no))
            case Choose():
                branches = [(value.before_yes, value.yes), (value.before_no, value.no)]
                return self._lazy(value, value.condition, branches)
            case Unary(operand=operand):
                return made.integers("^", self.value(operand), made.whole(1, 1))
            case Reinterpret(operand=operand, type=kind):
                return made.bitcast(self.value(operand), kind)
            case Bits() | SetBits() | Reverse():
                return self._bits(value)
            case Function():
                return self._function(value)
        raise ValueError(f"no value: {value}")

    # Arithmetic

    def _binary(self, value: Binary, bits: int) -> ir.Value:
        operator, left, right = value.operator, value.left, value.right
        if operator in ("/", "//", "%"):
            return self._divide(value, bits)
        if operator == "<<" and isinstance(right, Literal):
            return self._raised(left, bits, int(right.value))
        if operator in ("<<", ">>"):
            return self._made(value).resize(self._shift(value), bits, value.type.signed)
        if operator in ("+", "-"):
            one, two = (self._raised(side, bits, value.type.fraction - side.type.fraction) for side in (left, right))
        else:
            one, two = self.low(left, bits), self.low(right, bits)
        return self._made(value).integers(operator, one, two)

    def _raised(self, value: Expression, bits: int, by: int) -> ir.Value:
        """Make the low bits of a value times a power of two."""
        if by == 0:
            return self.low(value, bits)
        made = self._made(value)
        if by >= bits:
            return made.whole(0, bits)
        return made.integers("<<", self.low(value, bits), made.whole(by, bits))

    def _shift(self, value: Binary) -> ir.Value:
        """Make a shift in the type of its left side; by more than there are bits, all go."""
        made, kind, amount = self._made(value), value.left.type, tight_type(value.right)
        width = max(kind.bits, amount.bits)
        if isinstance(value.right, Literal) and value.right.value >= kind.bits:
            # What is left is the sign, or nothing.
            if value.operator == "<<" or not kind.signed:
                return made.whole(0, kind.bits)
            return made.integers(">>", self.low(value.left, kind.bits), made.whole(kind.bits - 1, kind.bits))
        if isinstance(value.right, Literal):
            width = kind.bits
            by = made.whole(int(value.right.value), width)
        else:
            by = self.low(value.right, width)
        shifted = made.integers(value.operator, self.low(value.left, width), by, kind.signed)
        return made.resize(shifted, kind.bits, kind.signed)

    def _divide(self, value: Binary, bits: int) -> ir.Value:
        """Make the low bits of a quotient or remainder."""
        made, kind, operator = self._made(value), value.type, value.operator
        if kind.kind == "fixed":
            return made.resize(self._divide_fixed(value), bits, kind.signed)
        both = common_type(tight_type(value.left), tight_type(value.right))
        width = both.bits
        if operator != "%" and width < kind.bits:
            # Division by zero is all ones of the type, not of what the operands need; the one overflow is no overflow.
            width = width + 1 if both.signed else width if isinstance(value.right, Literal) else kind.bits
        one, two = self.low(value.left, width), self.low(value.right, width)
        if operator == "//" and both.signed:
            result = self._floor_divide(value, one, two)
        else:
            result = made.integers("%" if operator == "%" else "/", one, two, both.signed)
        return made.resize(result, bits, both.signed)

    def _floor_divide(self, value: Binary, one: ir.Value, two: ir.Value) -> ir.Value:
        """Make a quotient rounded down: less by one than that rounded to zero, where it is negative and not even."""
        made, right, bits = self._made(value), value.right, ir.IntegerType(one.type).width
        divisor = int(right.value) if isinstance(right, Literal) else 0
        if divisor > 0 and divisor & (divisor - 1) == 0:
            return made.integers(">>", one, made.whole(divisor.bit_length() - 1, bits))
        quotient, rest = made.integers("/", one, two), made.integers("%", one, two)
        zero = made.whole(0, bits)
        uneven = made.compare("!=", rest, zero)
        negative = made.compare("<", made.integers("^", rest, two), zero)
        less = made.integers("&", uneven, negative)
        if not divisor:
            less = made.integers("&", less, made.compare("!=", two, zero))
        return made.integers("-", quotient, made.resize(less, bits, signed=False))

    def _divide_fixed(self, value: Binary) -> ir.Value:
        made, left, right, kind = self._made(value), value.left, value.right, value.type
        if value.operator == "%":
            one, two = (self._raised(side, kind.bits, kind.fraction - side.type.fraction) for side in (left, right))
            return made.integers("%", one, two, kind.signed)
        shift = kind.fraction - left.type.fraction + right.type.fraction
        # One bit more, so that the least number divided by the least step does not overflow on the way.
        width = kind.bits + 1
        return made.integers("/", self._raised(left, width, shift), self.low(right, width), kind.signed)

    # Conversions

    def _cast(self, value: Cast, bits: int) -> ir.Value:
        """Make the low bits of a conversion to an integer or fixed-point type."""
        made, source, kind = self._made(value), value.operand.type, value.type
        if source.is_float:
            operand = self.value(value.operand)
            if kind.kind == "fixed":
                return made.resize(float_to_fixed(made, operand, source, kind), bits, kind.signed)
            return made.resize(made.integer_of(operand, kind.bits, kind.signed), bits, kind.signed)
        if source.kind == kind.kind == "int":
            return self.low(value.operand, bits)
        dropped = source.fraction - kind.fraction
        if kind.kind == "fixed" and kind.overflow == "wrap":
            if dropped <= 0:
                return self._raised(value.operand, bits, -dropped)
            if kind.rounding in ("floor", "half_up", "half_down", "half_even") and bits + dropped < source.bits:
                # The bits above those that are kept do not matter, not even for the rounding.
                low = self.low(value.operand, bits + dropped)
                return made.resize(rescaled(made, low, dropped, kind.rounding), bits, True)
        return made.resize(converted(made, self.value(value.operand), source, kind), bits, kind.signed)

    # Truth and choice

    def _compare(self, value: Compare) -> ir.Value:
        made, operator, left, right = self._made(value), value.operator, value.left, value.right
        if left.type.is_float:
            return made.compare_floats(operator, self.value(left), self.value(right))
        kind = common_type(tight_type(left), tight_type(right))
        one, two = (self._raised(side, kind.bits, kind.fraction - side.type.fraction) for side in (left, right))
        return made.compare(operator, one, two, kind.signed)

    def _logic(self, value: Logic) -> ir.Value:
        made, conjunction = self._made(value), value.operator == "and"
        if not value.lazy:
            return made.integers("&" if conjunction else "|", self.value(value.left), self.value(value.right))
        settled = Literal(0 if conjunction else 1, BOOL, value.span)
        branches: list[tuple[tuple[Statement, ...], Expression]] = [(value.before, value.right), ((), settled)]
        return self._lazy(value, value.left, branches if conjunction else branches[::-1])

    def _lazy(
        self, value: Expression, condition: Expression, branches: list[tuple[tuple[Statement, ...], Expression]]
    ) -> ir.Value:
        """Make a choice of which only one side runs."""
        place = make.location_of(value.span)
        chosen = scf.IfOp(self.value(condition), [make.scalar_type(value.type)], has_else=True, loc=place, ip=self._at)
        for block, (before, result) in zip((chosen.then_block, chosen.else_block), branches, strict=True):
            inside = ir.InsertionPoint(block)
            self._state.block(before, inside, self._state)
            scf.YieldOp([value_of(result, inside, self._state)], loc=place, ip=inside)
        return chosen.operation.result

    # Bits and functions

    def _bits(self, value: Bits | SetBits | Reverse) -> ir.Value:
        made, kind = self._made(value), value.operand.type
        whole = self._plain(value.operand)
        if isinstance(value, Reverse):
            return _reversed(made, whole, kind.bits)
        width = max(kind.bits, 1 if isinstance(value.low, int) else tight_type(value.low).bits)
        whole = made.resize(whole, width, signed=False)
        low = made.whole(value.low, width) if isinstance(value.low, int) else self.low(value.low, width)
        if isinstance(value, Bits):
            shifted = whole if value.low == 0 else made.integers(">>", whole, low, signed=False)
            return made.resize(shifted, value.type.bits, signed=False)
        count = value.value.type.bits
        mask = made.whole((1 << count) - 1, width)
        new = made.resize(self.low(value.value, count), width, signed=False)
        if value.low != 0:
            mask, new = made.integers("<<", mask, low), made.integers("<<", new, low)
        kept = made.integers("&", whole, made.integers("^", mask, made.whole(-1, width)))
        return made.resize(made.integers("|", kept, new), kind.bits, signed=False)

    def _plain(self, value: Expression) -> ir.Value:
        return self.low(value, value.type.bits)

    def _function(self, value: Function) -> ir.Value:
        """Make `abs`, `min` or `max` of numbers that are held as bits."""
        made, kind = self._made(value), value.type
        if value.name == "abs":
            number = self.low(value.arguments[0], kind.bits)
            zero = made.whole(0, kind.bits)
            negative = made.compare("<", number, zero)
            return made.select(negative, made.integers("-", zero, number), number)
        return self._extreme(value, kind.bits)

    def _extreme(self, value: Function, bits: int) -> ir.Value:
        """Make the low bits of `min` or `max`, in no more than its arguments need."""
        made, kind, (left, right) = self._made(value), value.type, value.arguments
        if kind.kind == "int":
            kind = common_type(tight_type(left), tight_type(right))
        one, two = (self.low(argument, kind.bits) for argument in (left, right))
        return made.resize(made.integers(value.name, one, two, kind.signed), bits, kind.signed)


def _reversed(made: Arithmetic, value: ir.Value, bits: int) -> ir.Value:
    """Make a number's bits in the opposite order."""
    total = made.whole(0, bits)
    one = made.whole(1, bits)
    for place in range(bits):
        taken = value if place == 0 else made.integers(">>", value, made.whole(place, bits), signed=False)
        bit = made.integers("&", taken, one)
        target = bits - 1 - place
        total = made.integers("|", total, bit if target == 0 else made.integers("<<", bit, made.whole(target, bits)))
    return total

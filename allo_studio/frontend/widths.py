"""How many bits the value of an expression really takes: numbers and loop variables need fewer than their types."""

from __future__ import annotations

from allo_studio.frontend.tree import Binary, Bits, Cast, Choose, Expression, Function, Index, Literal, Unary, Variable
from allo_studio.types import INDEX, ScalarType, integer

__all__ = ["tight_type"]


def tight_type(value: Expression) -> ScalarType:
    """Return the least integer type that holds all values of an integer expression; its own where that is less."""
    if value.type.kind != "int":
        return value.type
    least, greatest = _range(value)
    signed = least < 0
    bits = max(max(least, greatest, ~least).bit_length() + signed, 1)
    return integer(bits, signed) if bits < value.type.bits else value.type


def _range(value: Expression) -> tuple[int, int]:
    """Return the least and the greatest value of an integer expression, at most those of its type."""
    kind = value.type
    found = _exact(value)
    return found if found and kind.least <= found[0] and found[1] <= kind.greatest else (kind.least, kind.greatest)


def _exact(value: Expression) -> tuple[int, int] | None:
    """Return what an expression would take without any wrapping; None where only its type tells."""
    match value:
        case Literal(value=number):
            return int(number), int(number)
        case Index(variable=variable):
            return _index_range(variable)
        case Unary(operator="-", operand=operand) if operand.type.kind == "int":
            least, greatest = _range(operand)
            return -greatest, -least
        case Binary(operator="+" | "-" | "*", left=left, right=right) if left.type.kind == right.type.kind == "int":
            return _combined(value.operator, _range(left), _range(right))
        case Cast(operand=operand) if operand.type.kind == "int":
            return _range(operand)
        case Choose(yes=yes, no=no) if yes.type.kind == "int":
            (least, greatest), other = _range(yes), _range(no)
            return min(least, other[0]), max(greatest, other[1])
        case Function(name="min" | "max", arguments=arguments) if value.type.kind == "int":
            choose = min if value.name == "min" else max
            return choose(_range(part)[0] for part in arguments), choose(_range(part)[1] for part in arguments)
        case Bits(type=kind):
            return kind.least, kind.greatest
    return None


def _combined(operator: str, left: tuple[int, int], right: tuple[int, int]) -> tuple[int, int]:
    if operator == "+":
        return left[0] + right[0], left[1] + right[1]
    if operator == "-":
        return left[0] - right[1], left[1] - right[0]
    corners = [one * two for one in left for two in right]
    return min(corners), max(corners)


def _index_range(variable: Variable) -> tuple[int, int] | None:
    """Return the range of a loop's variable where its bounds are numbers."""
    first, end = variable.lower, variable.upper
    if variable.computed or not (first.is_constant and end.is_constant):
        return None
    last = end.constant - 1 if variable.step > 0 else end.constant + 1
    low, high = min(first.constant, last), max(first.constant, last)
    return max(low, INDEX.least), min(high, INDEX.greatest)

"""Random expressions, and what they are by exact numbers: the other engine that compiled ones are compared with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import floor, trunc

from hypothesis import strategies as st

from allo_studio.frontend.typing import Untyped, common_type, negated_type, result_type
from allo_studio.types import BOOL, INDEX, INT32, ScalarType, fixed, integer
from allo_studio.values import convert, from_bits, to_bits
from allo_studio.words import wrap

WIDTHS = (1, 2, 7, 8, 13, 16, 31, 32, 33, 64)
ROUNDINGS = ("floor", "zero", "half_up", "half_zero", "half_away", "half_down", "half_even")
OVERFLOWS = ("wrap", "saturate", "saturate_zero", "saturate_symmetric")
# No step of an expression becomes wider than this.
MOST = 300

Number = int | Fraction
Point = Mapping[str, Number]


def integers() -> st.SearchStrategy[ScalarType]:
    return st.builds(integer, st.sampled_from(WIDTHS), st.booleans())


def fixeds(modes: bool = True) -> st.SearchStrategy[ScalarType]:
    rounding = st.sampled_from(ROUNDINGS) if modes else st.just("floor")
    overflow = st.sampled_from(OVERFLOWS) if modes else st.just("wrap")
    return st.builds(
        fixed, st.sampled_from((1, 2, 7, 8, 16, 24)), st.integers(-4, 12), st.booleans(), rounding, overflow
    )


@dataclass(frozen=True)
class Term:
    """An expression: its text, its type, and its value at a point."""

    text: str
    type: ScalarType
    parts: tuple[Term, ...] = ()
    operator: str = ""
    number: Number = 0

    def at(self, point: Point) -> Number:
        values = [part.at(point) for part in self.parts]
        match self.operator:
            case "name":
                return point[self.text.split("[")[0]]
            case "number":
                return self.number
            case "cast":
                return convert(values[0], self.type)  # type: ignore[return-value]
            case "choose":
                return values[1] if values[0] else values[2]
            case "and" | "or":
                return int(all(values)) if self.operator == "and" else int(any(values))
            case "not":
                return int(not values[0])
            case "neg":
                return fitted(-Fraction(values[0]), self.type)
            case "~":
                return fitted(Fraction(~int(values[0])), self.type)
            case "abs":
                return abs(values[0])
            case "min" | "max":
                return min(values) if self.operator == "min" else max(values)
            case "bits":
                bits = to_bits(values[0], self.parts[0].type) >> int(self.number)
                return bits % (1 << self.type.bits)
            case "reverse":
                text = format(to_bits(values[0], self.type), f"0{self.type.bits}b")
                return from_bits(int(text[::-1], 2), self.type)  # type: ignore[return-value]
            case "==" | "!=" | "<" | "<=" | ">" | ">=":
                return int(eval(f"a {self.operator} b", {"a": values[0], "b": values[1]}))
        return binary(self.operator, values[0], values[1], self.parts[0].type, self.type)


def fitted(value: Fraction, kind: ScalarType) -> Number:
    """Return an exact value as one of a type: nothing is rounded away, and what does not fit wraps."""
    units = value * Fraction(2) ** kind.fraction
    assert units.denominator == 1
    wrapped = wrap(int(units), kind)
    return wrapped if kind.kind == "int" else Fraction(wrapped) / Fraction(2) ** kind.fraction


def binary(operator: str, one: Number, two: Number, left: ScalarType, kind: ScalarType) -> Number:
    left_units = int(Fraction(one) * Fraction(2) ** left.fraction)
    match operator:
        case "+" | "-" | "*":
            exact = {"+": one + two, "-": one - two, "*": one * two}[operator]
            return fitted(Fraction(exact), kind)
        case "/" | "//":
            unit = Fraction(2) ** -kind.fraction
            if two == 0:
                return fitted(-unit, kind)
            ratio = Fraction(one) / Fraction(two) / unit
            return fitted((trunc(ratio) if operator == "/" else floor(ratio)) * unit, kind)
        case "%":
            return fitted(Fraction(one if two == 0 else one - two * trunc(Fraction(one) / two)), kind)
        case "<<" | ">>":
            count = int(two) if 0 <= two < kind.bits else kind.bits
            units = left_units << count if operator == "<<" else left_units >> count
            return fitted(units * Fraction(2) ** -kind.fraction, kind)
    exact = {"&": int(one) & int(two), "|": int(one) | int(two), "^": int(one) ^ int(two)}[operator]
    return fitted(Fraction(exact), kind)


def typed(operator: str, left: Term, right: Term) -> Term | None:
    """Return `left operator right`; None where it has no type or would be too wide."""
    try:
        kind = result_type(operator, left.type, right.type)
    except Untyped:
        return None
    if kind.bits > MOST:
        return None
    return Term(f"({left.text} {operator} {right.text})", kind, (left, right), operator)


def _cast(term: Term, kind: ScalarType) -> Term:
    modes = f', "{kind.rounding}", "{kind.overflow}"'
    name = kind.name if kind.kind == "int" else (
        f"{'' if kind.signed else 'U'}Fixed({kind.bits}, {kind.fraction}{modes})")  # fmt: skip
    return Term(f"{name}({term.text})", kind, (term,), "cast")


def _truth(term: Term) -> Term:
    zero = Term("0", INT32, (), "number", 0)
    return term if term.type == BOOL else Term(term.text, BOOL, (term, zero), "!=")


def leaves(variables: Mapping[str, ScalarType]) -> st.SearchStrategy[Term]:
    names = [Term(f"{name}[i]", kind, (), "name") for name, kind in variables.items()]
    names.append(Term("i", INDEX, (), "name"))
    literals = st.sampled_from([0, 1, 2, 3, 5, 8, 100, 255, 2**31, 2**40]).map(
        lambda n: Term(str(n), INT32 if n < 2**31 else integer(n.bit_length() + 1), (), "number", n)
    )
    return st.sampled_from(names) | st.sampled_from(names) | literals


@st.composite
def terms(draw: st.DrawFn, variables: Mapping[str, ScalarType], depth: int = 3) -> Term:
    if depth == 0:
        return draw(leaves(variables))
    inner = terms(variables, depth - 1)
    form = draw(
        st.sampled_from(("leaf", "binary", "binary", "binary", "unary", "cast", "compare", "choose", "bits", "extreme"))
    )
    one = draw(inner)
    found = _build(draw, form, one, inner)
    return one if found is None else found


def _build(draw: st.DrawFn, form: str, one: Term, inner: st.SearchStrategy[Term]) -> Term | None:
    literal = not one.parts and one.operator == "number"
    match form:
        case "binary":
            operator = draw(st.sampled_from(("+", "-", "*", "/", "//", "%", "<<", ">>", "&", "|", "^")))
            two = draw(inner)
            if is_constant(two) and (is_constant(one) or _no_operand(operator, two)):
                return None
            return typed(operator, one, two)
        case "unary" if not is_constant(one):
            operator = draw(st.sampled_from(("neg", "~", "abs")))
            if operator == "~":
                return Term(f"(~{one.text})", one.type, (one,), "~") if one.type.kind == "int" else None
            kind = negated_type(one.type)
            if operator == "abs":
                return Term(f"abs({one.text})", kind, (one,), "abs") if one.type.signed and one.type != INDEX else None
            return Term(f"(-{one.text})", kind, (one,), "neg")
        case "cast":
            return _cast(one, draw(integers() | fixeds()))
        case "compare" if not literal:
            two = draw(inner)
            return Term(
                f"({one.text} {(o := draw(st.sampled_from(('==', '!=', '<', '<=', '>', '>='))))} {two.text})",
                BOOL,
                (one, two),
                o,
            )
        case "choose" | "extreme":
            return _joined(draw, form, one, draw(inner), draw(inner))
        case "bits" if one.type.kind == "int" and not is_constant(one):
            return _bits(draw, one)
    return None


def is_constant(term: Term) -> bool:
    return term.operator == "number" or (bool(term.parts) and all(is_constant(part) for part in term.parts))


def _no_operand(operator: str, two: Term) -> bool:
    value = two.at({})
    return (operator in ("/", "//", "%") and value == 0) or (operator in ("<<", ">>") and value < 0)


def _joined(draw: st.DrawFn, form: str, one: Term, two: Term, condition: Term) -> Term | None:
    if is_constant(one) or is_constant(two):
        return None
    kind = common_type(one.type, two.type)
    if kind.bits > MOST:
        return None
    sides = tuple(Term(side.text, kind, (side,), "cast") for side in (one, two))
    if form == "extreme":
        operator = draw(st.sampled_from(("min", "max")))
        return Term(f"{operator}({one.text}, {two.text})", kind, sides, operator)
    test = _truth(condition)
    if draw(st.booleans()) and not is_constant(condition):
        joint = draw(st.sampled_from(("and", "or")))
        test = Term(f"({test.text} {joint} not {one.text})", BOOL, (test, Term("", BOOL, (_truth(one),), "not")), joint)
    return Term(f"({one.text} if {test.text} else {two.text})", kind, (test, *sides), "choose")


def _bits(draw: st.DrawFn, one: Term) -> Term:
    low = draw(st.integers(0, one.type.bits - 1))
    if draw(st.booleans()):
        return Term(f"{one.text}.reverse()", one.type, (one,), "reverse")
    high = draw(st.integers(low + 1, one.type.bits))
    return Term(f"({one.text})[{low}:{high}]", integer(high - low, False), (one,), "bits", low)


def values_of(kind: ScalarType) -> st.SearchStrategy[Number]:
    """Return numbers that a memory of the type may hold, its extremes among them."""
    edges = [0, 1, (1 << kind.bits) - 1, 1 << (kind.bits - 1), (1 << (kind.bits - 1)) - 1]
    return (st.sampled_from(edges) | st.integers(0, (1 << kind.bits) - 1)).map(
        lambda bits: convert(from_bits(bits, kind), kind)
    )  # type: ignore[arg-type]

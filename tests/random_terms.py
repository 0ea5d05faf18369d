"""Random expressions of every type of the language, as text with the type that the language gives them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeVar

from hypothesis import strategies as st

from allo_studio.frontend.typing import Untyped, common_type, float_of, negated_type, result_type
from allo_studio.types import BOOL, FLOAT32, FLOAT64, INDEX, INT32, NAMED, ScalarType, fixed, integer, struct
from allo_studio.values import fits

__all__ = ["Array", "Chooser", "Extent", "Scope", "Term", "Variable", "types_of"]

WIDTHS = (1, 2, 3, 5, 7, 8, 8, 12, 16, 17, 31, 32, 32, 32, 33, 40, 48, 63, 64, 65, 90)
ROUNDINGS = ("floor", "zero", "half_up", "half_zero", "half_away", "half_down", "half_even")
OVERFLOWS = ("wrap", "saturate", "saturate_zero", "saturate_symmetric")
FLOATS = ("float16", "bfloat16", "float32", "float64")
FUNCTIONS = ("exp", "log", "log2", "log10", "sqrt", "sin", "cos", "tan", "tanh")
COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
# No step of an expression becomes wider than this.
MOST = 160

_Item = TypeVar("_Item")


class Chooser:
    """Where the choices come from: hypothesis, which makes what fails small, or a plain generator of numbers."""

    def __init__(self, source: Random | Callable[[st.SearchStrategy[int]], int]) -> None:
        self._source = source

    def number(self, low: int, high: int) -> int:
        if isinstance(self._source, Random):
            return self._source.randint(low, high)
        return self._source(st.integers(low, high))

    def pick(self, items: Sequence[_Item]) -> _Item:
        return items[self.number(0, len(items) - 1)]

    def chance(self, percent: int) -> bool:
        return self.number(1, 100) > 100 - percent


# An extent is a number, or a named size with its maximum.
Extent = int | tuple[str, int]


@dataclass(frozen=True)
class Array:
    name: str
    element: ScalarType
    shape: tuple[Extent, ...]
    writable: bool = True


@dataclass(frozen=True)
class Variable:
    """A scalar: an argument, which is read only, or a local."""

    name: str
    type: ScalarType
    writable: bool = True


@dataclass(frozen=True)
class Turn:
    """A loop's variable: it goes from at least `low` to below `end`, which is None where that is not known.

    A `known` one is that of a loop that the compiler runs.
    """

    name: str
    low: int
    end: Extent | None
    known: bool = False


@dataclass(frozen=True)
class Term:
    """An expression: its text and type; a `literal` is a number of the text, which has no type of its own."""

    text: str
    type: ScalarType
    literal: bool = False


@dataclass
class Scope:
    """What an expression may name. `spelled` are names of types; `calls` make calls of other functions."""

    choose: Chooser
    spelled: dict[str, str] = field(default_factory=dict)
    arrays: list[Array] = field(default_factory=list)
    variables: list[Variable] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    constants: list[str] = field(default_factory=list)
    call: Callable[[Scope, ScalarType | None], Term | None] | None = None

    def inner(self) -> Scope:
        """Return a copy, for a block."""
        return Scope(self.choose, self.spelled, [*self.arrays], [*self.variables], [*self.turns],
                     self.constants, self.call)  # fmt: skip

    def spell(self, kind: ScalarType) -> str:
        """Return a type as a kernel writes it."""
        return self.spelled.get(kind.name) or spelled(kind)

    # Leaves

    def literal(self, kind: ScalarType | None = None) -> Term:
        """Return a number that fits a type."""
        draw = self.choose
        if (kind is None and draw.chance(25)) or (kind is not None and kind.is_float and draw.chance(70)):
            return Term(draw.pick(("0.0", "0.5", "1.0", "1.5", "0.1", "2.75", "3e-5", "17.0")), FLOAT32, True)
        wide = kind is None or kind.bits > 40
        number = draw.pick((0, 1, 2, 3, 7, 10, 31, 100, 255, *((2**31, 2**40 + 7) if wide else ())))
        if kind is not None and not fits(number, kind):
            number = 0
        return Term(str(number), INT32 if number < 2**31 else integer(number.bit_length() + 1), True)

    def leaf(self) -> Term:
        draw = self.choose
        found: list[Callable[[], Term]] = []
        if self.variables:
            found += [self._variable] * 3
        if self.arrays:
            found += [self._element] * 4
        if self.turns:
            found.append(self._turn)
        if self.constants:
            found.append(lambda: Term(draw.pick(self.constants), INT32, True))
        return self._number(draw.pick(found)() if found else self.literal())

    def _turn(self) -> Term:
        turn = self.choose.pick(self.turns)
        return Term(turn.name, INT32, True) if turn.known else Term(turn.name, INDEX)

    def _variable(self) -> Term:
        one = self.choose.pick(self.variables)
        return Term(one.name, one.type)

    def _element(self) -> Term:
        array = self.choose.pick(self.arrays)
        return Term(f"{array.name}[{self.subscripts(array)}]", array.element)

    def _number(self, term: Term) -> Term:
        """Return a field where a term is a struct."""
        while term.type.kind == "struct":
            name, kind = self.choose.pick(term.type.fields)
            term = Term(f'{term.text}["{name}"]', kind)
        return term

    def _memory(self) -> Term | None:
        """Return a number that is read from memory."""
        found = [*[self._variable] * bool(self.variables), *[self._element] * bool(self.arrays)]
        return self._number(self.choose.pick(found)()) if found else None

    def read(self) -> Term | None:
        """Return a whole number that is read from memory."""
        term = self._memory()
        return term if term and term.type.kind == "int" else None

    # Subscripts

    def subscripts(self, array: Array) -> str:
        return ", ".join(self.subscript(extent) for extent in array.shape)

    def subscript(self, extent: Extent) -> str:
        """Return a subscript that stays inside: of loop variables, constant, or computed."""
        draw = self.choose
        if isinstance(extent, tuple):
            inside = [turn.name for turn in self.turns if turn.end == extent]
            last = f"{extent[0]} - 1"
            return draw.pick([*inside * 3, *(f"{last} - {name}" for name in inside), "0", last])
        found = [str(draw.number(0, extent - 1))]
        for turn in self.turns:
            name, end = turn.name, turn.end
            if isinstance(end, int) and turn.low >= 0:
                if end <= extent:
                    found += [name, name, name, f"{extent - 1} - {name}"]
                    found += [f"{name} + {extent - end}"] if end < extent else []
                if (end + 1) // 2 <= extent:
                    found.append(f"{name} // 2")
            if turn.low >= 0:
                found += [f"{name} % {extent}", f"({name} + {draw.number(1, 5)}) % {extent}"]
        if self.variables and draw.chance(25):
            found = [self._computed(extent)]
        return draw.pick(found)

    def _computed(self, extent: int) -> str:
        draw, one = self.choose, self._number(self._variable())
        bits = (extent + 1).bit_length() - 1
        bits -= 1 << bits > extent
        whole = one.type.kind == "int"
        if whole and one.type.bits >= bits >= 1 and draw.chance(40):
            return f"{one.text}[0:{bits}]"
        if bits >= 1 and draw.chance(50):
            return f"uint{bits}({one.text})"
        return f"uint{draw.pick((3, 8, 32))}({one.text}) % {extent}"

    # Expressions

    def number(self, depth: int) -> Term:
        """Return an expression that is a number."""
        if depth <= 0:
            return self.leaf()
        forms = (
            *[self._binary] * 6,
            *(self._unary, self._cast, self._cast, self._compare, self._choice, self._choice, self._extreme),
            *(self._bits, self._function, self._logic, self._called),
        )
        return self.choose.pick(forms)(depth - 1) or self.leaf()

    def value(self, kind: ScalarType, depth: int) -> Term:
        """Return an expression that can be assigned to a type."""
        if kind.kind == "struct":
            same = [Term(one.name, kind) for one in self.variables if one.type == kind]
            same += [Term(f"{a.name}[{self.subscripts(a)}]", kind) for a in self.arrays if a.element == kind]
            return self.choose.pick(same) if same and self.choose.chance(70) else self._bitcast(kind) or same[0]
        cast = self._bitcast(kind) if depth and self.choose.chance(6) else None
        if cast:
            return cast
        if self.call and self.choose.chance(6):
            called = self.call(self, kind)
            if called:
                return called
        term = self.number(depth)
        return self.literal(kind) if term.literal else term

    def truth(self, depth: int) -> str:
        term = self._logic(depth) or self._compare(depth) or self.leaf()
        return term.text

    def typed(self, depth: int) -> Term:
        """Return an expression with a type of its own: no number of the text."""
        term = self.number(depth)
        if not term.literal:
            return term
        kind = self.choose.pick((INT32, FLOAT32, integer(9)))
        return Term(f"{kind}({self.literal(kind).text})", kind)

    def _binary(self, depth: int) -> Term | None:
        operators = ("+", "-", "*", "+", "-", "*", "/", "//", "%", "<<", ">>", "&", "|", "^", "**")
        operator, one, two = self.choose.pick(operators), self.typed(depth), self.number(depth)
        if two.literal and operator in ("/", "//", "%"):
            two = Term("3", INT32, True)
        elif not two.literal and operator not in ("<<", ">>", "**") and self.choose.chance(20):
            one, two = two, one
        try:
            kind = result_type(operator, *self._met(one, two))
        except Untyped:
            return None
        return Term(f"({one.text} {operator} {two.text})", kind) if kind.bits <= MOST else None

    def _met(self, one: Term, two: Term) -> tuple[ScalarType, ScalarType]:
        """Return the types of two operands: a real number of the text is a `float64` where it meets one."""
        left, right = one.type, two.type
        if one.literal and left.is_float and right == FLOAT64:
            left = FLOAT64
        if two.literal and right.is_float and left == FLOAT64:
            right = FLOAT64
        return left, right

    def _unary(self, depth: int) -> Term | None:
        one, operator = self.typed(depth), self.choose.pick(("-", "~", "abs", "+", "not"))
        if operator == "+":
            return Term(f"(+{one.text})", one.type)
        if operator == "not":
            return Term(f"(not {one.text})", BOOL)
        if operator == "~":
            return Term(f"(~{one.text})", one.type) if one.type.kind == "int" else None
        kind = one.type if operator == "abs" and not (one.type.signed or one.type.is_float) else negated_type(one.type)
        return Term(f"abs({one.text})" if operator == "abs" else f"(-{one.text})", kind)

    def _cast(self, depth: int) -> Term | None:
        one = self.typed(depth)
        if self.choose.chance(15):
            name, kind = self.choose.pick((("int", INT32), ("float", FLOAT32), ("bool", BOOL)))
            return Term(f"{name}({one.text})", kind)
        kind = scalar_type(self.choose)
        return Term(f"{self.spell(kind)}({one.text})", kind)

    def _compare(self, depth: int) -> Term | None:
        one, two, draw = self.typed(depth), self.number(depth), self.choose
        text = f"{one.text} {draw.pick(COMPARISONS)} {two.text}"
        if draw.chance(15):
            text += f" {draw.pick(COMPARISONS)} {self.typed(0).text}"
        return Term(f"({text})", BOOL)

    def _logic(self, depth: int) -> Term | None:
        parts = [self.truth(depth - 1) if depth > 0 else self.typed(0).text for _ in range(self.choose.number(2, 3))]
        negated = [f"not {part}" if self.choose.chance(20) else part for part in parts]
        joint = self.choose.pick((" and ", " or "))
        return Term(f"({joint.join(negated)})", BOOL)

    def _choice(self, depth: int) -> Term | None:
        one, two = self.typed(depth), self.number(depth)
        kind = common_type(*self._met(one, two))
        return Term(f"({one.text} if {self.truth(depth)} else {two.text})", kind) if kind.bits <= MOST else None

    def _extreme(self, depth: int) -> Term | None:
        one, two = self.typed(depth), self.number(depth)
        kind = common_type(*self._met(one, two))
        text = f"{self.choose.pick(('min', 'max'))}({one.text}, {two.text})"
        return Term(text, kind) if kind.bits <= MOST else None

    def _bits(self, depth: int) -> Term | None:
        one, draw = self.typed(depth), self.choose
        if one.type.kind != "int" or one.type == INDEX:
            return None
        form, bits = draw.number(0, 3), one.type.bits
        if form == 0:
            return Term(f"({one.text}).reverse()", one.type)
        if form == 1:
            at = self.read()
            if at:
                return Term(f"({one.text})[{at.text}]", BOOL)
        low = draw.number(0, bits - 1)
        if form == 2:
            return Term(f"({one.text})[{low}]", BOOL)
        high = draw.number(low + 1, bits)
        return Term(f"({one.text})[{low}:{high}]", integer(high - low, False))

    def _function(self, depth: int) -> Term | None:
        one = self.typed(depth)
        return Term(f"{self.choose.pick(FUNCTIONS)}({one.text})", float_of(one.type))

    def _bitcast(self, kind: ScalarType) -> Term | None:
        """Return the bits of a value; those of what is no number differ between machines, so they are not taken."""
        floats = [NAMED[name] for name in FLOATS if NAMED[name].bits == kind.bits]
        if floats and kind.kind != "struct" and self.choose.chance(50):
            real = self.choose.pick(floats)
            one = f"{real}({self.typed(1).text})"
            return Term(f"({one} if {one} == {one} else {real}(0)).bitcast()", kind)
        held, source = self._memory(), integer(kind.bits, self.choose.chance(50))
        if held is None:
            return None
        text = f"float64({held.text})" if held.type.is_float else held.text
        return Term(f"({self.spell(source)}({text})).bitcast()", kind)

    def _called(self, depth: int) -> Term | None:
        return self.call(self, None) if self.call and depth > 0 else None


def spelled(kind: ScalarType) -> str:
    """Return a type as a kernel may write it anywhere."""
    match kind.kind:
        case "int" if kind.bits > 64:
            return f"{'' if kind.signed else 'U'}Int({kind.bits})"
        case "fixed":
            modes = (
                f", {kind.rounding!r}, {kind.overflow!r}" if (kind.rounding, kind.overflow) != ("floor", "wrap") else ""
            )
            return f"{'' if kind.signed else 'U'}Fixed({kind.bits}, {kind.fraction}{modes})"
    return kind.name


def scalar_type(draw: Chooser) -> ScalarType:
    """Return a random type of numbers."""
    match draw.number(0, 9):
        case 0 | 1 | 2 | 3:
            return integer(draw.pick(WIDTHS), not draw.chance(45))
        case 4:
            return BOOL
        case 5 | 6:
            bits = draw.pick((1, 2, 7, 8, 12, 16, 24, 33, 48, 70))
            return fixed(bits, draw.number(-3, 14), not draw.chance(40), draw.pick(ROUNDINGS), draw.pick(OVERFLOWS))
    return NAMED[draw.pick(FLOATS)]


def types_of(draw: Chooser, count: int) -> list[ScalarType]:
    """Return some types, structs among them."""
    found: list[Any] = [scalar_type(draw) for _ in range(count)]
    if draw.chance(35):
        found.append(struct((name, scalar_type(draw)) for name in "xyz"[: draw.number(1, 3)]))
        if draw.chance(30):
            found.append(struct([("p", found[-1]), ("q", scalar_type(draw))]))
    return found

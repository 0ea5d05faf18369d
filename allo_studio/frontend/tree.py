"""Values that were found correct, with their types: what checking hands to lowering.

Affine subscripts and bounds are `LinearExpr` over `Variable`s, sizes (`Memory`) and `Division`s; lowering puts MLIR
values in their place.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from allo_studio.ir import LinearExpr
from allo_studio.source import Span
from allo_studio.types import BOOL, INDEX, ArrayType, ScalarType

if TYPE_CHECKING:
    from allo_studio.frontend.tree_statements import Statement

__all__ = [
    "AffineCompare",
    "Binary",
    "Bits",
    "Cast",
    "Choose",
    "Compare",
    "Division",
    "Expression",
    "Function",
    "Index",
    "Literal",
    "Load",
    "Logic",
    "Memory",
    "Reinterpret",
    "Reverse",
    "Scalar",
    "SetBits",
    "Subscript",
    "Unary",
    "Variable",
    "parts_of",
    "statements_in",
]


@dataclass(frozen=True, eq=False)
class Variable:
    """A loop's variable: from `lower` to before `upper` by `step`, which is never 0; known by identity.

    A `computed` one has bounds that are read from memory, so nothing is known of it.
    """

    name: str
    lower: LinearExpr
    upper: LinearExpr
    step: int
    computed: bool = False


@dataclass(frozen=True, eq=False)
class Memory:
    """An array or a variable, or an argument; `by_value` means a scalar argument. Known by identity.

    `maximum` is that of a named size. `resource` is the text of `Memory(...)`. `stateful` ones keep their contents
    between calls; `contents` are what a table or a state holds at first, one number of the element's type each.
    """

    name: str
    type: ArrayType
    span: Span
    argument: bool = False
    by_value: bool = False
    maximum: int | None = None
    resource: str = ""
    stateful: bool = False
    contents: tuple[int | float | Fraction, ...] | None = None


@dataclass(frozen=True)
class Division:
    """`operand // divisor` of an index, or its `remainder`, as a term of a `LinearExpr`; the divisor is at least 1."""

    operand: LinearExpr
    divisor: int
    remainder: bool = False


@dataclass(frozen=True)
class Literal:
    """A number of the text, or of a parameter; of a fixed-point type the number that it stands for.

    A `flexible` one has the type only for want of another: it takes any type that it meets.
    """

    value: int | float | Fraction
    type: ScalarType
    span: Span
    flexible: bool = False


@dataclass(frozen=True)
class Index:
    """A loop's variable as a value."""

    variable: Variable
    span: Span
    type: ScalarType = INDEX


@dataclass(frozen=True)
class Scalar:
    """A scalar argument's value."""

    memory: Memory
    span: Span

    @property
    def type(self) -> ScalarType:
        """The argument's type."""
        return self.memory.type.element


@dataclass(frozen=True)
class Load:
    """An element of an array, or a local variable's value (no subscripts)."""

    memory: Memory
    subscripts: tuple[Subscript, ...]
    span: Span

    @property
    def type(self) -> ScalarType:
        """The element's type."""
        return self.memory.type.element


@dataclass(frozen=True)
class Binary:
    """`left operator right` for one of `+ - * / // % << >> & | ^`.

    The sides have types of their own; where the result is a float, both are of its type.
    """

    operator: str
    left: Expression
    right: Expression
    type: ScalarType
    span: Span


@dataclass(frozen=True)
class Unary:
    """`-operand`, `~operand`, or `not operand` of a truth value."""

    operator: str
    operand: Expression
    type: ScalarType
    span: Span


@dataclass(frozen=True)
class Compare:
    """`left operator right` for one of `== != < <= > >=`; numbers of any two types compare by their values.

    Where one is a float, both are of one float type.
    """

    operator: str
    left: Expression
    right: Expression
    span: Span
    type: ScalarType = BOOL


@dataclass(frozen=True)
class AffineCompare:
    """A comparison of two index expressions, which says in which iterations of a nest something runs."""

    operator: str
    left: LinearExpr
    right: LinearExpr
    span: Span
    type: ScalarType = BOOL


@dataclass(frozen=True)
class Logic:
    """`left and right` or `left or right` of truth values.

    A `lazy` right side, and the statements `before` it, run only where the left side does not settle it.
    """

    operator: str
    left: Expression
    right: Expression
    span: Span
    before: tuple[Statement, ...] = ()
    lazy: bool = False
    type: ScalarType = BOOL


@dataclass(frozen=True)
class Choose:
    """`yes if condition else no`, both of the type of the result.

    Of `lazy` ones only the one that is chosen runs, with the statements before it.
    """

    condition: Expression
    yes: Expression
    no: Expression
    type: ScalarType
    span: Span
    before_yes: tuple[Statement, ...] = ()
    before_no: tuple[Statement, ...] = ()
    lazy: bool = False


@dataclass(frozen=True)
class Cast:
    """A number as a value of another integer, float or fixed-point type."""

    operand: Expression
    type: ScalarType
    span: Span


@dataclass(frozen=True)
class Reinterpret:
    """The bits of a value as a value of another type of the same width.

    A `flexible` one has the type only for want of another.
    """

    operand: Expression
    type: ScalarType
    span: Span
    flexible: bool = False


@dataclass(frozen=True)
class Bits:
    """Bits of a value, from `low` upwards, as an unsigned number: as many as the type has. `low` may be computed."""

    operand: Expression
    low: int | Expression
    type: ScalarType
    span: Span


@dataclass(frozen=True)
class SetBits:
    """A value with other bits from `low` upwards: those of `value`, which is an unsigned number of as many bits."""

    operand: Expression
    low: int | Expression
    value: Expression
    span: Span

    @property
    def type(self) -> ScalarType:
        """The value's type."""
        return self.operand.type


@dataclass(frozen=True)
class Reverse:
    """The bits of a value, the last first."""

    operand: Expression
    type: ScalarType
    span: Span


@dataclass(frozen=True)
class Function:
    """A function of scalar mathematics; its arguments are of the type of the result."""

    name: str
    arguments: tuple[Expression, ...]
    type: ScalarType
    span: Span


Expression = (
    Literal
    | Index
    | Scalar
    | Load
    | Binary
    | Unary
    | Compare
    | AffineCompare
    | Logic
    | Choose
    | Cast
    | Reinterpret
    | Bits
    | SetBits
    | Reverse
    | Function
)
# A subscript that is no `LinearExpr` is computed where the kernel runs.
Subscript = LinearExpr | Expression


def parts_of(value: Expression) -> tuple[Expression, ...]:
    """Return the expressions that one is made of, computed subscripts included, in the order of evaluation."""
    match value:
        case Load(subscripts=subscripts):
            return tuple(part for part in subscripts if not isinstance(part, LinearExpr))
        case Binary(left=left, right=right) | Compare(left=left, right=right) | Logic(left=left, right=right):
            return (left, right)
        case Choose(condition=condition, yes=yes, no=no):
            return (condition, yes, no)
        case Bits(operand=operand, low=low):
            return (operand,) if isinstance(low, int) else (operand, low)
        case SetBits(operand=operand, low=low, value=new):
            return (operand, new) if isinstance(low, int) else (operand, low, new)
        case Function(arguments=arguments):
            return arguments
        case Unary(operand=operand) | Cast(operand=operand) | Reinterpret(operand=operand) | Reverse(operand=operand):
            return (operand,)
    return ()


def statements_in(value: Expression) -> tuple[Statement, ...]:
    """Return the statements that run inside of an expression, not those of its parts."""
    match value:
        case Logic(before=before):
            return before
        case Choose(before_yes=yes, before_no=no):
            return (*yes, *no)
    return ()

"""A kernel that was found correct, as typed values: what checking hands to lowering.

Subscripts and bounds are `LinearExpr` over `Variable`s; lowering puts MLIR values in their place.
"""

from __future__ import annotations

from dataclasses import dataclass

from allo_studio.ir import LinearExpr
from allo_studio.source import Span
from allo_studio.types import INT32, ArrayType, ScalarType

__all__ = [
    "Binary",
    "Declare",
    "Expression",
    "Index",
    "Kernel",
    "Literal",
    "Load",
    "Loop",
    "Memory",
    "Negate",
    "Scalar",
    "Statement",
    "Store",
    "Variable",
]


@dataclass(frozen=True, eq=False)
class Variable:
    """A loop's variable: from `lower` to less than `upper` by `step`; known by identity."""

    name: str
    lower: LinearExpr
    upper: LinearExpr
    step: int


@dataclass(frozen=True, eq=False)
class Memory:
    """An array or a variable, or an argument; `by_value` means a scalar argument. Known by identity."""

    name: str
    type: ArrayType
    span: Span
    argument: bool = False
    by_value: bool = False


@dataclass(frozen=True)
class Literal:
    """A number of the text, or of a parameter. A `flexible` one is a whole number that may still become a float."""

    value: int | float
    type: ScalarType
    span: Span
    flexible: bool = False


@dataclass(frozen=True)
class Index:
    """A loop's variable used as an int32."""

    variable: Variable
    span: Span
    type: ScalarType = INT32


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
    subscripts: tuple[LinearExpr, ...]
    span: Span

    @property
    def type(self) -> ScalarType:
        """The element's type."""
        return self.memory.type.element


@dataclass(frozen=True)
class Binary:
    """`left operator right`; both sides have the type of the result."""

    operator: str
    left: Expression
    right: Expression
    type: ScalarType
    span: Span


@dataclass(frozen=True)
class Negate:
    """`-operand`."""

    operand: Expression
    type: ScalarType
    span: Span


Expression = Literal | Index | Scalar | Load | Binary | Negate


@dataclass(frozen=True)
class Declare:
    """The place where a local lives from, with what its elements are set to there (None: nothing)."""

    memory: Memory
    initial: Expression | None
    span: Span


@dataclass(frozen=True)
class Store:
    """`memory[subscripts] = value`."""

    memory: Memory
    subscripts: tuple[LinearExpr, ...]
    value: Expression
    span: Span


@dataclass(frozen=True)
class Loop:
    """A loop; `band` is the name that the text gives its nest."""

    variable: Variable
    body: tuple[Statement, ...]
    span: Span
    band: str | None = None
    reduction: bool = False


Statement = Declare | Store | Loop


@dataclass(frozen=True)
class Kernel:
    """A whole kernel; `results` are the memories it returns, in order."""

    name: str
    arguments: tuple[Memory, ...]
    results: tuple[Memory, ...]
    body: tuple[Statement, ...]
    span: Span

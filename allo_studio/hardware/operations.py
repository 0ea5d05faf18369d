"""What is scheduled: the operations of one iteration with their operands, and the dependences between them.

An `OperationGraph` says all that hardware needs: what each operation computes from which values, which element it
accesses and under which conditions, its latency and delays, and which memory ports it takes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, TypeAlias

from allo_studio.hardware.counters import Affine
from allo_studio.source import Span
from allo_studio.types import ScalarType

__all__ = [
    "Argument",
    "Constant",
    "Dependence",
    "Enabled",
    "Guard",
    "Index",
    "Live",
    "Operand",
    "Operation",
    "OperationGraph",
    "OperationKind",
    "PortGroup",
    "Result",
]


@dataclass(frozen=True)
class Result:
    """The result of an operation of the same graph, by number."""

    operation: int


@dataclass(frozen=True)
class Constant:
    """A number: a float, or an integer of the type's bits with a sign."""

    value: int | float
    type: ScalarType


@dataclass(frozen=True)
class Index:
    """A function of counters and scalar arguments, as an integer of the type (or of type index)."""

    expression: Affine
    type: ScalarType


@dataclass(frozen=True)
class Argument:
    """A scalar argument of the function."""

    name: str
    type: ScalarType


@dataclass(frozen=True)
class Live:
    """A value that an earlier item of the function leaves in a register, by number."""

    number: int
    type: ScalarType


@dataclass(frozen=True)
class Enabled:
    """Whether this lane of a partly unrolled loop has an iteration: false beyond the loop's end."""

    lane: int


Operand: TypeAlias = "Result | Constant | Index | Argument | Live | Enabled"


@dataclass(frozen=True)
class Guard:
    """A condition on which an operation happens: that `operand` (one bit) is `truth`. `branch` numbers the `if`."""

    operand: Operand
    truth: bool
    branch: int


# compute: `function` of the inputs. load, store: of one element. read, write: of a stream's token. element: one of a
# token's elements, which is a wire.
OperationKind: TypeAlias = Literal["compute", "load", "store", "read", "write", "element"]


@dataclass(frozen=True)
class Operation:
    """One operation of one lane. `latency` is cycles to the result, delays are ns (see `operators.Operator`).

    `function` is the MLIR operation that a `compute` does, and `predicate` its number where it is a comparison.
    `type` is that of the result (of what is stored, for a store). `operator` names the operator in the library that
    does it, empty for wires and accesses; it is `bound` where the kernel says which
    implementation. A store happens, and a token moves, where all `guards` hold; anything else happens always.
    `subscripts` are those of an access: an expression, or an operand where it is computed from data; of a stream's
    token they are those of its first element. `wire` says that it takes no time and no place.
    """

    index: int
    kind: OperationKind
    function: str
    label: str
    inputs: tuple[Operand, ...]
    type: ScalarType
    latency: int
    delay_in: float
    delay_out: float
    operator: str = ""
    buffer: str = ""
    subscripts: tuple[Affine | Operand, ...] = ()
    guards: tuple[Guard, ...] = ()
    predicate: int = 0
    wire: bool = False
    units: int = 1
    span: Span | None = None
    bound: bool = False

    @property
    def write(self) -> bool:
        """Whether it changes a memory or puts a token."""
        return self.kind in ("store", "write")

    @property
    def duration(self) -> int:
        """The cycles from its first to its last, inclusive; 0 for a wire."""
        return 0 if self.wire else self.latency + 1

    @property
    def operands(self) -> tuple[Operand, ...]:
        """All values that it takes: inputs, computed subscripts, guards."""
        computed = tuple(s for s in self.subscripts if not isinstance(s, Affine))
        return (*self.inputs, *computed, *(guard.operand for guard in self.guards))


@dataclass(frozen=True)
class Dependence:
    """`target` follows `source`, `distance` iterations later.

    With `weight` None (and distance 0) the target takes the source's result, and may chain after it in a cycle if
    the delays fit; else the target starts at least `weight` cycles after the source's start.
    """

    source: int
    target: int
    distance: int = 0
    weight: int | None = None


@dataclass(frozen=True)
class PortGroup:
    """Accesses that compete for ports of one array: each bank serves `ports` of them in a cycle.

    `meets(a, b, later)` tells whether the access `a` of some iteration and the access `b` of the iteration `later`
    after it (before it where negative) may want one bank; `meets(a, b, k) == meets(b, a, -k)`. `always(a, b)` tells
    whether they want one bank in all iterations, however far apart: then `meets` is true for all `later`. Members are
    operations, by number. `kind` is `read`, `write`, or `any` where each port does either. The array has so many
    `banks` (0: not told), and `steady` are the members that happen in every iteration.
    """

    array: str
    ports: int
    members: tuple[int, ...]
    meets: Callable[[int, int, int], bool]
    always: Callable[[int, int], bool]
    kind: Literal["any", "read", "write"] = "any"
    banks: int = 0
    steady: tuple[int, ...] = ()


@dataclass(frozen=True)
class OperationGraph:
    """The operations of one iteration (all lanes), in program order, and their dependences."""

    operations: tuple[Operation, ...]
    dependences: tuple[Dependence, ...]
    usable_ns: float
    groups: tuple[PortGroup, ...] = ()
    # The accesses that move a stream's tokens in an iteration, in order: operation numbers by stream argument.
    streams: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    # Values that later items use: the operand by the number of the live value.
    exports: Mapping[int, Operand] = field(default_factory=dict)

    @cached_property
    def incoming(self) -> Mapping[int, tuple[Dependence, ...]]:
        """The dependences into each operation."""
        table: dict[int, list[Dependence]] = defaultdict(list)
        for dependence in self.dependences:
            table[dependence.target].append(dependence)
        return {index: tuple(found) for index, found in table.items()}

    @cached_property
    def outgoing(self) -> Mapping[int, tuple[Dependence, ...]]:
        """The dependences out of each operation."""
        table: dict[int, list[Dependence]] = defaultdict(list)
        for dependence in self.dependences:
            table[dependence.source].append(dependence)
        return {index: tuple(found) for index, found in table.items()}

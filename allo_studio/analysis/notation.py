"""Index values, conditions and symbols of a function in isl's notation.

A value is written where it is quasi-affine in loop variables and symbols: sums, multiples, and `floordiv`, `ceildiv`
and `mod` by a positive constant. Symbols are isl parameters: index values computed once, directly in the function's
block, and scalar arguments that become an index anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple

from allo_studio.ir import LinearExpr
from allo_studio.ir.attributes import integer_map, strings
from allo_studio.ir.binding import ir

__all__ = ["Notation", "Symbol", "bound_texts", "condition", "index_text", "linear_text", "map_texts", "notation_of"]

Names = Mapping[ir.Value, str]


@dataclass(frozen=True)
class Symbol:
    """An isl parameter: its name there, the argument that it is (empty for another value), and its range."""

    name: str
    label: str
    lower: int | None = None
    upper: int | None = None

    @property
    def range(self) -> list[str]:
        """The range as conditions in isl's notation."""
        low = [] if self.lower is None else [f"{self.lower} <= {self.name}"]
        return low if self.upper is None else [*low, f"{self.name} <= {self.upper}"]


@dataclass(frozen=True, eq=False)
class Notation:
    """The symbols of a function. `sizes` has the isl name of each named size, `values` of each symbol's value.

    `domains` keeps what `domain_of` found for loops of the function.
    """

    symbols: tuple[Symbol, ...]
    values: Names
    sizes: Mapping[str, str]
    domains: dict[Any, Any] = field(default_factory=dict, repr=False)

    @property
    def parameters(self) -> str:
        """What a text in isl's notation starts with: `[n_n] -> `, or nothing."""
        return f"[{', '.join(s.name for s in self.symbols)}] -> " if self.symbols else ""

    @property
    def context(self) -> list[str]:
        """The ranges of all symbols as conditions."""
        return [text for symbol in self.symbols for text in symbol.range]


def notation_of(function: ir.Operation) -> Notation:
    """Return the symbols of a `func.func`: its named sizes, then what its own block computes of type index."""
    block = function.regions[0].blocks[0]
    maxima = integer_map(function, "allo.sizes")
    found = {name: Symbol(f"n_{name}", name, 1, most) for name, most in maxima.items()}
    values: dict[ir.Value, str] = {}
    for op in block.operations:
        if op.operation.name.startswith(("affine.", "memref.", "scf.", "func.")) or not _is_index(op.operation):
            continue
        if op.operation.name == "arith.constant":
            continue
        symbol = _symbol(function, op.operation, maxima, len(values))
        found.setdefault(symbol.label or symbol.name, symbol)
        values[op.operation.results[0]] = symbol.name
    for cast in _casts_inside(block):
        symbol = _symbol(function, cast, maxima, len(values))
        found.setdefault(symbol.label, symbol)
        values[cast.operands[0]] = symbol.name
    return Notation(tuple(found.values()), values, {name: found[name].name for name in maxima})


def _casts_inside(block: ir.Block) -> Iterator[ir.Operation]:
    """Yield for each scalar argument the first place in a loop or branch where it becomes an index, if there is one."""
    for argument in block.arguments:
        if isinstance(argument.type, ir.IntegerType):
            users = (use.owner.operation for use in argument.uses)
            casts = (op for op in users if op.name == "arith.index_cast" and ir.InsertionPoint(op).block != block)
            yield from islice(casts, 1)


def _is_index(op: ir.Operation) -> bool:
    return len(op.results) == 1 and isinstance(op.results[0].type, ir.IndexType)


def _symbol(function: ir.Operation, op: ir.Operation, maxima: Mapping[str, int], number: int) -> Symbol:
    if op.name not in ("arith.index_cast", "arith.index_castui") or not isinstance(op.operands[0].owner, ir.Block):
        return Symbol(f"v_{number}", "")
    argument = ir.BlockArgument(op.operands[0])
    names = strings(function, "allo.args")
    label = names[argument.arg_number] if argument.arg_number < len(names) else f"{argument.arg_number}"
    if label in maxima:
        return Symbol(f"n_{label}", label, 1, maxima[label])
    width = int(ir.IntegerType(argument.type).width)
    if op.name == "arith.index_castui":
        return Symbol(f"u_{label}", label, 0, 2**width - 1)
    return Symbol(f"n_{label}", label, -(2 ** (width - 1)), 2 ** (width - 1) - 1)


def linear_text(expression: LinearExpr, names: Names) -> str:
    """Return an expression in isl's notation; raises KeyError for a variable that has no name."""
    parts = [f"{factor}{names[value]}" for value, factor in expression.terms]
    return " + ".join([*parts, str(expression.constant)])


def index_text(value: ir.Value, names: Names) -> str | None:
    """Return an index value in isl's notation; None where it is not quasi-affine in what has a name."""
    if value in names:
        return names[value]
    owner = value.owner
    if isinstance(owner, ir.Block) or not isinstance(value.type, ir.IndexType):
        return None
    op = owner.operation
    if op.name == "affine.apply":
        return map_texts(ir.AffineMapAttr(op.attributes["map"]).value, list(op.operands), names)[0]
    if op.name == "arith.constant":
        return str(int(ir.IntegerAttr(op.attributes["value"]).value))
    if op.name == "arith.index_cast":
        # Of a scalar argument, wherever it stands.
        return names.get(op.operands[0])
    return _arithmetic(op, names)


def _arithmetic(op: ir.Operation, names: Names) -> str | None:
    sign = {"arith.addi": "+", "arith.subi": "-", "arith.muli": "*"}.get(op.name)
    if sign is None:
        return None
    left, right = (index_text(operand, names) for operand in op.operands)
    if left is None or right is None:
        return None
    return _product(left, right) if sign == "*" else f"(({left}) {sign} ({right}))"


def map_texts(mapping: ir.AffineMap, operands: Sequence[ir.Value], names: Names) -> list[str | None]:
    """Return the results of a map at `operands` in isl's notation, None for each that is not quasi-affine."""
    inputs = [index_text(operand, names) for operand in operands]
    return [_expression(result, inputs[: mapping.n_dims], inputs[mapping.n_dims :]) for result in mapping.results]


def bound_texts(op: ir.Operation, names: Names) -> tuple[list[str | None], list[str | None]]:
    """Return the lower and upper bounds of an `affine.for`, as `map_texts` does."""
    lower = ir.AffineMapAttr(op.attributes["lowerBoundMap"]).value
    upper = ir.AffineMapAttr(op.attributes["upperBoundMap"]).value
    operands, split = list(op.operands), lower.n_inputs
    low = map_texts(lower, operands[:split], names)
    return low, map_texts(upper, operands[split : split + upper.n_inputs], names)


def _expression(expression: ir.AffineExpr, dims: Sequence[str | None], symbols: Sequence[str | None]) -> str | None:
    expression = expression.maybe_downcast()
    if isinstance(expression, ir.AffineConstantExpr):
        return str(int(expression.value))
    if isinstance(expression, ir.AffineDimExpr):
        return dims[int(expression.position)]
    if isinstance(expression, ir.AffineSymbolExpr):
        return symbols[int(expression.position)]
    left, right = _expression(expression.lhs, dims, symbols), _expression(expression.rhs, dims, symbols)
    if left is None or right is None:
        return None
    if isinstance(expression, ir.AffineAddExpr):
        return f"({left} + {right})"
    if isinstance(expression, ir.AffineMulExpr):
        return _product(left, right)
    return _divided(expression, left, right)


def _product(left: str, right: str) -> str | None:
    if _is_number(right):
        return f"({right} * ({left}))"
    return f"({left} * ({right}))" if _is_number(left) else None


def _divided(expression: ir.AffineExpr, left: str, right: str) -> str | None:
    if not _is_number(right) or int(right) < 1:
        return None
    if isinstance(expression, ir.AffineModExpr):
        return f"(({left}) mod {right})"
    if isinstance(expression, ir.AffineFloorDivExpr):
        return f"floor(({left}) / {right})"
    return f"(-floor((-({left})) / {right}))"


def _is_number(text: str) -> bool:
    return text.lstrip("-").isdigit()


class Condition(NamedTuple):
    """What a condition says in isl's notation (empty: nothing), and whether that is all that it says."""

    text: str
    exact: bool


_UNKNOWN = Condition("", False)
_TRUE, _FALSE = Condition("", True), Condition("0 = 1", True)
# The predicates of `arith.cmpi` on signed numbers, and their opposites.
_COMPARED = {0: ("=", "!="), 1: ("!=", "="), 2: ("<", ">="), 3: ("<=", ">"), 4: (">", "<="), 5: (">=", "<")}


def condition(value: ir.Value, truth: bool, names: Names) -> Condition:
    """Return what is known where the `i1` value is `truth`."""
    if isinstance(value.owner, ir.Block):
        return _UNKNOWN
    op = value.owner.operation
    match op.name:
        case "arith.constant":
            return _TRUE if bool(ir.IntegerAttr(op.attributes["value"]).value) == truth else _FALSE
        case "arith.cmpi":
            return _comparison(op, truth, names)
        case "arith.andi" | "arith.ori":
            both = (op.name == "arith.andi") == truth
            return _joined([condition(operand, truth, names) for operand in op.operands], both)
        case "arith.xori":
            return _exclusive(op, truth, names)
        case "arith.select":
            return _chosen(op.operands[0], op.operands[1], op.operands[2], truth, names)
        case "scf.if":
            one, two = (list(region.blocks[0].operations)[-1].operands for region in op.regions)
            number = ir.OpResult(value).result_number
            return _chosen(op.operands[0], one[number], two[number], truth, names)
    return _UNKNOWN


def _comparison(op: ir.Operation, truth: bool, names: Names) -> Condition:
    signs = _COMPARED.get(int(ir.IntegerAttr(op.attributes["predicate"]).value))
    left, right = (index_text(operand, names) for operand in op.operands)
    if signs is None or left is None or right is None:
        return _UNKNOWN
    return Condition(f"({left}) {signs[0 if truth else 1]} ({right})", True)


def _joined(parts: Sequence[Condition], both: bool) -> Condition:
    """Return what is known where both parts hold, or where one of them does."""
    exact = all(part.exact for part in parts)
    said = [part.text for part in parts if part.text]
    if both:
        return Condition(" and ".join(f"({text})" for text in said), exact)
    if len(said) < len(parts):
        # One of them says nothing, so the whole does not either; where that one is always true, so is the whole.
        return _TRUE if any(part == _TRUE for part in parts) else _UNKNOWN
    return Condition(" or ".join(f"({text})" for text in said), exact)


def _exclusive(op: ir.Operation, truth: bool, names: Names) -> Condition:
    left, right = op.operands
    cases = [
        _joined([condition(left, a, names), condition(right, a != truth, names)], both=True) for a in (True, False)
    ]
    return _joined(cases, both=False)


def _chosen(test: ir.Value, one: ir.Value, two: ir.Value, truth: bool, names: Names) -> Condition:
    """Return what is known where `one if test else two` is `truth`."""
    cases = [
        _joined([condition(test, True, names), condition(one, truth, names)], both=True),
        _joined([condition(test, False, names), condition(two, truth, names)], both=True),
    ]
    return _joined(cases, both=False)

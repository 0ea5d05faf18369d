"""Linear index expressions: what a subscript or a bound is in terms of induction variables.

`LinearExpr` is the common currency of everything that reads or makes affine code: `linear_of` reads one from an MLIR
value, `access_of` the subscripts of a load or store, and `build.py` takes them where it makes operations.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from allo_studio.ir.binding import context, ir

__all__ = ["LinearExpr", "access_of", "affine_map", "evaluate_affine", "is_symbol", "linear_of", "map_results"]


@dataclass(frozen=True)
class LinearExpr:
    """A sum of integer multiples of index values and a constant; build it with `of`, `number` and arithmetic.

    `terms` holds each value once, with a factor that is not 0, in order of first appearance. Values are MLIR values
    (induction variables, as `linear_of` gives them).
    """

    terms: tuple[tuple[ir.Value, int], ...] = ()
    constant: int = 0

    @classmethod
    def of(cls, value: ir.Value) -> LinearExpr:
        """Return the expression that is just `value`."""
        return cls(((value, 1),))

    @classmethod
    def number(cls, constant: int) -> LinearExpr:
        """Return a constant expression."""
        return cls((), constant)

    @classmethod
    def collect(cls, terms: Iterable[tuple[ir.Value, int]], constant: int = 0) -> LinearExpr:
        """Return the sum of `terms`, in which a value may occur several times, and `constant`."""
        factors: dict[ir.Value, int] = {}
        for value, factor in terms:
            factors[value] = factors.get(value, 0) + factor
        return cls(tuple((v, f) for v, f in factors.items() if f), constant)

    @property
    def variables(self) -> tuple[ir.Value, ...]:
        """The values that the expression depends on."""
        return tuple(value for value, _ in self.terms)

    @property
    def is_constant(self) -> bool:
        """Whether the expression depends on nothing."""
        return not self.terms

    def coefficient(self, value: ir.Value) -> int:
        """Return the factor of `value`, 0 where it does not occur."""
        return next((factor for known, factor in self.terms if known == value), 0)

    def without(self, value: ir.Value) -> LinearExpr:
        """Return the expression less its multiple of `value`."""
        return LinearExpr(tuple((v, f) for v, f in self.terms if v != value), self.constant)

    def substitute(self, value: ir.Value, replacement: LinearExpr) -> LinearExpr:
        """Return the expression with `replacement` in the place of `value`."""
        return self.without(value) + replacement * self.coefficient(value)

    def evaluate(self, values: Mapping[ir.Value, int]) -> int:
        """Return the number at a point; raises KeyError where a variable has no value."""
        return self.constant + sum(factor * values[value] for value, factor in self.terms)

    def __add__(self, other: LinearExpr | int) -> LinearExpr:
        if isinstance(other, int):
            return LinearExpr(self.terms, self.constant + other)
        return LinearExpr.collect((*self.terms, *other.terms), self.constant + other.constant)

    def __neg__(self) -> LinearExpr:
        return self * -1

    def __sub__(self, other: LinearExpr | int) -> LinearExpr:
        return self + (-other)

    def __mul__(self, factor: int) -> LinearExpr:
        return LinearExpr.collect(((v, f * factor) for v, f in self.terms), self.constant * factor)


def linear_of(value: ir.Value) -> LinearExpr | None:
    """Return an index value as a linear expression of variables, through `affine.apply` and constants.

    Variables are induction variables and symbols (see `is_symbol`). None where it is not linear (`mod`, and divisions
    that do not come out even) or comes from other operations.
    """
    owner = value.owner
    if isinstance(owner, ir.Block) or is_symbol(value):
        return LinearExpr.of(value)
    if owner.operation.name == "affine.apply":
        mapping = ir.AffineMapAttr(owner.attributes["map"]).value
        (result,) = map_results(mapping, list(owner.operands))
        return result
    if owner.operation.name == "arith.constant" and isinstance(value.type, ir.IndexType):
        return LinearExpr.number(int(ir.IntegerAttr(owner.attributes["value"]).value))
    return None


def is_symbol(value: ir.Value) -> bool:
    """Tell whether an index value is a symbol: cast from an integer directly in the function's block."""
    owner = value.owner
    if isinstance(owner, ir.Block) or owner.operation.name not in ("arith.index_cast", "arith.index_castui"):
        return False
    parent = owner.operation.parent
    return isinstance(value.type, ir.IndexType) and parent is not None and parent.operation.name == "func.func"


def access_of(op: ir.Operation) -> tuple[LinearExpr, ...] | None:
    """Return the subscripts of an `affine.load` or `affine.store`; None where any of them is not linear."""
    skip = {"affine.load": 1, "affine.store": 2}[op.operation.name]
    mapping = ir.AffineMapAttr(op.operation.attributes["map"]).value
    found = map_results(mapping, list(op.operation.operands)[skip:])
    linear = tuple(expression for expression in found if expression is not None)
    return linear if len(linear) == len(found) else None


def map_results(mapping: ir.AffineMap, operands: Sequence[ir.Value]) -> tuple[LinearExpr | None, ...]:
    """Return the results of a map at `operands` (dimensions, then symbols), None for each that is not linear."""
    inputs = [linear_of(operand) for operand in operands]
    dims, symbols = inputs[: mapping.n_dims], inputs[mapping.n_dims :]
    return tuple(_fold(expression, dims, symbols) for expression in mapping.results)


def affine_map(expressions: Sequence[LinearExpr]) -> tuple[ir.AffineMap, list[ir.Value]]:
    """Return a map with a result for each expression, and the operands of its dimensions."""
    operands: list[ir.Value] = []
    for expression in expressions:
        operands += [value for value in expression.variables if value not in operands]
    shared = context()
    results = []
    for expression in expressions:
        total = ir.AffineExpr.get_constant(expression.constant, shared)
        for value, factor in reversed(expression.terms):
            total = ir.AffineExpr.get_dim(operands.index(value), shared) * factor + total
        results.append(total)
    return ir.AffineMap.get(len(operands), 0, results, shared), operands


def evaluate_affine(expression: ir.AffineExpr, dims: Sequence[int], symbols: Sequence[int] = ()) -> int:
    """Return the number that any affine expression (`mod` and divisions too) is at a point."""
    known = [LinearExpr.number(d) for d in dims]
    result = _fold(expression, known, [LinearExpr.number(s) for s in symbols])
    if result is None or not result.is_constant:
        raise ValueError(f"{expression} has no value: it divides by a number below 1")
    return result.constant


_Inputs = Sequence[LinearExpr | None]


def _fold(expression: ir.AffineExpr, dims: _Inputs, symbols: _Inputs) -> LinearExpr | None:
    # The bindings hand out unspecific expressions for some parents; this finds the class again.
    expression = expression.maybe_downcast()
    if isinstance(expression, ir.AffineConstantExpr):
        return LinearExpr.number(int(expression.value))
    if isinstance(expression, ir.AffineDimExpr):
        return dims[int(expression.position)]
    if isinstance(expression, ir.AffineSymbolExpr):
        return symbols[int(expression.position)]
    left, right = _fold(expression.lhs, dims, symbols), _fold(expression.rhs, dims, symbols)
    if left is None or right is None:
        return None
    if isinstance(expression, ir.AffineAddExpr):
        return left + right
    if isinstance(expression, ir.AffineMulExpr):
        return _product(left, right)
    return _divide(expression, left, right)


def _product(left: LinearExpr, right: LinearExpr) -> LinearExpr | None:
    if right.is_constant:
        return left * right.constant
    return right * left.constant if left.is_constant else None


def _divide(expression: ir.AffineExpr, left: LinearExpr, right: LinearExpr) -> LinearExpr | None:
    """Divide where every multiple comes out even, so that only the constant is rounded."""
    divisor = right.constant
    if not right.is_constant or divisor < 1 or any(factor % divisor for _, factor in left.terms):
        return None
    if isinstance(expression, ir.AffineModExpr):
        return LinearExpr.number(left.constant % divisor)
    terms = tuple((value, factor // divisor) for value, factor in left.terms)
    if isinstance(expression, ir.AffineFloorDivExpr):
        return LinearExpr(terms, left.constant // divisor)
    if isinstance(expression, ir.AffineCeilDivExpr):
        return LinearExpr(terms, -(-left.constant // divisor))
    raise ValueError(f"unknown affine expression {expression}")

"""Index arithmetic as C++: sums of multiples of variables, with divisions and remainders where there are any."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from allo_studio.backends.vitis.cpp_types import INT_TYPE
from allo_studio.backends.vitis.expressions import Binds, Expression
from allo_studio.ir import LinearExpr
from allo_studio.ir.binding import ir

__all__ = ["FULL", "Index", "index_text", "map_indices"]

Range = tuple[int, int]
FULL: Range = (INT_TYPE.low, INT_TYPE.high)
_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Index:
    """A sum of integer multiples of C++ atoms and a constant; each atom has the range of its values."""

    terms: tuple[tuple[str, int, Range], ...] = ()
    constant: int = 0
    reads: frozenset[str] = _NOTHING

    @classmethod
    def atom(cls, text: str, range_: Range = FULL, reads: frozenset[str] = _NOTHING) -> Index:
        """Return the index that is one atom of C++."""
        return cls(((text, 1, range_),), 0, reads)

    @classmethod
    def of(cls, operand: Expression) -> Index:
        """Return an integer expression as an index."""
        if operand.number is not None:
            return cls((), operand.number)
        text = operand.text if operand.binds == Binds.ATOM else f"({operand.text})"
        return cls.atom(text, (operand.low, operand.high), operand.reads)

    @property
    def range(self) -> Range:
        """The least and the greatest value that it can have."""
        low = high = self.constant
        for _, factor, (least, greatest) in self.terms:
            ends = (factor * least, factor * greatest)
            low, high = low + min(ends), high + max(ends)
        return low, high

    def __add__(self, other: Index) -> Index:
        if not other.terms:
            return Index(self.terms, self.constant + other.constant, self.reads)
        found = {text: (factor, range_) for text, factor, range_ in self.terms}
        for text, factor, range_ in other.terms:
            found[text] = (found.get(text, (0, range_))[0] + factor, range_)
        terms = tuple((text, factor, range_) for text, (factor, range_) in found.items() if factor)
        return Index(terms, self.constant + other.constant, self.reads | other.reads)

    def __mul__(self, factor: int) -> Index:
        if not factor:
            return Index()
        return Index(tuple((t, f * factor, r) for t, f, r in self.terms), self.constant * factor, self.reads)

    def __sub__(self, other: Index) -> Index:
        return self + other * -1

    def divided(self, divisor: int, remainder: bool) -> Index:
        """Return the quotient rounded down, or the remainder that is never negative."""
        low, high = self.range
        if not self.terms:
            return Index((), low % divisor if remainder else low // divisor)
        if remainder and low >= 0 and high < divisor:
            return self
        # What is a multiple comes out of a quotient, and drops out of a remainder.
        rest = Index(tuple((t, f, r) for t, f, r in self.terms if f % divisor), self.constant % divisor, self.reads)
        whole = tuple((t, f // divisor, r) for t, f, r in self.terms if f % divisor == 0)
        out = Index(whole, self.constant // divisor, self.reads)
        if rest.range[0] < 0 <= low:
            rest, out = self, Index((), 0, self.reads)
        if remainder:
            return rest._quotient(divisor, True)
        return out + rest._quotient(divisor, False)

    def _quotient(self, divisor: int, remainder: bool) -> Index:
        low, high = self.range
        if not self.terms or (low >= 0 and high < divisor):
            return self if remainder and self.terms else Index((), low % divisor if remainder else low // divisor)
        range_ = (0, divisor - 1) if remainder else (low // divisor, high // divisor)
        if low >= 0:
            inner = self.text if len(self.terms) == 1 and not self.constant else f"({self.text})"
            return Index.atom(f"({inner} {'%' if remainder else '/'} {divisor})", range_, self.reads)
        function = "wrap::floor_mod" if remainder else "wrap::floor_div"
        return Index.atom(f"{function}<int32_t>({self.text}, {divisor})", range_, self.reads)

    @property
    def text(self) -> str:
        """The C++ text, such as `32 * j_outer + j_inner - 1`."""
        # A positive term first reads better than a leading minus.
        parts: list[str] = []
        for text, factor, _ in sorted(self.terms, key=lambda term: term[1] < 0):
            size = abs(factor)
            _append(parts, factor < 0, text if size == 1 else f"{size} * {text}")
        constant = self.constant
        if constant > 0 and parts and parts[0].startswith("-"):
            return f"{constant} - {' '.join(parts)[1:]}"
        if constant or not parts:
            _append(parts, constant < 0, str(abs(constant)))
        return " ".join(parts)

    @property
    def alone(self) -> str:
        """The C++ text for a place of its own, where a lone atom needs no parentheses."""
        text = self.text
        lone = len(self.terms) == 1 and not self.constant and self.terms[0][1] == 1
        return text[1:-1] if lone and text.startswith("(") else text

    def expression(self) -> Expression:
        """Return the index as an operand."""
        low, high = self.range
        text = self.text
        if not self.terms:
            return Expression(
                text, Binds.ATOM if low >= 0 else Binds.UNARY, type=INT_TYPE, low=low, high=low, number=low
            )
        low, high = max(low, INT_TYPE.low), min(high, INT_TYPE.high)
        lone = len(self.terms) == 1 and not self.constant and self.terms[0][1] == 1
        return Expression(text, Binds.ATOM if lone else Binds.SUM, self.reads, INT_TYPE, low, high)


def index_text(expression: LinearExpr, indices: Mapping[ir.Value, Index]) -> str:
    """Return a linear expression of index values as C++."""
    total = Index((), expression.constant)
    for value, factor in expression.terms:
        total = total + indices[value] * factor
    return total.text


def map_indices(mapping: ir.AffineMap, operands: Sequence[Index]) -> list[Index]:
    """Return the results of an affine map at `operands` (dimensions, then symbols)."""
    dims, symbols = operands[: mapping.n_dims], operands[mapping.n_dims :]
    return [_fold(result, dims, symbols) for result in mapping.results]


def _fold(expression: ir.AffineExpr, dims: Sequence[Index], symbols: Sequence[Index]) -> Index:
    # The bindings hand out unspecific expressions for some parents; this finds the class again.
    expression = expression.maybe_downcast()
    kind = type(expression)
    if kind is ir.AffineDimExpr:
        return dims[int(expression.position)]
    if kind is ir.AffineConstantExpr:
        return Index((), int(expression.value))
    if kind is ir.AffineSymbolExpr:
        return symbols[int(expression.position)]
    left, right = _fold(expression.lhs, dims, symbols), _fold(expression.rhs, dims, symbols)
    if kind is ir.AffineAddExpr:
        return left + right
    if kind is ir.AffineMulExpr:
        return left * right.constant if not right.terms else right * left.constant
    return _DIVISIONS[kind](left, right.constant)


_DIVISIONS: Mapping[type, Callable[[Index, int], Index]] = {
    ir.AffineModExpr: lambda left, divisor: left.divided(divisor, True),
    ir.AffineFloorDivExpr: lambda left, divisor: left.divided(divisor, False),
    ir.AffineCeilDivExpr: lambda left, divisor: (left + Index((), divisor - 1)).divided(divisor, False),
}


def _append(parts: list[str], negative: bool, text: str) -> None:
    if parts:
        parts.append(f"{'-' if negative else '+'} {text}")
    else:
        parts.append(f"-{text}" if negative else text)

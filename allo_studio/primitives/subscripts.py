"""The subscripts of one access as values to compute with, whether they are affine or computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from allo_studio.ir import LinearExpr, map_results
from allo_studio.ir.binding import affine, arith, ir, memref
from allo_studio.ir.build import index_constant
from allo_studio.ir.rewrite import before, erase, replace_uses
from allo_studio.primitives.affine_maps import dimensions_of, remapped, without_symbols
from allo_studio.primitives.ranges import divided, remainder

__all__ = ["Subscripts", "Term"]

_FIRST = {"affine.load": 1, "memref.load": 1, "affine.store": 2, "memref.store": 2}


@dataclass(frozen=True)
class Term:
    """An index: `linear` where that is known, else an affine expression of the access's operands, or a value."""

    linear: LinearExpr | None = None
    affine: ir.AffineExpr | None = None
    value: ir.Value | None = None


class Subscripts:
    """The subscripts of a load or store, in place; needs the context to be current.

    `terms` are those it has. Others are made of them with the methods here and put in their place with `replace`.
    Terms are never negative where the program is right, so that divisions may round in either way.
    """

    def __init__(self, op: ir.Operation) -> None:
        self.op = op
        self._skip = _FIRST[op.name]
        self._operands = list(op.operands)[self._skip :]
        self.is_affine = op.name.startswith("affine.")
        self.terms = self._affine_terms() if self.is_affine else self._computed_terms()

    def _affine_terms(self) -> list[Term]:
        without_symbols(self.op)
        mapping = ir.AffineMapAttr(self.op.attributes["map"]).value
        known = map_results(mapping, self._operands)
        return [Term(linear, result) for linear, result in zip(known, mapping.results, strict=True)]

    def _computed_terms(self) -> list[Term]:
        return [Term(value=value) for value in self._operands]

    def number(self, value: int) -> Term:
        """Return a constant."""
        return Term(LinearExpr.number(value))

    def add(self, one: Term, two: Term) -> Term:
        """Return the sum."""
        if one.linear is not None and two.linear is not None:
            return Term(one.linear + two.linear)
        if self.is_affine:
            return Term(affine=self._expression(one) + self._expression(two))
        return Term(value=arith.addi(self.value(one), self.value(two), ip=before(self.op)))

    def scaled(self, term: Term, factor: int) -> Term:
        """Return the product with a number."""
        if term.linear is not None:
            return Term(term.linear * factor)
        if factor == 1:
            return term
        if self.is_affine:
            return Term(affine=self._expression(term) * factor)
        return Term(value=arith.muli(self.value(term), self._constant(factor), ip=before(self.op)))

    def quotient(self, term: Term, divisor: int) -> Term:
        """Return the quotient by a number, rounded down."""
        if divisor == 1:
            return term
        linear = divided(term.linear, divisor) if term.linear is not None else None
        if linear is not None:
            return Term(linear)
        if self.is_affine:
            return Term(affine=ir.AffineExpr.get_floor_div(self._expression(term), divisor))
        return Term(value=arith.divui(self.value(term), self._constant(divisor), ip=before(self.op)))

    def modulo(self, term: Term, divisor: int) -> Term:
        """Return the remainder by a number."""
        linear = remainder(term.linear, divisor) if term.linear is not None else None
        if linear is not None:
            return Term(linear)
        if self.is_affine:
            return Term(affine=ir.AffineExpr.get_mod(self._expression(term), divisor))
        return Term(value=arith.remui(self.value(term), self._constant(divisor), ip=before(self.op)))

    def value(self, term: Term) -> ir.Value:
        """Return the term as an index value before the access."""
        if term.value is not None:
            return term.value
        if term.linear is not None and term.linear.is_constant:
            return self._constant(term.linear.constant)
        operands, mapping = self._map([term])
        return affine.AffineApplyOp(mapping, operands, ip=before(self.op)).result

    def _constant(self, number: int) -> ir.Value:
        return index_constant(number, before(self.op), self.op.location)

    def _expression(self, term: Term) -> ir.AffineExpr:
        """Return an affine expression of the operands, which grow by the variables that it needs."""
        if term.linear is None:
            assert term.affine is not None
            return term.affine
        total = ir.AffineExpr.get_constant(term.linear.constant)
        for variable, factor in reversed(term.linear.terms):
            if variable not in self._operands:
                self._operands.append(variable)
            total = ir.AffineExpr.get_dim(self._operands.index(variable)) * factor + total
        return total

    def load(self, memory: ir.Value, terms: Sequence[Term]) -> ir.Value:
        """Make a load of an element of `memory` before the access."""
        at, where = before(self.op), self.op.location
        if not self.is_affine:
            return memref.LoadOp(memory, [self.value(term) for term in terms], ip=at, loc=where).result
        element = ir.MemRefType(memory.type).element_type
        operands, mapping = self._map(terms)
        return affine.AffineLoadOp(element, memory, operands, mapping, ip=at, loc=where).result

    def store(self, value: ir.Value, memory: ir.Value, terms: Sequence[Term]) -> ir.Operation:
        """Make a store to an element of `memory` before the access."""
        at, where = before(self.op), self.op.location
        if not self.is_affine:
            return memref.StoreOp(value, memory, [self.value(term) for term in terms], ip=at, loc=where).operation
        operands, mapping = self._map(terms)
        return affine.AffineStoreOp(value, memory, operands, mapping, ip=at, loc=where).operation

    def replace(self, terms: Sequence[Term], memory: ir.Value | None = None) -> None:
        """Let the access be of another element of its memory, or of another one; `op` is gone then."""
        memory = self.op.operands[self._skip - 1] if memory is None else memory
        if self._skip == 2:
            self.store(self.op.operands[0], memory, terms)
        else:
            replace_uses(self.op.result, self.load(memory, terms))
        erase(self.op)

    def _map(self, terms: Sequence[Term]) -> tuple[list[ir.Value], ir.AffineMapAttr]:
        """Return the operands that the terms depend on, and the map from these."""
        results = [self._expression(term) for term in terms]
        used = {n for result in results for n in dimensions_of(result)}
        kept = [n for n in range(len(self._operands)) if n in used]
        dims = [ir.AffineExpr.get_dim(kept.index(n) if n in used else 0) for n in range(len(self._operands))]
        mapping = ir.AffineMap.get(len(kept), 0, [remapped(result, dims, ()) for result in results])
        return [self._operands[n] for n in kept], ir.AffineMapAttr.get(mapping)

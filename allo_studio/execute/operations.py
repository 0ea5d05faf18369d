"""Operations replaced by those that LLVM defines, computes alike on every processor, and has routines for."""

from __future__ import annotations

from collections.abc import Callable

from allo_studio.execute.floats import (
    HALVES,
    float_to_integer,
    integer_to_float,
    narrow,
    nearest_number,
    widen,
)
from allo_studio.execute.integers import INTEGER_HELPERS, integer_helper
from allo_studio.execute.libm import LIBM
from allo_studio.execute.library import Library
from allo_studio.ir.binding import ir

__all__ = ["define_operations"]

_FLOAT_OPS = ("addf", "subf", "mulf", "divf", "negf", "cmpf", "maximumf", "minimumf")
_PROMOTED = (*(f"arith.{name}" for name in _FLOAT_OPS), "math.sqrt", "math.absf", "math.copysign", "math.fma")
# The most bits of an integer that f64 holds exactly, and that LLVM converts itself.
_EXACT, _WORD = 53, 64
# What rounds to f64, and what is exact in f64 and rounds to anything narrower.
_DIGITS, _FEWER_DIGITS = 55, 40


def define_operations(operations: list[ir.Operation], library: Library) -> None:
    """Replace each of the operations that is not defined as it is. Needs the context to be current."""
    rewriter = _Rewriter(library)
    for op in operations:
        if op.name in rewriter.rules:
            rewriter.rewrite(op)


class _Rewriter:
    def __init__(self, library: Library) -> None:
        self._library = library
        self._f64 = ir.F64Type.get()
        self._halves = tuple(ir.Type.parse(kind) for kind in HALVES)
        self.rules: dict[str, Callable[[ir.Operation], ir.Value | None]] = {
            **dict.fromkeys(INTEGER_HELPERS, self._integer),
            **dict.fromkeys(_PROMOTED, self._promoted),
            **dict.fromkeys(LIBM, self._math),
            **dict.fromkeys(("arith.maxnumf", "arith.minnumf"), self._nearest),
            **dict.fromkeys(("arith.fptosi", "arith.fptoui"), self._to_integer),
            **dict.fromkeys(("arith.sitofp", "arith.uitofp"), self._to_float),
            **dict.fromkeys(("arith.extf", "arith.truncf"), self._convert),
            **dict.fromkeys(("arith.index_cast", "arith.index_castui"), self._index),
        }

    def rewrite(self, op: ir.Operation) -> None:
        """Replace an operation where its rule has something better."""
        made = self.rules[op.name](op)
        if made is not None:
            op.results[0].replace_all_uses_with(made)
            op.erase()

    def _call(self, text: str, op: ir.Operation, operands: list[ir.Value], result: ir.Type) -> ir.Value:
        return self._library.call(text, operands, result, ir.InsertionPoint(op), op.location)

    def _make(
        self, name: str, op: ir.Operation, operands: list[ir.Value], result: ir.Type, keep: bool = False
    ) -> ir.Value:
        attributes = {entry: op.attributes[entry] for entry in op.attributes} if keep else {}
        at = ir.InsertionPoint(op)
        return ir.Operation.create(name, [result], operands, attributes, loc=op.location, ip=at).results[0]

    def _double(self, value: ir.Value, op: ir.Operation) -> ir.Value:
        """Return a float as an f64, which is exact."""
        if value.type == self._f64:
            return value
        if value.type in self._halves:
            return self._call(widen(str(value.type)), op, [value], self._f64)
        return self._make("arith.extf", op, [value], self._f64)

    def _rounded(self, value: ir.Value, op: ir.Operation, wanted: ir.Type) -> ir.Value:
        """Return an f64 rounded to a float type."""
        if wanted == self._f64:
            return value
        if wanted in self._halves:
            return self._call(narrow(str(wanted)), op, [value], wanted)
        return self._make("arith.truncf", op, [value], wanted)

    def _integer(self, op: ir.Operation) -> ir.Value | None:
        result = op.results[0].type
        if isinstance(result, ir.IndexType):
            return self._index_arithmetic(op)
        text = integer_helper(op.name, ir.IntegerType(result).width)
        return self._call(text, op, list(op.operands), result) if text else None

    def _index_arithmetic(self, op: ir.Operation) -> ir.Value | None:
        text, word = integer_helper(op.name, _WORD), ir.IntegerType.get_signless(_WORD)
        if not text:
            return None
        operands = [self._make("arith.index_cast", op, [value], word) for value in op.operands]
        return self._make("arith.index_cast", op, [self._call(text, op, operands, word)], op.results[0].type)

    def _promoted(self, op: ir.Operation) -> ir.Value | None:
        kind = op.operands[0].type
        if kind not in self._halves:
            return None
        wanted = op.results[0].type
        operands = [self._double(value, op) for value in op.operands]
        if wanted != kind:
            return self._make(op.name, op, operands, wanted, keep=True)
        return self._rounded(self._make(op.name, op, operands, self._f64, keep=True), op, wanted)

    def _math(self, op: ir.Operation) -> ir.Value:
        operands = [self._double(value, op) for value in op.operands]
        at = ir.InsertionPoint(op)
        made = self._library.call_math(LIBM[op.name], operands, self._f64, at, op.location)
        return self._rounded(made, op, op.results[0].type)

    def _nearest(self, op: ir.Operation) -> ir.Value:
        wanted = op.results[0].type
        operands = list(op.operands)
        if wanted not in self._halves:
            return self._call(nearest_number(op.name, str(wanted)), op, operands, wanted)
        doubles = [self._double(value, op) for value in operands]
        return self._rounded(self._call(nearest_number(op.name, "f64"), op, doubles, self._f64), op, wanted)

    def _to_integer(self, op: ir.Operation) -> ir.Value:
        wanted = op.results[0].type
        text = float_to_integer(op.name == "arith.fptosi", ir.IntegerType(wanted).width)
        return self._call(text, op, [self._double(op.operands[0], op)], wanted)

    def _to_float(self, op: ir.Operation) -> ir.Value | None:
        wanted, half = op.results[0].type, op.results[0].type in self._halves
        bits, signed = ir.IntegerType(op.operands[0].type).width, op.name == "arith.sitofp"
        if bits <= (_EXACT if half else _WORD):
            return self._rounded(self._make(op.name, op, [op.operands[0]], self._f64), op, wanted) if half else None
        text = integer_to_float(signed, bits, _DIGITS if wanted == self._f64 else _FEWER_DIGITS)
        return self._rounded(self._call(text, op, [op.operands[0]], self._f64), op, wanted)

    def _convert(self, op: ir.Operation) -> ir.Value | None:
        source, wanted = op.operands[0].type, op.results[0].type
        if source not in self._halves and wanted not in self._halves:
            return None
        return self._rounded(self._double(op.operands[0], op), op, wanted)

    def _index(self, op: ir.Operation) -> ir.Value | None:
        """Keep what is beyond an index beyond it, so that no subscript comes into range by wrapping."""
        source = op.operands[0].type
        if isinstance(source, ir.IndexType) or ir.IntegerType(source).width <= _WORD:
            return None
        signed, at = op.name == "arith.index_cast", ir.InsertionPoint(op)
        value, word = op.operands[0], ir.IntegerType.get_signless(_WORD)
        most, least = (1 << (_WORD - 1)) - 1, -(1 << (_WORD - 1))
        for name, limit in (("min", most), ("max", least if signed else 0)):
            number = ir.IntegerAttr.get(source, limit)
            bound = ir.Operation.create("arith.constant", [source], [], {"value": number}, loc=op.location, ip=at)
            operation = f"arith.{name}{'si' if signed else 'ui'}"
            value = self._make(operation, op, [value, bound.results[0]], source)
        narrowed = self._make("arith.trunci", op, [value], word)
        return self._make("arith.index_cast", op, [narrowed], op.results[0].type)

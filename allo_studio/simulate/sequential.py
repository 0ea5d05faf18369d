"""Every form of a kernel, run one operation at a time on Python numbers: slow, and plainly right."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.execute import LIBM, libm_function
from allo_studio.ir import KernelIR, array_type
from allo_studio.ir.attributes import text
from allo_studio.ir.binding import ir
from allo_studio.ir.sizes import named_extents
from allo_studio.ir.tables import initial_elements
from allo_studio.simulate.exact import (
    FLOAT_OPS,
    INTEGER_OPS,
    PREDICATES,
    compare_floats,
    round_float,
    saturate,
    signed,
    unsigned,
)
from allo_studio.types import ArrayType, ScalarType, integer
from allo_studio.words import bits_dtype, from_bits, to_bits

__all__ = ["array_of", "interpret_sequentially", "numbers_of"]

_Step = Callable[[], None]
_Expression = Callable[[], int]
_INDEX_BITS = 64


@dataclass(frozen=True)
class _Cells:
    """A memory: its elements, row by row, and its extents."""

    elements: Any
    shape: tuple[int, ...]
    name: str


def interpret_sequentially(
    kernel: KernelIR, memories: Mapping[str, Any], streams: Mapping[str, Any] | None = None
) -> None:
    """Run a kernel on `memories`: by argument name, an array that is read and written in place, or a scalar.

    What is in `streams` takes the place of an argument's elements, numbers row by row. State starts at its initial
    value. Raises AlloError (code `simulate`) for a subscript out of range or an operation outside the form of a kernel.
    """
    machine = _Machine(kernel)
    arguments = kernel.arguments()
    held: dict[str, _Cells] = {}
    cells = streams or {}
    for argument in arguments:
        if argument.name in cells:
            machine.values[argument.value] = _Cells(cells[argument.name], argument.type.shape, argument.name)
            continue
        numbers = numbers_of(np.asarray(memories[argument.name], argument.type.element.dtype), argument.type.element)
        if argument.scalar:
            machine.values[argument.value] = numbers[0]
        else:
            held[argument.name] = _Cells(numbers, argument.type.shape, argument.name)
            machine.values[argument.value] = held[argument.name]
    _run(machine.block(kernel.body))
    for argument in arguments:
        if argument.direction != "in" and argument.name not in cells:
            made = array_of(held[argument.name].elements, argument.type)
            memories[argument.name][...] = made


def _run(steps: list[_Step]) -> None:
    for step in steps:
        step()


class _Machine:
    """Turns the operations of a function into steps that work on `values`."""

    def __init__(self, kernel: KernelIR, globals_: dict[str, _Cells] | None = None) -> None:
        self._kernel = kernel
        self._globals: dict[str, _Cells] = {} if globals_ is None else globals_
        self.values: dict[ir.Value, Any] = {}
        self._extents = named_extents(kernel)
        self._makers: dict[str, Callable[[ir.Operation], _Step]] = {
            **dict.fromkeys(INTEGER_OPS, self._integer),
            **dict.fromkeys(FLOAT_OPS, self._float),
            **dict.fromkeys(LIBM, self._math),
            **dict.fromkeys(("affine.load", "memref.load"), self._load),
            **dict.fromkeys(("affine.store", "memref.store"), self._store),
            **dict.fromkeys(("arith.extsi", "arith.trunci", "arith.index_cast"), self._resize),
            **dict.fromkeys(("arith.extui", "arith.index_castui"), self._resize_unsigned),
            **dict.fromkeys(("arith.extf", "arith.truncf", "arith.sitofp", "arith.uitofp"), self._to_float),
            **dict.fromkeys(("arith.fptosi", "arith.fptoui"), self._to_integer),
            "affine.for": self._affine_for,
            "affine.apply": self._apply,
            "scf.for": self._for,
            "scf.while": self._while,
            "scf.if": self._if,
            "func.call": self._call,
            "memref.alloc": self._alloc,
            "memref.get_global": self._get_global,
            "arith.constant": self._constant,
            "arith.cmpi": self._compare,
            "arith.cmpf": self._compare_floats,
            "arith.select": self._select,
            "arith.bitcast": self._bitcast,
        }

    def block(self, block: ir.Block) -> list[_Step]:
        """Return the steps of a block without its terminator."""
        ends = ("affine.yield", "scf.yield", "scf.condition", "func.return")
        return [self._step(op.operation) for op in block.operations if op.operation.name not in ends]

    def _step(self, op: ir.Operation) -> _Step:
        if op.name not in self._makers:
            raise self._fault(op, f"the reference has no meaning for the operation {op.name}")
        return self._makers[op.name](op)

    def _fault(self, op: ir.Operation, message: str) -> AlloError:
        return AlloError(Diagnostic("simulate", f"{self._kernel.name}: {message}", self._kernel.span(op)))

    def _computed(self, op: ir.Operation, function: Callable[..., Any]) -> _Step:
        """Return the step that sets the result to a function of the operands."""
        values, result, operands = self.values, op.results[0], list(op.operands)

        def step() -> None:
            values[result] = function(*[values[operand] for operand in operands])

        return step

    # Arithmetic

    def _constant(self, op: ir.Operation) -> _Step:
        result, value = op.results[0], op.attributes["value"]
        if isinstance(value, ir.FloatAttr):
            self.values[result] = round_float(float(value.value), _scalar(result))
        elif isinstance(value, ir.BoolAttr):
            self.values[result] = -int(value.value)
        else:
            self.values[result] = signed(_integer_of(value), _bits(result))
        return _nothing

    def _integer(self, op: ir.Operation) -> _Step:
        function, bits = INTEGER_OPS[op.name], _bits(op.results[0])
        return self._computed(op, lambda a, b: signed(function(a, b, bits), bits))

    def _float(self, op: ir.Operation) -> _Step:
        function, kind = FLOAT_OPS[op.name], _scalar(op.results[0])
        return self._computed(op, lambda *operands: round_float(function(*operands), kind))

    def _math(self, op: ir.Operation) -> _Step:
        function, kind = libm_function(LIBM[op.name]), _scalar(op.results[0])
        return self._computed(op, lambda *operands: round_float(function(*operands), kind))

    def _resize(self, op: ir.Operation) -> _Step:
        # An index is any number, so that one out of range is seen.
        if isinstance(op.results[0].type, ir.IndexType):
            return self._computed(op, lambda a: a)
        bits = _bits(op.results[0])
        return self._computed(op, lambda a: signed(a, bits))

    def _resize_unsigned(self, op: ir.Operation) -> _Step:
        source, bits = _bits(op.operands[0]), _bits(op.results[0])
        return self._computed(op, lambda a: signed(unsigned(a, source), max(bits, source + 1)))

    def _to_float(self, op: ir.Operation) -> _Step:
        kind = _scalar(op.results[0])
        if op.name != "arith.uitofp":
            return self._computed(op, lambda a: round_float(a, kind))
        bits = _bits(op.operands[0])
        return self._computed(op, lambda a: round_float(unsigned(a, bits), kind))

    def _to_integer(self, op: ir.Operation) -> _Step:
        kind = integer(_bits(op.results[0]), op.name == "arith.fptosi")
        return self._computed(op, lambda a: signed(saturate(a, kind.least, kind.greatest), kind.bits))

    def _compare(self, op: ir.Operation) -> _Step:
        function, is_unsigned = PREDICATES[int(op.attributes["predicate"])]
        bits = _bits(op.operands[0])
        if is_unsigned:
            return self._computed(op, lambda a, b: -int(function(unsigned(a, bits), unsigned(b, bits))))
        return self._computed(op, lambda a, b: -int(function(a, b)))

    def _compare_floats(self, op: ir.Operation) -> _Step:
        predicate = int(op.attributes["predicate"])
        return self._computed(op, lambda a, b: -int(compare_floats(predicate, a, b)))

    def _select(self, op: ir.Operation) -> _Step:
        return self._computed(op, lambda condition, a, b: a if condition else b)

    def _bitcast(self, op: ir.Operation) -> _Step:
        source, target = _scalar(op.operands[0]), _scalar(op.results[0])
        return self._computed(op, lambda a: numbers_of(from_bits(_pattern(a, source), target), target)[0])

    # Memory

    def _alloc(self, op: ir.Operation) -> _Step:
        result, kind, name = op.results[0], array_type(op.results[0].type), text(op, "allo.name") or ""
        zero = 0.0 if kind.element.is_float else 0

        def step() -> None:
            self.values[result] = _Cells([zero] * kind.size, kind.shape, name)

        return step

    def _get_global(self, op: ir.Operation) -> _Step:
        name = str(ir.FlatSymbolRefAttr(op.attributes["name"]).value)
        if name not in self._globals:
            kind, elements = initial_elements(self._kernel.module, name)
            self._globals[name] = _Cells(elements, kind.shape, name)
        self.values[op.results[0]] = self._globals[name]
        return _nothing

    def _load(self, op: ir.Operation) -> _Step:
        memory, place, result = op.operands[0], self._place(op, 1), op.results[0]

        def step() -> None:
            self.values[result] = self.values[memory].elements[place()]

        return step

    def _store(self, op: ir.Operation) -> _Step:
        value, memory, place = op.operands[0], op.operands[1], self._place(op, 2)

        def step() -> None:
            self.values[memory].elements[place()] = self.values[value]

        return step

    def _place(self, op: ir.Operation, skip: int) -> _Expression:
        """Return where the accessed element is in its memory."""
        operands, memory = list(op.operands)[skip:], op.operands[skip - 1]
        sizes: tuple[ir.Value | None, ...] = ()
        if op.name.startswith("memref."):
            subscripts: list[_Expression] = [lambda v=value: self.values[v] for value in operands]  # type: ignore[misc]
            sizes = self._extents.get(memory, ())
        else:
            # They were proven to be within the sizes; a memory that is filled is filled as a whole.
            subscripts = self._affine(op.attributes["map"], operands)

        def place() -> int:
            cells, total = self.values[memory], 0
            most = tuple(self.values[size] if size is not None else None for size in sizes) or cells.shape
            for dimension, (extent, subscript) in enumerate(zip(cells.shape, subscripts, strict=True)):
                number = subscript()
                if not 0 <= number < (most[dimension] or extent):
                    message = f"subscript {number} of {cells.name} is out of range in dimension {dimension}"
                    raise self._fault(op, message)
                total = total * extent + number
            return total

        return place

    def _affine(self, attribute: ir.Attribute, operands: list[ir.Value]) -> list[_Expression]:
        mapping = ir.AffineMapAttr(attribute).value
        return [self._expression(result, operands, mapping.n_dims) for result in mapping.results]

    def _expression(self, expression: ir.AffineExpr, operands: list[ir.Value], dims: int) -> _Expression:
        expression, values = expression.maybe_downcast(), self.values
        if isinstance(expression, ir.AffineConstantExpr):
            number = int(expression.value)
            return lambda: number
        if isinstance(expression, ir.AffineDimExpr | ir.AffineSymbolExpr):
            skip = dims if isinstance(expression, ir.AffineSymbolExpr) else 0
            operand = operands[int(expression.position) + skip]
            return lambda: values[operand]
        left, right = (self._expression(side, operands, dims) for side in (expression.lhs, expression.rhs))
        if isinstance(expression, ir.AffineAddExpr):
            return lambda: left() + right()
        if isinstance(expression, ir.AffineMulExpr):
            return lambda: left() * right()
        if isinstance(expression, ir.AffineModExpr):
            return lambda: left() % right()
        if isinstance(expression, ir.AffineFloorDivExpr):
            return lambda: left() // right()
        return lambda: -(-left() // right())

    def _apply(self, op: ir.Operation) -> _Step:
        (expression,), result = self._affine(op.attributes["map"], list(op.operands)), op.results[0]

        def step() -> None:
            self.values[result] = expression()

        return step

    # Control

    def _affine_for(self, op: ir.Operation) -> _Step:
        maps, operands = [op.attributes[f"{side}BoundMap"] for side in ("lower", "upper")], list(op.operands)
        count = ir.AffineMapAttr(maps[0]).value.n_inputs
        lower, upper = self._affine(maps[0], operands[:count]), self._affine(maps[1], operands[count:])
        stride = int(ir.IntegerAttr(op.attributes["step"]).value)
        return self._loop(op, lambda: max(e() for e in lower), lambda: min(e() for e in upper), lambda: stride)

    def _for(self, op: ir.Operation) -> _Step:
        lower, upper, stride = list(op.operands)[:3]
        values = self.values
        return self._loop(op, lambda: values[lower], lambda: values[upper], lambda: values[stride])

    def _loop(self, op: ir.Operation, lower: _Expression, upper: _Expression, stride: _Expression) -> _Step:
        block = op.regions[0].blocks[0]
        variable, body, values = block.arguments[0], self.block(block), self.values

        def step() -> None:
            for number in range(lower(), upper(), stride()):
                values[variable] = number
                _run(body)

        return step

    def _while(self, op: ir.Operation) -> _Step:
        first, second = (region.blocks[0] for region in op.regions)
        condition = first.operations[len(first.operations) - 1].operation.operands[0]
        before, body, values = self.block(first), self.block(second), self.values

        def step() -> None:
            _run(before)
            while values[condition]:
                _run(body)
                _run(before)

        return step

    def _if(self, op: ir.Operation) -> _Step:
        condition, results, values = op.operands[0], list(op.results), self.values
        branches = [self._branch(region) for region in op.regions]

        def step() -> None:
            steps, yielded = branches[0 if values[condition] else 1]
            _run(steps)
            for result, value in zip(results, yielded, strict=True):
                values[result] = values[value]

        return step

    def _branch(self, region: ir.Region) -> tuple[list[_Step], list[ir.Value]]:
        blocks = list(region.blocks)
        if not blocks:
            return [], []
        last = blocks[0].operations[len(blocks[0].operations) - 1].operation
        return self.block(blocks[0]), list(last.operands)

    def _call(self, op: ir.Operation) -> _Step:
        callee = self._kernel.at(str(ir.FlatSymbolRefAttr(op.attributes["callee"]).value))
        machine = _Machine(callee, self._globals)
        body, formal, given = machine.block(callee.body), list(callee.body.arguments), list(op.operands)

        def step() -> None:
            for argument, operand in zip(formal, given, strict=True):
                machine.values[argument] = self.values[operand]
            _run(body)

        return step


def _nothing() -> None:
    """What is known before the first step takes none."""


def _scalar(value: ir.Value) -> ScalarType:
    return array_type(value.type).element


def _bits(value: ir.Value) -> int:
    return _INDEX_BITS if isinstance(value.type, ir.IndexType) else ir.IntegerType(value.type).width


def _integer_of(attribute: ir.Attribute) -> int:
    """Return an integer attribute's number; the bindings read none of more than 64 bits."""
    return int(re.match(r"-?\d+", str(attribute))[0])  # type: ignore[index]


def _pattern(value: Any, kind: ScalarType) -> Any:
    if kind.is_float:
        return to_bits(np.array(value, np.float64).astype(kind.dtype), kind)
    held = np.empty((), object)
    held[()] = unsigned(value, kind.bits)
    return held.astype(bits_dtype(kind.bits))


def numbers_of(array: Any, kind: ScalarType) -> list[Any]:
    """Return the elements of an array as the numbers of the IR: floats, or signed integers of their bits."""
    if kind.is_float:
        return [float(value) for value in array.ravel()]
    return [signed(int(value), kind.bits) for value in to_bits(array, kind).ravel().tolist()]


def array_of(elements: list[Any], kind: ArrayType) -> Any:
    """Return the numbers of the IR as an array of a type."""
    if kind.element.is_float:
        return np.array(elements, np.float64).astype(kind.element.dtype).reshape(kind.shape)
    held = np.empty(len(elements), object)
    held[:] = [unsigned(value, kind.element.bits) for value in elements]
    return from_bits(held.astype(bits_dtype(kind.element.bits)).reshape(kind.shape), kind.element)

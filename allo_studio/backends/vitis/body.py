"""A kernel's operations as C++ statements.

Values that are used once are written where they are used; a value stays a variable of its own where it is used more
than once, in another block, or where a store in between could change what it reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from allo_studio.backends.vitis.expressions import (
    BINARY,
    CPP_TYPES,
    Expression,
    binary,
    divide_int,
    index_text,
    literal,
    negate,
)
from allo_studio.backends.vitis.loops import Bounds, bounds_of, loop_pragmas
from allo_studio.backends.vitis.memories import Memory, declare_local
from allo_studio.backends.vitis.names import Names
from allo_studio.backends.vitis.text import Lines, kernel_fault, place
from allo_studio.backends.vitis.tokens import Token
from allo_studio.ir import KernelIR, Loop, access_of, array_type, linear_of
from allo_studio.ir.binding import ir

__all__ = ["Body"]

_SILENT = ("affine.apply", "affine.yield", "func.return")
# A divisor that needs no guard: 0 has no quotient, and the least int32 over -1 does not fit.
_GUARDED = (0, -1)


class Body:
    """Writes the statements of one kernel. `memories` are its arguments and local arrays by MLIR value."""

    def __init__(self, kernel: KernelIR, lines: Lines, names: Names, memories: Mapping[ir.Value, Memory]) -> None:
        self._kernel = kernel
        self._lines = lines
        self._names = names
        self._memories = memories
        self._loops = {loop.induction_variable: loop for loop in kernel.loops()}
        self._labels = Names()
        self._indices: dict[ir.Value, str] = {}
        self._ranges: dict[ir.Value, tuple[int, int]] = {}
        self._ready: dict[ir.Value, Expression] = {}
        self._constants: dict[ir.Value, int] = {}
        self._tokens: dict[str, tuple[Token, str]] = {}
        self._write: dict[str, Callable[[ir.Operation], None]] = {
            "affine.for": self._for,
            "affine.load": self._load,
            "affine.store": self._store,
            "memref.alloc": self._alloc,
            "arith.constant": self._constant,
            "arith.negf": self._negate,
            "arith.index_cast": self._index_cast,
            "arith.sitofp": self._to_float,
            **dict.fromkeys(BINARY, self._binary),
        }

    def bind(self, value: ir.Value, text: str) -> None:
        """Make a scalar argument known by the name it has in C++."""
        self._ready[value] = Expression(text)

    def stream(self, tokens: Iterable[Token]) -> None:
        """Make the streamed arguments known."""
        for token in tokens:
            memory = self._memories[token.argument.value]
            self._tokens[token.argument.name] = (token, self._names.unique(f"{memory.name}_token"))

    def block(self, block: ir.Block) -> None:
        """Write the statements of a block."""
        for op in block.operations:
            name = op.operation.name
            if name in _SILENT:
                continue
            if name not in self._write:
                raise kernel_fault(self._kernel, f"the operation {name} cannot be written as HLS C++", op)
            self._write[name](op.operation)

    # Values

    def _define(self, op: ir.Operation, expression: Expression) -> None:
        """Keep the value of `op` for its one use, or give it a variable."""
        value = op.results[0]
        uses = list(value.uses)
        if len(uses) == 1 and uses[0].owner.operation.block == op.block:
            self._ready[value] = expression
        elif uses:
            self._name_value(value, expression)

    def _name_value(self, value: ir.Value, expression: Expression) -> None:
        element = array_type(value.type).element
        wish = f"{next(iter(sorted(expression.reads)))}_value" if len(expression.reads) == 1 else "value"
        name = self._names.unique(wish)
        self._lines.add(f"const {CPP_TYPES[element.name]} {name} = {expression.text};")
        self._ready[value] = Expression(name)

    def _take(self, value: ir.Value) -> Expression:
        """Return the expression of a value; one that reads memory is used up by this."""
        expression = self._ready[value]
        if expression.reads:
            del self._ready[value]
        return expression

    def _settle(self, written: str | None = None) -> None:
        """Give variables to the waiting values that read `written` (all that read memory where None)."""
        for value, expression in list(self._ready.items()):
            if expression.reads and (written is None or written in expression.reads):
                self._name_value(value, expression)

    # Operations

    def _constant(self, op: ir.Operation) -> None:
        value = op.results[0]
        if isinstance(value.type, ir.IndexType):
            return
        number = op.attributes["value"].value
        element = array_type(value.type).element
        if element.kind == "int":
            self._constants[value] = int(number)
        self._ready[value] = literal(number, element)

    def _binary(self, op: ir.Operation) -> None:
        left, right = (self._take(operand) for operand in op.operands)
        divisor = self._constants.get(op.operands[1], 0)
        if op.name == "arith.divsi" and divisor not in _GUARDED:
            self._define(op, divide_int(left, divisor))
        else:
            self._define(op, binary(op.name, left, right))

    def _negate(self, op: ir.Operation) -> None:
        self._define(op, negate(self._take(op.operands[0])))

    def _index_cast(self, op: ir.Operation) -> None:
        index = linear_of(op.operands[0])
        if index is None:
            raise kernel_fault(self._kernel, "an index used as a value is not linear in the loops", op)
        text = index_text(index, self._indices)
        self._ready[op.results[0]] = Expression(text if text.isidentifier() else f"({text})")

    def _to_float(self, op: ir.Operation) -> None:
        operand = self._take(op.operands[0])
        self._define(op, Expression(f"static_cast<float>({operand.text})", reads=operand.reads))

    # Memory

    def _alloc(self, op: ir.Operation) -> None:
        memory = self._memories[op.results[0]]
        declare_local(self._lines, memory)
        if not any(use.owner.operation.name == "affine.load" for use in op.results[0].uses):
            self._lines.add(f"(void){memory.name};")

    def _load(self, op: ir.Operation) -> None:
        memory = self._memories[op.operands[0]]
        token, variable = self._tokens.get(memory.source, (None, ""))
        if token is None:
            self._define(op, Expression(self._element(op, memory), reads=frozenset((memory.name,))))
        elif token.width == 1:
            self._read(op.results[0], memory)
        else:
            self._define(op, Expression(f"{variable}[{index_text(token.lane, self._indices)}]"))

    def _read(self, value: ir.Value, memory: Memory) -> None:
        """Take a token even where nobody uses its value."""
        if list(value.uses):
            self._name_value(value, Expression(f"{memory.name}.read()", reads=frozenset((memory.name,))))
        else:
            self._lines.add(f"{memory.name}.read();")

    def _store(self, op: ir.Operation) -> None:
        memory = self._memories[op.operands[1]]
        value = self._take(op.operands[0])
        self._settle(memory.name)
        note = place(self._kernel.span(op))
        token, variable = self._tokens.get(memory.source, (None, ""))
        if token is None:
            self._lines.add(_assignment(self._element(op, memory), value), note)
        elif token.width == 1:
            self._lines.add(f"{memory.name}.write({value.text});", note)
        else:
            self._lines.add(f"{variable}[{index_text(token.lane, self._indices)}] = {value.text};", note)

    def _element(self, op: ir.Operation, memory: Memory) -> str:
        subscripts = access_of(op)
        if subscripts is None:
            raise kernel_fault(self._kernel, f"a subscript of {memory.source} is not linear in the loops", op)
        return memory.name + "".join(f"[{index_text(s, self._indices)}]" for s in subscripts)

    # Loops

    def _for(self, op: ir.Operation) -> None:
        self._settle()
        loop = self._loops[op.regions[0].blocks[0].arguments[0]]
        tokens = [(t, v) for t, v in self._tokens.values() if t.around is not None and t.around.op == op]
        for token, variable in tokens:
            self._open_token(token, variable)
        self._loop(loop, bounds_of(self._kernel, loop))
        for token, variable in tokens:
            if token.writes:
                self._lines.add(f"{self._memories[token.argument.value].name}.write({variable});")

    def _open_token(self, token: Token, variable: str) -> None:
        memory = self._memories[token.argument.value]
        if token.writes:
            self._lines.add(f"{memory.token_type} {variable};")
        else:
            self._lines.add(f"const {memory.token_type} {variable} = {memory.name}.read();")

    def _loop(self, loop: Loop, bounds: Bounds) -> None:
        variable = loop.induction_variable
        outside, self._names = self._names, self._names.inner()
        name = self._names.unique(loop.name)
        label = self._labels.unique(loop.name, f"{loop.band}_{loop.name}")
        lower, upper = bounds.text(self._indices)
        step = f"++{name}" if loop.step == 1 else f"{name} += {loop.step}"
        self._indices[variable], self._ranges[variable] = name, bounds.range(self._ranges)
        head = f"{label}: for (int {name} = {lower}; {name} < {upper}; {step}) {{"
        self._lines.add(head, place(loop.span))
        for pragma in loop_pragmas(loop):
            self._lines.pragma(pragma)
        if loop.trip is None:
            fewest, most = bounds.trips(self._ranges, loop.step)
            self._lines.pragma(f"loop_tripcount min={fewest} max={most}")
        with self._lines.indented():
            self.block(loop.body)
        self._lines.add("}")
        self._names = outside


def _assignment(target: str, value: Expression) -> str:
    """Return `target = value;`, or `target += e;` where the value is an update of the target."""
    if value.sign and value.left == target:
        return f"{target} {value.sign}= {value.right};"
    return f"{target} = {value.text};"

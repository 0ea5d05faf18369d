"""A kernel's operations as C++ statements.

Values that are used once are written where they are used; a value stays a variable of its own where it is used more
than once, in another block, or where a store in between could change what it reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from allo_studio.backends.vitis.constants import global_of, initial_value
from allo_studio.backends.vitis.cpp_types import INT_TYPE, CppType, integer_type
from allo_studio.backends.vitis.expressions import Expression, narrowed, wanted
from allo_studio.backends.vitis.indices import Index, index_text, map_indices
from allo_studio.backends.vitis.memories import Memory, declare_local, memory_pragmas, type_note
from allo_studio.backends.vitis.names import Names
from allo_studio.backends.vitis.operations import OPERATIONS, value_type
from allo_studio.backends.vitis.text import Lines, kernel_fault
from allo_studio.backends.vitis.tokens import Token
from allo_studio.ir import KernelIR
from allo_studio.ir.binding import ir
from allo_studio.ir.implementations import implementation_of, operation_name

__all__ = ["Body"]

_SILENT = frozenset(("affine.apply", "affine.yield", "func.return", "scf.yield", "scf.condition"))
_LOADS = frozenset(("affine.load", "memref.load"))
_STORES = frozenset(("affine.store", "memref.store"))
_UPDATES = ("+", "-", "*", "/")


class Body:
    """Writes the statements of straight code; `Control` adds loops, branches and calls.

    `memories` are the arguments that are no scalars, and the local memories, by MLIR value.
    """

    def __init__(self, kernel: KernelIR, lines: Lines, names: Names, memories: Mapping[ir.Value, Memory]) -> None:
        self.kernel = kernel
        self.lines = lines
        self.names = names
        self.memories = memories
        # Index values that are no more than arithmetic on variables, and all other values.
        self.indices: dict[ir.Value, Index] = {}
        self._ready: dict[ir.Value, Expression] = {}
        # By access: how it moves a streamed argument, and the variable that holds the token at hand.
        self.tokens: dict[ir.Operation, tuple[Token, str]] = {}
        # How the next token is taken, of streams that are not empty at reset.
        self.takes: dict[str, str] = {}
        # Scalars whose declaration waits for their first value.
        self._undeclared: set[str] = set()
        self.write = {
            "affine.load": self._load,
            "memref.load": self._load,
            "affine.store": self._store,
            "memref.store": self._store,
            "memref.alloc": self._alloc,
            "memref.get_global": self._global,
            "arith.constant": self._constant,
            "arith.index_cast": self._index_cast,
            "arith.index_castui": self._index_cast,
        }

    def bind(self, value: ir.Value, expression: Expression) -> None:
        """Make a scalar argument known by the name it has in C++."""
        self._ready[value] = expression

    def stream(self, tokens: Iterable[Token]) -> None:
        """Make the streamed arguments known."""
        for token in tokens:
            memory = self.memories[token.argument.value]
            self.tokens[token.op] = (token, self.names.unique(f"{memory.name}_token"))

    def block(self, block: ir.Block) -> None:
        """Write the statements of a block."""
        for view in block.operations:
            op = view.operation
            name = op.name
            if name in _SILENT:
                continue
            if name in self.write:
                self.write[name](op)
            elif name in OPERATIONS:
                self._operation(op, name)
            else:
                raise kernel_fault(self.kernel, f"the operation {name} cannot be written as HLS C++", op)

    # Values

    def _operation(self, op: ir.Operation, name: str) -> None:
        operands = [self.take(operand) for operand in op.operands]
        found = OPERATIONS[name](op, operands)
        if found is None:
            raise kernel_fault(self.kernel, f"this form of {name} cannot be written as HLS C++", op)
        implementation = implementation_of(op)
        if implementation and found.number is None:
            self._bound(op, found, implementation)
        else:
            self.define(op, found)

    def _bound(self, op: ir.Operation, expression: Expression, implementation: str) -> None:
        """Give the value of an operation that is bound a variable, by which the tool knows the operation."""
        value = op.results[0]
        if not list(value.uses):
            return
        name, type_, expression = self._variable(value, expression)
        self.lines.add(f"{type_.name} {name};")
        self.lines.pragma(f"bind_op variable={name} op={operation_name(op)} impl={implementation}")
        self.lines.add(f"{name} = {expression.text};", span=self.kernel.span(op))
        self._ready[value] = Expression(name, type=type_, low=expression.low, high=expression.high)

    def define(self, op: ir.Operation, expression: Expression) -> None:
        """Keep the value of `op` for its one use, or give it a variable; a name or a number needs none."""
        value = op.results[0]
        uses = list(value.uses)
        free = not expression.reads and (expression.number is not None or expression.text.isidentifier())
        if free or (len(uses) == 1 and uses[0].owner.operation.block == op.block):
            self._ready[value] = expression
        elif uses:
            self._name_value(value, expression)

    def _name_value(self, value: ir.Value, expression: Expression) -> None:
        name, type_, expression = self._variable(value, expression)
        self.lines.add(f"const {type_.name} {name} = {expression.text};", span=self.kernel.span(value.owner))
        self._ready[value] = Expression(name, type=type_, low=expression.low, high=expression.high)

    def _variable(self, value: ir.Value, expression: Expression) -> tuple[str, CppType, Expression]:
        """Return the name and type of a variable for a value, and what it is set to."""
        wish = f"{next(iter(sorted(expression.reads)))}_value" if len(expression.reads) == 1 else "value"
        name = self.names.unique(wish)
        kind = value_type(value)
        if isinstance(kind, int):
            signed = kind > 1 and (expression.low < 0 or expression.high <= integer_type(kind, True).high)
            expression = wanted(expression, kind, signed)
            type_ = integer_type(kind, signed)
            if (
                isinstance(value.type, ir.IndexType)
                and expression.low >= INT_TYPE.low
                and expression.high <= INT_TYPE.high
            ):
                type_ = INT_TYPE
        else:
            type_ = kind
        return name, type_, expression

    def take(self, value: ir.Value) -> Expression:
        """Return the expression of a value; one that reads memory is used up by this."""
        expression = self._ready.get(value)
        if expression is None:
            return self.index(value).expression()
        if expression.reads:
            del self._ready[value]
        return expression

    def index(self, value: ir.Value) -> Index:
        """Return an index value as C++ arithmetic."""
        known = self.indices.get(value)
        if known is not None:
            return known
        if value in self._ready:
            return Index.of(self.take(value))
        op = value.owner
        mapping = ir.AffineMapAttr(op.attributes["map"]).value
        (known,) = map_indices(mapping, [self.index(operand) for operand in op.operands])
        self.indices[value] = known
        return known

    def settle(self, written: str | None = None) -> None:
        """Give variables to the waiting values that read `written` (all that read memory where None)."""
        for value, expression in list(self._ready.items()):
            if expression.reads and (written is None or written in expression.reads):
                self._name_value(value, expression)

    def _constant(self, op: ir.Operation) -> None:
        value = op.results[0]
        number = op.attributes["value"].value
        if isinstance(value.type, ir.IndexType):
            self.indices[value] = Index((), int(number))
        else:
            self._ready[value] = OPERATIONS["arith.constant"](op, []) or Expression("")

    def _index_cast(self, op: ir.Operation) -> None:
        signed = op.name == "arith.index_cast"
        source = value_type(op.operands[0])
        assert isinstance(source, int)
        operand = self.take(op.operands[0])
        self.define(op, wanted(operand, source, signed))

    # Memory

    def _alloc(self, op: ir.Operation) -> None:
        memory = self.memories[op.results[0]]
        if not memory.type.shape and _stored_first(op):
            self._undeclared.add(memory.name)
            return
        declare_local(self.lines, memory)
        self._note_unread(op.results[0], memory)

    def _global(self, op: ir.Operation) -> None:
        """A constant table, or state that keeps its contents between calls."""
        memory = self.memories[op.results[0]]
        definition = global_of(self.kernel.module, op)
        constant = "const " if "constant" in definition.attributes else ""
        value = initial_value(memory, definition)
        self.lines.add(f"static {constant}{memory.element_type} {memory.declarator} = {value};", type_note(memory))
        for pragma in memory_pragmas(memory):
            self.lines.pragma(pragma)
        self._note_unread(op.results[0], memory)

    def _note_unread(self, value: ir.Value, memory: Memory) -> None:
        users = [use.owner.operation for use in value.uses]
        if not any(user.name == "func.call" or (user.name in _LOADS and list(user.results[0].uses)) for user in users):
            self.lines.add(f"(void){memory.name};")

    def _load(self, op: ir.Operation) -> None:
        memory = self.memories[op.operands[0]]
        token, variable = self.tokens.get(op, (None, ""))
        if token is None:
            text, reads = self._element(op, memory, 1)
            self.define(op, Expression.of(text, memory.cpp, reads | {memory.name}))
        elif token.width == 1:
            self._read(op, memory)
        else:
            self.define(op, Expression.of(f"{variable}[{index_text(token.lane, self.indices)}]", memory.cpp))

    def _read(self, op: ir.Operation, memory: Memory) -> None:
        """Take a token even where nobody uses its value."""
        value = op.results[0]
        if list(value.uses):
            self._name_value(value, Expression.of(self.next_token(memory), memory.cpp, frozenset((memory.name,))))
        else:
            self.lines.add(f"{self.next_token(memory)};", span=self.kernel.span(op))

    def next_token(self, memory: Memory) -> str:
        """Return the expression that takes the next token of a stream."""
        return self.takes.get(memory.source, f"{memory.name}.read()")

    def _store(self, op: ir.Operation) -> None:
        memory = self.memories[op.operands[1]]
        value = self.take(op.operands[0])
        token, variable = self.tokens.get(op, (None, ""))
        target = self._element(op, memory, 2)[0] if token is None else ""
        value = self._stored(value, memory, target)
        self.settle(memory.name)
        span = self.kernel.span(op)
        if memory.name in self._undeclared:
            self._undeclared.discard(memory.name)
            self.lines.add(f"{memory.element_type} {target} = {value.text};", type_note(memory), span)
            self._note_unread(op.operands[1], memory)
        elif token is None:
            self.lines.add(_assignment(target, value), span=span)
        elif token.width == 1:
            self.lines.add(f"{memory.name}.write({value.text});", span=span)
        else:
            self.lines.add(f"{variable}[{index_text(token.lane, self.indices)}] = {value.text};", span=span)

    def _stored(self, value: Expression, memory: Memory, target: str) -> Expression:
        """Return a value for a store into a memory, which takes the low bits of a wider one."""
        type_ = memory.cpp
        if type_.kind == "float":
            return value
        narrow = value.number is not None or type_.bits == 1 or "ap" in (type_.kind, value.type.kind)
        if narrow:
            return wanted(value, type_.bits, type_.signed)
        return value if _updates(value, target) else narrowed(value, type_.bits, type_.signed)

    def _element(self, op: ir.Operation, memory: Memory, skip: int) -> tuple[str, frozenset[str]]:
        """Return an accessed element, and what its subscripts read."""
        subscripts = [self.index(operand) for operand in list(op.operands)[skip:]]
        if op.name.startswith("affine"):
            subscripts = map_indices(ir.AffineMapAttr(op.attributes["map"]).value, subscripts)
        reads = frozenset().union(*(subscript.reads for subscript in subscripts))
        return memory.name + "".join(f"[{subscript.alone}]" for subscript in subscripts), reads


def _stored_first(alloc: ir.Operation) -> bool:
    """Tell whether the first that is done with a memory is a store beside its declaration, which can be its value."""
    users = [(use.owner.operation, _beside(use.owner.operation, alloc.block)) for use in alloc.results[0].uses]
    if not users:
        return False
    first, place_of_first = users[0]
    for user, found in users[1:]:
        if found != place_of_first and found.is_before_in_block(place_of_first):
            first, place_of_first = user, found
    return first.name in _STORES and first == place_of_first


def _beside(op: ir.Operation, block: ir.Block) -> ir.Operation:
    """Return the operation of a block that is `op` or that it is inside of."""
    while op.block != block:
        op = op.parent.operation
    return op


def _updates(value: Expression, target: str) -> bool:
    return value.sign in _UPDATES and value.left == target


def _assignment(target: str, value: Expression) -> str:
    """Return `target = value;`, or `target += e;` where the value is an update of the target."""
    if _updates(value, target):
        return f"{target} {value.sign}= {value.right};"
    return f"{target} = {value.text};"

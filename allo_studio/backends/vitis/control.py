"""Loops, branches and calls of a kernel as C++."""

from __future__ import annotations

from collections.abc import Mapping

from allo_studio.backends.vitis.body import Body
from allo_studio.backends.vitis.cpp_types import INT_TYPE, CppType, integer_type
from allo_studio.backends.vitis.expressions import Binds, Expression, boolean, narrowed, wanted
from allo_studio.backends.vitis.independence import claims
from allo_studio.backends.vitis.indices import Index
from allo_studio.backends.vitis.loops import Bounds, bounds_of, loop_labels, loop_pragmas
from allo_studio.backends.vitis.memories import Memory
from allo_studio.backends.vitis.names import Names
from allo_studio.backends.vitis.operations import value_type
from allo_studio.backends.vitis.text import Lines
from allo_studio.backends.vitis.tokens import Token
from allo_studio.ir import KernelIR, Loop
from allo_studio.ir.binding import ir

__all__ = ["Control"]


class Control(Body):
    """Writes all statements of one kernel. `functions` are the C++ names of the functions that it calls."""

    def __init__(
        self,
        kernel: KernelIR,
        lines: Lines,
        names: Names,
        memories: Mapping[ir.Value, Memory],
        functions: Mapping[str, str],
    ) -> None:
        super().__init__(kernel, lines, names, memories)
        self._functions = functions
        self._loops = {loop.op: loop for loop in kernel.loops()}
        self._labels = dict(zip(self._loops, loop_labels(kernel.loops()), strict=True))
        self.write |= {
            "affine.for": self._affine_for,
            "scf.for": self._for,
            "scf.while": self._while,
            "scf.if": self._if,
            "func.call": self._call,
        }

    # Loops

    def _affine_for(self, op: ir.Operation) -> None:
        self.settle()
        tokens = [(t, v) for t, v in self.tokens.values() if t.around is not None and t.around.op == op]
        for token, variable in tokens:
            self._open_token(token, variable)
        self._loop(self._loops[op], bounds_of(op, self.index))
        for token, variable in tokens:
            if token.writes:
                written = f"{self.memories[token.argument.value].name}.write({variable});"
                self.lines.add(written, span=self.kernel.span(token.op))

    def _open_token(self, token: Token, variable: str) -> None:
        memory = self.memories[token.argument.value]
        if token.writes:
            self.lines.add(f"{memory.token_type} {variable};")
        else:
            taken = f"const {memory.token_type} {variable} = {self.next_token(memory)};"
            self.lines.add(taken, span=self.kernel.span(token.op))

    def _loop(self, loop: Loop, bounds: Bounds, step: str = "") -> None:
        outside, self.names = self.names, self.names.inner()
        name = self.names.unique(loop.name)
        lower, upper = bounds.text()
        by = step or str(loop.step)
        head = f"for (int {name} = {lower}; {name} < {upper}; {f'++{name}' if by == '1' else f'{name} += {by}'}) {{"
        with self.lines.loop((self.kernel.name, loop.id)):
            self.lines.add(f"{self._labels[loop.op]}: {head}", _made(loop), loop.span, opens=True)
            self.indices[loop.induction_variable] = Index.atom(name, bounds.range())
            self._pragmas(loop)
            trips = bounds.trips(loop.step) if loop.trip is None else None
            if trips is not None:
                self.lines.pragma(f"loop_tripcount min={trips[0]} max={trips[1]}")
            with self.lines.indented():
                self.block(loop.body)
            self.lines.add("}")
        self.names = outside

    def _pragmas(self, loop: Loop) -> None:
        for pragma in loop_pragmas(loop):
            self.lines.pragma(pragma)
        memories = {memory.source: memory for memory in self.memories.values()}
        for claim in claims(self.kernel, loop):
            memory = memories[claim.buffer]
            if memory.type.shape and not memory.stream_width:
                self.lines.pragma(claim.pragma(memory.name))

    def _for(self, op: ir.Operation) -> None:
        """A loop whose bounds are computed; they are read once, before it."""
        lower, upper, step = (self.index(value) for value in list(op.operands)[:3])
        self.settle()
        upper, step = self._fixed(upper, "end"), self._fixed(step, "step")
        self._loop(self._loops[op], Bounds((lower,), (upper,)), step.text)

    def _fixed(self, index: Index, wish: str) -> Index:
        """Return an index that the loop's body cannot change."""
        if not index.reads:
            return index
        name = self.names.unique(wish)
        self.lines.add(f"const int {name} = {index.text};")
        return Index.atom(name, index.range)

    def _while(self, op: ir.Operation) -> None:
        loop = self._loops[op]
        self.settle()
        outside, self.names = self.names, self.names.inner()
        with self.lines.loop((self.kernel.name, loop.id)):
            self._while_loop(loop)
        self.names = outside

    def _while_loop(self, loop: Loop) -> None:
        before = loop.op.regions[0].blocks[0]
        mark = self.lines.mark()
        self.block(before)
        condition = boolean(self.take(list(before.operations)[-1].operation.operands[0]))
        first = self.lines.cut(mark)
        head = f"{self._labels[loop.op]}: while ({'true' if first else condition.text}) {{"
        self.lines.add(head, span=loop.span, opens=True)
        self._pragmas(loop)
        with self.lines.indented():
            if first:
                self.lines.restore(first, deeper=True)
                self.lines.add(f"if (!{condition.inside(Binds.UNARY)}) {{")
                self.lines.add("    break;")
                self.lines.add("}")
            self.block(loop.body)
        self.lines.add("}")

    # Branches

    def _if(self, op: ir.Operation) -> None:
        condition = boolean(self.take(op.operands[0]))
        self.settle()
        results = [self._result(value) for value in op.results]
        self.lines.add(f"if ({condition.text}) {{", span=self.kernel.span(op))
        self._branch(op.regions[0].blocks[0], results)
        otherwise = list(op.regions[1].blocks)
        if otherwise and len(list(otherwise[0].operations)) > (0 if results else 1):
            self.lines.add("} else {")
            self._branch(otherwise[0], results)
        self.lines.add("}")

    def _result(self, value: ir.Value) -> tuple[str, int | CppType, CppType]:
        """Declare the variable of a branch's result."""
        name, kind = self.names.unique("chosen"), value_type(value)
        type_ = integer_type(kind, kind > 1) if isinstance(kind, int) else kind
        if isinstance(value.type, ir.IndexType):
            type_ = INT_TYPE
        self.lines.add(f"{type_.name} {name};")
        self.bind(value, Expression.of(name, type_))
        return name, kind, type_

    def _branch(self, block: ir.Block, results: list[tuple[str, int | CppType, CppType]]) -> None:
        outside, self.names = self.names, self.names.inner()
        with self.lines.indented():
            self.block(block)
            if results:
                ending = list(block.operations)[-1].operation
                for (name, kind, type_), value in zip(results, ending.operands, strict=True):
                    chosen = self.take(value)
                    if isinstance(kind, int):
                        chosen = wanted(chosen, kind, type_.signed)
                    self.lines.add(f"{name} = {chosen.text};")
        self.names = outside

    # Calls

    def _call(self, op: ir.Operation) -> None:
        callee = str(ir.FlatSymbolRefAttr(op.attributes["callee"]).value)
        passed = [
            self.memories[value].name if value in self.memories else self._argument(value).text for value in op.operands
        ]
        self.settle()
        self.lines.add(f"{self._functions[callee]}({', '.join(passed)});", span=self.kernel.span(op))

    def _argument(self, value: ir.Value) -> Expression:
        kind, given = value_type(value), self.take(value)
        return narrowed(given, kind, True) if isinstance(kind, int) else given


# What loops are for that no line of the source stands for.
_ROLES = {
    "copy_in": "fills a local copy",
    "fill": "fills a tile",
    "init": "gives first values",
    "write_back": "writes a local copy back",
}


def _made(loop: Loop) -> str:
    return _ROLES.get(loop.role or "", "")

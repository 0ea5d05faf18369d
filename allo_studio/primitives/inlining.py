"""A call's expansion into the body of what it calls; in place, with the context current."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.ir import Buffer, KernelIR, walk
from allo_studio.ir.attributes import integer, remove, set_integer, set_text, set_text_map, symbol, text, text_map
from allo_studio.ir.binding import arith, ir
from allo_studio.ir.build import index_constant
from allo_studio.ir.rewrite import at_start, erase, operations, replace_uses
from allo_studio.ir.views import LOOP_KINDS
from allo_studio.layout import Layout
from allo_studio.primitives.affine_maps import is_affine, without_symbols
from allo_studio.source import Span

__all__ = ["calls_in", "expand"]

_CASTS = ("arith.index_cast", "arith.index_castui")


def calls_in(kernel: KernelIR) -> tuple[ir.Operation, ...]:
    """Return the calls of a kernel's own function, in program order."""
    return tuple(op for op in walk(kernel.body) if op.name == "func.call")


def expand(caller: KernelIR, call: ir.Operation) -> None:
    """Put the body of the called function in the place of `call`, an operation of `caller`'s own function.

    Raises AlloError (code `step`) where it cannot stand there.
    """
    _Expansion(caller, call).run()


class _Expansion:
    def __init__(self, caller: KernelIR, call: ir.Operation) -> None:
        self._caller = caller
        self._call = call
        self._callee = caller.at(symbol(call, "callee"))
        # A copy of its own: what is not moved goes with it.
        self._function = self._callee.function.clone().operation
        self._block = self._function.regions[0].blocks[0]
        self._around = _loops_around(call)
        self._span: Span | None = caller.span(call)

    def run(self) -> None:
        self._require_shape()
        names = self._rename_buffers()
        self._rename_loops()
        self._keep_arguments()
        self._keep_memories(names)
        for op in walk(self._block):
            without_symbols(op)
        self._place_globals()
        self._place_symbols()
        for value, operand in zip(self._block.arguments, self._call.operands, strict=True):
            replace_uses(value, operand)
        for op in operations(self._block):
            op.move_before(self._call)
        given = [value.owner.operation for value in self._call.operands if isinstance(value.owner, ir.OpView)]
        erase(self._call)
        for op in given:
            # What only gave a loop's variable to the call.
            if op.name == "arith.index_cast" and next(iter(op.result.uses), None) is None:
                erase(op)

    def _fault(self, message: str, hint: str) -> AlloError:
        return AlloError(Diagnostic("step", message, self._span, hint=hint))

    def _require_shape(self) -> None:
        """Raise where a pipelined loop would come to hold loops that it cannot unroll; mark those that it can."""
        pipelined = next((op for op in self._around if integer(op, "allo.pipeline")), None)
        if pipelined is None:
            return
        name, place = self._callee.name, text(pipelined, "allo.name")
        for loop in self._callee.loops():
            if loop.trip is None:
                message = f"loop {loop.id} of {name} has no constant trip count, and pipelined loop {place} unrolls it"
                raise self._fault(message, f"inline {name} before {place} is pipelined, and pipeline {loop.id}")
            if loop.pipeline:
                message = f"loop {loop.id} of {name} is pipelined, and pipelined loop {place} would unroll it"
                raise self._fault(message, f"pipeline one of them: {loop.id} or {place}")
        for op in _loops(self._block):
            remove(op, "allo.pipeline")
            set_integer(op, "allo.unroll", 0)

    def _rename_buffers(self) -> dict[str, str]:
        """Give the callee's own memories names that are new in the caller; return the caller's name of each buffer."""
        known = {buffer.value: buffer.name for buffer in self._caller.buffers()}
        arguments = zip(self._callee.arguments(), self._call.operands, strict=True)
        names = {argument.name: known[value] for argument, value in arguments if value in known}
        taken = {*known.values(), *(argument.name for argument in self._caller.arguments())}
        own = [op for op in walk(self._block) if op.name in ("memref.alloc", "memref.get_global")]
        for op in own:
            old = text(op, "allo.name") or ""
            there = self._global_of(op)
            names[old] = _fresh(old, taken) if there is None else text(there, "allo.name") or ""
            taken.add(names[old])
            set_text(op, "allo.name", names[old])
        for op in own:
            tile_of = text(op, "allo.tile_of")
            if tile_of is not None:
                set_text(op, "allo.tile_of", names.get(tile_of, tile_of))
        return names

    def _rename_loops(self) -> None:
        """Make loops of a nest around the call part of it; else give the callee's nests names that are new."""
        loops = self._caller.loops()
        if not self._around:
            bands = {loop.band for loop in loops}
            renamed: dict[str, str] = {}
            for op in _loops(self._block):
                band = text(op, "allo.band")
                if band is not None and band not in renamed:
                    renamed[band] = _fresh(band, bands)
                    bands.add(renamed[band])
                if band is not None:
                    set_text(op, "allo.band", renamed[band])
            return
        band = text(self._around[0], "allo.band") or ""
        taken = {loop.name for loop in loops if loop.band == band}
        for op in _loops(self._block):
            remove(op, "allo.band")
            name = _fresh(text(op, "allo.name") or "", taken)
            taken.add(name)
            set_text(op, "allo.name", name)

    def _passed(self) -> Iterator[tuple[Buffer, Buffer]]:
        """Yield the callee's array arguments, each with the caller's array that is given."""
        known = {buffer.value: buffer for buffer in self._caller.buffers()}
        inside = {buffer.name: buffer for buffer in self._callee.buffers()}
        for argument, value in zip(self._callee.arguments(), self._call.operands, strict=True):
            if value in known and argument.name in inside:
                yield inside[argument.name], known[value]

    def _keep_arguments(self) -> None:
        """Let the caller's arrays have the `Memory(...)` that the callee asks for."""
        for asked, given in self._passed():
            if not asked.memory or asked.memory == given.memory:
                continue
            if given.memory:
                message = (
                    f"{given.name} is declared as {given.memory} in {self._caller.name} and as {asked.memory} "
                    f"in {self._callee.name}, where it is {asked.name}"
                )
                raise self._fault(message, "declare both in the same way")
            if given.kind == "argument":
                function = self._caller.function
                set_text_map(
                    function, "allo.memories", {**text_map(function, "allo.memories"), given.name: asked.memory}
                )
            else:
                set_text(given.value.owner.operation, "allo.memory", asked.memory)

    def _keep_memories(self, names: dict[str, str]) -> None:
        """Carry the layouts over: those of arguments are met, so that both demands hold."""
        layouts = self._caller.layouts()
        shapes = {buffer.name: buffer.type.shape for buffer in self._caller.buffers()}
        for old, layout in self._callee.layouts().items():
            name = names[old]
            known = layouts.get(name, Layout.plain(len(layout.dims)))
            layouts[name] = known.meet(layout, shapes[name]) if name in shapes else layout
        set_text_map(self._caller.function, "allo.layouts", {k: str(v) for k, v in sorted(layouts.items())})

    def _place_globals(self) -> None:
        """Put tables and state at the start of the caller, where one that is there already is shared."""
        for op in operations(self._block):
            if op.name != "memref.get_global":
                continue
            there = self._global_of(op)
            if there is not None:
                replace_uses(op.result, there.result)
                erase(op)
            else:
                op.move_before(next(iter(self._caller.body.operations)).operation)

    def _global_of(self, op: ir.Operation) -> ir.Operation | None:
        """Return the caller's own access to the global that an operation of the callee gets, None where it has none."""
        if op.name != "memref.get_global":
            return None
        wanted = symbol(op, "name")
        there = (known for known in operations(self._caller.body) if known.name == "memref.get_global")
        return next((known for known in there if symbol(known, "name") == wanted), None)

    def _place_symbols(self) -> None:
        """Replace each symbol of the callee by what the caller gives for it."""
        for op in operations(self._block):
            argument = op.operands[0] if op.name in _CASTS else None
            if argument is None or argument not in list(self._block.arguments):
                continue
            number = list(self._block.arguments).index(argument)
            found = self._index_of(self._call.operands[number], op)
            if found is None and any(is_affine(use.owner.operation) for use in op.result.uses):
                name, argument_name = self._callee.name, self._callee.arguments()[number].name
                message = (
                    f"{argument_name} of {name} is in subscripts or bounds, and this call gives it a computed value"
                )
                raise self._fault(message, "give it a constant, an argument or a loop's variable, or do not inline it")
            if found is not None:
                replace_uses(op.result, found)
                erase(op)

    def _index_of(self, given: ir.Value, cast: ir.Operation) -> ir.Value | None:
        """Return an index value that affine operations may use, equal to the given scalar; None where there is none."""
        owner = given.owner
        if isinstance(owner, ir.Block):
            return _symbol_of(self._caller, given, cast)
        op = owner.operation
        if op.name == "arith.constant":
            return index_constant(_number(op, cast), at_start(self._caller.body), op.location)
        # Loop variables fit 32 bits, so that the way there and back keeps them.
        back = op.name == "arith.index_cast" and isinstance(op.operands[0].type, ir.IndexType)
        return op.operands[0] if back and cast.name == "arith.index_cast" else None


def _number(constant: ir.Operation, cast: ir.Operation) -> int:
    """Return what a constant is as an index."""
    attribute = ir.IntegerAttr(constant.attributes["value"])
    value, width = int(attribute.value), int(attribute.type.width)
    return value % (1 << width) if cast.name == "arith.index_castui" else value


def _symbol_of(kernel: KernelIR, argument: ir.Value, like: ir.Operation) -> ir.Value:
    """Return the symbol of a scalar argument, which is made where there is none yet."""
    for op in operations(kernel.body):
        if op.name == like.name and op.operands[0] == argument:
            return op.result
    make = arith.IndexCastOp if like.name == "arith.index_cast" else arith.IndexCastUIOp
    return make(ir.IndexType.get(), argument, loc=like.location, ip=at_start(kernel.body)).result


def _loops_around(op: ir.Operation) -> list[ir.Operation]:
    """Return the loops around an operation, the outermost first."""
    found = []
    parent = op.operation.parent
    while parent is not None and parent.operation.name != "func.func":
        if parent.operation.name in LOOP_KINDS:
            found.append(parent.operation)
        parent = parent.operation.parent
    return found[::-1]


def _loops(block: ir.Block) -> Iterable[ir.Operation]:
    return [op for op in walk(block) if op.name in LOOP_KINDS]


def _fresh(wanted: str, taken: set[str]) -> str:
    candidate, number = wanted, 1
    while candidate in taken:
        candidate, number = f"{wanted}_{number}", number + 1
    return candidate

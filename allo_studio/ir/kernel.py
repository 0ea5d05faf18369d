"""`KernelIR`: one kernel as an MLIR module, with the names and places that the rest of the system asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, TypeVar

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.ir.attributes import integer_map, set_integer_map, set_text_map, strings, text_map
from allo_studio.ir.binding import in_context, ir
from allo_studio.ir.views import Argument, Buffer, Direction, Loop, SpanOf, find_arguments, find_buffers, find_loops
from allo_studio.layout import Layout
from allo_studio.source import Source, Span

__all__ = ["KernelIR"]

_T = TypeVar("_T")


@dataclass(frozen=True, eq=False)
class KernelIR:
    """A kernel in the form that ARCHITECTURE.md describes. Treat it as a value: change only a `clone`.

    A kernel that is not going to change any more may be frozen; what was once found out about it is then kept.

    `name` is the kernel's function, `source` the text that its locations are in. The module may hold functions that it
    calls; `at` gives the same module seen from one of them, which is how a step works on a callee.
    """

    module: ir.Module
    name: str
    source: Source
    _found: dict[tuple[str, str], Any] | None = field(default=None, repr=False, compare=False)

    @classmethod
    def parse(cls, text: str, source: Source | None = None, name: str | None = None) -> KernelIR:
        """Read a kernel from MLIR text (locations are those of the text where it has them); raises ValueError.

        `name` is needed where the module has several functions.
        """
        with in_context():
            try:
                module = ir.Module.parse(text)
            except ir.MLIRError as fault:
                raise ValueError(str(fault)) from None
        functions = _functions(module)
        if name is None and len(functions) != 1:
            raise ValueError(f"say which of the functions is the kernel: {', '.join(functions) or 'there is none'}")
        if name is not None and name not in functions:
            raise ValueError(f"the module has no function {name}")
        return cls(module, name or next(iter(functions)), source or Source("-", text))

    @property
    def function(self) -> ir.Operation:
        """The `func.func` operation."""
        found = _function(self.module, self.name)
        if found is None:
            raise KeyError(self.name)
        return found

    @property
    def functions(self) -> tuple[str, ...]:
        """The names of all functions of the module, in order."""
        return tuple(_functions(self.module))

    def at(self, function: str) -> KernelIR:
        """Return the same module seen from another of its functions; raises KeyError where there is none."""
        if _function(self.module, function) is None:
            raise KeyError(function)
        return KernelIR(self.module, function, self.source, self._found)

    def freeze(self) -> KernelIR:
        """Declare that the module stays as it is from now on, forget what was found out before, and return this kernel.

        A clone is not frozen. Whoever changes a frozen kernel's module gets stale answers.
        """
        object.__setattr__(self, "_found", {})
        return self

    def steady(self) -> KernelIR:
        """Return a frozen view of this kernel, for work during which nobody changes it."""
        return self if self.frozen else self.at(self.name).freeze()

    @property
    def frozen(self) -> bool:
        """Whether the module is known to stay as it is."""
        return self._found is not None

    def kept(self, key: str, find: Callable[[], _T]) -> _T:
        """Return what `find` finds out about this function; of a frozen kernel it is found once for each key.

        What is kept is used by all threads, so it must not hold isl's objects.
        """
        if self._found is None:
            return find()
        if (self.name, key) not in self._found:
            self._found[self.name, key] = find()
        found: _T = self._found[self.name, key]
        return found

    @property
    def body(self) -> ir.Block:
        """The function's block."""
        return self.function.regions[0].blocks[0]

    @property
    def directions(self) -> dict[str, Direction]:
        """The direction of each argument by name, in the arguments' order."""
        return {argument.name: argument.direction for argument in self.arguments()}

    @property
    def streams(self) -> dict[str, int]:
        """The arguments that are FIFO ends, with the elements that a token has."""
        return integer_map(self.function, "allo.streams")

    def text(self) -> str:
        """Return the module as MLIR text, the same for the same kernel, without locations."""
        return str(self.module.operation.get_asm(enable_debug_info=False))

    def clone(self) -> KernelIR:
        """Return a deep copy, which may be changed without touching this kernel."""
        with in_context():
            module = ir.Module.create(self.module.operation.location)
            for op in self.module.body.operations:
                module.body.append(op.operation.clone())
        return KernelIR(module, self.name, self.source)

    def verify(self) -> None:
        """Raise ValueError where the MLIR is invalid or breaks the form of a kernel: an internal fault."""
        with in_context():
            try:
                self.module.operation.verify()
            except ir.MLIRError as fault:
                raise ValueError(f"kernel {self.name} is not valid MLIR: {fault}") from None
        faults = [fault for name in self.functions for fault in _form_faults(self.at(name))]
        if faults:
            raise ValueError(f"kernel {self.name} is not in a kernel's form: {'; '.join(faults)}")

    def loops(self) -> tuple[Loop, ...]:
        """Return all loops, in pre-order."""
        return self.kept("loops", lambda: find_loops(self.function, SpanOf(self.source), self.module))

    def top_loops(self) -> tuple[Loop, ...]:
        """Return the outermost loops in order."""
        return tuple(loop for loop in self.loops() if loop.parent is None)

    def arguments(self) -> tuple[Argument, ...]:
        """Return the arguments in order: the kernel's own, then the returned variables."""
        return self.kept("arguments", lambda: find_arguments(self.function, self.module))

    def buffers(self) -> tuple[Buffer, ...]:
        """Return the memories: arguments that are not passed by value, then local ones in program order."""
        return self.kept("buffers", lambda: find_buffers(self.function, SpanOf(self.source), self.module))

    def find_loop(self, ref: str) -> Loop:
        """Return the loop named `i` or `band:i`; raises AlloError of code `step`, listing what there is."""
        loops = self.loops()
        found = [loop for loop in loops if ref in (loop.id, loop.name, f"{loop.band}:{loop.name}")]
        if len(found) == 1:
            return found[0]
        if found:
            ids = ", ".join(loop.id for loop in found)
            raise _missing(f"{ref!r} names {len(found)} loops of {self.name}", f"say which: {ids}")
        raise _missing(*_unknown("loop", ref, self.name, [loop.id for loop in loops]))

    def find_buffer(self, ref: str) -> Buffer:
        """Return the buffer of that name; raises AlloError of code `step`, listing what there is."""
        buffers = self.buffers()
        for buffer in buffers:
            if buffer.name == ref:
                return buffer
        raise _missing(*_unknown("buffer", ref, self.name, [buffer.name for buffer in buffers]))

    def span(self, op: ir.Operation) -> Span | None:
        """Return the place in the source that an operation stands for, or None where the compiler made it."""
        return SpanOf(self.source)(op.operation.location)

    def layouts(self) -> dict[str, Layout]:
        """Return the layouts of the buffers that are partitioned."""
        return {name: Layout.parse(entry) for name, entry in text_map(self.function, "allo.layouts").items()}

    def layout(self, name: str) -> Layout:
        """Return the layout of a buffer; raises AlloError where there is no such buffer."""
        return self.find_buffer(name).layout

    def with_layout(self, name: str, layout: Layout) -> KernelIR:
        """Return this kernel with another layout of one buffer; raises AlloError, or ValueError on a wrong rank."""
        buffer = self.find_buffer(name)
        if len(layout.dims) != len(buffer.type.shape):
            raise ValueError(f"{layout} has {len(layout.dims)} dimensions, {name} has {len(buffer.type.shape)}")
        layouts = {**self.layouts(), name: layout.normal(buffer.type.shape)}
        changed = self.clone()
        plain = {known for known, entry in layouts.items() if all(d.kind == "none" for d in entry.dims)}
        printed = {known: str(entry) for known, entry in sorted(layouts.items()) if known not in plain}
        set_text_map(changed.function, "allo.layouts", printed)
        return changed

    def with_streams(self, streams: Mapping[str, int]) -> KernelIR:
        """Return this kernel with exactly these arguments streamed, each with the elements that a token has."""
        unknown = sorted(set(streams) - {a.name for a in self.arguments() if not a.scalar})
        if unknown:
            raise ValueError(f"{self.name} has no array argument {', '.join(unknown)}")
        changed = self.clone()
        set_integer_map(changed.function, "allo.streams", dict(sorted(streams.items())))
        return changed


def _function(module: ir.Module, name: str) -> ir.Operation | None:
    """Return a function by name, for which MLIR has an index."""
    symbols = ir.SymbolTable(module.operation)
    found = symbols[name].operation if name in symbols else None
    return found if found is not None and found.name == "func.func" else None


def _functions(module: ir.Module) -> dict[str, ir.Operation]:
    found = (op.operation for op in module.body.operations if op.operation.name == "func.func")
    return {str(ir.StringAttr(op.attributes["sym_name"]).value): op for op in found}


def _form_faults(kernel: KernelIR) -> list[str]:
    function = kernel.function
    count = len(kernel.body.arguments)
    counts = [len(strings(function, name)) for name in ("allo.args", "allo.directions")]
    if counts != [count, count]:
        return [f"{count} arguments, but {counts[0]} names and {counts[1]} directions"]
    faults = []
    names = [buffer.name for buffer in kernel.buffers()]
    faults += [f"several buffers are named {name!r}" for name in sorted({n for n in names if names.count(n) > 1})]
    loops = [(loop.band, loop.name) for loop in kernel.loops()]
    faults += [f"several loops are named {':'.join(k)!r}" for k in sorted({k for k in loops if loops.count(k) > 1})]
    if "" in names or any(not name for _, name in loops):
        faults.append("a loop or buffer has no allo.name")
    return faults


def _unknown(kind: str, ref: str, kernel: str, known: list[str]) -> tuple[str, str]:
    close = get_close_matches(ref, known, 1)
    guess = f"did you mean {close[0]!r}? " if close else ""
    listing = f"{kind}s of {kernel}: {', '.join(known)}" if known else f"{kernel} has no {kind}s"
    return f"{kernel} has no {kind} {ref!r}", guess + listing


def _missing(message: str, hint: str) -> AlloError:
    return AlloError(Diagnostic("step", message, hint=hint))

"""Directions of a kernel's ports, proven with isl by the rules of semantics: only `in` and `out` remain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from allo_studio.analysis.accesses import Access, accesses
from allo_studio.analysis.coverage import unfed, unwritten
from allo_studio.analysis.sets import sample_point, sample_with
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.ir import Buffer, Direction, KernelIR, LinearExpr, in_context
from allo_studio.ir.attributes import set_strings, set_text_map, strings, text_map
from allo_studio.ir.binding import ir
from allo_studio.ir.build import for_loop, load, store
from allo_studio.ir.rewrite import at_end, at_start, fresh_loop_name, replace_uses

__all__ = ["infer_ports"]


def infer_ports(kernel: KernelIR) -> KernelIR:
    """Return the kernel with every argument `in` or `out`.

    An array that is read and written becomes an input `x` and an output `x_out` whose first content a copy nest
    (role `copy_in`) puts there. Raises AlloError (code `ports`) with every element that may be read or handed out
    without having been written.
    """
    found = accesses(kernel)
    uses = [_use_of(buffer, [a for a in found if a.buffer == buffer.name]) for buffer in kernel.buffers()]
    names = {a.name for a in kernel.arguments()} | {b.name for b in kernel.buffers()}
    faults = [fault for use in uses for fault in (*use.faults, *_name_faults(use, names))]
    if faults:
        raise AlloError(faults)
    changed = kernel.clone()
    directions = {use.buffer.name: use.direction for use in uses if use.direction}
    with in_context():
        _set_directions(changed, directions)
        for use in uses:
            if use.direction == "inout":
                _separate(changed, use.buffer.name)
    changed.verify()
    return changed


@dataclass(frozen=True)
class _Use:
    """What was proven of a buffer; `direction` is None for a local one."""

    buffer: Buffer
    direction: Direction | None
    faults: tuple[Diagnostic, ...] = ()


def _use_of(buffer: Buffer, found: Sequence[Access]) -> _Use:
    reads = [a for a in found if not a.is_write]
    writes = [a for a in found if a.is_write]
    if buffer.kind in ("constant", "state"):
        return _Use(buffer, None)
    early = _early_reads(reads, writes)
    if buffer.kind == "local":
        return _Use(buffer, None, _uninitialised(buffer, early, writes))
    if buffer.direction == "out":
        return _Use(buffer, "out", (*_uninitialised(buffer, early, writes), *_partly_written(buffer, writes)))
    if not writes:
        return _Use(buffer, "in")
    if early:
        return _Use(buffer, "inout")
    missing = _partly_written(buffer, writes)
    if missing and reads:
        return _Use(buffer, "inout")
    return _Use(buffer, "out", missing)


@dataclass(frozen=True)
class _Early:
    """A read that may find an element not yet written, and the least case."""

    read: Access
    symbols: Mapping[str, int]
    iteration: Sequence[int]
    element: Sequence[int]

    @property
    def place(self) -> str:
        """The iteration, ` (at n=3, i=0)`, or nothing."""
        labels = {symbol.name: symbol.label for symbol in self.read.when.notation.symbols if symbol.label}
        values = [f"{labels[name]}={v}" for name, v in self.symbols.items() if name in labels]
        values += [f"{loop.name}={v}" for loop, v in zip(self.read.loops, self.iteration, strict=True)]
        return f" (at {', '.join(values)})" if values else ""


def _early_reads(reads: Sequence[Access], writes: Sequence[Access]) -> list[_Early]:
    """Return the reads that may find an element not yet written."""
    found = []
    for read in reads:
        left = unfed(read, writes)
        if not left.is_empty():
            symbols, values = sample_with(left.wrap().flatten())
            depth = len(read.loops)
            found.append(_Early(read, symbols, values[:depth], values[depth:]))
    return found


def _uninitialised(buffer: Buffer, early: Sequence[_Early], writes: Sequence[Access]) -> tuple[Diagnostic, ...]:
    return tuple(_early_fault(buffer, case, writes) for case in early)


def _early_fault(buffer: Buffer, case: _Early, writes: Sequence[Access]) -> Diagnostic:
    written = next((str(write.span) for write in writes if write.span), "")
    later = f"it is written at {written}, but not before this read; " if written else ""
    sure = all(write.exact for write in writes)
    if not sure:
        later = f"it is written at {written}, but not surely before this read; " if written else ""
    verb = "is read before it is written" if sure else "may be read before it is written"
    by = f" by the call of {case.read.callee}" if case.read.callee else ""
    return Diagnostic(
        "ports",
        f"uninitialised read: {_element_text(buffer.name, case.element)} {verb}{by}{case.place}",
        case.read.span or buffer.span,
        hint=f"{later}give {buffer.name} a first value, for example {buffer.name}: {buffer.type} = 0",
    )


def _partly_written(buffer: Buffer, writes: Sequence[Access]) -> tuple[Diagnostic, ...]:
    left = unwritten(buffer.type.shape, writes, buffer.type.sizes)
    if left.is_empty():
        return ()
    example = _element_text(buffer.name, sample_point(left))
    span = next((write.span for write in writes if write.span), None) or buffer.span
    verb = "is never written" if all(write.exact for write in writes) else "is not surely written"
    return (
        Diagnostic(
            "ports",
            f"{buffer.name} is an output, but {example} {verb}",
            span,
            hint=f"write every element of {buffer.name}: {buffer.type}, for example by giving it a first value",
        ),
    )


def _element_text(name: str, element: Sequence[int]) -> str:
    return f"{name}[{', '.join(map(str, element))}]" if element else name


def _name_faults(use: _Use, taken: set[str]) -> list[Diagnostic]:
    name = f"{use.buffer.name}_out"
    if use.direction != "inout" or name not in taken:
        return []
    message = f"{use.buffer.name} is read and written, so its result is to be called {name}, which is taken"
    return [Diagnostic("ports", message, use.buffer.span, hint=f"rename the other {name}")]


def _set_directions(kernel: KernelIR, directions: Mapping[str, Direction]) -> None:
    known: dict[str, Direction] = {**kernel.directions, **directions}
    set_strings(kernel.function, "allo.directions", list(known.values()))


def _separate(kernel: KernelIR, name: str) -> None:
    """Split argument `name` into an input and an output of the name `<name>_out` that starts as a copy of it."""
    buffer, function = kernel.find_buffer(name), kernel.function
    result = kernel.body.add_argument(buffer.value.type, buffer.value.location)
    replace_uses(buffer.value, result)
    inputs = [value.type for value in kernel.body.arguments]
    function.attributes["function_type"] = ir.TypeAttr.get(ir.FunctionType.get(inputs, [], function.context))
    directions = list(strings(function, "allo.directions"))
    directions[list(strings(function, "allo.args")).index(name)] = "in"
    set_strings(function, "allo.directions", [*directions, "out"])
    set_strings(function, "allo.args", [*strings(function, "allo.args"), f"{name}_out"])
    types = text_map(function, "allo.types")
    if name in types:
        set_text_map(function, "allo.types", {**types, f"{name}_out": types[name]})
    _copy_nest(kernel, buffer, result)


def _copy_nest(kernel: KernelIR, buffer: Buffer, result: ir.Value) -> None:
    block, variables = kernel.body, []
    at = at_start(block)
    for dim, extent in enumerate(buffer.type.shape):
        wanted = fresh_loop_name(kernel, f"{buffer.name}_copy_{dim}")
        band = f"{buffer.name}_copy" if dim == 0 else None
        made = for_loop(wanted, 0, extent, at=at, location=buffer.value.location, band=band, role="copy_in")
        block = made.regions[0].blocks[0]
        variables.append(LinearExpr.of(block.arguments[0]))
        at = at_end(block)
    value = load(buffer.value, variables, at, buffer.value.location)
    store(value, result, variables, at, buffer.value.location)

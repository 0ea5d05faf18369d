"""One kernel as a C++ function."""

from __future__ import annotations

from dataclasses import dataclass

from allo_studio.backends.vitis.body import Body
from allo_studio.backends.vitis.memories import Memory, parameter, partition_pragmas
from allo_studio.backends.vitis.names import Names
from allo_studio.backends.vitis.text import Lines
from allo_studio.backends.vitis.tokens import find_tokens
from allo_studio.ir import KernelIR
from allo_studio.ir.binding import ir
from allo_studio.layout import Layout

__all__ = ["Function", "kernel_function"]


@dataclass(frozen=True)
class Function:
    """A C++ function without its name: parameters, and the body's lines. Equal functions do the same."""

    parameters: tuple[str, ...]
    body: str

    def prototype(self, name: str) -> str:
        """Return the function's head, one parameter a line where one line would be long."""
        one_line = f"void {name}({', '.join(self.parameters)})"
        if len(one_line) <= 110:
            return one_line
        return f"void {name}(\n    " + ",\n    ".join(self.parameters) + ")"

    def definition(self, name: str) -> str:
        """Return the whole function."""
        return f"{self.prototype(name)} {{\n{self.body}}}\n"


def kernel_function(kernel: KernelIR) -> Function:
    """Return the function of a kernel; raises AlloError (code `hls`) where it has no form in HLS C++.

    Parameters are in the order of the IR's arguments: arrays (`const` where only read), streams by reference, scalars
    by value, and scalar results by reference.
    """
    names = Names()
    memories = {**_arguments(kernel, names), **_locals(kernel, names)}
    lines = Lines(1)
    lines.pragma("inline off")
    for argument in kernel.arguments():
        for pragma in partition_pragmas(memories[argument.value]):
            lines.pragma(pragma)
        if not list(argument.value.uses):
            lines.add(f"(void){memories[argument.value].name};")
    body = Body(kernel, lines, names, memories)
    for argument in kernel.arguments():
        if argument.scalar:
            body.bind(argument.value, memories[argument.value].name)
    body.stream(find_tokens(kernel).values())
    body.block(kernel.body)
    return Function(tuple(parameter(memories[a.value]) for a in kernel.arguments()), lines.text())


def _arguments(kernel: KernelIR, names: Names) -> dict[ir.Value, Memory]:
    streams, layouts, found = kernel.streams, kernel.layouts(), {}
    for argument in kernel.arguments():
        width = streams.get(argument.name, 0)
        plain = Layout.plain(len(argument.type.shape))
        layout = plain if width else layouts.get(argument.name, plain)
        writable = not argument.scalar and argument.direction != "in"
        name = names.unique(argument.name)
        found[argument.value] = Memory(name, argument.name, argument.type, layout, width, writable)
    return found


def _locals(kernel: KernelIR, names: Names) -> dict[ir.Value, Memory]:
    return {
        buffer.value: Memory(names.unique(buffer.name), buffer.name, buffer.type, buffer.layout)
        for buffer in kernel.buffers()
        if buffer.kind == "local"
    }

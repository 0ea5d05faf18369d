"""A Verilog module of another's, as `Circuit.instance` takes it."""

from __future__ import annotations

from dataclasses import dataclass

from allo_studio.backends.rtl.circuit import Circuit, Signal

__all__ = ["Foreign"]


@dataclass
class Foreign(Circuit):
    """A module that is declared and written elsewhere, with its ports; clock and reset go by names of its own.

    `symbol` is what the text calls it, in which one module has ports of one width.
    """

    symbol: str = ""
    parameters: tuple[tuple[str, int], ...] = ()
    clock: str = "clk"
    reset: str = "rst"

    @property
    def reference(self) -> tuple[str, str]:
        """What an instance calls it, with the values of its parameters, and how it gives it clock and reset."""
        values = ", ".join(f"{name}: i32 = {value}" for name, value in self.parameters)
        listed = f"<{values}>" if values else ""
        return f"@{self.symbol}{listed}", f"{self.clock}: %clk: !seq.clock, {self.reset}: %rst: i1"

    @property
    def shape(self) -> tuple[object, ...]:
        """What its declaration says; two modules of one name that differ here need two symbols."""
        names = tuple(name for name, _ in self.parameters)
        return self.name, names, self.clock, self.reset, self.inputs, self.outputs

    def text(self) -> str:
        """Return its declaration."""
        parameters = ", ".join(f"{name}: i32" for name, _ in self.parameters)
        ports = [f"in %{self.clock}: !seq.clock", f"in %{self.reset}: i1"]
        ports += [f"in %{signal.name}: i{signal.width}" for signal in self.inputs]
        ports += [f"out {name}: i{width}" for name, width in self.outputs]
        listed = f"<{parameters}>" if parameters else ""
        named = f' attributes {{verilogName = "{self.name}"}}' if self.symbol != self.name else ""
        # What has no place is said to have none: it would be a place in this text, which nobody sees.
        placed = ", ".join(f"{port} loc(unknown)" for port in ports)
        return f"hw.module.extern @{self.symbol}{listed}({placed}){named} loc(unknown)\n"

    def declare(self, name: str, width: int, output: bool) -> None:
        """Add a port."""
        if output:
            self.output(name, Signal(name, width))
        else:
            self.input(name, width)

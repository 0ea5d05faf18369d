"""Random small kernels as text: one pipelined nest whose accesses compete and depend on each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from affine_programs import Chooser

__all__ = ["draw_small", "draw_steps"]

EXTENT = 16


@dataclass
class _Writer:
    choose: Chooser
    kind: str
    arrays: dict[str, int]
    variables: list[tuple[str, int]]
    scalars: list[str] = field(default_factory=list)
    operations: int = 0

    def chance(self, percent: int) -> bool:
        return self.choose.number(1, 100) <= percent

    def subscript(self) -> str:
        """Return a subscript that stays inside of `EXTENT`: variables are from 3 on and below their end."""
        name, end = self.choose.pick(self.variables)
        form = self.choose.number(0, 9)
        if form == 0:
            return str(self.choose.number(0, EXTENT - 1))
        if form == 1 and 2 * (end - 1) < EXTENT:
            return f"2 * {name}"
        if form == 2:
            return f"{EXTENT - 1} - {name}"
        shift = self.choose.pick([0, 0, 0, -1, -2, -3, 1, 2])
        return name if not shift else f"{name} {'+' if shift > 0 else '-'} {abs(shift)}"

    def element(self) -> str:
        name = self.choose.pick(sorted(self.arrays))
        return f"{name}[{', '.join(self.subscript() for _ in range(self.arrays[name]))}]"

    def value(self, depth: int) -> str:
        form = self.choose.number(0, 9)
        if depth and self.operations and form > 2:
            self.operations -= 1
            operator = self.choose.pick("++-*")
            return f"({self.value(depth - 1)} {operator} {self.value(depth - 1)})"
        if self.scalars and form == 1:
            return self.choose.pick(self.scalars)
        if form == 2 and self.chance(40):
            return "1.5" if self.kind == "float32" else "3"
        return self.element()

    def statement(self, indent: int) -> list[str]:
        room = "    " * indent
        if self.scalars and self.chance(30):
            name = self.choose.pick(self.scalars)
            form = self.choose.pick([f"{name} += {{}}", f"{name} = {name} * {{}}", f"{name} = {{}}"])
            return [room + form.format(self.value(1))]
        if self.chance(15):
            lines = [f"{room}if {self.value(1)} > {self.value(0)}:", *self.statement(indent + 1)]
            if self.chance(60):
                lines += [f"{room}else:", *self.statement(indent + 1)]
            return lines
        operator = self.choose.pick(["=", "=", "+=", "*="])
        return [f"{room}{self.element()} {operator} {self.value(2)}"]


def draw_small(choose: Chooser) -> str:
    """Return the text of a kernel `small` with loops `i` and perhaps `j`."""
    kind = choose.pick(["int32", "int32", "float32"])
    arrays = {name: choose.pick([1, 1, 1, 2]) for name in "ABC"[: choose.pick([1, 1, 2, 2, 3])]}
    ends = [3 + choose.number(2, 6)] if choose.number(0, 2) else [3 + choose.number(2, 3), 3 + choose.number(2, 3)]
    variables = list(zip("ij", ends, strict=False))
    scalars = ["s", "t"][: choose.number(0, 2)]
    writer = _Writer(choose, kind, arrays, variables, scalars, choose.number(1, 5))
    shapes = {name: f"{kind}[{', '.join([str(EXTENT)] * rank)}]" for name, rank in arrays.items()}
    lines = [f"def small({', '.join(f'{name}: {shape}' for name, shape in shapes.items())}, x: {kind}):"]
    lines += [f"    {name}: {kind} = 1" for name in scalars]
    for depth, (name, end) in enumerate(variables, 1):
        lines.append(f"{'    ' * depth}for {name} in range(3, {end}):")
    for _ in range(choose.number(1, 3)):
        lines += writer.statement(len(variables) + 1)
    places = {name: ", ".join(["0"] * rank) for name, rank in arrays.items()}
    # Every array is read and written, so that no element is left open, and every scalar has an effect.
    sums = " + ".join(["x", *scalars])
    lines += [f"    {name}[{place}] += {sums}" for name, place in places.items()]
    return "\n".join(lines)


def draw_steps(choose: Chooser, arrays: Sequence[tuple[str, int]], loops: Sequence[str]) -> list[tuple[str, Any]]:
    """Return steps: partitions of arrays (by name and rank), and lanes or an interval of the innermost loop."""
    steps: list[tuple[str, Any]] = []
    for name, rank in arrays:
        if choose.number(0, 2) == 0:
            kind = choose.pick(["cyclic", "cyclic", "block", "complete"])
            found = {"buffer": name, "kind": kind, "dim": choose.number(1, rank)}
            steps.append(("partition", found if kind == "complete" else {**found, "factor": choose.number(2, 4)}))
    form = choose.number(0, 5)
    if form == 0:
        steps.append(("unroll", {"axis": loops[-1], "factor": choose.number(2, 3)}))
    elif form == 1:
        steps.append(("pipeline", {"axis": loops[-1], "initiation_interval": choose.number(1, 4)}))
    return steps

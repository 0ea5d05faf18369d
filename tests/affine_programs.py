"""Random kernels with affine loops, as text: several nests, ifs, triangles, stencils, local arrays and calls.

All subscripts are in range: each is drawn with the ranges that the loops give it.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from hypothesis import strategies as st

__all__ = ["Chooser", "DataChooser", "SeededChooser", "draw_affine"]

T = TypeVar("T")
EXTENT = 8
HEADER = "from allo_studio.lang import float32, grid, int8, int32, int64, max, min, reduction, uint16\n\n"
_MARGIN = 2
# The greatest number that a function is given.
_NUMBER = 3


class Chooser(Protocol):
    """Where the choices of a generator come from."""

    def pick(self, values: Sequence[T]) -> T:
        """Return one of several values."""

    def number(self, least: int, most: int) -> int:
        """Return a whole number within bounds."""


@dataclass(frozen=True)
class DataChooser:
    """Choices that hypothesis draws."""

    data: st.DataObject

    def pick(self, values: Sequence[T]) -> T:
        return self.data.draw(st.sampled_from(list(values)))

    def number(self, least: int, most: int) -> int:
        return self.data.draw(st.integers(least, most))


@dataclass(frozen=True)
class SeededChooser:
    """Choices of a generator of random numbers."""

    rng: random.Random

    def pick(self, values: Sequence[T]) -> T:
        return self.rng.choice(list(values))

    def number(self, least: int, most: int) -> int:
        return self.rng.randint(least, most)


@dataclass(frozen=True)
class _Variable:
    """A loop's variable and the values that it may have, both ends included."""

    name: str
    least: int
    most: int


@dataclass
class _Writer:
    choose: Chooser
    element: str
    arrays: dict[str, int] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    # The functions so far: the ranks of their arrays, and whether a number follows.
    functions: list[tuple[str, list[int], bool]] = field(default_factory=list)
    names: int = 0
    # Whether every store keeps a trace of what the element held before, and of the iteration.
    live: bool = False

    def fresh(self, stem: str) -> str:
        self.names += 1
        return f"{stem}{self.names}"

    def chance(self, one_in: int) -> bool:
        return self.choose.number(1, one_in) == 1

    def line(self, depth: int, text: str) -> None:
        self.lines.append(f"{'    ' * depth}{text}")

    def constant(self) -> str:
        value = self.choose.number(1, 5)
        return f"{value}.5" if self.element == "float32" else str(value)

    def subscript(self, around: Sequence[_Variable]) -> str:
        """Return an expression that is within 0 … EXTENT - 1 wherever it is computed."""
        if not around or self.chance(8):
            return str(self.choose.number(0, EXTENT - 1))
        one = self.choose.pick(around)
        terms = [(1 if self.choose.number(0, 4) else -1, one)]
        if len(around) > 1 and self.chance(4):
            terms.append((self.choose.pick([1, -1]), self.choose.pick([v for v in around if v != one])))
        least = sum(min(f * v.least, f * v.most) for f, v in terms)
        most = sum(max(f * v.least, f * v.most) for f, v in terms)
        if most - least >= EXTENT:
            terms, least, most = [(1, one)], one.least, one.most
        text = " + ".join(v.name if f > 0 else f"(-{v.name})" for f, v in terms)
        # Small shifts of one subscript are what stencils and recurrences are made of.
        near = [s for s in (0, -1, 1, 2) if least + s >= 0 and most + s < EXTENT]
        shift = self.choose.pick(near) if near else self.choose.number(-least, EXTENT - 1 - most)
        return f"{text} + {shift}" if shift > 0 else f"{text} - {-shift}" if shift else text

    def element_of(self, name: str, around: Sequence[_Variable]) -> str:
        rank = self.arrays[name]
        return f"{name}[{', '.join(self.subscript(around) for _ in range(rank))}]" if rank else name

    def value(self, around: Sequence[_Variable], depth: int = 2) -> str:
        kind = self.choose.number(0, 9)
        if depth == 0 or kind < 5:
            if self.chance(6):
                return self.constant()
            return self.element_of(self.choose.pick(sorted(self.arrays)), around)
        one, two = self.value(around, depth - 1), self.value(around, depth - 1)
        if kind == 9:
            return f"{self.choose.pick(['min', 'max'])}({one}, {two})"
        return f"({one} {self.choose.pick('++-*')} {two})"

    def condition(self, around: Sequence[_Variable]) -> str:
        if not around or self.chance(5):
            return f"{self.element_of(self.choose.pick(sorted(self.arrays)), around)} > {self.constant()}"
        left = self.choose.pick(around).name
        right = self.choose.pick([*(v.name for v in around if v.name != left), str(self.choose.number(0, 5))])
        text = f"{left} {self.choose.pick(['<', '<=', '>', '==', '!='])} {right}"
        if self.chance(4):
            text += f" {self.choose.pick(['and', 'or'])} {self.choose.pick(around).name} != {self.choose.number(0, 4)}"
        return text

    def statement(self, depth: int, around: Sequence[_Variable]) -> None:
        kind = self.choose.number(0, 11)
        if kind == 0:
            self.line(depth, f"if {self.condition(around)}:")
            self.statement(depth + 1, around)
            if self.chance(2):
                self.line(depth, "else:")
                self.statement(depth + 1, around)
        elif kind == 1 and self.functions:
            self.call(depth, around)
        elif kind == 2:
            # Only within the block, as the language wants it.
            name = self.fresh("t")
            self.line(depth, f"{name}: {self.element} = {self.value(around)}")
            self.line(depth, f"{self.element_of(self.target(), around)} = {name} + {self.value(around, 1)}")
        elif self.live and kind > 5:
            target = self.element_of(self.target(), around)
            trace = " + ".join(f"{variable.name} * {n + 2}" for n, variable in enumerate(around))
            self.line(depth, f"{target} = {target} * 3 + {self.value(around, 1)} + {trace or 1}")
        elif kind < 7:
            operator = self.choose.pick(["+=", "+=", "+=", "-=", "*="])
            self.line(depth, f"{self.element_of(self.target(), around)} {operator} {self.value(around)}")
        else:
            self.line(depth, f"{self.element_of(self.target(), around)} = {self.value(around)}")

    def target(self) -> str:
        return self.choose.pick(sorted(self.arrays))

    def call(self, depth: int, around: Sequence[_Variable] = ()) -> None:
        name, ranks, numbered = self.choose.pick(self.functions)
        given: list[str] = []
        for rank in ranks:
            left = [a for a in sorted(self.arrays) if self.arrays[a] == rank and a not in given]
            if not left:
                self.line(depth, f"{self.target_scalar()} += {self.constant()}")
                return
            given.append(self.choose.pick(left))
        if numbered:
            small = [f"{v.name}" for v in around if v.most <= _NUMBER]
            small += [f"{v.most} - {v.name}" for v in around if v.most <= _NUMBER + v.least]
            given.append(self.choose.pick([*small, str(self.choose.number(0, _NUMBER))]))
        self.line(depth, f"{name}({', '.join(given)})")

    def target_scalar(self) -> str:
        rank = min(self.arrays.values())
        name = next(a for a in sorted(self.arrays) if self.arrays[a] == rank)
        return f"{name}[{', '.join('0' for _ in range(rank))}]" if rank else name

    def loop(self, depth: int, around: Sequence[_Variable]) -> _Variable:
        name = self.fresh(self.choose.pick("ijk"))
        outer = self.choose.pick(around) if around and self.chance(4) else None
        if outer is not None:
            low, bound = self.choose.pick([(0, f"{outer.name} + 1"), (outer.least, f"{outer.name}, {outer.most + 1}")])
            self.line(depth, f"for {name} in range({bound}):")
            return _Variable(name, low, outer.most)
        low = self.choose.pick([0, 0, 0, 1, 2])
        high = low + self.choose.number(1, EXTENT - _MARGIN - low)
        step = 2 if self.chance(8) else 1
        bounds = f"{low}, {high}, {step}" if step > 1 else f"{low}, {high}" if low else str(high)
        head = "reduction" if step == 1 and not low and self.chance(6) else "range"
        self.line(depth, f"for {name} in {head}({bounds}):")
        return _Variable(name, low, high - 1)

    def nest(self, depth: int, around: tuple[_Variable, ...] = ()) -> None:
        inner = (*around, self.loop(depth, around))
        if len(inner) < 3 and not self.chance(3):
            if self.chance(4):
                self.statement(depth + 1, inner)
            self.nest(depth + 1, inner)
            if self.chance(5):
                self.statement(depth + 1, inner)
            return
        for _ in range(self.choose.number(1, 2)):
            self.statement(depth + 1, inner)

    def local(self, name: str, rank: int) -> None:
        kind = f"{self.element}[{', '.join([str(EXTENT)] * rank)}]" if rank else self.element
        if rank and self.chance(2):
            variables = [self.fresh("n") for _ in range(rank)]
            self.line(1, f"{name}: {kind}")
            self.line(1, f"for {', '.join(variables)} in grid({', '.join([str(EXTENT)] * rank)}):")
            around = [_Variable(v, 0, EXTENT - 1) for v in variables]
            source = self.value(around, 1)
            self.line(2, f"{name}[{', '.join(variables)}] = {source}")
        else:
            self.line(1, f"{name}: {kind} = {self.constant()}")
        self.arrays[name] = rank

    def function(self, name: str, ranks: Sequence[int], nests: int, locals_: int, numbered: bool = False) -> None:
        arguments = {f"{'ABCDEF'[n]}": rank for n, rank in enumerate(ranks)}
        self.arrays = dict(arguments)
        kinds = {a: f"{self.element}[{', '.join([str(EXTENT)] * rank)}]" for a, rank in arguments.items()}
        given = [*(f"{a}: {k}" for a, k in kinds.items()), *(["r: int32"] if numbered else [])]
        around = (_Variable("r", 0, _NUMBER),) if numbered else ()
        self.lines.append(f"def {name}({', '.join(given)}):")
        for number in range(locals_):
            self.local("TUV"[number], self.choose.number(0, 2))
        for _ in range(nests):
            if self.functions and self.chance(3):
                self.call(1, around)
            else:
                self.nest(1, around)
        if self.live:
            self.hand_out([a for a in self.arrays if a not in arguments], next(iter(arguments)))
        # Read and written, so that no element is left open.
        for argument, rank in arguments.items():
            self.line(1, f"{argument}[{', '.join(['0'] * rank)}] += {argument}[{', '.join(['1'] * rank)}]")
        self.lines += ["", ""]
        self.functions.append((name, list(ranks), numbered))

    def hand_out(self, names: Sequence[str], result: str) -> None:
        """Let every element of the local arrays have a part in one argument."""
        for name in names:
            variables = [self.fresh("z") for _ in range(self.arrays[name])]
            place = ", ".join(["1"] * self.arrays[result])
            depth = 1
            if variables:
                self.line(1, f"for {', '.join(variables)} in grid({', '.join([str(EXTENT)] * len(variables))}):")
                depth = 2
            read = f"{name}[{', '.join(variables)}]" if variables else name
            self.line(depth, f"{result}[{place}] = {result}[{place}] * 3 + {read}")


def draw_affine(choose: Chooser, calls: bool = True, live: bool = False) -> str:
    """Return the text of a module whose last function is the kernel, called `kernel`.

    With `live`, few of its stores are without an effect on the results, and its elements are `int32`.
    """
    elements = ["int32"] if live else ["int32", "int32", "int32", "int8", "uint16", "int64", "float32"]
    writer = _Writer(choose, choose.pick(elements), live=live)
    for number in range(choose.number(0, 2) if calls else 0):
        ranks = [choose.number(1, 2) for _ in range(choose.number(1, 2))]
        writer.function(f"f{number}", ranks, choose.number(1, 2), choose.number(0, 1), choose.number(0, 1) == 1)
    ranks = [choose.number(1, 2) for _ in range(choose.number(1, 3))]
    writer.function("kernel", ranks, choose.number(1, 3), choose.number(0, 2))
    return HEADER + "\n".join(writer.lines)

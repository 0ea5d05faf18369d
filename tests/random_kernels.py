"""Small random kernels as text: the blocks of the random designs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from hypothesis import strategies as st

__all__ = ["FAMILIES", "HEADER", "IN_ORDER", "Drawn", "Family", "Shapes", "kernels"]

HEADER = "from allo_studio.lang import float32, grid, int32, reduction\n\n"


@dataclass(frozen=True)
class Drawn:
    """A kernel's text, and its ports: names to types as a project file has them."""

    name: str
    text: str
    inputs: dict[str, str]
    outputs: dict[str, str]


@dataclass(frozen=True)
class Shapes:
    """The element type and the extents that a kernel's arrays share with others of its design."""

    element: str
    rows: int
    columns: int

    @property
    def matrix(self) -> str:
        return f"{self.element}[{self.rows}, {self.columns}]"

    @property
    def vector(self) -> str:
        return f"{self.element}[{self.rows}]"

    @property
    def square(self) -> str:
        return f"{self.element}[{self.columns}, {self.columns}]"

    def number(self, value: int) -> str:
        return str(value) if self.element == "int32" else f"{value}.25"


@dataclass
class _Body:
    """What a family fills in: arguments, results with their types, and the lines in between."""

    arguments: dict[str, str]
    results: dict[str, str]
    lines: list[str]
    written: tuple[str, ...] = ()


def _expression(draw, leaves: list[str], shapes: Shapes, depth: int = 2) -> str:
    if depth == 0 or draw(st.integers(0, 3)) == 0:
        return draw(st.sampled_from([*leaves, *leaves, shapes.number(draw(st.integers(1, 9)))]))
    left, right = (_expression(draw, leaves, shapes, depth - 1) for _ in range(2))
    if draw(st.integers(0, 5)) == 0:
        return f"(-{left})"
    operator = draw(st.sampled_from("++--**/"))
    if operator == "/" and not any(map(str.isalpha, right)):
        # Numbers are computed when the kernel is compiled: no zero to divide by, and no quotient that has a rest.
        right, operator = shapes.number(3), operator if any(map(str.isalpha, left)) else "*"
    return f"({left} {operator} {right})"


def _nest(draw, shapes: Shapes, name: str = "") -> list[str]:
    """Return the heads of a full nest over i and j, in either order."""
    named = f', name="{name}"' if name else ""
    if draw(st.booleans()):
        return [f"    for i, j in grid({shapes.rows}, {shapes.columns}{named}):"]
    if draw(st.booleans()):
        return [f"    for j, i in grid({shapes.columns}, {shapes.rows}{named}):"]
    return [f"    for i in grid({shapes.rows}{named}):", f"      for j in range({shapes.columns}):"]


def elementwise(draw, shapes: Shapes) -> _Body:
    arguments = {f"x{n}": shapes.matrix for n in range(draw(st.integers(1, 3)))}
    leaves = [f"{name}[i, j]" for name in arguments]
    if draw(st.booleans()):
        arguments["s"] = shapes.element
        leaves.append("s")
    if draw(st.booleans()):
        arguments["v"] = shapes.vector
        leaves.append("v[i]")
    if shapes.element == "int32":
        leaves.append("j")
    lines = [f"    y: {shapes.matrix}", *_nest(draw, shapes)]
    lines.append(f"        y[i, j] = {_expression(draw, leaves, shapes)} + x0[i, j]")
    return _Body(arguments, {"y": shapes.matrix}, lines)


def two_results(draw, shapes: Shapes) -> _Body:
    lines = [f"    y: {shapes.matrix}", f"    z: {shapes.matrix}"]
    first = [f"        y[i, j] = {_expression(draw, ['x[i, j]'], shapes)}"]
    second = [f"        z[i, j] = x[i, j] - {shapes.number(2)}"]
    lines += [*_nest(draw, shapes, "one"), *first]
    lines += second if draw(st.booleans()) else [*_nest(draw, shapes, "two"), *second]
    return _Body({"x": shapes.matrix}, {"y": shapes.matrix, "z": shapes.matrix}, lines)


def row_sums(draw, shapes: Shapes) -> _Body:
    start = shapes.number(draw(st.integers(0, 3)))
    if draw(st.booleans()):
        lines = [
            f"    y: {shapes.vector}",
            f"    for i in range({shapes.rows}):",
            f"        total: {shapes.element} = {start}",
            f"        for j in reduction({shapes.columns}):",
            "            total += x[i, j]",
            "        y[i] = total",
        ]
    else:
        lines = [
            f"    y: {shapes.vector} = {start}",
            f"    for i in range({shapes.rows}):",
            f"        for j in reduction({shapes.columns}):",
            f"            y[i] {draw(st.sampled_from(['+=', '-=']))} x[i, j]",
        ]
    return _Body({"x": shapes.matrix}, {"y": shapes.vector}, lines)


def product(draw, shapes: Shapes) -> _Body:
    rows, columns = shapes.rows, shapes.columns
    lines = [
        f"    y: {shapes.matrix} = {shapes.number(draw(st.integers(0, 2)))}",
        f"    for i, j in grid({rows}, {columns}):",
        f"        for k in reduction({columns}):",
        "            y[i, j] += x[i, k] * w[k, j]",
    ]
    return _Body({"x": shapes.matrix, "w": shapes.square}, {"y": shapes.matrix}, lines)


def stencil(draw, shapes: Shapes) -> _Body:
    rows, columns = shapes.rows, shapes.columns
    up, left = (draw(st.integers(0, min(1, extent - 1))) for extent in (rows, columns))
    leaves = ["x[i, j]", f"x[i - {up}, j]", f"x[i, j - {left}]", f"x[i - {up}, j - {left}]"]
    lines = [
        f"    y: {shapes.matrix} = {shapes.number(4)}",
        f"    for i in range({up}, {rows}):",
        f"        for j in range({left}, {columns}):",
        f"            y[i, j] = {_expression(draw, leaves, shapes)} + x[i - {up}, j - {left}]",
    ]
    return _Body({"x": shapes.matrix}, {"y": shapes.matrix}, lines)


def mirrored(draw, shapes: Shapes) -> _Body:
    row = draw(st.sampled_from(["i", f"{shapes.rows - 1} - i"]))
    column = draw(st.sampled_from(["j", f"{shapes.columns - 1} - j"]))
    lines = [f"    y: {shapes.matrix}", *_nest(draw, shapes)]
    if draw(st.booleans()):
        lines.append(f"        y[{row}, {column}] = x[i, j] * s")
    else:
        lines.append(f"        y[i, j] = x[{row}, {column}] / s")
    return _Body({"x": shapes.matrix, "s": shapes.element}, {"y": shapes.matrix}, lines)


def turned(draw, shapes: Shapes) -> _Body:
    lines = [f"    y: {shapes.square}"]
    size = shapes.columns
    lines += [f"    for i, j in grid({size}, {size}):", f"        y[i, j] = x[j, i] + {shapes.number(1)}"]
    return _Body({"x": shapes.square}, {"y": shapes.square}, lines)


def triangular(draw, shapes: Shapes) -> _Body:
    size = min(shapes.rows, shapes.columns)
    bounds = draw(st.sampled_from(["i + 1", f"i, {size}", f"{size} - i"]))
    lines = [
        f"    y: {shapes.vector} = {shapes.number(1)}",
        f"    for i in range({size}):",
        f"        for j in range({bounds}):",
        "            y[i] += x[i, j] * v[j]",
    ]
    return _Body({"x": shapes.matrix, "v": shapes.vector}, {"y": shapes.vector}, lines)


def in_place(draw, shapes: Shapes) -> _Body:
    lines = _nest(draw, shapes)
    lines.append(f"        a[i, j] = {_expression(draw, ['a[i, j]', 'v[i]'], shapes)} + a[i, j]")
    return _Body({"a": shapes.matrix, "v": shapes.vector}, {"a_out": shapes.matrix}, lines, ("a",))


def prefix(draw, shapes: Shapes) -> _Body:
    if shapes.rows == 1:
        return in_place(draw, shapes)
    lines = [f"    for i in range(1, {shapes.rows}):", f"        for j in range({shapes.columns}):"]
    lines.append("            a[i, j] += a[i - 1, j]")
    return _Body({"a": shapes.matrix}, {"a_out": shapes.matrix}, lines, ("a",))


def total(draw, shapes: Shapes) -> _Body:
    lines = [f"    t: {shapes.element} = {shapes.number(0)}", *_nest(draw, shapes), "        t += x[i, j] * x[i, j]"]
    return _Body({"x": shapes.matrix}, {"t": shapes.element}, lines)


def through_local(draw, shapes: Shapes) -> _Body:
    """A whole local array between two nests, so that tiles and partitions of locals are met too."""
    lines = [f"    m: {shapes.matrix}", *_nest(draw, shapes, "fill"), f"        m[i, j] = x[i, j] * {shapes.number(3)}"]
    lines += [f"    y: {shapes.matrix}", *_nest(draw, shapes, "take"), "        y[i, j] = m[i, j] - x[i, j]"]
    return _Body({"x": shapes.matrix}, {"y": shapes.matrix}, lines)


Family: TypeAlias = "Callable[[st.DrawFn, Shapes], _Body]"
FAMILIES: tuple[Family, ...] = (
    elementwise,
    elementwise,
    two_results,
    row_sums,
    product,
    product,
    stencil,
    mirrored,
    turned,
    triangular,
    in_place,
    prefix,
    total,
    through_local,
)


def passing(draw, shapes: Shapes) -> _Body:
    """One or two results of some inputs, each of whose elements is read once, in order."""
    arguments = {f"x{n}": shapes.matrix for n in range(draw(st.sampled_from([1, 1, 2, 3])))}
    results = {f"y{n}": shapes.matrix for n in range(draw(st.sampled_from([1, 1, 2])))}
    element, leaves = shapes.element, [f"a{n}" for n in range(len(arguments))]
    lines = [f"    {name}: {shapes.matrix}" for name in results]
    lines.append(f"    for i, j in grid({shapes.rows}, {shapes.columns}):")
    lines += [f"        {leaf}: {element} = {name}[i, j]" for leaf, name in zip(leaves, arguments, strict=True)]
    lines += [f"        {name}[i, j] = {_expression(draw, leaves, shapes)} + a0" for name in results]
    return _Body(arguments, results, lines)


def running_sum(draw, shapes: Shapes) -> _Body:
    """A sum that goes on from element to element, or one for each row."""
    start = f"last: {shapes.element} = {shapes.number(draw(st.integers(0, 3)))}"
    each_row = draw(st.booleans())
    lines = [f"    y: {shapes.matrix}", *([] if each_row else [f"    {start}"]), f"    for i in range({shapes.rows}):"]
    lines += [*([f"        {start}"] if each_row else []), f"        for j in range({shapes.columns}):"]
    lines += [f"            last {draw(st.sampled_from(['+=', '-=']))} x[i, j]", "            y[i, j] = last"]
    return _Body({"x": shapes.matrix}, {"y": shapes.matrix}, lines)


# Those that access every element once, in the order of rows: what FIFOs are for.
IN_ORDER: tuple[Family, ...] = (passing, passing, running_sum)


@st.composite
def kernels(draw, name: str, shapes: Shapes, families: tuple[Family, ...] = FAMILIES) -> Drawn:
    """Return a kernel of a random family."""
    body = draw(st.sampled_from(families))(draw, shapes)
    arguments = ", ".join(f"{port}: {type_}" for port, type_ in body.arguments.items())
    lines = [f"def {name}({arguments}):", *body.lines]
    if not body.written:
        lines.append(f"    return {', '.join(body.results)}")
    return Drawn(name, "\n".join(lines) + "\n", body.arguments, body.results)

"""Random programs of loops, branches and subscripts, as MLIR for the analysis and as a walk for a brute-force check.

The walk never looks at the MLIR: it evaluates the tree that the MLIR was written from.
"""

from __future__ import annotations

import operator
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from allo_studio.ir import KernelIR

__all__ = ["EXTENT", "Program", "Touch", "draw_program"]

EXTENT = 5
_BOUND = 3


@dataclass(frozen=True)
class Expression:
    """An index expression: MLIR text of a map's result, and its value."""

    text: str
    value: Callable[[dict[str, int]], int]


@dataclass(frozen=True)
class Touch:
    """One touch as it happened: the number of the access in program order, its iteration and its element."""

    access: int
    write: bool
    buffer: str
    iteration: tuple[int, ...]
    storage: tuple[int, ...]
    element: tuple[int, ...]


@dataclass
class Program:
    """A program under construction: its MLIR lines, the accesses so far, and what its walk does."""

    rng: random.Random
    rich: bool
    lines: list[str] = field(default_factory=list)
    accesses: int = 0
    names: int = 0
    # The memories that can be used now, with the loops around their declaration.
    memories: list[tuple[str, int, int]] = field(default_factory=lambda: [("A", 2, 0), ("B", 1, 0), ("T", 1, 0)])
    body: list[Node] = field(default_factory=list)

    def fresh(self) -> str:
        """Return a new name."""
        self.names += 1
        return f"v{self.names}"

    def number(self) -> int:
        """Return the number of the next access."""
        self.accesses += 1
        return self.accesses - 1

    def emit(self, line: str) -> None:
        """Add a line of MLIR."""
        self.lines.append(line)

    @property
    def text(self) -> str:
        """The MLIR of the whole program."""
        arguments = f"%A: memref<{EXTENT}x{EXTENT}xi32>, %B: memref<{EXTENT}xi32>, %D: memref<i32>, %n: i32, %m: i32"
        attributes = (
            'allo.args = ["A", "B", "D", "n", "m"], allo.directions = ["inout", "inout", "in", "in", "in"], '
            "allo.sizes = {n = 4 : i64}"
        )
        return "\n".join(
            [
                f"func.func @f({arguments}) attributes {{{attributes}}} {{",
                "%zero = arith.constant 0 : i32",
                "%one = arith.constant 1 : index",
                "%start = arith.constant 0 : index",
                "%true = arith.constant true",
                "%false = arith.constant false",
                f'%T = memref.alloc() {{allo.name = "T"}} : memref<{EXTENT}xi32>',
                "%sn = arith.index_cast %n : i32 to index",
                "%sm = arith.index_cast %m : i32 to index",
                *self.lines,
                "return",
                "}",
            ]
        )

    @property
    def kernel(self) -> KernelIR:
        """The program as the analysis gets it."""
        return KernelIR.parse(self.text)

    def walk(self, n: int, m: int, choices: random.Random) -> list[Touch]:
        """Return the touches in order, with these values of the symbols; `choices` decides what depends on data."""
        run = _Run(choices)
        run.block(self.body, {"%sn": n, "%sm": m}, ())
        return run.touches


@dataclass
class Load:
    """A load or store; an unknown subscript has no expression."""

    number: int
    write: bool
    buffer: str
    subscripts: tuple[Expression | None, ...]
    scope: int


@dataclass
class Branch:
    """An `if`; without a test its way depends on data."""

    test: Test | None
    bodies: tuple[list[Node], list[Node]]


@dataclass
class Nest:
    """A loop; without bounds it runs as often as data says. A `while` has a head that runs before each test."""

    variable: str
    lower: tuple[Expression, ...]
    upper: tuple[Expression, ...]
    step: int
    body: list[Node]
    head: list[Node] = field(default_factory=list)
    kind: str = "affine"


Node = Load | Branch | Nest
Test = Callable[[dict[str, int]], bool]


class _Run:
    def __init__(self, choices: random.Random) -> None:
        self.choices = choices
        self.touches: list[Touch] = []

    def block(self, body: Sequence[Node], env: dict[str, int], iteration: tuple[int, ...]) -> None:
        for node in body:
            if isinstance(node, Load):
                self.load(node, env, iteration)
            elif isinstance(node, Branch):
                taken = node.test(env) if node.test else self.choices.random() < 0.5
                self.block(node.bodies[0 if taken else 1], env, iteration)
            else:
                self.nest(node, env, iteration)

    def load(self, node: Load, env: dict[str, int], iteration: tuple[int, ...]) -> None:
        element = tuple(s.value(env) if s else self.choices.randrange(EXTENT) for s in node.subscripts)
        self.touches.append(Touch(node.number, node.write, node.buffer, iteration, iteration[: node.scope], element))

    def nest(self, node: Nest, env: dict[str, int], iteration: tuple[int, ...]) -> None:
        if node.kind == "while":
            for count in range(4):
                self.block(node.head, env, (*iteration, count))
                if self.choices.random() < 0.4:
                    return
                self.block(node.body, env, (*iteration, count))
            self.block(node.head, env, (*iteration, 4))
            return
        first = max(e.value(env) for e in node.lower)
        last = min(e.value(env) for e in node.upper) if node.upper else self.choices.randrange(4)
        for value in range(first, last, node.step):
            self.block(node.body, {**env, node.variable: value}, (*iteration, value))


def draw_program(rng: random.Random, *, rich: bool = True) -> Program:
    """Return a random program; `rich` ones also have what only data decides."""
    program = Program(rng, rich)
    program.body = [n for _ in range(rng.randint(2, 3)) for n in _node(program, [], 0)]
    program.body += [n for _ in range(2) for n in _access(program, [], 0)]
    return program


def _node(program: Program, variables: list[str], depth: int) -> list[Node]:
    roll = program.rng.random()
    if depth < 3 and roll < 0.5:
        return _loop(program, variables, depth)
    if depth < 3 and roll < 0.7:
        return _branch(program, variables, depth)
    return _access(program, variables, depth)


def _block(program: Program, variables: list[str], depth: int) -> list[Node]:
    return [n for _ in range(program.rng.randint(1, 2)) for n in _node(program, variables, depth)]


def _expression(program: Program, variables: Sequence[str]) -> Expression:
    rng, roll = program.rng, program.rng.random()
    if not variables or roll < 0.2:
        number = rng.randint(0, _BOUND)
        return Expression(str(number), lambda env: number)
    one, two, factor = rng.choice(variables), rng.choice(variables), rng.choice([1, 2, 3])
    if roll < 0.5:
        shift = rng.choice([0, 0, 1, 2])
        return Expression(f"{one} + {shift}", lambda env: env[one] + shift)
    if roll < 0.6:
        symbol = rng.choice(["%sn", "%sm"])
        return Expression(f"{one} + symbol({symbol})", lambda env: env[one] + env[symbol])
    total = f"({one} * {factor} + {two})"
    if roll < 0.7:
        return Expression(f"{total} floordiv 2", lambda env: (env[one] * factor + env[two]) // 2)
    if roll < 0.85:
        return Expression(f"{total} mod 3", lambda env: (env[one] * factor + env[two]) % 3)
    if roll < 0.92:
        return Expression(f"{total} ceildiv 2", lambda env: -(-(env[one] * factor + env[two]) // 2))
    return Expression(f"{one} - {two}", lambda env: env[one] - env[two])


def _bound(program: Program, variables: Sequence[str]) -> Expression:
    roll = program.rng.random()
    if roll < 0.25:
        symbol = program.rng.choice(["%sn", "%sm"])
        return Expression(f"symbol({symbol})", lambda env: env[symbol])
    if variables and roll < 0.5:
        one = program.rng.choice(variables)
        return Expression(f"{one} + 2", lambda env: env[one] + 2)
    number = program.rng.randint(1, _BOUND)
    return Expression(str(number), lambda env: number)


def _mapped(expressions: Sequence[Expression]) -> str:
    """Return a map with its operands."""
    texts = ", ".join(e.text for e in expressions)
    symbols = sorted(set(re.findall(r"symbol\((%\w+)\)", texts)))
    for number, symbol in enumerate(symbols):
        texts = texts.replace(f"symbol({symbol})", f"s{number}")
    dims = sorted(set(re.findall(r"%\w+", texts)))
    texts = re.sub(r"%\w+", lambda found: f"d{dims.index(found[0])}", texts)
    header = f"({', '.join(f'd{n}' for n in range(len(dims)))})[{', '.join(f's{n}' for n in range(len(symbols)))}]"
    return f"affine_map<{header} -> ({texts})>({', '.join(dims)})[{', '.join(symbols)}]"


def _loop(program: Program, variables: list[str], depth: int) -> list[Node]:
    rng, name = program.rng, program.fresh()
    if program.rich and depth and rng.random() < 0.2:
        return _computed_loop(program, variables, depth, name)
    if program.rich and rng.random() < 0.12:
        return [_while(program, variables, depth, name)]
    lower = [Expression("0", lambda env: 0)]
    if rng.random() < 0.3:
        lower = [_bound(program, variables) for _ in range(rng.choice([1, 2]))]
    upper = [_bound(program, variables) for _ in range(rng.choice([1, 1, 2]))]
    step = rng.choice([1, 1, 1, 2])
    program.emit(f"affine.for %{name} = max {_mapped(lower)} to min {_mapped(upper)} step {step} {{")
    known = list(program.memories)
    if rng.random() < 0.4:
        local = program.fresh()
        program.emit(f'%{local} = memref.alloc() {{allo.name = "{local}"}} : memref<{EXTENT}xi32>')
        program.memories += [(local, 1, len(variables) + 1)] * 3
    body = _block(program, [*variables, f"%{name}"], depth + 1)
    program.memories = known
    program.emit(f'}} {{allo.name = "{name}", allo.band = "{name}"}}')
    return [Nest(f"%{name}", tuple(lower), tuple(upper), step, body)]


def _data(program: Program) -> tuple[Load, str]:
    """Emit a load of what nobody knows; return it and its value."""
    name = f"%{program.fresh()}"
    program.emit(f"{name} = affine.load %D[] : memref<i32>")
    return Load(program.number(), False, "D", (), 0), name


def _computed_loop(program: Program, variables: list[str], depth: int, name: str) -> list[Node]:
    load, count = _data(program)
    upper = f"%{program.fresh()}"
    program.emit(f"{upper} = arith.index_cast {count} : i32 to index")
    program.emit(f"scf.for %{name} = %start to {upper} step %one {{")
    program.emit(f"%{program.fresh()} = memref.load %B[%{name}] : memref<{EXTENT}xi32>")
    element = Expression("", lambda env: env[f"%{name}"])
    inside: list[Node] = [Load(program.number(), False, "B", (element,), 0)]
    inside += _access(program, variables, depth + 1)
    program.emit(f'}} {{allo.name = "{name}", allo.band = "{name}"}}')
    return [load, Nest(f"%{name}", (Expression("", lambda env: 0),), (), 1, inside, kind="for")]


def _while(program: Program, variables: list[str], depth: int, name: str) -> Nest:
    program.emit("scf.while : () -> () {")
    head = _access(program, variables, depth + 1)
    load, value = _data(program)
    test = f"%{program.fresh()}"
    program.emit(f"{test} = arith.cmpi sgt, {value}, %zero : i32")
    program.emit(f"scf.condition({test})")
    program.emit("} do {")
    body = _access(program, variables, depth + 1) + _access(program, variables, depth + 1)
    program.emit("scf.yield")
    program.emit(f'}} attributes {{allo.name = "{name}", allo.band = "{name}"}}')
    return Nest("", (), (), 1, body, [*head, load], kind="while")


_PREDICATES: dict[str, Callable[[int, int], bool]] = {
    "eq": operator.eq, "ne": operator.ne, "slt": operator.lt, "sle": operator.le,
    "sgt": operator.gt, "sge": operator.ge,
}  # fmt: skip


def _comparison(program: Program, variables: list[str]) -> tuple[str, Test]:
    sides = [_expression(program, variables) for _ in range(2)]
    names = [f"%{program.fresh()}" for _ in sides]
    for name, side in zip(names, sides, strict=True):
        program.emit(f"{name} = affine.apply {_mapped([side])}")
    word = program.rng.choice(list(_PREDICATES))
    test = f"%{program.fresh()}"
    program.emit(f"{test} = arith.cmpi {word}, {names[0]}, {names[1]} : index")
    return test, lambda env: _PREDICATES[word](sides[0].value(env), sides[1].value(env))


def _branch(program: Program, variables: list[str], depth: int) -> list[Node]:
    rng, before = program.rng, []
    test: Test | None
    if program.rich and rng.random() < 0.4:
        load, value = _data(program)
        before.append(load)
        name, test = f"%{program.fresh()}", None
        program.emit(f"{name} = arith.cmpi sgt, {value}, %zero : i32")
    else:
        name, test = _condition(program, variables)
    program.emit(f"scf.if {name} {{")
    one = _block(program, variables, depth + 1)
    program.emit("} else {")
    two = _block(program, variables, depth + 1) if rng.random() < 0.6 else []
    program.emit("}")
    return [*before, Branch(test, (one, two))]


def _condition(program: Program, variables: list[str]) -> tuple[str, Test]:
    one, first = _comparison(program, variables)
    roll, name = program.rng.random(), f"%{program.fresh()}"
    if roll < 0.5:
        return one, first
    if roll < 0.65:
        program.emit(f"{name} = arith.xori {one}, %true : i1")
        return name, lambda env: not first(env)
    two, second = _comparison(program, variables)
    word = program.rng.choice(["andi", "ori", "select", "if"])
    if word == "select":
        program.emit(f"{name} = arith.select {one}, {two}, %true : i1")
        return name, lambda env: second(env) if first(env) else True
    if word == "if":
        program.emit(f"{name} = scf.if {one} -> i1 {{\nscf.yield {two} : i1\n}} else {{\nscf.yield %false : i1\n}}")
        return name, lambda env: first(env) and second(env)
    program.emit(f"{name} = arith.{word} {one}, {two} : i1")
    if word == "andi":
        return name, lambda env: first(env) and second(env)
    return name, lambda env: first(env) or second(env)


def _access(program: Program, variables: list[str], depth: int) -> list[Node]:
    rng = program.rng
    buffer, rank, scope = rng.choice(program.memories)
    subscripts: list[Expression | None] = [_expression(program, variables) for _ in range(rank)]
    kind, place = f"memref<{'x'.join([str(EXTENT)] * rank)}xi32>", ", ".join(s.text for s in subscripts if s)
    dialect, before = "affine", []
    # In the function's own block it would be a symbol, whose value the walk does not tell.
    if program.rich and depth and rng.random() < 0.12:
        load, value = _data(program)
        before.append(load)
        cast = f"%{program.fresh()}"
        program.emit(f"{cast} = arith.index_cast {value} : i32 to index")
        place, dialect = ", ".join([cast] * rank), "memref"
        subscripts = [None] * rank
    write = rng.random() < 0.55
    if write:
        program.emit(f"{dialect}.store %zero, %{buffer}[{place}] : {kind}")
    else:
        program.emit(f"%{program.fresh()} = {dialect}.load %{buffer}[{place}] : {kind}")
    return [*before, Load(program.number(), write, buffer, tuple(subscripts), scope)]

"""Random programs over the whole language, as text: several functions, statements of every kind, all types."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from random_terms import Array, Chooser, Extent, Scope, Term, Turn, Variable, spelled, types_of

from allo_studio.types import BOOL, INT32, ScalarType, integer

__all__ = ["HEAD", "Program", "program"]

HEAD = "from allo_studio.lang import *\n"
_DEPTH = 3
_MOST_ELEMENTS = 48


@dataclass(frozen=True)
class Program:
    """A file's text with the kernel `f`, and the arguments that bound loops: they take numbers of 0 to 6."""

    text: str
    bounds: tuple[str, ...]


@dataclass(frozen=True)
class _Function:
    name: str
    arguments: tuple[Array | Variable, ...]
    written: frozenset[str]
    results: tuple[Array | Variable, ...]
    lines: tuple[str, ...]


@dataclass
class _Writer:
    """Makes the functions of a file. Names are numbered over the whole file, so that none hides another."""

    draw: Chooser
    kinds: list[ScalarType]
    spelled: dict[str, str]
    functions: list[_Function] = field(default_factory=list)
    constants: list[str] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)
    count: int = 0
    calls: int = 0
    pending: list[str] = field(default_factory=list)
    written: set[str] = field(default_factory=set)

    def name(self, stem: str) -> str:
        self.count += 1
        return f"{stem}{self.count}"

    def kind(self) -> ScalarType:
        return self.draw.pick(self.kinds)

    def spell(self, kind: ScalarType) -> str:
        return self.spelled.get(kind.name) or spelled(kind)

    def annotation(self, one: Array | Variable, bare: bool = False) -> str:
        if isinstance(one, Variable):
            return self.spell(one.type)
        extents = [str(e) if isinstance(e, int) else f'"{e[0]}"' if bare else f'"{e[0]}<={e[1]}"' for e in one.shape]
        return f"{self.spell(one.element)}[{', '.join(extents)}]"

    def shape(self, sizes: tuple[Extent, ...] = ()) -> tuple[Extent, ...]:
        rank = self.draw.pick((1, 1, 1, 2, 2, 3))
        if sizes and self.draw.chance(50):
            return (*(self.draw.number(1, 3) for _ in range(rank - 1)), self.draw.pick(sizes))
        return tuple(self.draw.number(1, 5 if rank < 3 else 3) for _ in range(rank))

    # Functions

    def function(self, name: str, top: bool) -> _Function:
        draw, self.written = self.draw, set()
        scope = Scope(draw, self.spelled, constants=self.constants, call=self._call if self.functions else None)
        sizes: tuple[Extent, ...] = ((self.name("n"), draw.number(1, 5)),) if top and draw.chance(20) else ()
        arguments: list[Array | Variable] = []
        for _ in range(draw.number(1, 4 if top else 2)):
            if draw.chance(60):
                arguments.append(Array(self.name("A"), self.kind(), self.shape(sizes)))
            else:
                arguments.append(Variable(self.name("s"), self.kind(), writable=False))
        used = {extent for one in arguments if isinstance(one, Array) for extent in one.shape} & set(sizes)
        if top and draw.chance(50):
            arguments.append(Variable(self.name("b"), INT32, writable=False))
        for one in arguments:
            (scope.arrays if isinstance(one, Array) else scope.variables).append(one)  # type: ignore[arg-type]
        scope.variables += [Variable(size, INT32, writable=False) for size, _ in used]
        lines = self._states(scope) if draw.chance(25) else []
        lines += self._locals(scope, sorted(used))
        for _ in range(draw.number(2, 7 if top else 3)):
            lines += self.statement(scope, 3 if top else 2)
        written = frozenset(self.written & {one.name for one in arguments})
        results = self._results(scope, arguments, not written)
        if results:
            lines.append(f"return {', '.join(one.name for one in results)}")
        return _Function(name, tuple(arguments), written, results, tuple(lines))

    def _results(self, scope: Scope, arguments: list[Array | Variable], needed: bool) -> tuple[Array | Variable, ...]:
        known = {one.name for one in arguments}
        local = [one for one in (*scope.arrays, *scope.variables) if one.name not in known and one.writable]
        count = min(len(local), self.draw.number(1 if needed else 0, 3))
        found = dict.fromkeys(self.draw.pick(local) for _ in range(count)) if local else {}
        return tuple(found)

    def _states(self, scope: Scope) -> list[str]:
        kind = self.kind()
        state = Variable(self.name("st"), kind)
        scope.variables.append(state)
        start = "" if kind.kind == "struct" else f" = {scope.literal(kind).text}"
        return [f"{state.name}: {self.spell(kind)} @ Stateful{start}"]

    def _locals(self, scope: Scope, sizes: list[Extent]) -> list[str]:
        lines = []
        for _ in range(self.draw.number(1, 2)):
            lines += self._declare_array(scope, tuple(sizes)) if self.draw.chance(60) else self._declare(scope)
        return lines or self._declare(scope)

    def head(self, function: _Function) -> str:
        arguments = ", ".join(f"{one.name}: {self.annotation(one)}" for one in function.arguments)
        kinds = [self.annotation(one, bare=True) for one in function.results]
        result = f" -> ({', '.join(kinds)})" if len(kinds) > 1 else f" -> {kinds[0]}" if kinds else ""
        return f"def {function.name}({arguments}){result}:"

    # Statements

    def statement(self, scope: Scope, room: int) -> list[str]:
        """Return the lines of one statement; `room` is how deep blocks may be in it."""
        forms: list[Callable[[Scope], list[str] | None]] = [
            *[self._assign] * 4, *[self._store] * 5, *[self._update] * 2, self._declare, self._declare_array,
            *[self._tensor] * 3, self._part, self._part, self._call_statement, self._swap,
        ]  # fmt: skip
        if room:
            blocks = (self._for, self._for, self._for, self._nest, self._runtime_for, self._if, self._if, self._while,
                      self._meta)  # fmt: skip
            forms += [lambda s, block=block: block(s, room - 1) for block in blocks]  # type: ignore[misc]
        return self.draw.pick(forms)(scope) or self._assign(scope) or ["pass"]

    def _block(self, scope: Scope, room: int) -> list[str]:
        inner = scope.inner()
        lines = [line for _ in range(self.draw.number(1, 3)) for line in self.statement(inner, room)]
        return [f"    {line}" for line in lines]

    def _declare(self, scope: Scope) -> list[str]:
        kind = self.kind()
        name = self.name("v")
        lines = [f"{name}: {self.spell(kind)} = {scope.value(kind, _DEPTH).text}"]
        scope.variables.append(Variable(name, kind))
        return lines

    def _has(self, scope: Scope, kind: ScalarType) -> bool:
        return any(one.type == kind for one in scope.variables) or any(one.element == kind for one in scope.arrays)

    def _declare_array(self, scope: Scope, sizes: tuple[Extent, ...] = ()) -> list[str]:
        draw, kind, shape = self.draw, self.kind(), self.shape(sizes)
        array = Array(self.name("L"), kind, shape)
        whole = f"{array.name}: {self.annotation(array, bare=True)}"
        plain = all(isinstance(extent, int) for extent in shape)
        if kind.kind != "struct" and plain and draw.chance(30):
            lines = [f"{whole} = {self._table(scope, kind, shape)}"]
        elif kind.kind != "struct" and draw.chance(60):
            lines = [f"{whole} = {scope.literal(kind).text}"]
        else:
            names = [self.name("i") for _ in shape]
            inner = scope.inner()
            inner.turns += [Turn(name, 0, extent) for name, extent in zip(names, shape, strict=True)]
            place = f"{array.name}[{', '.join(names)}]"
            ends = [str(extent) if isinstance(extent, int) else extent[0] for extent in shape]
            lines = [
                whole,
                f"for {', '.join(names)} in grid({', '.join(ends)}):",
                f"    {place} = {inner.value(kind, 2).text}",
            ]
        scope.arrays.append(array)
        return lines

    def _table(self, scope: Scope, kind: ScalarType, shape: tuple[Extent, ...]) -> str:
        if not shape:
            term = scope.literal(kind)
            return "1" if kind.kind == "int" and term.type.is_float else term.text
        assert isinstance(shape[0], int)
        return f"[{', '.join(self._table(scope, kind, shape[1:]) for _ in range(shape[0]))}]"

    def _assign(self, scope: Scope) -> list[str]:
        local = [one for one in scope.variables if one.writable]
        if not local:
            return self._declare(scope)
        one = self.draw.pick(local)
        return [f"{one.name} = {scope.value(one.type, _DEPTH).text}"]

    def _place(self, scope: Scope) -> tuple[str, ScalarType] | None:
        arrays = [one for one in scope.arrays if one.writable]
        if not arrays:
            return None
        one = self.draw.pick(arrays)
        self.written.add(one.name)
        return f"{one.name}[{scope.subscripts(one)}]", one.element

    def _store(self, scope: Scope) -> list[str] | None:
        found = self._place(scope)
        return [f"{found[0]} = {scope.value(found[1], _DEPTH).text}"] if found else None

    def _update(self, scope: Scope) -> list[str] | None:
        local = [(one.name, one.type) for one in scope.variables if one.writable]
        found = self.draw.pick(local) if local and self.draw.chance(50) else self._place(scope)
        if found is None or found[1].kind == "struct":
            return None
        operators = (
            "+",
            "-",
            "*",
            "+",
            "-",
            "*",
            "/",
            *(("&", "|", "^", "<<", ">>", "//", "%") * (found[1].kind == "int")),
        )
        operator, value = self.draw.pick(operators), scope.typed(_DEPTH - 1)
        if operator in ("/", "//", "%", "<<", ">>"):
            value = scope.read() or value
            operator = operator if scope.variables or scope.arrays else "+"
        if operator in ("&", "|", "^", "<<", ">>", "//", "%") and value.type.kind != "int":
            operator = "+"
        return [f"{found[0]} {operator}= {value.text}"]

    def _part(self, scope: Scope) -> list[str] | None:
        """Set bits of a number, or a field of a struct."""
        local = [(one.name, one.type) for one in scope.variables if one.writable]
        found = self.draw.pick(local) if local and self.draw.chance(60) else self._place(scope)
        if found is None:
            return None
        place, kind = found
        while kind.kind == "struct":
            name, kind = self.draw.pick(kind.fields)
            place = f'{place}["{name}"]'
        if kind.kind == "int" and self.draw.chance(80):
            low = self.draw.number(0, kind.bits - 1)
            high = self.draw.number(low + 1, kind.bits)
            at = scope.read()
            if at and self.draw.chance(30):
                return [f"{place}[{at.text}] = {scope.value(BOOL, 1).text}"]
            part = integer(high - low, False)
            return [f"{place}[{low}:{high}] = {scope.value(part, 2).text}"]
        return [f"{place} = {scope.value(kind, 2).text}"]

    def _swap(self, scope: Scope) -> list[str] | None:
        local = [one for one in scope.variables if one.writable and one.type.kind != "struct"]
        if len(local) < 2:
            return None
        one, two = self.draw.pick(local), self.draw.pick(local)
        return [f"{one.name}, {two.name} = {two.name}, {one.name}"] if one != two else None

    # Whole arrays

    def _tensor(self, scope: Scope) -> list[str] | None:
        targets = [one for one in scope.arrays if one.writable and one.element.kind != "struct"]
        if not targets:
            return None
        target = self.draw.pick(targets)
        if self.draw.chance(20):
            made = Array(self.name("T"), target.element, target.shape)
            lines = [f"{made.name}: {self.annotation(made, bare=True)} = {self._whole(scope, target.shape, 2)}"]
            scope.arrays.append(made)
            return lines
        self.written.add(target.name)
        place, shape = self._slice(scope, target)
        operator = self.draw.pick(("=", "=", "=", "+=", "-=", "*="))
        return [f"{place} {operator} {self._whole(scope, shape, 2)}"]

    def _slice(self, scope: Scope, array: Array) -> tuple[str, tuple[Extent, ...]]:
        """Return a place with more than one element, and its shape."""
        if self.draw.chance(40):
            return array.name, array.shape
        parts, shape = [], list[Extent]()
        for dim, extent in enumerate(array.shape):
            if isinstance(extent, tuple) or (dim == len(array.shape) - 1 and not shape):
                parts.append(":")
                shape.append(extent)
            elif self.draw.chance(35):
                parts.append(scope.subscript(extent))
            else:
                low = self.draw.number(0, extent - 1)
                high, step = self.draw.number(low + 1, extent), self.draw.pick((1, 1, 2))
                parts.append(f"{low}:{high}" + (f":{step}" if step > 1 else ""))
                shape.append(-(-(high - low) // step))
        return f"{array.name}[{', '.join(parts)}]", tuple(shape)

    def _whole(self, scope: Scope, shape: tuple[Extent, ...], depth: int) -> str:
        """Return an expression that broadcasts to a shape; its parts keep clear of wide types."""
        draw = self.draw
        if depth == 0 or draw.chance(25):
            found = [one.name for one in scope.arrays if self._broadcasts(one, shape)]
            found += [
                f"{one.name}.T"
                for one in scope.arrays
                if self._broadcasts(one, shape[::-1]) and shape[::-1] == one.shape
            ]
            found += [one.name for one in scope.variables if one.type.kind != "struct"]
            found += [
                f"{one.name}.copy()" for one in scope.arrays if one.shape == shape and one.element.kind != "struct"
            ]
            found += [
                row for one in scope.arrays if one.element.kind != "struct" for row in self._rows(scope, one, shape)
            ]
            return draw.pick(found) if found else "0"
        one, two = self._whole(scope, shape, depth - 1), self._whole(scope, shape, depth - 1)
        form = draw.number(0, 9)
        if form < 6:
            return f"({one} {draw.pick('+-*')} {two})" if one != "0" else two
        if form < 8:
            return f"({one} if {scope.typed(0).text} else {two})" if "0" not in (one, two) else one
        return f"{draw.pick(('min', 'max'))}({one}, {two})" if "0" not in (one, two) else two

    def _rows(self, scope: Scope, one: Array, shape: tuple[Extent, ...]) -> list[str]:
        if len(one.shape) < 2 or one.shape[1:] != shape or isinstance(one.shape[0], tuple):
            return []
        return [f"{one.name}[{scope.subscript(one.shape[0])}]"]

    def _broadcasts(self, one: Array, shape: tuple[Extent, ...]) -> bool:
        rank = len(one.shape)
        if one.element.kind == "struct" or rank > len(shape):
            return False
        return all(a in (1, b) for a, b in zip(one.shape, shape[len(shape) - rank :], strict=True))

    # Blocks

    def _for(self, scope: Scope, room: int) -> list[str]:
        draw, name = self.draw, self.name("i")
        low, trip, step = draw.number(0, 2), draw.number(1, 4), draw.pick((1, 1, 1, 2, 3))
        end = low + (trip - 1) * step + 1
        triangle = [turn for turn in scope.turns if turn.low >= 0 and isinstance(turn.end, int)]
        if triangle and draw.chance(25):
            outer = draw.pick(triangle)
            head, turn = f"range({outer.name}, {outer.end})", Turn(name, 0, outer.end)
        elif draw.chance(20):
            head, turn = f"range({end - 1}, {low - 1}, -{step})", Turn(name, low if step == 1 else 0, end)
        elif low == 0 and step == 1 and draw.chance(50):
            head, turn = f"{draw.pick(('range', 'grid', 'reduction'))}({end})", Turn(name, 0, end)
        else:
            head, turn = f"range({low}, {end}, {step})" if step > 1 else f"range({low}, {end})", Turn(name, low, end)
        inner = scope.inner()
        inner.turns.append(turn)
        return [f"for {name} in {head}:", *self._block(inner, room)]

    def _nest(self, scope: Scope, room: int) -> list[str] | None:
        """Go over all of an array."""
        if not scope.arrays:
            return None
        array = self.draw.pick(scope.arrays)
        names = [self.name("i") for _ in array.shape]
        ends = [str(extent) if isinstance(extent, int) else extent[0] for extent in array.shape]
        inner = scope.inner()
        inner.turns += [Turn(name, 0, extent) for name, extent in zip(names, array.shape, strict=True)]
        kind = self.draw.pick(("grid", "grid", "reduction"))
        return [f"for {', '.join(names)} in {kind}({', '.join(ends)}):", *self._block(inner, min(room, 1))]

    def _runtime_for(self, scope: Scope, room: int) -> list[str]:
        draw, name = self.draw, self.name("i")
        bounds = [one.name for one in scope.variables if one.name.startswith("b") and not one.writable]
        small = f"uint2({scope.typed(1).text})"
        ends = [*bounds * 3, *(f"{bound} - 1" for bound in bounds), f"uint3({scope.typed(1).text})"]
        end = draw.pick(ends)
        head = draw.pick(
            (f"range({end})", f"range({small}, {end})", f"range({end}, {small}, -1)", f"range(1, {end}, 2)")
        )
        inner = scope.inner()
        inner.turns.append(Turn(name, 0, None))
        return [f"for {name} in {head}:", *self._block(inner, min(room, 1))]

    def _condition(self, scope: Scope) -> str:
        if scope.turns and self.draw.chance(40):
            turn = self.draw.pick(scope.turns)
            side = f"{turn.name} {self.draw.pick(('<', '>', '==', '!=', '<=', '>='))} {self.draw.number(0, 3)}"
            return side if self.draw.chance(60) else f"{side} {self.draw.pick(('and', 'or'))} {scope.truth(1)}"
        return scope.truth(2)

    def _if(self, scope: Scope, room: int) -> list[str]:
        lines = [f"if {self._condition(scope)}:", *self._block(scope, room)]
        if self.draw.chance(30):
            lines += [f"elif {self._condition(scope)}:", *self._block(scope, room)]
        if self.draw.chance(50):
            lines += ["else:", *self._block(scope, room)]
        return lines

    def _while(self, scope: Scope, room: int) -> list[str]:
        name = self.name("w")
        kind = integer(self.draw.pick((3, 8, 32)), False)
        condition = f"{name} < {self.draw.number(1, 4)}"
        if self.draw.chance(60):
            condition += f" and {scope.truth(1)}"
        body = self._block(scope, min(room, 1))
        return [f"{name}: {kind} = 0", f"while {condition}:", *body, f"    {name} += 1"]

    def _meta(self, scope: Scope, room: int) -> list[str]:
        name, draw = self.name("m"), self.draw
        end = draw.number(1, 3)
        inner = scope.inner()
        inner.turns.append(Turn(name, 0, end, known=True))
        lines = [f"with meta_for({end}) as {name}:", *self._block(inner, 0)]
        if draw.chance(50):
            lines += [f"    with meta_if({name} % 2 == 0):", *(f"    {line}" for line in self._block(inner, 0))]
            lines += ["    with meta_else():", *(f"    {line}" for line in self._block(inner, 0))]
        return lines

    # Calls

    def _arguments(self, scope: Scope, function: _Function) -> list[str] | None:
        """Return what a call passes; an array that the function writes is passed once."""
        found, taken = list[str](), set[str]()
        for formal in function.arguments:
            if isinstance(formal, Variable):
                if formal.type.kind == "struct" and not self._has(scope, formal.type):
                    return None
                found.append(scope.value(formal.type, 1).text)
                continue
            known = [one for one in scope.arrays if (one.element, one.shape) == (formal.element, formal.shape)]
            known = [
                one for one in known if one.name not in taken and (one.writable or formal.name not in function.written)
            ]
            if not known:
                return None
            one = self.draw.pick(known)
            taken.add(one.name)
            if formal.name in function.written:
                self.written.add(one.name)
            found.append(one.name)
        return found

    def _call(self, scope: Scope, kind: ScalarType | None) -> Term | None:
        """Return a call that gives one number, of a type where one is asked for."""
        fits = []
        for function in self.functions:
            result = function.results[0] if len(function.results) == 1 else None
            if isinstance(result, Variable) and result.type.kind != "struct" and (kind in (None, result.type)):
                fits.append((function, result.type))
        if not fits or self.calls > 6:
            return None
        self.calls += 1
        function, result_type = self.draw.pick(fits)
        arguments = self._arguments(
            Scope(scope.choose, scope.spelled, scope.arrays, scope.variables, scope.turns), function
        )
        return None if arguments is None else Term(f"{function.name}({', '.join(arguments)})", result_type)

    def _call_statement(self, scope: Scope) -> list[str] | None:
        if not self.functions or self.calls > 6:
            return None
        function = self.draw.pick(self.functions)
        lines = self._prepare(scope, function)
        arguments = self._arguments(scope, function)
        if arguments is None:
            return lines or None
        self.calls += 1
        call = f"{function.name}({', '.join(arguments)})"
        if not function.results:
            return [*lines, call]
        names = [self.name("r") for _ in function.results]
        for name, result in zip(names, function.results, strict=True):
            if isinstance(result, Array):
                scope.arrays.append(Array(name, result.element, result.shape))
            else:
                scope.variables.append(Variable(name, result.type))
        return [*lines, f"{', '.join(names)} = {call}"]

    def _prepare(self, scope: Scope, function: _Function) -> list[str]:
        """Declare arrays that a call needs and nobody has."""
        lines = []
        for formal in function.arguments:
            if not isinstance(formal, Array) or formal.element.kind == "struct":
                continue
            if not any((one.element, one.shape) == (formal.element, formal.shape) for one in scope.arrays):
                made = Array(self.name("L"), formal.element, formal.shape)
                lines.append(f"{made.name}: {self.annotation(made)} = {scope.literal(formal.element).text}")
                scope.arrays.append(made)
        return lines


def program(draw: Chooser) -> Program:
    """Return a random program."""
    kinds = types_of(draw, draw.number(2, 4))
    names = {kind.name: f"T{number}" for number, kind in enumerate(kinds) if kind.kind == "struct"}
    lines = []
    for kind in kinds:
        if kind.kind == "struct":
            parts = ", ".join(f'"{name}": {names.get(part.name) or spelled(part)}' for name, part in kind.fields)
            lines.append(f"{names[kind.name]} = Struct({{{parts}}})")
    constants = [f"N{number}" for number in range(draw.number(0, 2))]
    lines += [f"{name} = {draw.number(1, 9)}" for name in constants]
    writer = _Writer(draw, kinds, names, constants=constants)
    for number in range(draw.pick((0, 0, 1, 2))):
        writer.functions.append(writer.function(f"g{number}", top=False))
    top = writer.function("f", top=True)
    for function in (*writer.functions, top):
        lines += ["", writer.head(function), *(f"    {line}" for line in function.lines)]
    bounds = tuple(one.name for one in top.arguments if isinstance(one, Variable) and one.name.startswith("b"))
    return Program(HEAD + "\n".join(lines) + "\n", bounds)

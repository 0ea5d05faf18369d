"""Names in a kernel: what each means where, and what may be bound anew."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from allo_studio.frontend.constants import Constant, NotConstant
from allo_studio.frontend.faults import Faults, candidates
from allo_studio.frontend.folding import fold
from allo_studio.frontend.module import Definition, Module
from allo_studio.frontend.program import Program
from allo_studio.frontend.ranges import Guard, Range, range_of
from allo_studio.frontend.tree import Expression, Memory, Variable
from allo_studio.frontend.tree_statements import Statement
from allo_studio.ir import LinearExpr
from allo_studio.lang import RESERVED_NAMES
from allo_studio.source import Span
from allo_studio.types import ArrayType

__all__ = ["Poison", "Scope"]


@dataclass(frozen=True)
class Poison:
    """A name whose declaration is at fault: its uses are not reported again."""


# A constant is a compile-time value, a definition a function of the kernel's own.
Meaning = Memory | Variable | Poison | Constant | Definition


class Scope:
    """The names that are known at a place; a loop's body is a block of its own."""

    def __init__(
        self,
        module: Module,
        faults: Faults,
        program: Program | None = None,
        fixed: frozenset[str] = frozenset(),
    ) -> None:
        self.module = module
        self.faults = faults
        self.program = program
        self.bands: dict[str, Span] = {}
        # What the expression at hand needs to be run before it: calls, temporaries.
        self.pending: list[Statement] = []
        # The named sizes of the arguments, and those that are numbers among the module's parameters instead.
        self.sizes: dict[str, Memory] = {}
        self.fixed = fixed
        # Those whose declarations are at fault: their uses are not reported again.
        self.faulty_sizes: set[str] = set()
        # What stands for arrays while an array expression is checked element by element.
        self.elements: dict[ast.expr, Expression] = {}
        # The results of the calls in the statement at hand that were made ahead of it; None after a report.
        self.called: dict[ast.expr, Memory | None] = {}
        self._guards: list[Guard] = []
        self._ranges: dict[tuple[LinearExpr, tuple[Variable, ...], tuple[Guard, ...]], Range | None] = {}
        self._blocks: list[dict[str, Meaning]] = [{}]
        self._nest: list[Variable] = []
        self._places: dict[str, Span] = {}

    @property
    def nest(self) -> tuple[Variable, ...]:
        """The variables of the loops around this place, the outermost first."""
        return tuple(self._nest)

    @property
    def constants(self) -> Mapping[str, Constant]:
        """The compile-time values that have a name here; what is declared in the kernel hides the file's."""
        own = {name: value for block in self._blocks for name, value in block.items()}
        if not own:
            return self.module.parameters
        outer = {name: value for name, value in self.module.parameters.items() if name not in own}
        runtime = (Memory, Variable, Poison, Definition)
        return {**outer, **{name: value for name, value in own.items() if not isinstance(value, runtime)}}

    @property
    def own_constants(self) -> dict[str, Constant]:
        """The compile-time values that are bound in the kernel and not outside of it."""
        outside = self.module.parameters
        return {name: value for name, value in self.constants.items() if outside.get(name) is not value}

    @property
    def own_functions(self) -> dict[str, Definition]:
        """The functions that are defined in the kernel."""
        return {name: f for block in self._blocks for name, f in block.items() if isinstance(f, Definition)}

    @property
    def variables(self) -> frozenset[str]:
        """The names that mean something only when the kernel runs."""
        return frozenset(name for block in self._blocks for name in block if self._varies(name))

    def constant(self, node: ast.expr) -> Constant:
        """Return the compile-time value of an expression; raises NotConstant."""
        names = self.constants
        try:
            return fold(node, names, self.module)
        except NotConstant:
            varies = any(isinstance(part, ast.Name) and self._varies(part.id) for part in ast.walk(node))
            if varies or self.module.run is None or any(self._calls_kernel(part) for part in ast.walk(node)):
                raise
        return self.module.run(node, names)

    def _calls_kernel(self, node: ast.AST) -> bool:
        """Tell whether a node calls a function of hardware: it runs where the kernel runs, whatever it is given."""
        if not isinstance(node, ast.Call):
            return False
        called = node.func.value if isinstance(node.func, ast.Subscript) else node.func
        if isinstance(called, ast.Attribute):
            found = self.module.member(called) if self.module.member else None
        else:
            found = self.definition(called.id) if isinstance(called, ast.Name) else None
        return found is not None and found.is_kernel

    def _varies(self, name: str) -> bool:
        return isinstance(self.find(name), Memory | Variable | Poison)

    def definition(self, name: str) -> Definition | None:
        """Return the function that a name means here; None where it is something else."""
        found = self.find(name)
        return self.module.definition(name) if found is None else found if isinstance(found, Definition) else None

    @property
    def guards(self) -> tuple[Guard, ...]:
        """What the branches around this place say of loop variables and sizes."""
        return tuple(self._guards)

    @property
    def is_outermost(self) -> bool:
        """Whether this place is in no block but the function's own."""
        return len(self._blocks) == 1

    def range_of(self, expression: LinearExpr) -> Range | None:
        """Return the range of an index expression here; None where no iteration reaches this place."""
        place = (expression, tuple(self._nest), tuple(self._guards))
        if place not in self._ranges:
            self._ranges[place] = range_of(*place)
        return self._ranges[place]

    def extent(self, kind: ArrayType, dim: int) -> LinearExpr:
        """Return the extent of a dimension: a number, or a named size."""
        name = kind.sizes[dim] if kind.sizes else ""
        return LinearExpr.of(self.sizes[name]) if name in self.sizes else LinearExpr.number(kind.shape[dim])

    @contextmanager
    def block(self, guard: Guard | None = None) -> Iterator[None]:
        """Make a block of names of its own, in which `guard` holds, for the length of a `with`."""
        self._blocks.append({})
        if guard is not None:
            self._guards.append(guard)
        yield
        if guard is not None:
            self._guards.pop()
        self._blocks.pop()

    def enter(self, name: str, variable: Variable | Poison, place: Span) -> None:
        """Begin the body of a loop."""
        self._blocks.append({name: variable})
        self._places[name] = place
        if isinstance(variable, Variable):
            self._nest.append(variable)

    def leave(self) -> None:
        """End the body of a loop."""
        if any(isinstance(meaning, Variable) for meaning in self._blocks.pop().values()):
            self._nest.pop()

    def declare(self, name: str, meaning: Meaning, place: Span) -> None:
        """Bind a name in the present block."""
        self._blocks[-1][name] = meaning
        self._places[name] = place

    def find(self, name: str) -> Meaning | None:
        """Return what an argument, local or loop variable means here; None where there is none of that name."""
        return next((block[name] for block in reversed(self._blocks) if name in block), None)

    def here(self, name: str) -> Meaning | None:
        """Return what a name that was bound in the present block itself means."""
        return self._blocks[-1].get(name)

    def free(self, name: str, place: ast.AST | Span) -> bool:
        """Tell whether a name may be declared here; what is wrong is reported."""
        if isinstance(self.find(name), Poison):
            # What is wrong with the name was reported; its declaration may well be what was missing.
            return True
        if not name.isascii():
            message = f"{name!r} has letters that hardware tools do not take"
            self.faults.add("name", place, message, "use a to z, A to Z, 0 to 9 and _")
        elif name in RESERVED_NAMES:
            self.faults.add("name", place, f"{name!r} is a name of the kernel language", "choose another name")
        elif self.find(name) is not None:
            line = self._places[name].line
            self.faults.add("name", place, f"{name!r} is already declared on line {line}", "choose another name")
        elif name in self.module.parameters:
            self.faults.add("name", place, f"{name!r} hides the file's constant {name!r}", "choose another name")
        else:
            return True
        return False

    def resolve(self, node: ast.Name) -> Memory | Variable | Poison | Constant | None:
        """Return what a name that is used means: a compile-time value is as it is. None after a report."""
        found = self.find(node.id)
        if isinstance(found, Definition):
            self.faults.add("name", node, f"{node.id!r} is a function, not a value", f"call it: {node.id}(...)")
            return None
        if found is not None:
            return found
        if node.id in self.module.parameters:
            return self.module.parameters[node.id]
        self._report_unknown(node)
        # One report for a name that is missing is enough.
        self._blocks[0][node.id] = Poison()
        return None

    def _report_unknown(self, node: ast.Name) -> None:
        name = node.id
        if name in self._places:
            place = self._places[name]
            self.faults.add(
                "name",
                node,
                f"{name!r} is only known inside the block of line {place.line}",
                "declare it before the block, or use it inside",
            )
        elif self.module.language_name(node):
            self.faults.add("name", node, f"{name!r} is no value", "types and loops have places of their own")
        elif name in self.module.functions:
            self.faults.add("name", node, f"{name!r} is a function, not a value", f"call it: {name}(...)")
        elif self.module.unknown.get(name):
            reason = self.module.unknown[name]
            message = f"{name!r} is no constant: {reason}"
            self.faults.add("name", node, message, "only constants of the file can be used in a kernel")
        else:
            known = [n for block in self._blocks for n, m in block.items() if not isinstance(m, Poison)]
            known += self.module.parameters
            self.faults.add("name", node, f"{name!r} is not defined", candidates(name, known, "known names"))

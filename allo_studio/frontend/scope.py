"""Names in a kernel: what each means where, and what may be bound anew."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from allo_studio.frontend.constants import Number
from allo_studio.frontend.faults import Faults, candidates
from allo_studio.frontend.module import Module
from allo_studio.frontend.tree import Memory, Variable
from allo_studio.lang import LANGUAGE_NAMES
from allo_studio.source import Span

__all__ = ["Poison", "Scope"]


@dataclass(frozen=True)
class Poison:
    """A name whose declaration is at fault: its uses are not reported again."""


Meaning = Memory | Variable | Poison


class Scope:
    """The names that are known at a place; a loop's body is a block of its own."""

    def __init__(self, module: Module, faults: Faults) -> None:
        self.module = module
        self.faults = faults
        self.bands: dict[str, Span] = {}
        self._blocks: list[dict[str, Meaning]] = [{}]
        self._nest: list[Variable] = []
        self._places: dict[str, Span] = {}

    @property
    def nest(self) -> tuple[Variable, ...]:
        """The variables of the loops around this place, the outermost first."""
        return tuple(self._nest)

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

    def free(self, name: str, place: ast.AST | Span) -> bool:
        """Tell whether a name may be declared here; what is wrong is reported."""
        if isinstance(self.find(name), Poison):
            # What is wrong with the name was reported; its declaration may well be what was missing.
            return True
        if not name.isascii():
            message = f"{name!r} has letters that hardware tools do not take"
            self.faults.add("name", place, message, "use a to z, A to Z, 0 to 9 and _")
        elif name in LANGUAGE_NAMES:
            self.faults.add("name", place, f"{name!r} is a name of the kernel language", "choose another name")
        elif self.find(name) is not None:
            line = self._places[name].line
            self.faults.add("name", place, f"{name!r} is already declared on line {line}", "choose another name")
        elif name in self.module.parameters:
            self.faults.add("name", place, f"{name!r} hides the file's constant {name!r}", "choose another name")
        else:
            return True
        return False

    def resolve(self, node: ast.Name) -> Meaning | Number | None:
        """Return what a name that is used means: a number for one of the file's constants. None after a report."""
        found = self.find(node.id)
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
                f"{name!r} is only known inside the loop of line {place.line}",
                "declare it before the loop, or use it inside",
            )
        elif self.module.language_name(node):
            self.faults.add("name", node, f"{name!r} is no value", "types and loops have places of their own")
        elif self.module.unknown.get(name):
            reason = self.module.unknown[name]
            message = f"{name!r} is no constant: {reason}"
            self.faults.add("name", node, message, "only constants of the file can be used in a kernel")
        else:
            known = [n for block in self._blocks for n, m in block.items() if not isinstance(m, Poison)]
            known += self.module.parameters
            self.faults.add("name", node, f"{name!r} is not defined", candidates(name, known, "known names"))

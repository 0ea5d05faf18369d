"""What one compilation has made so far: the functions that calls need, each instance once."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any, TypeAlias

from allo_studio.frontend.faults import Faults
from allo_studio.frontend.module import Definition
from allo_studio.frontend.tree import Expression, Memory
from allo_studio.frontend.tree_calls import Instance
from allo_studio.frontend.tree_statements import Kernel, Statement
from allo_studio.types import ScalarType

__all__ = ["Compiled", "Key", "Program"]

# A function's text, its instance's id, and the values that names outside of it are bound to.
Key: TypeAlias = tuple[int, str, tuple[tuple[str, str], ...]]


# Checks an expression, in a scope, as a value of a type.
Value: TypeAlias = Callable[[ast.expr, ScalarType, Any], Expression | None]
# Checks an expression, in a scope, as an array: puts it into a new one of that name ahead of the present statement.
Copy: TypeAlias = Callable[[ast.expr, str, Any], Memory | None]
# Checks that an array can be assigned, in a scope, to what an expression names, and returns the statements that do so.
WriteBack: TypeAlias = Callable[[Memory, ast.expr, Any], tuple[Statement, ...] | None]


@dataclass(frozen=True)
class Compiled:
    """An instance and its body."""

    instance: Instance
    kernel: Kernel


@dataclass
class Program:
    """The instances of one compilation, those that are called before those that call them.

    `check` checks a function, `value` a scalar argument, `copy` and `write_back` one that is a slice; they are given by
    `parse.py`, because they need calls themselves. `open` are the functions that are being checked now (the text's
    identity and name), the outermost first.
    """

    check: Callable[[Definition, Faults, Program], Kernel | None]
    value: Value
    copy: Copy
    write_back: WriteBack
    done: list[Compiled] = field(default_factory=list)
    known: dict[Key, Instance | None] = field(default_factory=dict)
    open: list[tuple[int, str]] = field(default_factory=list)
    symbols: set[str] = field(default_factory=set)

    def symbol(self, wanted: str) -> str:
        """Return a name for a function that no other of the module has."""
        numbered = (f"{wanted}_{number}" if number else wanted for number in count())
        found = next(name for name in numbered if name not in self.symbols)
        self.symbols.add(found)
        return found

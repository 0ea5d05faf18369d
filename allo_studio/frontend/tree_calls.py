"""Calls of functions that were found correct, and the instances of functions that they call."""

from __future__ import annotations

from dataclasses import dataclass

from allo_studio.frontend.tree import Expression, Memory
from allo_studio.source import Span

__all__ = ["Call", "Instance"]


@dataclass(frozen=True, eq=False)
class Instance:
    """A function as calls see it: one for each set of template arguments and id. Known by identity.

    `name` is its symbol in the module, `origin` its name in the text, `template` what its parameters were set to, as
    text. `returned` are all its results, `results` those that are not arguments; `changed` are the arguments that it
    writes.
    """

    name: str
    origin: str
    id: str
    template: tuple[tuple[str, str], ...]
    arguments: tuple[Memory, ...]
    sizes: tuple[Memory, ...]
    returned: tuple[Memory, ...]
    results: tuple[Memory, ...]
    changed: frozenset[Memory]


@dataclass(frozen=True)
class Call:
    """`results = instance(arguments)`: arrays as memories, scalars as values of the argument's type.

    `sizes` are the values of the instance's named sizes, `results` the memories that take its results.
    """

    instance: Instance
    arguments: tuple[Memory | Expression, ...]
    sizes: tuple[Expression, ...]
    results: tuple[Memory, ...]
    span: Span

    @property
    def reads(self) -> tuple[Memory, ...]:
        """The arrays that are passed and not written."""
        pairs = zip(self.arguments, self.instance.arguments, strict=True)
        return tuple(a for a, formal in pairs if isinstance(a, Memory) and formal not in self.instance.changed)

    @property
    def writes(self) -> tuple[Memory, ...]:
        """The arrays that the function writes, and those that take its results."""
        pairs = zip(self.arguments, self.instance.arguments, strict=True)
        changed = tuple(a for a, formal in pairs if isinstance(a, Memory) and formal in self.instance.changed)
        return (*changed, *self.results)

    @property
    def values(self) -> tuple[Expression, ...]:
        """The scalars that are passed."""
        return tuple(a for a in (*self.arguments, *self.sizes) if not isinstance(a, Memory))

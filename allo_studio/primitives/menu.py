"""What a person may do next: the steps that apply to a kernel now, with their legal arguments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from allo_studio.diagnostics import AlloError
from allo_studio.ir import KernelIR
from allo_studio.primitives.base import FieldKind, Step, step_fields
from allo_studio.primitives.references import callees
from allo_studio.primitives.registry import STEPS

__all__ = ["Applicable", "applicable"]


@dataclass(frozen=True)
class Applicable:
    """A step that applies: `args` are fixed, and each of `choices` may take any of its values, the first by default."""

    name: str
    args: Mapping[str, Any]
    choices: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)

    def step(self, **chosen: Any) -> Step:
        """Return the step with the chosen values, and the first of each choice not named."""
        first = {key: values[0] for key, values in self.choices.items()}
        return STEPS[self.name](**{**self.args, **first, **chosen})


def applicable(ir: KernelIR) -> tuple[Applicable, ...]:
    """Return what applies to a kernel now, by step, then in program order; each passes its step's `check`.

    Loops and arrays of functions that the kernel calls come after its own, as `function:name`.
    """
    steady = ir.steady()
    called = callees(steady)
    return tuple(entry for name, cls in STEPS.items() for entry in _entries(steady, called, name, cls))


def _entries(ir: KernelIR, called: Sequence[str], name: str, cls: type[Step]) -> Iterator[Applicable]:
    if cls.comes_late(ir):
        return
    yield from (Applicable(name, option.args, option.choices) for option in cls.options(ir))
    kinds = {declared.name: declared.kind for declared in step_fields(cls)}
    if not any(kind in ("loop", "loops", "buffer") for kind in kinds.values()):
        return
    for function in called:
        for option in cls.options(ir.at(function)):
            args = {key: _prefixed(function, kinds[key], value) for key, value in option.args.items()}
            entry = Applicable(name, args, option.choices)
            # A name may have a second meaning, seen from the kernel.
            if _means(ir, function, entry):
                yield entry


def _prefixed(function: str, kind: FieldKind, value: Any) -> Any:
    if value is None:
        return None
    if kind == "loops":
        return [f"{function}:{name}" for name in value]
    return f"{function}:{value}" if kind in ("loop", "buffer") else value


def _means(ir: KernelIR, function: str, entry: Applicable) -> bool:
    try:
        return entry.step().placed(ir)[0].name == function
    except AlloError:
        return False

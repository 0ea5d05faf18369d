"""What a step's form offers: the legal values of a field, given those chosen above it. Nothing here touches Qt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from allo_studio.design.edits import fresh_name
from allo_studio.ir import KernelIR
from allo_studio.primitives.base import StepField, step_fields
from allo_studio.primitives.registry import STEPS
from allo_studio.schedule import Applicable, applicable

__all__ = ["default_step", "offers"]

# Types that one would make an array narrower by; others are typed.
_TYPES = ("float16", "bfloat16", "float32", "int8", "int16", "int32", "Fixed(16, 10)", "Fixed(32, 16)")


class _Memory:
    """The menu of the kernel that was asked about last: a form asks for every field in turn."""

    def __init__(self) -> None:
        self._ir: KernelIR | None = None
        self._menu: tuple[Applicable, ...] = ()

    def menu(self, ir: KernelIR) -> tuple[Applicable, ...]:
        if ir is not self._ir:
            self._ir, self._menu = ir, applicable(ir)
        return self._menu


_MEMORY = _Memory()


def offers(ir: KernelIR, step: str, asked: StepField, chosen: Mapping[str, Any]) -> list[Any]:
    """Return the legal values of a field, in the order of the program; `chosen` are the fields' present values.

    Only fields declared before the asked one count. Empty where nothing is legal. For a step that nobody can propose
    (it needs a new name, a type), and one that does not apply at all, they are what the field may name.
    """
    if all(entry.name != step for entry in _MEMORY.menu(ir)):
        return _candidates(ir, asked, chosen)
    names = [declared.name for declared in step_fields(STEPS[step])]
    above = {name: chosen[name] for name in names[: names.index(asked.name)] if name in chosen}
    defaults = {declared.name: declared.default for declared in step_fields(STEPS[step])}
    found: list[Any] = []
    for entry in _MEMORY.menu(ir):
        if entry.name == step and all(_allows(entry, n, v, defaults[n]) for n, v in above.items()):
            found += [value for value in _values(entry, asked.name, defaults[asked.name]) if value not in found]
    return sorted(found) if asked.kind == "int" else found


def _candidates(ir: KernelIR, asked: StepField, chosen: Mapping[str, Any]) -> list[Any]:
    """Return what a field could name; the step's check says whether it does."""
    functions = [name for name in ir.functions if name != ir.name]
    seen = [("", ir), *((f"{name}:", ir.at(name)) for name in functions)]
    match asked.kind:
        case "loop":
            return [f"{prefix}{loop.id}" for prefix, part in seen for loop in part.loops()]
        case "loops":
            return [[loop.parent.id, loop.id] for loop in ir.loops() if loop.parent is not None]
        case "buffer":
            return [f"{prefix}{buffer.name}" for prefix, part in seen for buffer in part.buffers() if buffer.type.shape]
        case "function":
            return list(functions)
        case "word":
            return [fresh_name("part", {*ir.functions, *(buffer.name for buffer in ir.buffers())})]
        case "type":
            return list(_TYPES)
        case "ints":
            buffer = next((b for b in ir.buffers() if b.name == chosen.get("buffer")), None)
            return [list(buffer.type.shape)] if buffer else [[0], [0, 1]]
        case "choice":
            return list(asked.choices)
    return [] if asked.default is None else [asked.default]


def default_step(ir: KernelIR, preferred: str) -> str:
    """Return the name of a step that applies: `preferred` where it does, else the first, else `preferred`."""
    names = [entry.name for entry in _MEMORY.menu(ir)]
    return preferred if preferred in names or not names else names[0]


def _values(entry: Applicable, field: str, default: Any) -> list[Any]:
    if field in entry.args:
        value = entry.args[field]
        return [list(value) if isinstance(value, tuple) else value]
    return list(entry.choices.get(field, () if default is None else (default,)))


def _allows(entry: Applicable, field: str, value: Any, default: Any) -> bool:
    return value in _values(entry, field, default)

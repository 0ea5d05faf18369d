"""Composition: the steps of a function's own schedule, applied where a kernel calls the function.

A step is retargeted by what its references name, not by their text: each is resolved in the function's own schedule,
just before the step, and named anew in the instance of the function that the kernel calls.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.frontend import constant_of
from allo_studio.frontend.constants import shown
from allo_studio.ir import KernelIR
from allo_studio.ir.attributes import text, text_map
from allo_studio.primitives.base import FieldKind, Step, step_fields
from allo_studio.primitives.references import callees, calls_of
from allo_studio.schedule import ScheduledKernel

__all__ = ["compose"]

_Template = Sequence[object] | Mapping[str, object]


def compose(scheduled: ScheduledKernel, other: ScheduledKernel, id: str | None, template: _Template) -> ScheduledKernel:
    """Return `scheduled` with the steps of `other`, the schedule of a function, on its instances; raises AlloError.

    Instances are those of the function's name, with the id and the template arguments, where these are given.
    """
    origin = other.base.name
    found = _instances(scheduled.ir, origin, id, template)
    if not found:
        raise AlloError(_none(scheduled.ir, origin, id, template))
    # An instance that several others call is scheduled once.
    done: set[tuple[str, int]] = set()
    for instance in found:
        for index, step in enumerate(other.steps):
            where = f"{origin}#{index}"
            try:
                for target, retargeted in _retargeted(step, other.irs[index], scheduled.ir, instance):
                    if (target, index) not in done:
                        scheduled = scheduled.apply(retargeted)
                    done.add((target, index))
            except AlloError as error:
                raise AlloError(replace(d, where=where) for d in error.diagnostics) from None
    return scheduled


def _instances(ir: KernelIR, origin: str, id: str | None, template: _Template) -> list[str]:
    return [
        name
        for name in callees(ir)
        if _origin(ir, name) == origin and id in (None, _id(ir, name)) and _agrees(_template_of(ir, name), template)
    ]


def _origin(ir: KernelIR, name: str) -> str:
    return text(ir.at(name).function, "allo.origin") or name


def _id(ir: KernelIR, name: str) -> str:
    return text(ir.at(name).function, "allo.id") or ""


def _template_of(ir: KernelIR, name: str) -> dict[str, str]:
    return text_map(ir.at(name).function, "allo.template")


def _agrees(known: dict[str, str], template: _Template) -> bool:
    if isinstance(template, Mapping):
        return all(known.get(name) == _text(value) for name, value in template.items())
    return not template or sorted(known.values()) == sorted(_text(value) for value in template)


def _text(value: object) -> str:
    try:
        return shown(constant_of(value))
    except ValueError:
        return str(value)


def _none(ir: KernelIR, origin: str, id: str | None, template: _Template) -> Diagnostic:
    described = [f"{name}{_described(ir, name)}" for name in callees(ir)]
    with_id = f" with the id {id!r}" if id is not None else ""
    of = f" of {', '.join(_text(v) for v in (template.values() if isinstance(template, Mapping) else template))}"
    message = f"{ir.name} calls no instance of {origin!r}{with_id}{of if template else ''}"
    return Diagnostic("step", message, hint=f"it calls {', '.join(described) or 'no function'}")


def _described(ir: KernelIR, name: str) -> str:
    parts = [f"{key}={value}" for key, value in _template_of(ir, name).items()]
    parts += [f"id {_id(ir, name)!r}"] if _id(ir, name) else []
    return f" ({', '.join(parts)})" if parts else ""


# What tells which function a step is about.
_PLACES = ("loop", "loops", "buffer")


def _retargeted(step: Step, own: KernelIR, ir: KernelIR, instance: str) -> Iterator[tuple[str, Step]]:
    """Yield a step of a function's schedule as it is in an instance, with the function that it works on.

    A step on all functions that are called (a function that is left out) becomes one for each of them.
    """
    seen, placed = step.placed(own)
    pairs = _pairs(own, ir, instance)
    target = pairs.get(seen.name)
    if target is None:
        message = f"{seen.name!r}, which {step.name} works on, is not called from {instance}"
        raise AlloError(Diagnostic("step", message, hint=f"{instance} calls {', '.join(callees(ir.at(instance)))}"))
    changes: dict[str, Any] = {}
    named = any(getattr(placed, entry.name) is not None for entry in step_fields(type(step)) if entry.kind in _PLACES)
    for entry in step_fields(type(step)):
        value = getattr(placed, entry.name)
        if value is None and (entry.kind != "function" or named):
            continue
        if entry.kind == "function" and value is None:
            for name in placed.meant(seen):
                if name in pairs:
                    yield f"{target}/{name}", replace(placed, **changes, **{entry.name: pairs[name]})
            return
        if entry.kind == "function" and value not in pairs:
            # Another instance called it too, and its step was done there.
            return
        changes[entry.name] = _renamed(entry.kind, value, seen, target, pairs, ir)
    yield target, replace(placed, **changes)


def _renamed(kind: FieldKind, value: Any, seen: KernelIR, target: str, pairs: Mapping[str, str], ir: KernelIR) -> Any:
    """Return an argument of a step for another function; new names that are taken there get its name too."""
    match kind:
        case "function":
            return pairs[value]
        case "buffer" if value in pairs and all(buffer.name != value for buffer in seen.buffers()):
            # A step on an array or a function.
            return pairs[value]
        case "loop" | "buffer":
            return f"{target}:{value}"
        case "loops":
            return tuple(f"{target}:{part}" for part in value)
        case "word" if value in ir.functions:
            return f"{value}_{target}"
    return value


def _pairs(own: KernelIR, ir: KernelIR, instance: str) -> dict[str, str]:
    """Return which function of the kernel each function of the other schedule is, from the calls of both."""
    pairs = {own.name: instance}
    waiting = [own.name]
    while waiting:
        name = waiting.pop(0)
        mine, theirs = _callees(own, name), _callees(ir, pairs[name])
        for number, callee in enumerate(mine):
            key = _key(own, callee)
            same = [other for other in theirs if _key(ir, other) == key]
            match = same[0] if same else theirs[number] if len(mine) == len(theirs) else None
            if match is not None and callee not in pairs:
                pairs[callee] = match
                waiting.append(callee)
    return pairs


def _callees(ir: KernelIR, name: str) -> list[str]:
    return list(dict.fromkeys(callee for callee, _ in calls_of(ir.at(name))))


def _key(ir: KernelIR, name: str) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    return _origin(ir, name), _id(ir, name), tuple(sorted(_template_of(ir, name).items()))

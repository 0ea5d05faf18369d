"""What a step's references name where a kernel calls other functions: which function each loop and array is in.

`i`, `band:i` and `A` are looked for in the kernel's own function first and then in those that it calls, where they
must be unique; `function:i`, `function:band:i` and `function:A` say where. All references of a step are in one
function.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.ir import KernelIR, walk
from allo_studio.ir.attributes import symbol
from allo_studio.source import Span

__all__ = ["Reference", "callees", "calls_of", "locate"]


@dataclass(frozen=True)
class Reference:
    """A reference of a step as it is written."""

    text: str
    kind: Literal["loop", "buffer"]

    def inside(self, function: str) -> str | None:
        """Return the name within `function` that the text says in the form `function:...`; None where it does not."""
        first, _, rest = self.text.partition(":")
        return rest if rest and first == function else None


def calls_of(ir: KernelIR) -> Iterator[tuple[str, Span | None]]:
    """Yield the functions that one function calls, with the place of each call, in program order."""
    for op in walk(ir.body):
        if op.name == "func.call":
            yield symbol(op, "callee"), ir.span(op)


def callees(ir: KernelIR) -> tuple[str, ...]:
    """Return the functions that a kernel calls, directly or not, in the order of the calls."""
    found: dict[str, None] = {}
    waiting = [ir.name]
    while waiting:
        for name, _ in calls_of(ir.at(waiting.pop(0))):
            if name not in found and name != ir.name:
                found[name] = None
                waiting.append(name)
    return tuple(found)


def locate(ir: KernelIR, references: Sequence[Reference]) -> tuple[str, tuple[str, ...]]:
    """Return the one function that the references are in, and their names there; raises AlloError of code `step`.

    What is found nowhere is left to the function's own look-up, which lists what there is.
    """
    if len(ir.functions) == 1 and not any(":" in reference.text for reference in references):
        return ir.name, tuple(reference.text for reference in references)
    names = (ir.name, *callees(ir))
    homes = [_homes(ir, names, reference) for reference in references]
    shared = [name for name in names if all(name in home for home in homes)]
    if not shared:
        return _apart(ir, references, homes)
    chosen = shared[0]
    if chosen != ir.name and len(shared) > 1:
        number = next((n for n, home in enumerate(homes) if len(home) > 1), 0)
        raise _ambiguous(ir, references[number], {name: homes[number][name] for name in shared})
    for reference, home in zip(references, homes, strict=True):
        _require_one_meaning(ir, reference, home)
    return chosen, tuple(home[chosen] for home in homes)


def _homes(ir: KernelIR, names: Iterable[str], reference: Reference) -> dict[str, str]:
    """Return the functions that have what a reference names, with its name there."""
    found = {}
    for name in names:
        rest = reference.inside(name)
        if rest is not None and _has(ir.at(name), reference, rest):
            found[name] = rest
        elif _has(ir.at(name), reference, reference.text):
            found[name] = reference.text
    return found


def _has(ir: KernelIR, reference: Reference, name: str) -> bool:
    if reference.kind == "buffer":
        return any(buffer.name == name for buffer in ir.buffers())
    return any(name in (loop.id, loop.name, loop.band, f"{loop.band}:{loop.name}") for loop in ir.loops())


def _require_one_meaning(ir: KernelIR, reference: Reference, home: dict[str, str]) -> None:
    """Raise where `a:i` is loop i of function a and also of a nest named a in the kernel's own function."""
    said = [name for name, rest in home.items() if rest != reference.text]
    if said and said[0] != ir.name and ir.name in home:
        listing = f"{ir.name}:{reference.text} and {_full(ir, said[0], home[said[0]])}"
        message = f"{reference.text!r} names a loop of {ir.name} and one of function {said[0]}"
        raise AlloError(Diagnostic("step", message, hint=f"say which: {listing}"))


def _full(ir: KernelIR, function: str, name: str) -> str:
    """Return the longest form of a loop's name, which nothing else has."""
    bands = [loop.band for loop in ir.at(function).loops() if loop.name == name]
    return f"{function}:{bands[0]}:{name}" if bands else f"{function}:{name}"


def _ambiguous(ir: KernelIR, reference: Reference, home: dict[str, str]) -> AlloError:
    loop = reference.kind == "loop"
    listing = ", ".join(_full(ir, f, name) if loop else f"{f}:{name}" for f, name in home.items())
    message = f"{reference.text!r} is in {len(home)} functions that {ir.name} calls"
    return AlloError(Diagnostic("step", message, hint=f"say which: {listing}"))


def _apart(
    ir: KernelIR, references: Sequence[Reference], homes: Sequence[dict[str, str]]
) -> tuple[str, tuple[str, ...]]:
    """Raise where two references are in different functions; else leave the unknown one to its function."""
    missing = next((number for number, home in enumerate(homes) if not home), None)
    if missing is None:
        one, two = _two_apart(homes)
        first, second = next(iter(homes[one])), next(iter(homes[two]))
        caller, callee, span = _call_between(ir, first, second)
        message = (
            f"{references[one].text} is in {first} and {references[two].text} in {second}: "
            f"a step does not reach across the call of {callee} in {caller}"
        )
        hint = f"inline {callee} first, or name loops and arrays of one function"
        raise AlloError(Diagnostic("step", message, span, hint=hint))
    known = [name for home in homes for name in home if home]
    function = next((n for n in ir.functions if references[missing].inside(n) is not None), None)
    chosen = function or (known[0] if known else ir.name)
    texts = (home.get(chosen, r.inside(chosen) or r.text) for r, home in zip(references, homes, strict=True))
    return chosen, tuple(texts)


def _two_apart(homes: Sequence[dict[str, str]]) -> tuple[int, int]:
    """Return two references without a function in common (or the first and the last)."""
    pairs = ((a, b) for a in range(len(homes)) for b in range(a + 1, len(homes)))
    return next(((a, b) for a, b in pairs if not set(homes[a]) & set(homes[b])), (0, len(homes) - 1))


def _call_between(ir: KernelIR, one: str, two: str) -> tuple[str, str, Span | None]:
    """Return a call on the way from one function to the other: caller, callee, place."""
    for start, goal in ((one, two), (two, one), (ir.name, two)):
        for callee, span in calls_of(ir.at(start)):
            if callee == goal or goal in callees(ir.at(callee)):
                return start, callee, span
    return ir.name, two, None

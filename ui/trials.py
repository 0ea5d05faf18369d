"""What there is to verify of a schedule: the kernel before and after each step. Nothing here touches Qt."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import TYPE_CHECKING, Any, Literal

from allo_studio.design.model import StepSpec
from allo_studio.diagnostics import AlloError, Diagnostic

if TYPE_CHECKING:
    from allo_studio.ir import KernelIR
    from allo_studio.primitives.base import Step

__all__ = ["Outcome", "State", "Trial", "request", "summary", "trials_of", "why_not", "wrong_steps"]

State = Literal["waiting", "equal", "differs", "skipped"]
# A kernel with more iterations or memory than this is not run while a person works.
_MOST_ITERATIONS = 1 << 28
_MOST_BITS = 1 << 31
_TAKE_BACK = "take the step back: it should have been refused"


@dataclass(frozen=True)
class Outcome:
    """What is known of a step: `text` says it in words."""

    state: State
    text: str = ""


@dataclass(frozen=True)
class Trial:
    """A step with the kernel before and after it; None is a disabled step, before and after which it is the same.

    `key` is the same for the same step of the same kernel.
    """

    key: Hashable
    step: Step | None
    before: KernelIR
    after: KernelIR


def trials_of(kernel: Hashable, irs: Sequence[KernelIR], specs: Sequence[StepSpec]) -> tuple[Trial, ...]:
    """Return the steps that were applied; `kernel` tells kernels apart, `irs` are before the first and after each."""
    # Loaded where it is needed: a start does without it.
    from allo_studio.primitives.registry import parse_step

    found = []
    for number, (before, after) in enumerate(pairwise(irs), 1):
        spec = specs[number - 1]
        applied = [(each.name, sorted(each.args.items())) for each in specs[:number] if not each.disabled]
        key = (kernel, repr(applied), spec.disabled)
        try:
            step = None if spec.disabled else parse_step(spec.name, spec.args)
        except AlloError:
            break
        found.append(Trial(key, step, before, after))
    return tuple(found)


def why_not(trial: Trial) -> str:
    """Return why a step is not verified by running it, or an empty text."""
    if trial.step is None:
        return "disabled: it does nothing"
    if not trial.step.preserves:
        return f"not compared: {trial.step.name} changes the numbers on purpose"
    for ir in (trial.before, trial.after):
        count = _iterations(ir)
        if count > _MOST_ITERATIONS:
            return f"not run: the kernel has {count:,} iterations; set smaller sizes to verify it"
        if sum(buffer.type.bits for name in ir.functions for buffer in ir.at(name).buffers()) > _MOST_BITS:
            return "not run: the kernel's arrays are too large; set smaller sizes to verify it"
    return ""


def _iterations(ir: KernelIR) -> int:
    """Return how often bodies of loops run, loops without a known trip count left out."""
    total = 0
    for name in ir.functions:
        for loop in ir.at(name).loops():
            around, trips = loop, [loop.trip or 1]
            while around.parent is not None:
                around = around.parent
                trips.append(around.trip or 1)
            total += prod(trips)
    return total


def request(trial: Trial) -> Mapping[str, Any]:
    """Return what the process is asked for a trial; raises AlloError."""
    assert trial.step is not None
    seen, placed = trial.step.placed(trial.before)
    return {
        "name": trial.before.name,
        "before": trial.before.text(),
        "after": trial.after.text(),
        "reassociates": placed.reassociates(seen),
    }


def wrong_steps(outcomes: Sequence[Outcome], block: str) -> tuple[Diagnostic, ...]:
    """Return a diagnostic (code `verify`) for each step of a block that changes results."""
    return tuple(
        Diagnostic("verify", f"the step changes the results: {outcome.text}", where=f"{block}#{index}", hint=_TAKE_BACK)
        for index, outcome in enumerate(outcomes)
        if outcome.state == "differs"
    )


def summary(outcomes: Sequence[Outcome]) -> Outcome:
    """Return the outcomes in one line; the first difference counts most."""
    for number, outcome in enumerate(outcomes, 1):
        if outcome.state == "differs":
            return Outcome("differs", f"Step {number} changes the results: {outcome.text}\n{_TAKE_BACK}")
    counts = {state: sum(o.state == state for o in outcomes) for state in ("waiting", "equal", "skipped")}
    if counts["waiting"]:
        return Outcome("waiting", f"verifying: {counts['waiting']} of {len(outcomes)} steps to go")
    skipped = f", {counts['skipped']} not run" if counts["skipped"] else ""
    if counts["equal"]:
        return Outcome("equal", f"verified: {_steps(counts['equal'])} with unchanged results{skipped}")
    return Outcome("skipped", f"{_steps(counts['skipped'])} not run" if counts["skipped"] else "")


def _steps(count: int) -> str:
    return "1 step" if count == 1 else f"{count} steps"

"""Whether two schedules of one kernel give the same results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.ir import KernelIR
from allo_studio.verification import Verdict
from allo_studio.verification import verify as compare

__all__ = ["Incomparable", "require_equal", "verify"]


class _Scheduled(Protocol):
    @property
    def ir(self) -> KernelIR: ...

    @property
    def reassociates(self) -> bool: ...


@dataclass(frozen=True)
class Incomparable:
    """The outcome, always false, for kernels with different arguments or results."""

    message: str

    def __bool__(self) -> bool:
        return False

    def __str__(self) -> str:
        return self.message


def verify(one: _Scheduled, two: _Scheduled) -> Verdict | Incomparable:
    """Run two schedules of a kernel on random and edge data; the verdict is true where no result differs.

    Results agree bit for bit, or within the stated tolerance where a step of either reorders sums of floats.
    """
    try:
        return compare(one.ir, two.ir, reassociates=one.reassociates or two.reassociates)
    except ValueError as fault:
        return Incomparable(f"{one.ir.name} and {two.ir.name} cannot be compared: {fault}")


def require_equal(before: KernelIR, after: KernelIR, reassociates: bool) -> None:
    """Raise AlloError where steps changed the results."""
    verdict = compare(before, after, reassociates=reassociates)
    if not verdict:
        message = f"the results of {before.name} have changed: {verdict}"
        raise AlloError(Diagnostic("verify", message, hint="take the step back; it should have been refused"))

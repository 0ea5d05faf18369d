"""The kernel of a block before its first step and after each. Nothing here touches Qt."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

from allo_studio.design.checked import CheckedKernel
from allo_studio.design.model import StepSpec
from allo_studio.diagnostics import AlloError

if TYPE_CHECKING:
    from allo_studio.ir import KernelIR

__all__ = ["Unfolded"]


class Unfolded:
    """Replays a schedule as far as it applies, and remembers the last replay."""

    def __init__(self) -> None:
        self._key: tuple[object, ...] = ()
        self._irs: tuple[KernelIR, ...] = ()

    def irs(self, kernel: CheckedKernel | None, specs: Sequence[StepSpec]) -> tuple[KernelIR, ...]:
        """Return the kernel before the first step and after each that applies; empty where it can't be parsed."""
        if kernel is None or kernel.base is None:
            return ()
        if kernel.scheduled is not None:
            return _spread(kernel.scheduled.irs, specs)
        key = (id(kernel.base), repr(specs))
        if key != self._key:
            self._key, self._irs = key, _replay(kernel.base, specs)
        return self._irs


def _spread(irs: Sequence[KernelIR], specs: Sequence[StepSpec]) -> tuple[KernelIR, ...]:
    """Return the kernel after each of all steps, of which disabled ones leave it as it is."""
    applied = accumulate((not spec.disabled for spec in specs), initial=0)
    return tuple(irs[count] for count in applied)


def _replay(base: KernelIR, specs: Sequence[StepSpec]) -> tuple[KernelIR, ...]:
    # Loaded where it is needed: a start does without it.
    from allo_studio.primitives.registry import parse_step

    irs = [base]
    for spec in specs:
        if spec.disabled:
            irs.append(irs[-1])
            continue
        try:
            irs.append(parse_step(spec.name, spec.args).apply(irs[-1]))
        except AlloError:
            break
    return tuple(irs)

"""Kernels by their text as circuits: the JIT's bits, exactly the predicted cycles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from random_engines import inputs_of as flavoured
from random_engines import kernel_of
from rtl_checks import OPEN, Exact, RunningKernel, assert_exact

from allo_studio.execute import jit
from allo_studio.hardware.nest import Item, walk
from allo_studio.ir import KernelIR
from allo_studio.samples import FLAVOURS
from allo_studio.schedule import from_specs

__all__ = ["HEAD", "Steps", "check", "check_all", "check_flavours", "kernel", "kinds", "typed"]

HEAD = "from allo_studio.lang import *\n"
Steps = Sequence[tuple[str, dict[str, Any]]]


def kernel(text: str, steps: Steps = ()) -> KernelIR:
    """Return the kernel `f` of a text after some steps."""
    return from_specs(kernel_of(HEAD + text), steps).ir


def typed(of: KernelIR, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return inputs in the kernel's types."""
    return {a.name: np.asarray(given[a.name], a.type.element.dtype) for a in of.arguments() if a.name in given}


def check(text: str, steps: Steps = (), invocations: int = 2, clock: float = 3.33, **inputs: Any) -> Exact:
    """Check the kernel `f` of a text on inputs by argument."""
    found = kernel(text, steps)
    return assert_exact(found, OPEN[clock], typed(found, inputs), invocations)


def check_all(text: str, cases: Sequence[Mapping[str, Any]], steps: Steps = (), clock: float = 3.33) -> list[Exact]:
    """Check a kernel on several inputs."""
    found = kernel(text, steps)
    running = RunningKernel(found, OPEN[clock])
    return [assert_exact(found, OPEN[clock], typed(found, case), 2, running) for case in cases]


def check_flavours(text: str, steps: Steps = (), clock: float = 3.33) -> None:
    """Check a kernel on random numbers of each flavour."""
    found = kernel(text, steps)
    running, compiled = RunningKernel(found, OPEN[clock]), jit(found)
    for number, flavour in enumerate(FLAVOURS):
        assert_exact(found, OPEN[clock], flavoured(compiled, found, (), flavour, number), 2, running)


def kinds(exact: Exact, name: str = "f") -> set[type[Item]]:
    """Return the kinds of items that a function consists of."""
    return {type(item) for item, _ in walk(exact.schedule.functions[name].items)}

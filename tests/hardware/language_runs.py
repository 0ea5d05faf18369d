"""Runs of kernels by their text: the checked schedule, and what it consists of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from random_engines import kernel_of
from schedule_checks import Checked, assert_runs

from allo_studio.hardware.nest import Item, Pipeline, Segment, walk
from allo_studio.hardware.operations import Operation
from allo_studio.hardware.operators import load_operators
from allo_studio.ir import KernelIR
from allo_studio.schedule import from_specs

__all__ = ["HEAD", "LIBRARIES", "Specs", "both", "counted", "found", "loop", "operations", "run", "typed"]

LIBRARIES = {profile: load_operators(profile, 3.33) for profile in ("vitis", "open")}
HEAD = "from allo_studio.lang import *\n"
both = pytest.mark.parametrize("profile", sorted(LIBRARIES))
Specs = list[tuple[str, dict[str, Any]]]


def run(text: str, profile: str = "vitis", steps: Specs | None = None, **inputs: Any) -> Checked:
    """Check a kernel `f` on inputs, by argument, of the kernel's types."""
    kernel = from_specs(kernel_of(HEAD + text), steps or []).ir
    return assert_runs(kernel, LIBRARIES[profile], typed(kernel, inputs))


def typed(kernel: KernelIR, given: Mapping[str, Any]) -> dict[str, Any]:
    return {a.name: np.asarray(given[a.name], a.type.element.dtype) for a in kernel.arguments() if a.name in given}


def found(checked: Checked, kind: type[Item], name: str = "f") -> list[Any]:
    """Return the items of a kind of a function."""
    return [item for item, _ in walk(checked.schedule.functions[name].items) if isinstance(item, kind)]


def loop(checked: Checked, name: str, function: str = "f") -> Pipeline:
    """Return the pipeline of a loop."""
    return next(item for item in found(checked, Pipeline, function) if item.counters[-1].name == name)


def operations(item: Pipeline | Segment, label: str) -> list[Operation]:
    """Return the operations with a label."""
    return [op for op in item.graph.operations if op.label == label]


def counted(low: int, high: int) -> list[int]:
    return list(range(low, high))

"""A block's kernel in layouts, with local copies and as streams, and its schedule: each is made once for a kernel.

The same variants are asked for over and over: by each trial of a channel, by all instances of a block, and after every
edit. Only frozen kernels, such as those of a checked design, remember theirs; the variants are frozen too.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TypeVar, cast

from allo_studio.analysis.streams import ConsumerOrder
from allo_studio.design.constants import Constant
from allo_studio.hardware.operators import OperatorLibrary
from allo_studio.hardware.schedule import HardwareSchedule, schedule_kernel
from allo_studio.ir import KernelIR
from allo_studio.ir.arguments import with_table
from allo_studio.layout import Layout
from allo_studio.primitives.firings import Together, fire
from allo_studio.primitives.local_copy import read_in_order
from allo_studio.words import to_bits

__all__ = ["fired", "in_order", "laid_out", "scheduled", "streamed", "with_tables"]

_T = TypeVar("_T")

# A kernel forgets the least recently used variant beyond so many, and the schedules of all but so many libraries.
_MOST_VARIANTS = 32
_MOST_LIBRARIES = 4
_lock = threading.Lock()


def laid_out(kernel: KernelIR, layouts: Mapping[str, Layout]) -> KernelIR:
    """Return the kernel with these layouts of some of its buffers."""

    def make() -> KernelIR:
        changed = kernel
        for name, layout in layouts.items():
            changed = changed.with_layout(name, layout)
        return changed.freeze()

    key = ("layouts", tuple(sorted((name, str(layout)) for name, layout in layouts.items())))
    return _variant(kernel, key, make) if layouts else kernel


def in_order(kernel: KernelIR, argument: str, order: ConsumerOrder) -> KernelIR:
    """Return the kernel with its reads of an input going through the local copy that an order needs."""
    if order.loop is None:
        return kernel
    # The tile follows from the kernel, the argument and the loop.
    key = ("copy", argument, order.width, order.loop)
    return _variant(kernel, key, lambda: read_in_order(kernel, argument, order).freeze())


def with_tables(kernel: KernelIR, constants: Mapping[str, Constant]) -> KernelIR:
    """Return the kernel with some inputs as tables of its own."""

    def make() -> KernelIR:
        changed = kernel
        for name, constant in constants.items():
            changed = with_table(changed, name, to_bits(constant.values, constant.type.element))
        return changed.freeze()

    key = ("tables", tuple((name, constant.key) for name, constant in sorted(constants.items())))
    return _variant(kernel, key, make) if constants else kernel


def streamed(kernel: KernelIR, streams: Mapping[str, int]) -> KernelIR:
    """Return the kernel with exactly these arguments as FIFO ends, with the elements of a token."""
    key = ("streams", tuple(sorted(streams.items())))
    return _variant(kernel, key, lambda: kernel.with_streams(streams).freeze())


def fired(kernel: KernelIR, counts: Sequence[int], arguments: Mapping[str, Together]) -> KernelIR:
    """Return the kernel that does all its firings; raises AlloError (code `rate`)."""
    key = ("fired", tuple(counts), tuple(sorted((n, t.shape, t.loops) for n, t in arguments.items())))
    return _variant(kernel, key, lambda: fire(kernel, counts, arguments).freeze())


def scheduled(kernel: KernelIR, library: OperatorLibrary) -> HardwareSchedule:
    """Return the kernel's schedule; raises AlloError (codes `hardware`, `target`)."""
    known: list[tuple[OperatorLibrary, HardwareSchedule]] = kernel.kept("schedules", list)
    found = next((schedule for other, schedule in tuple(known) if other is library or other == library), None)
    if found is None:
        found = schedule_kernel(kernel, library)
        with _lock:
            known[:] = [*known[1 - _MOST_LIBRARIES :], (library, found)]
    return found


def _variant(kernel: KernelIR, key: Hashable, make: Callable[[], _T]) -> _T:
    known: OrderedDict[Hashable, object] = kernel.kept("variants", OrderedDict)
    with _lock:
        if key in known:
            known.move_to_end(key)
            return cast(_T, known[key])
    made = make()
    with _lock:
        known[key] = made
        while len(known) > _MOST_VARIANTS:
            known.popitem(last=False)
    return made

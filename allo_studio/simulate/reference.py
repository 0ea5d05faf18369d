"""What a design should compute: every kernel's unscheduled IR, evaluated with numpy.

It shares no step with the JIT or the generated C++ (no LLVM, no C++, no schedule), so the three can be compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from allo_studio.analysis.parallel import parallel_loops
from allo_studio.analysis.streams import Refusal, consumer_orders, consumer_width, producer_order
from allo_studio.design.region import IpProcess, KernelProcess, Process, Region, RegionProcess, RelayoutProcess
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.ir import Argument, KernelIR
from allo_studio.ir.attributes import integer_map
from allo_studio.simulate.interpret import interpret
from allo_studio.simulate.invocations import Engine, Invocations, Queue
from allo_studio.simulate.sequential import array_of, interpret_sequentially, numbers_of
from allo_studio.simulate.sizes import taken_by
from allo_studio.simulate.together import Stuck, Together
from allo_studio.types import ArrayType

__all__ = ["evaluate", "evaluate_kernel"]

Arrays = Mapping[str, NDArray[Any]]


def evaluate(
    region: Region, inputs: Arrays, invocations: int = 1, cancel: Callable[[], bool] | None = None
) -> dict[str, NDArray[Any]]:
    """Return the outputs of a region for `inputs`, both by port name, scalars as arrays of rank 0.

    Of several invocations on the same inputs, those of the last: FIFOs keep elements from one to the next where some
    lie in them at reset. Both kinds of execution give the same values. Raises AlloError (code `data`) where an input is
    missing or has another type or shape than its port. External blocks are computed by their models, which is code of
    the project; these end with SimulationCancelled when `cancel` returns true.
    """
    wanted = {port.name: port.type for port in region.ports if port.direction == "in"}
    return Invocations(region, _Reference(), cancel).run(_checked(region.path, wanted, inputs), invocations)


def evaluate_kernel(
    kernel: KernelIR, inputs: Arrays, parallel: frozenset[str] | None = None, whole: bool = False
) -> dict[str, Any]:
    """Return the outputs of a kernel by argument name (`x_out` for an argument `x` that is read and written).

    Each element is computed in the order of the kernel's own loops, one rounding an operation. `parallel` are the ids
    of loops known to carry no dependence, found by analysis where None. Arrays have the extents of their sizes, results
    with `whole` the greatest. Raises AlloError as `evaluate`.
    """
    arguments = kernel.arguments()
    sizes = _sizes(kernel, inputs)
    wanted = {a.name: _actual(a.type, sizes) for a in arguments if a.direction != "out" and a.name not in sizes}
    given = {**_checked(kernel.name, wanted, inputs), **{name: np.array(n, np.int32) for name, n in sizes.items()}}
    memories = {argument.name: _memory(argument, given) for argument in arguments}
    free = frozenset(parallel_loops(kernel)) if parallel is None else parallel
    interpret(kernel, memories, free)
    return {
        argument.name if argument.direction == "out" else f"{argument.name}_out": _cut(
            memories[argument.name], argument.type if whole else _actual(argument.type, sizes)
        )
        for argument in arguments
        if argument.direction != "in"
    }


def _sizes(kernel: KernelIR, inputs: Arrays) -> dict[str, int]:
    """Return the named sizes that the inputs tell, the first where they differ (which is found as a wrong shape)."""
    maxima, found = integer_map(kernel.function, "allo.sizes"), dict[str, int]()
    for argument in kernel.arguments():
        if argument.name in inputs and argument.direction != "out":
            extents = zip(argument.type.sizes, np.shape(inputs[argument.name]), strict=False)
            found = {**{size: min(n, maxima[size]) for size, n in extents if size in maxima}, **found}
        if argument.name in inputs and argument.name in maxima:
            found.setdefault(argument.name, int(inputs[argument.name]))
    return found


def _actual(type_: ArrayType, sizes: Mapping[str, int]) -> ArrayType:
    """Return an array's type with the extents that it has in this call."""
    if not type_.sizes:
        return type_
    shape = tuple(sizes.get(name, extent) for name, extent in zip(type_.sizes, type_.shape, strict=True))
    return ArrayType(type_.element, shape)


def _cut(array: NDArray[Any], type_: ArrayType) -> NDArray[Any]:
    return array if array.shape == type_.shape else array[tuple(map(slice, type_.shape))].copy()


def _memory(argument: Argument, given: Arrays) -> NDArray[Any]:
    """Return a new memory of an argument's full extents, with what is given; an input itself where it fills it."""
    dtype, shape = argument.type.element.dtype, argument.type.shape
    if argument.direction == "in" and given[argument.name].shape == shape:
        return given[argument.name]
    made: NDArray[Any] = np.zeros(shape, dtype)
    if argument.direction != "out":
        array = given[argument.name]
        made[tuple(map(slice, array.shape))] = array
    return made


class _Reference(Engine):
    """Kernels as they are before their schedules. What is found out of one is kept, as loops run it often."""

    def __init__(self) -> None:
        self._parallel: dict[str, frozenset[str]] = {}

    def run(self, process: KernelProcess | RelayoutProcess, held: Arrays) -> dict[str, NDArray[Any]]:
        kernel = process.base if isinstance(process, KernelProcess) else process.ir
        if process.path not in self._parallel:
            self._parallel[process.path] = frozenset(parallel_loops(kernel))
        tables = process.constants if isinstance(process, KernelProcess) else {}
        takes = [a.name for a in kernel.arguments() if a.direction != "out" and a.name not in tables]
        given = {**tables, **{name: held[process.bindings[name]] for name in takes}}
        made = evaluate_kernel(kernel, taken_by(process.path, kernel, given), self._parallel[process.path], whole=True)
        return {process.bindings[name]: array for name, array in made.items() if name in process.bindings}

    def whole(self, region: Region, given: Arrays) -> dict[str, NDArray[Any]] | None:
        if region.base is None:
            return None
        return evaluate_kernel(
            region.base, taken_by(region.path, region.base, {**region.constants, **given}), whole=True
        )

    def keep(self) -> Callable[[], None]:
        return lambda: None

    def together(
        self, processes: Sequence[Process], held: Arrays, queues: Mapping[str, Queue]
    ) -> dict[str, NDArray[Any]] | None:
        if not all(_goes_along(process, queues) for process in processes):
            return None
        kinds = {name: channel.type for name, (channel, _) in queues.items()}
        meeting = Together({name: numbers_of(kept, kinds[name].element) for name, (_, kept) in queues.items()})
        works, made = [], dict[str, NDArray[Any]]()
        for process in processes:
            assert not isinstance(process, RegionProcess | IpProcess)
            tables = process.constants if isinstance(process, KernelProcess) else {}
            kernel = process.base if isinstance(process, KernelProcess) else process.ir
            memories, streams = dict[str, Any](), dict[str, Any]()
            for argument in kernel.arguments():
                if argument.name in tables:
                    memories[argument.name] = tables[argument.name]
                    continue
                name = process.bindings[argument.name]
                if name in queues:
                    streams[argument.name] = (meeting.reader if argument.direction == "in" else meeting.writer)(name)
                    continue
                given = {argument.name: held[name]} if argument.direction != "out" else {}
                memories[argument.name] = _memory(argument, given)
                if argument.direction == "out":
                    made[name] = memories[argument.name]
            works.append(partial(interpret_sequentially, kernel, memories, streams))
        try:
            meeting.run(works)
        except Stuck:
            # Before their schedules kernels may take elements in an order in which they wait for each other.
            return None
        for name, (_, kept) in queues.items():
            made[name] = array_of(meeting.queues[name][kept.size :], kinds[name])
        return made


def _goes_along(process: Process, queues: Mapping[str, Queue]) -> bool:
    """Tell whether a process moves the elements of queues one after another, each once, before its schedule too."""
    if isinstance(process, RegionProcess | IpProcess):
        return False
    kernel = process.base if isinstance(process, KernelProcess) else process.ir
    directions = kernel.directions
    if integer_map(kernel.function, "allo.sizes") or "inout" in directions.values():
        return False
    for port, name in process.bindings.items():
        if name not in queues:
            continue
        if queues[name][0].kind != "fifo":
            return False
        if isinstance(process, KernelProcess) and not _in_order(kernel, port, directions[port]):
            return False
    return True


def _in_order(kernel: KernelIR, port: str, direction: str) -> bool:
    if direction == "out":
        return not isinstance(producer_order(kernel, port), Refusal)
    orders = consumer_orders(kernel, port, consumer_width(kernel, port))
    return not isinstance(orders, Refusal) and any(order.loop is None for order in orders)


def _checked(place: str, wanted: Mapping[str, ArrayType], given: Arrays) -> dict[str, NDArray[Any]]:
    faults = []
    for name, type_ in wanted.items():
        if name not in given:
            faults.append(Diagnostic("data", f"no data for input {name}", where=place, hint=f"give it {type_}"))
            continue
        array = np.asarray(given[name])
        if array.dtype != type_.element.dtype or array.shape != type_.shape:
            message = f"input {name} is {array.dtype}{list(array.shape)}, not {type_}"
            faults.append(Diagnostic("data", message, where=place, hint="convert it before it is passed"))
    if faults:
        raise AlloError(faults)
    return {name: np.asarray(given[name]) for name in wanted}

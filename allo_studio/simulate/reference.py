"""What a design should compute: every kernel's unscheduled IR, evaluated with numpy.

It shares no step with the JIT or the generated C++ (no LLVM, no C++, no schedule), so the three can be compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from allo_studio.analysis.parallel import parallel_loops
from allo_studio.design.region import IpProcess, KernelProcess, Process, Region, RegionProcess
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.ir import Argument, KernelIR
from allo_studio.ir.attributes import integer_map
from allo_studio.simulate.interpret import interpret
from allo_studio.simulate.model import run_model
from allo_studio.types import ArrayType

__all__ = ["evaluate", "evaluate_kernel"]

Arrays = Mapping[str, NDArray[Any]]


def evaluate(region: Region, inputs: Arrays, cancel: Callable[[], bool] | None = None) -> dict[str, NDArray[Any]]:
    """Return the outputs of a region for `inputs`, both by port name, scalars as arrays of rank 0.

    Both kinds of execution give the same values. Raises AlloError (code `data`) where an input is missing or has
    another type or shape than its port. External blocks are computed by their models, which is code of the project;
    these end with SimulationCancelled when `cancel` returns true.
    """
    wanted = {port.name: port.type for port in region.ports if port.direction == "in"}
    given = _checked(region.path, wanted, inputs)
    # A port's channel has the port's name.
    held: dict[str, NDArray[Any]] = dict(given)
    for process in region.processes:
        held.update(_results(process, held, cancel))
    return {port.name: held[port.name] for port in region.ports if port.direction == "out"}


def evaluate_kernel(kernel: KernelIR, inputs: Arrays, parallel: frozenset[str] | None = None) -> dict[str, Any]:
    """Return the outputs of a kernel by argument name (`x_out` for an argument `x` that is read and written).

    Each element is computed in the order of the kernel's own loops, one rounding an operation. `parallel` are the ids
    of loops known to carry no dependence, found by analysis where None. Raises AlloError as `evaluate`.
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
            memories[argument.name], _actual(argument.type, sizes)
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


def _results(process: Process, held: Arrays, cancel: Callable[[], bool] | None) -> dict[str, NDArray[Any]]:
    """Return what a process puts on its channels, by channel."""
    if isinstance(process, RegionProcess):
        ports = process.region.ports
        inputs = {p.name: held[process.bindings[p.name]] for p in ports if p.direction == "in"}
        made = evaluate(process.region, inputs, cancel)
    elif isinstance(process, IpProcess):
        takes = [port.name for port in process.block.ports if port.direction == "in"]
        made = run_model(process.block, {name: held[process.bindings[name]] for name in takes}, cancel)
    else:
        kernel = process.base if isinstance(process, KernelProcess) else process.ir
        takes = [a.name for a in kernel.arguments() if a.direction != "out"]
        made = evaluate_kernel(kernel, {name: held[process.bindings[name]] for name in takes})
    return {process.bindings[name]: array for name, array in made.items() if name in process.bindings}


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

"""Named sizes where a design runs: whose they are, what they may be, and the part of each array that they mean.

Between blocks an array always has its greatest extents, as its memory has; what lies beyond its sizes means nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from allo_studio.design.blocks import is_generated
from allo_studio.design.region import KernelProcess, Region, RegionPort, RegionProcess
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.ir import KernelIR
from allo_studio.ir.attributes import integer_map
from allo_studio.simulate.data import random_inputs, random_sizes

__all__ = ["RegionSizes", "all_inputs", "greatest_inputs", "meant", "sizes_of", "taken_by"]

Arrays = Mapping[str, NDArray[Any]]


@dataclass
class RegionSizes:
    """The inputs of a design that tell sizes, with the most that each may be.

    `greatest` tells that with all of them at their most each size of each block is at its own most, as the schedules
    take it.
    """

    maxima: dict[str, int] = field(default_factory=dict)
    greatest: bool = True


def sizes_of(region: Region) -> RegionSizes:
    """Return what is known of the sizes of a design."""
    told: list[tuple[str | None, int]] = []
    _walk(region, {port.name: port.name for port in region.ports if port.direction == "in"}, told)
    for port in region.ports:
        told += [(name, most) for name, most in zip(port.type.sizes, port.type.shape, strict=False) if name]
    inputs = {port.name for port in region.ports if port.direction == "in"}
    found = RegionSizes()
    for name, most in told:
        if name in inputs:
            found.maxima[name] = min(most, found.maxima.get(name, most))
    found.greatest = all(found.maxima.get(name or "") == most for name, most in told)
    return found


def greatest_inputs(region: Region) -> dict[str, NDArray[Any]]:
    """Return test data with each size at its most, which the predicted cycles are of."""
    return random_inputs(region.ports, sizes=sizes_of(region).maxima)


def all_inputs(region: Region) -> list[dict[str, NDArray[Any]]]:
    """Return all test data: where inputs tell sizes, also some with random ones; that of the greatest comes last."""
    maxima = sizes_of(region).maxima
    random = [random_inputs(region.ports, sizes=random_sizes(maxima))] if maxima else []
    return [*random, greatest_inputs(region)]


def _walk(region: Region, known: dict[str, str], told: list[tuple[str | None, int]]) -> None:
    """Add the input that tells it (None for another source), and the most, of each size; `known` is by channel."""
    for process in region.processes:
        if isinstance(process, RegionProcess):
            bound = {port: known[channel] for port, channel in process.bindings.items() if channel in known}
            _walk(process.region, bound, told)
        elif isinstance(process, KernelProcess):
            sizes = integer_map(process.ir.function, "allo.sizes")
            told += [(known.get(process.bindings.get(name, "")), most) for name, most in sizes.items()]
            given = known.get(process.bindings.get("x", ""))
            if given is not None and is_generated(process.base.source.path) and process.base.name != "convert":
                # A copy of a number.
                known.update((channel, given) for port, channel in process.bindings.items() if port != "x")


def taken_by(where: str, kernel: KernelIR, given: Arrays) -> dict[str, NDArray[Any]]:
    """Return arrays as a kernel takes them from outside: of the sizes that are given, which those arrays tell then.

    `where` is the path of its block. Raises AlloError (code `run`) where a size is out of its range.
    """
    maxima = integer_map(kernel.function, "allo.sizes")
    if not maxima:
        return dict(given)
    sizes = {name: int(given[name]) for name in maxima if name in given}
    for name, size in sizes.items():
        if not 1 <= size <= maxima[name]:
            message = f"the size {name} of {where} is {size} in this run, and it goes from 1 to {maxima[name]}"
            raise AlloError(Diagnostic("run", message, where=where, hint="keep what tells it in this range"))
    arrays = {a.name: a.type for a in kernel.arguments() if a.direction != "out" and a.name in given}
    told = {name for kind in arrays.values() for name in kind.sizes if name}
    return {
        name: _cut(given[name], kind.sizes, sizes) if kind.sizes else given[name]
        for name, kind in arrays.items()
        if name not in told
    }


def meant(ports: tuple[RegionPort, ...], inputs: Arrays, outputs: Arrays) -> dict[str, NDArray[Any]]:
    """Return the parts of a design's outputs that are within their sizes."""
    scalars = {name: int(array) for name, array in {**inputs, **outputs}.items() if array.ndim == 0 and _whole(array)}
    kinds = {port.name: port.type for port in ports}
    return {name: _cut(array, kinds[name].sizes, scalars) for name, array in outputs.items()}


def _whole(array: NDArray[Any]) -> bool:
    return array.dtype.kind in "iu"


def _cut(array: NDArray[Any], names: tuple[str, ...], sizes: Mapping[str, int]) -> NDArray[Any]:
    if not names:
        return array
    extents = zip(names, array.shape, strict=True)
    return np.ascontiguousarray(array[tuple(slice(sizes.get(name, extent)) for name, extent in extents)])

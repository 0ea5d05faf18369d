"""An elaborated design run by the JIT: each process's final IR, one after another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from allo_studio.design.region import Region, RegionProcess
from allo_studio.execute import jit

__all__ = ["evaluate_jit"]


def evaluate_jit(region: Region, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return the outputs of a region by port name, computed from the kernels' scheduled IR."""
    held: dict[str, NDArray[Any]] = dict(inputs)
    for process in region.processes:
        if isinstance(process, RegionProcess):
            ports = [port.name for port in process.region.ports if port.direction == "in"]
            made = evaluate_jit(process.region, {name: held[process.bindings[name]] for name in ports})
        else:
            program = jit(process.ir)
            made = program.run({a.name: held[process.bindings[a.name]] for a in program.inputs})
        held |= {process.bindings[name]: array for name, array in made.items() if name in process.bindings}
    return {port.name: held[port.name] for port in region.ports if port.direction == "out"}

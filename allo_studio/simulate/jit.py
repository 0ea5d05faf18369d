"""An elaborated design run by the JIT: each process's final IR, one after another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from numpy.typing import NDArray

from allo_studio.design.region import IpProcess, KernelProcess, Region, RegionProcess, RelayoutProcess
from allo_studio.execute import jit
from allo_studio.execute.recording import record
from allo_studio.hardware.indices import unsigned_name
from allo_studio.hardware.schedule import Run
from allo_studio.ir import KernelIR
from allo_studio.ir.attributes import integer_map
from allo_studio.simulate.exact import signed, unsigned
from allo_studio.simulate.model import run_model

__all__ = ["evaluate_jit", "record_runs", "whole_arguments"]

_Leaf: TypeAlias = KernelProcess | RelayoutProcess
_Engine: TypeAlias = "Callable[[_Leaf, dict[str, NDArray[Any]]], dict[str, NDArray[Any]]]"


def evaluate_jit(
    region: Region, inputs: Mapping[str, NDArray[Any]], cancel: Callable[[], bool] | None = None
) -> dict[str, NDArray[Any]]:
    """Return the outputs of a region by port name, computed from the kernels' scheduled IR.

    Models of external blocks end with SimulationCancelled when `cancel` returns true.
    """
    return _evaluate(region, inputs, lambda process, given: jit(process.ir).run(given), cancel)


def record_runs(region: Region, inputs: Mapping[str, NDArray[Any]]) -> dict[str, Run]:
    """Run a region, and return what its kernels' control did, by instance path."""
    runs: dict[str, Run] = {}

    def run(process: _Leaf, given: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        outputs, recording = record(process.ir, given)
        runs[process.path] = Run(whole_arguments(process.ir, given), recording)
        return outputs

    _evaluate(region, inputs, run)
    return runs


def whole_arguments(kernel: KernelIR, given: Mapping[str, Any]) -> dict[str, int]:
    """Return the values of a kernel's integer scalars as trip counts depend on them, also as bits without a sign."""
    found: dict[str, int] = {}
    # A named size that is not given is told by an array, which has the greatest extent.
    known = {**integer_map(kernel.function, "allo.sizes"), **given}
    for argument in kernel.arguments():
        if argument.scalar and argument.type.element.kind == "int":
            bits = argument.type.element.bits
            found[argument.name] = signed(int(known[argument.name]), bits)
            found[unsigned_name(argument.name)] = unsigned(int(known[argument.name]), bits)
    return found


def _evaluate(
    region: Region, inputs: Mapping[str, NDArray[Any]], run: _Engine, cancel: Callable[[], bool] | None = None
) -> dict[str, NDArray[Any]]:
    held: dict[str, NDArray[Any]] = dict(inputs)
    for process in region.processes:
        if isinstance(process, RegionProcess):
            ports = [port.name for port in process.region.ports if port.direction == "in"]
            made = _evaluate(process.region, {name: held[process.bindings[name]] for name in ports}, run, cancel)
        elif isinstance(process, IpProcess):
            taken = [port.name for port in process.block.ports if port.direction == "in"]
            made = run_model(process.block, {name: held[process.bindings[name]] for name in taken}, cancel)
        else:
            taken = [a.name for a in process.ir.arguments() if a.direction != "out" and a.name in process.bindings]
            made = run(process, {name: held[process.bindings[name]] for name in taken})
        held |= {process.bindings[name]: array for name, array in made.items() if name in process.bindings}
    return {port.name: held[port.name] for port in region.ports if port.direction == "out"}

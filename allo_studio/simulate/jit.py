"""An elaborated design run by the JIT: each process's final IR, one after another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from numpy.typing import NDArray

from allo_studio.design.region import KernelProcess, Region, RelayoutProcess
from allo_studio.execute import Executable, jit
from allo_studio.execute.recording import Recorder
from allo_studio.hardware.indices import unsigned_name
from allo_studio.hardware.schedule import Run
from allo_studio.ir import KernelIR
from allo_studio.ir.attributes import integer_map
from allo_studio.simulate.exact import signed, unsigned
from allo_studio.simulate.invocations import Engine, Invocations
from allo_studio.simulate.sizes import taken_by

__all__ = ["evaluate_jit", "record_runs", "whole_arguments"]

_Leaf: TypeAlias = KernelProcess | RelayoutProcess


def evaluate_jit(
    region: Region,
    inputs: Mapping[str, NDArray[Any]],
    invocations: int = 1,
    cancel: Callable[[], bool] | None = None,
) -> dict[str, NDArray[Any]]:
    """Return the outputs of a region by port name, computed from the kernels' scheduled IR.

    Of several invocations on the same inputs, those of the last: state is kept from one to the next. Models of external
    blocks end with SimulationCancelled when `cancel` returns true.
    """
    return Invocations(region, _Compiled(), cancel).run(inputs, invocations)


def record_runs(region: Region, inputs: Mapping[str, NDArray[Any]]) -> dict[str, Run]:
    """Run a region, and return what its kernels' control did, by instance path."""
    engine = _Recorded()
    Invocations(region, engine).run(inputs)
    return engine.runs


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


class _Compiled(Engine):
    """Kernels compiled once, by path. They take whole arrays, so that none run side by side."""

    def __init__(self) -> None:
        self._made: dict[str, Executable] = {}

    def run(self, process: _Leaf, held: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        if process.path not in self._made:
            self._made[process.path] = jit(process.ir)
        given = taken_by(process.path, process.ir, _taken(process, held))
        return _bound(process, self._made[process.path].run(given, whole=True))

    def keep(self) -> Callable[[], None]:
        states = {path: made.keep() for path, made in self._made.items()}

        def restore() -> None:
            for path, made in self._made.items():
                # One that was made since has not run before.
                states.get(path, made.reset)()

        return restore


class _Recorded(Engine):
    """Kernels whose control is counted, by path, and what it did in their last runs."""

    def __init__(self) -> None:
        self._made: dict[str, Recorder] = {}
        self.runs: dict[str, Run] = {}

    def run(self, process: _Leaf, held: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        if process.path not in self._made:
            self._made[process.path] = Recorder.of(process.ir)
        given = _taken(process, held)
        outputs, recording = self._made[process.path].run(taken_by(process.path, process.ir, given), whole=True)
        self.runs[process.path] = Run(whole_arguments(process.ir, given), recording)
        return _bound(process, outputs)

    def keep(self) -> Callable[[], None]:
        def restore() -> None:
            # There is one invocation, before which all state has its initial value.
            for made in self._made.values():
                made.reset()

        return restore


def _taken(process: _Leaf, held: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    taken = [a.name for a in process.ir.arguments() if a.direction != "out" and a.name in process.bindings]
    return {name: held[process.bindings[name]] for name in taken}


def _bound(process: _Leaf, made: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {process.bindings[name]: array for name, array in made.items() if name in process.bindings}

"""What a schedule becomes: something to call, or HLS C++."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from allo_studio.api.arguments import fitted
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.execute import Executable, jit
from allo_studio.ir import Argument, KernelIR
from allo_studio.ir.attributes import strings
from allo_studio.primitives.stages import runs_stages

__all__ = ["Built", "HlsCode", "build"]

_HLS = ("vhls", "vivado_hls", "vitis_hls")


@dataclass(frozen=True, repr=False)
class HlsCode:
    """The HLS C++ of a kernel, also as its text."""

    hls_code: str

    def __str__(self) -> str:
        return self.hls_code

    __repr__ = __str__


@dataclass(frozen=True)
class Built:
    """A kernel that was compiled for this machine.

    It is called with all arguments of the kernel; what it writes to them is in the arrays after the call. It returns
    what the kernel returns: nothing, one value, or a tuple. Numbers of other types are taken where they are the same
    numbers in the kernel's type; floats may be rounded, with a warning.
    """

    executable: Executable
    returns: tuple[str, ...]

    def __call__(self, *arguments: object) -> object:
        """Run the kernel; raises AlloError of code `run` where an argument does not fit."""
        names = [argument.name for argument in self.executable.inputs]
        if len(arguments) != len(names):
            message = f"{self.executable.name} takes {len(names)} arguments ({', '.join(names)}), not {len(arguments)}"
            raise AlloError(Diagnostic("run", message, where=self.executable.name))
        given = dict(zip(names, arguments, strict=True))
        _require_arrays(self.executable, given)
        passed = dict(given)
        for argument in self.executable.inputs:
            passed[argument.name] = fitted(argument, given[argument.name], self.executable.name)
        results = self.executable.run(passed)
        for argument in self.executable.arguments:
            if argument.direction == "inout":
                target = given[argument.name]
                assert isinstance(target, np.ndarray)
                np.copyto(target, results[f"{argument.name}_out"])
        values = [given[name] if name in given else _value(results[name]) for name in self.returns]
        return None if not values else values[0] if len(values) == 1 else tuple(values)

    def reset(self) -> None:
        """Give all state its initial value."""
        self.executable.reset()


def build(ir: KernelIR, target: str | None, mode: str | None, project: str | None) -> Built | HlsCode:
    """Return a kernel for a target: `llvm`, which is this machine, or `vhls`; raises AlloError."""
    if target in (None, "llvm"):
        return Built(jit(ir), _returns(ir))
    if target in _HLS and runs_stages(ir):
        hint = "make it a block of a project, and build that with `allo-studio build`"
        message = f"the stages of {ir.name} run at the same time, and their channels are decided in a design"
        raise AlloError(Diagnostic("target", message, hint=hint))
    if target in _HLS and mode is None and project is None:
        # Loaded when it is first used: most scripts do without, and loading takes its time.
        from allo_studio.backends.vitis import kernel_code

        return HlsCode(kernel_code(ir))
    if target in _HLS:
        hint = "leave out mode and project for the code; `allo-studio build` makes a project of a design"
        raise AlloError(
            Diagnostic("target", f"a project for {target} is made from a design, not from a kernel", hint=hint)
        )
    raise AlloError(Diagnostic("target", f"there is no target {target!r}", hint=f"targets: llvm, {', '.join(_HLS)}"))


def _returns(ir: KernelIR) -> tuple[str, ...]:
    """Return the names of what the kernel's function returns: arguments among them only where it says so."""
    said = strings(ir.function, "allo.returns")
    return said or tuple(argument.name for argument in ir.arguments() if argument.direction == "out")


def _value(result: npt.NDArray[np.generic]) -> object:
    return result if result.shape else result[()]


def _require_arrays(executable: Executable, given: dict[str, object]) -> None:
    """Raise where an array that is written cannot be, or two that are written share memory."""
    faults = []
    written = [argument for argument in executable.arguments if argument.direction == "inout"]
    for argument in written:
        value = given.get(argument.name)
        if not isinstance(value, np.ndarray) or not value.flags.writeable:
            faults.append(_fault(executable, f"{argument.name} is written, so it must be an array that can be written"))
        else:
            faults += [_fault(executable, m) for m in _shared(argument, value, given, written)]
    if faults:
        raise AlloError(faults)


def _shared(
    argument: Argument, value: npt.NDArray[np.generic], given: dict[str, object], written: Sequence[Argument]
) -> list[str]:
    later = [a.name for a in written[written.index(argument) + 1 :]]
    others = (name for name in later if isinstance(given.get(name), np.ndarray))
    return [
        f"{argument.name} and {name} are written and share memory"
        for name in others
        if np.shares_memory(value, given[name])
    ]


def _fault(executable: Executable, message: str) -> Diagnostic:
    return Diagnostic("run", message, where=executable.name, hint="pass an array of its own")

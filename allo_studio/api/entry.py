"""From a Python function to a schedule of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from allo_studio.api.schedule import Schedule
from allo_studio.diagnostics import AlloError, Diagnostic, render_all
from allo_studio.frontend import compile_kernel, constant_of, definition_of
from allo_studio.frontend.constants import Constant

__all__ = ["KernelError", "customize"]


class KernelError(AlloError, SystemExit):
    """The faults of a kernel, also for those who expect that a wrong kernel ends the program, as in Allo.

    Where nobody catches it, Python ends with the status 1 and prints each fault with its source line, no traceback.
    """

    @property
    def code(self) -> str:  # type: ignore[override]
        """What Python prints at the end of a program."""
        return render_all(self.diagnostics)


def customize(
    fn: Callable[..., object],
    instantiate: Sequence[object] | Mapping[str, object] | None = None,
    verify: bool = False,
    verbose: bool = False,
) -> Schedule:
    """Return an empty schedule of the kernel `fn`, a Python function, which is not run.

    `instantiate` sets the parameters of a template, in their order or by name; by name also the constants of its file.
    With `verify`, every step is checked by running the kernel before and after it. With `verbose`, the kernel is
    printed as MLIR. Raises KernelError, an AlloError, with every fault of the kernel.
    """
    given = _constants({} if instantiate is None else instantiate)
    try:
        ir = compile_kernel(definition_of(fn), given)
    except AlloError as error:
        raise KernelError(error.diagnostics) from None
    if verbose:
        print(ir.text())
    return Schedule(ir, given, verify)


def _constants(given: Sequence[object] | Mapping[str, object]) -> tuple[Constant, ...] | dict[str, Constant]:
    try:
        if isinstance(given, Mapping):
            return {name: constant_of(value) for name, value in given.items()}
        return tuple(constant_of(value) for value in given)
    except ValueError as fault:
        hint = 'give types and numbers: instantiate=[float32, 32] or instantiate={"T": float32, "M": 32}'
        raise AlloError(Diagnostic("params", f"instantiate: {fault}", hint=hint)) from None

"""A compiled kernel and its calls."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock

import numpy as np
import numpy.typing as npt

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.execute.arguments import Inputs, Signature
from allo_studio.execute.libm import libm_function
from allo_studio.execute.lower import ENTRY, RESET, Lowered, lower
from allo_studio.execute.memories import RECORD_BYTES
from allo_studio.execute.subscripts import ENDLESS
from allo_studio.ir import Argument, KernelIR, in_context
from allo_studio.ir.binding import COMPILE_LOCK, ExecutionEngine

__all__ = ["Executable", "Outputs", "jit"]

Array = npt.NDArray[np.generic]
Outputs = dict[str, Array]
_Bytes = npt.NDArray[np.uint8]


@dataclass
class _State:
    """What is kept between calls: a kernel that has some runs one call at a time."""

    initial: _Bytes
    held: _Bytes = field(init=False)
    lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self.held = self.initial


@dataclass(frozen=True)
class Executable:
    """A compiled kernel; call it from any thread, also from several at once.

    State (`Stateful` variables) is this executable's own: it starts at its initial value, is kept from call to call,
    and `reset` sets it back. A call that fails changes none.

    A call takes as long as the kernel does: a `while` whose condition stays true never returns.
    """

    name: str
    _signature: Signature
    _lowered: Lowered = field(repr=False)
    _engine: ExecutionEngine = field(repr=False)
    _state: _State | None = field(repr=False)

    @property
    def arguments(self) -> tuple[Argument, ...]:
        """The arguments of the kernel in order."""
        return self._signature.arguments

    @property
    def inputs(self) -> tuple[Argument, ...]:
        """The arguments that a call takes, in order: those with direction `in` or `inout`.

        A named size that an input array tells is none of them.
        """
        return self._signature.inputs

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of the results in order; that of an `inout` argument `x` is `x_out`."""
        return self._signature.outputs

    def __call__(self, *inputs: object) -> Array | tuple[Array, ...]:
        """Run on inputs in order; return the output, or a tuple of them where there are several.

        A scalar result is a numpy scalar. Raises AlloError of code `run` as `run` does, and where the number of inputs
        is wrong.
        """
        names = [argument.name for argument in self.inputs]
        if len(inputs) != len(names):
            message = f"{self.name} takes {len(names)} inputs ({', '.join(names)}), not {len(inputs)}"
            raise AlloError(Diagnostic("run", message, where=self.name))
        results = self.run(dict(zip(names, inputs, strict=True)))
        values = tuple(results[name][()] for name in self.outputs)
        return values[0] if len(values) == 1 else values

    def run(self, inputs: Mapping[str, object], whole: bool = False) -> Outputs:
        """Run on inputs by name; return new arrays by name (of rank 0 for scalars). The inputs are not changed.

        Arrays have the dtype of the declared type (see `ScalarType.dtype`); those with named sizes come with their
        actual extents, and results are cut to them; with `whole` they come as the kernel's memories hold them. Scalars
        may be Python numbers.

        Raises AlloError of code `run` with all faults: missing or unknown names, other types or shapes than the
        kernel's (nothing is converted), values that do not fit, or too little memory; and with the first subscript that
        was out of range.
        """
        given = self._signature.check(self.name, inputs)
        try:
            return self._run(given, whole)
        except MemoryError:
            message = f"there is not enough memory to run {self.name}"
            raise AlloError(Diagnostic("run", message, where=self.name, hint="use smaller extents")) from None

    def reset(self) -> None:
        """Give all state its initial value."""
        if self._state is not None:
            with self._state.lock:
                self._state.held = self._state.initial

    def keep(self) -> Callable[[], None]:
        """Return what brings back the present values of all state."""
        state = self._state
        if state is None:
            return lambda: None
        with state.lock:
            held = state.held

        def restore() -> None:
            with state.lock:
                state.held = held

        return restore

    def _run(self, given: Inputs, whole: bool) -> Outputs:
        call = given.prepare(whole)
        arena = np.zeros(self._lowered.arena_bytes + _ALIGNMENT, np.uint8)
        arena = arena[-arena.ctypes.data % _ALIGNMENT :][: self._lowered.arena_bytes]
        if self._state is None:
            self._invoke(call.pointers, arena)
        else:
            with self._state.lock:
                kept = slice(RECORD_BYTES, RECORD_BYTES + len(self._state.held))
                arena[kept] = self._state.held
                self._invoke(call.pointers, arena)
                self._state.held = arena[kept].copy()
        return call.results()

    def _invoke(self, pointers: list[ctypes.c_void_p], arena: _Bytes) -> None:
        _call(self._engine, ENTRY, pointers, arena)
        place, subscript = (int(word) for word in arena[:16].view(np.int64))
        if place == ENDLESS:
            message = f"the while loops of {self.name} did not end after {subscript} iterations"
            raise AlloError(Diagnostic("run", message, where=self.name))
        if place:
            raise AlloError(self._out_of_range(place - 1, subscript))

    def _out_of_range(self, number: int, subscript: int) -> Diagnostic:
        place = self._lowered.places[number]
        message = f"subscript {subscript} of {place.buffer} is out of range in dimension {place.dimension}"
        hint = f"the extent there is {place.extent}: subscripts go from 0 to {place.extent - 1}"
        if place.sized:
            hint = f"the extent there is a size of this run, at most {place.extent}: subscripts stay below it"
        return Diagnostic("run", message, place.span, self.name, hint)


_ALIGNMENT = 64


def jit(kernel: KernelIR, most_iterations: int | None = None) -> Executable:
    """Compile a kernel with what it calls.

    Raises ValueError where the IR is not in a kernel's form (an internal fault).
    A call is given up after `most_iterations` of its `while` loops together; without a number it is never.
    """
    kernel.verify()
    with COMPILE_LOCK, in_context():
        module, lowered = lower(kernel, most_iterations)
        engine = ExecutionEngine(module, opt_level=_LEVEL, shared_libs=[], enable_object_dump=False)
        for name in lowered.math:
            engine.register_runtime(f"libm_{name}", libm_function(name))
        engine.lookup(ENTRY)
    # The views keep no value of the lowered module; those of `kernel` stay valid with it.
    return Executable(kernel.name, Signature.of(kernel), lowered, engine, _initial_state(engine, lowered))


_LEVEL = 2


def _initial_state(engine: ExecutionEngine, lowered: Lowered) -> _State | None:
    if not lowered.resets:
        return None
    arena = np.zeros(lowered.arena_bytes, np.uint8)
    _call(engine, RESET, [], arena)
    return _State(arena[RECORD_BYTES : RECORD_BYTES + lowered.state_bytes].copy())


def _call(engine: ExecutionEngine, name: str, pointers: list[ctypes.c_void_p], arena: _Bytes) -> None:
    """Call a compiled function on packed arguments and the arena."""
    # MLIR's memref descriptor: allocated pointer, aligned pointer, offset, sizes, strides.
    descriptor = (ctypes.c_int64 * 5)(arena.ctypes.data, arena.ctypes.data, 0, len(arena), 1)
    pointer = ctypes.c_void_p(ctypes.addressof(descriptor))
    packed = [*pointers, ctypes.c_void_p(ctypes.addressof(pointer))]
    engine.lookup(name)((ctypes.c_void_p * len(packed))(*packed))

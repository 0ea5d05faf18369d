"""Running a kernel: its IR compiled by LLVM in this process, numpy arrays in and out.

The arithmetic is that of the IR, operation by operation: no fast-math, no fused multiply-add, no reordering, so results
are bit for bit those of numpy steps in the type and of C++ that is compiled with `-ffp-contract=off`.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.ir import Argument, KernelIR, array_type, in_context, walk
from allo_studio.ir import build as make
from allo_studio.ir.binding import COMPILE_LOCK, ExecutionEngine, PassManager, arith, ir, memref
from allo_studio.ir.rewrite import at_start, before
from allo_studio.types import INT32, ArrayType

__all__ = ["Executable", "Outputs", "jit"]

Array = npt.NDArray[np.generic]
Outputs = dict[str, Array]

_ENTRY = "allo_kernel"
_PASSES = (
    "builtin.module(lower-affine,convert-scf-to-cf,expand-strided-metadata,finalize-memref-to-llvm,convert-arith-to-llvm,"
    "convert-cf-to-llvm,convert-func-to-llvm,reconcile-unrealized-casts)"
)
# Small locals live on the stack, where LLVM turns scalars into registers; a thread has little of it.
_STACK_BYTES_A_BUFFER = 4096
_STACK_BYTES = 65536


@dataclass(frozen=True)
class Executable:
    """A compiled kernel; call it from any thread, also from several at once."""

    name: str
    arguments: tuple[Argument, ...]
    _scratch: tuple[ArrayType, ...]
    _engine: ExecutionEngine

    @property
    def inputs(self) -> tuple[Argument, ...]:
        """The arguments that a call takes, in order: those with direction `in` or `inout`."""
        return tuple(argument for argument in self.arguments if argument.direction != "out")

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of the results in order; that of an `inout` argument `x` is `x_out`."""
        return tuple(_output_name(argument) for argument in self.arguments if argument.direction != "in")

    def __call__(self, *inputs: object) -> Array | tuple[Array, ...]:
        """Run on inputs in order; return the output, or a tuple of them where there are several.

        Raises AlloError of code `run` as `run` does, and where the number of inputs is wrong.
        """
        names = [argument.name for argument in self.inputs]
        if len(inputs) != len(names):
            message = f"{self.name} takes {len(names)} inputs ({', '.join(names)}), not {len(inputs)}"
            raise AlloError(Diagnostic("run", message, where=self.name))
        results = self.run(dict(zip(names, inputs, strict=True)))
        values = tuple(results[name] for name in self.outputs)
        return values[0] if len(values) == 1 else values

    def run(self, inputs: Mapping[str, object]) -> Outputs:
        """Run on inputs by name; return new arrays by name. The inputs are not changed.

        Raises AlloError of code `run` with all faults: missing or unknown names, other types or shapes than the
        kernel's (nothing is converted), or too little memory. Scalars may be Python numbers.
        """
        self._check(inputs)
        try:
            return self._run(inputs)
        except MemoryError:
            message = f"there is not enough memory to run {self.name}"
            raise AlloError(Diagnostic("run", message, where=self.name, hint="use smaller extents")) from None

    def _check(self, inputs: Mapping[str, object]) -> None:
        faults: list[str] = []
        for argument in self.inputs:
            if argument.name not in inputs:
                faults.append(f"input {argument.name!r} ({argument.type}) is missing")
            elif fault := _mismatch(argument, inputs[argument.name]):
                faults.append(f"input {argument.name!r} {fault}")
        known = {argument.name for argument in self.inputs}
        faults += [f"{self.name} has no input {name!r}" for name in inputs if name not in known]
        if faults:
            hint = ", ".join(f"{argument.name}: {argument.type}" for argument in self.inputs)
            raise AlloError(Diagnostic("run", fault, where=self.name, hint=f"inputs: {hint}") for fault in faults)

    def _run(self, inputs: Mapping[str, object]) -> Outputs:
        results: Outputs = {}
        packed: list[ctypes.c_void_p] = []
        alive: list[object] = []
        for argument in self.arguments:
            value = _prepare(argument, inputs)
            if argument.direction != "in":
                results[_output_name(argument)] = value
            alive += _pack(value, argument.scalar, packed)
        for kind in self._scratch:
            alive += _pack(np.zeros(kind.shape, kind.element.dtype), False, packed)
        self._engine.lookup(_ENTRY)((ctypes.c_void_p * len(packed))(*packed))
        # What the packed pointers lead to must outlive the call.
        del alive
        return results


def jit(kernel: KernelIR) -> Executable:
    """Compile a kernel; raises ValueError where the IR is not in a kernel's form (an internal fault)."""
    kernel.verify()
    with COMPILE_LOCK, in_context():
        lowered = kernel.clone()
        _define_divisions(lowered)
        scratch = _place_locals(lowered)
        _strip(lowered)
        PassManager.parse(_PASSES).run(lowered.module.operation)
        engine = ExecutionEngine(lowered.module, opt_level=2, shared_libs=[], enable_object_dump=False)
    # The views keep no value of the lowered module; those of `kernel` stay valid with it.
    return Executable(kernel.name, kernel.arguments(), scratch, engine)


def _output_name(argument: Argument) -> str:
    return f"{argument.name}_out" if argument.direction == "inout" else argument.name


def _mismatch(argument: Argument, value: object) -> str:
    """Return what is wrong with an input's type, or an empty text."""
    kind = argument.type
    if argument.scalar and not isinstance(value, np.ndarray | np.generic):
        return _scalar_mismatch(kind, value)
    if not isinstance(value, np.ndarray | np.generic):
        return f"must be a numpy array of {kind}, not {type(value).__name__}"
    if value.dtype != kind.element.dtype:
        return f"must be {kind}, but its elements are {value.dtype}; convert it with astype('{kind.element}')"
    return "" if value.shape == kind.shape else f"must be {kind}, but its shape is {value.shape}"


def _scalar_mismatch(kind: ArrayType, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"must be a number of type {kind}, not {type(value).__name__}"
    if kind.element != INT32:
        return ""
    if not isinstance(value, int):
        return f"must be {kind}, but it is a float"
    return "" if -(2**31) <= value < 2**31 else f"does not fit {kind}"


def _prepare(argument: Argument, inputs: Mapping[str, object]) -> Array:
    """Return the memory that the kernel works on: an input itself where it is only read, else a new array."""
    dtype = argument.type.element.dtype
    if argument.direction == "out":
        return np.zeros(argument.type.shape, dtype)
    given = inputs[argument.name]
    if isinstance(given, np.ndarray):
        return (
            np.array(given, dtype, order="C") if argument.direction == "inout" else np.require(given, dtype, ["C", "A"])
        )
    with np.errstate(over="ignore"):
        return np.array(given, dtype)


def _pack(value: Array, by_value: bool, packed: list[ctypes.c_void_p]) -> list[object]:
    """Append a pointer to an argument, and return what must be kept alive until the call is over."""
    if by_value:
        packed.append(ctypes.c_void_p(value.ctypes.data))
        return [value]
    rank = value.ndim
    strides = [step // value.itemsize for step in value.strides]
    # MLIR's memref descriptor: allocated pointer, aligned pointer, offset, sizes, strides.
    words = [value.ctypes.data, value.ctypes.data, 0, *value.shape, *strides]
    descriptor = (ctypes.c_int64 * (3 + 2 * rank))(*words)
    pointer = ctypes.c_void_p(ctypes.addressof(descriptor))
    packed.append(ctypes.c_void_p(ctypes.addressof(pointer)))
    return [value, descriptor, pointer]


def _place_locals(kernel: KernelIR) -> tuple[ArrayType, ...]:
    """Move locals out of the loops: small ones to the stack, large ones to arguments that each call brings.

    So nothing is allocated while the kernel runs, and nothing can leak. A local's content is undefined where its
    declaration is reached, so one memory for all iterations is as good as a new one for each.
    """
    body, scratch, stack = kernel.body, [], 0
    for op in [found for found in walk(body) if found.name == "memref.alloc"]:
        kind = array_type(op.result.type)
        size = kind.bits // 8
        if size <= _STACK_BYTES_A_BUFFER and stack + size <= _STACK_BYTES:
            stack += size
            memory = memref.AllocaOp(op.result.type, [], [], ip=at_start(body)).result
        else:
            scratch.append(kind)
            memory = body.add_argument(op.result.type, op.location)
        op.result.replace_all_uses_with(memory)
        op.erase()
    inputs = [argument.type for argument in body.arguments]
    kernel.function.attributes["function_type"] = ir.TypeAttr.get(ir.FunctionType.get(inputs, []))
    return tuple(scratch)


def _define_divisions(kernel: KernelIR) -> None:
    """Give every integer division a result: x / 0 is -1 and the one overflow wraps, as in RISC-V hardware.

    The processor would stop the whole process there.
    """
    for op in [found for found in walk(kernel.body) if found.name == "arith.divsi"]:
        at, (dividend, divisor) = before(op), op.operands
        zero, one, minus = (make.constant(n, INT32, at) for n in (0, 1, -1))
        least = make.constant(-(2**31), INT32, at)
        by_zero = arith.cmpi(arith.CmpIPredicate.eq, divisor, zero, ip=at)
        by_minus = arith.cmpi(arith.CmpIPredicate.eq, divisor, minus, ip=at)
        overflows = arith.andi(by_minus, arith.cmpi(arith.CmpIPredicate.eq, dividend, least, ip=at), ip=at)
        harmless = arith.select(arith.ori(by_zero, overflows, ip=at), one, divisor, ip=at)
        quotient = arith.divsi(dividend, harmless, ip=at)
        op.result.replace_all_uses_with(arith.select(by_zero, minus, quotient, ip=at))
        op.erase()


def _strip(kernel: KernelIR) -> None:
    """Drop our attributes, and take a name that no function of the C library has."""
    function = kernel.function
    for op in [function, *walk(kernel.body)]:
        for name in [str(entry) for entry in op.attributes if str(entry).startswith("allo.")]:
            del op.attributes[name]
    function.attributes["sym_name"] = ir.StringAttr.get(_ENTRY)

"""The arguments of a call: checked, put where the compiled kernel reads them, and taken back from there."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.execute.memories import element_bytes
from allo_studio.ir import Argument, KernelIR
from allo_studio.ir.attributes import integer_map
from allo_studio.types import ArrayType, ScalarType
from allo_studio.words import bits_dtype, from_bits, is_plain, to_bits, unfit

__all__ = ["Call", "Inputs", "Signature"]

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Signature:
    """What a kernel takes and gives. `sizes` are the arguments that are named sizes, with their maxima."""

    arguments: tuple[Argument, ...]
    sizes: Mapping[str, int]

    @classmethod
    def of(cls, kernel: KernelIR) -> Signature:
        """Return the signature of a kernel."""
        return cls(kernel.arguments(), integer_map(kernel.function, "allo.sizes"))

    @property
    def told(self) -> frozenset[str]:
        """The named sizes that the extents of an input tell."""
        arrays = [a for a in self.arguments if a.direction != "out" and not a.scalar]
        return frozenset(name for a in arrays for name in a.type.sizes if name)

    @property
    def inputs(self) -> tuple[Argument, ...]:
        """The arguments that a call takes."""
        told = self.told & self.sizes.keys()
        return tuple(a for a in self.arguments if a.direction != "out" and a.name not in told)

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of the results in order."""
        return tuple(output_name(a) for a in self.arguments if a.direction != "in")

    def check(self, name: str, given: Mapping[str, object]) -> Inputs:
        """Return the inputs with the sizes that they tell; raises AlloError of code `run` with all faults."""
        faults: list[str] = []
        for argument in self.inputs:
            if argument.name not in given:
                faults.append(f"input {argument.name!r} ({argument.type}) is missing")
            elif fault := _mismatch(argument, given[argument.name], self.sizes):
                faults.append(f"input {argument.name!r} {fault}")
        known = {argument.name for argument in self.inputs}
        faults += [f"{name} has no input {other!r}" for other in given if other not in known]
        sizes = {} if faults else self._tell(given, faults)
        if faults:
            hint = ", ".join(f"{argument.name}: {argument.type}" for argument in self.inputs)
            raise AlloError(Diagnostic("run", fault, where=name, hint=f"inputs: {hint}") for fault in faults)
        return Inputs(self, given, sizes)

    def _tell(self, given: Mapping[str, object], faults: list[str]) -> dict[str, int]:
        """Return the value of each named size; adds a fault where two inputs differ."""
        found: dict[str, tuple[int, str]] = {}
        for argument in self.inputs:
            value = given[argument.name]
            if argument.name in self.sizes:
                found[argument.name] = (int(np.asarray(value)), argument.name)
            if argument.scalar or not isinstance(value, np.ndarray):
                continue
            for size, extent in zip(argument.type.sizes, value.shape, strict=bool(argument.type.sizes)):
                if size and found.setdefault(size, (extent, argument.name))[0] != extent:
                    first, owner = found[size]
                    faults.append(f"input {argument.name!r} has {size} = {extent}, but {owner!r} has {size} = {first}")
        return {size: extent for size, (extent, _) in found.items()}


@dataclass(frozen=True)
class Inputs:
    """Inputs in order, and the value of each named size."""

    signature: Signature
    given: Mapping[str, object]
    sizes: Mapping[str, int]

    def prepare(self, whole: bool = False) -> Call:
        """Return the memory of a call; with `whole` its results are all that is in their memories."""
        call = Call([], [], [])
        for argument in self.signature.arguments:
            call.add(argument, self._storage(argument), argument.type.shape if whole else self._shape(argument))
        return call

    def _shape(self, argument: Argument) -> tuple[int, ...]:
        """Return the extents of an argument in this call."""
        shape, names = argument.type.shape, argument.type.sizes
        if not names:
            return shape
        return tuple(self.sizes.get(name, extent) for name, extent in zip(names, shape, strict=True))

    def _storage(self, argument: Argument) -> Array:
        """Return the memory that the kernel works on: an input itself where it is only read as it is, else new."""
        kind, shape = argument.type.element, argument.type.shape
        if argument.direction == "out":
            return _zeros(kind, shape)
        value = self.sizes[argument.name] if argument.name in self.sizes else self.given[argument.name]
        array = _array(value, kind)
        if argument.direction == "in" and is_plain(kind) and array.shape == shape:
            return np.require(array, None, ["C", "A"])
        stored = _zeros(kind, shape)
        stored[tuple(slice(extent) for extent in array.shape)] = _stored(array, kind)
        return stored


@dataclass(frozen=True)
class Call:
    """Packed arguments, what they point to, and the memories of the results."""

    pointers: list[ctypes.c_void_p]
    alive: list[object]
    made: list[tuple[Argument, Array, tuple[int, ...]]]

    def add(self, argument: Argument, storage: Array, shape: tuple[int, ...]) -> None:
        """Pack an argument; its result is cut to `shape`."""
        if argument.direction != "in":
            self.made.append((argument, storage, shape))
        address = storage.ctypes.data
        if argument.scalar:
            self.pointers.append(ctypes.c_void_p(address))
            self.alive.append(storage)
            return
        extents = argument.type.shape
        strides = [int(np.prod(extents[d + 1 :])) for d in range(len(extents))]
        # MLIR's memref descriptor: allocated pointer, aligned pointer, offset, sizes, strides.
        descriptor = (ctypes.c_int64 * (3 + 2 * len(extents)))(address, address, 0, *extents, *strides)
        pointer = ctypes.c_void_p(ctypes.addressof(descriptor))
        self.pointers.append(ctypes.c_void_p(ctypes.addressof(pointer)))
        self.alive.extend((storage, descriptor, pointer))

    def results(self) -> dict[str, Array]:
        """Return what the kernel wrote, by the results' names."""
        found = {}
        for argument, storage, shape in self.made:
            cut = storage[tuple(slice(extent) for extent in shape)]
            kind = argument.type.element
            found[output_name(argument)] = np.asarray(cut, order="C") if is_plain(kind) else _loaded(cut, kind)
        return found


def output_name(argument: Argument) -> str:
    """Return the name of an argument's result."""
    return f"{argument.name}_out" if argument.direction == "inout" else argument.name


def _words(kind: ScalarType) -> np.dtype[Any]:
    """Return the dtype of elements in memory: numpy's own, bits, or words of 64 bits above that."""
    if is_plain(kind):
        return kind.dtype
    return bits_dtype(kind.bits) if kind.bits <= 64 else np.dtype(f"V{element_bytes(kind.bits)}")


def _zeros(kind: ScalarType, shape: tuple[int, ...]) -> Array:
    return np.zeros(shape, _words(kind))


def _stored(array: Array, kind: ScalarType) -> Array:
    if is_plain(kind):
        return array
    bits = to_bits(array, kind)
    if kind.bits <= 64:
        return bits
    size = element_bytes(kind.bits)
    data = b"".join(int(value).to_bytes(size, "little") for value in bits.ravel())
    return np.frombuffer(data, f"V{size}").reshape(array.shape)


def _loaded(stored: Array, kind: ScalarType) -> Array:
    mask = (1 << kind.bits) - 1
    if kind.bits <= 64:
        return from_bits(stored & stored.dtype.type(mask), kind)
    size, data = element_bytes(kind.bits), np.ascontiguousarray(stored).tobytes()
    bits = np.empty(stored.shape, object)
    bits.ravel()[:] = [int.from_bytes(data[at : at + size], "little") & mask for at in range(0, len(data), size)]
    return from_bits(bits, kind)


def _array(value: object, kind: ScalarType) -> Array:
    """Return an input that was found in order as an array of the type's dtype."""
    if isinstance(value, np.ndarray):
        return value
    with np.errstate(over="ignore"):
        if kind.dtype != object:
            return np.array(value, kind.dtype)
    made = np.empty((), object)
    made[()] = value
    return made


def _mismatch(argument: Argument, value: object, sizes: Mapping[str, int]) -> str:
    """Return what is wrong with an input's type or values, or an empty text."""
    kind, element = argument.type, argument.type.element
    if argument.scalar and not isinstance(value, np.ndarray | np.generic):
        fault = _scalar_mismatch(kind, value)
    elif not isinstance(value, np.ndarray | np.generic):
        return f"must be a numpy array of {kind}, not {type(value).__name__}"
    elif argument.scalar and element.dtype == object and isinstance(value, np.generic):
        return f"must be a number of type {kind}, not {type(value).__name__}"
    elif value.dtype != element.dtype:
        return f"must be {kind}, but its elements are {value.dtype}; {_conversion(element)}"
    elif not _shape_fits(kind, value.shape):
        return f"must be {kind}, but its shape is {value.shape}"
    else:
        fault = unfit(np.asarray(value), element)
    if not fault and argument.name in sizes and not 1 <= int(np.asarray(value)) <= sizes[argument.name]:
        return f"must be from 1 to {sizes[argument.name]}"
    return fault


def _shape_fits(kind: ArrayType, shape: tuple[int, ...]) -> bool:
    if len(shape) != len(kind.shape):
        return False
    return all(
        1 <= extent <= most if name else extent == most
        for name, extent, most in zip(kind.names, shape, kind.shape, strict=True)
    )


def _conversion(element: ScalarType) -> str:
    dtype = element.dtype
    if element.kind == "struct":
        return f"make them records of dtype {dtype}"
    if dtype.kind == "O":
        return "convert it with astype(object)"
    if element.name == "bfloat16":
        return "convert it with astype(ml_dtypes.bfloat16)"
    return f"convert it with astype('{dtype}')"


def _scalar_mismatch(kind: ArrayType, value: object) -> str:
    element = kind.element
    if element.kind == "struct":
        return f"must be a numpy record of dtype {element.dtype}, not {type(value).__name__}"
    known: Any = (int, float, Fraction) if element.kind == "fixed" else (int, float)
    if (isinstance(value, bool) and element.name != "uint1") or not isinstance(value, known):
        return f"must be a number of type {kind}, not {type(value).__name__}"
    if element.kind == "fixed":
        return unfit(_array(value, ScalarType("", "fixed", 64)), element) if isinstance(value, float) else ""
    if element.kind == "float":
        return ""
    if not isinstance(value, int):
        return f"must be {kind}, but it is a float"
    return "" if element.least <= value <= element.greatest else f"does not fit {kind}"

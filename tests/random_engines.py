"""The engines that run a kernel, on the same inputs: the JIT, the interpreter, and the C++ that is compiled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from allo_studio.backends.vitis import emit, write
from allo_studio.design.model import Interface, Target
from allo_studio.design.region import Channel, KernelProcess, Region, RegionPort
from allo_studio.execute import Executable, jit
from allo_studio.frontend import parse_kernel
from allo_studio.ir import KernelIR
from allo_studio.ir.attributes import integer_map
from allo_studio.layout import Layout
from allo_studio.samples import FLAVOURS, Flavour, sample
from allo_studio.simulate import evaluate_kernel, run
from allo_studio.source import Source
from allo_studio.types import ScalarType
from allo_studio.words import to_bits

__all__ = ["Case", "cases_of", "difference", "inputs_of", "kernel_of", "run_as_cpp"]

Arrays = Mapping[str, NDArray[Any]]
_MOST_ITERATIONS = 100_000


@dataclass(frozen=True)
class Case:
    """Inputs of a kernel, and what the interpreter and the JIT compute of them."""

    inputs: Arrays
    interpreted: Arrays
    compiled: Arrays


def kernel_of(text: str) -> KernelIR:
    """Return the kernel `f` of a text."""
    return parse_kernel(Source("k.py", text), "f")


def inputs_of(program: Executable, kernel: KernelIR, bounds: Sequence[str], flavour: Flavour, seed: int) -> Arrays:
    """Return arrays for a kernel's inputs; `bounds` are arguments that bound loops."""
    generator = np.random.default_rng(seed)
    maxima = integer_map(kernel.function, "allo.sizes")
    sizes = {name: int(generator.integers(1, most + 1)) for name, most in maxima.items()}
    made: dict[str, NDArray[Any]] = {}
    for argument in program.inputs:
        kind = argument.type
        if argument.name in bounds:
            made[argument.name] = np.array(generator.integers(0, 7), kind.element.dtype)
            continue
        shape = tuple(sizes.get(name, extent) for name, extent in zip(kind.names, kind.shape, strict=True))
        made[argument.name] = sample(kind.element, shape, flavour, generator)
    return made


def cases_of(kernel: KernelIR, bounds: Sequence[str], seed: int = 0) -> list[Case]:
    """Return a case for each flavour of inputs; state starts anew in each."""
    program, found = jit(kernel, _MOST_ITERATIONS), []
    for trial, flavour in enumerate(FLAVOURS):
        inputs = inputs_of(program, kernel, bounds, flavour, seed * len(FLAVOURS) + trial)
        program.reset()
        found.append(Case(inputs, evaluate_kernel(kernel, inputs), program.run(inputs)))
    return found


def run_as_cpp(
    kernels: Sequence[KernelIR], cases: Sequence[Case], folder: Path, interface: Interface = "ip"
) -> list[Arrays]:
    """Return what the C++ of some kernels computes, of one case each. No argument is both read and written."""
    ports, processes = list[RegionPort](), list[KernelProcess]()
    for number, kernel in enumerate(kernels):
        bindings = {a.name: f"p{number}_{a.name}" for a in kernel.arguments()}
        ports += [
            RegionPort(bindings[a.name], "out" if a.direction == "out" else "in", a.type) for a in kernel.arguments()
        ]
        processes.append(KernelProcess(f"k{number}", f"top/k{number}", kernel, kernel, bindings))
    channels = tuple(
        _channel(port, process) for process in processes for port in ports if port.name in process.bindings.values()
    )
    region = Region("top", "top", "sequential", tuple(ports), tuple(processes), channels)
    write(emit(region, Target(interface=interface), "test"), folder)
    inputs, expected = dict[str, NDArray[Any]](), dict[str, NDArray[Any]]()
    for number, (kernel, case) in enumerate(zip(kernels, cases, strict=True)):
        given = {**_sizes(kernel, case.inputs), **case.inputs}
        inputs |= {f"p{number}_{name}": array for name, array in given.items()}
        expected |= {f"p{number}_{name}": array for name, array in case.interpreted.items()}
    found = run(folder, "top", inputs, expected, types={port.name: port.type for port in ports})
    return [
        {name: found.outputs[f"p{number}_{name}"] for name in case.interpreted} for number, case in enumerate(cases)
    ]


def _channel(port: RegionPort, process: KernelProcess) -> Channel:
    inner = next(name for name, channel in process.bindings.items() if channel == port.name)
    ends = (("", port.name), (process.name, inner))
    source, target = ends if port.direction == "in" else ends[::-1]
    kind = "memory" if port.type.shape else "value"
    layout = Layout.plain(len(port.type.shape))
    return Channel(f"top/{port.name}", port.name, kind, port.type, layout, source, (target,), "for a test", 1, 0)


def _sizes(kernel: KernelIR, inputs: Arrays) -> Arrays:
    """Return the named sizes that the inputs tell."""
    found = {}
    for argument in kernel.arguments():
        if argument.name in inputs:
            extents = zip(argument.type.sizes, np.shape(inputs[argument.name]), strict=False)
            found |= {name: np.array(extent, np.int32) for name, extent in extents if name}
    return found


def difference(kernel: KernelIR, want: Arrays, got: Arrays) -> str:
    """Return the first element that differs in its bits, all NaNs being equal; an empty text where none does."""
    types = {a.name + ("_out" if a.direction == "inout" else ""): a.type for a in kernel.arguments()}
    if set(want) != set(got):
        return f"the outputs {sorted(want)} and {sorted(got)}"
    for name, array in want.items():
        other = np.asarray(got[name])
        if other.dtype != array.dtype or other.shape != array.shape:
            return f"{name} is {other.dtype}{other.shape}, not {array.dtype}{array.shape}"
        wrong = _wrong(np.asarray(array), other, types[name].element)
        if wrong.any():
            index = tuple(int(i) for i in np.unravel_index(int(np.argmax(wrong)), wrong.shape))
            return f"{name}{list(index)} is {other[index]!r}, not {array[index]!r} ({types[name].element})"
    return ""


def _wrong(want: NDArray[Any], got: NDArray[Any], kind: ScalarType) -> NDArray[Any]:
    if kind.kind == "struct":
        return np.asarray(np.logical_or.reduce([_wrong(want[name], got[name], part) for name, part in kind.fields]))
    wrong = np.asarray(to_bits(want, kind) != to_bits(got, kind), bool)
    if not kind.is_float:
        return wrong
    # Bits that signal what is no number are among the inputs.
    with np.errstate(invalid="ignore"):
        return wrong & ~(np.isnan(want.astype(np.float64)) & np.isnan(got.astype(np.float64)))

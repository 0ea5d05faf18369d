"""What external blocks compute: their models, run in a process of their own.

A C++ model is compiled and run like a design of that one block, a Python one by the interpreter that runs this.
"""

from __future__ import annotations

import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from allo_studio.backends.vitis import compilation, emit, write
from allo_studio.design.model import Target
from allo_studio.design.region import Channel, ChannelKind, IpProcess, Region, RegionPort
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.ip.block import CppModel, IpBlock, IpPort, PythonModel
from allo_studio.ip.firings import ONCE, Firings
from allo_studio.ip.shell import shell
from allo_studio.primitives.firings import Together
from allo_studio.simulate.child import run_child
from allo_studio.simulate.csim import run as run_csim
from allo_studio.types import ArrayType
from allo_studio.words import from_bits, to_bits

__all__ = ["run_model"]

Arrays = Mapping[str, NDArray[Any]]

_SECONDS = 600.0
_RUNNER = Path(__file__).with_name("run_model.py")


def run_model(
    block: IpBlock, inputs: Arrays, firings: Firings = ONCE, cancel: Callable[[], bool] | None = None
) -> dict[str, NDArray[Any]]:
    """Return the outputs of all firings of a block by port for inputs by port.

    This runs code of the project. Raises AlloError (code `ip`) where the model fails or gives something of another
    type or shape, and code `tool` where there is no C++ compiler or it takes too long.
    """
    given = {port.name: _by_firing(port, firings, inputs[port.name]) for port in block.ports if port.direction == "in"}
    if isinstance(block.model, PythonModel):
        made = _run_python(block, block.model, firings.count, given, cancel)
    else:
        made = _run_cpp(block, block.model, firings.count, given, cancel)
    outputs = [port for port in block.ports if port.direction == "out"]
    return {port.name: made[port.name].reshape(firings.whole(port).type.shape) for port in outputs}


def _by_firing(port: IpPort, firings: Firings, array: NDArray[Any]) -> NDArray[Any]:
    """Return an input's part of each firing, one after another."""
    rounds = [count if number in firings.loops(port.name) else 1 for number, count in enumerate(firings.counts)]
    parts = np.broadcast_to(array.reshape((*rounds, *port.type.shape)), (*firings.counts, *port.type.shape))
    return parts.reshape((firings.count, *port.type.shape))


# Python


def _run_python(
    block: IpBlock, model: PythonModel, firings: int, inputs: Arrays, cancel: Callable[[], bool] | None
) -> dict[str, NDArray[Any]]:
    outputs = [port for port in block.ports if port.direction == "out"]
    with tempfile.TemporaryDirectory(prefix="allo-model-") as name:
        folder = Path(name)
        (folder / "model.py").write_text(model.text, encoding="utf-8")
        given = [inputs[port.name] for port in block.ports if port.direction == "in"]
        arrays: dict[str, Any] = {f"in{n}": _plain(array) for n, array in enumerate(given)}
        np.savez(folder / "inputs.npz", **arrays)
        (folder / "dtypes.txt").write_text("\n".join(str(array.dtype) for array in given), encoding="utf-8")
        words = [model.path, model.function, str(len(outputs)), str(firings)]
        done = run_child([sys.executable, "-P", str(_RUNNER), *words], folder, timeout_s=_SECONDS, cancel=cancel)
        if done.status != 0 or not (folder / "outputs.npz").exists():
            tail = "\n".join(done.log.splitlines()[-6:])
            message = f"the model {model.path}:{model.function} of {block.name} failed:\n{tail}"
            hint = f"it takes {', '.join(_told(p) for p in block.ports if p.direction == 'in')} as numpy arrays"
            raise AlloError(Diagnostic("ip", message, block.span, hint=hint))
        with np.load(folder / "outputs.npz", allow_pickle=False) as made:
            return {port.name: _taken(block, model, port, made[f"out{n}"]) for n, port in enumerate(outputs)}


def _plain(array: NDArray[Any]) -> NDArray[Any]:
    """Return an array in a type that a file can hold: numpy's own, and bytes for others."""
    if array.dtype.hasobject:
        raise AlloError(
            Diagnostic("ip", "a Python model takes no elements of more than 64 bits", hint="write it in C++")
        )
    return array if array.dtype.isbuiltin == 1 or array.dtype.fields else array.view(np.uint16)


def _told(port: IpPort) -> str:
    return f"{port.name} ({port.type}: {port.type.element.dtype})"


def _taken(block: IpBlock, model: PythonModel, port: IpPort, array: NDArray[Any]) -> NDArray[Any]:
    """Return an output of all firings, if it is one."""
    wanted = port.type.element.dtype
    if wanted.name == "bfloat16" and array.dtype == np.uint16:
        array = array.view(wanted)
    if array.dtype != wanted or array.shape[1:] != port.type.shape:
        message = (
            f"the model {model.path}:{model.function} gave {array.dtype}{list(array.shape[1:])} for {port.name} of "
            f"{block.name}, not {wanted}{list(port.type.shape)}"
        )
        hint = f"return it as {port.type} with .astype(np.{wanted}), in the order of the outputs"
        raise AlloError(Diagnostic("ip", message, block.span, hint=hint))
    kept = from_bits(to_bits(array, port.type.element), port.type.element)
    if not np.array_equal(kept, array, equal_nan=array.dtype.kind == "f"):
        message = f"the model {model.path}:{model.function} gave values for {port.name} that are no {port.type.element}"
        hint = "let it wrap, round or saturate as the hardware does"
        raise AlloError(Diagnostic("ip", message, block.span, hint=hint))
    return array


# C++


class _Folders:
    """A folder for each block whose model was run so many times over, while this process lives.

    What was compiled serves again.
    """

    def __init__(self) -> None:
        self._known: list[tuple[IpBlock, int, tempfile.TemporaryDirectory[str], threading.Lock]] = []
        self._lock = threading.Lock()

    def of(self, block: IpBlock, firings: int) -> tuple[Path, threading.Lock]:
        with self._lock:
            for known, count, folder, lock in self._known:
                if known is block and count == firings:
                    return Path(folder.name), lock
            made = (block, firings, tempfile.TemporaryDirectory(prefix="allo-model-"), threading.Lock())
            self._known.append(made)
            return Path(made[2].name), made[3]


_folders = _Folders()


def _run_cpp(
    block: IpBlock, model: CppModel, firings: int, inputs: Arrays, cancel: Callable[[], bool] | None
) -> dict[str, NDArray[Any]]:
    region = _alone(block, model, firings)
    types: dict[str, ArrayType] = {port.name: port.type for port in region.ports}
    given = {name: array.reshape(types[name].shape) for name, array in inputs.items()}
    outputs = [port for port in region.ports if port.direction == "out"]
    empty = {port.name: np.zeros(port.type.shape, port.type.element.dtype) for port in outputs}
    folder, lock = _folders.of(block, firings)
    with lock:
        write(emit(region, Target(), block.name), folder)
        try:
            found = run_csim(folder, region.name, given, empty, types=types, cancel=cancel, outside=compilation(region))
        except AlloError as error:
            raise AlloError([_of_model(block, model, fault) for fault in error.diagnostics]) from None
    if found.faults:
        hint = "let it read and write as many tokens as the ports' types say"
        faults = [
            Diagnostic("ip", f"the model of {block.name}: {text}", block.span, hint=hint) for text in found.faults
        ]
        raise AlloError(faults)
    return dict(found.outputs)


def _of_model(block: IpBlock, model: CppModel, fault: Diagnostic) -> Diagnostic:
    message = f"{model.code.function} of {block.name}: {fault.message}"
    return replace(fault, code="ip" if fault.code == "csim" else fault.code, message=message, span=block.span)


def _alone(block: IpBlock, model: CppModel, count: int) -> Region:
    """Return a region of nothing but the block, which fires so often, each time on an array of its own."""
    alone = replace(block, cpp=model.code)
    firings = ONCE
    if count > 1:
        together = {port.name: Together((count, *port.type.shape), (0,)) for port in block.ports}
        firings = Firings((count,), together)
    ports = firings.ports(alone)
    process = IpProcess(
        "block", f"{block.name}_model/block", shell(alone, firings), alone, {p.name: p.name for p in ports}, firings
    )
    kinds: dict[str, ChannelKind] = {"stream": "fifo", "memory": "memory", "value": "value"}
    channels = tuple(
        Channel(
            id=f"model/{port.name}",
            name=port.name,
            kind=kinds[port.moves],
            type=port.type,
            layout=port.layout,
            source=("", port.name) if port.direction == "in" else ("block", port.name),
            targets=(("block", port.name),) if port.direction == "in" else (("", port.name),),
            reason="",
            width=port.width,
        )
        for port in ports
    )
    outside = tuple(RegionPort(port.name, port.direction, port.type) for port in ports)
    return Region(f"{block.name}_model", f"{block.name}_model", "dataflow", outside, (process,), channels)

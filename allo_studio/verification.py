"""Whether two kernels give the same results, found by running both on random and edge data.

This can only find a difference, not prove that there is none; the proofs are the steps' own.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.execute import Executable, jit
from allo_studio.ir import Argument, KernelIR
from allo_studio.ir.attributes import integer_map
from allo_studio.samples import FLAVOURS, Flavour, sample
from allo_studio.types import ArrayType, ScalarType
from allo_studio.words import bits_dtype, from_bits, to_bits

__all__ = ["REASSOCIATION_TOLERANCE", "Difference", "PortChange", "Verdict", "tolerance_for", "verify"]

Array: TypeAlias = npt.NDArray[Any]
Convert: TypeAlias = Callable[[Array], Array]

# What another order of float32 additions may change, relative to the largest magnitude of an output (at least 1): far
# above the rounding of sums of some thousand terms, far below any slip in the logic.
REASSOCIATION_TOLERANCE = 1e-4
# After so many iterations of its `while` loops a run is given up.
_MOST_ITERATIONS = 1_000_000


def tolerance_for(reassociates: bool) -> float:
    """Return how far results may be apart."""
    return REASSOCIATION_TOLERANCE if reassociates else 0.0


@dataclass(frozen=True)
class PortChange:
    """How a step changed an array at a kernel's border, by the name of the port before.

    `name` is the port's name after; `into` turns an array before into one after, `back` the other way.
    """

    name: str
    into: Convert
    back: Convert


@dataclass(frozen=True)
class Difference:
    """An element that differs: the output, the index into it, and what it was before and after.

    `seed` and `trial` give the inputs again. Where only one of the two kernels failed, `message` says how.
    """

    output: str
    index: tuple[int, ...]
    before: object
    after: object
    seed: int
    trial: int
    message: str = ""

    def __str__(self) -> str:
        source = f"(trial {self.trial} of seed {self.seed})"
        if self.message:
            return f"{self.message} {source}"
        place = f"{self.output}[{', '.join(map(str, self.index))}]" if self.index else self.output
        return f"{place} was {self.before!r} and is {self.after!r} {source}"


@dataclass(frozen=True)
class Verdict:
    """The outcome; true where no difference was found.

    `trials` is how many inputs were compared, `failed` how many more made both kernels fail (a subscript out of range,
    a `while` without an end).
    """

    trials: int
    failed: int
    tolerance: float
    difference: Difference | None

    def __bool__(self) -> bool:
        return self.difference is None

    def __str__(self) -> str:
        if self.difference is not None:
            return str(self.difference)
        within = f" within {self.tolerance:g}" if self.tolerance else ""
        return f"equal{within} in {self.trials} trials"


def verify(
    before: KernelIR,
    after: KernelIR,
    *,
    trials: int = 8,
    seed: int = 0,
    reassociates: bool = False,
    ports: Mapping[str, PortChange] | None = None,
    seconds: float = 5.0,
) -> Verdict:
    """Run both kernels on the same inputs and compare all results.

    They must be equal bit for bit, all NaNs being equal; or, where `reassociates`, within `REASSOCIATION_TOLERANCE`.
    The inputs are the same for the same seed. State is kept over the trials. No trial is begun after `seconds`.

    A port that has another type after is converted by its entry of `ports`; without one its bits are taken in
    order, row by row, the first lowest, which is what a reshaped or packed array is. Raises ValueError where the ports
    do not correspond.
    """
    pair = _Pair(before, after, ports or {})
    tolerance, end = tolerance_for(reassociates), monotonic() + seconds
    compared = failed = 0
    for trial in range(trials):
        if trial and monotonic() > end:
            break
        # Where sums are reordered, infinities and cancellation would hide everything else.
        flavour = "moderate" if reassociates and trial % 2 else FLAVOURS[trial % (2 if reassociates else len(FLAVOURS))]
        found, difference = pair.compare(flavour, seed, trial, tolerance)
        compared, failed = compared + found, failed + (not found)
        if difference is not None:
            return Verdict(compared, failed, tolerance, difference)
    return Verdict(compared, failed, tolerance, None)


class _Pair:
    """Both kernels compiled, and how their ports correspond."""

    def __init__(self, before: KernelIR, after: KernelIR, ports: Mapping[str, PortChange]) -> None:
        self._kernel = before
        self._sizes = integer_map(before.function, "allo.sizes")
        self._before, self._after = (jit(kernel, _MOST_ITERATIONS) for kernel in (before, after))
        self._ports = {a.name: ports.get(a.name) or self._same_bits(a, self._after) for a in self._before.arguments}
        wanted = {change.name for change in self._ports.values()}
        if wanted != {a.name for a in self._after.arguments}:
            raise ValueError(f"the ports of {before.name} and {after.name} differ")

    def _same_bits(self, argument: Argument, after: Executable) -> PortChange:
        other = next((a for a in after.arguments if a.name == argument.name), None)
        if other is None or other.direction != argument.direction:
            raise ValueError(f"{after.name} has no {argument.direction} port {argument.name}")
        one, two = argument.type, other.type
        if one == two:
            return PortChange(argument.name, _unchanged, _unchanged)
        if one.bits != two.bits or any(one.sizes) or any(two.sizes):
            raise ValueError(f"port {argument.name} changed from {one} to {two}, and nothing says how")
        return PortChange(argument.name, lambda a: _regrouped(a, one, two), lambda a: _regrouped(a, two, one))

    def compare(self, flavour: Flavour, seed: int, trial: int, tolerance: float) -> tuple[bool, Difference | None]:
        """Tell whether both kernels ran, and what differed."""
        inputs = self._inputs(flavour, seed, trial)
        given = {self._ports[name].name: self._ports[name].into(value) for name, value in inputs.items()}
        (one, fault), (two, other) = _attempt(self._before, inputs), _attempt(self._after, given)
        if one is None or two is None:
            if (one is None) == (two is None):
                return False, None
            message = f"only {'the kernel before' if fault else 'the kernel after'} failed: {fault or other}"
            return True, Difference("", (), None, None, seed, trial, message)
        for argument in self._before.arguments:
            if argument.direction == "in":
                continue
            end = "_out" if argument.direction == "inout" else ""
            change, kind = self._ports[argument.name], argument.type.element
            want, got = one[argument.name + end], change.back(two[change.name + end])
            wrong = _wrong(want, got, kind, tolerance)
            if wrong.any():
                index = tuple(int(i) for i in np.unravel_index(int(np.argmax(wrong)), wrong.shape))
                name = argument.name + end
                return True, Difference(name, index, _item(want, index), _item(got, index), seed, trial)
        return True, None

    def _inputs(self, flavour: Flavour, seed: int, trial: int) -> dict[str, Array]:
        sizes = {name: self._size(name, most, seed, trial) for name, most in self._sizes.items()}
        made = {}
        for argument in self._before.inputs:
            generator = np.random.default_rng([seed, trial, zlib.crc32(argument.name.encode())])
            if argument.name in sizes:
                made[argument.name] = np.array(sizes[argument.name], argument.type.element.dtype)
                continue
            extents = zip(argument.type.names, argument.type.shape, strict=True)
            shape = tuple(sizes.get(name, extent) for name, extent in extents)
            made[argument.name] = sample(argument.type.element, shape, flavour, generator)
        return made

    def _size(self, name: str, most: int, seed: int, trial: int) -> int:
        """Return the maximum first, then 1, then any."""
        generator = np.random.default_rng([seed, trial, zlib.crc32(name.encode())])
        return (most, 1)[trial] if trial < 2 else int(generator.integers(1, most + 1))


def _attempt(program: Executable, inputs: Mapping[str, Array]) -> tuple[dict[str, Array] | None, Diagnostic | None]:
    try:
        return dict(program.run(inputs)), None
    except AlloError as fault:
        return None, fault.diagnostics[0]


def _unchanged(array: Array) -> Array:
    return array


def _item(array: Array, index: tuple[int, ...]) -> object:
    found = array[index]
    return found.item() if isinstance(found, np.generic) else found


def _wrong(want: Array, got: Array, kind: ScalarType, tolerance: float) -> npt.NDArray[np.bool_]:
    """Tell for each element whether it differs."""
    if kind.kind == "struct":
        found = [_wrong(want[name], got[name], inner, tolerance) for name, inner in kind.fields]
        return np.asarray(np.logical_or.reduce(found))
    wrong = np.asarray(to_bits(want, kind) != to_bits(got, kind), np.bool_)
    if not kind.is_float:
        return wrong
    with np.errstate(all="ignore"):
        one, two = want.astype(np.float64), got.astype(np.float64)
        wrong &= ~(np.isnan(one) & np.isnan(two))
        if tolerance:
            largest = max(1.0, float(np.abs(one[np.isfinite(one)]).max(initial=0.0)))
            wrong &= ~((np.abs(one - two) <= tolerance * largest) | (one == two))
    return wrong


def _regrouped(array: Array, source: ArrayType, target: ArrayType) -> Array:
    """Return the bits of an array, row by row and the first lowest, as elements of another type."""
    bits = to_bits(array, source.element).ravel()
    if source.element.bits == target.element.bits:
        return from_bits(bits.reshape(target.shape), target.element)
    total = 0
    for number, value in enumerate(bits.tolist()):
        total |= int(value) << (number * source.element.bits)
    data = total.to_bytes(-(-source.bits // 8) + 1, "little")
    width, mask = target.element.bits, (1 << target.element.bits) - 1
    made = np.empty(target.size, object)
    for number in range(target.size):
        first, last = number * width // 8, -(-(number + 1) * width // 8)
        made[number] = int.from_bytes(data[first:last], "little") >> (number * width % 8) & mask
    return from_bits(made.astype(bits_dtype(width)).reshape(target.shape), target.element)

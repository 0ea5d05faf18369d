"""Several circuits with their memories as one, so that another simulator compiles its own library only once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rtl_checks import BENCH

from allo_studio.backends.rtl.bench import surround
from allo_studio.backends.rtl.circuit import Circuit, Signal
from allo_studio.backends.rtl.functions import KernelModules
from allo_studio.backends.rtl.regions import Modules
from allo_studio.simulate.cycle.model import Model

__all__ = ["TOP", "Part", "combined"]

TOP = "combined"
_COUNT_BITS = 32
_SYMBOL = re.compile(r"@(\w+)")


@dataclass(frozen=True)
class Part:
    """A kernel's or design's modules in a bench, with what its inputs and memories are as a run begins."""

    name: str
    modules: KernelModules | Modules
    scalars: Mapping[str, int]
    memories: Mapping[str, Any]

    @classmethod
    def of(cls, name: str, modules: KernelModules | Modules, model: Model) -> Part:
        """Return a part whose run begins as one of a model is about to."""
        scalars = {place.name: model.peek(place.name) for place in model.simulation.inputs if place.name != "rst"}
        return cls(name, modules, scalars, {path: model.memory(path).copy() for path in model.memories})


def combined(parts: Sequence[Part]) -> tuple[str, dict[str, int], dict[str, Any]]:
    """Return a circuit's text, its inputs, and the words that its memories begin with.

    `done` is set when all parts are done; the output NAME_cycles is how many cycles a part took. Memories are called
    NAME/PATH.
    """
    top = Circuit(TOP, public=True)
    texts, ended = [], []
    for part in parts:
        bench = surround(part.modules, BENCH)
        text = "".join(circuit.text() for circuit in (*part.modules.circuits, bench))
        texts.append(_SYMBOL.sub(rf"@{part.name}_\1", text).replace("hw.module @", "hw.module private @"))
        inputs = {port.name: top.input(f"{part.name}_{port.name}", port.width) for port in bench.inputs}
        outputs = top.instance(part.name, _stand_in(part.name, bench), inputs)
        assert top.instances[part.name] == part.name
        ended.append(_ended(top, part.name, outputs["done"]))
    top.output("done", top.and_(*ended))
    scalars = {f"{part.name}_{name}": value for part in parts for name, value in part.scalars.items()}
    memories = {f"{part.name}/{path}": words for part in parts for path, words in part.memories.items()}
    return "".join([*texts, top.text()]), scalars, memories


def _stand_in(name: str, bench: Circuit) -> Circuit:
    """Return a module of a bench's ports under the name that the bench has in the text."""
    found = Circuit(f"{name}_{bench.name}")
    for port in bench.inputs:
        found.input(port.name, port.width)
    for port, width in bench.outputs:
        found.output(port, found.constant(0, width))
    return found


def _ended(top: Circuit, name: str, done: Signal) -> Signal:
    """Count cycles up to that in which `done` is set; return whether it is or was."""
    before = top.later(1)
    ended = top.or_(before, done)
    top.drive(before, top.register(ended, reset=0, hint=f"{name}_ended"))
    cycles = top.later(_COUNT_BITS)
    onward = top.add(cycles, top.constant(1, _COUNT_BITS))
    top.drive(cycles, top.register(onward, enable=top.not_(before), reset=0, hint=f"{name}_count"))
    top.output(f"{name}_cycles", cycles)
    return ended

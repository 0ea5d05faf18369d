"""What a person needs to run a design in a simulator of their own: a testbench, the data, and what should come out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from allo_studio.backends.rtl.bench import surround
from allo_studio.backends.rtl.buffers import port_base
from allo_studio.backends.rtl.emit import BENCH, RtlDesign
from allo_studio.backends.rtl.testbench import Words, testbench
from allo_studio.simulate.cycle.contents import word_bits, words_of
from allo_studio.words import to_bits

__all__ = ["testbench_files"]

_FOLDER = "sim"


def testbench_files(design: RtlDesign, inputs: Mapping[str, Any], expected: Mapping[str, Any]) -> dict[str, str]:
    """Return the files of a testbench by name, for arrays by port: inputs, and the outputs that are right."""
    sized = design.sized
    bench = surround(design.modules, BENCH)
    before: dict[str, Words] = {}
    after: dict[str, Words] = {}
    for storage, port in design.modules.storages.items():
        found, values = (before, inputs) if port in inputs else (after, expected)
        kind = storage.type.element
        for name, words in words_of(storage, np.asarray(values[port], kind.dtype)).items():
            if name in bench.memories:
                found[name] = Words(word_bits(storage), words)
    scalars = {}
    for own in sized.region.ports:
        if own.direction == "in" and not own.type.shape:
            kind = own.type.element
            scalars[port_base(own.name)] = int(to_bits(np.asarray(inputs[own.name], kind.dtype), kind))
    files = testbench(bench, before, after, scalars, sized.latency)
    # Tables and state are read from where the simulator is run.
    return {f"{_FOLDER}/{name}": text for name, text in {**files, **design.modules.files}.items()}

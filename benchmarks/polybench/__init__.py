"""The 30 kernels of PolyBench, written here from their definitions, each in a file of its own.

A file holds the kernel with small sizes (`mini`), larger ones in `SIZES`, `inputs` and a `reference` in numpy, which
shares nothing with the kernel but the definition, and a `SCHEDULE` worth having.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from allo_studio.source import Source

__all__ = ["NAMES", "PolyBench", "load"]

_FOLDER = Path(__file__).resolve().parent
NAMES = tuple(sorted(path.stem for path in _FOLDER.glob("[a-z]*.py")))


@dataclass(frozen=True)
class PolyBench:
    """One kernel of the suite."""

    name: str
    module: ModuleType

    @property
    def function(self) -> Any:
        """The kernel as a Python function."""
        return getattr(self.module, self.name)

    @property
    def source(self) -> Source:
        """The text of its file."""
        path = _FOLDER / f"{self.name}.py"
        return Source(str(path), path.read_text(encoding="utf-8"))

    @property
    def schedule(self) -> list[tuple[str, dict[str, Any]]]:
        """A schedule worth having, as (step, arguments)."""
        return list(self.module.SCHEDULE)

    def sizes(self, which: str = "mini") -> dict[str, int]:
        """Return the sizes `mini`, `medium`, `large` or `extralarge` by constant."""
        known = self.module.SIZES
        return dict(known[which]) if which != "mini" else {n: getattr(self.module, n) for n in known["medium"]}

    def inputs(self, seed: int = 0, sizes: Mapping[str, int] | None = None) -> dict[str, Any]:
        """Return inputs by argument; the same seed gives the same ones."""
        return dict(self.module.inputs(np.random.default_rng(seed), **(sizes or self.sizes())))

    def reference(self, inputs: Mapping[str, Any], sizes: Mapping[str, int] | None = None) -> dict[str, Any]:
        """Return what the kernel computes, by result or changed argument; the inputs stay as they are."""
        wanted = inspect.signature(self.module.reference).parameters
        steps = {"T": (sizes or self.sizes())["T"]} if "T" in wanted else {}
        return dict(self.module.reference(**inputs, **steps))


def load(name: str) -> PolyBench:
    """Return a kernel of the suite; raises ImportError where there is none of that name."""
    return PolyBench(name, importlib.import_module(f"{__name__}.{name}"))

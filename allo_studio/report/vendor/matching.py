"""Functions and loops of a vendor's report by the names of the C++ that Allo Studio wrote.

A function keeps its name. A loop that is pipelined becomes a module of its own (`mm1_Pipeline_k_j_outer`), and the
labels of a nest that is flattened into it are joined (`k_j_outer`); older versions list it in its function.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from allo_studio.report.vendor import Loop, Module, VendorReport

__all__ = ["ReportNames"]

_PIPELINE = "_Pipeline_"


class ReportNames:
    """Finds modules and loops of a report; `taken` are those that were found."""

    def __init__(self, report: VendorReport) -> None:
        self._modules = {module.name: module for module in report.modules}
        self.taken: set[str] = set()

    def module(self, function: str) -> Module | None:
        """Return the module of a C++ function."""
        found = self._modules.get(function)
        if found:
            self.taken.add(function)
        return found

    def loop(self, function: str, labels: Sequence[str]) -> Loop | None:
        """Return the loop of a nest in a C++ function, its labels outermost first.

        Where the tool flattened less of the nest, it is the part of it that ends with the innermost loop.
        """
        loops = {loop.name: loop for loop in reversed(list(self._loops(function)))}
        names = ("_".join(labels[first:]) for first in range(len(labels)))
        return next((loops[name] for name in names if name in loops), None)

    def _loops(self, function: str) -> Iterator[Loop]:
        for name, module in self._modules.items():
            if name == function or name.startswith(f"{function}{_PIPELINE}"):
                self.taken.add(name)
                for _, loop in module.all_loops():
                    yield loop

    def left(self) -> tuple[str, ...]:
        """Return the modules that none of ours was found for."""
        left = (name for name in self._modules if not {name, name.partition(_PIPELINE)[0]} & self.taken)
        return tuple(sorted(left))

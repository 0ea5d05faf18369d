"""A sized design as RTL: its modules, the module that a simulation runs, and the files that a person gets."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from allo_studio.backends.rtl.bench import surround
from allo_studio.backends.rtl.circuit import Circuit
from allo_studio.backends.rtl.external import require_modules, source_files
from allo_studio.backends.rtl.files import one_a_module
from allo_studio.backends.rtl.refusals import refusals
from allo_studio.backends.rtl.regions import Modules, build_design
from allo_studio.backends.rtl.worker import Worker, shared
from allo_studio.collection import no_collection
from allo_studio.design.timing import SizedDesign
from allo_studio.diagnostics import AlloError

__all__ = ["BENCH", "RtlDesign", "generate", "verilog_files"]

# The module around the design that a simulation runs.
BENCH = "bench"
_HEAD = "// Made by Allo Studio: a module of {name}.\n"


@dataclass(frozen=True)
class RtlDesign:
    """A design as circuits. `sized` is what they were made from.

    `modules` are what is built; `bench` has the same ones with probes, and the module around them that is simulated.
    """

    sized: SizedDesign
    stalls: bool = False

    @property
    def name(self) -> str:
        """The name of the top module."""
        return self.modules.top.name

    @cached_property
    def modules(self) -> Modules:
        """The modules that are built."""
        return build_design(self.sized)

    @cached_property
    def probed(self) -> Modules:
        """The modules that are simulated: the same where there is no FIFO to look at."""
        if not self.sized.fifos:
            return self.modules
        return build_design(self.sized, probes=True, stalls=self.stalls)

    @cached_property
    def bench(self) -> Circuit:
        """The module around those that are simulated."""
        return surround(self.probed, BENCH, self.stalls)

    @cached_property
    def foreign(self) -> dict[str, str]:
        """The Verilog of external blocks by file; such a design cannot be simulated by CIRCT."""
        return source_files(self.sized.region)

    @cached_property
    def text(self) -> str:
        """All modules that are built, as text."""
        return _text(self.modules)

    @cached_property
    def bench_text(self) -> str:
        """All modules that are simulated, as text, with the one around them, which is called `bench`."""
        design = self.text if self.probed is self.modules else _text(self.probed)
        return design + self.bench.text()


@no_collection()
def _text(modules: Modules) -> str:
    declared = "".join(module.text() for module in modules.foreign)
    return declared + "".join(circuit.text() for circuit in modules.circuits)


def generate(sized: SizedDesign, stalls: bool = False) -> RtlDesign:
    """Return the RTL of a design that was sized for the `open` operators.

    With `stalls`, inputs of the simulated top hold each FIFO at either end. Raises AlloError (code `rtl`) with all
    operations that have no circuit, and code `ip` where an external block has no Verilog.
    """
    require_modules(sized.region)
    faults = [fault for path, timing in sized.processes.items() for fault in refusals(timing.schedule, path)]
    if faults:
        raise AlloError(faults)
    return RtlDesign(sized, stalls)


def verilog_files(design: RtlDesign, worker: Worker | None = None) -> dict[str, str]:
    """Return the design as SystemVerilog, a file for each module, and what its memories start with, by file name.

    `sim/bench.sv` is the module around it that simulators run, and `files.f` lists the others. Raises AlloError (code
    `rtl`) where CIRCT fails, and WorkerCancelled.
    """
    bench = surround(design.modules, BENCH)
    text = (worker or shared()).verilog(design.text + bench.text(), design.name)
    modules = one_a_module(text)
    files = {f"{name}.sv": _HEAD.format(name=design.name) + body for name, body in modules.items() if name != BENCH}
    listed = "".join(f"{name}\n" for name in (*design.foreign, *files))
    return {**design.foreign, **files, **design.modules.files, "files.f": listed, f"sim/{BENCH}.sv": modules[BENCH]}

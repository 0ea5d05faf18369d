"""What external blocks mean for a simulation: whose fault a difference may be, and whether it may run at all."""

from __future__ import annotations

from collections.abc import Iterator

from allo_studio.design.region import IpProcess, Region, RegionProcess
from allo_studio.diagnostics import AlloError, Diagnostic

__all__ = ["require_no_models", "whose_fault"]


def _external(region: Region) -> Iterator[IpProcess]:
    for process in region.processes:
        if isinstance(process, RegionProcess):
            yield from _external(process.region)
        elif isinstance(process, IpProcess):
            yield process


def whose_fault(region: Region) -> str:
    """Return what to do about a simulation that is not as it should be."""
    paths = dict.fromkeys(process.block.path for process in _external(region))
    if not paths:
        return "this is a defect of the compiler, not of the design: please report it with the project"
    return f"compare the timing and the model that {', '.join(paths)} declares with what the code of that block does"


def require_no_models(region: Region) -> None:
    """Raise AlloError (code `ip`) where a run of the design would run code of an external block."""
    for process in _external(region):
        message = f"cycles depend on data here, and to know it the model of {process.block.name} would have to be run"
        hint = "build or simulate the project: only these run code of external blocks"
        raise AlloError(Diagnostic("ip", message, where=process.path, hint=hint))

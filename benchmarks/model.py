"""The model against Vitis HLS: the 13 designs behind Fig. 10 of the Allo paper (PLDI 2024), in the structure of its
artifact's C++ (`fig10/`), with the cycles that the tool would report.

    python benchmarks/model.py [kernel ...]                                     (or `make bench-model`)

The column csynth is what the report of the synthesis says, cosim what the co-simulated RTL takes
(`allo_studio.design.estimate`). Published are the cycles of Fig. 10 (Vitis HLS 2022.1, xcu280, 3.33 ns, in the artifact
of the paper), and those of a co-simulation of the same C++ with Vitis HLS 2023.2 (Stream-HLS, FPGA 2025, the Allo rows
that passed). It ends with status 1 where fewer than 10 of the 13 are within 10% in csynth, or one in cosim is not.

Nothing here is set for a figure: a `Design` only has what the C++ says and a project file cannot.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from allo_studio.design.estimate import DesignEstimate
from allo_studio.pipeline import estimate_project
from allo_studio.project import load_project

__all__ = ["COSIM", "CSYNTH", "DESIGNS", "Design", "Row", "main", "measure"]

PROJECT = Path(__file__).resolve().parent / "fig10"
TOLERANCE = 0.10
ENOUGH = 10
CSYNTH = {
    "two_mm": 194_006,
    "three_mm": 222_987,
    "atax": 4_910,
    "bicg": 1_651,
    "correlation": 498_690,
    "gemm": 239_025,
    "gesummv": 1_521,
    "jacobi_2d": 58_801,
    "mvt": 3_207,
    "symm": 426_805,
    "syr2k": 296_183,
    "syrk": 293_543,
    "trmm": 492_613,
}
# That of 3mm failed. That of mvt is of another design: 4000 DSPs, and 470 cycles in its own synthesis.
COSIM = {"two_mm": 268_436, "atax": 8_822, "bicg": 1_651, "gemm": 238_622, "gesummv": 1_538}


@dataclass(frozen=True)
class Design:
    """What the C++ of a design says beyond its project: loops with a dataflow body by block, and arrays as streams.

    `note` is what is worth knowing of the figures.
    """

    loops: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    streams: tuple[str, ...] = ()
    note: str = ""


_ROWS = ("i",)
DESIGNS = {
    "two_mm": Design(
        {"two_mm/mm1": _ROWS, "two_mm/mm2": _ROWS},
        note="the estimate overlaps clearing, adding up and writing of rows; in the RTL the first two write one array",
    ),
    "three_mm": Design(
        {"three_mm/mm1": _ROWS, "three_mm/mm2": _ROWS, "three_mm/mm3": _ROWS},
        ("three_mm/mm2.C->mm3.B",),
        "an array that is read again for each row is declared a stream: its co-simulation failed",
    ),
    "atax": Design(note="the estimate does not count how long the second stage waits for the first"),
    "bicg": Design(),
    "correlation": Design(),
    "gemm": Design({"gemm/mm1": _ROWS}),
    "gesummv": Design(),
    "jacobi_2d": Design(),
    "mvt": Design(note="the co-simulated design was another"),
    "symm": Design(note="a loop of up to i iterations counts with the most that it can have"),
    "syr2k": Design(),
    "syrk": Design(),
    "trmm": Design(note="as in the artifact's first commit; the structure of its last does not give the figure"),
}


@dataclass(frozen=True)
class Row:
    """One design: modelled and published cycles; None where nothing is published."""

    name: str
    model: DesignEstimate
    csynth: int | None
    cosim: int | None
    note: str

    @property
    def csynth_holds(self) -> bool:
        """Whether the estimate is within the tolerance."""
        return _near(self.model.csynth, self.csynth)

    @property
    def cosim_holds(self) -> bool:
        """Whether the RTL's cycles are within the tolerance, or there are none to compare with."""
        return self.cosim is None or _near(self.model.cosim, self.cosim)

    @property
    def text(self) -> str:
        """The line that is printed."""
        parts = [_compared(self.model.csynth, self.csynth), _compared(self.model.cosim, self.cosim)]
        return f"{self.name:<12}{'  '.join(parts)}  {self.note}".rstrip()


def measure(names: Sequence[str]) -> Iterator[Row]:
    """Yield the rows of designs, by name, as they are made."""
    loaded = load_project(PROJECT)
    for name in names:
        project = replace(loaded.project, top=name, graphs={name: loaded.project.graphs[name]})
        design = DESIGNS[name]
        found = estimate_project(loaded, project, design.loops, design.streams)
        yield Row(name, found, CSYNTH.get(name), COSIM.get(name), design.note)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; return 1 where too few figures are met."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("kernels", nargs="*", metavar="kernel", help="all where none is named")
    chosen = parser.parse_args(arguments).kernels or list(DESIGNS)
    if unknown := sorted(set(chosen) - set(DESIGNS)):
        parser.error(f"no design of Fig. 10: {', '.join(unknown)} (known: {', '.join(DESIGNS)})")
    print(f"{'':<12}{'csynth':>10}{'published':>11}{'off':>8}     {'cosim':>10}{'published':>11}{'off':>8}")
    rows = []
    for row in measure(chosen):
        print(row.text, flush=True)
        rows.append(row)
    estimated = [row for row in rows if row.csynth_holds]
    simulated = [row for row in rows if row.cosim is not None]
    enough = len(estimated) >= min(ENOUGH, len(rows))
    held = all(row.cosim_holds for row in rows)
    print(f"\ncsynth: {len(estimated)} of {len(rows)} within {TOLERANCE:.0%}: {_verdict(enough)}")
    met = sum(row.cosim_holds for row in simulated)
    print(f"cosim: {met} of {len(simulated)} within {TOLERANCE:.0%}: {_verdict(held)}")
    return 0 if enough and held else 1


def _near(model: int, published: int | None) -> bool:
    return published is not None and abs(model / published - 1) <= TOLERANCE


def _compared(model: int, published: int | None) -> str:
    if published is None:
        return f"{model:>10,}{'-':>11}{'':>8}   "
    mark = "ok" if _near(model, published) else "NO"
    return f"{model:>10,}{published:>11,}{model / published - 1:>+8.1%} {mark}"


def _verdict(holds: bool) -> str:
    return "holds" if holds else "DOES NOT HOLD"


if __name__ == "__main__":
    sys.exit(main())

"""What a step does to a kernel's latency and resources, as the scheduler predicts them. Nothing here touches Qt."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from allo_studio.hardware.operators import OperatorLibrary
    from allo_studio.ir import KernelIR

__all__ = ["RESOURCES", "Change", "Figures", "Prediction", "changes", "line", "percent", "request", "table"]

# The kinds that are shown, in this order; what a device lacks is left out.
RESOURCES = ("DSP", "BRAM_18K", "URAM", "LUT", "FF")
_NAMES = {"BRAM_18K": "BRAM"}


@dataclass(frozen=True)
class Prediction:
    """A kernel by itself, to be scheduled with the operators of a library.

    `file` is the project's file, beside which a calibration may lie.
    """

    kernel: KernelIR
    profile: str
    clock_ns: float
    family: str
    file: str = ""

    @classmethod
    def of(cls, kernel: KernelIR, library: OperatorLibrary, file: str) -> Prediction:
        """Return the question for a kernel in a library; a library without a calibration needs no file."""
        return cls(kernel, library.profile, library.clock_ns, library.family, file if library.calibration else "")

    @property
    def text(self) -> str:
        """The kernel as MLIR."""
        return self.kernel.kept("text", self.kernel.text)

    @property
    def key(self) -> Hashable:
        """What the figures depend on."""
        return (self.text, self.kernel.name, self.profile, self.clock_ns, self.family, self.file)


@dataclass(frozen=True)
class Figures:
    """Predicted figures of a kernel by itself; `why` says why there are none.

    `cycles` is the latency and `interval` the largest interval of a pipeline, each None where it is not known.
    """

    cycles: int | None = None
    interval: int | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    why: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the form in which a process hands them over."""
        return {"cycles": self.cycles, "interval": self.interval, "counts": dict(self.counts), "why": self.why}


@dataclass(frozen=True)
class Change:
    """One figure before and after; less is better of all that are shown. None is not known."""

    name: str
    before: int | None
    after: int | None

    @property
    def by(self) -> int:
        """How much it grew; 0 where either is not known."""
        return 0 if self.before is None or self.after is None else self.after - self.before

    @property
    def level(self) -> str:
        """`ok` where it became better, `error` where it became worse, else empty."""
        return "ok" if self.by < 0 else "error" if self.by > 0 else ""


def request(question: Prediction) -> Mapping[str, Any]:
    """Return what the process is asked."""
    return {
        "name": question.kernel.name,
        "kernel": question.text,
        "profile": question.profile,
        "clock_ns": question.clock_ns,
        "family": question.family,
        "file": question.file,
    }


def changes(before: Figures, after: Figures) -> tuple[Change, ...]:
    """Return the figures that either has: cycles, interval, resources."""
    found = [Change("Cycles", before.cycles, after.cycles), Change("II", before.interval, after.interval)]
    for kind in RESOURCES:
        if before.counts.get(kind) or after.counts.get(kind):
            found.append(Change(_NAMES.get(kind, kind), _count(before, kind), _count(after, kind)))
    return tuple(found)


def _count(figures: Figures, kind: str) -> int | None:
    return None if figures.why and not figures.counts else figures.counts.get(kind, 0)


def percent(before: int | None, after: int | None) -> str:
    """Return a change as `+12%`, or as `×2.5` where it is that much more.

    It is empty where nothing changed or it is not known.
    """
    if before is None or after is None or before == after:
        return ""
    if not before:
        return f"+{after:,}"
    share = after / before
    if share >= 2:
        return f"\u00d7{share:,.1f}" if share < 100 else f"\u00d7{share:,.0f}"
    return f"{_signed(round(100 * (share - 1)))}%"


def line(found: Sequence[Change], colours: Mapping[str, str]) -> str:
    """Return those that changed on one line, in rich text; `colours` has those of `ok` and `error`."""
    parts = []
    for change in found:
        before, after = _texts(change)
        if before != after:
            what = f"{after} cycles" if change.name == "Cycles" else f"{change.name} {after}"
            by = _coloured(_change(change), change.level, colours)
            parts.append(f"{what} ({by})" if by else what)
    return " · ".join(parts)


def table(found: Sequence[Change], colours: Mapping[str, str]) -> str:
    """Return changes as a table in rich text; `colours` has those of `ok` and `error`."""
    rows = []
    for change in found:
        before, after = _texts(change)
        by = _coloured(_change(change), change.level, colours)
        rows.append(
            f"<tr><td>{escape(change.name)}&nbsp;&nbsp;</td><td align='right'>{before}</td><td>&nbsp;\u2192&nbsp;</td>"
            f"<td align='right'>{after}</td><td align='right'>&nbsp;&nbsp;{by}</td></tr>"
        )
    return f"<table>{''.join(rows)}</table>"


def _texts(change: Change) -> tuple[str, str]:
    before, after = ("?" if value is None else f"{value:,}" for value in (change.before, change.after))
    return before, after


def _coloured(text: str, level: str, colours: Mapping[str, str]) -> str:
    return f'<span style="color:{colours[level]}">{text}</span>' if level in colours and text else text


def _change(change: Change) -> str:
    if change.name == "Cycles":
        return percent(change.before, change.after)
    return _signed(change.by) if change.by else ""


def _signed(number: int) -> str:
    sign = "+" if number > 0 else "\u2212" if number else "\u00b1"
    return f"{sign}{abs(number):,}"

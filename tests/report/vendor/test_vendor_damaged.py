"""1000 damaged reports: each is read with what is left of it or refused with a diagnostic; no figure is made up."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest
from damage import DAMAGES
from vendor_samples import FILES, REAL

from allo_studio.diagnostics import AlloError, Diagnostic, render_all
from allo_studio.report.vendor import VendorReport, parse_report
from allo_studio.report.vendor.json_form import report_json
from allo_studio.report.vendor.text import vendor_text

OWN_TIMES, REAL_TIMES = 960, 40
# The two longest of the real ones take as long as all others together, and have nothing that those have not.
LONG = 400_000
NUMBER = re.compile(r"(?<![0-9.])[0-9]{1,20}(?:\.[0-9]{1,20})?[eE][+-]?[0-9]{1,2}")
UNITS = (1.0, 1e3, 1e6, 1e9, 1e-3)


def damaged(paths: list[Path], count: int) -> Iterator[tuple[Path, str, bytes]]:
    rng = random.Random(20182025)
    for number in range(count):
        path = paths[number % len(paths)]
        name = rng.choice(list(DAMAGES))
        yield path, name, DAMAGES[name](path.read_bytes(), rng)


def figures(value: Any) -> Iterator[int | float]:
    """Yield all numbers in a model."""
    if is_dataclass(value) and not isinstance(value, Diagnostic):
        for field in fields(value):
            yield from figures(getattr(value, field.name))
    elif isinstance(value, tuple):
        for item in value:
            yield from figures(item)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield value


def said(text: str) -> tuple[set[int], set[float]]:
    """Return the whole numbers and the numbers that stand in a text, the latter in each unit that a time may have."""
    whole = {int(word) for word in re.findall(r"[0-9]+", text) if len(word) < 40}
    whole |= {int(word, 16) for word in re.findall(r"0x[0-9a-fA-F]+", text) if len(word) < 40}
    words = [*re.findall(NUMBER, text), *re.findall(r"[0-9]+(?:\.[0-9]+)?", text)]
    return whole, {float(word) * unit for word in words if len(word) < 40 for unit in UNITS}


def invented(report: VendorReport, text: str) -> list[int | float]:
    """Return the numbers of a model that stand nowhere in the text it was read from."""
    whole, parts = said(text)
    achieved = {round(c.period_ns - (report.slacks.wns or 0), 3) for c in report.clocks if c.period_ns is not None}
    near = {round(value, 6) for value in parts | achieved}
    found = {value for value in figures(report) if isinstance(value, int) and abs(value) not in whole}
    if found and report.origin in ("synth", "impl"):
        # Vivado counts tiles of two block RAMs, or RAMB36 and RAMB18 apart.
        found -= {int(2 * value) for value in parts} | {2 * a + b for a in whole for b in whole if a < 99 and b < 99}
    decimals = {value for value in figures(report) if isinstance(value, float)}
    return [*found, *(v for v in decimals if not {round(v, 6), round(abs(v), 6)} & near)]


def known_figures(report: VendorReport) -> set[str]:
    """Return which of the figures that all versions give for the top a report knows."""
    top = report.top
    found = {f"timing {name}" for name in ("target_ns", "estimated_ns") if getattr(top.timing, name) is not None}
    found |= {f"latency {name}" for name in ("best", "worst") if getattr(top.latency, name) is not None}
    return found | {r.name for r in top.resources if r.used is not None and r.name in ("BRAM_18K", "DSP", "FF", "LUT")}


def read(data: bytes, label: str) -> tuple[VendorReport | None, tuple[Diagnostic, ...]]:
    try:
        return parse_report(data, label), ()
    except AlloError as error:
        return None, error.diagnostics


def check(path: Path, name: str, data: bytes, whole: VendorReport) -> str:
    """Read a damaged file, and return what came of it; fail where something is not as it has to be."""
    label = f"{path.name} ({name})"
    report, faults = read(data, label)
    if report is None:
        assert faults
        for fault in faults:
            assert (fault.code, fault.where) == ("report", label)
            assert fault.hint
            assert label in str(fault)
        assert render_all(faults)
        return "refused"
    assert invented(report, data.decode("utf-8", "replace")) == [], label
    json.dumps(report_json(report), allow_nan=False)
    assert vendor_text([report])
    assert render_all(report.notes) or not report.notes
    lost = known_figures(whole) - known_figures(report)
    # A text report that lost its title is of no top, or of another kind.
    if lost and report.origin == whole.origin and report.general.top == whole.general.top:
        assert report.notes, f"{label} lost {lost}"
    return "noted" if report.notes else "read"


def test_damaged_reports_of_our_own() -> None:
    whole = {path: parse_report(path.read_bytes(), str(path)) for path in FILES}
    came = [check(path, name, data, whole[path]) for path, name, data in damaged(FILES, OWN_TIMES)]
    assert len(came) == OWN_TIMES
    # The damage is such that all three happen, or the test would show little.
    assert min(came.count(outcome) for outcome in ("refused", "noted", "read")) > 100


@pytest.mark.skipif(not REAL, reason="the real reports are not here")
def test_damaged_reports_of_real_designs() -> None:
    short = [path for path in REAL if path.stat().st_size < LONG]
    whole = {path: parse_report(path.read_bytes(), str(path)) for path in short}
    came = [check(path, name, data, whole[path]) for path, name, data in damaged(short, REAL_TIMES)]
    assert came.count("refused") > 10


def test_the_check_finds_a_figure_that_is_made_up() -> None:
    text = next(path for path in FILES if path.name == "scale_csynth.rpt").read_text()
    report = parse_report(text.encode(), "x")
    assert invented(report, text) == []
    assert 1024 in invented(report, text.replace("1024", "1025"))
    assert 8.231 in invented(report, text.replace("8.231", "8.232"))

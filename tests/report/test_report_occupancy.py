"""How full FIFOs were over time: as the simulation counted it, in steps, in every form of a report."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from allo_studio.diagnostics import AlloError
from allo_studio.hardware.devices import find_device
from allo_studio.pipeline import build, size_project
from allo_studio.project import load_project
from allo_studio.report import parse_document
from allo_studio.report.assemble import assemble_report
from allo_studio.report.document import document, dump
from allo_studio.report.html_page import html_page
from allo_studio.report.model import OccupancyRow, Report
from allo_studio.simulate.cycle.design import CycleRun

DIAMOND = Path(__file__).parents[2] / "projects" / "diamond"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return build(load_project(DIAMOND), tmp_path_factory.mktemp("occupancy") / "rtl", target="rtl").report


def test_the_most_is_what_the_channels_say(report: Report) -> None:
    assert {row.id for row in report.occupancy} == {row.id for row in report.channels if row.kind == "fifo"}
    for row in report.occupancy:
        channel = report.channel(row.id)
        assert channel is not None
        assert max(row.most) == channel.observed
        assert len(row.least) == len(row.most) <= 240
        assert all(low <= high for low, high in zip(row.least, row.most, strict=True))
        # All invocations: one after the other, an interval apart.
        cycles = report.latency + 3 * report.interval
        assert 0 <= len(row.most) * row.step - cycles < row.step


@pytest.mark.parametrize("cycles", [1, 7, 240, 241, 1000])
def test_steps_keep_the_least_and_the_most(cycles: int) -> None:
    held = np.random.default_rng(cycles).integers(0, 9, cycles)
    loaded = load_project(DIAMOND)
    sized = size_project(loaded)
    run = CycleRun((cycles,), {}, {"a": held, "none": held[:0]})
    made = assemble_report(loaded.project, sized, find_device(loaded.project.target.device), None, (), run)
    (row,) = made.occupancy
    parts = [held[at : at + row.step] for at in range(0, cycles, row.step)]
    assert row.most == tuple(int(part.max()) for part in parts)
    assert row.least == tuple(int(part.min()) for part in parts)
    assert len(parts) <= 240


def test_the_forms_of_a_report_have_it(report: Report) -> None:
    assert parse_document(dump(document("ok", (), report)), "here").occupancy == report.occupancy
    page = html_page(report)
    part = page.partition("<h2>FIFO occupancy over time</h2>")[2].partition("<h2>")[0]
    assert part.count("<path") == 2 * len(report.occupancy)
    assert "at most 20 of 20" in part
    # No number of the drawing is none.
    assert not re.search(r"nan|inf", part)


def test_a_fifo_that_was_never_used_is_drawn() -> None:
    text = (Path(__file__).parents[2] / "docs" / "json.md").read_text(encoding="utf-8")
    found = json.loads(text.partition("```json\n")[2].partition("```")[0])
    unused = {"id": "x", "step": 1, "least": [0], "most": [0]}
    found["report"]["occupancy"] = [unused, {"id": "y", "step": 3, "least": [], "most": []}]
    made = parse_document(json.dumps(found), "here")
    assert made.occupancy == (OccupancyRow("x", 1, (0,), (0,)), OccupancyRow("y", 3, (), ()))
    assert "FIFO occupancy over time" in html_page(made)
    for wrong in ({"least": [2]}, {"most": [0, 1]}, {"step": 0}, {"least": [-1]}, {"most": "many"}, {"id": 3}):
        found["report"]["occupancy"][0] = {**unused, **wrong}
        with pytest.raises(AlloError, match="occupancy"):
            parse_document(json.dumps(found), "here")

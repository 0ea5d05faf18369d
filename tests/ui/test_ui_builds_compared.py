"""Any two builds that are kept, compared; and the page of the report that is in front as a file."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from schedule_samples import report

import ui.builder
from allo_studio.diagnostics import AlloError
from allo_studio.pipeline import BuildResult
from allo_studio.report.model import OccupancyRow, Report, ResourceRow
from ui.build_history import MOST_KEPT, builds_of, keep_build
from ui.report_view import ReportView
from ui.tables import rows_text
from ui.view_export import rows_of, save_view
from ui.window import Window

NOON = datetime(2025, 3, 2, 12, 0, 0)


def built(interval: int) -> Report:
    return replace(report(), interval=interval)


def test_builds_are_kept_the_last_first(tmp_path: Path) -> None:
    assert builds_of(tmp_path, "p") == ()
    for number in range(3):
        assert keep_build(tmp_path, built(number), "rtl", NOON + timedelta(minutes=number)) == ""
    # Two in a second, and one of another target and of another project.
    assert keep_build(tmp_path, built(9), "hls", NOON) == ""
    assert keep_build(tmp_path, built(10), "hls", NOON) == ""
    assert keep_build(tmp_path, replace(built(1), project="p-rtl"), "hls", NOON) == ""
    found = builds_of(tmp_path, "p")
    assert [each.report().interval for each in found] == [2, 1, 10, 9, 0]
    assert [each.target for each in found] == ["rtl", "rtl", "hls", "hls", "rtl"]
    assert found[0].title == "2 Mar 12:02:00  ·  RTL"
    assert [each.report().project for each in builds_of(tmp_path, "p-rtl")] == ["p-rtl"]


def test_a_build_that_says_the_same_is_kept_once(tmp_path: Path) -> None:
    for number, interval in enumerate((1, 1, 2, 1)):
        keep_build(tmp_path, built(interval), "hls", NOON + timedelta(minutes=number))
    assert [each.report().interval for each in builds_of(tmp_path, "p")] == [1, 2, 1]
    keep_build(tmp_path, built(1), "rtl", NOON)
    assert len(builds_of(tmp_path, "p")) == 4, "it is of another target"


def test_the_oldest_goes(tmp_path: Path) -> None:
    for number in range(MOST_KEPT + 3):
        keep_build(tmp_path, built(number), "hls", NOON + timedelta(minutes=number))
    found = builds_of(tmp_path, "p")
    assert len(found) == MOST_KEPT
    assert found[-1].report().interval == 3


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "build").write_text("a file")
    assert "cannot be kept in" in keep_build(tmp_path, built(1), "hls", NOON)
    (tmp_path / "build").unlink()
    keep_build(tmp_path, built(1), "hls", NOON)
    (tmp_path / "build" / "history" / "p-hls-20251399-000000.json").write_text("no such month")
    (tmp_path / "build" / "history" / "notes.txt").write_text("something else")
    assert len(builds_of(tmp_path, "p")) == 1


def test_any_two_builds_can_be_compared(report_view: ReportView, tmp_path: Path) -> None:
    for number, interval in enumerate((100, 200, 900)):
        keep_build(tmp_path, built(interval), "hls", NOON + timedelta(minutes=number))
    report_view.show_report(built(900), "hls")
    report_view.show_kept(builds_of(tmp_path, "p"))
    view = report_view.comparison
    assert report_view.tabs.isTabVisible(report_view.tabs.indexOf(view)), "an earlier session has built it"

    def figures() -> list[list[str]]:
        return [row[3:] for row in rows_text(view.table)[1:]]

    assert figures() == [["200", "900", "+350.0%"]]
    view.before.setCurrentIndex(2)
    assert figures() == [["100", "900", "+800.0%"]]
    view.after.setCurrentIndex(2)
    assert figures() == [["100", "200", "+100.0%"]]
    assert view.said.text() == "1 figure differs"
    view.before.setCurrentIndex(1)
    assert figures() == []
    # One that is gone since is told and not compared.
    builds_of(tmp_path, "p")[2].file.unlink()
    view.before.setCurrentIndex(2)
    assert "cannot read the report" in view.said.text()
    assert figures() == []


def test_builds_of_the_window_are_kept(
    studio: Window, qtbot: Any, monkeypatch: pytest.MonkeyPatch, project: Path
) -> None:
    intervals = iter((100, 200))
    monkeypatch.setattr(ui.builder, "build", lambda *_, **__: BuildResult(built(next(intervals))))
    for _ in range(2):
        studio.do_build()
        qtbot.waitUntil(lambda: not studio.builder.running, timeout=5000)
    assert [each.report().interval for each in builds_of(project, "p")] == [200, 100]
    box = studio.panels.report.comparison.before
    assert box.itemText(0) == "the build before"
    assert box.count() == 3


def test_the_title_counts_what_is_compared(report_view: ReportView, tmp_path: Path) -> None:
    for number in (1, 2):
        keep_build(tmp_path, built(number), "hls", NOON + timedelta(minutes=number))
    report_view.show_report(built(2), "hls")
    report_view.show_kept(builds_of(tmp_path, "p"))
    view = report_view.comparison
    at = report_view.tabs.indexOf(view)
    counts = set()
    for number in range(view.before.count()):
        view.before.setCurrentIndex(number)
        assert report_view.tabs.tabText(at) == f"Changes ({view.count})"
        counts.add(view.count)
    assert len(counts) > 1


FULL = replace(report(), occupancy=(OccupancyRow("top/a.Y->b.X", 10, (0, 2), (1, 4)),))
PAGES = ("Summary", "Dataflow", "Call graph", "Blocks", "Loops", "Schedule", "Channels", "Occupancy")


@pytest.fixture
def full(report_view: ReportView) -> ReportView:
    report_view.show_report(FULL, "hls")
    return report_view


def test_bars_are_written_as_what_they_say(report_view: ReportView) -> None:
    found = (ResourceRow("DSP", 100, 400), ResourceRow("URAM", 0, 0))
    report_view.show_report(replace(FULL, resources=found), "hls")
    tables = {tuple(rows[0]): rows[1:] for rows in rows_of(report_view.summary)}
    shares = [row[3] for row in tables["Resource", "Used", "Available", "Share"]]
    assert shares == ["25.0%", "none on this device"]


def front(view: ReportView, title: str) -> None:
    view.tabs.setCurrentIndex([view.tabs.tabText(n) for n in range(view.tabs.count())].index(title))
    QApplication.processEvents()


@pytest.mark.parametrize("title", PAGES)
def test_every_page_is_written_in_every_form(full: ReportView, title: str, tmp_path: Path) -> None:
    front(full, title)
    for ending in ("png", "svg", "csv", "json"):
        save_view(full.page, title, tmp_path / f"view.{ending}")
    picture = QImage(str(tmp_path / "view.png"))
    colours = {picture.pixel(x, y) for x in range(0, picture.width(), 3) for y in range(0, picture.height(), 3)}
    assert len(colours) > 3, "something is drawn"
    drawn = ElementTree.fromstring((tmp_path / "view.svg").read_text())
    assert len(list(drawn.iter())) > 10
    found = json.loads((tmp_path / "view.json").read_text())
    assert found["view"] == title
    assert any(table["rows"] for table in found["tables"])
    for table in found["tables"]:
        assert all(len(row) == len(table["columns"]) for row in table["rows"])
    rows = list(csv.reader((tmp_path / "view.csv").read_text().splitlines()))
    assert len(rows) == sum(len(each) for each in rows_of(full.page)) + len(found["tables"]) - 1


def test_the_rows_of_a_page_are_what_is_shown(full: ReportView) -> None:
    front(full, "Loops")
    (loops,) = rows_of(full.page)
    assert loops == rows_text(full.loops)
    front(full, "Occupancy")
    assert rows_of(full.page) == [[
        ["FIFO", "First cycle", "Last cycle", "Least", "Most"],
        ["top/a.Y->b.X", "0", "9", "0", "1"], ["top/a.Y->b.X", "10", "19", "2", "4"],
    ]]  # fmt: skip
    front(full, "Schedule")
    operations, pieces = rows_of(full.page)
    assert "fadd" in " ".join(cell for row in operations for cell in row)
    assert [row[0] for row in pieces[1:3]] == ["cascade/mm1   dot", "i"]


def test_no_cell_is_a_formula(full: ReportView, tmp_path: Path) -> None:
    blocks = (replace(FULL.processes[0], kernel="=1+2", formula="-x"), replace(FULL.processes[1], kernel="-5"))
    full.show_report(replace(FULL, processes=blocks), "hls")
    front(full, "Blocks")
    save_view(full.page, "Blocks", tmp_path / "b.csv")
    text = (tmp_path / "b.csv").read_text()
    assert "'=1+2" in text
    assert "'-x" in text
    assert ",-5," in text


def test_a_name_of_no_kind_and_a_place_that_is_not_there_are_told(full: ReportView, tmp_path: Path) -> None:
    front(full, "Blocks")
    with pytest.raises(AlloError, match="says no kind of file"):
        save_view(full.page, "Blocks", tmp_path / "b.txt")
    (tmp_path / "none").write_text("a file where a folder is expected")
    for name in ("b.csv", "b.png", "b.svg"):
        with pytest.raises(AlloError, match="cannot"):
            save_view(full.page, "Blocks", tmp_path / "none" / name)
    front(full, "Dataflow")
    with pytest.raises(AlloError, match="cannot write"):
        save_view(full.page, "Dataflow", tmp_path / "none" / "d.png")


def test_the_action_writes_the_page_in_front(
    studio: Window, qtbot: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(ui.builder, "build", lambda *_, **__: BuildResult(FULL))
    assert not studio.actions_by_id["export_view"].isEnabled()
    studio.do_build()
    qtbot.waitUntil(lambda: not studio.builder.running, timeout=5000)
    front(studio.panels.report, "Channels")
    for name, words in (("c.json", "Wrote"), ("c.odt", "says no kind of file")):
        studio.prompts.answers = {"view_file": tmp_path / name}  # type: ignore[attr-defined]
        studio.actions_by_id["export_view"].trigger()
        assert words in studio.statusBar().currentMessage()
    assert json.loads((tmp_path / "c.json").read_text())["view"] == "p: Channels"

"""Figures by origin and changes between builds in the window, and what can be read and written there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from schedule_samples import report
from synthesis_reports import ModuleSaid, csynth_xml

import ui.builder
from allo_studio.pipeline import BuildResult
from allo_studio.report import Report
from allo_studio.report.model import FigureRow
from nodes import colours
from ui.report_view import ReportView
from ui.tables import PLACE, items_of
from ui.window import Window

WHOLE = FigureRow("design", "top", "latency", {"predicted": 100, "csynth model": 110}, function="top")
BLOCK = FigureRow("block", "top/dot", "DSP", {"predicted": 5, "csynth": 10}, function="dot")


def texts(widget: Any) -> list[list[str]]:
    return [[item.text(column) for column in range(widget.columnCount())] for item in items_of(widget)]


def is_shown(view: ReportView, page: Any) -> bool:
    return bool(view.tabs.isTabVisible(view.tabs.indexOf(page)))


def test_a_column_for_each_origin(report_view: ReportView) -> None:
    assert not is_shown(report_view, report_view.origins), "there is only the prediction"
    report_view.show_report(replace(report(), figures=(WHOLE, BLOCK)))
    assert is_shown(report_view, report_view.origins)
    heads = [report_view.origins.headerItem().text(n) for n in range(report_view.origins.columnCount())]
    assert heads == ["Part", "Loop", "Figure", "predicted", "csynth model", "csynth"]
    assert texts(report_view.origins) == [
        ["top", "", "latency", "100", "110", ""],
        ["top/dot", "", "DSP", "5", "", "10  (-50.0%)"],
    ]
    item = items_of(report_view.origins)[1]
    assert item.data(0, PLACE) == "top/dot"
    assert item.foreground(5).color() == colours.WARNING
    assert item.toolTip(5) == "what was predicted for it is off by -50.0%"
    chosen: list[str] = []
    report_view.place_chosen.connect(chosen.append)
    report_view.origins.itemClicked.emit(item, 0)
    assert chosen == ["top/dot"]


def test_what_is_different_from_the_build_before(report_view: ReportView) -> None:
    first, second = report(), replace(report(), interval=report().interval + 5)
    report_view.show_report(None)
    report_view.show_report(first, "hls")
    assert not is_shown(report_view, report_view.comparison), "it is the first build"
    report_view.show_report(second, "rtl")
    assert not is_shown(report_view, report_view.comparison), "it is the first build of this target"
    report_view.show_report(second, "hls")
    assert is_shown(report_view, report_view.comparison)
    assert report_view.tabs.tabText(report_view.tabs.indexOf(report_view.comparison)) == "Changes (1)"
    (row,) = texts(report_view.changes)
    assert row[:5] == ["cycles", "vitis interval", "cycles", f"{first.interval:,}", f"{second.interval:,}"]
    # Shown again, or with further columns, it is still the same build.
    report_view.show_report(second, "hls")
    report_view.show_report(replace(second, figures=(BLOCK,)), "hls")
    assert len(texts(report_view.changes)) == 1
    report_view.builds = {}
    report_view.show_report(first, "hls")
    assert not is_shown(report_view, report_view.comparison), "another project is open"


@pytest.fixture
def built(studio: Window, qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> Window:
    made: Report = replace(report(), figures=(WHOLE, BLOCK))
    monkeypatch.setattr(ui.builder, "build", lambda *_, **__: BuildResult(made))
    assert not studio.actions_by_id["export_report"].isEnabled()
    studio.do_build()
    qtbot.waitUntil(lambda: not studio.builder.running, timeout=5000)
    assert studio.actions_by_id["export_report"].isEnabled()
    return studio


def test_a_vendors_report_is_read(built: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right, wrong = tmp_path / "csynth.xml", tmp_path / "other.xml"
    right.write_text(csynth_xml("top", [ModuleSaid("dot", 5, {"DSP": 6}), ModuleSaid("top", 120)]))
    wrong.write_text(csynth_xml("else", [ModuleSaid("else", 5)]))
    for file in (wrong, right):
        monkeypatch.setattr(built.prompts, "vendor_report", lambda _, file=file: file)
        built.actions_by_id["vendor_report"].trigger()
        if file is wrong:
            assert "says nothing of the parts of this build" in built.statusBar().currentMessage()
            assert "csynth" not in built.session.result.report.figures[0].values  # type: ignore[union-attr]
    rows = texts(built.panels.report.origins)
    assert rows[0][-1] == "120  (-8.3%)"
    assert rows[1][-1] == "6  (-16.7%)"
    assert "stand in the table by origin" in built.statusBar().currentMessage()


def test_a_report_is_written(built: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, wanted in (("out.html", ["out.html"]), ("tables", ["tables/figures.csv", "tables/blocks.csv"])):
        monkeypatch.setattr(built.prompts, "report_file", lambda _, name=name: tmp_path / name)
        built.actions_by_id["export_report"].trigger()
        assert all((tmp_path / file).stat().st_size for file in wanted)
    monkeypatch.setattr(built.prompts, "report_file", lambda _: Path("/proc/none/out.html"))
    built.actions_by_id["export_report"].trigger()
    assert "/proc/none" in built.statusBar().currentMessage()
    monkeypatch.setattr(built.prompts, "report_file", lambda _: None)
    built.actions_by_id["export_report"].trigger()

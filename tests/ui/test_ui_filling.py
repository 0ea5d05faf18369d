"""Pages that are filled when they are looked at, or one after another."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtWidgets import QLabel, QTabWidget
from schedule_samples import report

from ui.filling import Filling
from ui.report_view import ReportView


@pytest.fixture
def pages(qtbot: Any) -> tuple[QTabWidget, list[QLabel]]:
    tabs, labels = QTabWidget(), [QLabel() for _ in range(4)]
    for label in labels:
        tabs.addTab(label, "")
    qtbot.addWidget(tabs)
    return tabs, labels


def test_only_the_page_in_front_is_filled_at_once(pages: tuple[QTabWidget, list[QLabel]], qtbot: Any) -> None:
    tabs, labels = pages
    filling, at_once = Filling(tabs), []
    for label in labels:
        filling.want(label, lambda label=label: (label.setText("filled"), at_once.append(label)))
    assert [label.text() for label in labels] == ["filled", "", "", ""]
    tabs.setCurrentIndex(2)
    assert [label.text() for label in labels] == ["filled", "", "filled", ""], "before it is seen"
    qtbot.waitUntil(lambda: all(label.text() for label in labels))
    assert at_once == [labels[0], labels[2], labels[1], labels[3]], "each once"


def test_what_was_wanted_before_is_never_shown(pages: tuple[QTabWidget, list[QLabel]], qtbot: Any) -> None:
    tabs, labels = pages
    filling, shown = Filling(tabs), []
    for text in ("old", "new"):
        filling.want(labels[1], lambda text=text: shown.append(text))
    filling.want(labels[2], lambda: shown.append("forgotten"))
    filling.fill(labels[1])
    filling.forget()
    filling.want(labels[3], lambda: shown.append("last"))
    qtbot.waitUntil(lambda: "last" in shown)
    assert shown == ["new", "last"]


def test_no_page_of_a_report_is_of_the_one_before(report_view: ReportView) -> None:
    first = report()
    report_view.show_report(first, "hls")
    assert report_view.blocks.topLevelItem(0).text(0) == first.processes[0].path
    paths = [replace(row, path=f"{row.path}_2") for row in first.processes]
    second = replace(first, processes=tuple(paths), top="other")
    # Without a turn of the event loop in between: whoever asks for a page gets it filled.
    report_view.show_report(second, "hls")
    assert report_view.blocks.topLevelItem(0).text(0) == f"{first.processes[0].path}_2"
    assert report_view.changes.topLevelItemCount() == report_view.comparison.count > 0
    report_view.tabs.setCurrentIndex(1)
    assert report_view.page.report is second, "a page in front is filled before it is painted"


def test_a_report_that_is_gone_is_not_shown_later(report_view: ReportView, qtbot: Any) -> None:
    gone = replace(report(), top="gone")
    report_view.show_report(gone, "hls")
    report_view.show_report(None)
    qtbot.wait(100)
    assert report_view.schedule.pieces == ()
    assert report_view.dataflow.report != gone

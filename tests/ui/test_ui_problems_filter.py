"""Many problems: a filter over their words, and what is copied with it."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtGui import QGuiApplication

from allo_studio.diagnostics import Diagnostic
from ui.problems import Problems

FOUND = (
    Diagnostic("type", "A is int8 and B is int16", where="top/a.Y->b.X", hint="convert it"),
    Diagnostic("layout", "B is in four banks", where="top/b"),
    Diagnostic("layout", "C may be in two banks", where="top/c", severity="warning"),
    Diagnostic("calibration", "it is of another clock", where="target", severity="note"),
)


@pytest.fixture
def problems(qtbot: Any) -> Problems:
    made = Problems()
    qtbot.addWidget(made)
    made.show_diagnostics(FOUND)
    made.show()
    return made


def left(problems: Problems) -> list[int]:
    items = [problems.tree.topLevelItem(number) for number in range(len(FOUND))]
    return [number for number, item in enumerate(items) if item is not None and not item.isHidden()]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", [0, 1, 2, 3]),
        ("layout", [1, 2]),
        ("LAYOUT warning", [2]),
        ("top/b banks", [1]),
        ("clock", [3]),
        ("zebra", []),
    ],
)
def test_words_of_a_problem(problems: Problems, text: str, wanted: list[int]) -> None:
    problems.filter.setText(text)
    assert left(problems) == wanted
    # Problems that come later are filtered too.
    problems.show_diagnostics(FOUND)
    assert left(problems) == wanted
    problems.copy()
    copied = QGuiApplication.clipboard().text()
    assert [number for number, one in enumerate(FOUND) if one.message in copied] == wanted


def test_few_problems_need_no_filter(problems: Problems) -> None:
    assert problems.filter.isVisibleTo(problems)
    problems.show_diagnostics(FOUND[:2])
    assert not problems.filter.isVisibleTo(problems)
    # One that hides them all stays where it can be taken away.
    problems.filter.setText("zebra")
    problems.show_diagnostics(FOUND[:2])
    assert problems.filter.isVisibleTo(problems)

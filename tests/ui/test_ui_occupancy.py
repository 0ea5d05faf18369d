"""The strips of FIFOs over time: what the pointer tells, where a click leads, and that they are drawn."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from schedule_samples import report

from allo_studio.report.model import ChannelRow, OccupancyRow
from nodes import colours
from ui.report_view import ReportView
from ui.theme import apply_theme

ROWS = (OccupancyRow("top/a.Y->b.X", 10, (0, 2, 1), (1, 4, 4)), OccupancyRow("top/b.Y->c.X", 10, (0, 0), (0, 0)))
CHANNEL = ChannelRow("top/a.Y->b.X", "fifo", "int32[8]", 32, depth={"vitis": 4})


def test_the_strips_have_room_where_the_window_is_small(report_view: ReportView, qapp: QApplication) -> None:
    """At 200% in a dock that is as wide as three of its columns at 100%."""
    view = report_view.occupancy
    report_view.show_report(replace(report(), occupancy=ROWS, channels=(CHANNEL,)))
    report_view.tabs.setCurrentWidget(view)
    for scale, width in ((1.0, 700), (2.0, 860), (2.0, 640)):
        apply_theme(qapp, "dark", scale)
        report_view.resize(width, 400)
        QApplication.processEvents()
        strips = view.strips
        area = strips.area(0)
        assert area.width() >= width * 0.15, (scale, width)
        # What is behind a strip is not cut.
        label = strips.fontMetrics().horizontalAdvance("at most 4 of 4")
        assert area.right() + label <= strips.width(), (scale, width)
        strips.choose(0, 1)
        for shown in (strips.foot(int(area.width())), strips.foot(10_000)):
            wide = sum(strips.fontMetrics().horizontalAdvance(text) for _, text in shown)
            assert wide <= max(area.width(), 10_000 if len(shown) == 3 else 0) or len(shown) == 1
    assert len(strips.foot(10_000)) == 3
    strips.cursor = None
    assert [text for _, text in strips.foot(10_000)] == ["cycle 0", "30"]
    assert [text for _, text in strips.foot(20)] == ["30"]
    apply_theme(qapp, "dark")


def test_the_strips(report_view: ReportView) -> None:
    view = report_view.occupancy
    assert not report_view.tabs.isTabVisible(report_view.tabs.indexOf(view))
    report_view.show_report(replace(report(), occupancy=ROWS, channels=(CHANNEL,)))
    assert report_view.tabs.isTabVisible(report_view.tabs.indexOf(view))
    report_view.tabs.setCurrentWidget(view)
    report_view.resize(1000, 400)
    report_view.show()
    QApplication.processEvents()
    strips = view.strips
    assert strips.cycles == 30
    area = strips.area(0)
    third = area.width() / 3
    assert strips.at(QPointF(area.left() + 1.5 * third, area.center().y())) == (0, 1)
    assert strips.at(QPointF(area.left() - 5, area.center().y())) is None
    assert strips.at(QPointF(area.center().x(), 5000)) is None
    # The second row ends sooner.
    assert strips.at(QPointF(area.left() + 2.5 * third, strips.area(1).center().y())) is None
    assert strips.told(0, 1) == "top/a.Y->b.X\ncycles 10 to 19: 2 to 4 of 4 tokens"
    assert strips.told(1, 0) == "top/b.Y->c.X\ncycles 0 to 9: 0 of 0 tokens"
    picture = strips.grab().toImage()
    scale = picture.devicePixelRatio()

    def colour(step: float, height: float) -> str:
        x, y = area.left() + step * third, area.bottom() - height * area.height()
        return picture.pixelColor(round(x * scale), round(y * scale)).name()

    # Half full in all cycles of the second step, and full in some; the first is empty above a quarter.
    assert colour(1.5, 0.3) == colours.ACCENT.name()
    assert colour(1.5, 0.8) not in (colours.ACCENT.name(), colours.GRID.name())
    assert colour(0.5, 0.8) == colours.GRID.name()
    chosen: list[str] = []
    report_view.place_chosen.connect(chosen.append)
    QTest.mouseClick(strips, Qt.MouseButton.LeftButton, pos=strips.area(1).center().toPoint())
    assert chosen == ["top/b.Y->c.X"]
    # The keys go along the rows and the cycles; what a step says can be read by other programs too.
    strips.setFocus()
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Left, Qt.Key.Key_Left, Qt.Key.Key_Left, Qt.Key.Key_Right):
        QTest.keyClick(strips, key)
    assert strips.cursor == (0, 1)
    assert strips.accessibleDescription() == "top/a.Y->b.X\ncycles 10 to 19: 2 to 4 of 4 tokens"
    QTest.keyClick(strips, Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    assert strips.cursor == (0, 2), "the last step there is"
    QTest.keyClick(strips, Qt.Key.Key_Down)
    QTest.keyClick(strips, Qt.Key.Key_Down)
    assert strips.cursor == (1, 1), "the second row ends sooner"
    QTest.keyClick(strips, Qt.Key.Key_Return)
    assert chosen[-1] == "top/b.Y->c.X"
    report_view.show_report(replace(report(), occupancy=()))
    assert report_view.occupancy.strips is strips
    QTest.keyClick(strips, Qt.Key.Key_Down)
    assert strips.cursor is None

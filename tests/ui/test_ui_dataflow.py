"""The drawing of the dataflow and the heat map of the call graph: what they say, and where mouse and keys lead."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from schedule_samples import LINE, report

from allo_studio.report.call_graph import FIGURES, call_graph
from allo_studio.report.model import ChannelRow, ProcessRow, Report
from nodes import colours
from ui.dataflow_view import DataflowView
from ui.flow_scene import ProcessItem
from ui.heat import heat_colour, ink_on
from ui.heat_map import tiles_of
from ui.heat_view import HeatView
from ui.report_view import ReportView
from ui.tables import items_of, rows_text


def sample() -> Report:
    """Two blocks of the samples with a channel, and a graph of two more."""
    made = report()
    blocks = (
        replace(made.processes[0], stall=1000),
        replace(made.processes[1], interval=2000),
        ProcessRow("cascade/sub/p", "k", 10, 10, 1),
        ProcessRow("cascade/sub/q", "k", 20, 20, 2),
    )
    joined = replace(made.channels[0], source="cascade/mm1.C", target="cascade/mm2.A", asked=9)
    inner = ChannelRow(
        "cascade/sub/p.Y->q.X", "pingpong", "int8[4]", 8, source="cascade/sub/p.Y", target="cascade/sub/q.X"
    )
    return replace(made, processes=blocks, channels=(joined, inner), interval=2000)


@pytest.fixture
def flow(report_view: ReportView) -> DataflowView:
    report_view.resize(1400, 500)
    report_view.show_report(sample(), "hls")
    report_view.tabs.setCurrentWidget(report_view.dataflow)
    QApplication.processEvents()
    return report_view.dataflow


def go(view: ReportView) -> tuple[list[str], list[str]]:
    places: list[str] = []
    lines: list[str] = []
    view.place_chosen.connect(places.append)
    view.source_chosen.connect(lines.append)
    return places, lines


def at(view: DataflowView, point: QPointF) -> object:
    return view.view.mapFromScene(point)


def test_processes_and_channels_say_their_figures(flow: DataflowView) -> None:
    mm1 = flow.scene.processes["mm1"]
    assert mm1.lines() == ("latency 1,000 · II 5", "interval 900", "stall 50.0% (1,000) · 24 DSP")
    (channel,) = flow.scene.channels
    assert channel.lines == ("fifo · 256 bit (8 elements)", "depth 6 (asked 9) · 5 needed")
    assert "trace" in channel.toolTip(), "the reason"
    assert rows_text(flow.processes)[1][:6] == ["mm1", "1,000", "900", "5", "1,000 (50.0%)", "24"]
    assert rows_text(flow.channels)[1][:6] == ["mm1.C->mm2.A", "fifo", "256", "9", "6 (open: 4)", "5"]


def test_the_bottleneck_is_marked_with_its_reason(flow: DataflowView) -> None:
    assert [name for name, item in flow.scene.processes.items() if item.slowest] == ["mm2"]
    assert flow.why.text().startswith("⚑ mm2 has the largest interval: 2,000 cycles")
    assert "mm2 has the largest interval" in flow.scene.processes["mm2"].toolTip()
    (row,) = [item for item in items_of(flow.processes) if not item.icon(0).isNull()]
    assert row.text(0) == "mm2"


def test_a_click_in_the_drawing_leads_to_the_block_and_the_wire(flow: DataflowView, report_view: ReportView) -> None:
    places, _ = go(report_view)
    box = flow.scene.processes["mm1"]
    QTest.mouseClick(flow.view.viewport(), Qt.MouseButton.LeftButton, pos=at(flow, box.pos() + QPointF(60, 60)))
    assert places == ["cascade/mm1"]
    assert flow.processes.currentItem().text(0) == "mm1"
    (channel,) = flow.scene.channels
    QTest.mouseClick(flow.view.viewport(), Qt.MouseButton.LeftButton, pos=at(flow, channel.label.center()))
    assert places[-1] == "cascade/mm1.C->mm2.A"
    # And the other way: what is chosen in a table is marked in the drawing.
    flow.processes.setCurrentItem(items_of(flow.processes)[1])
    assert [item.name for item in flow.scene.selectedItems() if isinstance(item, ProcessItem)] == ["mm2"]


def test_keys_choose_go_and_enter(flow: DataflowView, report_view: ReportView) -> None:
    places, lines = go(report_view)
    flow.view.setFocus()
    QTest.keyClick(flow.view, Qt.Key.Key_Right)
    first = flow.scene.selectedItems()
    QTest.keyClick(flow.view, Qt.Key.Key_Right)
    assert flow.scene.selectedItems() != first
    QTest.keyClick(flow.view, Qt.Key.Key_Return)
    assert len(places) == 1
    flow.scene.clearSelection()
    flow.scene.processes["sub"].setSelected(True)
    QTest.keyClick(flow.view, Qt.Key.Key_Return)
    assert places[-1] == "cascade/sub"
    assert flow.graphs.currentText() == "cascade/sub", "a graph is entered"
    assert set(flow.scene.processes) == {"p", "q"}
    flow.enter("cascade")
    flow.processes.setFocus()
    flow.processes.setCurrentItem(items_of(flow.processes)[0])
    QTest.keyClick(flow.processes, Qt.Key.Key_Return)
    assert places[-1] == "cascade/mm1"
    assert lines == [LINE.format(10)]
    before = flow.view.transform().m11()
    QTest.keyClick(flow.view, Qt.Key.Key_Plus)
    assert flow.view.transform().m11() > before
    QTest.keyClick(flow.view, Qt.Key.Key_0)
    assert flow.view.transform().m11() == pytest.approx(before)


def test_boxes_and_labels_do_not_meet(report_view: ReportView) -> None:
    made = sample()
    more = tuple(replace(made.channels[0], id=f"cascade/mm1.C{n}->mm2.A", source=f"cascade/mm1.C{n}") for n in range(4))
    report_view.show_report(replace(made, channels=more), "hls")
    scene = report_view.dataflow.scene
    labels = [item.label for item in scene.channels]
    assert len(labels) == 4
    assert not any(a.intersects(b) for n, a in enumerate(labels) for b in labels[:n])
    boxes = [item.sceneBoundingRect() for item in scene.processes.values()]
    assert not any(box.intersects(label) for box in boxes for label in labels)


@pytest.fixture
def heat(report_view: ReportView) -> HeatView:
    report_view.resize(1400, 500)
    report_view.show_report(sample(), "hls")
    report_view.tabs.setCurrentWidget(report_view.heat)
    QApplication.processEvents()
    return report_view.heat


def test_tiles_lie_in_each_other() -> None:
    tiles = tiles_of(call_graph(sample()))
    for tile in tiles[1:]:
        assert tile.parent is not None
        around = tiles[tile.parent]
        assert around.left - 1e-9 <= tile.left
        assert tile.left + tile.width <= around.left + around.width + 1e-9
        assert tile.width > 0
    for depth in {tile.depth for tile in tiles}:
        row = sorted((tile.left, tile.left + tile.width) for tile in tiles if tile.depth == depth)
        assert all(one[1] <= other[0] + 1e-9 for one, other in pairwise(row))


def test_another_figure_is_another_colour(heat: HeatView) -> None:
    number = next(n for n, tile in enumerate(heat.map.tiles) if tile.part.path == "cascade/mm1")

    def colour() -> str:
        picture, area = heat.map.grab().toImage(), heat.map.area(number)
        scale = picture.devicePixelRatio()
        return picture.pixelColor(round((area.right() - 3) * scale), round((area.bottom() - 3) * scale)).name()

    seen = {}
    for figure in FIGURES:
        heat.figure.setCurrentText(figure)
        seen[figure] = colour()
    # It waits half of its time; it has 24 of 51 DSPs, and of what no block has nothing.
    assert seen["Stall"] == heat_colour(0.5).name()
    assert seen["DSP"] == heat_colour(24 / 51).name()
    assert seen["BRAM"] == heat_colour(0.0).name()


def test_mouse_and_keys_choose_and_lead(heat: HeatView, report_view: ReportView) -> None:
    places, lines = go(report_view)
    number = next(n for n, tile in enumerate(heat.map.tiles) if tile.part.name == "k" and tile.part.kind == "loop")
    QTest.mouseClick(heat.map, Qt.MouseButton.LeftButton, pos=heat.map.area(number).center().toPoint())
    assert (places, lines) == (["cascade/mm1"], [LINE.format(10)])
    assert heat.table.currentItem().text(0) == "k"
    assert heat.told.text().startswith("loop k: ")
    heat.map.setFocus()
    QTest.keyClick(heat.map, Qt.Key.Key_Up)
    QTest.keyClick(heat.map, Qt.Key.Key_Up)
    assert heat.map.tiles[heat.map.current].part.path == "cascade/mm1"
    QTest.keyClick(heat.map, Qt.Key.Key_Right)
    assert heat.map.tiles[heat.map.current].part.path == "cascade/mm2"
    QTest.keyClick(heat.map, Qt.Key.Key_Return)
    assert places[-1] == "cascade/mm2"
    assert "mm2" in heat.map.accessibleDescription()
    QTest.keyClick(heat.map, Qt.Key.Key_Left)
    QTest.keyClick(heat.map, Qt.Key.Key_Down)
    assert heat.map.tiles[heat.map.current].depth == 2
    heat.table.setCurrentItem(items_of(heat.table)[0])
    assert heat.map.current == 0, "the table chooses in the map"


def test_text_on_every_heat_can_be_read() -> None:
    for theme in ("dark", "light"):
        colours.use(theme)
        try:
            for step in range(21):
                ground = heat_colour(step / 20)
                assert _contrast(ink_on(ground).getRgbF()[:3], ground.getRgbF()[:3]) >= 4.5, (theme, step)
        finally:
            colours.use("dark")


def _contrast(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    def light(parts: tuple[float, ...]) -> float:
        made = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
        return 0.2126 * made[0] + 0.7152 * made[1] + 0.0722 * made[2]

    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


def test_labels_of_channels_that_pass_a_process_do_not_meet(flow: DataflowView, report_view: ReportView) -> None:
    """As where a copy goes around a process, to be added to what that makes of the other."""
    names = ("fan", "attend", "sum")
    blocks = tuple(ProcessRow(f"top/{name}", name, 10, 10, 1) for name in names)
    ends = (("fan.y0", "attend.X"), ("fan.y1", "sum.B"), ("attend.Y", "sum.A"))
    wires = tuple(
        ChannelRow(f"top/{a}->{b}", "fifo", "int8[4]", 8, source=f"top/{a}", target=f"top/{b}") for a, b in ends
    )
    report_view.show_report(replace(report(), top="top", processes=blocks, channels=wires), "hls")
    scene = flow.scene
    labels = [item.label for item in scene.channels]
    assert len(labels) == 3
    boxes = [QRectF(box.pos(), QSizeF(*box.size)) for box in scene.processes.values()]
    for number, label in enumerate(labels):
        assert not any(label.intersects(other) for other in (*labels[:number], *boxes))

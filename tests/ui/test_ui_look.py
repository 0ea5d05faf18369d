"""The look: themes and the scale of the interface, in a window that is open."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QColor, QIcon, QImage
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QSizePolicy, QTabBar, QToolButton, QWidget
from schedule_samples import report

from nodes import colours
from nodes.themes import THEMES
from ui import preferences
from ui.app import application
from ui.cards import CardRow
from ui.icons import icon
from ui.sheet import sheet
from ui.tables import items_of
from ui.theme import apply_theme, resolved
from ui.window import Window


@pytest.fixture(autouse=True)
def as_before(qapp: QApplication) -> Iterator[None]:
    yield
    apply_theme(qapp, "dark")


def pixel(window: Window) -> str:
    """The colour of the canvas near its corner, between the dots of the grid."""
    image = window.panels.canvas.view.viewport().grab().toImage()
    shades = [image.pixelColor(x, 2).name() for x in range(40)]
    return max(set(shades), key=shades.count)


def colour_of(found: QIcon) -> str:
    """The colour that most of an icon is drawn in."""
    image: QImage = found.pixmap(48, 48).toImage()
    shades = [image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())]
    solid = [shade.name() for shade in shades if shade.alpha() == 255]
    return max(set(solid), key=solid.count)


def test_a_theme_is_taken_at_once_and_remembered(studio: Window) -> None:
    studio.panels.canvas.select("mm1")
    studio.actions_by_id["theme_light"].trigger()
    light = THEMES["light"]
    assert studio.palette().window().color().name() == light["window"]
    assert pixel(studio) == light["background"]
    view, block = studio.panels.canvas.view, studio.panels.canvas.block("mm2")
    inside = view.mapFromScene(block.mapToScene(block.width / 2, 70.0))
    assert view.viewport().grab().toImage().pixelColor(inside).name() == light["block"]
    assert studio.grab().toImage().pixelColor(300, 3).name() == light["window"]
    # What keeps a copy of a colour.
    heading = items_of(studio.panels.palette.tree)[0]
    assert heading.foreground(0).color().name() == light["muted"]
    for name, role in (("undo", "icon"), ("build", "on_primary")):
        assert colour_of(studio.actions_by_id[name].icon()) == light[role], name
    assert colour_of(heading.child(0).icon(0)) == light["accent"]
    assert preferences.load().theme == "light"
    checked = [name for name in ("system", "dark", "light") if studio.actions_by_id[f"theme_{name}"].isChecked()]
    assert checked == ["light"]
    application()
    assert colours.current() == "light"
    studio.actions_by_id["theme_dark"].trigger()
    assert pixel(studio) == THEMES["dark"]["background"]
    assert heading.foreground(0).color().name() == THEMES["dark"]["muted"]
    assert colour_of(studio.actions_by_id["build"].icon()) == THEMES["dark"]["on_primary"]


def test_code_takes_the_colours_of_the_theme(studio: Window) -> None:
    studio.panels.canvas.select("mm1")
    view = studio.panels.code.source
    at = view.toPlainText().index("def ")

    def shade() -> str:
        cursor = view.textCursor()
        cursor.setPosition(at + 1)
        return cursor.charFormat().foreground().color().name()

    assert shade() == THEMES["dark"]["code_keyword"]
    studio.actions_by_id["theme_light"].trigger()
    assert shade() == THEMES["light"]["code_keyword"]


def test_the_outline_takes_the_colours_of_the_theme(studio: Window) -> None:
    studio.actions_by_id["outline"].trigger()
    QApplication.processEvents()
    outline = studio.panels.outline

    def shades() -> tuple[str, str]:
        block = outline.model.item(0).child(0, 0)
        kind = outline.model.item(0).child(0, 1)
        return colour_of(block.icon()), kind.foreground().color().name()

    assert shades() == (THEMES["dark"]["icon"], THEMES["dark"]["muted"])
    studio.actions_by_id["theme_light"].trigger()
    assert shades() == (THEMES["light"]["icon"], THEMES["light"]["muted"])


def test_what_a_report_draws_follows_the_scale(studio: Window) -> None:
    parts = studio.panels.report
    parts.show_report(report())
    boxes = list(parts.dataflow.scene.processes.values())
    assert len(boxes) > 1
    studio.choose_look(scale=200)
    boxes = list(parts.dataflow.scene.processes.values())
    outlines = [box.sceneBoundingRect() for box in boxes]
    assert not any(one.intersects(other) for at, one in enumerate(outlines) for other in outlines[:at])
    assert all(parts.dataflow.scene.sceneRect().contains(one) for one in outlines)


def test_the_palette_keeps_its_width_at_a_large_scale(studio: Window) -> None:
    studio.resize(1560, 980)
    studio.choose_look(scale=200)
    for _ in range(5):
        QApplication.processEvents()
    # Neither a page that is not shown nor a text that may wrap takes the room of the docks.
    assert studio.panels.palette.width() >= 240
    assert studio.panels.middle.minimumSizeHint().width() < studio.width() // 2


def test_the_toolbar_is_at_the_start_as_it_is_after_the_look_was_changed(studio: Window) -> None:
    bar = studio.toolbar
    first = (bar.iconSize(), bar.height())
    assert first[0].width() == 18
    for percent in (200, 100):
        studio.choose_look(scale=percent)
        QApplication.processEvents()
        assert bar.iconSize().width() == 18 * percent // 100
    assert (bar.iconSize(), bar.height()) == first


def test_the_graph_stays_in_sight_at_another_scale(studio: Window) -> None:
    studio.resize(1560, 980)
    QApplication.processEvents()
    view = studio.panels.canvas.view
    for percent in (200, 100):
        studio.choose_look(scale=percent)
        for _ in range(5):
            QApplication.processEvents()
        seen = view.mapToScene(view.viewport().rect()).boundingRect()
        for name in ("mm1", "mm2"):
            assert seen.contains(studio.panels.canvas.block(name).sceneBoundingRect()), (percent, name)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_mark_of_more_in_the_toolbar_can_be_seen(studio: Window, theme: str) -> None:
    studio.actions_by_id[f"theme_{theme}"].trigger()
    studio.choose_look(scale=200)
    studio.resize(900, 700)
    QApplication.processEvents()
    mark = studio.toolbar.findChild(QToolButton, "qt_toolbar_ext_button")
    assert mark is not None
    assert mark.isVisible()
    assert colour_of(mark.icon()) == THEMES[theme]["icon"]


class _Layouts(QObject):
    """Counts what asks for a layout."""

    count = 0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.count += event.type() == QEvent.Type.LayoutRequest
        return super().eventFilter(watched, event)


def rests(qapp: QApplication, qtbot: Any) -> bool:
    """Whether nothing asks for a layout while nothing happens; docks move for some time after a change."""
    asked = _Layouts()
    qapp.installEventFilter(asked)
    qtbot.wait(40)
    qapp.removeEventFilter(asked)
    return not asked.count


@pytest.mark.parametrize(("theme", "percent", "width"), [("dark", 100, 1500), ("light", 100, 700), ("dark", 200, 900)])
def test_a_window_in_which_nothing_happens_rests(
    studio: Window, qapp: QApplication, qtbot: Any, theme: str, percent: int, width: int
) -> None:
    studio.choose_look(theme=theme, scale=percent)
    studio.resize(width, 700)
    qtbot.waitUntil(lambda: rests(qapp, qtbot), timeout=20_000)


def test_the_system_decides_where_it_is_asked(studio: Window, monkeypatch: pytest.MonkeyPatch, qapp: Any) -> None:
    class Hints:
        scheme = Qt.ColorScheme.Light

        def colorScheme(self) -> Qt.ColorScheme:
            return self.scheme

    monkeypatch.setattr(QApplication, "styleHints", lambda self: Hints())
    assert resolved(qapp, "system") == "light"
    assert resolved(qapp, "dark") == "dark"
    Hints.scheme = Qt.ColorScheme.Unknown
    assert resolved(qapp, "system") == "dark"
    Hints.scheme = Qt.ColorScheme.Light
    monkeypatch.undo()
    hints = qapp.styleHints()
    studio.choose_look(theme="system")
    monkeypatch.setattr(QApplication, "styleHints", lambda self: Hints())
    # The system changes while the window is open.
    hints.colorSchemeChanged.emit(Qt.ColorScheme.Light)
    assert pixel(studio) == THEMES["light"]["background"]


def test_the_interface_grows_step_by_step(studio: Window) -> None:
    name, mono = studio.panels.palette.search, studio.panels.code.source
    before = (name.font().pixelSize(), mono.font().pixelSize(), mono.gutter_width(), name.height())
    for percent in (125, 150, 175, 200, 200):
        studio.actions_by_id["larger"].trigger()
        assert preferences.load().scale == percent
    QApplication.processEvents()
    after = (name.font().pixelSize(), mono.font().pixelSize(), mono.gutter_width(), name.height())
    assert after[:2] == (2 * before[0], 2 * before[1])
    assert after[2] > 1.4 * before[2]
    assert after[3] > 1.6 * before[3]
    studio.actions_by_id["smaller"].trigger()
    assert preferences.load().scale == 175
    studio.actions_by_id["normal_size"].trigger()
    QApplication.processEvents()
    assert (name.font().pixelSize(), mono.font().pixelSize(), mono.gutter_width(), name.height()) == before


def test_a_sheet_has_all_lengths_at_the_scale_but_thin_lines() -> None:
    text = sheet(THEMES["light"], 1.5)
    assert "font-size: 36px" in text
    assert "border: 1px solid" in text
    assert "$" not in text
    with pytest.raises(KeyError):
        sheet({"window": "#000000"}, 1.0)


def test_an_icon_of_no_role_is_refused() -> None:
    with pytest.raises(KeyError):
        icon("open", QColor(1, 2, 3).name())


def test_levels_of_labels_have_their_colour(studio: Window) -> None:
    card = studio.panels.report.summary.cycles["Latency"]
    card.tell("5 cycles", "", "error")
    label: QLabel = card.number
    assert label.palette().windowText().color().name() == THEMES["dark"]["error"]
    studio.actions_by_id["theme_light"].trigger()
    assert label.palette().windowText().color().name() == THEMES["light"]["error"]
    card.tell("5 cycles", "")
    assert label.palette().windowText().color().name() == THEMES["light"]["text"]


def clipped(root: QWidget) -> list[str]:
    """The labels and buttons in view of which a part is cut off."""
    found = []
    for widget in root.findChildren(QWidget):
        if not isinstance(widget, (QLabel, QAbstractButton)) or not widget.isVisible():
            continue
        least = widget.minimumSizeHint()
        wraps = isinstance(widget, QLabel) and widget.wordWrap()
        height = widget.heightForWidth(widget.width()) if wraps else least.height()
        # Qt's own, for what there is no room for.
        if widget.objectName().startswith("qt_") or isinstance(widget.parent(), QTabBar):
            continue
        free = widget.sizePolicy().horizontalPolicy() == QSizePolicy.Policy.Ignored
        narrow = widget.width() < least.width() and not wraps and not free
        if narrow or widget.height() < height:
            found.append(f"{type(widget).__name__} {widget.text()!r}: {widget.size()} of {least}, {height} high")
    return found


@pytest.mark.parametrize("percent", [100, 150, 200])
def test_nothing_is_cut_off_at_any_scale(studio: Window, percent: int, qapp: QApplication) -> None:
    studio.resize(1680, 1020)
    studio.panels.canvas.select("mm1")
    studio.panels.report.show_report(report())
    studio.panels.bottom.setCurrentWidget(studio.panels.report)
    studio.choose_look(scale=percent)
    for _ in range(5):
        qapp.processEvents()
    assert studio.width() <= 1680, "the window would be larger than it was"
    assert studio.panels.canvas.width() > 1680 * 0.3
    for tab in range(studio.panels.report.tabs.count()):
        studio.panels.report.tabs.setCurrentIndex(tab)
        qapp.processEvents()
        assert not clipped(studio), "; ".join(clipped(studio))
    # The whole kernel page is within the inspector.
    page = studio.panels.inspector.kernel_page
    assert page.width() <= page.parentWidget().width()
    area = studio.panels.report.tabs.widget(0)
    studio.panels.report.tabs.setCurrentIndex(0)
    qapp.processEvents()
    cards = area.findChild(CardRow)
    assert cards is not None
    assert cards.columns == {100: 5, 150: 3, 200: 2}[percent]

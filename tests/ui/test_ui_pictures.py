"""The pictures of the documentation: each is there, small, used, and its scene can be played; so is the tutorial."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtGui import QColor, QImage, QPainter, QPixmap
from PySide6.QtWidgets import QApplication

from screenshots.images import write_image
from screenshots.scene import Scene, table_of
from screenshots.scenes import SCENES
from screenshots.stage import Stage
from screenshots.tutorial_scenes import cycles, play

DOCS = Path(__file__).resolve().parents[2] / "docs"
IMAGES = DOCS / "images"
_USED = re.compile(r"!\[([^\]]+)\]\(images/([\w-]+)\.png\)")


@pytest.fixture
def stage(qapp: QApplication, tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path)
    made.reset()
    yield made
    made.close()
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_each_picture_is_there_and_used() -> None:
    used = {name for page in DOCS.glob("*.md") for _, name in _USED.findall(page.read_text(encoding="utf-8"))}
    there = {file.stem for file in IMAGES.glob("*")}
    assert set(SCENES) == there == used


def test_the_pictures_are_small() -> None:
    sizes = {file.name: file.stat().st_size for file in IMAGES.iterdir()}
    assert max(sizes.values()) < 200_000, max(sizes, key=lambda name: sizes[name])
    assert sum(sizes.values()) < 5_000_000


@pytest.mark.parametrize("name", ["canvas-broken-wire", "window-problems", "safety-trust"])
def test_a_scene_is_as_large_as_its_picture(stage: Stage, name: str) -> None:
    played, kept = SCENES[name].play(stage), QImage(str(IMAGES / f"{name}.png"))
    # Fonts differ from computer to computer, and the heights of texts with them.
    assert abs(played.width() - kept.width()) < 80
    assert abs(played.height() - kept.height()) < 120
    image = played.toImage()
    assert len({image.pixel(x, y) for x in range(0, image.width(), 3) for y in range(0, image.height(), 3)}) > 20


def test_a_picture_keeps_its_colours(qapp: QApplication, tmp_path: Path) -> None:
    picture = QPixmap(300, 200)
    picture.fill(QColor("#123456"))
    painter = QPainter(picture)
    for n in range(300):
        painter.setPen(QColor.fromHsv(n, 255, 255))
        painter.drawLine(n, 0, n, 40)
    painter.fillRect(0, 100, 300, 20, QColor("#fedcba"))
    painter.end()
    write_image(picture, tmp_path / "a" / "b.png")
    found = QImage(str(tmp_path / "a" / "b.png"))
    assert found.format() == QImage.Format.Format_Indexed8
    assert (found.pixelColor(5, 150).name(), found.pixelColor(5, 110).name()) == ("#123456", "#fedcba")
    reds = [abs(found.pixelColor(n, 20).red() - QColor.fromHsv(n, 255, 255).red()) for n in range(300)]
    assert max(reds) < 24


def test_two_scenes_of_a_name_are_refused() -> None:
    scene = Scene("a", "A picture", lambda _: QPixmap())
    with pytest.raises(ValueError, match="two scenes are named a"):
        table_of((scene,), (scene,))


def test_the_tutorial_comes_to_what_its_text_says(stage: Stage) -> None:
    text = (DOCS / "tutorial.md").read_text(encoding="utf-8")
    shown = [name for _, name in _USED.findall(text)]
    found = {}
    for name, picture in play(stage):
        assert not picture.isNull()
        found[name] = cycles(stage)
    # The pictures stand in the order in which one comes to them.
    assert shown == list(found)
    first, slow, last = found["tutorial-report"], found["tutorial-why"], found["tutorial-changes"]
    assert f"**{first[0]:,} cycles predicted and {first[1]:,} simulated**" in text
    assert f"still {slow[1]:,} cycles" in text
    assert f"**{last[0]:,} cycles, predicted and simulated**" in text
    assert first[0] == first[1]
    assert last[0] == last[1]
    assert f"went down by {1 - last[0] / slow[0]:.1%}" in text
    result = stage.window.session.result
    assert result is not None
    assert result.report.simulation is not None
    assert result.report.simulation.passed
    rows = {row.path.rpartition("/")[2]: row for row in result.report.processes}
    assert f"{rows['relu'].latency:,}" in text
    assert f"takes {rows['gemm_row_wise'].dsp} DSPs" in text
    (channel,) = result.report.channels
    assert (channel.kind, channel.depth["open"]) == ("fifo", 2)
    assert (stage.folder / "layer" / "build" / "layer-rtl").is_dir()
    saved = (stage.folder / "layer" / "project.yaml").read_text(encoding="utf-8")
    assert "library:linear.py:gemm_row_wise" in saved

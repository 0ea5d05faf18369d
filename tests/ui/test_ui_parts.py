"""Parts that need no window: positions, the palette's catalogue, code, icons, rendering, and how a process ends."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtGui import QImage, QTextCursor
from PySide6.QtWidgets import QApplication

from allo_studio.design.model import Edge, Endpoint, Graph, KernelNode
from allo_studio.project import load_project, sources
from allo_studio.source import Source, Span
from allo_studio.types import parse_type
from nodes.colours import code_colour
from ui.app import main
from ui.catalogue import catalogue, project_files
from ui.code_view import CodeView
from ui.highlight import formats, language_of
from ui.icons import ICONS, icon
from ui.offers import wire_offers
from ui.positions import arranged, completed
from ui.render import main as render
from ui.screenshot import main as screenshot
from ui.wire_check import closes_cycle

ROOT = Path(__file__).resolve().parents[2]


def graph(*edges: str, inputs: str = "A", outputs: str = "Z", nodes: str = "fgh") -> Graph:
    pairs = [edge.split("->") for edge in edges]
    wires = tuple(Edge(Endpoint.parse(a), Endpoint.parse(b)) for a, b in pairs)
    ports = (dict.fromkeys(names, "float32[4]") for names in (inputs, outputs))
    return Graph("g", "dataflow", *ports, {n: KernelNode("k.py", n) for n in nodes}, wires)


def overlap(places: dict[str, tuple[float, float]], sizes: dict[str, tuple[float, float]]) -> bool:
    boxes = [(x, y, x + sizes[n][0], y + sizes[n][1]) for n, (x, y) in places.items()]
    return any(
        a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3] for i, a in enumerate(boxes) for b in boxes[:i]
    )


SIZES = dict.fromkeys(["@A", "@B", "@Z", "f", "g", "h"], (150.0, 90.0))


def test_an_input_stands_beside_its_first_consumer() -> None:
    places = arranged(graph("A->f.x", "f.y->g.x", "g.y->h.x", "B->h.z", inputs="AB"), SIZES, {})
    assert places["f"][0] < places["@B"][0] < places["h"][0], "not at the far left, with a wire under g"
    assert not overlap(places, SIZES)


def test_given_positions_stay_and_the_rest_comes_beside_them() -> None:
    design = graph("A->f.x", "f.y->g.x", "g.y->Z")
    given = {"f": (1000.0, 500.0), "g": (1300.0, 540.0)}
    sizes = {name: size for name, size in SIZES.items() if name != "@B"}
    places = completed(design, given, sizes, {})
    assert places["f"] == (1000.0, 500.0)
    assert places["g"] == (1300.0, 540.0)
    assert places["@A"][0] < 1000
    assert places["@Z"][0] > 1450
    assert set(places) == {"@A", "@Z", "f", "g", "h"}
    assert not overlap(places, SIZES)


def test_completing_is_stable() -> None:
    design = graph("A->f.x", "f.y->g.x", "g.y->h.x", "h.y->Z")
    once = completed(design, {"g": (8.0, 4.0)}, SIZES, {})
    assert completed(design, once, SIZES, {}) == once


def test_cycles_are_seen_before_they_are_drawn() -> None:
    design = graph("f.y->g.x", "g.y->h.x")
    assert closes_cycle(design, "h", "f")
    assert closes_cycle(design, "f", "f")
    assert not closes_cycle(design, "f", "h")
    assert not closes_cycle(design, "h", "f", "g.y->h.x")
    assert not closes_cycle(design, "", "f")


def test_the_catalogue_parses_and_reports_faulty_files(project: Path) -> None:
    (project / "kernels" / "bad.py").write_text("def f(:\n")
    (project / "build").mkdir()
    (project / "build" / "not_a_kernel.py").write_text("x = 1\n")
    (project / ".hidden.py").write_text("x = 1\n")
    assert project_files(project).kernels == ["kernels/bad.py", "kernels/gemm.py"]
    loaded = load_project(project)
    sections = {
        s.title: s.entries
        for s in catalogue(loaded.project, project_files(project).kernels, sources(project), "cascade")
    }
    assert sections["kernels/bad.py"][0].faulty
    assert sections["kernels/bad.py"][0].payload == {}
    (gemm,) = sections["kernels/gemm.py"]
    assert "A: float32[64, 64], B: float32[64, 64]" in gemm.tip
    assert "-> float32[64, 64]" in gemm.tip


def test_offers_for_a_wire_fit_its_type(project: Path) -> None:
    read = sources(project)
    texts = [
        offer.text
        for offer in wire_offers(project_files(project).kernels, read, parse_type("float32[64, 64]"), False)
        if not offer.group
    ]
    assert texts == ["gemm.C", "new input of this graph"]
    texts = [offer.text for offer in wire_offers([], read, parse_type("int32"), True)]
    assert texts == ["new output of this graph", "a conversion"]


@pytest.mark.parametrize(
    ("language", "text", "word", "colour"),
    [
        ("python", "def f(x):\n    return 1.5\n", "def", "keyword"),
        ("python", "def f(x):\n    return 1.5\n", "1.5", "number"),
        ("mlir", "affine.for %i = 0 to 8 {\n", "affine.for", "keyword"),
        ("mlir", "%0 = arith.addf %a, %b : f32\n", "%0", "variable"),
        ("cpp", "#pragma HLS pipeline\nint x;\n", "#", "directive"),
        ("yaml", "name: x  # why\n", "# why", "comment"),
    ],
)
def test_code_is_coloured(language: str, text: str, word: str, colour: str) -> None:
    found = {text[s : s + n]: shape.foreground().color().name() for s, n, shape in formats(text, language)}
    hits = [shade for piece, shade in found.items() if piece.startswith(word)]
    assert hits == [code_colour(colour).name()] * len(hits)
    assert hits


def test_the_lexers_keep_every_character() -> None:
    text = (ROOT / "projects/gemm_cascade/kernels/gemm.py").read_text()
    for start, length, _ in formats(text, "python"):
        assert 0 <= start < start + length <= len(text)
    assert list(formats("x" * 10, "")) == []
    assert language_of("a/b.py") == "python"
    assert language_of("project.yaml") == "yaml"


def test_the_code_view_marks_a_place(qapp: QApplication) -> None:
    view = CodeView()
    source = Source("a.py", "one\ntwo three\n")
    view.set_code(source.text, "python")
    view.show_span(Span.at(source, 2, 5, 5))
    assert view.marked_line == 2
    assert view.extraSelections()[1].cursor.selectedText() == "three"  # type: ignore[attr-defined]
    view.show_span(Span.at(source, 99, 1))
    assert view.marked_line == 2
    view.set_code("other", "")
    assert view.marked_line is None
    view.deleteLater()


@pytest.mark.parametrize("name", sorted(ICONS))
def test_icons_draw_something(qapp: QApplication, name: str) -> None:
    image = icon(name).pixmap(32, 32).toImage()
    assert any(image.pixelColor(x, y).alpha() for x in range(0, 32, 2) for y in range(0, 32, 2))


def test_an_svg_becomes_a_png(qapp: QApplication, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    svg, png = tmp_path / "a.svg", tmp_path / "a.png"
    svg.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><rect width="40" height="20"/></svg>'
    )
    assert render([str(svg), str(png)]) == 0
    image = QImage(str(png))
    assert (image.width(), image.height()) == (80, 40)
    assert image.pixelColor(40, 20).alpha() == 255
    svg.write_text("not an svg")
    assert render([str(svg), str(png)]) == 3
    assert "no SVG" in capsys.readouterr().err
    assert render([str(tmp_path / "none.svg"), str(png)]) == 3


def test_a_screenshot_shows_the_studio(qapp: QApplication, project: Path, tmp_path: Path) -> None:
    target = tmp_path / "shot.png"
    assert screenshot([str(project), str(target), "--size", "1400x900"]) == 0
    image = QImage(str(target))
    assert (image.width(), image.height()) == (1400, 900)
    shades = {image.pixelColor(x, y).name() for x in range(0, 1400, 7) for y in range(0, 900, 7)}
    assert len(shades) > 20, "not an empty picture"
    assert "#2c6fbf" in shades, "the build button"
    assert screenshot([str(tmp_path / "nowhere"), str(target), "--size", "800x600"]) == 1


_SCRIPT = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
import ui.app
from ui.window import Window
from ui.wire_check import closes_cycle
def later():
    window = next(w for w in ui.app.application().topLevelWidgets() if isinstance(w, Window))
    assert "mm1" in window.panels.canvas.picture.blocks
    window.panels.canvas.select("mm1")
    {action}
app = ui.app.application()
QTimer.singleShot(300, later)
sys.exit(ui.app.main([sys.argv[1]]))
"""


def test_a_text_does_not_look_like_the_one_before(qapp: QApplication) -> None:
    view = CodeView()
    view.set_code("// a comment\n", "cpp")
    assert view.textCursor().charFormat().fontItalic()
    view.set_code("x = y", "")
    cursor = QTextCursor(view.document())
    cursor.movePosition(QTextCursor.MoveOperation.Right)
    assert not cursor.charFormat().fontItalic()


@pytest.mark.parametrize("action", ["window.close()", "window.do_quit()", "window.do_build(); window.close()"])
def test_the_process_ends_cleanly(project: Path, action: str) -> None:
    """A fault at the destruction of the scene shows only in the exit status of a whole process."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-W", "error", "-c", _SCRIPT.replace("{action}", action), str(project)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=ROOT, env=environment)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_screen_the_studio_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    assert main(["nowhere"]) == 3
    assert "allo-studio build" in capsys.readouterr().err


def test_looking_for_kernels_ends_in_a_folder_with_much_else(tmp_path: Path) -> None:
    (tmp_path / "k.py").write_text("")
    for index in range(700):
        folder = tmp_path / f"d{index:03}" / "deeper"
        folder.mkdir(parents=True)
        (folder / "x.py").write_text("")
    (tmp_path / "loop").symlink_to(tmp_path)
    found = project_files(tmp_path).kernels
    assert "k.py" in found, "what is near comes first"
    assert len(found) <= 500
    assert project_files(tmp_path / "none").kernels == []

"""Scenes of the canvas: blocks, wires, faults, levels, notes, and what finds and arranges them."""

from __future__ import annotations

from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QPixmap
from PySide6.QtTest import QTest

from allo_studio.design.model import GraphNode
from screenshots.scene import Scene
from screenshots.stage import Stage, StageError
from screenshots.tutorial_scenes import open_last

__all__ = ["SCENES"]

_KERNEL = """from allo_studio.lang import float32, grid


def bias(X: float32[64, 64], b: float32[64]) -> float32[64, 64]:
    Y: float32[64, 64] = 0.0
    for i, j in grid(64, 64):
        Y[i, j] = X[i, j] + b[j]
    return Y
"""


def _studio(stage: Stage) -> QPixmap:
    stage.open("gemm_cascade")
    stage.build()
    stage.click("mm1")
    stage.predictions()
    return stage.picture()


def _palette(stage: Stage) -> QPixmap:
    stage.open("gemm_cascade")
    stage.type_in(stage.parts.palette.search, "pool", enter=False)
    stage.act("search")
    stage.type_in(stage.parts.palette.search, "norm", enter=False)
    tree = stage.parts.palette.tree
    tree.setCurrentItem(tree.itemBelow(tree.itemAt(4, 4)))
    return stage.picture(stage.parts.docks["Palette"], stage.parts.canvas)


def _dropped_file(stage: Stage) -> QPixmap:
    stage.open("gemm_cascade")
    file = stage.folder / "bias.py"
    file.write_text(_KERNEL, encoding="utf-8")
    stage.prompts.answers["bring_in"] = True
    view = stage.parts.canvas.view
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(file))])
    at = QPointF(view.viewport().width() * 0.62, view.viewport().height() * 0.74)
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    # As Qt does where a file comes from another program.
    view.dropEvent(QDropEvent(at, Qt.DropAction.CopyAction, data, left, none))
    stage.settle(0.4)
    copied = stage.example("gemm_cascade") / "kernels" / "bias.py"
    if not copied.exists():
        raise StageError(stage.window.statusBar().currentMessage())
    made = stage.picture(stage.parts.docks["Palette"], stage.parts.canvas)
    copied.unlink()
    return made


def _offers(stage: Stage) -> QPixmap:
    stage.open("gemm_cascade")
    start = stage.parts.canvas.port("mm1", "C", True).centre
    return stage.asked(lambda: stage.drop_wire(start, start + QPointF(40, 130)), prepare=open_last)


def _fitting(stage: Stage) -> QPixmap:
    stage.open("diamond")
    canvas = stage.parts.canvas
    start = canvas.port("fork", "near", True).centre
    stage.hold(start, start + QPointF(120, 60))
    made = stage.picture(canvas)
    stage.let_go(start)
    return made


def _refused(stage: Stage) -> QPixmap:
    stage.open("image_pipeline")
    canvas = stage.parts.canvas
    start, end = canvas.port("@level", "level", True).centre, canvas.port("sobel", "image", False).centre
    stage.hold(start, end)
    made = stage.picture(canvas)
    stage.let_go(start)
    return made


def _types(stage: Stage) -> QPixmap:
    stage.open("mlp")
    return stage.drawing()


def _break(stage: Stage) -> None:
    stage.open("gemm_cascade")
    stage.click("@D")
    stage.type_in(stage.parts.inspector.port_page.type, "int32[64, 64]")
    stage.window.do_fit()


def _broken(stage: Stage) -> QPixmap:
    _break(stage)
    return stage.drawing()


def _fixes(stage: Stage) -> QPixmap:
    _break(stage)
    problems = stage.parts.problems
    stage.row(problems.tree, problems.tree.visualItemRect(problems.tree.topLevelItem(0)))
    return stage.picture()


def _overlays(stage: Stage) -> QPixmap:
    stage.open("diamond")
    stage.build("rtl")
    return stage.drawing()


def _collapse(stage: Stage) -> None:
    stage.open("attention")
    stage.parts.canvas.select_blocks(["query", "key", "value"])
    stage.settle()
    stage.prompts.answers["text"] = "projections"
    stage.act("collapse")
    stage.act("arrange")


def _collapsed(stage: Stage) -> QPixmap:
    _collapse(stage)
    return stage.drawing()


def _inside(stage: Stage) -> QPixmap:
    _collapse(stage)
    block = next(name for name, node in stage.graph().nodes.items() if isinstance(node, GraphNode))
    stage.parts.canvas.select(block)
    stage.settle()
    stage.act("enter")
    return stage.drawing(stage.parts.breadcrumbs)


def _notes(stage: Stage) -> QPixmap:
    stage.open("diamond")
    canvas = stage.parts.canvas
    canvas.select_blocks(["scale", "deviation"])
    stage.settle()
    stage.act("backdrop")
    QTest.keyClicks(canvas.view.viewport(), "Two paths")
    QTest.keyClick(canvas.view.viewport(), Qt.Key.Key_Escape)
    stage.settle()
    return stage.drawing()


def _large(stage: Stage) -> QPixmap:
    stage.open("transformer_layer")
    view = stage.parts.canvas.view
    view.scale(3.0, 3.0, view.mapToScene(view.viewport().rect().center()))
    stage.settle(0.5)
    return stage.picture(stage.parts.canvas)


def _arranged(stage: Stage) -> QPixmap:
    stage.open("attention")
    stage.act("arrange")
    return stage.drawing()


def _aligned(stage: Stage) -> QPixmap:
    stage.open("diamond")
    stage.parts.docks["Results"].hide()
    stage.settle()
    stage.window.do_fit()
    stage.settle()
    block = stage.parts.canvas.block("join").sceneBoundingRect()
    start = QPointF(block.center().x(), block.top() + 14)
    end = start + QPointF(12, 102)
    stage.hold(start, end)
    made = stage.blocks()
    stage.let_go(end)
    return made


def _found(stage: Stage) -> QPixmap:
    stage.open("transformer_layer")
    stage.act("find")
    stage.type_in(stage.parts.find.text, "softmax", enter=True)
    return stage.picture(stage.parts.find, stage.parts.canvas, stage.parts.breadcrumbs)


def _disabled(stage: Stage) -> QPixmap:
    stage.open("image_pipeline")
    stage.click("sobel")
    stage.act("disable")
    stage.parts.bottom.setCurrentWidget(stage.parts.problems)
    problems = stage.parts.problems
    stage.row(problems.tree, problems.tree.visualItemRect(problems.tree.topLevelItem(0)))
    return stage.picture(stage.parts.canvas, stage.parts.bottom)


def _exported(stage: Stage) -> QPixmap:
    stage.open("diamond")
    file = stage.folder / "diamond.png"
    stage.prompts.answers["picture_file"] = file
    stage.act("export_picture")
    stage.settle(0.3)
    picture = QPixmap(str(file))
    return (
        picture.scaledToWidth(1200, Qt.TransformationMode.SmoothTransformation) if picture.width() > 1200 else picture
    )


SCENES = (
    Scene("studio", "The studio with the cascade of two matrix products built", _studio),
    Scene("canvas-palette", "The palette, searched", _palette),
    Scene("canvas-file-dropped", "A kernel's file, dropped on the canvas", _dropped_file),
    Scene("canvas-wire-offers", "A wire let go in empty space: the blocks that fit it", _offers),
    Scene("canvas-wire-fits", "While a wire is drawn, the ports that it may end at are ringed", _fitting),
    Scene("canvas-wire-refused", "A wire that may not end where the mouse is says why", _refused),
    Scene("canvas-types", "Ports and wires in the colours of their element types", _types),
    Scene("canvas-broken-wire", "A wire whose ends do not fit any more", _broken),
    Scene("canvas-fixes", "A fault with the fixes that are offered for it", _fixes),
    Scene("canvas-overlays", "After a build: intervals, cycles and DSPs of blocks, channels of wires", _overlays),
    Scene("canvas-collapsed", "Three blocks, collapsed into a graph", _collapsed),
    Scene("canvas-inside", "Inside of that graph, with the way back above", _inside),
    Scene("canvas-notes", "A backdrop around two blocks", _notes),
    Scene("canvas-overview", "A large graph with its overview", _large),
    Scene("canvas-arranged", "Blocks placed in layers, wires around them", _arranged),
    Scene("canvas-aligned", "A block that is moved comes in line with its neighbours", _aligned),
    Scene("canvas-find", "A text found in all graphs", _found),
    Scene("canvas-disabled", "A disabled block, and what lacks it", _disabled),
    Scene("canvas-exported", "A graph, exported as a picture", _exported),
)

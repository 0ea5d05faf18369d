"""Notes and backdrops on the canvas: what a person wrote beside and behind the blocks."""

# The stubs know a signal of `object` only with slots of `object`.
# mypy: disable-error-code="call-overload"

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Protocol

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import (
    QFocusEvent,
    QFontMetricsF,
    QKeyEvent,
    QPainter,
    QPainterPath,
    QPen,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import (
    QGraphicsItem,
    QGraphicsScene,
    QGraphicsSceneMouseEvent,
    QGraphicsTextItem,
    QStyleOptionGraphicsItem,
    QWidget,
)

from allo_studio.design.model import Note
from nodes import colours
from nodes.block import BlockItem
from nodes.metrics import font

__all__ = ["TITLE_HEIGHT", "NoteItem", "NoteLayer"]

# The strip of a backdrop's title, which is what takes the mouse: in its area one can drag a frame around blocks.
TITLE_HEIGHT = 28.0
_BEHIND, _BESIDE = -10.0, 0.5
_PADDING = 10.0
_CORNER = 14.0
_LEAST = QSizeF(96.0, 40.0)
_TEXT, _TITLE = 12, 13
# Below these scales texts can't be read.
_TEXT_SCALE, _TITLE_SCALE = 0.35, 0.2


def _laid_out(text: str, width: float) -> tuple[QTextLayout, float]:
    """Return a text in lines of at most this width, within words only where these are longer, and its height."""
    # To Qt's layout a line feed ends the text.
    layout = QTextLayout(text.replace("\n", "\u2028"), font(_TEXT))
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    layout.beginLayout()
    height, line = 0.0, layout.createLine()
    while line.isValid():
        line.setLineWidth(width)
        line.setPosition(QPointF(0, height))
        height += line.height()
        line = layout.createLine()
    layout.endLayout()
    return layout, height


class _View(Protocol):
    """What a note asks of its view."""

    def finish_move(self) -> None: ...

    def change_note(self, name: str, note: Note) -> None: ...


class NoteItem(QGraphicsItem):
    """A note, or a backdrop with its title above. Ends of gestures are told to the view."""

    def __init__(self, name: str, note: Note) -> None:
        super().__init__()
        self.name, self.note = name, note
        self._size = QSizeF(_LEAST)
        self._text = QTextLayout()
        self._grip: QPointF | None = None
        self._carried: list[QGraphicsItem] = []
        # Made when it is first needed and then kept: it may not go while one of its own events is handled.
        self._editor: _Editor | None = None
        flags = QGraphicsItem.GraphicsItemFlag
        self.setFlag(flags.ItemIsSelectable)
        self.setFlag(flags.ItemIsMovable)
        self.setAcceptHoverEvents(True)
        self.show_note(note)

    @property
    def backdrop(self) -> bool:
        """Whether it lies behind blocks."""
        return self.note.kind == "backdrop"

    @property
    def rect(self) -> QRectF:
        """Its rectangle in its own coordinates; that of a note is as high as its text needs."""
        return QRectF(QPointF(0, 0), self._size)

    @property
    def area(self) -> QRectF:
        """Its rectangle on the scene."""
        return self.rect.translated(self.pos())

    def show_note(self, note: Note) -> None:
        """Take on a description."""
        self.note = note
        self.setToolTip(note.text if self.backdrop else "")
        self._resize(QSizeF(*note.size))
        if (self.pos().x(), self.pos().y()) != note.place:
            self.setPos(*note.place)
        self.update()

    def _resize(self, size: QSizeF) -> None:
        self.prepareGeometryChange()
        width = max(size.width(), _LEAST.width())
        least = _LEAST.height()
        if not self.backdrop:
            self._text, height = _laid_out(self.note.text, width - 2 * _PADDING)
            least = max(least, height + 2 * _PADDING)
        self._size = QSizeF(width, max(size.height(), least))

    # Drawing.

    def boundingRect(self) -> QRectF:
        """The rectangle with room for the selection's border."""
        return self.rect.adjusted(-3, -3, 3, 3)

    def shape(self) -> QPainterPath:
        """What takes the mouse: a note as a whole, of a backdrop the title and the corner by which it is resized."""
        path = QPainterPath()
        if self.backdrop:
            path.addRect(QRectF(0, 0, self._size.width(), TITLE_HEIGHT))
            path.addRect(self._corner())
        else:
            path.addRect(self.rect)
        return path

    def _corner(self) -> QRectF:
        return QRectF(self._size.width() - _CORNER, self._size.height() - _CORNER, _CORNER, _CORNER)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Draw it."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        scale = option.levelOfDetailFromTransform(painter.worldTransform())
        colour, rect = colours.note_colour(self.note.colour), self.rect
        outline = QPainterPath()
        outline.addRoundedRect(rect, 6, 6)
        if not self.backdrop:
            painter.fillPath(outline, colours.BLOCK)
        painter.fillPath(outline, colours.faint(colour, 30 if self.backdrop else 46))
        if self.backdrop:
            painter.save()
            painter.setClipPath(outline)
            painter.fillRect(QRectF(0, 0, rect.width(), TITLE_HEIGHT), colours.faint(colour, 80))
            painter.restore()
        painter.setPen(QPen(colours.ACCENT, 2.2) if self.isSelected() else QPen(colours.faint(colour, 170), 1.2))
        painter.drawPath(outline)
        corner = rect.bottomRight() - QPointF(4, 4)
        for length in (5, 9):
            painter.drawLine(corner - QPointF(length, 0), corner - QPointF(0, length))
        if not self.editing and scale >= (_TITLE_SCALE if self.backdrop else _TEXT_SCALE):
            self._paint_text(painter)

    def _paint_text(self, painter: QPainter) -> None:
        painter.setPen(colours.TEXT)
        if self.backdrop:
            painter.setFont(font(_TITLE, True))
            row = QRectF(_PADDING, 0, self._size.width() - 2 * _PADDING, TITLE_HEIGHT)
            title = self.note.text.replace("\n", " ")
            shown = QFontMetricsF(painter.font()).elidedText(title, Qt.TextElideMode.ElideRight, row.width())
            painter.drawText(row, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, shown)
            return
        self._text.draw(painter, QPointF(_PADDING, _PADDING))

    # Gestures.

    def _view(self) -> _View:
        view: _View = self.scene().viewer()  # type: ignore[attr-defined]
        return view

    def mousePressEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        """Take hold of it, or of its corner."""
        super().mousePressEvent(event)
        held = event.button() == Qt.MouseButton.LeftButton and self._corner().contains(event.pos())
        self._grip = self.rect.bottomRight() - event.pos() if held else None
        self._carried = self._on_it() if self.backdrop and not held else []

    def _on_it(self) -> list[QGraphicsItem]:
        """Return what lies on this backdrop and is not moved as a part of the selection."""
        found = []
        for item in self.scene().items(self.area):
            if isinstance(item, BlockItem):
                lies = self.area.contains(item.sceneBoundingRect().center())
            else:
                lies = isinstance(item, NoteItem) and item is not self and self.area.contains(item.area)
            if lies and not item.isSelected():
                found.append(item)
        return found

    def mouseMoveEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        """Move it, or make it larger or smaller."""
        if self._grip is None:
            before = self.pos()
            super().mouseMoveEvent(event)
            for item in self._carried:
                item.setPos(item.pos() + self.pos() - before)
            return
        corner = event.pos() + self._grip
        self._resize(QSizeF(corner.x(), corner.y()))

    def mouseReleaseEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        """Tell where it was moved to, or how large it is now."""
        super().mouseReleaseEvent(event)
        self._carried = []
        if self._grip is None:
            self._view().finish_move()
            return
        self._grip = None
        size = (_on_grid(self._size.width()), _on_grid(self._size.height()))
        if size != self.note.size:
            self._view().change_note(self.name, replace(self.note, size=size))

    def mouseDoubleClickEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        """Write in place."""
        event.accept()
        self.edit()

    def edit(self) -> None:
        """Let the text be written in place, until Escape, Ctrl+Return or a click elsewhere."""
        if self._editor is None:
            self._editor = _Editor(self, self._written)
        if not self.editing:
            self._editor.begin(self)
            self.update()

    @property
    def editing(self) -> bool:
        """Whether the text is being written."""
        return self._editor is not None and self._editor.active

    def finish(self) -> None:
        """Take up what was written so far, as at a click elsewhere."""
        if self._editor is not None:
            self._editor.finish()

    def stop(self) -> None:
        """Let go of a text that is being written, as the note itself goes."""
        if self._editor is not None:
            self._editor.active = False

    def _written(self, text: str) -> None:
        self.update()
        if text != self.note.text:
            self._view().change_note(self.name, replace(self.note, text=text))


class _Editor(QGraphicsTextItem):
    """The text of a note while it is written. `done` is called with the text at the end."""

    def __init__(self, item: NoteItem, done: Callable[[str], None]) -> None:
        super().__init__(item)
        self._done = done
        self._title = False
        self.active = False
        self.document().setDocumentMargin(0)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextEditorInteraction)

    def begin(self, item: NoteItem) -> None:
        """Show the item's text, all of it selected."""
        self._title, self.active = item.backdrop, True
        self.setFont(font(_TITLE if item.backdrop else _TEXT, item.backdrop))
        self.setDefaultTextColor(colours.TEXT)
        self.setPlainText(item.note.text)
        self.setTextWidth(item.rect.width() - 2 * _PADDING)
        self.setPos(_PADDING, (TITLE_HEIGHT - self.boundingRect().height()) / 2 if item.backdrop else _PADDING)
        self.show()
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        cursor = self.textCursor()
        cursor.select(cursor.SelectionType.Document)
        self.setTextCursor(cursor)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """End at Escape and Ctrl+Return; a title has one line, so that Return ends it too."""
        returned = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        control = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if event.key() == Qt.Key.Key_Escape or (returned and (control or self._title)):
            event.accept()
            self.finish()
            return
        super().keyPressEvent(event)

    def finish(self) -> None:
        """Hide, and tell the text."""
        if self.active:
            self.active = False
            self.hide()
            self._done(self.toPlainText())

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """End where the person goes on elsewhere; a menu of its own is no such place."""
        super().focusOutEvent(event)
        if event.reason() not in (Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason):
            self.finish()


class NoteLayer:
    """The notes and backdrops of a scene, by id."""

    def __init__(self, scene: QGraphicsScene) -> None:
        self._scene = scene
        self._items: dict[str, NoteItem] = {}

    def __iter__(self) -> Iterator[NoteItem]:
        return iter(self._items.values())

    def show(self, notes: Mapping[str, Note]) -> None:
        """Draw these notes and no others: the difference to what is drawn."""
        for name in [name for name in self._items if name not in notes]:
            self._items[name].stop()
            self._scene.removeItem(self._items.pop(name))
        for name, note in notes.items():
            if name not in self._items:
                self._items[name] = NoteItem(name, note)
                self._scene.addItem(self._items[name])
            else:
                self._items[name].show_note(note)
        # The smaller a backdrop, the further in front; of two as large always the same one.
        behind = sorted((i for i in self if i.backdrop), key=lambda i: (-i.rect.width() * i.rect.height(), i.name))
        for rank, item in enumerate(behind):
            item.setZValue(_BEHIND + rank / len(behind))
        for item in self:
            if not item.backdrop:
                item.setZValue(_BESIDE)

    def item(self, name: str) -> NoteItem:
        """Return a note's item; raises KeyError."""
        return self._items[name]

    def selected(self) -> list[str]:
        """Return the ids of the selected notes."""
        return sorted(item.name for item in self if item.isSelected())

    def moved(self) -> dict[str, tuple[float, float]]:
        """Return where notes lie now that do not lie where they are said to."""
        at = {item.name: (item.pos().x(), item.pos().y()) for item in self}
        return {item.name: at[item.name] for item in self if at[item.name] != item.note.place}

    def on_backdrop(self, name: str, middles: Mapping[str, QPointF]) -> tuple[set[str], set[str]]:
        """Return the blocks whose middles lie on a backdrop, as it is said to lie, and the notes that do so wholly."""
        area = _said(self._items[name])
        blocks = {block for block, middle in middles.items() if area.contains(middle)}
        return blocks, {item.name for item in self if item.name != name and area.contains(_said(item))}


def _said(item: NoteItem) -> QRectF:
    return item.rect.translated(QPointF(*item.note.place))


def _on_grid(value: float) -> float:
    return float(round(value / 4) * 4)

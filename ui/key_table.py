"""All keys and gestures in one list, for the window's help and for a text that can be printed."""

from __future__ import annotations

from dataclasses import dataclass

from ui.actions import ACTIONS, MENUS, ROW_ACTIONS, SUBMENUS, ActionSpec

__all__ = ["GESTURES", "KeyRow", "key_rows", "key_text"]


@dataclass(frozen=True)
class KeyRow:
    """What a key or a gesture does, and where: in the whole window below a menu's name, else in the part named."""

    where: str
    key: str
    what: str


# What is done with the mouse, and keys that a part of the window reads itself.
GESTURES = (
    KeyRow("Canvas, mouse", "drag from port to port", "Draw a wire, either way round"),
    KeyRow("Canvas, mouse", "drag a wire's end", "Re-route the wire; in empty space, remove it"),
    KeyRow("Canvas, mouse", "drag a wire to empty space", "Offer the blocks that fit its type"),
    KeyRow("Canvas, mouse", "drag a block", "Move the selected blocks"),
    KeyRow("Canvas, mouse", "drag in empty space", "Select what the frame touches"),
    KeyRow("Canvas, mouse", "Ctrl+click", "Add to the selection, or take from it"),
    KeyRow("Canvas, mouse", "double click", "Enter a graph block, show the source of another"),
    KeyRow("Canvas, mouse", "right click", "Offer what can be done with the block, the wire or the place"),
    KeyRow("Canvas, mouse", "wheel", "Zoom at the cursor"),
    KeyRow("Canvas, mouse", "middle button, Alt and drag", "Pan"),
    KeyRow("Canvas", "Enter", "Enter the selected graph block, show the source of another"),
    KeyRow("List of steps", "Enter", "Change the step"),
    KeyRow("List of steps", "Space", "Disable the step, or enable it"),
    KeyRow("List of steps", "Alt+Up, Alt+Down", "Move the step"),
    KeyRow("List of steps", "Del", "Remove the step"),
    KeyRow("Schedule chart", "Up, Down", "Choose an operation"),
    KeyRow("Schedule chart", "Left, Right", "Move along the cycles"),
    KeyRow("Schedule chart", "+, -, 0, Ctrl and wheel", "Zoom, and show all cycles again"),
)


def key_rows() -> list[KeyRow]:
    """Return every action with its key (empty where it has none), by menu, then what acts in one part only."""
    rows = []
    for menu, names in MENUS.items():
        for name in _flat(names):
            if name in ACTIONS:
                rows.append(_row(_plain(menu), ACTIONS[name]))
    rows += [_row("Tables of results", spec) for spec in ROW_ACTIONS.values()]
    return [*rows, *GESTURES]


def key_text() -> str:
    """Return all keys and gestures as text, a part of the window a paragraph."""
    rows = [row for row in key_rows() if row.key]
    width = max(len(row.key) for row in rows)
    lines: list[str] = []
    for number, row in enumerate(rows):
        if number == 0 or rows[number - 1].where != row.where:
            lines += ["", row.where] if lines else [row.where]
        lines.append(f"  {row.key:<{width}}  {row.what}")
    return "\n".join(lines) + "\n"


def _flat(names: tuple[str | None, ...]) -> list[str]:
    found: list[str] = []
    for name in names:
        if name in SUBMENUS:
            found += _flat(SUBMENUS[name][1])
        elif name is not None:
            found.append(name)
    return found


def _plain(title: str) -> str:
    return title.replace("&", "").rstrip("…")


def _row(where: str, spec: ActionSpec) -> KeyRow:
    place = f"{where}, on the canvas" if spec.on_canvas else where
    return KeyRow(place, spec.shortcut, spec.tip or _plain(spec.text))

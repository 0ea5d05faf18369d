"""The themes: each role that a colour has in the window, with its colour in the dark and in the light theme.

Text is legible on what it stands on (a contrast of 4.5 at least), and what carries a meaning without words, such as a
wire or the border of a block, stands out (3 at least): both by the formula of WCAG 2, held by a test. Within a theme
no two roles have one colour, so that a colour tells its role.
"""

from __future__ import annotations

__all__ = ["THEMES"]

# role: (dark, light)
_TABLE = {
    # The drawing.
    "background": ("#16191f", "#f0f2f6"),
    "grid": ("#2a2f3a", "#cfd5df"),
    "block": ("#232833", "#ffffff"),
    "block_header": ("#2c3341", "#e6eaf1"),
    "block_border": ("#66728c", "#7b879d"),
    "label": ("#1b1f27", "#fbfcfe"),
    # Words and signs.
    "text": ("#e6e9ef", "#1c2230"),
    "muted": ("#98a2b6", "#525c70"),
    "accent": ("#5aa9ff", "#1a5fbd"),
    "ok": ("#57c785", "#19703d"),
    "warning": ("#f2b84b", "#855300"),
    "error": ("#ff7373", "#c02626"),
    "icon": ("#c9d1e0", "#3a4356"),
    "icon_disabled": ("#4d5668", "#b0b8c6"),
    # Types of elements, chosen to stay apart for people who don't tell red, green or blue from each other.
    "float32": ("#9aeff2", "#00729b"),
    "int32": ("#f37a36", "#5f1d03"),
    "float": ("#8096fe", "#2339aa"),
    "int": ("#e8e179", "#866502"),
    "fixed": ("#f3a3aa", "#8e2a49"),
    "struct": ("#b4bafb", "#382268"),
    # Kinds of blocks.
    "graph": ("#b18cff", "#7438c8"),
    "constant": ("#e0b060", "#7a5c10"),
    "external": ("#f0a35e", "#9a4a08"),
    "boundary": ("#7fd1ae", "#176b57"),
    "unknown": ("#8b93a5", "#667085"),
    # The window around the drawing.
    "window": ("#1c2029", "#eceff4"),
    "base": ("#171a21", "#fefefe"),
    "alternate": ("#1a1e26", "#f5f7fa"),
    "raised": ("#262c38", "#fafbfc"),
    "line": ("#323a49", "#c9d0db"),
    "edge": ("#6c778e", "#78849a"),
    "hover": ("#212734", "#e9eff8"),
    "button_hover": ("#303848", "#e2e8f1"),
    "selection": ("#2d4a73", "#cbdff9"),
    "pressed": ("#35507a", "#c2d8f6"),
    "disabled": ("#6b7488", "#8d97a8"),
    "primary": ("#2c6fbf", "#1d64be"),
    "primary_hover": ("#2874cf", "#17539f"),
    "on_primary": ("#ffffff", "#fffffe"),
    "scroll": ("#3a4353", "#b9c2d0"),
    "scroll_hover": ("#4c586d", "#97a3b5"),
    # The filled part of a bar that has text on it, and of one that is nearly full.
    "meter": ("#2866b0", "#8fbcf0"),
    "high": ("#a8423f", "#e79a96"),
    "note_box": ("#24344d", "#dce8f8"),
    "differs": ("#5c2a30", "#f9d6d6"),
    "on_differs": ("#ffc2c2", "#8c1717"),
    "sometimes": ("#33608f", "#8fb8e8"),
    "line_number": ("#7e889d", "#6a7487"),
    # Code.
    "code_comment": ("#7f8ba1", "#5f6b80"),
    "code_type": ("#7fd1af", "#0f6a55"),
    "code_keyword": ("#c792ea", "#8426a8"),
    "code_function": ("#82aaff", "#1f4fb5"),
    "code_class": ("#ffcb6b", "#7d5600"),
    "code_variable": ("#9ecbff", "#22588f"),
    "code_constant": ("#f78c6c", "#a83c14"),
    "code_builtin": ("#82d2e0", "#0a6577"),
    "code_number": ("#f0a35f", "#9c4a0a"),
    "code_doc": ("#7f9f7f", "#47704a"),
    "code_string": ("#c3e88d", "#3c6a10"),
    "code_operator": ("#89a0bd", "#46607f"),
    "code_directive": ("#d7a2f0", "#74309a"),
}
THEMES: dict[str, dict[str, str]] = {
    name: {role: shades[index] for role, shades in _TABLE.items()} for index, name in enumerate(("dark", "light"))
}

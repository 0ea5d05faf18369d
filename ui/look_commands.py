"""What the window's actions on the look do: the theme and the scale of the interface, remembered on this computer."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QTimer
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QMainWindow

from nodes import colours
from ui import preferences
from ui.panels import Panels
from ui.preferences import SCALES, THEME_CHOICES, Preferences
from ui.theme import LOOK, apply_theme, px, resolved, settle

__all__ = ["LookCommands", "apply_look"]


def apply_look(*_: object) -> None:
    """Give the application the look that was chosen."""
    app = QApplication.instance()
    if isinstance(app, QApplication):
        chosen = preferences.load()
        apply_theme(app, chosen.theme, chosen.scale / 100)


class LookCommands:
    """The window's methods that its actions on the look call."""

    panels: Panels
    actions_by_id: dict[str, QAction]
    _message: Callable[[str], None]
    _fit_first: Callable[[], None]
    # The theme and the scale in percent that the window has taken.
    _look: tuple[str, int]

    def do_theme_system(self) -> None:
        """Be light or dark as the system is, from now on."""
        self.choose_look(theme="system")

    def do_theme_dark(self) -> None:
        """Be dark from now on."""
        self.choose_look(theme="dark")

    def do_theme_light(self) -> None:
        """Be light from now on."""
        self.choose_look(theme="light")

    def do_larger(self) -> None:
        """Make the interface one step larger."""
        self._step(1)

    def do_smaller(self) -> None:
        """Make the interface one step smaller."""
        self._step(-1)

    def do_normal_size(self) -> None:
        """Give the interface its own size again."""
        self.choose_look(scale=SCALES[0])

    def _step(self, by: int) -> None:
        at = SCALES.index(preferences.load().scale) + by
        self.choose_look(scale=SCALES[min(max(at, 0), len(SCALES) - 1)])

    def choose_look(self, **changed: str | int) -> None:
        """Take a theme or a scale and remember it; raises ValueError where it is none."""
        chosen = preferences.store(**changed)
        apply_look()
        if "scale" in changed:
            self._message(f"The interface is at {chosen.scale}%")

    def look_differs(self, chosen: Preferences) -> bool:
        """Tell whether the window has another look than is chosen."""
        app = QApplication.instance()
        theme = resolved(app, chosen.theme) if isinstance(app, QApplication) else colours.current()
        return self._look != (theme, chosen.scale)

    def watch_look(self) -> None:
        """Take the look that the application has, and each later one; call it once the window has its parts."""
        self._look = (colours.current(), 0)
        LOOK.changed.connect(self.take_look)
        self.take_look()

    def take_look(self) -> None:
        """Give what the window keeps of colours and lengths the present look, and the docks their share of it."""
        assert isinstance(self, QMainWindow)
        (theme, scale), self._look = self._look, (colours.current(), px(100))
        settle(self, theme)
        self.panels.canvas.view.magnification = px(100) / 100
        if theme != colours.current():
            self.panels.canvas.view.redraw()
        if scale != px(100):
            self.panels.size_docks(self)
            if self.isVisible():
                # The canvas has another part of the window, where blocks might be out of sight.
                QTimer.singleShot(0, self._fit_first)
        chosen = preferences.load().theme
        for name in THEME_CHOICES:
            self.actions_by_id[f"theme_{name}"].setChecked(name == chosen)

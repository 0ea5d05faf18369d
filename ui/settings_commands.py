"""What the window's actions on settings and help do, and what of the settings the window takes itself."""

from __future__ import annotations

from collections.abc import Callable

from ui import preferences
from ui.key_dialog import KeyDialog
from ui.look_commands import LookCommands, apply_look
from ui.settings_dialog import SettingsDialog

__all__ = ["SettingsCommands"]


class SettingsCommands(LookCommands):
    """The window's methods that its actions on settings and help call."""

    mark_layout: Callable[[], None]

    def do_settings(self) -> None:
        """Show the settings."""
        self.settings_dialog().exec()

    def settings_dialog(self) -> SettingsDialog:
        """Return the settings, each of which the window takes once it is chosen."""
        dialog = SettingsDialog(self.panels.canvas.window())
        dialog.changed.connect(lambda name: self.take_preferences())
        return dialog

    def do_keys(self) -> None:
        """Show all keys and gestures."""
        KeyDialog(self.panels.canvas.window()).exec()

    def watch_preferences(self) -> None:
        """Take what is chosen, and keep what is chosen elsewhere; call it once the window has its parts."""
        self.take_preferences()
        schedule = self.panels.inspector.kernel_page.schedule
        schedule.verify.toggled.connect(lambda on: preferences.store(verify=on))
        schedule.effects.toggled.connect(lambda on: preferences.store(predict=on))

    def take_preferences(self) -> None:
        """Give the parts of the window what is chosen."""
        chosen = preferences.load()
        if self.look_differs(chosen):
            apply_look()
        self.mark_layout()
        self.actions_by_id["keep_tabs"].setChecked(chosen.reopen)
        self.panels.inspector.kernel_page.schedule.verify.switch.setChecked(chosen.verify)
        self.panels.inspector.kernel_page.schedule.effects.switch.setChecked(chosen.predict)

"""What the window's actions on builds do."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QAction

from ui.build_control import BuildControl
from ui.builder import Builder
from ui.dialogs import Prompts
from ui.session import Session
from ui.targets import TargetChoice
from ui.trust import code_files, is_trusted, trust

__all__ = ["BuildCommands"]


class BuildCommands:
    """The window's methods that its actions on builds call."""

    session: Session
    prompts: Prompts
    builder: Builder
    build_control: BuildControl
    targets: TargetChoice
    actions_by_id: dict[str, QAction]
    _message: Callable[[str], None]

    def do_build(self) -> None:
        """Build the project as it is now; where it brings code that is run, ask first, once a folder."""
        if not self.builder.running and self.may_run_code():
            self.build_control.start()

    def may_run_code(self) -> bool:
        """Tell whether a build may run now: none is running, and the code that the project brings is trusted."""
        if self.builder.running:
            self._message("A build is running: wait for its end, or cancel it")
            return False
        checked, loaded = self.session.checked, self.session.loaded
        files = code_files(checked) if checked else ()
        if loaded is not None and files and not is_trusted(loaded.root):
            if not self.prompts.trust(loaded.root, files):
                self._message("Not built: the project's code was not allowed to run")
                return False
            trust(loaded.root)
        return True

    def do_target_hls(self) -> None:
        """Build HLS C++ from now on."""
        self.targets.choose("hls")

    def do_target_rtl(self) -> None:
        """Build RTL from now on."""
        self.targets.choose("rtl")

    def do_vendor(self) -> None:
        """Let builds run the vendor's tool from now on, or not."""
        self.targets.run_vendor(self.actions_by_id["vendor"].isChecked())

    def do_cancel(self) -> None:
        """Stop the build."""
        self.builder.cancel()

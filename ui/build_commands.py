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
from ui.waveform import open_waveform, waveform_of

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

    def do_rebuild(self) -> None:
        """Build the project from the start, also where nothing has changed."""
        if not self.builder.running and self.may_run_code():
            self.build_control.start(afresh=True)

    def do_waves(self) -> None:
        """Let builds as RTL write a waveform from now on, or not."""
        self.targets.write_waves(self.actions_by_id["waves"].isChecked())

    def do_open_waves(self) -> None:
        """Open the waveform of the last build in the person's viewer."""
        vcd = waveform_of(self.session.result)
        if vcd is None:
            self._message("The last build has no waveform: build RTL with Build > Write waveform on")
            return
        fault = open_waveform(vcd)
        self._message(f"Not opened: {fault}" if fault else f"Opened {vcd.name} in the waveform viewer")

    def may_run_code(self) -> bool:
        """Tell whether a build may run now: none is running, and the code that the project brings is trusted."""
        if self.builder.running:
            self._message("A build is running: wait for its end, or cancel it")
            return False
        checked, loaded = self.session.checked, self.session.loaded
        if checked is not None and checked.pending:
            self._message("The design is still being checked: build it when that has ended")
            return False
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

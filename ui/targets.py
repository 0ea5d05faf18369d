"""What Build makes: the targets, and which one was chosen for each project.

The choice is kept in the window's settings and not in the project's file: it is a person's, not the design's.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from PySide6.QtCore import QObject, Signal

from allo_studio.built import Target, VendorUse
from ui.settings import settings

__all__ = ["TARGETS", "TargetChoice", "TargetSpec"]


@dataclass(frozen=True)
class TargetSpec:
    """A target: its `name`, what its code is called, and what the name of its build folder ends in."""

    name: str
    code: str
    ending: str


TARGETS: dict[Target, TargetSpec] = {
    "hls": TargetSpec("HLS C++", "HLS C++", ""),
    # As the command line names the folder.
    "rtl": TargetSpec("RTL", "SystemVerilog", "-rtl"),
}
_DEFAULT: Target = "hls"
_NO_TOOL, _WAVES = "vendor/no_tool", "waves/write"


class TargetChoice(QObject):
    """The target that the open project is built for; `changed` says that it is another one now."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.chosen: Target = _DEFAULT
        self._file: Path | None = None

    def open(self, file: Path) -> None:
        """Take the target that was chosen for a project when it was open before."""
        self._file = file
        found = str(settings().value(_key(file)))
        self.show(found if found in TARGETS else _DEFAULT)

    def choose(self, target: Target) -> None:
        """Take a target and remember it for the project."""
        self.show(target)
        if self._file is None:
            return
        kept = settings()
        if target == _DEFAULT:
            kept.remove(_key(self._file))
        else:
            kept.setValue(_key(self._file), target)

    @property
    def vendor(self) -> VendorUse:
        """Which use builds make of the vendor's tool: where it is found, or none."""
        return VendorUse("never" if str(settings().value(_NO_TOOL)) == "true" else "found")

    def run_vendor(self, run: bool) -> None:
        """Let builds of all projects run the vendor's tool, or not."""
        settings().setValue(_NO_TOOL, "false" if run else "true")

    @property
    def waves(self) -> bool:
        """Whether builds as RTL write a waveform."""
        return str(settings().value(_WAVES)) == "true"

    def write_waves(self, write: bool) -> None:
        """Let builds of all projects as RTL write a waveform, or not."""
        settings().setValue(_WAVES, "true" if write else "false")

    def show(self, target: Target) -> None:
        """Take a target without remembering it."""
        self.chosen = target
        self.changed.emit()


def _key(file: Path) -> str:
    # A slash in a key begins a group.
    return f"target/{quote(str(file.resolve()), safe='')}"

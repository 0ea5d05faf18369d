"""What the window asks a person, in one place, so that tests can answer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar

from PySide6.QtWidgets import QDialog, QFileDialog, QInputDialog, QMessageBox, QWidget

if TYPE_CHECKING:
    from allo_studio.calibration import CalibrationResult

__all__ = ["Prompts"]

_Answer = TypeVar("_Answer")
# What a button says, its role, and the answer that it gives.
_Choice: TypeAlias = tuple[str, QMessageBox.ButtonRole, _Answer]

# The most files that a question lists.
_SHOWN = 8


class Prompts:
    """Modal questions over a window."""

    def __init__(self, parent: QWidget) -> None:
        self._parent = parent

    def project_to_open(self, start: Path) -> Path | None:
        """Ask for a project file."""
        title, kinds = "Open a project", "Allo Studio projects (*.yaml *.yml);;All files (*)"
        chosen, _ = QFileDialog.getOpenFileName(self._parent, title, str(start), kinds)
        return Path(chosen) if chosen else None

    def new_folder(self, start: Path) -> Path | None:
        """Ask for the folder of a new project."""
        chosen, _ = QFileDialog.getSaveFileName(
            self._parent, "Make a project in a new folder", str(start / "my_project")
        )
        return Path(chosen) if chosen else None

    def guide_folder(self, suggestion: Path) -> Path | None:
        """Ask for the folder of the guided project."""
        chosen, _ = QFileDialog.getSaveFileName(
            self._parent, "Make the guided project in a new folder", str(suggestion)
        )
        return Path(chosen) if chosen else None

    def save_as(self, start: Path) -> Path | None:
        """Ask where to save a copy."""
        chosen, _ = QFileDialog.getSaveFileName(self._parent, "Save the project as a new folder or file", str(start))
        return Path(chosen) if chosen else None

    def picture_file(self, start: Path) -> Path | None:
        """Ask where to write a picture of the canvas."""
        title, kinds = "Export a picture", "Pictures (*.svg *.png *.pdf)"
        chosen, _ = QFileDialog.getSaveFileName(self._parent, title, str(start), kinds)
        return Path(chosen) if chosen else None

    def report_file(self, start: Path) -> Path | None:
        """Ask where to write a report: a page of HTML, or a folder of CSV files by a name without that ending."""
        title, kinds = "Export the report", "One page (*.html);;Folder of CSV files (*)"
        chosen, _ = QFileDialog.getSaveFileName(self._parent, title, str(start), kinds)
        return Path(chosen) if chosen else None

    def view_file(self, start: Path) -> Path | None:
        """Ask where to write a page of the report, as a picture or as its rows."""
        title, kinds = "Export this view", "Pictures and rows (*.png *.svg *.csv *.json)"
        chosen, _ = QFileDialog.getSaveFileName(self._parent, title, str(start), kinds)
        return Path(chosen) if chosen else None

    def vendor_report(self, start: Path) -> Path | None:
        """Ask for a report of a vendor's tool."""
        title, kinds = "Read a vendor's report", "Reports (*.xml *.rpt);;All files (*)"
        chosen, _ = QFileDialog.getOpenFileName(self._parent, title, str(start), kinds)
        return Path(chosen) if chosen else None

    def calibration(self, result: CalibrationResult, file: str) -> bool:
        """Show what a calibration would change, and ask whether to write it."""
        # Loaded where it is needed: a start does without it.
        from ui.calibration_dialog import CalibrationDialog

        dialog = CalibrationDialog(result, file, self._parent)
        wanted = dialog.exec() == QDialog.DialogCode.Accepted
        dialog.deleteLater()
        return wanted

    def unsaved(self, name: str) -> Literal["save", "discard", "cancel"]:
        """Ask what to do with unsaved changes."""
        buttons = QMessageBox.StandardButton
        answer = QMessageBox.question(
            self._parent,
            "Unsaved changes",
            f"Save the changes to {name}?",
            buttons.Save | buttons.Discard | buttons.Cancel,
            buttons.Save,
        )
        return {buttons.Save: "save", buttons.Discard: "discard"}.get(answer, "cancel")  # type: ignore[return-value]

    def file_changed(self, name: str, dirty: bool) -> Literal["merge", "reload", "keep"]:
        """Ask what to do with the changes that another program made to the file."""
        role, what = QMessageBox.ButtonRole, "Take up its changes?"
        choices: list[_Choice[Literal["merge", "reload", "keep"]]] = [
            ("In place of mine" if dirty else "Take up", role.DestructiveRole, "reload"),
            ("Go on without", role.RejectRole, "keep"),
        ]
        if dirty:
            what = "Merge its changes with yours, take them up in place of yours, or go on without them?"
            choices.insert(0, ("Merge", role.AcceptRole, "merge"))
        text = f"{name} was changed by another program."
        return _choose("The file has changed", text, f"{what} Either can be undone.", choices)

    def trust(self, folder: Path, files: Sequence[str]) -> bool:
        """Ask whether the code that a project brings may be run."""
        shown = "\n".join(files[:_SHOWN]) + (f"\nand {len(files) - _SHOWN} more" if len(files) > _SHOWN else "")
        text = "A build compiles and runs code that this project brings, with all that you may do on this computer:\n\n"
        # Enter, pressed in haste, runs nothing.
        return self._yes("Run the project's code?", f"{text}{shown}\n\nDo you trust the folder {folder}?", first="No")

    def overwrite(self, name: str) -> bool:
        """Ask whether to overwrite a file that has changed on disk."""
        text = f"{name} was changed by another program since it was opened. Overwrite it?"
        return self._yes("The file has changed", text)

    def recover(self, name: str) -> Literal["take", "discard", "later"]:
        """Ask what to do with unsaved work that was found."""
        role = QMessageBox.ButtonRole
        choices: list[_Choice[Literal["take", "discard", "later"]]] = [
            ("Take up", role.AcceptRole, "take"),
            ("Discard", role.DestructiveRole, "discard"),
            ("Not now", role.RejectRole, "later"),
        ]
        found = f"Unsaved changes to {name} were found, from a session that didn't end well."
        what = "Take them up? If not now, they stay and are offered when the project is next opened."
        return _choose("Unsaved work found", found, what, choices)

    def text(self, title: str, label: str, start: str) -> str | None:
        """Ask for a text."""
        answer, accepted = QInputDialog.getText(self._parent, title, label, text=start)
        return answer.strip() if accepted and answer.strip() else None

    def choice(self, title: str, label: str, titles: Sequence[str]) -> str | None:
        """Ask for one of some."""
        answer, accepted = QInputDialog.getItem(self._parent, title, label, list(titles), 0, False)
        return answer if accepted else None

    def bring_in(self, name: str, target: str) -> bool:
        """Ask whether to copy a file into the project."""
        return self._yes("Copy into the project", f"{name} is not in the project's folder. Copy it there, as {target}?")

    def _yes(self, title: str, text: str, first: str = "Yes") -> bool:
        """Ask; `first` is the button that Enter presses."""
        buttons = QMessageBox.StandardButton
        answer = QMessageBox.question(self._parent, title, text, buttons.Yes | buttons.No, buttons[first])
        return answer == buttons.Yes


def _choose(title: str, text: str, what: str, choices: Sequence[_Choice[_Answer]]) -> _Answer:
    """Ask for one of some answers: Enter gives the first, Escape, pressed in haste, the last, which loses nothing."""
    box = QMessageBox(QMessageBox.Icon.Question, title, text)
    box.setInformativeText(what)
    answers = {box.addButton(label, role): answer for label, role, answer in choices}
    first, *_, last = answers
    box.setDefaultButton(first)
    box.setEscapeButton(last)
    box.exec()
    return answers.get(box.clickedButton(), answers[last])

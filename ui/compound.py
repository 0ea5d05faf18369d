"""Several edits that are one entry of the undo menu."""

from __future__ import annotations

from dataclasses import dataclass

from allo_studio.design.edits import Edit
from allo_studio.design.model import Project

__all__ = ["Several"]


@dataclass(frozen=True)
class Several(Edit):
    """Applies edits in order, all or none. `text` is what the undo menu says."""

    edits: tuple[Edit, ...]
    text: str

    def apply(self, project: Project) -> Project:
        """Return the project after all edits; raises AlloError where one does not apply."""
        for edit in self.edits:
            project = edit.apply(project)
        return project

    def describe(self) -> str:
        """Return the text for the undo menu."""
        return self.text

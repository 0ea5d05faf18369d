"""Projects whose code may be run: building one with external C++, Verilog or Python runs what its files say."""

from __future__ import annotations

from pathlib import Path

from allo_studio.design.checked import CheckedDesign
from ui.settings import remembered, settings

__all__ = ["code_files", "is_trusted", "trust"]

_KEY, _MOST = "trusted", 200


def code_files(checked: CheckedDesign) -> tuple[str, ...]:
    """Return the files of a design whose code a build runs: those of its external blocks, without descriptors."""
    files = (path for block in checked.external.values() for path in block.files if path != block.path)
    return tuple(sorted(set(files)))


def is_trusted(root: Path) -> bool:
    """Tell whether a person has allowed that the code of a project's folder is run."""
    return str(root.resolve()) in remembered(_KEY)


def trust(root: Path) -> None:
    """Remember that the code of a folder may be run, on this computer; nothing in the folder says so."""
    first = str(root.resolve())
    others = [name for name in remembered(_KEY) if name != first]
    settings().setValue(_KEY, [first, *others][:_MOST])

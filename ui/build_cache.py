"""What was built last into each folder, and from what: an unchanged design need not be built again."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from allo_studio import __version__
from allo_studio.built import BuildResult, Target, VendorUse
from allo_studio.design.model import Project
from allo_studio.project import LoadedProject
from allo_studio.report import REPORT_FILE

__all__ = ["BuildCache", "BuildKey", "key_of"]

# A project with more files than these is always built: to look at them all would take as long.
_MOST_FILES = 20_000
_Stamp = tuple[int, int]


@dataclass(frozen=True)
class BuildKey:
    """All that a build depends on; where the blocks are drawn and what notes say is no part of it.

    `design` is `Project.built`, and `files` are those of the project's folder apart from its project file and from
    what builds leave, each with its time and size. `path` is where programs are looked for.
    """

    design: tuple[object, ...]
    arguments: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]
    target: Target
    vendor: VendorUse
    waves: bool
    files: tuple[tuple[str, _Stamp], ...]
    path: str
    version: str = __version__


def key_of(loaded: LoadedProject, project: Project, target: Target, vendor: VendorUse, waves: bool) -> BuildKey | None:
    """Return what a build of a project would depend on, None where its folder has too many files to tell."""
    found: list[tuple[str, _Stamp]] = []
    for file in _files(loaded.root, loaded.file):
        stamp = _stamp(file)
        if stamp is not None:
            found.append((str(file), stamp))
        if len(found) > _MOST_FILES:
            return None
    design, arguments = project.built(), project.argument_order()
    return BuildKey(design, arguments, target, vendor, waves, tuple(sorted(found)), os.environ.get("PATH", ""))


class BuildCache:
    """The last good build of each folder of results."""

    def __init__(self) -> None:
        self._built: dict[Path, tuple[BuildKey, BuildResult, _Stamp]] = {}

    def keep(self, out: Path, key: BuildKey | None, result: BuildResult) -> None:
        """Remember a build, if it ended well and left its report."""
        stamp = _stamp(out / REPORT_FILE)
        self._built.pop(out, None)
        if key is not None and stamp is not None and result.ok:
            self._built[out] = key, result, stamp

    def find(self, out: Path, key: BuildKey | None) -> BuildResult | None:
        """Return the result of a build of the same, if all of its files are still there as it left them."""
        known = self._built.get(out)
        if known is None or key is None or known[0] != key or _stamp(out / REPORT_FILE) != known[2]:
            return None
        result = known[1]
        return result if all(Path(artifact.path).exists() for artifact in result.artifacts) else None


def _files(root: Path, project: Path) -> Iterator[Path]:
    """Yield the files that a build may read; the project file is known as a value."""
    for folder, inner, names in os.walk(root):
        inner[:] = [name for name in inner if not name.startswith((".", "__pycache__")) and name != "build"]
        for name in names:
            file = Path(folder, name)
            if not name.startswith(".") and file != project:
                yield file


def _stamp(file: Path) -> _Stamp | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size

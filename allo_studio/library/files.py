"""The kernel files of the library, which a project names as `library:linear.py`."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.source import Source

__all__ = ["is_library", "library_files", "library_path", "library_source"]

_MARK = "library:"


def is_library(path: str) -> bool:
    """Tell whether a kernel's path is that of a file of the library."""
    return path.startswith(_MARK)


def library_path(name: str) -> str:
    """Return the path that a project has for the library's file of that name."""
    return _MARK + name


@cache
def library_files() -> tuple[str, ...]:
    """Return the names of the library's kernel files, sorted."""
    return tuple(sorted(entry.name for entry in _folder().iterdir() if entry.name.endswith(".py")))


def library_source(path: str) -> Source:
    """Return a file of the library by its path in a project.

    Raises AlloError (code `file`) for every name but those of the files that there are.
    """
    name = path.removeprefix(_MARK)
    # Only names that were found in the folder are opened, so no path can lead out of it.
    if name not in library_files():
        message = f"the library has no file {name!r}"
        raise AlloError(Diagnostic("file", message, where=path, hint=f"there are: {', '.join(library_files())}"))
    return _read(name)


# The same text each time, so that what is kept of it is found.
@cache
def _read(name: str) -> Source:
    return Source(library_path(name), (_folder() / name).read_text(encoding="utf-8"))


def _folder() -> Traversable:
    return files("allo_studio.library") / "kernels"

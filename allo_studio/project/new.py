"""New projects: a copy of an example, or a small one that works."""

from __future__ import annotations

import os
import shutil
from difflib import get_close_matches
from itertools import takewhile
from pathlib import Path

from allo_studio.design.model import Edge, Endpoint, Graph, KernelNode, Project
from allo_studio.design.names import fresh_name
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.project.files import file_error, write_atomically
from allo_studio.project.load import PROJECT_FILE, LoadedProject, load_project
from allo_studio.project.save import dump_project, save_project

__all__ = ["example_folder", "example_note", "examples", "new_project"]

# Beside the package, both in a checkout and where it is installed.
_EXAMPLES = Path(__file__).resolve().parents[2] / "projects"
_GRAPH = "main_graph"
_KERNEL = '''"""Adds two vectors."""

from allo_studio.lang import float32, grid

N = 256


def add(X: float32[N], Y: float32[N]) -> float32[N]:
    Z: float32[N]
    for i in grid(N):
        Z[i] = X[i] + Y[i]
    return Z
'''


def examples() -> tuple[str, ...]:
    """Return the names of the example projects, sorted."""
    return tuple(sorted(p.parent.name for p in _EXAMPLES.glob(f"*/{PROJECT_FILE}")))


def example_folder(name: str) -> Path:
    """Return the folder of an example project; raises AlloError (code `file`)."""
    known = examples()
    if name not in known:
        near = get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(known)}"
        raise AlloError(Diagnostic("file", f"there is no example {name!r}", where=name, hint=hint))
    return _EXAMPLES / name


def example_note(name: str) -> str:
    """Return what an example says of itself, at the top of its file; empty where it says nothing.

    Raises AlloError (code `file`).
    """
    lines = (example_folder(name) / PROJECT_FILE).read_text(encoding="utf-8").splitlines()
    head = takewhile(lambda line: line.startswith("#"), lines)
    return " ".join(line.lstrip("# ").rstrip() for line in head)


def new_project(path: Path, example: str | None = None, *, empty: bool = False) -> LoadedProject:
    """Make a project in the folder `path`, which must be absent or empty, and return it as loaded.

    With `example` it is a copy of that example, else a project with one kernel that adds two vectors, or one whose
    graph is `empty`; it is named after the folder. Raises AlloError (code `file`) and leaves nothing behind.
    """
    origin = example_folder(example) if example is not None else None
    existed = os.path.lexists(path)
    if existed and (not os.path.isdir(path) or _listed(path)):
        raise file_error(f"{str(path)!r} exists already", path, "give the name of a folder that does not exist yet")
    try:
        if origin:
            shutil.copytree(origin, path, dirs_exist_ok=True, ignore=_left_out)
        elif empty:
            path.mkdir(parents=True, exist_ok=True)
            graph = Graph(name=_GRAPH)
            project = Project(name=_project_name(path), top=graph.name, graphs={graph.name: graph})
            write_atomically(path / PROJECT_FILE, dump_project(project))
        else:
            (path / "kernels").mkdir(parents=True)
            write_atomically(path / "kernels" / "add.py", _KERNEL)
            write_atomically(path / PROJECT_FILE, dump_project(_small(_project_name(path))))
        return _named(load_project(path), _project_name(path))
    except (OSError, AlloError) as error:
        _clear(path, keep_folder=existed)
        if isinstance(error, AlloError):
            raise
        message = f"the project cannot be made: {(error.strerror or str(error)).lower()}"
        raise file_error(message, path, "choose another place") from error


def _small(name: str) -> Project:
    vector = "float32[256]"
    graph = Graph(
        name=_GRAPH,
        inputs={"X": vector, "Y": vector},
        outputs={"Z": vector},
        nodes={"add": KernelNode("kernels/add.py", "add")},
        edges=tuple(
            Edge(Endpoint.parse(a), Endpoint.parse(b)) for a, b in (("X", "add.X"), ("Y", "add.Y"), ("add.Z", "Z"))
        ),
    )
    return Project(name=name, top=graph.name, graphs={graph.name: graph})


def _named(loaded: LoadedProject, name: str) -> LoadedProject:
    if loaded.project.name == name:
        return loaded
    return save_project(loaded, Project(**{**loaded.project.__dict__, "name": name}))


def _project_name(path: Path) -> str:
    return fresh_name(path.resolve().name, set())


def _listed(path: Path) -> list[str]:
    try:
        return os.listdir(path)
    except OSError as error:
        raise file_error(f"{str(path)!r} cannot be read", path, "choose another place") from error


def _left_out(folder: str, names: list[str]) -> list[str]:
    # An example may have been built or opened where it lies.
    return [n for n in names if n in ("__pycache__", "build") or n.startswith(".")]


def _clear(path: Path, keep_folder: bool) -> None:
    if not keep_folder:
        shutil.rmtree(path, ignore_errors=True)
        return
    for child in path.iterdir():
        if child.is_dir():
            shutil.rmtree(child, ignore_errors=True)
        else:
            child.unlink(missing_ok=True)

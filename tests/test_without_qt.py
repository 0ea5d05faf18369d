"""The library needs no Qt: every module of it is imported, and a project is built, where Qt cannot be imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Whatever is installed, nothing of Qt is found.
REFUSING = """
import importlib, sys

class Refusing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"PySide6", "shiboken6", "pytestqt"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Refusing())
"""


def run(program: str, *args: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", REFUSING + program, *map(str, args)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_every_module_is_imported() -> None:
    files = sorted((ROOT / "allo_studio").rglob("*.py"))
    modules = [".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for file in files]
    assert "allo_studio.backends.rtl.emit" in modules
    done = run("for name in sys.argv[1:]: importlib.import_module(name)", *modules)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_project_is_built_and_simulated(tmp_path: Path) -> None:
    building = "from allo_studio.cli import main; sys.exit(main(['build', *sys.argv[1:]]))"
    done = run(building, "projects/feedback", "--out", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "report.json").is_file()


def test_the_window_is_what_needs_it() -> None:
    done = run("import ui.app")
    assert done.returncode != 0
    assert "No module named 'PySide6'" in done.stderr

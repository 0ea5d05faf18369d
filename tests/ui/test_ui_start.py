"""What a start of the studio loads, and what it leaves to the time after it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# A start as `ui.app.main` does it, up to where the window waits for the person, and then what is loaded ahead.
_SCRIPT = """
import json, os, sys
from ui.__main__ import load
load()
from ui import app, load_ahead
studio = app.application()
window = app.Window()
window.show()
studio.processEvents()
window.grab()
print(json.dumps(sorted(sys.modules)))
ahead = load_ahead.LoadAhead(window)
while ahead._timer.isActive():
    studio.processEvents()
print(json.dumps(sorted(sys.modules)))
assert window.open_project(__import__("pathlib").Path(sys.argv[1]))
window.session.checking.shut()
print(json.dumps(sorted(sys.modules)), flush=True)
os._exit(0)
"""
# What reads, changes and schedules kernels, and what only that needs.
_HEAVY = (
    *("frontend", "primitives", "hardware", "analysis", "execute", "backends", "ir", "verification"),
    *("pipeline", "checking", "calibration", "synthesis", "design.check", "design.fixes"),
)
_OTHERS = (
    "numpy",
    "ml_dtypes",
    "networkx",
    "numba",
    "llvmlite",
    "ortools",
    "islpy",
    "torch_mlir",
    "mlir",
    "pycde",
    "Qt",
)


def loaded(project: Path) -> list[list[str]]:
    """Return the modules at a start, after those loaded ahead, and with a project open."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-W", "error", "-c", _SCRIPT, str(project)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def among(modules: list[str], names: tuple[str, ...]) -> list[str]:
    """Return the modules that are one of these, or within one."""
    return [module for module in modules if any(f"{module}.".startswith(f"{name}.") for name in names)]


def test_a_start_loads_nothing_that_only_projects_need(project: Path) -> None:
    start, ahead, opened = loaded(project)
    ours = tuple(f"allo_studio.{name}" for name in _HEAVY)
    assert among(start, (*ours, *_OTHERS)) == []
    assert {"ui.window", "nodes.canvas", "NodeGraphQt"} <= set(start), "it was a start"
    assert {"allo_studio.frontend", "allo_studio.checking", "numpy"} <= set(ahead)
    # Else the list of what is loaded ahead is out of date: the first project would wait.
    late = among(sorted(set(opened) - set(ahead)), ("allo_studio", "numpy"))
    assert late == []

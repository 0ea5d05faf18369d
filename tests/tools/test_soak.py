"""The soak tells a run that fails from one that crashes or hangs, and ends at the latter."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def soak() -> ModuleType:
    spec = importlib.util.spec_from_file_location("soak", ROOT / "tools" / "soak.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["soak"] = module
    spec.loader.exec_module(module)
    return module


def python(code: str) -> list[str]:
    return [sys.executable, "-X", "faulthandler", "-c", code]


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        ("print('3 passed')", "passed"),
        ("print('1 failed'); raise SystemExit(1)", "failed"),
        ("import ctypes; ctypes.string_at(0)", "crashed"),
        ("import os; os.abort()", "crashed"),
        # A worker that crashed: its pytest goes on, and only tells.
        ("print(\"worker 'gw0' crashed while running 'x'\"); raise SystemExit(1)", "crashed"),
        # pytest's own faults, and a run without any test.
        ("raise SystemExit(3)", "crashed"),
        ("raise SystemExit(5)", "crashed"),
    ],
)
def test_how_a_run_ended(soak: ModuleType, tmp_path: Path, code: str, verdict: str) -> None:
    found = soak.run_once(python(code), tmp_path / "log", 60)
    assert found.verdict == verdict
    lines = (tmp_path / "log").read_text().splitlines()
    assert found.summary == (lines[-1] if lines else "")


def test_a_run_that_hangs_is_ended_with_its_children(soak: ModuleType, tmp_path: Path) -> None:
    inner = "import time; print('alive', flush=True); time.sleep(60)"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}])"
    found = soak.run_once(python(code), tmp_path / "log", 2)
    assert (found.verdict, found.summary) == ("hung", "alive")
    assert found.seconds < 30


def test_it_ends_at_a_crash_and_not_at_a_failure(
    soak: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = (
        "import os, pathlib; p = pathlib.Path('COUNT'); n = len(p.read_text()) if p.exists() else 0;"
        "p.write_text('x' * (n + 1)); print('run', n); os.abort() if n == 2 else exit(n)"
    ).replace("COUNT", str(tmp_path / "count"))
    done = soak.soak(python(code), 9, tmp_path / "logs", 60)
    assert [run.verdict for run in done] == ["passed", "failed", "crashed"]
    told = capsys.readouterr().out
    assert told.splitlines()[1].split()[:2] == ["1", "passed"]
    assert str(tmp_path / "logs" / "run-3.log") in told

"""The whole journey by hand: without a screen, and on one with a window manager, in a process of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import whole_journey
from hands import Hands, play

from ui.dialogs import Prompts
from ui.window import Window

ROOT = Path(__file__).parents[2]
PROGRAMS = ("Xvfb", "openbox", "xdotool")


def test_without_a_screen(window: Window, tmp_path: Path) -> None:
    window.prompts = Prompts(window)
    whole_journey.prepared(window)
    play(whole_journey.journey(window, Hands(), tmp_path / "signal"))


@pytest.fixture
def screen() -> Iterator[str]:
    """A screen with a window manager: its `DISPLAY`."""
    missing = [program for program in PROGRAMS if not shutil.which(program)]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}")
    with ExitStack() as stack:
        read, write = os.pipe()
        stack.callback(os.close, read)
        size = "1800x1120x24"
        command = ["Xvfb", "-displayfd", str(write), "-screen", "0", size, "-nolisten", "tcp"]
        server = _started(stack, command, pass_fds=(write,))
        os.close(write)
        number = os.read(read, 16).decode().strip()
        assert number, f"Xvfb ended with {server.wait(10)}"
        display = f":{number}"
        _started(stack, ["openbox"], env={**os.environ, "DISPLAY": display})
        yield display


def _started(stack: ExitStack, command: list[str], **options: object) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)  # type: ignore[call-overload]
    # Backwards: first it is asked to end, then it is waited for.
    stack.callback(process.wait, 20)
    stack.callback(process.terminate)
    return process


def test_on_a_screen_with_a_window_manager(screen: str, tmp_path: Path) -> None:
    script = Path(whole_journey.__file__)
    environment = {**os.environ, "DISPLAY": screen, "QT_QPA_PLATFORM": "xcb", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-X", "faulthandler", str(script), str(tmp_path / "signal"), str(tmp_path / "settings")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode, done.stdout) == (0, "arrived\n"), f"{done.stdout}\n{done.stderr[-3000:]}"

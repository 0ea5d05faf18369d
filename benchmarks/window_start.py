"""The start of the program for `benchmarks/window.py`: prints when the window has been painted, and ends.

Without arguments it does what the command `allo-studio` does, which runs the window in a process of its own; with
`opened` it is that process.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

__all__ = ["command", "opened"]


def command() -> None:
    """Do what a person's command does, but for the program that it runs: that one is `opened`."""
    from allo_studio.cli import main, window

    window._command = lambda module, *arguments: [sys.executable, "-P", __file__, "opened"]
    assert main([]) == 0


def opened() -> None:
    """Do what `python -m ui` does, up to the moment at which the window has been painted and waits for the person."""
    from ui import __main__ as program

    load = program.load

    def loaded() -> Any:
        from PySide6.QtCore import QTimer

        main, made = load(), sys.modules["ui.app"].Window
        plain = made.showEvent

        def shown(self: Any, event: Any) -> None:
            plain(self, event)
            QTimer.singleShot(0, lambda: (self.repaint(), QTimer.singleShot(0, told)))

        made.showEvent = shown
        return main

    program.load = loaded
    program.run()


def told() -> None:
    """Say when it was, and end at once."""
    print(json.dumps({"at": time.time()}), flush=True)
    os._exit(0)


if __name__ == "__main__":
    opened() if sys.argv[1:] == ["opened"] else command()

"""Starting the studio."""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from allo_studio import __version__
from ui.crash import CrashReporter
from ui.load_ahead import LoadAhead
from ui.look_commands import apply_look
from ui.window import Window

__all__ = ["application", "main", "no_screen"]

_WATCHES = "watchesSystem"


def application() -> QApplication:
    """Return the application with the studio's look, made if there is none."""
    existing = QApplication.instance()
    app = existing if isinstance(existing, QApplication) else QApplication(sys.argv[:1])
    app.setApplicationName("Allo Studio")
    app.setApplicationVersion(__version__)
    apply_look()
    # Once an application, however often this is called.
    if not app.property(_WATCHES):
        app.setProperty(_WATCHES, True)
        app.styleHints().colorSchemeChanged.connect(apply_look)
    return app


def no_screen() -> bool:
    """Tell whether Qt would end the process for want of a screen."""
    chosen = any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))
    return sys.platform.startswith("linux") and not chosen


def main(argv: Sequence[str] | None = None) -> int:
    """Open the studio on a project, or on none; returns the exit status (3 where there is no screen)."""
    parser = argparse.ArgumentParser(prog="allo-studio", description="Open the studio.")
    parser.add_argument("project", nargs="?", type=Path, help="a project folder or YAML file")
    options = parser.parse_args(argv)
    if no_screen():
        print("there is no screen to open the studio on", file=sys.stderr)
        print("  hint: `allo-studio build PROJECT` works without one", file=sys.stderr)
        return 3
    app = application()
    window = Window()
    crashes = CrashReporter(window, window.session.autosave, window.session.last_edit)
    crashes.install()
    window.show()
    # What there is now stays to the end: nobody waits for a search through it for garbage.
    gc.freeze()
    gc.enable()
    LoadAhead(window)
    if options.project is not None:
        window.open_project(options.project)
    elif window.actions_by_id["keep_tabs"].isChecked():
        window.do_reopen()
    # Python handles Ctrl+C only when it runs: give it a moment now and then.
    signal.signal(signal.SIGINT, lambda *_: window.close())
    ticker = QTimer()
    ticker.timeout.connect(lambda: None)
    ticker.start(250)
    status = app.exec()
    ticker.stop()
    crashes.remove()
    # In this order: the window goes while the application is still there.
    window.close()
    window.deleteLater()
    app.processEvents()
    gc.unfreeze()
    return int(status)

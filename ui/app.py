"""Starting the studio."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from allo_studio import __version__
from ui.theme import apply_theme
from ui.window import Window

__all__ = ["application", "main"]


def application() -> QApplication:
    """Return the application with the studio's look, made if there is none."""
    existing = QApplication.instance()
    app = existing if isinstance(existing, QApplication) else QApplication(sys.argv[:1])
    app.setApplicationName("Allo Studio")
    app.setApplicationVersion(__version__)
    apply_theme(app)
    return app


def main(argv: Sequence[str] | None = None) -> int:
    """Open the studio on a project, or on none; returns the exit status."""
    parser = argparse.ArgumentParser(prog="allo-studio", description="Open the studio.")
    parser.add_argument("project", nargs="?", type=Path, help="a project folder or YAML file")
    options = parser.parse_args(argv)
    app = application()
    window = Window()
    window.show()
    if options.project is not None:
        window.open_project(options.project)
    # Python handles Ctrl+C only when it runs: give it a moment now and then.
    signal.signal(signal.SIGINT, lambda *_: window.close())
    ticker = QTimer()
    ticker.timeout.connect(lambda: None)
    ticker.start(250)
    status = app.exec()
    ticker.stop()
    # In this order: the window goes while the application is still there.
    window.close()
    window.deleteLater()
    app.processEvents()
    return int(status)

"""`python -m ui.screenshot PROJECT OUT.png [--build [--target rtl]]` takes a picture, without a screen."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from ui.app import application
from ui.checking import Checking
from ui.targets import TARGETS
from ui.window import Window

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Open, perhaps build, and save a picture; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m ui.screenshot", description="Take a picture of the studio.")
    parser.add_argument("project", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--build", action="store_true", help="build the project first")
    parser.add_argument("--target", dest="made", choices=TARGETS, default="hls", help="what to build (hls)")
    parser.add_argument("--select", default="", help="a place to select, such as cascade/mm1")
    parser.add_argument("--size", default="1680x1020", help="WIDTHxHEIGHT in pixels (1680x1020)")
    parser.add_argument(
        "--seconds",
        type=float,
        default=600,
        help="the most that the build, and then the verification of steps, may take (600)",
    )
    options = parser.parse_args(argv)
    # The platform without a screen remarks on what it lacks, which says nothing about the picture.
    qInstallMessageHandler(lambda *_: None)
    # Nobody waits here who could do something else.
    Checking.patience_s = options.seconds
    app = application()
    window = Window()
    window.resize(*(int(part) for part in options.size.split("x")))
    window.show()
    status = 0 if window.open_project(options.project) else 1
    if options.build and status == 0:
        window.targets.show(options.made)
        # Who asks for a build by a command has answered whether its code may be run.
        window.build_control.start()
        _wait(app, lambda: not window.builder.running, options.seconds)
        status = 0 if window.session.result is not None else 1
    _select(window, options.select)
    _wait(app, lambda: False, 0.3)
    _wait(app, lambda: not window.panels.inspector.verifier.running, options.seconds)
    window.do_fit()
    app.processEvents()
    saved = window.grab().save(str(options.target), "PNG")
    window.close()
    window.deleteLater()
    app.processEvents()
    return status if saved else 3


def _select(window: Window, where: str) -> None:
    graph = window.session.graph
    first = next(iter(graph.nodes), "") if graph else ""
    place = window.session.place(where or f"{window.session.level.path}/{first}")
    if place is not None:
        window.go_to_place(place)


def _wait(app: QApplication, done: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not done() and time.monotonic() < end:
        app.processEvents()
        time.sleep(0.01)


if __name__ == "__main__":
    sys.exit(main())

"""`python -m screenshots [--only NAME ...] [--out FOLDER]` plays the scenes and writes their pictures."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import qInstallMessageHandler

from screenshots.images import write_image
from screenshots.scenes import SCENES
from screenshots.stage import Stage
from ui.checking import Checking

__all__ = ["main"]

_OUT = Path(__file__).resolve().parent.parent / "docs" / "images"


def main(argv: Sequence[str] | None = None) -> int:
    """Play scenes; returns the exit status (1 where one failed, which keeps no other from being played)."""
    parser = argparse.ArgumentParser(
        prog="python -m screenshots", description="Make the pictures of the documentation."
    )
    parser.add_argument("--only", action="append", choices=SCENES, metavar="NAME", help="a scene to play (all)")
    parser.add_argument("--out", type=Path, default=_OUT, help="where the pictures go (docs/images)")
    parser.add_argument("--list", action="store_true", help="list the scenes and what they show")
    options = parser.parse_args(argv)
    if options.list:
        print("\n".join(f"{scene.name:26} {scene.caption}" for scene in SCENES.values()))
        return 0
    # The platform without a screen remarks on what it lacks, which says nothing about the pictures.
    qInstallMessageHandler(lambda *_: None)
    # Each picture is of what a check found, however long that takes.
    Checking.patience_s = 300.0
    failed = []
    # Paths are in pictures: they are the same each time, and those of a home begin with ~.
    folder = Path(tempfile.gettempdir()) / "allo-studio"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    os.environ["HOME"] = str(folder)
    try:
        stage = Stage(folder)
        for name in options.only or SCENES:
            try:
                stage.reset()
                write_image(SCENES[name].play(stage), options.out / f"{name}.png")
                print(name, flush=True)
            except Exception:
                failed.append(name)
                traceback.print_exc()
        stage.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"not made: {', '.join(failed)}" if failed else "all made")
    return 1 if failed else 0


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    # Qt takes long to end a process in which many windows were.
    os._exit(status)

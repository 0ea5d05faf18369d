"""`python -m ui PROJECT` opens the studio."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable

__all__ = ["load", "run"]


def run() -> int:
    """Open the studio; returns the exit status."""
    return load()()


def load() -> Callable[[], int]:
    """Load the studio and return its main function."""
    # What is loaded here stays: to look through it for garbage again and again takes an eighth of the start.
    gc.disable()
    from ui.app import main

    return main


if __name__ == "__main__":
    sys.exit(run())

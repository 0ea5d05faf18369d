"""How much the tests that draw at random look at.

Each draws the same in every run. `make test` looks at a few draws, chosen because they tell the most, of properties
that have held for many more; `ALLO_TESTS=full` looks at those too, for when a change is about what they test.
"""

from __future__ import annotations

import os
from typing import TypeVar

__all__ = ["FULL", "of"]

FULL = os.environ.get("ALLO_TESTS") == "full"
T = TypeVar("T")


def of(usual: T, full: T) -> T:
    """Return what a test looks at, such as a number of examples or seeds."""
    return full if FULL else usual

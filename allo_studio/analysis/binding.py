"""The one door to isl, which is loaded when it is first used: reading a kernel does without it."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["isl"]


class _Isl:
    """The module `islpy`, in which every name is looked up once."""

    def __getattr__(self, name: str) -> Any:
        found = getattr(import_module("islpy"), name)
        setattr(self, name, found)
        return found


# islpy has no types that mypy can follow.
isl: Any = _Isl()

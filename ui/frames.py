"""Values over a pipe between the window and a process beside it."""

from __future__ import annotations

import pickle
from typing import Any, BinaryIO

__all__ = ["read", "write"]

_LENGTH = 8


def write(file: BinaryIO, value: object) -> None:
    """Write a value so that `read` knows where it ends."""
    data = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    file.write(len(data).to_bytes(_LENGTH, "big") + data)
    file.flush()


def read(file: BinaryIO) -> Any:
    """Read a value that `write` wrote; raises EOFError where the other side is gone."""
    head = file.read(_LENGTH)
    data = file.read(int.from_bytes(head, "big")) if len(head) == _LENGTH else b""
    if len(head) < _LENGTH or len(data) < int.from_bytes(head, "big"):
        raise EOFError
    return pickle.loads(data)

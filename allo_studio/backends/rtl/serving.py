"""Calls of functions in another process: the messages, and the side that answers.

A message is its length in eight bytes, little endian, and that many bytes of JSON.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Mapping
from typing import IO, Any, TypeAlias

__all__ = ["Handlers", "read_message", "serve", "write_message"]

Handlers: TypeAlias = "Mapping[str, Callable[..., Any]]"

_LENGTH_BYTES = 8
# How much later than its owner, which may be gone, a worker ends a call that takes too long.
_GRACE_S = 10


def read_message(stream: IO[bytes]) -> Any:
    """Return the next message, or None where there is none and never will be."""
    head = stream.read(_LENGTH_BYTES)
    if len(head) < _LENGTH_BYTES:
        return None
    size = int.from_bytes(head, "little")
    body = stream.read(size)
    return json.loads(body) if len(body) == size else None


def write_message(stream: IO[bytes], message: Any) -> None:
    """Send a message; raises OSError where nobody is there."""
    body = json.dumps(message).encode()
    stream.write(len(body).to_bytes(_LENGTH_BYTES, "little") + body)
    stream.flush()


def serve(handlers: Handlers, memory_bytes: int) -> None:
    """Answer calls until the input ends. What is printed meanwhile goes where errors go."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    logging.basicConfig(stream=sys.stderr, level=logging.DEBUG, format="%(message)s")
    _limit(memory_bytes)
    # What a call leaves behind is looked for when it is answered.
    gc.disable()
    while (call := read_message(sys.stdin.buffer)) is not None:
        _alarm(int(call["seconds"]) + _GRACE_S)
        answer = _answer(handlers, call)
        _alarm(0)
        write_message(answers, answer)
        gc.collect()


def _answer(handlers: Handlers, call: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return {"value": handlers[call["function"]](*call["arguments"])}
    except MemoryError:
        return {"fault": "memory", "message": ""}
    except ImportError as error:
        return {"fault": "missing", "message": str(error)}
    except Exception as error:
        return {"fault": "refused", "message": f"{error}" or type(error).__name__}


def _limit(memory_bytes: int) -> None:
    try:
        import resource
    except ImportError:
        return
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    limit = memory_bytes if most == resource.RLIM_INFINITY else min(memory_bytes, most)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, most))


def _alarm(seconds: int) -> None:
    # Unlike a thread, it also ends what never comes back from C++.
    if hasattr(signal, "alarm"):
        signal.alarm(seconds)

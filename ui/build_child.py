"""Builds projects for the window: a request at a time from standard input, then its progress and its outcome.

It is a process of its own, as compilers written in C++ hold up every thread of the Python that calls them, and the
window must stay responsive while one runs. It stays for the next build, which then finds what this one learned. Where
its input ends, as when the window was killed, it stops the build that runs and ends.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
from functools import partial
from typing import Any, BinaryIO

from allo_studio.pipeline import Progress, build
from ui.frames import read, write
from ui.outcome import outcome_of

__all__ = ["main", "serve"]

_NICE = 5


def main() -> int:
    """Serve standard input and output; whatever else prints to standard output goes to standard error."""
    # Where a build takes all processors, the window still answers at once.
    if hasattr(os, "nice"):
        os.nice(_NICE)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    serve(sys.stdin.buffer, answers)
    return 0


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests (positional and named arguments of `pipeline.build`) until there are no more.

    An answer is a pair: `progress` and a step, any number of times, then `result`, `faults`, or `cancelled`. In between
    `None` on `requests` cancels.
    """
    waiting: queue.SimpleQueue[Any] = queue.SimpleQueue()
    stop, over = threading.Event(), threading.Event()

    def listen() -> None:
        try:
            while True:
                request = read(requests)
                if request is None:
                    stop.set()
                else:
                    stop.clear()
                    waiting.put(request)
        except EOFError:
            over.set()
            stop.set()
            waiting.put(None)

    threading.Thread(target=listen, daemon=True).start()
    while (request := waiting.get()) is not None:
        answer = _answer(request, answers, stop)
        try:
            write(answers, answer)
        except BrokenPipeError:
            return


def _answer(request: tuple[tuple[Any, ...], dict[str, Any]], answers: BinaryIO, stop: threading.Event) -> Any:
    def progress(step: Progress) -> None:
        write(answers, ("progress", step))

    arguments, named = request
    return outcome_of(partial(build, *arguments, **named), progress, stop.is_set)


if __name__ == "__main__":
    sys.exit(main())

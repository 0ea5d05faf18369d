"""The command line. `main` is the only place where the library prints and returns an exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from traceback import extract_tb

from allo_studio.cli.parser import parse_arguments
from allo_studio.cli.terminal import CANCELLED, DESIGN, Outcome, emit, status_of
from allo_studio.cli.window import open_studio
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.progress import Cancelled

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status: 0, 1 the design, 2 usage, 3 a tool, 130 interrupted."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    outcome = _outcome(words)
    try:
        emit(outcome, json="--json" in words)
    except BrokenPipeError:
        # Whoever reads the output has seen enough; Python would complain once more when it closes stdout.
        _close_stdout()
    except KeyboardInterrupt:
        return CANCELLED
    except OSError as error:
        _close_stdout()
        with suppress(OSError):
            print(f"error[file]: the output cannot be written: {error.strerror or error}", file=sys.stderr)
        return DESIGN
    return status_of(outcome.diagnostics)


def _outcome(words: list[str]) -> Outcome:
    """Run a command; every way in which it can end is an outcome, except help and version."""
    try:
        parsed = parse_arguments(words)
        if parsed.command == "open":
            return open_studio(parsed.project)
        # What only builds need is not loaded to open the window.
        from allo_studio.cli.commands import run

        return run(parsed)
    except AlloError as error:
        return Outcome(diagnostics=error.diagnostics)
    except (Cancelled, KeyboardInterrupt):
        return Outcome(diagnostics=(Diagnostic("cancelled", "interrupted; nothing half-written is left"),))
    except OSError as error:
        # Such as a name that is too long for the system: a place was given that cannot be.
        message = f"{error.filename or 'a file'} cannot be used: {error.strerror or error}"
        return Outcome(diagnostics=(Diagnostic("file", message, hint="give another path"),))
    except Exception as error:
        if os.environ.get("ALLO_STUDIO_DEBUG"):
            raise
        return Outcome(diagnostics=(_internal(error),))


def _internal(error: Exception) -> Diagnostic:
    frames = extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    said = str(error).splitlines()[0] if str(error) else ""
    hint = "please report it with the project; ALLO_STUDIO_DEBUG=1 shows where it came from"
    return Diagnostic("internal", f"a fault of Allo Studio itself: {type(error).__name__}{place}: {said}", hint=hint)


def _close_stdout() -> None:
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

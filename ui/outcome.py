"""What a build came to, whoever runs it: a word and a value, never an exception."""

from __future__ import annotations

from collections.abc import Callable

from allo_studio.built import BuildResult
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.progress import Cancelled, Progress

__all__ = ["Work", "outcome_of"]

# A build that waits only to be told of progress and cancelling.
Work = Callable[..., BuildResult]


def outcome_of(
    work: Work, progress: Callable[[Progress], None], cancel: Callable[[], bool]
) -> tuple[str, BuildResult | tuple[Diagnostic, ...] | None]:
    """Run a build; return `result` with what it made, `faults` with diagnostics, or `cancelled`."""
    try:
        return "result", work(progress=progress, cancel=cancel)
    except Cancelled:
        return "cancelled", None
    except AlloError as error:
        return "faults", error.diagnostics
    except Exception as error:
        # What dies silently would leave the window building for ever.
        text = f"the build stopped by an internal fault: {type(error).__name__}: {error}"
        return "faults", (Diagnostic("internal", text, hint="please report this with the project"),)

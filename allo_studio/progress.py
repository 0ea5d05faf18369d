"""How far long work is, told stage by stage, and the wish to stop it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

__all__ = ["Cancelled", "Progress", "StageRun"]


class Cancelled(Exception):
    """Raised where the person cancelled; nothing half-made is left."""


@dataclass(frozen=True)
class Progress:
    """How far a build is: the stage, what it does, and the fraction of the whole that is done (0 to 1).

    `log` are lines that a tool printed since the last time; an empty text is no line.
    """

    stage: str
    message: str
    fraction: float
    log: str = ""


@dataclass
class StageRun:
    """Tells progress and asks whether to go on, between stages and within one."""

    progress: Callable[[Progress], None] | None
    cancel: Callable[[], bool] | None
    stages: Sequence[str]
    number: int = field(default=-1)

    def stage(self, message: str, name: str = "") -> None:
        """Enter the next stage, or that of a `name`; raises Cancelled."""
        if self.cancel and self.cancel():
            raise Cancelled
        self.number = self.stages.index(name) if name else self.number + 1
        self.within(message)

    @property
    def name(self) -> str:
        """The stage that was entered last."""
        return self.stages[self.number]

    def within(self, message: str, part: float = 0.0, log: str = "") -> None:
        """Tell what the stage does now, the `part` of it that is done (below 1), and what a tool printed."""
        if self.progress:
            self.progress(Progress(self.name, message, (self.number + part) / len(self.stages), log))

    def end(self) -> None:
        """Tell that all is done."""
        if self.progress:
            self.progress(Progress("done", "done", 1.0))

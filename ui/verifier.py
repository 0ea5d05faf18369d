"""Verifies steps by running kernels in a process beside the window. Signals arrive in the window's thread."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from ui.asker import Asker
from ui.trials import Outcome, Trial, request, why_not

__all__ = ["Verifier"]

_WAITING = Outcome("waiting", "waiting to be verified")


class Verifier(Asker):
    """Tries steps one after another and remembers the outcomes."""

    module = "ui.trial_child"

    def outcome(self, key: Hashable) -> Outcome:
        """Return what is known of a step."""
        known: Outcome | None = self.known(key)
        return known or _WAITING

    def _at_once(self, question: Trial) -> Outcome | None:
        reason = why_not(question)
        return Outcome("skipped", reason) if reason else None

    def _request(self, question: Trial) -> Mapping[str, Any]:
        return request(question)

    def _answer(self, said: Mapping[str, Any]) -> Outcome:
        return Outcome(said["outcome"], said["text"])

    def _failed(self, why: str) -> Outcome:
        return Outcome("skipped", f"not compared: {why}")

"""Predicts kernels by themselves in a process beside the window."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from ui.asker import Asker
from ui.effects import Figures, Prediction, request

__all__ = ["Predictor"]


class Predictor(Asker):
    """Schedules kernels one after another and remembers their figures."""

    module = "ui.effect_child"

    def figures(self, key: Hashable) -> Figures | None:
        """Return the figures of a kernel, or None where they are not there yet."""
        known: Figures | None = self.known(key)
        return known

    def _request(self, question: Prediction) -> Mapping[str, Any]:
        return request(question)

    def _answer(self, said: Mapping[str, Any]) -> Figures:
        return Figures(**said)

    def _failed(self, why: str) -> Figures:
        return Figures(why=f"not predicted: {why}")

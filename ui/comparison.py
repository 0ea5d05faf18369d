"""What was predicted against what a cycle simulation counted. Nothing here touches Qt."""

from __future__ import annotations

from dataclasses import dataclass

from allo_studio.report.model import Report

__all__ = ["Comparison", "differs", "interval_of", "latency_of", "occupancy_of"]


@dataclass(frozen=True)
class Comparison:
    """A number of cycles as predicted, and as simulated where it was."""

    predicted: int
    simulated: int | None = None

    @property
    def equal(self) -> bool:
        """Tell whether nothing speaks against the prediction."""
        return self.simulated is None or self.simulated == self.predicted

    @property
    def verdict(self) -> str:
        """The outcome in words with a sign, so that it needs no colour; empty where nothing was simulated."""
        if self.simulated is None:
            return ""
        return "✓ equal" if self.equal else f"≠ differs by {self.simulated - self.predicted:+,}"


def latency_of(report: Report) -> Comparison:
    """Return the cycles of one invocation."""
    return Comparison(report.latency, report.cycles[report.profile].get("simulated"))


def interval_of(report: Report) -> Comparison:
    """Return the cycles between two invocations."""
    return Comparison(report.interval, report.cycles[report.profile].get("simulated_interval"))


def differs(report: Report) -> bool:
    """Tell whether the simulation took other cycles than were predicted."""
    return not (latency_of(report).equal and interval_of(report).equal)


def occupancy_of(report: Report) -> str:
    """Return how it is known how full the channels were: `simulated` or `predicted`."""
    # Channels are watched in the runs that invoke the design more than once.
    return "predicted" if interval_of(report).simulated is None else "simulated"

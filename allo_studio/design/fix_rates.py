"""Fixes of rates: another way in which an array goes over a wire whose ends fire differently often."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from allo_studio.design.edit_graph import SetRate
from allo_studio.design.fix_base import At, Fix, Rule
from allo_studio.design.model import Rate
from allo_studio.design.rates import balanced, joins

__all__ = ["RATE_RULES", "with_rates"]

_WORDS: dict[Rate | None, str] = {
    None: "let the wire carry one array a firing",
    "rows": "let rows go over the wire",
    "held": "let the block take the same array at all of its firings",
}


def with_rates(at: At) -> Iterator[Fix]:
    """Yield the other ways in which the array can go over the wire."""
    source, target = at.type(at.edge.source), at.type(at.edge.target)
    fit = [rate for rate in _WORDS if source and target and rate != at.edge.rate and joins(rate, source, target)]
    for rate in fit:
        edges = tuple(replace(edge, rate=rate) if edge == at.edge else edge for edge in at.graph.edges)
        if balanced(replace(at.graph, edges=edges), at.edge.id, at.port):
            yield Fix(_WORDS[rate], SetRate(at.graph.name, at.edge.id, rate))


def _no_rate(at: At) -> Iterator[Fix]:
    yield Fix("take the rate off the wire", SetRate(at.graph.name, at.edge.id))


RATE_RULES: dict[str, Rule] = {
    **dict.fromkeys(("balance", "part", "held", "rows"), with_rates),
    "no rate": _no_rate,
}

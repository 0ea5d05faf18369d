"""Fixes of rates: another way in which an array goes over a wire whose ends fire differently often."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from allo_studio.design.edit_graph import SetRate
from allo_studio.design.fix_base import At, Fix, Rule
from allo_studio.design.model import Rate
from allo_studio.design.rates import Rest, joins

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
        assert source is not None
        assert target is not None
        if at.share(lambda: _rest(at), "rates").goes_with(replace(at.edge, rate=rate), source, target):
            yield Fix(_WORDS[rate], SetRate(at.graph.name, at.edge.id, rate))


def _rest(at: At) -> Rest:
    """Return how often blocks fire by the wires without a fault: others have to be mended anyway."""
    infos, prefix = at.checked.edges, f"{at.graph.name}/"
    return Rest(at.graph, [edge for edge in at.graph.edges if infos[prefix + edge.id].ok], at.port)


def _no_rate(at: At) -> Iterator[Fix]:
    yield Fix("take the rate off the wire", SetRate(at.graph.name, at.edge.id))


RATE_RULES: dict[str, Rule] = {
    **dict.fromkeys(("balance", "part", "held", "rows"), with_rates),
    "no rate": _no_rate,
}

"""A function's latency as a formula in the trip counts of its loops, as text."""

from __future__ import annotations

from collections.abc import Sequence

from allo_studio.hardware.cycles import Control, constant_cycles
from allo_studio.hardware.nest import Branch, Call, Item, Nested, Pipeline, Segment, WhileLoop, WhilePipeline

__all__ = ["formula"]


def formula(control: Control, items: Sequence[Item]) -> str:
    """Return the cycles of items; a loop's name stands for its trip count, `Σi` for the sum over a loop's iterations.

    `[n > 0]` is 1 where a loop that may have no iterations has some, else 0, and `[n = 0]` the other way round.
    """
    if not items:
        return "1"
    fixed = sum(item.placement.depth for item in items if isinstance(item, Segment))
    terms = [str(fixed)] if fixed else []
    terms += [_item(control, item) for item in items if not isinstance(item, Segment)]
    return " + ".join(terms) or "0"


def _item(control: Control, item: Item) -> str:
    match item:
        case Pipeline():
            return _pipeline(item)
        case WhilePipeline():
            place = item.placement
            known, drained = f"{place.interval}·{item.name} + {item.exit + 1}", f"({item.name} - 1) + {place.depth}"
            return f"max({known}, {place.interval}·{drained})"
        case Nested():
            body = formula(control, item.body)
            factor = item.counter.name if constant_cycles(control, item.body) is not None else f"Σ{item.counter.name}"
            whole = f"{factor}·{_grouped(body)}"
            return whole if item.counter.constant_trips else f"{whole} + [{item.counter.name} = 0]"
        case WhileLoop():
            test = formula(control, item.test)
            return f"Σ{item.name}·{_grouped(f'{test} + {formula(control, item.body)}')} + {test}"
        case Branch():
            return f"({formula(control, item.then)} or {formula(control, item.other)})"
        case Call():
            return f"{item.function}()"
    raise AssertionError(f"no formula for {item}")


def _pipeline(item: Pipeline) -> str:
    place = item.placement
    trips = "·".join(counter.name for counter in item.counters)
    steps = f"({trips} - 1)" if place.interval == 1 else f"{place.interval}·({trips} - 1)"
    whole = f"{steps} + {place.depth}"
    first = item.counters[0].name
    return whole if item.trips else f"[{first} > 0]·({whole}) + [{first} = 0]"


def _grouped(text: str) -> str:
    return f"({text})" if " + " in text else text

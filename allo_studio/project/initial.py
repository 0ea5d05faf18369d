"""The elements that lie in a wire's channel at reset, as a project file has them.

One number is one element, a list is several in order, and `{count: 8, value: 0}` is so many equal ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from allo_studio.project.document import Path
from allo_studio.project.faults import Faults

__all__ = ["MOST_INITIAL", "plain_initial", "take_initial"]

# More elements than these belong into a memory.
MOST_INITIAL = 1 << 20


def take_initial(value: Any, path: Path, faults: Faults) -> tuple[int | float, ...]:
    """Return the elements; none after a fault."""
    if isinstance(value, dict):
        entries = faults.take_mapping(value, path, ("count", "value"))
        for key in ("count", "value"):
            if key not in entries:
                faults.add(path, f"equal elements have a `{key}`", "write it as {count: 8, value: 0}")
                return ()
        count = faults.take_int(entries["count"], (*path, "count"), 1)
        number = faults.take_number(entries["value"], (*path, "value"))
        if count is None or number is None:
            return ()
        if count > MOST_INITIAL:
            faults.add((*path, "count"), f"must be at most {MOST_INITIAL}, not {count}", "use a block with a memory")
            return ()
        return (number,) * count
    if not isinstance(value, list):
        number = faults.take_number(value, path)
        return () if number is None else (number,)
    if not value:
        faults.add(path, "a list of initial elements has at least one", "write it as [0], or leave it out")
    found = [faults.take_number(entry, (*path, place)) for place, entry in enumerate(value)]
    return () if None in found else tuple(number for number in found if number is not None)


def plain_initial(initial: Sequence[int | float]) -> int | float | list[int | float] | dict[str, int | float]:
    """Return the elements as plain values, in the shortest form."""
    first, *others = initial
    if not others:
        return first
    # 0.0 and -0.0 are equal, and so are 0 and 0.0.
    if all(repr(other) == repr(first) for other in others):
        return {"count": len(initial), "value": first}
    return list(initial)

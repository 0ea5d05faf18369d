"""The elements that lie in a wire's channel at reset, as a line of text: `0`, `1, 2, 3` or `8 x 0`."""

from __future__ import annotations

from collections.abc import Sequence

from allo_studio.project.initial import MOST_INITIAL

__all__ = ["initial_of", "initial_text"]


def initial_text(initial: Sequence[int | float]) -> str:
    """Return elements as a line."""
    texts = [repr(number) for number in initial]
    return f"{len(texts)} x {texts[0]}" if len(texts) > 1 and len(set(texts)) == 1 else ", ".join(texts)


def initial_of(text: str) -> tuple[int | float, ...]:
    """Return the elements of a line; raises ValueError, with what is wrong, where it is none."""
    if not text.strip():
        return ()
    count, times, number = text.partition("x")
    if times:
        if not count.strip().isdecimal() or not 1 <= int(count) <= MOST_INITIAL:
            raise ValueError(f"{count.strip()!r} is no number of elements from 1 to {MOST_INITIAL}")
        return (_number(number),) * int(count)
    return tuple(map(_number, text.split(",")))


def _number(text: str) -> int | float:
    for kind in (int, float):
        try:
            return kind(text.strip())
        except ValueError:
            continue
    raise ValueError(f"{text.strip()!r} is no number; write 0, or 1, 2, 3, or 8 x 0")

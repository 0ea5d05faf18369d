"""Carrying an edit over to the values of a file as they are written there, defaults and spellings kept."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

__all__ = ["merge", "opcodes", "paired", "renamed", "same"]

_MOST_COMPARED = 400


def same(one: Any, two: Any) -> bool:
    """Tell whether two plain values are equal with their types (1 is neither 1.0 nor true), in any order of keys."""
    return one is two or _canonical(one) == _canonical(two)


def opcodes(old: Sequence[Any], new: Sequence[Any]) -> list[tuple[str, int, int, int, int]]:
    """Return how `old` becomes `new` as (`equal`, `replace`, `delete` or `insert`, start, end, new start, new end)."""
    matcher = SequenceMatcher(None, [_canonical(v) for v in old], [_canonical(v) for v in new], autojunk=False)
    return list(matcher.get_opcodes())


def paired(old: Sequence[Any], new: Sequence[Any]) -> dict[int, int]:
    """Return which of `old` becomes which of `new`, in order: by place where they are as many, else the most alike."""
    if len(old) == len(new) or len(old) * len(new) > _MOST_COMPARED:
        return {n: n for n in range(min(len(old), len(new)))}
    texts = [[_canonical(v) for v in values] for values in (old, new)]
    # The best pairs of what comes after a place in both, and how alike they are.
    best: dict[tuple[int, int], tuple[float, dict[int, int]]] = {}
    for n in range(len(old), -1, -1):
        for m in range(len(new), -1, -1):
            if n == len(old) or m == len(new):
                best[n, m] = (0.0, {})
                continue
            alike = SequenceMatcher(None, texts[0][n], texts[1][m], autojunk=False).ratio()
            score, pairs = best[n + 1, m + 1]
            both = (score + alike, {n: m, **pairs})
            best[n, m] = max(both, best[n + 1, m], best[n, m + 1], key=lambda found: found[0])
    return best[0, 0][1]


def renamed(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, str]:
    """Return the keys of `new` that are likely a key of `old` under another name, with that key."""
    gone: dict[str, list[str]] = {}
    for key, value in old.items():
        if key not in new:
            gone.setdefault(_canonical(value), []).append(key)
    found: dict[str, str] = {}
    for key, value in new.items():
        candidates = gone.get(_canonical(value)) if gone and key not in old else None
        if candidates:
            found[key] = candidates.pop(0)
    return found


def merge(raw: Any, old: Any, new: Any) -> Any:
    """Return `raw` (values as a file has them) with the changes that lead from `old` to `new` (both canonical)."""
    if same(old, new):
        return raw
    if isinstance(raw, dict) and isinstance(old, dict) and isinstance(new, dict):
        return _merge_mappings(raw, old, new)
    if isinstance(raw, list) and isinstance(old, list) and isinstance(new, list) and len(raw) == len(old):
        return _merge_lists(raw, old, new)
    return new


def _merge_mappings(raw: dict[str, Any], old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    # A key that only the file has states a default: it stays.
    states_default = {k for k in raw if k not in old and k not in new}
    earlier = renamed(old, new)
    merged: dict[str, Any] = {}
    for key in _ordered(list(raw), list(new), states_default):
        if key in states_default or (key in raw and key in old and same(old[key], new[key])):
            merged[key] = raw[key]
        elif key in raw and key in old:
            merged[key] = merge(raw[key], old[key], new[key])
        elif key in earlier and earlier[key] in raw and key not in raw:
            merged[key] = raw[earlier[key]]
        elif key in raw or key not in old or not same(old[key], new[key]):
            merged[key] = new[key]
    return merged


def _ordered(raw: list[str], new: list[str], extra: set[str]) -> list[str]:
    """Return the keys of `new` and `extra`: those of the file in its order, each other one after its forerunner."""
    order = [key for key in raw if key in extra or key in set(new)]
    known = set(order)
    for index, key in enumerate(new):
        if key in known:
            continue
        at = order.index(new[index - 1]) + 1 if index else 0
        order.insert(at, key)
        known.add(key)
    return order


def _merge_lists(raw: list[Any], old: list[Any], new: list[Any]) -> list[Any]:
    merged: list[Any] = []
    for tag, start, end, new_start, new_end in opcodes(old, new):
        if tag == "equal":
            merged += raw[start:end]
            continue
        came = {m: n for n, m in paired(old[start:end], new[new_start:new_end]).items()}
        for m, value in enumerate(new[new_start:new_end]):
            merged.append(merge(raw[start + came[m]], old[start + came[m]], value) if m in came else value)
    return merged


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)

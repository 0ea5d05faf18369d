"""Which operators of a library are implementations of the same operation, read and checked.

`implementations` of a profile's file has, by table, operation and type (as tables have them) the implementations by the
tool's names, each with the operator of the table that has its figures: `fulldsp: fadd_dsp`. Where an operator
is one implementation at some widths and another at others, `{operator: mul, widths: [1, 10]}` says at which.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from allo_studio.hardware.figures import data_error
from allo_studio.types import MOST_BITS

__all__ = ["Implementation", "Implementations", "read_implementations"]


@dataclass(frozen=True)
class Implementation:
    """The operator that has an implementation's figures, at widths from `least` to `most` bits."""

    operator: str
    least: int = 1
    most: int = MOST_BITS


# By operation, type, and the implementation's name.
Implementations: TypeAlias = Mapping[str, Mapping[str, Mapping[str, Implementation]]]


def read_implementations(
    data: Any, tables: Mapping[str, Mapping[str, Mapping[str, object]]], where: str
) -> dict[str, Implementations]:
    """Return the implementations of each table; raises AlloError (code `target`) where they are malformed."""
    found: dict[str, Implementations] = {}
    for table, operations in _entries(data, f"{where}: implementations"):
        if table not in tables:
            raise data_error(f"{where}: implementations", f"no table {table!r}; there are {', '.join(sorted(tables))}")
        place = f"{where}: implementations.{table}"
        found[table] = {
            name: {
                kind: {
                    impl: _implementation(entry, kind, tables[table], f"{place}.{name}.{kind}.{impl}")
                    for impl, entry in _entries(implementations, f"{place}.{name}.{kind}")
                }
                for kind, implementations in _entries(kinds, f"{place}.{name}")
            }
            for name, kinds in _entries(operations, place)
        }
    return found


def _entries(data: Any, where: str) -> list[tuple[str, Any]]:
    if not isinstance(data, Mapping):
        raise data_error(where, f"expected a table, found {data!r}")
    return [(str(key), value) for key, value in data.items()]


def _implementation(entry: Any, kind: str, table: Mapping[str, Mapping[str, object]], where: str) -> Implementation:
    found = Implementation(entry) if isinstance(entry, str) else _of_widths(entry, where)
    if kind not in table.get(found.operator, {}):
        raise data_error(where, f"{found.operator!r} has no figures for {kind}")
    return found


def _of_widths(entry: Any, where: str) -> Implementation:
    if not isinstance(entry, Mapping) or set(entry) != {"operator", "widths"}:
        raise data_error(where, f"expected an operator, or `operator` and `widths`; found {entry!r}")
    widths = entry["widths"]
    numbers = isinstance(widths, list) and len(widths) == 2 and all(type(width) is int for width in widths)
    if not numbers or not 1 <= widths[0] <= widths[1] <= MOST_BITS:
        raise data_error(where, f"expected the least and the greatest width, found {widths!r}")
    return Implementation(str(entry["operator"]), widths[0], widths[1])

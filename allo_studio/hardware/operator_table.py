"""The data of operator libraries: profiles with their families and tables of operators, read and checked.

A profile's file has `profile`, `clock_uncertainty` (a share of the period), `fifo_latency` in cycles, `core` (the
delays of pipelined operators in shares of the usable period), `families` and `tables`; `implementations` (see
`implementation_table`) tell apart what does the same in different ways. A family names a table, the
factor on its delays, its least clock period and the timing of its memory. A table has entries by operator and type:
`f16`, `bf16`, `f32`, `f64`, `float` for those not named, `int` for integers of any width. An entry is one of these:

- `at`: columns by clock period in ns: latency, DSP, FF and LUT, and the source of the column;
- `cycles`: a latency at any clock, by width; with `step`, the delay of a stage that takes more cycles where it must;
- `delay`: logic of that delay by width, in registers' stages where it does not fit a cycle (at least `pipelined` of
  them, where that is given);
- `like`: another entry, `operator.type`, whose figures are taken as estimates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias, cast, get_args

from allo_studio.hardware.figures import Figure, data_error, read_figure
from allo_studio.hardware.implementation_table import Implementations, read_implementations

__all__ = [
    "CORE_KINDS",
    "FLOAT_TYPES",
    "Column",
    "Columns",
    "Cycles",
    "Entry",
    "Family",
    "Logic",
    "Profile",
    "Source",
    "Table",
    "read_profile",
]

Source = Literal["published", "derived", "estimated"]
# Bits of each float type.
FLOAT_TYPES: Mapping[str, int] = {"f16": 16, "bf16": 16, "f32": 32, "f64": 64}
# The resources of operators.
CORE_KINDS = ("DSP", "FF", "LUT")
_COLUMN = ("latency", *CORE_KINDS, "source")


@dataclass(frozen=True)
class Column:
    """A core as built for one clock period."""

    latency: int
    resources: Mapping[str, int | None]
    source: Source


@dataclass(frozen=True)
class Columns:
    """A core by the clock period in ns that it was built for."""

    at: Mapping[float, Column]


@dataclass(frozen=True)
class _ByWidth:
    """Figures by width. `published` are the widths at which they come from a report."""

    resources: Mapping[str, Figure]
    source: Source
    published: frozenset[int]


@dataclass(frozen=True)
class Cycles(_ByWidth):
    """A latency in cycles at any clock; `step` is the delay in ns of what it does in each."""

    cycles: Figure
    step: Figure | None = None


@dataclass(frozen=True)
class Logic(_ByWidth):
    """Logic of a delay in ns; `pipelined` is the least latency in cycles where it does not fit one."""

    delay: Figure
    pipelined: Figure | None = None


Entry: TypeAlias = Columns | Cycles | Logic
# Entries by operator and type.
Table: TypeAlias = Mapping[str, Mapping[str, Entry]]


@dataclass(frozen=True)
class Family:
    """What a profile knows of a family of devices. `memory` has the delays before the factor."""

    name: str
    table: Table
    delay_factor: float
    least_clock_ns: float
    read_latency: int
    ports: Mapping[str, int]
    memory_out: float
    memory_in: float
    implementations: Implementations = field(default_factory=dict)


@dataclass(frozen=True)
class Profile:
    """A profile: `core_in` and `core_out` are shares of the usable period."""

    name: str
    clock_uncertainty: float
    fifo_latency: int
    core_in: float
    core_out: float
    families: Mapping[str, Family] = field(default_factory=dict)


def read_profile(data: Any, where: str) -> Profile:
    """Return the profile that a parsed data file says; raises AlloError (code `target`) where it is malformed."""
    _keys(
        data,
        where,
        ("profile", "clock_uncertainty", "fifo_latency", "core", "families", "tables"),
        ("implementations",),
    )
    tables = {name: _table(entries, f"{where}: {name}") for name, entries in _mapping(data["tables"], where).items()}
    cores = read_implementations(data.get("implementations", {}), tables, where)
    core = data["core"]
    _keys(core, f"{where}: core", ("in", "out"))
    return Profile(
        name=str(data["profile"]),
        clock_uncertainty=_number(data["clock_uncertainty"], f"{where}: clock_uncertainty", most=0.99),
        fifo_latency=_whole(data["fifo_latency"], f"{where}: fifo_latency"),
        core_in=_number(core["in"], f"{where}: core.in", most=1),
        core_out=_number(core["out"], f"{where}: core.out", most=1),
        families={
            name: _family(name, entry, tables, cores, f"{where}: {name}")
            for name, entry in _mapping(data["families"], where).items()
        },
    )


def _family(
    name: str, entry: Any, tables: Mapping[str, Table], cores: Mapping[str, Implementations], where: str
) -> Family:
    _keys(entry, where, ("table", "delay_factor", "least_clock_ns", "memory"))
    memory = entry["memory"]
    _keys(memory, f"{where}.memory", ("read_latency", "ports", "out", "in"))
    ports = _mapping(memory["ports"], f"{where}.memory.ports")
    if set(ports) not in ({"any"}, {"read", "write"}):
        raise data_error(f"{where}.memory.ports", "ports are `any`, or `read` and `write`")
    if entry["table"] not in tables:
        raise data_error(where, f"no table {entry['table']!r}; there are {', '.join(sorted(tables))}")
    return Family(
        name,
        tables[entry["table"]],
        _number(entry["delay_factor"], f"{where}.delay_factor"),
        _number(entry["least_clock_ns"], f"{where}.least_clock_ns"),
        _whole(memory["read_latency"], f"{where}.memory.read_latency"),
        {kind: _whole(count, f"{where}.memory.ports.{kind}") for kind, count in ports.items()},
        _number(memory["out"], f"{where}.memory.out"),
        _number(memory["in"], f"{where}.memory.in"),
        cores.get(str(entry["table"]), {}),
    )


def _table(data: Any, where: str) -> Table:
    """Return a table with every `like` in it resolved."""
    found: dict[str, dict[str, Entry]] = {}
    likes: list[tuple[str, str, str]] = []
    for name, types in _mapping(data, where).items():
        found[name] = {}
        for kind, entry in _mapping(types, f"{where}.{name}").items():
            place = f"{where}.{name}.{kind}"
            if kind not in (*FLOAT_TYPES, "float", "int"):
                raise data_error(place, f"unknown type {kind!r}; known are {', '.join(FLOAT_TYPES)}, float and int")
            if isinstance(entry, Mapping) and set(entry) == {"like"}:
                likes.append((name, kind, str(entry["like"])))
            else:
                found[name][kind] = _entry(entry, place)
    for name, kind, model in likes:
        other, _, type = model.partition(".")
        if type not in found.get(other, {}):
            raise data_error(f"{where}.{name}.{kind}", f"is like {model!r}, which has no figures of its own")
        found[name][kind] = _estimated(found[other][type])
    return found


def _estimated(entry: Entry) -> Entry:
    if isinstance(entry, Columns):
        return Columns({period: replace(column, source="estimated") for period, column in entry.at.items()})
    return replace(entry, source="estimated", published=frozenset())


def _entry(entry: Any, where: str) -> Entry:
    kind = next((kind for kind in _READERS if isinstance(entry, Mapping) and kind in entry), None)
    if kind is None:
        raise data_error(where, f"unknown kind of entry; known are {', '.join((*_READERS, 'like'))}")
    return _READERS[kind](entry, where)


def _columns(entry: Mapping[str, Any], where: str) -> Columns:
    _keys(entry, where, ("at",))
    columns = _mapping(entry["at"], f"{where}.at")
    found = {}
    for period in sorted(columns, key=lambda p: _number(p, f"{where}.at")):
        found[float(period)] = _column(columns[period], f"{where}.at.{period}")
    return Columns(found)


def _column(values: Any, where: str) -> Column:
    if not isinstance(values, list) or len(values) != len(_COLUMN):
        raise data_error(where, f"a column lists {', '.join(_COLUMN)}; found {values!r}")
    resources = {
        kind: None if value is None else _whole(value, f"{where}.{kind}")
        for kind, value in zip(CORE_KINDS, values[1:-1], strict=True)
    }
    return Column(_whole(values[0], f"{where}.latency"), resources, _source(values[-1], where))


def _by_width(entry: Mapping[str, Any], where: str, *figures: str) -> dict[str, Any]:
    """Return the fields that figures by width share, and the figures of these names where the entry has them."""
    _keys(entry, where, (figures[0], *CORE_KINDS, "source"), (*figures[1:], "published"))
    published = entry.get("published", [])
    if not isinstance(published, list):
        raise data_error(where, "`published` lists widths")
    return {
        "resources": {kind: read_figure(entry[kind], f"{where}.{kind}") for kind in CORE_KINDS},
        "source": _source(entry["source"], where),
        "published": frozenset(_whole(width, f"{where}.published") for width in published),
        **{name: read_figure(entry[name], f"{where}.{name}") for name in figures if name in entry},
    }


_READERS: Mapping[str, Callable[[Mapping[str, Any], str], Entry]] = {
    "at": _columns,
    "cycles": lambda entry, where: Cycles(**_by_width(entry, where, "cycles", "step")),
    "delay": lambda entry, where: Logic(**_by_width(entry, where, "delay", "pipelined")),
}


def _source(value: Any, where: str) -> Source:
    if value not in get_args(Source):
        raise data_error(where, f"unknown source {value!r}; known are {', '.join(get_args(Source))}")
    return cast(Source, value)


def _mapping(data: Any, where: str) -> Mapping[Any, Any]:
    if not isinstance(data, Mapping) or not data:
        raise data_error(where, f"expected a table, found {data!r}")
    return data


def _keys(data: Any, where: str, needed: tuple[str, ...], more: tuple[str, ...] = ()) -> None:
    found = _mapping(data, where)
    for key in needed:
        if key not in found:
            raise data_error(where, f"{key} is missing")
    for key in found:
        if key not in (*needed, *more):
            raise data_error(where, f"unknown entry {key!r}; known are {', '.join((*needed, *more))}")


def _number(value: Any, where: str, most: float = 1e6) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= most:
        raise data_error(where, f"expected a number from 0 to {most:g}, found {value!r}")
    return float(value)


def _whole(value: Any, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise data_error(where, f"expected a whole number of at least 0, found {value!r}")
    return value

"""Older formats of the project file, brought up to the present one: plain values in, plain values out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from allo_studio.project.faults import Faults
from allo_studio.project.schema import FORMAT

__all__ = ["MIGRATIONS", "migrate"]

# The entry for format N makes format N + 1 of it. Format 1 is the first, so there is nothing to bring up yet.
MIGRATIONS: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}


def migrate(
    plain: Any,
    faults: Faults,
    table: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = MIGRATIONS,
    newest: int = FORMAT,
) -> Any:
    """Return the values in the newest format; a missing, unknown or newer format is noted as a fault."""
    if not isinstance(plain, dict):
        return plain
    if "format" not in plain:
        faults.add((), "the file does not say its format", f"add a first line `format: {newest}`")
        return plain
    number = plain["format"]
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        faults.add(
            ("format",), f"must be a whole number from 1 to {newest}, not {number!r}", f"write `format: {newest}`"
        )
        return plain
    if number > newest:
        hint = "open it with the newer version of Allo Studio that wrote it"
        faults.add(("format",), f"format {number} is newer than this version understands ({newest})", hint)
        return plain
    while number < newest:
        plain = {**table[number](plain), "format": number + 1}
        number += 1
    return plain

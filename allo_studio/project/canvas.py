"""What a project file says of the canvas: where blocks lie (`view`), and the notes and backdrops beside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast, get_args

from allo_studio.design.edit_notes import LEAST_SIDE
from allo_studio.design.model import Note, NoteColour, NoteKind
from allo_studio.project.document import Path
from allo_studio.project.faults import Faults

__all__ = ["plain_notes", "plain_view", "short", "take_notes", "take_view"]

Point = tuple[float, float]
_FARTHEST = 1e7
_NOTE_KEYS = ("kind", "text", "at", "size", "colour")
_MOST_TEXT = 20_000
_PLAIN = Note("", (0.0, 0.0))


def take_view(value: Any, faults: Faults) -> dict[str, dict[str, Point]]:
    """Return the positions of blocks, by graph and block."""
    view = {}
    for graph, places in faults.take_mapping(value, ("view",)).items():
        path: Path = ("view", graph)
        found = {n: _position(p, (*path, n), faults) for n, p in faults.take_mapping(places, path).items()}
        view[graph] = {n: p for n, p in found.items() if p is not None}
    return view


def take_notes(value: Any, faults: Faults) -> dict[str, dict[str, Note]]:
    """Return the notes and backdrops, by graph and id."""
    notes = {}
    for graph, entries in faults.take_mapping(value, ("notes",)).items():
        path: Path = ("notes", graph)
        found = {n: _note(note, (*path, n), faults) for n, note in faults.take_named(entries, path).items()}
        notes[graph] = {n: note for n, note in found.items() if note is not None}
    return notes


def plain_view(view: Mapping[str, Mapping[str, Point]]) -> dict[str, dict[str, list[int | float]]]:
    """Return positions as plain values."""
    return {graph: {name: _pair(place) for name, place in places.items()} for graph, places in view.items()}


def plain_notes(notes: Mapping[str, Mapping[str, Note]]) -> dict[str, dict[str, dict[str, Any]]]:
    """Return notes and backdrops as plain values; graphs without any are left out."""
    return {graph: {name: _plain(note) for name, note in found.items()} for graph, found in notes.items() if found}


def short(number: float) -> int | float:
    """Return a number without a fraction where it has none."""
    return int(number) if number == int(number) and abs(number) < 1e15 else number


def _pair(place: Point) -> list[int | float]:
    return [short(place[0]), short(place[1])]


def _plain(note: Note) -> dict[str, Any]:
    plain: dict[str, Any] = {} if note.kind == _PLAIN.kind else {"kind": note.kind}
    plain |= {"text": note.text, "at": _pair(note.place), "size": _pair(note.size)}
    return plain if note.colour == _PLAIN.colour else {**plain, "colour": note.colour}


def _note(value: Any, path: Path, faults: Faults) -> Note | None:
    entries = faults.take_mapping(value, path, _NOTE_KEYS)
    if "at" not in entries:
        if isinstance(value, dict):
            faults.add(path, "it does not say where it lies", "add its top left corner, as in `at: [120, 80]`")
        return None
    place = _position(entries["at"], (*path, "at"), faults)
    size = _position(entries["size"], (*path, "size"), faults) if "size" in entries else _PLAIN.size
    if size is not None and min(size) < LEAST_SIDE:
        faults.add((*path, "size"), f"its sides must be at least {LEAST_SIDE:g}", "write it as [200, 80]")
        return None
    text = faults.take_text(entries.get("text", ""), (*path, "text"))
    if text is not None and len(text) > _MOST_TEXT:
        hint = f"a note has at most {_MOST_TEXT:,} characters"
        faults.add((*path, "text"), f"it has {len(text):,} characters", hint)
    chosen: dict[str, str | None] = {"kind": _PLAIN.kind, "colour": _PLAIN.colour}
    for key, choices in (("kind", get_args(NoteKind)), ("colour", get_args(NoteColour))):
        if key in entries:
            chosen[key] = faults.take_choice(entries[key], (*path, key), choices)
    if place is None or size is None or text is None or None in chosen.values():
        return None
    return Note(text, place, size, cast(NoteColour, chosen["colour"]), cast(NoteKind, chosen["kind"]))


def _position(value: Any, path: Path, faults: Faults) -> Point | None:
    numbers = faults.take_list(value, path) if isinstance(value, list) else []
    if len(numbers) != 2 or any(isinstance(n, bool) or not isinstance(n, (int, float)) for n in numbers):
        wanted, example = ("size", "[200, 80]") if path[-1] == "size" else ("position", "[120, 80]")
        faults.add(path, f"a {wanted} must be two numbers", f"write it as {example}")
        return None
    if any(abs(n) > _FARTHEST for n in numbers):
        faults.add(path, "the position is off the canvas", "use coordinates within ±10000000")
        return None
    return float(numbers[0]), float(numbers[1])

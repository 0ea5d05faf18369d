"""What the library offers: its catalogue as values, read from `catalogue.yaml` and checked against the kernels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from allo_studio.design.model import StepSpec
from allo_studio.diagnostics import AlloError
from allo_studio.library.files import library_path, library_source
from allo_studio.project.document import Path, parse_document
from allo_studio.project.faults import Faults
from allo_studio.project.schema import take_steps
from allo_studio.source import Source

__all__ = ["SECTIONS", "LibraryBlock", "LibraryParameter", "LibrarySchedule", "find_block", "library", "read_catalogue"]

FORMAT = 1
# In the order in which they are shown.
SECTIONS = ("Linear algebra", "Convolution and pooling", "Activations", "Normalisation", "Element-wise")
_BLOCK_KEYS = ("section", "title", "about", "file", "params", "default", "schedules")
_PARAM_KEYS = ("about", "least", "multiple")
_SCHEDULE_KEYS = ("about", "multiples", "least", "steps")


@dataclass(frozen=True)
class LibraryParameter:
    """A constant of a kernel's file that a block may set: a whole number of at least `least`, `value` unless it is set.

    It is a multiple of `multiple`, a number or the name of another parameter; of 1 where nothing is asked.
    """

    name: str
    about: str
    value: int
    least: int = 1
    multiple: int | str = 1


@dataclass(frozen=True)
class LibrarySchedule:
    """A schedule for a block.

    Its steps apply where parameters are multiples of the numbers `multiples`, and at least those of `least`.
    """

    name: str
    about: str
    steps: tuple[StepSpec, ...]
    multiples: Mapping[str, int] = field(default_factory=dict)
    least: Mapping[str, int] = field(default_factory=dict)

    def fits(self, values: Mapping[str, int]) -> bool:
        """Tell whether the parameters, all of which have a value in `values`, are as the steps need them."""
        whole = all(values[name] % number == 0 for name, number in self.multiples.items())
        return whole and all(values[name] >= number for name, number in self.least.items())


@dataclass(frozen=True)
class LibraryBlock:
    """A block: the function `name` of a kernel file. `default` is the name of the schedule that a new block gets."""

    name: str
    section: str
    title: str
    about: str
    path: str
    params: Mapping[str, LibraryParameter]
    default: str
    schedules: Mapping[str, LibrarySchedule]

    def values(self, given: Mapping[str, int]) -> dict[str, int]:
        """Return the values of all parameters where some are given."""
        return {name: given.get(name, param.value) for name, param in self.params.items()}

    def allows(self, given: Mapping[str, int]) -> bool:
        """Tell whether the parameters may have the values given, and the others their defaults."""
        values = self.values(given)
        return all(
            values[name] >= param.least
            and values[name] % (values[param.multiple] if isinstance(param.multiple, str) else param.multiple) == 0
            for name, param in self.params.items()
        )

    def schedule_for(self, given: Mapping[str, int]) -> LibrarySchedule | None:
        """Return the default schedule where the parameters suit it, else the first that they suit."""
        values = self.values(given)
        order = sorted(self.schedules.values(), key=lambda schedule: schedule.name != self.default)
        return next((schedule for schedule in order if schedule.fits(values)), None)


@cache
def library() -> tuple[LibraryBlock, ...]:
    """Return all blocks, by section."""
    text = (files("allo_studio.library") / "catalogue.yaml").read_text(encoding="utf-8")
    found = read_catalogue(Source("catalogue.yaml", text))
    return tuple(sorted(found, key=lambda block: SECTIONS.index(block.section)))


def find_block(name: str) -> LibraryBlock | None:
    """Return the block of that name, None where there is none."""
    return next((block for block in library() if block.name == name), None)


def read_catalogue(source: Source, kernels: Callable[[str], Source] = library_source) -> tuple[LibraryBlock, ...]:
    """Return the blocks of a catalogue, in its order; `kernels` gives the kernel files by their paths in a project.

    Raises AlloError with every fault: of form, and where files, functions, constants or steps are not there.
    """
    document = parse_document(source)
    faults = Faults(document.place, document.key_span)
    blocks = _Reader(faults, kernels).read(document.root.plain)
    if faults.found:
        raise AlloError(faults.found)
    return blocks


class _Reader:
    def __init__(self, faults: Faults, kernels: Callable[[str], Source]) -> None:
        self.faults, self.kernels = faults, kernels
        self.known: dict[str, tuple[str, tuple[StepSpec, ...]]] = {}

    def read(self, plain: Any) -> tuple[LibraryBlock, ...]:
        top = self.faults.take_mapping(plain, (), ("format", "blocks"))
        number = top.get("format")
        if isinstance(plain, dict) and (number != FORMAT or isinstance(number, bool)):
            self.faults.add(("format",), f"must be {FORMAT}", f"this version reads format {FORMAT}")
        if isinstance(plain, dict) and not top.get("blocks"):
            self.faults.add((), "the catalogue has no blocks", "add `blocks` with an entry for each")
        named = self.faults.take_named(top.get("blocks") or {}, ("blocks",))
        return tuple(self._block(name, value) for name, value in named.items())

    def _block(self, name: str, value: Any) -> LibraryBlock:
        path: Path = ("blocks", name)
        entries = self.faults.take_mapping(value, path, _BLOCK_KEYS)
        self._require(entries, path, _BLOCK_KEYS)
        section = SECTIONS[0]
        if "section" in entries:
            section = self.faults.take_choice(entries["section"], (*path, "section"), SECTIONS) or section
        file = self._text(entries, path, "file")
        params = self._params(entries.get("params", {}), (*path, "params"), file, self._constants(name, file, path))
        schedules = self._schedules(entries.get("schedules", {}), (*path, "schedules"), params)
        default = self._text(entries, path, "default")
        if default and default not in schedules:
            hint = f"its schedules are: {', '.join(schedules) or 'none'}"
            self.faults.add((*path, "default"), f"{default!r} is none of its schedules", hint)
        title, about = self._text(entries, path, "title"), self._text(entries, path, "about")
        return LibraryBlock(name, section, title, about, library_path(file), params, default, schedules)

    def _constants(self, name: str, file: str, path: Path) -> Mapping[str, Any] | None:
        """Return the constants of a block's kernel file, None where the block has no kernel."""
        # Loaded where it is needed: a start does without it.
        from allo_studio.frontend import kernel_parameters, list_kernels

        if not file:
            return None
        try:
            source = self.kernels(library_path(file))
            functions = [kernel.name for kernel in list_kernels(source)]
            if name in functions:
                return kernel_parameters(source, name)
        except AlloError as error:
            for found in error.diagnostics:
                self.faults.add((*path, "file"), found.message, found.hint)
            return None
        self.faults.add(path, f"{file} has no function {name!r}", f"it has {', '.join(functions)}", at_key=True)
        return None

    def _params(
        self, value: Any, path: Path, file: str, constants: Mapping[str, Any] | None
    ) -> dict[str, LibraryParameter]:
        found = {}
        named = self.faults.take_named(value, path)
        for name, given in named.items():
            here = (*path, name)
            entries = self.faults.take_mapping(given, here, _PARAM_KEYS)
            self._require(entries, here, ("about",))
            least = self.faults.take_int(entries.get("least", 1), (*here, "least"), 1) or 1
            multiple = entries.get("multiple", 1)
            if isinstance(multiple, str) and (multiple not in named or multiple == name):
                self.faults.add(
                    (*here, "multiple"), f"{multiple!r} is no other parameter", "name one, or give a number"
                )
            elif not isinstance(multiple, str):
                multiple = self.faults.take_int(multiple, (*here, "multiple"), 1) or 1
            default = (constants or {}).get(name)
            if constants is not None and type(default) is not int:
                hint = f"it has {', '.join(sorted(k for k, v in constants.items() if type(v) is int))}"
                self.faults.add(here, f"is no whole number of {file}", hint, at_key=True)
            about, number = self._text(entries, here, "about"), default if type(default) is int else 1
            found[name] = LibraryParameter(name, about, number, least, multiple)
        return found

    def _schedules(self, value: Any, path: Path, params: Mapping[str, LibraryParameter]) -> dict[str, LibrarySchedule]:
        found = {}
        for name, given in self.faults.take_named(value, path).items():
            here = (*path, name)
            entries = self.faults.take_mapping(given, here, _SCHEDULE_KEYS)
            self._require(entries, here, ("about", "steps"))
            multiples = self._numbers(entries, here, "multiples", params)
            least = self._numbers(entries, here, "least", params)
            steps = take_steps(entries.get("steps", []), (*here, "steps"), self.faults)
            self._check_steps(name, steps, here)
            found[name] = LibrarySchedule(name, self._text(entries, here, "about"), steps, multiples, least)
        return found

    def _numbers(
        self, entries: Mapping[str, Any], path: Path, key: str, params: Mapping[str, LibraryParameter]
    ) -> dict[str, int]:
        """Return the numbers of 2 or more that a schedule has by parameters."""
        found = {}
        for name, given in self.faults.take_mapping(entries.get(key, {}), (*path, key)).items():
            here = (*path, key, name)
            number = self.faults.take_int(given, here, 2)
            if name not in params:
                hint = f"the parameters are: {', '.join(params) or 'none'}"
                self.faults.add(here, "is no parameter of the block", hint, at_key=True)
            elif number is not None:
                found[name] = number
        return found

    def _check_steps(self, name: str, steps: tuple[StepSpec, ...], path: Path) -> None:
        # Loaded where it is needed: a start does without it.
        from allo_studio.primitives.registry import parse_step

        for index, step in enumerate(steps):
            try:
                parse_step(step.name, step.args)
            except AlloError as error:
                for found in error.diagnostics:
                    self.faults.add((*path, "steps", index), found.message, found.hint)
        block = str(path[1])
        first, known = self.known.setdefault(name, (block, steps))
        if known != steps:
            hint = "give one of the two another name, or both the same steps"
            self.faults.add(path, f"a schedule of this name has other steps in {first}", hint, at_key=True)

    def _require(self, entries: Mapping[str, Any], path: Path, keys: tuple[str, ...]) -> None:
        for key in keys:
            if key not in entries:
                self.faults.add(path, f"has no {key}", f"add `{key}`", at_key=True)

    def _text(self, entries: Mapping[str, Any], path: Path, key: str) -> str:
        text = self.faults.take_text(entries[key], (*path, key)) if key in entries else None
        if text is not None and not text.strip():
            self.faults.add((*path, key), "is empty", "write a text")
        return text or ""

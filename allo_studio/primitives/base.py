"""What every schedule step is: a frozen value that can be checked against a kernel and applied to it."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, replace
from typing import Any, ClassVar, Literal

from allo_studio.diagnostics import AlloError, Diagnostic, has_errors
from allo_studio.ir import KernelIR
from allo_studio.ir.attributes import flag
from allo_studio.layout import Layout
from allo_studio.primitives.interfaces import conflicts, unified
from allo_studio.primitives.promises import withdraw_promises
from allo_studio.primitives.references import Reference, callees, locate
from allo_studio.source import Span
from allo_studio.types import ScalarType, parse_type

__all__ = [
    "DATAFLOW",
    "BufferRef",
    "FieldKind",
    "FunctionRef",
    "LoopRef",
    "Option",
    "Step",
    "StepField",
    "argument",
    "fault",
    "step_fields",
]

# `function` is the name of a function of the module, `word` a new name, `type` the text of a scalar type.
FieldKind = Literal["loop", "loops", "buffer", "function", "int", "ints", "word", "type", "choice", "bool"]
# On a kernel's function: its stages run at the same time.
DATAFLOW = "allo.dataflow"
_REFERENCE = re.compile(r"[A-Za-z_][\w.]*(?::[A-Za-z_][\w.]*){0,2}")
_WORD = re.compile(r"[A-Za-z_]\w*")
# A number beyond this is a slip of the keyboard, and would not fit the attributes of the IR.
_LARGEST = 1 << 31


class LoopRef(str):
    """The name of a loop (`i`, `j.outer`, or `band:i` where several bands have an `i`); raises ValueError.

    `function:i` and `function:band:i` are loops of a function that the kernel calls.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> LoopRef:
        """Check that `text` has the form of a loop's name."""
        return super().__new__(cls, _reference(text, "loop", "j, j.outer or band:j"))


class BufferRef(str):
    """The name of an array (`C`, or `function:C` of a function that the kernel calls); raises ValueError."""

    __slots__ = ()

    def __new__(cls, text: str) -> BufferRef:
        """Check that `text` has the form of an array's name."""
        return super().__new__(cls, _reference(text, "array", "C"))


class FunctionRef(str):
    """The name of a function that the kernel calls; raises ValueError."""

    __slots__ = ()

    def __new__(cls, text: str) -> FunctionRef:
        """Check that `text` has the form of a function's name."""
        return super().__new__(cls, _word(text, "a function", "gemm"))


def _word(text: object, what: str, example: str) -> str:
    if not isinstance(text, str) or not _WORD.fullmatch(text):
        raise ValueError(f"expected the name of {what} like {example}, not {text!r}")
    return text


def _reference(text: object, what: str, example: str) -> str:
    if not isinstance(text, str) or not _REFERENCE.fullmatch(text):
        raise ValueError(f"expected the name of {'an' if what == 'array' else 'a'} {what} like {example}, not {text!r}")
    return text


@dataclass(frozen=True)
class StepField:
    """One argument of a step, for parsing, forms and documentation."""

    name: str
    kind: FieldKind
    help: str
    required: bool
    default: Any = None
    choices: tuple[str, ...] = ()

    def convert(self, value: object) -> Any:
        """Return `value` as the field's type; raises ValueError with what was expected."""
        if value is None and not self.required and self.default is None:
            return None
        match self.kind:
            case "loop":
                return LoopRef(value)  # type: ignore[arg-type]
            case "buffer":
                return BufferRef(value)  # type: ignore[arg-type]
            case "loops":
                return _convert_loops(value)
            case "function":
                return FunctionRef(value)  # type: ignore[arg-type]
            case "word":
                return _word(value, "something new", "tile")
            case "type":
                return str(_convert_type(value))
            case "int":
                return _convert_number(value)
            case "ints":
                return _convert_numbers(value)
            case "bool" if isinstance(value, bool):
                return value
            case "choice" if value in self.choices:
                return value
        wanted = "true or false" if self.kind == "bool" else f"one of {', '.join(self.choices)}"
        raise ValueError(f"expected {wanted}, not {value!r}")


def _convert_loops(value: object) -> tuple[LoopRef, ...]:
    if not isinstance(value, list | tuple):
        raise ValueError(f"expected a list of loops like [k, j], not {value!r}")
    return tuple(LoopRef(v) for v in value)


def _convert_number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"expected a whole number, not {value!r}")
    if abs(value) > _LARGEST:
        raise ValueError(f"{value} is too large")
    return value


def _convert_numbers(value: object) -> tuple[int, ...]:
    if not isinstance(value, list | tuple):
        raise ValueError(f"expected a list of whole numbers like [4, 8], not {value!r}")
    return tuple(_convert_number(v) for v in value)


def _convert_type(value: object) -> ScalarType:
    known = parse_type(str(value))
    if known.shape:
        raise ValueError(f"expected the type of an element like float16, not {value!r}")
    return known.element


def argument(kind: FieldKind, help: str, choices: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the metadata of a step's field: what forms and parsers need to know of it."""
    return {"kind": kind, "help": help, "choices": choices}


def step_fields(cls: type[Step]) -> tuple[StepField, ...]:
    """Return the arguments of a step's class in order."""
    return tuple(_describe(f) for f in fields(cls))


def _describe(declared: Field[Any]) -> StepField:
    required = declared.default is MISSING
    data = declared.metadata
    default = None if required else declared.default
    return StepField(declared.name, data["kind"], data["help"], required, default, data["choices"])


def fault(message: str, span: Span | None = None, hint: str = "") -> Diagnostic:
    """Return the diagnostic of a step that does not apply."""
    return Diagnostic("step", message, span, hint=hint)


@dataclass(frozen=True)
class Option:
    """Arguments with which a step applies now: `args` are fixed, and each of `choices` may take any of its values."""

    args: Mapping[str, Any]
    choices: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Step(ABC):
    """One schedule step. Steps are values: equal fields, equal step.

    A subclass says in `faults` why it does not apply and does its work in `rewrite` on a clone. Making a step of
    ill-typed arguments raises AlloError (code `step`).
    """

    name: ClassVar[str]
    # Whether results stay: bit for bit, or but for the order of sums where the step reassociates.
    preserves: ClassVar[bool] = True
    # Whether the stages of a kernel stay what they are, so that the step may come after `dataflow`.
    keeps_stages: ClassVar[bool] = False

    def __post_init__(self) -> None:
        """Bring every field to its declared type."""
        found = []
        for declared in step_fields(type(self)):
            try:
                object.__setattr__(self, declared.name, declared.convert(getattr(self, declared.name)))
            except ValueError as error:
                found.append(fault(f"{self.name}: {declared.name}: {error}", hint=declared.help))
        if found:
            raise AlloError(found)

    def placed(self, ir: KernelIR) -> tuple[KernelIR, Step]:
        """Return the kernel seen from the function that the step's references name, and the step as it is there.

        The two are what `faults`, `rewrite`, `reassociates` and `layouts` are about. Raises AlloError where a
        reference is ambiguous, or the references are of two functions.
        """
        references = _references(self)
        function, names = locate(ir, [reference for _, reference in references])
        if function == ir.name and all(r.text == name for (_, r), name in zip(references, names, strict=True)):
            return ir, self
        changes: dict[str, Any] = {}
        for (entry, _), name in zip(references, names, strict=True):
            changes[entry.name] = (*changes.get(entry.name, ()), name) if entry.kind == "loops" else name
        return ir.at(function), replace(self, **changes)

    def check(self, ir: KernelIR) -> tuple[Diagnostic, ...]:
        """Return why the step does not apply to `ir`; empty where it does."""
        if self.comes_late(ir):
            message = f"{self.name} may change the stages of {ir.name}, which run at the same time"
            return (fault(message, hint=f"put {self.name} before dataflow"),)
        try:
            seen, step = self.placed(ir.steady())
            found = tuple(step.faults(seen))
            return found if has_errors(found) else (*found, *conflicts(ir, seen.name, step.layouts(seen)))
        except AlloError as error:
            return error.diagnostics

    def apply(self, ir: KernelIR) -> KernelIR:
        """Return the kernel after the step; `ir` stays as it is. Raises AlloError where the step does not apply."""
        found = self.check(ir)
        if has_errors(found):
            raise AlloError(found)
        return self.perform(ir)

    def perform(self, ir: KernelIR) -> KernelIR:
        """Return the kernel after a step that `check` found to apply; raises AlloError where layouts then conflict."""
        seen, step = self.placed(ir)
        result = unified(step.rewrite(seen.clone()).at(ir.name)).freeze()
        withdraw_promises(result)
        result.verify()
        return result

    @classmethod
    def comes_late(cls, ir: KernelIR) -> bool:
        """Tell whether steps of this kind no longer apply, because the kernel's stages are settled."""
        return not cls.keeps_stages and flag(ir.function, DATAFLOW)

    def reassociates(self, ir: KernelIR) -> bool:
        """Tell whether the step, as `placed`, changes the order of a floating-point accumulation of `ir`."""
        return False

    def meant(self, ir: KernelIR) -> tuple[str, ...]:
        """Return the functions that are meant where the step, as `placed`, leaves its function out."""
        return callees(ir)

    def layouts(self, ir: KernelIR) -> dict[str, Layout]:
        """Return the layouts that the step, as `placed`, asks of arrays: they hold on both sides of every call."""
        return {}

    @classmethod
    def options(cls, ir: KernelIR) -> Iterator[Option]:
        """Yield what a person may do with this step now, in program order; every combination passes `check`.

        `ir` is frozen, so that what is asked of it again costs nothing. A step that needs something that only a
        person can say, such as a new type, has none.
        """
        yield from ()

    def fits(self, ir: KernelIR) -> bool:
        """Tell whether the step applies to `ir`, seen from the function that it is about."""
        try:
            return next(iter(self.faults(ir)), None) is None
        except AlloError:
            return False

    @abstractmethod
    def faults(self, ir: KernelIR) -> Iterator[Diagnostic]:
        """Yield why the step does not apply; may also raise AlloError."""

    @abstractmethod
    def rewrite(self, ir: KernelIR) -> KernelIR:
        """Change `ir`, a clone on which the step applies, and return it or its successor."""


def _references(step: Step) -> list[tuple[StepField, Reference]]:
    """Return the loops and arrays that a step names, in the order of its fields."""
    found = []
    for entry in step_fields(type(step)):
        value = getattr(step, entry.name)
        if value is None:
            continue
        if entry.kind == "loops":
            found += [(entry, Reference(str(text), "loop")) for text in value]
        elif entry.kind in ("loop", "buffer"):
            found.append((entry, Reference(str(value), "buffer" if entry.kind == "buffer" else "loop")))
    return found

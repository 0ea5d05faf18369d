"""What every schedule step is: a frozen value that can be checked against a kernel and applied to it."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import MISSING, Field, dataclass, fields
from typing import Any, ClassVar, Literal

from allo_studio.diagnostics import AlloError, Diagnostic, has_errors
from allo_studio.ir import KernelIR
from allo_studio.source import Span

__all__ = ["BufferRef", "FieldKind", "LoopRef", "Step", "StepField", "argument", "fault", "step_fields"]

FieldKind = Literal["loop", "loops", "buffer", "int", "choice", "bool"]
_REFERENCE = re.compile(r"[A-Za-z_][\w.]*(?::[A-Za-z_][\w.]*)?")
# A number beyond this is a slip of the keyboard, and would not fit the attributes of the IR.
_LARGEST = 1 << 31


class LoopRef(str):
    """The name of a loop (`i`, `j.outer`, or `band:i` where several bands have an `i`); raises ValueError."""

    __slots__ = ()

    def __new__(cls, text: str) -> LoopRef:
        """Check that `text` has the form of a loop's name."""
        return super().__new__(cls, _reference(text, "loop", "j, j.outer or band:j"))


class BufferRef(str):
    """The name of an array, an argument's or a local one's; raises ValueError."""

    __slots__ = ()

    def __new__(cls, text: str) -> BufferRef:
        """Check that `text` has the form of an array's name."""
        return super().__new__(cls, _reference(text, "array", "C"))


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
        match self.kind:
            case "loop":
                return LoopRef(value)  # type: ignore[arg-type]
            case "buffer":
                return BufferRef(value)  # type: ignore[arg-type]
            case "loops":
                return _convert_loops(value)
            case "int":
                return _convert_number(value)
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
class Step(ABC):
    """One schedule step. Steps are values: equal fields, equal step.

    A subclass says in `faults` why it does not apply and does its work in `rewrite` on a clone. Making a step of
    ill-typed arguments raises AlloError (code `step`).
    """

    name: ClassVar[str]

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

    def check(self, ir: KernelIR) -> tuple[Diagnostic, ...]:
        """Return why the step does not apply to `ir`; empty where it does."""
        try:
            return tuple(self.faults(ir))
        except AlloError as error:
            return error.diagnostics

    def apply(self, ir: KernelIR) -> KernelIR:
        """Return the kernel after the step; `ir` stays as it is. Raises AlloError where the step does not apply."""
        found = self.check(ir)
        if has_errors(found):
            raise AlloError(found)
        result = self.rewrite(ir.clone())
        result.verify()
        return result

    def reassociates(self, ir: KernelIR) -> bool:
        """Tell whether the step changes the order of a floating-point accumulation of `ir`."""
        return False

    @abstractmethod
    def faults(self, ir: KernelIR) -> Iterator[Diagnostic]:
        """Yield why the step does not apply; may also raise AlloError."""

    @abstractmethod
    def rewrite(self, ir: KernelIR) -> KernelIR:
        """Change `ir`, a clone on which the step applies, and return it or its successor."""

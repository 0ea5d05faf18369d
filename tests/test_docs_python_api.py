"""docs/python-api.md: its code runs and prints what it says, and its reference is complete."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from enum import Enum

from documents import DOCS, run_page

from allo_studio.api import Schedule, customize, verify

PAGE = DOCS / "python-api.md"
TEXT = PAGE.read_text(encoding="utf-8")


def test_the_code_runs() -> None:
    run_page(PAGE)


def _signature(function: Callable[..., object]) -> str:
    """Return the arguments as the reference writes them."""
    parameters = [p for p in inspect.signature(function).parameters.values() if p.name != "self"]
    return ", ".join(f"{'*' if p.kind is p.VAR_POSITIONAL else ''}{p.name}{_default(p.default)}" for p in parameters)


def _default(value: object) -> str:
    if value is inspect.Parameter.empty:
        return ""
    return f"={type(value).__name__}.{value.name}" if isinstance(value, Enum) else f"={value!r}"


def test_the_reference_names_every_method_with_its_arguments() -> None:
    methods = {name: f"{name}({_signature(method)})" for name, method in vars(Schedule).items()
               if inspect.isfunction(method) and not name.startswith("_")}  # fmt: skip
    rows = TEXT[TEXT.index("| method |") : TEXT.index("| attribute |")]
    listed = {name: form for form, name in re.findall(r"`((\w+)\([^`]*\))`", rows)}
    assert listed == methods


def test_the_reference_names_every_attribute() -> None:
    rows = TEXT[TEXT.index("| attribute |") : TEXT.index("### `build`")]
    listed = {name for row in re.findall(r"^\| (`.*?) \|", rows, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)}
    assert listed == {name for name, value in vars(Schedule).items() if isinstance(value, property)}


def test_the_functions_are_shown_with_their_arguments() -> None:
    for function in (customize, verify):
        assert f"### `{function.__name__}({_signature(function)})`" in TEXT

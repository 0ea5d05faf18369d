"""Wrong kernels over the whole language: what each fault is, where it is shown, and what is said of it."""

import pytest
from wrong_bodies import ARRAYS, BITS, LOOPS, MEMORIES, META, NAMES, OPERATIONS, STRUCTS, TYPES
from wrong_programs import CALLS, SEVERAL, SIGNATURES, SIZES

from allo_studio.diagnostics import AlloError, Diagnostic, render, render_all
from allo_studio.frontend import parse_kernel
from allo_studio.source import Source

HEAD = "from allo_studio.lang import *\n"
START, END = "⟦", "⟧"
_SIGNATURE = "def f(A: float32[8, 4], I: int32[8], x: float32, n: int32) -> float32[8]:\n    C: float32[8] = 0.0\n"


def body(lines: str) -> str:
    """Return the kernel with a body of these lines, the first of them on line 4 of the file."""
    return _SIGNATURE + "".join(f"    {line}\n" for line in lines.split("\n")) + "    return C\n"


def struct_body(lines: str) -> str:
    return body('r: Struct({"a": int8, "b": int8}) = {"a": 1, "b": n}\n' + lines)


def unmarked(text: str) -> tuple[str, list[tuple[int, int, int, int]]]:
    """Return a text without its marks, and what they stand around: line, column, end line and end column."""
    plain, places, line, column = "", [], 1, 1
    for character in text:
        if character == START:
            places.append([line, column])
        elif character == END:
            next(place for place in reversed(places) if len(place) == 2).extend([line, column])
        else:
            plain += character
            line, column = (line + 1, 1) if character == "\n" else (line, column + 1)
    return plain, [(a, b, c, d) for a, b, c, d in places]


def faults(text: str, name: str = "f") -> tuple[Diagnostic, ...]:
    with pytest.raises(AlloError) as caught:
        parse_kernel(Source("k.py", text), name)
    return caught.value.diagnostics


def check(text: str, expected: str) -> None:
    plain, places = unmarked(HEAD + text)
    found = faults(plain)
    said = [part.strip().split(": ", 1) for part in expected.split(";")]
    assert [fault.code for fault in found] == [code for code, _ in said], render_all(found)
    for fault, (_, words), place in zip(found, said, places, strict=True):
        span = fault.span
        assert span is not None
        assert (span.line, span.column, span.end_line, span.end_column) == place, render(fault)
        assert words in fault.message, render(fault)
        assert fault.hint, render(fault)
        assert "^" in render(fault)


BODIES = [*TYPES, *OPERATIONS, *BITS, *ARRAYS, *LOOPS, *NAMES, *MEMORIES, *META]


@pytest.mark.parametrize(("lines", "expected"), BODIES, ids=[case[0] for case in BODIES])
def test_a_wrong_body(lines: str, expected: str) -> None:
    check(body(lines), expected)


@pytest.mark.parametrize(("lines", "expected"), STRUCTS, ids=[case[0] for case in STRUCTS])
def test_a_wrong_use_of_a_struct(lines: str, expected: str) -> None:
    check(struct_body(lines), expected)


PROGRAMS = [*SIGNATURES, *SIZES, *CALLS, *SEVERAL]


@pytest.mark.parametrize(("text", "expected"), PROGRAMS, ids=[case[0] for case in PROGRAMS])
def test_a_wrong_program(text: str, expected: str) -> None:
    check(text, expected)

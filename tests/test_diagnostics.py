"""What a person reads of a fault: the place, the line, the caret under the fault, and what to do."""

from __future__ import annotations

import json

import pytest

from allo_studio.diagnostics import AlloError, Diagnostic, has_errors, render, render_all
from allo_studio.source import Source, Span

SOURCE = Source("k.py", "a = 1\n\tfor i in\n\nlast")


def test_a_rendered_fault_has_place_line_caret_and_hint() -> None:
    found = Diagnostic("syntax", "no", Span.at(SOURCE, 1, 5, 1), "g/b", "do this", fixes=("one", "two"))
    assert render(found).splitlines() == [
        "k.py:1:5: error[syntax]: no",
        "    1 | a = 1",
        "      |     ^",
        "  in: g/b",
        "  hint: do this",
        "  fix: one",
        "  fix: two",
    ]


def test_the_caret_stands_under_the_fault_behind_tabs() -> None:
    lines = render(Diagnostic("x", "m", Span.at(SOURCE, 2, 6, 1))).splitlines()
    assert lines[1].index("i in") == lines[2].index("^")
    assert lines[2].count("\t") == 1


@pytest.mark.parametrize(
    ("span", "carets"),
    [
        (Span(SOURCE, 1, 1, 1, 6), 5),
        (Span(SOURCE, 1, 3, 4, 2), 3),  # goes on below: to the end of the first line
        (Span(SOURCE, 1, 5, 1, 400), 1),  # beyond the line
        (Span(SOURCE, 1, 6, 1, 6), 1),  # just after it
        (Span(SOURCE, 1, 2, 1, 2), 1),  # empty
        (Span(SOURCE, 4, 1, 4, 5), 4),
    ],
)
def test_the_caret_is_as_wide_as_the_fault(span: Span, carets: int) -> None:
    text = render(Diagnostic("x", "m", span)).splitlines()[2]
    assert text.count("^") == carets
    assert text.index("^") == len("    1 | ") + span.column - 1


@pytest.mark.parametrize("line", [0, 3, 5, 10**9])
def test_a_place_without_text_has_no_excerpt(line: int) -> None:
    assert render(Diagnostic("x", "m", Span.at(SOURCE, line, 1))) == f"k.py:{line}:1: error[x]: m"


def test_lines_are_those_that_python_counts() -> None:
    text = "a\x0c\u2028\x1c = 1\r\nb = 2\rc = 3\nd"
    assert [Source("k", text).line(n) for n in range(6)] == ["", "a\x0c\u2028\x1c = 1", "b = 2", "c = 3", "d", ""]


def test_counts_of_each_severity() -> None:
    three = [
        Diagnostic("a", "one", where="g"),
        Diagnostic("b", "two", severity="warning"),
        Diagnostic("c", "three", where="g/x"),
    ]
    assert render_all(three).splitlines() == [
        "g: error[a]: one",
        "warning[b]: two",
        "g/x: error[c]: three",
        "2 errors, 1 warning",
    ]
    assert render_all([]) == ""
    assert has_errors(three)
    assert not has_errors(three[1:2])


def test_an_error_carries_all_its_diagnostics() -> None:
    one = Diagnostic("a", "one", Span.at(SOURCE, 1, 1), "g")
    two = Diagnostic("b", "two", where="g/x")
    assert AlloError(one).diagnostics == (one,)
    error = AlloError(d for d in (one, two))
    assert error.diagnostics == (one, two)
    assert str(error) == "k.py:1:1: one\ng/x: two"
    with pytest.raises(ValueError, match="at least one"):
        AlloError([])


def test_the_form_for_tools() -> None:
    found = Diagnostic("a", "one", Span.at(SOURCE, 1, 1), fixes=("f",))
    assert json.loads(json.dumps(found.to_json())) == {
        "code": "a",
        "severity": "error",
        "message": "one",
        "where": "k.py:1:1",
        "place": "k.py:1:1",
        "hint": "",
        "fixes": ["f"],
    }
    placed = Diagnostic("a", "one", Span.at(SOURCE, 1, 1), "g/x").to_json()
    assert (placed["where"], placed["place"]) == ("g/x", "k.py:1:1")

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allo_studio.report.vendor.figures import (
    NoFigure,
    Range,
    Times,
    decimal,
    nanoseconds,
    range_of,
    share,
    times_of,
    whole,
)

UNKNOWN = ["", "-", "undef", "?", "NA", "N/A", "  undef  "]


@pytest.mark.parametrize("text", UNKNOWN)
@pytest.mark.parametrize("parse", [whole, decimal, nanoseconds])
def test_what_the_tools_write_for_an_unknown_figure(text, parse):
    assert parse(text) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [("0", 0), ("4912", 4912), ("-1", -1), (" 12 ", 12), ("0x1c", 28), ("0x00", 0)],
)
def test_whole_numbers(text, value):
    assert whole(text) == value


@pytest.mark.parametrize(
    "text", ["12a", "1.5", "1e3", "12 13", "١٢", "1_000", "0x", "0xzz", "+-1", "9" * 19, "undef1", "inf", "nan", "½"]
)
def test_what_is_no_whole_number(text):
    with pytest.raises(NoFigure, match="whole number"):
        whole(text)


@pytest.mark.parametrize("text", ["nan", "inf", "1,5", "1..2", "0x10", "1e999", "--1", "1e"])
def test_what_is_no_number(text):
    with pytest.raises(NoFigure):
        decimal(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("10.000 ns", 10.0),
        ("12.280 us", 12280.0),
        ("30.180 ms", 30180000.0),
        ("0.966 sec", 966000000.0),
        ("965788003", 965788003.0),
        ("1.735e+04", 17350.0),
        ("500 ps", 0.5),
        ("undef", None),
    ],
)
def test_times_are_in_nanoseconds(text, value):
    assert nanoseconds(text) == value


@pytest.mark.parametrize("text", ["10 hours", "ns", "10.0ns", "1.2.3 ns", "ten ns", "10 ns ns"])
def test_what_is_no_time(text):
    with pytest.raises(NoFigure, match="time"):
        nanoseconds(text)


def test_ranges():
    assert range_of("12") == Range(12, 12)
    assert range_of("1 ~ 25") == Range(1, 25)
    assert range_of("undef") == Range()
    assert range_of("3 ~ ?") == Range(3, None)
    assert times_of("2.150 us ~ 1.000 ms") == Times(2150.0, 1000000.0)
    for text in ("25 ~ 1", "1 ~ 2 ~ 3", "1 ~ x", "~ a"):
        with pytest.raises(NoFigure):
            range_of(text)


def test_the_one_number_of_a_range():
    assert Range(4, 4).exact == 4
    assert Range(1, 4).exact is None
    assert Range().exact is None


@pytest.mark.parametrize(
    ("text", "said"), [("~0", "~0"), ("22", "22"), ("<0.01", "<0.01"), (" 39% ", "39"), ("-", ""), ("0.12", "0.12")]
)
def test_shares_stay_as_they_are_written(text, said):
    assert share(text) == said


@pytest.mark.parametrize("text", ["~", "a", "1.2.3", "22%%x", "~-1"])
def test_what_is_no_share(text):
    with pytest.raises(NoFigure):
        share(text)


@given(st.integers(min_value=-(10**18) + 1, max_value=10**18 - 1))
def test_every_whole_number_is_read_as_it_is(value):
    assert whole(str(value)) == value


@given(st.text(max_size=12))
def test_a_text_is_a_figure_or_none_and_nothing_else(text):
    """What is read is what stands there: it is found again in the text."""
    for parse in (whole, decimal):
        try:
            found = parse(text)
        except NoFigure:
            continue
        assert found is None or float(int(text, 16) if "x" in text else text) == found

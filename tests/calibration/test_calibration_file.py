"""The file of a calibration: what was written is read again, and whatever else stands there is told with its place."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.hardware.calibration import (
    CalibratedMemory,
    CalibratedOperator,
    Calibration,
    ComparedFigure,
    ReportOrigin,
)
from allo_studio.hardware.operators import load_operators
from allo_studio.project.calibration import (
    CalibrationFile,
    calibration_file,
    calibration_text,
    forget_calibration,
    parse_calibration,
    read_calibration,
    write_calibration,
)

TEXTS = st.text("aZ0 .:#-,'\"\\\\{}[]&*!|>%@`\u00e9\u2603\U0001f600\n\t\r\x00\x85\ufeff", max_size=8)
ORIGINS = st.builds(ReportOrigin, TEXTS.filter(bool), TEXTS, TEXTS, TEXTS, TEXTS)
NAMES = ("fadd.f32", "fadd_dsp.f32", "fmul.f16", "fdiv.f64", "mul.32", "div.4096", "rem.1", "itof.bf16")
COUNTS = st.integers(0, 1 << 20)
FIGURES = st.builds(
    ComparedFigure,
    TEXTS,
    st.sampled_from(["latency", "II", "DSP"]),
    st.integers(0, 1 << 50),
    st.none() | st.integers(0, 1 << 50),
    st.none() | st.integers(0, 1 << 50),
)


@st.composite
def calibrations(draw: st.DrawFn) -> CalibrationFile:
    family, clocks = draw(st.sampled_from([("ultrascale+", (1.0, 3.33, 10.0)), ("7series", (2.5, 6.6))]))
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=4))
    names = [name for name in names if family == "ultrascale+" or name != "fadd_dsp.f64"]
    operators = tuple(
        CalibratedOperator(
            name,
            draw(st.integers(0, 5000)),
            tuple((kind, draw(COUNTS)) for kind in ("DSP", "FF", "LUT") if draw(st.booleans())),
            draw(TEXTS),
            draw(st.integers(1, 999)),
            draw(ORIGINS),
        )
        for name in names
    )
    memory = draw(st.none() | st.builds(CalibratedMemory, st.integers(1, 64), st.integers(1, 99), ORIGINS))
    calibration = Calibration(draw(TEXTS), family, draw(st.sampled_from(clocks)), operators, memory)
    return CalibrationFile(calibration, tuple(draw(st.lists(FIGURES, max_size=4))))


@given(calibrations())
def test_what_is_written_is_read_again(found: CalibrationFile) -> None:
    text = calibration_text(found)
    assert parse_calibration(text, "calibration.yaml") == found
    assert calibration_text(parse_calibration(text, "calibration.yaml")) == text
    assert text.startswith("# What the vendor's reports of this project show")


GOOD = """format: 1
target: {device: xcu280, family: "ultrascale+", clock_ns: 3.33}
reports:
  - {file: csynth.xml, tool: "Vitis HLS", version: "2024.1"}
operators:
  fadd.f32: {latency: 7, DSP: 2, core: fadd_32ns_32ns_32_8_full_dsp_1, instances: 4, report: 1}
memory: {read_latency: 2, memories: 3, report: 1}
figures:
  - {where: whole, figure: latency, vendor: 9, before: 8, after: null}
"""
ADDER = "fadd.f32: {latency: 7"
# What is changed in the good file, and what is said of it.
FAULTS: dict[str, tuple[str, str, str]] = {
    "a newer format": ("format: 1", "format: 2", "newer than this version"),
    "no format": ("format: 1\n", "", "format: must be a whole number, not nothing"),
    "an unknown key": ("figures:", "figgures:", "unknown key"),
    "no target": ('target: {device: xcu280, family: "ultrascale+", clock_ns: 3.33}\n', "", "there is no 'target'"),
    "an unknown family": ("ultrascale+", "versal", "no figures for devices of the family"),
    "a clock that is none": ("clock_ns: 3.33", "clock_ns: 0", "clock period"),
    "a negative clock": ("clock_ns: 3.33", "clock_ns: -3.33", "clock period"),
    "a clock in words": ("clock_ns: 3.33", "clock_ns: fast", "must be a number"),
    "an infinite clock": ("clock_ns: 3.33", "clock_ns: .inf", ".inf"),
    "an unknown operator": ("fadd.f32:", "fsum.f32:", "there is no such operator"),
    "an unknown type": ("fadd.f32:", "fadd.f128:", "there is no such operator"),
    "a number for an operator": ("fadd.f32:", "5:", "there is no such operator"),
    "nothing for an operator": ("fadd.f32:", "null:", "there is no such operator"),
    "an operator without a type": ("fadd.f32:", "fadd:", "there is no such operator"),
    "a width that is too large": ("fadd.f32:", "mul.5000:", "there is no such operator"),
    "a width of very many digits": ("fadd.f32:", f"mul.{'9' * 900}:", "there is no such operator"),
    "a width in other digits": ("fadd.f32:", '"mul.३२":', "there is no such operator"),
    "a latency in words": (ADDER, "fadd.f32: {latency: seven", "operators.fadd.f32.latency: must be a whole number"),
    "a negative latency": (ADDER, "fadd.f32: {latency: -1", "must be from 0"),
    "a latency without end": (ADDER, "fadd.f32: {latency: 2147483647", "must be at most 5000"),
    "no latency": (ADDER, "fadd.f32: {FF: 7", "latency: must be a whole number, not nothing"),
    "half a DSP": ("DSP: 2", "DSP: 2.5", "operators.fadd.f32.DSP: must be a whole number"),
    "an unknown resource": ("DSP: 2", "DSPs: 2", "unknown key"),
    "no core": ("core: fadd_32ns_32ns_32_8_full_dsp_1, ", "", "core: must be a text"),
    "no instances": ("instances: 4", "instances: 0", "instances: must be from 1"),
    "a report that is not there": ("instances: 4, report: 1", "instances: 4, report: 2", "there is no report 2"),
    "a report without a file": ("file: csynth.xml, ", "", "there is no 'file'"),
    "operators as a list": ("operators:\n  fadd", "operators:\n  - fadd", "operators: must be a mapping"),
    "an operator as a number": (
        "{latency: 7, DSP: 2, core: fadd_32ns_32ns_32_8_full_dsp_1, instances: 4, report: 1}",
        "7",
        "operators.fadd.f32: must be a mapping",
    ),
    "memory without a read": ("read_latency: 2", "read_latency: 0", "must be from 1"),
    "memory of another age": ("read_latency: 2", "read_latency: 65", "must be at most 64"),
    "a figure that is negative": ("vendor: 9", "vendor: -9", "must be a whole number of at least 0"),
    "an alias": ("memory: {", "memory: &m {", "anchor"),
    "a tag": ("format: 1", "format: !!python/object/apply:os.system [ls]", "tag"),
    "the same operator twice": (
        "memory:",
        "  fadd.f32: {latency: 3, core: x, instances: 1, report: 1}\nmemory:",
        "fadd.f32",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_told_with_its_place(name: str) -> None:
    old, new, said = FAULTS[name]
    assert old in GOOD
    with pytest.raises(AlloError) as caught:
        parse_calibration(GOOD.replace(old, new, 1), "calibration.yaml")
    found = caught.value.diagnostics
    assert any(said in fault.message for fault in found), found
    for fault in found:
        assert (fault.code, fault.severity) == ("yaml", "error")
        assert fault.hint
        assert fault.span is not None
        assert fault.span.source.path == "calibration.yaml"


def test_the_good_file_is_good() -> None:
    found = parse_calibration(GOOD, "calibration.yaml")
    assert found.calibration.by_name["fadd.f32"].resources == (("DSP", 2),)
    assert found.figures[0].after is None


@pytest.mark.parametrize("text", ["", "[]", "a: [", "\t", "{" * 2000, "- " * 5000, "x" * 3000, "\0"])
def test_what_is_no_calibration_at_all_is_refused(text: str) -> None:
    with pytest.raises(AlloError) as caught:
        parse_calibration(text, "calibration.yaml")
    assert all(fault.code == "yaml" for fault in caught.value.diagnostics)
    assert not any("new` writes one" in fault.hint for fault in caught.value.diagnostics)


def fault(project: Path) -> Diagnostic:
    with pytest.raises(AlloError) as caught:
        read_calibration(project)
    (found,) = caught.value.diagnostics
    return found


def test_files_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    project = tmp_path / "project.yaml"
    assert read_calibration(project) is None
    assert forget_calibration(project) is None
    file = calibration_file(project)
    file.symlink_to(tmp_path / "nowhere")
    assert fault(project).code == "file"
    assert forget_calibration(project) == file
    file.write_bytes(b"format: \xff")
    assert "no UTF-8 text" in fault(project).message
    file.write_bytes(b"#" * (17 << 20))
    assert "larger than 16 MB" in fault(project).message
    file.unlink()
    os.mkfifo(file)
    assert "no regular file" in fault(project).message
    file.unlink()
    file.mkdir()
    assert "no regular file" in fault(project).message
    with pytest.raises(AlloError) as caught:
        forget_calibration(project)
    assert "cannot be removed" in caught.value.diagnostics[0].message


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(AlloError) as caught:
        write_calibration(tmp_path / "gone" / "project.yaml", parse_calibration(GOOD, "calibration.yaml"))
    assert caught.value.diagnostics[0].code == "file"


def test_a_calibration_is_of_a_family_and_a_clock() -> None:
    known = parse_calibration(GOOD, "calibration.yaml").calibration
    library = load_operators("vitis", 3.33).calibrated(known)
    assert load_operators("vitis", 3.33).calibrated(known) is library
    assert library.calibrated(None) == load_operators("vitis", 3.33)
    for other in (load_operators("vitis", 4.0), load_operators("vitis", 10.0, "7series")):
        with pytest.raises(ValueError, match="ultrascale"):
            other.calibrated(known)
    adder = library.operator("fadd", "f32")
    assert (adder.latency, adder.resources, adder.source) == (7, {"DSP": 2, "FF": 243, "LUT": 338}, "calibrated")
    assert library.operator("fadd", "f64") == load_operators("vitis", 3.33).operator("fadd", "f64")
    assert library.memory.read_latency == 2
    # What is tried out comes after what was measured.
    assert library.with_latency("fadd", 9).operator("fadd", "f32").latency == 9


def test_a_core_has_figures_at_a_clock_that_the_profile_has_none_for() -> None:
    text = GOOD.replace("fadd.f32", "fadd_dsp.f32").replace("clock_ns: 3.33", "clock_ns: 2.5")
    known = parse_calibration(text, "calibration.yaml").calibration
    with pytest.raises(AlloError):
        load_operators("vitis", 2.5).operator("fadd_dsp", "f32")
    adder = load_operators("vitis", 2.5).calibrated(known).operator("fadd_dsp", "f32")
    assert (adder.latency, adder.resources["DSP"], adder.resources["FF"]) == (7, 2, None)


def test_logic_is_cut_into_as_many_stages_as_were_built() -> None:
    text = GOOD.replace("fadd.f32: {latency: 7, DSP: 2", "mul.32: {latency: 3, DSP: 3")
    known = parse_calibration(text, "calibration.yaml").calibration
    plain, found = load_operators("vitis", 3.33), load_operators("vitis", 3.33).calibrated(known)
    assert plain.operator("mul", 32).latency == 1
    assert (found.operator("mul", 32).latency, found.operator("mul", 31)) == (3, plain.operator("mul", 31))


@given(st.integers(0, len(GOOD)), st.integers(0, 40), st.text("{}[]:,-&*!#'\"\n 09.5aeé\x00|>?%@", max_size=12))
def test_any_change_of_the_text_is_read_or_told(at: int, length: int, put: str) -> None:
    found, faults = read_or_faults(GOOD[:at] + put + GOOD[at + length :])
    assert {fault.code for fault in faults} == (set() if found else {"yaml"})
    assert found is None or parse_calibration(calibration_text(found), "calibration.yaml") == found


def read_or_faults(text: str) -> tuple[CalibrationFile | None, Sequence[Diagnostic]]:
    try:
        return parse_calibration(text, "calibration.yaml"), ()
    except AlloError as error:
        return None, error.diagnostics

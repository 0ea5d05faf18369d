"""The catalogue: each fault of a broken one is told, at its place."""

from __future__ import annotations

import pytest

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.library.catalogue import SECTIONS, find_block, library, read_catalogue
from allo_studio.library.files import library_files, library_source
from allo_studio.source import Source

GOOD = """\
format: 1
blocks:
  twice:
    section: Element-wise
    title: Twice
    about: All numbers doubled.
    file: twice.py
    params:
      N: {about: numbers, least: 4}
      M: {about: rows, multiple: N}
    default: lanes
    schedules:
      lanes:
        about: Two a cycle.
        multiples: {N: 2}
        steps:
          - unroll: {axis: i, factor: 2}
"""
KERNEL = """
from allo_studio.lang import float32

N, M = 8, 16
FACTOR = 2.0

def twice(x: float32[N]) -> float32[N]:
    y: float32[N]
    for i in range(N):
        y[i] = FACTOR * x[i]
    return y
"""


def read(path: str) -> Source:
    if path == "library:twice.py":
        return Source(path, KERNEL)
    if path == "library:broken.py":
        return Source(path, "def twice(:")
    return library_source(path)


def faults(text: str) -> tuple[Diagnostic, ...]:
    with pytest.raises(AlloError) as caught:
        read_catalogue(Source("catalogue.yaml", text), read)
    return tuple(caught.value.diagnostics)


def test_a_catalogue_is_read() -> None:
    (block,) = read_catalogue(Source("catalogue.yaml", GOOD), read)
    assert (block.name, block.section, block.path, block.default) == (
        "twice",
        "Element-wise",
        "library:twice.py",
        "lanes",
    )
    assert [(p.name, p.about, p.value, p.least, p.multiple) for p in block.params.values()] == [
        ("N", "numbers", 8, 4, 1),
        ("M", "rows", 16, 1, "N"),
    ]
    (schedule,) = block.schedules.values()
    assert (schedule.name, schedule.about, schedule.multiples) == ("lanes", "Two a cycle.", {"N": 2})
    assert schedule.least == {}
    least = GOOD.replace("multiples: {N: 2}", "least: {N: 6}")
    (block,) = read_catalogue(Source("catalogue.yaml", least), read)
    assert block.schedules["lanes"].least == {"N": 6}
    assert [(step.name, step.args) for step in schedule.steps] == [("unroll", {"axis": "i", "factor": 2})]


def test_the_catalogue_of_the_library_lists_every_kernel_file() -> None:
    assert {block.path for block in library()} == {f"library:{name}" for name in library_files()}
    assert [SECTIONS.index(block.section) for block in library()] == sorted(
        SECTIONS.index(block.section) for block in library()
    )
    assert {block.section for block in library()} == set(SECTIONS)
    assert len({block.title for block in library()}) == len(library())
    assert all(block.about.endswith(".") for block in library())
    assert find_block("relu") in library()
    assert find_block("no_such_block") is None


TWICE = GOOD[GOOD.index("  twice:") :]


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("format: 1", "format: 2", 1, "format: must be 1"),
        ("format: 1\n", "format: true\n", 1, "format: must be 1"),
        ("format: 1\n", "", 1, "format: must be 1"),
        (TWICE, "", 1, "the catalogue has no blocks"),
        (GOOD, "- twice\n", 1, "must be a mapping, not a list"),
        ("  twice:\n", "  2x:\n", 3, "'2x' is no name"),
        ("  twice:\n", "  thrice:\n", 3, "twice.py has no function 'thrice'"),
        ("section: Element-wise", "section: Elementwise", 4, "must be one of Linear algebra"),
        ("    section: Element-wise\n", "", 3, "has no section"),
        ("title: Twice", "title: 2", 5, "title: must be a text, not 2"),
        ("title: Twice", 'title: " "', 5, "title: is empty"),
        ("    about: All numbers doubled.\n", "", 3, "has no about"),
        ("file: twice.py", "file: other.py", 7, "the library has no file 'other.py'"),
        ("file: twice.py", "file: ../catalogue.yaml", 7, "the library has no file '../catalogue.yaml'"),
        ("file: twice.py", "file: broken.py", 7, "invalid syntax"),
        ("file: twice.py", "file: twice.py\n    colour: red", 8, "colour: unknown key"),
        ("about: numbers, least: 4", "about: numbers, least: 0", 9, "least: must be from 1"),
        ("N: {about: numbers, least: 4}", "N: {least: 4}", 9, "params.N: has no about"),
        ("N: {about: numbers, least: 4}", "N: 4", 9, "params.N: must be a mapping"),
        ("M: {about: rows, multiple: N}", "M: {about: rows, multiple: K}", 10, "'K' is no other parameter"),
        ("M: {about: rows, multiple: N}", "M: {about: rows, multiple: M}", 10, "'M' is no other parameter"),
        ("M: {about: rows, multiple: N}", "M: {about: rows, multiple: 0}", 10, "multiple: must be from 1"),
        ("M: {about: rows, multiple: N}", "K: {about: rows, multiple: N}", 10, "K: is no whole number of twice.py"),
        ("M: {about: rows, multiple: N}", "FACTOR: {about: rows}", 10, "FACTOR: is no whole number of twice.py"),
        ("default: lanes", "default: lane", 11, "'lane' is none of its schedules"),
        ("    default: lanes\n", "", 3, "has no default"),
        ("        about: Two a cycle.\n", "", 13, "lanes: has no about"),
        ("multiples: {N: 2}", "multiples: {K: 2}", 15, "K: is no parameter of the block"),
        ("multiples: {N: 2}", "multiples: {N: 1}", 15, "N: must be from 2"),
        ("multiples: {N: 2}", "least: {K: 2}", 15, "least.K: is no parameter of the block"),
        ("multiples: {N: 2}", "least: {N: two}", 15, "least.N: must be a whole number"),
        ("- unroll: {axis: i, factor: 2}", "- unrol: {axis: i}", 17, "there is no step 'unrol'"),
        ("- unroll: {axis: i, factor: 2}", "- unroll: {axes: i}", 17, "axes"),
        ("- unroll: {axis: i, factor: 2}", "- unroll", 17, "a step must be a mapping with one key"),
        ("format: 1", "format: [1", 2, "broken YAML"),
    ],
)
def test_a_fault_of_a_catalogue_is_told_at_its_place(old: str, new: str, line: int, message: str) -> None:
    assert old in GOOD
    found = [fault for fault in faults(GOOD.replace(old, new, 1)) if message in fault.message]
    assert found
    assert all(fault.code == "yaml" and fault.hint for fault in found)
    assert found[0].span is not None
    assert (found[0].span.source.path, found[0].span.line) == ("catalogue.yaml", line)


def test_all_faults_are_told_together() -> None:
    text = GOOD.replace("title: Twice", "title: 2").replace("least: 4", "least: 0").replace("axis: i", "axes: i")
    assert {fault.span.line for fault in faults(text) if fault.span} == {5, 9, 17}


def test_one_name_of_a_schedule_means_the_same_steps() -> None:
    other = TWICE.replace("factor: 2}", "factor: 4}")
    kernel = KERNEL + KERNEL[KERNEL.index("def twice") :].replace("twice", "again")
    text = GOOD + other.replace("  twice:", "  again:")
    with pytest.raises(AlloError) as caught:
        read_catalogue(Source("catalogue.yaml", text), lambda path: Source(path, kernel))
    (fault,) = caught.value.diagnostics
    assert "a schedule of this name has other steps in twice" in fault.message
    same = GOOD + TWICE.replace("  twice:", "  again:")
    assert len(read_catalogue(Source("catalogue.yaml", same), lambda path: Source(path, kernel))) == 2

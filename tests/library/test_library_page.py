"""The page about the library: its tables are what the catalogue and the scheduler say."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from allo_studio.frontend import KernelSignature, list_kernels, parse_kernel
from allo_studio.hardware.operators import load_operators
from allo_studio.hardware.schedule import schedule_kernel
from allo_studio.library.catalogue import SECTIONS, LibraryBlock, LibraryParameter, LibrarySchedule, library
from allo_studio.library.files import library_source
from allo_studio.schedule import from_specs

PAGE = Path(__file__).resolve().parents[2] / "docs" / "library.md"


def signature(block: LibraryBlock) -> KernelSignature:
    return next(kernel for kernel in list_kernels(library_source(block.path)) if kernel.name == block.name)


@cache
def cycles(block: str, schedule: str) -> int | None:
    found = next(entry for entry in library() if entry.name == block)
    steps = found.schedules[schedule].steps if schedule else ()
    kernel = from_specs(parse_kernel(library_source(found.path), block), steps).ir
    return schedule_kernel(kernel, load_operators("vitis", 3.33)).latency


def param_text(param: LibraryParameter) -> str:
    least = f", at least {param.least}" if param.least > 1 else ""
    multiple = f", a multiple of {param.multiple}" if param.multiple != 1 else ""
    return f"`{param.name}` = {param.value}: {param.about}{least}{multiple}"


def schedule_row(block: LibraryBlock, schedule: LibrarySchedule) -> str:
    multiples = [f"{name} a multiple of {number}" for name, number in schedule.multiples.items()]
    needs = ", ".join([*multiples, *(f"{name} at least {number}" for name, number in schedule.least.items())])
    mark = " (default)" if schedule.name == block.default else ""
    figures = f"{cycles(block.name, ''):,} | {cycles(block.name, schedule.name):,}"
    return f"| `{block.name}` | `{schedule.name}`{mark} | {schedule.about} | {needs} | {figures} |"


def section_lines(section: str) -> Iterator[str]:
    """Return what the page says of a section, line by line."""
    blocks = [block for block in library() if block.section == section]
    yield from (f"### {section}", "")
    yield from ("| block | what it computes | ports | parameters |", "|---|---|---|---|")
    for block in blocks:
        found = signature(block)
        ports = ", ".join(f"`{port.name}: {port.type}`" for port in found.arguments)
        results = ", ".join(f"`{port.name}: {port.type}`" for port in found.results)
        params = "; ".join(param_text(param) for param in block.params.values())
        yield f"| **{block.title}** `{block.path}:{block.name}` | {block.about} | {ports} → {results} | {params} |"
    yield from ("", "| block | schedule | | needs | cycles without | cycles with |", "|---|---|---|---|---|---|")
    for block in blocks:
        yield from (schedule_row(block, schedule) for schedule in block.schedules.values())


@pytest.mark.parametrize("section", SECTIONS)
def test_the_page_says_what_the_catalogue_says(section: str) -> None:
    text = PAGE.read_text(encoding="utf-8")
    begin = text.index(f"### {section}\n")
    end = text.find("\n### ", begin)
    part = text[begin : end if end >= 0 else text.index("\n## ", begin)]
    assert part.strip().splitlines() == list(section_lines(section))


def test_the_page_has_no_other_sections() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [line[4:] for line in text.splitlines() if line.startswith("### ")] == list(SECTIONS)

"""The code in the README and in pages that have no test of their own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from documents import DOCS, blocks_of, run_page

from allo_studio.primitives.registry import STEPS

ROOT = DOCS.parent
PAGES = [DOCS.parent / "README.md", *(DOCS / f"{name}.md" for name in ("design-graph", "hls", "report-reading", "rtl"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_code_of_a_page_runs(page: Path) -> None:
    assert any(block.kind == "python" for block in blocks_of(page))
    run_page(page)


def test_every_page_with_code_has_a_test() -> None:
    """A page that shows Python is run by one of the tests: a new one has to be added to them."""
    own = {"tutorial", "hardware", "kernel-language", "project-format", "python-api", "external-ip"}
    pages = {page.stem for page in DOCS.glob("*.md") if any(b.kind.startswith("python") for b in blocks_of(page))}
    assert pages == own | {page.stem for page in PAGES if page.parent == DOCS}


def test_the_architecture_names_every_attribute_of_a_kernel() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "allo_studio").rglob("*.py")]
    used = {name for text in texts for name in re.findall(r"""["']allo\.([a-z_]+)["']""", text)}
    assert set(re.findall(r"`allo\.([a-z_]+)", page)) == used


def test_the_architecture_names_every_module() -> None:
    table = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    table = table[table.index("| # |") : table.index("## The form")]
    numbers = [int(number) for number in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)]
    assert numbers == list(range(1, len(numbers) + 1))
    named = set(re.findall(r"`(?:allo_studio/)?([a-z]+(?:\.py|/))`", table))
    found = {path.name + "/" * path.is_dir() for path in (ROOT / "allo_studio").iterdir()}
    assert {name for name in found if name[0] not in "_." and name != "py.typed"} <= named


def test_the_readme_counts_the_steps() -> None:
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    words = {
        14: "fourteen",
        15: "fifteen",
        16: "sixteen",
        17: "seventeen",
        18: "eighteen",
        19: "nineteen",
        20: "twenty",
        21: "twenty-one",
        22: "twenty-two",
    }
    assert f"- {words[len(STEPS)]} [primitives]" in page
    first = page[page.index("schedule steps (") : page.index(" more)")]
    named = [name for name in STEPS if name.removesuffix("_at") in re.findall(r"\w+", first)]
    numbers = ("eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen")
    assert 8 + numbers.index(first.split()[-1]) == len(STEPS) - len(named)

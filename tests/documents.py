"""The code in pages of the documentation, run block after block as a reader would run it."""

from __future__ import annotations

import linecache
import re
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from allo_studio.diagnostics import AlloError, render
from allo_studio.frontend import parse_kernel
from allo_studio.source import Source

__all__ = ["DOCS", "Block", "blocks_of", "rendered", "run_page"]

DOCS = Path(__file__).resolve().parent.parent / "docs"
_FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block: the words after the fence, its text, and the line of the page on which the text begins."""

    kind: str
    text: str
    line: int

    @property
    def skipped(self) -> bool:
        """Whether the block needs a newer Python than this one, such as `python 3.12`."""
        needed = re.fullmatch(r"python 3\.(\d+)", self.kind)
        return needed is not None and sys.version_info < (3, int(needed[1]))


def blocks_of(page: Path) -> list[Block]:
    """Return the blocks of a page in order."""
    text = page.read_text(encoding="utf-8")
    return [Block(m[1].strip(), m[2], text.count("\n", 0, m.start(2)) + 1) for m in _FENCE.finditer(text)]


def run_page(page: Path, after: Callable[[Block, dict[str, Any]], None] | None = None) -> dict[str, Any]:
    """Run the `python` blocks of a page in order, as cells of one notebook, and return the names that they set.

    A `text` block after one of them is what it prints. `after` is called after each block with the names as they are
    then.
    """
    names: dict[str, Any] = {"__name__": page.stem}
    blocks = blocks_of(page)
    for block, following in zip(blocks, [*blocks[1:], None], strict=True):
        if block.kind.split(" ")[:1] != ["python"] or block.kind == "python refused" or block.skipped:
            continue
        file = f"<{page.name}, line {block.line}>"
        linecache.cache[file] = (len(block.text), None, block.text.splitlines(keepends=True), file)
        with redirect_stdout(StringIO()) as printed:
            exec(compile(block.text, file, "exec"), names)
        if following is not None and following.kind == "text":
            assert printed.getvalue() == following.text, f"{file} prints:\n{printed.getvalue()}"
        if after is not None:
            after(block, names)
    return names


def rendered(source: Source, name: str) -> str:
    """Return the faults of a kernel as a person reads them."""
    try:
        parse_kernel(source, name)
    except AlloError as error:
        return "\n".join(render(fault) for fault in error.diagnostics)
    return ""

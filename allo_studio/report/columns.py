"""Text laid out for a terminal: aligned tables, wrapped lines and bars, of at most 110 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterable, Sequence

__all__ = ["WIDTH", "bar", "figures_only", "indented", "pairs", "section", "wrap"]

WIDTH = 110
_GAP = "  "
# A text column is not cut below this.
_NARROWEST = 8
_BAR = 30


def section(
    title: str,
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    left: int,
    texts: Iterable[int] = (),
    tall: bool = False,
    whole: Collection[int] = (),
) -> str:
    """Lay out a table: text are the first `left` columns, those of `texts`, and the last where a row has text in it.

    A `tall` head goes over several lines where that makes its column narrower. Columns of `whole` are never cut, and
    the table is wider than others where they need it.
    """
    if not rows:
        return ""
    left_aligned = {*range(left), *texts}
    if not figures_only(row[-1] for row in rows):
        left_aligned.add(len(head) - 1)
    heads = _tall(head, rows) if tall else [head]
    widths = [max(len(cell) for cell in column) for column in zip(*heads, *rows, strict=True)]
    excess = 2 + sum(widths) + len(_GAP) * (len(widths) - 1) - WIDTH
    widths = _shrink(widths, excess, left_aligned - set(whole))
    return "\n".join([title, *(_line(cells, widths, left_aligned) for cells in (*heads, *rows))])


def figures_only(cells: Iterable[str]) -> bool:
    """Tell whether each cell is a figure, or stands for one that is unknown or does not apply."""
    return all(cell in ("-", "?", "") or cell.lstrip("~<-")[:1].isdecimal() for cell in cells)


def indented(title: str, texts: Sequence[str]) -> str:
    """Return texts below a title, each wrapped."""
    if not texts:
        return ""
    return "\n".join([title, *(line for text in texts for line in wrap("  ", text))])


def pairs(rows: Sequence[tuple[str, str]]) -> str:
    """Return names with a text beside each."""
    wide = max((len(name) for name, _ in rows), default=0)
    return "\n".join(line for name, text in rows for line in wrap(f"{name:<{wide}}  ", text))


def wrap(head: str, text: str) -> Iterable[str]:
    """Return the lines of a text, the first behind `head`, the others below its beginning."""
    hang = " " * (len(head) if len(head) > 2 else 4)
    return textwrap.wrap(text, WIDTH, initial_indent=head, subsequent_indent=hang) or [head.rstrip()]


def bar(used: int, available: int) -> str:
    """Return how much is taken as a bar, with a word where it is more than there is."""
    filled = min(_BAR, -(-used * _BAR // available)) if available else 0
    over = " over" if used > available else ""
    return "#" * filled + "." * (_BAR - filled) + over


def _tall(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[Sequence[str]]:
    """Return the lines of a head whose words are broken where its cells are narrower than it."""
    columns = []
    for name, *cells in zip(head, *rows, strict=True):
        width = max(1, *(len(cell) for cell in cells), *(len(word) for word in name.split()))
        columns.append(textwrap.wrap(name, width) or [""])
    height = max(len(lines) for lines in columns)
    padded = [[""] * (height - len(lines)) + lines for lines in columns]
    return [list(line) for line in zip(*padded, strict=True)]


def _shrink(widths: list[int], excess: int, texts: Collection[int]) -> list[int]:
    """Take `excess` characters from the text columns, each time from the widest of them."""
    found = list(widths)
    for _ in range(max(excess, 0) if texts else 0):
        widest = max(texts, key=lambda i: found[i])
        if found[widest] <= _NARROWEST:
            break
        found[widest] -= 1
    return found


def _line(cells: Sequence[str], widths: Sequence[int], texts: Collection[int]) -> str:
    shown = [_cut(cell, width) for cell, width in zip(cells, widths, strict=True)]
    padded = [t.ljust(w) if i in texts else t.rjust(w) for i, (t, w) in enumerate(zip(shown, widths, strict=True))]
    return ("  " + _GAP.join(padded)).rstrip()


def _cut(text: str, width: int) -> str:
    """Shorten in the middle: both ends of a path tell more than its inside."""
    if len(text) <= width:
        return text
    keep = width - 1
    return text[: keep - keep // 2] + "…" + text[len(text) - keep // 2 :]

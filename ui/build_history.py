"""The reports of earlier builds of a project, kept in its folder `build/history` so that any two can be compared."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from allo_studio.built import Target
from allo_studio.cli.files import write_whole
from allo_studio.diagnostics import AlloError
from allo_studio.report import Report, document, dump, read_report

__all__ = ["MOST_KEPT", "Earlier", "builds_of", "keep_build"]

# More builds of a project than these are not kept: the oldest goes.
MOST_KEPT = 30
_FOLDER = Path("build", "history")
_TIME = "%Y%m%d-%H%M%S"
# The project, the target, the time, and a number where there are several in a second.
_NAME = re.compile(r"(?P<project>.+)-(?P<target>hls|rtl)-(?P<time>\d{8}-\d{6})(?:-(?P<number>\d+))?\.json")


@dataclass(frozen=True)
class Earlier:
    """An earlier build: its report's file, and when it was and for what."""

    file: Path
    when: datetime
    target: str

    @property
    def title(self) -> str:
        """The build in words, such as `2 Mar 14:05:09 · RTL`."""
        target = {"hls": "HLS C++", "rtl": "RTL"}[self.target]
        return f"{self.when.day} {self.when:%b %H:%M:%S}  ·  {target}"

    def report(self) -> Report:
        """Read its report; raises AlloError (`file`, `report`)."""
        return read_report(self.file)


def builds_of(root: Path, project: str) -> tuple[Earlier, ...]:
    """Return the builds of a project that are kept, the last first."""
    found = []
    folder = root / _FOLDER
    for file in sorted(folder.glob("*.json")) if folder.is_dir() else ():
        name = _NAME.fullmatch(file.name)
        if name is None or name["project"] != project:
            continue
        try:
            when = datetime.strptime(name["time"], _TIME)
        except ValueError:
            continue
        found.append((when, int(name["number"] or 0), Earlier(file, when, name["target"])))
    return tuple(each for _, _, each in sorted(found, key=lambda item: item[:2], reverse=True))


def keep_build(root: Path, report: Report, target: Target, when: datetime) -> str:
    """Keep the report of a build, and let go of the oldest above so many; return what went wrong, or an empty text.

    A build whose report says the same as the last one for its target is not kept twice.
    """
    known = builds_of(root, report.project)
    if _is_last(known, report, target):
        return ""
    folder = root / _FOLDER
    stem = f"{report.project}-{target}-{when.strftime(_TIME)}"
    file, number = folder / f"{stem}.json", 1
    while file.exists():
        number += 1
        file = folder / f"{stem}-{number}.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        text = dump(document("ok", report=report))
        write_whole(file, lambda draft: draft.write_text(text, encoding="utf-8", newline="\n"))
        for old in known[MOST_KEPT - 1 :]:
            old.file.unlink(missing_ok=True)
    except AlloError as error:
        return error.diagnostics[0].message
    except OSError as error:
        return f"the report cannot be kept in {str(folder)!r}: {error.strerror or error}"
    return ""


def _is_last(known: Sequence[Earlier], report: Report, target: Target) -> bool:
    last = next((each for each in known if each.target == target), None)
    try:
        return last is not None and last.report() == report
    except AlloError:
        return False

"""Small reports in the formats of several versions of the tools, made for these tests."""

from __future__ import annotations

import os
from pathlib import Path

from allo_studio.report.vendor import Resource, VendorReport, parse_report

DATA = Path(__file__).parents[1] / "data" / "vendor"
# The designs `scale` of Vivado HLS 2018.3 and `blur` of Vitis HLS 2024.2.
SCALE, BLUR = DATA / "scale_2018" / "solution1", DATA / "blur_2024" / "hls"
FILES = sorted(path for path in DATA.rglob("*") if path.is_file())
# Reports of real designs are no part of the project; they are read where a folder of them is named, or lies beside it.
ROOT = Path(__file__).resolve().parents[3]
REAL_FOLDER = Path(os.environ.get("ALLO_STUDIO_REPORTS") or ROOT.parent / "shared" / "data" / "reports")
REAL = sorted(REAL_FOLDER.glob("*.xml"))


def label(path: Path) -> str:
    return str(path.relative_to(DATA))


def read_text(text: str, name: str = "sample") -> VendorReport:
    return parse_report(text.encode(), name)


def used(resources: tuple[Resource, ...]) -> dict[str, int | None]:
    return {resource.name: resource.used for resource in resources}


def available(resources: tuple[Resource, ...]) -> dict[str, int | None]:
    return {resource.name: resource.available for resource in resources}

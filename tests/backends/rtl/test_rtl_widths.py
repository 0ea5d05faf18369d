"""Blocks of many widths as circuits, with adapters between: the JIT's bits and the predicted cycles, also when held."""

from __future__ import annotations

from pathlib import Path

import pytest
from design_checks import check_held
from random_widths import widths
from rtl_checks import OPEN

from allo_studio.pipeline import size_project


@pytest.mark.parametrize("seed", range(14))
def test_random_widths(tmp_path: Path, seed: int) -> None:
    check_held(size_project(widths(tmp_path, seed), library=OPEN[3.33]))

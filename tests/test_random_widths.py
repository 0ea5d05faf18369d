"""Random chains of blocks of many widths, with adapters: the reference, the JIT and the generated C++ agree."""

from __future__ import annotations

from pathlib import Path

import pytest
from random_widths import widths
from test_random_feedback import VITIS, assert_engines_agree

from allo_studio.design.region import RelayoutProcess
from allo_studio.pipeline import size_project

pytestmark = pytest.mark.usefixtures("quick_cpp")


@pytest.mark.parametrize("seed", [0, 2, 3, 4, 7, 12, 13])
def test_engines(tmp_path: Path, seed: int) -> None:
    loaded = widths(tmp_path, seed)
    sized = size_project(loaded, library=VITIS)
    assert any(isinstance(process, RelayoutProcess) for process in sized.region.processes)
    assert_engines_agree(sized, loaded.project, tmp_path / "out", seed)

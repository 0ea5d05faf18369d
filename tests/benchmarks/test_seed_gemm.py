"""The published latencies come out of the scheduler, and move as they must when its inputs do."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

FILE = Path(__file__).resolve().parents[2] / "benchmarks" / "seed_gemm.py"


@pytest.fixture(scope="module")
def seed() -> ModuleType:
    """Return the benchmark as a module (it is a script, not part of a package)."""
    spec = importlib.util.spec_from_file_location("seed_gemm", FILE)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["seed_gemm"] = module
    spec.loader.exec_module(module)
    return module


def test_every_row_of_the_seed_holds(seed: ModuleType) -> None:
    rows = {row.name: row for row in seed.measure()}
    assert {name: row.note for name, row in rows.items() if not row.holds} == {}
    assert rows["vanilla"].cycles == 7_517_241_348
    assert rows["cascade"].cycles == 2 * rows["row_wise"].cycles


def test_the_benchmark_fails_on_a_wrong_figure(seed: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(seed.PUBLISHED_MS, "row_wise", 115.0)
    assert seed.main() == 1

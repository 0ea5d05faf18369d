"""The published latencies come out of the scheduler, and move as they must when its inputs do."""

from __future__ import annotations

import pytest
import seed_gemm


def test_every_row_of_the_seed_holds() -> None:
    rows = {row.name: row for row in seed_gemm.measure()}
    assert {name: row.note for name, row in rows.items() if not row.holds} == {}
    assert rows["vanilla"].cycles == 7_517_241_348
    assert rows["cascade"].cycles == 2 * rows["row_wise"].cycles


def test_the_benchmark_fails_on_a_wrong_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(seed_gemm.PUBLISHED_MS, "row_wise", 115.0)
    assert seed_gemm.main() == 1

"""The benchmark of the language measures what it says; how long things take is not tested."""

from __future__ import annotations

import language
import pytest


def test_every_figure_is_measured() -> None:
    rows = language.measure(("gemm", "trisolv"), runs=1, imports=1)
    assert [row.name for row in rows] == list(language.LIMITS)
    assert all(row.time.wall > 0 and row.time.processor > 0 and row.fixed.processor > 0 for row in rows)
    assert [row.limit for row in rows] == [limit for limit, _ in language.LIMITS.values()]
    times = {row.name: row.time.wall for row in rows}
    assert times["import + first customize"] > times["import"]
    assert all("slowest" in row.text for row in rows if "import" not in row.name)


def test_a_figure_beyond_its_limit_fails(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def row(wall: float) -> object:
        time = language.Time(wall, 1.0)
        return language.Row("JIT until callable", time, 45.0, language.Time(1.0, 1.0), "slowest gemm")

    monkeypatch.setattr(language, "measure", lambda: [row(44.0), row(45.0)])
    assert language.main() == 0
    monkeypatch.setattr(language, "measure", lambda: [row(44.0), row(46.0)])
    assert language.main() == 1
    assert capsys.readouterr().out.count("DOES NOT HOLD") == 1

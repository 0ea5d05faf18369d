"""The benchmark of FIFO depths tells what is so."""

from __future__ import annotations

import fifo
import pytest


def test_the_examples_that_have_fifos() -> None:
    found = set(fifo.examples())
    names = {"attention", "diamond", "feedback", "gemm_cascade", "gemm_tree_15", "image_pipeline", "mlp"}
    assert found >= names | {"transformer_layer"}


@pytest.mark.parametrize("name", ["attention", "diamond", "feedback", "gemm_cascade", "image_pipeline", "mlp"])
def test_rows(name: str) -> None:
    rows = {row.profile: row for row in fifo.rows_of(name)}
    assert set(rows) == {"open", "vitis"}
    for row in rows.values():
        assert (row.bits, row.reducible, row.latency) == (row.bound, (), row.unbounded)
        bits, latency = row.rules["whole array"]
        assert (bits > row.bits, latency) == (True, row.latency)
    deadlocks = [row.rules["two"][1] for row in rows.values()]
    assert deadlocks == [None, None] or name != "diamond"


def test_many_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fifo, "TOKENS", 5000)
    _, found = fifo.million()
    assert (found.bits, found.timing.latency) == (found.bound, 5000 + 46)
    assert found.sizes["near"].depth == 43

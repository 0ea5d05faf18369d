"""FIFO sizing of large random graphs of kernels: the latency is kept, and the bits are proven to be the fewest."""

from __future__ import annotations

from pathlib import Path

import pytest
from fifo import row_of
from random_streams import streams

from allo_studio.hardware.operators import load_operators, profile_names
from allo_studio.pipeline import size_project


@pytest.mark.parametrize("seed", range(1000, 1012))
def test_the_fewest_bits_at_the_least_latency(tmp_path: Path, seed: int) -> None:
    loaded = streams(tmp_path, seed)
    sized = size_project(loaded, library=load_operators(profile_names()[seed % 2], 3.33))
    assert len(sized.fifos) >= 1
    row = row_of("random", sized)
    assert row.latency == row.unbounded
    assert row.bits == row.bound
    assert not row.reducible
    assert all(bits >= row.bits for bits, latency in row.rules.values() if latency == row.latency)

"""nussinov: the most base pairs that a folded strand of RNA can have."""

from __future__ import annotations

import numpy as np

from allo_studio.lang import int32

N = 12
SIZES = {"medium": {"N": 500}, "large": {"N": 2500}, "extralarge": {"N": 5500}}
SCHEDULE = [
    ("pipeline", {"axis": "k"}),
    ("partition", {"buffer": "table", "kind": "cyclic", "dim": 2, "factor": 2}),
]


def nussinov(bases: int32[N]) -> int32[N, N]:
    table: int32[N, N] = 0
    for i in range(N - 1, -1, -1):
        for j in range(i + 1, N):
            table[i, j] = max(table[i, j], table[i, j - 1])
            if i + 1 < N:
                table[i, j] = max(table[i, j], table[i + 1, j])
                if i < j - 1:
                    pair: int32 = 1 if bases[i] + bases[j] == 3 else 0
                    table[i, j] = max(table[i, j], table[i + 1, j - 1] + pair)
                else:
                    table[i, j] = max(table[i, j], table[i + 1, j - 1])
            for k in range(i + 1, j):
                table[i, j] = max(table[i, j], table[i, k] + table[k + 1, j])
    return table


def inputs(rng, N):
    return {"bases": rng.integers(0, 4, N, dtype=np.int32)}


def reference(bases):
    size = len(bases)
    table = np.zeros((size + 1, size + 1), np.int32)
    for length in range(1, size):
        for i in range(size - length):
            j = i + length
            pair = int(bases[i] + bases[j] == 3) if length > 1 else 0
            splits = [table[i, k] + table[k + 1, j] for k in range(i, j)]
            table[i, j] = max(*splits, table[i + 1, j - 1] + pair if length > 1 else 0)
    return {"table": table[:size, :size]}

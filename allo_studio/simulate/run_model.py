"""Runs a Python model of an external block. A program of its own, which works in the folder that it runs in.

Its arguments are the path that the model has in the project, the function, the number of outputs, and the number of
firings: each array has one part for each of them.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np


def main(path: str, function: str, outputs: int, firings: int) -> None:
    """Call the model on `inputs.npz` firing by firing, and write `outputs.npz`."""
    names: dict[str, Any] = {"__name__": "model", "__file__": path}
    exec(compile(Path("model.py").read_text(encoding="utf-8"), path, "exec"), names)
    if function not in names:
        sys.exit(f"{path} has no function {function}")
    with np.load("inputs.npz", allow_pickle=False) as given:
        arrays = [given[f"in{number}"] for number in range(len(given.files))]
    kinds = Path("dtypes.txt").read_text(encoding="utf-8").split("\n") if arrays else []
    arrays = [
        array if str(array.dtype) == kind else _viewed(array, kind) for array, kind in zip(arrays, kinds, strict=True)
    ]
    results = []
    for firing in range(firings):
        found = names[function](*(array[firing, ...] for array in arrays))
        results.append([np.asarray(result) for result in (found if isinstance(found, tuple) else (found,))])
        if len(results[-1]) != outputs:
            sys.exit(f"{function} returned {len(results[-1])} results, and the block has {outputs} outputs")
    made: dict[str, Any] = {}
    for number in range(outputs):
        parts = [_plain(result[number]) for result in results]
        if len({(part.shape, part.dtype) for part in parts}) > 1:
            sys.exit(f"{function} returned arrays of other types or shapes at some firings than at others")
        made[f"out{number}"] = np.stack(parts)
    np.savez("outputs.npz", **made)


def _viewed(array: Any, kind: str) -> Any:
    import ml_dtypes

    return array.view(getattr(ml_dtypes, kind)) if kind == "bfloat16" else array.astype(kind)


def _plain(array: Any) -> Any:
    return array.view(np.uint16) if array.dtype.name == "bfloat16" else array


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))

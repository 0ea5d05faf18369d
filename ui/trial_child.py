"""Compares kernels before and after a step for the window: a request a line of standard input, an answer a line.

It is a process of its own, as a kernel may run for ever, and the window must stay responsive while one does.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from allo_studio.diagnostics import AlloError
from allo_studio.ir import KernelIR
from allo_studio.verification import verify

__all__ = ["answer", "main"]

# No trial is begun after so many seconds; a kernel that takes longer is tried once.
_SECONDS = 3.0


def main() -> int:
    """Answer requests until there are no more."""
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)
    return 0


def answer(request: Mapping[str, Any]) -> dict[str, str]:
    """Return the outcome (`equal`, `differs` or `skipped`) of a request, and in words what was found."""
    try:
        before, after = (KernelIR.parse(request[side], name=request["name"]) for side in ("before", "after"))
        verdict = verify(before, after, reassociates=request["reassociates"], seconds=_SECONDS)
    except (AlloError, ValueError) as fault:
        return {"outcome": "skipped", "text": f"not compared: {fault}"}
    if not verdict:
        return {"outcome": "differs", "text": str(verdict)}
    if not verdict.trials:
        return {"outcome": "skipped", "text": f"not compared: all {verdict.failed} inputs made both kernels fail"}
    return {"outcome": "equal", "text": str(verdict)}


if __name__ == "__main__":
    sys.exit(main())

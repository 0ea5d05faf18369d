"""The program of the process that CIRCT works in."""

from __future__ import annotations

import sys
from typing import Any

from allo_studio.backends.rtl.serving import serve

__all__: list[str] = []


def _verilog(text: str) -> str:
    # A CIRCT that is missing shall be the first call's fault, which can be told.
    from allo_studio.backends.rtl import circt

    return circt.verilog(text)


def _simulation(text: str, top: str) -> dict[str, Any]:
    from allo_studio.backends.rtl import circt

    return circt.simulation(text, top).to_json()


if __name__ == "__main__":
    serve({"verilog": _verilog, "simulation": _simulation}, int(sys.argv[1]))

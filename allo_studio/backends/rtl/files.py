"""Verilog in files: one a module, named after it, as linters want it."""

from __future__ import annotations

import re

__all__ = ["one_a_module"]

# A module with the comments right above it.
_MODULE = re.compile(r"(?:^//[^\n]*\n)*^module\s+(\w+).*?^endmodule[^\n]*\n", re.DOTALL | re.MULTILINE)


def one_a_module(verilog: str) -> dict[str, str]:
    """Return the text of each module of a text that `circt.verilog` made, by name, in order."""
    return {match[1]: match[0] for match in _MODULE.finditer(verilog)}

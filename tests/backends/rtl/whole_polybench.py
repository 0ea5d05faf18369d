"""The kernels of PolyBench in integers, made from their texts."""

from __future__ import annotations

import re

import polybench

from allo_studio.frontend import parse_kernel
from allo_studio.ir import KernelIR
from allo_studio.source import Source

__all__ = ["IRRATIONAL", "NARROW", "WHOLE", "whole"]

# Their square roots, exponentials and powers are floats whatever they are of.
IRRATIONAL = ("cholesky", "correlation", "deriche", "gramschmidt")
# These are in integers as they are.
WHOLE = ("floyd_warshall", "nussinov")
# Its quotients of quotients would be of hundreds of bits.
NARROW = ("adi",)

_CONSTANT = re.compile(r"^[A-Z][A-Z0-9]*(, [A-Z]+)* = .*$", re.MULTILINE)
_NUMBER = re.compile(r"\d+\.\d+")


def whole(name: str) -> KernelIR:
    """Return a kernel with `int32` in the place of `float32`, with numbers rounded, but to 0 only 0."""
    head, end, body = polybench.load(name).source.text.partition(f"def {name}(")
    # What constants are computed from must stay whole.
    text = _CONSTANT.sub(lambda line: line[0].replace("/", "//"), head) + end + body
    text = _NUMBER.sub(_rounded, text.replace("float32", "int8" if name in NARROW else "int32"))
    return parse_kernel(Source(f"{name}.py", text), name)


def _rounded(number: re.Match[str]) -> str:
    value = float(number[0])
    return str(max(1, round(value)) if value else 0)

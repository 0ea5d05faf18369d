"""Blocks that need no kernel file: a conversion of elements, a duplicator for several readers, and a re-layout.

Their kernels are written here, so that every engine treats them like any other. A block's `path` says what it is:
`@convert/int16[4, 8]/int8`, `@duplicate/int16[4, 8]/2` or `@relayout/int16[4, 8]/`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from allo_studio.design.model import KernelNode
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.source import Source
from allo_studio.types import ArrayType, parse_type

__all__ = [
    "MOST_COPIES",
    "block_source",
    "conversion",
    "described",
    "duplicator",
    "is_generated",
    "plain_block",
    "relayout",
]

_MARK = "@"
_CONVERT, _DUPLICATE, _RELAYOUT = f"{_MARK}convert", f"{_MARK}duplicate", f"{_MARK}relayout"
_INDICES = "ijklmnpqrstuvw"
MOST_COPIES = 64


def conversion(type_: str, to: str, schedule: str | None = None) -> KernelNode:
    """Return a block with an input `x` of a type, and an output `y` of its shape with elements of another."""
    return KernelNode(f"{_CONVERT}/{type_}/{to}", "convert", {}, schedule)


def duplicator(type_: str, copies: int, schedule: str | None = None) -> KernelNode:
    """Return a block with an input `x` of a type, and outputs `y0`, `y1`, … of the same values."""
    return KernelNode(f"{_DUPLICATE}/{type_}/{copies}", "duplicate", {}, schedule)


def relayout(type_: str, schedule: str | None = None) -> KernelNode:
    """Return a block with an input `x` and an output `y` of the same values, whose memory layouts may differ."""
    return KernelNode(f"{_RELAYOUT}/{type_}/", "relayout", {}, schedule)


def is_generated(path: str) -> bool:
    """Tell whether a kernel's path is that of no file."""
    return path.startswith(_MARK)


def plain_block(node: KernelNode) -> Mapping[str, Any]:
    """Return how a project file says such a block, without its schedule."""
    kind, type_, last = _parts(node.path)
    if kind == _RELAYOUT:
        return {"relayout": type_}
    return {"convert": type_, "to": last} if kind == _CONVERT else {"duplicate": type_, "copies": int(last)}


def described(node: KernelNode) -> str:
    """Return what a block does, in words; of a kernel's file it is the file and the function."""
    if not is_generated(node.path):
        return f"{node.path}:{node.function}"
    kind, type_, last = _parts(node.path)
    if kind == _RELAYOUT:
        return f"another layout of {type_}"
    return f"{type_} to {last}" if kind == _CONVERT else f"{last} copies of {type_}"


# The same text each time, so that what is kept of it is found.
@lru_cache(maxsize=1024)
def block_source(path: str) -> Source:
    """Return the kernel of such a block; raises AlloError (code `type`) for types that are none or do not fit."""
    kind, text, last = _parts(path)
    type_ = _type(path, text)
    if kind == _RELAYOUT:
        return Source(path, _kernel("relayout", type_, {"y": type_}))
    if kind == _CONVERT:
        return Source(path, _kernel("convert", type_, {"y": _converted(path, type_, _type(path, last))}))
    return Source(path, _kernel("duplicate", type_, {f"y{number}": type_ for number in range(int(last))}))


def _parts(path: str) -> tuple[str, str, str]:
    kind, _, rest = path.partition("/")
    type_, _, last = rest.rpartition("/")
    return kind, type_, last


def _type(path: str, text: str) -> ArrayType:
    try:
        return parse_type(text)
    except ValueError as fault:
        raise _refused(path, str(fault), "write it like float32[64, 32]") from None


def _refused(path: str, message: str, hint: str) -> AlloError:
    return AlloError(Diagnostic("type", f"{_parts(path)[0].removeprefix(_MARK)}: {message}", hint=hint))


def _converted(path: str, source: ArrayType, target: ArrayType) -> ArrayType:
    if target.shape:
        raise _refused(path, f"{target} is an array, and elements are converted", "give the type of an element")
    if "struct" in (source.element.kind, target.element.kind):
        raise _refused(path, "structs are not converted", "write a kernel that converts the fields")
    return ArrayType(target.element, source.shape, source.sizes)


def _kernel(name: str, type_: ArrayType, results: Mapping[str, ArrayType]) -> str:
    """Return a kernel that passes each element of `x` on."""
    outputs = ", ".join(_written(kind) for kind in results.values())
    lines = ["from allo_studio.lang import *", "", ""]
    lines.append(f"def {name}(x: {_written(type_)}) -> {f'({outputs})' if len(results) > 1 else outputs}:")
    if not type_.shape:
        lines += [f'    {port}: "{kind}" = x' for port, kind in results.items()]
        return "\n".join([*lines, f"    return {', '.join(results)}", ""])
    indices = ", ".join([letter for letter in _INDICES if letter not in type_.sizes][: len(type_.shape)])
    extents = ", ".join(name or str(extent) for name, extent in zip(type_.names, type_.shape, strict=True))
    lines += [f"    {port}: {_written(kind)}" for port, kind in results.items()]
    loops = f"range({extents})" if len(type_.shape) == 1 else f"grid({extents})"
    lines += [f"    for {indices} in {loops}:", f'        e: "{type_.element}" = x[{indices}]']
    lines += [f"        {port}[{indices}] = e" for port in results]
    return "\n".join([*lines, f"    return {', '.join(results)}", ""])


def _written(type_: ArrayType) -> str:
    """Return a type as a kernel's text has it, in quotes: sizes that have a name are texts in it."""
    extents = (f'"{name}<={n}"' if name else str(n) for name, n in zip(type_.names, type_.shape, strict=True))
    return f"'{type_.element}[{', '.join(extents)}]'" if type_.shape else f"'{type_.element}'"

"""Blocks of the library that go with a wire: parameters with which one of their ports has its type."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from allo_studio.diagnostics import AlloError
from allo_studio.library.catalogue import LibraryBlock, find_block
from allo_studio.library.files import library_source
from allo_studio.types import ArrayType

__all__ = ["fitting_params"]


def fitting_params(block: LibraryBlock, port: str, kind: ArrayType) -> dict[str, int] | None:
    """Return the parameters to set so that a port has the type `kind`; None where that cannot be.

    An extent is set where it is a parameter by itself, as are those of all inputs; what depends on parameters in
    another way stays as it is by default. All extents by one parameter must agree.
    """
    axes = _axes(block.name)
    if port not in axes or kind.sizes or len(axes[port]) != len(kind.shape):
        return None
    found: dict[str, int] = {}
    for param, extent in zip(axes[port], kind.shape, strict=True):
        if param is not None and found.setdefault(param, extent) != extent:
            return None
    given = {name: value for name, value in found.items() if value != block.params[name].value}
    if not block.allows(given):
        return None
    try:
        return given if _types(block, given).get(port) == kind else None
    except AlloError:
        # Two parameters do not go together, such as an image and a window.
        return None


@cache
def _axes(name: str) -> dict[str, tuple[str | None, ...]]:
    """Return the parameter that is the extent of each dimension of each port, None where it is none by itself."""
    block = find_block(name)
    assert block is not None
    usual = _types(block, {})
    axes: dict[str, list[str | None]] = {port: [None] * len(kind.shape) for port, kind in usual.items()}
    for param, entry in block.params.items():
        # Twice as much is a multiple still of what the default is one of.
        doubled = _types(block, {param: 2 * entry.value})
        for port, kind in doubled.items():
            for axis, extent in enumerate(kind.shape):
                if extent == 2 * entry.value and usual[port].shape[axis] == entry.value:
                    axes[port][axis] = param
    return {port: tuple(params) for port, params in axes.items()}


def _types(block: LibraryBlock, params: Mapping[str, int]) -> Mapping[str, ArrayType]:
    # Loaded where it is needed: a start does without it.
    from allo_studio.frontend import argument_types

    return argument_types(library_source(block.path), block.name, params)

"""The ports that accesses to memories compete for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal, TypeAlias, cast

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.hardware.accesses import Access
from allo_studio.hardware.banks import Banks
from allo_studio.hardware.iterations import Space
from allo_studio.hardware.operations import Dependence, PortGroup
from allo_studio.hardware.operators import OperatorLibrary
from allo_studio.hardware.storage import Storage
from allo_studio.hardware.words import JoinedAccesses

__all__ = ["memory_groups"]

_PortKind: TypeAlias = Literal["any", "read", "write"]
_Arrays: TypeAlias = "Mapping[str, tuple[Storage, list[Access]]]"
_Same: TypeAlias = "Callable[[int, int], bool] | None"


def memory_groups(
    arrays: _Arrays, links: Sequence[Dependence], space: Space, library: OperatorLibrary
) -> tuple[list[PortGroup], list[Dependence]]:
    """Return the groups of accesses to arrays, and `links` with what arrays of words need beyond them.

    Raises AlloError (code `target`) where there are words and the library's memories have none.
    """
    groups: list[PortGroup] = []
    found = list(links)
    for storage, accesses in arrays.values():
        if not storage.layout.joined:
            groups += _groups(storage, accesses, library.memory.ports, space, None)
            continue
        _require_words(storage, library)
        joined = JoinedAccesses(storage.type.shape, storage.layout, accesses, space)
        whole = joined.whole(found)
        found = list(joined.reordered(found, whole))
        taking = [access for access in accesses if whole.get(access.operation, access.operation) == access.operation]
        partial = any(access.write and access.operation not in whole for access in accesses)
        # A write of a part takes a port in two cycles; for the second one there is a port among the other half.
        ports = {kind: max(count // 2, 1) if partial else count for kind, count in library.memory.ports.items()}
        groups += _groups(storage, taking, ports, space, joined.same_word)
    return groups, found


def _require_words(storage: Storage, library: OperatorLibrary) -> None:
    if set(library.memory.ports) != {"any"}:
        message = f"the {library.profile} library has no memories of words, as {storage.name} asks for by its partition"
        hint = "leave `words` out of the partition, or build with --target hls for a device of the vendor"
        raise AlloError(Diagnostic("target", message, hint=hint))


def _groups(
    storage: Storage, accesses: Sequence[Access], ports: Mapping[str, int], space: Space, same_word: _Same
) -> Iterator[PortGroup]:
    banks = Banks(storage.type.shape, storage.layout.memories, space)
    for kind, count in ports.items():
        chosen = [access for access in accesses if kind == "any" or access.write == (kind == "write")]
        if chosen:
            yield _group(storage, kind, count, chosen, banks, same_word)


def _group(
    storage: Storage, kind: str, ports: int, accesses: Sequence[Access], banks: Banks, same_word: _Same
) -> PortGroup:
    known = {access.operation: access for access in accesses}

    def shared(a: int, b: int) -> bool:
        """Tell whether two reads of one iteration take one port where they are in one cycle."""
        return same_word is not None and not (known[a].write or known[b].write) and same_word(a, b)

    def meets(a: int, b: int, later: int) -> bool:
        return not (later == 0 and shared(a, b)) and banks.meets(known[a], known[b], later)

    def always(a: int, b: int) -> bool:
        return banks.always(known[a], known[b]) and not shared(a, b)

    steady = [access.operation for access in accesses if not access.guards]
    if same_word is not None:
        steady = [n for p, n in enumerate(steady) if not any(shared(n, other) for other in steady[:p])]
    members = tuple(known)
    return PortGroup(storage.name, ports, members, meets, always, cast(_PortKind, kind), storage.banks, tuple(steady))

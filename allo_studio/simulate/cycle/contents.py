"""Arrays in the memories of a running circuit: where each element of a buffer lies."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from allo_studio.backends.rtl.bench import memory_names
from allo_studio.backends.rtl.places import bank_words, locate
from allo_studio.hardware.counters import Affine, Integers
from allo_studio.hardware.storage import Storage
from allo_studio.simulate.cycle.model import Model
from allo_studio.words import bits_dtype, from_bits, to_bits

__all__ = ["Memories", "load", "store", "word_bits", "words_of"]


class Memories(Protocol):
    """What has memories to read: a running circuit, or what one left behind."""

    @property
    def memories(self) -> tuple[str, ...]:
        """The memories' names."""

    def memory(self, name: str) -> NDArray[Any]:
        """Return a memory's words."""


def word_bits(storage: Storage) -> int:
    """Return the width of a buffer's words, or of a stream's tokens."""
    return storage.type.element.bits * max(storage.stream, 1)


def words_of(storage: Storage, values: NDArray[Any]) -> dict[str, tuple[int, ...]]:
    """Return the words of a buffer's memories, by name, that hold an array."""
    bits = to_bits(np.asarray(values), storage.type.element).ravel()
    banks = zip(memory_names(storage), _words(storage, bits), strict=True)
    return {name: tuple(int(word) for word in words) for name, words in banks}


def load(model: Model, storage: Storage, values: NDArray[Any]) -> None:
    """Put an array into the memories of a buffer; banks that the circuit never accesses have none."""
    bits = to_bits(np.asarray(values), storage.type.element).ravel()
    for name, words in zip(memory_names(storage), _words(storage, bits), strict=True):
        if name in model.memories:
            _put(model.memory(name), words)


def store(model: Memories, storage: Storage) -> NDArray[Any]:
    """Return the array that the memories of a buffer hold; zeros where there are none."""
    if storage.stream:
        (name,) = memory_names(storage)
        bits = _elements(storage, _get(model.memory(name), word_bits(storage)))
        return from_bits(bits.reshape(storage.type.shape), storage.type.element)
    width = storage.type.element.bits
    found = []
    for name in memory_names(storage):
        if name in model.memories:
            found.append(_get(model.memory(name), width))
        else:
            found.append(np.zeros(1 if storage.register else bank_words(storage), bits_dtype(width)))
    bank, offset = _places(storage)
    bits = np.stack(found)[bank, offset]
    return from_bits(bits.reshape(storage.type.shape), storage.type.element)


def _places(storage: Storage) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the bank of each element, row by row, and its number in the bank."""
    count = storage.type.size
    if storage.register:
        return np.arange(count), np.zeros(count, np.int64)
    indices = np.indices(storage.type.shape).reshape(len(storage.type.shape), count)
    place = locate(storage, [Affine.of(dimension) for dimension in range(len(storage.type.shape))])
    env: dict[int | str, Integers | int] = {k: index.astype(np.int64) for k, index in enumerate(indices)}
    return place.bank.at(env, count), place.offset.at(env, count)


def _words(storage: Storage, bits: NDArray[Any]) -> NDArray[Any]:
    """Return the words of each memory."""
    if storage.stream:
        # The first element of a token is in the lowest bits.
        width = storage.type.element.bits
        tokens = np.empty((1, bits.size // storage.stream), bits_dtype(word_bits(storage)))
        for number, token in enumerate(bits.reshape(-1, storage.stream).tolist()):
            tokens[0, number] = sum(element << (lane * width) for lane, element in enumerate(token))
        return tokens
    bank, offset = _places(storage)
    shape = (bits.size, 1) if storage.register else (storage.banks, bank_words(storage))
    found = np.zeros(shape, bits.dtype)
    found[bank, offset] = bits
    return found


def _elements(storage: Storage, tokens: NDArray[Any]) -> NDArray[Any]:
    """Return the elements of a stream's tokens."""
    width = storage.type.element.bits
    found = np.empty((tokens.size, storage.stream), bits_dtype(width))
    for lane in range(storage.stream):
        found[:, lane] = [(token >> (lane * width)) % (1 << width) for token in map(int, tokens)]
    return found.ravel()


def _put(memory: NDArray[Any], words: NDArray[Any]) -> None:
    if memory.ndim == 1:
        memory[:] = words
        return
    for place, word in zip(memory, words.tolist(), strict=True):
        place[:] = np.frombuffer(int(word).to_bytes(place.size, "little"), np.uint8)


def _get(memory: NDArray[Any], width: int) -> NDArray[Any]:
    if memory.ndim == 1:
        return memory.astype(bits_dtype(width))
    words = np.empty(len(memory), object)
    words[:] = [int.from_bytes(row.tobytes(), "little") for row in memory]
    return words

"""Array accesses over lanes: many iterations of parallel loops at once, one array axis a loop.

A value computed under d vectorised loops is an array with d axes, the outermost loop's first (or a scalar where all
lanes agree). A memory that was made under d of them has d axes before its own: each lane has its own copy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Axis", "Lanes", "Memory", "Subscript", "spread"]

# A linear subscript: a constant, and (loop slot, factor) pairs.
Subscript = tuple[int, tuple[tuple[int, int], ...]]


@dataclass(frozen=True)
class Axis:
    """The values that a vectorised loop's variable takes: `start`, `start + step`, ..., `count` of them."""

    start: int
    step: int
    count: int

    def values(self) -> NDArray[np.int64]:
        """Return them as an array."""
        return self.start + self.step * np.arange(self.count, dtype=np.int64)


@dataclass(frozen=True)
class Memory:
    """A memory's elements; the first `depth` axes are lanes."""

    elements: NDArray[Any]
    depth: int = 0


@dataclass
class Lanes:
    """Where the loops stand: a number for each loop that runs step by step, an axis for each vectorised one."""

    values: list[int]
    axis_of: list[int]
    axes: list[Axis] = field(default_factory=list)

    @classmethod
    def of(cls, loops: int) -> Lanes:
        """Return the state before any of `loops` loops is entered."""
        return cls([0] * loops, [-1] * loops)

    @property
    def depth(self) -> int:
        """The number of lane axes."""
        return len(self.axes)

    @property
    def shape(self) -> tuple[int, ...]:
        """The extents of the lane axes."""
        return tuple(axis.count for axis in self.axes)

    def number(self, subscript: Subscript) -> int:
        """Return a subscript that depends on no vectorised loop."""
        constant, terms = subscript
        for slot, factor in terms:
            constant += factor * self.values[slot]
        return constant

    def grid(self, subscript: Subscript) -> Any:
        """Return a subscript's value in every lane: an array that broadcasts over the axes, or a number."""
        constant, terms = subscript
        total: Any = constant
        for slot, factor in terms:
            axis = self.axis_of[slot]
            total = total + factor * (self.values[slot] if axis < 0 else self._along(axis, self.axes[axis].values()))
        return total

    def load(self, memory: Memory, subscripts: Sequence[Subscript]) -> Any:
        """Return the elements that the lanes read: a view where there is one."""
        if not self.axes:
            return memory.elements[tuple([self.number(s) for s in subscripts])]
        view = self._view(memory, subscripts)
        return memory.elements[self._fancy(memory, subscripts)] if view is None else view

    def store(self, memory: Memory, subscripts: Sequence[Subscript], value: Any) -> None:
        """Put each lane's value into the element that it writes."""
        if not self.axes:
            memory.elements[tuple([self.number(s) for s in subscripts])] = value
            return
        view = self._view(memory, subscripts)
        if view is None or not isinstance(view, np.ndarray):
            memory.elements[self._fancy(memory, subscripts)] = value
        else:
            view[...] = value

    def _along(self, axis: int, values: NDArray[Any]) -> NDArray[Any]:
        return values.reshape([-1 if a == axis else 1 for a in range(self.depth)])

    def _view(self, memory: Memory, subscripts: Sequence[Subscript]) -> Any:
        """Return the accessed elements by slices, one axis a lane axis, or None where slices can't express it."""
        index: list[int | slice] = [slice(None)] * memory.depth
        order = list(range(memory.depth))
        for constant, terms in subscripts:
            vector: tuple[int, int] | None = None
            for slot, factor in terms:
                axis = self.axis_of[slot]
                if axis < 0:
                    constant += factor * self.values[slot]
                elif vector is None and axis not in order:
                    vector = (axis, factor)
                else:
                    return None
            if vector is None:
                index.append(constant)
            else:
                order.append(vector[0])
                index.append(_slice(constant, vector[1], self.axes[vector[0]]))
        found = memory.elements[tuple(index)]
        if order != sorted(order):
            found = found.transpose(np.argsort(order))
        missing = self.depth - len(order)
        if order and missing:
            found = found[tuple(slice(None) if axis in order else None for axis in range(self.depth))]
        return found

    def _fancy(self, memory: Memory, subscripts: Sequence[Subscript]) -> tuple[Any, ...]:
        """Return index arrays that broadcast to all lane axes."""
        own = [self._along(axis, np.arange(memory.elements.shape[axis])) for axis in range(memory.depth)]
        # An array with every axis keeps the others from losing theirs.
        anchor = np.zeros([1] * self.depth, dtype=np.int64)
        return (*own, *(self.grid(s) + anchor for s in subscripts))


def spread(value: Any, depth: int) -> Any:
    """Return a value of fewer lane axes so that it broadcasts over `depth`: inner loops add axes at the end."""
    if isinstance(value, np.ndarray) and value.ndim < depth and value.ndim:
        return value.reshape(value.shape + (1,) * (depth - value.ndim))
    return value


def _slice(constant: int, factor: int, axis: Axis) -> slice:
    first, stride = constant + factor * axis.start, factor * axis.step
    last = first + stride * (axis.count - 1)
    if stride > 0:
        return slice(first, last + 1, stride)
    return slice(first, last - 1 if last > 0 else None, stride)

"""Integers of some bits that are hard on operators, as numbers without a sign."""

from __future__ import annotations

from random import Random

__all__ = ["some_integers", "some_operands"]


def some_integers(bits: int, count: int, random: Random) -> list[int]:
    """Return the ends of the range, numbers near zero and near the width, and random ones of any size and sign."""
    ends = [0, 1, 2, 3, -1, -2, 1 << (bits - 1), (1 << (bits - 1)) - 1, bits - 1, bits, bits + 1]
    found = []
    for _ in range(count):
        few = random.getrandbits(random.randint(1, bits))
        found.append(random.choice((random.choice(ends), random.getrandbits(bits), few, -few)) % (1 << bits))
    return found


def some_operands(bits: int, count: int, random: Random) -> tuple[list[int], list[int]]:
    """Return pairs of integers: all of them where `count` is enough, over and over."""
    if 2 * bits < count.bit_length():
        every = 1 << bits
        return [number % every for number in range(count)], [number // every % every for number in range(count)]
    return some_integers(bits, count, random), some_integers(bits, count, random)

"""Reports damaged at random: cut off, with bytes flipped, tags gone, figures that are none, and worse."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

GARBAGE = [b"x7#", b"", b"9" * 40, b"-", b"1e999", b"nan", b"0x", b"1.2.3", b"~", b"\x00", b"-5", b"1 ~ 0"]
GARBAGE += ["١٢٣".encode(), "½".encode(), b"undef", b"?"]
BOMB = b'<!DOCTYPE a [<!ENTITY a0 "ha"><!ENTITY a1 "&a0;&a0;&a0;&a0;&a0;&a0;&a0;&a0;">]>'
NUMBER = re.compile(rb"\d+(\.\d+)?")
TAG = re.compile(rb"<[^<>]*>")
ELEMENT = re.compile(rb"<([A-Za-z_][\w.-]*)[^<>]*>[^<>]*</\1>")


def cut(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def flip(data: bytes, rng: random.Random) -> bytes:
    found = bytearray(data)
    for _ in range(rng.randint(1, 20)):
        found[rng.randrange(len(found))] = rng.randrange(256)
    return bytes(found)


def without(pattern: re.Pattern[bytes]) -> Callable[[bytes, random.Random], bytes]:
    return lambda data, rng: _instead(data, rng, pattern, lambda: b"")


def garbage(data: bytes, rng: random.Random) -> bytes:
    for _ in range(rng.randint(1, 5)):
        data = _instead(data, rng, NUMBER, lambda: rng.choice(GARBAGE))
    return data


def _instead(data: bytes, rng: random.Random, pattern: re.Pattern[bytes], make: Callable[[], bytes]) -> bytes:
    """Put something in place of a match, which is found from a place taken at random."""
    match = pattern.search(data, rng.randrange(len(data) + 1)) or pattern.search(data)
    return data[: match.start()] + make() + data[match.end() :] if match else data


def lines(data: bytes, rng: random.Random) -> bytes:
    """Take lines away, put some twice, or in another place."""
    found = data.splitlines(keepends=True)
    for _ in range(rng.randint(1, 4)):
        line = found.pop(rng.randrange(len(found))) if found else b""
        for _ in range(rng.randint(0, 2)):
            found.insert(rng.randint(0, len(found)), line)
    return b"".join(found)


def bomb(data: bytes, rng: random.Random) -> bytes:
    return BOMB + _instead(data, rng, NUMBER, lambda: b"&a1;")


def huge(data: bytes, rng: random.Random) -> bytes:
    filler = rng.choice([b"9" * 200_000, b"<a>" * 5_000, b"|" * 20_000, b"+-" * 20_000 + b"+", b" " * 100_000])
    at = rng.randrange(len(data) + 1)
    return data[:at] + filler + data[at:]


DAMAGES: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "cut": cut,
    "flip": flip,
    "tag": without(TAG),
    "element": without(ELEMENT),
    "garbage": garbage,
    "lines": lines,
    "bomb": bomb,
    "huge": huge,
}

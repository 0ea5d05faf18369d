"""Random circuits, and what Python says that they do."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from allo_studio.backends.rtl.circuit import Circuit, Signal

Known: TypeAlias = "dict[str, int]"
Compute: TypeAlias = "Callable[[Known], int]"
Pool: TypeAlias = "dict[int, list[Signal]]"


def value_of(signal: Signal, known: Known) -> int:
    return signal.value if signal.value is not None else known[signal.name]


def signed(value: int, width: int) -> int:
    return value - (1 << width) if value >> (width - 1) else value


PREDICATES = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
}


def divided(kind: str, a: int, b: int, width: int) -> int:
    if not b:
        return 0
    if kind.endswith("s"):
        a, b = signed(a, width), signed(b, width)
    quotient = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
    return quotient if kind.startswith("div") else a - quotient * b


def shifted(kind: str, a: int, by: int, width: int) -> int:
    by = min(by, width)
    if kind == "shl":
        return a << by
    return (signed(a, width) if kind == "shrs" else a) >> by


WIDTHS = [1, 2, 3, 8, 31, 32, 33, 63, 64, 65, 72, 127, 128, 129, 200]
DIVISIONS = ("divu", "divs", "modu", "mods")
OTHERS = (
    *("add", "sub", "mul", "and_", "or_", "xor", "not_", "shl", "shru", "shrs"),
    *("mux", "compare", "concat", "extract", "replicate", "resize", "constant"),
)


def a_term(circuit: Circuit, draw: random.Random, pool: Pool, kinds: Sequence[str]) -> tuple[Signal, Compute]:
    """Return a random term of signals of the pool, and how Python computes it."""
    a = draw.choice(pool[draw.choice(list(pool))])
    width = a.width
    mask = (1 << width) - 1
    b, c = draw.choice(pool[width]), draw.choice(pool[width])
    kind = draw.choice(kinds)
    if kind in ("add", "sub", "mul", "xor"):
        python = getattr(int, f"__{kind}__")
        return getattr(circuit, kind)(a, b), lambda k: python(value_of(a, k), value_of(b, k)) & mask
    if kind in ("and_", "or_"):
        python = getattr(int, f"__{kind}_")
        return getattr(circuit, kind)(a, b, c), lambda k: python(python(value_of(a, k), value_of(b, k)), value_of(c, k))
    if kind in ("shl", "shru", "shrs"):
        return circuit.shift(kind, a, b), lambda k: shifted(kind, value_of(a, k), value_of(b, k), width) & mask
    if kind in DIVISIONS:
        return circuit.divide(kind, a, b), lambda k: divided(kind, value_of(a, k), value_of(b, k), width) & mask
    if kind == "mux":
        condition = draw.choice(pool[1])
        return circuit.mux(condition, a, b), lambda k: value_of(a if value_of(condition, k) else b, k)
    if kind == "compare":
        name = draw.choice(list(PREDICATES))
        sign = draw.choice("us") if name not in ("eq", "ne") else ""

        def read(signal: Signal, known: Known) -> int:
            return signed(value_of(signal, known), width) if sign == "s" else value_of(signal, known)

        return circuit.compare(sign + name, a, b), lambda k: int(PREDICATES[name](read(a, k), read(b, k)))
    if kind == "concat":
        return circuit.concat(a, b), lambda k: value_of(a, k) << width | value_of(b, k)
    if kind == "extract":
        low = draw.randrange(width)
        size = draw.randint(1, width - low)
        return circuit.extract(a, low, size), lambda k: value_of(a, k) >> low & ((1 << size) - 1)
    if kind == "replicate":
        return circuit.replicate(a, 3), lambda k: value_of(a, k) * (1 + (1 << width) + (1 << 2 * width))
    if kind == "resize":
        size = draw.choice(WIDTHS)
        if draw.random() < 0.5:
            return circuit.resize(a, size, signed=True), lambda k: signed(value_of(a, k), width) % (1 << size)
        return circuit.resize(a, size, signed=False), lambda k: value_of(a, k) % (1 << size)
    if kind == "not_":
        return circuit.not_(a), lambda k: value_of(a, k) ^ mask
    number = draw.choice([0, 1, mask, draw.getrandbits(width)])
    return circuit.constant(number, width), lambda k: number


def a_number(draw: random.Random, width: int) -> int:
    edges = [0, 1, (1 << width) - 1, 1 << (width - 1), width]
    return draw.choice([draw.getrandbits(width), *edges]) % (1 << width)


@dataclass(frozen=True)
class Held:
    """A register: what it takes, when, and what it is after a reset."""

    signal: Signal
    source: Signal
    enable: Signal | None
    reset: int | None


class RandomCircuit:
    """A module of random terms and registers, which all are outputs.

    With `defined`, nothing in it is undefined in Verilog: it has no divisions, and its registers have resets.
    """

    def __init__(self, seed: int, *, defined: bool = False) -> None:
        self._draw = draw = random.Random(seed)
        self.circuit = circuit = Circuit("terms", public=True)
        widths = [1, *draw.sample(WIDTHS, 3)]
        pool: Pool = {}
        for number, width in enumerate(widths):
            pool[width] = [*pool.get(width, []), *(circuit.input(f"{side}{number}", width) for side in "ab")]
        self._inputs = circuit.inputs
        promised = []
        for number in range(6):
            following = circuit.later(draw.choice(widths))
            enable, reset = draw.choice([None, *pool[1]]), draw.choice([0, 1] if defined else [None, 0, 1])
            held = circuit.register(following, enable=enable, reset=reset, hint=f"held{number}")
            pool[held.width].append(held)
            promised.append((following, held, enable, reset))
        kinds = OTHERS if defined else (*OTHERS, *DIVISIONS)
        self._terms: list[tuple[Signal, Compute]] = []
        while len(self._terms) < 30:
            signal, compute = a_term(circuit, draw, pool, kinds)
            if signal.width <= 300:
                self._terms.append((signal, compute))
                pool.setdefault(signal.width, []).append(signal)
        self._held = [Held(held, draw.choice(pool[held.width]), *rest) for _, held, *rest in promised]
        for (following, *_), held in zip(promised, self._held, strict=True):
            circuit.drive(following, held.source)
        self._state = {held.signal.name: 0 for held in self._held}
        for number, (signal, _) in enumerate(self._terms):
            circuit.output(f"out{number}", signal)

    def draw_inputs(self) -> tuple[Known, int]:
        """Return random inputs, and whether there is a reset."""
        return {s.name: a_number(self._draw, s.width) for s in self._inputs}, int(self._draw.random() < 0.2)

    def step(self, inputs: Known, reset: int) -> Known:
        """Return the outputs in a cycle, and go on to the next."""
        known = inputs | self._state
        for signal, compute in self._terms:
            known[signal.name] = compute(known)
        for held in self._held:
            if reset and held.reset is not None:
                self._state[held.signal.name] = held.reset
            elif held.enable is None or value_of(held.enable, known):
                self._state[held.signal.name] = value_of(held.source, known)
        return {f"out{n}": value_of(signal, known) for n, (signal, _) in enumerate(self._terms)}

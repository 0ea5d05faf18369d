"""Arrays of words: every access of every iteration is put into its cycle, and ports, words and values are checked."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from itertools import combinations, product

import pytest

from allo_studio.backends.rtl.refusals import refusals
from allo_studio.diagnostics import AlloError
from allo_studio.frontend import parse_kernel
from allo_studio.hardware.nest import Pipeline, walk
from allo_studio.hardware.operators import load_operators
from allo_studio.hardware.schedule import HardwareSchedule, schedule_kernel
from allo_studio.ir import KernelIR
from allo_studio.layout import DimLayout
from allo_studio.schedule import from_specs
from allo_studio.source import Source

LIBRARY = load_operators("vitis", 3.33)
SIZE = 24


def kernel(text: str, *steps: tuple[str, dict[str, object]]) -> KernelIR:
    found = parse_kernel(Source("k.py", f"from allo_studio.lang import *\n{text}"), "k")
    return from_specs(found, list(steps)).ir


def words_of(kind: str, factor: int, buffer: str = "T") -> tuple[str, dict[str, object]]:
    return ("partition", {"buffer": buffer, "kind": kind, "dim": 1, "factor": factor, "words": True})


# The model of the memory, from scratch


@dataclass(frozen=True)
class Touch:
    """An access: its iteration, its place in the program, whether it writes, its element and when it starts."""

    iteration: int
    operation: int
    write: bool
    element: int
    start: int


def word_of(entry: DimLayout, element: int) -> int:
    """Return the word that an element is in: elements at one place of each bank make one."""
    if entry.kind == "cyclic":
        return element // entry.factor
    return element % -(-SIZE // entry.factor) if entry.kind == "block" else 0


def touches(item: Pipeline, array: str) -> list[Touch]:
    ranges = [range(c.lower[0].constant, c.upper[0].constant, c.stride) for c in item.counters]
    found = []
    for number, values in enumerate(product(*ranges)):
        env = dict(zip((counter.key for counter in item.counters), values, strict=True))
        for op in item.graph.operations:
            if op.kind in ("load", "store") and op.buffer == array:
                (subscript,) = op.subscripts
                start = item.placement.starts[op.index] + number * item.placement.interval
                found.append(Touch(number, op.index, op.write, subscript.evaluate(env), start))  # type: ignore[union-attr]
    return found


def whole_words(found: list[Touch], entry: DimLayout) -> list[frozenset[int]]:
    """Return the sets of stores that are all of a word, of which no other store writes, in every iteration."""
    lanes = entry.banks(SIZE)
    sets: set[frozenset[int]] = set()
    broken: set[int] = set()
    for number in {touch.iteration for touch in found}:
        stores = [t for t in found if t.write and t.iteration == number]
        for word in {word_of(entry, t.element) for t in stores}:
            mine = [t for t in stores if word_of(entry, t.element) == word]
            operations = frozenset(t.operation for t in mine)
            if len({t.element for t in mine}) == len(mine) == lanes:
                sets.add(operations)
            else:
                broken |= operations
    return [one for one in sets if not one & broken and not any(one & other for other in sets if other != one)]


def check_memory(item: Pipeline, array: str, entry: DimLayout) -> None:
    """Check that there is a memory that does what the schedule says: stores of a whole word may be one write or not."""
    found, entry = touches(item, array), entry.normal(SIZE)
    sets = whole_words(found, entry)
    faults = []
    for count in range(len(sets), -1, -1):
        for chosen in combinations(sets, count):
            faults.append(fault_of(found, entry, chosen))
            if not faults[-1]:
                return
    raise AssertionError(faults)


def fault_of(found: list[Touch], entry: DimLayout, whole: tuple[frozenset[int], ...], ports: int = 2) -> str:
    """Return what is wrong where the stores of `whole` are written as words, and each other one into its word."""
    # When each write reaches the memory, and which of them first read the word that they are a part of.
    done: dict[Touch, int] = {}
    rewriting: list[Touch] = []
    reads = {(t.start, t.iteration, word_of(entry, t.element)) for t in found if not t.write}
    busy = Counter(start for start, _, _ in reads)
    for store in (touch for touch in found if touch.write):
        group = next((operations for operations in whole if store.operation in operations), None)
        if group is None:
            done[store] = store.start + 1
            rewriting.append(store)
            busy.update((store.start, store.start + 1))
            continue
        parts = [t for t in found if t.iteration == store.iteration and t.operation in group]
        done[store] = max(t.start for t in parts)
        busy[done[store]] += store.operation == min(group)
    if max(busy.values(), default=0) > ports:
        return "more accesses than ports"
    for one, two in combinations(found, 2):
        first, second = sorted((one, two), key=lambda t: (t.iteration, t.operation))
        if first.element != second.element or not (first.write or second.write):
            continue
        if not first.write and first.start > done[second]:
            return f"{second} is there before {first}"
        if first.write and done[first] >= (done[second] if second.write else second.start):
            return f"{first} is not there for {second}"
    for part in rewriting:
        for other, at in done.items():
            same = word_of(entry, other.element) == word_of(entry, part.element)
            if other is not part and same and at in (part.start, part.start + 1):
                return f"{other} is lost by {part}"
    return ""


def pipelines(found: HardwareSchedule) -> list[Pipeline]:
    return [item for item, _ in walk(found.items) if isinstance(item, Pipeline)]


def body(draw: random.Random, lanes: int) -> list[str]:
    """Return statements over j and the lanes u: whole words, parts of words, and both, moved by some elements."""

    def element() -> str:
        offset = draw.choice((0, 0, 0, 1, lanes, lanes + 1))
        return draw.choice(
            (f"T[{lanes} * j + u + {offset}]", f"T[{lanes} * j + {offset}]", f"T[u + {offset}]", f"T[j + {offset}]")
        )

    lines = []
    for _ in range(draw.randint(1, 2)):
        kind = draw.randint(0, 3)
        target = f"T[{lanes} * j + u]" if draw.random() < 0.6 else element()
        if kind == 0:
            lines.append(f"s += {element()}")
        elif kind == 1:
            lines.append(f"{target} = A[j] + u")
        else:
            lines.append(f"{target} = {element()} + A[j]")
    return lines


@pytest.mark.parametrize("seed", range(60))
def test_every_access_has_its_port_and_its_value(seed: int) -> None:
    draw = random.Random(seed)
    lanes = draw.choice((2, 3, 4))
    text = [f"def k(A: int32[{SIZE}]) -> int32:", f"    T: int32[{SIZE}] = 0", "    s: int32 = 0"]
    text += [f"    for j in range({draw.randint(2, 4)}):", f"        for u in range({lanes}):"]
    text += [f"            {line}" for line in body(draw, lanes)] + ["    return s + T[3]"]
    kind = draw.choice(("cyclic", "cyclic", "block"))
    factor = draw.choice((lanes, lanes, 2, 4))
    steps = [words_of(kind, factor), ("unroll", {"axis": "u"})]
    if draw.random() < 0.3:
        steps.append(("pipeline", {"axis": "j", "initiation_interval": draw.choice((1, 3))}))
    found = schedule_kernel(kernel("\n".join(text) + "\n", *steps), LIBRARY)
    loops = [item for item in pipelines(found) if touches(item, "T")]
    assert loops
    for item in loops:
        check_memory(item, "T", DimLayout(kind, factor, True))  # type: ignore[arg-type]


# What is told of it

COPY = """
def k(A: int32[SIZE]) -> int32:
    T: int32[SIZE]
    for i in range(SIZE):
        T[i] = A[i]
    return T[5]
"""
READS = """
def k(A: int8[1024]) -> int32:
    T: int8[1024]
    for i in range(128):
        for v in range(8):
            T[8 * i + v] = A[8 * i + v]
    s: int32 = 0
    for j in range(128):
        for u in range(8):
            s += T[8 * j + u]
    return s
"""
LANES = (
    ("unroll", {"axis": "u"}),
    ("unroll", {"axis": "v"}),
    ("partition", {"buffer": "A", "dim": 1, "kind": "cyclic", "factor": 8}),
)


def intervals(ir: KernelIR) -> list[int]:
    return [item.placement.interval for item in pipelines(schedule_kernel(ir, LIBRARY))]


def test_a_word_a_cycle_in_fewer_and_wider_memories() -> None:
    separate = ("partition", {"buffer": "T", "kind": "cyclic", "dim": 1, "factor": 8})
    plain, banks, words = (kernel(READS, *LANES, *steps) for steps in ((), (separate,), (words_of("cyclic", 8),)))
    assert intervals(plain) == [4, 4]
    assert intervals(banks) == intervals(words) == [1, 1]
    blocks = [schedule_kernel(ir, LIBRARY).resources.counts for ir in (plain, banks, words)]
    # 1024 bytes are one block; 64 bits in 128 words are two of 36 bits; eight banks of 128 bytes are LUTs.
    assert [found["BRAM_18K"] for found in blocks] == [1, 0, 2]


def test_words_of_another_order_do_not_serve_neighbours() -> None:
    # Blocks: the elements of a word are far apart.
    assert intervals(kernel(READS, *LANES, words_of("block", 8))) == [8, 4]
    # Words of 4: two of them an iteration, by two ports.
    assert intervals(kernel(READS, *LANES, words_of("cyclic", 4))) == [1, 1]
    assert intervals(kernel(READS, *LANES, words_of("cyclic", 2))) == [2, 2]


def test_a_part_of_a_word_costs_a_read_too() -> None:
    text = COPY.replace("SIZE", "64")
    assert intervals(kernel(text)) == [1]
    # The next element is in the same word, which is there two cycles later.
    assert intervals(kernel(text, words_of("cyclic", 4))) == [2]
    assert intervals(kernel(text, words_of("block", 4))) == [1]


def test_a_whole_array_in_one_word_is_a_memory() -> None:
    joined = ("partition", {"buffer": "T", "words": True})
    control = schedule_kernel(kernel(COPY.replace("SIZE", "8"), joined), LIBRARY).functions["k"]
    (storage,) = [s for s in control.storages if s.name == "T"]
    assert not storage.register
    assert storage.banks == 1


def test_there_is_no_circuit_of_words() -> None:
    """Whatever library it was scheduled for."""
    (found,) = refusals(schedule_kernel(kernel(READS, *LANES, words_of("cyclic", 8)), LIBRARY))
    assert found.message == "T of k has words of several elements, which no memory here has"


def test_our_own_memories_have_no_words() -> None:
    ir = kernel(READS, words_of("cyclic", 8))
    for family in ("ultrascale+", "ecp5"):
        with pytest.raises(AlloError) as caught:
            schedule_kernel(ir, load_operators("open", 10.0, family))
        (found,) = caught.value.diagnostics
        assert found.code == "target"
        assert "T asks for by its partition" in found.message
        assert "--target hls" in found.hint

"""Which pragmas a schedule's steps and a kernel's declarations mean, read from the C++."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from vitis_designs import GEMM, kernel, simulate, single

from allo_studio.backends.vitis import kernel_code
from allo_studio.primitives.registry import parse_step
from allo_studio.schedule import schedule

SCALED = """
def clip(x: int8) -> int8:
    y: int8 = min(max(x, -8), 7)
    return y

def scaled(A: int8["n<=64"], T: int8[4]) -> int8["n"]:
    B: int8["n"]
    for i in range(n):
        B[i] = clip(A[i]) + T[0]
    return B
"""


def code(text: str, name: str, *steps: tuple[str, dict[str, object]]) -> str:
    found = schedule(kernel(text, name), [parse_step(step, args) for step, args in steps])
    return kernel_code(found.ir)


def loop_of(text: str, label: str) -> list[str]:
    """Return the pragmas of a loop."""
    match = re.search(rf"^ *{label}: for .*\n((?:#pragma HLS .*\n)*)", text, re.MULTILINE)
    assert match is not None
    return [line.removeprefix("#pragma HLS ") for line in match[1].splitlines()]


def test_pipeline_and_unroll() -> None:
    asked = code(GEMM, "gemm", ("pipeline", {"axis": "k", "initiation_interval": 3, "rewind": True}))
    assert loop_of(asked, "k") == ["pipeline II=3 rewind", "loop_flatten"]
    assert loop_of(code(GEMM, "gemm", ("pipeline", {"axis": "k", "off": True})), "k") == ["pipeline off"]
    assert loop_of(code(GEMM, "gemm"), "k") == ["pipeline", "loop_flatten"]
    outer = code(GEMM, "gemm", ("pipeline", {"axis": "j"}))
    assert loop_of(outer, "j")[:2] == ["pipeline II=1", "loop_flatten"]
    assert loop_of(outer, "k") == ["unroll"]
    assert loop_of(code(GEMM, "gemm", ("unroll", {"axis": "k", "factor": 4})), "k")[0] == "unroll factor=4"


@pytest.mark.parametrize(
    ("args", "pragma"),
    [
        ({"kind": "complete", "dim": 1}, "array_partition variable=A type=complete dim=1"),
        ({"kind": "block", "dim": 2, "factor": 2}, "array_partition variable=A type=block factor=2 dim=2"),
        ({"kind": "cyclic", "dim": 2, "factor": 8}, "array_partition variable=A type=cyclic factor=8 dim=2"),
    ],
)
def test_partition(args: dict[str, object], pragma: str) -> None:
    assert f"#pragma HLS {pragma}\n" in code(GEMM, "gemm", ("partition", {"buffer": "A", **args}))


WORDS = """
def words(A: int16[16, 8]) -> int32[16]:
    T: int16[16, 8]
    for i, j in grid(16, 8, name="fill"):
        T[i, j] = A[i, j] + 1
    B: int32[16]
    for r in range(16):
        s: int32 = 0
        for k in range(8):
            s += T[r, k]
        B[r] = s
        T[r, 0] = T[r, 1]
    return B
"""


def test_banks_that_are_joined_are_a_reshape(tmp_path: Path) -> None:
    base = kernel(WORDS, "words")
    joined = ("partition", {"buffer": "T", "kind": "cyclic", "dim": 2, "factor": 4, "words": True})
    rows = ("partition", {"buffer": "T", "kind": "complete", "dim": 1})
    lanes = [("unroll", {"axis": axis}) for axis in ("fill:j", "k")]
    text = code(WORDS, "words", joined, rows, *lanes)
    assert "#pragma HLS array_partition variable=T type=complete dim=1\n" in text
    assert "#pragma HLS array_reshape variable=T type=cyclic factor=4 dim=2\n" in text
    assert "int16_t T[16][8];" in text
    whole = ("partition", {"buffer": "T", "kind": "complete", "dim": 2, "words": True})
    assert "#pragma HLS array_reshape variable=T type=complete dim=2\n" in code(WORDS, "words", whole)
    ir = schedule(base, [parse_step(step, args) for step, args in (joined, rows, *lanes)]).ir
    found = simulate(single(ir, base), tmp_path)
    assert (found.compared, found.mismatches) == (16, 0)


def test_nothing_is_said_of_dependences_in_words() -> None:
    """What is written is a part of a word; that another part is written later could be a dependence to the tool."""
    text = """
def k(A: int32[16]) -> int32:
    T: int32[16] = 0
    for i in range(8):
        T[2 * i] = T[2 * i + 1] + A[i]
    return T[4]
"""
    assert loop_of(code(text, "k"), "i")[-1] == "dependence variable=T type=inter dependent=false"
    joined = ("partition", {"buffer": "T", "kind": "cyclic", "dim": 1, "factor": 4, "words": True})
    assert loop_of(code(text, "k", joined), "i") == ["pipeline"]
    assert loop_of(code(text, "k", joined, ("parallel", {"axis": "i"})), "i") == ["pipeline"]


def test_wider_words_are_a_type() -> None:
    """What `array_reshape` makes of an array in banks, `pack` makes in the source: words of several elements."""
    text = code(GEMM, "gemm", ("split", {"axis": "j", "factor": 4}), ("pack", {"buffer": "B", "factor": 4}))
    assert "const ap_uint<128> B[16][4]" in text
    assert "array_reshape" not in text


def test_inline() -> None:
    """A function stays one in hardware, unless the step `inline` puts its code where it is called."""
    kept = code(SCALED, "scaled")
    assert "void clip(int8_t x, int8_t &y) {\n#pragma HLS inline off\n" in kept
    assert re.search(r"^ +clip\(", kept, re.MULTILINE)
    gone = code(SCALED, "scaled", ("inline", {"function": "clip"}))
    assert "clip(" not in gone
    assert gone.count("#pragma HLS inline off") == 1


def test_runtime_bounds() -> None:
    assert "loop_tripcount min=1 max=64" in loop_of(code(SCALED, "scaled"), "i")


def test_memories() -> None:
    declared = GEMM.replace("B: float32[K, N]", 'B: float32[K, N] @ Memory(resource="URAM", latency=3)')
    assert "#pragma HLS bind_storage variable=B type=ram_2p impl=uram latency=3\n" in code(declared, "gemm")


ORDER = ("reorder", {"axes": ["k", "i", "j"]})


def test_independence_is_told_of_no_loop_that_is_flattened_into_one_that_has_dependences() -> None:
    """A tool takes what it is told of a loop as said of the flattened one, in which k's sums follow each other."""
    inner = code(GEMM, "gemm", ORDER, ("parallel", {"axis": "j"}))
    far = "dependence variable=C type=inter direction=RAW distance=256 dependent=true"
    assert loop_of(inner, "j") == ["pipeline", "loop_flatten", far]
    both = code(GEMM, "gemm", ORDER, ("parallel", {"axis": "i"}), ("parallel", {"axis": "j"}))
    assert loop_of(both, "j") == ["pipeline", "loop_flatten", far]
    assert both.count("dependence") == 1
    # Fully unrolled it is a loop of its own, and so is one that is not flattened.
    alone = code(GEMM, "gemm", ORDER, ("parallel", {"axis": "j"}), ("unroll", {"axis": "j"}))
    assert loop_of(alone, "j") == ["unroll", "dependence variable=C type=inter dependent=false"]
    text = "def f(A: int32[8, 4]) -> int32[8, 4]:\n    B: int32[8, 4]\n    for i, j in grid(8, 4):\n"
    free = code(
        f"{text}        B[i, j] = A[i, j]\n    return B\n",
        "f",
        ("parallel", {"axis": "i"}),
        ("parallel", {"axis": "j"}),
    )
    assert loop_of(free, "j") == ["pipeline", "loop_flatten", "dependence variable=B type=inter dependent=false"]

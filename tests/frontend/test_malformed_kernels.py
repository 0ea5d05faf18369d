"""Kernel texts that are wrong in ways nobody thought of end in diagnostics, or are kernels: nothing else."""

import re

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allo_studio.diagnostics import AlloError, render_all
from allo_studio.frontend import list_kernels, module_parameters, parse_kernel
from allo_studio.source import Source

KERNEL = """from allo_studio.lang import float32, grid, int32, reduction
M, N = 6, 4

def f(A: float32[M, N], b: float32[N], s: float32, n: int32) -> (float32[M], int32):
    C: float32[M] = 0.0
    total: int32 = -1
    for i, j in grid(M, N, name="main"):
        x: float32 = A[i, j] * s
        C[i] += x / b[j]
        total -= n * (i + 1)
    for i in range(1, M - 1, 2):
        for k in range(i, 2 * i):
            C[k - i] *= 2
    return C, total
"""
PIECES = [
    *" \t\n()[]{}:,.+-*/=<>\"'#@\\\0\u00e9\u2028\r\f",
    "**", "//", "+=", "->", "0", "1e999", "-1", "9**9**9", "0x" + "f" * 99, "M", "N", "i", "C", "A[i]", "z", "f(",
    "lambda: 0", "if n:", "while 1:", "return C", "for q in range(3):", "float32", "int32[M]", "grid(2, 2)", "None",
    "True", "import os", "async ", "yield", "del C", "pass", "...", "*A", "x: float32", "x: float32 = 0.0",
]  # fmt: skip
WORDS = [*"AbsnCijkxzMN037", "total", "float32", "int32", "grid", "range", "reduction"]
POSITIONS = st.integers(0, len(KERNEL))
LINES = len(KERNEL.splitlines())
EDITS = st.one_of(
    st.tuples(st.just("word"), st.integers(0, len(re.findall(r"\w+", KERNEL)) - 1), st.sampled_from(WORDS)),
    st.tuples(st.just("insert"), POSITIONS, st.sampled_from(PIECES)),
    st.tuples(st.just("delete"), POSITIONS, st.integers(1, 12)),
    st.tuples(st.just("copy"), st.integers(0, LINES), st.integers(0, LINES)),
    st.tuples(st.just("swap"), st.sampled_from(PIECES[26:]), st.sampled_from(PIECES)),
)


def edited(text: str, edit: tuple[object, ...]) -> str:
    match edit:
        case ("word", int(number), str(word)):
            found = list(re.finditer(r"\w+", text))[number : number + 1]
            return "".join([text[: m.start()] + word + text[m.end() :] for m in found]) or text
        case ("insert", int(at), str(piece)):
            return text[:at] + piece + text[at:]
        case ("delete", int(at), int(count)):
            return text[:at] + text[at + count :]
        case ("copy", int(source), int(target)):
            lines = text.splitlines(keepends=True)
            return "".join([*lines[:target], *lines[source : source + 1], *lines[target:]])
        case ("swap", str(old), str(new)):
            return text.replace(old, new, 2)
    raise AssertionError(edit)


def check(text: str) -> None:
    source = Source("k.py", text)
    try:
        list_kernels(source)
        module_parameters(source)
        parse_kernel(source, "f").verify()
    except AlloError as error:
        found = error.diagnostics
    else:
        return
    assert "error" in render_all(found)
    for fault in found:
        assert fault.span is not None
        assert fault.span.column >= 1
        assert (fault.span.end_line, fault.span.end_column) > (fault.span.line, fault.span.column)


def test_the_kernel_itself_is_well_formed() -> None:
    parse_kernel(Source("k.py", KERNEL), "f").verify()


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(EDITS, min_size=1, max_size=4))
def test_edited_kernels(edits: list[tuple[object, ...]]) -> None:
    text = KERNEL
    for edit in edits:
        text = edited(text, edit)
    check(text)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=12), st.sampled_from(["    ", "        ", ""]))
def test_bodies_of_random_pieces(pieces: list[str], indent: str) -> None:
    check(
        "M, N = 2, 3\ndef f(A: float32[M], n: int32) -> float32[M]:\n    C: float32[M] = 0\n"
        + indent
        + " ".join(pieces)
    )


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60))
def test_any_text(text: str) -> None:
    check(text)

"""Long blocks in parts compute the same."""

from __future__ import annotations

import ctypes
import re

import llvmlite.binding as llvm
import pytest

from allo_studio.simulate.cycle.parts import in_parts


def chain(first: str, count: int, at: int) -> tuple[list[str], str]:
    """Return instructions of which each takes the last one's value, and the name of the last value."""
    lines = []
    for number in range(at, at + count):
        lines.append(f"  %{number} = {'mul' if number % 3 else 'add'} i32 {first}, {number}")
        first = f"%{number}"
    return lines, first


def function() -> str:
    """Return a function with a long block at its start and one that a phi comes from."""
    start, a = chain("%0", 100, 3)
    inner, b = chain(a, 90, 105)
    end, c = chain("%196", 95, 197)
    lines = [
        "define i32 @f(i32 %0, i1 %1) {",
        *start,
        "  br i1 %1, label %104, label %103",
        "",
        "103:                                              ; preds = %2",
        "  br label %195",
        "",
        "104:                                              ; preds = %2",
        *inner,
        "  br label %195",
        "",
        "195:",
        f"  %196 = phi i32 [ {a}, %103 ], [ {b}, %104 ]",
        *end,
        f"  ret i32 {c}",
        "}",
    ]
    return "\n".join(lines) + "\n"


def calls(text: str) -> list[int]:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    module = llvm.parse_assembly(text)
    module.verify()
    engine = llvm.create_mcjit_compiler(module, llvm.Target.from_default_triple().create_target_machine(opt=0))
    engine.finalize_object()
    call = ctypes.CFUNCTYPE(ctypes.c_uint32, ctypes.c_uint32, ctypes.c_bool)(engine.get_function_address("f"))
    return [call(value, truth) for value in (0, 1, 7, 2**31) for truth in (False, True)]


@pytest.mark.parametrize("most", [1, 7, 40])
def test_parts_are_short_and_compute_the_same(most: int) -> None:
    text = function()
    found = in_parts(text, most)
    assert calls(found) == calls(text)
    blocks = re.split(r"^[\w.]+:.*$", found, flags=re.MULTILINE)
    lengths = sorted(len(re.findall(r"^  %\d+ = (?!phi)", block, re.MULTILINE)) for block in blocks)
    # The block that the phi comes from stays whole.
    assert lengths[-1] == 90
    assert lengths[-2] == most


def test_a_phi_that_comes_from_the_first_block() -> None:
    lines, last = chain("%0", 60, 3)
    text = "\n".join(
        [
            "define i32 @f(i32 %0, i1 %1) {",
            *lines,
            "  br i1 %1, label %64, label %63",
            "63:",
            "  br label %64",
            "64:",
            f"  %65 = phi i32 [ {last}, %2 ], [ 5, %63 ]",
            "  ret i32 %65",
            "}",
            "",
        ]
    )
    assert in_parts(text, 10) == text


def test_short_functions_stay_as_they_are() -> None:
    assert in_parts(function(), 200) == function()

"""Variants of a kernel are made once, are what would be made anew, and are forgotten in the end."""

from __future__ import annotations

import gc
import weakref

import pytest

from allo_studio.analysis.ports import infer_ports
from allo_studio.analysis.streams import consumer_orders
from allo_studio.design import variants
from allo_studio.design.variants import in_order, laid_out, scheduled, streamed
from allo_studio.frontend import parse_kernel
from allo_studio.hardware.operators import load_operators
from allo_studio.hardware.schedule import schedule_kernel
from allo_studio.ir import KernelIR
from allo_studio.layout import Layout
from allo_studio.primitives.local_copy import read_in_order
from allo_studio.source import Source

TEXT = """
from allo_studio.lang import *

def scale(A: int32[4, 8]) -> int32[4, 8]:
    B: int32[4, 8]
    for i in range(4):
        for j in range(8):
            B[i, j] = A[i, 7 - j] * 3
    return B
"""


@pytest.fixture
def kernel() -> KernelIR:
    return infer_ports(parse_kernel(Source("k.py", TEXT), "scale")).freeze()


def test_a_variant_is_made_once(kernel: KernelIR) -> None:
    layouts = {"A": Layout.parse("(-, cyclic 2)")}
    orders = consumer_orders(kernel, "A", 2)
    assert isinstance(orders, tuple)
    for order in orders:
        copied = in_order(kernel, "A", order)
        assert copied is in_order(kernel, "A", order)
        assert copied.text() == read_in_order(kernel, "A", order).text()
    assert laid_out(kernel, layouts) is laid_out(kernel, layouts)
    assert laid_out(kernel, layouts).text() == kernel.with_layout("A", layouts["A"]).text()
    assert laid_out(kernel, {}) is kernel
    assert streamed(kernel, {"B": 1}) is streamed(kernel, {"B": 1})
    assert streamed(kernel, {"B": 1}) is not streamed(kernel, {})
    assert streamed(kernel, {"B": 1}).text() == kernel.with_streams({"B": 1}).text()


def test_schedules_are_kept_by_library(kernel: KernelIR) -> None:
    libraries = [load_operators("open", clock) for clock in (3.0, 3.5, 4.0, 5.0, 6.0, 8.0)]
    for library in libraries:
        assert scheduled(kernel, library) is scheduled(kernel, library)
        assert scheduled(kernel, library).text() == schedule_kernel(kernel, library).text()
    assert scheduled(kernel, load_operators("open", 8.0)) is scheduled(kernel, libraries[-1])
    first = weakref.ref(scheduled(kernel, libraries[0]))
    for library in libraries[1:]:
        scheduled(kernel, library)
    gc.collect()
    assert first() is None


def test_old_variants_are_forgotten(kernel: KernelIR, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(variants, "_MOST_VARIANTS", 2)
    first = streamed(kernel, {"A": 1})
    streamed(kernel, {"A": 2})
    assert streamed(kernel, {"A": 1}) is first
    streamed(kernel, {"A": 4})
    assert streamed(kernel, {"A": 1}) is first
    second = weakref.ref(streamed(kernel, {"A": 2}))
    streamed(kernel, {"A": 1})
    streamed(kernel, {"B": 1})
    gc.collect()
    assert second() is None


def test_a_kernel_that_may_change_remembers_nothing() -> None:
    kernel = infer_ports(parse_kernel(Source("k.py", TEXT), "scale"))
    assert kernel.frozen is False
    assert streamed(kernel, {"A": 1}) is not streamed(kernel, {"A": 1})

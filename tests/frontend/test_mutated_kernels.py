"""Damaged kernels of every feature end in diagnostics that can be shown, never in a traceback."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutations import HEAD, KERNELS, damaged_nodes, damaged_tokens

from allo_studio.diagnostics import AlloError, render_all
from allo_studio.frontend import argument_types, list_kernels, module_parameters, parse_kernel
from allo_studio.source import Source

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
NAMES = st.sampled_from(sorted(KERNELS))


def check(text: str) -> None:
    source = Source("k.py", text)
    try:
        list_kernels(source)
        module_parameters(source)
        parse_kernel(source, "f").verify()
    except AlloError as error:
        faults = error.diagnostics
    else:
        return
    shown = render_all(faults)
    assert "object at 0x" not in shown, shown
    for fault in faults:
        span = fault.span
        assert span is not None, fault.message
        assert fault.hint, fault.message
        assert 1 <= span.line <= text.count("\n") + 2, fault.message
        assert (span.line, 1) <= (span.line, span.column) < (span.end_line, span.end_column), fault.message


@pytest.mark.parametrize("name", sorted(KERNELS))
def test_types_are_known_without_ir(name: str) -> None:
    source = Source("k.py", HEAD + KERNELS[name])
    kernel = parse_kernel(source, "f")
    found = argument_types(source, "f", {})
    assert found == {a.name: a.type for a in kernel.arguments() if a.name in found}
    assert {a.name for a in kernel.arguments()} - set(found) <= {
        size for a in kernel.arguments() for size in a.type.sizes
    }


@pytest.mark.parametrize("name", sorted(KERNELS))
def test_the_kernels_themselves_are_correct(name: str) -> None:
    parse_kernel(Source("k.py", HEAD + KERNELS[name]), "f").verify()


@settings(max_examples=150, deadline=None, suppress_health_check=SLOW)
@given(st.data(), NAMES, st.integers(1, 4))
def test_damaged_nodes(data: st.DataObject, name: str, damages: int) -> None:
    check(damaged_nodes(name, lambda end: data.draw(st.integers(0, end - 1)), damages))


@settings(max_examples=80, deadline=None, suppress_health_check=SLOW)
@given(st.data(), NAMES, st.integers(1, 3))
def test_damaged_tokens(data: st.DataObject, name: str, damages: int) -> None:
    check(damaged_tokens(name, lambda end: data.draw(st.integers(0, end - 1)), damages))

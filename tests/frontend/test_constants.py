"""Folding: only numbers, in bounded time, and only what is certain without running the file."""

import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allo_studio.diagnostics import AlloError
from allo_studio.frontend import module_parameters
from allo_studio.frontend.constants import NotConstant
from allo_studio.frontend.folding import evaluate
from allo_studio.source import Source


def parameters(text: str) -> dict[str, int | float]:
    return module_parameters(Source("k.py", text))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("M = 32", {"M": 32}),
        ("M, N, K = 64, 64.5, -1", {"M": 64, "N": 64.5, "K": -1}),
        ("M = N = 4", {"M": 4, "N": 4}),
        ("M: int = 4", {"M": 4}),
        ("M = 4\nN = (M + 1) * 2 ** 3 // 3 - M % 3", {"M": 4, "N": 12}),
        ("M = 7 / 2", {"M": 3.5}),
        ("M = 1\nM += 2", {"M": 3}),
        ("M, N = 1, 2\nM, N = N, M", {"M": 2, "N": 1}),
        ("[M, N] = [1, 2]", {"M": 1, "N": 2}),
        ("(M, (N, K)) = 1, (2, 3)", {"M": 1}),
        ("M = (-1) ** (2 ** 60) + 0 ** 99 + 1 ** (10 ** 9)", {"M": 2}),
        ("M = 2 ** -1", {"M": 0.5}),
        ("M = True", {}),
        ("M = 'a'", {}),
        ("M = 1j", {}),
        ("M = (-8) ** 0.5", {}),
        ("M = 9**9**9", {}),
        ("M = 2.0 ** 9999", {}),
        ("M = 1e999", {}),
        ("M = 1 / 0", {}),
        ("M = 1 << 3 | 1", {"M": 9}),
        ("M = 1 << 9**9", {}),
        ("M = ~5 if 1 < 2 <= 2 and not 0 else 7", {"M": -6}),
        ("M = max(3, min(5, 9), len([1, 2])) + abs(-2) + int(2.9)", {"M": 9}),
        ("A = [1, 2, 3]\nM = A[1] + sum(A) + len(range(7))", {"M": 15}),
        ("A = [1]\nM = A[1]", {}),
        ("A = [1] * 10 ** 10\nM = len(A)", {}),
        ("M = 'a%d' % 3", {}),
        ("M = 'ab' == 'a' 'b'\nN = 2 if M else 3", {"N": 2}),
        ("import math\nM = math.ceil(math.log2(9)) + int(math.pi)", {"M": 7}),
        ("M = math.pi", {}),
        ("import numpy as np\nA = np.array([[1, 2], [3, 4]], dtype=np.int32)\nM = A[1, 0]", {"M": 3}),
        ("import numpy as np\nA = np.array([1, [2]])\nM = A[0]", {}),
        ("from allo_studio import int8, float32\nT = int8\nM = 1 if T == int8 and T != float32 else 2", {"M": 1}),
        ("M = 1 << 63", {}),
        ("M = f()", {}),
        ("M = 1\nM = f()", {}),
        ("M = 1\ndel M", {}),
        ("M = 1\nif x:\n    M = 2", {}),
        ("M = 1\nfor M in x: pass", {}),
        ("M = 1\nwith x as M: pass", {}),
        ("M = 1\ndef M(): pass", {}),
        ("M = 1\nclass M: pass", {}),
        ("M = 1\nimport M", {}),
        ("M = 1\nimport os as M", {}),
        ("M = 1\nfrom os import path as M", {}),
        ("M = 1\n*M, N = 1, 2", {}),
        ("M = N\nN = 1", {"N": 1}),
    ],
)
def test_module_parameters(text: str, found: dict[str, int | float]) -> None:
    result = parameters(text)
    assert result == found
    assert [type(v) for v in result.values()] == [type(v) for v in found.values()]


def test_numbers_are_bounded_before_they_cost_anything() -> None:
    assert parameters("\n".join(f"A{k} = (9**9**9**9) + (2**62 * 2**62)**999999" for k in range(200))) == {}
    assert parameters("A = 0x" + "f" * 100_000) == {}


def test_a_syntax_error_is_a_diagnostic() -> None:
    with pytest.raises(AlloError) as caught:
        parameters("M = = 3")
    assert str(caught.value.diagnostics[0].span) == "k.py:1:5"


_NUMBERS = st.integers(-50, 50) | st.floats(-50, 50).map(lambda x: round(x, 3))
_EXPRESSIONS = st.recursive(
    _NUMBERS.map(lambda x: f"({x})"),
    lambda inner: st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "//", "%", "**"]), inner).map(
        lambda parts: f"({' '.join(parts)})"
    ),
    max_leaves=4,
)


@settings(deadline=None)
@given(_EXPRESSIONS)
def test_folding_is_what_python_computes(text: str) -> None:
    try:
        found: object = evaluate(ast.parse(text, mode="eval").body, {})
    except NotConstant as fault:
        found = fault.reason
    # A large number on the way is refused, even where Python comes back to a small one in the end.
    if found == "the value is too large":
        return
    try:
        wanted = eval(text)
    except ZeroDivisionError:
        wanted = "it divides by zero"
    except TypeError:
        wanted = 1j
    if isinstance(wanted, complex):
        wanted = "the value is not a real number"
    assert (found, type(found)) == (wanted, type(wanted))

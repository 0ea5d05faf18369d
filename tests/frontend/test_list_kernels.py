"""What a palette shows of a file: its kernels from outside, also where their bodies are at fault."""

import pytest

from allo_studio.diagnostics import AlloError
from allo_studio.frontend import KernelSignature, list_kernels
from allo_studio.source import Source

TEXT = '''
from allo_studio.lang import float32, int32
M = 4

def first(A: float32[M, 2 * M], s: int32) -> float32[M]:
    """What it does.

    More.
    """
    C: float32[M] = 0.0
    return C

def second(A: float33[M]) -> (float32, int32[2]):
    return undefined(1)
'''


def shown(kernel: KernelSignature) -> tuple[str, list[tuple[str, str]], list[tuple[str, str]]]:
    arguments = [(port.name, str(port.type)) for port in kernel.arguments]
    return kernel.name, arguments, [(port.name, str(port.type)) for port in kernel.results]


def test_arguments_results_docstring_and_place() -> None:
    first, second = list_kernels(Source("k.py", TEXT))
    assert shown(first) == ("first", [("A", "float32[4, 8]"), ("s", "int32")], [("C", "float32[4]")])
    assert first.docstring == "What it does.\n\nMore."
    assert str(first.span) == "k.py:5:1"
    assert shown(second) == ("second", [("A", "None")], [("result0", "float32"), ("result1", "int32[2]")])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "def f(): pass",
        "def f(A, B): return A",
        "def _f(A: float32): pass",
        "async def f(A: float32): pass",
        "class C:\n    def f(A: float32): pass",
        "def f(A: float32): pass\nf = 3",
    ],
)
def test_what_is_no_kernel(text: str) -> None:
    assert list_kernels(Source("k.py", text)) == ()


def test_the_last_function_of_a_name_counts() -> None:
    (kernel,) = list_kernels(Source("k.py", "def f(A: float32): pass\ndef f(B: int32): pass\n"))
    assert shown(kernel) == ("f", [("B", "int32")], [])


def test_a_file_that_is_not_python_is_a_diagnostic() -> None:
    with pytest.raises(AlloError) as caught:
        list_kernels(Source("k.py", "def f(:\n"))
    assert caught.value.diagnostics[0].code == "syntax"


def test_a_type_nested_too_deeply_is_a_diagnostic() -> None:
    with pytest.raises(AlloError, match="nested too deeply"):
        list_kernels(Source("k.py", f"def f(A: float32[{'+'.join(['1'] * 3000)}]): pass\n"))

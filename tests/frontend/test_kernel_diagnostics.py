"""Every fault of a kernel, by code, line, first and last column, and message."""

import pytest

from allo_studio.diagnostics import AlloError, Diagnostic, render
from allo_studio.frontend import parse_kernel
from allo_studio.source import Source

HEAD = "from allo_studio.lang import *\nM, N = 8, 4\nS = open\n"


def faults(text: str, name: str = "f", **params: int | float) -> tuple[Diagnostic, ...]:
    with pytest.raises(AlloError) as caught:
        parse_kernel(Source("k.py", text), name, params)
    return caught.value.diagnostics


def kernel(body: str, result: str = "C", signature: str = "A: float32[M, N], I: int32[M], s: float32, n: int32") -> str:
    """Return a kernel whose body starts on line 6, indented by 4."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    return f"{HEAD}def f({signature}) -> float32[M]:\n    C: float32[M] = 0.0\n{lines}    return {result}\n"


# Body, what is underlined (`line:first-last` with the end column exclusive), code and message.
ONE_FAULT = [
    ("C[0] = z", "6:12-13", "name", "'z' is not defined"),
    ("C[0] = z\nz: float32 = 0.0\nC[1] = z", "6:12-13", "name", "'z' is not defined"),
    ("for i in range(M):\n    pass\nC[i] = 1.0\nfor i in range(M):\n    C[i] = 1.0", "8:7-8", "name",
     "'i' is only known inside the block of line 6"),
    ("C[0] = S", "6:12-13", "name", "'S' is no constant: 'open' is no constant that is known here"),
    ("z = 1.0", "6:5-6", "name", "'z' is assigned, but not declared here"),
    ("z += 1.0", "6:5-6", "name", "'z' is assigned, but not declared here"),
    ("z[0] = 1.0", "6:5-6", "name", "'z' is not defined"),
    ("C[0] = grid", "6:12-16", "name", "'grid' is no value"),
    ("A: float32 = 0.0", "6:5-6", "name", "'A' is already declared on line 4"),
    ("M: float32 = 0.0", "6:5-6", "name", "'M' hides the file's constant 'M'"),
    ("grid: float32 = 0.0", "6:5-9", "name", "'grid' is a name of the kernel language"),
    ("é: float32 = 0.0", "6:5-6", "name", "'é' has letters that hardware tools do not take"),
    ("for i in range(M):\n    for i in range(N):\n        C[i] = 1.0", "7:13-14", "name",
     "'i' is already declared on line 6"),
    ("for M in range(4):\n    C[0] = 1.0", "6:9-10", "name", "'M' hides the file's constant 'M'"),
    ("for i in range(M):\n    pass\nC[i] = 1.0", "8:7-8", "name", "'i' is only known inside the block of line 6"),
    (
        "for i in range(M):\n    x: float32 = 0.0\nC[0] = x",
        "8:12-13",
        "name",
        "'x' is only known inside the block of line 7",
    ),
    ('for i in grid(M, name="a"):\n    pass\nfor j in grid(M, name="a"):\n    pass', "8:27-30", "name",
     "the name 'a' is already taken by the nest of line 6"),
    ('for i in grid(M, name="a b"):\n    pass', "6:27-32", "name", "the name of a nest must be a word in quotes"),
    ('for i in grid(M):\n    for j in grid(M, name="a"):\n        pass', "7:31-34", "unsupported",
     "only an outermost loop can be named; the loops inside belong to its nest"),
    ("x: float32[N][N]", "6:8-21", "type", "an array of arrays is not supported"),
    ("x: int32 = 2147483648", "6:16-26", "type", "the number does not fit int32"),
    ("x: int32 = -2147483649", "6:16-27", "type", "the number does not fit int32"),
    ("x: int32 = 1" + "0" * 30, "6:16-47", "type", "the number does not fit int32"),
    ("x: float32 = 1e39", "6:18-22", "type", "the number does not fit float32"),
    ("C[0] = s / 0", "6:16-17", "type", "this divides by zero"),
    ("C[0] /= 0.0", "6:13-16", "type", "this divides by zero"),
    ("s = 1.0", "6:5-6", "type", "'s' is a scalar argument, which is read only"),
    ("M = 1", "6:5-6", "type", "'M' is a constant of the file and cannot be assigned"),
    ("for i in range(M):\n    i = 2", "7:9-10", "type", "'i' is a loop variable, which only its loop changes"),
    ("C[0] = C[0, 1]", "6:12-19", "shape", "'C' is float32[8], which takes 1 subscript, not 2"),
    ("C[0] = A[1]", "6:12-16", "shape", "an array of shape (4) cannot be assigned to one element"),
    ("C[0] = s[0]", "6:12-16", "type", "float32 is a scalar and has no bits to take"),
    ("C[0] = n[0, 1]", "6:12-19", "shape", "int32 is a scalar, which takes one subscript for its bits"),
    ("C[0] = n[32]", "6:14-16", "bounds", "bit 32 of int32, which has bits 0 to 31"),
    ("C[0] = n[4:33]", "6:14-18", "bounds", "bits 4 to 32 of int32, which has bits 0 to 31"),
    ("C[0] = n[0:8:2]", "6:18-19", "unsupported", "bits are taken without a step"),
    ("C[0] = n[s]", "6:14-15", "type", "the number of a bit is a whole number, not float32"),
    ("for i in range(33):\n    C[0] = n[i]", "7:18-19", "bounds",
     "the number of the bit goes from 0 to 32, and int32 has bits 0 to 31"),
    ("C[0] = s.reverse()", "6:12-23", "type", "`reverse` is for whole numbers, not float32"),
    ("C[0] = n.reverse(1)", "6:12-24", "type", "`reverse` takes no arguments"),
    ("x: float64 = s.bitcast()", "6:18-29", "type",
     "bitcast keeps the width: float32 has 32 bits, float64 has 64"),
    ("C[0] = 1.5.bitcast()", "6:12-25", "type", "a number of the text has no bits of its own"),
    ('x: Struct({"a": int32})\nx["a"] = n\nC[0] = x', "8:12-13", "type",
     "expected float32, found Struct(a: int32)"),
    ('x: Struct({"a": int32})\nx["a"] = n\nC[0] = x["b"]', "8:14-17", "name",
     "Struct(a: int32) has no field 'b'"),
    ('x: Struct({"a": int32})\nx["a"] = n\nC[0] = x[0]', "8:14-15", "type",
     "Struct(a: int32) takes the name of a field"),
    ('x: Struct({"a": int32})\nx["a"] = n\nC[0] = x + 1', "8:12-17", "type",
     "`+` does not take Struct(a: int32)"),
    ('x: Struct({"a": int32})\nx["a"] = n\nC[0] = 1 if x else 2', "8:17-18", "type",
     "Struct(a: int32) is neither true nor false"),
    ('x: Struct({"a": int32})\nx["a"] = n\nC[0] = exp(x)', "8:16-17", "type",
     "exp is for numbers, not for Struct(a: int32)"),
    ("x: Int(0)", "6:8-14", "type", "an integer has 1 to 4096 bits, not 0"),
    ("x: Int(n)", "6:12-13", "type", "the arguments of Int must be constant: 'n' is no constant that is known here"),
    ("x: Int()", "6:8-13", "type", "these are no arguments of Int"),
    ("x: Fixed(16)", "6:8-17", "type", "these are no arguments of Fixed"),
    ('x: Fixed(16, 8, rounding="up")', "6:8-35", "type",
     "unknown rounding 'up'; known are floor, zero, half_up, half_zero, half_away, half_down, half_even"),
    ("x: Struct(n)", "6:8-17", "type", "a Struct is made of its fields"),
    ("x: Struct({n: int32})", "6:16-17", "type", "a field's name is a word in quotes"),
    ('x: "float32[M"', "6:8-19", "type", "'float32[M' is no type"),
    ("x: uint8 = -1", "6:16-18", "type", "the number does not fit uint8"),
    ("x: Fixed(8, 4) = 8", "6:22-23", "type", "the number does not fit Fixed(8, 4)"),
    ("C[0] = s // 2", "6:12-18", "type", "float32 // int32: `//` is for whole numbers"),
    ("C[0] = s << 1", "6:12-18", "type", "float32 << int32: `<<` is for whole numbers"),
    ("C[0] = n << s", "6:12-18", "type", "int32 << float32: `<<` is for whole numbers"),
    ("C[0] = n << -1", "6:17-19", "type", "a shift by a negative number"),
    ("C[0] = s & 1", "6:12-17", "type", "float32 & int32: `&` is for whole numbers"),
    ("C[0] = ~s", "6:12-14", "type", "`~` is for whole numbers, not float32"),
    ("C[0] = n % 0", "6:16-17", "type", "this divides by zero"),
    ("C[0] = s * (1 / 2)", "6:17-22", "type",
     "a quotient of whole numbers is a whole number, and this one does not come out even"),
    ("C[0] = s @ s", "6:12-17", "unsupported", "`@` is not supported here"),
    ("C[0] = s in s", "6:12-18", "unsupported", "`in` and `is` are not supported"),
    ("x: Int(4000)\nx = 1\nC[0] = x * x", "8:12-17", "type",
     "the result of int4000 and int4000 would have 8000 bits, which is more than 4096"),
    ("C[0] = exp(s, s)", "6:12-21", "type", "exp takes 1 value, not 2"),
    ("C[0] = max(s)", "6:12-18", "type", "max takes at least 2 values, not 1"),
    ("C[0] = power(s)", "6:12-20", "type", "power takes 2 values, not 1"),
    ("C[0] = int(s, 2)", "6:12-21", "type", "a conversion takes one value, not 2"),
    ("C[0] = exp(x=s)", "6:12-20", "unsupported", "this call takes plain arguments only"),
    ("C[0] = M[0]", "6:12-16", "shape", "'M' is no array and takes no subscripts"),
    ("for i in grid(M, N):\n    pass", "6:9-10", "shape", "2 extents, but 1 loop variable"),
    ("for i, j in range(M):\n    pass", "6:9-13", "shape", "1 extent, but 2 loop variables"),
    ("x: float32[0]", "6:16-17", "shape", "an extent must be at least 1, not 0"),
    ("x: float32[M - 9]", "6:16-21", "shape", "an extent must be at least 1, not -1"),
    ("x: float32[M / 2]", "6:16-21", "shape", "an extent must be a whole number, not 4.0"),
    ("x: float32[n]", "6:16-17", "shape", "an extent must be constant, and 'n' varies"),
    ("x: float32[9**9**9]", "6:16-23", "shape", "an extent must be a constant whole number: the value is too large"),
    ("x: float32[M // 0]", "6:16-22", "shape", "an extent must be a constant whole number: it divides by zero"),
    ("x: float32[70000, 70000]", "6:8-29", "shape", "'float32[70000, 70000]' has more than 2^32 elements"),
    ("C[8] = 1.0", "6:7-8", "bounds", "subscript 1 of 'C' is 8, outside 0 to 7"),
    ("C[-1] = 1.0", "6:7-9", "bounds", "subscript 1 of 'C' is -1, outside 0 to 7"),
    ("for i in range(M):\n    C[i + 1] = 1.0", "7:11-16", "bounds",
     "subscript 1 of 'C' goes from 1 to 8, outside 0 to 7"),
    (
        "for i in range(1, 20, 6):\n    C[0] += A[0, i]",
        "7:22-23",
        "bounds",
        "subscript 2 of 'A' goes from 1 to 19, outside 0 to 3",
    ),
    ("for i in range(3, 3):\n    pass", "6:14-25", "bounds", "the loop over 'i' never runs"),
    ("for i in range(N):\n    for j in range(i, i):\n        pass", "7:18-29", "bounds",
     "the loop over 'j' never runs"),
    ("for i in range(3000000000):\n    pass", "6:20-30", "bounds", "the index does not fit 32 bits"),
    ("for i in range(M):\n    C[i * 3000000000] = 1.0", "7:11-25", "bounds", "the index does not fit 32 bits"),
    ("for i in A:\n    pass", "6:14-15", "unsupported", "this is nothing that a kernel can loop over"),
    ("C[1.5] = 1.0", "6:7-10", "unsupported", "an index must be a whole number, not 1.5"),
    ("C[True] = 1.0", "6:7-11", "unsupported", "a truth value is no index"),
    ("C[0] = A", "6:12-13", "shape", "an array of shape (8, 4) cannot be assigned to one element"),
    ("C[0] //= 2", "6:5-15", "type", "float32 // int32: `//` is for whole numbers"),
    ("C[0] = C[1] = s", "6:5-20", "unsupported", "one assignment sets one variable"),
    ("with s:\n    pass", "6:5-12", "unsupported", "`with` is not supported in a kernel"),
    ("import os", "6:5-14", "unsupported", "`import` is not supported in a kernel"),
    ("print(1)", "6:5-10", "name", "'print' is no function that a kernel can call"),
    ("for i in range(M):\n    C[i] = 1.0\nelse:\n    pass", "9:9-13", "unsupported",
     "`else` of a loop is not supported"),
    ("for i in range(M):\n    return C", "7:9-17", "unsupported",
     "`return` may only be the last statement of a kernel"),
    ("x: float32\nC[0] = x", "7:12-13", "uninitialised", "'x' is read, but never set"),
    ("x: float32\nx += 1.0", "7:5-13", "uninitialised", "'x' is updated, but never set before"),
    ("x: float32\nC[0] = x\nx = 1.0", "7:12-13", "uninitialised", "'x' is read before it is set"),
    (
        "for i in range(M):\n    x: float32\n    C[i] = x\n    x = 1.0",
        "8:16-17",
        "uninitialised",
        "'x' is read before it is set",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("body", "place", "code", "message"), ONE_FAULT, ids=[case[0] for case in ONE_FAULT])
def test_one_fault(body: str, place: str, code: str, message: str) -> None:
    (fault,) = faults(kernel(body))
    assert fault.span is not None
    span = fault.span
    assert (fault.code, fault.message) == (code, message)
    assert f"{span.line}:{span.column}-{span.end_column}" == place


@pytest.mark.parametrize(
    ("result", "place", "code", "message"),
    [
        ("s", "7:12-13", "shape", "'s' is float32, but the annotation promises float32[8]"),
        ("M", "7:12-13", "shape", "this is one int32, but the annotation promises float32[8]"),
        ("A", "7:12-13", "shape", "'A' is float32[8, 4], but the annotation promises float32[8]"),
        ("I", "7:12-13", "type", "'I' is int32[8], but the annotation promises float32[8]"),
        ("C, I", "7:5-16", "type", "the annotation promises 1 result, 2 returned"),
        ("None", "7:5-16", "type", "the annotation promises 1 result, but nothing is returned"),
        ("C\n    C[0] = 1.0", "8:5-15", "unsupported", "nothing can follow `return`"),
    ],
)
def test_faults_of_the_return(result: str, place: str, code: str, message: str) -> None:
    (fault,) = faults(kernel("pass", result))
    assert fault.span is not None
    assert (fault.code, fault.message) == (code, message)
    assert f"{fault.span.line}:{fault.span.column}-{fault.span.end_column}" == place


@pytest.mark.parametrize(
    ("text", "place", "code", "message"),
    [
        ("def f(A) -> float32[M]:", "4:7-8", "type", "argument 'A' has no type"),
        ("def f(A: float32[Q]) -> float32[M]:", "4:18-19", "name", "'Q' is not defined"),
        ("def f(A: list) -> float32[M]:", "4:10-14", "type", "'list' is no type"),
        ("def f(A: float32[M], M: int32) -> float32[M]:", "4:22-23", "name", "'M' hides the file's constant 'M'"),
        ("def f(*A) -> float32[M]:", "4:8-9", "unsupported", "'A': only plain arguments are supported"),
        ("def f(A: float32 = 1.0) -> float32[M]:", "4:20-23", "unsupported",
         "default values of arguments are not supported"),
        ("async def f() -> float32[M]:", "4:1-12", "unsupported", "a kernel cannot be async"),
        ("def f() -> float99[M]:", "4:12-19", "type", "'float99' is no type"),
    ],
)  # fmt: skip
def test_faults_of_the_signature(text: str, place: str, code: str, message: str) -> None:
    (fault,) = faults(f"{HEAD}{text}\n    C: float32[M] = 0.0\n    return C\n")
    assert fault.span is not None
    assert (fault.code, fault.message) == (code, message)
    assert f"{fault.span.line}:{fault.span.column}-{fault.span.end_column}" == place


def test_a_kernel_without_result() -> None:
    (fault,) = faults(HEAD + "def f(A: float32[M]):\n    x: float32 = 0.0\n")
    assert fault.message == "'f' has no result: it returns nothing and writes no argument"
    (fault,) = faults(HEAD + "def f(A: float32[M]) -> float32[M]:\n    A[0] = 1.0\n")
    assert fault.message == "the annotation promises 1 result, but nothing is returned"


def test_all_faults_come_together_in_the_order_of_the_text_and_without_follow_ups() -> None:
    found = faults(
        kernel("y: float99 = q\nC[0] = y + q + q\nfor i in range(9):\n    C[i] = w\n    if q + n:\n        C[0] = I")
    )
    assert [(f.span.line, f.span.column, f.code) for f in found if f.span] == [
        (6, 8, "type"),
        (6, 18, "name"),
        (9, 11, "bounds"),
        (9, 16, "name"),
        (11, 20, "shape"),
    ]


def test_a_fault_in_a_loop_s_head_does_not_hide_those_in_its_body() -> None:
    found = faults(kernel("for i in range(s):\n    C[i] = 2 * i * w"))
    assert [(f.span.line, f.message) for f in found if f.span] == [
        (6, "an index must be a whole number, not float32"),
        (7, "'w' is not defined"),
    ]


def test_columns_are_characters_not_bytes() -> None:
    (fault,) = faults(kernel('"ü€𝄞"; C[0] = z'))
    assert fault.span is not None
    assert (fault.span.column, fault.span.end_column) == (19, 20)
    assert render(fault).splitlines()[2].index("^") == render(fault).splitlines()[1].index("z")


def test_a_caret_under_the_fault_and_a_hint() -> None:
    (fault,) = faults(kernel("C[0] = AA[0, 0]"))
    assert render(fault) == (
        "k.py:6:12: error[name]: 'AA' is not defined\n"
        "    6 |     C[0] = AA[0, 0]\n"
        "      |            ^^\n"
        "  hint: did you mean 'A'?"
    )


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("def f(:\n    pass\n", 1, 7),
        ("def f():\nreturn\n", 2, 1),
        ("x = 1\ny = 'abc\n", 2, 5),
        ("a = 1\n\0", 2, 1),
        ("(" * 300, 1, None),
        ("x = " + "-" * 100_000 + "1", 1, None),
        ("x = \ud800", 1, 1),
        ("x = 1" + "0" * 5000, 1, None),
    ],
    ids=["colon", "indent", "quote", "null", "parentheses", "minus", "surrogate", "digits"],
)
def test_text_that_is_not_python(text: str, line: int, column: int | None) -> None:
    (fault,) = faults(text)
    assert fault.code == "syntax"
    assert fault.span is not None
    assert fault.span.line == line
    assert column in (None, fault.span.column)


def test_deep_but_valid_text_is_refused_or_read() -> None:
    chain = " + ".join(["1.0"] * 20_000)
    (fault,) = faults(kernel(f"C[0] = {chain}"))
    assert "nested too deeply" in fault.message
    (fault,) = faults(kernel(f"x: float32[{'(' * 150}M{')' * 150} + {'+'.join(['1'] * 5000)}]"))
    assert "nested too deeply" in fault.message
    (fault,) = faults(kernel(f"for {', '.join(f'i{k}' for k in range(40))} in grid({', '.join('2' * 40)}):\n    pass"))
    assert fault.message == "a nest of more than 32 loops is not supported"


def test_an_unknown_kernel_names_those_that_there_are() -> None:
    (fault,) = faults(kernel("pass"), "ff")
    assert (fault.code, fault.message, fault.hint) == ("name", "k.py has no kernel 'ff'", "did you mean 'f'?")


@pytest.mark.parametrize(
    ("params", "message", "hint"),
    [
        ({"MM": 1}, "k.py has no constant 'MM' to override", "did you mean 'M'?"),
        ({"M": 1.5}, "parameter 'M' must be a whole number of at most 63 bits, not 1.5", "the file has M = 8"),
        ({"M": True}, "parameter 'M' must be a whole number of at most 63 bits, not True", "the file has M = 8"),
        ({"M": "8"}, "parameter 'M' must be a whole number of at most 63 bits, not '8'", "the file has M = 8"),
        ({"M": 10**5000}, "parameter 'M' must be a whole number of at most 63 bits, not a int", "the file has M = 8"),
    ],
)
def test_wrong_parameters(params: dict[str, int | float], message: str, hint: str) -> None:
    (fault,) = faults(kernel("pass"), **params)
    assert (fault.code, fault.message, fault.hint) == ("params", message, hint)


def test_a_parameter_that_makes_no_shape_is_reported_where_it_is_used() -> None:
    found = faults(kernel("pass"), M=0)
    assert {f.message for f in found} == {"an extent must be at least 1, not 0"}
    assert len(found) == 4

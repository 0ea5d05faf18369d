"""Correct kernels of every feature, and damage to them: to the nodes of their syntax trees and to their tokens.

What is damaged is chosen by a function that gives a number from 0 to before its argument.
"""

import ast
import copy
import io
import tokenize
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

__all__ = ["HEAD", "KERNELS", "damaged_nodes", "damaged_tokens"]

Choice = Callable[[int], int]
_Entry = TypeVar("_Entry")

HEAD = "from allo_studio.lang import *\nimport numpy as np\n"
KERNELS = {
    "loops": """M, N, K = 4, 3, 5
def f(A: float32[M, K], B: float32[K, N], n: int32) -> float32[M, N]:
    C: float32[M, N] = 0.0
    for i, j in grid(M, N, name="mm"):
        acc: float32 = 0.0
        for k in reduction(K):
            acc += A[i, k] * B[k, j]
        C[i, j] = acc
    for i in range(1, M - 1):
        for k in range(i, 2 * i):
            C[k - i, 0] *= n + k
    for i in range(M - 1, -1, -1):
        C[i, i % N] -= C[i // 2, 1]
    return C
""",
    "numbers": """Q = Fixed(12, 4, rounding="half_even", overflow="saturate")
def f(a: int7, b: uint5, q: UFixed(10, 3), h: float16, d: float64, g: bfloat16) -> (int32, Fixed(16, 8), float64):
    x: Q = a * q - b / 3
    y: Fixed(16, 8) = x % q + (x << 1)
    z: int32 = a * a + int(d) // 3 - (~a & 15 | b ^ 3) >> 2
    w: float64 = exp(d) + power(h, 2.0) - sqrt(abs(g)) + min(a, b, 3)
    v: bool = a < b <= 12 or not (x == 1.5 and d != 0.5)
    z += int8(w) if v else uint5(3)
    return z, y, w
""",
    "bits": """S = Struct({"lo": uint8, "hi": Struct({"v": int8, "f": float32})})
def f(x: uint32, A: S[4], n: int32) -> (uint32, float32):
    y: uint32 = x
    y[3] = 1
    y[4:12] = x[8:16]
    y[n] = x[n]
    for i in range(8):
        y[i + 16] = x[31 - i] ^ 1
    s: S
    s["lo"] = A[2]["lo"] + 1
    s["hi"] = {"v": -3, "f": y.bitcast()}
    s["hi"]["v"][0:2] = 2
    A[1] = s
    A[0]["hi"]["f"] += 1.5
    r: uint32 = y.reverse()
    t: float32 = s["hi"]["f"]
    return r, t
""",
    "arrays": """def f(A: float32[4, 6], B: float32[6], s: float32) -> (float32[4, 6], float32[6]):
    C: float32[4, 6] = A * 2 + B
    D: float32[6, 4] = A.T
    C[1:3, ::2] = A[0:2, 3:] + s
    C[0] = C[3]
    C[:, 1:] = C[:, :-1]
    C += -A if s > 0 else A
    E = exp(A[2]) + D[:, 1] * B[0] if s < 1 else B[0] * D[:, 0]
    F = B.copy()
    F[::-1] = max(B, s)
    for i in range(2):
        F[i : i + 4] = A[i, 1:5]
        C[..., i] = 0.0
    return C, F
""",
    "calls": """N = 4
def scale(A: int32[N], k: int32) -> int32[N]:
    return A * k
def both(a: int32, b: int32) -> (int32, int32):
    return max(a, b), min(a, b)
def clear(A: int32[N]):
    for i in range(N):
        A[i] = 0
def f(A: int32[N], M: int32[3, N]) -> (int32[N], int32):
    def twice(x: int32) -> int32:
        return 2 * x
    B = scale(A, k=twice(3))
    hi, _ = both(B[0], A[1])
    lo: int32 = 0
    _, lo = both(hi, twice(lo))
    lo += twice(lo) if lo > 2 else lo
    B += scale(A, hi)[::-1] + twice(lo)
    M[1] = scale(M[0], 2)
    clear(M[2])
    lo, hi = hi, lo
    C = scale["x"](B, lo)
    return C, hi
""",
    "meta": """N, FAST, T = 3, True, int16
LIST = [1, 2, 3]
def f(A: T[N]) -> T[N]:
    n: ConstExpr[int32] = N * 2 - sum(LIST) + len(LIST)
    B: T[N] = [3, 1, 2]
    with meta_for(N) as k:
        with meta_if(k % 2 == 0 and FAST):
            B[k] += A[k] + LIST[k]
        with meta_elif(k == 1):
            B[k] = n
        with meta_else():
            B[k] = 0
    return B
""",
    "memories": """TABLE = np.array([[1, 2], [3, 4]])
FAST = Memory(resource="LUTRAM")
def f(x: int32, P: int32[2, 2] @ Memory(resource="BRAM", latency=2)) -> int32:
    total: int32 @ Stateful = 5
    hist: int32[4] @ Stateful = [1, 2, 3, 4]
    T: int32[2, 2] = TABLE
    buf: int32[2, 2] @ FAST
    for i, j in grid(2, 2):
        buf[i, j] = P[j, i] + T[i, j] * hist[2 * i + j]
    T[0, 1] = x
    total += buf[1, 1] + T[0, 1]
    hist[x % 4 if x >= 0 else 0] += 1
    return total
""",
    "sizes": """def g(A: float32["m<=16"]) -> float32["m"]:
    B: float32["m"]
    for i in range(m):
        B[i] = A[i] * m
    return B
def f(A: float32["n<=16"], B: float32["n", 4], k: int32) -> float32["n"]:
    C: float32["n"] = 0.0
    for i in range(n):
        if i < n - 1:
            C[i] += A[i + 1]
        for j in range(4):
            C[i] += B[i, j]
    C[0 : n - 1] = A[1:n]
    for i in range(k):
        if i < n:
            C[i] += 1.0
    D = g(C)
    return D
""",
    "branches": """N = 8
def f(A: int32[N], I: int32[N], x: int32) -> (int32[N], int32):
    B: int32[N] = 0
    s: int32 = 0
    n: int32 = x
    for i in range(N):
        if i > 0 and A[i] > A[i - 1]:
            B[i] = A[I[i]]
        elif i == 3 or x < 2:
            B[N - 1 - i] = 1
        else:
            pass
        y: int32 = B[i - 1] if i >= 1 else 0
        s += y // (x if x != 0 else 1)
    while n > 0 and s < 100:
        n -= 1
        s += n
        for j in range(n, N):
            B[j % N] += 1
    for i in range(A[0], A[1]):
        s ^= i
    return B, s
""",
}
_TEMPLATE = """def g[T, M](A: "T[M]", k: T) -> "T[M]":
    B: T[M]
    for i in range(M):
        B[i] = A[i] + k
    return B
def f(A: int16[4], C: float32[3]) -> (int16[4], float32[3]):
    B = g[int16, 4](A, 2)
    D = g[float32, 3, "x"](C, B[0])
    return B, D
"""
try:
    ast.parse(_TEMPLATE)
    KERNELS["template"] = _TEMPLATE
except SyntaxError:
    pass

_ODD_TEXT = """
0 -1 2**40 2**5000 'x' 1.5 1e300 True None ... n i A C f A[0] A[:] A[0:0] A.T A.copy() x.bitcast() x[0:40] f(A) [] () {}
[1,2] {'a':1} float32 float32[4] grid(2,2) range(3) Fixed(8,9) Int(0) Struct({}) 'n<=4' 'float32[4]' x@x A@Memory() np
math.pi len(A) abs A[A] A[A[0]] A[0][0] A[0,0,0] A.shape -A max() max(A,1) 1/0 x%0 1<<-1 x<<100000 2**x int() int8(A)
A.reverse() s['lo'] s['q'] ~1.5 -x.bitcast() print(1)
"""
_ODD = _ODD_TEXT.split()
_TREES = {name: ast.parse(HEAD + text) for name, text in KERNELS.items()}
_EXPRESSIONS = [node for tree in _TREES.values() for node in ast.walk(tree) if isinstance(node, ast.expr)]
_EXPRESSIONS += [ast.parse(text, mode="eval").body for text in _ODD for _ in range(8)]
_STATEMENTS = [node for tree in _TREES.values() for node in ast.walk(tree) if isinstance(node, ast.stmt)]
_VALUES = [0, -1, 1, 2, 7, 100, 1 << 31, 1 << 40, 1 << 4100, 1.5, 1e300, True, None, ..., "x", "n<=9", "a b", b"x", 3j]
_OPERATORS = [ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.LShift, ast.RShift, ast.BitAnd,
              ast.BitOr, ast.BitXor, ast.MatMult]  # fmt: skip
_ORDERS = [ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Is, ast.In]
_PARTS = ("args", "elts", "keywords", "values", "targets", "comparators", "keys", "names", "defaults")


def damaged_nodes(name: str, choice: Choice, damages: int) -> str:
    """Return the text of a kernel after some damages to nodes of its tree."""
    tree = copy.deepcopy(_TREES[name])
    for _ in range(damages):
        # Other expressions in the place of one: by far the most ways to be wrong.
        damage = _one(choice, [_expression, _expression, _expression, _expression, _statement, _small, _part])
        damage(tree, choice)
    try:
        return ast.unparse(ast.fix_missing_locations(tree))
    except (ValueError, AttributeError, TypeError, IndexError):
        # A tree that no text has.
        return HEAD + KERNELS[name]


def damaged_tokens(name: str, choice: Choice, damages: int) -> str:
    """Return the text of a kernel after some damages to its tokens: deleted, doubled, replaced."""
    lines = (HEAD + KERNELS[name]).split("\n")
    pieces = [token for token in _tokens("\n".join(lines)) if token.start[0] == token.end[0]]
    others = [token.string for text in KERNELS.values() for token in _tokens(text)]
    chosen = sorted({choice(len(pieces)) for _ in range(damages)}, reverse=True)
    for number in chosen:
        token = pieces[number]
        line = lines[token.start[0] - 1]
        new = _one(choice, ["", f"{token.string} {token.string}", _one(choice, others), _one(choice, others)])
        lines[token.start[0] - 1] = line[: token.start[1]] + new + line[token.end[1] :]
    return "\n".join(lines)


def _tokens(text: str) -> list[tokenize.TokenInfo]:
    return [token for token in tokenize.generate_tokens(io.StringIO(text).readline) if token.string.strip()]


def _one(choice: Choice, entries: Sequence[_Entry]) -> _Entry:
    return entries[choice(len(entries))]


def _slots(tree: ast.AST) -> Iterator[tuple[Any, str, int | None]]:
    """Yield where expressions are: a node, the name of its field, and the number in a list."""
    for node in ast.walk(tree):
        for name, value in ast.iter_fields(node):
            if isinstance(value, ast.expr):
                yield node, name, None
            elif isinstance(value, list):
                yield from ((node, name, number) for number, part in enumerate(value) if isinstance(part, ast.expr))


def _expression(tree: ast.AST, choice: Choice) -> None:
    slots = list(_slots(tree))
    if not slots:
        return
    node, name, number = _one(choice, slots)
    new = copy.deepcopy(_one(choice, _EXPRESSIONS))
    if number is None:
        setattr(node, name, new)
    else:
        getattr(node, name)[number] = new


def _statement(tree: ast.AST, choice: Choice) -> None:
    """Delete, double, insert or move a statement."""
    fields = [getattr(node, name, None) for node in ast.walk(tree) for name in ("body", "orelse")]
    block = _one(choice, [field for field in fields if isinstance(field, list) and field])
    at, other = choice(len(block)), choice(len(block))
    match choice(4):
        case 0:
            block[at : at + 1] = [] if len(block) > 1 else [ast.Pass()]
        case 1:
            block.insert(other, copy.deepcopy(block[at]))
        case 2:
            block.insert(at, copy.deepcopy(_one(choice, _STATEMENTS)))
        case _:
            block[at], block[other] = block[other], block[at]


def _small(tree: ast.AST, choice: Choice) -> None:
    """Change an operator, a comparison, a name or a constant."""
    wanted = _one(choice, [ast.BinOp, ast.AugAssign, ast.Compare, ast.Name, ast.Name, ast.Constant, ast.Constant])
    found: list[Any] = [node for node in ast.walk(tree) if isinstance(node, wanted)]
    if not found:
        return
    node = _one(choice, found)
    match node:
        case ast.BinOp() | ast.AugAssign():
            node.op = _one(choice, _OPERATORS)()
        case ast.Compare():
            node.ops[choice(len(node.ops))] = _one(choice, _ORDERS)()
        case ast.Name():
            names = sorted({part.id for part in ast.walk(tree) if isinstance(part, ast.Name)} | {"grid", "zz"})
            node.id = _one(choice, names)
        case ast.Constant():
            node.value = _one(choice, _VALUES)


def _part(tree: ast.AST, choice: Choice) -> None:
    """Delete or double an entry of a list: an argument, a keyword, an extent."""
    lists = [getattr(node, name, None) for node in ast.walk(tree) for name in _PARTS]
    found = [entry for entry in lists if isinstance(entry, list) and entry]
    if not found:
        return
    entries = _one(choice, found)
    at = choice(len(entries))
    if choice(2):
        del entries[at]
    else:
        entries.insert(at, copy.deepcopy(entries[at]))

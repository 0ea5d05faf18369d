"""Wrong files: ⟦ and ⟧ stand around what each fault underlines; then code and words of each message, in their order.

The kernel is `f`; the file starts with the import of the language.
"""

_SCALE = "def scale(A: int32[4], k: int32) -> int32[4]:\n    return A * k\n"
_PAIR = "def pair(a: int32) -> (int32, int32):\n    return a, a + 1\n"
_CLEAR = "def clear(A: int32[4]):\n    for i in range(4):\n        A[i] = 0\n"
_SUM = "def total(A: int32[4]) -> int32:\n    t: int32 = 0\n    for i in range(4):\n        t += A[i]\n    return t\n"
_F = "def f(A: int32[4], B: int32[5], n: int32) -> int32[4]:\n"

SIGNATURES = [
    ("def f(⟦A⟧) -> int32:\n    return 1\n", "type: 'A' has no type"),
    ("def f(A: ⟦list⟧) -> int32:\n    return 1\n", "type: 'list' is no type"),
    ("def f(A: int32[⟦Q⟧]) -> int32:\n    return 1\n", "name: 'Q' is not defined"),
    ("def f(*⟦A⟧) -> int32:\n    return 1\n", "unsupported: only plain arguments"),
    ("def f(a: int32, *, ⟦b: int32⟧) -> int32:\n    return a\n", "unsupported: only plain arguments"),
    ("def f(a: int32 = ⟦1⟧) -> int32:\n    return a\n", "unsupported: default values"),
    ("⟦async def f⟧(a: int32) -> int32:\n    return a\n", "unsupported: cannot be async"),
    ("@⟦cache⟧\ndef f(a: int32) -> int32:\n    return a\n", "unsupported: no decorators"),
    ("def f(⟦float32⟧: int32) -> int32:\n    return 1\n", "name: a name of the kernel language"),
    ("N = 4\ndef f(⟦N⟧: int32) -> int32:\n    return 1\n", "name: 'N' hides the file's constant"),
    ("⟦def f⟧(A: int32[4]):\n    x: int32 = A[0]\n", "type: has no result"),
    ("def f(A: int32[4]) -> ⟦int32⟧:\n    A[0] = 1\n", "type: promises 1 result, but nothing is returned"),
    ("def f(a: int32) -> int32:\n    ⟦return a, a⟧\n", "type: promises 1 result, 2 returned"),
    ("def f(a: int32) -> (int32, int32):\n    ⟦return a⟧\n", "type: promises 2 results, 1 returned"),
    ("def f(A: int32[4]) -> int32:\n    return ⟦A⟧\n", "shape: 'A' is int32[4], but the annotation promises int32"),
    ("def f(A: int32[4]) -> int32[4]:\n    return ⟦A[0]⟧\n", "shape: one int32, but the annotation promises int32[4]"),
    ("def f(A: int32[4]) -> int32[4]:\n    return ⟦A[1:]⟧\n", "shape: array of shape (3)"),
    ("def f(A: int32[4]) -> int16[4]:\n    B: int32[4] = A\n    return ⟦B⟧\n", "type: promises int16[4]"),
    ("def f(a: int32) -> (int32, int32):\n    b: int32 = a\n    return b, ⟦b⟧\n", "name: 'b' is returned twice"),
    ("def f(a: int32) -> int32:\n    return a\n    ⟦a = 1⟧\n", "unsupported: nothing can follow `return`"),
    ("def f(a: int32) -> int32:\n    return ⟦b⟧\n", "name: 'b' is not defined"),
    ("def f(a: ⟦int32 @ Stateful⟧) -> int32:\n    return a\n", "type: an argument cannot be Stateful"),
    ("def f(a: ⟦int32 @ Memory()⟧) -> int32:\n    return a\n", "type: a scalar argument is no memory"),
    ("BAD = Memory(resource='SRAM')\ndef f(A: int32[4] @ ⟦BAD⟧) -> int32:\n    return A[0]\n", "type: no resource"),
    ("S = open\ndef f(a: int32) -> int32:\n    return a + ⟦S⟧\n", "name: 'S' is no constant"),
    ("T = [1, 2]\ndef f(a: int32) -> int32:\n    return a + ⟦T⟧\n", "type: 'T' is no number"),
    ("T = [1, 2]\ndef f(a: int32) -> int32:\n    return a + ⟦T[2]⟧\n", "shape: no entry of 'T'"),
    ("T = [1, 2]\ndef f(a: int32) -> int32:\n    return a + ⟦T[a]⟧\n", "shape: no entry of 'T'"),
    ("N = 4\ndef f(a: int32) -> int32:\n    ⟦N⟧ = a\n    return a\n", "type: 'N' is a constant of the file"),
]
SIZES = [
    ('def f(A: int32[⟦"n"⟧]) -> int32:\n    return A[0]\n', "shape: the size 'n' has no maximum"),
    ("def f(A: int32[⟦...⟧]) -> int32:\n    return A[0]\n", "shape: must have a maximum"),
    ('def f(A: int32[⟦"n<=0"⟧]) -> int32["n"]:\n    return A + 1\n', "shape: at least 1, not 0"),
    ('def f(A: int32[⟦"n < 4"⟧]) -> int32["n"]:\n    return A + 1\n', "shape: is no extent"),
    ('def f(A: int32[⟦"n<=k"⟧]) -> int32:\n    return A[0]\n', "name: 'k' is not defined"),
    ('def f(A: int32["n<=4"], B: ⟦int32["n<=8"]⟧) -> int32:\n    return A[0]\n', "shape: the maximum 4, not 8"),
    ('def f(A: int32["n<=4"], ⟦n⟧: int32) -> int32:\n    return A[0]\n', "name: 'n' is already declared"),
    ('def f(A: int32["n<=4"]) -> int32:\n    ⟦n⟧ = 3\n    return A[0]\n', "type: the size of an array"),
    ('def f(A: int32["n<=4"]) -> int32:\n    return A[⟦3⟧]\n', "bounds: outside 0 to n - 1"),
    (
        'def f(A: int32["n<=4"]) -> int32["n"]:\n    C: int32["n"] = 0\n    for i in range(4):\n        C[⟦i⟧] = 1\n'
        "    return C\n",
        "bounds: goes from 0 to 3, outside 0 to n - 1",
    ),
    ('def f(A: int32["n<=4"], B: int32["m<=4"]) -> int32["n"]:\n    return ⟦A + B⟧\n', "shape: do not fit together"),
    (
        'def f(A: int32["n<=4"]) -> int32:\n    B: ⟦int32["k<=4"]⟧ = 0\n    return B[0]\n',
        "shape: belongs to no argument",
    ),
    (
        'def g(A: int32["m<=8"]):\n    A[0] = 1\ndef f(A: int32["n<=16"]):\n    g(⟦A⟧)\n',
        "shape: is int32[m<=8], but 'A' is int32[n<=16]",
    ),
]
CALLS = [
    (_SCALE + _F + "    B = scale(⟦B⟧, 1)\n    return A\n", "shape: is int32[4], but 'B' is int32[5]"),
    (_SCALE + _F + "    C = scale(⟦B⟧, 1)\n    return C\n", "shape: is int32[4], but 'B' is int32[5]"),
    (_SCALE + _F + "    return scale(⟦n⟧, 1)\n", "shape: is int32[4], but 'n' is int32"),
    (_SCALE + _F + "    return scale(⟦3⟧, 1)\n", "type: an array is needed"),
    (_SCALE + _F + "    return scale(⟦A * 2⟧, 1)\n", "type: what is passed is int64[4]"),
    (_SCALE + _F + "    return scale(A, ⟦A⟧)\n", "unsupported: whole arrays are not values"),
    (_SCALE + _F + "    return ⟦scale(A)⟧\n", "shape: takes 2 arguments, not 1"),
    (_SCALE + _F + "    return ⟦scale(A, 1, 2)⟧\n", "shape: takes 2 arguments, not 3"),
    (_SCALE + _F + "    return scale(A, ⟦q=1⟧)\n", "name: 'q' is no argument of 'scale'"),
    (_SCALE + _F + "    return scale(A, 1, ⟦k=1⟧)\n", "name: 'k' is given twice"),
    (_SCALE + _F + "    return ⟦scale(*A)⟧\n", "unsupported: `*` and `**`"),
    (_SCALE + _F + "    return scale(A, ⟦q⟧)\n", "name: 'q' is not defined"),
    (_SCALE + _F + "    x: int32 = ⟦scale(A, 1) + 1⟧\n    return A\n", "shape: cannot be assigned to a scalar"),
    (_SCALE + _F + "    return A if n > 0 else ⟦scale(A, 1)⟧\n", "type: where one number is needed"),
    (_SUM + _F + "    return ⟦A if n > 0 else A + total(A)⟧\n", "unsupported: a call in a branch of an array"),
    (_PAIR + _F + "    x = ⟦pair(n)⟧\n    return A\n", "shape: 2 results, and one is assigned"),
    (_PAIR + _F + "    x, y, z = ⟦pair(n)⟧\n    return A\n", "shape: 2 results, and 3 are assigned"),
    (_PAIR + _F + "    return A + ⟦pair(n)⟧\n", "type: has 2 results, where one number is needed"),
    (_CLEAR + _F + "    C = ⟦clear(A)⟧\n    return A\n", "shape: 0 results, and one is assigned"),
    (_CLEAR + _F + "    return A + ⟦clear(A)⟧\n", "type: has 0 results"),
    (_CLEAR + _F + "    clear(⟦A | 1⟧)\n    return A\n", "type: writes argument 'A', and this is a value, not a place"),
    (
        "def move(A: int32[4], B: int32[4]):\n    for i in range(4):\n        B[i] = A[i]\n"
        + _F
        + "    move(A, ⟦A⟧)\n    return A\n",
        "type: passed as both 'B', which 'move' writes, and 'A'",
    ),
    ("def f(n: int32) -> int32:\n    return ⟦f(n - 1)⟧\n", "unsupported: cannot call itself: f → f"),
    (
        "def h(n: int32) -> int32:\n    return ⟦g(n)⟧\ndef g(n: int32) -> int32:\n    return h(n)\n"
        "def f(n: int32) -> int32:\n    return g(n)\n",
        "unsupported: cannot call itself: g → h → g",
    ),
    (_SCALE + _F + "    return ⟦scal⟧(A, 1)\n", "name: 'scal' is no function"),
    (_SCALE + _F + "    return ⟦scale⟧\n", "name: 'scale' is a function, not a value"),
    (_F + "    ⟦def n⟧(a: int32) -> int32:\n        return a\n    return A\n", "name: 'n' is already declared"),
    (
        _F + "    def g(a: int32) -> int32:\n        return a + ⟦n⟧\n    return A + g(1)\n",
        "name: variable of the kernel around",
    ),
    (
        "def g(a: int32) -> int32:\n    return a + ⟦q⟧\n" + _F + "    return A + g(1) + g(2)\n",
        "name: 'q' is not defined",
    ),
    (
        "def g(A: int32[4], a: int32) -> int32:\n    return A[⟦a + 1.5⟧]\n" + _F + "    return A + g(A, 1)\n",
        "unsupported: a whole number, not float32",
    ),
]
# The same fault of two instances of a function is one fault, and both instances are wrong.
CALLS += [
    (
        "def g(A: ⟦int99⟧[4], k: int32) -> int32[4]:\n    return A * k\n"
        + _F
        + '    P = g(A, 1)\n    Q = g["x"](A, 2)\n    return P + Q\n',
        "type: 'int99' is no type",
    ),
]
SEVERAL = [
    (
        "def f(A: ⟦float31⟧[4], n: int32) -> int32:\n    t: int32 = ⟦q⟧ + A[0] + q\n    t[⟦40⟧] = 1\n    ⟦s⟧ = A[9]\n"
        "    for i in range(⟦1.5⟧):\n        t += ⟦r⟧\n    return t\n",
        "type: is no type; name: 'q'; bounds: bit 40; name: 's' is assigned; unsupported: not 1.5; name: 'r'",
    ),
    (
        "def f(A: int32[4], n: int32) -> int32:\n    B = A + ⟦z⟧\n    C: int8[2] = [1, ⟦300⟧]\n    with meta_if(⟦n⟧):\n"
        "        n = 1\n    return B[0] + C[⟦2⟧]\n",
        "name: 'z'; type: does not fit int8; type: known when; bounds: is 2, outside 0 to 1",
    ),
    (
        'def f(A: int32["n<=8"], x: float32) -> int32["n"]:\n    k: ConstExpr[int32] = ⟦x⟧\n    B: int32["n"] = A * k\n'
        "    if n > ⟦y⟧:\n        B[⟦n⟧] = 1\n    elif ⟦x[0]⟧:\n        ⟦break⟧\n    return B\n",
        "type: known at compile time; name: 'y'; bounds: outside 0 to n - 1; type: no bits; unsupported: `break`",
    ),
    (
        _SCALE + "def f(A: int32[5], n: int32) -> int32[5]:\n    B = scale(⟦A⟧, 1)\n    C: int32[5] = B + ⟦w⟧\n"
        "    while ⟦v⟧ > 0:\n        C[⟦5⟧] = scale(B, ⟦u⟧)\n    return C\n",
        "shape: is int32[4]; name: 'w'; name: 'v'; bounds: is 5; name: 'u'",
    ),
]

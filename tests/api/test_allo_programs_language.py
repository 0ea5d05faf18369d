"""Programs as Allo's users write them, kernels inside of functions: statements, scopes, constants, calls."""

import math

import numpy as np
import pytest

import allo_studio as allo
from allo_studio.lang import ConstExpr, float32, index, int8, int16, int32, uint2

RANDOM = np.random.default_rng(11)


def numbers(*shape: int, low: int = -50, high: int = 50) -> np.ndarray:
    return RANDOM.integers(low, high, shape).astype(np.int32)


def reals(*shape: int) -> np.ndarray:
    return RANDOM.random(shape, np.float32)


def test_ranges_of_one_two_and_three():
    def stripes(A: int32[24]):
        for i in range(8):
            A[i] = 3 * i
        for i in range(8, 24):
            A[i] = i - 7
        for i in range(1, 24, 3):
            A[i] = -i

    ours, expected = np.zeros(24, np.int32), np.zeros(24, np.int32)
    allo.customize(stripes).build()(ours)
    stripes(expected)
    np.testing.assert_array_equal(ours, expected)


def test_triangular_loops():
    def wedge(A: int32[12]):
        for i in range(12):
            for j in range(i + 1, 12):
                for k in range(j, 12):
                    A[k] += i + 2 * j

    ours, expected = np.zeros(12, np.int32), np.zeros(12, np.int32)
    allo.customize(wedge).build()(ours)
    wedge(expected)
    np.testing.assert_array_equal(ours, expected)


def test_bounds_from_data():
    def hops(starts: int32[6], hits: int32[16]):
        for i in range(6):
            for j in range(starts[i], 16, 2):
                for k in range(starts[i] - 1, starts[i] + 1):
                    if k >= 0:
                        hits[j] += i + k

    starts = np.array([0, 1, 2, 3, 9, 15], np.int32)
    ours, expected = np.zeros(16, np.int32), np.zeros(16, np.int32)
    allo.customize(hops).build()(starts, ours)
    hops(starts, expected)
    np.testing.assert_array_equal(ours, expected)


def test_a_trip_count_that_is_an_argument():
    def total(n: int32) -> int32:
        t: int32 = 0
        for i in range(n):
            for j in range(i):
                t = t + j
            t += i
        return t

    mod = allo.customize(total).build()
    assert [mod(n) for n in (0, 1, 5, 9)] == [total(n) for n in (0, 1, 5, 9)]


def test_while_with_an_index():
    def fill(A: int32[10]):
        at: index = 0
        while at < 10:
            A[at] = at * at
            at += 2

    ours, expected = np.ones(10, np.int32), np.ones(10, np.int32)
    allo.customize(fill).build()(ours)
    fill(expected)
    np.testing.assert_array_equal(ours, expected)


def test_while_until_it_converges():
    def collatz(n: int32) -> int32:
        steps: int32 = 0
        left: int32 = n
        while left != 1:
            if left % 2 == 0:
                left = left // 2
            else:
                left = 3 * left + 1
            steps += 1
        return steps

    mod = allo.customize(collatz).build()
    assert [mod(n) for n in (1, 6, 7, 27)] == [0, 8, 16, 111]


def test_elif_and_nested_if():
    def choose(a: int32, b: int32) -> int32:
        r: int32 = -1
        if a < 0:
            r = 1
        elif a == 0:
            r = 2
            if b > 3:
                r = 3
        elif b == a:
            r = 4
        else:
            r = 5
        return r

    mod = allo.customize(choose).build()
    for a, b in [(-1, 0), (0, 0), (0, 4), (2, 2), (2, 3)]:
        assert mod(a, b) == choose(a, b)


def test_and_or_not():
    def logic(A: int32[3], b: int32) -> int32:
        r: int32 = 0
        if A[0] > 0 and A[1] > 0 and b < 0:
            r = 1
        elif A[1] * 2 <= 1 or not (b + 1 >= 1):
            r = 2
        elif not A[2] != 3:
            r = 3
        return r

    mod = allo.customize(logic).build()
    for values in ([1, 1, 1], [0, 0, 0], [0, 9, 3], [5, 9, 4]):
        for b in (-2, 0, 2):
            data = np.array(values, np.int32)
            assert mod(data, b) == logic(data, b)


def test_a_condition_that_guards_an_access():
    def shift(A: int32[8]) -> int32[8]:
        B: int32[8] = 0
        for i in range(8):
            if i > 0 and A[i - 1] > 0:
                B[i] = A[i - 1]
        return B

    data = numbers(8)
    expected = np.concatenate([[0], np.where(data[:-1] > 0, data[:-1], 0)])
    np.testing.assert_array_equal(allo.customize(shift).build()(data), expected)


def test_a_ternary_of_numbers_and_of_mixed_types():
    def parity(A: int32[16]) -> int32[16]:
        B: int32[16] = 0
        for i in range(16):
            B[i] = (i * 2) if A[i] % 2 == 0 else -1
        return B

    def rectify(x: float32, y: int32) -> float32:
        r: float32 = x if x > 0.0 else y
        return r

    data = numbers(16)
    expected = np.where(data % 2 == 0, np.arange(16) * 2, -1)
    np.testing.assert_array_equal(allo.customize(parity).build()(data), expected)
    mod = allo.customize(rectify).build()
    assert (mod(2.5, 7), mod(-2.5, 7)) == (2.5, 7.0)


def test_unary_signs():
    def signs() -> int32:
        v: int32 = 5
        down: int32 = -(v + 1)
        real: float32 = -(v + 1.0)
        return +(down + real)

    assert allo.customize(signs).build()() == signs()


def test_operators_with_the_number_first():
    def mixed() -> int32[9]:
        v: int32 = 5
        r: int32[9] = [0, 0, 0, 0, 0, 0, 0, 0, 0]
        r[0] = 1 + v
        r[1] = 1 - v
        r[2] = 3 * v
        r[3] = 16 // v
        r[4] = 16 % v
        r[5] = 1 << v
        r[6] = 64 >> v
        r[7] = 12 & v
        r[8] = (8 | v) ^ 1
        return r

    np.testing.assert_array_equal(allo.customize(mixed).build()(), mixed())


def test_a_function_in_a_function():
    def twice_plus(A: int32[10]) -> int32[10]:
        B: int32[10] = 0

        def step(x: int32) -> int32:
            return 2 * x + 1

        for i in range(10):
            B[i] = step(A[i])
        return B

    data = numbers(10)
    np.testing.assert_array_equal(allo.customize(twice_plus).build()(data), 2 * data + 1)


def test_an_inner_function_with_an_array_and_an_index():
    def gather(A: int32[10]) -> int32[10]:
        B: int32[10] = 0

        def pick(A_: int32[10], x: index) -> int32:
            C: int32[10] = 0
            for i in range(10):
                C[i] = A_[i] + 1
            y: int32 = C[x]
            return y

        for i in range(10):
            B[i] = pick(A, i)
        return B

    data = numbers(10)
    np.testing.assert_array_equal(allo.customize(gather).build()(data), data + 1)


def test_a_result_and_arguments_that_are_written():
    def split_sum(A: int32[8], even: int32[4], odd: int32[4]) -> int32:
        t: int32 = 0
        for i in range(4):
            even[i] = A[2 * i]
            odd[i] = A[2 * i + 1]
            t += A[2 * i] + A[2 * i + 1]
        return t

    data, even, odd = numbers(8), np.zeros(4, np.int32), np.zeros(4, np.int32)
    assert allo.customize(split_sum).build()(data, even, odd) == data.sum()
    np.testing.assert_array_equal(even, data[::2])
    np.testing.assert_array_equal(odd, data[1::2])


def test_scalars_of_two_types():
    def blend(A: float32[10], B: int32, C: float32) -> float32:
        v: float32 = 0.0
        v = A[0] + float(B) + C
        return v

    data = reals(10)
    assert allo.customize(blend).build()(data, 3, 0.5) == pytest.approx(data[0] + 3.5)


def test_copies_of_arrays_and_scalars():
    M, N = 3, 2

    def duplicate(inp: int32[M, N]) -> int32[M, N]:
        middle: int32[M, N] = inp
        outp: int32[M, N] = middle
        return outp

    def square(inp: int32) -> int32:
        kept: int32 = inp
        outp: int32
        outp = kept * kept
        return outp

    data = numbers(M, N)
    np.testing.assert_array_equal(allo.customize(duplicate).build()(data), data)
    assert "for" in str(allo.customize(duplicate).build(target="vhls"))
    assert allo.customize(square).build()(-7) == 49


def test_sizes_that_are_computed():
    M = 10

    def widen(A: int32[((M + 1) * 2) // 2]) -> float32[M + 1]:
        r: float32[M + 1] = 0
        for i in range(M + 1):
            r[i] = A[i] + 1
        return r

    data = numbers(M + 1)
    np.testing.assert_array_equal(allo.customize(widen).build()(data), data + 1)


def test_several_results():
    M = 6

    def both(A: int32[M], B: int32[M], C: float32[M, M]) -> (int32[M], int32[M], float32[M, M]):
        r0: int32[M] = 0
        r1: int32[M] = 0
        r2: float32[M, M] = 0
        for i in range(M):
            r0[i] = A[i] + 1
            r1[i] = B[i] - 1
        for i, j in allo.grid(M, M):
            r2[i, j] = C[j, i]
        return r0, r1, r2

    a, b, c = numbers(M), numbers(M), reals(M, M)
    r0, r1, r2 = allo.customize(both).build()(a, b, c)
    np.testing.assert_array_equal(r0, a + 1)
    np.testing.assert_array_equal(r1, b - 1)
    np.testing.assert_array_equal(r2, c.T)


def test_rows_and_planes():
    def row(A: int32[10, 10]) -> int32[10]:
        return A[5]

    def plane(A: float32[5, 4, 3]) -> float32[4, 3]:
        return A[3]

    def line(A: float32[5, 4, 3], i: index, j: index) -> float32[3]:
        return A[i, j]

    a, b = numbers(10, 10), reals(5, 4, 3)
    np.testing.assert_array_equal(allo.customize(row).build()(a), a[5])
    np.testing.assert_array_equal(allo.customize(plane).build()(b), b[3])
    np.testing.assert_array_equal(allo.customize(line).build()(b, 4, 2), b[4, 2])


def test_a_slice_is_assigned():
    def corner(A: int32[6, 6]) -> int32[6, 6]:
        B: int32[2, 3] = 0
        B[0, 0] = 1
        A[1:3, 0:3] = B
        return A

    data = numbers(6, 6)
    expected = data.copy()
    expected[1:3, 0:3] = [[1, 0, 0], [0, 0, 0]]
    np.testing.assert_array_equal(allo.customize(corner).build()(data), expected)


def test_kernels_that_return_nothing():
    def returns_none(A: int32[4]) -> None:
        A[0] = 1
        return None

    def returns(A: int32[4]) -> None:
        A[0] = 1
        return

    def falls_off(A: int32[4]):
        A[0] = 1

    for kernel in (returns_none, returns, falls_off):
        data = np.zeros(4, np.int32)
        assert allo.customize(kernel).build()(data) is None
        assert data[0] == 1


def test_results_of_calls_are_unpacked():
    def sum_and_difference(a: float32, b: float32) -> (float32, float32):
        c: float32 = a + b
        d: float32 = a - b
        return c, d

    def arrays(A: float32[10], B: float32[10]) -> (float32[10], float32[10]):
        C: float32[10] = 0
        D: float32[10] = 0
        for i in range(10):
            C[i], D[i] = sum_and_difference(A[i], B[i])
        return C, D

    def declared(a: float32, b: float32) -> float32:
        C: float32
        D: float32
        C, D = sum_and_difference(a, b)
        return C * D

    def inferred(a: float32, b: float32) -> float32:
        C, D = sum_and_difference(a, b)
        return C * D

    def ignored(a: float32, b: float32) -> float32:
        C, _ = sum_and_difference(a, b)
        return C

    a, b = reals(10), reals(10)
    c, d = allo.customize(arrays).build()(a, b)
    np.testing.assert_array_equal(c, a + b)
    np.testing.assert_array_equal(d, a - b)
    assert allo.customize(declared).build()(3.0, 2.0) == 5.0
    assert allo.customize(inferred).build()(3.0, 2.0) == 5.0
    assert allo.customize(ignored).build()(3.0, 2.0) == 5.0


@pytest.mark.parametrize("T", [int8, int32, float32])
def test_least_and_greatest(T):
    def extremes(A: T[10]) -> (T[1], T[1]):
        least: T[1] = 100
        most: T[1] = -100
        for i in range(10):
            least[0] = min(least[0], A[i])
            most[0] = max(most[0], A[i])
        return least, most

    s = allo.customize(extremes)
    data = RANDOM.integers(-64, 64, 10).astype(T.scalar.dtype)
    least, most = s.build()(data)
    assert (least[0], most[0]) == (data.min(), data.max())
    code = s.build(target="vhls").hls_code
    assert "extremes(" in code


def test_least_of_mixed_types():
    def clamp(A: int8[2]) -> int32[2]:
        r: int32[2] = 0
        r[0] = min(A[0], 0)
        r[1] = max(A[1], 0.0)
        return r

    for values in ([5, -5], [-5, 5]):
        found = allo.customize(clamp).build()(np.array(values, np.int8))
        np.testing.assert_array_equal(found, [min(values[0], 0), max(values[1], 0)])


def test_names_of_the_enclosing_function():
    a = 3

    def once() -> int32:
        b: int32 = a
        c: int32 = a + 1
        b, c = a + 1, a + 2
        return b * c

    assert allo.customize(once).build()() == 20
    a = 5
    assert allo.customize(once).build()() == 42


def test_declared_again():
    a = 3

    def again() -> int32:
        b: int32 = a
        b: int32 = 1
        b = b + a
        return b

    def changed() -> int32:
        b: int32 = a
        b: int32[2] = [2, 2]
        return b[0]

    def tables() -> int32:
        t: int32[2, 2] = [[1, 2], [3, 4]]
        kept: int32 = t[0, 0]
        t: int32[2, 2] = [[a, 2], [3, 9]]
        return kept + t[0, 0] + t[1, 1]

    assert allo.customize(again).build()() == 4
    assert allo.customize(tables).build()() == 13
    with pytest.raises(SystemExit):
        allo.customize(changed)


def test_scopes_are_blocks():
    def inside(a: int32) -> int32:
        r: int32 = 0
        if a > 0:
            t: int32 = 2
            r = r + t
        return r

    def branches(a: int32) -> int32:
        if a == 0:
            r: int32 = 1
        else:
            r: int32 = 4
        return r

    def after(n: int32) -> int32:
        for i in range(n):
            last: int32 = i
        return last

    def same_variable(n: int32) -> int32:
        t: int32 = 0
        for i in range(n):
            for i in range(n):
                t = t + i
        return t

    mod = allo.customize(inside).build()
    assert (mod(0), mod(1)) == (0, 2)
    for kernel in (branches, after, same_variable):
        with pytest.raises(SystemExit):
            allo.customize(kernel)


def test_lists_and_arrays_as_constants():
    a = 1
    table = np.array([[1, 2], [3, 4]])

    def from_list() -> int32:
        t: int32[2, 2] = [[a, 2], [3, 4]]
        return t[0, 0] + t[1, 1]

    def from_array() -> int32:
        t: int32[2, 2] = table
        return t[0, 1]

    def of_a_row() -> int32[2]:
        t: int32[2] = table[1]
        return t

    def assigned() -> int32:
        t: int32[2, 2] = [[1, 2], [3, 4]]
        t = [[a + 4, 2], [3, 4]]
        return t[0, 0]

    def from_a_scalar() -> int32:
        b: int32 = a
        t: int32[2, 2] = b
        return t[1, 1]

    assert allo.customize(from_list).build()() == 5
    assert allo.customize(from_array).build()() == 2
    np.testing.assert_array_equal(allo.customize(of_a_row).build()(), [3, 4])
    assert allo.customize(assigned).build()() == 5
    assert allo.customize(from_a_scalar).build()() == 1


def test_an_inner_function_does_not_see_arrays_outside():
    def shadows(A: int32[10]) -> int32[10]:
        def zero(x: index) -> int32:
            C: int32[10] = 0
            y: int32 = C[x]
            return y

        for i in range(10):
            A[i] = zero(i)
        return A

    def clashes(A: int32[10]) -> int32[10]:
        def A(x: index) -> int32:
            return 1

        for i in range(10):
            A[i] = A(i)
        return A

    np.testing.assert_array_equal(allo.customize(shadows).build()(numbers(10)), np.zeros(10))
    with pytest.raises(SystemExit):
        allo.customize(clashes)


def test_constant_expressions():
    M = 10

    def head(A: int32[10]) -> int32[10]:
        limit: ConstExpr[int32] = M // 2
        offset: ConstExpr[int32] = limit * 2 + 1
        B: int32[10]
        for i in range(limit):
            B[i] = A[i] + offset
        for i in range(limit, 10):
            B[i] = A[i]
        return B

    s = allo.customize(head)
    data = numbers(10)
    expected = data.copy()
    expected[:5] += 11
    np.testing.assert_array_equal(s.build()(data), expected)
    assert "to 5" in str(s.module)
    assert "scf.for" not in str(s.module)


def test_constant_expressions_of_python_functions():
    def weight(i):
        return math.cos(2.0 * math.pi * i / 8)

    def rotated(i, offset):
        return (i + offset) % 8

    def mix(A: float32[8], B: float32[8]):
        with allo.meta_for(8) as i:
            w: ConstExpr[float32] = weight(i)
            at: ConstExpr[int32] = rotated(i, 3)
            B[i] = A[at] * w

    data, ours = reals(8), np.zeros(8, np.float32)
    allo.customize(mix).build()(data, ours)
    expected = [data[(i + 3) % 8] * np.float32(math.cos(2.0 * math.pi * i / 8)) for i in range(8)]
    np.testing.assert_array_equal(ours, expected)


def test_a_constant_expression_needs_a_value():
    def without():
        a: ConstExpr[int32]
        pass

    with pytest.raises(SystemExit):
        allo.customize(without)


def test_loops_while_compiling():
    def bits(A: uint2[10], B: int32[10]):
        with allo.meta_for(10) as i:
            B[i][0:2] = A[i]

    def updates(A: int32[10], B: int32[10]):
        with allo.meta_for(2, 10, 3) as i:
            B[i] += A[i]
            B[i] *= 2

    data, ours = RANDOM.integers(0, 4, 10).astype(np.uint8), np.zeros(10, np.int32)
    allo.customize(bits).build()(data, ours)
    np.testing.assert_array_equal(ours, data)
    a, b = numbers(10), numbers(10)
    expected = b.copy()
    expected[2::3] = (b[2::3] + a[2::3]) * 2
    allo.customize(updates).build()(a, b)
    np.testing.assert_array_equal(b, expected)


def test_branches_while_compiling():
    def variant(mode):
        def kernel(A: int32[4]) -> int32[4]:
            B: int32[4] = 0
            for i in range(4):
                with allo.meta_if(mode == 0):
                    B[i] = A[i]
                with allo.meta_elif(mode == 1):
                    B[i] = -A[i]
                with allo.meta_else():
                    B[i] = mode
            return B

        return kernel

    data = numbers(4)
    for mode, expected in ((0, data), (1, -data), (7, np.full(4, 7))):
        np.testing.assert_array_equal(allo.customize(variant(mode)).build()(data), expected)


def test_annotations_as_texts():
    def first(x_in: "int8[4]") -> "int8":
        """Return the first."""
        return x_in[0]

    assert allo.customize(first).build()(np.array([5, 0, 0, 0], np.int8)) == 5


def test_a_step_backwards():
    def suffix_sums(x: int32[8], y: int32[8]):
        t: int32 = 0
        for i in range(7, -1, -1):
            t += x[i]
            y[i] = t

    data, ours = numbers(8), np.zeros(8, np.int32)
    allo.customize(suffix_sums).build()(data, ours)
    np.testing.assert_array_equal(ours, np.cumsum(data[::-1])[::-1])


def test_arrays_of_arrays_of_another_width():
    def narrow(A: int32[4]) -> int16[4]:
        B: int16[4] = A
        return B

    data = np.array([1, -1, 40000, 70000], np.int32)
    np.testing.assert_array_equal(allo.customize(narrow).build()(data), data.astype(np.int16))


def test_broadcast_operators():
    def affine(A: float32[4, 3], b: float32[3]) -> float32[4, 3]:
        C: float32[4, 3] = A * 2 + b
        return C - 1

    a, b = reals(4, 3), reals(3)
    np.testing.assert_allclose(allo.customize(affine).build()(a, b), a * 2 + b - 1, rtol=1e-6)


def test_transpose_and_copy():
    def turned(A: float32[3, 4]) -> float32[4, 3]:
        return A.T

    def copied(A: float32[3, 4]) -> float32[3, 4]:
        B = A.copy()
        return B

    data = reals(3, 4)
    np.testing.assert_array_equal(allo.customize(turned).build()(data), data.T)
    np.testing.assert_array_equal(allo.customize(copied).build()(data), data)

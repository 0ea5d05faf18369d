"""Programs as Allo's users write them: types of any width, casts, bits, structs, state, memories."""

import numpy as np
import pytest

import allo_studio as allo
from allo_studio.diagnostics import AlloError
from allo_studio.lang import (
    Fixed,
    Float,
    Int,
    Memory,
    Stateful,
    Struct,
    UFixed,
    UInt,
    bfloat16,
    bool,
    float16,
    float32,
    float64,
    int4,
    int8,
    int16,
    int32,
    int64,
    uint1,
    uint8,
    uint16,
    uint32,
)

RANDOM = np.random.default_rng(5)


def test_casts_by_int_and_float():
    def there_and_back(a: int32) -> float32:
        b: float32 = float(int(float(1)))
        c: float32 = float(int(float(a)))
        return b + c

    assert allo.customize(there_and_back).build()(41) == 42.0


def test_casts_by_declaration():
    def chain(a: int32) -> int16:
        b: float32 = a
        c: float32 = b * 2
        d: float32 = float(a) * 2
        e: int16 = c + d
        return e

    mod = allo.customize(chain).build()
    assert [mod(a) for a in (0, 3, -5, 100)] == [4 * a for a in (0, 3, -5, 100)]


def test_a_sum_is_wide_until_it_is_stored():
    def average(a: int32, b: int32) -> int32:
        return (a + b) // 2

    top = 2**31 - 1
    assert allo.customize(average).build()(top, top) == top


def test_types_by_their_makers():
    def convert(A: Float(32)[8, 8]) -> Int(32)[8, 8]:
        B: int32[8, 8] = 0
        one: Int(32) = 1
        for i, j in allo.grid(8, 8):
            B[i, j] = int(A[i, j]) + one
        return B

    data = (RANDOM.random((8, 8)) * 20 - 10).astype(np.float32)
    np.testing.assert_array_equal(allo.customize(convert).build()(data), data.astype(np.int32) + 1)


def test_attributes_of_types():
    assert (Float(32).bits, Float(32).fracs, Float(32).exponent) == (32, 23, 8)
    assert (Float(64).bits, Float(64).fracs, Float(64).exponent) == (64, 52, 11)
    assert (Int(7).bits, Int(7).fracs, Fixed(12, 5).bits, Fixed(12, 5).fracs) == (7, 0, 12, 5)
    kinds = [Float(16), Float(32), Float(64), bfloat16]
    for bits in (2, 6, 32, 40):
        kinds += [Int(bits), UInt(bits), Fixed(bits, bits - 2), UFixed(bits, bits - 2)]
    for i, one in enumerate(kinds):
        for j, other in enumerate(kinds):
            assert (one == other) == (i == j)
    assert (Int(32), UInt(8), Float(32)) == (int32, uint8, float32)
    assert len({Int(32), int32, Float(32), float32}) == 2
    assert int32 != "int32"
    with pytest.raises(ValueError, match="16, 32 or 64"):
        Float(8)


def test_attributes_of_types_in_a_kernel():
    def widths(T):
        def kernel() -> int32:
            A: int32 = T.bits
            B: UInt(T.bits + 2) = 1
            C: UInt(T.fracs + 3) = 2
            return A + B + C

        return kernel

    assert allo.customize(widths(Int(7))).build()() == 10
    assert allo.customize(widths(Fixed(12, 4))).build()() == 15


@pytest.mark.parametrize(("bits", "wide"), [(3, 7), (5, 9), (8, 16), (15, 34), (17, 31), (7, 33)])
@pytest.mark.parametrize("maker", [Int, UInt])
def test_a_product_of_any_width(maker, bits, wide):
    M, N, K = 3, 4, 5
    T_IN, T_OUT = maker(bits), maker(wide)

    def gemm(A: T_IN[M, K], B: T_IN[K, N]) -> T_OUT[M, N]:
        C: T_OUT[M, N] = 0
        for i, j, k in allo.grid(M, N, K, name="C"):
            C[i, j] += A[i, k] * B[k, j]
        return C

    low, high = (-2, 3) if maker is Int else (0, 4)
    a, b = RANDOM.integers(low, high, (M, K)), RANDOM.integers(low, high, (K, N))
    found = allo.customize(gemm).build()(a.astype(np.int32), b.astype(np.int32))
    np.testing.assert_array_equal(found, a @ b)


def test_arguments_of_odd_widths_that_are_written():
    def accumulate(A: Int(5)[4], B: Int(14)[4]):
        for i in range(4):
            B[i] += A[i] * A[i]

    data, sums = np.array([3, -4, 0, 15], np.int32), np.array([1, 2, 3, 4], np.int32)
    allo.customize(accumulate).build()(data, sums)
    np.testing.assert_array_equal(sums, [10, 18, 3, 229])


@pytest.mark.parametrize("T", [Int(5), UInt(5), Float(32)])
def test_a_comparison_with_a_number_of_another_type(T):
    def positive(A: T) -> T:
        B: T = 0
        if A > B or A + 1 < 0.0:
            B = A
        return B

    mod = allo.customize(positive).build()
    assert mod(2) == 2
    if T.scalar.signed:
        assert mod(-3) == -3


@pytest.mark.parametrize(
    ("T_IN", "T_OUT"), [(Fixed(26, 23), Fixed(30, 23)), (UFixed(25, 22), UFixed(29, 21)), (Fixed(8, 3), Fixed(16, 2))]
)
def test_a_product_of_fixed_point(T_IN, T_OUT):
    M, N, K = 4, 3, 5

    def gemm(A: T_IN[M, K], B: T_IN[K, N]) -> T_OUT[M, N]:
        C: T_OUT[M, N] = 0
        for i, j, k in allo.grid(M, N, K, name="C"):
            C[i, j] += A[i, k] * B[k, j]
        return C

    # Halves: exact in every type here.
    a, b = (RANDOM.integers(0, 2, shape).astype(np.float32) for shape in ((M, K), (K, N)))
    found = allo.customize(gemm).build()(a / 2, b)
    np.testing.assert_allclose(np.asarray(found, float), a @ b / 2, atol=0.26 if T_OUT.fracs == 2 else 1e-6)


def test_a_comparison_of_fixed_point():
    T = Fixed(8, 3)

    def above(A: T) -> int32:
        B: T = 0.5
        r: int32 = 0
        if A > B and A > 0:
            r = 1
        return r

    mod = allo.customize(above).build()
    assert (mod(0.5), mod(0.625), mod(-1.0)) == (0, 1, 0)


def test_constants_of_odd_widths():
    table = RANDOM.integers(-8, 8, (4, 4)).astype(np.int8)
    other = RANDOM.integers(-8, 8, (4, 4)).astype(np.int8)

    def add() -> Int(8)[4, 4]:
        A: Int(5)[4, 4] = table
        B: Int(5)[4, 4] = other
        C: Int(8)[4, 4] = A + B
        return C

    np.testing.assert_array_equal(allo.customize(add).build()(), table + other)


def test_a_binary_convolution():
    bs, ic, oc, ih, iw, kh, kw = 1, 3, 2, 5, 5, 3, 3
    oh, ow = ih - kh + 1, iw - kw + 1
    L = ic * kh * kw

    def bconv(A: uint1[bs, ic, ih, iw], F: uint1[oc, ic, kh, kw]) -> int32[bs, oc, oh, ow]:
        B: int32[bs, oc, oh, ow] = 0
        for n, c, h, w in allo.grid(bs, oc, oh, ow):
            v: int32 = 0
            for rc, rh, rw in allo.reduction(ic, kh, kw):
                v += A[n, rc, h + rh, w + rw] ^ F[c, rc, rh, rw]
            B[n, c, h, w] = L - (v << 1)
        return B

    a, f = RANDOM.integers(0, 2, (bs, ic, ih, iw)), RANDOM.integers(0, 2, (oc, ic, kh, kw))
    windows = np.lib.stride_tricks.sliding_window_view(a, (kh, kw), (2, 3))
    expected = np.einsum("ncyxhw,ochw->noyx", 1 - 2 * windows, 1 - 2 * f)
    np.testing.assert_array_equal(allo.customize(bconv).build()(a, f), expected)


def test_an_average_pool():
    bs, ch, ih, kh, stride = 2, 2, 6, 2, 2
    oh = (ih - kh) // stride + 1

    def pool(A: float32[bs, ch, ih, ih], B: float32[bs, ch, oh, oh]):
        for n, c, h, w in allo.grid(bs, ch, oh, oh):
            v: float32 = 0.0
            for rh, rw in allo.reduction(kh, kh):
                v += A[n, c, h * stride + rh, w * stride + rw]
            B[n, c, h, w] = v / (kh * kh)

    data = RANDOM.random((bs, ch, ih, ih), np.float32)
    ours, expected = np.zeros((bs, ch, oh, oh), np.float32), np.zeros((bs, ch, oh, oh), np.float32)
    allo.customize(pool).build()(data, ours)
    pool(data, expected)
    np.testing.assert_allclose(ours, expected, rtol=1e-6)


@pytest.mark.parametrize("T", [float16, bfloat16, float32, float64])
def test_every_kind_of_float(T):
    def axpy(a: T, x: T[6], y: T[6]) -> T[6]:
        z: T[6]
        for i in range(6):
            z[i] = a * x[i] + y[i]
        return z

    x, y = RANDOM.integers(-8, 8, 6), RANDOM.integers(-8, 8, 6)
    dtype = T.scalar.dtype
    found = allo.customize(axpy).build()(3.0, x.astype(dtype), y.astype(dtype))
    np.testing.assert_array_equal(found.astype(float), 3.0 * x + y)


def test_bits_are_read_and_written():
    def low_bit(A: int32[10]) -> int32[10]:
        B: int32[10] = 0
        for i in range(10):
            B[i] = (A[i] + 1)[0]
        return B

    def swap(A: uint16[10]) -> uint16[10]:
        B: uint16[10] = 0
        for i in range(10):
            B[i][0:8] = A[i][8:16]
            B[i][8:16] = A[i][0:8]
        return B

    def set_bit(A: uint8[10], at: int32):
        for i in range(10):
            A[i][at] = 1

    ints = RANDOM.integers(-99, 99, 10).astype(np.int32)
    np.testing.assert_array_equal(allo.customize(low_bit).build()(ints), (ints + 1) & 1)
    words = RANDOM.integers(0, 2**16, 10).astype(np.uint16)
    np.testing.assert_array_equal(allo.customize(swap).build()(words), words.byteswap())
    octets = RANDOM.integers(0, 256, 10).astype(np.uint8)
    expected = octets | 16
    allo.customize(set_bit).build()(octets, 4)
    np.testing.assert_array_equal(octets, expected)


def test_bits_at_places_that_vary():
    def nibbles(A: uint32[4]) -> uint8[4, 8]:
        B: uint8[4, 8] = 0
        for i, j in allo.grid(4, 8):
            B[i, j] = A[i][j * 4 : (j + 1) * 4]
        return B

    words = RANDOM.integers(0, 2**32, 4).astype(np.uint32)
    expected = (words[:, None] >> (4 * np.arange(8, dtype=np.uint32))) & 15
    np.testing.assert_array_equal(allo.customize(nibbles).build()(words), expected)


def test_reversed_bits():
    def mirror(A: uint8[10]) -> uint8[10]:
        B: uint8[10] = 0
        for i in range(10):
            B[i] = (A[i]).reverse()
        return B

    octets = RANDOM.integers(0, 256, 10).astype(np.uint8)
    expected = [int(f"{octet:08b}"[::-1], 2) for octet in octets.tolist()]
    np.testing.assert_array_equal(allo.customize(mirror).build()(octets), expected)


def test_the_bits_of_a_float():
    def raw(x: float32) -> int32:
        y: int32 = x.bitcast()
        return y

    def real(x: int32) -> float32:
        y: float32 = x.bitcast()
        return y

    assert allo.customize(raw).build()(1.5) == np.float32(1.5).view(np.int32)
    assert allo.customize(real).build()(0x40490FDB) == np.float32(np.pi)


def test_packed_words():
    def dot(A: UInt(32)[8], B: UInt(32)[8]) -> int32:
        t: int32 = 0
        for i in range(8):
            for lane in range(4):
                a: int8 = A[i][8 * lane : 8 * lane + 8]
                b: int8 = B[i][8 * lane : 8 * lane + 8]
                t += a * b
        return t

    a, b = (RANDOM.integers(-128, 128, 32).astype(np.int8) for _ in range(2))
    found = allo.customize(dot).build()(a.view(np.uint32), b.view(np.uint32))
    assert found == int(a.astype(int) @ b.astype(int))


def test_a_struct():
    Point = Struct({"x": int32, "y": float32})

    def swing(a: int32, b: float32) -> float32:
        p: Point
        p["x"] = a + 1
        p["y"] = b * 2.0
        return p["x"] + p["y"]

    assert allo.customize(swing).build()(3, 0.25) == 4.5


def test_an_array_of_structs():
    Pair = Struct({"key": uint8, "value": int16})

    def sums(P: Pair[6]) -> int32:
        t: int32 = 0
        for i in range(6):
            if P[i]["key"] == 1:
                t += P[i]["value"]
        return t

    data = np.zeros(6, Pair.scalar.dtype)
    data["key"] = [1, 0, 1, 1, 2, 1]
    data["value"] = [5, 9, -7, 100, 3, 1000]
    assert allo.customize(sums).build()(data) == 1098


def test_state_is_kept_between_calls():
    def accumulate(x: int32) -> int32:
        total: int32 @ Stateful = 0
        total = total + x
        return total

    mod = allo.customize(accumulate).build()
    assert [mod(x) for x in (5, 7, -2)] == [5, 12, 10]
    mod.reset()
    assert mod(1) == 1
    assert allo.customize(accumulate).build()(4) == 4


def test_state_in_an_array():
    def moving_average(x: float32) -> float32:
        window: float32[4] @ Stateful = 0.0
        at: int32 @ Stateful = 0
        window[at] = x
        at = (at + 1) % 4
        total: float32 = 0.0
        for i in range(4):
            total += window[i]
        return total / 4.0

    mod = allo.customize(moving_average).build()
    fed = [4.0, 8.0, 0.0, 4.0, 20.0]
    expected = [sum(fed[max(0, i - 3) : i + 1]) / 4 for i in range(5)]
    assert [mod(x) for x in fed] == expected


def test_memories_are_named():
    def store(A: int32[32] @ Memory(resource="URAM")) -> int32[32]:
        B: int32[32] @ Memory(resource="BRAM", storage_type="RAM_2P")
        for i in range(32):
            B[i] = A[i] + 1
        return B

    s = allo.customize(store)
    data = RANDOM.integers(-9, 9, 32).astype(np.int32)
    np.testing.assert_array_equal(s.build()(data), data + 1)
    code = s.build(target="vhls").hls_code.lower()
    assert "bind_storage" in code
    assert "uram" in code


def test_a_flag_of_one_bit():
    def add_if(flag: bool, C: int32[3]):
        if flag:
            C[0] = C[0] + 1

    mod = allo.customize(add_if).build()
    data = np.array([1, 2, 3], np.int32)
    mod(True, data)
    mod(False, data)
    mod(1, data)
    np.testing.assert_array_equal(data, [3, 2, 3])


def test_small_and_large_integers():
    def mix(a: int4, b: int64) -> int64:
        return a * b

    assert allo.customize(mix).build()(-8, 2**58) == -(2**61)


def test_bits_at_places_that_are_data():
    def field(word: uint32, at: int32) -> uint8:
        return word[at : at + 8]

    def put(word: uint32, at: int32, value: uint8) -> uint32:
        w: uint32 = word
        w[at : at + 8] = value
        return w

    read, write = allo.customize(field).build(), allo.customize(put).build()
    for at in (0, 3, 24, 28):
        assert read(0xDEADBEEF, at) == (0xDEADBEEF >> at) & 0xFF
        mask = (0xFF << at) & 0xFFFFFFFF
        assert write(0xDEADBEEF, at, 0x5A) == (0xDEADBEEF & ~mask) | ((0x5A << at) & mask)


@pytest.mark.parametrize(
    ("slice_", "message"),
    [
        ("j * 4 : j * 4 + 8", "first of 8 bits goes from 0 to 28"),
        ("j : j + 40", "40 bits of uint32"),
        ("j : j", "0 bits of uint32"),
        ("j : 9", "must be constant"),
        ("j : 2 * j + 1", "must be constant"),
    ],
)
def test_bits_at_wrong_places(slice_, message, tmp_path):
    file = tmp_path / "wrong.py"
    file.write_text(
        "from allo_studio.lang import uint32\n"
        "def wrong(A: uint32[8]) -> uint32[8]:\n"
        "    B: uint32[8] = 0\n"
        "    for j in range(8):\n"
        f"        B[j] = A[j][{slice_}]\n"
        "    return B\n"
    )
    scope: dict[str, object] = {}
    exec(compile(file.read_text(), str(file), "exec"), scope)
    with pytest.raises(AlloError, match=message):
        allo.customize(scope["wrong"])

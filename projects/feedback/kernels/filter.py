"""A first-order low-pass filter, y[i] = y[i - 1] + (x[i] - y[i - 1]) / 8, in three blocks of which two are a loop."""

from allo_studio.lang import int32

N = 256


def error(x: int32[N], y: int32[N]) -> int32[N]:
    """Take away from each sample what the filter made of the one before it."""
    e: int32[N]
    for i in range(N):
        e[i] = x[i] - y[i]
    return e


def accumulate(e: int32[N], last: int32[N]) -> (int32[N], int32[N], int32[N]):
    """Add an eighth of the difference to the sum so far, which goes to the result, back here and to the next sample."""
    y: int32[N]
    kept: int32[N]
    back: int32[N]
    for i in range(N):
        total: int32 = last[i] + (e[i] >> 3)
        y[i] = total
        kept[i] = total
        back[i] = total
    return y, kept, back


def scale(y: int32[N], gain: int32) -> int32[N]:
    """Multiply what comes out of the loop."""
    z: int32[N]
    for i in range(N):
        z[i] = y[i] * gain
    return z

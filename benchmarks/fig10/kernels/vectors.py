"""Products of a matrix and a vector, with as many products at the same time as the matrix has rows or columns."""

from allo_studio.lang import float32

M, N = 390, 410


def by_columns(A: float32[M, N], x: float32[N]) -> float32[M]:
    """Add up column after column: y = A x."""
    y: float32[M]
    sums: float32[M]
    for m0 in range(M):
        sums[m0] = 0.0
    for r in range(N):
        for m in range(M):
            sums[m] += A[m, r] * x[r]
    for m1 in range(M):
        y[m1] = sums[m1]
    return y


def by_rows(A: float32[M, N], x: float32[M], y: float32[N]):
    """Add up row after row: y += x A."""
    local: float32[M]
    for k0 in range(M):
        local[k0] = x[k0]
    for k in range(M):
        for n in range(N):
            y[n] += A[k, n] * local[k]


def onto_rows(A: float32[N, M], r: float32[N], s: float32[M]):
    """Add up row after row: s += r A."""
    for i in range(N):
        f: float32 = r[i]
        for j in range(M):
            s[j] += f * A[i, j]


def onto_columns(A: float32[N, M], p: float32[M], q: float32[N]):
    """Add up column after column: q += A p."""
    for j in range(M):
        f: float32 = p[j]
        for i in range(N):
            q[i] += A[i, j] * f


def inner(x: float32[N], A: float32[N, N], y: float32[N]) -> float32[N]:
    """Add up each row as a whole: x + A y."""
    z: float32[N]
    for i in range(N):
        total: float32 = x[i]
        for j in range(N):
            total += A[i, j] * y[j]
        z[i] = total
    return z


def inner_transposed(x: float32[N], A: float32[N, N], y: float32[N]) -> float32[N]:
    """Add up each column as a whole: x + y A."""
    z: float32[N]
    for i in range(N):
        total: float32 = x[i]
        for j in range(N):
            total += A[j, i] * y[j]
        z[i] = total
    return z


def zeros() -> float32[N]:
    y: float32[N]
    for i in range(N):
        y[i] = 0.0
    return y


def two_sums(y0: float32[N], A: float32[N, N], B: float32[N, N], x: float32[N]) -> (float32[N], float32[N]):
    """A x, and y0 + B x."""
    t: float32[N]
    y: float32[N]
    ts: float32[N]
    ys: float32[N]
    for i0 in range(N):
        ts[i0] = 0.0
    for i1 in range(N):
        ys[i1] = y0[i1]
    for j in range(N):
        f: float32 = x[j]
        for i in range(N):
            ts[i] += A[i, j] * f
            ys[i] += B[i, j] * f
    for i2 in range(N):
        t[i2] = ts[i2]
        y[i2] = ys[i2]
    return t, y


def weighted_sum(t: float32[N], y: float32[N]) -> float32[N]:
    z: float32[N]
    for i in range(N):
        z[i] = t[i] * 0.1 + y[i] * 0.1
    return z

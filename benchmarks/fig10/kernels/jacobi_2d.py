"""Two stencils in turns, each a row a cycle, with the two rows before in registers."""

from allo_studio.lang import float32

T, N = 100, 250


def stencil(X: float32[N, N], Y: float32[N, N]):
    above: float32[N]
    here: float32[N]
    for i in range(N):
        for j in range(N):
            if i >= 2 and j >= 2:
                five: float32 = here[j - 2] + above[j - 1] + here[j - 1] + here[j] + X[i, j - 1]
                Y[i - 1, j - 1] = five * 0.2
        for j1 in range(N):
            above[j1] = here[j1]
            here[j1] = X[i, j1]


def jacobi_2d(A: float32[N, N], B: float32[N, N]):
    for t in range(T):
        stencil(A, B)
        stencil(B, A)

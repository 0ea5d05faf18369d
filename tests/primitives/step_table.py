"""What each primitive does and refuses on many kernels: the tables of the contract that all of them keep.

A row is a kernel of `nest_steps` and YAML's short form of steps: those before, and at last the one that it is about.
"""

from __future__ import annotations

__all__ = ["ACROSS", "CALLEE", "CALLEE_STEPS", "OF_KERNELS", "REFUSALS", "USES"]

USES: dict[str, list[tuple[str, str]]] = {
    "split": [
        ("gemm", "{split: {axis: j, factor: 4}}"),
        ("gemm_int", "{split: {axis: j, factor: 3}}"),
        ("matvec", "{split: {axis: j, factor: 4}}"),
        ("stencil", "{split: {axis: i, factor: 5}}"),
        ("strided", "{split: {axis: i, factor: 2}}"),
        ("two_gemms", "{split: {axis: 'first:k', factor: 2}}"),
    ],
    "reorder": [
        ("gemm", "{reorder: {axes: [k, i, j]}}"),
        ("gemm_int", "{reorder: {axes: [k, j]}}"),
        ("matvec", "{reorder: {axes: [j, i]}}"),
        ("gauss", "{reorder: {axes: [j, i]}}"),
        ("upper", "{reorder: {axes: [k, j]}}"),
        ("conv2", "{reorder: {axes: [c, r, x]}}"),
    ],
    "unroll": [
        ("gemm", "{unroll: {axis: j, factor: 2}}"),
        ("triangular", "{unroll: {axis: i}}"),
        ("chain", "{unroll: {axis: q, factor: 3}}"),
        ("deep", "{unroll: {axis: a}}"),
        ("fibonacci", "{unroll: {axis: i, factor: 4}}"),
        ("branches", "{unroll: {axis: j}}"),
    ],
    "pipeline": [
        ("gemm", "{pipeline: {axis: j}}"),
        ("triangular", "{pipeline: {axis: j, 'off': true}}"),
        ("chain", "{pipeline: {axis: p, initiation_interval: 2}}"),
        ("gauss", "{pipeline: {axis: j, initiation_interval: 8}}"),
        ("calls", "{pipeline: {axis: q}}"),
        ("branches", "{pipeline: {axis: i, rewind: true}}"),
    ],
    "partition": [
        ("gemm", "{partition: {buffer: B, dim: 2, kind: block, factor: 4}}"),
        ("gemm_int", "{partition: {buffer: A, kind: complete}}"),
        ("matvec", "{partition: {buffer: x, dim: 1, kind: cyclic, factor: 3}}"),
        ("chain", "{partition: {buffer: T, dim: 2, kind: cyclic, factor: 2}}"),
        ("calls", "{partition: {buffer: B, dim: 1, kind: cyclic, factor: 2}}"),
        ("in_place", "{partition: {buffer: A_out, dim: 2, kind: complete}}"),
        ("chain", "{partition: {buffer: T, dim: 2, kind: cyclic, factor: 2, words: true}}"),
    ],
    "bind_op": [
        ("gemm", "{bind_op: {op: fadd, impl: fulldsp}}"),
        ("gemm", "{bind_op: {op: fmul, impl: maxdsp, buffer: C}}"),
        ("gemm", "{reorder: {axes: [k, i, j]}, bind_op: {op: fadd, impl: fabric, axis: j}}"),
        ("two_gemms", "{bind_op: {op: fadd, impl: fulldsp, axis: 'first:k'}}"),
        ("gemm_int", "{bind_op: {op: mul, impl: dsp, buffer: C, axis: k}}"),
        ("calls", "{bind_op: {op: add, impl: fabric, function: inner}}"),
        ("gesummv", "{bind_op: {op: fmul, impl: meddsp}}"),
    ],
    "buffer_at": [
        ("gemm", "{buffer_at: {buffer: C, axis: i}}"),
        ("gemm_int", "{buffer_at: {buffer: B, axis: k}}"),
        ("triangular", "{buffer_at: {buffer: x, axis: j}}"),
        ("chain", "{buffer_at: {buffer: T, axis: i}}"),
        ("gauss", "{buffer_at: {buffer: A_out, axis: t}}"),
        ("branches", "{buffer_at: {buffer: B, axis: i}}"),
    ],
    "fuse": [
        ("gemm", "{fuse: {axes: [i, j, k]}}"),
        ("stencil", "{fuse: {axes: [i, j]}}"),
        ("shift", "{fuse: {axes: [i, j]}}"),
        ("skewed", "{fuse: {axes: [i, j]}}"),
        ("channels", "{fuse: {axes: [y, x, k]}}"),
        ("scaled", "{fuse: {axes: ['use:i', 'use:j']}}"),
    ],
    "parallel": [
        ("gemm", "{parallel: {axis: i}}"),
        ("stencil", "{parallel: {axis: i}}"),
        ("triangular", "{parallel: {axis: i}}"),
        ("deep", "{parallel: {axis: j}}"),
        ("skewed", "{parallel: {axis: j}}"),
        ("scaled", "{parallel: {axis: 'use:i'}}"),
    ],
    "reduce_tree": [
        ("gemm", "{reduce_tree: {axis: k}}"),
        ("gemm_int", "{reduce_tree: {axis: k, factor: 2}}"),
        ("matvec", "{reduce_tree: {axis: j, factor: 3}}"),
        ("chain", "{reduce_tree: {axis: q, factor: 3}}"),
        ("deep", "{reduce_tree: {axis: b}}"),
        ("conv2", "{pipeline: {axis: x}, reduce_tree: {axis: c}}"),
        ("two_gemms", "{reduce_tree: {axis: 'second:k', factor: 2}}"),
        ("gesummv", "{buffer_at: {buffer: y, axis: p}, reduce_tree: {axis: q, factor: 3}}"),
    ],
    "compute_at": [
        ("chain", "{compute_at: {from_loop: i, target_loop: q}}"),
        ("deep", "{compute_at: {from_loop: a, target_loop: b}}"),
        ("scaled", "{compute_at: {from_loop: 'make:i', target_loop: 'use:j'}}"),
        ("two_gemms", "{compute_at: {from_loop: 'first:i', target_loop: 'second:i'}}"),
        ("trailing", "{compute_at: {from_loop: i, target_loop: q}}"),
        ("gesummv", "{compute_at: {from_loop: i, target_loop: p}}"),
    ],
    "reuse_at": [
        ("stencil", "{reuse_at: {buffer: A, axis: i}}"),
        ("conv", "{reuse_at: {buffer: A, axis: i}}"),
        ("conv", "{reuse_at: {buffer: A, axis: i, inside: true}}"),
        ("blur", "{reuse_at: {buffer: H, axis: 'across:i'}}"),
        ("heat", "{reuse_at: {buffer: A, axis: j}}"),
        ("channels", "{reuse_at: {buffer: A, axis: x}}"),
        ("fibonacci", "{reuse_at: {buffer: A_out, axis: i}}"),
    ],
    "inline": [
        ("calls", "{inline: {function: inner}}"),
        ("calls", "{split: {axis: 'inner:a', factor: 4}, inline: {}}"),
        ("gemm", "{outline: {axis: j, function: row}, inline: {function: row}}"),
        ("deep", "{outline: {axis: a, function: terms}, inline: {}}"),
        ("gauss", "{unfold: {band: t, axes: [0]}, inline: {}}"),
        ("triangular", "{outline: {axis: j, function: dot}, inline: {function: dot}}"),
    ],
    "outline": [
        ("gemm", "{outline: {axis: j, function: row}}"),
        ("triangular", "{outline: {axis: j, function: dot}}"),
        ("deep", "{outline: {axis: a, function: terms}}"),
        ("calls", "{outline: {axis: t, function: repeat}}"),
        ("branches", "{outline: {axis: j, function: scatter}}"),
        ("fibonacci", "{outline: {axis: i, function: all}}"),
    ],
    "unfold": [
        ("gemm", "{unfold: {band: i, axes: [0, 1]}}"),
        ("triangular", "{unfold: {band: i, axes: [0]}}"),
        ("deep", "{unfold: {band: i, axes: [1]}}"),
        ("calls", "{unfold: {band: t, axes: [0]}}"),
        ("gauss", "{unfold: {band: t, axes: [1, 2]}}"),
        ("fibonacci", "{unfold: {band: i, axes: [0]}}"),
    ],
    "reshape": [
        ("chain", "{reshape: {buffer: T, shape: [4, 9]}}"),
        ("scaled", "{reshape: {buffer: B, shape: [2, 3, 8]}}"),
        ("gemm", "{reshape: {buffer: A, shape: [3, 8]}}"),
        ("trailing", "{reshape: {buffer: H, shape: [45]}}"),
        ("gauss", "{reshape: {buffer: A_out, shape: [36]}}"),
        ("branches", "{reshape: {buffer: B, shape: [5, 2]}}"),
    ],
    "pack": [
        ("chain", "{pack: {buffer: T, factor: 2}}"),
        ("scaled", "{pack: {buffer: B, factor: 4}}"),
        ("gemm", "{pack: {buffer: A, factor: 4}}"),
        ("blur", "{pack: {buffer: H, factor: 8}}"),
        ("gauss", "{pack: {buffer: A_out, factor: 3}}"),
        ("branches", "{pack: {buffer: B, factor: 5}}"),
    ],
    "dataflow": [
        ("chain", "{dataflow: {function: chain}}"),
        ("scaled", "{dataflow: {function: scaled}}"),
        ("blur", "{dataflow: {function: blur}}"),
        ("two_gemms", "{dataflow: {function: two_gemms}}"),
        ("gesummv", "{dataflow: {function: gesummv}}"),
        ("two_gemms", "{buffer_at: {buffer: T, axis: 'first:i'}, dataflow: {function: two_gemms}}"),
        ("blur", "{reuse_at: {buffer: H, axis: 'across:i'}, dataflow: {function: blur}}"),
    ],
    "to": [
        ("chain", "{dataflow: {function: chain}, to: {buffer: T, dst: nest1}}"),
        ("chain", "{dataflow: {function: chain}, to: {buffer: T, dst: p, axis: p}}"),
        ("scaled", "{dataflow: {function: scaled}, to: {buffer: B, dst: use, depth: 4}}"),
        ("scaled", "{split: {axis: 'use:j', factor: 2}, dataflow: {function: scaled}, to: {buffer: B, dst: use}}"),
        ("blur", "{reuse_at: {buffer: H, axis: 'across:i'}, dataflow: {function: blur}, to: {buffer: H, dst: across}}"),
        (
            "two_gemms",
            "{buffer_at: {buffer: T, axis: 'first:i'}, dataflow: {function: two_gemms}, "
            "to: {buffer: T, dst: second, axis: 'second:i'}}",
        ),
    ],
    "relay": [
        ("gemm", "{unfold: {band: i, axes: [0, 1]}, relay: {buffer: A, dst: nest, axis: 1}}"),
        ("gemm", "{unfold: {band: i, axes: [0, 1]}, relay: {buffer: B, dst: nest, axis: 0, depth: 2}}"),
        ("gemm_int", "{unfold: {band: i, axes: [0, 1]}, relay: {buffer: C, dst: nest}}"),
        (
            "gemm_int",
            "{reorder: {axes: [k, i, j]}, unfold: {band: k, axes: [0]}, relay: {buffer: C, dst: nest, axis: 0}}",
        ),
        ("chain", "{unfold: {band: p, axes: [0]}, relay: {buffer: T, dst: nest1}}"),
        ("scaled", "{unfold: {band: use, axes: [0]}, relay: {buffer: B, dst: use}}"),
        ("two_gemms", "{unfold: {band: second, axes: [0]}, relay: {buffer: D, dst: second, axis: 0}}"),
        ("gesummv", "{unfold: {band: p, axes: [0]}, relay: {buffer: x, dst: nest1, axis: 0}}"),
    ],
    # To types that hold all that is stored, so that the results stay; `test_quantize` compares with other types.
    "quantize": [
        ("chain", "{quantize: {target: T, type: int64}}"),
        ("scaled", "{quantize: {target: B, type: int48}}"),
        ("deep", "{quantize: {target: t, type: 'Fixed(40, 4)'}}"),
        ("blur", "{quantize: {target: H, type: float64}}"),
        ("two_gemms", "{quantize: {target: T, type: float64}}"),
        ("gesummv", "{quantize: {target: t, type: float64}}"),
    ],
}

REFUSALS: dict[str, list[tuple[str, str, str]]] = {
    "split": [
        ("gemm", "{split: {axis: q, factor: 2}}", "gemm has no loop 'q'"),
        ("gemm", "{split: {axis: j, factor: 0}}", "factor 0 is out of range"),
        ("gemm", "{split: {axis: j, factor: 99}}", "factor 99 is out of range"),
        ("triangular", "{split: {axis: j, factor: 2}}", "loop j has no constant bounds"),
    ],
    "reorder": [
        ("skewed", "{reorder: {axes: [j, i]}}", "A_out[1, 1] is written at (i=1, j=1) and read at (i=2, j=0)"),
        ("triangular", "{reorder: {axes: [j, i]}}", "the bounds of loop j depend on i"),
        ("two_gemms", "{reorder: {axes: ['second:i', 'first:i']}}", "are not in one nest"),
        ("chain", "{reorder: {axes: [q, p]}}", "no perfect nest"),
    ],
    "unroll": [
        ("gemm", "{unroll: {axis: q}}", "gemm has no loop 'q'"),
        ("gemm", "{unroll: {axis: j, factor: -1}}", "factor -1 is out of range"),
        ("gemm", "{unroll: {axis: j, factor: 99}}", "factor 99 is out of range"),
        ("triangular", "{unroll: {axis: j}}", "loop j has no constant trip count"),
    ],
    "pipeline": [
        ("gemm", "{pipeline: {axis: q}}", "gemm has no loop 'q'"),
        ("gemm", "{pipeline: {axis: j, initiation_interval: 0}}", "initiation interval 0 is below 1"),
        ("gemm", "{pipeline: {axis: j, 'off': true, rewind: true}}", "cannot rewind"),
        ("triangular", "{pipeline: {axis: i}}", "loop j inside i has no constant trip count"),
    ],
    "partition": [
        ("gemm", "{partition: {buffer: Q}}", "gemm has no buffer 'Q'"),
        ("gemm", "{partition: {buffer: A, dim: 3}}", "it has no dimension 3"),
        ("gemm", "{partition: {buffer: A, dim: 1, kind: cyclic}}", "factor 0 is out of range"),
        ("gemm", "{partition: {buffer: A, dim: 1, kind: block, factor: 99}}", "factor 99 is out of range"),
        (
            "gemm",
            "{partition: {buffer: A, dim: 1, words: true}}",
            "A is an argument: only a local array can have words",
        ),
        ("calls", "{partition: {buffer: B, dim: 1, words: true}}", "only a local array can have words"),
    ],
    "bind_op": [
        ("gemm", "{bind_op: {op: fadd, impl: maxdsp}}", "fadd has no implementation maxdsp"),
        ("gemm", "{bind_op: {op: fsub, impl: fabric}}", "gemm has no operation fsub"),
        ("gemm", "{bind_op: {op: fadd, impl: fabric, buffer: Q}}", "gemm has no buffer 'Q'"),
        ("gemm", "{bind_op: {op: fadd, impl: fabric, buffer: A}}", "what is computed for A has no operation fadd"),
        ("gemm", "{bind_op: {op: fadd, impl: fabric, axis: C_init_0}}", "loop C_init_0 has no operation fadd"),
        ("gemm", "{bind_op: {op: fadd, impl: fabric, function: f}}", "gemm has no function f"),
        ("gemm", "{bind_op: {op: fadd, impl: fabric, axis: k, function: gemm}}", "gemm, beside the loop in it"),
    ],
    "buffer_at": [
        ("gemm", "{buffer_at: {buffer: Q, axis: i}}", "gemm has no buffer 'Q'"),
        ("gemm", "{buffer_at: {buffer: C, axis: q}}", "gemm has no loop 'q'"),
        ("scaled", "{buffer_at: {buffer: w, axis: 'make:i'}}", "w is not used inside loop make:i"),
        ("calls", "{buffer_at: {buffer: B, axis: t}}", "B is passed to inner inside loop t"),
    ],
    "fuse": [
        ("gemm", "{fuse: {axes: [i]}}", "at least two loops"),
        ("gemm", "{fuse: {axes: [i, k]}}", "loop j stands between i and k"),
        ("gemm", "{fuse: {axes: [j, i]}}", "loop j is inside i"),
        ("triangular", "{fuse: {axes: [i, j]}}", "loop j has no constant bounds"),
    ],
    "parallel": [
        ("gemm", "{parallel: {axis: k}}", "C[0, 0] is written at (i=0, j=0, k=0) and read at (i=0, j=0, k=1)"),
        ("skewed", "{parallel: {axis: i}}", "A_out[1, 1] is written at (i=1, j=1) and read at (i=2, j=0)"),
        ("fibonacci", "{parallel: {axis: i}}", "A_out[2] is written at (i=0) and read at (i=2)"),
        ("calls", "{parallel: {axis: t}}", "B[1] is written by the call of inner at (t=0)"),
        ("steps", "{parallel: {axis: t}}", "B[1] is written at (t=0, i=1) and read at (t=1, k=1)"),
    ],
    "reduce_tree": [
        ("gemm", "{reduce_tree: {axis: q}}", "gemm has no loop 'q'"),
        ("gemm", "{reduce_tree: {axis: k, factor: 3}}", "factor 3 does not divide loop k"),
        ("gemm", "{reduce_tree: {axis: j}}", "loop j has loop k inside"),
        ("triangular", "{reduce_tree: {axis: j}}", "loop j has no constant trip count"),
        ("stencil", "{reduce_tree: {axis: j}}", "loop j writes B, but not as an accumulation"),
        ("conv", "{reorder: {axes: [r, i]}, reduce_tree: {axis: i}}", "that would be summed add to C[0] and to C[1]"),
        ("branches", "{reduce_tree: {axis: j}}", "loop j has a branch inside"),
        ("gauss", "{reduce_tree: {axis: j}}", "loop j writes A_out, but not as an accumulation"),
    ],
    "compute_at": [
        ("blur", "{compute_at: {from_loop: 'down:i', target_loop: 'across:i'}}", "does not run as loop across:i"),
        ("trailing", "{compute_at: {from_loop: p, target_loop: i}}", "loop p runs after i"),
        (
            "jacobi",
            "{compute_at: {from_loop: i, target_loop: p}}",
            "B_out[2, 1] is written at (t=0, i=1, j=0) and read at (t=0, p=0, q=0)",
        ),
        (
            "steps",
            "{compute_at: {from_loop: i, target_loop: k}}",
            "A_out[1] is read at (t=0, i=2) and overwritten at (t=0, k=1)",
        ),
    ],
    "reuse_at": [
        ("stencil", "{reuse_at: {buffer: Q, axis: i}}", "stencil has no buffer 'Q'"),
        ("gemm", "{reuse_at: {buffer: A, axis: i}}", "no iteration of i reads what the one before did"),
        ("calls", "{reuse_at: {buffer: A, axis: t}}", "A is passed whole to inner in loop t"),
        ("chain", "{reuse_at: {buffer: A, axis: i}}", "no iteration of i reads what the one before did"),
    ],
    "inline": [
        ("gemm", "{inline: {}}", "gemm calls no function"),
        ("gemm", "{inline: {function: f}}", "gemm does not call a function 'f'"),
        ("calls", "{inline: {function: outer}}", "calls does not call a function 'outer'"),
        ("calls", "{inline: {function: calls}}", "calls does not call a function 'calls'"),
    ],
    "outline": [
        ("gemm", "{outline: {axis: q, function: f}}", "gemm has no loop 'q'"),
        ("gemm", "{outline: {axis: k, function: gemm}}", "there is a function gemm already"),
        ("calls", "{outline: {axis: q, function: inner}}", "there is a function inner already"),
        ("gemm", "{pipeline: {axis: j}, outline: {axis: k, function: dot}}", "loop k is inside pipelined loop j"),
    ],
    "unfold": [
        ("gemm", "{unfold: {band: i, axes: [0, 2]}}", "axes [0, 2] are not neighbours"),
        ("gemm", "{unfold: {band: i, axes: [3]}}", "there are no axes [3]"),
        ("gemm", "{unfold: {band: q, axes: [0]}}", "gemm has no loop 'q'"),
        ("triangular", "{unfold: {band: i, axes: [1]}}", "loop j has no constant trip count"),
    ],
    "reshape": [
        ("gemm", "{reshape: {buffer: A, shape: [5]}}", "it has 24 elements, [5] has 5"),
        ("gemm", "{reshape: {buffer: A, shape: []}}", "[] is no shape"),
        ("gemm", "{reshape: {buffer: Q, shape: [24]}}", "gemm has no buffer 'Q'"),
        ("calls", "{reshape: {buffer: B, shape: [2, 4]}}", "B is given to inner"),
    ],
    "pack": [
        ("gemm", "{pack: {buffer: A, factor: 1}}", "factor 1 is out of range"),
        ("gemm", "{pack: {buffer: A, factor: 3}}", "no multiple of factor 3"),
        ("gemm", "{pack: {buffer: Q, factor: 2}}", "gemm has no buffer 'Q'"),
        ("calls", "{pack: {buffer: B, factor: 2}}", "B is given to inner"),
    ],
    "dataflow": [
        ("gemm", "{dataflow: {function: gemm}}", "gemm has 1 stage: nothing runs with another"),
        ("triangles", "{dataflow: {function: triangles}}", "stage nest may leave a part of T as it was"),
        ("trailing", "{dataflow: {function: trailing}}", "stage nest may leave a part of H as it was"),
        ("calls", "{dataflow: {function: inner}}", "inner is a function that the kernel calls"),
        ("chain", "{dataflow: {function: q}}", "q is not the kernel"),
    ],
    "to": [
        ("chain", "{to: {buffer: T, dst: nest1}}", "the stages of chain run one after another"),
        ("chain", "{dataflow: {function: chain}, to: {buffer: A, dst: nest1}}", "A is not handed on from stage to"),
        ("chain", "{dataflow: {function: chain}, to: {buffer: T, dst: nest}}", "T is handed on to nest1, not to nest"),
        ("chain", "{dataflow: {function: chain}, to: {buffer: T, dst: nest1, depth: 0}}", "of 0 tokens holds nothing"),
        ("blur", "{dataflow: {function: blur}, to: {buffer: H, dst: across}}", "it reads H[1, 0] more than once"),
    ],
    "relay": [
        ("gemm", "{relay: {buffer: A, dst: nest}}", "gemm has no processing elements of a nest 'nest'"),
        ("gemm", "{unfold: {band: i, axes: [0, 1]}, relay: {buffer: Q, dst: nest}}", "gemm has no buffer 'Q'"),
        ("gemm", "{unfold: {band: i, axes: [0]}, relay: {buffer: A, dst: nest, axis: 1}}", "have no axis 1"),
        ("gemm", "{unfold: {band: i, axes: [0]}, relay: {buffer: A, dst: nest, depth: 0}}", "0 tokens holds nothing"),
        (
            "gemm",
            "{unfold: {band: i, axes: [1]}, relay: {buffer: A, dst: nest}}",
            "are called inside of another operation",
        ),
        (
            "gemm",
            "{unfold: {band: i, axes: [0, 1]}, relay: {buffer: A, dst: nest, axis: 0}}",
            "element 0, 0 reads A[0, :], element 1, 0 reads A[1, :]",
        ),
        (
            "scaled",
            "{unfold: {band: use, axes: [0]}, relay: {buffer: A, dst: use}}",
            "no processing element of use uses A",
        ),
    ],
    "quantize": [
        ("gemm", "{quantize: {target: C, type: float32}}", "C is float32[6, 8] already"),
        ("gemm", "{quantize: {target: Q, type: float16}}", "gemm has no buffer 'Q'"),
        ("gemm", "{quantize: {target: gemm, type: int8}}", "cannot become int8"),
        ("calls", "{quantize: {target: B, type: int64}}", "B is given to inner"),
    ],
}

CALLEE = """
def add(P: int32[8]):
    for n in range(8):
        P[n] += n


def stage(X: int32[8, 8], Y: int32[8, 8]):
    T: int32[8, 8]
    for i, j in grid(8, 8, name="make"):
        T[i, j] = X[i, j] * 3
    for p, q in grid(8, 8, name="use"):
        Y[p, q] += T[p, q]
    L: int32[8] = 1
    for a in range(6):
        L[a] = X[0, a] + X[0, a + 1] + X[0, a + 2]
    s: int32 = 0
    for m in range(8):
        s += X[2, m] * m
    L[0] += s
    add(L)
    for b in range(8):
        Y[1, b] += L[b]


def top(A: int32[8, 8]) -> int32[8, 8]:
    B: int32[8, 8] = 1
    for t in range(2):
        stage(A, B)
    for u, v in grid(8, 8, name="last"):
        B[u, v] -= A[u, v]
    return B
"""

# Steps on the functions that `top` of CALLEE calls.
CALLEE_STEPS: dict[str, str] = {
    "split": "{split: {axis: 'stage:make:i', factor: 3}}",
    "reorder": "{reorder: {axes: ['stage:use:q', 'stage:use:p']}}",
    "unroll": "{unroll: {axis: 'stage:b', factor: 4}}",
    "pipeline": "{pipeline: {axis: 'add:n', initiation_interval: 2}}",
    "partition": "{partition: {buffer: 'stage:T', dim: 1, kind: cyclic, factor: 2}}",
    "bind_op": "{bind_op: {op: add, impl: fabric, buffer: 'stage:Y', axis: 'stage:p'}}",
    "buffer_at": "{buffer_at: {buffer: 'stage:Y', axis: 'stage:p'}}",
    "fuse": "{fuse: {axes: ['stage:make:i', 'stage:make:j']}}",
    "parallel": "{parallel: {axis: 'stage:make:j'}}",
    "reduce_tree": "{reduce_tree: {axis: 'stage:m', factor: 4}}",
    "compute_at": "{compute_at: {from_loop: 'stage:make:i', target_loop: 'stage:use:q'}}",
    "reuse_at": "{reuse_at: {buffer: 'stage:X', axis: 'stage:a'}}",
    "inline": "{inline: {function: add}}",
    "outline": "{outline: {axis: 'stage:use:q', function: row}}",
    "unfold": "{unfold: {band: 'add:n', axes: [0]}}",
    "reshape": "{reshape: {buffer: 'stage:T', shape: [4, 16]}}",
    "pack": "{pack: {buffer: 'stage:T', factor: 4}}",
    "quantize": "{quantize: {target: 'stage:T', type: int64}}",
    "relay": "{unfold: {band: 'stage:use:p', axes: [0]}, relay: {buffer: 'stage:T', dst: use}}",
}

# Steps that are for the kernel of a block alone.
OF_KERNELS: dict[str, tuple[str, str]] = {
    "dataflow": ("{dataflow: {function: stage}}", "stage is a function that the kernel calls"),
    "to": ("{to: {buffer: 'stage:T', dst: use}}", "the stages of stage run one after another"),
}

# Steps that a call in CALLEE is in the way of. The other steps are about one loop or function: a call bounds them.
ACROSS: dict[str, tuple[str, str]] = {
    "reorder": ("{reorder: {axes: ['stage:use:p', t]}}", "does not reach across the call of stage in top"),
    "fuse": ("{fuse: {axes: [t, 'stage:use:p']}}", "does not reach across the call of stage in top"),
    "bind_op": (
        "{bind_op: {op: add, impl: dsp, buffer: B, axis: 'stage:p'}}",
        "does not reach across the call of stage in top",
    ),
    "buffer_at": ("{buffer_at: {buffer: B, axis: 'stage:p'}}", "does not reach across the call of stage in top"),
    "compute_at": (
        "{compute_at: {from_loop: 'stage:use:p', target_loop: 'last:u'}}",
        "does not reach across the call of stage in top",
    ),
    "reuse_at": ("{reuse_at: {buffer: A, axis: 'stage:a'}}", "does not reach across the call of stage in top"),
    "parallel": ("{parallel: {axis: t}}", "by the call of stage at (t=0) and"),
    "to": ("{to: {buffer: B, dst: stage, axis: 'stage:p'}}", "does not reach across the call of stage in top"),
    "reshape": ("{reshape: {buffer: B, shape: [64]}}", "B is given to stage"),
    "pack": ("{pack: {buffer: B, factor: 2}}", "B is given to stage"),
    "quantize": ("{quantize: {target: B, type: int64}}", "B is given to stage"),
}

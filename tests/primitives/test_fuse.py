"""`fuse`: one loop for a nest, whatever its bounds; what is no nest of constant bounds is refused."""

from __future__ import annotations

import pytest
from nest_steps import differs, nest, refusal, unchanged
from step_kernels import kernel

from allo_studio.ir import KernelIR
from allo_studio.primitives import fuse, nests
from allo_studio.primitives.fuse import Fuse
from allo_studio.primitives.pipeline import Pipeline
from allo_studio.primitives.reorder import Reorder
from allo_studio.primitives.split import Split
from allo_studio.primitives.unroll import Unroll


def loops(ir: KernelIR) -> list[tuple[str, int | None]]:
    return [(loop.name, loop.trip) for loop in ir.loops() if loop.role is None]


@pytest.mark.parametrize(
    ("name", "axes"),
    [
        ("gemm", ("i", "j")),
        ("gemm", ("i", "j", "k")),
        ("gemm_int", ("j", "k")),
        ("matvec", ("i", "j")),
        ("stencil", ("i", "j")),
        ("in_place", ("i", "j")),
        ("skewed", ("i", "j")),
        ("shift", ("i", "j")),
        ("chain", ("i", "j")),
        ("two", ("i", "j")),
        ("conv2", ("y", "x", "r", "c")),
        ("heat", ("i", "j", "k")),
    ],
)
def test_results_stay(name: str, axes: tuple[str, ...]) -> None:
    base = nest(name)
    after = unchanged(base, Fuse(axes))
    fused = after.find_loop("_".join([*axes, "fused"]))
    assert (fused.lower, fused.step) == (0, 1)
    assert len(after.loops()) == len(base.loops()) - len(axes) + 1


def test_the_fused_loop_keeps_band_place_and_a_shared_reduction() -> None:
    base = kernel("gemm")
    assert loops(Fuse(("i", "j")).apply(base)) == [("i_j_fused", 48), ("k", 4)]
    whole = Fuse(("i", "j", "k")).apply(base).find_loop("i_j_k_fused")
    assert whole.trip == 192
    assert not whole.reduction
    assert whole.band == base.find_loop("i").band
    assert whole.span == base.find_loop("i").span
    halves = Split("k", 2).apply(base)
    assert Fuse(("k.outer", "k.inner")).apply(halves).find_loop("k.outer_k.inner_fused").reduction


def test_split_then_fuse_then_split_and_reorder() -> None:
    base = kernel("gemm")
    tiled = unchanged(base, Split("i", 3), Fuse(("i.outer", "i.inner")), Split("i.outer_i.inner_fused", 2))
    assert loops(tiled)[:2] == [("i.outer_i.inner_fused.outer", 3), ("i.outer_i.inner_fused.inner", 2)]
    unchanged(base, Fuse(("i", "j")), Reorder(("k", "i_j_fused")))
    unchanged(base, Fuse(("i", "j")), Split("i_j_fused", 5), Reorder(("k", "i_j_fused.outer", "i_j_fused.inner")))


def test_two_levels_of_fusion() -> None:
    unchanged(nest("conv2"), Fuse(("r", "c")), Fuse(("y", "x")), Fuse(("y_x_fused", "r_c_fused")))


@pytest.mark.parametrize(
    ("name", "axes", "message"),
    [
        ("gemm", ("i",), "fuse needs at least two loops"),
        ("gemm", ("i", "i"), "fuse names i more than once"),
        ("gemm", ("j", "i"), "loop j is inside i, but is named before it"),
        ("gemm", ("i", "k"), "loop j stands between i and k"),
        ("gemm", ("C_init_0", "i"), "are not in one nest: neither is inside the other"),
        ("chain", ("p", "q"), "loops p and q are no perfect nest: a local array stands beside q"),
        ("triangular", ("i", "j"), "loop j has no constant bounds, so it cannot be fused"),
        (
            "calls",
            ("t", "inner:a"),
            "t is in calls and inner:a in inner: a step does not reach across the call of inner",
        ),
        ("steps", ("t", "k"), "loops t and k are no perfect nest: another loop stands beside k"),
    ],
)
def test_what_is_refused(name: str, axes: tuple[str, ...], message: str) -> None:
    (found,) = Fuse(axes).check(nest(name))
    assert message in found.message
    assert found.hint


def test_the_tail_of_an_uneven_split_and_loops_with_directives_are_refused() -> None:
    base = kernel("gemm")
    tail = Split("j", 3).apply(base)
    assert refusal(tail, Fuse(("j.outer", "j.inner"))) == "loop j.inner has no constant bounds, so it cannot be fused"
    assert refusal(Pipeline("k").apply(base), Fuse(("j", "k"))) == "loop k is already pipelined"
    assert refusal(Unroll("k").apply(base), Fuse(("j", "k"))) == "loop k is already unrolled"


def test_a_forced_fusion_of_an_imperfect_nest_changes_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    base = nest("chain")
    monkeypatch.setattr(nests, "require_perfect", lambda *_: None)
    monkeypatch.setattr(fuse, "between", _beside)
    forced = Fuse(("p", "q")).rewrite(base.clone())
    assert differs(base, forced)


def _beside(chain: list) -> list:
    outer, inner = chain
    return [op for op in nests.operations(outer.body) if op != inner.op]

"""The names that a script uses: schedules, loops, arrays, building, verifying."""

import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest

import allo_studio as allo
from allo_studio import Partition, Schedule, int32
from allo_studio.api.names import BufferHandle, LoopHandle
from allo_studio.diagnostics import AlloError
from allo_studio.lang import LANGUAGE_NAMES
from allo_studio.primitives.registry import STEPS
from allo_studio.primitives.stages import plan_stages

M, N = 4, 8


def add(A: int32[M, N], x: int32) -> int32[M, N]:
    B: int32[M, N] = 0
    for i, j in allo.grid(M, N, name="work"):
        B[i, j] = A[i, j] + x
    return B


def update(A: int32[M], B: int32[M]):
    for i in range(M):
        A[i] = A[i] + B[i]
        B[i] = 7


def whole(A: int32[M, N]) -> int32[M, N]:
    return add(A, 2)


@pytest.fixture(name="s")
def fixture_s() -> Schedule:
    return allo.customize(add)


DATA = np.arange(M * N, dtype=np.int32).reshape(M, N)


def test_loops_by_nest_and_name(s: Schedule) -> None:
    s.split("j", 4)
    loops = s.get_loops()
    assert list(loops) == ["B_init", "work"]
    assert list(loops["work"]) == ["i", "j.outer", "j.inner"]
    assert loops["work"]["j.outer"] == loops.work["j.outer"] == LoopHandle("add", "work", "j.outer")
    assert str(loops.work.i) == "add:work:i"
    assert "for j.inner in range(4)" in str(loops)
    with pytest.raises(AlloError, match="no loop 'k'"):
        loops["work"]["k"]
    with pytest.raises(KeyError):
        loops["none"]
    assert not hasattr(loops, "__wrapped__")


def test_loops_of_a_function_that_is_called() -> None:
    s = allo.customize(whole)
    s.pipeline(s.get_loops("add")["work"]["j"])
    assert [loop.name for loop in s.ir.at("add").loops() if loop.pipeline] == ["j"]
    with pytest.raises(AlloError, match="no function 'minus'"):
        s.get_loops("minus")


def test_arrays_by_attribute(s: Schedule) -> None:
    assert s.A == s.buffer("A") == BufferHandle("add", "A")
    tile = s.buffer_at(s.B, axis="i")
    assert tile == BufferHandle("add", "B_tile")
    s.partition(tile, dim=1)
    assert s.ir.layout("B_tile").dims[0].kind == "complete"
    assert not hasattr(s, "Q")
    with pytest.raises(AttributeError):
        s.Q  # noqa: B018
    assert BufferHandle("add", "B") == allo.customize(whole).B


@pytest.mark.parametrize("kind", [Partition.Cyclic, 2, "cyclic", "Cyclic"])
def test_kinds_of_partitions(s: Schedule, kind: Partition | int | str) -> None:
    s.partition(s.A, partition_type=kind, dim=2, factor=2)
    assert str(s.ir.layout("A")) == "(-, cyclic 2)"


def test_an_unknown_kind_of_partition(s: Schedule) -> None:
    with pytest.raises(AlloError, match="no kind 9"):
        s.partition(s.A, 9)


def test_undo_is_as_if_never_done(s: Schedule) -> None:
    before = s.module
    s.reorder("j", "i")
    assert s.module != before
    s.undo()
    assert s.module == before
    with pytest.raises(ValueError, match="0 steps"):
        s.undo()


def test_every_primitive_has_a_method_with_its_documentation() -> None:
    for name, cls in STEPS.items():
        assert getattr(Schedule, name).__doc__ == cls.__doc__, name


def test_what_a_kernel_writes_is_written_in_place() -> None:
    A, B = np.arange(4, dtype=np.int32), np.full(4, 10, np.int32)
    assert allo.customize(update).build()(A, B) is None  # type: ignore[operator]
    assert A.tolist() == [10, 11, 12, 13]
    assert B.tolist() == [7] * 4


def read_only() -> np.ndarray:
    found = np.zeros(4, np.int32)
    found.flags.writeable = False
    return found


SHARED = np.zeros(5, np.int32)
UNWRITABLE = "^update: B is written, so it must be an array that can be written$"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (lambda: (np.zeros(4, np.int32),), "takes 2 arguments"),
        (lambda: (np.zeros(4, np.int32), read_only()), UNWRITABLE),
        (lambda: (np.zeros(4, np.int32), [1, 2, 3, 4]), UNWRITABLE),
        (lambda: (SHARED[1:], SHARED[:4]), "share memory"),
        (lambda: (np.zeros(4, np.int32), np.zeros(4, np.float32)), "int32"),
        (lambda: (np.zeros(4, np.int32), np.zeros(3, np.int32)), "B"),
    ],
)
def test_wrong_arguments_of_a_call(arguments: Callable[[], tuple[object, ...]], message: str) -> None:
    with pytest.raises(AlloError, match=message):
        allo.customize(update).build()(*arguments())  # type: ignore[operator]


@pytest.mark.parametrize("step", [lambda s: s.reshape("A", 8), lambda s: s.unfold("i", 0)])
def test_a_number_in_the_place_of_a_list_is_refused(s: Schedule, step: Callable[[Schedule], None]) -> None:
    with pytest.raises(AlloError, match="expected a list of whole numbers"):
        step(s)
    assert s.steps == ()


def test_targets(s: Schedule) -> None:
    code = s.build(target="vhls")
    assert str(code) == code.hls_code  # type: ignore[union-attr]
    assert "add(" in str(code)
    with pytest.raises(AlloError, match="no target 'abacus'"):
        s.build(target="abacus")
    with pytest.raises(AlloError, match="from a design"):
        s.build(target="vitis_hls", mode="csim", project="x.prj")


def test_verify(s: Schedule) -> None:
    other = allo.customize(add)
    other.reorder("j", "i")
    other.split("i", 2)
    assert allo.verify(s, other)

    def wrong(A: int32[M, N], x: int32) -> int32[M, N]:
        B: int32[M, N] = 0
        for i, j in allo.grid(M, N):
            B[i, j] = A[i, j] - x
        return B

    assert not allo.verify(s, allo.customize(wrong))


def test_steps_are_verified_where_it_is_asked_for() -> None:
    s = allo.customize(add, verify=True)
    s.split("j", 4)
    own = allo.customize(add)
    own.pipeline("j")
    top = allo.customize(whole, verify=True)
    top.compose(own)
    np.testing.assert_array_equal(top.build()(DATA), DATA + 2)  # type: ignore[operator]


def test_the_package_is_loaded_when_it_is_used() -> None:
    code = "import sys, allo_studio; print(sorted(m for m in sys.modules if m.startswith(('allo_studio', 'numpy'))))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "['allo_studio']"


def test_the_names_of_the_package() -> None:
    for name in (*allo.__all__, *LANGUAGE_NAMES):
        assert getattr(allo, name) is not None
    assert set(allo.__all__) <= set(dir(allo))
    for name in ("nonsense", "_private", "RESERVED_NAMES_", "np"):
        with pytest.raises(AttributeError):
            getattr(allo, name)


def test_a_step_that_changes_results_is_not_verified() -> None:
    s = allo.customize(add, verify=True)
    s.quantize("A", "int16")
    s.reshape("A", (N, M))
    data = DATA.reshape(N, M).astype(np.int16)
    np.testing.assert_array_equal(s.build()(data, 1), DATA + 1)  # type: ignore[operator]
    verdict = allo.verify(s, allo.customize(add))
    assert not verdict
    assert "cannot be compared" in str(verdict)


def staged(A: int32[M, N]) -> int32[M, N]:
    T: int32[M, N] = A * 2
    B: int32[M, N] = T + 1
    return B


def test_stages_at_the_same_time() -> None:
    s = allo.customize(staged, verify=True)
    s.dataflow()
    _, last = plan_stages(s.ir)
    s.to(s.T, last.name, depth=3)
    s.pipeline(s.ir.loops()[-1].id)
    assert [step.name for step in s.steps] == ["dataflow", "to", "pipeline"]
    np.testing.assert_array_equal(s.build()(DATA), DATA * 2 + 1)  # type: ignore[operator]
    with pytest.raises(AlloError) as caught:
        s.build(target="vhls")
    (fault,) = caught.value.diagnostics
    assert (fault.code, fault.message.partition(",")[0]) == ("target", "the stages of staged run at the same time")
    with pytest.raises(AlloError):
        s.buffer_at(s.T, s.ir.loops()[-2].id)

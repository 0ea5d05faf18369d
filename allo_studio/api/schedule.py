"""A kernel that is being scheduled: one method a primitive, and what can be done with the result."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from allo_studio.api.build import Built, HlsCode, build
from allo_studio.api.compose import compose
from allo_studio.api.equality import require_equal
from allo_studio.api.names import BufferHandle, BufferLike, LoopLike, Loops, Partition
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.frontend.constants import Constant
from allo_studio.ir import KernelIR
from allo_studio.primitives.base import Step
from allo_studio.primitives.elements import nests_of
from allo_studio.primitives.registry import STEPS
from allo_studio.schedule import Applicable, ScheduledKernel, applicable, schedule

__all__ = ["Schedule"]


class Schedule:
    """A kernel and the steps that were applied to it, each proven or refused with an AlloError.

    Loops are named `i`, `band:i` or `function:band:i`, or taken from `get_loops()`; arrays `A` or `function:A`, or
    taken as attributes: `s.A`. The methods that make an array return it.
    """

    def __init__(
        self, base: KernelIR, template: Sequence[Constant] | Mapping[str, Constant] = (), verify: bool = False
    ) -> None:
        self._scheduled = schedule(base)
        self._template = template
        self._verify = verify

    # What there is.

    @property
    def ir(self) -> KernelIR:
        """The kernel after all steps."""
        return self._scheduled.ir

    @property
    def scheduled(self) -> ScheduledKernel:
        """The steps with the kernel before and after each, as a value that later steps do not change."""
        return self._scheduled

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps in order."""
        return self._scheduled.steps

    @property
    def reassociates(self) -> bool:
        """Whether results can differ from those of the kernel as it was written, by rounding."""
        return self._scheduled.reassociates

    @property
    def template(self) -> Sequence[Constant] | Mapping[str, Constant]:
        """The template arguments that the kernel was made with."""
        return self._template

    @property
    def module(self) -> str:
        """The kernel and the functions that it calls as MLIR text."""
        return self.ir.text()

    @property
    def top_func_name(self) -> str:
        """The name of the kernel's function."""
        return self.ir.name

    def get_loops(self, func: str | None = None) -> Loops:
        """Return the loops of the kernel, or of a function that it calls, by nest and name."""
        return Loops(self._function(func))

    def buffer(self, name: str, func: str | None = None) -> BufferHandle:
        """Return an array by name, of the kernel or of a function that it calls; raises AlloError."""
        seen = self._function(func)
        return BufferHandle(seen.name, seen.find_buffer(name).name)

    def applicable(self) -> tuple[Applicable, ...]:
        """Return the steps that apply now, with the values that their arguments may take."""
        return applicable(self.ir)

    def _function(self, name: str | None) -> KernelIR:
        if name is None or name == self.ir.name:
            return self.ir
        if name not in self.ir.functions:
            hint = f"functions: {', '.join(self.ir.functions)}"
            raise AlloError(Diagnostic("step", f"{self.ir.name} calls no function {name!r}", hint=hint))
        return self.ir.at(name)

    def __getattr__(self, name: str) -> BufferHandle:
        """Return the array of that name; the kernel's own come first, then those of what it calls."""
        if name.startswith("_"):
            raise AttributeError(name)
        functions = [f for f in (self.ir.name, *self.ir.functions) if _has_buffer(self.ir.at(f), name)]
        if not functions:
            known = ", ".join(buffer.name for buffer in self.ir.buffers())
            raise _NoBuffer(Diagnostic("step", f"{self.ir.name} has no array {name!r}", hint=f"arrays: {known}"))
        return BufferHandle(functions[0], name)

    def __repr__(self) -> str:
        steps = "\n".join(f"  {step}" for step in self.steps)
        return f"Schedule of {self.ir.name}{f':{chr(10)}{steps}' if steps else ''}"

    # The primitives.

    def split(self, axis: LoopLike, factor: int) -> None:
        self._apply("split", axis=str(axis), factor=factor)

    def reorder(self, *axes: LoopLike) -> None:
        self._apply("reorder", axes=_texts(axes))

    def fuse(self, *axes: LoopLike) -> None:
        self._apply("fuse", axes=_texts(axes))

    def unroll(self, axis: LoopLike, factor: int = 0) -> None:
        self._apply("unroll", axis=str(axis), factor=factor)

    def pipeline(self, axis: LoopLike, initiation_interval: int = 1, rewind: bool = False, off: bool = False) -> None:
        options = {"off": True} if off else {"initiation_interval": initiation_interval, "rewind": rewind}
        self._apply("pipeline", axis=str(axis), **options)

    def parallel(self, axis: LoopLike) -> None:
        self._apply("parallel", axis=str(axis))

    def reduce_tree(self, axis: LoopLike, factor: int = 0) -> None:
        self._apply("reduce_tree", axis=str(axis), factor=factor)

    def compute_at(self, from_loop: LoopLike, target_loop: LoopLike) -> None:
        self._apply("compute_at", from_loop=str(from_loop), target_loop=str(target_loop))

    def inline(self, func: str | None = None) -> None:
        self._apply("inline", function=func)

    def outline(self, axis: LoopLike, name: str) -> None:
        self._apply("outline", axis=str(axis), function=name)

    def unfold(self, band_name: str, axes: Sequence[int]) -> str:
        before = _nests(self.ir)
        self._apply("unfold", band=band_name, axes=_listed(axes))
        # By the nest's name `relay` knows the elements; `band_name` may be that of one of its loops.
        return next((nest for nest in _nests(self.ir) if nest not in before), band_name)

    def partition(
        self,
        target: BufferLike,
        partition_type: Partition | int | str = Partition.Complete,
        dim: int = 0,
        factor: int = 0,
        words: bool = False,
    ) -> None:
        kind = _kind(partition_type)
        self._apply("partition", buffer=str(target), kind=kind, dim=dim, factor=factor, words=words)

    def bind_op(
        self,
        op: str,
        impl: str,
        target: BufferLike | None = None,
        axis: LoopLike | None = None,
        func: str | None = None,
    ) -> None:
        buffer, loop = (None if place is None else str(place) for place in (target, axis))
        self._apply("bind_op", op=op, impl=impl, buffer=buffer, axis=loop, function=func)

    def buffer_at(self, target: BufferLike, axis: LoopLike) -> BufferHandle:
        return self._make("buffer_at", buffer=str(target), axis=str(axis))

    def reuse_at(self, target: BufferLike, axis: LoopLike, inside: bool = False) -> BufferHandle:
        return self._make("reuse_at", buffer=str(target), axis=str(axis), inside=inside)

    def reshape(self, target: BufferLike, shape: Sequence[int]) -> None:
        self._apply("reshape", buffer=str(target), shape=_listed(shape))

    def pack(self, target: BufferLike, factor: int) -> None:
        self._apply("pack", buffer=str(target), factor=factor)

    def quantize(self, target: BufferLike, dtype: object) -> None:
        self._apply("quantize", target=str(target), type=str(dtype))

    def dataflow(self, func: str | None = None) -> None:
        self._apply("dataflow", function=func or self.ir.name)

    def to(self, target: BufferLike, dst: str, axis: LoopLike | None = None, depth: int = -1) -> None:
        self._apply("to", buffer=str(target), dst=dst, axis=None if axis is None else str(axis), depth=depth)

    def relay(self, target: BufferLike, dst: str, axis: int | None = None, depth: int = -1) -> None:
        self._apply("relay", buffer=str(target), dst=dst, axis=axis, depth=depth)

    def apply(self, step: Step) -> None:
        """Apply a step as the other parts of the system have it.

        One that gives other results by what it is, as `quantize` does, is not verified.
        """
        before = self.ir
        changed = self._scheduled.apply(step)
        if self._verify and step.preserves:
            require_equal(before, changed.ir, changed.reassociating[-1])
        self._scheduled = changed

    def undo(self) -> None:
        """Take the last step back; raises ValueError where there is none."""
        self._scheduled = self._scheduled.truncate(len(self.steps) - 1)

    def compose(
        self,
        schs: Schedule | Sequence[Schedule],
        *more: Schedule,
        id: str | None = None,
        instantiate: Sequence[object] | Mapping[str, object] | None = None,
    ) -> None:
        """Apply the steps of schedules of functions that this kernel calls, at any depth.

        Each schedule goes to every instance of its function; `id` and `instantiate` choose among them. Raises AlloError
        where none is there, or a step does not apply: nothing is composed then.
        """
        given = [*([schs] if isinstance(schs, Schedule) else schs), *more]
        composed = self._scheduled
        for other in given:
            chosen = other.template if instantiate is None else instantiate
            composed = compose(composed, other.scheduled, id, chosen)
        known = len(self.steps)
        if self._verify and all(step.preserves for step in composed.steps[known:]):
            require_equal(self.ir, composed.ir, any(composed.reassociating[known:]))
        self._scheduled = composed

    def build(self, target: str | None = None, mode: str | None = None, project: str | None = None) -> Built | HlsCode:
        """Return the kernel as something to call with numpy arrays, or, for the target `vhls`, as HLS C++."""
        return build(self.ir, target, mode, project)

    def _apply(self, name: str, **arguments: Any) -> None:
        self.apply(_step(name)(**arguments))

    def _make(self, name: str, **arguments: Any) -> BufferHandle:
        """Apply a step and return the first array that was not there before."""
        before = {(f, b.name) for f in self.ir.functions for b in self.ir.at(f).buffers()}
        self._apply(name, **arguments)
        after = ((f, b.name) for f in self.ir.functions for b in self.ir.at(f).buffers())
        return next(BufferHandle(*entry) for entry in after if entry not in before)


class _NoBuffer(AlloError, AttributeError):
    """An attribute that is no array, also for those who ask with `hasattr`."""


def _has_buffer(ir: KernelIR, name: str) -> bool:
    return any(buffer.name == name for buffer in ir.buffers())


def _step(name: str) -> type[Step]:
    cls = STEPS.get(name)
    if cls is None:
        raise AlloError(Diagnostic("step", f"there is no step {name!r}", hint=f"steps: {', '.join(STEPS)}"))
    return cls


def _nests(ir: KernelIR) -> list[str]:
    """Return the nests that were unfolded, of all functions."""
    return [nest for name in ir.functions for nest in nests_of(ir.at(name))]


def _listed(values: object) -> object:
    """Return a list as a step holds it; the step itself refuses what is none."""
    return tuple(values) if isinstance(values, Iterable) else values


def _texts(axes: Sequence[LoopLike]) -> tuple[str, ...]:
    return tuple(str(axis) for axis in axes)


def _kind(kind: Partition | int | str) -> str:
    if isinstance(kind, str):
        return kind.lower()
    try:
        return Partition(kind).word
    except ValueError:
        hint = "Partition.Complete, Partition.Block or Partition.Cyclic"
        raise AlloError(Diagnostic("step", f"partition: there is no kind {kind!r}", hint=hint)) from None


def _document() -> None:
    """Give each primitive's method the documentation of its step."""
    for name, cls in STEPS.items():
        method = vars(Schedule).get(name)
        if method is not None and method.__doc__ is None:
            method.__doc__ = cls.__doc__


_document()

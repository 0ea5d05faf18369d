"""Random schedule steps: from the menu of what applies, or with arguments drawn blindly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from affine_programs import Chooser

from allo_studio.ir import Buffer, KernelIR, Loop
from allo_studio.primitives.base import Step
from allo_studio.primitives.elements import nests_of
from allo_studio.primitives.references import callees
from allo_studio.primitives.registry import STEPS, parse_step
from allo_studio.schedule import applicable

__all__ = ["blind_step", "offered_step", "wider"]


def offered_step(choose: Chooser, ir: KernelIR, but: tuple[str, ...] = ()) -> Step | None:
    """Return a step of the menu, None where it is empty. The kind comes first, lest partitions crowd out the rest.

    `but` are kinds that are left out.
    """
    offered = [entry for entry in applicable(ir) if entry.name not in but]
    if not offered:
        return None
    name = choose.pick(sorted({entry.name for entry in offered}))
    entry = choose.pick([e for e in offered if e.name == name])
    return entry.step(**{key: choose.pick(values) for key, values in entry.choices.items()})


def blind_step(choose: Chooser, ir: KernelIR, kinds: tuple[str, ...] = tuple(STEPS)) -> Step | None:
    """Return a step of any kind with arguments that may or may not make sense, in the kernel or in a callee."""
    function = choose.pick([ir.name, ir.name, *callees(ir)])
    seen = ir.at(function)
    loops, buffers = seen.loops(), seen.buffers()
    if not loops or not buffers:
        return None
    name = choose.pick(kinds)
    arguments = _ARGUMENTS[name](_Drawing(choose, ir, loops, buffers, "" if function == ir.name else f"{function}:"))
    return None if arguments is None else parse_step(name, arguments)


class _Drawing:
    def __init__(
        self, choose: Chooser, ir: KernelIR, loops: tuple[Loop, ...], buffers: tuple[Buffer, ...], prefix: str
    ) -> None:
        self.choose, self.ir, self.loops, self.buffers, self.prefix = choose, ir, loops, buffers, prefix

    def loop(self) -> Loop:
        return self.choose.pick(self.loops)

    def axis(self) -> str:
        return self.prefix + self.loop().id

    def buffer(self) -> Buffer:
        return self.choose.pick(self.buffers)

    def chain(self) -> list[str]:
        loop = self.loop()
        return [self.prefix + entry.id for entry in (*loop.ancestors(), loop)]


def _split(d: _Drawing) -> dict[str, Any]:
    return {"axis": d.axis(), "factor": d.choose.number(1, 6)}


def _reorder(d: _Drawing) -> dict[str, Any]:
    chain = d.chain()
    start = d.choose.number(0, max(0, len(chain) - 2))
    return {"axes": _shuffled(d.choose, chain[start:])}


def _shuffled(choose: Chooser, values: list[str]) -> list[str]:
    left, made = list(values), []
    while left:
        made.append(choose.pick(left))
        left.remove(made[-1])
    return made if made != values else made[::-1]


def _unroll(d: _Drawing) -> dict[str, Any]:
    return {"axis": d.axis(), "factor": d.choose.number(0, 4)}


def _pipeline(d: _Drawing) -> dict[str, Any]:
    return {"axis": d.axis(), "initiation_interval": d.choose.number(1, 3), "off": d.choose.pick([False, False, True])}


def _partition(d: _Drawing) -> dict[str, Any]:
    kind = d.choose.pick(["complete", "cyclic", "block"])
    factor = 0 if kind == "complete" else d.choose.pick([2, 4])
    buffer = d.buffer()
    return {
        "buffer": d.prefix + buffer.name,
        "kind": kind,
        "dim": d.choose.number(0, len(buffer.type.shape)),
        "factor": factor,
    }


def _buffer_at(d: _Drawing) -> dict[str, Any]:
    return {"buffer": d.prefix + d.buffer().name, "axis": d.axis()}


def _fuse(d: _Drawing) -> dict[str, Any]:
    chain = d.chain()
    start = d.choose.number(0, max(0, len(chain) - 2))
    return {"axes": chain[start:]}


def _parallel(d: _Drawing) -> dict[str, Any]:
    return {"axis": d.axis()}


def _reduce_tree(d: _Drawing) -> dict[str, Any]:
    return {"axis": d.axis(), "factor": d.choose.pick([0, 0, 2, 3, 4])}


def _compute_at(d: _Drawing) -> dict[str, Any]:
    return {"from_loop": d.axis(), "target_loop": d.axis()}


def _inline(d: _Drawing) -> dict[str, Any] | None:
    known = callees(d.ir)
    return {"function": d.choose.pick(known)} if known else None


def _outline(d: _Drawing) -> dict[str, Any]:
    return {"axis": d.axis(), "function": f"part{d.choose.number(0, 9)}"}


def _unfold(d: _Drawing) -> dict[str, Any]:
    axes = d.choose.pick([[0], [0], [1], [0, 1], [2]])
    return {"band": d.axis(), "axes": axes}


def _reshape(d: _Drawing) -> dict[str, Any] | None:
    buffer = d.buffer()
    size = buffer.type.size
    shapes = [[size], [2, size // 2], [size // 4, 4], [size // 4, 2, 2]]
    return {"buffer": d.prefix + buffer.name, "shape": d.choose.pick(shapes)} if size % 4 == 0 else None


def _pack(d: _Drawing) -> dict[str, Any]:
    return {"buffer": d.prefix + d.buffer().name, "factor": d.choose.pick([2, 4, 8])}


def _quantize(d: _Drawing) -> dict[str, Any] | None:
    """Only to a wider type in a local array, which is the one use that keeps results."""
    known = [b for b in d.buffers if b.kind == "local" and wider(str(b.type.element))]
    if not known:
        return None
    buffer = d.choose.pick(known)
    return {"target": d.prefix + buffer.name, "type": wider(str(buffer.type.element))}


def _dataflow(d: _Drawing) -> dict[str, Any]:
    return {"function": d.ir.name}


def _to(d: _Drawing) -> dict[str, Any]:
    depth = d.choose.pick([-1, -1, 1, 3])
    return {"buffer": d.prefix + d.buffer().name, "dst": d.loop().name.partition(".")[0], "depth": depth}


def _bind_op(d: _Drawing) -> dict[str, Any]:
    op = d.choose.pick(["add", "mul", "fadd", "fmul", "fsub"])
    return {"op": op, "impl": d.choose.pick(["fabric", "dsp", "fulldsp", "maxdsp"]), "axis": d.axis()}


def _relay(d: _Drawing) -> dict[str, Any] | None:
    nests = nests_of(d.ir)
    if not nests:
        return None
    return {"buffer": d.buffer().name, "dst": d.choose.pick(list(nests)), "axis": d.choose.pick([None, 0, 1])}


def wider(element: str) -> str:
    """Return a type that holds every value of another; empty where there is none here."""
    known = {"int8": "int17", "int32": "int64", "uint16": "Fixed(24, 3)", "float32": "float64", "float16": "float32"}
    return known.get(element, "")


_ARGUMENTS: Mapping[str, Callable[[_Drawing], dict[str, Any] | None]] = {
    "split": _split,
    "reorder": _reorder,
    "unroll": _unroll,
    "pipeline": _pipeline,
    "partition": _partition,
    "bind_op": _bind_op,
    "buffer_at": _buffer_at,
    "fuse": _fuse,
    "parallel": _parallel,
    "reduce_tree": _reduce_tree,
    "compute_at": _compute_at,
    "reuse_at": _buffer_at,
    "inline": _inline,
    "outline": _outline,
    "unfold": _unfold,
    "reshape": _reshape,
    "pack": _pack,
    "quantize": _quantize,
    "dataflow": _dataflow,
    "to": _to,
    "relay": _relay,
}

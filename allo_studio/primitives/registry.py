"""The table of schedule steps, and their form in YAML."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.primitives.base import Step, StepField, fault, step_fields
from allo_studio.primitives.bind_op import BindOp
from allo_studio.primitives.buffer_at import BufferAt
from allo_studio.primitives.compute_at import ComputeAt
from allo_studio.primitives.dataflow import Dataflow
from allo_studio.primitives.fuse import Fuse
from allo_studio.primitives.inline import Inline
from allo_studio.primitives.outline import Outline
from allo_studio.primitives.pack import Pack
from allo_studio.primitives.parallel import Parallel
from allo_studio.primitives.partition import Partition
from allo_studio.primitives.pipeline import Pipeline
from allo_studio.primitives.quantize import Quantize
from allo_studio.primitives.reduce_tree import ReduceTree
from allo_studio.primitives.relay import Relay
from allo_studio.primitives.reorder import Reorder
from allo_studio.primitives.reshape import Reshape
from allo_studio.primitives.reuse_at import ReuseAt
from allo_studio.primitives.split import Split
from allo_studio.primitives.to import To
from allo_studio.primitives.unfold import Unfold
from allo_studio.primitives.unroll import Unroll

__all__ = ["STEPS", "parse_step", "step_to_dict"]


def _table(*classes: type[Step]) -> dict[str, type[Step]]:
    table: dict[str, type[Step]] = {}
    for cls in classes:
        if table.setdefault(cls.name, cls) is not cls:
            raise ValueError(f"two steps are called {cls.name}")
    return table


STEPS: Mapping[str, type[Step]] = _table(
    Split,
    Reorder,
    Unroll,
    Pipeline,
    Partition,
    BufferAt,
    Fuse,
    Parallel,
    ReduceTree,
    ComputeAt,
    ReuseAt,
    Inline,
    Outline,
    Unfold,
    Reshape,
    Pack,
    BindOp,
    Quantize,
    Dataflow,
    To,
    Relay,
)


def parse_step(name: str, args: Mapping[Any, Any]) -> Step:
    """Return the step that a project file's `{name: args}` stands for; raises AlloError with every fault."""
    cls = STEPS.get(name) if isinstance(name, str) else None
    if cls is None:
        raise AlloError(fault(f"there is no step {name!r}", hint=_suggest(str(name), list(STEPS), "steps")))
    if not isinstance(args, Mapping):
        raise AlloError(fault(f"{name}: expected its arguments by name, not {args!r}", hint=_form(cls)))
    known = {f.name: f for f in step_fields(cls)}
    # YAML 1.1 reads the key `off` as false.
    args = {"off" if key is False and "off" in known else key: value for key, value in args.items()}
    found = [_unknown(name, key, known) for key in args if key not in known]
    for entry in known.values():
        found += _faults_of(name, entry, args, cls)
    if found:
        raise AlloError(found)
    return cls(**args)


def _faults_of(name: str, entry: StepField, args: Mapping[str, Any], cls: type[Step]) -> list[Diagnostic]:
    if entry.name not in args:
        return [fault(f"{name}: {entry.name} is missing", hint=_form(cls))] if entry.required else []
    try:
        entry.convert(args[entry.name])
    except ValueError as error:
        return [fault(f"{name}: {entry.name}: {error}", hint=entry.help)]
    return []


def step_to_dict(step: Step) -> dict[str, dict[str, Any]]:
    """Return the form in a project file; arguments at their default are left out."""
    args: dict[str, Any] = {}
    for entry in step_fields(type(step)):
        value = getattr(step, entry.name)
        if entry.required or value != entry.default:
            args[entry.name] = _plain(value)
    return {step.name: args}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    return str(value) if isinstance(value, str) else value


def _unknown(name: str, key: object, known: Mapping[str, StepField]) -> Diagnostic:
    return fault(f"{name} has no argument {key!r}", hint=_suggest(str(key), list(known), "arguments"))


def _suggest(word: str, known: list[str], what: str) -> str:
    near = get_close_matches(word, known, n=1)
    return f"did you mean {near[0]}?" if near else f"known {what} are {', '.join(sorted(known))}"


def _form(cls: type[Step]) -> str:
    parts = [f"{f.name}: {_EXAMPLES[f.kind]}" for f in step_fields(cls) if f.required]
    return f"write it like {cls.name}: {{{', '.join(parts)}}}"


_EXAMPLES = {
    "loop": "j",
    "loops": "[k, j]",
    "buffer": "C",
    "function": "gemm",
    "int": "8",
    "ints": "[4, 8]",
    "word": "part",
    "type": "float16",
    "choice": "cyclic",
    "bool": "true",
}

"""From calls to `func.call`."""

from __future__ import annotations

from allo_studio.frontend.lower_expressions import value_of
from allo_studio.frontend.lower_state import State
from allo_studio.frontend.tree import Memory
from allo_studio.frontend.tree_calls import Call
from allo_studio.ir import build as make
from allo_studio.ir.binding import func, ir

__all__ = ["lower_call"]


def lower_call(call: Call, at: ir.InsertionPoint, state: State) -> None:
    """Make a call at an insertion point: arguments, named sizes, then the memories that take the results."""
    passed = [*call.arguments, *call.sizes, *call.results]
    operands = [state.memories[p] if isinstance(p, Memory) else value_of(p, at, state) for p in passed]
    callee = ir.FlatSymbolRefAttr.get(call.instance.name)
    func.CallOp([], callee, operands, loc=make.location_of(call.span), ip=at)

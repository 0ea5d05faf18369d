"""From statements that were found correct to operations: loops, branches, stores and the memories they need."""

from __future__ import annotations

from allo_studio.frontend.lower_access import index_value, store_element
from allo_studio.frontend.lower_calls import lower_call
from allo_studio.frontend.lower_expressions import subscripts_of, value_of
from allo_studio.frontend.lower_memories import lower_declaration
from allo_studio.frontend.lower_state import State
from allo_studio.frontend.tree_calls import Call
from allo_studio.frontend.tree_statements import Declare, If, Loop, Statement, Store, While
from allo_studio.ir import LinearExpr
from allo_studio.ir import build as make
from allo_studio.ir.attributes import set_flag, set_text
from allo_studio.ir.binding import arith, ir, scf

__all__ = ["lower_block"]


def lower_block(body: tuple[Statement, ...], at: ir.InsertionPoint, state: State) -> None:
    """Make the operations of statements at an insertion point."""
    for statement in body:
        match statement:
            case Store():
                _store(statement, at, state)
            case Loop():
                _loop(statement, at, state)
            case Declare():
                lower_declaration(statement, at, state)
            case If():
                _branch(statement, at, state)
            case While():
                _while(statement, at, state)
            case Call():
                lower_call(statement, at, state)


def _inside(block: ir.Block) -> ir.InsertionPoint:
    return ir.InsertionPoint.at_block_terminator(block)


def _store(store: Store, at: ir.InsertionPoint, state: State) -> None:
    value = value_of(store.value, at, state)
    parts = subscripts_of(store.subscripts, at, state)
    store_element(value, state.memories[store.memory], parts, at, make.location_of(store.span))


def _loop(loop: Loop, at: ir.InsertionPoint, state: State) -> None:
    outer = state.nest
    state.nest = outer or state.band(loop.band, loop.stem or "nest")
    name = state.loop_name(loop.variable.name, state.nest, made_up=bool(loop.stem))
    made = _computed_loop(loop, name, at, state) if loop.computed else _affine_loop(loop, name, at, state)
    if not outer:
        set_text(made, "allo.band", state.nest)
    if loop.reduction:
        set_flag(made, "allo.reduction")
    lower_block(loop.body, _inside(made.regions[0].blocks[0]), state)
    state.nest = outer


def _affine_loop(loop: Loop, name: str, at: ir.InsertionPoint, state: State) -> ir.Operation:
    """Make an ascending loop; one that counts down from `lower` has the variable `lower` less the loop's own."""
    variable, place = loop.variable, make.location_of(loop.span)
    lower, upper = (state.index(bound, at, place) for bound in (variable.lower, variable.upper))
    start, end = (lower, upper) if variable.step > 0 else (LinearExpr.number(0), lower - upper)
    made = make.for_loop(name, start, end, abs(variable.step), at=at, location=place)
    this = LinearExpr.of(made.regions[0].blocks[0].arguments[0])
    state.variables[variable] = this if variable.step > 0 else lower - this
    return made


def _computed_loop(loop: Loop, name: str, at: ir.InsertionPoint, state: State) -> ir.Operation:
    assert loop.computed is not None
    variable, place = loop.variable, make.location_of(loop.span)
    lower, upper = (index_value(end, at, place) for end in subscripts_of(loop.computed, at, state))
    if variable.step < 0:
        start, end = make.index_constant(0, at, place), arith.SubIOp(lower, upper, loc=place, ip=at).result
    else:
        start, end = lower, upper
    step = make.index_constant(abs(variable.step), at, place)
    made = scf.ForOp(start, end, step, loc=place, ip=at).operation
    set_text(made, "allo.name", name)
    block = made.regions[0].blocks[0]
    scf.YieldOp([], loc=place, ip=ir.InsertionPoint(block))
    this = block.arguments[0]
    if variable.step < 0:
        this = arith.SubIOp(lower, this, loc=place, ip=_inside(block)).result
    state.variables[variable] = LinearExpr.of(this)
    return made


def _branch(branch: If, at: ir.InsertionPoint, state: State) -> None:
    place = make.location_of(branch.span)
    condition = value_of(branch.condition, at, state)
    made = scf.IfOp(condition, has_else=bool(branch.otherwise), loc=place, ip=at)
    blocks = [made.then_block, made.else_block] if branch.otherwise else [made.then_block]
    for block, body in zip(blocks, (branch.body, branch.otherwise), strict=False):
        scf.YieldOp([], loc=place, ip=ir.InsertionPoint(block))
        lower_block(body, _inside(block), state)


def _while(loop: While, at: ir.InsertionPoint, state: State) -> None:
    outer, place = state.nest, make.location_of(loop.span)
    state.nest = outer or state.band(None, "nest")
    made = scf.WhileOp([], [], loc=place, ip=at).operation
    set_text(made, "allo.name", state.loop_name("while", state.nest, made_up=True))
    if not outer:
        set_text(made, "allo.band", state.nest)
    test, body = (region.blocks.append() for region in made.regions)
    # Operations are made at the end of the test's block: its terminator needs the condition, so it comes last.
    end = ir.InsertionPoint(test)
    lower_block(loop.before, end, state)
    scf.ConditionOp(value_of(loop.condition, end, state), [], loc=place, ip=end)
    scf.YieldOp([], loc=place, ip=ir.InsertionPoint(body))
    lower_block(loop.body, _inside(body), state)
    state.nest = outer

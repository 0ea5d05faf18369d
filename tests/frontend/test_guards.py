"""What conditions tell of variables, against Python's own reading of them."""

import ast

from hypothesis import given, settings
from hypothesis import strategies as st

from allo_studio.frontend.faults import Faults
from allo_studio.frontend.guards import guard_of
from allo_studio.frontend.module import read_module
from allo_studio.frontend.places import Places
from allo_studio.frontend.scope import Scope
from allo_studio.frontend.tree import Variable
from allo_studio.ir import LinearExpr
from allo_studio.source import Source

SOURCE = Source("k.py", "")
_SIDE = st.sampled_from(["i", "j", "i + j", "2 * i - 1", "0", "1", "-2"])
_COMPARISON = st.builds("{} {} {}".format, _SIDE, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), _SIDE)
_CHAIN = st.builds("{} < {} <= {}".format, _SIDE, _SIDE, _SIDE)
_CONDITION = st.recursive(
    _COMPARISON | _CHAIN | st.sampled_from(["True", "False"]),
    lambda part: (
        st.builds("({} and {})".format, part, part)
        | st.builds("({} or {})".format, part, part)
        | st.builds("(not {})".format, part)
    ),
    max_leaves=4,
)


@settings(max_examples=300, deadline=None)
@given(_CONDITION, st.booleans())
def test_a_guard_holds_just_where_its_condition_does(text: str, holds: bool) -> None:
    scope = Scope(read_module(SOURCE), Faults(Places(SOURCE)))
    span = scope.faults.places.of(ast.parse("0"))
    variables = {name: Variable(name, LinearExpr.number(-3), LinearExpr.number(4), 1) for name in "ij"}
    for name, variable in variables.items():
        scope.enter(name, variable, span)
    guard = guard_of(ast.parse(text, mode="eval").body, scope, holds)
    for i in range(-3, 4):
        for j in range(-3, 4):
            point = {variables["i"]: i, variables["j"]: j}
            found = any(all(part.evaluate(point) >= 0 for part in case) for case in guard)
            expected = bool(eval(text, {"i": i, "j": j})) is holds
            # Where there are too many alternatives, less is known.
            assert found is expected or (found and len(guard) == 1)

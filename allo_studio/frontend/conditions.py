"""Conditions of branches and loops: a number holds where it is not 0."""

from __future__ import annotations

import ast

from allo_studio.frontend.conversions import as_truth
from allo_studio.frontend.expressions import check_expression
from allo_studio.frontend.scope import Scope
from allo_studio.frontend.tree import Expression

__all__ = ["check_condition"]


def check_condition(node: ast.expr, scope: Scope) -> Expression | None:
    """Return a condition as one bit: a number holds where it is not 0. None after a report."""
    value = check_expression(node, scope)
    return as_truth(node, value, scope) if value else None

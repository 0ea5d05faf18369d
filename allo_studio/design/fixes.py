"""The fixes of a design's faults: for each fault that has some, edits that make it go away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from allo_studio.design.checked import CheckedDesign
from allo_studio.design.edit_base import Edit, Several
from allo_studio.design.edit_graph import Disconnect
from allo_studio.design.fix_base import At, Fix, Rule, Shared
from allo_studio.design.fix_ends import END_RULES
from allo_studio.design.fix_instances import INSTANCE_RULES
from allo_studio.design.fix_layouts import LAYOUT_RULES
from allo_studio.design.fix_rates import RATE_RULES
from allo_studio.design.fix_sizes import SIZE_RULES
from allo_studio.design.fix_steps import STEP_RULES
from allo_studio.design.fix_types import TYPE_RULES
from allo_studio.design.fix_wires import WIRE_RULES
from allo_studio.design.model import Project
from allo_studio.diagnostics import AlloError, Diagnostic

__all__ = ["RULES", "Fix", "fixes_for", "with_fixes"]

# By the first word that a diagnostic is about.
RULES: dict[str, Rule] = {
    **WIRE_RULES,
    **END_RULES,
    **TYPE_RULES,
    **SIZE_RULES,
    **RATE_RULES,
    **LAYOUT_RULES,
    **STEP_RULES,
    **INSTANCE_RULES,
}
# A person mends some and checks again; the fixes of the rest are found when they are asked for.
_MOST_TOLD = 100


def fixes_for(checked: CheckedDesign, diagnostic: Diagnostic) -> tuple[Fix, ...]:
    """Return the edits that are offered for a fault of a design; each applies, and the fault is gone after it."""
    return tuple(_fixes(checked, diagnostic, {}))


def _fixes(checked: CheckedDesign, diagnostic: Diagnostic, shared: Shared) -> Iterator[Fix]:
    rule = RULES.get(str(diagnostic.about[0])) if diagnostic.about else None
    if rule is None:
        return
    told: set[str] = set()
    twice = _drawn_twice(checked.project, diagnostic)
    project = checked.project
    for edit in twice:
        project = edit.apply(project)
    for fix in rule(At(checked, diagnostic, project, shared)):
        try:
            changed = fix.edit.apply(project)
        except AlloError:
            # What is wrong at the same place stands in its way.
            continue
        if changed != project and fix.text not in told:
            told.add(fix.text)
            yield replace(fix, edit=Several((*twice, fix.edit), fix.edit.describe())) if twice else fix


def _drawn_twice(project: Project, diagnostic: Diagnostic) -> tuple[Edit, ...]:
    """Return what takes away all but one of a wire that is drawn several times: a fix must mend each of them."""
    name, _, wire = diagnostic.where.partition("/")
    if "->" not in wire or name not in project.graphs or diagnostic.about[0] == "twice":
        return ()
    count = sum(edge.id == wire for edge in project.graphs[name].edges)
    return (Disconnect(name, wire),) * (count - 1)


def with_fixes(checked: CheckedDesign) -> CheckedDesign:
    """Return a checked design whose diagnostics say their fixes in words."""
    told: dict[Diagnostic, Diagnostic] = {}
    shared: Shared = {}
    for diagnostic in checked.diagnostics:
        if diagnostic.about and not diagnostic.fixes and len(told) < _MOST_TOLD:
            texts = tuple(fix.text for fix in _fixes(checked, diagnostic, shared))
            told[diagnostic] = replace(diagnostic, fixes=texts)
    if not told:
        return checked
    edges = {
        path: replace(info, diagnostics=tuple(told.get(d, d) for d in info.diagnostics)) if info.diagnostics else info
        for path, info in checked.edges.items()
    }
    return replace(checked, diagnostics=tuple(told.get(d, d) for d in checked.diagnostics), edges=edges)

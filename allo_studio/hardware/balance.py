"""Sums and the like of many values as trees: of what may be grouped in any way without a change of the result.

That are wrapping integer additions and products, bitwise operations, minima and maxima. Floating-point sums keep the
order that the kernel says.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from heapq import heapify, heappop, heappush

from allo_studio.hardware.netlist import Draft, Netlist
from allo_studio.hardware.operations import Operand, Result

__all__ = ["balance"]

_GROUPED = {
    "arith.addi", "arith.muli", "arith.andi", "arith.ori", "arith.xori",
    "arith.maxsi", "arith.minsi", "arith.maxui", "arith.minui",
}  # fmt: skip


def balance(netlist: Netlist) -> None:
    """Regroup each chain of one grouped operation; the operand that an earlier iteration made comes in last."""
    alive = [draft for draft in netlist.drafts if not draft.dead]
    uses: Counter[int] = Counter(o.operation for draft in alive for o in draft.operands if isinstance(o, Result))
    by_number = {draft.number: draft for draft in alive}
    users: dict[int, list[Draft]] = defaultdict(list)
    for draft in alive:
        for operand in draft.operands:
            if isinstance(operand, Result):
                users[operand.operation].append(draft)
    level = _levels(alive)
    for draft in alive:
        if draft.function not in _GROUPED or draft.operator is None or _inside(draft, users):
            continue
        links = _chain(draft, by_number, uses)
        if len(links) > 1:
            _regroup(draft, links, by_number, users, level)
    _sort(netlist)


def _inside(draft: Draft, users: dict[int, list[Draft]]) -> bool:
    """Tell whether a draft is a link of another's chain."""
    found = users[draft.number]
    return len(found) == 1 and _alike(found[0], draft)


def _alike(one: Draft, two: Draft) -> bool:
    same = one.operator == two.operator and one.implementation == two.implementation
    return one.function == two.function and one.type.bits == two.type.bits and same


def _chain(root: Draft, by_number: dict[int, Draft], uses: Counter[int]) -> list[Draft]:
    """Return the drafts that make up a chain, the root first."""
    found, todo = [], [root]
    while todo:
        draft = todo.pop()
        found.append(draft)
        for operand in draft.inputs:
            if isinstance(operand, Result) and uses[operand.operation] == 1:
                inner = by_number.get(operand.operation)
                if inner is not None and inner.kind == "compute" and _alike(inner, root):
                    todo.append(inner)
    return found


def _regroup(
    root: Draft,
    links: list[Draft],
    by_number: dict[int, Draft],
    users: dict[int, list[Draft]],
    level: dict[int, int],
) -> None:
    inside = {link.number for link in links}
    leaves = [o for link in links for o in link.inputs if not (isinstance(o, Result) and o.operation in inside)]
    stored = {draft.buffer for draft in users[root.number] if draft.kind == "store"}

    def late(operand: Operand) -> bool:
        source = by_number.get(operand.operation) if isinstance(operand, Result) else None
        return source is not None and source.kind == "load" and source.buffer in stored

    early = [o for o in leaves if not late(o)]
    spare = sorted((link for link in links if link is not root), key=lambda link: link.number)
    queue = [(level.get(o.operation, 0) if isinstance(o, Result) else 0, n, o) for n, o in enumerate(early)]
    heapify(queue)
    number = len(queue)
    after = [o for o in leaves if late(o)]
    while len(queue) + len(after) > 2 and len(queue) > 1:
        (one, _, left), (two, _, right) = heappop(queue), heappop(queue)
        link = spare.pop(0)
        link.inputs = [left, right]
        heappush(queue, (max(one, two) + 1, number, Result(link.number)))
        number += 1
    rest = [o for _, _, o in sorted(queue, key=lambda entry: entry[:2])] + after
    while len(rest) > 2:
        link = spare.pop(0)
        link.inputs = rest[:2]
        rest = [Result(link.number), *rest[2:]]
    root.inputs = rest


def _levels(alive: list[Draft]) -> dict[int, int]:
    """Return how many operations lie before each result."""
    level: dict[int, int] = {}
    for draft in alive:
        before = [level[o.operation] for o in draft.operands if isinstance(o, Result) and o.operation in level]
        level[draft.number] = max(before, default=0) + (draft.operator is not None or draft.kind == "load")
    return level


def _sort(netlist: Netlist) -> None:
    """Put each link after what it takes now; accesses keep their order."""
    place = {draft.number: position for position, draft in enumerate(netlist.drafts)}
    key: dict[int, tuple[int, int]] = {}
    for root in netlist.drafts:
        todo = [root]
        while todo:
            draft = todo[-1]
            before = [o.operation for o in draft.operands if isinstance(o, Result)]
            waits = [netlist.made[number] for number in before if number not in key]
            if waits:
                todo += waits
                continue
            todo.pop()
            latest, depth = max((key[number] for number in before), default=(0, -1))
            own = place[draft.number]
            key[draft.number] = (own, 0) if own > latest else (latest, depth + 1)
    netlist.drafts.sort(key=lambda draft: key[draft.number])

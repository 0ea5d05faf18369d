"""Random kernels whose iterations become processing elements, and random ways to pass their arrays on."""

from __future__ import annotations

from random import Random

from allo_studio.ir import KernelIR
from allo_studio.primitives.base import Step
from allo_studio.primitives.relay import Relay
from allo_studio.primitives.unfold import Unfold

__all__ = ["elements_text", "passed_on"]

_TYPES = ("int32", "int16", "uint8", "int64")


def elements_text(seed: int) -> str:
    """Return the text of a kernel `f` with a nest `PE` of one or two loops, each iteration of which does some work."""
    return _Kernel(Random(seed)).text()


def passed_on(ir: KernelIR, seed: int) -> tuple[KernelIR, list[Step]]:
    """Return a kernel of `elements_text` with its nest unfolded and some arrays relayed, and the steps."""
    choose = Random(seed)
    rank = 2 if "j" in [loop.name for loop in ir.loops() if loop.band == "PE" and loop.depth == 1] else 1
    steps: list[Step] = [Unfold("PE", tuple(range(rank)))]
    ir = steps[0].apply(ir)
    for _ in range(6):
        offered = [
            Relay(option.args["buffer"], "PE", axis, choose.choice([-1, -1, 9]))
            for option in Relay.options(ir.steady())
            for axis in option.choices.get("axis", (None,))
        ]
        # What was relayed once is gone, or is used by what loads and collects it.
        if not offered:
            break
        step = choose.choice(offered)
        ir = step.apply(ir)
        steps.append(step)
    return ir, steps


class _Kernel:
    def __init__(self, choose: Random) -> None:
        self._choose = choose
        self._axes = {"i": choose.randint(1, 3)} | ({"j": choose.randint(1, 3)} if choose.random() < 0.7 else {})
        self._inner = {name: choose.randint(1, 4) for name in ("k", "l")}

    def text(self) -> str:
        """Return the text."""
        choose, arguments, body = self._choose, [], []
        sources = []
        for name in "ABD"[: choose.randint(1, 3)]:
            dims = self._dims()
            arguments.append(f"{name}: {self._type()}[{self._shape(dims)}]")
            if choose.random() < 0.3:
                # An array of the kernel's own, which another nest makes.
                made, kind = f"{name}_made", arguments[-1].partition(": ")[2]
                loops = ", ".join(f"x{n}" for n in range(len(dims)))
                body += [f"{made}: {kind}"]
                body += [f"for {loops} in grid({self._shape(dims)}, name='make_{name}'):"]
                body += [f"    {made}[{loops}] = {name}[{loops}] + {choose.randint(0, 3)}"]
                name = made
            sources.append((name, dims))
        results = []
        work = []
        for name in ("Y", "Z")[: choose.randint(1, 2)]:
            body_of, declared, returned = self._result(name, sources)
            body += declared
            work += body_of
            results.append((name, returned))
        if choose.random() < 0.4:
            declared, lines, kind = self._handed_on(*sources[0])
            body += declared
            work += lines
            results.append(("W", kind))
        header = f"for {', '.join(self._axes)} in grid({', '.join(map(str, self._axes.values()))}, name='PE'):"
        body += [header, *(f"    {line}" for line in work)]
        names = ", ".join(name for name, _ in results)
        kinds = ", ".join(kind for _, kind in results)
        kinds = f"({kinds})" if len(results) > 1 else kinds
        lines = "\n    ".join([*body, f"return {names}"])
        return f"def f({', '.join(arguments)}) -> {kinds}:\n    {lines}\n"

    def _type(self) -> str:
        return self._choose.choice(_TYPES)

    def _dims(self) -> list[str]:
        """Return the variables that are an input's subscripts."""
        names = [*self._axes, *self._inner]
        return self._choose.sample(names, self._choose.randint(1, min(3, len(names))))

    def _extent(self, name: str) -> int:
        return (self._axes | self._inner)[name]

    def _shape(self, dims: list[str]) -> str:
        return ", ".join(str(self._extent(d)) for d in dims)

    def _read(self, name: str, dims: list[str]) -> str:
        """Return a read of an input, now and then backwards in one dimension."""
        inside = [
            f"{self._extent(d) - 1} - {d}" if d in self._inner and self._choose.random() < 0.2 else d for d in dims
        ]
        return f"{name}[{', '.join(inside)}]"

    def _term(self, sources: list[tuple[str, list[str]]], loops: list[str]) -> str:
        """Return a product of inputs whose subscripts are known in some loops."""
        known = [source for source in sources if set(source[1]) <= {*self._axes, *loops}]
        chosen = [self._choose.choice(known) for _ in range(self._choose.randint(1, 2) if known else 0)]
        return " * ".join([*(self._read(*source) for source in chosen), str(self._choose.randint(1, 3))])

    def _handed_on(self, name: str, dims: list[str]) -> tuple[list[str], list[str], str]:
        """Return an array that the elements hand on along an axis and its first parts, the work, and the sum's type."""
        along = self._choose.choice(list(self._axes))
        others = [axis for axis in self._axes if axis != along]
        outer = self._choose.sample([*others, "k"], len(others) + 1)
        first = ", ".join("0" if axis == along else axis for axis in self._axes)
        following = ", ".join(f"{axis} + 1" if axis == along else axis for axis in self._axes)
        shape = ", ".join(str(self._extent(axis) + (axis == along)) for axis in self._axes)
        zeros = ", ".join("0" for _ in dims)
        declared = [
            f"Q: int32[{shape}, {self._inner['k']}]",
            f"for {', '.join(outer)} in grid({self._shape(outer)}, name='fill'):",
            f"    Q[{first}, k] = {name}[{zeros}] + k",
            f"W: int32[{self._shape(list(self._axes))}]",
        ]
        place = ", ".join(self._axes)
        lines = [
            "w_sum: int32 = 0",
            f"for k in range({self._inner['k']}):",
            f"    q: int32 = Q[{place}, k]",
            "    w_sum += q",
            f"    Q[{following}, k] = q * {self._choose.randint(1, 3)}",
            f"W[{place}] = w_sum",
        ]
        return declared, lines, f"int32[{self._shape(list(self._axes))}]"

    def _result(self, name: str, sources: list[tuple[str, list[str]]]) -> tuple[list[str], list[str], str]:
        """Return an output's lines in the nest, its declaration, and its type."""
        choose, kind = self._choose, self._type()
        loops = choose.sample(list(self._inner), choose.choice([1, 2, 2]))
        # Each part is one element's own, or a sum that goes through several; with an inner dimension or without.
        own = list(self._axes) if choose.random() < 0.7 else choose.sample(list(self._axes), 1)
        dims = own + ([loops[0]] if choose.random() < 0.5 else [])
        choose.shuffle(dims)
        kept = f"{name}[{', '.join(dims)}]"
        shape = f"{kind}[{self._shape(dims)}]"
        nest = [f"{'    ' * n}for {loop} in range({self._inner[loop]}):" for n, loop in enumerate(loops)]
        inside = "    " * len(loops)
        term = self._term(sources, loops)
        if len(own) == len(self._axes) and choose.random() < 0.4:
            total = f"{name.lower()}_sum"
            if dims == own or loops[0] not in dims:
                return (
                    [f"{total}: {kind} = 1", *nest, f"{inside}{total} += {term}", f"{kept} = {total}"],
                    [f"{name}: {shape}"],
                    shape,
                )
        return [*nest, f"{inside}{kept} += {term}"], [f"{name}: {shape} = {choose.randint(0, 5)}"], shape

"""The modules and loops of a report as text: `+` is a module, `o` a loop in it, as in csynth.rpt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from allo_studio.report.columns import section
from allo_studio.report.vendor.figures import UNKNOWN, Range
from allo_studio.report.vendor.model import Instance, Latency, Loop, Module, VendorReport
from allo_studio.report.vendor.resources import RESOURCES
from allo_studio.report.vendor.text_words import count, of_range, of_times, plain, time

__all__ = ["performance", "resources_by_module", "with_figures"]

_HEAD = ("modules & loops", "issue", "slack", "latency", "time", "iteration", "II", "asked", "trips", "pipelined")
_NONE = "-"
_CALLED = {True: "yes", False: "no", None: "?"}
_Row = tuple[int, Instance | Loop]


def performance(report: VendorReport) -> str:
    """Return the tree of modules and loops with their cycles, empty where nothing is known of them."""
    modules = {module.name: module for module in report.modules}
    rows = []
    for level, row in _rows(report, modules):
        if isinstance(row, Loop):
            rows.append((f"{' ' * level}o {row.name}", *_loop(row)))
        else:
            rows.append((f"{' ' * level}+ {row.module or row.name}", *_module(row, modules.get(row.module))))
    head, shown = with_figures(_HEAD, rows, keep=1)
    texts = [i for i, name in enumerate(head) if name in ("issue", "pipelined")]
    if len(head) < 2:
        return ""
    return section("Modules (+) and loops (o)", head, shown, left=1, texts=texts, whole=range(len(head)))


def resources_by_module(report: VendorReport) -> str:
    """Return the tree of modules with what each takes, empty where a report has one module or none."""
    modules = {module.name: module for module in report.modules}
    instances = [(level, row) for level, row in _rows(report, modules) if isinstance(row, Instance)]
    if len(instances) < 2:
        return ""
    rows = []
    for level, row in instances:
        known = modules.get(row.module)
        used = {r.name: r.used for r in (row.resources or (known.resources if known else ()))}
        name = row.name or row.module
        module = row.module if row.module != name else ""
        rows.append((f"{' ' * level}{name}", module, *(count(used.get(resource)) for resource in RESOURCES)))
    head, shown = with_figures(("instance", "module", *RESOURCES), rows, keep=1)
    return section("Resources by instance", head, shown, left=2 if "module" in head else 1) if len(head) > 1 else ""


def with_figures(head: Sequence[str], rows: Sequence[Sequence[str]], keep: int) -> tuple[list[str], list[list[str]]]:
    """Return a table without the columns behind the first `keep` for which no row has anything."""
    wanted = [i for i in range(len(head)) if i < keep or any(row[i] not in ("?", _NONE, "") for row in rows)]
    return [head[i] for i in wanted], [[row[i] for i in wanted] for row in rows]


def _rows(report: VendorReport, modules: Mapping[str, Module]) -> Iterator[_Row]:
    if report.hierarchy:
        yield from _instance(report.hierarchy, modules, 0)
        return
    inside = {instance.module for module in report.modules for instance in module.instances}
    for module in report.modules:
        if module.name not in inside:
            yield from _instance(Instance(module.name, instances=module.instances), modules, 0)


def _instance(instance: Instance, modules: Mapping[str, Module], level: int) -> Iterator[_Row]:
    """Yield an instance, its loops, and the instances in it, each below the loop that calls it."""
    yield level, instance
    module = modules.get(instance.module)
    called: set[str] = set()
    for loop in module.loops if module else ():
        yield from _called(loop, instance, modules, level + 1, called)
    for inner in instance.instances:
        if inner.name not in called or not inner.name:
            yield from _instance(inner, modules, level + 1)


def _called(
    loop: Loop, instance: Instance, modules: Mapping[str, Module], level: int, called: set[str]
) -> Iterator[_Row]:
    yield level, loop
    for inner in instance.instances:
        if inner.name in loop.instances and inner.name not in called:
            called.add(inner.name)
            yield from _instance(inner, modules, level + 1)
    for below in loop.loops:
        yield from _called(below, instance, modules, level + 1, called)


def _module(instance: Instance, module: Module | None) -> tuple[str, ...]:
    known = module or Module(instance.module)
    latency = known.latency if known.latency != Latency() else instance.latency
    asked = known.timing.target_interval
    return (
        ", ".join(filter(None, (known.issue, known.violation))),
        plain(known.slack_ns),
        of_range(Range(latency.worst if latency.best is None else latency.best, latency.worst)),
        time(latency.worst_ns),
        _NONE,
        of_range(latency.interval if latency.interval != UNKNOWN else latency.initiation),
        _NONE if asked is None else count(asked),
        _NONE,
        # Newer versions say more of it: loop auto-rewind stp (delay=0 clock cycles(s)).
        latency.pipeline.partition(" (")[0] or "?",
    )


def _loop(loop: Loop) -> tuple[str, ...]:
    iteration = loop.iteration_latency if loop.iteration_latency != UNKNOWN else loop.depth
    return (
        ", ".join(filter(None, (loop.issue, loop.violation))),
        plain(loop.slack_ns),
        of_range(loop.latency),
        of_times(loop.latency_ns),
        of_range(iteration),
        of_range(loop.interval) if loop.pipelined is not False else _NONE,
        _NONE if loop.target_interval == UNKNOWN else of_range(loop.target_interval),
        of_range(loop.trip_count),
        _CALLED[loop.pipelined],
    )

"""What the top level of a kernel file says: its constants, what it imports of the language, its functions."""

from __future__ import annotations

import ast
import re
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from threading import Lock
from typing import Any

import numpy as np

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.frontend.constants import Constant, NotConstant, shown
from allo_studio.frontend.folding import fold
from allo_studio.frontend.places import Places
from allo_studio.lang import LANGUAGE_NAMES
from allo_studio.source import Source

__all__ = [
    "Definition",
    "Function",
    "Module",
    "named_sizes",
    "own_names",
    "parse_text",
    "read_module",
    "too_deep",
]

Function = ast.FunctionDef | ast.AsyncFunctionDef
_PYTHON_TYPES = frozenset({"int", "float", "str", "list", "tuple"})

_LANGUAGE_MODULES = ("allo_studio", "allo_studio.lang")
# warnings.catch_warnings changes what the whole process sees.
_WARNINGS = Lock()


@dataclass(frozen=True, eq=False)
class Definition:
    """A function's text, and what the names outside of it mean; `fixed` are its named sizes that have a value there."""

    node: Function
    module: Module
    fixed: frozenset[str] = frozenset()

    @property
    def is_kernel(self) -> bool:
        """Whether its annotations are types of the language; a function of Python's own is for compile time."""
        arguments = (a.annotation for a in (*self.node.args.posonlyargs, *self.node.args.args))
        found = [part for part in (*arguments, self.node.returns) if part is not None]
        return bool(found) and not any(isinstance(part, ast.Name) and part.id in _PYTHON_TYPES for part in found)


@dataclass(frozen=True)
class Module:
    """What the names outside of a kernel mean: those of its file, or of the running program (`environment.py`).

    `parameters` are compile-time values, `declared` the same without overrides. `unknown` maps a name that is bound,
    but to nothing that a kernel can use, to why. `aliases` are names of the language under another name, `modules`
    names of modules. `run` computes what folding does not, by running Python; only a running program has it. `links`
    are the functions that are defined elsewhere, `member` finds those of modules (`library.gemm`). `bound` are the
    values that differ from those of the file, as text. `home` is the top level, where names are bound further in
    (parameters of a template, a function in a function).
    """

    tree: ast.Module
    source: Source
    parameters: dict[str, Constant] = field(default_factory=dict)
    declared: dict[str, Constant] = field(default_factory=dict)
    unknown: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    modules: dict[str, str] = field(default_factory=dict)
    functions: dict[str, Function] = field(default_factory=dict)
    run: Callable[[ast.expr, Mapping[str, Constant]], Constant] | None = None
    links: dict[str, Callable[[], Definition]] = field(default_factory=dict)
    member: Callable[[ast.Attribute], Definition | None] | None = None
    overrides: dict[str, Constant] = field(default_factory=dict)
    bound: tuple[tuple[str, str], ...] = ()
    home: Module | None = None

    def definition(self, name: str) -> Definition | None:
        """Return the function of a name, or None."""
        if name in self.links:
            return self.links[name]()
        node = self.functions.get(name)
        return None if node is None else Definition(node, self.home or self)

    def with_constants(self, values: Mapping[str, Constant]) -> Module:
        """Return this top level with constants of the file set to other values, and what is computed from them."""
        if not values:
            return self
        overrides = {**self.overrides, **values}
        known, new = read_module(self.source, self.overrides).parameters, read_module(self.source, overrides).parameters
        following = {
            name: value
            for name, value in new.items()
            if name not in values and name in self.parameters and _same(known.get(name), self.parameters[name])
        }
        changed = self._rebound({**following, **values}, {}, {})
        for name, link in self.links.items():
            changed.links[name] = lambda link=link: _following(link(), self.source, values)  # type: ignore[misc]
        return replace(changed, overrides=overrides, bound=_merged(self.bound, values))

    def binding(
        self, values: Mapping[str, Constant], functions: Mapping[str, Definition], unknown: Mapping[str, str]
    ) -> Module:
        """Return the names of a place further in, where some are bound anew."""
        changed = self._rebound(values, functions, unknown)
        return replace(changed, bound=_merged(self.bound, values), home=self.home or self)

    def _rebound(
        self, values: Mapping[str, Constant], functions: Mapping[str, Definition], unknown: Mapping[str, str]
    ) -> Module:
        new = {*values, *functions, *unknown}
        tables: dict[str, Any] = {
            name: {key: entry for key, entry in getattr(self, name).items() if key not in new}
            for name in ("parameters", "declared", "unknown", "aliases", "modules", "functions", "links")
        }
        changed = replace(self, **tables)
        changed.parameters.update(values)
        changed.declared.update(values)
        changed.unknown.update(unknown)
        for name, definition in functions.items():
            changed.functions[name] = definition.node
            changed.links[name] = lambda definition=definition: definition  # type: ignore[misc]
        return changed

    def language_name(self, node: ast.expr) -> str | None:
        """Return which name of the language (`grid`, `float32`) an expression is, or None."""
        if isinstance(node, ast.Name):
            if node.id in self.aliases:
                return self.aliases[node.id]
            rebound = node.id in self.parameters or node.id in self.unknown or node.id in self.functions
            return node.id if node.id in LANGUAGE_NAMES and not rebound else None
        if isinstance(node, ast.Attribute) and node.attr in LANGUAGE_NAMES:
            return node.attr if self.module_name(node.value) in _LANGUAGE_MODULES else None
        return None

    def module_name(self, node: ast.expr) -> str | None:
        """Return which module an expression (`np`, `allo_studio.lang`) is, or None."""
        if isinstance(node, ast.Name):
            return self.modules.get(node.id)
        if isinstance(node, ast.Attribute):
            base = self.module_name(node.value)
            return f"{base}.{node.attr}" if base else None
        return None


def own_names(node: Function) -> set[str]:
    """Return the names that a function sets: arguments, their sizes, what is assigned to; not in inner functions."""
    named = node.args
    found = {a.arg for a in (*named.posonlyargs, *named.args, *named.kwonlyargs)} | set(named_sizes(node))
    waiting: list[ast.AST] = [*node.body]
    while waiting:
        part = waiting.pop()
        if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(part.name)
            continue
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            found.add(part.id)
        waiting += ast.iter_child_nodes(part)
    return found


def named_sizes(node: Function) -> tuple[str, ...]:
    """Return the named sizes that a function's arguments declare, in order: the `n` of `float32["n<=64"]`."""
    arguments = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
    parts = [part for a in arguments if a.annotation for part in ast.walk(a.annotation)]
    texts = [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    return tuple(dict.fromkeys(match[1] for text in texts for match in _SIZE.finditer(text)))


def _same(one: Constant | None, two: Constant) -> bool:
    if isinstance(one, np.ndarray) or isinstance(two, np.ndarray):
        return isinstance(one, np.ndarray) and isinstance(two, np.ndarray) and np.array_equal(one, two)
    return type(one) is type(two) and one == two


def _following(definition: Definition, source: Source, values: Mapping[str, Constant]) -> Definition:
    """Return a function of the running program with the overrides of its file."""
    if definition.module.source != source:
        return definition
    return replace(definition, module=definition.module.with_constants(values))


def _merged(bound: tuple[tuple[str, str], ...], values: Mapping[str, Constant]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted({**dict(bound), **{name: shown(value) for name, value in values.items()}}.items()))


_PYTHON_HINT = "a kernel file is Python: mend what the caret points at, or the line before it"
_TEMPLATE_HINT = "type parameters need Python 3.12 or newer; with an older one use constants of the file as parameters"
_TEMPLATE = re.compile(r"\s*def\s+\w+\s*\[")
_SIZE = re.compile(r"([A-Za-z_]\w*)\s*<=")


@lru_cache(maxsize=32)
def parse_text(source: Source) -> ast.Module:
    """Return the syntax tree, which nobody may change; raises AlloError of code `syntax`, whatever the text is."""
    places = Places(source)
    if "\0" in source.text:
        span = places.of_character(source.text.index("\0"))
        raise AlloError(Diagnostic("syntax", "the file has a null byte", span, hint="is it a text file?"))
    try:
        with _WARNINGS, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source.text, filename=source.path or "kernel")
    except SyntaxError as error:
        span = places.of_syntax_error(error)
        old = sys.version_info < (3, 12) and _TEMPLATE.match(source.line(span.line))
        hint = _TEMPLATE_HINT if old else _PYTHON_HINT
        raise AlloError(Diagnostic("syntax", error.msg or "this is not Python", span, hint=hint)) from None
    except ValueError as error:
        message = f"this is not Python: {error}"
        raise AlloError(Diagnostic("syntax", message, places.of_character(0), hint=_PYTHON_HINT)) from None
    except (RecursionError, MemoryError):
        raise too_deep(places) from None


def read_module(source: Source, overrides: Mapping[str, Constant] | None = None) -> Module:
    """Return the top level, with `overrides` in the place of its constants' own values.

    A constant that is computed from an overridden one follows it. Raises AlloError of code `syntax`.
    """
    module = Module(parse_text(source), source, overrides=dict(overrides or {}))
    try:
        for statement in module.tree.body:
            _read_statement(module, statement, overrides or {})
    except RecursionError:
        raise too_deep(Places(source)) from None
    return replace(module, bound=_merged((), module.overrides))


def too_deep(places: Places) -> AlloError:
    """Return the error for a text that is nested beyond what can be followed."""
    hint = "break the deepest expression or block up"
    return AlloError(
        Diagnostic("syntax", "the file is nested too deeply to be read", places.of_character(0), hint=hint)
    )


def _read_statement(module: Module, statement: ast.stmt, overrides: Mapping[str, Constant]) -> None:
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            _forget(module, name, "it is a function")
            module.functions[name] = statement
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                _assign(module, target, value, overrides)
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            _assign(module, target, value, overrides)
        case ast.AugAssign(target=ast.Name(id=name) as target, op=operator, value=value):
            load = ast.copy_location(ast.Name(name, ast.Load()), target)
            _assign(module, target, ast.copy_location(ast.BinOp(load, operator, value), statement), overrides)
        case ast.Import(names=names):
            for alias in names:
                _import(module, alias)
        case ast.ImportFrom(module=origin, names=names, level=0):
            for alias in names:
                _import_from(module, origin or "", alias)
        case _:
            for name in _bound_names(statement):
                _forget(module, name, "whether and to what it is set is known only by running the file")


def _assign(module: Module, target: ast.expr, value: ast.expr, overrides: Mapping[str, Constant]) -> None:
    if isinstance(target, ast.Tuple | ast.List) and isinstance(value, ast.Tuple | ast.List):
        plain = not any(isinstance(part, ast.Starred) for part in (*target.elts, *value.elts))
        if plain and len(target.elts) == len(value.elts):
            # The values are all computed before the first name is set.
            folded = [_fold(module, part) for part in value.elts]
            for part, result in zip(target.elts, folded, strict=True):
                _set(module, part, result, overrides)
            return
    if isinstance(target, ast.Name):
        _set(module, target, _fold(module, value), overrides)
        return
    for name in _bound_names(target):
        _forget(module, name, "it is set in a way that is not folded")


@dataclass(frozen=True)
class _Folded:
    """A constant: as the file has it, and with overrides (the difference is in what it was computed from)."""

    declared: Constant
    effective: Constant


def _fold(module: Module, value: ast.expr) -> _Folded | str:
    try:
        return _Folded(fold(value, module.declared, module), fold(value, module.parameters, module))
    except NotConstant as fault:
        return fault.reason


def _set(module: Module, target: ast.expr, result: _Folded | str, overrides: Mapping[str, Constant]) -> None:
    if not isinstance(target, ast.Name):
        for name in _bound_names(target):
            _forget(module, name, "it is set in a way that is not folded")
        return
    _forget(module, target.id, result if isinstance(result, str) else "")
    if isinstance(result, _Folded):
        del module.unknown[target.id]
        module.declared[target.id] = result.declared
        module.parameters[target.id] = overrides.get(target.id, result.effective)


def _forget(module: Module, name: str, reason: str) -> None:
    for table in (module.parameters, module.declared, module.aliases, module.modules, module.functions):
        table.pop(name, None)
    module.unknown[name] = reason


def _import(module: Module, alias: ast.alias) -> None:
    bound = alias.asname or alias.name.split(".")[0]
    _forget(module, bound, "it is a module")
    module.modules[bound] = alias.name if alias.asname else bound


def _import_from(module: Module, origin: str, alias: ast.alias) -> None:
    bound = alias.asname or alias.name
    if origin in _LANGUAGE_MODULES and alias.name == "*":
        return
    _forget(module, bound, "it is imported, and importing would run code")
    if origin in _LANGUAGE_MODULES and alias.name in LANGUAGE_NAMES:
        module.aliases[bound] = alias.name
    elif f"{origin}.{alias.name}" in _LANGUAGE_MODULES:
        module.modules[bound] = f"{origin}.{alias.name}"
    elif alias.name in LANGUAGE_NAMES:
        # The same name of another package (a kernel that was written for another tool) means the same here.
        del module.unknown[bound]


def _bound_names(node: ast.AST) -> Iterator[str]:
    """Yield the names that a statement of any kind may bind, deleting included."""
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store | ast.Del):
            yield part.id
        elif isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield part.name
        elif isinstance(part, ast.alias):
            yield part.asname or part.name.split(".")[0]

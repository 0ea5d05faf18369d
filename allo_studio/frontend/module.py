"""What the top level of a kernel file says: its constants, what it imports of the language, its functions."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from threading import Lock

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.frontend.constants import NotConstant, Number, evaluate
from allo_studio.frontend.places import Places
from allo_studio.lang import LANGUAGE_NAMES
from allo_studio.source import Source

__all__ = ["Module", "parse_text", "read_module", "too_deep"]

_LANGUAGE_MODULES = ("allo_studio", "allo_studio.lang")
# warnings.catch_warnings changes what the whole process sees.
_WARNINGS = Lock()


@dataclass(frozen=True)
class Module:
    """The top level. `unknown` maps a name that is bound, but to no constant, to why; `used` are overrides found."""

    tree: ast.Module
    parameters: dict[str, Number] = field(default_factory=dict)
    declared: dict[str, Number] = field(default_factory=dict)
    unknown: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    modules: dict[str, str] = field(default_factory=dict)
    functions: dict[str, ast.FunctionDef | ast.AsyncFunctionDef] = field(default_factory=dict)

    def language_name(self, node: ast.expr) -> str | None:
        """Return which name of the language (`grid`, `float32`) an expression is, or None."""
        if isinstance(node, ast.Name):
            if node.id in self.aliases:
                return self.aliases[node.id]
            rebound = node.id in self.parameters or node.id in self.unknown or node.id in self.functions
            return node.id if node.id in LANGUAGE_NAMES and not rebound else None
        if isinstance(node, ast.Attribute) and node.attr in LANGUAGE_NAMES:
            return node.attr if self._module_name(node.value) in _LANGUAGE_MODULES else None
        return None

    def _module_name(self, node: ast.expr) -> str | None:
        if isinstance(node, ast.Name):
            return self.modules.get(node.id)
        if isinstance(node, ast.Attribute):
            base = self._module_name(node.value)
            return f"{base}.{node.attr}" if base else None
        return None


_PYTHON_HINT = "a kernel file is Python: mend what the caret points at, or the line before it"


def parse_text(source: Source) -> ast.Module:
    """Return the syntax tree; raises AlloError of code `syntax`, whatever the text is."""
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
        raise AlloError(Diagnostic("syntax", error.msg or "this is not Python", span, hint=_PYTHON_HINT)) from None
    except ValueError as error:
        message = f"this is not Python: {error}"
        raise AlloError(Diagnostic("syntax", message, places.of_character(0), hint=_PYTHON_HINT)) from None
    except (RecursionError, MemoryError):
        raise too_deep(places) from None


def read_module(source: Source, overrides: Mapping[str, Number] | None = None) -> Module:
    """Return the top level, with `overrides` in the place of its constants' own values.

    A constant that is computed from an overridden one follows it. Raises AlloError of code `syntax`.
    """
    module = Module(parse_text(source))
    try:
        for statement in module.tree.body:
            _read_statement(module, statement, overrides or {})
    except RecursionError:
        raise too_deep(Places(source)) from None
    return module


def too_deep(places: Places) -> AlloError:
    """Return the error for a text that is nested beyond what can be followed."""
    hint = "break the deepest expression or block up"
    return AlloError(
        Diagnostic("syntax", "the file is nested too deeply to be read", places.of_character(0), hint=hint)
    )


def _read_statement(module: Module, statement: ast.stmt, overrides: Mapping[str, Number]) -> None:
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


def _assign(module: Module, target: ast.expr, value: ast.expr, overrides: Mapping[str, Number]) -> None:
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

    declared: Number
    effective: Number


def _fold(module: Module, value: ast.expr) -> _Folded | str:
    try:
        return _Folded(evaluate(value, module.declared), evaluate(value, module.parameters))
    except NotConstant as fault:
        return fault.reason


def _set(module: Module, target: ast.expr, result: _Folded | str, overrides: Mapping[str, Number]) -> None:
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

"""Kernels that are Python functions of the running program: their text, and what the names outside of them mean.

Names are looked up as Python does: in the enclosing functions, then in the function's module. Numbers, texts, lists,
arrays and types are compile-time values; other functions can be called by the kernel, or, where an expression is
computed at compile time, run.
"""

from __future__ import annotations

import ast
import builtins
import linecache
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache, partial
from types import CodeType, FrameType, FunctionType, ModuleType

import numpy as np

from allo_studio import lang
from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.frontend.constants import Constant, NotConstant, shown
from allo_studio.frontend.module import Definition, Function, Module, own_names, parse_text
from allo_studio.lang import LANGUAGE_NAMES, ElementType
from allo_studio.source import Source
from allo_studio.types import ArrayType, ScalarType

__all__ = ["constant_of", "definition_of"]

_WORD = re.compile(r"[A-Za-z_]\w*")
_Key = tuple[str, int]


def definition_of(function: Callable[..., object]) -> Definition:
    """Return the text of a Python function and its environment; raises AlloError where the text is not known."""
    if not isinstance(function, FunctionType):
        message = f"expected a function, not {type(function).__name__} {function!r}"
        raise AlloError(Diagnostic("name", message[:200], hint="pass a function that def has made"))
    return _Environment({}).definition(function)


def constant_of(value: object) -> Constant:
    """Return a Python object as a compile-time value; raises ValueError where it is none."""
    match value:
        case bool() | int() | float() | str() | ScalarType() | ArrayType() | lang.Memory():
            return value
        case ElementType():
            return value.scalar
        case np.ndarray() if value.dtype.kind in "biuf":
            return value
        case np.generic() if value.dtype.kind in "biuf":
            return constant_of(value.item())
        case list() | tuple():
            return tuple(constant_of(entry) for entry in value)
    raise ValueError(f"a {type(value).__name__} is no compile-time value")


class _Environment:
    """The functions of one compilation: each is read once."""

    def __init__(self, known: dict[CodeType, Definition]) -> None:
        self._known = known

    def definition(self, function: FunctionType) -> Definition:
        """Return a function's text and what the names in it mean."""
        if function.__code__ not in self._known or "<locals>" in function.__qualname__:
            source = _source_of(function)
            node = _node_of(function, source)
            self._known[function.__code__] = Definition(node, self._module(function, node, source))
        return self._known[function.__code__]

    def _module(self, function: FunctionType, node: Function, source: Source) -> Module:
        values = _Names(function, node, source)
        module = Module(parse_text(source), source, run=partial(_run, values), member=partial(self._member, values))
        # As in Python, a name that the function sets is its own, whatever it means outside.
        for name in sorted(_used_names(node) - own_names(node)):
            if name in values:
                self._bind(module, name, values[name])
        used = {*module.parameters, *module.functions}
        # Functions of one text that enclose different values are different functions.
        enclosed = {name: _identity(value) for name, value in values.enclosed.items() if name in used}
        enclosed |= {name: known for name, known in module.aliases.items() if name in values.enclosed}
        return replace(module, bound=tuple(sorted(enclosed.items())))

    def _bind(self, module: Module, name: str, value: object) -> None:
        known = _LANGUAGE.get(id(value))
        if known is not None:
            module.aliases[name] = known
        elif isinstance(value, ModuleType):
            module.modules[name] = value.__name__
        elif isinstance(value, FunctionType):
            self._bind_function(module, name, value)
        else:
            try:
                module.parameters[name] = module.declared[name] = constant_of(value)
            except ValueError as fault:
                module.unknown[name] = str(fault)

    def _bind_function(self, module: Module, name: str, function: FunctionType) -> None:
        try:
            module.functions[name] = _node_of(function, _source_of(function))
        except AlloError:
            # A function of the library, or one without a text: it may still be run at compile time.
            module.unknown[name] = "it is a function whose text is not known"
            return
        module.links[name] = lambda: self.definition(function)

    def _member(self, values: _Names, node: ast.Attribute) -> Definition | None:
        """Return the function of a module that `library.gemm` names."""
        found = values.attribute(node)
        if not isinstance(found, FunctionType) or id(found) in _LANGUAGE:
            return None
        try:
            return self.definition(found)
        except AlloError:
            return None


class _Names(Mapping[str, object]):
    """What names mean in a function of the running program.

    Python keeps no variable of an enclosing function that only the annotations of arguments name; these are looked up
    where the enclosing function is still running, and else told from what the annotations were.
    """

    def __init__(self, function: FunctionType, node: Function, source: Source) -> None:
        self.enclosed = dict(_cells(function))
        if "<locals>" in function.__qualname__:
            around = _names_around(node, source)
            outside = {**_told(function, node), **_enclosing(function)}
            self.enclosed = {name: value for name, value in outside.items() if name in around} | self.enclosed
        self._globals = function.__globals__

    def __getitem__(self, name: str) -> object:
        return self.enclosed[name] if name in self.enclosed else self._globals[name]

    def __iter__(self) -> Iterator[str]:
        return iter({**self._globals, **self.enclosed})

    def __len__(self) -> int:
        return len({**self._globals, **self.enclosed})

    def attribute(self, node: ast.expr) -> object:
        """Return the object that `a.b.c` names, going through modules only; None where there is none."""
        if isinstance(node, ast.Name):
            return self.get(node.id)
        if isinstance(node, ast.Attribute):
            base = self.attribute(node.value)
            return getattr(base, node.attr, None) if isinstance(base, ModuleType) else None
        return None


def _identity(value: object) -> str:
    return f"function {id(value)}" if isinstance(value, FunctionType) else shown(constant_of(value))


def _cells(function: FunctionType) -> Iterator[tuple[str, object]]:
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            yield name, cell.cell_contents
        except ValueError:
            # The variable is set only later: it means nothing yet.
            continue


def _names_around(node: Function, source: Source) -> set[str]:
    """Return the names that the functions around a function set."""
    found: set[str] = set()
    last = node.end_lineno or node.lineno
    for outer in _functions(source).values():
        if outer is not node and outer.lineno <= node.lineno and last <= (outer.end_lineno or 0):
            imported = (part for part in ast.walk(outer) if isinstance(part, ast.alias))
            found |= own_names(outer) | {part.asname or part.name for part in imported}
    return found


def _enclosing(function: FunctionType) -> dict[str, object]:
    """Return the variables of the running functions that a function is defined in, the inner hiding the outer."""
    found: dict[str, object] = {}
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        if frame.f_code.co_name != "<module>" and _holds(frame.f_code, function.__code__):
            found = {**frame.f_locals, **found}
        frame = frame.f_back
    return found


@lru_cache(maxsize=1024)
def _holds(outer: CodeType, inner: CodeType) -> bool:
    """Tell whether a function's text is inside of another's."""
    if outer.co_filename != inner.co_filename or outer.co_firstlineno > inner.co_firstlineno:
        return False
    parts = [part for part in outer.co_consts if isinstance(part, CodeType)]
    return inner in parts or any(_holds(part, inner) for part in parts)


def _told(function: FunctionType, node: Function) -> dict[str, object]:
    """Return what names in the annotations of a function stand for, from what the annotations were."""
    found: dict[str, object] = {}
    arguments = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
    parts = [(a.annotation, function.__annotations__.get(a.arg)) for a in arguments]
    waiting: list[tuple[ast.expr | None, object]] = [*parts, (node.returns, function.__annotations__.get("return"))]
    while waiting:
        part, value = waiting.pop()
        match part, value:
            case ast.Name(id=name), _ if value is not None and not isinstance(value, str):
                found[name] = value
            case ast.Tuple(elts=parts_), tuple() if len(parts_) == len(value):
                waiting += zip(parts_, value, strict=True)
            case ast.Subscript(value=base, slice=at), ArrayType(element=element, shape=shape):
                extents = at.elts if isinstance(at, ast.Tuple) else [at]
                waiting += [(base, ElementType(element)), *zip(extents, shape, strict=False)]
    return found


def _run(values: _Names, node: ast.expr, names: Mapping[str, Constant]) -> Constant:
    """Return a compile-time expression's value by running it as Python; raises NotConstant."""
    used = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    known = {name: _original(name, values, names) for name in used if name in values or name in names}
    code = compile(ast.Expression(node), "<compile-time expression>", "eval")
    try:
        return constant_of(eval(code, {"__builtins__": builtins, **known}))
    except Exception as fault:
        reason = str(fault) if isinstance(fault, ValueError) else f"{type(fault).__name__}: {fault}"
        raise NotConstant(node, reason) from None


def _original(name: str, values: _Names, names: Mapping[str, Constant]) -> object:
    """Return what a name means in Python: the program's own object, unless the kernel binds the name anew."""
    if name not in names:
        return values[name]
    known = names[name]
    if name in values and _is_same(values[name], known):
        return values[name]
    return ElementType(known) if isinstance(known, ScalarType) else known


def _is_same(value: object, known: Constant) -> bool:
    try:
        found = constant_of(value)
    except ValueError:
        return False
    return found is known or shown(found) == shown(known)


def _language() -> dict[int, str]:
    """Return the objects of the language by identity; those that other names share are left out."""
    return {id(getattr(lang, name)): name for name in sorted(LANGUAGE_NAMES) if hasattr(lang, name)}


_LANGUAGE = _language()


def _used_names(node: Function) -> set[str]:
    """Return the names in a function, those in texts (annotations) included."""
    found: set[str] = set()
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            found.add(part.id)
        elif isinstance(part, ast.Constant) and isinstance(part.value, str) and len(part.value) < 200:
            found.update(_WORD.findall(part.value))
    return found


def _source_of(function: FunctionType) -> Source:
    file = function.__code__.co_filename
    linecache.checkcache(file)
    lines = linecache.getlines(file, function.__globals__)
    if not lines:
        hint = "write the kernel in a file or a notebook cell; a text can be compiled with parse_kernel"
        raise AlloError(Diagnostic("syntax", f"the text of {function.__name__!r} is not known", hint=hint))
    return Source(_shown_path(file), "".join(lines))


@lru_cache(maxsize=64)
def _shown_path(file: str) -> str:
    """Return a file's path, relative where it is below the working directory."""
    return os.path.relpath(file) if file.startswith(os.path.join(os.getcwd(), "")) else file


def _node_of(function: FunctionType, source: Source) -> Function:
    code = function.__code__
    node = _functions(source).get((code.co_name, code.co_firstlineno))
    if node is None:
        kind = "a lambda cannot be a kernel" if code.co_name == "<lambda>" else "its file has changed since it was read"
        message = f"the text of {code.co_name!r} was not found: {kind}"
        raise AlloError(Diagnostic("syntax", message, hint="write a def, and run the file again"))
    return node


@lru_cache(maxsize=32)
def _functions(source: Source) -> dict[_Key, Function]:
    """Return the functions of a text by name and first line, decorators included."""
    found: dict[_Key, Function] = {}
    for node in ast.walk(parse_text(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            found[node.name, first] = node
    return found

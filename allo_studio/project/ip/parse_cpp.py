"""Reads a C++ function's signature with clang. A program of its own, so that nothing in a file can bring the rest down.

It takes JSON from its input: `files` (texts by path), `sources` (those to look in), `include` (folders of the project),
`headers` (other folders) and `function`. It gives JSON: `errors`, and `function` or null. Nothing of the code is run.
"""

from __future__ import annotations

import contextlib
import json
import re
import sys
from collections.abc import Iterator
from typing import Any

# Where the files are for clang, which reads them from memory.
_ROOT = "/allo-studio-project"
_SECONDS, _BYTES = 30, 4 << 30
_MOST_ERRORS = 5
_PROBE = "\nnamespace allo_studio_probe {{ auto &function = ::{name}; }}\n"
_READS, _WRITES = {"read", "read_nb", ">>"}, {"write", "write_nb", "<<"}


def main() -> None:
    """Answer one question."""
    with contextlib.suppress(ImportError):
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (_BYTES, _BYTES))
    json.dump(_answer(json.load(sys.stdin)), sys.stdout)


def _answer(asked: dict[str, Any]) -> dict[str, Any]:
    from clang import cindex

    index = cindex.Index.create()
    texts = {f"{_ROOT}/{path}": text for path, text in asked["files"].items()}
    flags = ["-std=c++17", "-nostdinc", "-nostdlibinc", "-ferror-limit=20", "-Wno-everything", "-ftemplate-depth=256"]
    flags += [f"-I{_ROOT}/{folder}" for folder in asked["include"]]
    flags += [flag for folder in asked["headers"] for flag in ("-isystem", folder)]
    errors: list[dict[str, Any]] = []
    best: dict[str, Any] | None = None
    names: set[str] = set()
    for source in asked["sources"]:
        path = f"{_ROOT}/{source}"
        probed = {**texts, path: texts[path] + _PROBE.format(name=asked["function"])}
        unit = index.parse(path, args=flags, unsaved_files=list(probed.items()))
        look = _Look(unit, path, texts[path].count("\n") + 1)
        found = look.function()
        errors += look.errors(found is not None)
        if found is not None and (best is None or (found["defined"] and not best["defined"])):
            best = found
        names |= look.names()
    return {"errors": errors[:_MOST_ERRORS], "function": best, "names": sorted(names)}


class _Look:
    """A translation unit, with the probe after so many lines of its file."""

    def __init__(self, unit: Any, path: str, lines: int) -> None:
        self.unit, self.path, self.lines = unit, path, lines

    def _in_probe(self, location: Any) -> bool:
        return location.file is not None and location.file.name == self.path and location.line > self.lines

    def errors(self, found: bool) -> list[dict[str, Any]]:
        """Return the errors in the files; of the probe only what a part that does not end leaves behind."""
        own: list[Any] = []
        probe: list[Any] = []
        for diagnostic in self.unit.diagnostics:
            if diagnostic.severity >= 3:
                (probe if self._in_probe(diagnostic.location) else own).append(diagnostic)
        found_errors = [self._error(diagnostic) for diagnostic in own]
        if not own and not found:
            ends = [d for d in probe if "expected" in d.spelling or "unterminated" in d.spelling]
            found_errors += [{**self._error(d), "line": self.lines, "column": 1} for d in ends]
        for diagnostic in probe:
            if "overloaded" in diagnostic.spelling or "ambiguous" in diagnostic.spelling:
                found_errors.append({"path": "", "line": 0, "column": 0, "message": "overloaded"})
        return found_errors

    def _error(self, diagnostic: Any) -> dict[str, Any]:
        place = diagnostic.location
        file = place.file.name.removeprefix(f"{_ROOT}/") if place.file else ""
        return {"path": file, "line": place.line, "column": place.column, "message": diagnostic.spelling}

    def function(self) -> dict[str, Any] | None:
        """Return what the probe refers to."""
        for cursor in self.unit.cursor.get_children():
            if cursor.kind.name == "NAMESPACE" and cursor.spelling == "allo_studio_probe":
                for inner in cursor.walk_preorder():
                    target = inner.referenced if inner.kind.name == "DECL_REF_EXPR" else None
                    if target is not None and target.kind.name == "FUNCTION_DECL":
                        return self._described(target)
        return None

    def names(self) -> set[str]:
        """Return the names of the program that the project's files declare."""
        found = set()
        for cursor in self.unit.cursor.get_children():
            file = cursor.location.file
            if file is not None and file.name.startswith(_ROOT) and cursor.spelling != "allo_studio_probe":
                found.add(cursor.spelling)
        return {name for name in found if name}

    def _described(self, target: Any) -> dict[str, Any]:
        from clang import cindex

        template = cindex.conf.lib.clang_getSpecializedCursorTemplate(target)
        spelled = template if template is not None and template.kind.name == "FUNCTION_TEMPLATE" else target
        body = spelled.get_definition() or spelled
        words = [token.spelling for token in body.get_tokens()]
        parameters = []
        for parameter in target.get_arguments():
            uses = _uses(parameter.spelling, words)
            parameters.append({"name": parameter.spelling, **_place(parameter), **_type(parameter.type), "uses": uses})
        return {
            "name": target.spelling,
            **_place(body),
            "defined": body.is_definition(),
            "result": {**_place(body), **_type(target.result_type)},
            "parameters": parameters,
        }


def _place(cursor: Any) -> dict[str, Any]:
    place = cursor.location
    file = place.file.name.removeprefix(f"{_ROOT}/") if place.file else ""
    return {"path": file, "line": place.line, "column": place.column}


def _uses(name: str, words: list[str]) -> list[str]:
    """Return which of reading and writing is done with a stream of that name itself, by the words of a function."""
    found = set()
    for number, word in enumerate(words[:-2]):
        if word != name:
            continue
        used = words[number + 2] if words[number + 1] == "." else words[number + 1]
        if used in _READS or used in _WRITES:
            found.add("read" if used in _READS else "write")
    return sorted(found)


def _type(kind: Any) -> dict[str, Any]:
    """Return a parameter's type in parts. An extent that is not known is null."""
    found: dict[str, Any] = {"spelled": kind.spelling, "kind": "value", "extents": [], "token": 0}
    bound = False
    name = kind.kind.name
    if name in ("LVALUEREFERENCE", "POINTER"):
        found["kind"] = "reference" if name == "LVALUEREFERENCE" else "pointer"
        kind = kind.get_pointee()
        bound = name == "LVALUEREFERENCE" and _array(kind) is not None
        if not bound and _array(kind) is not None:
            found["extents"].append(None)
    elif name == "RVALUEREFERENCE":
        found["kind"] = "other"
    # Of an array the elements are what is constant.
    found["const"] = kind.get_canonical().spelling.startswith("const ")
    kind = _peeled(kind, found)
    if bound:
        # A function of ours has no array to bind it to: its own parameters decay to pointers.
        found["kind"] = "other"
    plain = kind.get_canonical()
    if found["kind"] == "reference" and _element(plain).startswith("hls::stream<"):
        found["kind"] = "stream"
        plain = plain.get_template_argument_type(0).get_canonical()
        vector = re.fullmatch(r"hls::vector<.*, (\d+)>", _element(plain))
        if vector:
            found["token"] = int(vector[1])
            plain = plain.get_template_argument_type(0).get_canonical()
    found["element"] = _element(plain)
    return found


def _array(kind: Any) -> str | None:
    """Return which kind of array a type is, or None."""
    name = kind.get_canonical().kind.name
    return name if name in ("CONSTANTARRAY", "INCOMPLETEARRAY") else None


def _peeled(kind: Any, found: dict[str, Any]) -> Any:
    """Return the element's type of an array, with its extents noted."""
    for size in _sizes(kind):
        found["kind"] = "array"
        found["extents"].append(size)
        kind = (kind if _array(kind) == kind.kind.name else kind.get_canonical()).element_type
    return kind


def _sizes(kind: Any) -> Iterator[int | None]:
    while (array := _array(kind)) is not None:
        whole = kind.get_canonical() if kind.kind.name != array else kind
        yield whole.element_count if array == "CONSTANTARRAY" else None
        kind = whole.element_type


def _element(kind: Any) -> str:
    return str(kind.spelling).removeprefix("const ").removeprefix("volatile ")


if __name__ == "__main__":
    main()

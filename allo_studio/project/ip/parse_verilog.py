"""Reads a module's ports with slang. A program of its own, so that nothing in a file can bring the rest down.

It takes JSON from its input: `files` (texts by path), `sources` (those to read), `include` (folders of the project),
`module` and `parameters`. It gives JSON: `errors`, and `module` or null. Nothing of the code is run but constants.
"""

from __future__ import annotations

import contextlib
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

_SECONDS, _BYTES = 30, 4 << 30
_MOST_ERRORS = 5


def main() -> None:
    """Answer one question."""
    with contextlib.suppress(ImportError):
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (_BYTES, _BYTES))
    asked = json.load(sys.stdin)
    with tempfile.TemporaryDirectory(prefix="allo-verilog-") as name:
        folder = Path(name).resolve()
        for path, text in asked["files"].items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
        answer = _Reader(folder, asked).answer()
    json.dump(answer, sys.stdout)


class _Reader:
    def __init__(self, folder: Path, asked: dict[str, Any]) -> None:
        import pyslang
        from pyslang import ast, syntax

        self.folder, self.asked = folder, asked
        self.manager = pyslang.SourceManager()
        for include in asked["include"]:
            self.manager.addUserDirectories(str(folder / include))
        options = ast.CompilationOptions()
        options.topModules = {asked["module"]}
        options.paramOverrides = [f"{key}={value}" for key, value in asked["parameters"].items()]
        self.compilation = ast.Compilation(pyslang.Bag([options]))
        for source in asked["sources"]:
            self.compilation.addSyntaxTree(syntax.SyntaxTree.fromFile(str(folder / source), self.manager))
        self.engine = pyslang.DiagnosticEngine(self.manager)

    def answer(self) -> dict[str, Any]:
        """Return the errors and the module."""
        diagnostics = self.compilation.getAllDiagnostics()
        errors = [self._error(d) for d in diagnostics if d.isError()]
        errors = [error for error in errors if error["path"]]
        top = [i for i in self.compilation.getRoot().topInstances if i.name == self.asked["module"]]
        names = {str(d.name): self._place(d.location)["path"] for d in self.compilation.getDefinitions()}
        return {"errors": errors[:_MOST_ERRORS], "module": self._module(top[0]) if top else None, "names": names}

    def _error(self, diagnostic: Any) -> dict[str, Any]:
        return {**self._place(diagnostic.location), "message": self.engine.formatMessage(diagnostic)}

    def _place(self, location: Any) -> dict[str, Any]:
        try:
            file = Path(str(self.manager.getFullPath(location.buffer)))
            path = str(file.relative_to(self.folder))
        except (ValueError, TypeError):
            path = ""
        line, column = self.manager.getLineNumber(location), self.manager.getColumnNumber(location)
        return {"path": path, "line": line, "column": column}

    def _module(self, instance: Any) -> dict[str, Any]:
        body = instance.body
        known = {str(p.name) for p in body.parameters}
        ports = []
        for port in body.portList:
            kind = str(port.kind).rpartition(".")[2]
            plain = kind == "Port" and port.type.isIntegral
            direction = str(port.direction).rpartition(".")[2].lower() if kind == "Port" else kind
            width = int(port.type.bitWidth) if plain else 0
            ports.append({"name": str(port.name), "direction": direction, "width": width, **self._place(port.location)})
        return {
            "name": str(instance.name),
            **self._place(body.definition.location),
            "ports": ports,
            "parameters": sorted(known),
        }


if __name__ == "__main__":
    main()

"""Colours for code, from Pygments' lexers and two of our own, for MLIR and SystemVerilog."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pygments.lexer import Lexer, RegexLexer
from pygments.lexers.c_cpp import CppLexer
from pygments.lexers.data import YamlLexer
from pygments.lexers.python import PythonLexer
from pygments.token import Comment, Keyword, Name, Number, Operator, String, Text, _TokenType
from PySide6.QtGui import QTextCharFormat

from nodes import colours

__all__ = ["MlirLexer", "VerilogLexer", "formats", "language_of"]

# Beyond this a text is shown in one colour: lexing it would hold up the window.
_MOST_CHARACTERS = 400_000


_VERILOG_TYPES = "input|output|inout|wire|reg|logic|bit|signed|integer|genvar|localparam|parameter"
_VERILOG_WORDS = (
    "module|endmodule|assign|always_ff|always_comb|always|initial|begin|end|if|else|case|casez|endcase|default|for"
    "|posedge|negedge|or|generate|endgenerate|function|endfunction"
)


class MlirLexer(RegexLexer):  # type: ignore[misc]
    """MLIR's generic shape: values, symbols, attributes, operations, types."""

    name = "MLIR"
    tokens: ClassVar[dict[str, list[tuple[object, ...]]]] = {
        "root": [
            (r"//[^\n]*", Comment.Single),
            (r'"(?:\\.|[^"\\])*"', String),
            (r"%[\w$.#-]+", Name.Variable),
            (r"@[\w$.-]+", Name.Function),
            (r"#[\w$.-]+", Name.Constant),
            (r"\b(?:affine|arith|memref|func|scf|cf|math|llvm)\.[\w.]+", Keyword),
            (r"\b(?:module|func|return|attributes|to|step|iter_args|loc|affine_map|dense|min|max)\b", Keyword),
            (r"\b(?:memref|tensor|vector|index|f16|f32|f64|i\d+)\b|\b\d+(?:x\d+)*x(?=[a-z])", Keyword.Type),
            (r"-?\b\d+(?:\.\d+(?:[eE][+-]?\d+)?)?\b", Number),
            (r"[\w.]+(?=\s*=)", Name.Attribute),
            (r"->|[=:<>+*-]", Operator),
            (r"\s+", Text),
            (r".", Text),
        ]
    }


class VerilogLexer(RegexLexer):  # type: ignore[misc]
    """What CIRCT writes of SystemVerilog. It passes over names at once: such a text is long, and few are coloured."""

    name = "SystemVerilog"
    tokens: ClassVar[dict[str, list[tuple[object, ...]]]] = {
        "root": [
            (r"//[^\n]*", Comment.Single),
            (r"`\w+", Comment.Preproc),
            (r'"(?:\\.|[^"\\])*"', String),
            (rf"(?:{_VERILOG_TYPES})\b", Keyword.Type),
            (rf"(?:{_VERILOG_WORDS})\b", Keyword),
            (r"\$\w+", Name.Builtin),
            (r"(?:\d+)?'s?[bodh][\da-fA-FxXzZ_]+|\d+\b", Number),
            # Up to where one of the above may begin.
            (
                rf"(?:[A-Za-z_][\w$]*|[^\w/`\"$'])(?:[^\w/`\"$']|(?!(?:{_VERILOG_TYPES}|{_VERILOG_WORDS})\b)[A-Za-z_][\w$]*)*",
                Text,
            ),
            (r".|\n", Text),
        ]
    }


_LEXERS: dict[str, type[Lexer]] = {
    "python": PythonLexer,
    "yaml": YamlLexer,
    "cpp": CppLexer,
    "mlir": MlirLexer,
    "verilog": VerilogLexer,
}
_COLOURS: list[tuple[_TokenType, str]] = [
    (Comment, "comment"),
    (Keyword.Type, "type"),
    (Keyword, "keyword"),
    (Name.Function, "function"),
    (Name.Class, "class"),
    (Name.Decorator, "class"),
    (Name.Variable, "variable"),
    (Name.Attribute, "variable"),
    (Name.Tag, "function"),
    (Name.Constant, "constant"),
    (Name.Builtin, "builtin"),
    (Number, "number"),
    (String.Doc, "doc"),
    (String, "string"),
    (Operator.Word, "keyword"),
    (Operator, "operator"),
    (Comment.Preproc, "directive"),
]


def language_of(path: str) -> str:
    """Return the language of a file by its name."""
    endings = {
        ".py": "python",
        ".yaml": "yaml",
        ".yml": "yaml",
        ".cpp": "cpp",
        ".h": "cpp",
        ".mlir": "mlir",
        ".sv": "verilog",
    }
    return next((language for ending, language in endings.items() if path.endswith(ending)), "")


def formats(text: str, language: str) -> Iterator[tuple[int, int, QTextCharFormat]]:
    """Yield (start, length, format) for the coloured parts of a text."""
    lexer = _LEXERS.get(language)
    if lexer is None or len(text) > _MOST_CHARACTERS:
        return
    made: dict[_TokenType, QTextCharFormat | None] = {}
    for start, kind, value in lexer(stripnl=False, ensurenl=False).get_tokens_unprocessed(text):
        if kind not in made:
            made[kind] = _format(kind)
        shape = made[kind]
        if shape is not None and value.strip():
            yield start, len(value), shape


def _format(kind: _TokenType) -> QTextCharFormat | None:
    # The most specific entry wins: Comment.Preproc before Comment.
    fitting = [(len(token), colour) for token, colour in _COLOURS if kind in token]
    if not fitting:
        return None
    shape = QTextCharFormat()
    shape.setForeground(colours.code_colour(max(fitting)[1]))
    if kind in Comment and kind not in Comment.Preproc:
        shape.setFontItalic(True)
    return shape

"""Asks a program of its own to read code, with a bound on its time; the code itself is never run."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from allo_studio.diagnostics import AlloError, Diagnostic
from allo_studio.source import Span

__all__ = ["ask"]

_SECONDS = 60


def ask(program: str, package: str, question: Mapping[str, Any], span: Span | None) -> Mapping[str, Any]:
    """Return what a program beside this file answers; it needs a `package`. Raises AlloError (codes `ip`, `tool`).

    What was answered is kept, so that code is not read again when only its descriptor changes.
    """
    try:
        return _answer(program, json.dumps(question))
    except subprocess.TimeoutExpired:
        raise _unread(span, f"it took more than {_SECONDS} seconds") from None
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip().splitlines()
        last = said[-1] if said else f"the reader ended with status {error.returncode}"
    if "ModuleNotFoundError" in last or "ImportError" in last:
        hint = f"install it with Allo Studio: pip install {package}"
        raise AlloError(Diagnostic("tool", f"{package} is needed to read this code: {last}", span, hint=hint))
    raise _unread(span, last)


# Errors are not kept: a package may be installed by the next time.
@lru_cache(maxsize=64)
def _answer(program: str, question: str) -> Mapping[str, Any]:
    command = [sys.executable, "-P", str(Path(__file__).with_name(program))]
    done = subprocess.run(command, input=question.encode(), capture_output=True, timeout=_SECONDS, check=True)
    answer: Mapping[str, Any] = json.loads(done.stdout)
    return answer


def _unread(span: Span | None, reason: str) -> AlloError:
    hint = "it may be too large, or include itself without end; give fewer files"
    return AlloError(Diagnostic("ip", f"the code of this block could not be read: {reason}", span, hint=hint))

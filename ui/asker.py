"""Asks a process beside the window one question after another and remembers the answers."""

from __future__ import annotations

import json
import os
import sys
from collections import OrderedDict
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTimer, Signal

from allo_studio.diagnostics import AlloError

__all__ = ["Asker", "Question"]

_LONGEST_MS = 20_000
_MOST_KEPT = 1024


class Question(Protocol):
    """What is asked; questions with the same key have the same answer."""

    @property
    def key(self) -> Hashable:
        """What tells the question from others."""


class Asker(QObject):
    """Wants answers of `python -m MODULE`, a request a line and an answer a line; `told` says that there is a new one.

    A question that takes too long, and one at which the process ends, has an answer that says so.
    """

    told = Signal()
    module = ""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._answers: OrderedDict[Hashable, Any] = OrderedDict()
        self._wanted: tuple[Any, ...] = ()
        self._running: Hashable | None = None
        self._process: QProcess | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_LONGEST_MS)
        self._timer.timeout.connect(self._too_long)

    # What a kind of question is made of.

    def _at_once(self, question: Any) -> Any:
        """Return the answer that needs no process, or None."""
        return None

    def _request(self, question: Any) -> Mapping[str, Any]:
        """Return the request; raises AlloError."""
        raise NotImplementedError

    def _answer(self, said: Mapping[str, Any]) -> Any:
        """Return the answer that the process gave."""
        raise NotImplementedError

    def _failed(self, why: str) -> Any:
        """Return the answer where there is none."""
        raise NotImplementedError

    # Asking.

    @property
    def running(self) -> bool:
        """Whether a question is being answered."""
        return self._running is not None

    def want(self, questions: Sequence[Question]) -> None:
        """Ask these questions, which take the place of those that were wanted before."""
        self._wanted = tuple(questions)
        for question in self._wanted:
            if question.key not in self._answers and (answer := self._at_once(question)) is not None:
                self._keep(question.key, answer)
        # What is being answered may be about something that nobody looks at any more, and take long.
        if self._running is not None and all(question.key != self._running for question in self._wanted):
            self._stop()
        self._go_on()

    def known(self, key: Hashable) -> Any:
        """Return the answer to a question, or None where there is none yet."""
        return self._answers.get(key)

    def shut(self) -> None:
        """Stop for good."""
        self._wanted = ()
        self._stop()

    def _keep(self, key: Hashable, answer: Any) -> None:
        self._answers[key] = answer
        while len(self._answers) > _MOST_KEPT:
            self._answers.popitem(last=False)

    def _go_on(self) -> None:
        question = next((q for q in self._wanted if q.key not in self._answers), None)
        if self._running is not None or question is None:
            return
        try:
            line = json.dumps(self._request(question)).encode() + b"\n"
        except AlloError as error:
            self._keep(question.key, self._failed(error.diagnostics[0].message))
            self._go_on()
            return
        self._running = question.key
        if self._process is None:
            self._start()
        # A process that cannot be started says so at once.
        if self._process is not None:
            self._process.write(line)
            self._timer.start()

    def _start(self) -> None:
        self._process = process = QProcess(self)
        environment = QProcessEnvironment.systemEnvironment()
        # The studio may run from a folder that is not installed.
        places = [str(Path(__file__).resolve().parents[1]), environment.value("PYTHONPATH", "")]
        environment.insert("PYTHONPATH", os.pathsep.join(filter(None, places)))
        process.setProcessEnvironment(environment)
        process.setProcessChannelMode(QProcess.ProcessChannelMode.SeparateChannels)
        process.setStandardErrorFile(QProcess.nullDevice())
        process.readyReadStandardOutput.connect(self._read)
        process.finished.connect(self._ended)
        process.errorOccurred.connect(self._ended)
        process.start(sys.executable, ["-m", self.module])

    def _read(self) -> None:
        while self._process is not None and self._process.canReadLine():
            self._take(self._answer(json.loads(bytes(self._process.readLine().data()))))

    def _take(self, answer: Any) -> None:
        self._timer.stop()
        key, self._running = self._running, None
        if key is not None:
            self._keep(key, answer)
        self._go_on()
        self.told.emit()

    def _ended(self) -> None:
        if self._process is not None:
            self._stop(forget=False)
            self._take(self._failed("the program beside the window ended"))

    def _too_long(self) -> None:
        self._stop(forget=False)
        self._take(self._failed(f"it takes longer than {_LONGEST_MS // 1000} s"))

    def _stop(self, forget: bool = True) -> None:
        self._timer.stop()
        if forget:
            self._running = None
        process, self._process = self._process, None
        if process is not None:
            process.readyReadStandardOutput.disconnect(self._read)
            process.finished.disconnect(self._ended)
            process.errorOccurred.disconnect(self._ended)
            process.kill()
            process.waitForFinished(2000)
            process.deleteLater()

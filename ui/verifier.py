"""Verifies steps by running kernels in a process beside the window. Signals arrive in the window's thread."""

from __future__ import annotations

import json
import os
import sys
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTimer, Signal

from allo_studio.diagnostics import AlloError
from ui.trials import Outcome, Trial, request, why_not

__all__ = ["Verifier"]

_LONGEST_MS = 20_000
_MOST_KEPT = 1024
_WAITING = Outcome("waiting", "waiting to be verified")


class Verifier(QObject):
    """Tries steps one after another and remembers the outcomes; `told` says that there is a new one."""

    told = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._outcomes: OrderedDict[Hashable, Outcome] = OrderedDict()
        self._wanted: tuple[Trial, ...] = ()
        self._running: Hashable | None = None
        self._process: QProcess | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_LONGEST_MS)
        self._timer.timeout.connect(self._too_long)

    @property
    def running(self) -> bool:
        """Whether a step is being tried."""
        return self._running is not None

    def want(self, trials: Sequence[Trial]) -> None:
        """Verify these steps, which take the place of those that were wanted before."""
        self._wanted = tuple(trials)
        for trial in self._wanted:
            if trial.key not in self._outcomes and (reason := why_not(trial)):
                self._keep(trial.key, Outcome("skipped", reason))
        # The kernel that is being tried may be one of a block that nobody looks at any more, and take long.
        if self._running is not None and all(trial.key != self._running for trial in self._wanted):
            self._stop()
        self._go_on()

    def outcome(self, key: Hashable) -> Outcome:
        """Return what is known of a step."""
        return self._outcomes.get(key, _WAITING)

    def shut(self) -> None:
        """Stop for good."""
        self._wanted = ()
        self._stop()

    def _keep(self, key: Hashable, outcome: Outcome) -> None:
        self._outcomes[key] = outcome
        while len(self._outcomes) > _MOST_KEPT:
            self._outcomes.popitem(last=False)

    def _go_on(self) -> None:
        trial = next((t for t in self._wanted if t.key not in self._outcomes), None)
        if self._running is not None or trial is None:
            return
        try:
            line = request(trial)
        except AlloError as error:
            self._keep(trial.key, Outcome("skipped", f"not compared: {error.diagnostics[0].message}"))
            self._go_on()
            return
        self._running = trial.key
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
        process.start(sys.executable, ["-m", "ui.trial_child"])

    def _read(self) -> None:
        while self._process is not None and self._process.canReadLine():
            said = json.loads(bytes(self._process.readLine().data()))
            self._take(Outcome(said["outcome"], said["text"]))

    def _take(self, outcome: Outcome) -> None:
        self._timer.stop()
        key, self._running = self._running, None
        if key is not None:
            self._keep(key, outcome)
        self._go_on()
        self.told.emit()

    def _ended(self) -> None:
        if self._process is not None:
            self._stop(forget=False)
            self._take(Outcome("skipped", "not compared: the program that runs the kernels ended"))

    def _too_long(self) -> None:
        self._stop(forget=False)
        self._take(Outcome("skipped", f"not compared: a run takes longer than {_LONGEST_MS // 1000} s"))

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

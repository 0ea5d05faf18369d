"""Qt without a screen; where there is no Qt these tests are left out."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

os.environ["QT_QPA_PLATFORM"] = "offscreen"
pytest.importorskip("PySide6")
pytest.importorskip("pytestqt")

from PySide6.QtWidgets import QApplication

from nodes.canvas import Canvas


@pytest.fixture
def canvas(qapp: QApplication) -> Iterator[Canvas]:
    """A shown canvas with nothing on it."""
    made = Canvas()
    made.resize(900, 600)
    made.show()
    qapp.processEvents()
    yield made
    made.shut()
    made.close()
    made.deleteLater()
    qapp.processEvents()

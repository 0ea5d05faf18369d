"""What the window's action on the guided first project does: begin it, take it up again, and follow it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from PySide6.QtCore import QObject, QRect, Qt, QTimer
from PySide6.QtWidgets import QMainWindow, QWidget

from allo_studio.library.catalogue import find_block
from ui.dialogs import Prompts
from ui.guide_steps import BLOCK, STEPS, State, reached
from ui.panels import Panels
from ui.results import built_for
from ui.session import Session
from ui.settings import settings
from ui.spotlight import Spotlight
from ui.theme import px

__all__ = ["GuideCommands", "GuideFollower"]

_FILE = "guide/file"
_FOLDER = "allo-first"
# Of the panel, in pixels at the usual scale.
_WIDTH = 280


def fresh_folder(home: Path) -> Path:
    """Return a folder in a home that does not exist yet."""
    tried = (home / (_FOLDER if number == 1 else f"{_FOLDER}-{number}") for number in range(1, 10_000))
    return next(path for path in tried if not path.exists())


class GuideFollower(QObject):
    """Looks at the session after each change and keeps how far a person has come with each guided project."""

    def __init__(self, window: QMainWindow, session: Session, panels: Panels) -> None:
        super().__init__(window)
        self._session, self._panels = session, panels
        self._light = Spotlight(window)
        # After all else has heard of the change.
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self.follow)
        report = panels.report
        for signal in (session.problems_changed, session.built, session.entered, session.works_changed):
            signal.connect(self._wake)
        for signal in (panels.bottom.currentChanged, report.tabs.currentChanged, report.loops.currentItemChanged):
            signal.connect(self._wake)
        panels.guide.where_asked.connect(self.show_where)
        panels.docks["Guide"].visibilityChanged.connect(self._wake)

    @property
    def file(self) -> Path | None:
        """The file of the guided project that was begun last, None where there is none any more."""
        found = Path(str(settings().value(_FILE, "")))
        return found if found.is_file() else None

    def begin(self, file: Path) -> None:
        """Take a project that was just made as the guided one."""
        settings().setValue(_FILE, str(file.resolve()))
        settings().setValue(_key(file), 0)

    def follow(self) -> None:
        """Show how far the project has come; nothing happens while the panel is closed."""
        file, loaded = self.file, self._session.loaded
        if self._panels.docks["Guide"].isHidden():
            return
        if file is None:
            self._panels.guide.show_done(0, False)
            return
        known = int(str(settings().value(_key(file), 0)))
        in_front = loaded is not None and loaded.file.resolve() == file
        done = reached(self.state(), known) if in_front else known
        if done != known:
            settings().setValue(_key(file), done)
        self._panels.guide.show_done(min(done, len(STEPS)), in_front)

    def state(self) -> State:
        """Return what the steps look at."""
        work, report = self._session.work, self._panels.report
        result = work.result
        before, _ = report.builds.get(built_for(result), (None, None))
        in_front = self._panels.bottom.currentWidget() is report and result is not None
        row = report.loops.indexOfTopLevelItem(report.loops.currentItem()) if report.loops.currentItem() else -1
        rows = result.report.loops if result else ()
        return State(
            work.project,
            work.checked,
            result.report if result and result.ok else None,
            work.up_to_date,
            before,
            report.tabs.tabText(report.tabs.currentIndex()) if in_front else "",
            rows[row] if 0 <= row < len(rows) else None,
        )

    def show_where(self, where: str) -> None:
        """Bring a part of the window to the front and frame it."""
        widget, part = self._place(where)
        # Where a dock was closed or behind, it has its size only now.
        QTimer.singleShot(0, self, lambda: self._light.show_at(widget, part) if widget.isVisible() else None)

    def _place(self, where: str) -> tuple[QWidget, QRect | None]:
        panels = self._panels
        bottom = {"problems": panels.problems, "report": panels.report, "loops": panels.report}
        if where in ("report", "loops", "changes"):
            panels.docks["Results"].show()
            panels.bottom.setCurrentWidget(panels.report)
            bar = panels.report.tabs.tabBar()
            titles = [panels.report.tabs.tabText(at) for at in range(bar.count())]
            wanted = "Changes" if where == "changes" else "Loops"
            at = next((n for n, title in enumerate(titles) if title.startswith(wanted)), -1)
            if where == "loops" or at < 0 or panels.report.report is None:
                return panels.report, None
            return bar, bar.tabRect(at)
        if where in bottom:
            panels.docks["Results"].show()
            panels.bottom.setCurrentWidget(bottom[where])
            return bottom[where], None
        if where == "palette":
            block = find_block(BLOCK)
            panels.docks["Palette"].show()
            panels.docks["Palette"].raise_()
            item = panels.palette.reveal(block.title if block else "")
            return (
                (panels.palette.tree.viewport(), panels.palette.tree.visualItemRect(item))
                if item
                else (panels.palette, None)
            )
        if where in ("inspector", "schedule"):
            panels.docks["Inspector"].show()
            panels.docks["Inspector"].raise_()
            schedule = panels.inspector.kernel_page.schedule
            return (schedule, None) if where == "schedule" and schedule.isVisible() else (panels.inspector, None)
        button = panels.docks["Palette"].window().findChild(QWidget, "build")
        return (button, None) if button is not None else (panels.canvas, None)

    def _wake(self, *_: object) -> None:
        self._soon.start(0)


def _key(file: Path) -> str:
    return f"guide/{quote(str(file.resolve()), safe='')}"


class GuideCommands:
    """The window's methods for the guided first project."""

    session: Session
    prompts: Prompts
    panels: Panels
    guide: GuideFollower
    open_project: Callable[[Path], bool]
    _remember: Callable[[], None]

    def do_guide(self) -> None:
        """Take up the guided project where it was left, or begin one where there is none, or none that is not done."""
        file = self.guide.file
        if file is None:
            self.begin_guide()
        elif self.open_project(file):
            self._show_guide()

    def begin_guide(self) -> None:
        """Make a new project in a folder of choice and lead through it."""
        path = self.prompts.guide_folder(fresh_folder(Path.home()))
        if path is not None and self.session.new(path, empty=True) and self.session.loaded is not None:
            self._remember()
            self.guide.begin(self.session.loaded.file)
            self._show_guide()

    def _show_guide(self) -> None:
        docks = self.panels.docks
        # The palette keeps its width: the panel takes its own from the drawing.
        widths = [docks["Palette"].width(), px(_WIDTH)]
        docks["Guide"].show()
        docks["Guide"].raise_()
        assert isinstance(self, QMainWindow)
        self.resizeDocks([docks["Palette"], docks["Guide"]], widths, Qt.Orientation.Horizontal)
        self.guide.follow()

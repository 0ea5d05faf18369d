"""The settings: what a person chooses for all projects, in sections, to be searched; each takes effect at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from ui import preferences
from ui.preferences import RANGES, SCALES, THEME_CHOICES, Preferences, fault
from ui.theme import px

__all__ = ["SETTINGS", "SettingsDialog"]

_SIZE = (640, 560)


@dataclass(frozen=True)
class Setting:
    """A preference as the dialog shows it; `choices` are values with their texts."""

    name: str
    section: str
    title: str
    tip: str
    choices: tuple[tuple[str | int, str], ...] = ()


_THEMES = {"system": "As the system", "dark": "Dark", "light": "Light"}
SETTINGS = (
    Setting("theme", "Look", "Theme", "Light text on a dark ground, or dark text on a light one",
            tuple((name, _THEMES[name]) for name in THEME_CHOICES)),
    Setting("scale", "Look", "Size of the interface", "Of all text and controls; the drawing has its own zoom",
            tuple((scale, f"{scale}%") for scale in SCALES)),
    Setting("minimap", "Canvas", "Minimap", "A small map in the corner where a part of the graph is out of sight"),
    Setting("snap", "Canvas", "Snap to grid", "Moved blocks come to lie on the grid; Shift moves them freely"),
    Setting("grid", "Canvas", "Distance of the grid", "In units of the drawing, which are pixels at a zoom of 100%"),
    Setting("guides", "Canvas", "Align with neighbours", "Moved blocks come in line with the edges of others"),
    Setting("reopen", "Projects", "Open the last projects at the start", "Those that were open when the studio ended"),
    Setting("verify", "Schedules", "Verify each step by running it",
            "The kernel before and after each step of the chosen block is run on random and edge data"),
    Setting("predict", "Schedules", "Predict what each step does",
            "The kernel before and after each step of the chosen block is scheduled: cycles, II and resources"),
    Setting("editor", "Programs", "Editor",
            "A command, such as: code --goto {file}:{line}. Where it is empty, VISUAL, EDITOR or the desktop says"),
    Setting("waveform", "Programs", "Waveform viewer", "The command that opens the waveform of a build as RTL"),
)  # fmt: skip


class SettingsDialog(QDialog):
    """Shows all settings. A right value is kept at once and told by `changed`; what is wrong with another is said."""

    changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Settings")
        self.resize(*map(px, _SIZE))
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search")
        self.search.setAccessibleName("Search settings")
        self.search.setClearButtonEnabled(True)
        self.fields: dict[str, QWidget] = {}
        self.faults: dict[str, QLabel] = {}
        # What is hidden together: the widgets of a setting, and those of the settings below a heading.
        self._rows: dict[str, list[QWidget]] = {}
        self._heads: dict[str, QLabel] = {}
        self.nothing = QLabel("No setting has that in it.")
        self.nothing.setProperty("role", "muted")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.defaults = buttons.addButton("Restore defaults", QDialogButtonBox.ButtonRole.ResetRole)
        self.defaults.clicked.connect(self.restore)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.search)
        layout.addWidget(self._page(), 1)
        layout.addWidget(buttons)
        self.search.textChanged.connect(self.filter)
        self.filter("")

    def _page(self) -> QScrollArea:
        page, area = QWidget(), QScrollArea()
        grid = QGridLayout(page)
        grid.setColumnStretch(1, 1)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(6)
        grid.addWidget(self.nothing, 0, 0, 1, 2)
        for setting in SETTINGS:
            if setting.section not in self._heads:
                head = self._heads[setting.section] = QLabel(setting.section)
                head.setProperty("role", "title")
                grid.addWidget(head, grid.rowCount(), 0, 1, 2)
            self._add(setting, grid)
        grid.setRowStretch(grid.rowCount(), 1)
        area.setWidget(page)
        area.setWidgetResizable(True)
        return area

    def _add(self, setting: Setting, grid: QGridLayout) -> None:
        field = self._field(setting)
        field.setAccessibleName(setting.title)
        field.setAccessibleDescription(setting.tip)
        title, tip, wrong = QLabel(setting.title), QLabel(setting.tip), QLabel()
        title.setBuddy(field)
        tip.setProperty("role", "muted")
        wrong.setProperty("role", "error")
        row = grid.rowCount()
        grid.addWidget(field, row, 1)
        if isinstance(field, QCheckBox):
            # It has its title itself.
            title.hide()
        else:
            title.setWordWrap(True)
            grid.addWidget(title, row, 0)
        for number, label in enumerate((tip, wrong), 1):
            label.setWordWrap(True)
            grid.addWidget(label, row + number, 1)
        wrong.hide()
        self.fields[setting.name], self.faults[setting.name] = field, wrong
        self._rows[setting.name] = [field, tip] + ([] if isinstance(field, QCheckBox) else [title])

    def _field(self, setting: Setting) -> QWidget:
        value = getattr(preferences.load(), setting.name)
        take: Callable[[object], None] = partial(self._take, setting.name)
        if setting.choices:
            box = QComboBox()
            for choice, text in setting.choices:
                box.addItem(text, choice)
            box.setCurrentIndex(box.findData(value))
            box.activated.connect(lambda index: take(box.itemData(index)))
            return box
        if isinstance(value, bool):
            check = QCheckBox(setting.title)
            check.setChecked(value)
            check.toggled.connect(take)
            return check
        if isinstance(value, int):
            number = QSpinBox()
            number.setRange(*RANGES[setting.name])
            number.setValue(value)
            number.valueChanged.connect(take)
            return number
        line = QLineEdit(str(value))
        line.textChanged.connect(take)
        return line

    def _take(self, name: str, value: object) -> None:
        """Keep a value where it is right, else say what is wrong with it."""
        said = fault(name, value)
        self._say(name, said)
        if not said and getattr(preferences.load(), name) != value:
            preferences.store(**{name: value})
            self.changed.emit(name)

    def _say(self, name: str, said: str) -> None:
        label, field = self.faults[name], self.fields[name]
        label.setText(f"{said[:1].upper()}{said[1:]}. The value before it is kept." if said else "")
        label.setVisible(bool(said))
        field.setProperty("fault", "true" if said else "false")
        field.style().polish(field)

    def show_values(self) -> None:
        """Show what is chosen now, as after a change made elsewhere."""
        chosen = preferences.load()
        for name, field in self.fields.items():
            value = getattr(chosen, name)
            if isinstance(field, QComboBox):
                field.setCurrentIndex(field.findData(value))
            elif isinstance(field, QCheckBox):
                field.setChecked(value)
            elif isinstance(field, QSpinBox):
                field.setValue(value)
            elif isinstance(field, QLineEdit):
                field.setText(value)

    def restore(self) -> None:
        """Choose for each setting what it was at first."""
        before, first = preferences.load(), Preferences()
        for setting in SETTINGS:
            self._say(setting.name, "")
            if getattr(before, setting.name) != getattr(first, setting.name):
                preferences.store(**{setting.name: getattr(first, setting.name)})
                self.changed.emit(setting.name)
        self.show_values()

    def filter(self, text: str) -> None:
        """Show the settings that have each word in their titles, texts or sections."""
        words, seen = text.lower().split(), set()
        for setting in SETTINGS:
            told = f"{setting.section} {setting.title} {setting.tip}".lower()
            fits = all(word in told for word in words)
            seen |= {setting.section} if fits else set()
            for widget in self._rows[setting.name]:
                widget.setVisible(fits)
            self.faults[setting.name].setVisible(fits and bool(self.faults[setting.name].text()))
        for section, head in self._heads.items():
            head.setVisible(section in seen)
        self.nothing.setVisible(not seen)
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)

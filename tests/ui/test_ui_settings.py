"""The settings: what is right for each, how they are kept, and what they do; and the list of keys."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QCheckBox, QComboBox, QLabel, QLineEdit, QSpinBox, QWidget

from nodes import colours
from ui import preferences
from ui.actions import ACTIONS, ROW_ACTIONS
from ui.external_editor import wanted_editor
from ui.key_dialog import KeyDialog
from ui.key_table import GESTURES, key_rows, key_text
from ui.preferences import Preferences, fault, load, store
from ui.settings import settings
from ui.settings_dialog import SETTINGS, SettingsDialog
from ui.window import Window

DOCS = Path(__file__).resolve().parents[2] / "docs" / "studio.md"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("theme", "light", ""),
        ("theme", "grey", "one of system, dark, light"),
        ("scale", 150, ""),
        ("scale", 110, "one of 100"),
        ("scale", True, "a number"),
        ("verify", 1, "on or off"),
        ("editor", 3, "a text"),
        ("editor", "", ""),
        ("editor", "gvim '", "cannot be read"),
        ("waveform", " ", "a command is expected"),
        ("grid", 3, "from 4 to 96"),
        ("grid", 8, ""),
    ],
)
def test_what_is_right_for_a_preference(name: str, value: object, said: str) -> None:
    found = fault(name, value)
    assert (said in found) if said else found == ""


def test_preferences_are_kept_and_wrong_ones_are_not() -> None:
    assert load() == Preferences()
    assert store(theme="light", scale=175, verify=False, grid=8) == load()
    assert load() == Preferences(theme="light", scale=175, verify=False, grid=8)
    with pytest.raises(ValueError, match="one of 100"):
        store(theme="dark", scale=3)
    assert load().theme == "light"
    # As it would be after someone edited the file.
    for key, value in (("scale", "huge"), ("verify", "perhaps"), ("theme", "")):
        settings().setValue(f"preferences/{key}", value)
    assert load() == Preferences(grid=8)


def test_a_choice_takes_effect_at_once(studio: Window) -> None:
    dialog = studio.settings_dialog()
    theme, scale = dialog.fields["theme"], dialog.fields["scale"]
    assert isinstance(theme, QComboBox)
    assert isinstance(scale, QComboBox)
    dialog.show()
    theme.setFocus()
    QTest.keyClick(theme, Qt.Key.Key_L)
    assert colours.current() == "light"
    assert studio.actions_by_id["theme_light"].isChecked()
    before = studio.panels.palette.search.font().pixelSize()
    QTest.keyClick(scale, Qt.Key.Key_End)
    assert studio.panels.palette.search.font().pixelSize() == 2 * before
    switch = studio.panels.inspector.kernel_page.schedule.verify.switch
    verify, reopen = dialog.fields["verify"], dialog.fields["reopen"]
    assert isinstance(verify, QCheckBox)
    assert isinstance(reopen, QCheckBox)
    verify.setChecked(not switch.isChecked())
    assert switch.isChecked() == verify.isChecked() == load().verify
    reopen.setChecked(True)
    assert studio.actions_by_id["keep_tabs"].isChecked()
    dialog.defaults.click()
    assert load() == Preferences()
    assert colours.current() == "dark"
    assert theme.currentData() == "system"
    assert studio.panels.palette.search.font().pixelSize() == before


def test_a_wrong_value_is_told_and_the_one_before_it_kept(studio: Window) -> None:
    dialog = studio.settings_dialog()
    dialog.show()
    editor, said = dialog.fields["editor"], dialog.faults["editor"]
    assert isinstance(editor, QLineEdit)
    editor.setFocus()
    QTest.keyClicks(editor, "gvim {file}")
    assert wanted_editor({}) == "gvim {file}"
    QTest.keyClicks(editor, " '")
    assert said.isVisible()
    assert "cannot be read" in said.text()
    assert editor.property("fault") == "true"
    assert wanted_editor({}) == "gvim {file}"
    QTest.keyClicks(editor, "'")
    assert not said.isVisible()
    assert wanted_editor({}) == "gvim {file} ''"


def test_settings_are_found_by_words(studio: Window) -> None:
    dialog = studio.settings_dialog()
    dialog.show()
    QTest.keyClicks(dialog.search, "dark")
    assert [name for name, field in dialog.fields.items() if field.isVisible()] == ["theme"]
    QTest.keyClicks(dialog.search, " z")
    assert not any(field.isVisible() for field in dialog.fields.values())
    assert dialog.nothing.isVisible()
    dialog.search.clear()
    assert all(field.isVisible() for field in dialog.fields.values())
    # What can be chosen anywhere can be chosen here.
    assert sorted(setting.name for setting in SETTINGS) == sorted(vars(Preferences()))


def test_the_canvas_follows_the_settings_and_they_follow_the_menu(studio: Window) -> None:
    canvas, dialog = studio.panels.canvas, studio.settings_dialog()
    dialog.show()
    grid, snap = dialog.fields["grid"], dialog.fields["snap"]
    assert isinstance(grid, QSpinBox)
    assert isinstance(snap, QCheckBox)
    grid.setValue(10)
    assert canvas.view.grid == 10
    # The dots are drawn there, and the keys move from one to the next.
    assert canvas.view.pitch == 10
    canvas.select("mm1")
    x, y = canvas.positions["mm1"]
    studio.do_move_right()
    assert canvas.positions["mm1"] == (x + 10, y)
    snap.setFocus()
    QTest.keyClick(snap, Qt.Key.Key_Space)
    assert (canvas.view.grid, load().snap, studio.actions_by_id["snap"].isChecked()) == (0, False, False)
    for name in ("minimap", "guides"):
        field = dialog.fields[name]
        assert isinstance(field, QCheckBox)
        field.setChecked(False)
        assert not studio.actions_by_id[name].isChecked()
    assert not canvas.view.guides
    dialog.defaults.click()
    assert (canvas.view.grid, canvas.view.guides, load()) == (24, True, Preferences())
    studio.actions_by_id["guides"].trigger()
    field = studio.settings_dialog().fields["guides"]
    assert isinstance(field, QCheckBox)
    assert not field.isChecked()


def test_the_switch_in_the_inspector_is_remembered(studio: Window) -> None:
    switch = studio.panels.inspector.kernel_page.schedule.verify.switch
    switch.setChecked(True)
    assert load().verify
    switch.setChecked(False)
    assert not load().verify


def test_every_action_and_gesture_is_in_the_list_of_keys(studio: Window) -> None:
    dialog = KeyDialog(studio)
    shown = dict(dialog.shown())
    for spec in (*ACTIONS.values(), *ROW_ACTIONS.values()):
        if spec.shortcut:
            assert spec.shortcut in shown, spec.id
    assert {row.key for row in GESTURES} <= set(shown)
    assert len(key_rows()) == len(ACTIONS) + len(ROW_ACTIONS) + len(GESTURES)
    QTest.keyClicks(dialog.search, "undone")
    assert dialog.shown() == [("Ctrl+Shift+Z", "Do the undone edit again")]
    dialog.copy.click()
    assert QGuiApplication.clipboard().text() == key_text()
    assert re.search(r"^  Ctrl\+Z +Take the last edit back$", key_text(), re.MULTILINE)


def test_the_documentation_lists_every_key() -> None:
    section = DOCS.read_text().partition("## Keys\n")[2].partition("\n## ")[0]
    cells = [line.split(" | ")[0].strip("| ") for line in section.splitlines() if line.startswith("| ")]
    # A comma may be a key.
    listed = {part for cell in cells for part in re.split(r", (?=\S)|,? (?:or|and|in a|on the) ", cell)}
    missing = {
        spec.shortcut
        for spec in (*ACTIONS.values(), *ROW_ACTIONS.values())
        if spec.shortcut and spec.shortcut.replace("Return", "Enter") not in listed
    }
    assert missing == set()


@pytest.mark.parametrize("percent", [100, 200])
def test_dialogs_have_room_for_their_texts(studio: Window, percent: int) -> None:
    preferences.store(scale=percent)
    studio.take_preferences()
    for dialog in (SettingsDialog(studio), KeyDialog(studio)):
        dialog.show()
        QApplication.processEvents()
        for widget in dialog.findChildren(QWidget):
            if isinstance(widget, QLabel | QAbstractButton) and widget.isVisible():
                wraps = isinstance(widget, QLabel) and widget.wordWrap()
                height = widget.heightForWidth(widget.width()) if wraps else widget.minimumSizeHint().height()
                assert widget.height() >= height, widget.text()
                assert wraps or widget.width() >= widget.minimumSizeHint().width(), widget.text()
        dialog.close()
    studio.choose_look(scale=100)

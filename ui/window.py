"""The main window: wires the parts to the session, and does what the actions ask for."""

# The stubs know a signal of `object` only with slots of `object`.
# mypy: disable-error-code="call-overload"

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QShowEvent
from PySide6.QtWidgets import QMainWindow, QMenu

from allo_studio.design.edits import AddGraph, MoveNodes
from allo_studio.design.model import Endpoint, GraphNode, KernelNode
from allo_studio.diagnostics import AlloError, has_errors
from allo_studio.project import example_folder
from nodes import colours
from nodes.canvas import measures
from nodes.picture import Overlays
from ui.actions import ACTIONS, CONTEXT
from ui.background import Background
from ui.block_actions import BlockActions, BlockCommands
from ui.build_commands import BuildCommands
from ui.build_control import BuildControl
from ui.builder import Builder
from ui.calibration_commands import CalibrationCommands
from ui.code_commands import CodeCommands
from ui.command_search import CommandSearch
from ui.dialogs import Prompts
from ui.disk_watch import DiskWatch
from ui.dock_commands import DockCommands
from ui.file_commands import FileCommands
from ui.file_drops import FileDrops
from ui.find_bar import FindCommands
from ui.free_place import NEW_SIZE, free_place
from ui.gestures import Gestures
from ui.guide_commands import GuideCommands, GuideFollower
from ui.icons import icon
from ui.kernel_watch import KernelWatch
from ui.keyboard_commands import KeyboardCommands
from ui.layout_commands import LayoutCommands
from ui.naming import name_controls
from ui.navigator import Navigator
from ui.note_commands import NoteActions, NoteCommands
from ui.offers import Offer, wire_offers
from ui.panels import Panels, add_menus, add_toolbar, make_actions
from ui.places import Place, size_text
from ui.positions import arranged, completed, drawn_names
from ui.recent import last_open, recent_projects
from ui.report_commands import ReportCommands
from ui.results import built_for, loop_rows, overlays
from ui.session import Session
from ui.settings_commands import SettingsCommands
from ui.tab_commands import TabCommands
from ui.tab_keeper import TabKeeper
from ui.target_button import TargetButton
from ui.targets import TargetChoice

__all__ = ["Window"]

_MESSAGE_MS = 12000


class Window(
    QMainWindow,
    FileCommands,
    FindCommands,
    TabCommands,
    BlockCommands,
    BuildCommands,
    CalibrationCommands,
    CommandSearch,
    DockCommands,
    GuideCommands,
    LayoutCommands,
    SettingsCommands,
    KeyboardCommands,
    NoteCommands,
    ReportCommands,
    CodeCommands,
):
    """The studio's window. `prompts` asks the person; tests put their own in its place."""

    def __init__(self) -> None:
        super().__init__()
        self.resize(1560, 980)
        self.prompts: Prompts = Prompts(self)
        self.session = Session(self)
        self.builder, self.calibrator = Builder(self), Background(self)
        self.panels = Panels(self, self.session)
        self.gestures = Gestures(self.session, self.panels.canvas)
        self.drops = FileDrops(self.session, lambda: self.prompts, self.gestures.add, self._message)
        self.navigator = Navigator(self.session, self.panels)
        self.targets = TargetChoice(self)
        self.tab_keeper = TabKeeper(self.session, self.panels, self.targets)
        self.build_control = BuildControl(self.session, self.builder, self.panels, self.targets, self)
        self.block_actions = BlockActions(self.session, self.panels.canvas, self.gestures)
        self.find_bar = self.panels.find
        self.note_actions = NoteActions(self.session, self.panels)
        self.actions_by_id = make_actions(self, self.panels.canvas, self.settle)
        self.mark_layout()
        self.actions_by_id["vendor"].setChecked(self.targets.vendor.run != "never")
        self.actions_by_id["waves"].setChecked(self.targets.waves)
        self.watch_look()
        self.recent_menu = QMenu("Open &recent", self)
        self.recent_menu.aboutToShow.connect(lambda: self.fill_recent(self.recent_menu))
        add_menus(self, {**self.actions_by_id, "recent": self.recent_menu.menuAction()}, self.panels.docks)
        self.watch_preferences()
        self.last_time, self._opened = last_open(), []
        self.panels.welcome.show_recent(recent_projects(), len(self.last_time))
        self.toolbar = add_toolbar(self, self.actions_by_id, TargetButton(self.targets, self.actions_by_id))
        self.guide = GuideFollower(self, self.session, self.panels)
        self.disk = DiskWatch(self.session, lambda: self.prompts, self._message, self)
        self.kernel_watch = KernelWatch(self.session, self._message, self)
        self._fit_pending = False
        self._shut = False
        self._wire_session()
        self._wire_panels()
        self.watch_walk()
        name_controls(self)
        self._refresh()

    # Wiring.

    def _wire_session(self) -> None:
        session, builder = self.session, self.builder
        session.changed.connect(self._refresh)
        session.level_changed.connect(self._level_changed)
        session.problems_changed.connect(self._show_problems)
        session.built.connect(self._show_result)
        session.refused.connect(self._say)
        session.entered.connect(self._show_generated)
        session.turning.connect(self.settle)
        session.works_changed.connect(self.show_tabs)
        for signal in (builder.started, builder.finished, builder.failed, builder.cancelled):
            signal.connect(lambda *_: (self._update_actions(), self.show_tabs()))
        self.build_control.told.connect(self._message)
        self.navigator.selected.connect(self._selected)
        self.targets.changed.connect(lambda: self.panels.inspector.effects.choose(self.targets.chosen == "rtl"))

    def _wire_panels(self) -> None:
        parts = self.panels
        parts.canvas.selected.connect(self._selected)
        parts.canvas.wire_selected.connect(lambda wire: self._selected(None, wire) if wire else None)
        parts.canvas.opened.connect(self.enter)
        parts.canvas.files_dropped.connect(self._take_files)
        parts.canvas.wire_dropped.connect(self._offer_blocks)
        parts.canvas.context_requested.connect(self._context_menu)
        parts.breadcrumbs.chosen.connect(self.session.show_level)
        parts.find.chosen.connect(self.navigator.go_to_place)
        parts.find.closed.connect(parts.canvas.view.setFocus)
        parts.tabs.chosen.connect(self.session.show_work)
        parts.tabs.close_asked.connect(self.close_work)
        parts.tabs.moved.connect(self.session.move_work)
        parts.palette.chosen.connect(self._add_in_view)
        parts.inspector.edited.connect(self.session.do)
        parts.inspector.entered.connect(self.enter)
        parts.inspector.ir_changed.connect(self._show_ir)
        parts.inspector.ir_changed.connect(lambda _: self.fill_comparison())
        parts.inspector.kernel_page.schedule.compare_asked.connect(self.do_compare_steps)
        parts.inspector.kernel_page.schedule.form.tried.connect(self.fill_comparison)
        parts.inspector.source_asked.connect(lambda: parts.code.panes.bring(parts.code.source))
        parts.code.block_chosen.connect(self.navigator.go_to_path)
        parts.problems.opened.connect(self.navigator.go_to)
        parts.problems.fix_chosen.connect(self.session.do)
        parts.console.may_run = self.may_run_code
        parts.log.cancel_requested.connect(self.do_cancel)
        parts.report.place_chosen.connect(self.navigator.go_to_path)
        parts.report.source_chosen.connect(self.navigator.go_to_source)
        parts.welcome.open_asked.connect(self.do_open)
        parts.welcome.recent_asked.connect(self.open_project)
        parts.welcome.reopen_asked.connect(self.do_reopen)
        parts.welcome.guide_asked.connect(self.do_guide)
        parts.guide.anew_asked.connect(self.begin_guide)
        parts.guide.project_asked.connect(self.do_guide)
        parts.welcome.new_asked.connect(self.do_new)
        parts.welcome.example_asked.connect(lambda name: self.open_project(example_folder(name)))

    # Drawing what the session has.

    def _refresh(self) -> None:
        """Draw the present state; called after every change."""
        self._draw()
        session = self.session
        self.panels.palette.show_sections(session.sections())
        self.panels.inspector.refresh()
        self.panels.report.mark_fresh(session.up_to_date)
        self._update_actions()

    def _draw(self) -> None:
        session, canvas = self.session, self.panels.canvas
        graph, checked, project = session.graph, session.shown, session.project
        self.panels.middle.setCurrentIndex(1 if graph else 0)
        if graph is None or checked is None or project is None:
            canvas.clear()
            return
        drawn = session.work.sight.drawn
        given = {**drawn.get(graph.name, {}), **project.view.get(graph.name, {})}
        names = drawn_names(graph)
        # Placing blocks takes a while in a large graph, and most edits leave none without a place.
        placed = {name: given[name] for name in names if name in given}
        positions = placed if len(placed) == len(names) else completed(graph, given, *measures(graph, checked))
        drawn[graph.name] = positions
        canvas.show_graph(graph, checked, positions, self._overlays())
        canvas.show_notes(project.notes.get(graph.name, {}))
        note = f"{graph.execution}  ·  {size_text(graph)}"
        self.panels.breadcrumbs.show_level(session.level, note)
        if self._fit_pending and self.isVisible():
            self._fit_pending = False
            canvas.view.fit()

    def _overlays(self) -> Overlays:
        result = self.session.result
        return overlays(result.report, self.session.level) if result and self.session.up_to_date else Overlays()

    def _level_changed(self) -> None:
        self._fit_pending = True
        self.panels.inspector.select(None, None)
        self._refresh()

    def _selected(self, block: str | None, wire: str | None = None) -> None:
        self.panels.inspector.select(block, wire)
        self._update_actions()

    def _show_ir(self, ir: Any) -> None:
        session, block = self.session, self.panels.inspector.block
        fresh = session.result is not None and session.up_to_date
        report = session.result.report if fresh and session.result else None
        self.panels.code.show_ir(ir, loop_rows(report, f"{session.level.path}/{block}"))
        node = session.graph.nodes.get(block or "") if session.graph else None
        if isinstance(node, KernelNode):
            try:
                self.panels.code.show_source(session.source(node.path))
            except AlloError:
                self.panels.code.show_source(None)
        self._show_generated()

    def _show_problems(self) -> None:
        found = self.session.problems()
        self.panels.problems.show_diagnostics(found, self.session.fixes)
        self.panels.code.show_problems(found)
        errors = sum(d.severity == "error" for d in found)
        self.panels.bottom.setTabText(0, f"Problems ({len(found)})" if found else "Problems")
        name = "error" if errors else "warning" if found else "note"
        colour = colours.MUTED if name == "note" else colours.level_colour(name)
        self.panels.bottom.setTabIcon(0, icon(name, colour.name()))
        self._show_status(errors, len(found) - errors)

    def _show_status(self, errors: int, others: int) -> None:
        if self.session.project is None:
            self.panels.status.setText("")
            return
        parts = [f"{errors} error{'s' * (errors != 1)}"] if errors else []
        parts += [f"{others} warning{'s' * (others != 1)}"] if others else []
        target = self.session.project.target
        checked = "checking…" if self.session.work.pending else ", ".join(parts) or "checked, no problems"
        self.panels.status.setText(f"{checked}    {target.device}  ·  {target.clock_ns:g} ns   ")

    def _message(self, text: str) -> None:
        self.panels.console.note("says", text)
        self.statusBar().showMessage(text.partition("\n")[0][:160], _MESSAGE_MS)

    def _say(self, text: str) -> None:
        self._message(text)
        if has_errors(self.session.problems()):
            self.panels.bottom.setCurrentWidget(self.panels.problems)

    def states(self) -> set[str]:
        """Return the states that actions may need."""
        session, history = self.session, self.session.history
        block = self.panels.inspector.block
        node = session.graph.nodes.get(block or "") if session.graph else None
        notes = self.note_actions.chosen()
        chosen = self.panels.canvas.selected_blocks() or self.panels.canvas.selected_wires() or notes
        table = {
            "": True,
            "project": history is not None,
            "dirty": session.dirty,
            "undo": history is not None and history.can_undo,
            "redo": history is not None and history.can_redo,
            "selection": bool(chosen),
            "blocks": bool(self.block_actions.blocks()),
            "chosen": bool(self.block_actions.blocks() or notes),
            "notes": bool(notes),
            "graph_block": isinstance(node, GraphNode),
            "inside": bool(session.level.nodes),
            "idle": history is not None and not self.builder.running,
            "building": self.builder.running,
            "report": session.result is not None,
            "several": len(session.works) > 1,
            "last": not set(self.last_time) <= set(self._opened),
        }
        return {name for name, holds in table.items() if holds}

    def _update_actions(self) -> None:
        states, history = self.states(), self.session.history
        for name, action in self.actions_by_id.items():
            action.setEnabled(ACTIONS[name].needs in states)
        undo, redo = (history.undo_text, history.redo_text) if history else ("", "")
        self.actions_by_id["undo"].setText(f"&Undo {undo}".rstrip())
        self.actions_by_id["redo"].setText(f"&Redo {redo}".rstrip())
        project = self.session.project
        self.setWindowTitle(f"{project.name}[*] – Allo Studio" if project else "Allo Studio")
        self.setWindowModified(self.session.dirty)

    # Going somewhere.

    def go_to_place(self, place: Place) -> None:
        """Enter the graph of a place and select and centre what is there."""
        self.navigator.go_to_place(place)

    def enter(self, block: str) -> None:
        """Enter a graph block; other blocks show their source."""
        node = self.session.graph.nodes.get(block) if self.session.graph else None
        if isinstance(node, GraphNode):
            self.session.show_level(self.session.level.enter(block))
        elif isinstance(node, KernelNode):
            self.panels.code.panes.bring(self.panels.code.source)

    def _take_files(self, files: list[str], x: float, y: float) -> None:
        added = self.drops.take([Path(file) for file in files], (x, y))
        if added:
            self._select_new(added[-1])

    def _add_in_view(self, payload: dict[str, Any]) -> None:
        view = self.panels.canvas.view
        at = view.mapToScene(view.viewport().rect().center())
        wanted = (float(round(at.x() / 4) * 4), float(round(at.y() / 4) * 4))
        self._select_new(self.gestures.add(payload, free_place(wanted, NEW_SIZE, self.panels.canvas.areas())))

    def _select_new(self, name: str | None) -> None:
        if name is not None:
            self.panels.canvas.select(name)

    def _offer_blocks(self, end: Endpoint, held_source: bool, at: QPointF) -> None:
        kind = self.gestures.port_type(end)
        offers = wire_offers(self.session.kernel_files, self.session.source, kind, held_source)
        chosen = self.choose_offer(offers)
        if chosen is not None:
            self.gestures.add_and_connect(chosen.payload, chosen.port, end, held_source, at)

    def choose_offer(self, offers: list[Offer]) -> Offer | None:
        """Ask which block to put at the end of a wire."""
        menu = self.offer_menu(offers)
        picked = menu.exec(self.cursor().pos())
        menu.deleteLater()
        return picked.data() if picked else None

    def offer_menu(self, offers: list[Offer]) -> QMenu:
        """Return the menu of what may be put at the end of a wire; each group of offers has a menu of its own."""
        menu = QMenu(self)
        groups: dict[str, QMenu] = {"": menu}
        for offer in offers:
            if offer.group not in groups:
                groups[offer.group] = menu.addMenu(icon("library"), offer.group)
            groups[offer.group].addAction(icon(offer.payload["kind"]), offer.text).setData(offer)
        return menu

    def _context_menu(self, block: str | None, wire: str | None, at: QPoint) -> None:
        menu = self.context_menu(block, wire)
        menu.exec(at)
        menu.deleteLater()

    def context_menu(self, block: str | None, wire: str | None) -> QMenu:
        """Return the menu for a block, a wire, a note (its id behind `#`), or for empty space."""
        menu = QMenu(self)
        kind = "note" if block and block.startswith("#") else "wire" if wire else "block" if block else "canvas"
        for name in CONTEXT[kind]:
            if name is None:
                menu.addSeparator()
            elif self.actions_by_id[name].isEnabled():
                menu.addAction(self.actions_by_id[name])
        return menu

    # Edits.

    def do_quit(self) -> None:
        """Close the window."""
        self.close()

    def do_undo(self) -> None:
        """Take the last edit back."""
        self.session.undo()

    def do_redo(self) -> None:
        """Do the undone edit again."""
        self.session.redo()

    def do_delete(self) -> None:
        """Delete what is selected on the canvas."""
        canvas = self.panels.canvas
        self.gestures.delete(canvas.selected_blocks(), canvas.selected_wires(), self.note_actions.chosen())

    def do_select_all(self) -> None:
        """Select all blocks, wires and notes."""
        self.panels.canvas.select_all()

    def do_add_input(self) -> None:
        """Add an input to the graph."""
        self._add_in_view({"kind": "input"})

    def do_add_output(self) -> None:
        """Add an output to the graph."""
        self._add_in_view({"kind": "output"})

    def do_add_graph(self) -> None:
        """Add an empty graph to the project; it is then in the palette."""
        name = self.prompts.text("Add a graph", "Name of the graph", "sub")
        if name:
            self.session.do(AddGraph(name))

    def do_arrange(self) -> None:
        """Place all blocks in layers."""
        graph, checked = self.session.graph, self.session.checked
        if graph is not None and checked is not None:
            self.session.do(MoveNodes(graph.name, arranged(graph, *measures(graph, checked))))
            self.do_fit()

    def do_fit(self) -> None:
        """Show the whole graph."""
        self.panels.canvas.view.fit()

    def do_enter(self) -> None:
        """Enter the selected graph block."""
        if self.panels.inspector.block:
            self.enter(self.panels.inspector.block)

    def do_leave(self) -> None:
        """Go back to the graph around this one, with the block that was left selected."""
        level = self.session.level
        if level.nodes:
            self.session.show_level(level.leave())
            self.panels.canvas.select(level.nodes[-1])

    def do_search(self) -> None:
        """Search the palette."""
        self.panels.palette.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.panels.palette.search.selectAll()

    def do_check(self) -> None:
        """Read the kernels again and check."""
        if self.session.loaded is not None:
            self.panels.console.did("check", self.session.loaded.file)
        self.session.recheck()

    def _show_result(self) -> None:
        result = self.session.result
        self.panels.report.show_report(result.report if result else None, built_for(result))
        self.panels.report.show_kept(self.kept_builds())
        self._refresh()

    def _show_generated(self) -> None:
        session, block = self.session, self.panels.inspector.block or ""
        path = f"{session.level.path}/{block}".rstrip("/")
        self.panels.code.show_made(path, session.made("hls", path), session.made("rtl", path))

    # The window itself.

    def showEvent(self, event: QShowEvent) -> None:
        """Lay the docks out and fit the graph once the window has its size."""
        super().showEvent(event)
        if not event.spontaneous():
            self.panels.size_docks(self)
            QTimer.singleShot(0, self._fit_first)

    def _fit_first(self) -> None:
        if not self._shut:
            self._fit_pending = False
            self.panels.canvas.view.fit()

    def changeEvent(self, event: QEvent) -> None:
        """Check again when the person comes back and kernels have changed on disk."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            self.kernel_watch.look()
            self.disk.look()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask about unsaved changes, stop the build, and take the scene down in an order that Qt survives."""
        self.settle()
        if self._shut or not self.may_leave():
            event.setAccepted(self._shut)
            return
        self._shut = True
        self.session.checking.shut()
        self.builder.shut()
        self.calibrator.shut()
        self.panels.console.run.shut()
        self.panels.inspector.shut()
        self.panels.canvas.shut()
        super().closeEvent(event)

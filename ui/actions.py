"""Every action of the window in one table: menus, toolbar, shortcuts and tests are made from it.

A second table has what is done with a row of a result: the key acts while that list has the focus.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ACTIONS", "CONTEXT", "MENUS", "ROW_ACTIONS", "SUBMENUS", "TOOLBAR", "ActionSpec"]


@dataclass(frozen=True)
class ActionSpec:
    """An action. It calls the window's method `do_<id>`; `needs` names a state (see `Window.states`)."""

    id: str
    text: str
    shortcut: str = ""
    icon: str = ""
    needs: str = ""
    tip: str = ""
    # Of the actions of a group one is marked.
    group: str = ""
    # The key acts while the canvas has the focus; elsewhere it means something else.
    on_canvas: bool = False
    # It is on or off.
    toggle: bool = False


_TABLE = (
    ActionSpec("new", "&New project…", "Ctrl+N", "new", tip="Make a project in an empty folder"),
    ActionSpec("open", "&Open…", "Ctrl+O", "open", tip="Open a project"),
    ActionSpec("save", "&Save", "Ctrl+S", "save", "dirty", "Save the project"),
    ActionSpec("save_as", "Save &as…", "Ctrl+Shift+S", "", "project", "Save a copy of the project folder"),
    ActionSpec("close_project", "&Close project", "Ctrl+W", "", "project"),
    ActionSpec("next_tab", "Ne&xt project", "Ctrl+Tab", "", "several", "Show the open project to the right"),
    ActionSpec("previous_tab", "Pre&vious project", "Ctrl+Shift+Tab", "", "several", "Show the one to the left"),
    ActionSpec("reopen", "Open those of &last time", "", "open", "last", "Open the projects that were open last time"),
    ActionSpec(
        "keep_tabs", "Open them at the s&tart", tip="Begin with the projects that were open last time", toggle=True
    ),
    ActionSpec("quit", "&Quit", "Ctrl+Q"),
    ActionSpec("undo", "&Undo", "Ctrl+Z", "undo", "undo", "Take the last edit back"),
    ActionSpec("redo", "&Redo", "Ctrl+Shift+Z", "redo", "redo", "Do the undone edit again"),
    ActionSpec("delete", "&Delete", "Del", "delete", "selection", "Delete what is selected", on_canvas=True),
    ActionSpec("cut", "Cu&t", "Ctrl+X", "cut", "chosen", "Copy the selected blocks and remove them", on_canvas=True),
    ActionSpec("copy", "&Copy", "Ctrl+C", "copy", "chosen", "Copy the selected blocks", on_canvas=True),
    ActionSpec("paste", "&Paste", "Ctrl+V", "paste", "project", "Add the copied blocks", on_canvas=True),
    ActionSpec("duplicate", "Dup&licate", "Ctrl+D", "copy", "chosen", "Add a copy of the selected blocks"),
    ActionSpec("disable", "D&isable or enable", "Ctrl+/", "", "blocks", "Leave the blocks out of what is built"),
    ActionSpec("bypass", "&Bypass or enable", "Ctrl+Shift+/", "", "blocks", "Put a wire in the blocks' place"),
    ActionSpec("collapse", "C&ollapse…", "Ctrl+G", "collapse", "blocks", "Make a graph of the selected blocks"),
    ActionSpec("expand", "E&xpand", "Ctrl+Shift+G", "expand", "graph_block", "Put a graph's blocks in its place"),
    ActionSpec("select_all", "Select &all", "Ctrl+A", "", "project"),
    ActionSpec("add_input", "Add &input", "Ctrl+I", "input", "project", "Add an input to the graph"),
    ActionSpec("add_output", "Add &output", "Ctrl+Shift+I", "output", "project", "Add an output to the graph"),
    ActionSpec("add_graph", "Add &graph…", "Ctrl+Shift+N", "graph", "project", "Add a graph to the project"),
    ActionSpec("add_note", "Add &note", "Ctrl+M", "", "project", "Write a note on the canvas"),
    ActionSpec("backdrop", "Bac&kdrop around selection", "Ctrl+Shift+B", "", "selection", "Lay a backdrop behind it"),
    ActionSpec("edit_note", "&Write in note", "F2", "", "notes", "Write in the selected note or title", on_canvas=True),
    ActionSpec("note_colour", "Next c&olour of note", "Ctrl+Shift+M", "", "notes", "Give the notes another colour"),
    ActionSpec("arrange", "&Arrange", "Ctrl+L", "arrange", "project", "Place all blocks in layers"),
    ActionSpec("arrange_part", "Arrange &selection", "Ctrl+Alt+L", "", "blocks", "Place the selected blocks in layers"),
    ActionSpec("minimap", "&Minimap", "Ctrl+Alt+M", "", "", "Show a small map of large graphs", toggle=True),
    ActionSpec("snap", "Snap to &grid", "Ctrl+Alt+G", "", "", "Let moved blocks come to lie on the grid", toggle=True),
    ActionSpec("guides", "Align with &neighbours", "", "", "", "Let moved blocks come in line", toggle=True),
    ActionSpec("align_left", "Align &left", "Ctrl+Alt+Left", "", "blocks", "Put the left sides of the blocks in line"),
    ActionSpec("align_right", "Align &right", "Ctrl+Alt+Right", "", "blocks", "Put the right sides in line"),
    ActionSpec("align_top", "Align &top", "Ctrl+Alt+Up", "", "blocks", "Put the tops of the blocks in line"),
    ActionSpec("align_bottom", "Align &bottom", "Ctrl+Alt+Down", "", "blocks", "Put the bottoms of the blocks in line"),
    ActionSpec("spread_across", "Spread a&cross", "Ctrl+Alt+H", "", "blocks", "Leave equal gaps from left to right"),
    ActionSpec("spread_down", "Spread &down", "Ctrl+Alt+V", "", "blocks", "Leave equal gaps from top to bottom"),
    ActionSpec("export_picture", "Export &picture…", "Ctrl+Alt+E", "", "project", "Write the graph as SVG, PNG or PDF"),
    ActionSpec("fit", "Zoom to &fit", "Ctrl+0", "fit", "project", "Show the whole graph"),
    ActionSpec("enter", "&Enter graph", "Ctrl+Down", "down", "graph_block", "Enter the selected graph block"),
    ActionSpec("leave", "&Leave graph", "Ctrl+Up", "up", "inside", "Go back to the graph around this one"),
    ActionSpec("theme_system", "As the &system", tip="Be light or dark as the system is", group="theme"),
    ActionSpec("theme_dark", "&Dark", tip="Light text on a dark ground", group="theme"),
    ActionSpec("theme_light", "&Light", tip="Dark text on a light ground", group="theme"),
    ActionSpec("larger", "&Larger interface", "Ctrl+Alt+=", tip="Make all text and controls a step larger"),
    ActionSpec("smaller", "&Smaller interface", "Ctrl+Alt+-", tip="Make all text and controls a step smaller"),
    ActionSpec("normal_size", "Interface at &100%", "Ctrl+Alt+0", tip="Give text and controls their own size again"),
    ActionSpec("compare_steps", "&Before and after…", "F7", "split", "project", "Compare a kernel around a step"),
    ActionSpec("split_code", "&Split code", "Ctrl+\\", "split", "project", "Show two views of the code, or one"),
    ActionSpec("edit_source", "Open in edi&tor", "Ctrl+Shift+O", "edit", "project", "Open the kernel in your editor"),
    ActionSpec("next_problem", "Next p&roblem", "F8", "", "project", "Go to the next problem in the sources"),
    ActionSpec("previous_problem", "Previous pro&blem", "Shift+F8", "", "project", "Go to the problem before it"),
    ActionSpec("block_left", "Block to the &left", "Left", "", "project", "Select the next block", on_canvas=True),
    ActionSpec("block_right", "Block to the &right", "Right", "", "project", "Select the next block", on_canvas=True),
    ActionSpec("block_up", "Block &above", "Up", "", "project", "Select the next block above", on_canvas=True),
    ActionSpec("block_down", "Block &below", "Down", "", "project", "Select the next block below", on_canvas=True),
    ActionSpec("to_canvas", "To the &canvas", "F6", "", "project", "Give the keys to the canvas"),
    ActionSpec("next_port", "&Next port", "P", "", "project", "Choose the block's next port", on_canvas=True),
    ActionSpec("previous_port", "&Previous port", "Shift+P", "", "project", "Choose the port before", on_canvas=True),
    ActionSpec("wire", "&Wire…", "W", "", "project", "Draw a wire to a port chosen from a list", on_canvas=True),
    ActionSpec("move_left", "Move left", "Shift+Left", "", "selection", "Move the blocks a step", on_canvas=True),
    ActionSpec("move_right", "Move right", "Shift+Right", "", "selection", "Move the blocks a step", on_canvas=True),
    ActionSpec("move_up", "Move up", "Shift+Up", "", "selection", "Move the blocks a step up", on_canvas=True),
    ActionSpec("move_down", "Move down", "Shift+Down", "", "selection", "Move the blocks a step down", on_canvas=True),
    ActionSpec("outline", "Out&line", "Ctrl+Shift+L", "", "project", "The design as a tree of blocks and ports"),
    ActionSpec("settings", "&Settings…", "Ctrl+,", tip="The look, programs, and what else holds for all projects"),
    ActionSpec("keys", "&Keys…", "F1", tip="All keys and gestures, to be searched"),
    ActionSpec("commands", "&Commands…", "Ctrl+Shift+P", tip="Search all commands and blocks, with their keys"),
    ActionSpec("problems", "Pro&blems", "Ctrl+1", tip="What is wrong, and what to do"),
    ActionSpec("build_log", "Build lo&g", "Ctrl+2", tip="The stages of the last build"),
    ActionSpec("report", "&Report", "Ctrl+3", tip="The report of the last build; the arrows turn its pages"),
    ActionSpec("console", "C&onsole", "Ctrl+J", tip="Type a command for the open project, and see what was done"),
    ActionSpec("history", "&History", "Ctrl+H", tip="Go to an earlier or a later state of the project"),
    ActionSpec("find", "&Find…", "Ctrl+Shift+F", "", "project", "Find blocks, wires, ports, types and notes anywhere"),
    ActionSpec("find_next", "Find &next", "F3", "", "project", "Go to the next place where the text is found"),
    ActionSpec("find_previous", "Find pre&vious", "Shift+F3", "", "project", "Go to the place before"),
    ActionSpec("search", "Search &palette", "Ctrl+F", "", "project", "Search for a block to add"),
    ActionSpec("check", "&Check again", "F5", "", "project", "Read the kernels again and check the design"),
    ActionSpec("build", "&Build", "Ctrl+B", "build", "idle", "Generate hardware, simulate it and report"),
    ActionSpec("rebuild", "Build from &scratch", "Ctrl+Alt+B", "", "idle", "Build also what has not changed"),
    ActionSpec(
        "target_hls", "Target &HLS C++", "Ctrl+Shift+H", "", "project", "Build C++ for Vitis HLS, run as C++", "target"
    ),
    ActionSpec(
        "target_rtl", "Target &RTL", "Ctrl+Shift+R", "", "project", "Build SystemVerilog, run cycle by cycle", "target"
    ),
    ActionSpec(
        "vendor", "Run &Vitis HLS", "", "", "project", "Synthesise HLS C++ where Vitis HLS is installed", toggle=True
    ),
    ActionSpec("waves", "&Write waveform", "", "", "project", "Builds as RTL write a waveform", toggle=True),
    ActionSpec("open_waves", "&Open waveform", "Ctrl+Alt+W", "", "report", "Show the last build's waveform"),
    ActionSpec("export_report", "E&xport report…", "Ctrl+E", "", "report", "Write the last report as HTML or CSV"),
    ActionSpec("calibrate", "C&alibrate…", "Ctrl+Alt+C", "", "project", "Learn from a vendor's report"),
    ActionSpec("export_view", "Export &this view…", "Ctrl+Alt+R", "", "report", "Write the page in front as a file"),
    ActionSpec("vendor_report", "Read ven&dor's report…", "Ctrl+Shift+E", "", "report", "Show its figures beside ours"),
    ActionSpec("guide", "&Guided first project…", tip="From an empty canvas to hardware, step by step"),
    ActionSpec("cancel", "Ca&ncel build", "Ctrl+.", "cancel", "building", "Stop the build"),
)
ACTIONS = {spec.id: spec for spec in _TABLE}

_ROW_TABLE = (
    ActionSpec("show_schedule", "Show &schedule", "S", tip="Show the operations of this loop cycle by cycle"),
    ActionSpec("show_line", "&Go to it", "Return", tip="Select the block or wire of this row, and open its line"),
    ActionSpec("copy_row", "&Copy", "Ctrl+C", "copy", tip="Copy this row as text"),
)
# They call what the list gives them (`ui.tables.add_row_action`) and stand in its context menu.
ROW_ACTIONS = {spec.id: spec for spec in _ROW_TABLE}

# Menus in menus, by what stands for them in `MENUS`.
SUBMENUS: dict[str, tuple[str, tuple[str | None, ...]]] = {
    "theme": ("&Theme", ("theme_system", "theme_dark", "theme_light")),
    "keyboard": (
        "By &keyboard",
        (
            "to_canvas",
            None,
            "block_left",
            "block_right",
            "block_up",
            "block_down",
            None,
            "next_port",
            "previous_port",
            "wire",
            None,
            "move_left",
            "move_right",
            "move_up",
            "move_down",
        ),
    ),
    "scale": ("&Scale", ("larger", "smaller", "normal_size")),
    "place": (
        "&Arrange",
        (
            *("arrange", "arrange_part", None, "snap", "guides", None),
            *("align_left", "align_right", "align_top", "align_bottom", None, "spread_across", "spread_down"),
        ),
    ),
    "panels": (
        "&Panels",
        ("search", "outline", "problems", "build_log", "report", "console", "history", None, "docks"),
    ),
    "finding": ("F&ind", ("find", "find_next", "find_previous", None, "next_problem", "previous_problem")),
    "code": ("Co&de", ("compare_steps", "split_code", "edit_source")),
    "add": ("Add ne&w", ("add_input", "add_output", "add_graph", None, "add_note", "backdrop")),
    "note": ("&Note", ("edit_note", "note_colour")),
}
# Menus and the toolbar by ids; None is a separator, `recent` is the menu of the projects that were open last,
# and `docks` stands for the parts of the window, each of which can be hidden.
MENUS: dict[str, tuple[str | None, ...]] = {
    "&File": (
        "new", "open", "recent", None, "save", "save_as", "export_picture", None,
        "next_tab", "previous_tab", "reopen", "keep_tabs", None, "close_project", "quit",
    ),
    "&Edit": (
        "undo", "redo", None, "cut", "copy", "paste", "duplicate", "delete", "select_all", None,
        "disable", "bypass", "collapse", "expand", None, "add", "note", None, "settings",
    ),
    "&View": (
        "fit", "minimap", "enter", "leave", None, "place", "finding", "code", None,
        "commands", "panels", "keyboard", None, "theme", "scale",
    ),
    "&Build": (
        "check", None, "build", "rebuild", "cancel", None, "target_hls", "target_rtl", None, "vendor", "waves", None,
        "open_waves", "calibrate",
        "vendor_report", "export_report", "export_view",
    ),
    "&Help": ("guide", "keys"),
}  # fmt: skip
# What the context menu of the canvas has for a block, a wire, a note, and empty space.
CONTEXT: dict[str, tuple[str | None, ...]] = {
    "block": (
        "enter", None, "disable", "bypass", "collapse", "expand", "backdrop", None,
        "cut", "copy", "duplicate", "delete",
    ),
    "note": ("edit_note", "note_colour", "backdrop", None, "cut", "copy", "duplicate", "delete"),
    "wire": ("delete",),
    "canvas": ("paste", None, "add_input", "add_output", "add_note", None, "arrange", "fit"),
}  # fmt: skip
TOOLBAR: tuple[str | None, ...] = (
    "open", "save", None, "undo", "redo", None, "add_input", "add_output", "delete", None,
    "leave", "arrange", "fit", None, "build", "cancel",
)  # fmt: skip

"""Every edit of a project, by name. An edit is a value with `apply(project) -> Project` and `describe() -> str`."""

from __future__ import annotations

from allo_studio.design.edit_base import Edit, Several
from allo_studio.design.edit_copies import DuplicateNodes, PasteNodes, clip_of
from allo_studio.design.edit_disabled import SetDisabled
from allo_studio.design.edit_graph import (
    AddNode,
    Connect,
    Disconnect,
    MoveNodes,
    RemoveNodes,
    RenameNode,
    Reroute,
    SetChannel,
    SetInitial,
    SetParam,
    SetRate,
)
from allo_studio.design.edit_hierarchy import CollapseNodes, ExpandNode
from allo_studio.design.edit_insert import InsertBlock
from allo_studio.design.edit_instance import SetGraphParam, SetInside
from allo_studio.design.edit_names import RenameGraphPort, RenameSchedule, SetNode
from allo_studio.design.edit_notes import AddNote, MoveNotes, RemoveNotes, SetNote, note_name
from allo_studio.design.edit_project import (
    AddGraph,
    AddGraphPort,
    RemoveGraph,
    RemoveGraphPort,
    RenameGraph,
    ReplaceProject,
    SetExecution,
    SetGraphPortType,
    SetTarget,
    SetTop,
    SetUnify,
    graph_users,
)
from allo_studio.design.edit_schedule import (
    AddSchedule,
    AddStep,
    DisableStep,
    ForkSchedule,
    MoveStep,
    RemoveSchedule,
    RemoveStep,
    ReplaceStep,
    SetSchedule,
    TruncateSteps,
    schedule_users,
)
from allo_studio.design.names import fresh_name

__all__ = [
    "AddGraph",
    "AddGraphPort",
    "AddNode",
    "AddNote",
    "AddSchedule",
    "AddStep",
    "CollapseNodes",
    "Connect",
    "DisableStep",
    "Disconnect",
    "DuplicateNodes",
    "Edit",
    "ExpandNode",
    "ForkSchedule",
    "InsertBlock",
    "MoveNodes",
    "MoveNotes",
    "MoveStep",
    "PasteNodes",
    "RemoveGraph",
    "RemoveGraphPort",
    "RemoveNodes",
    "RemoveNotes",
    "RemoveSchedule",
    "RemoveStep",
    "RenameGraph",
    "RenameGraphPort",
    "RenameNode",
    "RenameSchedule",
    "ReplaceProject",
    "ReplaceStep",
    "Reroute",
    "SetChannel",
    "SetDisabled",
    "SetExecution",
    "SetGraphParam",
    "SetGraphPortType",
    "SetInitial",
    "SetInside",
    "SetNode",
    "SetNote",
    "SetParam",
    "SetRate",
    "SetSchedule",
    "SetTarget",
    "SetTop",
    "SetUnify",
    "Several",
    "TruncateSteps",
    "clip_of",
    "fresh_name",
    "graph_users",
    "note_name",
    "schedule_users",
]
